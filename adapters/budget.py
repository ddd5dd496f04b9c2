"""A venue's rate limits, spent by importance: cancels, replaces, new orders, status, market data.

A request may count for several limits at once, as one of the account's and one of its endpoint's;
it goes when all of them leave room. What the venue finds too much slows down what it was about,
longer each time, and says so; a ban stops everything until it ends.
"""

import asyncio
from bisect import insort
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import Final

from adapters.http import Banned, Throttled
from adapters.port import Lane
from adapters.windows import Window
from oms.clock import Clock
from oms.core.errors import VenueUnavailable
from oms.core.venue import Limit

FIRST_S: Final = 1.0
LONGEST_S: Final = 60.0
"""How long the first "too often" slows down, and how long at most the later ones do: each time
twice as long, but not shorter than the venue asks for."""

BAN_S: Final = 60.0
LONGEST_BAN_S: Final = 3600.0
"""The same for a ban."""

CALM_S: Final = 300.0
"""After so long without one, the next is a first one."""

Sleep = Callable[[float], Awaitable[None]]


class TooLate(VenueUnavailable):
    """A new order would have waited for the rate limit longer than it may; nothing was sent."""


class Stopped(VenueUnavailable):
    """New orders are stopped, by the kill switch; nothing was sent."""


@dataclass(slots=True, order=True)
class _Waiter:
    lane: Lane
    number: int
    windows: tuple[Window, ...] = field(compare=False)
    deadline: float = field(compare=False)
    done: "asyncio.Future[None]" = field(compare=False)
    holds: bool = field(compare=False, default=False)
    """A slot is its own until it is back from the venue."""


