"""Exact numbers and their text."""

from decimal import Decimal, Inexact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.core.errors import MalformedMessage
from oms.core.numbers import (
    ZERO,
    add,
    average,
    decimals,
    is_multiple,
    multiply,
    nearest_multiple,
    number_text,
    parse_number,
)

NUMBERS = st.decimals(
    allow_nan=False, allow_infinity=False, places=18, min_value=-(10**20), max_value=10**20
)


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    """What binary floats get wrong."""
    assert add(Decimal("0.1"), Decimal("0.2")) == Decimal("0.3")


@given(NUMBERS)
def test_text_is_plain_and_gives_the_number_back(number: Decimal) -> None:
    """Never an exponent; trailing zeros of the fraction go."""
    text = number_text(number)
    assert "E" not in text
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [("1E-8", "0.00000001"), ("1E+3", "1000"), ("1.500", "1.5"), ("-0.0", "0"), ("100", "100")],
)
def test_text(number: str, text: str) -> None:
    """The field's trouble cases."""
    assert number_text(Decimal(number)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "Infinity",
        "1e400",
        "1E5",
        "+1",
        " 1",
        "1 ",
        "1,5",
        "--1",
        ".",
        "-",
        "0x1",
        "\u0661",
        "1" * 65,
        "1_0",
    ],
)
def test_what_is_no_fix_number_is_refused(text: str) -> None:
    """No exponent, no NaN, no blanks, no other digits than ASCII's."""
    with pytest.raises(MalformedMessage):
        parse_number(text)


@pytest.mark.parametrize("text", ["1", "1.", ".5", "-1.5", "0.10"])
def test_what_fix_allows_is_read(text: str) -> None:
    """A point needs no digit on both sides."""
    assert parse_number(text) == Decimal(text)


def test_sums_that_would_need_rounding_raise() -> None:
    """Nothing is rounded inside."""
    with pytest.raises(Inexact):
        multiply(Decimal("1." + "1" * 250), Decimal("1." + "1" * 250))


def test_the_average_is_rounded_to_eighteen_digits_half_to_even() -> None:
    """The one division there is."""
    assert average(Decimal(1), Decimal(3)) == Decimal("0.333333333333333333")
    assert average(Decimal(2), Decimal(3)) == Decimal("0.666666666666666667")
    assert average(Decimal(5), ZERO) == ZERO


def test_multiples_and_the_nearest_one() -> None:
    """Half goes to the even multiple."""
    unit = Decimal("0.05")
    assert is_multiple(Decimal("1.10"), unit)
    assert not is_multiple(Decimal("1.11"), unit)
    assert nearest_multiple(Decimal("1.11"), unit) == Decimal("1.10")
    assert nearest_multiple(Decimal("1.13"), unit) == Decimal("1.15")
    assert nearest_multiple(Decimal("1.125"), unit) == Decimal("1.10")
    assert nearest_multiple(Decimal("1.175"), unit) == Decimal("1.20")
    assert (decimals(Decimal("1.500")), decimals(Decimal("1E3"))) == (1, 0)
