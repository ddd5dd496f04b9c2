"""A desk's FIX 4.2 and the core's messages. Pure: [(tag, text)] <-> messages.

In: D, F, G, H, U1. Out: 8, 9, j, B, within the stock FIX42.xml unless the desk asked for more tags.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, assert_never

from fix import tags
from fix.values import (
    ID_LENGTH_MAX,
    Message,
    add_numbers,
    add_words,
    member,
    number_or_zero,
    read_enum,
    read_free_text,
    read_id,
    read_number,
    read_text,
    read_time,
)
from fix.wire import Field, Fields, printable, utc_timestamp
from oms.core.book import EVERY_ROUTE
from oms.core.errors import MalformedMessage
from oms.core.fields import (
    PARTICIPATE_DONT_INITIATE,
    BusinessRejectReason,
    ExecRestatementReason,
    ExecTransType,
    ExecType,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.kill import KILL_MESSAGE
from oms.core.messages import (
    BusinessMessageReject,
    ExecutionReport,
    NewOrderSingle,
    News,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.notes import KillSwitch, Unworkable
from oms.core.numbers import ZERO
from oms.core.ports import DeskReport

DeskRequest = (
    NewOrderSingle
    | OrderCancelRequest
    | OrderCancelReplaceRequest
    | OrderStatusRequest
    | KillSwitch
)

NOTHING: Final = "NONE"
"""Stands where FIX requires an identifier and there is none."""

_POST_ONLY: Final = "7"
"""Apifiny's way of saying post-only in TimeInForce (59); 4.2 ends at 6."""

_HALTED: Final = "1"
_OPEN: Final = "2"
"""TradSesStatus (340) of a kill message: 4.2 has no field that is nearer."""

_ABSOLUTE: Final = "3"
"""CommType (13): Commission is an amount of money."""


# In: what a desk asks


def decode(fields: Iterable[Field], origin: str) -> DeskRequest | Unworkable:
    """A desk's application message; `origin` is its CompID.

    What FIX answers with a BusinessMessageReject comes back as an Unworkable note. Raises
    MalformedMessage where a field is missing or its value is not of its type: a Reject (3).
    """
    message = dict(fields)
    msg_type = message.get(tags.MSG_TYPE, "")
    if tags.ON_BEHALF_OF_COMP_ID in message:
        raise MalformedMessage(
            "OnBehalfOfCompID (115) is not taken: a desk trades for itself",
            tags.ON_BEHALF_OF_COMP_ID,
        )
    try:
        reader = _READERS.get(msg_type)
        if reader is None:
            raise MalformedMessage(
                f"message type {printable(msg_type)} is not offered",
                business=BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE,
            )
        request = reader(message)
        return replace(request, origin=origin) if isinstance(request, KillSwitch) else request
    except MalformedMessage as error:
        if error.business is None:
            raise
        return Unworkable(
            ref_msg_type=msg_type,
            ref_seq_num=_seq_num(message),
            reason=error.business,
            ref_id=printable(message.get(tags.CL_ORD_ID, "")[:ID_LENGTH_MAX]),
            text=str(error),
            origin=origin,
        )


def _new_order(message: Message) -> NewOrderSingle:
    order = NewOrderSingle(
        ex_destination=read_text(message, tags.EX_DESTINATION).upper(),
        security_exchange=read_text(message, tags.SECURITY_EXCHANGE).upper(),
        account=read_text(message, tags.ACCOUNT),
        **_terms(message),
    )
    _check_conditions(order)
    return order


def _cancel(message: Message) -> OrderCancelRequest:
    return OrderCancelRequest(
        cl_ord_id=read_id(message, tags.CL_ORD_ID),
        orig_cl_ord_id=read_id(message, tags.ORIG_CL_ORD_ID),
        symbol=read_text(message, tags.SYMBOL),
        side=read_enum(message, tags.SIDE, Side),
        order_id=read_text(message, tags.ORDER_ID),
        order_qty=read_number(message, tags.ORDER_QTY),
        text=read_free_text(message),
        poss_resend=message.get(tags.POSS_RESEND) == "Y",
    )


