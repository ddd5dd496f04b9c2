"""The store: one owner, one transaction a batch, and what it held when the engine starts again."""

import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn, Protocol, Self

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, bindparam, func, not_, select

from oms.core.book import CLOSED_KEPT, Book, Changes
from oms.core.errors import StoreFenced, StoreUnavailable
from oms.core.facts import Execution
from oms.core.order import Order
from oms.store.break_rows import break_of, foreign_of, holding_of
from oms.store.chain import BEGINNING, Hash, chained
from oms.store.database import (
    BUSY_TIMEOUT_S,
    driver_of,
    open_to_read,
    open_to_write,
    store_path,
    translated,
)
from oms.store.files import StoreFiles
from oms.store.history import StoredHistory
from oms.store.lock import Lock
from oms.store.move_rows import move_of
from oms.store.projections import OrderWrites, write_journal, write_projections
from oms.store.question import Question
from oms.store.rows import execution_of, kill_of, order_of, session_of
from oms.store.schema import migrate
from oms.store.tables import (
    BREAKS,
    COUNTED,
    EXECUTIONS,
    FIX_SESSIONS,
    FOREIGN_ORDERS,
    HOLDINGS,
    KILL_SWITCHES,
    NONCES,
    OPEN,
    OPEN_MOVES,
    ORDERS,
    POSITIONS,
    TRANSFERS,
    WORKS,
)
from oms.store.types import utc_text, utc_time

COMMIT_BUSY_S: Final = 1.0
"""Whoever commits learns after so long that the database is locked, and may try again."""

RECENT_RECORDS: Final = 20_000
RECENT: Final = timedelta(minutes=10)
"""What moved in the journal's last records, and not longer than this before the last of them, is
loaded although it is closed."""
RECENT_RECORDS_LEAST: Final = 200
"""What moved in so many is loaded whatever their times: a clock that jumps ahead makes old what has
just closed."""


def _both(*which: ColumnElement[bool]) -> tuple[Question, Question]:
    """What asks for some orders, and for their executions."""
    executions = (
        select(EXECUTIONS)
        .where(EXECUTIONS.c.order_id.in_(select(ORDERS.c.order_id).where(*which)))
        .order_by(EXECUTIONS.c.order_id, EXECUTIONS.c.seq)
    )
    orders = select(ORDERS).where(*which).order_by(ORDERS.c.order_id)
    return Question(orders), Question(executions)


_NAMED: Final = select(func.json_each(bindparam("names")).table_valued("value").c.value)
"""Names that are told as one text: a list in JSON."""

_WORKING: Final = _both(OPEN)
_CLOSED: Final = _both(not_(OPEN), ORDERS.c.order_id.in_(_NAMED))
_BACKWARDS: Final = "SELECT seq, time, order_id FROM journal WHERE seq > ? ORDER BY seq DESC"
_POSITIONS: Final = Question(select(POSITIONS))
_SESSIONS: Final = Question(select(FIX_SESSIONS))
_KILLS: Final = Question(select(KILL_SWITCHES))
_NONCES: Final = Question(select(NONCES))
_MOVES: Final = Question(select(TRANSFERS).where(OPEN_MOVES))
_HOLDINGS: Final = Question(select(HOLDINGS))
# The condition is the index's own, and that of OPEN.
_BREAKS: Final = Question(select(BREAKS).where(OPEN))
_FOREIGN: Final = Question(select(FOREIGN_ORDERS).where(WORKS))
_EXPLAINED: Final = Question(
    select(BREAKS.c.route, BREAKS.c.reference).where(BREAKS.c.reference != "")
)

_OWNER: Final = "SELECT epoch, who FROM owner ORDER BY epoch DESC LIMIT 1"
LEAVE_OFF: Final = (
    "UPDATE owner SET seq = ?, hash = ? WHERE epoch = ? AND epoch = (SELECT max(epoch) FROM owner)"
)
"""Note the last record and its hash, if the epoch is still the newest."""

_LEFT: Final = "SELECT epoch, seq, hash FROM owner ORDER BY epoch DESC LIMIT 1"
_LAST: Final = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"

_EACH_HIGHEST: Final = """
WITH RECURSIVE names(name) AS (
    SELECT min({name}) FROM {table} WHERE {condition}
    UNION ALL
    SELECT (SELECT min({name}) FROM {table} WHERE {condition} AND {name} > names.name)
    FROM names WHERE names.name IS NOT NULL
)
SELECT name, (SELECT max({number}) FROM {table} WHERE {condition} AND {name} = names.name)
FROM names WHERE name IS NOT NULL
"""
"""The highest number of every name, jumping from name to name along an index: GROUP BY would walk
through everything there ever was."""

