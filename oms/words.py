"""The words and numbers that people write, as the core's own."""

from decimal import Decimal
from typing import Final, TypeVar

from oms.core.errors import InvalidOrder, MalformedMessage
from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.numbers import parse_number

Number = str | int | Decimal

_T = TypeVar("_T", Side, OrdType)

_TIF_WORDS: Final = {
    "DAY": TimeInForce.DAY,
    "GTC": TimeInForce.GOOD_TILL_CANCEL,
    "IOC": TimeInForce.IMMEDIATE_OR_CANCEL,
    "FOK": TimeInForce.FILL_OR_KILL,
    "GTD": TimeInForce.GOOD_TILL_DATE,
}


def number(name: str, value: Number | None) -> Decimal | None:
    """A number of an order, None for none. Raises InvalidOrder; floats are refused."""
    if value is None or isinstance(value, Decimal):
        return value if value is None or value.is_finite() else _invalid(name, value)
    if isinstance(value, bool | float):
        raise InvalidOrder(f"{name}: pass text, an int or a Decimal, not {value!r}")
    try:
        return parse_number(str(value))
    except MalformedMessage as error:
        raise InvalidOrder(f"{name}: {error}") from None


def _invalid(name: str, value: object) -> Decimal:
    raise InvalidOrder(f"{name}: not a number: {value}")


def member(kind: type[_T], name: str, word: str) -> _T:
    """A member of an enumeration by its dictionary word. Raises InvalidOrder."""
    try:
        return kind[word.upper()]
    except KeyError:
        words = ", ".join(member.name for member in kind)
        raise InvalidOrder(f"{name}: {word!r} is none of {words}") from None


def time_in_force(word: str) -> TimeInForce:
    """By FIX 4.2's word or the desks' short one. Raises InvalidOrder."""
    known = _TIF_WORDS.get(word.upper()) or TimeInForce.__members__.get(word.upper())
    if known is None:
        raise InvalidOrder(f"time_in_force: {word!r} is none of {', '.join(_TIF_WORDS)}")
    return known
