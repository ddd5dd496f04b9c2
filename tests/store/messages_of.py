"""Hypothesis strategies for anything the store keeps, made from the classes' own annotations."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

from hypothesis import strategies as st

HARD_NUMBERS = tuple(
    Decimal(text)
    for text in (
        "0",
        "-0",
        "0.1",
        "1E-8",
        "1E+3",
        "0.10000000",
        "100.00",
        "-0.3",
        "0.000000000000000001",
        "1234567890123456789012345678901234567890",
        "12345678901234567890.12345678901234567890",
    )
)
"""Numbers that a float, a NUMERIC column or an exponent would change."""

numbers = st.one_of(
    st.sampled_from(HARD_NUMBERS),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.decimals(min_value=0, max_value=10**9, places=8),
)

times = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001  Hypothesis adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=3)), timezone(-timedelta(hours=5))]),
)

texts = st.one_of(st.sampled_from(["", "0", "DESK1", "BTC/USDT", 'quo"te', "ü¥€\x01\n"]), st.text())


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values that an annotation allows."""
    if isinstance(kind, UnionType):
        return st.one_of([values_of(part) for part in get_args(kind)])
    if kind is NoneType:
        return st.none()
    known = {
        str: texts,
        bool: st.booleans(),
        int: st.integers(min_value=0, max_value=2**53),
        Decimal: numbers,
        datetime: times,
    }
    if kind in known:
        return known[kind]
    if issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    return built(kind)


def built(cls: type, **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Instances of a dataclass; `fixed` fields from other strategies."""
    hints = get_type_hints(cls)
    arguments = {
        field.name: values_of(hints[field.name]) for field in fields(cls) if field.name not in fixed
    }
    return st.builds(cls, **arguments, **fixed)


def exactly(number: Decimal | None) -> tuple[Any, ...] | None:
    """A number with everything that == does not see: sign of zero, trailing zeros, exponent."""
    return None if number is None else number.as_tuple()
