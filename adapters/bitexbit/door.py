"""One account's way to Bitexbit's REST API: signed, numbered, one private request at a time.

Source: the Bitexbit API v1 document, sections "HTTP API (v1)", "Authorization" and "Errors".
"""

from collections.abc import Mapping
from dataclasses import field
from http import HTTPStatus
from typing import Any, Final, Protocol

from adapters.bitexbit.mapping import REFUSALS, reason
from adapters.bitexbit.signing import FORM, form, signature
from adapters.budget import Budget
from adapters.documents import redact, row_text
from adapters.http import Http, Reply
from adapters.port import Lane
from oms.clock import Clock
from oms.core.errors import OutcomeUnknown, VenueRefused
from oms.core.values import frozen

WAY_OUT: Final = "if it stays so, the key, its secret or nonce_floor is to be set anew"
"""A 401 does not say what it was about."""


@frozen(kw_only=True)
class Account:
    """Who we are at the venue, and the readings of its document that can be chosen.

    `base_url` is the host: paths begin with /api. `sign_get_params`: filters of a GET are signed.
    `sign_single_order`: the query of one order is signed. `book_limit_params`: a key of
    mapping.BOOK_LIMITS. `amount_decimals`: of an order's amount, which the document does not tell.
    """

    base_url: str
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    sign_get_params: bool = False
    sign_single_order: bool = True
    book_limit_params: str = "table"
    balance_includes_reserve: bool = False
    amount_decimals: int = 8


class Numbers(Protocol):
    """Nonces, each above all before it."""

    async def next(self) -> int:
        """The next one."""

    def raise_above(self, last: int) -> None:
        """From now on only greater ones."""


class Door:
    """Sends requests and sorts what comes back. All calls on the adapters' loop."""

    def __init__(
        self,
        account: Account,
        http: Http,
        private: Budget,
        public: Budget,
        nonces: Numbers,
        clock: Clock,
    ) -> None:
        """`private` lets one request be under way at a time."""
        self._account = account
        self._http = http
        self._private = private
        self._public = public
        self._nonces = nonces
        self._clock = clock
        self._signs_query = account.sign_get_params
        self._secrets = (account.api_key, account.api_secret)

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.close()

    def text(self, row: object) -> str:
        """A row as text for the journal, secrets removed."""
        return row_text(row, self._secrets)

    async def ask(self, path: str, **query: str) -> Any:
        """A public GET. Raises as adapters.port.Queries says."""
        async with self._public.turn(Lane.MARKET):
            reply = await self._http.get(self._url(path, query), {})
        return self._content(reply, path)

    async def ask_own(self, path: str, **query: str) -> Any:
        """A private GET; with filters, tried signed the other way too if the venue says 401."""
        url, signed = self._url(path, query), query if self._signs_query else {}
        reply = await self._numbered(Lane.STATUS, url, signed)
        if reply.status == HTTPStatus.UNAUTHORIZED and query:
            other = {} if signed else query
            reply = await self._once(Lane.STATUS, url, other)
            if reply.status != HTTPStatus.UNAUTHORIZED:
                self._signs_query = bool(other)
        return self._content(reply, path)

    async def post(self, lane: Lane, path: str, fields: Mapping[str, str]) -> Any:
        """A POST of a form. Raises as adapters.port.Client.place does."""
        reply = await self._numbered(lane, self._url(path, {}), fields, form(fields).encode())
        return self._content(reply, path)

    async def _numbered(
        self, lane: Lane, url: str, signed: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        """Send, and once more if the venue lets us not in: then it did nothing.

        Somebody else may have used the key, by a clock of milliseconds as the samples do: the
        second number is above that.
        """
        reply = await self._once(lane, url, signed, body)
        if reply.status != HTTPStatus.UNAUTHORIZED:
            return reply
        self._nonces.raise_above(self._clock.now_ms())
        return await self._once(lane, url, signed, body)

    async def _once(
        self, lane: Lane, url: str, signed: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        account = self._account
        async with self._private.turn(lane):
            nonce = await self._nonces.next()
            self._private.demand_go(lane)
            headers = {
                "X-KEY": account.api_key,
                "X-SIGN": signature(account.api_key, account.api_secret, signed),
                "X-NONCE": str(nonce),
            }
            if body is None:
                return await self._http.get(url, headers)
            return await self._http.post(url, {**headers, "Content-Type": FORM}, body)

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        asked = f"?{form(query)}" if query else ""
        return f"{self._account.base_url}/api/{path}{asked}"

    def _content(self, reply: Reply, path: str) -> Any:
        if reply.status < HTTPStatus.BAD_REQUEST:
            return reply.document
        told = redact(reason(reply.document, reply.text), self._secrets)
        text = f"{path}: HTTP {reply.status} {told}".rstrip()
        if reply.status not in REFUSALS:
            raise OutcomeUnknown(text)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            text = f"{text}; {WAY_OUT}"
        raise VenueRefused(text, *REFUSALS[HTTPStatus(reply.status)])
