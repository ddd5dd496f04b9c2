"""What desks send, and what the core is asked."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from oms.core.fields import (
    BusinessRejectReason,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.notes import KillSwitch, Unworkable

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)

Asked = (
    NewOrderSingle
    | OrderCancelRequest
    | OrderCancelReplaceRequest
    | OrderStatusRequest
    | KillSwitch
    | Unworkable
)


def fields_of(text: str) -> list[tuple[int, str]]:
    """`35=D|11=a` as fields."""
    pairs = (part.partition("=") for part in text.split("|"))
    return [(int(tag), value) for tag, _, value in pairs]


@dataclass(frozen=True)
class In:
    """What a desk sends, and what the core is asked."""

    name: str
    text: str
    message: Asked


D = "35=D|34=7|49=DESK1|56=OMS|52=20260102-12:00:00|21=1|60=20260102-12:00:00"
F = "35=F|34=8|49=DESK1|56=OMS|52=20260102-12:00:00|60=20260102-12:00:00"
G = "35=G|34=9|49=DESK1|56=OMS|52=20260102-12:00:00|21=1|60=20260102-12:00:00"
H = "35=H|34=10|49=DESK1|56=OMS|52=20260102-12:00:00"
U1 = "35=U1|34=11|49=DESK1|56=OMS|52=20260102-12:00:00"


def _missing(msg_type: str, number: int, ref_id: str, name: str) -> Unworkable:
    return Unworkable(
        ref_msg_type=msg_type,
        ref_seq_num=number,
        reason=BusinessRejectReason.CONDITIONALLY_REQUIRED_FIELD_MISSING,
        ref_id=ref_id,
        text=f"conditionally required field missing: {name}",
        origin="DESK1",
    )


def _unsupported(msg_type: str, number: int) -> Unworkable:
    return Unworkable(
        ref_msg_type=msg_type,
        ref_seq_num=number,
        reason=BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE,
        ref_id="",
        text=f"message type {msg_type} is not offered",
        origin="DESK1",
    )


IN = (
    In(
        "the kill switch everywhere",
        f"{U1}|11=k1|340=1|58=fat finger",
        KillSwitch(on=True, route="*", origin="DESK1", cl_ord_id="k1", text="fat finger"),
    ),
    In(
        "the kill switch of one route, lifted",
        f"{U1}|11=k2|340=2|100=andx|60=20260102-12:00:00",
        KillSwitch(on=False, route="ANDX", origin="DESK1", cl_ord_id="k2"),
    ),
    In(
        "a limit order with everything a desk can say",
        f"{D}|11=a1|55=BTC/USDT|54=1|40=2|38=1.50|44=40000.10|59=1|18=6|1=fund|100=apifiny"
        "|207=binance|58=hello|97=Y",
        NewOrderSingle(
            cl_ord_id="a1",
            symbol="BTC/USDT",
            side=Side.BUY,
            ord_type=OrdType.LIMIT,
            ex_destination="APIFINY",
            security_exchange="BINANCE",
            account="fund",
            order_qty=Decimal("1.50"),
            price=Decimal("40000.10"),
            exec_inst="6",
            text="hello",
            poss_resend=True,
        ),
    ),
    In(
        "TimeInForce absent is Day",
        f"{D}|11=a2|55=BTC/TRY|54=2|40=1|38=1|100=BTCTURK",
        NewOrderSingle(
            cl_ord_id="a2",
            symbol="BTC/TRY",
            side=Side.SELL,
            ord_type=OrdType.MARKET,
            ex_destination="BTCTURK",
            order_qty=Decimal(1),
            time_in_force=TimeInForce.DAY,
        ),
    ),
    In(
        "59=7 is a resting post-only order",
        f"{D}|11=a3|55=BTC/USDT|54=1|40=2|38=1|44=1|59=7|100=APIFINY|97=N",
        NewOrderSingle(
            cl_ord_id="a3",
            symbol="BTC/USDT",
            side=Side.BUY,
            ord_type=OrdType.LIMIT,
            ex_destination="APIFINY",
            order_qty=Decimal(1),
            price=Decimal(1),
            exec_inst="6",
        ),
    ),
    In(
        "59=7 and 18=6 say the same",
        f"{D}|11=a4|55=BTC/USDT|54=1|40=2|38=1|44=1|59=7|18=6",
        NewOrderSingle(
            cl_ord_id="a4",
            symbol="BTC/USDT",
            side=Side.BUY,
            ord_type=OrdType.LIMIT,
            order_qty=Decimal(1),
            price=Decimal(1),
            exec_inst="6",
        ),
    ),
    In(
        "a market buy sized by cash",
        f"{D}|11=a5|55=BTC/TRY|54=1|40=1|152=1000.5|59=3|100=BTCTURK",
        NewOrderSingle(
            cl_ord_id="a5",
            symbol="BTC/TRY",
            side=Side.BUY,
            ord_type=OrdType.MARKET,
            ex_destination="BTCTURK",
            cash_order_qty=Decimal("1000.5"),
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
        ),
    ),
    In(
        "a stop limit good till a date",
        f"{D}|11=a6|55=BTC/TRY|54=1|40=4|38=1|44=5|99=4|59=6|126=20260102-12:00:00",
        NewOrderSingle(
            cl_ord_id="a6",
            symbol="BTC/TRY",
            side=Side.BUY,
            ord_type=OrdType.STOP_LIMIT,
            order_qty=Decimal(1),
            price=Decimal(5),
            stop_px=Decimal(4),
            time_in_force=TimeInForce.GOOD_TILL_DATE,
            expire_time=NOON,
        ),
    ),
    In(
        "no quantity at all", f"{D}|11=b1|55=X/Y|54=1|40=1", _missing("D", 7, "b1", "OrderQty (38)")
    ),
    In(
        "a limit order without its price",
        f"{D}|11=b2|55=X/Y|54=1|40=2|38=1",
        _missing("D", 7, "b2", "Price (44)"),
    ),
    In(
        "a stop order without its stop price",
        f"{D}|11=b3|55=X/Y|54=1|40=3|38=1",
        _missing("D", 7, "b3", "StopPx (99)"),
    ),
    In(
        "a dated order without its date",
        f"{D}|11=b4|55=X/Y|54=1|40=1|38=1|59=6",
        _missing("D", 7, "b4", "ExpireTime (126)"),
    ),
    In(
        "a cancel",
        f"{F}|11=c1|41=a1|37=0000000001|55=BTC/USDT|54=1|38=1.5|58=why",
        OrderCancelRequest(
            cl_ord_id="c1",
            orig_cl_ord_id="a1",
            symbol="BTC/USDT",
            side=Side.BUY,
            order_id="0000000001",
            order_qty=Decimal("1.5"),
            text="why",
        ),
    ),
    In(
        "a replace",
        f"{G}|11=g1|41=a1|37=0000000001|55=BTC/USDT|54=2|40=2|38=2|44=3|97=Y",
        OrderCancelReplaceRequest(
            cl_ord_id="g1",
            orig_cl_ord_id="a1",
            symbol="BTC/USDT",
            side=Side.SELL,
            ord_type=OrdType.LIMIT,
            order_id="0000000001",
            order_qty=Decimal(2),
            price=Decimal(3),
            time_in_force=TimeInForce.DAY,
            poss_resend=True,
        ),
    ),
    In(
        "a replace restates the price too",
        f"{G}|11=g2|41=a1|55=X/Y|54=1|40=2|38=2",
        _missing("G", 9, "g2", "Price (44)"),
    ),
    In(
        "a status request",
        f"{H}|11=a1|37=0000000001|55=BTC/USDT|54=1",
        OrderStatusRequest(cl_ord_id="a1", symbol="BTC/USDT", side=Side.BUY, order_id="0000000001"),
    ),
    In("a type that is not offered", "35=B|34=11|148=News", _unsupported("B", 11)),
    In("a type without a number", "35=B", _unsupported("B", 0)),
    In("a type with a number that is none", "35=B|34=x", _unsupported("B", 0)),
)

WRONG = (
    # what is wrong, the message, the tag that the Reject names
    ("on behalf of another", f"{D}|115=DESK2|11=a1|55=X/Y|54=1|40=1|38=1", 115),
    ("on behalf of nobody", f"{D}|115=|11=a1|55=X/Y|54=1|40=1|38=1", 115),
    ("a kill message without an id", f"{U1}|340=1", 11),
    ("a kill message that turns nothing", f"{U1}|11=k", 340),
    ("a kill message that turns no known way", f"{U1}|11=k|340=3", 340),
    ("no ClOrdID", f"{D}|55=X/Y|54=1|40=1|38=1", 11),
    ("an empty ClOrdID", f"{D}|11=|55=X/Y|54=1|40=1|38=1", 11),
    ("a ClOrdID outside ASCII", f"{D}|11=\udcff\udcfe|55=X/Y|54=1|40=1|38=1", 11),
    ("a ClOrdID that never ends", f"{D}|11={'x' * 129}|55=X/Y|54=1|40=1|38=1", 11),
    ("a quantity in words", f"{D}|11=a|55=X/Y|54=1|40=1|38=one", 38),
    ("a quantity with an exponent", f"{D}|11=a|55=X/Y|54=1|40=1|38=1E2", 38),
    ("a price with a comma", f"{D}|11=a|55=X/Y|54=1|40=2|38=1|44=1,5", 44),
    ("a price of too many digits", f"{D}|11=a|55=X/Y|54=1|40=2|38=1|44={'9' * 65}", 44),
    ("cash that is no number", f"{D}|11=a|55=X/Y|54=1|40=1|152=NaN", 152),
    ("a stop price that is none", f"{D}|11=a|55=X/Y|54=1|40=3|38=1|99=", 99),
    ("an OrdType that is not offered", f"{D}|11=a|55=X/Y|54=1|40=P|38=1", 40),
    ("a Side that is none", f"{D}|11=a|55=X/Y|54=Z|40=1|38=1", 54),
    ("a TimeInForce that is none", f"{D}|11=a|55=X/Y|54=1|40=1|38=1|59=8", 59),
    ("59=7 and another ExecInst", f"{D}|11=a|55=X/Y|54=1|40=2|38=1|44=1|59=7|18=G", 18),
    ("an ExpireTime without a time", f"{D}|11=a|55=X/Y|54=1|40=1|38=1|59=6|126=20260102", 126),
    ("a cancel of nothing", f"{F}|11=c|55=X/Y|54=1", 41),
    ("a replace without a symbol", f"{G}|11=g|41=a|54=1|40=1|38=1", 55),
    ("a status request without a side", f"{H}|11=a|55=X/Y", 54),
)
