"""What desks and strategies ask, and what they are answered."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from oms.core.book import OPERATOR, Book, Route
from oms.core.checks import Candidate, Refusal, examine
from oms.core.copies import REFUSAL
from oms.core.facts import PendingRequest
from oms.core.fields import BusinessRejectReason, CxlRejReason, ExecType
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
    Delivered,
    OrderEntered,
    Request,
    RequestEntered,
    SessionReset,
    Unworkable,
)
from oms.core.order import Order, apply, enter
from oms.core.ports import Decision, Evidence, Inbound, Outbound, Record, ToOrigin, ToVenue
from oms.core.reports import (
    KILL_SWITCH,
    cancel_reject,
    duplicate_report,
    event_report,
    spent_report,
    status_report,
    unknown_report,
)
from oms.core.story import can_release, request_to_venue
from oms.core.venue import ClientId

Draw = Callable[[int], str]
"""draw(n): n random decimal digits as text."""

COUNTER_EPOCH_S: Final = 1_735_689_600
"""2025-01-01T00:00:00Z: COUNTER ids are seconds since then, so that they fit 31 bits."""


def note(inbound: Inbound, message: Delivered | SessionReset, now: datetime) -> Record:
    """A position of a desk session."""
    return Record(
        time=now,
        message=message,
        evidence=inbound.evidence,
        origin=message.origin,
        raw=inbound.raw,
        msg_seq_num=inbound.msg_seq_num,
    )


def _answer(
    inbound: Inbound,
    now: datetime,
    order: Order | None,
    report: ExecutionReport | OrderCancelReject,
    consumes: bool = False,
) -> Decision:
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
    examined = examine(book, inbound.source, request)
    order_id = f"{book.last_order_number + 1:010d}"
    if isinstance(examined, Refusal):
        return _refused(inbound, request, examined, order_id, now)
    return (_accepted(book, inbound, examined, order_id, now, draw),)


def _duplicate(
    book: Book, inbound: Inbound, request: NewOrderSingle, used: str, now: datetime
) -> Decision:
    order = book.any_order(used) if used else None
    if order is None:
        return _answer(inbound, now, None, spent_report(request, now, inbound.source))
    if request.poss_resend:
        # D31: seen before, so its state is told and no second order is made.
        report = status_report(order, now, cl_ord_id=request.cl_ord_id)
    else:
        report = duplicate_report(order, request, now)
    return _answer(inbound, now, order, report)


def _accepted(
    book: Book,
    inbound: Inbound,
    candidate: Candidate,
    order_id: str,
    now: datetime,
    draw: Draw,
) -> Record:
    route = candidate.route
    venue_cl_ord_id = _venue_cl_ord_id(book, route, order_id, now, draw)
    note = OrderEntered(
        request=candidate.order,
        origin=candidate.order.on_behalf_of_comp_id or inbound.source,
        route=route.name,
        venue_cl_ord_id=venue_cl_ord_id,
    )
    order = enter(note, order_id, now)
    outbound: list[Outbound] = [ToVenue(route.name, order_id, _to_venue(candidate, order))]
    if inbound.evidence is not Evidence.DESK:
        # A strategy is told that its order is durable and on its way; a desk's first report is
        # the venue's word (FIX 4.2: Pending New answers status requests only).
        report = event_report(order, ExecType.PENDING_NEW, now)
        if order.origin != inbound.source:  # whoever enters for another hears its own name for it
            report = replace(report, cl_ord_id=candidate.order.cl_ord_id)
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


def _to_venue(candidate: Candidate, order: Order) -> NewOrderSingle:
    request = candidate.order
    return NewOrderSingle(
        cl_ord_id=order.venue_cl_ord_id,
        symbol=candidate.instrument.venue_symbol,
        side=request.side,
        ord_type=request.ord_type,
        security_exchange=request.security_exchange,
        order_qty=request.order_qty,
        cash_order_qty=request.cash_order_qty,
        price=request.price,
        stop_px=request.stop_px,
        time_in_force=request.time_in_force,
        expire_time=request.expire_time,
        exec_inst=request.exec_inst,
    )


def _venue_cl_ord_id(book: Book, route: Route, order_id: str, now: datetime, draw: Draw) -> str:
    capabilities = route.capabilities
    match capabilities.client_id:
        case ClientId.COUNTER:
            seconds = int((now - datetime(2025, 1, 1, tzinfo=UTC)).total_seconds())
            return str(max(book.last_client_ids.get(route.name, 0) + 1, seconds))
        case ClientId.STAMPED:
            millis = int(now.timestamp()) * 1000 + now.microsecond // 1000
            counter = int(order_id) % 1000
            return f"{capabilities.client_id_digits}{draw(8)}{millis:013d}{counter:03d}"
        case ClientId.HEX:
            return f"{int(draw(38)):032x}"[-32:]
        case _:
            return order_id


# Cancels, replaces, status


def change(
    book: Book,
    inbound: Inbound,
    request: OrderCancelRequest | OrderCancelReplaceRequest,
    now: datetime,
) -> Decision:
    """A cancel or replace, or the OrderCancelReject that it gets."""
    origin = inbound.source
    used = book.used(origin, request.cl_ord_id)
    order = _owned(book, origin, request)
    if used is not None:
        reject = cancel_reject(request, order, CxlRejReason.BROKER_CREDIT, now, "duplicate ClOrdID")
        return _answer(inbound, now, order, reject)
    if origin in book.drop_copies:
        return _no(inbound, request, None, CxlRejReason.BROKER_CREDIT, now, REFUSAL)
    if order is None:
        return _no(inbound, request, None, CxlRejReason.UNKNOWN_ORDER, now, "unknown order")
    refusal = _unchangeable(book, order, request)
    if refusal is not None:
        return _no(inbound, request, order, refusal[0], now, refusal[1])
    return (_entered(book, inbound, request, order, now),)


def _owned(
    book: Book, origin: str, request: OrderCancelRequest | OrderCancelReplaceRequest
) -> Order | None:
    if request.orig_cl_ord_id:
        found = book.own(origin, request.orig_cl_ord_id)
        if found is not None or not request.order_id:
            return found
    order = book.any_order(request.order_id) if request.order_id else None
    if order is None or origin in (order.origin, OPERATOR):
        return order
    return None


def _unchangeable(
    book: Book, order: Order, request: OrderCancelRequest | OrderCancelReplaceRequest
) -> tuple[CxlRejReason, str] | None:
    route = book.routes.get(order.route)
    replace = isinstance(request, OrderCancelReplaceRequest)
    can_replace = route is not None and route.capabilities.can_replace
    # D8: a filled order can still be replaced upwards, where the venue replaces.
    if order.ended or (order.filled and not (replace and can_replace)):
        return CxlRejReason.TOO_LATE_TO_CANCEL, f"the order is {order.ord_status.name}"
    if route is None:
        # A restart may have taken the route out of the configuration; the order stays.
        return CxlRejReason.BROKER_CREDIT, f"the route {order.route} is not configured any more"
    # D16, D17: where requests may stand in line, the venue judges them. A cancel beside the
    # engine's own is answered by what comes of that.
    under_way = [r for r in order.requests if replace or not r.silent]
    if under_way and not route.capabilities.chains_requests:
        return (
            CxlRejReason.ORDER_ALREADY_IN_PENDING_STATUS,
            f"{under_way[-1].kind.name} is under way",
        )
    if replace and book.killed(order.route):
        return CxlRejReason.BROKER_CREDIT, f"{KILL_SWITCH}: {order.route} replaces nothing"
    if replace and not can_replace:
        return CxlRejReason.BROKER_CREDIT, f"replace is not supported by {order.route}"
    return None


def _no(
    inbound: Inbound,
    request: OrderCancelRequest | OrderCancelReplaceRequest,
    order: Order | None,
    reason: CxlRejReason,
    now: datetime,
    text: str,
) -> Decision:
    reject = cancel_reject(request, order, reason, now, text)
    return _answer(inbound, now, order, reject, consumes=True)


def _entered(
    book: Book,
    inbound: Inbound,
    request: OrderCancelRequest | OrderCancelReplaceRequest,
    order: Order,
    now: datetime,
) -> Record:
    route = book.routes[order.route]
    pending = not route.capabilities.tells_pending
    released = can_release(route, order)
    note = RequestEntered(
        request=request, origin=inbound.source, pending=pending, released=released
    )
    after = apply(order, note, now)
    entered: PendingRequest = after.requests[-1]
    outbound: list[Outbound] = []
    if released:
        outbound.append(request_to_venue(after, entered))
    if pending:
        cancel = entered.kind is Request.CANCEL
        exec_type = ExecType.PENDING_CANCEL if cancel else ExecType.PENDING_REPLACE
        text = "" if released else "held until the venue can take it"
        for reader in dict.fromkeys((order.origin, inbound.source)):
            report = event_report(
                after, exec_type, now, request=entered, before=order, reader=reader, text=text
            )
            outbound.append(ToOrigin(reader, report))
    return Record(
        time=now,
        message=note,
        evidence=inbound.evidence,
        order_id=order.order_id,
        origin=inbound.source,
        route=order.route,
        raw=inbound.raw,
        msg_seq_num=inbound.msg_seq_num,
        outbound=tuple(outbound),
        order=after,
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
        return _answer(inbound, now, None, unknown_report(request, now))
    report = status_report(order, now, cl_ord_id=name)
    return _answer(inbound, now, order, report)
