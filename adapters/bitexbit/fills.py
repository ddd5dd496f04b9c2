"""What is known of the account's fills: by the answers to orders, the channel, and the list.

The list does not say whose a fill is; the candidates say which orders may have one. When an order
was there is told by the venue's times alone: those of its answers, in the book since they came, and
those of orders with ids before and after its own. Our clock may have been set since, or be wrong.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import is_
from typing import Final

from adapters.bitexbit.attribution import Candidate, attribute, can_have
from adapters.bitexbit.events import BookEvent, Hit
from adapters.bitexbit.hours import ALWAYS, COARSE, Times, Told, past
from adapters.port import VenueOrder, VenueState, VenueTrade
from oms.clock import Clock
from oms.core.facts import Leg
from oms.core.fields import Side
from oms.core.numbers import ZERO, add, subtract
from oms.core.order import Order
from oms.core.ports import Books
from oms.core.values import frozen

UNBOOKED_S: Final = 60.0
"""How long an order that was answered may not be in the book yet."""

EVER: Final = datetime.min.replace(tzinfo=UTC)
"""Since when a fill may be an order's that nothing dates."""

LISTED_LATE: Final = timedelta(minutes=10)
"""How much later than newer ones an execution may be listed."""

PUBLIC_KEPT: Final = 5_000
"""Trades of the channel that are remembered."""


