"""Lost orders: found by what they are, held where nothing tells them apart, absent behind a fence."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from adapters.lost import ABSENT, AMBIGUOUS, Lost, is_lost
from adapters.options import Options
from adapters.port import Sight, Unreadable, VenueOrder, VenueState
from adapters.teller import Teller
from oms.clock import ManualClock
from oms.core.errors import VenueUnavailable
from oms.core.fields import ExecType, OrdStatus, OrdType, Side
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.notes import Doubt, Quarantined, Request
from oms.core.order import Order
from oms.core.ports import Inbound, Post
from tests.core.desk_of_one import ROUTE, SYMBOL, DeskOfOne

D = Decimal
FENCE_S: Final = 2.0


class Lists:
    """A venue's two lists, and how often they were read."""

    def __init__(self) -> None:
        self.open: list[Sight] = []
        self.closed: list[Sight] = []
        self.closed_at = datetime.max.replace(tzinfo=UTC)
        self.reads = 0
        self.fault: Exception | None = None

    async def latest_ids(self) -> set[str]:
        return {sight.secondary_order_id for sight in (*self.open, *self.closed)}

    async def open_orders(self) -> Sequence[Sight]:
        self.reads += 1
        return list(self.open)

    async def closed_orders(self, since: datetime) -> Sequence[Sight]:
        if self.fault is not None:
            raise self.fault
        self.reads += 1
        return list(self.closed) if self.closed_at >= since else []


class Search:
    """A book with orders of one venue that takes no client ids, and who looks for the lost ones."""

    def __init__(
        self, fence_s: float | None = FENCE_S, *, repeats: bool = False, shared: bool = False
    ) -> None:
        self.desk = DeskOfOne()
        self.clock = ManualClock()
        self.lists = Lists()
        self.posted: list[Inbound] = []
        self.suspected = 0
        post: Post = lambda inbound: self.posted.append(inbound)  # noqa: E731  a Post, not a list's
        self.teller = Teller(ROUTE, post, self.desk.book, self.clock, speed=1, lags=False)
        self.options = Options(repeats_client_id=repeats, fence_s=fence_s, shared=shared)
        self.lost: Lost
        self.another()

    def another(self) -> None:
        """Another process looks from here on, and remembers nothing."""
        self.lost = Lost(self.lists, self.teller, self.options, self._suspect)  # type: ignore[arg-type]  # two of its queries

    def _suspect(self) -> None:
        self.suspected += 1

    def order(
        self,
        number: int,
        qty: str = "1",
        *,
        lost: bool = True,
        leaves: bool = True,
        text: str = "no answer",
    ) -> None:
        """The n-th order, sent; its answer is lost, or says that it is number 100 + n."""
        self.desk.desk(
            NewOrderSingle(
                cl_ord_id=f"d{number}",
                ex_destination=ROUTE,
                symbol=SYMBOL,
                side=Side.BUY,
                ord_type=OrdType.LIMIT,
                order_qty=D(qty),
                price=D(100),
            )
        )
        order = self.desk.order(number)
        if leaves:
            self.leave(number)
        if lost:
            note = Doubt(cl_ord_id=order.venue_cl_ord_id, request=Request.NEW, text=text)
            self.desk.venue(note)
            return
        self.lost.took(str(100 + number))
        report = ExecutionReport(
            exec_id="new",
            exec_type=ExecType.NEW,
            cl_ord_id=order.venue_cl_ord_id,
            secondary_order_id=str(100 + number),
        )
        self.desk.venue(report)

    def leave(self, number: int) -> None:
        """The n-th order is sent."""
        order = self.desk.order(number)
        self.desk.venue(self.lost.leaves(order.venue_cl_ord_id))
        self.lost.sending(order.order_id)

    def look(self, lost: list[Order], listed: Sequence[Sight], before_s: float = 0.0) -> None:
        """A pass has read the open list, which it had asked for so long before."""
        self.lost.hunt(lost, listed, self.clock.monotonic() - before_s)

    async def hunt(self) -> list[object]:
        """One pass, and the search that it may have begun; what came of it, booked."""
        lost = [order for order in self.desk.book.working(ROUTE) if is_lost(order)]
        self.look(lost, self.lists.open)
        search = self.lost._search
        if search is not None:
            await asyncio.wait_for(search, 5)
        messages = [inbound.message for inbound in self.posted]
        for inbound in self.posted:
            self.desk.venue(inbound.message, inbound.evidence)
        self.posted.clear()
        return list(messages)


