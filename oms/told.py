"""Rows <-> what venues tell: any dataclass of theirs, as JSON can say it.

Decimals are strings, instants ISO 8601 in UTC with microseconds, enumerations their words, and
`security_exchange` is called `exchange`, as in every row. All fields are there; None is null.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from oms.core.errors import MalformedMessage

Row = dict[str, Any]

T = TypeVar("T")

_RENAMED: Final = {"security_exchange": "exchange"}


def row_of(item: Any) -> Row:
    """A dataclass as a row."""
    return {
        _RENAMED.get(field.name, field.name): plain(getattr(item, field.name))
        for field in fields(item)
    }


def item_of(kind: type[T], row: Mapping[str, Any]) -> T:
    """What `row_of` wrote. Raises MalformedMessage for what it did not."""
    known: Any = kind
    try:
        # A newer engine may say more than this side knows of.
        return kind(
            **{name: read(row[key]) for name, (key, read) in _readers(known).items() if key in row}
        )
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise MalformedMessage(f"not a {kind.__name__}: {error!r}") from None


def plain(value: Any) -> Any:
    """A value as JSON can say it."""
    if isinstance(value, StrEnum):
        return value.name
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    if isinstance(value, frozenset):
        return sorted(plain(part) for part in value)
    if is_dataclass(value):
        return row_of(value)
    return value


def instant(time: datetime) -> str:
    """An aware time as text."""
    text = time.astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


@cache
def _readers(kind: Hashable) -> dict[str, tuple[str, Callable[[Any], Any]]]:
    of: Any = kind
    hints = get_type_hints(of)
    return {
        field.name: (_RENAMED.get(field.name, field.name), _reader(hints[field.name]))
        for field in fields(of)
    }


def _reader(annotation: Any) -> Callable[[Any], Any]:
    """What turns a plain value into one of that type."""
    parts = [part for part in get_args(annotation) if part not in (NoneType, ...)]
    if get_origin(annotation) is tuple:
        one = _reader(parts[0])
        return lambda values: tuple(one(value) for value in values)
    if parts:
        inner = _reader(parts[0])
        return lambda value: None if value is None else inner(value)
    if issubclass(annotation, StrEnum):
        return lambda word: annotation[word]
    if annotation is datetime:
        return datetime.fromisoformat
    if annotation is Decimal:
        return _decimal
    if is_dataclass(annotation):
        kind: Any = annotation
        return lambda row: item_of(kind, row)
    return _of_kind(annotation)


def _decimal(text: Any) -> Decimal:
    if not isinstance(text, str):
        raise TypeError(f"a decimal is told as text, not as {type(text).__name__}")
    return Decimal(text)


def _of_kind(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{type(value).__name__} in place of {kind.__name__}")
        return value

    return read