@frozen(kw_only=True)
class Taken:
    """An order that the venue has answered with an id: what it took at once is known."""

    symbol: str
    side: Side
    price: Decimal
    order_qty: Decimal
    since: datetime
    """When, by its clock."""
    sent: float
    """When it was sent, or before, by Clock.monotonic."""


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
        self._told: Told | None = None
        self._foreign: set[str] = set()
        self._watched_since: float | None = None
        """When the open orders were listed first, by Clock.monotonic."""
        self._over: dict[str, float] = {}
        """By when each order was over, by the same."""
        self._read: dict[str, datetime] = {}
        """By order that nothing dates: the newest execution when all of them were read."""
        self._ambiguous: dict[str, frozenset[str]] = {}
        self._public: OrderedDict[str, tuple[VenueTrade, VenueTrade]] = OrderedDict()
        self._candidates: tuple[list[Order], list[Candidate]] | None = None
        """What `_own` found for these orders; None once anything else that it stands on changed."""

    def moment(self) -> float:
        """Now, for `Taken.sent`."""
        return self._clock.monotonic()

    def took(self, secondary_order_id: str, taken: Taken) -> None:
        """The venue has just answered that it took an order."""
        self._taken[secondary_order_id] = taken
        self._told = Told(taken.since, taken.sent)
        self._candidates = None

    def note(self, trade: VenueTrade) -> None:
        """A fill whose order is certain."""
        trades = self._trades.setdefault(trade.secondary_order_id, {})
        if trades.get(trade.trade_id) is not trade:
            trades[trade.trade_id] = trade
            self._candidates = None

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
        return self._owners(trade_id, self._orders())

    def _owners(self, trade_id: str, orders: Sequence[Order]) -> list[str]:
        told = {oid for oid, trades in self._trades.items() if trade_id in trades}
        booked = {
            order.secondary_order_id
            for order in orders
            if f"{trade_id}-{order.secondary_order_id}" in order.executions
        }
        return sorted(told | booked)

    def saw_open(self, listed: Collection[str]) -> None:
        """The ids that the venue lists as open: those that are not ours may have fills too."""
        self._foreign.update(set(listed) - self._own_ids())
        if self._watched_since is None:
            self._watched_since = self.moment()

    def horizon(self) -> datetime | None:
        """Since when a fill that was not read yet may be of an order of ours, by the venue's clock:
        EVER where nothing says it; None: there is no such order."""
        own = [c for c in self._own() if c.open_qty > 0]
        return min((c.since or self._unread(c.secondary_order_id) for c in own), default=None)

    def _unread(self, oid: str) -> datetime:
        newest = self._read.get(oid)
        return EVER if newest is None else newest - LISTED_LATE

    def has_read(self, rows: Sequence[VenueTrade]) -> None:
        """The executions since `horizon` were read, newest first: for what nothing dates, all."""
        newest = max((row.transact_time for row in rows if row.transact_time), default=None)
        if newest is not None:
            undated = [c.secondary_order_id for c in self._own() if c.since is None]
            self._read = {oid: self._read.get(oid, newest) for oid in undated}

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
        own, orders = self._own(), self._orders()
        return [
            row
            for row in rows
            if row.trade_id not in self._public
            and not self._owners(row.trade_id, orders)
            and any(can_have(c, row) for c in own)
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
        over |= {leg.secondary_order_id for leg, _ in past(self._orders())}
        for trade in found.trades:
            self.note(trade)
            if trade.secondary_order_id in over:
                self.heard(trade)

    def may_lack(self, secondary_order_id: str, *, filled: bool) -> bool:
        """Whether something was executed that may be of what this order was before it was replaced,
        or of itself unless it is `filled`, and may be another's."""
        if not self._ambiguous:
            return False
        mine = set() if filled else {secondary_order_id}
        for order in self._orders():
            if order.secondary_order_id == secondary_order_id:
                mine |= {leg.secondary_order_id for leg, _ in past([order])}
        return any(
            mine & able and not self.owners(trade_id) for trade_id, able in self._ambiguous.items()
        )

    def keep(self) -> None:
        """Forget what is about orders that nobody knows any more."""
        booked = self._booked_ids()
        known = booked | set(self._taken)
        before = len(self._trades), len(self._taken), len(self._over)
        self._trades = {oid: trades for oid, trades in self._trades.items() if oid in known}
        late = self.moment() - UNBOOKED_S
        self._taken = {
            oid: taken
            for oid, taken in self._taken.items()
            if oid in booked or taken.sent > late  # until the book has heard of it
        }
        self._over = {oid: moment for oid, moment in self._over.items() if oid in booked}
        if before != (len(self._trades), len(self._taken), len(self._over)):
            self._candidates = None

    # Candidates

    def _orders(self) -> list[Order]:
        books, route = self._books, self._route
        known = (*books.working(route), *books.closed(route))
        return [o for o in known if o.secondary_order_id or _had_id(o)]

    def _booked_ids(self) -> set[str]:
        names = (theirs for order in self._orders() for _, theirs in order.venue_names)
        return {theirs for theirs in names if theirs}

    def _own_ids(self) -> set[str]:
        return self._booked_ids() | set(self._taken)

    def _own(self) -> list[Candidate]:
        orders = self._orders()
        if self._candidates is None or not _are_same(self._candidates[0], orders):
            self._candidates = orders, self._candidates_of(orders)
        return self._candidates[1]

    def _candidates_of(self, orders: list[Order]) -> list[Candidate]:
        times = Times(orders)
        found = {
            order.secondary_order_id: self._candidate(order, times)
            for order in orders
            if order.secondary_order_id
        }
        for order in orders:
            for leg, heir in past([order]):
                found[leg.secondary_order_id] = self._past_candidate(order, leg, heir, times)
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
            since=taken.since - COARSE,
        )

    def _past_candidate(self, order: Order, leg: Leg, heir: Leg, times: Times) -> Candidate:
        """What an order was before it was replaced. Which of its fills are booked is not known
        here: one that is found again is no news."""
        assert leg.price is not None, "only limit orders are offered"
        oid = leg.secondary_order_id
        return Candidate(
            secondary_order_id=oid,
            symbol=order.symbol,
            side=order.side,
            price=leg.price,
            open_qty=subtract(leg.order_qty, self._filled(oid)),
            since=times.begun(oid),
            until=self._over_by(oid, heir.taken_at),
            arrived_until=None if oid in self._taken else times.arrived(oid),
        )

    def _candidate(self, order: Order, times: Times) -> Candidate:
        assert order.price is not None, "only limit orders are offered"
        oid = order.secondary_order_id
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
            since=times.begun(oid),
            until=self._ended(order, times),
            arrived_until=None if oid in self._taken else times.arrived(oid),
        )

    def _ended(self, order: Order, times: Times) -> datetime | None:
        """By when an order was over: also when another one was taken that was entered later."""
        if not order.closed:
            self._over.pop(order.secondary_order_id, None)
            return None
        return self._over_by(order.secondary_order_id, times.taken_after(order.updated))

    def _over_by(self, oid: str, later: datetime | None) -> datetime | None:
        """By when it was over: it is now, and was at that time. None: nobody knows."""
        moment = self._over.setdefault(oid, self.moment())
        times = [] if later is None else [later]
        if self._told is not None:
            times.append(self._told.latest(moment))
        return min(times) + COARSE if times else None

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
        since, until = self._watched_since, None
        over = not watched and seen.state is not VenueState.WORKING
        if over and since is not None and self._told is not None:
            until = self._told.latest(since) + COARSE
        return Candidate(
            secondary_order_id=seen.secondary_order_id,
            symbol=seen.symbol,
            side=seen.side,
            price=price,
            open_qty=seen.order_qty,
            until=until,
            arrived_until=ALWAYS,
            foreign=True,
        )


def _had_id(order: Order) -> bool:
    """Whether the venue has had an id for what the order was before it was replaced."""
    return any(leg.secondary_order_id for leg in order.legs[:-1])


def _are_same(before: Sequence[Order], now: Sequence[Order]) -> bool:
    """Whether nothing was booked since: an order that changes is another object."""
    return len(before) == len(now) and all(map(is_, before, now))