def _replace(message: Message) -> OrderCancelReplaceRequest:
    request = OrderCancelReplaceRequest(
        orig_cl_ord_id=read_id(message, tags.ORIG_CL_ORD_ID),
        order_id=read_text(message, tags.ORDER_ID),
        **_terms(message),
    )
    _check_conditions(request)
    return request


def _terms(message: Message) -> dict[str, Any]:
    """What D and G both say: G restates the order."""
    time_in_force, exec_inst = _time_in_force(message)
    return {
        "cl_ord_id": read_id(message, tags.CL_ORD_ID),
        "symbol": read_id(message, tags.SYMBOL),
        "side": read_enum(message, tags.SIDE, Side),
        "ord_type": read_enum(message, tags.ORD_TYPE, OrdType),
        "order_qty": read_number(message, tags.ORDER_QTY),
        "cash_order_qty": read_number(message, tags.CASH_ORDER_QTY),
        "price": read_number(message, tags.PRICE),
        "stop_px": read_number(message, tags.STOP_PX),
        "time_in_force": time_in_force,
        "expire_time": read_time(message, tags.EXPIRE_TIME),
        "exec_inst": exec_inst,
        "text": read_free_text(message),
        "poss_resend": message.get(tags.POSS_RESEND) == "Y",
    }


def _status(message: Message) -> OrderStatusRequest:
    return OrderStatusRequest(
        cl_ord_id=read_id(message, tags.CL_ORD_ID),
        symbol=read_text(message, tags.SYMBOL),
        side=read_enum(message, tags.SIDE, Side),
        order_id=read_text(message, tags.ORDER_ID),
    )


def _kill(message: Message) -> KillSwitch:
    halted = {_HALTED: True, _OPEN: False}.get(read_id(message, tags.TRAD_SES_STATUS))
    if halted is None:
        raise MalformedMessage(
            "TradSesStatus (340) must be 1 (halted: kill) or 2 (open: lift it)",
            tags.TRAD_SES_STATUS,
        )
    return KillSwitch(
        on=halted,
        route=read_text(message, tags.EX_DESTINATION).upper() or EVERY_ROUTE,
        origin="",
        cl_ord_id=read_id(message, tags.CL_ORD_ID),
        text=read_free_text(message),
    )


_READERS: Final[Mapping[str, Callable[[Message], DeskRequest]]] = MappingProxyType(
    {"D": _new_order, "F": _cancel, "G": _replace, "H": _status, KILL_MESSAGE: _kill}
)


def _check_conditions(order: NewOrderSingle | OrderCancelReplaceRequest) -> None:
    """The fields that FIX requires on a condition which no dictionary can express."""
    limited = order.ord_type in (OrdType.LIMIT, OrdType.STOP_LIMIT)
    stopped = order.ord_type in (OrdType.STOP, OrdType.STOP_LIMIT)
    dated = order.time_in_force is TimeInForce.GOOD_TILL_DATE
    missing = (
        (order.order_qty is None and order.cash_order_qty is None, "OrderQty (38)"),
        (limited and order.price is None, "Price (44)"),
        (stopped and order.stop_px is None, "StopPx (99)"),
        (dated and order.expire_time is None, "ExpireTime (126)"),
    )
    for absent, name in missing:
        if absent:
            raise MalformedMessage(
                f"conditionally required field missing: {name}",
                business=BusinessRejectReason.CONDITIONALLY_REQUIRED_FIELD_MISSING,
            )


