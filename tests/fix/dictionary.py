"""Whether a client with every validation on would take a message."""

from collections.abc import Iterable
from pathlib import Path

import quickfix

from tools import dialects

STOCK = Path(dialects.STOCK)
EXTENDED = dialects.ROOT / "spec" / "OMS42X.xml"

_known: dict[Path, quickfix.DataDictionary] = {}


def validate(fields: Iterable[tuple[int, str]], path: Path = STOCK) -> None:
    """Raise what quickfix raises for a message that the dictionary does not allow.

    `fields` begin with MsgType; the rest of the header is filled in.
    """
    dictionary = _known.setdefault(path, quickfix.DataDictionary(str(path)))
    first, *rest = fields
    head = [(8, "FIX.4.2"), (9, "0"), first, (49, "OMS"), (56, "DESK1"), (34, "2")]
    whole = [*head, (52, "20260102-03:04:05.000"), *rest, (10, "000")]
    text = "".join(f"{tag}={value}\x01" for tag, value in whole)
    # Written as quickfix writes it, and read as a client does, groups and all.
    written = quickfix.Message(text, False).toString()
    dictionary.validate(quickfix.Message(written, dictionary, False))
