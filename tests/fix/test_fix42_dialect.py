"""Plain FIX 4.2, both directions: every request is of the stock dictionary, every report is read."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest

from fix import fix42
from oms.core.errors import MalformedMessage
from oms.core.fields import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecRestatementReason,
    ExecTransType,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.ports import VenueRequest
from tests.fix.desk_cases import fields_of
from tests.fix.dictionary import validate

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NONE = fix42.Terms()
ALL = fix42.Terms(
    account="ACC", security_exchange="XX", symbols=MappingProxyType({"BTC/USD": "BTC"})
)
ORDER = NewOrderSingle(
    cl_ord_id="7001",
    symbol="BTC",
    side=Side.SELL,
    ord_type=OrdType.LIMIT,
    account="the desk's own word",
    text="the desk's own word",
    order_qty=Decimal("1E+1"),
    price=Decimal("99.50"),
    time_in_force=TimeInForce.DAY,
)
AMEND = OrderCancelReplaceRequest(
    cl_ord_id="7001R2",
    orig_cl_ord_id="7001R1",
    order_id="B1",
    symbol="BTC/USD",
    side=Side.SELL,
    ord_type=OrdType.STOP_LIMIT,
    order_qty=Decimal(12),
    price=Decimal(100),
    stop_px=Decimal(101),
    time_in_force=TimeInForce.GOOD_TILL_DATE,
    expire_time=NOW,
    exec_inst="6",
)
CANCEL = OrderCancelRequest(
    cl_ord_id="7001C3",
    orig_cl_ord_id="7001",
    symbol="BTC/USD",
    side=Side.SELL,
    order_qty=Decimal(10),
)
ASKED = OrderStatusRequest(cl_ord_id="7001", symbol="BTC/USD", side=Side.SELL, order_id="B1")
AT = "60=20260102-03:04:05.000"

SENT: tuple[tuple[VenueRequest | OrderStatusRequest, fix42.Terms, str], ...] = (
    (ORDER, NONE, f"35=D|11=7001|21=1|{AT}|40=2|59=0|38=10|44=99.5|55=BTC|54=2"),
    (
        replace(ORDER, ord_type=OrdType.MARKET, price=None, cash_order_qty=Decimal(5)),
        ALL,
        f"35=D|11=7001|21=1|{AT}|40=1|59=0|38=10|152=5|55=BTC|54=2|1=ACC|207=XX",
    ),
    (
        AMEND,
        ALL,
        f"35=G|41=7001R1|11=7001R2|37=B1|21=1|{AT}|40=4|59=6|18=6|38=12|44=100|99=101|"
        "126=20260102-03:04:05.000|55=BTC|54=2|1=ACC|207=XX",
    ),
    (CANCEL, NONE, f"35=F|41=7001|11=7001C3|{AT}|38=10|55=BTC/USD|54=2"),
    (ASKED, ALL, "35=H|11=7001|37=B1|55=BTC|54=2|1=ACC"),
)


@pytest.mark.parametrize(("request_", "terms", "text"), SENT)
def test_a_request_is_of_the_stock_dictionary(
    request_: VenueRequest | OrderStatusRequest, terms: fix42.Terms, text: str
) -> None:
    """And says what it has to, no more: a desk's words stay here."""
    fields = fix42.encode(request_, terms, NOW)
    assert sorted(fields) == sorted(fields_of(text))
    validate(fields)


