"""One point of a growth curve, in a process of its own: what an order costs, and what is resident.

In process, as under load: decided, applied, committed, and told to whoever follows; no sockets. The
process prints one JSON document.

    python -m benchmarks.growth_point '{"path": "oms.db", "desks": 4, ...}'
"""

import asyncio
import gc
import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.history import Writing
from benchmarks.lifecycles import DESK
from benchmarks.machine import memory_mb
from oms.api import Oms
from oms.core.book import Book, Changes
from oms.core.errors import EngineUnavailable
from oms.core.ports import Inbound, ToOrigin
from oms.door import Row
from oms.feed import Feed
from oms.store.queries import Reader
from oms.venues import Venues

_PATIENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What there is beside the orders that are measured."""

    path: str
    """The store; written if it is not there."""
    orders: int = 500
    """So many are measured, in groups of `group`."""
    group: int = 64
    open_orders: int = 0
    desks: int = 1
    strategies: int = 0
    """Where there are any, the orders are theirs, by turns."""
    subscriptions: int = 0
    """So many follow the first strategy's reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU of all threads an order, in microseconds; MiB resident afterwards."""

    cpu_us: float
    memory_mb: float


class Followers:
    """Whoever follows an origin's reports, each for itself, as in the engine."""

    def __init__(self, path: Path, book: Book, origin: str) -> None:
        """On the running loop; `tell` may be called on any thread."""
        self._feed = Feed()
        self._origin = origin
        self._last = book.numbers.get(origin, 0)
        self._reader = Reader.open(f"sqlite:///{path}")
        self._tasks: list[asyncio.Task[int]] = []
        self._oms = Oms(
            origin,
            post=_never,
            feed=self._feed,
            looks=self._reader,
            venues=Venues(book, {}),
            status=dict,
            certify=_nothing,
            new_cl_ord_id=str,
        )

    def start(self, count: int) -> None:
        """So many begin to follow what comes from now on."""
        self._tasks = [asyncio.create_task(self._follow(self._last)) for _ in range(count)]

    async def _follow(self, since: int) -> int:
        with suppress(EngineUnavailable):  # how the feed ends
            async for number, _ in self._oms.reports(since):
                since = number
        return since

    def tell(self, changes: Changes) -> None:
        """What was committed, in the writer's own way."""
        numbers = iter(changes.reports)
        for _, record in changes.records:
            for outbound in record.outbound:
                if isinstance(outbound, ToOrigin):
                    number = next(numbers)[1]
                    if outbound.origin == self._origin:
                        self._last = number
                        self._feed.send(number, outbound.message)

    async def finish(self) -> None:
        """Until each has had the last report. AssertionError if one does not get it."""
        self._feed.fail("all was told")
        async with asyncio.timeout(_PATIENCE_S):
            had = await asyncio.gather(*self._tasks)
        assert all(last == self._last for last in had), f"{had} of {self._last}"
        self._reader.close()


def _never(inbound: Inbound) -> None:
    raise AssertionError(f"a follower posted {inbound}")


async def _nothing() -> Row:
    return {}


async def measured(spec: Spec) -> Cost:
    """Bring it about, then measure."""
    path = Path(spec.path)
    origins = [f"S{number}" for number in range(spec.strategies)]
    origins = origins or [DESK, *(f"DESK{number}" for number in range(2, spec.desks + 1))]
    told: list[Followers] = []

    def tell(changes: Changes) -> None:
        for followers in told:
            followers.tell(changes)

    writing = Writing(path, origins, spec.group, tell)
    writing.add(spec.open_orders, filled=False)
    writing.add(spec.group, filled=True)
    followers = Followers(path, writing.book, origins[0])
    told.append(followers)
    followers.start(spec.subscriptions)
    await asyncio.sleep(0)
    gc.collect()
    cpu = time.process_time()
    await asyncio.to_thread(writing.add, spec.orders, filled=True)
    await followers.finish()
    used = time.process_time() - cpu
    cost = Cost(cpu_us=used / spec.orders * 1e6, memory_mb=memory_mb(os.getpid()))
    writing.close()
    return cost


def main() -> None:
    """The point that the command line describes."""
    cost = asyncio.run(measured(Spec(**json.loads(sys.argv[1]))))
    sys.stdout.write(json.dumps(asdict(cost)) + "\n")


if __name__ == "__main__":
    main()
