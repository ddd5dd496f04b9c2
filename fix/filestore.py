"""The files in which quickfix keeps one session of an acceptor.

quickfix empties them for any Logon with ResetSeqNumFlag=Y before anybody can look at its token.
So a second name is kept for each file: what a stranger emptied is put back.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from fix.transport import SessionConfig
from fix.wire import Fields, to_fields
from oms.core.errors import ConfigError, MalformedMessage

_PARTS: Final = ("body", "header", "seqnums", "session")

_ENTRY: Final = re.compile(r"(\d+),(\d+),(\d+)", re.ASCII)
"""MsgSeqNum, offset and size of a message in the body."""


class FileStore:
    """One session's files; quickfix has them open, and writes through to them at once."""

    def __init__(self, config: SessionConfig) -> None:
        """Raises ConfigError if the session has no FileStorePath."""
        folder = config.settings.get("FILESTOREPATH", "")
        if not folder:
            raise ConfigError(f"session {config.name} has no FileStorePath")
        name = f"{config.begin_string}-{config.sender}-{config.target}"
        self._prefix = Path(folder) / name

    def messages(self, first: int, last: int) -> Iterator[Fields]:
        """The messages stored under the MsgSeqNums from first to last, in order.

        What a power failure left in pieces is passed over.
        """
        places: dict[int, tuple[int, int]] = {}
        for entry in self._part("header").read_text(encoding="ascii", errors="replace").split():
            if (found := _ENTRY.fullmatch(entry)) is not None:
                number, offset, size = map(int, found.groups())
                places[number] = offset, size  # a number used again replaces what was there
        with self._part("body").open("rb") as body:
            for number in sorted(n for n in places if first <= n <= last):
                offset, size = places[number]
                body.seek(offset)
                text = body.read(size).decode("utf-8", "surrogateescape")
                with suppress(MalformedMessage):
                    if fields := to_fields(text):
                        yield fields

    def prepare(self) -> bool:
        """Before quickfix opens the files. Whether a desk's reset came just before the last end.

        A reset that nobody was entitled to, and that the last end kept from being undone, is
        undone.
        """
        marked = self._mark.exists()
        if not marked and self.emptied():
            self.restore()
        return marked

    def emptied(self) -> bool:
        """Whether quickfix emptied the files since they were kept."""
        kept, current = self._kept("seqnums"), self._part("seqnums")
        return kept.exists() and not (current.exists() and kept.samefile(current))

    def keep(self) -> None:
        """Hold on to the files as they are, under their second names. Raises ConfigError."""
        for part in _PARTS:
            self._kept(part).unlink(missing_ok=True)
            try:
                os.link(self._part(part), self._kept(part))
            except OSError as error:
                raise ConfigError(
                    f"{self._prefix.parent}: FileStorePath needs a file system with hard links: "
                    f"{error.strerror}"
                ) from error

    def restore(self) -> None:
        """Give the files that were kept their names again."""
        for part in _PARTS:
            if self._kept(part).exists():
                self._part(part).unlink(missing_ok=True)
                os.link(self._kept(part), self._part(part))

    def mark_reset(self) -> None:
        """Leave word that the desk started anew, until the journal knows it."""
        self._mark.touch()

    def forget_reset(self) -> None:
        """The journal knows of the last reset."""
        self._mark.unlink(missing_ok=True)

    @property
    def _mark(self) -> Path:
        return self._part("reset")

    def _part(self, part: str) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}.{part}")

    def _kept(self, part: str) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}.{part}.kept")
