"""What desks and strategies ask, and what they are answered."""

from datetime import datetime

from oms.core.apply import apply
from oms.core.book import OPERATOR, Book
from oms.core.checks import Candidate, Refusal, examine
from oms.core.client_ids import Draw, venue_cl_ord_id
from oms.core.emulation import ask_price, to_venue
from oms.core.fields import BusinessRejectReason, ExecType
from oms.core.messages import (
    BusinessMessageReject,
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.notes import (
    Answered,
    OrderEntered,
    Unworkable,
)
from oms.core.order import Order, enter
from oms.core.ports import Decision, Evidence, Inbound, Outbound, Record, ToOrigin, ToVenue
from oms.core.reports import (
    duplicate_report,
    event_report,
    spent_report,
    status_report,
    throttled_report,
    unknown_report,
)
from oms.core.values import replaced


def answer(
    inbound: Inbound,
    now: datetime,
    order: Order | None,
    report: ExecutionReport | OrderCancelReject,
    consumes: bool = False,
) -> Decision:
    """A message that moves nothing, with its answer; `consumes`: its ClOrdID is used up."""
    message = inbound.message
    assert isinstance(
        message,
        NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest | OrderStatusRequest,
    ), "only requests are answered"
    return (
        Record(
            time=now,
            message=Answered(request=message, origin=inbound.source, consumes=consumes),
            evidence=inbound.evidence,
            order_id=order.order_id if order is not None else "",
            origin=inbound.source,
            route=order.route if order is not None else "",
            raw=inbound.raw,
            msg_seq_num=inbound.msg_seq_num,
            outbound=(ToOrigin(inbound.source, report),),
        ),
    )


def unworkable(inbound: Inbound, note: Unworkable, now: datetime) -> Decision:
    """BusinessMessageReject (j) for a message that no request can be made of."""
    reject = BusinessMessageReject(
        ref_msg_type=note.ref_msg_type,
        ref_seq_num=note.ref_seq_num,
        business_reject_reason=BusinessRejectReason(note.reason),
        business_reject_ref_id=note.ref_id,
        text=note.text,
    )
    return (
        Record(
            time=now,
            message=note,
            evidence=inbound.evidence,
            origin=inbound.source,
            raw=inbound.raw,
            msg_seq_num=inbound.msg_seq_num,
            outbound=(ToOrigin(inbound.source, reject),),
        ),
    )


# New orders


def new_order(
    book: Book, inbound: Inbound, request: NewOrderSingle, now: datetime, draw: Draw
) -> Decision:
    """A new order, or why not: duplicate ClOrdIDs first, then the checks."""
    used = book.used(inbound.source, request.cl_ord_id)
    if used is not None:
        return _duplicate(book, inbound, request, used, now)
    if inbound.throttled:
        report = throttled_report(request, now, book.seq + 1, inbound.throttled)
        return answer(inbound, now, None, report, consumes=True)
    examined = examine(book, inbound.source, request, now)
    order_id = f"{book.last_order_number + 1:010d}"
    if isinstance(examined, Refusal):
        return _refused(inbound, request, examined, order_id, now)
    return (_accepted(book, inbound, examined, order_id, now, draw),)


def _duplicate(
    book: Book, inbound: Inbound, request: NewOrderSingle, used: str, now: datetime
) -> Decision:
    order = book.any_order(used) if used else None
    if order is None:
        return answer(inbound, now, None, spent_report(request, now, book.seq + 1))
    if request.poss_resend:
        # D31: seen before, so its state is told and no second order is made.
        report = status_report(order, now, cl_ord_id=request.cl_ord_id)
    else:
        report = duplicate_report(order, request, now, book.seq + 1)
    return answer(inbound, now, order, report)


def _accepted(
    book: Book,
    inbound: Inbound,
    candidate: Candidate,
    order_id: str,
    now: datetime,
    draw: Draw,
) -> Record:
    route = candidate.route
    note = OrderEntered(
        request=candidate.order,
        origin=candidate.order.on_behalf_of_comp_id or inbound.source,
        route=route.name,
        venue_cl_ord_id=venue_cl_ord_id(book, route, order_id, now, draw),
        emulate=" ".join(sorted(candidate.emulate)),
    )
    order = enter(note, order_id, now)
    venue_symbol = candidate.instrument.venue_symbol
    outbound: list[Outbound] = [
        ask_price(order, venue_symbol)
        if order.waits_for_price
        else ToVenue(route.name, order_id, to_venue(order, venue_symbol))
    ]
    if inbound.evidence is not Evidence.DESK:
        # A strategy is told that its order is durable and on its way; a desk's first report is
        # the venue's word (FIX 4.2: Pending New answers status requests only).
        report = event_report(order, ExecType.PENDING_NEW, now)
        if order.origin != inbound.source:  # whoever enters for another hears its own name for it
            report = replaced(report, cl_ord_id=candidate.order.cl_ord_id)
        outbound.append(ToOrigin(inbound.source, report))
    return Record(
        time=now,
        message=note,
        evidence=inbound.evidence,
        order_id=order_id,
        origin=inbound.source,
        route=route.name,
        raw=inbound.raw,
        msg_seq_num=inbound.msg_seq_num,
        outbound=tuple(outbound),
        order=order,
    )


def _refused(
    inbound: Inbound,
    request: NewOrderSingle,
    refusal: Refusal,
    order_id: str,
    now: datetime,
) -> Decision:
    note = OrderEntered(
        request=request, origin=inbound.source, route=request.ex_destination, venue_cl_ord_id=""
    )
    order = enter(note, order_id, now)
    reject = ExecutionReport(
        exec_id=f"{order_id}:REFUSED",
        exec_type=ExecType.REJECTED,
        ord_rej_reason=refusal.reason,
        text=refusal.text,
    )
    refused = apply(order, reject, now)
    report = event_report(
        refused,
        ExecType.REJECTED,
        now,
        ord_rej_reason=refusal.reason,
        text=refusal.text,
    )
    return (
        Record(
            time=now,
            message=note,
            evidence=inbound.evidence,
            raw=inbound.raw,
            msg_seq_num=inbound.msg_seq_num,
            order=order,
            order_id=order_id,
            origin=inbound.source,
            route=note.route,
        ),
        Record(
            time=now,
            message=reject,
            evidence=Evidence.POLICY,
            outbound=(ToOrigin(inbound.source, report),),
            order=refused,
            order_id=order_id,
            origin=inbound.source,
            route=note.route,
        ),
    )


def status(book: Book, inbound: Inbound, request: OrderStatusRequest, now: datetime) -> Decision:
    """The state of one of the asker\'s orders, from the books. Drop copies and the operator may
    ask for anybody's, by its OrderID."""
    order, name = book.own(inbound.source, request.cl_ord_id), request.cl_ord_id
    if order is None and request.order_id:
        order = book.any_order(request.order_id)
        if order is not None and inbound.source not in (order.origin, OPERATOR, *book.drop_copies):
            order = None
        elif order is not None and not order.cl_ord_id:
            name = ""  # a telephoned order: no report of it has a ClOrdID
    if order is None:
        return answer(inbound, now, None, unknown_report(request, now))
    report = status_report(order, now, cl_ord_id=name)
    return answer(inbound, now, order, report)
