"""Numbers and JSON as they are written on the wire: decimals in full, never through a float."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

_PLAIN: Final = re.compile(r"\d+(\.\d+)?", re.ASCII)


def number(value: Decimal) -> str:
    """Write a decimal in full, without an exponent."""
    return format(value, "f")


def read_number(text: object) -> Decimal | None:
    """Read an amount given as text; None for anything that is not plain unsigned digits."""
    if not isinstance(text, str) or not _PLAIN.fullmatch(text):
        return None
    return Decimal(text)


def dumps(value: object) -> str:
    """Write JSON in which every Decimal is a number with exactly its own digits."""
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(k)}:{dumps(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(map(dumps, value)) + "]"
    return json.dumps(value)