_NUMBERS: Final = _EACH_HIGHEST.format(
    name="reports.origin",
    number="number",
    table="reports",
    condition="true",
)
_CLIENT_IDS: Final = tuple(
    _EACH_HIGHEST.format(
        name=f"{table}.route",
        number="CAST(venue_cl_ord_id AS INTEGER)",
        table=f"{table} INDEXED BY {table}_counted",
        condition=COUNTED,
    )
    for table in ("orders", "legs")
)


class Held(Protocol):
    """A lock that somebody has."""

    def release(self) -> None:
        """Let the next one in."""


class Store:
    """The engine's store, owned by this process until `close`.

    `commit` and `history` are for the writer's thread. Any call may raise StoreUnavailable;
    nothing of a call that raised is kept, and the next call starts afresh.
    """

    def __init__(
        self,
        writing: Engine,
        reading: Engine,
        epoch: int,
        head: Hash,
        lock: Held | None,
        files: StoreFiles | None,
    ) -> None:
        """Use `open` or `over`."""
        self._lock = lock
        self._engine = writing
        self._writing: Connection | None = None
        self._reading = reading
        self._files = files
        self._failed_at = 0
        self._closed = False
        self._head = head
        self._orders = OrderWrites()
        self.epoch = epoch
        # Its own connection's pages: another one would read them anew after every commit.
        self.history = StoredHistory(self._connect)

    @classmethod
    def open(
        cls, url: str, *, owner: str, now: datetime, busy_timeout_s: float = BUSY_TIMEOUT_S
    ) -> Self:
        """Take the store over: make it if need be, lock it, bring it up to date, begin an epoch.

        `owner` says who, for whoever finds it locked; a locked database is waited for
        `busy_timeout_s`, by a commit COMMIT_BUSY_S at most. Raises StoreLocked, ConfigError,
        StoreUnavailable.
        """
        path = store_path(url)
        lock = Lock.take(path, owner, now)
        engine = open_to_write(path, busy_timeout_s)
        try:
            with translated(f"opening the store {path}"):
                migrate(engine)
            engine = open_to_write(path, min(busy_timeout_s, COMMIT_BUSY_S))
            reading, files = open_to_read(path), StoreFiles(path)
            return cls.over(engine, reading, owner=owner, now=now, lock=lock, files=files)
        except BaseException:
            engine.dispose()
            lock.release()
            raise

    @classmethod
    def over(
        cls,
        writing: Engine,
        reading: Engine,
        *,
        owner: str,
        now: datetime,
        lock: Held | None = None,
        files: StoreFiles | None = None,
    ) -> Self:
        """Begin an epoch of a database that is of this program's version, through engines that
        are given over; `files`: where it stands on the disk, if it does. Raises StoreUnavailable."""
        with translated("opening the store"):
            epoch, head = begin_epoch(writing, owner, now)
        return cls(writing, reading, epoch, head, lock, files)

    def commit(self, changes: Changes) -> None:
        """Write all of it in one transaction, synced to the disk.

        Raises StoreFenced when a newer owner has taken the store, StoreUnavailable when it can
        not be written; nothing is written then. Whether the cause may pass, it says: the same
        changes may be committed again then, and are written once.
        """
        if not changes.records:
            return
        rows = chained(self._head, changes.records)
        seq, head = rows[-1][0], rows[-1][-1]
        with translated("writing to the store"):
            try:
                driver = self._connect()
                driver.execute("BEGIN IMMEDIATE")
                if not driver.execute(LEAVE_OFF, (seq, head, self.epoch)).rowcount:
                    self._fenced(driver)
                if not self._has(driver, seq):
                    write_journal(driver, rows)
                    write_projections(driver, changes, self._orders)
                driver.execute("COMMIT")
            except BaseException:
                self._failed_at = seq
                self._disconnect()
                raise
        self._head = head
        self._failed_at = 0
        if self._files is not None:
            self._files.demand()

    def load(self, book: Book) -> None:
        """Put into an empty book what the store holds of it."""
        with translated("reading the store"), self._reading.connect() as connection:
            driver = driver_of(connection)
            driver.execute("BEGIN DEFERRED")  # ends when the connection is given back
            book.seq = _scalar(driver, "SELECT max(seq) FROM journal")
            if not book.seq:
                return  # all else is made of its records
            book.restore(_orders(driver, _WORKING))
            # What closed last may still have to be compared with what its venue says of it.
            recent = _recent(driver)
            names = msgspec.json.encode(recent).decode()
            book.restore(_orders(driver, _CLOSED, names=names) if recent else [])
            book.last_order_number = _scalar(driver, "SELECT max(order_id) FROM orders")
            for statement in _CLIENT_IDS:
                for route, last in _pairs(driver, statement).items():
                    book.last_client_ids[route] = max(book.last_client_ids.get(route, 0), last)
            book.numbers.update(_pairs(driver, _NUMBERS))
            for route, exchange, account, asset, qty in _POSITIONS.ask(driver):
                book.positions[route, exchange, account, asset] = qty
            for row in _SESSIONS.ask(driver):
                book.sessions[row.origin] = session_of(row)
            for row in _KILLS.ask(driver):
                book.kills[row.route] = kill_of(row)
            book.nonces.update({row.route: row.last for row in _NONCES.ask(driver)})
            for row in _MOVES.ask(driver):
                book.moves.put(move_of(row))
            book.moves.last_number = _scalar(driver, "SELECT max(number) FROM transfers")
            book.agreement.restore(
                map(holding_of, _HOLDINGS.ask(driver)),
                map(break_of, _BREAKS.ask(driver)),
                map(foreign_of, _FOREIGN.ask(driver)),
                _scalar(driver, "SELECT max(number) FROM breaks"),
                [(row.route, row.reference) for row in _EXPLAINED.ask(driver)],
            )

    def close(self) -> None:
        """Let go of the store. More than once is no harm."""
        if self._closed:
            return
        self._closed = True
        self._reading.dispose()
        # Last, so that it is the one that folds the write-ahead log into the file.
        self._disconnect()
        self._engine.dispose()
        if self._lock is not None:
            self._lock.release()

    def _has(self, driver: sqlite3.Connection, seq: int) -> bool:
        # A disk that fails while the log is synced may have kept all of it: a commit that was told
        # to have failed is looked for before it is written again.
        if seq != self._failed_at:
            return False
        return bool(driver.execute("SELECT 1 FROM journal WHERE seq = ?", (seq,)).fetchone())

    def _connect(self) -> sqlite3.Connection:
        if self._writing is None:
            assert not self._closed, "a closed store is not written to"
            self._writing = self._engine.connect()
            if self._files is not None:
                self._files.opened_anew()
        return driver_of(self._writing)

    def _disconnect(self) -> None:
        # SQLite rolls back what the closed connection had begun.
        connection, self._writing = self._writing, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _fenced(self, driver: sqlite3.Connection) -> NoReturn:
        epoch, who = driver.execute(_OWNER).fetchone()
        raise StoreFenced(
            f"the store belongs to {who} since epoch {epoch}; "
            f"this process is of epoch {self.epoch} and writes nothing more"
        )


