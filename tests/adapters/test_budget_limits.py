"""Several limits at once: of the account and of endpoints, of a minute and of a second."""

import asyncio
from decimal import Decimal

import pytest

from adapters.budget import Budget, TooLate
from adapters.port import Lane
from adapters.windows import Window, in_force
from oms.core.errors import ConfigError
from oms.core.venue import Limit
from tests.adapters.test_budget import VirtualTime, busiest, run

ALL = Limit("everything", 60, Decimal(60))
ORDERS = (Limit("order POST", 300, Decimal(60)), Limit("order POST", 10, Decimal(1)))
CANCELS = Limit("order DELETE", 4, Decimal(4))


class Counter:
    """A budget of several limits, and when what was let through."""

    def __init__(self, *limits: Limit) -> None:
        self.time = VirtualTime()
        self.budget = Budget(limits, clock=self.time, sleep=self.time.sleep)
        self.granted: list[tuple[float, str]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def ask(self, count: int, lane: Lane, *whats: str) -> None:
        """So many requests at this instant."""
        tasks = [asyncio.create_task(self._ask(lane, whats)) for _ in range(count)]
        self._tasks += tasks
        await self.time.settle()

    async def _ask(self, lane: Lane, whats: tuple[str, ...]) -> None:
        async with self.budget.turn(lane, *whats):
            pass
        self.granted.append((self.time.instant, " ".join(whats)))

    def instants(self, what: str = "") -> list[float]:
        """Those that named it."""
        return [instant for instant, whats in self.granted if what in whats]

    async def close(self) -> None:
        """Give up what waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def test_a_request_goes_when_all_its_limits_leave_room() -> None:
    """Ten in a second, whatever the minute allows; and the minute, whatever the seconds do."""

    async def story() -> None:
        venue = Counter(*ORDERS)
        await venue.ask(500, Lane.CANCEL, "order POST")
        await venue.time.pass_to(105)
        assert busiest(venue.instants(), 1) == 10
        assert busiest(venue.instants(), 60) > 30
        await venue.time.pass_to(180)
        assert 250 < busiest(venue.instants(), 60) <= 300
        await venue.close()

    run(story())


def test_what_waits_for_one_endpoint_holds_nothing_else_up() -> None:
    async def story() -> None:
        venue = Counter(ALL, CANCELS)
        await venue.ask(9, Lane.CANCEL, "everything", "order DELETE")
        assert len(venue.granted) == 1
        await venue.ask(2, Lane.STATUS)
        assert len(venue.granted) == 3
        await venue.time.pass_to(104)
        assert 3 <= len(venue.instants("order DELETE")) <= 4
        await venue.close()

    run(story())


def test_without_a_name_a_request_counts_for_the_first_limit() -> None:
    async def story() -> None:
        venue = Counter(CANCELS, ALL)
        await venue.ask(9, Lane.CANCEL)
        assert len(venue.granted) == 1
        await venue.ask(9, Lane.CANCEL, "everything")
        assert len(venue.granted) == 10
        await venue.close()

    run(story())


def test_a_limit_that_does_not_exist_is_our_mistake() -> None:
    async def story() -> None:
        venue = Counter(ALL)
        with pytest.raises(KeyError):
            await venue.budget.turn(Lane.NEW, "order POTS").__aenter__()

    run(story())


def test_an_order_that_its_endpoint_would_delay_too_long_is_refused_at_once() -> None:
    """Those before it count where they take from the same limit."""

    async def story() -> None:
        venue = Counter(ALL, CANCELS)
        await venue.ask(1, Lane.NEW, "everything", "order DELETE")
        await venue.ask(2, Lane.CANCEL, "everything")
        await venue.ask(1, Lane.CANCEL, "order DELETE")
        with pytest.raises(TooLate, match=r"delay the order by 2\.1 s"):
            await venue.budget.turn(Lane.NEW, "everything", "order DELETE").__aenter__()
        await venue.close()

    run(story())


@pytest.mark.parametrize("requests", [2, 3, 7, 8, 10, 20, 60, 100, 300, 600])
def test_new_orders_leave_one_more_token_than_queries_where_there_is_more_than_one(
    requests: int,
) -> None:
    window = Window(Limit("all", requests, Decimal(60)), 0.0)
    now = dict.fromkeys(Lane, 0)
    for lane in reversed(Lane):
        while window.wait_s(lane, 0.0) == 0:
            window.take()
            now[lane] += 1
    burst = max(1, requests // 4)
    assert sum(now.values()) == burst
    assert now[Lane.MARKET] >= 1
    assert burst == 1 or now[Lane.REPLACE] >= 1, "what new orders can not eat"


def test_what_is_configured_stands_in_place_of_the_documents() -> None:
    tables = {
        "everything": None,
        "order POST": {"requests": 5, "per_seconds": 0.5},
    }
    assert in_force((ALL, *ORDERS, CANCELS), tables) == (
        ALL,
        Limit("order POST", 5, Decimal("0.5")),
        CANCELS,
    )
    assert in_force((ALL, *ORDERS), {}) == (ALL, *ORDERS)


def test_a_limit_that_the_venue_has_not_is_refused_in_the_configuration() -> None:
    with pytest.raises(ConfigError, match="no limit is called 'orders'; there are everything"):
        in_force((ALL, CANCELS), {"orders": {"requests": 5, "per_seconds": 1}})