class Budget:
    """Grants requests one by one, most important first. All calls on one asyncio loop."""

    def __init__(
        self,
        limits: Sequence[Limit],
        *,
        clock: Clock,
        max_wait_s: float = 2.0,
        speed: float = 1.0,
        in_flight: int | None = None,
        spare: int = 0,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """A new order waits at most `max_wait_s` seconds, by the clock.

        `speed` multiplies the limits and divides pauses. `in_flight`: so many that have their
        `turn` may be under way at once; None for any number. `spare`: so many more may cancels.
        """
        now = clock.monotonic()
        self._windows: dict[str, tuple[Window, ...]] = {}
        for limit in limits:
            there = self._windows.get(limit.what, ())
            self._windows[limit.what] = (*there, Window(limit, now, speed))
        self._counted: dict[tuple[str, ...], tuple[Window, ...]] = {}
        """By what requests count for: the windows of all of it."""
        self._usual = limits[0].what
        self._clock = clock
        self._max_wait_s = max_wait_s
        self._speed = speed
        self._in_flight = in_flight
        self._spare = spare
        self._under_way = 0
        self._sleep = sleep
        self._waiting: list[_Waiter] = []
        self._number = 0
        self._pump: asyncio.Task[None] | None = None
        self._wakes_at = inf
        self._refused = ""
        self._new_until = inf
        """The deadline of the new order that has its turn; of the last one where several have."""
        self._stopped: Callable[[], str] = str
        self._times = 0
        self._slow_until = -inf
        self._slow = ""
        self._tell_slowed: Callable[[str, bool], None] = lambda text, banned: None

    @asynccontextmanager
    async def turn(self, lane: Lane, *whats: str) -> AsyncIterator[None]:
        """Wait until a request of this lane may go, and hold a slot until it is back.

        `whats` are the limits it counts for, by their `what`; without any, those of the first. A
        Throttled or Banned that comes back slows down or stops what it counted for. For new orders
        raises TooLate when it takes longer than `max_wait_s`, and VenueUnavailable while they are
        refused.
        """
        await self._grant(lane, whats)
        try:
            self.demand_go(lane)
            yield
        except (Throttled, Banned) as error:
            self.throttled(error, *whats)
            raise
        finally:
            self._give_back()

    def throttled(self, error: Throttled | Banned, *whats: str) -> None:
        """The venue says that it was too much: nothing of that kind for a while, then no burst.

        A Banned stops everything. For requests that had their `turn` it is known already.
        """
        now = self._clock.monotonic()
        if now >= self._slow_until:  # else it was under way when the one before came back
            calm = now - self._slow_until > CALM_S / self._speed
            self._times = 1 if calm else self._times + 1
        banned = isinstance(error, Banned)
        first_s, longest_s = (BAN_S, LONGEST_BAN_S) if banned else (FIRST_S, LONGEST_S)
        pause_s = min(first_s * 2 ** (self._times - 1), longest_s)
        pause_s = max(pause_s, error.retry_after_s or 0) / self._speed
        for what in self._windows if banned else whats or (self._usual,):
            for window in self._windows[what]:
                window.pause(now + pause_s)
        self._slow_until = max(self._slow_until, now + pause_s)
        until = self._clock.now() + timedelta(seconds=self._slow_until - now)
        how, often = "banned" if banned else "slowed", f" ({self._times} in a row)"
        self._slow = f"{how} until {until:%H:%M:%S} UTC, because {error}" + (
            often if self._times > 1 else ""
        )
        self._tell_slowed(self._slow, banned)

    @property
    def slowed(self) -> str:
        """Until when the venue's limit holds requests up, and why; "" if it does not. From any
        thread."""
        return self._slow if self._clock.monotonic() < self._slow_until else ""

    def when_slowed(self, tell: Callable[[str, bool], None]) -> None:
        """Have somebody told of every slow-down: the text, and whether it is a ban."""
        self._tell_slowed = tell

    def refuse_new(self, text: str) -> None:
        """Turn away new orders, also those that wait, until `accept_new`."""
        self._refused = text
        for waiter in [w for w in self._waiting if w.lane is Lane.NEW]:
            self._fail(waiter, VenueUnavailable(text))

    def accept_new(self) -> None:
        """Let new orders through again."""
        self._refused = ""

    def stop_new_while(self, stopped: Callable[[], str]) -> None:
        """Turn away new orders while `stopped` says why; the last word before each is sent."""
        self._stopped = stopped

    def demand_go(self, lane: Lane) -> None:
        """The last word for whoever waits for something else in its `turn`, as for a nonce.

        Raises Stopped for a new order while these are stopped, and TooLate for one whose time is
        over: the process itself may have been stopped for a while.
        """
        if lane is not Lane.NEW:
            return
        if why := self._stopped():
            raise Stopped(why)
        if self._clock.monotonic() > self._new_until:
            raise TooLate("the order's time was over before it could be sent")

    async def _grant(self, lane: Lane, whats: tuple[str, ...]) -> None:
        now, deadline = self._clock.monotonic(), inf
        windows = self._windows_of(whats)
        if lane is Lane.NEW:
            self._demand_timely(windows, now)
            deadline = now + self._max_wait_s
        if not self._waiting and self._due_in_s(lane, windows, now) <= 0:
            self._take(lane, windows, deadline)
            return
        waiter = _Waiter(lane, self._number, windows, deadline, asyncio.Future())
        self._number += 1
        insort(self._waiting, waiter)
        self._serve()
        if not waiter.done.done():
            self._wake()
        try:
            await waiter.done
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif waiter.holds:
                self._give_back()  # it had its turn already, and does not use it
            raise

    def _windows_of(self, whats: tuple[str, ...]) -> tuple[Window, ...]:
        windows = self._counted.get(whats)
        if windows is None:
            windows = tuple(w for what in whats or (self._usual,) for w in self._windows[what])
            self._counted[whats] = windows
        return windows

    def _give_back(self) -> None:
        self._under_way -= 1
        self._serve()
        if self._waiting:
            self._wake()

    def _demand_timely(self, windows: tuple[Window, ...], now: float) -> None:
        if why := self._stopped():
            raise Stopped(why)
        if self._refused:
            raise VenueUnavailable(self._refused)
        before = [other for other in self._waiting if other.lane <= Lane.NEW]
        wait_s = max(
            window.wait_s(Lane.NEW, now, sum(window in other.windows for other in before))
            for window in windows
        )
        if wait_s > self._max_wait_s:
            slowed = f": {self.slowed}" if self.slowed else ""
            raise TooLate(f"the rate limit would delay the order by {wait_s:.1f} s{slowed}")

    def _wake(self) -> None:
        # A new waiter may be due before the one that is slept for.
        if self._next_at() < self._wakes_at:
            if self._pump is not None:
                self._pump.cancel()
            self._pump = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while (at := self._next_at()) < inf:
            self._wakes_at = at
            await self._sleep(max(0.0, at - self._clock.monotonic()))
            self._serve()
        self._wakes_at, self._pump = inf, None

    def _serve(self) -> None:
        if not self._waiting:
            return
        now = self._clock.monotonic()
        for waiter in [w for w in self._waiting if w.deadline <= now]:
            self._fail(waiter, TooLate("the rate limit delayed the order too long"))
        while (first := self._first_due(now)) is not None:
            self._let_go(first)

    def _first_due(self, now: float) -> _Waiter | None:
        for waiter in self._firsts():
            if self._due_in_s(waiter.lane, waiter.windows, now) <= 0:
                return waiter
        return None

    def _let_go(self, waiter: _Waiter) -> None:
        if waiter.lane is Lane.NEW and (why := self._stopped()):
            self._fail(waiter, Stopped(why))
            return
        self._waiting.remove(waiter)
        if waiter.done.done():
            return  # given up, and about to be told
        waiter.holds = True
        self._take(waiter.lane, waiter.windows, waiter.deadline)
        waiter.done.set_result(None)

    def _take(self, lane: Lane, windows: tuple[Window, ...], deadline: float) -> None:
        for window in windows:
            window.take()
        if lane is Lane.NEW:
            self._new_until = deadline
        self._under_way += 1

    def _fail(self, waiter: _Waiter, error: VenueUnavailable) -> None:
        self._waiting.remove(waiter)
        if not waiter.done.done():
            waiter.done.set_exception(error)

    def _due_in_s(self, lane: Lane, windows: tuple[Window, ...], now: float) -> float:
        spare = self._spare if lane is Lane.CANCEL else 0
        if self._in_flight is not None and self._under_way >= self._in_flight + spare:
            return inf  # whoever gives its slot back looks again
        return max([window.wait_s(lane, now) for window in windows])

    def _firsts(self) -> list[_Waiter]:
        """The most important of those that count for the same: no other can go before it."""
        firsts: dict[tuple[Window, ...], _Waiter] = {}
        for waiter in self._waiting:
            firsts.setdefault(waiter.windows, waiter)
        return list(firsts.values())

    def _next_at(self) -> float:
        """When something can happen by itself; inf: not before somebody asks or gives back."""
        now = self._clock.monotonic()
        dues = [now + self._due_in_s(w.lane, w.windows, now) for w in self._firsts()]
        return min([inf, *dues, *[waiter.deadline for waiter in self._waiting]])
