"""The way to Cryptex: one URL for every signed call, one nonce after the other.

Sources: the Cryptex API document, "Common Request Description" and "Python Example"; what an
answer means for a request is in README.md, as the document has no errors.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import field
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import urlencode

from adapters.budget import Budget
from adapters.cryptex import mapping
from adapters.cryptex.mapping import Reading, Refusal
from adapters.documents import redact, row_text
from adapters.http import Http, Reply
from adapters.port import Lane
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueRefused, VenueUnavailable
from oms.core.values import frozen

_FORM: Final = "application/x-www-form-urlencoded"
_TEXT_MAX: Final = 200


class Nonces(Protocol):
    """Numbers that only grow, each journaled before it is used."""

    async def next(self) -> int:
        """The next one; VenueUnavailable where there is none to be had."""

    def raise_above(self, last: int) -> None:
        """The venue has seen this one: the next is greater."""


@frozen(kw_only=True)
class Access:
    """Who we are at the venue, and what of the way there can be chosen.

    `signing_username` is the text that is signed between nonce and key; "" for the account's name.
    `method_names`: by the document's name of a method another one. `nonce_step`: from one nonce
    to the next.
    """

    base_url: str
    username: str
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    signing_username: str = ""
    method_names: Mapping[str, str] = field(default_factory=dict)
    nonce_step: int = 1


class NonceRefused(VenueUnavailable):
    """The venue says that the nonce is not above its last one: it did nothing."""


def signature(access: Access, nonce: int) -> str:
    """Sign: HMAC-SHA256 over nonce, user name and key, joined. No parameter is covered by it."""
    message = f"{nonce}{access.signing_username or access.username}{access.api_key}"
    digest = hmac.new(access.api_secret.encode(), message.encode(), hashlib.sha256)
    return digest.hexdigest().upper()


class Door:
    """Sends one request at a time, each once, and says what its answer means.

    Raises VenueRefused for a refusal, VenueUnavailable where nothing was done, OutcomeUnknown
    where no answer came, MalformedMessage for one that makes no sense: to whoever has asked for a
    change, its outcome is unknown too.
    """

    def __init__(
        self,
        access: Access,
        reading: Reading,
        http: Http,
        budget: Budget,
        nonces: Nonces,
        seed: Callable[[], int],
    ) -> None:
        """`budget` has one request in flight; `seed` is where nonces begin now."""
        self.reading = reading
        self._access = access
        self._http = http
        self._budget = budget
        self._nonces = nonces
        self._seed = seed
        self._secrets = [access.api_key, access.api_secret]

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.close()

    async def call(self, lane: Lane, method: str, **fields: str) -> object:
        """The `data` of a method's answer.

        A request whose nonce was refused was not done, so it is sent a second time with a higher
        one, and not a third time.
        """
        try:
            return await self._once(lane, method, fields)
        except NonceRefused:
            return await self._once(lane, method, fields)

    async def call_once(self, lane: Lane, method: str, **fields: str) -> object:
        """As `call`, and never a second time, whatever the answer: what moves money."""
        return await self._once(lane, method, fields)

    async def page(self, path: str) -> object:
        """The `data` of a public page below the API's URL; not signed, and not in the document."""
        async with self._budget.turn(Lane.MARKET):
            reply = await self._http.get(f"{self._access.base_url}/{path}", {})
        return self._content(reply, path, None)

    def hide(self, secret: str) -> None:
        """From now on this stands in no text: the code of a coupon is money."""
        self._secrets.append(secret)

    def text(self, told: object) -> str:
        """Something that the venue said, for the journal."""
        return row_text(told, self._secrets)

    def senseless(self, what: str, error: MalformedMessage, told: object) -> MalformedMessage:
        """The error of an answer that makes no sense, with the answer in it, cut."""
        return MalformedMessage(f"{what}: {error}: {self.text(told)[:_TEXT_MAX]}")

    async def _once(self, lane: Lane, method: str, fields: Mapping[str, str]) -> object:
        name = self._access.method_names.get(method, method)
        async with self._budget.turn(lane):
            nonce = await self._next_nonce()
            self._budget.demand_go(lane)
            body = urlencode({"method": name, "nonce": nonce, **fields}).encode()
            headers = {
                "Key": self._access.api_key,
                "Sign": signature(self._access, nonce),
                "Content-Type": _FORM,
            }
            reply = await self._http.post(self._access.base_url, headers, body)
        return self._content(reply, method, nonce)

    async def _next_nonce(self) -> int:
        for _ in range(self._access.nonce_step - 1):
            await self._nonces.next()
        return await self._nonces.next()

    def _content(self, reply: Reply, what: str, nonce: int | None) -> object:
        text = mapping.refusal_text(reply.document)
        if text is not None:
            self._refused(what, text, nonce)
        if reply.status >= HTTPStatus.BAD_REQUEST:
            if reply.document is None or mapping.is_ok(reply.document):
                raise OutcomeUnknown(f"{what}: HTTP {reply.status} and no refusal")
            raise VenueRefused(f"{what}: HTTP {reply.status}", *mapping.REASONS)
        try:
            return mapping.content(reply.document)
        except MalformedMessage as error:
            raise self.senseless(what, error, reply.document) from None

    def _refused(self, what: str, text: str, nonce: int | None) -> None:
        told = redact(f"{what}: {text}", self._secrets)[:_TEXT_MAX]
        if nonce is None or mapping.refusal(text) is Refusal.REFUSED:
            raise VenueRefused(told, *mapping.REASONS)
        self._nonces.raise_above(max(mapping.last_nonce(text, nonce), self._seed() - 1))
        raise NonceRefused(f"{told}; if it stays so, raise nonce_floor or use a new key")
