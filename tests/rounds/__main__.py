"""Crash after crash with real processes, and nothing lost, nothing twice.

    python -m tests.rounds --rounds 500 --batch 25 --seed 1

Every round trades at five venues through a proxy that spoils connections, and ends with kill -9 and a
restart; some have the engine stopped for a while, or killed again while it starts. The venues'
simulators live on: they are the ledgers. After each batch the proxy is calm, what works is called back,
and the books are held against every ledger. Exit 1 if anything is wrong.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.rounds.batch import Batch, Told

SPEED: Final = 10
"""Windows, fences and rate limits are a tenth of, and ten times, the documents': simulators and
routes alike. Not more, so that a lost request that turns up late still meets a venue that takes it."""


def play(
    rounds: int, batch: int, seed: int, speed: int, folder: Path | None = None, jobs: int = 1
) -> Told:
    """All batches, `jobs` of them at a time; each is one installation, with a seed of its own."""
    told = Told()
    counts = [min(batch, rounds - done) for done in range(0, rounds, batch)]

    def one(number: int) -> Told:
        with _workplace(folder, number) as place:
            found = Batch(place, seed + number, counts[number], speed).run()
        _say(_line(seed + number, found))
        return found

    with ThreadPoolExecutor(jobs) as pool:
        for found in pool.map(one, range(len(counts))):
            told.add(found)
    return told


@contextmanager
def _workplace(folder: Path | None, number: int) -> Iterator[Path]:
    if folder is not None:
        place = folder / f"batch{number}"
        place.mkdir(parents=True)
        yield place
        return
    made = Path(tempfile.mkdtemp(prefix="oms-rounds-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _line(seed: int, one: Told) -> str:
    verdict = one.verdict
    state = "; ".join(verdict.faults) or "books equal ledgers"
    return (
        f"seed {seed}: {one.rounds} rounds, {one.kills} kills, {verdict.orders} orders, "
        f"{verdict.fills} fills, {sum(verdict.unresolved.values())} in doubt, "
        f"settled in {one.settling_s:.1f} s: {state}"
    )


def document(told: Told, seed: int, speed: int, elapsed_s: float) -> dict[str, Any]:
    """The figures as one JSON document."""
    row = dict(vars(told))
    verdict = dict(vars(row.pop("verdict")))
    unresolved = verdict.pop("unresolved")
    return {
        "seed": seed,
        "speed": speed,
        "elapsed_s": round(elapsed_s, 1),
        **verdict,
        "unresolved": sum(unresolved.values()),
        "unresolved_by_reason": dict(unresolved),
        **row,
    }


def table(row: dict[str, Any]) -> str:
    """The figures as a page shows them."""
    said = {
        "rounds; kill -9": f"{row['rounds']:,}; {row['kills']:,}",
        "of those during a start": f"{row['killed_in_start']:,}",
        "engine stopped for a minute of the venues' time; shortly": (
            f"{row['stopped_a_minute']:,}; {row['stopped_shortly']:,}"
        ),
        "connections through the proxy; spoilt": (
            f"{row['connections']:,}; {sum(row['struck'].values()):,}"
        ),
        "orders; fills; orders in the venues' ledgers": (
            f"{row['orders']:,}; {row['fills']:,}; {row['at_venues']:,}"
        ),
        "**lost fills**; fills booked twice": f"**{row['lost_fills']}**; {row['doubled_fills']}",
        "**duplicate orders**": f"**{row['duplicate_orders']}**",
        "**wrong terminal states**": f"**{row['wrong_terminal']}**",
        "other differences from a ledger; reports lost or twice": (
            f"{row['other_mismatches']}; {row['lost_reports']}"
        ),
        "the desk's connection ended in the calm, and it came back": f"{row['came_back']:,}",
        "in doubt to the end": f"{row['unresolved']:,}",
        "longest from decision to wire; longest settling": (
            f"{row['longest_way_s']:.2f} s; {row['settling_s']:.0f} s"
        ),
        "journal records, replayed and equal": f"{row['records']:,}",
    }
    lines = [
        f"Seed {row['seed']}, speed factor {row['speed']} on both sides, {row['elapsed_s']:.0f} s:",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in said.items()),
    ]
    reasons = sorted(row["unresolved_by_reason"].items(), key=lambda pair: -pair[1])
    if reasons:
        lines += ["", "| in doubt, and what it waits for | orders |", "|---|---|"]
        lines += [f"| {reason} | {count} |" for reason, count in reasons]
    return "\n".join(lines)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--batch", type=int, default=25, help="rounds between two settlings")
    parser.add_argument("--seed", type=int, default=1, help="the first batch's; each has the next")
    parser.add_argument("--speed", type=int, default=SPEED, help=f"the factor, {SPEED}")
    parser.add_argument("--jobs", type=int, default=1, help="batches at a time; 2 on idle cores")
    parser.add_argument("--json", action="store_true", help="one JSON document, not a table")
    parser.add_argument("--dir", type=Path, help="keep everything there")
    asked = parser.parse_args()
    _say(f"windows, fences and limits are scaled by {asked.speed} in simulators and routes alike")
    began = time.monotonic()
    told = play(asked.rounds, asked.batch, asked.seed, asked.speed, asked.dir, asked.jobs)
    row = document(told, asked.seed, asked.speed, time.monotonic() - began)
    sys.stdout.write((json.dumps(row, indent=1) if asked.json else table(row)) + "\n")
    return 1 if told.verdict.faults else 0


if __name__ == "__main__":
    sys.exit(main())
