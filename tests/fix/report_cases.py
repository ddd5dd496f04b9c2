"""What the core tells desks, and the fields that it is on the wire."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from oms.core.fields import (
    BusinessRejectReason,
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
    BusinessMessageReject,
    ExecutionReport,
    News,
    OrderCancelReject,
)
from oms.core.ports import DeskReport

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
SIX = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)


@dataclass(frozen=True)
class Out:
    """What the core tells, and what a desk receives; `extension` is what 5001-5004 add."""

    name: str
    message: DeskReport
    text: str
    extension: str = ""


_NEW = ExecutionReport(
    exec_id="0000000001:NEW",
    exec_type=ExecType.NEW,
    ord_status=OrdStatus.NEW,
    order_id="0000000001",
    cl_ord_id="a1",
    secondary_order_id="987",
    exec_broker="APIFINY",
    account="fund",
    symbol="BTC/USDT",
    security_exchange="BINANCE",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    time_in_force=TimeInForce.GOOD_TILL_CANCEL,
    exec_inst="6",
    order_qty=Decimal("1.50"),
    price=Decimal("40000.10"),
    last_shares=Decimal(0),
    last_px=Decimal(0),
    leaves_qty=Decimal("1.5"),
    cum_qty=Decimal(0),
    avg_px=Decimal(0),
    transact_time=SIX,
)

_ORDER = (
    "11=a1|198=987|76=APIFINY|1=fund|207=BINANCE|40=2|59=1|18=6|38=1.5|44=40000.1"
    "|60=20260102-03:04:05.678"
)


def _with(**changes: object) -> ExecutionReport:
    fields = {name: getattr(_NEW, name) for name in ExecutionReport.__dataclass_fields__}
    return ExecutionReport(**(fields | changes))


OUT = (
    Out(
        "an acknowledgement",
        _NEW,
        f"35=8|37=0000000001|17=0000000001:NEW|20=0|150=0|39=0|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|{_ORDER}",
        "5001=N",
    ),
    Out(
        "a fill, its fee in the quote currency",
        _with(
            exec_id="0000000001:77",
            exec_type=ExecType.PARTIAL_FILL,
            ord_status=OrdStatus.PARTIALLY_FILLED,
            last_shares=Decimal("0.00000001"),
            last_px=Decimal("1E+4"),
            leaves_qty=Decimal("1.49999999"),
            cum_qty=Decimal("1E-8"),
            avg_px=Decimal(10000),
            commission=Decimal("0.0010"),
            fee_currency="USDT",
            trade_id="77",
        ),
        "35=8|37=0000000001|17=0000000001:77|20=0|150=1|39=1|55=BTC/USDT|54=1|151=1.49999999"
        f"|14=0.00000001|6=10000|{_ORDER}|32=0.00000001|31=10000|12=0.001|13=3",
        "5001=N|5002=0.001|5003=USDT|5004=77",
    ),
    Out(
        "a fill whose fee is a rebate in another currency",
        _with(
            exec_id="0000000001:78",
            exec_type=ExecType.FILL,
            ord_status=OrdStatus.FILLED,
            last_shares=Decimal("1.5"),
            last_px=Decimal(5),
            leaves_qty=Decimal(0),
            cum_qty=Decimal("1.5"),
            avg_px=Decimal(5),
            commission=Decimal("-0.1"),
            fee_currency="BNB",
        ),
        "35=8|37=0000000001|17=0000000001:78|20=0|150=2|39=2|55=BTC/USDT|54=1|151=0|14=1.5|6=5"
        f"|{_ORDER}|32=1.5|31=5|12=-0.1|13=3|58=fee in BNB",
        "5001=N|5002=-0.1|5003=BNB",
    ),
    Out(
        "a fill with a text and a fee, sizes not told",
        _with(
            exec_type=ExecType.FILL,
            last_shares=None,
            last_px=None,
            commission=Decimal(1),
            fee_currency="BNB",
            text="BREAK: overfilled by 1",
        ),
        "35=8|37=0000000001|17=0000000001:NEW|20=0|150=2|39=0|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|{_ORDER}|32=0|31=0|12=1|13=3|58=BREAK: overfilled by 1; fee in BNB",
        "5001=N|5002=1|5003=BNB",
    ),
    Out(
        "a bust",
        _with(
            exec_id="0000000001:79",
            exec_type=ExecType.PARTIAL_FILL,
            exec_trans_type=ExecTransType.CANCEL,
            exec_ref_id="0000000001:77",
            last_shares=Decimal(5),
            last_px=Decimal(5),
        ),
        "35=8|37=0000000001|17=0000000001:79|20=1|150=1|39=0|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|{_ORDER}|19=0000000001:77|32=0|31=0",
        "5001=N",
    ),
    Out(
        "a correction",
        _with(
            exec_id="0000000001:80",
            exec_type=ExecType.PARTIAL_FILL,
            exec_trans_type=ExecTransType.CORRECT,
            exec_ref_id="0000000001:77",
            last_shares=Decimal(5),
            last_px=Decimal("5.5"),
        ),
        "35=8|37=0000000001|17=0000000001:80|20=2|150=1|39=0|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|{_ORDER}|19=0000000001:77|32=5|31=5.5",
        "5001=N",
    ),
    Out(
        "an order in doubt, told by a status report",
        _with(
            exec_id="0",
            exec_type=ExecType.PENDING_NEW,
            exec_trans_type=ExecTransType.STATUS,
            ord_status=OrdStatus.PENDING_NEW,
            last_shares=None,
            last_px=None,
            in_doubt=True,
            text="IN DOUBT: no answer",
        ),
        "35=8|37=0000000001|17=0|20=3|150=A|39=A|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|{_ORDER}|58=IN DOUBT: no answer",
        "5001=Y",
    ),
    Out(
        "a cancel on request",
        _with(
            exec_id="0000000001:CANCELED",
            exec_type=ExecType.CANCELED,
            ord_status=OrdStatus.CANCELED,
            cl_ord_id="c1",
            orig_cl_ord_id="a1",
            leaves_qty=Decimal(0),
        ),
        "35=8|37=0000000001|17=0000000001:CANCELED|20=0|150=4|39=4|55=BTC/USDT|54=1|151=0|14=0|6=0"
        f"|{_ORDER.replace('11=a1', '11=c1')}|41=a1",
        "5001=N",
    ),
    Out(
        "a refusal before there is an order",
        ExecutionReport(
            exec_id="DESK1:DUPLICATE:a1",
            exec_type=ExecType.REJECTED,
            ord_rej_reason=OrdRejReason.DUPLICATE_ORDER,
            text="a\x01b\nç",
        ),
        "35=8|37=NONE|17=DESK1:DUPLICATE:a1|20=0|150=8|39=A|55=NONE|54=1|151=0|14=0|6=0|103=6"
        "|58=a?b??",
        "5001=N",
    ),
    Out(
        "a market order sized by cash, before and after its quantity is known",
        _with(price=None, order_qty=Decimal(0), cash_order_qty=Decimal(1000)),
        "35=8|37=0000000001|17=0000000001:NEW|20=0|150=0|39=0|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|{_ORDER.replace('|38=1.5|44=40000.1', '')}|152=1000",
        "5001=N",
    ),
    Out(
        "a stop limit order good till a date",
        _with(
            ord_type=OrdType.STOP_LIMIT,
            stop_px=Decimal(39000),
            time_in_force=TimeInForce.GOOD_TILL_DATE,
            exec_inst="",
            expire_time=NOON,
            cash_order_qty=Decimal(60000),
        ),
        "35=8|37=0000000001|17=0000000001:NEW|20=0|150=0|39=0|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|{_ORDER.replace('40=2|59=1|18=6', '40=4|59=6')}|99=39000|152=60000"
        "|126=20260102-12:00:00.000",
        "5001=N",
    ),
    Out(
        "a restatement without a reason",
        _with(exec_type=ExecType.RESTATED, transact_time=None),
        "35=8|37=0000000001|17=0000000001:NEW|20=0|150=D|39=0|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|{_ORDER.replace('|60=20260102-03:04:05.678', '')}|378=4",
        "5001=N",
    ),
    Out(
        "a guarantee",
        _with(
            exec_type=ExecType.STOPPED,
            ord_status=OrdStatus.STOPPED,
            last_shares=Decimal(1),
            last_px=Decimal(40000),
        ),
        "35=8|37=0000000001|17=0000000001:NEW|20=0|150=7|39=7|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|{_ORDER}|32=1|31=40000",
        "5001=N",
    ),
    Out(
        "a renewal: the day's figures",
        _with(
            exec_type=ExecType.RESTATED,
            exec_restatement_reason=ExecRestatementReason.GT_RENEWAL,
            day_order_qty=Decimal("1.20"),
            day_cum_qty=Decimal(0),
            day_avg_px=Decimal(0),
        ),
        "35=8|37=0000000001|17=0000000001:NEW|20=0|150=D|39=0|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|{_ORDER}|378=1|424=1.2|425=0|426=0",
        "5001=N",
    ),
    Out(
        "a restatement with its reason",
        _with(
            exec_type=ExecType.RESTATED,
            exec_restatement_reason=ExecRestatementReason.GT_RENEWAL,
        ),
        "35=8|37=0000000001|17=0000000001:NEW|20=0|150=D|39=0|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|{_ORDER}|378=1",
        "5001=N",
    ),
    Out(
        "a refused cancel",
        OrderCancelReject(
            cl_ord_id="c1",
            orig_cl_ord_id="a1",
            order_id="0000000001",
            secondary_order_id="987",
            ord_status=OrdStatus.FILLED,
            cxl_rej_response_to=CxlRejResponseTo.ORDER_CANCEL_REQUEST,
            cxl_rej_reason=CxlRejReason.TOO_LATE_TO_CANCEL,
            account="fund",
            transact_time=NOON,
            text="the order is FILLED",
        ),
        "35=9|37=0000000001|11=c1|41=a1|39=2|434=1|198=987|102=0|1=fund|58=the order is FILLED"
        "|60=20260102-12:00:00.000",
    ),
    Out(
        "a refused replace of an unknown order",
        OrderCancelReject(cl_ord_id="g1", cxl_rej_response_to=CxlRejResponseTo.ORDER_CANCEL),
        "35=9|37=NONE|11=g1|41=NONE|39=8|434=2",
    ),
    Out(
        "a message that can not be worked on",
        BusinessMessageReject(
            ref_msg_type="D",
            business_reject_reason=BusinessRejectReason.CONDITIONALLY_REQUIRED_FIELD_MISSING,
            ref_seq_num=7,
            business_reject_ref_id="b1",
            text="Price (44)",
        ),
        "35=j|372=D|380=5|45=7|379=b1|58=Price (44)",
    ),
    Out(
        "a message of which only the type is known",
        BusinessMessageReject(
            ref_msg_type="B", business_reject_reason=BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE
        ),
        "35=j|372=B|380=3",
    ),
    Out(
        "a copy of another desk's acknowledgement",
        _with(client_id="DESK1"),
        f"35=8|37=0000000001|17=0000000001:NEW|20=0|150=0|39=0|55=BTC/USDT|54=1|151=1.5|14=0|6=0"
        f"|109=DESK1|{_ORDER}",
        "5001=N",
    ),
    Out(
        "a copy of another desk's refused cancel",
        OrderCancelReject(cl_ord_id="c1", client_id="grid-1"),
        "35=9|37=NONE|11=c1|41=NONE|39=8|434=1|109=grid-1",
    ),
    Out(
        "news of several lines, in ASCII",
        News(headline="ANDX is down\u2026", text="one\n\ntwo \u00fc"),
        "35=B|33=2|58=one|58=two ?|148=ANDX is down?",
    ),
    Out("news without a line", News(headline=""), "35=B|33=0|148=NONE"),
)
