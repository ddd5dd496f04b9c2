"""Reading venues' JSON: exact numbers, the right kinds, and no secrets."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import jwt
import pytest

from adapters.documents import (
    RAW_CHARACTERS_MAX,
    instant_of_ms,
    integer_in,
    list_of,
    number_in,
    optional_number_in,
    parse,
    redact,
    row_of,
    row_text,
    text_in,
)
from oms.core.errors import MalformedMessage


def test_numbers_keep_every_digit() -> None:
    row = parse(b'{"a": 0.10000000000000000001, "b": 1E-8, "c": 12345678901234567890, "d": "1.50"}')
    assert number_in(row, "a") == Decimal("0.10000000000000000001")
    assert number_in(row, "b") == Decimal("0.00000001")
    assert number_in(row, "c") == Decimal(12345678901234567890)
    assert str(number_in(row, "d")) == "1.50"


@pytest.mark.parametrize("half", [b"\\ud83d", b"\\uDE00"])
def test_half_a_character_is_replaced(half: bytes) -> None:
    """JSON can spell half of a surrogate pair; no store and no wire can keep it."""
    told = parse(b'{"a' + half + b'": ["x' + half + b'", {"b": "' + half + b'"}], "n": 1.50}')
    (name, (text, row)), (_, number) = told.items()
    assert (name, text, row) == ("a\ufffd", "x\ufffd", {"b": "\ufffd"})
    assert str(number) == "1.50"
    assert parse(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}, "a whole pair stays"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{",
        b"NaN",
        b"[Infinity]",
        b'{"a": 1e99999999999999999999}',
        b"\xff",
        b'"\xed\xa0\x80"',
    ],
)
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedMessage, match="not JSON"):
        parse(body)


@pytest.mark.parametrize(
    "value", [None, True, "", "one", "NaN", "-Infinity", "1e40", "1e-41", [], {}, 1.5]
)
def test_what_is_no_number_is_malformed(value: Any) -> None:
    with pytest.raises(MalformedMessage, match="qty: a number"):
        number_in({"qty": value}, "qty")


def test_a_number_may_be_missing_where_that_is_said() -> None:
    assert optional_number_in({}, "qty") is None
    assert optional_number_in({"qty": None}, "qty") is None


@pytest.mark.parametrize("value", [None, True, "1", Decimal("1.0")])
def test_what_is_no_whole_number_is_malformed(value: Any) -> None:
    with pytest.raises(MalformedMessage, match="id: a whole number"):
        integer_in({"id": value}, "id")


def test_kinds_are_demanded() -> None:
    with pytest.raises(MalformedMessage, match="status: text"):
        text_in({"status": 1}, "status")
    with pytest.raises(MalformedMessage, match="order: an object"):
        row_of([], "order")
    with pytest.raises(MalformedMessage, match="orders: a list"):
        list_of({}, "orders")


def test_a_time_is_exact_to_the_millisecond() -> None:
    assert instant_of_ms(1_552_112_542_263) == datetime(2019, 3, 9, 6, 22, 22, 263000, tzinfo=UTC)
    with pytest.raises(MalformedMessage, match="calendars"):
        instant_of_ms(10**18)


def test_the_raw_text_has_no_secret_and_no_token() -> None:
    token = jwt.encode({"accountId": "STA-00000001"}, "k" * 32)
    text = redact(f"key=k-1 pass=p-1 {token} end", ["k-1", "", "p-1"])
    assert text == "key=*** pass=*** *** end"


def test_the_raw_text_is_bounded() -> None:
    assert len(redact("a" * 10_000, [])) == RAW_CHARACTERS_MAX


def test_a_row_reads_as_it_was() -> None:
    assert row_text({"price": Decimal("0.10"), "n": 1}) == '{"price": "0.10", "n": 1}'
