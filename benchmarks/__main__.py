"""`python -m benchmarks`: measure, print the table, write benchmarks/results.json."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.durable import durable_contests
from benchmarks.figures import Contest, Missing, Result, run, table, write_json
from benchmarks.history import LARGE
from benchmarks.kernel import kernel_contests
from benchmarks.machine import conditions, description
from benchmarks.past import Histories, past_contests
from benchmarks.processes import ROOT, rest_venue
from benchmarks.rest import rest_contests
from benchmarks.roundtrip import rig
from oms.clock import Clock, SystemClock

RESULTS: Final = ROOT / "benchmarks" / "results.json"
PARTS: Final = ("kernel", "durable", "roundtrip", "rest", "history")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of everything is done in one round."""

    nautilus: str = sys.executable
    """The interpreter that has NautilusTrader."""
    kernel_lifecycles: int = 5_000
    single_lifecycles: int = 400
    grouped_lifecycles: int = 4_000
    load_s: float = 2.0
    rest_orders: int = 500
    histories: Histories = field(default_factory=Histories)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="benchmarks", description="Measure the engine beside hand-written yardsticks."
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often (default: 5)")
    parser.add_argument(
        "--only", choices=PARTS, action="append", help="this part alone; may be repeated"
    )
    parser.add_argument(
        "--dir", type=Path, default=ROOT / "var", help="whose disk is measured (default: var)"
    )
    parser.add_argument(
        "--nautilus", default=sys.executable, help="a Python that has nautilus_trader (this one)"
    )
    parser.add_argument(
        "--history", type=int, default=LARGE, help="orders in the large history (a million)"
    )
    chosen = parser.parse_args()
    sizes = Sizes(nautilus=chosen.nautilus, histories=Histories(large=chosen.history))
    results, machine = measure(
        chosen.dir, SystemClock(), chosen.rounds, chosen.only or PARTS, sizes
    )
    write_json(results, RESULTS)
    sys.stdout.write(
        f"{machine}\n{chosen.rounds} rounds, alternating; medians, low and high of the rounds' "
        f"ratios; CPU a unit of work\n\n{table(results)}\n\nwritten to {RESULTS}\n"
    )


def measure(
    where: Path, clock: Clock, rounds: int, parts: Collection[str], sizes: Sizes
) -> tuple[list[Result], str]:
    """All rounds of these parts, on the disk of `where`; and what the machine is."""
    with ExitStack() as stack:
        folder = stack.enter_context(_scratch(where))
        contests = _contests(stack, folder, clock, frozenset(parts), sizes)
        results = run(contests, rounds, lambda: conditions(folder), _tell)
        return results, description(folder)


def _contests(
    stack: ExitStack, folder: Path, clock: Clock, parts: frozenset[str], sizes: Sizes
) -> list[Contest | Missing]:
    contests: list[Contest | Missing] = []
    if "kernel" in parts:
        contests += kernel_contests(sizes.kernel_lifecycles, sizes.nautilus)
    if "durable" in parts:
        single, grouped = sizes.single_lifecycles, sizes.grouped_lifecycles
        contests += durable_contests(folder, clock, single, grouped)
    if "roundtrip" in parts:
        _tell("starting the venue, the relay and oms run")
        contests += stack.enter_context(rig(folder, clock)).contests(sizes.load_s)
    if "rest" in parts:
        port = stack.enter_context(rest_venue(folder))
        contests += rest_contests(port, clock, sizes.rest_orders)
    if "history" in parts:
        cache = folder.parent / "history"
        contests += past_contests(stack, folder, cache, clock, sizes.histories, _tell)
    return contests


@contextmanager
def _scratch(where: Path) -> Iterator[Path]:
    """A folder of our own on that disk, removed afterwards."""
    where.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=where))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _tell(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
