"""Numbers between a strategy for ccxt and the engine: binary floats outside, decimals inside.

ccxt gives and takes floats, and so does this face of the engine, and nothing behind it: a float is
read by the shortest text that stands for it, and written from a figure that was worked out exactly.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from numbers import Integral
from typing import Any, Final

from oms.ccxt.errors import error
from oms.core.numbers import ZERO, add, multiple_beyond, number_text, subtract
from oms.core.values import frozen

Figure = float | Decimal
"""A number as the strategy wants to have it."""

Given = str | float | int | Decimal
"""A number as a strategy may give it."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS_MAX: Final = 64


@frozen
class Figures:
    """Writes numbers as floats, which is ccxt's way, or as the decimals that they are."""

    decimals: bool = False

    def out(self, number: Decimal | str | None) -> Figure | None:
        """A figure of the engine's, None for none."""
        if number is None or number == "":
            return None
        exact = Decimal(number)
        return exact if self.decimals else float(exact)

    def known(self, number: Decimal | str) -> Figure:
        """A figure that there is."""
        exact = Decimal(number)
        return exact if self.decimals else float(exact)


def exact(name: str, value: Any) -> Decimal:
    """A number that a strategy gave, of any type that numbers come in. Raises InvalidOrder.

    A float is read by its shortest text: 0.1 is a tenth.
    """
    try:
        number = Decimal(_text(value))
    except (InvalidOperation, TypeError):
        raise error("InvalidOrder", f"{name}: not a number: {str(value)[:80]!r}") from None
    if not number.is_finite():
        raise error("InvalidOrder", f"{name}: not a finite number: {value}")
    if max(number.adjusted(), -int(number.as_tuple().exponent)) >= _DIGITS_MAX:
        raise error("InvalidOrder", f"{name}: has more than {_DIGITS_MAX} digits")
    # 1E+2 as 100.
    return Decimal(format(number, "f"))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        raise TypeError("true and false are no numbers")
    if isinstance(value, float):
        return float.__repr__(value)  # of numpy's floats too, whose own one says what they are
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Integral):
        # Python refuses to write integers of thousands of digits.
        return str(int(value)) if int(value).bit_length() < 10_000 else "NaN"
    if isinstance(value, str):
        return value.strip()
    raise TypeError(f"{type(value).__name__} is no number")


def fitted(value: Any, number: Decimal, unit: Decimal, *, nearest: bool) -> Decimal:
    """A float as ccxt's clients send it, at the market's precision; all else as it is.

    A float is seldom exactly what was meant: 0.1 + 0.2 is 0.30000000000000004. Who gives text, an
    int or a Decimal means it, and the engine refuses what does not fit.
    """
    if not isinstance(value, float):
        return number
    fits = rounded(number, unit) if nearest else truncated(number, unit)
    return Decimal(number_text(fits))


def truncated(number: Decimal, unit: Decimal) -> Decimal:
    """The multiple of unit next to number, towards zero."""
    whole = multiple_beyond(abs(number), unit, up=False)
    return whole if number >= 0 else -whole


def rounded(number: Decimal, unit: Decimal) -> Decimal:
    """The multiple of unit nearest to number, half away from zero as ccxt does it."""
    below = multiple_beyond(abs(number), unit, up=False)
    rest = subtract(abs(number), below)
    near = add(below, unit) if add(rest, rest) >= unit else below
    return near if number >= 0 else -near


def to_precision(name: str, symbol: str, value: Any, unit: Decimal, *, nearest: bool) -> str:
    """What ccxt's amount_to_precision and price_to_precision give. Raises InvalidOrder for 0."""
    number = exact(name, value)
    fits = rounded(number, unit) if nearest else truncated(number, unit)
    if fits == ZERO:
        least = number_text(unit)
        raise error("InvalidOrder", f"{name} of {symbol} must be greater than {least}")
    return number_text(fits)


def milliseconds(time: datetime | str | None) -> int | None:
    """An instant, ISO 8601 text or not, as ccxt counts time: whole milliseconds since 1970."""
    if time is None or time == "":
        return None
    when = datetime.fromisoformat(time) if isinstance(time, str) else time
    return (when - _EPOCH) // timedelta(milliseconds=1)


def instant(epoch_ms: Any) -> datetime | None:
    """The instant of a count of milliseconds."""
    if epoch_ms is None:
        return None
    return _EPOCH + timedelta(milliseconds=int(epoch_ms))


def iso8601(epoch_ms: Any) -> str | None:
    """As ccxt writes an instant: 2026-01-31T12:00:00.000Z."""
    when = instant(epoch_ms)
    if when is None:
        return None
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse8601(text: Any) -> int | None:
    """Milliseconds since 1970 of an ISO 8601 text, UTC where it says nothing else; None for none."""
    if not isinstance(text, str):
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return milliseconds(when if when.tzinfo else when.replace(tzinfo=UTC))
