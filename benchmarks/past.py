"""What history costs: the start, an order's CPU, memory, and the verification of the journal."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.desk import Load
from benchmarks.figures import Contest, Figure, Missing, Sample
from benchmarks.history import FILE, LARGE, OPEN, SMALL, NoRoom, Tell, Writing, stored, stored_open
from benchmarks.machine import memory_mb
from benchmarks.processes import ROOT, Gateway, configured, engine, nowhere, venue
from benchmarks.roundtrip import IN_FLIGHT, Rig
from benchmarks.targets import HISTORY_CPU, HISTORY_MEMORY, START, START_S, VERIFY
from oms.clock import Clock

_START_S: Final = 120.0
_ROWS: Final = "SELECT seq, kind, order_id, body FROM journal ORDER BY seq"


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """Orders in history."""

    small: int = SMALL
    large: int = LARGE
    still_open: int = OPEN
    load_s: float = 2.0


def past_contests(
    stack: ExitStack, folder: Path, cache: Path, clock: Clock, sizes: Histories, tell: Tell
) -> Iterator[Contest | Missing]:
    """The figures of history; their engines end with the stack."""
    figures = [_told(f, sizes) for f in (START, START_S, HISTORY_CPU, HISTORY_MEMORY, VERIFY)]
    started, started_s, cpu, memory, verified = figures
    try:
        large = stored(cache, sizes.large, tell)
        with_open = stored_open(cache, sizes.large, sizes.still_open, tell)
    except NoRoom as error:
        yield Missing(tuple(figures), str(error))
        return
    yield from _starts(folder, with_open, started, started_s)
    small = stored(cache, sizes.small, tell)
    burden = _burden(stack, folder, small, large, clock, sizes.load_s)
    yield Contest((cpu, memory), burden.ours, burden.theirs)
    yield Contest((verified,), lambda: [verify(large)], lambda: [read_and_apply(large / FILE)])


# The start


def _told(figure: Figure, sizes: Histories) -> Figure:
    """The figure, saying how large the history is where it is not a million."""
    if sizes.large == LARGE:
        return figure
    return replace(figure, name=f"{figure.name} (here {sizes.large:,})")


def _starts(folder: Path, large: Path, started: Figure, started_s: Figure) -> Iterator[Contest]:
    empty = folder / "empty"
    empty.mkdir()
    Writing(empty / FILE).close()

    def ours() -> list[Sample]:
        return [start(large)]

    yield Contest((started,), ours, lambda: [start(empty)])
    yield Contest((started_s,), ours, lambda: [Sample(1.0, 0.0)])


def start(folder: Path) -> Sample:
    """Seconds from the command to `ready`, which says that desks are accepted. No venue listens."""
    command, _ = configured(nowhere(), folder)
    with (folder / "oms.err").open("wb") as told:
        begun = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=told
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        took = time.perf_counter() - begun
        process.terminate()
        process.wait(_START_S)
        process.stdout.close()
    if line.strip() != b"ready":
        raise RuntimeError((folder / "oms.err").read_text(encoding="utf-8")[-2_000:])
    return Sample(took, 0.0)


# The burden of an order


def _burden(
    stack: ExitStack, folder: Path, small: Path, large: Path, clock: Clock, seconds: float
) -> Contest:
    """CPU and memory of two engines that differ in nothing but their history."""
    own = folder / "burden"
    own.mkdir()
    lesser = own / "small"
    lesser.mkdir()
    (lesser / FILE).write_bytes((small / FILE).read_bytes())
    at = stack.enter_context(venue(own))
    ours = stack.enter_context(engine(at, large, clock))
    theirs = stack.enter_context(engine(at, lesser, clock))
    rig = Rig(ours, {"small": theirs}, at, clock)
    rig.wait_until_ready()
    load = Load(in_flight=IN_FLIGHT, reports=1, seconds=seconds)

    def side(gateway: Gateway) -> list[Sample]:
        _, rate = rig.measure(gateway, load)
        return [
            Sample(rate.cpu_us, rate.cpu_us, rate.others),
            Sample(memory_mb(gateway.pid), 0.0),
        ]

    figures = (HISTORY_CPU, HISTORY_MEMORY)
    return Contest(figures, lambda: side(ours), lambda: side(theirs))


# Verification


def verify(folder: Path) -> Sample:
    """Records/s of `oms replay --verify`, the process from its start to its end."""
    command, _ = configured(nowhere(), folder)
    words = ["oms", "replay", "--verify", "--json", *command[-2:]]
    begun = time.perf_counter()
    said = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", *words], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    took = time.perf_counter() - begun
    verdict = json.loads(said.stdout)
    assert verdict["agrees"], f"the tables do not agree with the journal: {verdict}"
    return Sample(verdict["records"] / took, 0.0)


@dataclass(slots=True)
class _Followed:
    order_qty: Decimal = Decimal(0)
    cum_qty: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)
    exec_ids: set[str] = field(default_factory=set)


class Replayed:
    """A dict of orders, as a hand-written replay keeps it."""

    def __init__(self) -> None:
        """No orders."""
        self.records = 0
        self._decode = msgspec.json.Decoder().decode
        self.orders: dict[str, _Followed] = {}

    def take(self, kind: str, order_id: str, body: str) -> None:
        """Follow one record."""
        self.records += 1
        message = self._decode(body)["m"]
        if kind == "OrderEntered":
            self.orders[order_id] = _Followed(Decimal(message["request"]["order_qty"]))
        elif kind == "ExecutionReport" and order_id in self.orders:
            self._report(self.orders[order_id], message)

    def _report(self, order: _Followed, message: dict[str, Any]) -> None:
        exec_id, shares = message["exec_id"], message.get("last_shares")
        if exec_id not in order.exec_ids:
            order.exec_ids.add(exec_id)
            if shares is not None:
                order.cum_qty += Decimal(shares)
                order.notional += Decimal(shares) * Decimal(message["last_px"])


def replayed(path: Path) -> Replayed:
    """The whole journal, read and applied: no hash looked at, no table rebuilt, none compared."""
    found = Replayed()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    for _, kind, order_id, body in connection.execute(_ROWS):
        found.take(kind, order_id, body)
    connection.close()
    return found


def read_and_apply(path: Path) -> Sample:
    """Records/s of the bare loop."""
    begun, cpu = time.perf_counter(), time.process_time()
    records = replayed(path).records
    took, used = time.perf_counter() - begun, time.process_time() - cpu
    return Sample(records / took, used / records * 1e6)
