"""FIX 4.2 as a plain counterparty speaks it, and the core's messages. Pure: [(tag, text)] <-> messages.

Out: D, F, G, H. In: 8, 9. All within the stock FIX42.xml, and each field with the meaning that the
specification gives it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from fix import tags
from fix.values import (
    Message,
    add_numbers,
    add_words,
    member,
    read_enum,
    read_free_text,
    read_id,
    read_number,
    read_text,
    read_time,
)
from fix.wire import Field, Fields, utc_timestamp
from oms.core.errors import MalformedMessage
from oms.core.fields import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecRestatementReason,
    ExecTransType,
    ExecType,
    OrdRejReason,
    OrdStatus,
    Side,
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
from oms.core.values import frozen

_AUTOMATIC: Final = "1"
"""HandlInst (21): no person is to intervene."""

_ABSOLUTE: Final = "3"
"""CommType (13): Commission is an amount of money."""

_NOTHING: Final = "NONE"
"""OrderID (37) of an order that is unknown."""

_FILLS: Final = (ExecType.PARTIAL_FILL, ExecType.FILL)

_Enum = TypeVar("_Enum", bound=StrEnum)


@frozen(kw_only=True)
class Terms:
    """What goes onto every request of a route: Account (1), SecurityExchange (207), and the
    counterparty's symbols by ours."""

    account: str = ""
    security_exchange: str = ""
    symbols: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def encode(request: VenueRequest | OrderStatusRequest, terms: Terms, now: datetime) -> Fields:
    """The fields of a request, MsgType first. `now` is the TransactTime (60)."""
    match request:
        case NewOrderSingle():
            fields = _new_order(request, now)
        case OrderCancelReplaceRequest():
            fields = _replace(request, now)
        case OrderCancelRequest():
            fields = _cancel(request, now)
        case _:
            fields = _status(request)
    symbol = terms.symbols.get(request.symbol, request.symbol)
    words = (
        (tags.SYMBOL, symbol),
        (tags.SIDE, request.side),
        (tags.ACCOUNT, terms.account),
    )
    add_words(fields, words)
    if not isinstance(request, OrderStatusRequest):
        add_words(fields, ((tags.SECURITY_EXCHANGE, terms.security_exchange),))
    return fields


def _new_order(order: NewOrderSingle, now: datetime) -> Fields:
    return [(tags.MSG_TYPE, "D"), (tags.CL_ORD_ID, order.cl_ord_id), *_terms_of(order, now)]


def _replace(request: OrderCancelReplaceRequest, now: datetime) -> Fields:
    return [(tags.MSG_TYPE, "G"), *_ids(request), *_terms_of(request, now)]


def _terms_of(order: NewOrderSingle | OrderCancelReplaceRequest, now: datetime) -> Fields:
    fields: Fields = [
        (tags.HANDL_INST, _AUTOMATIC),
        (tags.TRANSACT_TIME, utc_timestamp(now)),
        (tags.ORD_TYPE, order.ord_type),
    ]
    words = ((tags.TIME_IN_FORCE, order.time_in_force), (tags.EXEC_INST, order.exec_inst))
    add_words(fields, words)
    add_numbers(
        fields,
        (
            (tags.ORDER_QTY, order.order_qty),
            (tags.CASH_ORDER_QTY, order.cash_order_qty),
            (tags.PRICE, order.price),
            (tags.STOP_PX, order.stop_px),
        ),
    )
    if order.expire_time is not None:
        fields.append((tags.EXPIRE_TIME, utc_timestamp(order.expire_time)))
    return fields


def _cancel(request: OrderCancelRequest, now: datetime) -> Fields:
    fields = [
        (tags.MSG_TYPE, "F"),
        *_ids(request),
        (tags.TRANSACT_TIME, utc_timestamp(now)),
    ]
    add_numbers(fields, ((tags.ORDER_QTY, request.order_qty),))
    return fields


def _status(request: OrderStatusRequest) -> Fields:
    fields: Fields = [(tags.MSG_TYPE, "H"), (tags.CL_ORD_ID, request.cl_ord_id)]
    add_words(fields, ((tags.ORDER_ID, request.order_id),))
    return fields