def sight(number: int, qty: str = "1", **more: Any) -> VenueOrder:
    """An order as the venue lists it."""
    seen = VenueOrder(
        venue_cl_ord_id="",
        secondary_order_id=str(number),
        symbol=SYMBOL,
        side=Side.BUY,
        order_qty=D(qty),
        price=D(100),
        cum_qty=D(0),
        avg_px=D(0),
        state=VenueState.WORKING,
        raw=f"order {number}",
    )
    return replace(seen, **more)


def story(told: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a story on a loop of its own."""
    asyncio.run(told())


@pytest.mark.parametrize("where", ["open", "closed"])
def test_an_order_like_it_above_the_mark_that_is_nobody_elses_is_it(where: str) -> None:
    async def told() -> None:
        search = Search()
        search.order(1, "2", lost=False)
        search.order(2)
        setattr(search.lists, where, [sight(101, "2"), sight(102)])
        await search.hunt()
        assert not search.desk.order(2).secondary_order_id, "another one may be listed before it"
        search.clock.advance(FENCE_S)
        await search.hunt()
        assert search.desk.order(2).secondary_order_id == "102"
        assert search.desk.order(2).in_doubt is None

    story(told)


@pytest.mark.parametrize(
    "other",
    [
        sight(101),  # the other order's, which is like it
        sight(100),  # older than anything that was seen when it was sent
        sight(102, "3"),
        sight(102, price=D(99)),
        sight(102, side=Side.SELL),
        Unreadable(venue_cl_ord_id="", secondary_order_id="102", reason="no", raw="{}"),
    ],
    ids=["anothers", "older", "quantity", "price", "side", "unreadable"],
)
def test_what_is_not_it_is_not_taken_for_it(other: Sight) -> None:
    async def told() -> None:
        search = Search(fence_s=None)
        search.order(1, lost=False)
        search.order(2)
        search.lists.open = [other]
        for _ in range(4):
            search.clock.advance(30)
            await search.hunt()
        assert search.desk.order(2).in_doubt is not None
        assert not search.desk.order(2).secondary_order_id

    story(told)


def test_two_that_could_be_it_are_shown_to_a_human_and_none_is_taken() -> None:
    async def told() -> None:
        search = Search()
        search.order(1)
        search.lists.open = [sight(5), sight(6)]
        assert await search.hunt() == []
        search.clock.advance(FENCE_S)
        messages = await search.hunt()
        assert [type(m) for m in messages] == [Quarantined, Doubt]
        for left in (2, 1, 0):  # whichever of them it was
            search.lists.open = search.lists.open[:left]
            search.clock.advance(30)
            assert await search.hunt() == []
        doubt = search.desk.order(1).in_doubt
        assert doubt is not None
        assert AMBIGUOUS in doubt.text
        assert "5, 6" in doubt.text

    story(told)


def test_one_order_that_could_be_either_of_two_is_not_taken() -> None:
    async def told() -> None:
        search = Search()
        search.order(1)
        search.order(2)
        search.lists.open = [sight(5)]
        for _ in range(5):
            search.clock.advance(30)
            await search.hunt()
        assert all(search.desk.order(n).in_doubt for n in (1, 2))

    story(told)


def test_behind_the_fence_an_order_in_no_list_never_was() -> None:
    async def told() -> None:
        search = Search()
        search.order(1)
        assert await search.hunt() == []
        search.clock.advance(FENCE_S - 0.5)
        assert await search.hunt() == []
        assert search.desk.order(1).in_doubt is not None
        search.clock.advance(1)
        (report,) = await search.hunt()
        assert isinstance(report, ExecutionReport)
        assert report.text == ABSENT
        assert search.desk.order(1).ord_status is OrdStatus.REJECTED

    story(told)


def test_a_list_that_shows_it_late_is_read_after_the_fence() -> None:
    async def told() -> None:
        search = Search()
        search.order(1)
        await search.hunt()
        search.clock.advance(FENCE_S)
        seen_before = list(search.lists.open)
        search.lists.open = [sight(7)]
        lost = [order for order in search.desk.book.working(ROUTE) if is_lost(order)]
        search.look(lost, seen_before, before_s=0.1)  # the pass had read its list before that
        assert search.lost._search is None
        await search.hunt()
        assert search.desk.order(1).secondary_order_id == "7"

    story(told)


def test_without_a_fence_absence_proves_nothing() -> None:
    async def told() -> None:
        search = Search(fence_s=None)
        search.order(1)
        for _ in range(100):
            search.clock.advance(60)
            assert await search.hunt() == []
        assert search.desk.order(1).in_doubt is not None

    story(told)


def test_a_list_that_can_not_be_read_proves_nothing() -> None:
    async def told() -> None:
        search = Search()
        search.order(1)
        search.lists.fault = VenueUnavailable("away")
        for _ in range(10):
            search.clock.advance(30)
            assert await search.hunt() == []
        assert search.suspected
        assert search.desk.order(1).in_doubt is not None

    story(told)


@pytest.mark.parametrize("earlier", [True, False])
def test_after_a_restart_the_mark_is_what_it_was_when_it_left(earlier: bool) -> None:
    """Whether an order of ours went before it or only others."""

    async def told() -> None:
        search = Search()
        if earlier:
            search.order(1, "2", lost=False)
        else:
            search.order(1, "2")  # of which nothing ever comes
            search.lists.closed = [sight(101)]
            await search.lost.begin()
            search.lists.closed = []
        search.order(2)
        search.another()
        for _ in range(2):
            search.lists.open = [sight(50), sight(101)]
            await search.hunt()
            search.clock.advance(FENCE_S)
        assert not search.desk.order(2).secondary_order_id
        search.lists.open = [sight(50), sight(101), sight(150)]
        search.clock.advance(30)
        await search.hunt()
        assert search.desk.order(2).secondary_order_id == "150"

    story(told)


@pytest.mark.parametrize("changed", [{"venue_cl_ord_id": "another"}, {"order_qty": D(3)}])
def test_what_may_be_the_order_after_all_keeps_it_from_being_absent(
    changed: dict[str, Any],
) -> None:
    """One on its terms under another client id, or one under its id on other terms."""

    async def told() -> None:
        search = Search(repeats=True)
        search.order(1)
        ours = search.desk.order(1).venue_cl_ord_id
        search.lists.closed = [replace(sight(5, venue_cl_ord_id=ours), **changed)]
        for _ in range(5):
            await search.hunt()
            search.clock.advance(30)
        assert search.desk.order(1).in_doubt is not None
        search.lists.closed = []
        for _ in range(2):
            await search.hunt()
            search.clock.advance(30)
        assert search.desk.order(1).ord_status is OrdStatus.REJECTED

    story(told)


@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 21, "\u00b2", "abc"])
def test_an_id_that_is_no_number_keeps_no_other_order_from_being_found(number: str) -> None:
    async def told() -> None:
        search = Search()
        strange = Unreadable(venue_cl_ord_id="", secondary_order_id=number, reason="", raw="")
        search.lists.open = [strange]
        await search.hunt()
        search.order(1)
        search.lists.open = [strange, sight(150)]
        await search.hunt()
        search.clock.advance(FENCE_S)
        await search.hunt()
        assert search.desk.order(1).secondary_order_id == "150"

    story(told)