def _seq_num(message: Message) -> int:
    text = message.get(tags.MSG_SEQ_NUM, "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _time_in_force(message: Message) -> tuple[TimeInForce, str]:
    """TimeInForce and ExecInst; 4.2's default is Day."""
    exec_inst = read_text(message, tags.EXEC_INST)
    value = message.get(tags.TIME_IN_FORCE, TimeInForce.DAY)
    if value != _POST_ONLY:
        return member(TimeInForce, value, tags.TIME_IN_FORCE), exec_inst
    if exec_inst and exec_inst != PARTICIPATE_DONT_INITIATE:
        raise MalformedMessage("ExecInst (18) contradicts 59=7", tags.EXEC_INST)
    return TimeInForce.GOOD_TILL_CANCEL, PARTICIPATE_DONT_INITIATE


# Out: what a desk is told


def encode(report: DeskReport, *, extended: bool = False) -> Fields:
    """The fields of a report, MsgType first. `extended` adds 5001-5004 (spec/OMS42X.xml)."""
    match report:
        case ExecutionReport():
            fields = _execution_report(report)
            return fields + _extension(report) if extended else fields
        case OrderCancelReject():
            return _cancel_reject(report)
        case BusinessMessageReject():
            return _business_reject(report)
        case News():
            return _news(report)
    assert_never(report)


def _execution_report(report: ExecutionReport) -> Fields:
    status = report.ord_status if report.ord_status is not None else OrdStatus.PENDING_NEW
    fields: Fields = [
        (tags.MSG_TYPE, "8"),
        (tags.ORDER_ID, printable(report.order_id) or NOTHING),
        (tags.EXEC_ID, printable(report.exec_id)),
        (tags.EXEC_TRANS_TYPE, report.exec_trans_type),
        (tags.EXEC_TYPE, report.exec_type),
        (tags.ORD_STATUS, status),
        (tags.SYMBOL, printable(report.symbol) or NOTHING),
        (tags.SIDE, report.side or Side.BUY),
        (tags.LEAVES_QTY, number_or_zero(report.leaves_qty)),
        (tags.CUM_QTY, number_or_zero(report.cum_qty)),
        (tags.AVG_PX, number_or_zero(report.avg_px)),
    ]
    add_words(fields, _names(report))
    add_numbers(fields, _amounts(report))
    if report.expire_time is not None:
        fields.append((tags.EXPIRE_TIME, utc_timestamp(report.expire_time)))
    if report.transact_time is not None:
        fields.append((tags.TRANSACT_TIME, utc_timestamp(report.transact_time)))
    return fields


def _names(report: ExecutionReport) -> tuple[tuple[int, str | None], ...]:
    restated = report.exec_restatement_reason
    if report.exec_type is ExecType.RESTATED and restated is None:
        restated = ExecRestatementReason.BROKER_OPTION  # FIX asks for one on every restatement
    return (
        (tags.CL_ORD_ID, report.cl_ord_id),
        (tags.ORIG_CL_ORD_ID, report.orig_cl_ord_id),
        (tags.SECONDARY_ORDER_ID, report.secondary_order_id),
        (tags.CLIENT_ID, report.client_id),
        (tags.EXEC_REF_ID, report.exec_ref_id),
        (tags.EXEC_BROKER, report.exec_broker),
        (tags.ACCOUNT, report.account),
        (tags.SECURITY_EXCHANGE, report.security_exchange),
        (tags.ORD_TYPE, report.ord_type),
        (tags.TIME_IN_FORCE, report.time_in_force),
        (tags.EXEC_INST, report.exec_inst),
        (tags.ORD_REJ_REASON, report.ord_rej_reason),
        (tags.EXEC_RESTATEMENT_REASON, restated),
        (tags.COMM_TYPE, _ABSOLUTE if report.commission is not None else None),
        (tags.TEXT, _report_text(report)),
    )


def _amounts(report: ExecutionReport) -> tuple[tuple[int, Decimal | None], ...]:
    # Until an order sized by cash is filled, its OrderQty is not known.
    sized = report.cash_order_qty is None or bool(report.order_qty)
    shares, px = _executed(report)
    return (
        (tags.ORDER_QTY, report.order_qty if sized else None),
        (tags.DAY_ORDER_QTY, report.day_order_qty),
        (tags.DAY_CUM_QTY, report.day_cum_qty),
        (tags.DAY_AVG_PX, report.day_avg_px),
        (tags.CASH_ORDER_QTY, report.cash_order_qty),
        (tags.PRICE, report.price),
        (tags.STOP_PX, report.stop_px),
        (tags.LAST_SHARES, shares),
        (tags.LAST_PX, px),
        (tags.COMMISSION, report.commission),
    )


def _executed(report: ExecutionReport) -> tuple[Decimal | None, Decimal | None]:
    """LastShares and LastPx: of fills, guarantees (D37) and corrections, 0 on a bust, else absent."""
    fill = report.exec_type in (ExecType.PARTIAL_FILL, ExecType.FILL, ExecType.STOPPED)
    match report.exec_trans_type:
        case ExecTransType.CANCEL:
            return ZERO, ZERO
        case ExecTransType.CORRECT:
            return report.last_shares or ZERO, report.last_px or ZERO
        case ExecTransType.NEW if fill:
            return report.last_shares or ZERO, report.last_px or ZERO
        case _:
            return None, None


def _report_text(report: ExecutionReport) -> str:
    quote = report.symbol.partition("/")[2]
    if report.commission is None or report.fee_currency in ("", quote):
        return report.text
    fee = f"fee in {report.fee_currency}"
    return f"{report.text}; {fee}" if report.text else fee


def _extension(report: ExecutionReport) -> Fields:
    fields: Fields = [(tags.IN_DOUBT, "Y" if report.in_doubt else "N")]
    add_words(fields, ((tags.FEE_CURRENCY, report.fee_currency), (tags.TRADE_ID, report.trade_id)))
    add_numbers(fields, ((tags.FEE, report.commission),))
    return fields


def _cancel_reject(reject: OrderCancelReject) -> Fields:
    status = reject.ord_status if reject.ord_status is not None else OrdStatus.REJECTED
    fields: Fields = [
        (tags.MSG_TYPE, "9"),
        (tags.ORDER_ID, printable(reject.order_id) or NOTHING),
        (tags.CL_ORD_ID, printable(reject.cl_ord_id)),
        (tags.ORIG_CL_ORD_ID, printable(reject.orig_cl_ord_id) or NOTHING),
        (tags.ORD_STATUS, status),
        (tags.CXL_REJ_RESPONSE_TO, reject.cxl_rej_response_to),
    ]
    add_words(
        fields,
        (
            (tags.SECONDARY_ORDER_ID, reject.secondary_order_id),
            (tags.CLIENT_ID, reject.client_id),
            (tags.CXL_REJ_REASON, reject.cxl_rej_reason),
            (tags.ACCOUNT, reject.account),
            (tags.TEXT, reject.text),
        ),
    )
    if reject.transact_time is not None:
        fields.append((tags.TRANSACT_TIME, utc_timestamp(reject.transact_time)))
    return fields


def _business_reject(reject: BusinessMessageReject) -> Fields:
    fields: Fields = [
        (tags.MSG_TYPE, "j"),
        (tags.REF_MSG_TYPE, printable(reject.ref_msg_type)),
        (tags.BUSINESS_REJECT_REASON, reject.business_reject_reason),
    ]
    ref_seq_num = "" if reject.ref_seq_num is None else str(reject.ref_seq_num)
    add_words(
        fields,
        (
            (tags.REF_SEQ_NUM, ref_seq_num),
            (tags.BUSINESS_REJECT_REF_ID, reject.business_reject_ref_id),
            (tags.TEXT, reject.text),
        ),
    )
    return fields


def _news(news: News) -> Fields:
    # FIX 4.2 requires the group of lines, and has it before the Headline here: quickfix writes a
    # body in the order of its tags, and nothing may stand between 33 and its first 58.
    lines = [printable(line) for line in news.text.splitlines() if line.strip()]
    return [
        (tags.MSG_TYPE, "B"),
        (tags.LINES_OF_TEXT, str(len(lines))),
        *((tags.TEXT, line) for line in lines),
        (tags.HEADLINE, printable(news.headline) or NOTHING),
    ]
