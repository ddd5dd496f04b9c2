"""Where SQLite is opened, and where its errors become the engine's own.

The driver's own transactions are off: it begins none before a SELECT and does not roll DDL back.
SQLAlchemy's `begin` event says BEGIN instead: IMMEDIATE where one writes, so that two writers meet
at the door and not in the middle; DEFERRED where one only reads.
"""

import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from oms.core.errors import ConfigError, StoreUnavailable

BUSY_TIMEOUT_S: Final = 5.0
"""How long a locked database is waited for."""

_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    }
)
"""Primary result codes whose cause lies outside the file and may go away."""


def store_path(url: str) -> Path:
    """The file of a store's URL. Raises ConfigError for anything but a file of SQLite's."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("[store] url: not a URL; write sqlite:///var/oms.db") from None
    if parsed.get_backend_name() != "sqlite":
        raise ConfigError(
            f"[store] url: no {parsed.get_backend_name()} store is built in; "
            "write sqlite:///var/oms.db"
        )
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigError("[store] url: the store is a file; write sqlite:///var/oms.db")
    return Path(parsed.database)


def open_to_write(path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """An engine that makes the file if need be and syncs every commit to the disk."""

    def connect() -> sqlite3.Connection:
        return _connect(_uri(path, "rwc"), busy_timeout_s)

    # A connection that is given back is closed: after an error, the next one starts afresh.
    engine = _engine(connect, "BEGIN IMMEDIATE", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        # A connection from which others read while this one writes, and no commit is lost.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    return engine


def open_to_read(path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """An engine that can not write, for any thread. The file must exist."""

    def connect() -> sqlite3.Connection:
        return _connect(_uri(path, "ro"), busy_timeout_s)

    return _engine(connect, "BEGIN DEFERRED", poolclass=QueuePool)


def open_scratch(path: Path) -> Engine:
    """An engine for what nobody will miss: nothing is synced, nothing can be rolled back."""

    def connect() -> sqlite3.Connection:
        return _connect(_uri(path, "rwc"), BUSY_TIMEOUT_S)

    engine = _engine(connect, "BEGIN IMMEDIATE", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")

    return engine


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(str(path.absolute()))}?mode={mode}"


def _connect(uri: str, busy_timeout_s: float) -> sqlite3.Connection:
    # Connections are opened on one thread and used on another, one at a time.
    return sqlite3.connect(
        uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
    )


def _engine(creator: Any, begin: str, poolclass: Any) -> Engine:
    engine = create_engine("sqlite://", creator=creator, poolclass=poolclass, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def say_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's connection below SQLAlchemy's."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection), "the connection is open"
    return driver


class translated:  # noqa: N801  reads as a verb, as contextlib's own do
    """SQLAlchemy's and the driver's errors become StoreUnavailable, with what was being done.

    A class, because every commit and every look-up is in one: a generator's frame costs four times
    as much.
    """

    __slots__ = ("_deed",)

    def __init__(self, deed: str) -> None:
        """`deed`: what is being done."""
        self._deed = deed

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Translate."""
        if isinstance(error, DBAPIError):
            told = f"{self._deed}: {error.orig}"
            raise StoreUnavailable(told, passing=_passes(error.orig)) from error
        if isinstance(error, SQLAlchemyError | sqlite3.Error):
            raise StoreUnavailable(f"{self._deed}: {error}", passing=_passes(error)) from error


def _passes(error: BaseException | None) -> bool:
    # The low byte of an extended code is the primary one.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING
