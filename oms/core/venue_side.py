"""What venues tell, and what the loss of their answers means.

A fill is applied once, whatever arrives twice; what the state table does not allow goes to the
quarantine; an order whose outcome is unknown is in doubt until evidence settles it.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from oms.core.book import Book
from oms.core.errors import IllegalTransition
from oms.core.facts import PendingRequest
from oms.core.fields import CxlRejReason, ExecTransType, ExecType, OrdRejReason, OrdStatus
from oms.core.messages import ExecutionReport, OrderCancelReject
from oms.core.notes import DoubtSettled, Quarantined, Request, VenueNamed
from oms.core.numbers import ZERO, average, multiply, number_text, subtract
from oms.core.order import Order, apply
from oms.core.ports import Decision, Inbound, Outbound, Record, ToOrigin
from oms.core.reports import BREAK, cancel_reject, event_report, status_report
from oms.core.story import Story, doubt, follow_up
from oms.core.transitions import FILLS, REACHED_BY, Event, Life, event_of
from oms.core.venue import Fence


def told(
    book: Book,
    inbound: Inbound,
    message: ExecutionReport | OrderCancelReject | Quarantined,
    now: datetime,
) -> Decision:
    """A venue's report or refusal, or something of it that could not be read."""
    if isinstance(message, Quarantined):
        return (quarantine(inbound, message, now),)
    order = _named(book, inbound.source, message)
    if order is None:
        note = Quarantined(reason="unknown order", text=f"{inbound.source}: no such order here")
        return (quarantine(inbound, note, now),)
    story = Story(inbound, order, now)
    try:
        if isinstance(message, ExecutionReport):
            _report(book, story, message)
        else:
            _refusal(story, message)
    except IllegalTransition as error:
        note = Quarantined(
            reason="illegal transition",
            text=f"order {order.order_id} {order.ord_status.name}: {error}",
        )
        return (quarantine(inbound, note, now, order),)
    _learn_name(book, story, message.secondary_order_id)
    if story.records:
        follow_up(book, story)
    return tuple(story.records)


def _named(book: Book, route: str, message: ExecutionReport | OrderCancelReject) -> Order | None:
    """The order a venue means. An answer names the request in ClOrdID, the order in OrigClOrdID."""
    name = message.orig_cl_ord_id or message.cl_ord_id
    order = book.at_venue(route, name, message.order_id)
    if order is None and message.cl_ord_id not in ("", name):
        order = book.at_venue(route, message.cl_ord_id)
    return order


def quarantine(
    inbound: Inbound, note: Quarantined, now: datetime, order: Order | None = None
) -> Record:
    """Keep a message that can not be applied, with its raw text."""
    return Record(
        time=now,
        message=note,
        evidence=inbound.evidence,
        order_id=order.order_id if order else "",
        origin=order.origin if order else "",
        route=inbound.source,
        raw=inbound.raw,
        msg_seq_num=inbound.msg_seq_num,
    )


def _learn_name(book: Book, story: Story, theirs: str) -> None:
    """What else a report says may be no news: later ones may name the order by this id alone."""
    order = story.order
    if theirs and not order.secondary_order_id and book.at_venue(order.route, "", theirs) is None:
        story.add(VenueNamed(cl_ord_id=order.venue_cl_ord_id, secondary_order_id=theirs))


def _report(book: Book, story: Story, report: ExecutionReport) -> None:
    if report.exec_trans_type is ExecTransType.STATUS:
        route = book.routes.get(story.order.route)
        _sight(story, report, Fence.NOTHING if route is None else route.capabilities.fence)
        return
    event = event_of(report.exec_type, report.exec_trans_type)
    _demand_positive(report)
    if event in FILLS:
        booked = story.order.cum_qty
        for part in _unbooked(story.order, report):
            _book_fill(story, part, booked)
        if event is Event.FILL:
            _check_complete(story)
        return
    if _told_before(story.order, event, report) or _no_news(story.order, event):
        return
    move(story, report, event)


def _demand_positive(report: ExecutionReport) -> None:
    for name, number in (("LastShares", report.last_shares), ("LastPx", report.last_px)):
        if number is not None and number < 0:
            raise IllegalTransition(f"{name} {number_text(number)}: no execution is negative")


def _told_before(order: Order, event: Event, report: ExecutionReport) -> bool:
    # A renewal told again would put what was executed since into the day before.
    renewed = event is Event.RESTATED and bool(order.day) and report.exec_id == order.day
    return renewed or report.exec_id in order.executions


def _no_news(order: Order, event: Event) -> bool:
    return REACHED_BY.get(event) is order.life


