"""ANDX over HTTPS: endpoints, signature, pages. Knows JSON, not orders' lives.

Sources: the ANDX API document, sections "Authentication", "Private Endpoints", "Response".
"""

import base64
import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from adapters.andx import mapping
from adapters.andx.funding import Funding
from adapters.andx.market import MarketQueries
from adapters.budget import Budget
from adapters.documents import (
    Row,
    integer_in,
    list_of,
    redact,
    row_of,
    row_text,
)
from adapters.http import Http, Reply
from adapters.port import Balance, Lane, Placed, Sight, Unreadable
from oms.clock import Clock
from oms.core.errors import (
    MalformedMessage,
    OutcomeUnknown,
    VenueError,
    VenueRefused,
    VenueUnavailable,
)
from oms.core.fields import CxlRejReason, OrdRejReason
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.order import Order
from oms.core.values import frozen
from oms.core.venue import Instrument

PAGES_MAX: Final = 100
"""Pages of 20 orders read at a time; a list that goes on longer is a fault of the venue."""

NO_BODY: Final = b"{}"
"""What is signed where nothing is sent, and what a cancel sends."""

DEFINITE: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
    }
)
"""Statuses that the document gives to requests that were not acted on."""

_CLASSES: Final[Mapping[str, type[VenueError]]] = {
    "refused": VenueRefused,
    "unavailable": VenueUnavailable,
    "unknown": OutcomeUnknown,
}

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Account:
    """Who we are at the venue, and the readings of its document that can be chosen.

    `timestamp_unit`: "s" (with a fraction) or "ms". `sign_encoding`: "hex" or "base64".
    `error_map`: what a status_code means, by its digits: refused, unavailable or unknown.
    """

    base_url: str
    username: str
    passphrase: str = field(repr=False)
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    account: str = "Main"
    timestamp_unit: str = "s"
    sign_encoding: str = "hex"
    error_map: Mapping[str, str] = field(default_factory=dict)


def signature(account: Account, timestamp: str, body: bytes) -> str:
    """ACCESS-SIGN: HMAC-SHA256 over key, user, passphrase, timestamp and body, joined."""
    text = account.api_key + account.username + account.passphrase + timestamp
    digest = hmac.new(account.api_secret.encode(), text.encode() + body, hashlib.sha256)
    if account.sign_encoding == "base64":
        return base64.b64encode(digest.digest()).decode()
    return digest.hexdigest().upper()


