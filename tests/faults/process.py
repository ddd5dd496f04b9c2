"""One life of the engine's process: the product's own system, on the world's clock and network."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from random import Random
from typing import Any, Protocol

from adapters.loop import Loop
from adapters.ways import Ways
from oms.clock import Clock
from oms.core.book import Book
from oms.core.ports import Inbound
from oms.ground import Ground
from oms.settings import Settings
from oms.system import System
from tests.faults.feeds import Feeds
from tests.faults.fix_side import FixSide
from tests.faults.instant import WorldLoop, WorldWorkers
from tests.faults.line import Line, Network
from tests.faults.memory import CommitWatch, Memory, WatchedStore
from tests.faults.streams import Streams


class Killed(BaseException):
    """The process is dead, and whatever runs of it stops here."""


class Here(Loop):
    """The adapters' loop on the world's, which runs already and does not end with the system."""

    _loop: WorldLoop

    def __init__(self, loop: WorldLoop) -> None:
        self._loop = loop

    def start(self) -> None:
        """It runs."""

    def stop(self, wait_s: float = 5.0) -> None:
        """It goes on."""

    def finish(self, coroutine: Coroutine[Any, Any, object], timeout_s: float) -> None:
        """The world goes on meanwhile."""
        self._loop.pass_until(self._loop.create_task(coroutine), timeout_s)


class Surroundings(Network, CommitWatch, Protocol):
    """What of the world a process needs."""

    fix: FixSide

    feeds: Feeds


class Process:
    """The engine from its start to its death."""

    def __init__(
        self,
        settings: Settings,
        world: Surroundings,
        memory: Memory,
        *,
        loop: WorldLoop,
        clock: Clock,
        rng: Random,
        lag_s: Callable[[], float],
    ) -> None:
        """`lag_s()`: how long a commit takes."""
        self.alive = True
        self.on_fault: Callable[[BaseException], None] = lambda error: None
        self._loop = loop
        self._memory = memory
        self._world = world
        self._store: WatchedStore | None = None
        self._rng = rng
        streams = Streams(world.feeds.streams_of, loop.now_ms, world.feeds.turn)
        ground = Ground(
            clock=clock,
            draw=self._draw,
            loop=Here(loop),
            ways=Ways(transport=Line(world, self.demand_alive), connect=streams.connect),
            roles=world.fix.wires.role,
            workers=WorldWorkers(loop, lambda: self.alive, lag_s),
            open_store=self._open,
            open_reader=lambda _: memory.reader(),
        )
        self.system = System(settings, ground=ground, on_fault=lambda error: self.on_fault(error))

    @property
    def book(self) -> Book:
        """What it knows."""
        return self.system.book

    def start(self) -> None:
        """Begin."""
        self.system.start()

    def post(self, inbound: Inbound) -> None:
        """Ask for something."""
        self.system.post(inbound)

    def demand_alive(self) -> None:
        """Raises Killed for a process that is dead."""
        if not self.alive:
            raise Killed

    def kill(self, keep: "asyncio.Task[None] | None") -> None:
        """End it without a word; `keep` is nobody's of it."""
        self.alive = False
        for task in self._loop.tasks():
            if task is not keep:
                task.cancel()
        if self._store is not None:
            self._store.close()

    def _open(self, url: str, *, owner: str, now: datetime) -> WatchedStore:
        self._store = self._memory.open(owner, now, self._world)
        return self._store

    def _draw(self, digits: int) -> str:
        return "".join(self._rng.choices("0123456789", k=digits))
