"""Lost orders beside somebody else's equals: only what can be nobody else's is taken."""

from decimal import Decimal

import pytest

from adapters.lost import AMBIGUOUS, NEVER_LEFT, TAKEN_UNNAMED
from adapters.port import VenueState
from oms.core.break_notes import ForeignOrder
from oms.core.fields import OrdStatus, Side
from oms.core.notes import NotSent
from tests.adapters.test_lost import FENCE_S, Search, sight, story
from tests.core.desk_of_one import SYMBOL

D = Decimal


def test_an_order_without_a_mark_has_never_left() -> None:
    """The process ended between its being on record and its being sent."""

    async def told() -> None:
        search = Search()
        search.order(1, leaves=False)
        search.lists.open = [sight(5)]
        messages = await search.hunt()
        assert [type(message) for message in messages] == [NotSent]
        assert search.desk.order(1).ord_status is OrdStatus.REJECTED
        assert search.desk.order(1).text == NEVER_LEFT
        assert search.desk.order(1).in_doubt is None

    story(told)


@pytest.mark.parametrize("text", ["no answer", TAKEN_UNNAMED])
def test_where_others_trade_too_one_like_it_need_not_be_it(text: str) -> None:
    """Its request may never have come; but for one that the venue said it took."""

    async def told() -> None:
        search = Search(shared=True)
        search.order(1, text=text)
        search.lists.open = [sight(5)]
        for _ in range(3):
            await search.hunt()
            search.clock.advance(FENCE_S)
        order = search.desk.order(1)
        assert order.secondary_order_id == ("5" if text == TAKEN_UNNAMED else "")
        if text != TAKEN_UNNAMED:
            assert order.in_doubt is not None
            assert AMBIGUOUS in order.in_doubt.text

    story(told)


def test_an_order_that_was_filled_at_once_is_not_the_equal_that_is_open() -> None:
    """Both lists are read, and both show one."""

    async def told() -> None:
        search = Search()
        search.order(1)
        search.lists.open = [sight(6)]
        search.lists.closed = [sight(5, cum_qty=D(1), avg_px=D(100), state=VenueState.FILLED)]
        for _ in range(3):
            await search.hunt()
            search.clock.advance(FENCE_S)
        assert not search.desk.order(1).secondary_order_id
        assert search.desk.order(1).in_doubt is not None

    story(told)


def test_an_order_on_record_as_somebody_elses_is_never_taken() -> None:
    async def told() -> None:
        search = Search()
        search.desk.venue(
            ForeignOrder(
                secondary_order_id="7",
                symbol=SYMBOL,
                side=Side.BUY,
                order_qty=D(1),
                works=True,
                price=D(100),
            )
        )
        search.order(1)
        search.lists.open = [sight(7)]
        for _ in range(3):
            await search.hunt()
            search.clock.advance(FENCE_S)
        assert not search.desk.order(1).secondary_order_id

    story(told)


def test_what_one_was_taken_for_is_kept_no_longer_than_it_can_matter() -> None:
    async def told() -> None:
        search = Search()
        search.order(1)
        for number in range(2, 50):
            search.order(number, "2", lost=False)
            search.lost.keep({"0000000001"})
        assert len(search.lost._taken) == 48, "the lost one could be each of them"
        search.lists.open = []
        for _ in range(2):
            await search.hunt()
            search.clock.advance(FENCE_S)
        assert search.desk.order(1).ord_status is OrdStatus.REJECTED
        search.lost.keep(())
        assert search.lost._taken == {}

    story(told)
