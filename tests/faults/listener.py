"""A strategy that follows its reports, and goes on from its last number whenever it has to."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from oms.core.errors import EngineUnavailable
from oms.core.ports import DeskReport
from oms.store.queries import Reader
from tests.faults.plan import STRATEGY, Kind, Plan
from tests.faults.process import Process

Numbered = tuple[int, DeskReport]


class Listener:
    """Of one scenario; it listens where the plan cuts it off now and then."""

    def __init__(
        self, plan: Plan, loop: asyncio.AbstractEventLoop, process: Callable[[], Process | None]
    ) -> None:
        self.told: list[Numbered] = []
        self._listens = any(fault.kind is Kind.LISTENER_CUT for fault in plan.faults)
        self._loop = loop
        self._process = process
        self._following: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Follow, from the last number on: the engine is there, or the connection."""
        process = self._process()
        if self._listens and process is not None:
            self.end()
            self._following = self._loop.create_task(self._follow(process))

    def cut(self, away_ms: int) -> None:
        """The connection is over; a new one so much later."""
        self.end()
        self._loop.call_later(away_ms / 1000, self.begin)

    def end(self) -> None:
        """Follow no longer."""
        if self._following is not None:
            self._following.cancel()

    async def _follow(self, process: Process) -> None:
        since = self.told[-1][0] if self.told else 0
        try:
            async for numbered in process.system.oms(STRATEGY).reports(since):
                self.told.append(numbered)
        except EngineUnavailable:
            return  # it begins again with the next engine

    def wrongs(self, reader: Reader) -> list[str]:
        """What was told twice, never, or otherwise than it is on record."""
        if not self._listens:
            return []
        return misheard(self.told, reader.reports(STRATEGY, 0, 10_000))


def misheard(told: Sequence[Numbered], journaled: Iterable[Numbered]) -> list[str]:
    """How the reports that a strategy was told differ from those on record, in order."""
    numbers = [number for number, _ in told]
    there = dict(journaled)
    found = [f"{STRATEGY} was told report {n} twice" for n in sorted(there) if numbers.count(n) > 1]
    found += [f"{STRATEGY} was never told report {n}" for n in there if n not in numbers]
    found += [f"{STRATEGY} was told another report {n}" for n, one in told if there.get(n) != one]
    if numbers != sorted(numbers):
        found.append(f"{STRATEGY} was told its reports out of order")
    return found
