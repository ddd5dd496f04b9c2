"""Orders whose request has no known outcome: found in the venue's lists, or proven never to come.

Where the venue repeats our client id, that finds them. Elsewhere an order is recognised by what
it asks for, by an id above all that were seen when it was sent, and by being nobody else's: one
candidate, or none is taken; where there was another one, not before both lists are without it.
Absence proves something only behind the venue's fence: from then on the lost request can not be
executed any more, and both lists, read after that, do not show it; nor a fill under our id, nor
what the account holds, where the venue tells that. An open order like it, which was
not there before it was sent, is no absence, whatever its id: not every venue says that its ids grow.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.options import Options
from adapters.pace import Pace
from adapters.port import Queries, Sight, Unreadable, VenueOrder, VenueState
from adapters.reconcile import is_same
from adapters.teller import Teller
from oms.core.errors import MalformedMessage, VenueError
from oms.core.fields import ExecType, OrdRejReason
from oms.core.messages import ExecutionReport
from oms.core.notes import Request
from oms.core.order import Order
from oms.core.ports import Evidence
from oms.core.venue import Fence

CLOCKS_APART = timedelta(minutes=10)
"""How far the venue's clock may be from ours when it dates an order."""

FENCES = frozenset({Fence.NONCE, Fence.EXPIRY})
"""Fences behind which absence from the lists proves that an order never was."""

TAKEN_UNNAMED = "taken without an id"
"""What a client says of a new order that the venue took and did not name: it is never absent. It
stands in the text of the doubt, and so outlives a restart."""

ABSENT = "unexecuted: the venue does not show it, and can not execute it any more"
"""What absence proves. Where a venue lists nothing that ended unexecuted (Cryptex), the order may have
been there for a moment; elsewhere it never arrived."""

_ID = re.compile("[0-9]{1,20}")
"""A number of 64 bits; what is longer is a fault, and above it nothing would ever be found."""


def is_lost(order: Order) -> bool:
    """Whether the order may be at the venue, and by what name is not known."""
    doubt = order.in_doubt
    return doubt is not None and doubt.request is Request.NEW and not order.secondary_order_id


def absence(order: Order, now: datetime) -> ExecutionReport:
    """What is told of a lost order once it is proved that it never was."""
    return ExecutionReport(
        exec_id=f"{order.venue_cl_ord_id}:ABSENT",
        exec_type=ExecType.REJECTED,
        cl_ord_id=order.venue_cl_ord_id,
        ord_rej_reason=OrdRejReason.EXCHANGE_CLOSED,
        transact_time=now,
        text=ABSENT,
    )


