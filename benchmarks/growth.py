"""`make bench-growth`: what one order costs as everything else grows, a curve each.

Every point is a process of its own (`growth_point.py`); all points are measured once in each round, so
that what else the machine does falls on all of them. Writes benchmarks/growth.json.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.growth_point import Cost, Spec
from benchmarks.history import FILE, NoRoom, stored
from benchmarks.machine import conditions, description
from benchmarks.processes import ROOT

RESULTS: Final = ROOT / "benchmarks" / "growth.json"
HISTORY: Final = "orders in history"
SIZES: Final = {
    HISTORY: (10_000, 100_000, 1_000_000, 10_000_000),
    "open orders": (10, 100, 1_000, 10_000),
    "desks": (1, 4, 16, 32),
    "strategies": (1, 10, 100),
    "subscriptions": (0, 1, 10, 100),
}
_GROWN: Final[dict[str, Callable[[Spec, int], Spec]]] = {
    "open orders": lambda spec, size: replace(spec, open_orders=size),
    "desks": lambda spec, size: replace(spec, desks=size),
    "strategies": lambda spec, size: replace(spec, strategies=size),
    "subscriptions": lambda spec, size: replace(spec, strategies=1, subscriptions=size),
}


@dataclass(slots=True)
class Point:
    """One size of one curve, and its rounds."""

    curve: str
    size: int
    spec: Spec
    costs: list[Cost] = field(default_factory=list)
    note: str = ""
    """Why there are no rounds."""

    def row(self, first: "Point") -> dict[str, object]:
        """As it is written; `first` is the curve's first point, which it is compared with."""
        row: dict[str, object] = {"curve": self.curve, "size": self.size, "note": self.note}
        if self.costs:
            cpu = [cost.cpu_us for cost in self.costs]
            ratios = [c.cpu_us / f.cpu_us for c, f in zip(self.costs, first.costs, strict=True)]
            row["cpu_us"] = round(median(cpu), 1)
            row["low"], row["high"] = round(min(cpu), 1), round(max(cpu), 1)
            row["ratio"] = round(median(ratios), 3)
            row["memory_mb"] = round(median(cost.memory_mb for cost in self.costs), 1)
        return row


def points(
    folder: Path, cache: Path, sizes: Mapping[str, Sequence[int]], orders: int
) -> list[Point]:
    """All points, their histories written. What does not fit on the disk has a note."""
    found = []
    for curve, wanted in sizes.items():
        for size in wanted:
            spec = Spec(path=str(folder / f"{curve}-{size}.db"), orders=orders)
            if curve == HISTORY:
                found.append(_of_history(cache, size, spec))
                continue
            found.append(Point(curve, size, _GROWN[curve](spec, size)))
    return found


def _of_history(cache: Path, size: int, spec: Spec) -> Point:
    try:
        folder = stored(cache, size, _tell)
    except NoRoom as error:
        return Point(HISTORY, size, spec, note=str(error))
    return Point(HISTORY, size, replace(spec, path=str(folder / FILE)))


def measure(found: Sequence[Point], rounds: int) -> None:
    """Every point once in every round, in turned order every second time."""
    for turn in range(rounds):
        _tell(f"round {turn + 1} of {rounds}")
        for point in found if turn % 2 == 0 else reversed(found):
            if not point.note:
                point.costs.append(_cost(point))


def _cost(point: Point) -> Cost:
    path = Path(point.spec.path)
    command = [sys.executable, "-m", "benchmarks.growth_point", json.dumps(asdict(point.spec))]
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603
    if point.curve != HISTORY:
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
    return Cost(**json.loads(said.stdout))


def rows(found: Sequence[Point]) -> Iterator[dict[str, object]]:
    """All points as they are written."""
    firsts: dict[str, Point] = {}
    for point in found:
        yield point.row(firsts.setdefault(point.curve, point))


def table(written: Sequence[dict[str, object]]) -> str:
    """A line a point."""
    heading = (
        f"{'curve':20} {'size':>12} {'CPU us':>9} {'low':>9} {'high':>9} {'ratio':>6} {'MiB':>7}"
    )
    lines = [heading]
    for row in written:
        start = f"{row['curve']:20} {row['size']:12,}"
        if row["note"]:
            lines.append(f"{start}  not measured: {row['note']}")
            continue
        lines.append(
            f"{start} {row['cpu_us']:9,.0f} {row['low']:9,.0f} {row['high']:9,.0f} "
            f"{row['ratio']:6.2f} {row['memory_mb']:7,.0f}"
        )
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.growth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often (default: 5)")
    parser.add_argument("--orders", type=int, default=2_000, help="measured at each point")
    parser.add_argument("--largest", type=int, default=10**7, help="of the histories")
    parser.add_argument("--only", choices=SIZES, action="append", help="this curve alone")
    parser.add_argument("--dir", type=Path, default=ROOT / "var", help="whose disk (default: var)")
    chosen = parser.parse_args()
    sizes: dict[str, Sequence[int]] = {name: SIZES[name] for name in chosen.only or SIZES}
    if HISTORY in sizes:
        sizes[HISTORY] = [size for size in sizes[HISTORY] if size <= chosen.largest]
    chosen.dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="growth-", dir=chosen.dir))
    try:
        found = points(folder, chosen.dir / "history", sizes, chosen.orders)
        weather = conditions(folder)
        measure(found, chosen.rounds)
        machine = description(folder)
    finally:
        shutil.rmtree(folder)
    written = list(rows(found))
    RESULTS.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(
        f"{machine}; load average {weather.load:.1f}, a sync {weather.sync_s * 1e3:.2f} ms\n"
        f"CPU of all threads an order; ratio: to the curve's first point, round by round\n\n"
        f"{table(written)}\n\nwritten to {RESULTS}\n"
    )


def _tell(text: str) -> None:
    sys.stderr.write(f"growth: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
