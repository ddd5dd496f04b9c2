"""Lost orders and what is not one of them: older ones, rivals, earlier legs, what was found before."""

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pytest

from adapters.lost import ABSENT, is_lost
from adapters.port import Sight, VenueState
from oms.core.facts import Leg
from oms.core.fields import OrdStatus
from oms.core.messages import ExecutionReport
from oms.core.notes import VenueNamed
from tests.adapters.test_lost import FENCE_S, Search, sight, story
from tests.core.desk_of_one import ROUTE

D = Decimal


def test_what_was_over_before_the_first_look_is_not_it() -> None:
    async def told() -> None:
        search = Search(fence_s=None)
        old = sight(70, cum_qty=D(1), avg_px=D(100), state=VenueState.FILLED)
        search.lists.closed = [old]
        await search.lost.begin()
        search.order(1)
        for _ in range(3):
            search.clock.advance(30)
            assert await search.hunt() == []
        search.lists.closed = [old, replace(old, secondary_order_id="71")]
        search.clock.advance(30)
        await search.hunt()
        assert search.desk.order(1).secondary_order_id == "71"

    story(told)


def test_after_a_restart_an_order_that_moved_later_is_no_mark() -> None:
    """It was entered before the lost one, and named after it: it waited, or it was replaced."""

    async def told() -> None:
        search = Search()
        search.order(1, "2", lost=False)
        search.order(2)
        first = search.desk.order(1)
        name = VenueNamed(cl_ord_id=first.venue_cl_ord_id, secondary_order_id="900")
        search.desk.venue(name)
        search.lost.keep(())  # what another process remembered
        search.lists.open = [sight(150)]
        for _ in range(3):
            search.clock.advance(30)
            await search.hunt()
        assert search.desk.order(2).secondary_order_id == "150"

    story(told)


@pytest.mark.parametrize(
    "over", [[], [sight(5, cum_qty=D(1), avg_px=D(100), state=VenueState.FILLED)]]
)
def test_what_could_have_been_it_once_still_could(over: list[Sight]) -> None:
    """One of two orders like it is filled, or nothing is left of it, as of one that is cancelled:
    that does not make the other one ours."""

    async def told() -> None:
        search = Search()
        search.order(1)
        search.lists.open = [sight(5), sight(6)]
        await search.hunt()
        search.lists.open = [sight(6)]
        search.lists.closed = over
        for _ in range(3):
            search.clock.advance(30)
            await search.hunt()
        assert not search.desk.order(1).secondary_order_id
        assert search.desk.order(1).in_doubt is not None

    story(told)


def test_an_order_that_both_lists_show_is_one() -> None:
    """It ended between the two readings."""

    async def told() -> None:
        search = Search()
        search.order(1)
        await search.hunt()
        search.clock.advance(FENCE_S)
        lost = [order for order in search.desk.book.working(ROUTE) if is_lost(order)]
        search.lists.open = [sight(7)]
        over = sight(7, cum_qty=D(1), avg_px=D(100), state=VenueState.FILLED)
        search.lists.closed = [over]
        search.look(lost, [])
        assert search.lost._search is not None
        await search.lost._search
        for inbound in search.posted:
            search.desk.venue(inbound.message, inbound.evidence)
        assert search.desk.order(1).ord_status is OrdStatus.FILLED

    story(told)


def test_an_open_order_like_it_is_no_absence_whatever_its_id() -> None:
    """Nothing says that this venue counts the orders of all markets in one row."""

    async def told() -> None:
        search = Search()
        search.order(1, "2", lost=False)
        search.lists.open = [sight(101, "2"), sight(40)]
        await search.hunt()
        search.order(2)
        search.lists.open = [sight(101, "2"), sight(40), sight(50)]
        for _ in range(4):
            search.clock.advance(30)
            await search.hunt()
        assert search.desk.order(2).in_doubt is not None
        search.lists.open = [sight(101, "2"), sight(40)]
        search.clock.advance(30)
        await search.hunt()
        assert search.desk.order(2).ord_status is OrdStatus.REJECTED

    story(told)


def test_what_an_earlier_leg_was_is_not_the_lost_one() -> None:
    """The order has been at the venue before, under an id that is its own still."""

    async def told() -> None:
        search = Search(fence_s=None)
        search.order(1)
        lost = search.desk.order(1)
        past = Leg("8", D(1), D(100), "", "105", acknowledged=True, over=True)
        legs = (past, Leg(lost.venue_cl_ord_id, D(1), D(100)))
        search.desk.book.restore([lost.evolve(legs=legs)])
        search.lost.keep(())  # what another process remembered
        search.lists.closed = [sight(105, state=VenueState.CANCELED)]
        for _ in range(3):
            search.clock.advance(30)
            assert await search.hunt() == []

    story(told)


@pytest.mark.parametrize("commits", [True, False])
def test_what_was_found_once_is_never_absent(commits: bool) -> None:
    """What the venue shows of it makes no sense, or is not booked yet."""

    async def told() -> None:
        search = Search()
        search.order(1)
        seen = sight(7, cum_qty=D("0.5"), avg_px=D(0)) if commits else sight(7)
        search.lists.open = [seen]
        lost = [order for order in search.desk.book.working(ROUTE) if is_lost(order)]
        for _ in range(5):
            search.look(lost, search.lists.open)
            if search.lost._search is not None:
                await search.lost._search
            search.clock.advance(30)
            if commits:
                for inbound in search.posted:
                    search.desk.venue(inbound.message, inbound.evidence)
        texts = [m.message.text for m in search.posted if isinstance(m.message, ExecutionReport)]
        assert ABSENT not in texts
        assert search.desk.order(1).ord_status is not OrdStatus.REJECTED

    story(told)


def test_the_fence_of_an_earlier_leg_is_not_that_of_the_next() -> None:
    """The lost order was found, and replaced; the new one is lost much later."""

    async def told() -> None:
        search = Search()
        search.order(1)
        await search.hunt()
        search.clock.advance(60)
        search.lost.sending(search.desk.order(1).order_id)
        assert await search.hunt() == []
        search.clock.advance(FENCE_S - 0.5)
        assert await search.hunt() == []
        search.clock.advance(1)
        assert [type(message) for message in await search.hunt()] == [ExecutionReport]

    story(told)


@pytest.mark.parametrize("named", [True, False])
def test_a_fill_under_our_id_keeps_an_order_from_being_absent(named: bool) -> None:
    """The lists of orders show nothing of it, the list of fills does."""

    async def told() -> None:
        search = Search(repeats=True)
        search.order(1)
        ours = search.desk.order(1).venue_cl_ord_id

        async def fills(since: object) -> list[SimpleNamespace]:
            return [SimpleNamespace(venue_cl_ord_id=ours if named else "")]

        search.lists.own_trades = fills  # type: ignore[attr-defined]  # the test's own instead
        for _ in range(4):
            await search.hunt()
            search.clock.advance(30)
        assert (search.desk.order(1).in_doubt is not None) is named

    story(told)


@pytest.mark.parametrize("untouched", [True, False])
def test_what_the_account_holds_must_agree_that_it_is_absent(untouched: bool) -> None:
    async def told() -> None:
        search = Search()
        search.order(1)

        async def holds(order: object) -> bool:
            return untouched

        search.lists.untouched = holds  # type: ignore[attr-defined]  # the test's own instead
        for _ in range(4):
            await search.hunt()
            search.clock.advance(30)
        assert (search.desk.order(1).in_doubt is None) is untouched

    story(told)
