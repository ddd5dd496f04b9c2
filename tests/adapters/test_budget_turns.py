"""One request in flight: whoever has its turn holds it until it is back, however that ends."""

from adapters.budget import TooLate
from adapters.port import Lane
from oms.core.errors import VenueUnavailable
from tests.adapters.test_budget import Venue, run


def test_one_request_is_under_way_at_a_time() -> None:
    async def story() -> None:
        venue = Venue(60, 60, in_flight=1)
        await venue.send(Lane.STATUS, Lane.STATUS)
        assert venue.lanes() == [Lane.STATUS]
        await venue.time.pass_to(130)
        assert venue.lanes() == [Lane.STATUS]
        await venue.answer()
        assert venue.lanes() == [Lane.STATUS] * 2
        await venue.close()

    run(story())


def test_any_number_is_under_way_where_the_venue_allows_it() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        await venue.send(*[Lane.CANCEL] * 3)
        assert len(venue.under_way) == 3
        await venue.close()

    run(story())


def test_a_cancel_goes_before_the_queries_that_wait() -> None:
    async def story() -> None:
        venue = Venue(60, 60, in_flight=1)
        await venue.send(*[Lane.STATUS] * 4, Lane.CANCEL)
        await venue.answer()
        assert venue.lanes() == [Lane.STATUS, Lane.CANCEL]
        await venue.close()

    run(story())


def test_a_slot_that_is_free_still_waits_for_the_rate_limit() -> None:
    async def story() -> None:
        venue = Venue(1, 1, in_flight=1)
        await venue.send(Lane.STATUS, Lane.CANCEL)
        await venue.answer()
        assert venue.lanes() == [Lane.STATUS]
        await venue.time.pass_to(101.1)
        assert venue.lanes() == [Lane.STATUS, Lane.CANCEL]
        await venue.close()

    run(story())


def test_a_request_that_fails_gives_its_slot_back() -> None:
    async def story() -> None:
        venue = Venue(60, 60, in_flight=1)
        await venue.send(Lane.STATUS, Lane.CANCEL)
        await venue.answer(VenueUnavailable("no connection"))
        assert venue.lanes() == [Lane.STATUS, Lane.CANCEL]
        await venue.close()

    run(story())


def test_a_request_that_is_given_up_under_way_gives_its_slot_back() -> None:
    async def story() -> None:
        venue = Venue(60, 60, in_flight=1)
        given_up, _ = await venue.send(Lane.STATUS, Lane.CANCEL)
        given_up.cancel()
        await venue.time.settle()
        assert venue.lanes() == [Lane.STATUS, Lane.CANCEL]
        await venue.close()

    run(story())


def test_a_request_that_is_given_up_while_it_waits_takes_no_slot() -> None:
    async def story() -> None:
        venue = Venue(60, 60, in_flight=1)
        _, given_up, _ = await venue.send(Lane.STATUS, Lane.CANCEL, Lane.STATUS)
        given_up.cancel()
        await venue.time.settle()
        await venue.answer()
        assert venue.lanes() == [Lane.STATUS] * 2
        await venue.close()

    run(story())


def test_a_request_that_is_given_up_at_its_turn_gives_its_slot_back() -> None:
    """It was granted, and ended before it could go on."""

    async def story() -> None:
        venue = Venue(60, 60, in_flight=1)
        async with venue.budget.turn(Lane.STATUS):
            given_up, _ = await venue.send(Lane.CANCEL, Lane.STATUS)
        given_up.cancel()
        await venue.time.settle()
        assert venue.lanes() == [Lane.STATUS]
        await venue.close()

    run(story())


def test_a_new_order_waits_for_a_slot_as_long_as_it_may() -> None:
    async def story() -> None:
        venue = Venue(60, 60, in_flight=1)
        await venue.send(Lane.STATUS, Lane.NEW)
        await venue.time.pass_to(101.9)
        assert venue.refused == []
        await venue.time.pass_to(102)
        assert [type(error) for error in venue.refused] == [TooLate]
        await venue.answer()
        assert venue.lanes() == [Lane.STATUS]
        await venue.close()

    run(story())


def test_a_request_that_is_turned_away_and_given_up_has_no_slot_to_give_back() -> None:
    async def story() -> None:
        venue = Venue(60, 60, in_flight=1)
        await venue.send(Lane.STATUS)
        (given_up,) = await venue.send(Lane.NEW)
        venue.budget.refuse_new("the venue is gone")
        given_up.cancel()
        await venue.send(Lane.STATUS)
        assert venue.lanes() == [Lane.STATUS]
        await venue.close()

    run(story())


def test_cancels_have_a_slot_that_nothing_else_takes() -> None:
    """However slow the orders and queries are that are under way."""

    async def story() -> None:
        venue = Venue(60, 60, in_flight=2, spare=1)
        await venue.send(*[Lane.NEW] * 2, Lane.STATUS, Lane.CANCEL, Lane.CANCEL)
        assert venue.lanes() == [Lane.NEW, Lane.NEW, Lane.CANCEL]
        await venue.answer()
        assert venue.lanes() == [Lane.NEW, Lane.NEW, Lane.CANCEL, Lane.CANCEL]
        await venue.close()

    run(story())
