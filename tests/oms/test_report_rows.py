"""Reports survive JSON: what is told remotely is what was told."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.core.errors import MalformedMessage
from oms.core.fields import BusinessRejectReason, ExecType, Side
from oms.core.messages import BusinessMessageReject, ExecutionReport, OrderCancelReject
from oms.core.ports import DeskReport
from oms.report_rows import report_of, report_row

_VALUES: dict[type, st.SearchStrategy[Any]] = {
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
    datetime: st.datetimes(timezones=st.just(UTC)),
    str: st.text(),
}  # fmt: skip


def _reports() -> st.SearchStrategy[DeskReport]:
    kinds = (ExecutionReport, OrderCancelReject, BusinessMessageReject)
    return st.one_of(*(_any(kind) for kind in kinds))


def _any(kind: type[DeskReport]) -> st.SearchStrategy[DeskReport]:
    hints = get_type_hints(kind)
    made = {}
    for field in fields(kind):
        hint = hints[field.name]
        made[field.name] = st.from_type(hint)
        for plain, values in _VALUES.items():
            if hint == plain:
                made[field.name] = values
            elif hint == plain | None:
                made[field.name] = st.none() | values
    return st.builds(kind, **made)


@given(st.integers(min_value=1), _reports())
def test_a_report_comes_back_as_it_was(number: int, report: DeskReport) -> None:
    row = json.loads(json.dumps(report_row(number, report)), parse_float=Decimal)
    assert report_of(row) == (number, report)


def test_a_row_says_it_in_words_and_plain_digits() -> None:
    report = ExecutionReport(
        exec_id="E1",
        exec_type=ExecType.PARTIAL_FILL,
        side=Side.SELL,
        last_px=Decimal("1E-8"),
        last_shares=Decimal("0.10"),
        transact_time=datetime(2026, 1, 31, 12, tzinfo=UTC),
        in_doubt=True,
    )
    assert report_row(7, report) == {
        "number": 7,
        "msg_type": "EXECUTION_REPORT",
        "exec_id": "E1",
        "exec_type": "PARTIAL_FILL",
        "exec_trans_type": "NEW",
        "side": "SELL",
        "last_px": "0.00000001",
        "last_shares": "0.10",
        "transact_time": "2026-01-31T12:00:00.000000Z",
        "in_doubt": True,
    }


def test_a_field_of_a_newer_engine_is_passed_over() -> None:
    reject = BusinessMessageReject(
        ref_msg_type="D", business_reject_reason=BusinessRejectReason.OTHER
    )
    assert report_of({**report_row(1, reject), "new_field": "x"}) == (1, reject)


@pytest.mark.parametrize(
    "change",
    [
        {"number": None},
        {"msg_type": "NEWS"},
        {"exec_type": "NEWER"},
        {"last_px": "much"},
        {"transact_time": "soon"},
        {"exec_id": ...},
    ],
)
def test_what_is_no_report_is_malformed(change: dict[str, Any]) -> None:
    row = report_row(1, ExecutionReport(exec_id="E1", exec_type=ExecType.NEW))
    wrong = {name: value for name, value in {**row, **change}.items() if value is not ...}
    with pytest.raises(MalformedMessage):
        report_of(wrong)
