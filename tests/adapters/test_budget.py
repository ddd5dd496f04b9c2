"""The rate limit on a virtual clock: never one request too many, the important ones first."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.budget import Budget, Stopped, TooLate
from adapters.http import Throttled
from adapters.port import Lane
from oms.clock import utc_of_us
from oms.core.errors import VenueUnavailable
from oms.core.venue import Limit

MAX_WAIT_S: Final = 2.0


class VirtualTime:
    """Time that passes only when everybody waits for it."""

    def __init__(self) -> None:
        self.instant = 100.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return self.instant

    def now_us(self) -> int:
        return round(self.instant * 1_000_000)

    def stamp_us(self) -> int:
        return self.now_us()

    def now_ms(self) -> int:
        return self.now_us() // 1000

    def now(self) -> datetime:
        return utc_of_us(self.now_us())

    async def sleep(self, seconds: float) -> None:
        until: asyncio.Future[None] = asyncio.Future()
        self._sleepers.append((self.instant + seconds, until))
        await until

    async def settle(self) -> None:
        """Let everybody go on who can."""
        for _ in range(30):
            await asyncio.sleep(0)

    async def pass_to(self, instant: float) -> None:
        """Wake the sleepers one after the other, up to that instant."""
        await self.settle()
        while True:
            self._sleepers = [entry for entry in self._sleepers if not entry[1].done()]
            due = min(self._sleepers, default=None, key=lambda entry: entry[0])
            if due is None or due[0] > instant:
                break
            self.instant = max(self.instant, due[0])
            due[1].set_result(None)
            await self.settle()
        self.instant = instant
        await self.settle()


class Venue:
    """A budget, and what it let through: lane and instant."""

    def __init__(
        self, requests: int, per_seconds: float, in_flight: int | None = None, spare: int = 0
    ) -> None:
        self.time = VirtualTime()
        self.granted: list[tuple[Lane, float]] = []
        self.refused: list[VenueUnavailable] = []
        self.budget = Budget(
            [Limit("all requests", requests, Decimal(str(per_seconds)))],
            clock=self.time,
            max_wait_s=MAX_WAIT_S,
            sleep=self.time.sleep,
            in_flight=in_flight,
            spare=spare,
        )
        self.under_way: list[tuple[Lane, asyncio.Future[None]]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def ask(self, *lanes: Lane) -> None:
        """Requests at this instant."""
        self._tasks += [asyncio.create_task(self._ask(lane)) for lane in lanes]
        await self.time.settle()

    async def _ask(self, lane: Lane) -> None:
        try:
            async with self.budget.turn(lane):
                self.granted.append((lane, self.time.instant))
        except VenueUnavailable as error:
            self.refused.append(error)

    async def send(self, *lanes: Lane) -> list[asyncio.Task[None]]:
        """Requests at this instant, each with its turn; they are back when they are answered."""
        tasks = [asyncio.create_task(self._send(lane)) for lane in lanes]
        self._tasks += tasks
        await self.time.settle()
        return tasks

    async def _send(self, lane: Lane) -> None:
        try:
            async with self.budget.turn(lane):
                self.granted.append((lane, self.time.instant))
                answer: asyncio.Future[None] = asyncio.Future()
                self.under_way.append((lane, answer))
                try:
                    await answer
                finally:
                    self.under_way.remove((lane, answer))
        except VenueUnavailable as error:
            self.refused.append(error)

    async def answer(self, error: VenueUnavailable | None = None) -> None:
        """The oldest request is back."""
        _, answer = self.under_way[0]
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(error)
        await self.time.settle()

    def lanes(self) -> list[Lane]:
        return [lane for lane, _ in self.granted]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def busiest(instants: list[float], width: float) -> int:
    """The most requests that any window of that width holds, both ends included."""
    return max(
        (sum(start <= i <= start + width for i in instants) for start in instants), default=0
    )


@settings(deadline=None)  # a busy machine is no fault
@given(
    requests=st.integers(1, 40),
    per_seconds=st.sampled_from([0.5, 1.0, 60.0]),
    steps=st.lists(st.tuples(st.floats(0, 1), st.lists(st.sampled_from(Lane), max_size=6))),
)
def test_no_window_ever_holds_one_request_too_many(
    requests: int, per_seconds: float, steps: list[tuple[float, list[Lane]]]
) -> None:
    async def story() -> None:
        venue = Venue(requests, per_seconds)
        for share, lanes in steps:
            await venue.ask(*lanes)
            await venue.time.pass_to(venue.time.instant + share * per_seconds)
        await venue.time.pass_to(venue.time.instant + 3 * per_seconds)
        assert busiest([instant for _, instant in venue.granted], per_seconds) <= requests
        await venue.close()

    run(story())


def test_what_waits_goes_by_importance_then_by_age() -> None:
    async def story() -> None:
        venue = Venue(2, 0.5)
        venue.budget.throttled(Throttled("HTTP 429"))
        await venue.ask(Lane.MARKET, Lane.STATUS, Lane.NEW, Lane.REPLACE, Lane.CANCEL)
        await venue.time.pass_to(110)
        assert venue.lanes() == [*Lane]
        await venue.close()

    run(story())


def test_a_cancel_does_not_wait_behind_what_was_there_before() -> None:
    """Status queries have emptied what they may use; the cancel goes at once, from the reserve."""

    async def story() -> None:
        venue = Venue(60, 60)
        await venue.ask(*[Lane.STATUS] * 40)
        used = len(venue.granted)
        await venue.ask(Lane.CANCEL)
        assert venue.lanes()[used:] == [Lane.CANCEL]
        await venue.close()

    run(story())


def test_new_orders_can_not_eat_the_reserve() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        await venue.ask(*[Lane.NEW] * 60)
        assert len(venue.granted) == 10
        await venue.ask(*[Lane.CANCEL] * 5)
        assert venue.lanes()[10:] == [Lane.CANCEL] * 5
        await venue.close()

    run(story())


def test_status_queries_leave_room_for_new_orders() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        await venue.ask(*[Lane.STATUS] * 60)
        used = len(venue.granted)
        await venue.ask(*[Lane.NEW] * 5)
        assert venue.lanes()[used:] == [Lane.NEW] * 5
        await venue.close()

    run(story())


@settings(deadline=None)  # a busy machine is no fault
@given(st.integers(1, 60))
def test_a_cancel_waits_at_most_one_slot(requests: int) -> None:
    """However busy everything else is."""

    async def story() -> None:
        venue = Venue(requests, 60)
        await venue.ask(*[Lane.NEW, Lane.STATUS, Lane.MARKET] * 40)
        await venue.time.pass_to(111)
        await venue.ask(Lane.CANCEL)
        slot = 60 / (max(requests - max(1, requests // 4), 1) * 0.95)
        await venue.time.pass_to(111 + slot + 1e-6)
        assert Lane.CANCEL in venue.lanes()
        await venue.close()

    run(story())


def test_a_new_order_that_would_wait_too_long_is_refused_at_once() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        await venue.ask(*[Lane.NEW] * 20)
        late = [error for error in venue.refused if isinstance(error, TooLate)]
        assert len(venue.granted) == 10
        assert len(late) == 9, "one slot comes back within two seconds, so one order waits"
        await venue.time.pass_to(100 + MAX_WAIT_S)
        assert len(venue.granted) == 11
        await venue.close()

    run(story())


def test_a_new_order_that_is_overtaken_too_often_is_refused_in_time() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        await venue.ask(*[Lane.NEW] * 11)
        await venue.ask(*[Lane.CANCEL] * 12)
        await venue.time.pass_to(100 + MAX_WAIT_S)
        assert [type(error) for error in venue.refused] == [TooLate]
        assert venue.lanes().count(Lane.NEW) == 10
        await venue.close()

    run(story())


def test_only_new_orders_give_up() -> None:
    async def story() -> None:
        venue = Venue(1, 60)
        await venue.ask(Lane.CANCEL, Lane.CANCEL, Lane.STATUS)
        await venue.time.pass_to(400)
        assert venue.lanes() == [Lane.CANCEL, Lane.CANCEL, Lane.STATUS]
        await venue.close()

    run(story())


def test_new_orders_are_turned_away_while_they_are_refused() -> None:
    """Also the one that waits already; everything else goes on."""

    async def story() -> None:
        venue = Venue(60, 60)
        await venue.ask(*[Lane.NEW] * 11)
        venue.budget.refuse_new("the venue is gone")
        await venue.ask(Lane.NEW, Lane.CANCEL)
        assert [str(error) for error in venue.refused] == ["the venue is gone"] * 2
        assert not any(isinstance(error, TooLate) for error in venue.refused)
        assert venue.lanes()[-1] is Lane.CANCEL
        await venue.time.pass_to(160)
        venue.budget.accept_new()
        await venue.ask(Lane.NEW)
        assert venue.lanes()[-1] is Lane.NEW
        await venue.close()

    run(story())


def test_after_a_pause_there_is_no_burst() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        venue.budget.throttled(Throttled("HTTP 429", 30))
        await venue.ask(*[Lane.CANCEL] * 10)
        await venue.time.pass_to(129.9)
        assert venue.granted == []
        await venue.time.pass_to(134.5)
        assert len(venue.granted) == 3, "one each 1.4 s"
        await venue.close()

    run(story())


def test_a_request_that_is_given_up_costs_nothing() -> None:
    async def story() -> None:
        venue = Venue(1, 60)
        await venue.ask(Lane.CANCEL)
        given_up = asyncio.create_task(venue._ask(Lane.CANCEL))
        await venue.time.settle()
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        await venue.ask(Lane.STATUS)
        await venue.time.pass_to(164)
        assert venue.lanes() == [Lane.CANCEL, Lane.STATUS]
        await venue.close()

    run(story())


def test_a_refused_order_says_how_long_it_would_have_waited_and_why() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        venue.budget.throttled(Throttled("HTTP 429", 30))
        with pytest.raises(
            TooLate,
            match=r"delay the order by 38\.2 s: slowed until 00:02:10 UTC, because HTTP 429",
        ):
            async with venue.budget.turn(Lane.NEW):
                pass

    run(story())


def test_new_orders_are_turned_away_while_they_are_stopped() -> None:
    """Those that wait too, when their turn comes; cancels and queries pass."""

    async def story() -> None:
        venue = Venue(12, 4.0)
        why = ""
        venue.budget.stop_new_while(lambda: why)
        await venue.ask(*[Lane.NEW] * 4)
        assert venue.lanes() == [Lane.NEW] * 2
        why = "KILL SWITCH"
        await venue.ask(Lane.NEW, Lane.CANCEL)
        assert [(type(e), str(e)) for e in venue.refused] == [(Stopped, "KILL SWITCH")]
        await venue.time.pass_to(venue.time.instant + 4)
        assert venue.lanes() == [Lane.NEW, Lane.NEW, Lane.CANCEL]
        assert [type(e) for e in venue.refused] == [Stopped] * 3
        why = ""
        await venue.ask(Lane.NEW)
        assert venue.lanes() == [Lane.NEW, Lane.NEW, Lane.CANCEL, Lane.NEW]
        await venue.close()

    run(story())


def test_queries_wait_as_long_as_new_orders_do() -> None:
    async def story() -> None:
        venue = Venue(60, 60)
        await venue.ask(*[Lane.STATUS] * 40, *[Lane.NEW] * 10)
        began = len(venue.granted)
        for _ in range(60):
            await venue.time.pass_to(venue.time.instant + 1)
            await venue.ask(Lane.NEW, Lane.NEW)
        lanes = venue.lanes()[began:]
        assert set(lanes) == {Lane.NEW}
        assert 40 <= len(lanes) <= 45
        await venue.ask(*[Lane.CANCEL] * 4)
        assert venue.lanes()[-4:] == [Lane.CANCEL] * 4, "the reserve is whole all the same"
        await venue.close()

    run(story())
