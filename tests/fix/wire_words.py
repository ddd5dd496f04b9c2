"""The dictionary's words as the characters on the wire, from the stock FIX42.xml; times and numbers."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from tests.core import matrix_steps as steps
from tools import dialects


def _values(field: str) -> Mapping[str, str]:
    found = dialects.stock().find(f"./fields/field[@name='{field}']")
    assert found is not None, field
    return {str(value.get("description")): str(value.get("enum")) for value in found}


CXL_REJ_REASON: Final = _values("CxlRejReason")
EXEC_TYPE: Final = _values("ExecType")
ORD_REJ_REASON: Final = _values("OrdRejReason")
ORD_STATUS: Final = _values("OrdStatus")
RESTATEMENT: Final = _values("ExecRestatementReason")
SIDE: Final = _values("Side")
TIME_IN_FORCE: Final = _values("TimeInForce")
TRANS_TYPE: Final = _values("ExecTransType")
_EXPIRY: Final = datetime.now(UTC) + timedelta(days=1)  # noqa: TID251  any time that is to come


def text_of(number: Decimal) -> str:
    return format(number, "f")


def restated(wanted: steps.Report) -> str | None:
    reason = wanted.exec_restatement_reason
    return RESTATEMENT[reason] if reason else None


def order_terms(event: steps.Order) -> dict[int, str]:
    fields = {
        54: SIDE[event.side],
        38: text_of(event.order_qty),
        44: text_of(event.price),
        59: TIME_IN_FORCE[event.time_in_force],
    }
    if event.time_in_force == "GOOD_TILL_DATE":
        fields[126] = f"{_EXPIRY:%Y%m%d-%H:%M:%S}"
    return fields


def now_text() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H:%M:%S.%f}"[:-3]  # noqa: TID251  a desk's own clock