FILL = (
    "35=8|37=B1|11=7001|17=E1|20=0|150=1|39=1|55=BTC|54=2|38=10|44=99.5|32=4|31=99.50|14=4|151=6|"
    "6=99.5|60=20260102-03:04:05|12=0.1|13=3|15=USD|58=in part"
)
READ = ExecutionReport(
    exec_id="E1",
    exec_type=ExecType.PARTIAL_FILL,
    ord_status=OrdStatus.PARTIALLY_FILLED,
    order_id="B1",
    secondary_order_id="B1",
    cl_ord_id="7001",
    side=Side.SELL,
    order_qty=Decimal(10),
    price=Decimal("99.5"),
    last_shares=Decimal(4),
    last_px=Decimal("99.5"),
    cum_qty=Decimal(4),
    leaves_qty=Decimal(6),
    avg_px=Decimal("99.5"),
    commission=Decimal("0.1"),
    fee_currency="USD",
    transact_time=NOW,
    text="in part",
)
BARE = "35=8|37=NONE|11=7001|17=0|20=3|150=8|39=8|103=5"
REPORTS = (
    (FILL, READ),
    (
        FILL.replace("13=3", "13=1"),
        replace(READ, commission=None),
    ),
    (
        BARE,
        ExecutionReport(
            exec_id="0",
            exec_type=ExecType.REJECTED,
            exec_trans_type=ExecTransType.STATUS,
            ord_status=OrdStatus.REJECTED,
            ord_rej_reason=OrdRejReason.UNKNOWN_ORDER,
            cl_ord_id="7001",
        ),
    ),
    (
        f"{BARE.replace('103=5', '103=99')}|41=7001R1|378=1|19=E0",
        ExecutionReport(
            exec_id="0",
            exec_type=ExecType.REJECTED,
            exec_trans_type=ExecTransType.STATUS,
            ord_status=OrdStatus.REJECTED,
            cl_ord_id="7001",
            orig_cl_ord_id="7001R1",
            exec_ref_id="E0",
            exec_restatement_reason=ExecRestatementReason.GT_RENEWAL,
        ),
    ),
)


@pytest.mark.parametrize(("text", "report"), REPORTS)
def test_a_report_is_read_as_it_stands(text: str, report: ExecutionReport) -> None:
    """A reason that is none of 4.2's is left out, and NONE is no OrderID."""
    assert fix42.decode(fields_of(text)) == report


def test_a_refusal_is_read_as_it_stands() -> None:
    """With and without what a counterparty may leave out."""
    told = "35=9|37=B1|11=7001C1|41=7001|39=2|434=2|102=0|60=20260102-03:04:05|58=too late"
    assert fix42.decode(fields_of(told)) == OrderCancelReject(
        cl_ord_id="7001C1",
        orig_cl_ord_id="7001",
        order_id="B1",
        secondary_order_id="B1",
        ord_status=OrdStatus.FILLED,
        cxl_rej_response_to=CxlRejResponseTo.ORDER_CANCEL,
        cxl_rej_reason=CxlRejReason.TOO_LATE_TO_CANCEL,
        transact_time=NOW,
        text="too late",
    )
    bare = fix42.decode(fields_of("35=9|37=NONE|11=7001C1|102=99"))
    assert bare == OrderCancelReject(cl_ord_id="7001C1")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("35=B|148=x", "message type 'B'"),
        (FILL.replace("|31=99.50", ""), "without LastShares"),
        (FILL.replace("|32=4", ""), "without LastShares"),
        (FILL.replace("20=0", "20=2").replace("|32=4", ""), "without LastShares"),
        (FILL.replace("150=1", "150=F"), "ExecType"),
        (FILL.replace("39=1", "39=Z"), "OrdStatus"),
        (FILL.replace("20=0|", ""), "20"),
        (FILL.replace("|17=E1", ""), "17"),
        (FILL.replace("54=2", "54=Z"), "Side"),
        (FILL.replace("32=4", "32=4e1"), "not a number"),
        ("35=9|37=B1|39=0", "11"),
    ],
)
def test_what_can_not_be_read_is_refused(text: str, why: str) -> None:
    """For a human, with the reason: nothing is guessed."""
    with pytest.raises(MalformedMessage, match=why):
        fix42.decode(fields_of(text))


def test_a_bust_needs_no_quantity() -> None:
    """20=1 undoes what ExecRefID names."""
    text = FILL.replace("20=0", "20=1|19=E0").replace("|32=4|31=99.50", "")
    report = fix42.decode(fields_of(text))
    assert isinstance(report, ExecutionReport)
    assert (report.exec_trans_type, report.exec_ref_id) == (ExecTransType.CANCEL, "E0")
    assert report.last_shares is None
