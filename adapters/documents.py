"""Reading venues' JSON: each field has one kind, and anything else is MalformedMessage.

Numbers are exact: `parse` makes a Decimal of every number with a point, and quantities that come
as text are taken as they stand. Pure.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from oms.core.errors import MalformedMessage

RAW_CHARACTERS_MAX: Final = 2_000
"""What the journal keeps of a venue's text."""

DIGITS_MAX: Final = 40
"""Digits of a number on either side of its point; no market needs more."""

_JWT: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_HALF: Final = re.compile("[\ud800-\udfff]")
_HALF_SPELT: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_HIDDEN: Final = "***"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Row = Mapping[str, Any]


def parse(body: bytes) -> Any:
    """A JSON document, numbers exact, texts whole. Raises MalformedMessage for anything else."""
    try:
        told = _EXACT.decode(body.decode())
        return _whole(told) if _HALF_SPELT.search(body) else told
    except (ValueError, ArithmeticError, RecursionError):
        raise MalformedMessage("the answer is not JSON") from None


def _whole(value: Any) -> Any:
    """The value with U+FFFD for every half of a surrogate pair, which has no UTF-8."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(part) for part in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(part) for name, part in value.items()}
    return value


def _refuse_constant(word: str) -> None:
    raise ValueError(word)


# json.loads and json.dumps would build one for every document.
_EXACT: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
_TOLD: Final = json.JSONEncoder(default=str, ensure_ascii=False)


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets and without tokens, cut to `RAW_CHARACTERS_MAX`."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, _HIDDEN)
    return _JWT.sub(_HIDDEN, text)[:RAW_CHARACTERS_MAX]


def row_text(row: object, secrets: Iterable[str] = ()) -> str:
    """A row as text for the journal."""
    return redact(_TOLD.encode(row), secrets)


def row_of(value: object, what: str) -> Row:
    """A JSON object."""
    if not isinstance(value, dict):
        raise MalformedMessage(f"{what}: an object is wanted")
    return value


def list_of(value: object, what: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise MalformedMessage(f"{what}: a list is wanted")
    return value


def text_in(row: Row, name: str) -> str:
    """A field that must hold text."""
    value = row.get(name)
    if not isinstance(value, str):
        raise MalformedMessage(f"{name}: text is wanted")
    return value


def integer_in(row: Row, name: str) -> int:
    """A field that must hold a whole number, as a number."""
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedMessage(f"{name}: a whole number is wanted")
    return value


def number_in(row: Row, name: str) -> Decimal:
    """A field that must hold a decimal, as text or as a number; never a float."""
    number = optional_number_in(row, name)
    if number is None:
        raise MalformedMessage(f"{name}: a number is wanted")
    return number


def optional_number_in(row: Row, name: str) -> Decimal | None:
    """A field that holds a decimal, or is null, or is not there."""
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise MalformedMessage(f"{name}: a number is wanted")
    text = str(value)
    return _remembered(text, name) if len(text) <= 2 * DIGITS_MAX else _exact(text, name)


def _exact(text: str, name: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise MalformedMessage(f"{name}: a number is wanted") from None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or number.adjusted() >= DIGITS_MAX or exponent < -DIGITS_MAX:
        raise MalformedMessage(f"{name}: a number of at most {DIGITS_MAX} digits is wanted")
    return number


# Lists show the same figures at every reading. By text, as equal numbers differ in their zeros.
_remembered: Final = lru_cache(maxsize=4096)(_exact)


def instant_of_ms(epoch_ms: int) -> datetime:
    """UTC, `epoch_ms` milliseconds after 1970. Raises MalformedMessage outside years 1 to 9999."""
    try:
        return _EPOCH + timedelta(milliseconds=epoch_ms)
    except OverflowError:
        raise MalformedMessage("a time outside all calendars") from None
