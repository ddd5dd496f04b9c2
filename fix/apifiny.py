"""Apifiny's dialect of FIX 4.2 and the core's messages. Pure: [(tag, text)] <-> messages.

Source: the venue's document, section "FIX API" (New Order, Cancel Order, Execution Report, Query
order status). F and H carry the order's own id in ClOrdID (11). Reports have neither CumQty,
LeavesQty, AvgPx nor ExecTransType; Price (44) is the price of the fill if there is one; 11 is
promised on the acknowledgement alone, so the order is known by OrderID (37) afterwards.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from fix import tags
from fix.values import (
    Message,
    add_numbers,
    read_free_text,
    read_id,
    read_number,
    read_text,
    read_time,
)
from fix.wire import Field, Fields, utc_timestamp
from oms.core.errors import MalformedMessage, NotSupported
from oms.core.fields import (
    PARTICIPATE_DONT_INITIATE,
    CxlRejReason,
    CxlRejResponseTo,
    ExecType,
    OrdRejReason,
    TimeInForce,
)
from oms.core.messages import ExecutionReport, NewOrderSingle, OrderCancelReject

COMP_ID: Final = "APIFINY"
"""TargetCompID (56) of every session."""

_AUTOMATIC: Final = "1"
"""HandlInst (21)."""

_TIME_IN_FORCE: Final[Mapping[TimeInForce, str]] = MappingProxyType(
    {
        TimeInForce.DAY: "1",
        TimeInForce.GOOD_TILL_CANCEL: "1",
        TimeInForce.IMMEDIATE_OR_CANCEL: "3",
    }
)
_POST_ONLY: Final = "7"

_EXEC_TYPE: Final[Mapping[str, ExecType]] = MappingProxyType(
    {
        "0": ExecType.NEW,
        "1": ExecType.PARTIAL_FILL,
        "2": ExecType.FILL,
        "4": ExecType.CANCELED,
        "8": ExecType.REJECTED,
    }
)
"""All that the document lists; anything else is for a human."""

_NO_ORDER: Final = "NONE"


def encode_order(order: NewOrderSingle, account_id: str, now: datetime) -> Fields:
    """D. `account_id` is the venue account, `now` the TransactTime (60).

    Raises NotSupported for what the dialect has no words for.
    """
    if order.order_qty is None or order.cash_order_qty is not None:
        raise NotSupported("Apifiny's FIX sizes orders by OrderQty (38) alone")
    fields: Fields = [
        (tags.MSG_TYPE, "D"),
        (tags.CL_ORD_ID, order.cl_ord_id),
        (tags.HANDL_INST, _AUTOMATIC),
        (tags.SYMBOL, order.symbol),
        (tags.ORD_TYPE, order.ord_type),
        (tags.TIME_IN_FORCE, _time_in_force(order)),
        (tags.TRANSACT_TIME, utc_timestamp(now)),
        (tags.SIDE, order.side),
        (tags.ACCOUNT, account_id),
        (tags.SECURITY_EXCHANGE, _exchange(order.security_exchange)),
    ]
    add_numbers(fields, ((tags.PRICE, order.price), (tags.ORDER_QTY, order.order_qty)))
    return fields


def _time_in_force(order: NewOrderSingle) -> str:
    if order.exec_inst == PARTICIPATE_DONT_INITIATE:
        return _POST_ONLY
    offered = _TIME_IN_FORCE.get(order.time_in_force)
    if offered is None or order.exec_inst:
        raise NotSupported(
            f"Apifiny's FIX has no {order.time_in_force.name} {order.exec_inst}".rstrip()
        )
    return offered


def encode_cancel(venue_cl_ord_id: str, account_id: str, security_exchange: str) -> Fields:
    """F for the order that was sent under `venue_cl_ord_id`. Raises NotSupported without 207."""
    return _naming("F", venue_cl_ord_id, account_id, security_exchange)


def encode_status(venue_cl_ord_id: str, account_id: str, security_exchange: str) -> Fields:
    """H for the order that was sent under `venue_cl_ord_id`. Raises NotSupported without 207."""
    return _naming("H", venue_cl_ord_id, account_id, security_exchange)


def _naming(msg_type: str, cl_ord_id: str, account_id: str, security_exchange: str) -> Fields:
    return [
        (tags.MSG_TYPE, msg_type),
        (tags.CL_ORD_ID, cl_ord_id),
        (tags.ACCOUNT, account_id),
        (tags.SECURITY_EXCHANGE, _exchange(security_exchange)),
    ]


def _exchange(name: str) -> str:
    if not name:
        raise NotSupported("Apifiny's FIX has no request with no SecurityExchange (207)")
    return name


def decode(fields: Iterable[Field]) -> ExecutionReport | OrderCancelReject:
    """8 or 9. OrdStatus (39) is not taken over: the document gives it no values.

    Raises MalformedMessage for any other type, an ExecType outside the document's list, and
    what can not be read.
    """
    message = dict(fields)
    match message.get(tags.MSG_TYPE):
        case "8":
            return _execution_report(message)
        case "9":
            return _cancel_reject(message)
        case other:
            raise MalformedMessage(f"message type {other!r} is not of Apifiny's dialect")


def _execution_report(message: Message) -> ExecutionReport:
    value = read_id(message, tags.EXEC_TYPE)
    exec_type = _EXEC_TYPE.get(value)
    if exec_type is None:
        raise MalformedMessage(f"ExecType (150) {value!r} is not listed", tags.EXEC_TYPE)
    cl_ord_id, order_id = _names(message)
    price = read_number(message, tags.PRICE)
    shares = read_number(message, tags.LAST_SHARES)
    fill = exec_type in (ExecType.PARTIAL_FILL, ExecType.FILL)
    if fill and shares and price is None:
        raise MalformedMessage("a fill without its price (44)", tags.PRICE)
    return ExecutionReport(
        exec_id=read_id(message, tags.EXEC_ID),
        exec_type=exec_type,
        cl_ord_id=cl_ord_id,
        order_id=order_id,
        secondary_order_id=order_id,
        ord_rej_reason=_reason(message) if exec_type is ExecType.REJECTED else None,
        order_qty=read_number(message, tags.ORDER_QTY),
        last_shares=shares if fill else None,
        last_px=price if fill else None,
        transact_time=read_time(message, tags.TRANSACT_TIME),
        text=read_free_text(message),
    )


def denies(answer: ExecutionReport) -> bool:
    """Whether the answer to a status request says that the venue has no such order.

    The document does not show such an answer: one that is rejected, names no order of the venue's
    and says so in the words of its list of errors, or by OrdRejReason (103), is taken for one.
    """
    if answer.exec_type is not ExecType.REJECTED or answer.order_id:
        return False
    unknown = answer.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER
    return unknown or _UNKNOWN.search(answer.text) is not None


_UNKNOWN: Final = re.compile("order(?: id)? (?:doesn't|does not) exist", re.IGNORECASE)


def _names(message: Message) -> tuple[str, str]:
    """The id we gave the order, and the venue's; at least one of them."""
    cl_ord_id = read_text(message, tags.CL_ORD_ID)
    order_id = read_text(message, tags.ORDER_ID)
    order_id = "" if order_id == _NO_ORDER else order_id
    if not cl_ord_id and not order_id:
        raise MalformedMessage("neither ClOrdID (11) nor OrderID (37)", tags.ORDER_ID)
    return cl_ord_id, order_id


def _reason(message: Message) -> OrdRejReason | None:
    value = message.get(tags.ORD_REJ_REASON, "")
    return OrdRejReason(value) if value in set(OrdRejReason) else None


def _cancel_reject(message: Message) -> OrderCancelReject:
    cl_ord_id, order_id = _names(message)
    reason = message.get(tags.CXL_REJ_REASON, "")
    return OrderCancelReject(
        cl_ord_id=cl_ord_id,
        # F's 11 is the order's own id; where 41 comes back, it can name nothing else.
        orig_cl_ord_id=read_text(message, tags.ORIG_CL_ORD_ID) or cl_ord_id,
        order_id=order_id,
        secondary_order_id=order_id,
        cxl_rej_response_to=CxlRejResponseTo.ORDER_CANCEL_REQUEST,
        cxl_rej_reason=CxlRejReason(reason) if reason in set(CxlRejReason) else None,
        transact_time=read_time(message, tags.TRANSACT_TIME),
        text=read_free_text(message),
    )
