"""Round trips: desk -> engine -> Apifiny -> desk on loopback, against hand-written relays.

All stand between the same load and the same counterparty, each in a process of its own; the load
is this process. The engine is `oms run` with a real store, so that every figure of its is durable.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.desk import Desk, Load, Outcome, connect
from benchmarks.figures import Contest, Figure, Sample
from benchmarks.machine import cpu_s
from benchmarks.processes import Gateway, Style, Venue, engine, relay, venue
from benchmarks.targets import (
    AGAINST_COMMITS,
    AGAINST_ONE_CORE,
    AGAINST_STRINGS,
    ONE_REPORT,
    P50,
    P99,
    THREE_REPORTS,
)
from oms.clock import Clock

IN_FLIGHT: Final = 64

_WARM_UP: Final = 0.1  # of a load's time
_READY_S: Final = 60.0
_PAUSE_S: Final = 0.1


class Rig:
    """All gateways between load and venue, running."""

    def __init__(
        self, ours: Gateway, theirs: Mapping[str, Gateway], at: Venue, clock: Clock
    ) -> None:
        """They are up; the engine's route may not be ready yet."""
        self.ours = ours
        self.theirs = theirs
        self._venue = at
        self._clock = clock
        self._runs = count(1)
        # ClOrdIDs are unique for ever, so each run's begin with what no other's did.
        self._start_ms = clock.now_ms()

    def wait_until_ready(self) -> None:
        """All trade. TimeoutError with what was said last."""
        for gateway in (self.ours, *self.theirs.values()):
            asyncio.run(self._ready(gateway))

    async def _ready(self, gateway: Gateway) -> None:
        desk = await self.connect(gateway)
        until = time.monotonic() + _READY_S
        while refusal := await desk.probe():
            if time.monotonic() > until:
                raise TimeoutError(f"no order was taken in {_READY_S:.0f} s: {refusal}")
            await asyncio.sleep(_PAUSE_S)
        await desk.log_out()

    async def connect(self, gateway: Gateway) -> Desk:
        prefix = f"{self._start_ms}-{next(self._runs)}"
        return await connect(gateway.port, gateway.token, self._clock, prefix)

    def measure(self, gateway: Gateway, load: Load) -> tuple[Outcome, Sample]:
        """Put the load on a gateway: how it went, and orders/s with what they cost."""
        return asyncio.run(self._measure(gateway, load))

    async def _measure(self, gateway: Gateway, load: Load) -> tuple[Outcome, Sample]:
        desk = await self.connect(gateway)
        await desk.load(replace(load, seconds=load.seconds * _WARM_UP))
        before, own = (cpu_s(gateway.pid), cpu_s(self._venue.pid)), time.process_time()
        outcome = await desk.load(load)
        own = time.process_time() - own
        used, venue_used = (
            cpu_s(pid) - earlier
            for pid, earlier in zip((gateway.pid, self._venue.pid), before, strict=True)
        )
        await desk.log_out()
        cores = {"load": own / outcome.took_s, "venue": venue_used / outcome.took_s}
        rate = outcome.orders / outcome.took_s
        return outcome, Sample(rate, used / outcome.orders * 1e6, cores)

    # The figures

    def contests(self, seconds: float) -> Iterator[Contest]:
        """Throughput with one report and with three, then latency; `seconds` of load for each."""
        one, three = (
            Load(in_flight=IN_FLIGHT, reports=reports, seconds=seconds) for reports in (1, 3)
        )
        yield self._rate(ONE_REPORT, one, Style.FIELDS)
        yield self._rate(THREE_REPORTS, three, Style.FIELDS)
        yield self._rate(AGAINST_ONE_CORE, one, Style.ONE_CORE)
        yield self._rate(AGAINST_COMMITS, one, Style.COMMITS)
        yield self._rate(AGAINST_STRINGS, one, Style.STRINGS)
        yield self._latency(Load(in_flight=1, reports=1, seconds=seconds))

    def _rate(self, figure: Figure, load: Load, style: Style) -> Contest:
        def side(gateway: Gateway) -> list[Sample]:
            return [self.measure(gateway, load)[1]]

        return Contest((figure,), lambda: side(self.ours), lambda: side(self.theirs[style]))

    def _latency(self, load: Load) -> Contest:
        def side(gateway: Gateway) -> list[Sample]:
            outcome, rate = self.measure(gateway, load)
            return [
                Sample(outcome.percentile_s(percent) * 1e3, rate.cpu_us, rate.others)
                for percent in (50, 99)
            ]

        relay = self.theirs[Style.FIELDS]
        return Contest((P50, P99), lambda: side(self.ours), lambda: side(relay))


@contextmanager
def rig(folder: Path, clock: Clock) -> Iterator[Rig]:
    """Start venue, relays and engine; end them all. The store is in that folder."""
    with ExitStack() as stack:
        at = stack.enter_context(venue(folder))
        theirs: dict[str, Gateway] = {
            style: stack.enter_context(relay(at, folder, style)) for style in Style
        }
        built = Rig(stack.enter_context(engine(at, folder, clock)), theirs, at, clock)
        built.wait_until_ready()
        yield built
