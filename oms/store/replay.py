"""The journal folded again from its first record: to compare, or to see the past.

What `oms.store.fold` makes of it must be what the store's tables say.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table

from oms.core.errors import StoreUnavailable
from oms.core.transfers import MASK
from oms.store.database import driver_of, open_to_read
from oms.store.fold import Progress, fold, scratch
from oms.store.links import Mark
from oms.store.queries import Projections, Reader
from oms.store.rows import Values
from oms.store.tables import CODES, PROJECTIONS

DIFFERENCES_NAMED: Final = 1_000


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
    with reader.snapshot() as stored, scratch() as (tables, _):
        marks = [Mark(seq, hash, "its hash was noted") for seq, hash in (noted or {}).items()]
        say = verdict.add_of_journal
        verdict.records = fold(stored, tables, say, progress=progress, noted=marks)
        with tables.connect() as rebuilt:
            for table in PROJECTIONS:
                for difference in _compare(table, driver_of(rebuilt), driver_of(stored)):
                    verdict.add(difference)
    return verdict


@contextmanager
def as_of(reader: Reader, time: datetime) -> Iterator[Projections]:
    """Orders, fills, positions and sessions as they were known at that time.

    The journal counts up to the first record that is later: a clock that was set back hides
    nothing. Raises StoreUnavailable for a journal that can not be folded.
    """
    with scratch() as (tables, path):
        with reader.snapshot() as stored:
            fold(stored, tables, _refuse, until=time)
        with Projections(open_to_read(path)) as books:
            yield books


def _refuse(key: str, what: str) -> None:
    raise StoreUnavailable(f"the past can not be shown: {_in_journal(key, what)}")


# The comparison


def _compare(
    table: Table, rebuilt: sqlite3.Connection, stored: sqlite3.Connection
) -> Iterator[Difference]:
    """Every difference between two tables, both read once, in the order of their keys."""
    keys = [column.name for column in table.primary_key.columns]
    names = keys + [column.name for column in table.columns if column.name not in keys]
    statement = f"SELECT {', '.join(names)} FROM {table.name} ORDER BY {', '.join(keys)}"  # noqa: S608
    ours, theirs = rebuilt.execute(statement), stored.execute(statement)
    one, other = ours.fetchone(), theirs.fetchone()
    while one is not None or other is not None:
        mine, its = _place(one, len(keys)), _place(other, len(keys))
        if mine == its:
            yield from _unequal(table, names, len(keys), one, other)
        elif mine < its:
            yield _difference(table, one, len(keys), "", "a row", "none")
        else:
            yield _difference(table, other, len(keys), "", "none", "a row")
        if mine <= its:
            one = ours.fetchone()
        if its <= mine:
            other = theirs.fetchone()


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
