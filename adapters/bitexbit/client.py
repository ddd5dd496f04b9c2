"""Bitexbit's orders over REST: sent once, seen in lists, and whose the fills are.

Sources: the Bitexbit API v1 document, sections "Orders" and "Exchanges".
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from adapters.bitexbit import mapping
from adapters.bitexbit.account import Accounts
from adapters.bitexbit.door import Account, Door
from adapters.bitexbit.fills import EVER, Fills, Taken
from adapters.bitexbit.market import Markets
from adapters.documents import Row, list_of, row_of
from adapters.port import Lane, Placed, Sight, Unreadable, VenueOrder, VenueState, VenueTrade
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueRefused
from oms.core.fields import OrdRejReason
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.order import Order
from oms.core.venue import Instrument

LISTED_MAX: Final = 2_000
"""Orders that the list shows unless it is asked for more."""

PAGE: Final = 100
PAGES_MAX: Final = 50
"""Pages of own exchanges read at a time; a list that goes on longer is a fault of the venue."""

Alarm = Callable[[str, str], None]


class BitexbitClient(Markets, Accounts):
    """The venue's REST API for one account; a port.Client."""

    def __init__(self, account: Account, door: Door, fills: Fills, alarm: Alarm) -> None:
        """`alarm(text, raw)` shows a human what does not add up."""
        super().__init__(account, door)
        self._fills = fills
        self._alarm = alarm
        self._reading = asyncio.Lock()
        self.before_new: Callable[[str], None] = lambda _: None
        """Told the pair of an order before it is sent."""

    async def close(self) -> None:
        """Let the connections go."""
        await self._door.close()

    # Trading

    async def place(self, request: NewOrderSingle) -> Placed:
        """POST order/: a new order, whose immediate fills the answer tells."""
        fields = mapping.order_fields(request)
        self.before_new(fields["pair"])
        sent = self._fills.moment()
        document = await self._door.post(Lane.NEW, "v1/order/", fields)
        if isinstance(document, dict) and document.get("success") is False:
            raise VenueRefused(f"order/: {mapping.reason(document, self._door.text(document))}")
        raw = self._door.text(document)
        try:
            found = mapping.placed(document, request, raw)
            self._took(request, found, row_of(document, "order"), sent)
        except MalformedMessage as error:
            raise OutcomeUnknown(f"POST order/: {error}") from None
        return found

    async def cancel(self, request: OrderCancelRequest) -> str:
        """POST order-cancel/: its answer is the cancel itself."""
        asked = request.order_id
        document = await self._door.post(Lane.CANCEL, "v1/order-cancel/", {"order": asked})
        try:
            mapping.cancelled(document, asked)
        except MalformedMessage as error:
            raise OutcomeUnknown(f"POST order-cancel/: {error}") from None
        return self._door.text(document)

    def _took(self, request: NewOrderSingle, found: Placed, document: Row, sent: float) -> None:
        assert request.price is not None, "only limit orders are offered"
        assert request.order_qty is not None, "the checks let no order without it through"
        assert found.transact_time is not None, "an answer without a date is none"
        symbol = request.symbol.replace("_", "/")
        taken = Taken(
            symbol=symbol,
            side=request.side,
            price=request.price,
            order_qty=request.order_qty,
            since=found.transact_time,
            sent=sent,
        )
        self._fills.took(found.secondary_order_id, taken)
        for trade in found.trades:
            self._fills.note(trade)
        for trade in mapping.hit_trades(document, found.trades):
            if self._fills.is_own(trade.secondary_order_id):
                self._fills.note(trade)  # the account traded with itself
        text = mapping.discord(document, request, found)
        if text:
            self._alarm(text, found.raw)

    # Orders

    async def order(self, order: Order) -> Sight | None:
        """GET order/<id>/; the answer must be about the order that was asked for."""
        oid = order.secondary_order_id
        path = f"v1/order/{oid}/"
        ask = self._door.ask_own if self._account.sign_single_order else self._door.ask
        try:
            document = await ask(path)
        except VenueRefused as error:
            if error.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER:
                return None
            raise
        row = row_of(document, "order")
        if mapping.order_id(row) != oid:
            raise MalformedMessage(f"asked for order {oid}, got {row.get('id')!r}")
        sight = self._sight(row)
        if isinstance(sight, VenueOrder) and self._lacks(sight):
            await self._read_fills()
            sight = self._sight(row)
        return sight

    async def open_orders(self) -> list[Sight]:
        """GET orders/own/ of status 1; and what was executed of orders that are not there any
        more, where that was only derived."""
        sights = self._sights(await self._door.ask_own("v1/orders/own/", status="1"))
        self._fills.saw_open({sight.secondary_order_id for sight in sights})
        if self._fills.lacking():
            await self._read_fills()
        return sights

    async def latest_ids(self) -> set[str]:
        """The ids of all orders that the venue shows."""
        return {sight.secondary_order_id for sight in await self._all_orders()}

    async def closed_orders(self, since: datetime) -> list[Sight]:
        """GET orders/own/ of all states: nothing there is dated, so `since` leaves nothing out."""
        sights = [
            sight
            for sight in await self._all_orders()
            if isinstance(sight, Unreadable) or sight.state is not VenueState.WORKING
        ]
        await self._read_fills()
        return [
            sight if isinstance(sight, Unreadable) else self._with_fills(sight) for sight in sights
        ]

    async def fills(self, orders: Sequence[Order]) -> Mapping[str, tuple[VenueTrade, ...]]:
        """The fills of these orders, by their OrderIDs, as far as it is certain whose they are."""
        await self._read_fills()
        return {order.order_id: self._fills.of(order.secondary_order_id) for order in orders}

    def may_lack(self, order: Order) -> bool:
        """Whether something that was read may be a fill of an order that is over."""
        return self._fills.may_lack(order.secondary_order_id, filled=order.filled)

    async def own_trades(
        self, since: datetime | None = None, instrument: Instrument | None = None
    ) -> list[VenueTrade]:
        """GET exchanges/own/: newest first. The order is named where it is known."""
        rows = await self._read_rows(since, instrument)
        told: list[VenueTrade] = []
        for row in rows:
            owned = [
                trade
                for oid in self._fills.owners(row.trade_id)
                for trade in self._fills.of(oid)
                if trade.trade_id == row.trade_id
            ]
            told += owned or [row]
        return told

    async def instruments(self) -> tuple[Instrument, ...]:
        """GET pairs/: all of them. One that can not be read is left out, and a human is told."""
        found: list[Instrument] = []
        for row in list_of(await self._door.ask("v1/pairs/"), "pairs"):
            try:
                found.append(mapping.instrument(row, self._account.amount_decimals))
            except MalformedMessage as error:
                self._alarm(f"a pair is left out: {error}", self._door.text(row))
        return tuple(found)

    # Sights

    async def _all_orders(self) -> list[Sight]:
        rows = list_of(await self._door.ask_own("v1/orders/own/"), "orders")
        sights = [self._sight(row) for row in rows]
        ids = [int(s.secondary_order_id) for s in sights if isinstance(s, VenueOrder)]
        if len(rows) >= LISTED_MAX and ids and ids[0] < ids[-1]:
            raise MalformedMessage(f"orders/own/: {len(rows)} orders, and the newest are cut off")
        return sights

    def _sights(self, document: Any) -> list[Sight]:
        return [self._sight(row) for row in list_of(document, "orders")]

    def _sight(self, row: Any) -> Sight:
        raw = self._door.text(row)
        try:
            oid = mapping.order_id(row_of(row, "order"))
            return self._with_doubt(mapping.venue_order(row, raw, self._fills.of(oid)))
        except MalformedMessage as error:
            told = row.get("id") if isinstance(row, dict) else None
            named = str(told) if isinstance(told, int | str) else ""
            return Unreadable(
                venue_cl_ord_id="", secondary_order_id=named, reason=str(error), raw=raw
            )

    def _with_fills(self, seen: VenueOrder) -> VenueOrder:
        return self._with_doubt(mapping.with_trades(seen, self._fills.of(seen.secondary_order_id)))

    def _with_doubt(self, seen: VenueOrder) -> VenueOrder:
        """How much of an order that is over was executed is not known while a fill may be its."""
        over, filled = seen.state is not VenueState.WORKING, seen.state is VenueState.FILLED
        lacks = over and self._fills.may_lack(seen.secondary_order_id, filled=filled)
        return replace(seen, lacks_fills=lacks)

    def _lacks(self, seen: VenueOrder) -> bool:
        if seen.state is VenueState.FILLED:
            return mapping.executed(seen.trades) < seen.order_qty
        return seen.state is VenueState.CANCELED

    # Fills

    async def _read_fills(self) -> None:
        """Read the list of own exchanges and find the orders of what nobody has told yet."""
        async with self._reading:
            self._fills.keep()
            since = self._fills.horizon()
            if since is None:
                return
            found = await self._read_rows(since)
            self._fills.has_read(found)
            rows = self._fills.unclear(found)
            if rows:
                listed = [s for s in await self._all_orders() if isinstance(s, VenueOrder)]
                self._fills.attribute(rows, listed)

    async def _read_rows(
        self, since: datetime | None, instrument: Instrument | None = None
    ) -> list[VenueTrade]:
        """Own exchanges from the newest back to `since`; from EVER, as far as pages are read.

        What is new while pages are read pushes the others behind: they come twice, none is missed.
        """
        found: dict[str, VenueTrade] = {}
        pair = {"pair": instrument.venue_symbol} if instrument is not None else {}
        for number in range(PAGES_MAX):
            asked = {**pair, "offset": str(number * PAGE)} if number else pair
            rows = list_of(await self._door.ask_own("v1/exchanges/own/", **asked), "exchanges")
            trades = [mapping.own_trade(row, self._door.text(row)) for row in rows]
            found.update((trade.trade_id, trade) for trade in trades)
            if len(rows) < PAGE or _is_behind(trades, since):
                break
        else:
            if since is not EVER:
                raise MalformedMessage(f"exchanges/own/: more than {PAGES_MAX} pages")
        newest_first = sorted(found.values(), key=lambda trade: -int(trade.trade_id))
        return [t for t in newest_first if since is None or _at_least(t, since)]


def _is_behind(trades: list[VenueTrade], since: datetime | None) -> bool:
    return since is not None and not all(_at_least(trade, since) for trade in trades)


def _at_least(trade: VenueTrade, since: datetime) -> bool:
    return trade.transact_time is None or trade.transact_time >= since
