"""Whether the store's files are still where they were opened.

SQLite goes on writing into a file that was removed or replaced, and says nothing: all of it would be
gone with the process. So each commit looks for its files before anything of it is sent.
"""

import os
from pathlib import Path
from typing import Final

from oms.core.errors import StoreUnavailable

_Identity = tuple[int, int]

_LOG: Final = "-wal"


class StoreFiles:
    """The database and its write-ahead log."""

    def __init__(self, path: Path) -> None:
        """The database exists."""
        self._path = os.fspath(path.absolute())
        self._known: dict[str, _Identity | None] = {self._path: _identity(self._path)}

    def opened_anew(self) -> None:
        """The writing connection is a new one: the log may be another from now on."""
        self._known[self._path + _LOG] = None

    def demand(self) -> None:
        """To be called after a commit. Raises StoreUnavailable for a file that is not there any
        more, or is another."""
        for name, known in self._known.items():
            now = _identity(name)
            if now is None or now != (known or now):
                raise StoreUnavailable(
                    f"{name} was removed or replaced while it was open: "
                    "what is written to it would be lost"
                )
            self._known[name] = now


def _identity(name: str) -> _Identity | None:
    try:
        found = os.stat(name)
    except OSError:
        return None
    return found.st_dev, found.st_ino