def _ids(request: OrderCancelRequest | OrderCancelReplaceRequest) -> Fields:
    fields: Fields = [
        (tags.ORIG_CL_ORD_ID, request.orig_cl_ord_id),
        (tags.CL_ORD_ID, request.cl_ord_id),
    ]
    add_words(fields, ((tags.ORDER_ID, request.order_id),))
    return fields


def decode(fields: Iterable[Field]) -> ExecutionReport | OrderCancelReject:
    """8 or 9. Raises MalformedMessage for any other type, and what can not be read."""
    message = dict(fields)
    match message.get(tags.MSG_TYPE):
        case "8":
            return _execution_report(message)
        case "9":
            return _cancel_reject(message)
        case other:
            raise MalformedMessage(f"message type {other!r} is not asked for")


def _execution_report(message: Message) -> ExecutionReport:
    exec_type = read_enum(message, tags.EXEC_TYPE, ExecType)
    trans_type = read_enum(message, tags.EXEC_TRANS_TYPE, ExecTransType)
    shares = read_number(message, tags.LAST_SHARES)
    px = read_number(message, tags.LAST_PX)
    executed = trans_type is ExecTransType.CORRECT or (
        trans_type is ExecTransType.NEW and exec_type in _FILLS
    )
    if executed and (shares is None or px is None):
        raise MalformedMessage("an execution without LastShares (32) or LastPx (31)", tags.LAST_PX)
    order_id = _order_id(message)
    return ExecutionReport(
        exec_id=read_id(message, tags.EXEC_ID),
        exec_type=exec_type,
        exec_trans_type=trans_type,
        exec_ref_id=read_text(message, tags.EXEC_REF_ID),
        ord_status=read_enum(message, tags.ORD_STATUS, OrdStatus),
        order_id=order_id,
        secondary_order_id=order_id,
        cl_ord_id=read_text(message, tags.CL_ORD_ID),
        orig_cl_ord_id=read_text(message, tags.ORIG_CL_ORD_ID),
        ord_rej_reason=_known(message, tags.ORD_REJ_REASON, OrdRejReason),
        exec_restatement_reason=_known(
            message, tags.EXEC_RESTATEMENT_REASON, ExecRestatementReason
        ),
        side=member(Side, message[tags.SIDE], tags.SIDE) if tags.SIDE in message else None,
        order_qty=read_number(message, tags.ORDER_QTY),
        price=read_number(message, tags.PRICE),
        last_shares=shares,
        last_px=px,
        leaves_qty=read_number(message, tags.LEAVES_QTY),
        cum_qty=read_number(message, tags.CUM_QTY),
        avg_px=read_number(message, tags.AVG_PX),
        commission=_commission(message),
        fee_currency=read_text(message, tags.CURRENCY) if tags.COMMISSION in message else "",
        transact_time=read_time(message, tags.TRANSACT_TIME),
        text=read_free_text(message),
    )


def _order_id(message: Message) -> str:
    order_id = read_text(message, tags.ORDER_ID)
    return "" if order_id == _NOTHING else order_id


def _known(message: Message, tag: int, kind: type[_Enum]) -> _Enum | None:
    """A reason, if it is one of the specification's: none is worth losing the message for."""
    value = message.get(tag, "")
    return kind(value) if value in set(kind) else None


def _commission(message: Message) -> Decimal | None:
    absolute = message.get(tags.COMM_TYPE) == _ABSOLUTE
    return read_number(message, tags.COMMISSION) if absolute else None


def _cancel_reject(message: Message) -> OrderCancelReject:
    order_id = _order_id(message)
    answered = _known(message, tags.CXL_REJ_RESPONSE_TO, CxlRejResponseTo)
    return OrderCancelReject(
        cl_ord_id=read_id(message, tags.CL_ORD_ID),
        orig_cl_ord_id=read_text(message, tags.ORIG_CL_ORD_ID),
        order_id=order_id,
        secondary_order_id=order_id,
        ord_status=_known(message, tags.ORD_STATUS, OrdStatus),
        cxl_rej_response_to=answered or CxlRejResponseTo.ORDER_CANCEL_REQUEST,
        cxl_rej_reason=_known(message, tags.CXL_REJ_REASON, CxlRejReason),
        transact_time=read_time(message, tags.TRANSACT_TIME),
        text=read_free_text(message),
    )
