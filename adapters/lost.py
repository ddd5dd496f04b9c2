"""Orders whose request has no known outcome: found in the venue's lists, or proven never to come.

Where the venue repeats our client id, that finds them. Elsewhere an order is recognised by what
it asks for, by an id above all that were seen when it was sent, and by being nobody else's. What
those were is in the journal before it leaves. It is taken when both lists, read behind the fence,
show it and no other one like it; where there ever was another, or where others trade on the account
and nothing says that ours came at all, nobody can tell, and an operator settles it.
Absence proves something only behind the venue's fence: from then on the lost request can not be
executed any more, and both lists, read after that, do not show it; nor a fill under our id, nor
what the account holds, where the venue tells that. An open order like it, which was not there
before it was sent, is no absence, whatever its id: not every venue says that its ids grow.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.options import Options
from adapters.pace import STEPS_S, Pace
from adapters.port import Queries, Sight, Unreadable, VenueOrder, VenueState
from adapters.reconcile import is_same
from adapters.since import made_since
from adapters.teller import Teller
from adapters.twins import is_twin
from oms.core.errors import MalformedMessage, VenueError
from oms.core.fields import ExecType, OrdRejReason
from oms.core.messages import ExecutionReport
from oms.core.notes import Doubt, NotSent, Request
from oms.core.order import Order
from oms.core.ports import Evidence
from oms.core.settlements import Leaves
from oms.core.venue import Fence

BEHIND_S = 0.01
"""So long after a fence has passed the lists are asked for."""

FENCES = frozenset({Fence.NONCE, Fence.EXPIRY})
"""Fences behind which absence from the lists proves that an order never was."""

TAKEN_UNNAMED = "taken without an id"
"""What a client says of a new order that the venue took and did not name: it is never absent. It
stands in the text of the doubt, and so outlives a restart."""

AMBIGUOUS = "nothing tells whose it is"
"""Stands in the text of a doubt that only an operator can end, and so outlives a restart."""

NEVER_LEFT = "the engine ended before it was sent"

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
        self._searched: set[str] = set()
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

    def leaves(self, cl_ord_id: str) -> Leaves:
        """The order is about to be sent: whatever has an id by now is not it."""
        return Leaves(cl_ord_id=cl_ord_id, above=str(max(self._highest, 0)))

    def sending(self, order_id: str) -> None:
        """The order is sent now."""
        self._marks[order_id] = self._highest
        self._open_before[order_id] = self._open
        # What is known of an earlier leg: its fence is not this one's.
        self._rivals.pop(order_id, None)
        self._searched.discard(order_id)
        self._fenced_at.pop(order_id, None)
        self._pace.forget(order_id)

    def took(self, secondary_order_id: str) -> None:
        """The venue has answered with an id: it is that order's and nobody else's."""
        self._taken[secondary_order_id] = ""
        self._highest = max(self._highest, _number(secondary_order_id))

    def hunt(self, lost: list[Order], listed: Sequence[Sight], asked_at: float) -> None:
        """Find lost orders in the open list, asked for at that time of the monotonic clock; in the
        others at their pace."""
        # The answer came to a request that was sent after all of these.
        for order in lost:
            self._fenced_at.setdefault(order.order_id, self._clock.monotonic())
        lost = [order for order in lost if self._is_sought(order)]
        rest = [order for order in lost if not self._find(order, listed)]
        self._saw(listed)
        self._open = frozenset(sight.secondary_order_id for sight in listed)
        due = [order for order in rest if self._is_due(order, asked_at)]
        if due and (self._search is None or self._search.done()):
            self._searched.update(order.order_id for order in due)
            # Many pages may have to be read; what works is followed meanwhile.
            self._search = asyncio.create_task(self._search_lists(due, listed))

    def wait_s(self, order_id: str) -> float:
        """Seconds until the order is looked for again."""
        if self._options.repeats_client_id or order_id in self._searched:
            return self._pace.wait_s(order_id)
        left_s = self._fence_left_s(order_id)
        return left_s + (BEHIND_S if left_s else STEPS_S[0]) / self._options.speed

    def keep(self, order_ids: Collection[str]) -> None:
        """Forget what is known of all other orders."""
        self._pace.keep(order_ids)
        self._marks = {key: mark for key, mark in self._marks.items() if key in order_ids}
        self._fenced_at = {key: at for key, at in self._fenced_at.items() if key in order_ids}
        self._open_before = {k: ids for k, ids in self._open_before.items() if k in order_ids}
        self._rivals = {key: ids for key, ids in self._rivals.items() if key in order_ids}
        self._searched &= set(order_ids)
        self._taken = {key: id_ for key, id_ in self._taken.items() if self._may_matter(key)}

    def stop(self) -> None:
        """End a search that is under way."""
        if self._search is not None:
            self._search.cancel()

    async def _search_lists(self, lost: list[Order], open_: Sequence[Sight]) -> None:
        since = made_since((order.created for order in lost), self._clock)
        fenced = {order.order_id for order in lost if self._is_fenced(order)}
        try:
            # What leaves the open list meanwhile is in the other one, which is read later.
            listed: list[Sight] = []
            if not self._options.repeats_client_id:
                listed += open_
            elif fenced:
                listed += await self._client.open_orders()
            listed += await self._client.closed_orders(since)
            rest = [order for order in lost if not self._is_done(order, listed)]
            for order in rest:
                if order.order_id in fenced and await self._is_untouched(order.order_id, since):
                    self._declare_absent(order, listed)
        except (VenueError, MalformedMessage) as error:
            self._teller.show(error)
            self._suspect()
            return
        self._saw(listed)

    def _is_done(self, order: Order, listed: Sequence[Sight]) -> bool:
        """Whether it is not sought any more, or found in both lists."""
        current = self._teller.books.order(order.order_id)
        if current is None or not is_lost(current):
            return True
        return self._adopt(order, listed)

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
        """Whether its not being listed means that it never was."""
        fenced = self._options.fence_s is not None and order.order_id in self._fenced_at
        return fenced and not _is_taken(order) and not self._fence_left_s(order.order_id)

    def _fence_left_s(self, order_id: str, now: float | None = None) -> float:
        """Seconds until lists show it if it came; 0 where none fences it."""
        fence_s, at = self._options.fence_s, self._fenced_at.get(order_id)
        if fence_s is None or at is None:
            return 0.0
        now = self._clock.monotonic() if now is None else now
        return max(0.0, at + fence_s / self._options.speed - now)

    def _is_due(self, order: Order, asked_at: float) -> bool:
        due = self._pace.due(order.order_id)
        if self._options.repeats_client_id:
            return due
        if self._fence_left_s(order.order_id, asked_at):
            return False  # another one may be listed before it is
        return due or order.order_id not in self._searched

    def _is_sought(self, order: Order) -> bool:
        """Whether lists can tell what became of it."""
        if self._options.repeats_client_id:
            return True
        if order.above:
            return order.in_doubt is None or AMBIGUOUS not in order.in_doubt.text
        # Nothing leaves before its mark is on record.
        note = NotSent(cl_ord_id=order.venue_cl_ord_id, request=Request.NEW, text=NEVER_LEFT)
        self._teller.post(note, Evidence.POLICY)
        return False

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

    def _find(self, order: Order, listed: Sequence[Sight]) -> bool:
        """Look for it in the open list. By terms alone none of it is taken there: what is not in it
        may be over already, and it is what is left."""
        if self._options.repeats_client_id:
            return self._adopt(order, listed)
        self._rivals_of(order, self._could_be(order, listed))
        return False

    def _adopt(self, order: Order, sights: Sequence[Sight]) -> bool:
        """Take what the lists show of it. Elsewhere than with our ids, these are both lists. True
        where nothing more is to be looked for."""
        same = self._could_be(order, sights)
        rivals = self._rivals_of(order, same)
        if same and (len(rivals) > 1 or self._twins(order)):
            text = f"order {order.order_id}: {len(rivals)} orders like it, and nothing tells them apart"
            self._teller.quarantine(text, "\n".join(sight.raw for sight in same))
        if len(rivals) > 1 or (rivals and (not same or self._may_be_anothers(order))):
            self._give_up(order, rivals)
            return True
        if not same or self._twins(order):
            return False
        self._taken[same[0].secondary_order_id] = order.order_id
        self._teller.tell(order, same[0])
        return True

    def _may_be_anothers(self, order: Order) -> bool:
        """Whether the only one may be somebody else's, and ours has never come."""
        return self._options.shared and not self._options.repeats_client_id and not _is_taken(order)

    def _give_up(self, order: Order, rivals: Collection[str]) -> None:
        """Whatever the lists show from now on, one that was there may have been it."""
        if self._options.repeats_client_id:
            return
        names = ", ".join(sorted(rivals, key=_number))
        text = f"like it at the venue: {names}; {AMBIGUOUS}, and an operator settles it"
        note = Doubt(cl_ord_id=order.venue_cl_ord_id, request=Request.NEW, text=text, more=True)
        self._teller.post(note, Evidence.VENUE_QUERY)

    def _rivals_of(self, order: Order, same: Sequence[VenueOrder]) -> set[str]:
        """All that could ever be it, also those that no list shows any more."""
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
        ours = {theirs for order in known for _, theirs in order.venue_names}
        if self._options.repeats_client_id:
            # One under another name is on record as foreign, and the venue may have garbled ours.
            return taken | ours
        foreign = {one.told.secondary_order_id for one in books.agreement.foreign_orders(route)}
        return taken | foreign | ours

    def _mark(self, order: Order) -> int:
        if not self._options.repeats_client_id:
            return _number(order.above)
        return self._marks.get(order.order_id, -1)

    def _may_matter(self, theirs: str) -> bool:
        """Whether an id that is taken could be another order's yet, for all that is known of it."""
        working = self._teller.books.working(self._teller.route)
        return any(
            not order.secondary_order_id and self._mark(order) < _number(theirs)
            for order in working
        )

    def _saw(self, sights: Iterable[Sight]) -> None:
        for sight in sights:
            self._highest = max(self._highest, _number(sight.secondary_order_id))


def _is_taken(order: Order) -> bool:
    return order.in_doubt is not None and TAKEN_UNNAMED in order.in_doubt.text


def _number(secondary_order_id: str) -> int:
    """The id as a number, to be compared with those before it; -1 for one that is none."""
    return int(secondary_order_id) if _ID.fullmatch(secondary_order_id) else -1
