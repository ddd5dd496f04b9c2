"""Exact decimal arithmetic and its text.

Sums and products of prices and quantities are exact: a result that would have to be rounded
raises instead (the context traps Inexact). The one division, AvgPx, is rounded to
`AVG_PX_DIGITS` significant digits, half to even.
"""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, Inexact, InvalidOperation
from typing import Final

from oms.core.errors import MalformedMessage

ZERO: Final = Decimal(0)

NUMBER_LENGTH_MAX: Final = 64
"""Characters in one number on the wire; products of two such numbers, 128 digits on either side of
the point, are summed exactly within the context."""

AVG_PX_DIGITS: Final = 18

_EXACT: Final = Context(prec=400, traps=[InvalidOperation, DivisionByZero, Inexact])
_AVERAGE: Final = Context(
    prec=AVG_PX_DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero]
)
_NUMBER: Final = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)", re.ASCII)

add = _EXACT.add
subtract = _EXACT.subtract
multiply = _EXACT.multiply


def scaled(number: Decimal, to: Decimal, of: Decimal) -> Decimal | None:
    """number * to / of, exactly; None where that is no finite decimal."""
    try:
        return _EXACT.divide(multiply(number, to), of)
    except Inexact:
        return None


def average(notional: Decimal, qty: Decimal) -> Decimal:
    """AvgPx: notional / qty, 0 while nothing has been executed."""
    if not qty:
        return ZERO
    return _AVERAGE.divide(notional, qty)


def parse_number(text: str) -> Decimal:
    """A FIX float (Decimal): digits, one point, a leading minus; no exponent, no NaN.

    Raises MalformedMessage on anything else.
    """
    if len(text) > NUMBER_LENGTH_MAX or not _NUMBER.fullmatch(text):
        raise MalformedMessage(f"not a number of FIX 4.2: {text[:80]!r}")
    return Decimal(text)


def number_text(number: Decimal) -> str:
    """Plain decimal notation, never with an exponent, without trailing zeros of the fraction."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def decimals(number: Decimal) -> int:
    """How many decimal places the number needs, trailing zeros not counted."""
    exponent = number.normalize(_EXACT).as_tuple().exponent
    assert isinstance(exponent, int), "finite numbers only"
    return max(0, -exponent)


def is_multiple(number: Decimal, unit: Decimal) -> bool:
    """Whether number is a whole multiple of a positive unit (tick or step)."""
    return not _EXACT.remainder(number, unit)


def multiple_beyond(number: Decimal, unit: Decimal, *, up: bool) -> Decimal:
    """The first multiple of unit at or above a positive number; with `up` False, at or below."""
    quotient = _EXACT.divide_int(number, unit)
    if up and _EXACT.remainder(number, unit):
        quotient = add(quotient, Decimal(1))
    return multiply(quotient, unit)


def nearest_multiple(number: Decimal, unit: Decimal) -> Decimal:
    """The multiple of unit nearest to number, half to even: told to a desk, never sent."""
    quotient = _EXACT.divide_int(number, unit)
    rest = subtract(number, multiply(quotient, unit))
    doubled = add(rest, rest)
    odd = bool(_EXACT.remainder(quotient, Decimal(2)))
    if doubled > unit or (doubled == unit and odd):
        quotient = add(quotient, Decimal(1))
    return multiply(quotient, unit)
