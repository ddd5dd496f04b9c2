"""The files in which quickfix keeps one session of an acceptor.

quickfix empties them for any Logon with ResetSeqNumFlag=Y before anybody can look at its token.
So a second name is kept for each file: what a stranger emptied is put back. They are never synced:
whether they can be trusted is asked at every start.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from fix.transport import SessionConfig
from fix.wire import Fields, to_fields
from oms.core.errors import ConfigError, MalformedMessage
from oms.core.sessions import Session
from oms.core.values import frozen

_PARTS: Final = ("body", "header", "seqnums", "session")

_ENTRY: Final = re.compile(r"(\d+),(\d+),(\d+)", re.ASCII)
"""MsgSeqNum, offset and size of a message in the body."""

_NUMBERS: Final = re.compile(r"\s*(\d+) : +(\d+)\s*", re.ASCII)
"""The next MsgSeqNums, ours first."""

_CHUNK: Final = 1 << 20

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

_SETTLED: Final = "settled"
"""In place of a boot: everything was on the disk at the last end."""


@frozen
class Condition:
    """What a start finds: `sound` if every message since the session began is there.

    `resets`: how often the desk had begun anew by then. MsgSeqNums up to `used` were used, more
    may have been if the files are not sound.
    """

    sound: bool
    resets: int
    used: int


class FileStore:
    """One session's files; quickfix has them open, and writes through to them at once."""

    def __init__(self, config: SessionConfig) -> None:
        """Raises ConfigError if the session has no FileStorePath."""
        folder = config.settings.get("FILESTOREPATH", "")
        if not folder:
            raise ConfigError(f"session {config.name} has no FileStorePath")
        names = (config.begin_string, config.sender, config.target, config.qualifier)
        name = "-".join(name for name in names if name)
        self._prefix = Path(folder) / name

    def messages(self, first: int, last: int) -> Iterator[Fields]:
        """The messages stored under the MsgSeqNums from first to last, in order.

        What a power failure left in pieces is passed over.
        """
        places = {
            number: (offset, size)  # a number used again replaces what was there
            for number, offset, size in self._entries()
            if first <= number <= last
        }
        with self._part("body").open("rb") as body:
            for number in sorted(places):
                offset, size = places[number]
                body.seek(offset)
                text = body.read(size).decode("utf-8", "surrogateescape")
                with suppress(MalformedMessage):
                    if fields := to_fields(text):
                        yield fields

    def prepare(self, journal: Session) -> Condition:
        """Before quickfix opens the files: what can be gone on from. Raises ConfigError.

        A reset that nobody was entitled to, and that the last end kept from being undone, is
        undone. Files that are not sound are put aside under another name.
        """
        resets = self._resets()
        begun_anew = resets > journal.resets
        if not begun_anew and self.emptied():
            self.restore()
        position = Session(stored_from=1) if begun_anew else journal
        try:
            sound, used = self._examine(position)
            if not sound:
                self._put_aside()
        except OSError as error:
            raise ConfigError(f"{self._prefix.parent}: FileStorePath: {error.strerror}") from error
        return Condition(sound, resets, used)

    def make_young(self, now: datetime) -> None:
        """quickfix empties at a start what was created on another day (UTC): say it was today."""
        if self._part("session").exists():
            self._part("session").write_text(f"{now:%Y%m%d-%H:%M:%S}", encoding="ascii")

    def _examine(self, position: Session) -> tuple[bool, int]:
        """Whether the files are sound, and the highest number they know of."""
        if not any(self._part(part).exists() for part in _PARTS):
            return not position.stored_from, 0
        next_out = self._next_out()
        reached, used, end = max(1, position.stored_from) - 1, next_out - 1, 0
        whole = True
        for number, offset, size in self._entries():
            whole = whole and number <= reached + 1
            reached, used, end = max(reached, number), max(used, number), max(end, offset + size)
        sound = (
            whole
            and all(self._part(part).exists() for part in _PARTS)
            and self._boot_mark() in (_boot(), _SETTLED)
            # A message is stored a moment before its number is counted.
            and position.msg_seq_num_out < next_out
            and reached in (next_out - 1, next_out)
            and end <= self._part("body").stat().st_size
            and self._readable(position.msg_seq_num_out + 1, next_out - 1)
        )
        return sound, used

    def _next_out(self) -> int:
        """The number that quickfix would use next, 0 if it can not be read."""
        if not self._part("seqnums").exists():
            return 0
        text = self._part("seqnums").read_text(encoding="ascii", errors="replace")
        found = _NUMBERS.fullmatch(text)
        return int(found[1]) if found is not None else 0

    def _readable(self, first: int, last: int) -> bool:
        return sum(1 for _ in self.messages(first, last)) == max(0, last - first + 1)

    def _entries(self) -> Iterator[tuple[int, int, int]]:
        """Number, offset and size of each message, as they were stored."""
        if not self._part("header").exists():
            return
        with self._part("header").open(encoding="ascii", errors="replace") as header:
            rest = ""
            while chunk := header.read(_CHUNK):
                *whole, rest = (rest + chunk).split(" ")
                for entry in whole:
                    if (found := _ENTRY.fullmatch(entry.strip("\0"))) is not None:
                        yield int(found[1]), int(found[2]), int(found[3])

    def _put_aside(self) -> None:
        for part in _PARTS:
            self._kept(part).unlink(missing_ok=True)
            if self._part(part).exists():
                self._part(part).replace(self._prefix.with_name(f"{self._prefix.name}.{part}.lost"))

    def emptied(self) -> bool:
        """Whether quickfix emptied the files since they were kept."""
        kept, current = self._kept("seqnums"), self._part("seqnums")
        return kept.exists() and not (current.exists() and kept.samefile(current))

    def keep(self) -> None:
        """Hold on to the files as they are, under their second names. Raises ConfigError."""
        self._mark("boot", _boot())
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

    def settle(self) -> None:
        """At an orderly end: bring the files to the disk, and say so."""
        for part in _PARTS:
            with suppress(FileNotFoundError):
                _sync(self._part(part))
        if self._prefix.parent.is_dir():
            self._mark("boot", _SETTLED)

    def mark_reset(self, resets: int) -> None:
        """Leave word that the desk started anew, for the `resets`-th time."""
        self._mark("reset", str(resets))

    def _resets(self) -> int:
        mark = self._part("reset")
        text = mark.read_text(encoding="ascii", errors="replace") if mark.exists() else ""
        return int(text) if text.isdecimal() else 0

    def _boot_mark(self) -> str:
        mark = self._part("boot")
        return mark.read_text(encoding="ascii", errors="replace") if mark.exists() else ""

    def _mark(self, name: str, text: str) -> None:
        """Write a small file that is whole or not there at all."""
        new = self._part(f"{name}.new")
        new.write_text(text, encoding="ascii")
        _sync(new)
        new.replace(self._part(name))

    def _part(self, part: str) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}.{part}")

    def _kept(self, part: str) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}.{part}.kept")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _boot() -> str:
    """Which start of the machine this is; what was written since is in its memory at least."""
    return _BOOT_ID.read_text(encoding="ascii").strip() if _BOOT_ID.exists() else "?"
