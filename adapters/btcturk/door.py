"""BtcTurk's door: stamps, signatures, budgets, and what an answer that is none means.

Sources: the BtcTurk API document, sections "Authentication", "Rate Limits", "Errors" and "FAQ".
"""

import asyncio
import base64
import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from adapters.btcturk import mapping
from adapters.budget import Budget
from adapters.documents import Row, integer_in, redact, row_of, row_text
from adapters.http import Banned, Http, Reply
from adapters.port import Lane
from oms.clock import Clock
from oms.core.errors import (
    MalformedMessage,
    OutcomeUnknown,
    VenueError,
    VenueRefused,
    VenueUnavailable,
)
from oms.core.values import frozen

DEFINITE: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""Statuses of requests that were not acted on."""

OFFSET_S: Final = 600.0
"""How long the venue's clock is believed to go as it went when it was last asked."""

TOLERANCE_MS: Final = 5_000
"""How far a stamp may be from the venue's clock."""

UNAUTHORISED_MAX: Final = 10
"""So many refusals to let us in, one after the other, and the door is left alone for a while each
time: fifty bar the address."""

EVERYTHING: Final = "api/v1"
PUBLIC: Final = "api/v2"
"""The limits that count whatever is signed, and whatever is not and has no limit of its own."""

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Account:
    """Who we are at the venue, and the readings of its document that can be chosen.

    `api_secret` is base64 text, as the venue issues it; the keys of the feed are those of the
    account where they are empty. spec/btcturk.md says what the readings are.
    """

    base_url: str = "https://api.btcturk.com"
    graph_url: str = "https://graph-api.btcturk.com"
    mirror_url: str = "https://ws-feed-pro.btcturk.com"
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    history_method: str = "GET"
    history_names: tuple[str, str] = ("type", "symbol")
    open_orders_by_pair: bool = False
    all_orders_time_unit: str = ""
    market_from: str = "api"
    daily_candles_from: str = "klines"
    market_buy_by_cash: bool = True


