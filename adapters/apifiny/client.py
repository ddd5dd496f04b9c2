"""Apifiny's REST calls about orders; with the account, money and markets, the whole client.

Orders of a route go over FIX; the calls that place and cancel do the same by REST.

Source: the Apifiny Connect API document of 08/03/21, sections "Base Information" and "Trading".
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from adapters.apifiny import mapping
from adapters.apifiny.access import Account, Door
from adapters.apifiny.errors import Operation
from adapters.apifiny.funding import Funding
from adapters.apifiny.market import MarketQueries
from adapters.budget import Budget
from adapters.documents import Row, integer_in, list_of, row_of, row_text
from adapters.http import Http
from adapters.port import Placed, Sight, Unreadable, VenueState, VenueTrade
from oms.clock import Clock
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueRefused
from oms.core.fields import OrdRejReason
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.order import Order
from oms.core.venue import Instrument

LIST_MAX: Final = 1_000
"""Rows that listCompletedOrder and listFilledOrder give at most."""

IDS_MAX: Final = 500
"""Orders that listMultipleOrderInfo takes at most."""

AHEAD_MIN: Final = 3
"""So many orders of an exchange are worth a question for all of them."""

WINDOWS_MAX: Final = 50
"""Full answers of a list read in a row."""

_NEW: Final = "order/newOrder"
_CANCEL: Final = "order/cancelOrder"
_CANCEL_ALL: Final = "order/cancelAccountVenueAllOrder"

_log = logging.getLogger(__name__)


class ApifinyClient(Funding, MarketQueries):
    """Everything that the venue's REST side offers one account."""

    def __init__(
        self,
        account: Account,
        http: Http,
        budget: Budget,
        clock: Clock,
        market_budget: Budget | None = None,
    ) -> None:
        """`market_budget` is that of market data; None: they share one."""
        self._door = Door(account, http, budget, market_budget or budget, clock)
        self._markets = {}
        self._symbols: dict[tuple[str, str], str] = {}
        self._ahead: dict[str, tuple[Order, Sight]] = {}
        final = account.part_filled_is_final
        self._part_filled = VenueState.CANCELED if final else VenueState.WORKING

    @property
    def symbols(self) -> Mapping[tuple[str, str], str]:
        """(exchange, the venue's code) -> BASE/QUOTE, as last read."""
        return self._symbols

    async def close(self) -> None:
        """Let the connections go."""
        await self._door.close()

    # Orders

    async def place(self, request: NewOrderSingle) -> Placed:
        """POST order/newOrder, once, under the id that `cl_ord_id` is."""
        fields = mapping.order_fields(request)
        exchange, order_id = request.security_exchange, request.cl_ord_id
        answer = await self._door.post(exchange, _NEW, fields, Operation.NEW)
        row = self._only(answer, _NEW, order_id)
        return Placed(secondary_order_id="", raw=row_text(row, self._door.secrets))

    async def cancel_at(self, request: OrderCancelRequest, security_exchange: str) -> str:
        """POST order/cancelOrder, once; the venue's answer, secrets removed."""
        fields = {"venue": security_exchange, "orderId": request.orig_cl_ord_id}
        answer = await self._door.post(security_exchange, _CANCEL, fields, Operation.CANCEL)
        row = self._only(answer, _CANCEL, request.orig_cl_ord_id)
        return row_text(row, self._door.secrets)

    async def cancel_all(self) -> list[str]:
        """POST order/cancelAccountVenueAllOrder at every exchange: the ids that it cancelled.

        Best effort, says the document: each order must be looked at. Raises as a cancel does.
        """
        cancelled: list[str] = []
        for exchange in self._door.account.exchanges:
            fields = {"venue": exchange}
            answer = await self._door.post(exchange, _CANCEL_ALL, fields, Operation.CANCEL)
            try:
                cancelled += map(str, list_of(answer, _CANCEL_ALL))
            except MalformedMessage as error:
                raise OutcomeUnknown(f"POST {_CANCEL_ALL}: {error}") from None
        return cancelled

    async def order(self, order: Order) -> Sight | None:
        """GET order/queryOrderInfo, by the id that we gave the order."""
        exchange, order_id = order.security_exchange, order.venue_cl_ord_id
        known, told = self._ahead.pop(order_id, (None, None))
        if known is order:
            return told
        try:
            rows = await self._door.rows(exchange, "order/queryOrderInfo", {"orderId": order_id})
        except VenueRefused as error:
            if error.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER:
                return None
            raise
        if not rows:
            return None
        row = row_of(rows[0], "order")
        if len(rows) > 1 or row.get("orderId") != order_id:
            raise MalformedMessage(f"asked for order {order_id}, got another")
        if mapping.leaves_open(row) and await self._is_open(exchange, order_id):
            _log.warning("order %s is PART_FILLED and open", order_id)
            return self.sight(row, exchange, VenueState.WORKING)
        return self.sight(row, exchange)

    async def orders(self, exchange: str, order_ids: Sequence[str]) -> dict[str, Sight]:
        """GET order/listMultipleOrderInfo: what the venue knows of many orders, by id.

        An id that is not in the answer is not known there, or the venue left it out: only `order`
        tells.
        """
        rows = await self._many(exchange, order_ids)
        return {order_id: self.sight(row, exchange) for order_id, row in rows.items()}

    async def look_ahead(self, orders: Sequence[Order]) -> None:
        """Ask for many orders at once. What is told serves `order` once for each that has not moved
        since; all others are asked for one by one."""
        ids: dict[str, dict[str, Order]] = {}
        for order in orders:
            ids.setdefault(order.security_exchange, {})[order.venue_cl_ord_id] = order
        self._ahead = {}
        for exchange, known in ids.items():
            if len(known) < AHEAD_MIN:
                continue
            for order_id, row in (await self._many(exchange, list(known))).items():
                if not mapping.leaves_open(row):
                    self._ahead[order_id] = (known[order_id], self.sight(row, exchange))

    async def _many(self, exchange: str, order_ids: Sequence[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for first in range(0, len(order_ids), IDS_MAX):
            wanted = order_ids[first : first + IDS_MAX]
            asked = {"accountId": self._door.account.account_id, "orderIdList": ",".join(wanted)}
            try:
                answer = await self._door.get(exchange, "order/listMultipleOrderInfo", asked)
            except VenueRefused as error:
                if error.ord_rej_reason is not OrdRejReason.UNKNOWN_ORDER:
                    raise
                continue
            rows = [row_of(value, "order") for value in list_of(answer, "orders")]
            found |= {str(row["orderId"]): row for row in rows if row.get("orderId") in wanted}
        return found

    async def open_orders(self) -> list[Sight]:
        """GET order/listOpenOrder at every exchange."""
        found: list[Sight] = []
        for exchange in self._door.account.exchanges:
            rows = await self._door.rows(exchange, "order/listOpenOrder")
            # What is listed as open is open: PART_FILLED works there.
            found += [
                self.sight(row_of(row, "order"), exchange, VenueState.WORKING) for row in rows
            ]
        return found

    async def closed_orders(self, since: datetime) -> list[Sight]:
        """GET order/listCompletedOrder at every exchange, in windows that overlap."""
        found: dict[str, Sight] = {}
        for exchange in self._door.account.exchanges:
            for row in await self._windows(exchange, "order/listCompletedOrder", since, {}):
                sight = self.sight(row, exchange)
                found[sight.venue_cl_ord_id] = sight
        return list(found.values())

    async def own_trades(
        self, since: datetime | None = None, instrument: Instrument | None = None
    ) -> list[VenueTrade]:
        """GET order/listFilledOrder: the account's fills with their fees, oldest first.

        The venue names no fill: two of one order in the same millisecond, of the same quantity at
        the same price, get numbered names. Without `since`: from the last day.
        """
        found: list[VenueTrade] = []
        names: dict[str, int] = {}
        for exchange in self._exchanges_of(instrument):
            asked = {"symbol": instrument.venue_symbol} if instrument else {}
            for row in await self._windows(exchange, "order/listFilledOrder", since, asked):
                raw = row_text(row, self._door.secrets)
                trade = mapping.trade(row, exchange, self._symbols, raw)
                names[trade.trade_id] = names.get(trade.trade_id, 0) + 1
                found.append(mapping.numbered(trade, names[trade.trade_id]))
        return found

    async def instruments(self) -> tuple[Instrument, ...]:
        """GET utils/listSymbolInfo at every exchange. What can not be read is left out, and
        logged."""
        found: list[Instrument] = []
        for exchange in self._door.account.exchanges:
            answer = await self._door.public(exchange, "utils/listSymbolInfo")
            for row in list_of(answer, "symbols"):
                try:
                    found.append(mapping.instrument(row, exchange))
                except MalformedMessage as error:
                    _log.warning("a symbol of %s is left out: %s", exchange, error)
        self._symbols = {(i.security_exchange, i.venue_symbol): i.symbol for i in found}
        self._markets = {}
        for market in found:
            if market.enabled:
                self._markets.setdefault(market.security_exchange, market)
        return tuple(found)

    def sight(self, row: Row, exchange: str, part_filled: VenueState | None = None) -> Sight:
        """What a row about an order says, or that it makes no sense."""
        raw = row_text(row, self._door.secrets)
        try:
            final = self._part_filled if part_filled is None else part_filled
            return mapping.venue_order(row, exchange, self._symbols, raw, final)
        except MalformedMessage as error:
            return Unreadable(
                venue_cl_ord_id=str(row.get("orderId") or ""),
                secondary_order_id="",
                reason=str(error),
                raw=raw,
            )

    async def _is_open(self, exchange: str, order_id: str) -> bool:
        rows = await self._door.rows(exchange, "order/listOpenOrder")
        return any(row_of(row, "order").get("orderId") == order_id for row in rows)

    async def _windows(
        self, exchange: str, path: str, since: datetime | None, asked: Mapping[str, str]
    ) -> list[Row]:
        """All rows since then. A full answer is read on from its last row, which comes again:
        forward or back in time, as the document does not say what it begins with."""
        found: dict[str, Row] = {}
        start = None if since is None else int(since.timestamp() * 1000)
        end: int | None = None
        for _ in range(WINDOWS_MAX):
            bounds = {"startTime": start, "endTime": end}
            times = {name: str(time) for name, time in bounds.items() if time is not None}
            rows = await self._door.rows(exchange, path, {**times, "limit": str(LIST_MAX), **asked})
            found |= _told_apart(rows, path)
            moments = [integer_in(row, "updatedAt") for row in rows]
            if len(rows) < LIST_MAX:
                break
            newest_first = moments[0] > moments[-1]
            last = (start, min(moments)) if newest_first else (max(moments), end)
            if last == (start, end):
                break
            start, end = last
        return list(found.values())

    def _exchanges_of(self, instrument: Instrument | None) -> Iterable[str]:
        return (
            self._door.account.exchanges if instrument is None else (instrument.security_exchange,)
        )

    def _only(self, answer: object, path: str, order_id: str) -> Row:
        """The one order that answers a POST; anything else leaves its outcome unknown."""
        try:
            rows = list_of(answer, path)
            row = row_of(rows[0] if len(rows) == 1 else None, path)
            if row.get("orderId") != order_id:
                raise MalformedMessage(f"asked for order {order_id}, got another")
        except MalformedMessage as error:
            raise OutcomeUnknown(f"POST {path}: {error}") from None
        return row


def _told_apart(rows: Sequence[Any], path: str) -> dict[str, Row]:
    """Rows under names of their own: equal rows of one answer are several things that happened."""
    found: dict[str, Row] = {}
    copies: Counter[str] = Counter()
    for value in rows:
        row = row_of(value, path)
        text = row_text(row)
        found[f"{text} {copies[text]}"] = row
        copies[text] += 1
    return found