def _sight(story: Story, report: ExecutionReport, fence: Fence) -> None:
    """A status told on request: it proves that the order exists.

    Where the session's numbers fence what was sent, it also tells what never arrived, and its
    quantities show what was lost; elsewhere they are not booked.
    """
    fenced = fence is Fence.SEQUENCE
    if fenced and report.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER:
        _unknown_there(story, report)
        return
    alive = report.exec_type not in (ExecType.REJECTED, ExecType.PENDING_NEW)
    if story.order.life is Life.PENDING_NEW and alive:
        seen = replace(report, exec_type=ExecType.NEW, exec_trans_type=ExecTransType.NEW)
        move(story, seen, Event.NEW)
    if fenced:
        _make_up(story, report)
        _end(story, report)
        _settle(story, report)


def _unknown_there(story: Story, report: ExecutionReport) -> None:
    """The venue has no such order: one that is on its way no more never was, others should be."""
    order = story.order
    lost = order.in_doubt is not None and order.in_doubt.request is Request.NEW
    if lost and not order.acknowledged:
        absent = replace(
            report,
            exec_id=f"{order.order_id}:ABSENT",
            exec_trans_type=ExecTransType.NEW,
            ord_rej_reason=OrdRejReason.EXCHANGE_CLOSED,
            text="it never arrived: the venue does not know it, and it is not sent again",
        )
        move(story, absent, Event.REJECTED)
    elif not order.closed:
        text = "the venue does not know an order that it took before; its people have to be asked"
        story.add(Quarantined(reason="order unknown there", text=f"{order.order_id}: {text}"))
        if order.in_doubt is None:
            doubt(story, Request.FILLS, text)


def _make_up(story: Story, report: ExecutionReport) -> None:
    """Book what the venue has executed and its reports did not tell, and say so loudly."""
    order = story.order
    if report.cum_qty is None or report.cum_qty == order.cum_qty:
        return
    told, booked = number_text(report.cum_qty), number_text(order.cum_qty)
    text = f"{order.order_id}: the status says that {told} was executed, reports say {booked}"
    story.add(Quarantined(reason="executions do not add up", text=text))
    missing = subtract(report.cum_qty, order.cum_qty)
    notional = subtract(multiply(report.cum_qty, report.avg_px or ZERO), order.notional)
    if missing < 0 or notional <= 0:
        if order.in_doubt is None:
            doubt(story, Request.FILLS, f"{text}; the venue's people have to be asked")
        return
    derived = replace(
        report,
        exec_id=f"{report.secondary_order_id or order.venue_cl_ord_id}:{told}",
        exec_type=ExecType.PARTIAL_FILL,
        exec_trans_type=ExecTransType.NEW,
        last_shares=missing,
        last_px=average(notional, missing),
        derived=True,
    )
    for part in _unbooked(order, derived):
        _book_fill(story, part, order.cum_qty)


def _end(story: Story, report: ExecutionReport) -> None:
    """An end that the reports did not tell."""
    exec_type = _ENDS.get(report.ord_status) if report.ord_status is not None else None
    if exec_type is None or story.order.ended:
        return
    event = event_of(exec_type, ExecTransType.NEW)
    if not _no_news(story.order, event):
        ended = replace(report, exec_type=exec_type, exec_trans_type=ExecTransType.NEW)
        move(story, ended, event)


_ENDS = {
    OrdStatus.CANCELED: ExecType.CANCELED,
    OrdStatus.EXPIRED: ExecType.EXPIRED,
    OrdStatus.REJECTED: ExecType.REJECTED,
    OrdStatus.DONE_FOR_DAY: ExecType.DONE_FOR_DAY,
}


def _settle(story: Story, report: ExecutionReport) -> None:
    """What was sent before the status request has arrived, or is known not to have."""
    order = story.order
    if order.in_doubt is None:
        return
    if order.in_doubt.request is Request.FILLS and report.cum_qty != order.cum_qty:
        return
    note = DoubtSettled(cl_ord_id=order.venue_cl_ord_id, text="the venue has told its state")
    after = apply(order, note, story.now)
    story.add(note, ToOrigin(order.origin, status_report(after, story.now)), order=after)


def _unbooked(order: Order, report: ExecutionReport) -> list[ExecutionReport]:
    """The parts of a fill that are not in the book yet."""
    left = report.last_shares
    if report.exec_id in order.executions or not left:
        return []
    if not report.derived:
        return _explained(order, report, left)
    if report.cum_qty is not None:
        # Made from a cumulative quantity: only what lies above the book's own sum is new, so a
        # fill that was told on another channel meanwhile is not booked twice.
        left = min(left, subtract(report.cum_qty, order.cum_qty))
    return [replace(report, last_shares=left)] if left > 0 else []


