"""The typed values of a message's fields: read from what a peer sent, written for a peer. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from fix import tags
from fix.wire import Fields, parse_utc_timestamp, printable
from oms.core.errors import MalformedMessage
from oms.core.numbers import number_text, parse_number

Message = Mapping[int, str]
"""A received message by tag; quickfix has refused one that repeats a tag."""

ID_LENGTH_MAX: Final = 128
"""Characters in an identifier of a peer's; FIX sets no limit, a store needs one."""

TEXT_LENGTH_MAX: Final = 1024

_Enum = TypeVar("_Enum", bound=StrEnum)


def read_text(message: Message, tag: int) -> str:
    """A short text, "" if absent. Raises MalformedMessage if it is long or not printable ASCII."""
    text = message.get(tag, "")
    if text and (len(text) > ID_LENGTH_MAX or text != printable(text)):
        raise MalformedMessage(f"{tag} must be printable ASCII, {ID_LENGTH_MAX} at most", tag)
    return text


def read_id(message: Message, tag: int) -> str:
    """A short text that must be there. Raises MalformedMessage."""
    text = read_text(message, tag)
    if not text:
        raise MalformedMessage(f"required field missing: {tag}", tag)
    return text


def read_free_text(message: Message) -> str:
    """Text (58), cut to a length that a store takes and made printable."""
    return printable(message.get(tags.TEXT, "")[:TEXT_LENGTH_MAX])


def read_enum(message: Message, tag: int, kind: type[_Enum]) -> _Enum:
    """A value of an enumeration that must be there. Raises MalformedMessage."""
    return member(kind, read_id(message, tag), tag)


def member(kind: type[_Enum], value: str, tag: int) -> _Enum:
    """The member of that value. Raises MalformedMessage naming the tag."""
    try:
        return kind(value)
    except ValueError:
        raise MalformedMessage(f"{kind.__name__} ({tag}) {printable(value)!r}", tag) from None


def read_number(message: Message, tag: int) -> Decimal | None:
    """A FIX float, None if absent. Raises MalformedMessage naming the tag."""
    if tag not in message:
        return None
    try:
        return parse_number(message[tag])
    except MalformedMessage as error:
        raise MalformedMessage(f"{tag}: {error}", tag) from error


def read_time(message: Message, tag: int) -> datetime | None:
    """A UTCTimestamp, None if absent. Raises MalformedMessage naming the tag."""
    return parse_utc_timestamp(message[tag], tag) if tag in message else None


def add_words(fields: Fields, words: Iterable[tuple[int, str | None]]) -> None:
    """Append the texts that are there, as they may stand in a field."""
    fields += [(tag, printable(text)) for tag, text in words if text]


def add_numbers(fields: Fields, numbers: Iterable[tuple[int, Decimal | None]]) -> None:
    """Append the numbers that are there, in plain decimal notation."""
    fields += [(tag, number_text(number)) for tag, number in numbers if number is not None]


def number_or_zero(number: Decimal | None) -> str:
    """A number that FIX requires, 0 where there is none."""
    return "0" if number is None else number_text(number)
