"""Columns that give back exactly what they got: decimals, instants, enumerations, all as text.

SQLite would keep a NUMERIC column as a binary float without a word. The price of text: SQL neither
sums nor compares such columns, Python does.
"""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Dialect, Text, TypeDecorator

E = TypeVar("E", bound=StrEnum)


def decimal_text(number: Decimal) -> str:
    """The number's own text, trailing zeros and exponent included.

    Raises ValueError for what is not finite: no sum survives it.
    """
    if not number.is_finite():
        raise ValueError(f"not a finite number: {number}")
    return str(number)


@lru_cache(maxsize=256)
def utc_text(time: datetime) -> str:
    """ISO 8601 in UTC, always with microseconds, so that texts sort as the instants do.

    Raises ValueError for a naive time. A batch of records shares its few instants: hence the cache.
    """
    if time.tzinfo is None:
        raise ValueError(f"a time without its zone: {time}")
    in_utc = time if time.tzinfo is UTC else time.astimezone(UTC)
    return in_utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def utc_time(text: str) -> datetime:
    """The instant that `utc_text` wrote. Raises ValueError for any other text."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"a time without its zone: {text}")
    return time


def legible(value: Any) -> Any:
    """The value; what a text has that is not UTF-8 is written out (a lone surrogate: \\udcff).

    Wires and JSON escapes bring such texts; what is kept must be readable everywhere.
    """
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode()


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal kept as its own text, so that what is read is what was written."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Decimal -> text."""
        return None if value is None else decimal_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Text -> Decimal."""
        return None if value is None else Decimal(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime kept as ISO 8601 text in UTC, exact to the microsecond."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Aware datetime -> text."""
        return None if value is None else utc_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Text -> aware datetime in UTC."""
        return None if value is None else utc_time(value)


class Word(TypeDecorator[E]):
    """A member of an enumeration, kept as its name: the word that FIX's dictionary has for it."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[E]) -> None:
        """`words`: the enumeration."""
        super().__init__()
        self.words = words

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        """Member -> name."""
        return None if value is None else value.name

    def process_result_value(self, value: Any, dialect: Dialect) -> E | None:
        """Name -> member."""
        return None if value is None else self.words[value]
