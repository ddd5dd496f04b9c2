"""The journal's chain: every record carries a hash of the one before it and of all that it says.

A record's hash is the SHA-256 of the former record's 32 bytes, zeros before the first, followed by
the record's own columns as one line of JSON in UTF-8: `[seq,"time","kind",...]`, without spaces, in
the table's order. Every commit leaves number and hash of its last record in the owner's row, so that
a journal that has lost its end does not look whole.

To somebody who knows one hash from elsewhere it proves that all up to there is as it was written.
Alone it shows what was changed by hand, but not what somebody changed who made all hashes anew.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from oms.core.ports import Record
from oms.store.rows import Values, journal_row
from oms.store.types import legible

Hash = bytes

BEGINNING: Final[Hash] = bytes(32)
"""What stands before the first record."""

_ENCODER: Final = msgspec.json.Encoder()


def link(before: Hash, columns: Sequence[Any]) -> Hash:
    """The hash of a record that says this after that. TypeError for what no record says."""
    if bytes in map(type, columns):
        raise TypeError("a record has no bytes")  # JSON would write them as another text is written
    return sha256(before + _ENCODER.encode(columns)).digest()


def chained(before: Hash, records: Iterable[tuple[int, Record]]) -> list[Values]:
    """The records as rows of the journal, each with its hash, behind the record of that hash."""
    rows: list[Values] = []
    for seq, record in records:
        row = journal_row(seq, record)
        try:
            before = link(before, row)
        except UnicodeEncodeError:
            # What is hashed must be what is read again.
            row = tuple(map(legible, row))
            before = link(before, row)
        rows.append((*row, before))
    return rows
