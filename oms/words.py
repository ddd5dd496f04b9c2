"""The words and numbers that people write, as the core's own."""

from decimal import Decimal
from typing import Final, TypeVar

from oms.core.errors import InvalidOrder, MalformedMessage
from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.numbers import NUMBER_LENGTH_MAX, parse_number

Number = str | int | Decimal

TEXT_LENGTH_MAX: Final = 64
"""Characters in a ClOrdID, a symbol, an account."""

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
    if value is None:
        return None
    if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal):
        raise InvalidOrder(f"{name}: pass text, an int or a Decimal, no {type(value).__name__}")
    if isinstance(value, Decimal):
        return _sane(name, value)
    try:
        return parse_number(value if isinstance(value, str) else _digits(name, value))
    except MalformedMessage as error:
        raise InvalidOrder(f"{name}: {error}") from None


def _digits(name: str, value: int) -> str:
    # Python itself refuses to write integers of thousands of digits.
    if value.bit_length() > 4 * NUMBER_LENGTH_MAX:
        raise InvalidOrder(f"{name}: has more than {NUMBER_LENGTH_MAX} digits")
    return str(value)


def _sane(name: str, value: Decimal) -> Decimal:
    if not value.is_finite():
        raise InvalidOrder(f"{name}: not a number: {value}")
    # 1E+999999999 is short as it stands and a gigabyte in plain digits.
    if max(value.adjusted(), -int(value.as_tuple().exponent)) >= NUMBER_LENGTH_MAX:
        raise InvalidOrder(f"{name}: has more than {NUMBER_LENGTH_MAX} digits")
    return value


def text(name: str, value: str, longest: int = TEXT_LENGTH_MAX) -> str:
    """A text of an order: printable ASCII, as FIX has it. Raises InvalidOrder."""
    if not isinstance(value, str):
        raise InvalidOrder(f"{name}: pass text, no {type(value).__name__}")
    if len(value) > longest:
        raise InvalidOrder(f"{name}: has {len(value)} characters, at most {longest} are taken")
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise InvalidOrder(f"{name}: {value!r} is not printable ASCII without spaces around it")
    return value


def member(kind: type[_T], name: str, word: str) -> _T:
    """A member of an enumeration by its dictionary word. Raises InvalidOrder."""
    try:
        return kind[text(name, word).upper()]
    except KeyError:
        words = ", ".join(member.name for member in kind)
        raise InvalidOrder(f"{name}: {word!r} is none of {words}") from None


def time_in_force(word: str) -> TimeInForce:
    """By FIX 4.2's word or the desks' short one. Raises InvalidOrder."""
    upper = text("time_in_force", word).upper()
    known = _TIF_WORDS.get(upper) or TimeInForce.__members__.get(upper)
    if known is None:
        raise InvalidOrder(f"time_in_force: {word!r} is none of {', '.join(_TIF_WORDS)}")
    return known


def flag(name: str, value: bool) -> bool:
    """True or false. Raises InvalidOrder for what is only taken for one, like "no"."""
    if not isinstance(value, bool):
        raise InvalidOrder(f"{name}: must be true or false")
    return value
