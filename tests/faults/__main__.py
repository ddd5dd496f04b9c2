"""`python -m tests.faults`: as many scenarios as there is time for, and what they showed.

Two processes share the seeds. Progress is told on stderr, figures on stdout, with `--json` as one
document. Exits 1 if anything was lost, doubled or wrong, and names the seeds.
"""

import argparse
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any, Final

from tests.faults.draw_all import draw_all
from tests.faults.guards import GUARDS
from tests.faults.judge import Outcome
from tests.faults.seeds import begin, outcome_of
from tests.faults.shortest import readable, shortest
from tests.faults.story import timeline
from tests.faults.world import run

SCENARIOS: Final = 20_000
MINUTES: Final = 10.0
CHUNK: Final = 25
"""Seeds that a process takes at a time, at most."""
NAMED: Final = 20
"""Failing seeds that are named."""


@dataclass(slots=True)
class Sum:
    """What all scenarios so far have shown."""

    scenarios: int = 0
    figures: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    unresolved: Counter[str] = field(default_factory=Counter)
    in_doubt_s: list[float] = field(default_factory=list)
    failing: list[tuple[int, str]] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """One more."""
        self.scenarios += 1
        self.figures.update({name: getattr(outcome, name) for name in COUNTED})
        self.struck.update({str(kind): count for kind, count in outcome.struck.items()})
        self.unresolved.update(f"{one.route}: {one.reason}" for one in outcome.unresolved)
        self.in_doubt_s += outcome.in_doubt_s
        if not outcome.right:
            self.failing.append((outcome.seed, outcome.failures[0]))

    def as_json(self) -> dict[str, Any]:
        """The document of `--json`."""
        return {
            "scenarios": self.scenarios,
            **{name: self.figures[name] for name in COUNTED},
            "unresolved": sum(self.unresolved.values()),
            "unresolved_by_reason": dict(self.unresolved.most_common()),
            "in_doubt": len(self.in_doubt_s),
            "longest_in_doubt_s": round(max(self.in_doubt_s, default=0.0), 3),
            "median_in_doubt_s": round(median(self.in_doubt_s or [0.0]), 3),
            "faults": dict(self.struck.most_common()),
            "failing_seeds": [seed for seed, _ in self.failing],
        }


COUNTED: Final = (
    "orders",
    "fills",
    "lost_fills",
    "phantom_fills",
    "duplicate_orders",
    "wrong_terminal",
    "unbooked_in_doubt",
    "restarts",
    "requests",
)


def main() -> int:
    """Run them; the exit code."""
    asked = _asked()
    if asked.story is not None:
        return _tell(asked.story, asked.whole, asked.without)
    first, last = asked.seeds
    began, total = time.monotonic(), Sum()
    for outcome in _outcomes(range(first, last + 1), asked.jobs, asked.without):
        total.add(outcome)
        took_s = time.monotonic() - began
        if total.scenarios % CHUNK == 0:
            _progress(total, last + 1 - first, took_s)
        if took_s > asked.minutes * 60:
            break
    sys.stderr.write("\n")
    document = total.as_json() | {"seconds": round(time.monotonic() - began, 1)}
    out = json.dumps(document) if asked.json else _lines(document)
    sys.stdout.write(f"{out}\n")
    for seed, failure in total.failing[:NAMED]:
        how = f"--story {seed}" + (f" --without {asked.without!r}" if asked.without else "")
        sys.stderr.write(f"seed {seed}: {failure}\n  python -m tests.faults {how}\n")
    return 1 if total.failing else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--scenarios", type=int, default=SCENARIOS)
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--seeds", help="from A to B, like 1-500")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--story", type=int, metavar="SEED", help="of a failing one, the shortest")
    parser.add_argument("--whole", action="store_true", help="with --story: all that happens")
    parser.add_argument("--without", choices=GUARDS, help="a guard that the engine lacks")
    asked = parser.parse_args()
    asked.seeds = _seeds(asked.seed, asked.seeds, asked.scenarios)
    return asked


def _seeds(seed: int | None, span: str | None, scenarios: int) -> tuple[int, int]:
    if seed is not None:
        return seed, seed
    if span is not None:
        first, _, last = span.partition("-")
        return int(first), int(last or first)
    return 1, scenarios


def _outcomes(seeds: Sequence[int], jobs: int, without: str | None) -> Iterator[Outcome]:
    outcome = partial(outcome_of, without=without)
    if jobs < 2 or len(seeds) < jobs:
        begin()
        yield from map(outcome, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, begin) as pool:
        yield from pool.imap_unordered(outcome, seeds, min(CHUNK, -(-len(seeds) // jobs)))


def _tell(seed: int, whole: bool, without: str | None) -> int:
    """The story of a seed; of one that fails, no more than what it takes."""
    removal = GUARDS[without].without if without else None
    plan, lines = draw_all(seed), list[str]()
    with suppress(ValueError):
        plan = plan if whole else shortest(plan, without=removal)
    outcome = run(plan, without=removal() if removal else None, story=lines)
    told = "\n".join(lines) if whole else timeline(readable(lines))
    sys.stdout.write("\n".join([str(plan), told, *outcome.failures, ""]))
    return 1 if outcome.failures else 0


def _progress(total: Sum, wanted: int, took_s: float) -> None:
    rate = total.scenarios / took_s
    sys.stderr.write(
        f"\r{total.scenarios} of {wanted} scenarios, {rate:.0f} a second,"
        f" {len(total.failing)} failing  "
    )
    sys.stderr.flush()


def _lines(document: dict[str, Any]) -> str:
    lines = []
    for name, value in document.items():
        if isinstance(value, dict):
            lines.append(f"{name.replace('_', ' ')}:")
            lines += [f"  {count:>8}  {what}" for what, count in value.items()]
        else:
            lines.append(f"{name.replace('_', ' '):<22}{value}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
