"""What is wrong with a journal's chain, record by record: altered, missing, put in, moved.

Each record is held against the hash that stands in the record before it, so that one that was
altered does not make all that follow it look altered.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from oms.store.chain import BEGINNING, Hash, link
from oms.store.rows import Values

SUSPECTS_KEPT: Final = 32
"""Records out of the chain of which it is found out what they are; of more, only that they are."""

_NEAR: Final = range(-8, 9)
"""By how much records may have been renumbered for it to be found out."""

Say = Callable[[str, str], None]
"""Called with the number of a record, or of several, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A hash that is known of a record, since `who` did something to it. `last`: no record was
    written behind it."""

    seq: int
    hash: Hash
    who: str
    last: bool = False


@dataclass(slots=True)
class _Suspect:
    """A record that does not follow from the one before it."""

    columns: Values
    hash: Hash
    before: Hash
    number: int
    """Which record it should be: its own number, unless those around it were renumbered."""
    orphan: bool
    """The record before it is gone: nothing can be said of this one."""
    closed_up: bool = False
    """And those behind it were renumbered, so that no number is missing."""

    @property
    def seq(self) -> int:
        """Where it stands."""
        return int(self.columns[0])

    @property
    def made(self) -> Hash | None:
        """The hash that it should have."""
        return _hash(self.before, self.columns, self.number)


@dataclass(slots=True)
class _Block:
    """Records that follow each other under other numbers than they have."""

    first: int
    shift: int
    last: int


class Links:
    """Follows the journal from record to record."""

    def __init__(self, say: Say, marks: Iterable[Mark] = ()) -> None:
        """`say` is told what is wrong."""
        self.seq = 0
        self.hash = BEGINNING
        self._say = say
        self._shift = 0
        self._suspects: list[_Suspect] = []
        self._blocks: list[_Block] = []
        self._broken_marks: list[Mark] = []
        self._marks = sorted(marks, key=lambda mark: mark.seq, reverse=True)
        self._last = next((mark.seq for mark in self._marks if mark.last), None)
        self._hold_against_marks()

    def add(self, row: Values) -> None:
        """The next row of the journal: its columns, the hash last."""
        seq, columns, kept = row[0], row[:-1], row[-1]
        if seq < 1 or (self._last is not None and seq > self._last):
            self._say(str(seq), "was put in: no such record was committed")
            return
        gap = seq != self.seq + 1
        if gap:
            self._missing(seq - 1)
        follows = _hash(self.hash, columns, seq + self._shift) == kept
        if not follows and not self._is_renumbered(columns, kept):
            self._suspect(_Suspect(columns, kept, self.hash, seq + self._shift, gap))
        if follows and self._shift:
            self._blocks[-1].last = seq
        self.seq, self.hash = seq, kept
        if self._marks and self._marks[-1].seq <= seq:
            self._hold_against_marks()

    def end(self, *, whole: bool = True) -> None:
        """Say what can only be found out behind the last record; `whole`: that was the journal's."""
        if whole and self._marks:
            self._missing(self._marks[0].seq, f": {self._marks[0].who}")
        self._explain()

    def _missing(self, last: int, why: str = "") -> None:
        first = self.seq + 1
        if first == last:
            self._say(str(first), f"is missing{why}")
        else:
            self._say(f"{first}-{last}", f"are missing{why}")

    def _hold_against_marks(self) -> None:
        while self._marks and self._marks[-1].seq <= self.seq:
            mark = self._marks.pop()
            if mark.seq == self.seq and mark.hash != self.hash:
                self._broken_marks.append(mark)

    def _is_renumbered(self, columns: Values, kept: Hash) -> bool:
        """Whether it follows under another number than it has, or again under its own."""
        seq = columns[0]
        near = _NEAR if len(self._suspects) < SUSPECTS_KEPT else ()
        shift = next((by for by in near if _hash(self.hash, columns, seq + by) == kept), None)
        if shift is None:
            return False
        if shift > self._shift and self._suspects and self._suspects[-1].seq == seq - 1:
            self._suspects[-1].closed_up = True
        self._shift = shift
        if shift:
            self._blocks.append(_Block(seq, shift, seq))
        return True

    def _suspect(self, suspect: _Suspect) -> None:
        if len(self._suspects) < SUSPECTS_KEPT:
            self._suspects.append(suspect)
        else:
            self._say(str(suspect.seq), f"does not follow from record {self.seq}")

    # What was found out, once all is known

    def _explain(self) -> None:
        known = {suspect.seq: self._identity(suspect) for suspect in self._suspects}
        moved = {number: seq for seq, (number, _) in known.items() if number != seq}
        proved = {before for _, before in known.values()}
        proved |= {mark.hash for mark in self._broken_marks}
        for suspect in self._suspects:
            what = self._told(suspect, known[suspect.seq][0], moved, proved)
            if what:
                self._say(str(suspect.seq), what)
        for block in self._blocks:
            others = (
                "moved here" if block.first == block.last else "renumbered like those behind it"
            )
            self._say(str(block.first), f"is record {block.first + block.shift}, {others}")
        for mark in self._broken_marks:
            if mark.seq not in known:
                self._say(str(mark.seq), f"was another record when {mark.who}")

    def _told(
        self, suspect: _Suspect, number: int, moved: Mapping[int, int], proved: Container[Hash]
    ) -> str:
        """What is wrong with a suspect that was written as record `number`, 0 if nobody knows."""
        seq = suspect.seq
        if suspect.made is not None and suspect.made in proved:
            return "its hash was altered; what it says is as it was written"
        if number:
            return "" if number in (seq, suspect.number) else f"is record {number}, moved here"
        if seq in moved:
            return f"was put in: record {seq} stands at {moved[seq]}"
        if suspect.closed_up:
            return "stands in the place of a record that is missing"
        return "" if suspect.orphan else "was altered: it is not what its hash was made of"

    def _identity(self, suspect: _Suspect) -> tuple[int, Hash]:
        """Its number and its predecessor's hash when it was written; 0 where that is unknown."""
        others = self._suspects
        numbers = dict.fromkeys(
            [number for one in (suspect, *others) for number in (one.seq, one.number)]
            + [block.first for block in self._blocks]
        )
        told = [hash for one in others for hash in (one.before, one.hash, one.made)]
        hashes = [hash for hash in told if hash is not None]
        for number in numbers:
            for before in hashes:
                if _hash(before, suspect.columns, number) == suspect.hash:
                    return number, before
        return 0, b""


def _hash(before: Hash, columns: Values, number: int) -> Hash | None:
    """What the hash of record `number` would be; None where there can be no such record."""
    told = columns if columns[0] == number else (number, *columns[1:])
    try:
        return link(before, told)
    except (TypeError, UnicodeEncodeError):
        return None