class Lost:
    """Looks for a route's lost orders. All calls on the adapters' loop."""

    def __init__(
        self, client: Queries, teller: Teller, options: Options, suspect: Callable[[], None]
    ) -> None:
        """`suspect()`: the venue may be unreachable."""
        self._client = client
        self._teller = teller
        self._options = options
        self._suspect = suspect
        self._clock = teller.clock
        self._pace = Pace(self._clock.monotonic, options.speed)
        self._highest = -1
        self._marks: dict[str, int] = {}
        self._fenced_at: dict[str, float] = {}
        self._open: frozenset[str] = frozenset()
        self._open_before: dict[str, frozenset[str]] = {}
        self._rivals: dict[str, set[str]] = {}
        self._taken: dict[str, str] = {}
        self._search: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Learn the ids that there are before anything is sent: an order that was over by then is
        not the one that gets lost. Raises as Queries do."""
        ask = getattr(self._client, "latest_ids", None)
        if ask is None:
            return
        try:
            self._highest = max(self._highest, *map(_number, await ask()), -1)
        except MalformedMessage as error:
            self._teller.show(error)  # no reason not to trade

    def sending(self, order_id: str) -> None:
        """The order is about to be sent: whatever has an id by now is not it."""
        self._marks[order_id] = self._highest
        self._open_before[order_id] = self._open
        # What is known of an earlier leg: its fence is not this one's.
        self._rivals.pop(order_id, None)
        self._fenced_at.pop(order_id, None)
        self._pace.forget(order_id)

    def took(self, secondary_order_id: str) -> None:
        """The venue has answered with an id: it is that order's and nobody else's."""
        self._taken[secondary_order_id] = ""
        self._highest = max(self._highest, _number(secondary_order_id))

    def hunt(self, lost: list[Order], listed: Sequence[Sight]) -> None:
        """Find lost orders in the open list, just read; in the others at their pace."""
        # The answer came to a request that was sent after all of these.
        for order in lost:
            self._fenced_at.setdefault(order.order_id, self._clock.monotonic())
        rest = [order for order in lost if not self._adopt(order, listed, whole=False)]
        self._saw(listed)
        self._open = frozenset(sight.secondary_order_id for sight in listed)
        due = [order for order in rest if self._pace.due(order.order_id)]
        if due and (self._search is None or self._search.done()):
            # Many pages may have to be read; what works is followed meanwhile.
            self._search = asyncio.create_task(self._search_lists(due))

    def wait_s(self, order_id: str) -> float:
        """Seconds until the order is looked for again."""
        return self._pace.wait_s(order_id)

    def keep(self, order_ids: Collection[str]) -> None:
        """Forget what is known of all other orders."""
        self._pace.keep(order_ids)
        self._marks = {key: mark for key, mark in self._marks.items() if key in order_ids}
        self._fenced_at = {key: at for key, at in self._fenced_at.items() if key in order_ids}
        self._open_before = {k: ids for k, ids in self._open_before.items() if k in order_ids}
        self._rivals = {key: ids for key, ids in self._rivals.items() if key in order_ids}

    def stop(self) -> None:
        """End a search that is under way."""
        if self._search is not None:
            self._search.cancel()

    async def _search_lists(self, lost: list[Order]) -> None:
        since = min(order.created for order in lost) - CLOCKS_APART
        fenced = {order.order_id for order in lost if self._is_fenced(order)}
        whole = bool(fenced) or any(len(self._rivals.get(o.order_id, ())) > 1 for o in lost)
        try:
            listed: list[Sight] = []
            if whole:
                # What leaves the open list meanwhile is in the other one, which is read later.
                listed += await self._client.open_orders()
            listed += await self._client.closed_orders(since)
            untouched = {id_ for id_ in fenced if await self._is_untouched(id_, since)}
        except (VenueError, MalformedMessage) as error:
            self._teller.show(error)
            self._suspect()
            return
        for order in lost:
            current = self._teller.books.order(order.order_id)
            if current is None or not is_lost(current):
                continue
            found = self._adopt(order, listed, whole=whole)
            if not found and order.order_id in untouched:
                self._declare_absent(order, listed)
        self._saw(listed)

    async def _is_untouched(self, order_id: str, since: datetime) -> bool:
        """Whether nothing says that the order was executed, of what its venue tells beside the
        lists of orders: fills by our id, and what the account holds."""
        order = self._teller.books.order(order_id)
        fills = getattr(self._client, "own_trades", None)
        holdings = getattr(self._client, "untouched", None)
        if order is None:
            return False
        if fills is not None and self._options.repeats_client_id:
            trades = await fills(since)
            if any(trade.venue_cl_ord_id == order.venue_cl_ord_id for trade in trades):
                return False
        return holdings is None or bool(await holdings(order))

    def _is_fenced(self, order: Order) -> bool:
        fence_s = self._options.fence_s
        at = self._fenced_at.get(order.order_id)
        if fence_s is None or at is None or _is_taken(order):
            return False
        return (self._clock.monotonic() - at) * self._options.speed >= fence_s

    def _declare_absent(self, order: Order, listed: Sequence[Sight]) -> None:
        if self._may_be_there(order, listed):
            return
        report = absence(order, self._clock.now())
        self._teller.post(report, Evidence.VENUE_QUERY, f"{len(listed)} orders listed, not this")

    def _may_be_there(self, order: Order, listed: Sequence[Sight]) -> bool:
        """Whether something listed may be the order after all, under whatever id."""
        named = any(s.venue_cl_ord_id == order.venue_cl_ord_id for s in listed)
        unreadable = any(isinstance(s, Unreadable) for s in listed)
        if named or unreadable or self._alike(order, listed):
            return True
        return self._works_unseen(order, listed)

    def _adopt(self, order: Order, sights: Sequence[Sight], *, whole: bool) -> bool:
        """`whole`: the sights are of both lists, so what is not among them is no rival any more."""
        same = self._could_be(order, sights)
        count = len(same if whole else self._rivals_of(order, same))
        if same and (count > 1 or self._twins(order)):
            text = f"order {order.order_id}: {count} orders like it, and nothing tells them apart"
            self._teller.quarantine(text, "\n".join(sight.raw for sight in same))
            return False
        if same:
            self._taken[same[0].secondary_order_id] = order.order_id
            self._teller.tell(order, same[0])
        return bool(same)

    def _rivals_of(self, order: Order, same: Sequence[VenueOrder]) -> set[str]:
        """All that could be it, also those that the open list does not show any more."""
        if self._options.repeats_client_id:
            return {sight.secondary_order_id for sight in same}
        rivals = self._rivals.setdefault(order.order_id, set())
        rivals.update(sight.secondary_order_id for sight in same)
        return rivals - self._claimed(order)

    def _could_be(self, order: Order, sights: Sequence[Sight]) -> list[VenueOrder]:
        if self._options.repeats_client_id:
            same = self._by_client_id(order, sights)
        else:
            same = self._alike(order, sights)
        # One that ended between two readings is in both; the later one says more.
        return list({sight.secondary_order_id: sight for sight in same}.values())

    def _alike(self, order: Order, sights: Sequence[Sight]) -> list[VenueOrder]:
        """What is on the order's terms, newer than it, and nobody else's."""
        mark = self._mark(order)
        like = self._like(order, sights)
        return [sight for sight in like if _number(sight.secondary_order_id) > mark]

    def _like(self, order: Order, sights: Sequence[Sight]) -> list[VenueOrder]:
        others = self._claimed(order)
        return [
            sight
            for sight in sights
            if isinstance(sight, VenueOrder)
            and is_same(order, replace(sight, venue_cl_ord_id=""))
            and sight.secondary_order_id not in others
        ]

    def _works_unseen(self, order: Order, sights: Sequence[Sight]) -> bool:
        """Whether an order like it works that was not there before it was sent."""
        if self._options.repeats_client_id:
            return False
        before = self._open_before.get(order.order_id, frozenset())
        return any(
            sight.state in (VenueState.WORKING, VenueState.PENDING)
            and sight.secondary_order_id not in before
            for sight in self._like(order, sights)
        )

    def _by_client_id(self, order: Order, sights: Sequence[Sight]) -> list[VenueOrder]:
        same: list[VenueOrder] = []
        for sight in sights:
            if sight.venue_cl_ord_id != order.venue_cl_ord_id:
                continue
            if isinstance(sight, Unreadable):
                self._teller.unreadable(sight)
            elif is_same(order, sight):
                same.append(sight)
            else:
                text = f"order {order.order_id}: another order carries its client id"
                self._teller.quarantine(text, sight.raw)
        return same

    def _twins(self, order: Order) -> list[Order]:
        if self._options.repeats_client_id:
            return []
        working = self._teller.books.working(self._teller.route)
        return [other for other in working if is_lost(other) and is_twin(order, other)]

    def _claimed(self, by_others_than: Order) -> set[str]:
        books, route = self._teller.books, self._teller.route
        known = (*books.working(route), *books.closed(route))
        # What was found for an order may not be in the book yet, or not make sense.
        own = by_others_than.order_id
        taken = {theirs for theirs, order_id in self._taken.items() if order_id != own}
        return taken | {theirs for order in known for _, theirs in order.venue_names}

    def _mark(self, order: Order) -> int:
        mark = self._marks.get(order.order_id)
        if mark is not None:
            return mark
        # Sent by an earlier process: what others were before it was entered has lower ids. One
        # that was entered before it, and moved since, may have been sent or replaced after it.
        books, route = self._teller.books, self._teller.route
        known = (*books.working(route), *books.closed(route))
        # Times alone do not say so: the clock may have been set back since.
        earlier = [
            _number(o.secondary_order_id)
            for o in known
            if o.order_id < order.order_id and o.updated < order.created
        ]
        return max(earlier, default=-1)

    def _saw(self, sights: Iterable[Sight]) -> None:
        for sight in sights:
            self._highest = max(self._highest, _number(sight.secondary_order_id))


def _is_taken(order: Order) -> bool:
    return order.in_doubt is not None and TAKEN_UNNAMED in order.in_doubt.text


def is_twin(one: Order, other: Order) -> bool:
    """Whether nothing but an id could tell the two apart at the venue."""
    asked = (one.symbol, one.security_exchange, one.side, one.order_qty, one.price)
    return one.order_id != other.order_id and asked == (
        other.symbol,
        other.security_exchange,
        other.side,
        other.order_qty,
        other.price,
    )


def _number(secondary_order_id: str) -> int:
    """The id as a number, to be compared with those before it; -1 for one that is none."""
    return int(secondary_order_id) if _ID.fullmatch(secondary_order_id) else -1
