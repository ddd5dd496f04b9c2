"""The journal folded again from its first record: to compare, or to see the past.

The fold is the engine's own, `Book.apply`, into the tables of a scratch file; what stands there
must be what the store says. Memory does not grow with the journal: a book holds only what can still
move, and asks the scratch file for the rest.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Table, func, select

from oms.core.apply import OrderMessage, apply
from oms.core.book import Book, Changes
from oms.core.errors import OmsError, StoreUnavailable
from oms.core.notes import OrderEntered
from oms.core.order import Order, enter
from oms.core.ports import Record
from oms.core.transfers import MASK, is_transfer
from oms.store.database import driver_of, open_scratch, open_to_read, translated
from oms.store.history import StoredHistory
from oms.store.projections import write_projections
from oms.store.queries import Projections, Reader
from oms.store.rows import Values, record_of
from oms.store.tables import CODES, JOURNAL, PROJECTIONS, metadata

Progress = Callable[[int, int], None]
"""Called with the records done and the last record's number."""

BATCH: Final = 1_000
"""Records between two writes; fewer than the closed orders that a book keeps."""

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


Tell = Callable[[Difference], None]


def verify(reader: Reader, progress: Progress | None = None) -> Verdict:
    """Rebuild every table from the journal and compare them, as of one instant.

    May run beside the engine; the engine's log can not be shortened meanwhile.
    """
    verdict = Verdict()
    with reader.snapshot() as stored, _scratch() as (scratch, _):
        verdict.records = _rebuild(stored, scratch, verdict.add, progress=progress)
        with scratch.connect() as rebuilt:
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
    with _scratch() as (scratch, path):
        with reader.snapshot() as stored:
            _rebuild(stored, scratch, _refuse, until=time)
        with Projections(open_to_read(path)) as books:
            yield books


def _refuse(difference: Difference) -> None:
    raise StoreUnavailable(f"the journal can not be folded: {difference}")


@contextmanager
def _scratch() -> Iterator[tuple[Engine, Path]]:
    with TemporaryDirectory(prefix="oms-replay-") as folder, translated("rebuilding"):
        path = Path(folder) / "replay.db"
        engine = open_scratch(path)
        try:
            with engine.begin() as connection:
                metadata.create_all(connection)
            yield engine, path
        finally:
            engine.dispose()


# The fold


def _rebuild(
    stored: Connection,
    scratch: Engine,
    tell: Tell,
    *,
    until: datetime | None = None,
    progress: Progress | None = None,
) -> int:
    """Fold the journal into the scratch tables; how many records there were."""
    last = stored.execute(select(func.max(JOURNAL.c.seq))).scalar_one() or 0
    rows = stored.execution_options(yield_per=BATCH).execute(
        select(JOURNAL).order_by(JOURNAL.c.seq)
    )
    records = 0
    with closing(StoredHistory(scratch.connect())) as history:
        fold = _Fold(history, tell)
        for batch in rows.partitions():
            folded = sum(1 for _ in takewhile(lambda row: fold.add(row, until), batch))
            records += folded
            with scratch.begin() as connection:
                write_projections(driver_of(connection), fold.take())
            if progress is not None:
                progress(batch[folded - 1].seq if folded else last, last)
            if folded < len(batch):
                break
    return records


class _Fold:
    """The engine's book, fed from the journal."""

    def __init__(self, history: StoredHistory, tell: Tell) -> None:
        """`history` sees what has been written of what `take` gave."""
        self._book = Book(history=history)
        self._tell = tell
        self._changes = Changes()

    def take(self) -> Changes:
        """What changed since the last time."""
        changes, self._changes = self._changes, Changes()
        return changes

    def add(self, row: Row[Any], until: datetime | None) -> bool:
        """Fold one row of the journal, unless it is later than `until`."""
        seq, book = row.seq, self._book
        try:
            record = record_of(row)
            if until is not None and record.time > until:
                return False
            if seq != book.seq + 1:
                self._wrong(seq, f"comes after {book.seq}: records are missing")
            book.seq = seq - 1
            book.apply(replace(record, order=self._moved(record)), self._changes)
        except (OmsError, ValueError, LookupError, TypeError, ArithmeticError) as error:
            self._wrong(seq, f"can not be folded: {error!r}")
            book.seq = seq
        return True

    def _moved(self, record: Record) -> Order | None:
        """The order after the record, None where it moved none."""
        message, order_id = record.message, record.order_id
        if isinstance(message, OrderEntered):
            return enter(message, order_id, record.time)
        if not isinstance(message, OrderMessage) or not order_id or is_transfer(order_id):
            return None
        before = self._book.any_order(order_id)
        if before is None:
            raise ValueError(f"order {order_id} was never entered")
        after = apply(before, message, record.time)
        return None if after is before else after

    def _wrong(self, seq: int, what: str) -> None:
        self._tell(Difference("journal", str(seq), "", what, ""))


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
