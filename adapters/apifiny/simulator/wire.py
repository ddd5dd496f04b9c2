"""Numbers and JSON as they are written on the wire: decimals in full, never through a float."""

import re
from decimal import Decimal
from typing import Final

from adapters.simjson import writer

_PLAIN: Final = re.compile(r"\d+(\.\d+)?", re.ASCII)


def number(value: Decimal) -> str:
    """Write a decimal in full, without an exponent."""
    return format(value, "f")


def read_number(text: object) -> Decimal | None:
    """Read an amount given as text; None for anything that is not plain unsigned digits."""
    if not isinstance(text, str) or not _PLAIN.fullmatch(text):
        return None
    return Decimal(text)


dumps: Final = writer(",", ":", number)
"""Write JSON in which every Decimal is a number with exactly its own digits."""
