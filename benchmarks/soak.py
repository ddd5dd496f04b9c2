"""`make soak`: hours at half the maximum rate, with restarts: what grows though nothing should.

A real `oms run` between the load and the counterparty of the round trips. First its maximum rate is
found; then orders leave at half of it, evenly, while memory, open descriptors, the size of the
write-ahead log and the p99 of the latencies are sampled. Some times the engine is stopped and
started again on the same store, one time in two without being asked (SIGKILL). At the end the journal
is verified. Writes benchmarks/soak.json and docs/soak.svg.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.desk import Load, Outcome
from benchmarks.history import FILE
from benchmarks.machine import description, memory_mb
from benchmarks.past import verify
from benchmarks.plot import Series, plot
from benchmarks.processes import ROOT, Gateway, Venue, engine, venue
from benchmarks.roundtrip import IN_FLIGHT, Rig
from oms.clock import Clock, SystemClock

RESULTS: Final = ROOT / "benchmarks" / "soak.json"
PLOT: Final = ROOT / "docs" / "soak.svg"
MINUTES: Final = 30.0
LIVES: Final = 6
"""So many times the engine is started."""

_RAMP_S: Final = 5.0
_SLICES: Final = 25
"""Samples in one life of the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a slice of the time came to. Seconds since the beginning; MiB; milliseconds."""

    at_s: float
    life: int
    orders: int
    p50_ms: float
    p99_ms: float
    memory_mb: float
    descriptors: int
    wal_mb: float
    store_mb: float


@dataclass(slots=True)
class Soak:
    """A soak under way."""

    folder: Path
    clock: Clock
    rate: float
    """Orders a second."""
    samples: list[Sample] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def find_rate(self, at: Venue) -> None:
        """Load the engine fully for a moment."""
        with engine(at, self.folder, self.clock) as gateway:
            rig = Rig(gateway, {}, at, self.clock)
            rig.wait_until_ready()
            _, sample = rig.measure(gateway, Load(in_flight=IN_FLIGHT, reports=1, seconds=_RAMP_S))
        self.rate = sample.value / 2

    def live(self, at: Venue, life: int, seconds: float, slices: int) -> None:
        """One life of the engine; every second one ends by SIGKILL, between two orders."""
        with engine(at, self.folder, self.clock) as gateway:
            rig = Rig(gateway, {}, at, self.clock)
            rig.wait_until_ready()
            asyncio.run(self._trade(rig, gateway, life, seconds, slices))
            if life % 2:
                os.kill(gateway.pid, signal.SIGKILL)

    async def _trade(
        self, rig: Rig, gateway: Gateway, life: int, seconds: float, slices: int
    ) -> None:
        desk = await rig.connect(gateway)
        for _ in range(slices):
            outcome = await desk.paced(self.rate, max(int(self.rate * seconds / slices), 1))
            self.samples.append(self._sample(gateway, life, outcome))
        await desk.log_out()

    def _sample(self, gateway: Gateway, life: int, outcome: Outcome) -> Sample:
        return Sample(
            at_s=round(time.monotonic() - self.began, 1),
            life=life,
            orders=outcome.orders,
            p50_ms=round(outcome.percentile_s(50) * 1e3, 3),
            p99_ms=round(outcome.percentile_s(99) * 1e3, 3),
            memory_mb=round(memory_mb(gateway.pid), 1),
            descriptors=len(os.listdir(f"/proc/{gateway.pid}/fd")),
            wal_mb=round(_size_mb(self.folder / f"{FILE}-wal"), 2),
            store_mb=round(_size_mb(self.folder / FILE), 2),
        )


def _size_mb(path: Path) -> float:
    return path.stat().st_size / 2**20 if path.exists() else 0.0


def soak(
    folder: Path,
    clock: Clock,
    seconds: float,
    tell: Callable[[str], None],
    *,
    lives: int = LIVES,
    slices: int = _SLICES,
    rate: float = 0.0,
) -> Soak:
    """The whole of it, at half the maximum rate where none is told; the journal agrees with the
    tables in the end, or AssertionError."""
    with ExitStack() as stack:
        at = stack.enter_context(venue(folder))
        under_way = Soak(folder, clock, rate)
        if not rate:
            under_way.find_rate(at)
        tell(f"half the maximum rate: {under_way.rate:,.0f} orders/s")
        for life in range(lives):
            under_way.live(at, life, seconds / lives, slices)
            last = under_way.samples[-1]
            tell(f"life {life + 1} of {lives}: {last.memory_mb} MiB, p99 {last.p99_ms} ms")
    verify(folder)
    return under_way


# What is flat


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The median of a life's last fifth against that of its first, and of the last life's to the
    first one's."""

    name: str
    within: float
    across: float


def drifts(samples: Sequence[Sample]) -> Iterator[Drift]:
    """1.0 is flat."""
    lives = [[s for s in samples if s.life == life] for life in sorted({s.life for s in samples})]
    for name in ("memory_mb", "descriptors", "wal_mb", "p99_ms"):
        spans = [[float(getattr(s, name)) for s in life] for life in lives]
        within = max(_middle(_last(span)) / max(_middle(_first(span)), 1e-9) for span in spans)
        across = _middle(_last(spans[-1])) / max(_middle(_last(spans[0])), 1e-9)
        yield Drift(name=name, within=round(within, 3), across=round(across, 3))


def _first(span: list[float]) -> list[float]:
    # The first sample of a life is of a process that is still growing warm.
    return span[1 : 1 + max(len(span) // 5, 1)] or span


def _last(span: list[float]) -> list[float]:
    return span[-max(len(span) // 5, 1) :]


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def drawn(samples: Sequence[Sample]) -> str:
    """The plot: one panel for each of what should be flat."""
    at = [sample.at_s / 60 for sample in samples]
    restarts = [
        a for a, s, t in zip(at[1:], samples, samples[1:], strict=False) if s.life != t.life
    ]
    panels = [
        Series("memory, MiB", [sample.memory_mb for sample in samples]),
        Series("open descriptors", [float(sample.descriptors) for sample in samples]),
        Series("write-ahead log, MiB", [sample.wal_mb for sample in samples]),
        Series("p99, ms", [sample.p99_ms for sample in samples]),
    ]
    return plot(at, panels, restarts, "minutes; a dashed line is a restart")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long (default: 30)")
    parser.add_argument("--dir", type=Path, default=ROOT / "var", help="whose disk (default: var)")
    chosen = parser.parse_args()
    chosen.dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir=chosen.dir))
    try:
        under_way = soak(folder, SystemClock(), chosen.minutes * 60, _tell)
        machine = description(folder)
    finally:
        shutil.rmtree(folder)
    samples = under_way.samples
    document = {
        "machine": machine,
        "rate": round(under_way.rate, 1),
        "drifts": [asdict(drift) for drift in drifts(samples)],
        "samples": [asdict(sample) for sample in samples],
    }
    RESULTS.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    PLOT.write_text(drawn(samples), encoding="utf-8")
    sys.stdout.write(f"{_summary(machine, under_way)}\nwritten to {RESULTS} and {PLOT}\n")


def _summary(machine: str, under_way: Soak) -> str:
    orders = sum(sample.orders for sample in under_way.samples)
    lines = [machine, f"{orders:,} orders at {under_way.rate:,.0f} a second; last by first:"]
    lines += [
        f"  {drift.name:12} within a life {drift.within:6.2f}, over all {drift.across:6.2f}"
        for drift in drifts(under_way.samples)
    ]
    return "\n".join([*lines, "the journal agrees with the tables"])


def _tell(text: str) -> None:
    sys.stderr.write(f"soak: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
