"""The journal folded again from its first record: to compare, or to see the past.

What `oms.store.fold` makes of it must be what the store's tables say.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table

from oms.core.errors import StoreUnavailable
from oms.core.transfers import MASK
from oms.store.database import driver_of, open_to_read
from oms.store.fold import Ends, Folded, Progress, fold, index, scratch
from oms.store.links import Mark
from oms.store.queries import Projections, Reader
from oms.store.rows import Values
from oms.store.tables import CODES, PROJECTIONS
from oms.store.types import utc_text, utc_time

DIFFERENCES_NAMED: Final = 1_000
COMPARED: Final = "tables compared"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a table does not say what the journal says, or the journal contradicts itself.

    `column` is empty where a whole row is on one side only.
    """

    table: str
    key: str
    column: str
    journal: str
    stored: str

    def __str__(self) -> str:
        """A line for a person."""
        if self.table == "journal":
            return f"journal {self.key} {self.journal}"
        where = f"{self.table} {self.key}" + (f" {self.column}" if self.column else "")
        return f"{where}: the journal says {self.journal}, the table says {self.stored}"


@dataclass(slots=True)
class Verdict:
    """What a comparison found: `count` differences, the first of them named."""

    records: int = 0
    count: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether tables and journal say the same."""
        return not self.count

    def add(self, difference: Difference) -> None:
        """One more."""
        self.count += 1
        if len(self.differences) < DIFFERENCES_NAMED:
            self.differences.append(difference)

    def add_of_journal(self, key: str, what: str) -> None:
        """One more in the journal itself."""
        self.add(_in_journal(key, what))


def _in_journal(key: str, what: str) -> Difference:
    return Difference("journal", key, "", what, "")


def verify(
    reader: Reader, progress: Progress | None = None, *, noted: Mapping[int, bytes] | None = None
) -> Verdict:
    """Rebuild every table from the journal and compare them, as of one instant.

    `noted`: hashes of records as somebody has kept them elsewhere. May run beside the engine; the engine's log can not be shortened meanwhile.
    """
    verdict = Verdict()
    with reader.snapshot() as stored, scratch() as (tables, made):
        marks = [Mark(seq, hash, "its hash was noted") for seq, hash in (noted or {}).items()]
        say = verdict.add_of_journal
        verdict.records = fold(stored, tables, say, progress=progress, noted=marks).records
        compare(made, stored, verdict, progress)
    return verdict


class Past(Projections):
    """The books as they were known after record number `record`, 0 before the first."""

    def __init__(
        self, engine: Engine, folded: Folded, *, time: datetime | None, last: int, set_back: int
    ) -> None:
        """`engine` is given over."""
        super().__init__(engine)
        self.record = folded.record
        self.hash = folded.hash
        self.time = time
        """When that record was written; None before the first."""
        self.last = last
        """The number of the journal's last record."""
        self.set_back = set_back
        """Records behind it which say that they are not later: the clock was set back."""


@contextmanager
def as_of(
    reader: Reader, until: datetime | int, progress: Progress | None = None
) -> Iterator[Past]:
    """Everything as it was known at that time, or with the record of that number.

    The journal counts up to the first record that is later: a clock that was set back hides
    nothing. Raises StoreUnavailable for a journal that is not whole up to there.
    """
    if isinstance(until, int):
        number = until
        ends: Ends = lambda row: row[0] > number  # noqa: E731
    else:
        time = until
        ends = lambda row: utc_time(row[1]) > time  # noqa: E731
    with scratch() as (tables, path):
        with reader.snapshot() as stored:
            folded = fold(stored, tables, _refuse, ends=ends, progress=progress)
            index(tables)
            facts = _facts_of(driver_of(stored), folded.record, until)
        with Past(open_to_read(path), folded, **facts) as books:
            yield books


def _facts_of(driver: sqlite3.Connection, record: int, until: datetime | int) -> dict[str, Any]:
    (last,) = driver.execute("SELECT max(seq) FROM journal").fetchone()
    row = driver.execute("SELECT time FROM journal WHERE seq = ?", (record,)).fetchone()
    time = None if row is None else utc_time(row[0])
    then = time if isinstance(until, int) else until
    earlier = "SELECT count(*) FROM journal WHERE seq > ? AND time <= ?"
    key = (record, "" if then is None else utc_text(then))
    (set_back,) = driver.execute(earlier, key).fetchone()
    return {"time": time, "last": last or 0, "set_back": set_back}


