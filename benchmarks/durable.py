"""Durable lifecycles: decided, applied and committed to SQLite, against the bare rows.

The bare loop is given every statement with its rows ready made, and does BEGIN, the statements,
COMMIT on a connection of the same kind. It decides nothing, makes no row and reads nothing.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, Self, cast

from benchmarks.figures import Contest, Figure, Sample
from benchmarks.kernel import timed
from benchmarks.lifecycles import MESSAGES_A_LIFE, Script, fold, new_book, new_draw, rehearse
from benchmarks.targets import GROUPS_OF_1, GROUPS_OF_100
from oms.clock import Clock
from oms.core.book import Changes
from oms.store.chain import BEGINNING, Hash, chained
from oms.store.projections import OrderWrites, write_journal, write_projections
from oms.store.rows import Values
from oms.store.store import LEAVE_OFF, Store

Write = tuple[str, list[Values]]
"""A statement and the rows it is run with."""

_OWNER: Final = "benchmark"
_FIRST_EPOCH: Final = 1
_COUNTED: Final = "SELECT count(*) FROM journal"


@dataclass
class _Recorder:
    """Stands where the store's own writing expects a connection, and keeps what it is given."""

    writes: list[Write] = field(default_factory=list)

    rowcount = 0
    """Of what was written last: every row is found as it is expected."""

    def executemany(self, statement: str, rows: list[Values]) -> Self:
        self.writes.append((statement, rows))
        self.rowcount = len(rows)
        return self


def writes_of(changes: Changes, before: Hash, orders: OrderWrites) -> tuple[list[Write], Hash]:
    """What the store writes of these changes in one transaction, after the record of that hash;
    and the hash of the last one. `orders` has written what was before."""
    recorder = _Recorder()
    driver = cast(sqlite3.Connection, recorder)
    rows = chained(before, changes.records)
    seq, head = rows[-1][0], rows[-1][-1]
    recorder.executemany(LEAVE_OFF, [(seq, head, _FIRST_EPOCH)])
    write_journal(driver, rows)
    write_projections(driver, changes, orders)
    return recorder.writes, head


class Durable:
    """One size of group; every measurement has a new store."""

    def __init__(self, folder: Path, clock: Clock, lifecycles: int, group: int) -> None:
        """`folder` is on the disk that is measured; `group` in messages a commit."""
        self._folder = folder
        self._clock = clock
        self._lifecycles = lifecycles
        self._group = group
        self._numbers = count(1)
        self._prepared: tuple[Script, list[list[Write]]] | None = None

    def contest(self, figure: Figure) -> Contest:
        """Lifecycles/s, ours and the bare loop's."""
        return Contest((figure,), lambda: [self.engine()[0]], lambda: [self.bare()[0]])

    def engine(self) -> tuple[Sample, Path]:
        """Decide, apply, commit; and the file it was written to."""
        script, _ = self._script()
        path = self._path("engine")
        store = self._open(path)
        book, draw = new_book(store.history), new_draw()
        store.commit(fold(book, script.opening, draw))

        def work() -> int:
            before = book.seq
            for group in script.groups:
                store.commit(fold(book, group, draw))
            return book.seq - before

        sample = timed(work, script.messages)
        store.close()
        return _a_life(sample), path

    def bare(self) -> tuple[Sample, Path]:
        """The same rows from a list; and the file they were written to."""
        script, transactions = self._script()
        path = self._path("bare")
        store = self._open(path)
        store.commit(fold(new_book(), script.opening, new_draw()))
        store.close()
        connection = _connect(path)

        def work() -> int:
            before = _scalar(connection, _COUNTED)
            for writes in transactions:
                connection.execute("BEGIN IMMEDIATE")
                for statement, rows in writes:
                    connection.executemany(statement, rows)
                connection.execute("COMMIT")
            return _scalar(connection, _COUNTED) - before

        sample = timed(work, script.messages)
        connection.close()
        return _a_life(sample), path

    def _script(self) -> tuple[Script, list[list[Write]]]:
        if self._prepared is None:
            script = rehearse(self._lifecycles, self._group)
            self._prepared = script, _transactions(script)
        return self._prepared

    def _path(self, side: str) -> Path:
        return self._folder / f"{side}-{self._group}-{next(self._numbers)}.db"

    def _open(self, path: Path) -> Store:
        return Store.open(f"sqlite:///{path}", owner=_OWNER, now=self._clock.now())


def _transactions(script: Script) -> list[list[Write]]:
    opening = fold(new_book(), script.opening, new_draw())
    orders = OrderWrites()
    _, head = writes_of(opening, BEGINNING, orders)
    found = []
    for changes in script.changes:
        writes, head = writes_of(changes, head, orders)
        found.append(writes)
    return found


def _a_life(sample: Sample) -> Sample:
    return Sample(sample.value / MESSAGES_A_LIFE, sample.cpu_us * MESSAGES_A_LIFE)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _scalar(connection: sqlite3.Connection, statement: str) -> int:
    return int(connection.execute(statement).fetchone()[0])


def durable_contests(
    folder: Path, clock: Clock, lifecycles_single: int, lifecycles_grouped: int
) -> Iterator[Contest]:
    """Groups of 1 message and of 100."""
    yield Durable(folder, clock, lifecycles_single, 1).contest(GROUPS_OF_1)
    yield Durable(folder, clock, lifecycles_grouped, 100).contest(GROUPS_OF_100)


def rows_of(path: Path) -> dict[str, list[Any]]:
    """Every row of every table but the owner's, to compare two stores."""
    connection = partial(sqlite3.connect, path)()
    names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    found = {
        name: sorted(map(str, connection.execute(f"SELECT * FROM {name}")))  # noqa: S608
        for name in names
        if name != "owner"
    }
    connection.close()
    return found
