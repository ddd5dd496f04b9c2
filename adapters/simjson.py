"""JSON with exact numbers, for the venues' simulators: no decimal passes through a float.

How a venue writes its numbers and what it puts between them are arguments. A simulator answers
some fifty requests a scenario, and its books are written out for each of them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

_TEXTS_KEPT: Final = 4096  # most texts are the same few names and words, again and again

_WORDS: Final = {None: "null", True: "true", False: "false"}


def writer(
    comma: str, colon: str, number: Callable[[Decimal], str], *, ensure_ascii: bool = True
) -> Callable[[object], str]:
    """What writes a value as JSON text, every Decimal as the number that `number` gives for it.

    It raises KeyError for a type that is not a document's: also for float.
    """
    quote = lru_cache(_TEXTS_KEPT)(json.JSONEncoder(ensure_ascii=ensure_ascii).encode)

    def mapping(rows: Mapping[str, object]) -> str:
        told = [f"{quote(name)}{colon}{writes[type(value)](value)}" for name, value in rows.items()]
        return "{" + comma.join(told) + "}"

    def sequence(values: Sequence[object]) -> str:
        return "[" + comma.join([writes[type(value)](value) for value in values]) + "]"

    writes: dict[type, Callable[[Any], str]] = {
        str: quote,
        Decimal: number,
        int: str,
        bool: _WORDS.__getitem__,
        type(None): _WORDS.__getitem__,
        dict: mapping,
        list: sequence,
        tuple: sequence,
    }
    return lambda value: writes[type(value)](value)