def _refuse(key: str, what: str) -> None:
    raise StoreUnavailable(f"the past can not be shown: {_in_journal(key, what)}")


# The comparison


def compare(made: Path, stored: Connection, verdict: Verdict, progress: Progress | None) -> None:
    """Add every difference between the tables of the file `made` and those that are stored.

    `stored` is of one instant, and closed when it is given back.
    """
    driver = driver_of(stored)
    # What is attached can not be let go of in a transaction: it goes with the connection.
    stored.detach()
    driver.execute("ATTACH ? AS made", (str(made),))
    for done, table in enumerate(PROJECTIONS, 1):
        # SQLite finds in a fraction of the time that there is no difference.
        if not _equal(table, driver):
            for difference in _compare(table, driver):
                verdict.add(difference)
        if progress is not None:
            progress(COMPARED, done, len(PROJECTIONS))


def _equal(table: Table, driver: sqlite3.Connection) -> bool:
    """Whether both have as many rows, and each row has its like in the other."""
    keys = [column.name for column in table.primary_key.columns]
    rest = [column.name for column in table.columns if column.name not in keys]
    alike = " AND ".join(
        [f"a.{name} = b.{name}" for name in keys] + [f"a.{name} IS b.{name}" for name in rest]
    )
    statement = (
        f"SELECT (SELECT count(*) FROM main.{table.name}), (SELECT count(*) FROM made.{table.name}),"  # noqa: S608
        f" (SELECT count(*) FROM main.{table.name} AS a CROSS JOIN made.{table.name} AS b ON {alike})"
    )
    counts: tuple[int, ...] = driver.execute(statement).fetchone()
    return len(set(counts)) == 1


def _compare(table: Table, driver: sqlite3.Connection) -> Iterator[Difference]:
    """Every difference between two tables, both read once, in the order of their keys."""
    keys = [column.name for column in table.primary_key.columns]
    names = keys + [column.name for column in table.columns if column.name not in keys]
    made, stored = (
        driver.execute(
            f"SELECT {', '.join(names)} FROM {side}.{table.name} ORDER BY {', '.join(keys)}"  # noqa: S608
        )
        for side in ("made", "main")
    )
    yield from _apart(table, names, len(keys), made, stored)


def _apart(
    table: Table, names: list[str], width: int, ours: Iterator[Any], theirs: Iterator[Any]
) -> Iterator[Difference]:
    one: Any = next(ours, None)
    other: Any = next(theirs, None)
    while one is not None or other is not None:
        mine, its = _place(one, width), _place(other, width)
        if mine == its:
            yield from _unequal(table, names, width, one, other)
        elif mine < its:
            yield _difference(table, one, width, "", "a row", "none")
        else:
            yield _difference(table, other, width, "", "none", "a row")
        if mine <= its:
            one = next(ours, None)
        if its <= mine:
            other = next(theirs, None)


def _place(row: Values | None, width: int) -> tuple[tuple[int, Any], ...]:
    """Where a row stands in SQLite's order, in which numbers precede texts; the end is last."""
    if row is None:
        return ((_LAST, 0),)
    return tuple((_RANK.get(type(value), 0), value) for value in row[:width])


_RANK: Final[dict[type, int]] = {str: 1, bytes: 2}
_LAST: Final = 3


def _unequal(
    table: Table, names: list[str], width: int, one: Values, other: Values
) -> Iterator[Difference]:
    for name, mine, its in zip(names, one, other, strict=True):
        if mine != its:
            said = (MASK, MASK) if name in CODES else (repr(mine), repr(its))
            yield _difference(table, one, width, name, *said)


def _difference(
    table: Table, row: Values, width: int, column: str, journal: str, stored: str
) -> Difference:
    key = "/".join(str(value) for value in row[:width])
    return Difference(table.name, key, column, journal, stored)
