"""A venue's rate limit, spent by importance: cancels, replaces, new orders, status, market data.

A token bucket: a quarter of the limit may go at once, the rest comes back evenly over the period,
less `HEADROOM` because requests do not arrive as evenly as they leave. So no window of the
period's length ever holds more than the limit. The last tokens are reserved: status queries leave
some to new orders, new orders some to cancels.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Final

from adapters.port import Lane
from oms.core.errors import VenueUnavailable

HEADROOM: Final = 0.05

Sleep = Callable[[float], Awaitable[None]]


class TooLate(VenueUnavailable):
    """A new order would have waited for the rate limit longer than it may; nothing was sent."""


class Stopped(VenueUnavailable):
    """New orders are stopped, by the kill switch; nothing was sent."""


@dataclass(slots=True, order=True)
class _Waiter:
    lane: Lane
    number: int
    deadline: float = field(compare=False)
    done: "asyncio.Future[None]" = field(compare=False)
    returns: bool = field(compare=False)
    """It holds a slot until it is back from the venue."""
    holds: bool = field(compare=False, default=False)


class Budget:
    """Grants requests one by one, most important first. All calls on one asyncio loop."""

    def __init__(
        self,
        requests: int,
        per_seconds: float,
        *,
        max_wait_s: float,
        monotonic: Callable[[], float],
        sleep: Sleep = asyncio.sleep,
        in_flight: int | None = None,
    ) -> None:
        """`requests` in any `per_seconds`; a new order waits at most `max_wait_s` seconds.

        `in_flight`: so many that have their `turn` may be under way at once; None for any number.
        """
        self._in_flight = in_flight
        self._under_way = 0
        self._burst = max(1, requests // 4)
        spread = requests - self._burst or 1
        self._interval = per_seconds / (spread * (1 - HEADROOM))
        self._floors = {
            Lane.CANCEL: 0,
            Lane.REPLACE: 0,
            Lane.NEW: self._burst // 3,
            Lane.STATUS: self._burst * 2 // 3,
            Lane.MARKET: self._burst * 2 // 3,
        }
        self._max_wait_s = max_wait_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._tokens = float(self._burst)
        self._counted_at = monotonic()
        self._waiting: list[_Waiter] = []
        self._number = 0
        self._pump: asyncio.Task[None] | None = None
        self._refused = ""
        self._stopped: Callable[[], str] = str

    async def acquire(self, lane: Lane) -> None:
        """Wait until a request of this lane may go, however many are under way.

        For new orders raises TooLate when that takes longer than `max_wait_s`, and
        VenueUnavailable while they are refused.
        """
        await self._grant(lane, returns=False)

    @asynccontextmanager
    async def turn(self, lane: Lane) -> AsyncIterator[None]:
        """Wait until a request of this lane may go, and hold its slot until it is back.

        Raises as `acquire` does.
        """
        await self._grant(lane, returns=True)
        try:
            yield
        finally:
            self._give_back()

    async def _grant(self, lane: Lane, *, returns: bool) -> None:
        now = self._monotonic()
        waiter = _Waiter(lane, self._number, inf, asyncio.Future(), returns)
        self._number += 1
        if lane is Lane.NEW:
            self._demand_timely(waiter, now)
            waiter.deadline = now + self._max_wait_s
        self._waiting.append(waiter)
        self._waiting.sort()
        self._serve()
        if waiter in self._waiting:
            self._wake()
        try:
            await waiter.done
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif waiter.holds:
                self._give_back()  # it had its turn already, and does not use it
            raise

    def _give_back(self) -> None:
        self._under_way -= 1
        self._serve()
        if self._waiting:
            self._wake()

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

    def pause(self, seconds: float) -> None:
        """The venue says that it was too much: nothing for so long, and no burst after it."""
        now = self._monotonic()
        self._count(now)
        self._tokens = 0.0
        self._counted_at = max(self._counted_at, now + seconds)

    def _demand_timely(self, waiter: _Waiter, now: float) -> None:
        if why := self._stopped():
            raise Stopped(why)
        if self._refused:
            raise VenueUnavailable(self._refused)
        self._count(now)
        ahead = sum(other < waiter for other in self._waiting)
        missing = ahead + 1 + self._floors[Lane.NEW] - self._tokens
        wait_s = self._counted_at - now + missing * self._interval
        if wait_s > self._max_wait_s:
            raise TooLate(f"the rate limit would delay the order by {wait_s:.1f} s")

    def _wake(self) -> None:
        # A new waiter may be due before the one that is slept for.
        if self._pump is not None:
            self._pump.cancel()
        self._pump = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._waiting and (pause_s := self._pause_s()) is not None:
            await self._sleep(pause_s)
            self._serve()
        self._pump = None

    def _serve(self) -> None:
        now = self._monotonic()
        self._count(now)
        for waiter in [w for w in self._waiting if w.deadline <= now]:
            self._fail(waiter, TooLate("the rate limit delayed the order too long"))
        while self._waiting and self._due_in_s(now) <= 0:
            waiter = self._waiting[0]
            if waiter.lane is Lane.NEW and (why := self._stopped()):
                self._fail(waiter, Stopped(why))
                continue
            self._waiting.pop(0)
            if not waiter.done.done():
                self._tokens -= 1
                waiter.holds = waiter.returns
                self._under_way += waiter.holds
                waiter.done.set_result(None)

    def _fail(self, waiter: _Waiter, error: VenueUnavailable) -> None:
        self._waiting.remove(waiter)
        if not waiter.done.done():
            waiter.done.set_exception(error)

    def _count(self, now: float) -> None:
        if now > self._counted_at:  # otherwise it is paused until then
            back = (now - self._counted_at) / self._interval
            self._tokens = min(float(self._burst), self._tokens + back)
            self._counted_at = now

    def _due_in_s(self, now: float) -> float:
        if self._waiting[0].returns and self._under_way == self._in_flight:
            return inf  # whoever gives its slot back looks again
        missing = 1 + self._floors[self._waiting[0].lane] - self._tokens
        # A token is whole a billionth before it is: floats do not sum up exactly.
        in_s = missing * self._interval if missing > 1e-9 else 0.0
        return self._counted_at - now + in_s

    def _pause_s(self) -> float | None:
        """How long nothing can happen; None: until somebody asks or gives back."""
        now = self._monotonic()
        self._count(now)
        until = min(self._due_in_s(now), *(waiter.deadline - now for waiter in self._waiting))
        return None if until == inf else max(0.0, until)
