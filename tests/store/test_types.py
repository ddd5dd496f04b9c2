"""Columns give back what they got."""

import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from oms.core.fields import Side
from oms.store.types import ExactDecimal, UtcTime, Word, decimal_text, utc_text, utc_time
from tests.store.messages_of import HARD_NUMBERS, exactly, numbers, times

TABLE = Table(
    "kept",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("number", ExactDecimal),
    Column("time", UtcTime),
    Column("side", Word(Side)),
)


def kept(
    number: Decimal | None = None, time: datetime | None = None, side: Side | None = None
) -> tuple[Decimal | None, datetime | None, Side | None]:
    """The values after a way through SQLite."""
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            TABLE.create(connection)
            connection.execute(insert(TABLE).values(number=number, time=time, side=side))
            row = connection.execute(select(TABLE)).one()
            return row.number, row.time, row.side
    finally:
        engine.dispose()


@pytest.mark.parametrize("number", HARD_NUMBERS, ids=str)
def test_hard_numbers_come_back_to_the_last_zero(number: Decimal) -> None:
    """0.1, 1E-8, trailing zeros, forty digits: a NUMERIC column changes most of these."""
    assert exactly(kept(number=number)[0]) == exactly(number)


@given(numbers, times)
def test_any_number_and_instant_come_back(number: Decimal, time: datetime) -> None:
    """Exponent, sign and zeros of the number; microsecond of the instant."""
    assert exactly(Decimal(decimal_text(number))) == exactly(number)
    assert utc_time(utc_text(time)) == time


def test_instants_and_words_come_back() -> None:
    """And nothing stays nothing."""
    time = datetime(2025, 3, 1, 9, 30, 0, 1, tzinfo=UTC)
    assert kept(time=time, side=Side.SELL_SHORT) == (None, time, Side.SELL_SHORT)
    assert kept() == (None, None, None)


def test_a_person_can_read_the_columns(tmp_path: Path) -> None:
    """Plain text: the dictionary's word, the number's digits, ISO 8601."""
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    time = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
    with engine.begin() as connection:
        TABLE.create(connection)
        row = {"number": Decimal("0.10"), "time": time, "side": Side.BUY}
        connection.execute(insert(TABLE).values(**row))
    engine.dispose()
    reader = sqlite3.connect(tmp_path / "x.db")
    assert reader.execute("SELECT typeof(number), number, time, side FROM kept").fetchone() == (
        "text",
        "0.10",
        "2025-03-01T09:30:00.000000Z",
        "BUY",
    )
    reader.close()


@given(st.lists(times, min_size=2))
def test_texts_of_instants_sort_as_the_instants_do(instants: list[datetime]) -> None:
    """Whatever their zones."""
    assert [utc_text(time) for time in sorted(instants)] == sorted(map(utc_text, instants))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_not_finite_is_refused(number: str) -> None:
    """No sum survives it."""
    with pytest.raises(StatementError, match="not a finite number"):
        kept(number=Decimal(number))


def test_a_naive_time_is_refused_in_both_directions() -> None:
    """It would mean another instant on another machine."""
    naive = datetime(2025, 3, 1)  # noqa: DTZ001  the fault under test
    with pytest.raises(StatementError, match="without its zone"):
        kept(time=naive)
    with pytest.raises(ValueError, match="without its zone"):
        utc_time("2025-03-01T00:00:00.000000")
