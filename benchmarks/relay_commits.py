"""A yardstick for the round trips: the relay that keeps each message in SQLite before it passes it on.

`relay.py` as it is, and in each callback one row of the message's text and one commit, by plain
sqlite3 with WAL and `synchronous=FULL`. That is all it keeps: no order, no state, nothing that a
restart would find its way from.

    python -m benchmarks.relay_commits VENUE_PORT DESK_PORT FILE
"""
# ruff: noqa: N802  quickfix names its callbacks

import sqlite3
import sys
from threading import Lock
from typing import Any, Final

from benchmarks.relay import DeskSide, VenueSide, relay

_TABLE: Final = "CREATE TABLE messages (number INTEGER PRIMARY KEY, text TEXT NOT NULL)"
_ROW: Final = "INSERT INTO messages (text) VALUES (?)"


class Log:
    """One connection, one thread at a time: each session has its own."""

    def __init__(self, path: str) -> None:
        """A new file."""
        self._lock = Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(_TABLE)

    def keep(self, text: str) -> None:
        """Return when it is on the disk: outside a transaction a statement commits by itself."""
        with self._lock:
            self._connection.execute(_ROW, (text,))


class Orders(DeskSide):
    """Orders in, reports out."""

    log: Log

    def fromApp(self, message: Any, session_id: Any) -> None:
        self.log.keep(message.toString())
        super().fromApp(message, session_id)


class Reports(VenueSide):
    """Orders out, reports in."""

    log: Log

    def fromApp(self, message: Any, session_id: Any) -> None:
        self.log.keep(message.toString())
        super().fromApp(message, session_id)


if __name__ == "__main__":
    desk, venue = Orders(), Reports()
    desk.log = venue.log = Log(sys.argv[3])
    relay(desk, venue)
