"""Messages <-> JSON: how they stand in the journal.

Decimals are strings, instants ISO 8601, enumerations the characters of the wire; what has its default
is left out. A message names its class: `type`.
"""

from collections.abc import Hashable
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec

from oms.core.funding import Transfer
from oms.core.messages import QuoteRequest
from oms.core.ports import DeskReport, Recorded, VenueRequest
from oms.store.types import decimal_text, legible

_T = TypeVar("_T")

Sent = DeskReport | VenueRequest | QuoteRequest | Transfer

Out = tuple[str, str, Sent]
"""What kind of receiver, which one, and what it is sent."""


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a record says, and what it releases."""

    m: Recorded
    out: list[Out]


_ENCODER: Final = msgspec.json.Encoder()
_CAREFUL: Final = msgspec.json.Encoder(decimal_format=decimal_text)


def dump(value: Any) -> str:
    """Messages, and lists of them, as JSON. Raises ValueError for a number that is not finite."""
    try:
        told = _ENCODER.encode(value)
    except UnicodeEncodeError:
        return dump(_legible(value))
    # How a number says that it is none. To look at each number would take longer than the JSON.
    if b"NaN" in told or b"Inf" in told:
        told = _CAREFUL.encode(value)
    return told.decode()


def load(kind: type[_T], text: str) -> _T:
    """What `dump` wrote of a `kind`. Raises ValueError when it is something else."""
    # Its DecodeError is a ValueError. mypy knows of no hash of a type's type.
    found: _T = _decoder(cast(Hashable, kind)).decode(text)
    return found


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _legible(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _legible(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_legible(part) for part in value]
    if isinstance(value, msgspec.Struct):
        return _legible(msgspec.to_builtins(value, builtin_types=(Decimal,)))
    return legible(value)