class AndxClient(MarketQueries, Funding):
    """The venue's REST API for one account; a port.Client."""

    def __init__(self, account: Account, http: Http, budget: Budget, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._budget = budget
        self._clock = clock
        self._secrets = (account.passphrase, account.api_key, account.api_secret)

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.close()

    # Trading

    async def place(self, request: NewOrderSingle) -> Placed:
        """POST orders/: a new order."""
        body = mapping.order_request(request, self._account.account)
        try:
            document = await self._call(Lane.NEW, "orders/", body)
            return Placed(
                secondary_order_id=mapping.order_number(document), raw=self._text(document)
            )
        except MalformedMessage as error:
            raise OutcomeUnknown(f"POST orders/: {error}") from None

    async def cancel(self, request: OrderCancelRequest) -> str:
        """POST cancel_order/: success means that the wish was noted, no more."""
        path = f"cancel_order/{quote(request.order_id, safe='')}/"
        try:
            return self._text(await self._call(Lane.CANCEL, path, NO_BODY))
        except MalformedMessage as error:
            raise OutcomeUnknown(f"POST cancel_order/: {error}") from None

    # Queries

    async def order(self, order: Order) -> Sight | None:
        """GET order_status/; the answer must be about the order that was asked for."""
        number = order.secondary_order_id
        try:
            document = await self._call(Lane.STATUS, f"order_status/{quote(number, safe='')}/")
        except VenueRefused as error:
            if error.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER:
                return None
            raise
        sight = self._sight(row_of(document.get("order"), "order"))
        if sight.secondary_order_id != number:
            raise MalformedMessage(f"asked for order {number}, got {sight.secondary_order_id}")
        return sight

    async def open_orders(self) -> list[Sight]:
        """GET orders/<account>/O/, all pages; page 1 again, as pages shift while they are read."""
        found: dict[str, Sight] = {}
        for number in range(1, PAGES_MAX + 1):
            page = await self._page("O", number)
            found.update(self._sights(page))
            if page.get("has_next") is not True:
                break
        else:
            raise MalformedMessage(f"orders/: more than {PAGES_MAX} pages")
        if number > 1:
            found.update(self._sights(await self._page("O", 1)))
        return list(found.values())

    async def closed_orders(self, since: datetime) -> list[Sight]:
        """GET orders/<account>/C/, from the newest page back to `since`, at most PAGES_MAX pages.

        The document does not say how the list is sorted, so the first page's dates tell.
        """
        first = await self._page("C", 1)
        count, dates = integer_in(first, "total_page_count"), _dates(first)
        newest_first = not dates or dates[0] >= dates[-1]
        numbers = range(1, count + 1) if newest_first else range(count, 0, -1)
        found: dict[str, Sight] = {}
        for number in numbers[:PAGES_MAX]:
            page = first if number == 1 else await self._page("C", number)
            found.update(self._sights(page))
            dates = _dates(page)
            if dates and max(dates) < since:
                break
        return list(found.values())

    async def instruments(self) -> tuple[Instrument, ...]:
        """GET market_info/: all markets. One that can not be read is left out, and logged."""
        document = await self._call(Lane.STATUS, "market_info/", signed=False)
        found: list[Instrument] = []
        for row in mapping.markets(document):
            try:
                found.append(mapping.instrument(row))
            except MalformedMessage as error:
                _log.warning("a market of ANDX is left out: %s", error)
        return tuple(found)

    async def balances(self) -> list[Balance]:
        """GET balance/<account>/."""
        path = f"balance/{quote(self._account.account, safe='')}/"
        return mapping.balances(await self._call(Lane.STATUS, path))

    # Pages

    async def _page(self, status: str, number: int) -> Row:
        account = quote(self._account.account, safe="")
        return await self._call(Lane.STATUS, f"orders/{account}/{status}/{number}/")

    def _sights(self, page: Row) -> dict[str, Sight]:
        rows = list_of(page.get("orders"), "orders")
        sights = [self._sight(row_of(row, "order")) for row in rows]
        return {sight.secondary_order_id: sight for sight in sights}

    def _sight(self, row: Row) -> Sight:
        raw = self._text(row)
        try:
            return mapping.venue_order(row, raw)
        except MalformedMessage as error:
            return Unreadable(
                venue_cl_ord_id=str(row.get("client_id") or ""),
                secondary_order_id=str(row.get("order_number") or ""),
                reason=str(error),
                raw=raw,
            )

    # The door

    async def _call(
        self, lane: Lane, path: str, body: bytes | None = None, *, signed: bool = True
    ) -> Row:
        url = f"{self._account.base_url}/{path}"
        async with self._budget.turn(lane):
            headers = self._headers(body) if signed else {}
            if body is None:
                reply = await self._http.get(url, headers)
            else:
                reply = await self._http.post(url, headers, body)
        return self._content(reply, path)

    def _headers(self, body: bytes | None) -> dict[str, str]:
        now_us = self._clock.stamp_us()
        if self._account.timestamp_unit == "ms":
            timestamp = str(now_us // 1000)
        else:
            timestamp = f"{now_us // 1_000_000}.{now_us % 1_000_000:06d}"
        return {
            "ACCESS-KEY": self._account.api_key,
            "ACCESS-USER": self._account.username,
            "ACCESS-PASSPHRASE": self._account.passphrase,
            "ACCESS-TIMESTAMP": timestamp,
            "ACCESS-SIGN": signature(self._account, timestamp, body or NO_BODY),
            "Content-Type": "application/json",
        }

    def _content(self, reply: Reply, path: str) -> Row:
        if reply.status in DEFINITE:
            raise VenueRefused(f"{path}: HTTP {reply.status}")
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise OutcomeUnknown(f"{path}: HTTP {reply.status}")
        document = row_of(reply.document, path)
        status = document.get("status")
        if status == "error":
            raise self._error(document)
        if status != "success":
            raise MalformedMessage(f"{path}: neither success nor error")
        return row_of(document.get("data"), f"{path}: data")

    def _error(self, document: Row) -> VenueError:
        code, reason = document.get("status_code"), document.get("reason")
        text = redact(f"{reason} ({code})", self._secrets)[:200]
        meant = _CLASSES[self._account.error_map.get(str(code), "refused")]
        if meant is not VenueRefused:
            return meant(text)
        default = (OrdRejReason.BROKER_CREDIT, CxlRejReason.BROKER_CREDIT)
        known = mapping.REFUSALS.get(code, default) if isinstance(code, int) else default
        return VenueRefused(text, *known)

    async def _public(self, path: str) -> Row:
        return await self._call(Lane.MARKET, path, signed=False)

    async def _post_money(self, path: str, body: bytes) -> Row:
        return await self._call(Lane.NEW, path, body)

    def _text(self, row: Any) -> str:
        return row_text(row, self._secrets)


def _dates(page: Row) -> list[datetime]:
    """When the page's orders were entered, in the page's order, as far as that can be read."""
    found: list[datetime] = []
    for row in list_of(page.get("orders"), "orders"):
        try:
            date = datetime.fromisoformat(str(row_of(row, "order").get("add_date")))
        except ValueError:
            continue
        if date.tzinfo is not None:
            found.append(date)
    return found
