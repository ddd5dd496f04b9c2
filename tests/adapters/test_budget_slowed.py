"""What the venue finds too much: how long it slows us down, and where that is seen."""

from adapters.budget import BAN_S, CALM_S, Budget
from adapters.http import Banned, Throttled
from adapters.port import Lane
from oms.core.venue import Limit
from tests.adapters.test_budget import Venue, VirtualTime, run
from tests.adapters.test_budget_limits import ALL, CANCELS, Counter

TOO_OFTEN = Throttled("GET orders/: HTTP 429")


def test_each_time_in_a_row_it_takes_twice_as_long() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        for pause_s in (1, 2, 4, 8, 16, 32, 60, 60):
            began = venue.time.instant
            venue.budget.throttled(TOO_OFTEN)
            await venue.time.pass_to(began + pause_s - 0.01)
            assert venue.budget.slowed, pause_s
            await venue.time.pass_to(began + pause_s)
            assert not venue.budget.slowed, pause_s
        await venue.close()

    run(story())


def test_after_calm_the_next_is_a_first_one() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        venue.budget.throttled(TOO_OFTEN)
        await venue.time.pass_to(101 + CALM_S + 1)
        venue.budget.throttled(TOO_OFTEN)
        await venue.time.pass_to(venue.time.instant + 1)
        assert not venue.budget.slowed
        await venue.close()

    run(story())


def test_answers_to_what_was_under_way_are_no_further_times() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        for _ in range(5):
            venue.budget.throttled(TOO_OFTEN)
        await venue.time.pass_to(101)
        assert not venue.budget.slowed
        await venue.close()

    run(story())


def test_what_the_venue_asks_for_is_obeyed() -> None:
    """Nothing goes before; and what came back later with less does not shorten it."""

    async def story() -> None:
        venue = Venue(60, 60)
        venue.budget.throttled(Throttled("HTTP 429", 90))
        venue.budget.throttled(Throttled("HTTP 429", 5))
        await venue.ask(Lane.CANCEL)
        await venue.time.pass_to(189.9)
        assert venue.granted == []
        assert venue.budget.slowed.startswith("slowed until 00:03:10 UTC, because HTTP 429")
        await venue.time.pass_to(191.5)
        assert venue.lanes() == [Lane.CANCEL]
        await venue.close()

    run(story())


def test_it_says_until_when_and_why_and_how_often() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        told: list[tuple[str, bool]] = []
        venue.budget.when_slowed(lambda text, banned: told.append((text, banned)))
        assert venue.budget.slowed == ""
        venue.budget.throttled(TOO_OFTEN)
        first = "slowed until 00:01:41 UTC, because GET orders/: HTTP 429"
        assert venue.budget.slowed == first
        await venue.time.pass_to(102)
        venue.budget.throttled(TOO_OFTEN)
        second = "slowed until 00:01:44 UTC, because GET orders/: HTTP 429 (2 in a row)"
        assert told == [(first, False), (second, False)]
        await venue.close()

    run(story())


def test_only_what_it_was_about_is_slowed() -> None:
    async def story() -> None:
        venue = Counter(ALL, CANCELS, Limit("ticker", 60, ALL.per_seconds))
        venue.budget.throttled(TOO_OFTEN, "ticker")
        await venue.ask(1, Lane.MARKET, "ticker")
        assert venue.granted == []
        await venue.ask(1, Lane.CANCEL, "everything", "order DELETE")
        await venue.ask(1, Lane.NEW)
        assert len(venue.granted) == 2
        await venue.close()

    run(story())


def test_a_turn_that_comes_back_with_too_much_slows_down_by_itself() -> None:
    async def story() -> None:
        venue = Venue(60, 60, in_flight=1)
        await venue.send(Lane.STATUS, Lane.CANCEL)
        await venue.answer(TOO_OFTEN)
        assert venue.refused == [TOO_OFTEN], "and whoever asked knows it too"
        assert venue.lanes() == [Lane.STATUS]
        await venue.time.pass_to(102.5)
        assert venue.lanes() == [Lane.STATUS, Lane.CANCEL]
        await venue.close()

    run(story())


def test_a_ban_stops_everything() -> None:
    async def story() -> None:
        venue = Counter(ALL, CANCELS)
        told: list[tuple[str, bool]] = []
        venue.budget.when_slowed(lambda text, banned: told.append((text, banned)))
        venue.budget.throttled(Banned("GET ticker: HTTP 403"), "order DELETE")
        await venue.ask(1, Lane.CANCEL, "everything", "order DELETE")
        await venue.ask(1, Lane.CANCEL)
        await venue.time.pass_to(100 + BAN_S)
        assert venue.granted == []
        assert told == [("banned until 00:02:40 UTC, because GET ticker: HTTP 403", True)]
        await venue.time.pass_to(103 + BAN_S)
        assert len(venue.granted) == 2
        await venue.close()

    run(story())


def test_speed_divides_the_pause() -> None:
    time = VirtualTime()
    budget = Budget([ALL], clock=time, speed=60)
    budget.throttled(Throttled("HTTP 429", 90))
    time.instant += 1.4
    assert budget.slowed
    time.instant += 0.2
    assert not budget.slowed