def _explained(order: Order, report: ExecutionReport, left: Decimal) -> list[ExecutionReport]:
    """A fill told by the venue itself, after quantity was booked from cumulative figures.

    It explains that quantity first: it corrects the derived execution's price, what remains of
    that execution is booked anew, and only the excess is new quantity. The venue's own ExecID
    goes to the last part told of it, so that the report told again is known.
    """
    parts: list[ExecutionReport] = []
    for execution in order.executions.values():
        if not (execution.derived and execution.stands and left):
            continue
        matched = min(left, execution.last_shares)
        left = subtract(left, matched)
        rest = subtract(execution.last_shares, matched)
        parts.append(
            replace(
                report,
                exec_id=f"{report.exec_id}/{len(parts)}" if left else report.exec_id,
                exec_type=ExecType.PARTIAL_FILL,
                exec_trans_type=ExecTransType.CORRECT,
                exec_ref_id=execution.exec_id,
                last_shares=matched,
            )
        )
        if rest:
            parts.append(
                replace(
                    report,
                    exec_id=f"{execution.exec_id}/{number_text(rest)}",
                    last_shares=rest,
                    last_px=execution.last_px,
                    derived=True,
                    commission=None,
                )
            )
    if left:
        # To copy a report costs as much as to book it; one that explains nothing stays as it is.
        parts.append(replace(report, last_shares=left) if parts else report)
    return parts


def _book_fill(story: Story, report: ExecutionReport, booked: Decimal) -> None:
    """Apply one part of a fill; before all parts `booked` was executed."""
    order = story.order
    after = apply(order, report, story.now)
    exec_type = ExecType.FILL if after.filled else ExecType.PARTIAL_FILL
    text = ""
    if after.cum_qty > after.order_qty and not after.cash_order_qty:
        over = number_text(subtract(after.cum_qty, after.order_qty))
        text = f"{BREAK}overfilled by {over}"
    elif order.ended and after.cum_qty > booked:
        text = f"{BREAK}executed after {order.ord_status.name}"
    if text:
        # The order keeps the break's text: it is looked for until a human has explained it.
        report = replace(report, text=text)
        after = apply(order, report, story.now)
    told_to_owner = event_report(after, exec_type, story.now, told=report)
    story.add(report, ToOrigin(order.origin, told_to_owner), order=after)


def _check_complete(story: Story) -> None:
    order = story.order
    if order.filled or order.ended or order.cash_order_qty is not None:
        return
    text = (
        f"the venue says filled, executions sum to {number_text(order.cum_qty)} of "
        f"{number_text(order.order_qty)}; a query of its cumulative quantity settles it"
    )
    doubt(story, Request.FILLS, text)


def move(story: Story, report: ExecutionReport, event: Event) -> None:
    """Apply a report that is no fill and tell the owner."""
    order, now = story.order, story.now
    answered = _answered(order, report, event)
    if answered is not None and answered.silent and not report.text:
        report = replace(report, text=answered.text)
    after = apply(order, report, now)
    exec_type = report.exec_type
    if event in (Event.BUST, Event.CORRECTION):
        exec_type = ExecType.FILL if after.filled else ExecType.PARTIAL_FILL
    outbound: list[Outbound] = []
    if event is not Event.PENDING_NEW:
        told_to_owner = event_report(
            after,
            exec_type,
            now,
            told=report,
            request=answered,
            before=order,
            ord_rej_reason=_rej_reason(report),
        )
        outbound.append(ToOrigin(order.origin, told_to_owner))
    story.add(report, *outbound, order=after)


def _answered(order: Order, report: ExecutionReport, event: Event) -> PendingRequest | None:
    if event is Event.CANCELED:
        return order.cancel_answered(report.cl_ord_id)
    kind = _KIND_OF.get(event)
    return None if kind is None else order.request(report.cl_ord_id, kind)


_KIND_OF = {
    Event.PENDING_CANCEL: Request.CANCEL,
    Event.REPLACED: Request.REPLACE,
    Event.PENDING_REPLACE: Request.REPLACE,
}


def _rej_reason(report: ExecutionReport) -> OrdRejReason | None:
    if report.exec_type is not ExecType.REJECTED:
        return None
    return report.ord_rej_reason or OrdRejReason.BROKER_CREDIT


def _refusal(story: Story, reject: OrderCancelReject) -> None:
    order, now = story.order, story.now
    request = order.request(reject.cl_ord_id)
    if request is None and order.requests and not order.names_request(reject.cl_ord_id):
        request = order.requests[0]  # a venue whose cancels have no id of their own
    if request is None:
        return
    after = apply(order, replace(reject, cl_ord_id=request.cl_ord_id), now)
    reason = reject.cxl_rej_reason or CxlRejReason.BROKER_CREDIT
    answer = cancel_reject(request, after, reason, now, reject.text)
    told = () if request.silent else (ToOrigin(request.origin, answer),)
    story.add(replace(reject, cl_ord_id=request.cl_ord_id), *told, order=after)
