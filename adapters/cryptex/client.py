"""Cryptex over HTTPS: orders, and what shows what became of them. Knows JSON, not orders' lives.

Sources: the Cryptex API document, sections "Trade", "CancelOrder", "ActiveOrders", "OrderInfo" and
"TradeHistory".
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from adapters.cryptex import history, mapping
from adapters.cryptex.account import Account
from adapters.cryptex.door import Door
from adapters.cryptex.funding import Funding
from adapters.documents import Row
from adapters.holdings import Amounts, Holdings
from adapters.lost import TAKEN_UNNAMED
from adapters.port import Lane, Placed, Sight, Unreadable, VenueOrder, VenueState, VenueTrade
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueRefused, VenueUnavailable
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.order import Order
from oms.core.venue import Instrument

CLOCKS_APART: Final = timedelta(minutes=10)
"""How far the venue's clock may be from ours when it dates a trade."""

KNOWN_MAX: Final = 10_000
"""Ids of orders that are over, or nobody's of ours, that are kept in memory."""


class CryptexClient(Account, Funding):
    """The venue's API for one key; a port.Client."""

    def __init__(
        self,
        door: Door,
        *,
        markets: tuple[Instrument, ...],
        with_reserves: str,
        deposit_addresses: dict[str, str],
        owned: Callable[[], Collection[str]],
        holdings: Callable[[Callable[[Lane], Awaitable[Amounts]]], Holdings] | None = None,
    ) -> None:
        """`markets` stand in the configuration: the venue lists none. `deposit_addresses`: assets
        by the addresses that are to be asked after."""
        Account.__init__(self, door, with_reserves=with_reserves, owned=owned)
        Funding.__init__(self, door, deposit_addresses)
        self._door = door
        self._holdings = holdings(self.holds) if holdings is not None else None
        self._markets = markets
        self._filled: dict[str, Decimal | None] = {}
        self._shown: dict[str, None] = {}
        self._cancelled: dict[str, None] = {}
        self._over: dict[str, Sight | None] = {}

    async def close(self) -> None:
        """Let the connections go."""
        await self._door.close()

    async def instruments(self) -> tuple[Instrument, ...]:
        """The markets of the configuration."""
        return self._markets

    # Trading

    async def place(self, request: NewOrderSingle) -> Placed:
        """Trade: a new order. One that the venue took without naming it has to be searched for.

        What the account holds is known before: without that nothing would prove a lost one absent.
        """
        if self._holdings is not None:
            try:
                await self._holdings.remember(request.cl_ord_id)
            except (OutcomeUnknown, VenueRefused, MalformedMessage) as error:
                raise VenueUnavailable(f"not sent: {error}") from None
        try:
            data = await self._door.call(Lane.NEW, "Trade", **mapping.order_fields(request))
            number = mapping.order_number(data)
        except MalformedMessage as error:
            raise OutcomeUnknown(f"Trade: {error}") from None
        if not number:
            raise OutcomeUnknown(f"Trade: {TAKEN_UNNAMED}, as an order that fills at once can be")
        return Placed(secondary_order_id=number, raw=self._door.text(data))

    async def cancel(self, request: OrderCancelRequest) -> str:
        """CancelOrder: done when it is answered, and then the order's end is no surprise."""
        try:
            data = await self._door.call(Lane.CANCEL, "CancelOrder", order_id=request.order_id)
            number = mapping.cancelled_number(data)
        except MalformedMessage as error:
            raise OutcomeUnknown(f"CancelOrder: {error}") from None
        if number != request.order_id:
            text = f"CancelOrder: asked for order {request.order_id}, answered for {number}"
            raise OutcomeUnknown(text)
        self._cancelled[number] = None
        _trim(self._cancelled)
        return self._door.text(data)

    # Queries

    async def open_orders(self) -> list[Sight]:
        """ActiveOrders, of all markets."""
        rows = await self._active_rows()
        sights = [self._listed(row) for row in rows]
        self._filled = {
            one.secondary_order_id: one.cum_qty for one in sights if isinstance(one, VenueOrder)
        }
        self._shown.update(dict.fromkeys(sight.secondary_order_id for sight in sights))
        _trim(self._shown)
        return sights

    async def order(self, order: Order) -> Sight | None:
        """OrderInfo; where that does not say that the order works, ActiveOrders and TradeHistory.

        None where the venue shows nothing of an order that it has not shown before either.
        """
        number = order.secondary_order_id
        told = await self._info(number)
        row: Row | None = None
        try:
            row = None if told is None else mapping.only_order(told, number)
            if row is not None and self._works(row, number):
                return await self._working(order, row)
            listed = await self._find_listed(number)
            if listed is not None:
                return await self._working(order, listed)
            return await self._ended(order, row)
        except MalformedMessage as error:
            return self._unreadable(number, str(error), row or told)

    async def fills(self, orders: Sequence[Order]) -> dict[str, tuple[VenueTrade, ...]]:
        """TradeHistory, once for all of these orders that the list has just shown more of than is
        known; by OrderID. None for trades that can not be read: each order is looked at then."""
        lacking = [
            order
            for order in orders
            if self._filled.get(order.secondary_order_id, order.cum_qty) != order.cum_qty
        ]
        if not lacking:
            return {}
        pairs = {mapping.pair_of(order.symbol, self._door.reading) for order in lacking}
        since = min(order.created for order in lacking) - CLOCKS_APART
        try:
            rows = await history.trades(self._door, since, pairs.pop() if len(pairs) == 1 else "")
            return {order.order_id: self._own(order, rows) for order in lacking}
        except MalformedMessage:
            return {}

    async def latest_ids(self) -> set[str]:
        """The ids of the orders in the latest page of TradeHistory, whosever they are."""
        rows = await history.trades(self._door, datetime.max.replace(tzinfo=UTC))
        sides = (side for row in rows for side in mapping.sides_of(row, self._door.reading))
        return {side.secondary_order_id for side in sides}

    async def closed_orders(self, since: datetime) -> Sequence[Sight]:
        """Orders of the trades since then that are over: OrderInfo of either side of each trade.

        The venue has no list of them, so one that ended without a trade is not found. A trade
        neither of whose orders it shows is somebody else's, or of an order that it has forgotten:
        such a trade is told too, as unreadable, since nothing is proven absent while it is there.
        """
        active = {str(row.get("order_id")) for row in await self._active_rows()}
        rows = await history.trades(self._door, since)
        numbers: set[str] = set()
        again: set[str] = set()
        nobodys: list[Sight] = []
        for row in rows:
            sides = {side.secondary_order_id for side in mapping.sides_of(row, self._door.reading)}
            for number in sorted(sides - active - self._over.keys()):
                told = await self._info(number)
                self._over[number] = None if told is None else self._closed(told, number, rows)
            over = {number for number in sides - active if self._over[number] is not None}
            numbers |= over
            if not over and not sides & active and not sides & set(self._owned()):
                nobodys.append(self._unreadable("", "nothing tells whose trade this is", row))
                again |= sides
        found = [(number, self._over[number]) for number in sorted(numbers, key=int)]
        again |= {number for number, sight in found if isinstance(sight, Unreadable)}
        self._over = {n: sight for n, sight in self._over.items() if n not in again}
        _trim(self._over)
        return [sight for _, sight in found if sight is not None] + nobodys

    async def untouched(self, order: Order) -> bool:
        """Whether the account shows that nothing of a lost order was executed, and none is hidden.

        Info counts the open orders: no more than ActiveOrders shows.
        """
        if self._holdings is None:
            return True
        shown = len(await self._active_rows())
        return await self.open_count() <= shown and await self._holdings.untouched(order)

    # One order

    async def _info(self, number: str) -> object | None:
        try:
            return await self._door.call(Lane.STATUS, "OrderInfo", order_id=number)
        except VenueRefused:
            return None

    async def _active_rows(self) -> list[Row]:
        data = await self._door.call(Lane.STATUS, "ActiveOrders")
        try:
            return mapping.order_rows(data)
        except MalformedMessage as error:
            raise self._door.senseless("ActiveOrders", error, data) from None

    async def _find_listed(self, number: str) -> Row | None:
        rows = [row for row in await self._active_rows() if str(row.get("order_id")) == number]
        return rows[0] if rows else None

    def _works(self, row: Row, number: str) -> bool:
        return mapping.is_active(row, self._door.reading) and number not in self._cancelled

    def _listed(self, row: Row) -> Sight:
        try:
            return mapping.listed_order(row, self._door.reading, self._door.text(row))
        except MalformedMessage as error:
            return self._unreadable(str(row.get("order_id") or ""), str(error), row)

    async def _working(self, order: Order, row: Row) -> VenueOrder:
        sight = mapping.listed_order(row, self._door.reading, self._door.text(row))
        self._shown[sight.secondary_order_id] = None
        if sight.cum_qty is None or sight.cum_qty <= order.cum_qty:
            return sight
        return replace(sight, trades=await self._trades(order))

    async def _ended(self, order: Order, row: Row | None) -> VenueOrder | None:
        number = order.secondary_order_id
        trades = await self._trades(order)
        known = number in self._shown or number in self._cancelled
        if row is None and not trades and not known:
            return None
        raw = self._door.text(row)
        sight = (
            mapping.as_booked(order, raw)
            if row is None
            else mapping.venue_order(row, self._door.reading, raw, VenueState.CANCELED)
        )
        return mapping.ended(sight, trades, cancelled=number in self._cancelled)

    async def _trades(self, order: Order) -> tuple[VenueTrade, ...]:
        pair = mapping.pair_of(order.symbol, self._door.reading)
        return self._own(
            order, await history.trades(self._door, order.created - CLOCKS_APART, pair)
        )

    def _own(self, order: Order, rows: Sequence[Row]) -> tuple[VenueTrade, ...]:
        return mapping.order_trades(rows, order.secondary_order_id, self._door.reading)

    def _closed(self, told: object, number: str, rows: Sequence[Row]) -> Sight:
        reading, raw = self._door.reading, self._door.text(told)
        try:
            row = mapping.only_order(told, number)
            sight = mapping.venue_order(row, reading, raw, VenueState.CANCELED)
            return mapping.ended(
                sight, mapping.order_trades(rows, number, reading), cancelled=False
            )
        except MalformedMessage as error:
            return self._unreadable(number, str(error), told)

    def _unreadable(self, number: str, reason: str, told: object) -> Unreadable:
        return Unreadable(
            venue_cl_ord_id="",
            secondary_order_id=number,
            reason=reason,
            raw=self._door.text(told),
        )


def _trim(known: dict[str, Any]) -> None:
    """Forget the oldest; whatever is forgotten is asked for again, or waited for longer."""
    while len(known) > KNOWN_MAX:
        del known[next(iter(known))]
