"""BtcTurk over HTTPS: orders, their lists and their fills. Knows JSON, not orders' lives.

Sources: the BtcTurk API document, section "Private Endpoints"; the single lookup and the fills of
one order as the venue's later pages have them.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from adapters.btcturk import mapping
from adapters.btcturk.account import AccountCalls
from adapters.btcturk.door import Door
from adapters.btcturk.market import MarketCalls
from adapters.documents import Row, list_of, row_of
from adapters.lost import TAKEN_UNNAMED
from adapters.port import Lane, Placed, Sight, Unreadable, VenueOrder, VenueState, VenueTrade
from adapters.since import made_since
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueRefused
from oms.core.fields import OrdRejReason, OrdType, Side
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.numbers import ZERO, subtract
from oms.core.order import Order

PAGE: Final = 1_000
"""Rows of allOrders that are asked for at a time, the most there may be."""

PAGES_MAX: Final = 50
"""Pages of one pair that are read; a list that goes on longer is a fault of the venue."""

STOPS: Final = frozenset({OrdType.STOP, OrdType.STOP_LIMIT})

SETTLE_S: Final = 10.0
"""How long the lists must show nothing in the place of a stop order that ended, in seconds."""

_MS: Final = re.compile("[0-9]{1,15}")

_log = logging.getLogger(__name__)


class BtcturkClient(MarketCalls, AccountCalls):
    """The venue's REST API for one account; a port.Client."""

    def __init__(
        self,
        door: Door,
        working: Callable[[], Iterable[str]],
        monotonic: Callable[[], float],
        settle_s: float = SETTLE_S,
    ) -> None:
        """`working()`: BASE/QUOTE of the orders in the book, whose lists are read when one is
        looked for. `settle_s`: how long a stop order that ended may yet be found triggered."""
        super().__init__(door)
        self._working = working
        self._monotonic = monotonic
        self._settle_s = settle_s
        self._ended: dict[str, float] = {}

    async def close(self) -> None:
        """Let the connections go."""
        await self._door.close()

    # Trading

    async def place(self, request: NewOrderSingle) -> Placed:
        """POST order; the echo must be of this order, else its outcome is not known."""
        if request.ord_type is OrdType.STOP and request.side is Side.BUY:
            raise VenueRefused("the venue does not say what a stop order at the market is sized in")
        body = mapping.order_request(request)
        try:
            told = await self._door.private(Lane.NEW, "POST", "order", body=body, kind="new")
            number = mapping.placed(request, told)
        except MalformedMessage as error:
            # It was taken, and nothing says under which name: it is never absent.
            raise OutcomeUnknown(f"POST order: {TAKEN_UNNAMED}: {error}") from None
        return Placed(secondary_order_id=number, raw=self._door.text(told))

    async def cancel(self, request: OrderCancelRequest) -> str:
        """DELETE order: success means that the wish was noted, no more."""
        query = {"id": request.order_id}
        try:
            told = await self._door.private(Lane.CANCEL, "DELETE", "order", query, kind="cancel")
        except MalformedMessage as error:
            raise OutcomeUnknown(f"DELETE order: {error}") from None
        return self._door.text(told)

    # Queries

    async def order(self, order: Order) -> Sight | None:
        """GET order/{id}, and its fills where they are not booked yet."""
        row = await self._row(order.secondary_order_id)
        if row is None:
            return None
        sight = await self._sight(row)
        if isinstance(sight, Unreadable):
            return sight
        if sight.secondary_order_id != order.secondary_order_id:
            what = f"asked for order {order.secondary_order_id}, got {sight.secondary_order_id}"
            raise MalformedMessage(what)
        if order.ord_type in STOPS and mapping.waits(row):
            return await self._triggered(order, sight)
        return await self._with_fills(order, sight, row)

    async def open_orders(self) -> list[Sight]:
        """GET openOrders: of all pairs at once, or of each that the book has orders in."""
        queries: list[Mapping[str, str]] = [{}]
        if self._door.account.open_orders_by_pair:
            queries = [{"pairSymbol": pair} for pair in await self._pairs()]
        found: list[Sight] = []
        for query in queries:
            told = await self._private("GET", "openOrders", query, "lists")
            sides = mapping.fold(row_of(told, "openOrders"))
            for side in ("asks", "bids"):
                rows = list_of(sides.get(side), side)
                found += [await self._sight(row_of(row, "order")) for row in rows]
        return found

    async def closed_orders(self, since: datetime) -> list[Sight]:
        """GET allOrders of each pair that the book has orders in, back to `since`.

        The list has shown closed orders only, and open ones too: both are taken.
        """
        found: list[Sight] = []
        for pair in await self._pairs():
            found += await self._all_orders(pair, since)
        return found

    async def own_trades(
        self, since: datetime | None = None, instrument: Any = None
    ) -> list[VenueTrade]:
        """GET users/transactions/trade; the last 30 days, unless dated."""
        query: dict[str, Any] = {"type": ["buy", "sell"]}
        if since is not None:
            query["startDate"] = await self._door.venue_ms(since)
        if instrument is not None:
            query["pairSymbol"] = instrument.venue_symbol
        rows = await self._fill_rows(query)
        trades = [mapping.venue_trade(row, self._door.text(row)) for row in rows]
        if instrument is not None:
            trades = [trade for trade in trades if trade.symbol == instrument.symbol]
        return trades

    # One order

    async def _row(self, number: str) -> Row | None:
        try:
            told = await self._private("GET", f"order/{number}", None, "order")
        except VenueRefused as error:
            if error.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER:
                return None
            raise
        return row_of(told, "order")

    async def _triggered(self, order: Order, sight: VenueOrder) -> Sight:
        """A stop order, or what it has become: a new order with its client id.

        Its own row turns Canceled then, as it does when it is cancelled. So a row that ended is
        held as working until the lists have shown for a while that nothing took its place.
        """
        if sight.state is not VenueState.CANCELED:
            return sight
        since = made_since([order.created], self._door.clock)
        listed = await self.open_orders()
        listed += await self._all_orders(order.symbol.replace("/", ""), since)
        heirs = {
            one.secondary_order_id: one
            for one in listed
            if isinstance(one, VenueOrder)
            and one.venue_cl_ord_id == order.venue_cl_ord_id
            and one.secondary_order_id != order.secondary_order_id
        }
        if len(heirs) > 1:
            raise MalformedMessage(f"{len(heirs)} orders carry the id of a stop order")
        if heirs:
            (heir,) = heirs.values()
            return replace(heir, formerly=order.secondary_order_id)
        ended = self._ended.setdefault(order.order_id, self._monotonic())
        if self._monotonic() - ended < self._settle_s:
            return replace(sight, state=VenueState.WORKING)
        del self._ended[order.order_id]
        return sight

    async def _with_fills(self, order: Order, sight: VenueOrder, row: Row) -> Sight:
        by_cash = order.cash_order_qty is not None
        if not by_cash and sight.cum_qty == order.cum_qty:
            return sight
        rows = await self._fill_rows({"orderId": sight.secondary_order_id})
        trades, rounded = self._trades(sight.secondary_order_id, rows)
        step = await self._step(sight.symbol)
        if by_cash:
            sight = replace(sight, order_qty=order.order_qty)
            return mapping.whole_of_cash(sight, trades, mapping.spent(row), step)
        known = order.executions
        new = [trade for trade in trades if trade.exec_id not in known]
        if sight.cum_qty is None:
            return replace(sight, trades=tuple(new))
        missing = subtract(sight.cum_qty, order.cum_qty)
        return replace(sight, trades=mapping.fitted(new, rounded, missing, step))

    def _trades(self, number: str, rows: Sequence[Row]) -> tuple[list[VenueTrade], bool]:
        """The fills of an order, oldest first, and whether any is told rounded only."""
        trades = [mapping.venue_trade(row, self._door.text(row)) for row in rows]
        # Rows of the document's age do not say whose they are: the question did.
        named = [
            trade if trade.secondary_order_id else replace(trade, secondary_order_id=number)
            for trade in trades
        ]
        others = {trade.secondary_order_id for trade in named} - {number}
        if others:
            raise MalformedMessage(f"asked for fills of {number}, got those of {min(others)}")
        named.sort(key=lambda trade: (trade.transact_time, int(trade.trade_id)))
        return named, any(mapping.is_rounded(row) for row in rows)

    async def _fill_rows(self, query: Mapping[str, Any]) -> list[Row]:
        told = await self._private("GET", "users/transactions/trade", query, "transactions")
        return [row_of(row, "fill") for row in list_of(told, "fills")]

    async def _step(self, symbol: str) -> Decimal:
        found = (one.step for one in await self._known() if one.symbol == symbol)
        return next(found, ZERO)

    # Lists

    async def _all_orders(self, pair: str, since: datetime) -> list[Sight]:
        found: dict[str, Sight] = {}
        unit, since_ms = self._door.account.all_orders_time_unit, await self._door.venue_ms(since)
        query: dict[str, Any] = {"pairSymbol": pair, "limit": PAGE}
        if unit:
            query["startTime"] = since_ms if unit == "ms" else since_ms // 1000
        for page in range(1, PAGES_MAX + 1):
            told = await self._private("GET", "allOrders", {**query, "page": page}, "lists")
            rows = [row_of(row, "order") for row in list_of(told, "orders")]
            sights = [await self._sight(row) for row in mapping.without_triggered(rows)]
            before = len(found)
            found.update({sight.secondary_order_id: sight for sight in sights})
            # A page of fewer rows than were asked for need not be the last: the limit may be less.
            if not rows or _leads_back(rows, since_ms):
                return list(found.values())
            if len(found) == before:
                if len(rows) < PAGE:
                    return list(found.values())
                raise MalformedMessage(f"allOrders: page {page} of {pair} leads nowhere")
        raise MalformedMessage(f"allOrders: more than {PAGES_MAX} pages of {pair}")

    async def _pairs(self) -> list[str]:
        return sorted({symbol.replace("/", "") for symbol in self._working()})

    async def _sight(self, row: Row) -> Sight:
        raw = self._door.text(row)
        try:
            by_cash = self._door.account.market_buy_by_cash
            return mapping.venue_order(row, await self._symbols(), raw, buys_by_cash=by_cash)
        except MalformedMessage as error:
            told = mapping.fold(row)
            return Unreadable(
                venue_cl_ord_id=str(told.get("orderclientid") or ""),
                secondary_order_id=str(told.get("id") or ""),
                reason=str(error),
                raw=raw,
            )


def _leads_back(rows: Sequence[Row], since_ms: int) -> bool:
    """Whether a page, and with it all behind it, is of before then: its newest order was entered
    or changed before, and stands first. Not where that can not be read."""
    times = [_changed_ms(row) for row in rows]
    return 0 not in times and max(times) < since_ms and times[0] >= times[-1]


def _changed_ms(row: Row) -> int:
    """When an order was entered or changed; 0 where that is not told."""
    told = mapping.fold(row)
    values = (str(told.get(name)) for name in ("time", "updatetime"))
    return max((int(value) for value in values if _MS.fullmatch(value)), default=0)
