"""What is known of the account's fills: by the answers to orders, the channel, and the list.

The list does not say whose a fill is; `candidates` says which orders may have one.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from adapters.bitexbit.attribution import Candidate, attribute, can_have
from adapters.bitexbit.events import BookEvent, Hit
from adapters.port import VenueOrder, VenueState, VenueTrade
from oms.clock import Clock
from oms.core.fields import Side
from oms.core.numbers import ZERO, add, subtract
from oms.core.order import Order
from oms.core.ports import Books

CLOCKS_APART: Final = timedelta(seconds=60)
"""How far the venue's clock may be from ours while no answer has told."""

ANSWER: Final = timedelta(seconds=2)
"""The same, once one has: it took at most so long. Also, how coarse the venue's times may be."""

ARRIVAL: Final = timedelta(seconds=60)
"""How long after an order was decided it may have arrived at the venue."""

PUBLIC_KEPT: Final = 5_000
"""Trades of the channel that are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An order that the venue has answered with an id: what it took at once is known."""

    symbol: str
    side: Side
    price: Decimal
    order_qty: Decimal
    since: datetime


class Fills:
    """The fills of one account, each under its order as far as that is certain."""

    def __init__(self, route: str, books: Books, clock: Clock) -> None:
        self.heard: Callable[[VenueTrade], None] = lambda _: None
        """Where a fill goes that belongs to an order which is over."""
        self._route = route
        self._books = books
        self._clock = clock
        self._trades: dict[str, dict[str, VenueTrade]] = {}
        self._taken: dict[str, Taken] = {}
        self._ahead: timedelta | None = None
        self._foreign: set[str] = set()
        self._watched_since: datetime | None = None
        """When the open orders were listed first, by the venue's clock."""
        self._ambiguous: dict[str, frozenset[str]] = {}
        self._public: OrderedDict[str, tuple[VenueTrade, VenueTrade]] = OrderedDict()

    def took(self, secondary_order_id: str, taken: Taken) -> None:
        """The venue took an order, just now by our clock and at `since` by its own."""
        self._taken[secondary_order_id] = taken
        self._ahead = taken.since - self._clock.now()

    def note(self, trade: VenueTrade) -> None:
        """A fill whose order is certain."""
        self._trades.setdefault(trade.secondary_order_id, {})[trade.trade_id] = trade

    def of(self, secondary_order_id: str) -> tuple[VenueTrade, ...]:
        """An order's fills, in the venue's order."""
        trades = self._trades.get(secondary_order_id, {})
        return tuple(trades[key] for key in sorted(trades, key=int))

    def heard_of(self, told: BookEvent, hit: Hit) -> list[VenueTrade]:
        """The fills of ours in a trade of the channel, which names both orders: none, one or two.

        Whose it is may only be known later, when a lost order is found: the trade is remembered.
        """
        trade = VenueTrade(
            trade_id=hit.trade_id,
            symbol=told.symbol,
            last_shares=hit.qty,
            last_px=hit.px,
            transact_time=told.time,
            raw=told.raw,
        )
        taken = replace(trade, secondary_order_id=told.order_id, side=told.side)
        made = replace(trade, secondary_order_id=hit.resting_id, side=hit.resting_side)
        self._public[hit.trade_id] = (taken, made)
        if len(self._public) > PUBLIC_KEPT:
            self._public.popitem(last=False)
        return self._claim((taken, made))

    def may_be_ours(self, told: BookEvent) -> bool:
        """Whether an order of the channel is ours, or may be one whose answer was lost."""
        return self.is_own(told.order_id) or any(
            order.symbol == told.symbol and order.side is told.side and order.price == told.price
            for order in self._books.working(self._route)
            if not order.secondary_order_id
        )

    def is_own(self, secondary_order_id: str) -> bool:
        """Whether an order is known to be ours."""
        return secondary_order_id in self._own_ids()

    def _claim(self, trades: tuple[VenueTrade, ...]) -> list[VenueTrade]:
        ours = [trade for trade in trades if self.is_own(trade.secondary_order_id)]
        for trade in ours:
            self.note(trade)
        return ours

    def owners(self, trade_id: str) -> list[str]:
        """The orders that are known to have a fill: two where the account traded with itself."""
        told = {oid for oid, trades in self._trades.items() if trade_id in trades}
        booked = {
            order.secondary_order_id
            for order in self._orders()
            if f"{trade_id}-{order.secondary_order_id}" in order.executions
        }
        return sorted(told | booked)

    def saw_open(self, listed: Collection[str]) -> None:
        """The ids that the venue lists as open: those that are not ours may have fills too."""
        self._foreign.update(set(listed) - self._own_ids())
        self._watched_since = self._watched_since or self._venue_now()

    def horizon(self) -> datetime | None:
        """Since when a fill may be of an order of ours, by the venue's clock; None: there is none."""
        times = [c.since for c in self._own() if c.since is not None and c.open_qty > 0]
        return min(times, default=None)

    def lacking(self) -> bool:
        """Whether an order that is over has fills of which only the sum is known."""
        return any(
            execution.derived and execution.stands
            for order in self._books.closed(self._route)
            for execution in order.executions.values()
        )

    def unclear(self, rows: Sequence[VenueTrade]) -> list[VenueTrade]:
        """The rows that no order is known to have and one of ours can have."""
        for row in rows:
            self._claim(self._public.get(row.trade_id, ()))
        own = self._own()
        return [
            row
            for row in rows
            if row.trade_id not in self._public
            and any(can_have(c, row) for c in own)
            and not self.owners(row.trade_id)
        ]

    def attribute(self, rows: Sequence[VenueTrade], listed: Sequence[VenueOrder]) -> None:
        """Find the orders of unclear rows; `listed` are all orders of the account.

        A row that several orders could have had stays nobody's while one of these is not known
        any more: what is left would be the last one for no good reason.
        """
        # While the orders were asked for, the channel may have told whose a row is.
        rows = self.unclear(rows)
        own = self._own()
        candidates = [*own, *self._foreigners(own, listed)]
        there = {c.secondary_order_id for c in candidates}
        rows = [row for row in rows if self._ambiguous.get(row.trade_id, frozenset()) <= there]
        found = attribute(rows, candidates)
        for row in rows:
            self._ambiguous.pop(row.trade_id, None)
        self._ambiguous.update(found.ambiguous)
        over = {order.secondary_order_id for order in self._books.closed(self._route)}
        for trade in found.trades:
            self.note(trade)
            if trade.secondary_order_id in over:
                self.heard(trade)

    def may_lack(self, secondary_order_id: str) -> bool:
        """Whether something was executed that may be this order's, and may be another's."""
        return any(
            secondary_order_id in able and not self.owners(trade_id)
            for trade_id, able in self._ambiguous.items()
        )

    def keep(self) -> None:
        """Forget what is about orders that nobody knows any more."""
        booked = {order.secondary_order_id for order in self._orders()}
        known = booked | set(self._taken)
        self._trades = {oid: trades for oid, trades in self._trades.items() if oid in known}
        late = self._venue_now() - ARRIVAL
        self._taken = {
            oid: taken
            for oid, taken in self._taken.items()
            if oid in booked or taken.since > late  # until the book has heard of it
        }

    # Candidates

    def _orders(self) -> list[Order]:
        books, route = self._books, self._route
        return [o for o in (*books.working(route), *books.closed(route)) if o.secondary_order_id]

    def _own_ids(self) -> set[str]:
        return {order.secondary_order_id for order in self._orders()} | set(self._taken)

    def _own(self) -> list[Candidate]:
        found = {order.secondary_order_id: self._candidate(order) for order in self._orders()}
        for oid, taken in self._taken.items():
            if oid not in found:
                found[oid] = self._new_candidate(oid, taken)
        return list(found.values())

    def _new_candidate(self, oid: str, taken: Taken) -> Candidate:
        """An order of which the book has not heard yet."""
        return Candidate(
            secondary_order_id=oid,
            symbol=taken.symbol,
            side=taken.side,
            price=taken.price,
            open_qty=subtract(taken.order_qty, self._filled(oid)),
            since=taken.since - ANSWER,
        )

    def _candidate(self, order: Order) -> Candidate:
        assert order.price is not None, "only limit orders are offered"
        oid = order.secondary_order_id
        taken, apart = self._taken.get(oid), CLOCKS_APART if self._ahead is None else ANSWER
        ahead = self._ahead or timedelta()
        booked = {
            execution.exec_id.rpartition("-")[0]: execution.qty
            for execution in order.executions.values()
            if execution.stands and not execution.derived
        }
        filled = self._filled(oid, frozenset(booked))
        for qty in booked.values():
            filled = add(filled, qty)
        return Candidate(
            secondary_order_id=oid,
            symbol=order.symbol,
            side=order.side,
            price=order.price,
            open_qty=subtract(order.order_qty, filled),
            since=taken.since - ANSWER if taken else order.created + ahead - apart,
            until=order.updated + ahead + apart if order.closed else None,
            arrived_until=None if taken else order.created + ahead + ARRIVAL + apart,
        )

    def _filled(self, oid: str, but: frozenset[str] = frozenset()) -> Decimal:
        total = ZERO
        for trade_id, trade in self._trades.get(oid, {}).items():
            if trade_id not in but:
                total = add(total, trade.last_shares)
        return total

    def _foreigners(
        self, own: Sequence[Candidate], listed: Sequence[VenueOrder]
    ) -> list[Candidate]:
        """Orders of the account that are not ours, all of them.

        Of those that are over, the ones that were never seen open, and are older than all of ours,
        were over when the open ones were first listed.
        """
        ours = {c.secondary_order_id for c in own}
        first = min((int(oid) for oid in ours), default=0)
        return [
            self._foreigner(seen, seen.price, newer=int(seen.secondary_order_id) > first)
            for seen in listed
            if seen.price is not None and seen.secondary_order_id not in ours
        ]

    def _foreigner(self, seen: VenueOrder, price: Decimal, *, newer: bool) -> Candidate:
        watched = newer or seen.secondary_order_id in self._foreign
        since = self._watched_since
        until = None
        if not watched and since is not None and seen.state is not VenueState.WORKING:
            until = since + CLOCKS_APART
        return Candidate(
            secondary_order_id=seen.secondary_order_id,
            symbol=seen.symbol,
            side=seen.side,
            price=price,
            open_qty=seen.order_qty,
            until=until,
            arrived_until=self._venue_now() + ARRIVAL,
            foreign=True,
        )

    def _venue_now(self) -> datetime:
        return self._clock.now() + (self._ahead or timedelta())
