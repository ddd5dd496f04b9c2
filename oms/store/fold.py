"""The journal folded again from its first record, into the tables of a scratch file.

The fold is the engine's own, `Book.apply`. Memory does not grow with the journal: a book holds only
what can still move, and asks the scratch file for the rest.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.schema import CreateTable

from oms.core.apply import OrderMessage, apply
from oms.core.book import Book, Changes
from oms.core.errors import OmsError
from oms.core.notes import OrderEntered
from oms.core.order import Order, enter
from oms.core.ports import Recorded
from oms.core.transfers import is_transfer
from oms.store.chain import Hash
from oms.store.database import driver_of, open_scratch, translated
from oms.store.history import StoredHistory
from oms.store.links import Links, Mark, Say
from oms.store.projections import OrderWrites, write_projections
from oms.store.rows import Values, record_of
from oms.store.tables import JOURNAL, PROJECTIONS, metadata

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""

Ends = Callable[[Values], bool]

FOLDED: Final = "records folded"

BATCH: Final = 1_000
"""Records between two writes; fewer than the closed orders that a book keeps."""

_RECORDS: Final = f"SELECT {', '.join(JOURNAL.columns.keys())} FROM journal ORDER BY seq"  # noqa: S608
_OWNERS: Final = "SELECT epoch, seq, hash FROM owner ORDER BY epoch"


@dataclass(frozen=True, slots=True)
class Folded:
    """How many records there were, and number and hash of the last one."""

    records: int
    record: int
    hash: Hash


@contextmanager
def scratch() -> Iterator[tuple[Engine, Path]]:
    """Empty tables in a file of their own, which is gone afterwards.

    They have no indexes: a fold asks by the keys alone, and names that a venue makes at random
    would be put all over an index while it grows out of memory. See `index`.
    """
    with TemporaryDirectory(prefix="oms-replay-") as folder, translated("rebuilding"):
        path = Path(folder) / "replay.db"
        engine = open_scratch(path)
        try:
            with engine.begin() as connection:
                for table in metadata.sorted_tables:
                    connection.execute(CreateTable(table))
            yield engine, path
        finally:
            engine.dispose()


def index(tables: Engine) -> None:
    """Make the indexes of what was folded, for questions about it."""
    with tables.begin() as connection:
        for table in PROJECTIONS:
            for one in table.indexes:
                one.create(connection)


def fold(
    stored: Connection,
    tables: Engine,
    say: Say,
    *,
    ends: Ends | None = None,
    progress: Progress | None = None,
    noted: Iterable[Mark] = (),
) -> Folded:
    """Fold the journal into empty tables.

    `say` is told what is wrong with the journal itself, also by the hashes that were `noted`. With
    `ends`, the journal ends before the first record of which that is true.
    """
    driver = driver_of(stored)
    last = driver.execute("SELECT max(seq) FROM journal").fetchone()[0] or 0
    links = Links(say, [*_marks(stored), *noted])
    rows = driver.execute(_RECORDS)
    records = 0
    with tables.connect() as connection:
        made, orders = driver_of(connection), OrderWrites()
        book = _Fold(StoredHistory(lambda: made), say)
        while batch := rows.fetchmany(BATCH):
            folded = list(takewhile(lambda row: book.add(row, ends), batch))
            for row in folded:
                links.add(row)
            records += len(folded)
            made.execute("BEGIN")
            write_projections(made, book.take(), orders)
            made.execute("COMMIT")
            if progress is not None:
                progress(FOLDED, folded[-1][0] if folded else last, last)
            if len(folded) < len(batch):
                break
    links.end(whole=ends is None)
    return Folded(records, links.seq, links.hash)


def _marks(stored: Connection) -> list[Mark]:
    """What the owners left behind; the last one's is the end of the journal."""
    rows = driver_of(stored).execute(_OWNERS).fetchall()
    marks = [Mark(seq, hash, f"owner {epoch} left off there") for epoch, seq, hash in rows]
    return [*marks[:-1], replace(marks[-1], last=True)] if marks else []


class _Fold:
    """The engine's book, fed from the journal."""

    def __init__(self, history: StoredHistory, say: Say) -> None:
        """`history` sees what has been written of what `take` gave."""
        self._book = Book(history=history)
        self._say = say
        self._changes = Changes()

    def take(self) -> Changes:
        """What changed since the last time."""
        changes, self._changes = self._changes, Changes()
        return changes

    def add(self, row: Values, ends: Ends | None) -> bool:
        """Fold one row of the journal, unless it ends before that."""
        seq, book = row[0], self._book
        try:
            if ends is not None and ends(row):
                return False
            book.seq = seq - 1
            book.apply(record_of(row, self._moved), self._changes)
        except (OmsError, ValueError, LookupError, TypeError, ArithmeticError) as error:
            self._say(str(seq), f"can not be folded: {error!r}")
            book.seq = seq
        return True

    def _moved(self, message: Recorded, order_id: str, time: datetime) -> Order | None:
        if isinstance(message, OrderEntered):
            return enter(message, order_id, time)
        if not isinstance(message, OrderMessage) or not order_id or is_transfer(order_id):
            return None
        before = self._book.any_order(order_id)
        if before is None:
            raise ValueError(f"order {order_id} was never entered")
        after = apply(before, message, time)
        return None if after is before else after
