"""The store of a scenario: the product's own, on one SQLite connection in memory.

A migrated database is made once in a process; every scenario begins with it, emptied. A crash
leaves what was committed, as the file would. SQLite reads its schema and makes its statements once,
which takes longer than most of them.
"""

import sqlite3
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event

from oms.core.book import Changes
from oms.store.queries import Reader
from oms.store.schema import migrate
from oms.store.store import Store, begin_epoch
from oms.store.tables import metadata


class _Kept(sqlite3.Connection):
    """A connection that is never closed: what is not committed when it is let go is lost, and
    what was attached to it is gone."""

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._functions: set[str] = set()

    def close(self) -> None:
        self.rollback()
        for _, name, _ in self.execute("PRAGMA database_list").fetchall():
            if name not in ("main", "temp"):
                self.execute(f"DETACH {name}")

    def create_function(self, name: str, *words: Any, **named: Any) -> None:
        """Once: SQLAlchemy does whenever it connects, and SQLite makes every statement anew then."""
        if name not in self._functions:
            super().create_function(name, *words, **named)
        self._functions.add(name)


class _Pool(StaticPool):
    """It begins again with its connection when its engine is disposed of: making another would take
    longer than all that the engine reads as it starts."""

    def recreate(self) -> "_Pool":
        return self


class Memory:
    """One database and the engines onto it. Of one thread."""

    def __init__(self) -> None:
        self._kept = sqlite3.connect(":memory:", isolation_level=None, factory=_Kept)
        self._writing = _engine(self._kept, "BEGIN IMMEDIATE")
        migrate(self._writing)
        self._reading = _engine(self._kept, "BEGIN DEFERRED")

    def reset(self) -> None:
        """As it was when it was made."""
        self._kept.execute("BEGIN IMMEDIATE")
        for table in metadata.tables:
            self._kept.execute(f"DELETE FROM {table}")  # noqa: S608  a name of ours
        self._kept.execute("COMMIT")

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What is committed."""
        return self._kept.execute(statement).fetchall()

    def journal_hash(self) -> str:
        """SHA-256 over the journal's rows."""
        hashed = sha256()
        for row in self.rows("SELECT * FROM journal ORDER BY seq"):
            hashed.update(repr(row).encode())
        return hashed.hexdigest()

    def open(self, owner: str, now: datetime, watch: "CommitWatch") -> "WatchedStore":
        """Take the store over."""
        store = WatchedStore.over(self._writing, self._reading, owner=owner, now=now)
        store.watch = watch
        return store

    def take_over(self, owner: str, now: datetime) -> None:
        """Another engine begins on it, whoever has it, and writes nothing."""
        begin_epoch(self._writing, owner, now)

    def reader(self) -> Reader:
        """For questions."""
        return Reader(self._reading)


class CommitWatch(Protocol):
    """Somebody who may stop a commit just before it or just after."""

    def before(self) -> None:
        """A batch is about to be written."""

    def after(self, changes: Changes) -> None:
        """It was written, and nothing of it has been sent."""


class WatchedStore(Store):
    """The store, watched."""

    watch: CommitWatch

    def commit(self, changes: Changes) -> None:
        """Write all of it in one transaction, or what the watch raises."""
        self.watch.before()
        super().commit(changes)
        self.watch.after(changes)


def _engine(connection: sqlite3.Connection, begin: str) -> Engine:
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=_Pool)

    @event.listens_for(engine, "begin")
    def say_begin(begun: Connection) -> None:
        begun.exec_driver_sql(begin)

    return engine
