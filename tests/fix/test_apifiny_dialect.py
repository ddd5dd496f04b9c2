"""Apifiny's dialect, both directions, as its document's section "FIX API" lists the fields."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from fix import apifiny
from oms.core.errors import MalformedMessage, NotSupported
from oms.core.fields import (
    CxlRejReason,
    ExecType,
    OrdRejReason,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.messages import ExecutionReport, NewOrderSingle, OrderCancelReject
from tests.fix.desk_cases import fields_of
from tests.fix.dictionary import validate
from tools import dialects

ACCOUNT = "STA-00000001"
OWN = "0000000112345678179526516238300"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DICTIONARY = dialects.ROOT / "spec" / "APIFINY42.xml"


def _order(**changes: object) -> NewOrderSingle:
    fields = {
        "cl_ord_id": OWN,
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "ord_type": OrdType.LIMIT,
        "security_exchange": "BINANCE",
        "account": "the desk's own word",
        "order_qty": Decimal("0.10"),
        "price": Decimal("4E+4"),
        "text": "the desk's own word",
        "ex_destination": "APIFINY",
    } | changes
    return NewOrderSingle(**fields)  # type: ignore[arg-type]  # named above


SENT = f"35=D|11={OWN}|21=1|55=BTCUSDT|60=20260102-03:04:05.000|1={ACCOUNT}|207=BINANCE|38=0.1"

ORDERS = (
    (_order(), f"{SENT}|40=2|59=1|54=1|44=40000"),
    (_order(time_in_force=TimeInForce.DAY), f"{SENT}|40=2|59=1|54=1|44=40000"),
    (_order(exec_inst="6"), f"{SENT}|40=2|59=7|54=1|44=40000"),
    (
        _order(ord_type=OrdType.MARKET, price=None, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL),
        f"{SENT}|40=1|59=3|54=1",
    ),
    (_order(side=Side.SELL), f"{SENT}|40=2|59=1|54=2|44=40000"),
)


@pytest.mark.parametrize(("order", "text"), ORDERS)
def test_an_order_has_the_documents_fields_and_no_others(order: NewOrderSingle, text: str) -> None:
    said = apifiny.encode_order(order, ACCOUNT, NOW)
    assert sorted(said) == sorted(fields_of(text))
    validate(said, DICTIONARY)


@pytest.mark.parametrize(
    "order",
    [
        _order(time_in_force=TimeInForce.FILL_OR_KILL),
        _order(time_in_force=TimeInForce.GOOD_TILL_DATE),
        _order(exec_inst="G"),
        _order(order_qty=None, cash_order_qty=Decimal(100)),
        _order(cash_order_qty=Decimal(100)),
        _order(security_exchange=""),
    ],
)
def test_what_the_dialect_has_no_words_for_is_not_sent_as_something_else(
    order: NewOrderSingle,
) -> None:
    with pytest.raises(NotSupported):
        apifiny.encode_order(order, ACCOUNT, NOW)


def test_a_cancel_and_a_status_request_carry_the_orders_own_id() -> None:
    """F has no id of its own, and neither 41 nor 55."""
    named = fields_of(f"35=F|11={OWN}|1={ACCOUNT}|207=BINANCE")
    assert apifiny.encode_cancel(OWN, ACCOUNT, "BINANCE") == named
    assert apifiny.encode_status(OWN, ACCOUNT, "BINANCE") == [(35, "H"), *named[1:]]
    validate(named, DICTIONARY)
    validate([(35, "H"), *named[1:]], DICTIONARY)


def test_no_request_goes_to_an_unnamed_exchange() -> None:
    for encode in (apifiny.encode_cancel, apifiny.encode_status):
        with pytest.raises(NotSupported, match="SecurityExchange"):
            encode(OWN, ACCOUNT, "")


def _report(**changes: object) -> ExecutionReport:
    fields = {
        "exec_id": "e1",
        "exec_type": ExecType.NEW,
        "cl_ord_id": OWN,
        "order_id": "v1",
        "secondary_order_id": "v1",
        "order_qty": Decimal("0.1"),
        "transact_time": NOW,
    } | changes
    return ExecutionReport(**fields)  # type: ignore[arg-type]  # named above


TOLD = "35=8|37=v1|17=e1|55=BTCUSDT|54=1|38=0.1|60=20260102-03:04:05"

REPORTS = (
    ("an acknowledgement", f"{TOLD}|11={OWN}|32=0|44=40000|150=0|39=0", _report()),
    (
        "a partial fill: without 11, its price in 44, 39 not trusted",
        f"{TOLD}|32=0.04|44=39999.5|150=1|39=8",
        _report(
            cl_ord_id="",
            exec_type=ExecType.PARTIAL_FILL,
            last_shares=Decimal("0.04"),
            last_px=Decimal("39999.5"),
        ),
    ),
    (
        "the last fill",
        f"{TOLD}|32=0.06|44=39999|150=2|39=2",
        _report(
            cl_ord_id="",
            exec_type=ExecType.FILL,
            last_shares=Decimal("0.06"),
            last_px=Decimal(39999),
        ),
    ),
    (
        "a status without an execution and without a price",
        f"{TOLD}|11={OWN}|32=0|150=1|39=1",
        _report(exec_type=ExecType.PARTIAL_FILL, last_shares=Decimal(0)),
    ),
    (
        "a cancellation: 44 is the order's price",
        f"{TOLD}|32=0|44=40000|150=4|39=4",
        _report(cl_ord_id="", exec_type=ExecType.CANCELED),
    ),
    (
        "a refusal of an order that the venue has no id for",
        f"35=8|37=NONE|11={OWN}|17=e1|55=BTCUSDT|54=1|150=8|39=8|103=3|58=393242: not enough",
        _report(
            order_id="",
            secondary_order_id="",
            exec_type=ExecType.REJECTED,
            order_qty=None,
            transact_time=None,
            ord_rej_reason=OrdRejReason.ORDER_EXCEEDS_LIMIT,
            text="393242: not enough",
        ),
    ),
    (
        "a refusal whose reason FIX 4.2 does not know",
        f"{TOLD}|11={OWN}|150=8|39=8|103=99",
        _report(exec_type=ExecType.REJECTED),
    ),
    (
        "a reason that belongs to no refusal",
        f"{TOLD}|11={OWN}|150=0|39=0|103=3",
        _report(),
    ),
)


@pytest.mark.parametrize(("what", "text", "report"), REPORTS, ids=[name for name, _, _ in REPORTS])
def test_a_report_becomes_a_report(what: str, text: str, report: ExecutionReport) -> None:
    assert apifiny.decode(fields_of(text)) == report, what
    if "103=99" not in text:
        validate(fields_of(text), DICTIONARY)


REJECTS = (
    (
        f"35=9|37=v1|11={OWN}|39=2|58=cannot cancel",
        OrderCancelReject(
            cl_ord_id=OWN,
            orig_cl_ord_id=OWN,
            order_id="v1",
            secondary_order_id="v1",
            text="cannot cancel",
        ),
    ),
    (
        f"35=9|37=NONE|11=its-own|41={OWN}|39=8|434=1|102=1|60=20260102-03:04:05.000",
        OrderCancelReject(
            cl_ord_id="its-own",
            orig_cl_ord_id=OWN,
            cxl_rej_reason=CxlRejReason.UNKNOWN_ORDER,
            transact_time=NOW,
        ),
    ),
    (
        "35=9|37=v1|102=99",
        OrderCancelReject(cl_ord_id="", order_id="v1", secondary_order_id="v1"),
    ),
)


@pytest.mark.parametrize(("text", "reject"), REJECTS)
def test_a_refused_cancel_names_the_order_somehow(text: str, reject: OrderCancelReject) -> None:
    assert apifiny.decode(fields_of(text)) == reject
    if "102=99" not in text:
        validate(fields_of(text), DICTIONARY)


@pytest.mark.parametrize(
    "text",
    [
        f"{TOLD}|150=6|39=6",
        f"{TOLD}|150=C|39=C",
        f"{TOLD}|39=0",
        f"{TOLD}|32=1|150=2|39=2",
        f"{TOLD}|32=one|44=1|150=2|39=2",
        "35=8|37=NONE|17=e1|150=0|39=0",
        "35=8|17=e1|150=0|39=0",
        "35=8|37=v1|150=0|39=0",
        "35=8|37=v1|17=e1|150=0|60=yesterday",
        "35=9|39=2",
        "35=B|148=News",
        "58=nothing",
    ],
)
def test_what_can_not_be_read_is_no_report(text: str) -> None:
    with pytest.raises(MalformedMessage):
        apifiny.decode(fields_of(text))


@pytest.mark.parametrize(
    ("changed", "denied"),
    [
        ({"text": "327738: Order doesn't exist, please change order ID."}, True),
        ({"text": "order id does not exist"}, True),
        ({"ord_rej_reason": OrdRejReason.UNKNOWN_ORDER}, True),
        ({"text": "131115: Account doesn't exist, please verify account ID."}, False),
        ({"text": ""}, False),
        ({"ord_rej_reason": OrdRejReason.UNKNOWN_ORDER, "order_id": "77"}, False),
        ({"text": "order does not exist", "exec_type": ExecType.NEW}, False),
    ],
)
def test_only_the_words_for_an_unknown_order_deny_it(changed: dict[str, Any], denied: bool) -> None:
    answer = ExecutionReport(exec_id="1", exec_type=ExecType.REJECTED, cl_ord_id=OWN)
    assert apifiny.denies(replace(answer, **changed)) is denied
