"""What a desk or a strategy is told: the only place where its reports are built.

ExecIDs are derived, never drawn: OrderID and what happened, so that the same event told twice
has the same id.
"""

from datetime import datetime
from typing import Any, Final

from oms.core.facts import PendingRequest
from oms.core.fields import (
    CxlRejReason,
    CxlRejResponseTo,
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
from oms.core.notes import Request
from oms.core.numbers import ZERO
from oms.core.order import Order

NO_ORDER_ID = "NONE"
"""OrderID (37) where the order is unknown (FIX 4.2, OrderCancelReject)."""

BREAK = "BREAK: "
"""Begins the text of a report about an execution that can not be, and is counted all the same."""

KILL_SWITCH = "KILL SWITCH"
"""Text of what the kill switch cancels, and the beginning of what it refuses."""

STATUS_EXEC_ID = "0"
"""ExecID (17) of a report with ExecTransType Status (FIX 4.2)."""

_STATUS_AS_EXEC = {
    OrdStatus.NEW: ExecType.NEW,
    OrdStatus.PARTIALLY_FILLED: ExecType.PARTIAL_FILL,
    OrdStatus.FILLED: ExecType.FILL,
    OrdStatus.DONE_FOR_DAY: ExecType.DONE_FOR_DAY,
    OrdStatus.CANCELED: ExecType.CANCELED,
    OrdStatus.REPLACED: ExecType.REPLACED,
    OrdStatus.PENDING_CANCEL: ExecType.PENDING_CANCEL,
    OrdStatus.STOPPED: ExecType.STOPPED,
    OrdStatus.REJECTED: ExecType.REJECTED,
    OrdStatus.PENDING_NEW: ExecType.PENDING_NEW,
    OrdStatus.EXPIRED: ExecType.EXPIRED,
    OrdStatus.PENDING_REPLACE: ExecType.PENDING_REPLACE,
}


def event_report(
    order: Order,
    exec_type: ExecType,
    now: datetime,
    *,
    told: ExecutionReport | None = None,
    request: PendingRequest | None = None,
    before: Order | None = None,
    reader: str = "",
    ord_rej_reason: OrdRejReason | None = None,
    text: str = "",
) -> ExecutionReport:
    """One event of an order for its owner.

    `told` is the venue's report where there was one; `request` the desk's request that this
    answers: its id goes into ClOrdID, the last id accepted `before` into OrigClOrdID, where the
    `reader` (the order's owner, unless said) is who made it.
    """
    word = _NO_WORD if told is None else told
    trans_type = word.exec_trans_type
    executed = exec_type in _FILLS or trans_type in _UNDOES
    cl_ord_id, orig_cl_ord_id = order.cl_ord_id, ""
    if request is not None and request.origin == (reader or order.origin):
        cl_ord_id, orig_cl_ord_id = request.cl_ord_id, (before or order).cl_ord_id
    return _describe(
        order,
        exec_id=_exec_id(order, exec_type, told, request),
        exec_type=exec_type,
        exec_trans_type=trans_type,
        exec_ref_id=f"{order.order_id}:{word.exec_ref_id}" if word.exec_ref_id else "",
        cl_ord_id=cl_ord_id,
        orig_cl_ord_id=orig_cl_ord_id,
        ord_rej_reason=ord_rej_reason,
        exec_restatement_reason=word.exec_restatement_reason,
        last_shares=word.last_shares if executed else ZERO,
        last_px=(word.last_px if executed else None) or ZERO,
        commission=word.commission,
        fee_currency=word.fee_currency,
        trade_id=word.trade_id,
        derived=word.derived,
        transact_time=word.transact_time or now,
        text=text or word.text,
    )


_NO_WORD: Final = ExecutionReport(exec_id="", exec_type=ExecType.NEW, last_shares=ZERO)
"""What a venue tells of an event of the engine's own."""

_FILLS: Final = frozenset({ExecType.PARTIAL_FILL, ExecType.FILL, ExecType.STOPPED})
"""Their reports tell LastShares and LastPx; a guarantee tells what it guarantees (D37)."""

_UNDOES: Final = frozenset({ExecTransType.CANCEL, ExecTransType.CORRECT})


def status_report(
    order: Order, now: datetime, *, cl_ord_id: str = "", text: str = ""
) -> ExecutionReport:
    """The order as it stands (20=3); `cl_ord_id` ties it to a superseded id (D26)."""
    status = order.ord_status
    if order.in_doubt is not None:
        text = f"IN DOUBT: {order.in_doubt.text}"
    return _describe(
        order,
        exec_id=STATUS_EXEC_ID,
        exec_type=_STATUS_AS_EXEC[status],
        exec_trans_type=ExecTransType.STATUS,
        cl_ord_id=cl_ord_id or order.cl_ord_id,
        transact_time=now,
        text=text or order.text,
    )


def duplicate_report(
    order: Order, request: NewOrderSingle, now: datetime, seq: int
) -> ExecutionReport:
    """A refused D whose id is taken: the rest states the order that is there (D22).

    `seq` is the journal's: each refusal of the same id is a report of its own.
    """
    return _describe(
        order,
        exec_id=f"{order.order_id}:DUPLICATE:{seq}",
        exec_type=ExecType.REJECTED,
        cl_ord_id=request.cl_ord_id,
        ord_rej_reason=OrdRejReason.DUPLICATE_ORDER,
        last_shares=ZERO,
        last_px=ZERO,
        transact_time=now,
        text=f"duplicate ClOrdID {request.cl_ord_id}: the order stated is the first one",
    )


def spent_report(request: NewOrderSingle, now: datetime, seq: int) -> ExecutionReport:
    """A refused D whose id a refused request used up: there is no order to state."""
    return _no_order_report(
        request,
        now,
        f"{NO_ORDER_ID}:DUPLICATE:{seq}",
        OrdRejReason.DUPLICATE_ORDER,
        f"duplicate ClOrdID {request.cl_ord_id}: an earlier request used it",
    )


def throttled_report(
    request: NewOrderSingle, now: datetime, seq: int, text: str
) -> ExecutionReport:
    """A refused D that was one too many in its time: no order is made of it."""
    exec_id = f"{NO_ORDER_ID}:THROTTLED:{seq}"
    return _no_order_report(request, now, exec_id, OrdRejReason.EXCHANGE_CLOSED, text)


def _no_order_report(
    request: NewOrderSingle, now: datetime, exec_id: str, reason: OrdRejReason, text: str
) -> ExecutionReport:
    return ExecutionReport(
        order_id=NO_ORDER_ID,
        exec_id=exec_id,
        exec_type=ExecType.REJECTED,
        ord_status=OrdStatus.REJECTED,
        ord_rej_reason=reason,
        cl_ord_id=request.cl_ord_id,
        symbol=request.symbol,
        side=request.side,
        order_qty=request.order_qty,
        cash_order_qty=request.cash_order_qty,
        price=request.price,
        leaves_qty=ZERO,
        cum_qty=ZERO,
        avg_px=ZERO,
        last_shares=ZERO,
        last_px=ZERO,
        transact_time=now,
        text=text,
    )


def unknown_report(request: OrderStatusRequest, now: datetime) -> ExecutionReport:
    """The answer to a status request about no order of the asker's (D24)."""
    return ExecutionReport(
        order_id=request.order_id or NO_ORDER_ID,
        exec_id=STATUS_EXEC_ID,
        exec_type=ExecType.REJECTED,
        exec_trans_type=ExecTransType.STATUS,
        ord_status=OrdStatus.REJECTED,
        ord_rej_reason=OrdRejReason.UNKNOWN_ORDER,
        cl_ord_id=request.cl_ord_id,
        symbol=request.symbol,
        side=request.side or Side.BUY,
        leaves_qty=ZERO,
        cum_qty=ZERO,
        avg_px=ZERO,
        transact_time=now,
        text="unknown order",
    )


def cancel_reject(
    request: OrderCancelRequest | OrderCancelReplaceRequest | PendingRequest,
    order: Order | None,
    reason: CxlRejReason,
    now: datetime,
    text: str,
) -> OrderCancelReject:
    """9: what the desk asked to change stays as `order` is. OrigClOrdID is the last accepted."""
    cancel = isinstance(request, OrderCancelRequest) or (
        isinstance(request, PendingRequest) and request.kind is Request.CANCEL
    )
    if order is None:
        order_id, orig, status = NO_ORDER_ID, request.orig_cl_ord_id, OrdStatus.REJECTED
    else:
        order_id, orig, status = order.order_id, order.cl_ord_id, order.ord_status
    return OrderCancelReject(
        order_id=order_id,
        secondary_order_id=order.secondary_order_id if order else "",
        cl_ord_id=request.cl_ord_id,
        orig_cl_ord_id=orig,
        ord_status=status,
        cxl_rej_response_to=(
            CxlRejResponseTo.ORDER_CANCEL_REQUEST if cancel else CxlRejResponseTo.ORDER_CANCEL
        ),
        cxl_rej_reason=reason,
        account=order.account if order else "",
        transact_time=now,
        text=text,
    )


def _exec_id(
    order: Order,
    exec_type: ExecType,
    told: ExecutionReport | None,
    request: PendingRequest | None,
) -> str:
    once = exec_type in _ONCE
    if told is not None and not once:
        return f"{order.order_id}:{told.exec_id}"
    if request is not None and not once:
        return f"{order.order_id}:{exec_type.name}:{request.cl_ord_id}"
    return f"{order.order_id}:{exec_type.name}"


_ONCE: Final = frozenset(
    {
        ExecType.NEW,
        ExecType.CANCELED,
        ExecType.REJECTED,
        ExecType.EXPIRED,
        ExecType.PENDING_NEW,
    }
)
"""Events that an order has once, whoever tells them."""


def _describe(order: Order, **event: Any) -> ExecutionReport:
    day = order.day_figures if order.day else None
    return ExecutionReport(
        order_id=order.order_id,
        secondary_order_id=order.secondary_order_id,
        exec_broker=order.route,
        ord_status=order.ord_status,
        account=order.account,
        symbol=order.symbol,
        security_exchange=order.security_exchange,
        side=order.side,
        ord_type=order.ord_type,
        time_in_force=order.time_in_force,
        expire_time=order.expire_time,
        exec_inst=order.exec_inst,
        order_qty=order.order_qty,
        cash_order_qty=order.cash_order_qty,
        price=order.price,
        stop_px=order.stop_px,
        leaves_qty=order.leaves_qty,
        cum_qty=order.cum_qty,
        avg_px=order.avg_px,
        day_order_qty=None if day is None else day.order_qty,
        day_cum_qty=None if day is None else day.cum_qty,
        day_avg_px=None if day is None else day.avg_px,
        in_doubt=order.in_doubt is not None,
        **event,
    )
