"""Every order-state scenario, every way: `make scenarios` prints the table.

A scenario is played on the pure core, through engine and store with the book rebuilt from the journal
after every step, and over sockets, between a desk and a FIX 4.2 counterparty. `--write` keeps what it saw
as docs/scenarios.md. Exit code 1 when any play failed.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.core.desk_of_one import DeskOfOne
from tests.core.matrix_steps import Matrix
from tests.core.scenario import MATRICES, capabilities_of, play
from tests.fix.socket_scenarios import over_sockets
from tests.store.stored_desk import empty_store, stored_desk

PAGE: Final = Path(__file__).parent.parent / "docs" / "scenarios.md"

PASS, FAILED = "pass", "FAILED"

Play = Callable[[Matrix], object]
"""Plays one scenario; raises where it goes another way than its file says."""

Ways = Mapping[str, Play]
"""The ways by their names."""


@dataclass(frozen=True)
class Result:
    """What came of one scenario, one way; `why` is the first line of a failure."""

    verdict: str
    why: str = ""


Row = tuple[Matrix, dict[str, Result]]

_HEAD = """\
# The scenarios

Appendix D of FIX 4.2, later versions' additions and our own cases ([notation](../tests/matrices/README.md)), each
played in three ways: on the pure core; through engine and store, with the book rebuilt from the journal after every
step; and over sockets, between a desk's session and a scripted FIX 4.2 counterparty. `make scenarios` plays them all
and prints this table; a test compares the list with the files.
"""


def _on_core(matrix: Matrix) -> None:
    play(matrix, DeskOfOne(capabilities_of(matrix)))


@contextmanager
def ways() -> Iterator[Ways]:
    """The three ways, as long as their folder is there."""
    with tempfile.TemporaryDirectory(prefix="scenarios-") as name:
        folder = Path(name)
        template = empty_store(folder / "template.db")

        def on_store(matrix: Matrix) -> None:
            path = folder / f"{matrix.name}.db"
            with stored_desk(template, path, capabilities_of(matrix)) as desk:
                play(matrix, desk)

        (folder / "sockets").mkdir()
        with over_sockets(folder / "sockets") as on_sockets:
            yield {"core": _on_core, "store": on_store, "sockets": on_sockets}


def result_of(matrix: Matrix, way: Play) -> Result:
    """Play one scenario one way; whatever goes wrong is a failure and no end of the run."""
    try:
        way(matrix)
    except Exception as error:  # noqa: BLE001  any failure is a row of the table
        text = str(error).partition("\n")[0]
        return Result(FAILED, f"{type(error).__name__}: {text}")
    return Result(PASS)


def table(rows: Sequence[Row]) -> str:
    """The rows as text, the failures below, the totals last."""
    names = list(rows[0][1])
    width = max(map(len, ("scenario", FAILED, *names))) + 2
    lines = ["".join(word.ljust(width) for word in ("scenario", *names)) + "title"]
    for matrix, results in rows:
        words = (matrix.name, *(results[name].verdict for name in names))
        lines.append("".join(word.ljust(width) for word in words) + matrix.title)
    lines.append("")
    for matrix, results in rows:
        lines += [f"{matrix.name} {name}: {r.why}" for name, r in results.items() if r.why]
    return "\n".join([*lines, totals(rows)])


def totals(rows: Sequence[Row]) -> str:
    """How many of each verdict, in a line."""
    seen = Counter(result.verdict for _, results in rows for result in results.values())
    counted = ", ".join(f"{seen[verdict]} {verdict}" for verdict in (PASS, FAILED))
    return f"{len(rows)} scenarios, {seen.total()} plays: {counted}"


def page(rows: Sequence[Row]) -> str:
    """The table as docs/scenarios.md."""
    names = list(rows[0][1])
    lines = [_HEAD, f"{totals(rows)}.", "", f"| scenario | {' | '.join(names)} | title |"]
    lines.append("| --- " * (len(names) + 2) + "|")
    for matrix, results in rows:
        verdicts = " | ".join(results[name].verdict for name in names)
        file = f"[{matrix.name}](../tests/matrices/{matrix.name}.txt)"
        lines.append(f"| {file} | {verdicts} | {matrix.title} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Play, print, and say by the exit code whether all passed."""
    with ways() as known:
        rows: list[Row] = [
            (matrix, {name: result_of(matrix, way) for name, way in known.items()})
            for matrix in MATRICES
        ]
    sys.stdout.write(table(rows) + "\n")
    if "--write" in arguments:
        PAGE.write_text(page(rows), encoding="utf-8")
    verdicts = {result.verdict for _, results in rows for result in results.values()}
    return 0 if verdicts == {PASS} else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