def begin_epoch(engine: Engine, owner: str, now: datetime) -> tuple[int, Hash]:
    """Fence every former owner; the new epoch, and the hash that the journal goes on from.

    Raises StoreUnavailable for a journal that does not end where its last owner left off: what was
    sent then would be forgotten.
    """
    # What is begun and not committed is rolled back when the connection is given back.
    with closing(engine.connect()) as connection:
        driver = driver_of(connection)
        driver.execute("BEGIN IMMEDIATE")
        epoch, *left = _row(driver, _LEFT, (0, 0, BEGINNING))
        found = _row(driver, _LAST, (0, BEGINNING))
        if tuple(left) != found:
            raise StoreUnavailable(
                f"the journal ends with record {found[0]} and its last owner left off at record "
                f"{left[0]}: it was written into past the engine; `oms replay --verify` says where"
            )
        row = (epoch + 1, owner, utc_text(now), *found)
        driver.execute("INSERT INTO owner VALUES (?, ?, ?, ?, ?)", row)
        driver.execute("COMMIT")
    return epoch + 1, found[1]


def _orders(
    driver: sqlite3.Connection, which: tuple[Question, Question], **names: str
) -> list[Order]:
    orders = which[0].ask(driver, **names)
    executions: defaultdict[str, list[Execution]] = defaultdict(list)
    for row in which[1].ask(driver, **names) if orders else ():
        executions[row.order_id].append(execution_of(row))
    return [order_of(row, executions[row.order_id]) for row in orders]


def _recent(driver: sqlite3.Connection) -> list[str]:
    statement = "SELECT seq, time FROM journal ORDER BY seq DESC LIMIT 1"
    seq, time = driver.execute(statement).fetchone()
    since = utc_text(utc_time(time) - RECENT)
    moved: dict[str, None] = {}
    for at, when, order_id in driver.execute(_BACKWARDS, (seq - RECENT_RECORDS,)):
        if at <= seq - RECENT_RECORDS_LEAST and when < since:
            break  # a journal's time never goes back, and what is older may have to come from the disk
        if order_id:
            moved[order_id] = None
    return list(moved)[:CLOSED_KEPT]


def _row(driver: sqlite3.Connection, statement: str, otherwise: tuple[Any, ...]) -> tuple[Any, ...]:
    row = driver.execute(statement).fetchone()
    return otherwise if row is None else tuple(row)


def _scalar(driver: sqlite3.Connection, statement: str) -> int:
    """The number that a SELECT of one value gives, 0 for NULL."""
    return int(driver.execute(statement).fetchone()[0] or 0)


def _pairs(driver: sqlite3.Connection, statement: str) -> dict[str, int]:
    return {str(name): int(number) for name, number in driver.execute(statement)}