def signature(secret: str, text: str) -> str:
    """The base64 of HMAC-SHA256 over the text; `secret` is base64 text too."""
    digest = hmac.new(base64.b64decode(secret), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Door:
    """Sends requests, each once, and reads the envelope. All calls on the adapters' loop."""

    def __init__(self, account: Account, http: Http, budget: Budget, clock: Clock) -> None:
        self.account = account
        self._http = http
        self._budget = budget
        self.clock = clock
        self._secrets = (account.api_key, account.api_secret)
        self._offset_ms = 0
        self._measured_at: float | None = None
        self._measuring = asyncio.Lock()
        self._stamp = 0
        self._unauthorised = 0

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.close()

    # Requests

    async def private(
        self,
        lane: Lane,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        kind: str = EVERYTHING,
    ) -> Any:
        """What the envelope of a signed request under api/v1 holds; `kind` is a limit of its own.

        A stamp that the venue finds wrong is proof that nothing was done: then the clocks are
        compared, and the request goes once more.
        """
        url = f"{self.account.base_url}/api/v1/{path}{_query(query)}"
        if self._is_offset_old():
            await self._measured()
        try:
            return self._content(await self._send(lane, method, url, body, kind), path)
        except StampRefused as error:
            _log.warning("%s: the clocks are compared", error)
            if not await self._measured():
                raise
        return self._content(await self._send(lane, method, url, body, kind), path)

    async def public(
        self, path: str, query: Mapping[str, Any] | None = None, kind: str = PUBLIC
    ) -> Any:
        """What the envelope of a public answer of the API host holds."""
        url = f"{self.account.base_url}/api/v2/{path}{_query(query)}"
        return self._content(await self._get(url, kind), path)

    async def bare(
        self, url: str, query: Mapping[str, Any] | None = None, kind: str = PUBLIC
    ) -> Any:
        """A public answer that comes without an envelope."""
        reply = await self._get(f"{url}{_query(query)}", kind)
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusal(reply, url)
        return reply.document

    async def server_ms(self) -> int:
        """The venue's clock, in milliseconds since 1970."""
        told = await self.bare(f"{self.account.base_url}/api/v2/server/time")
        return integer_in(row_of(told, "server/time"), "serverTime")

    async def venue_ms(self, moment: datetime) -> int:
        """A moment that our clock told, by the venue's, in milliseconds since 1970; the earlier of
        both readings where they differ, as ours may have been set since."""
        if self._is_offset_old():
            await self._measured()
        told_us = min(int(moment.timestamp() * 1_000_000), self.clock.stamp_us())
        return told_us // 1000 + min(0, self._offset_ms)

    def text(self, row: Any) -> str:
        """A row as the journal keeps it."""
        return row_text(row, self._secrets)

    # Stamps

    def _headers(self) -> dict[str, str]:
        now_ms = self.clock.stamp_us() // 1000 + self._offset_ms
        self._stamp = max(now_ms, self._stamp + 1)
        key, stamp = self.account.api_key, str(self._stamp)
        return {
            "X-PCK": key,
            "X-Stamp": stamp,
            "X-Signature": signature(self.account.api_secret, key + stamp),
            "Content-Type": "application/json",
        }

    def _is_offset_old(self) -> bool:
        at = self._measured_at
        return at is None or self.clock.monotonic() - at > OFFSET_S

    async def _measured(self) -> bool:
        """Compare the clocks. Where that fails, nobody is kept from anything: a stamp that is wrong
        does nothing at the venue, and says so."""
        try:
            await self._measure()
        except (VenueError, MalformedMessage) as error:
            _log.warning("the clocks can not be compared: %s", error)
            self._measured_at = self.clock.monotonic()
            return False
        return True

    async def _measure(self) -> None:
        """Compare the clocks; who waits for somebody else's comparison does not make another."""
        before = self._measured_at
        async with self._measuring:
            if self._measured_at != before:
                return
            asked_ms = self.clock.stamp_us() // 1000
            theirs = await self.server_ms()
            self._offset_ms = theirs - (asked_ms + self.clock.stamp_us() // 1000) // 2
            self._measured_at = self.clock.monotonic()
            if self._stamp > theirs + TOLERANCE_MS:
                self._stamp = theirs  # those were too new, and so never used

    # Sending

    async def _send(
        self, lane: Lane, method: str, url: str, body: bytes | None, kind: str
    ) -> Reply:
        async with self._budget.turn(lane, *dict.fromkeys((EVERYTHING, kind))):
            headers = self._headers()
            if method == "DELETE":
                return await self._http.delete(url, headers)
            if method == "POST":
                return await self._http.post(url, headers, body or b"{}")
            return await self._http.get(url, headers)

    async def _get(self, url: str, kind: str) -> Reply:
        async with self._budget.turn(Lane.MARKET, kind):
            return await self._http.get(url, {})

    # Answers

    def _content(self, reply: Reply, path: str) -> Any:
        self._unauthorised += 1
        if reply.status != HTTPStatus.UNAUTHORIZED:
            self._unauthorised = 0
        elif self._unauthorised >= UNAUTHORISED_MAX:
            error = f"{path}: {self._unauthorised} requests in a row were unauthorised"
            self._budget.throttled(Banned(error))
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusal(reply, path)
        document = row_of(reply.document, path)
        if document.get("success") is True:
            return document.get("data")
        if document.get("success") is False:
            raise self._error(str(document.get("message")), document, path)
        raise OutcomeUnknown(f"{path}: neither success nor failure")

    def _refusal(self, reply: Reply, path: str) -> VenueError:
        """The HTTP status comes first: the body of a 401 says success."""
        told = reply.document if isinstance(reply.document, dict) else {}
        message = str(told.get("message") or "")
        if reply.status == HTTPStatus.UNAUTHORIZED and mapping.INVALID_NONCE in message.upper():
            return StampRefused(f"{path}: {redact(message, self._secrets)}")
        if reply.status not in DEFINITE:
            return OutcomeUnknown(f"{path}: HTTP {reply.status}")
        if not message:
            return VenueRefused(f"{path}: HTTP {reply.status}")
        return self._error(message, told, path)

    def _error(self, message: str, told: Row, path: str) -> VenueError:
        text = redact(f"{message} ({told.get('code')})", self._secrets)[:200]
        if message.strip().upper() in mapping.UNAVAILABLE:
            return VenueUnavailable(f"{path}: {text}")
        return VenueRefused(text, *mapping.reasons(message))


class StampRefused(VenueUnavailable):
    """The venue found the stamp too old, too new or used, and did nothing."""


def _query(query: Mapping[str, Any] | None) -> str:
    return f"?{urlencode(query, doseq=True)}" if query else ""
