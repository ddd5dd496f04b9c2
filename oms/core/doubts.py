"""What the loss of answers means, and what restores them: doubts, routes, the start."""

from datetime import datetime

from oms.core.apply import apply
from oms.core.book import Book
from oms.core.consequences import follow_up
from oms.core.desk_session import route_news
from oms.core.fields import ExecType, OrdRejReason
from oms.core.house import cancel
from oms.core.legs import of_past, over
from oms.core.messages import ExecutionReport
from oms.core.money import left_open
from oms.core.moves import move
from oms.core.notes import (
    Doubt,
    DoubtSettled,
    NotSent,
    Quarantined,
    Request,
    RequestReleased,
    RouteStatus,
    Started,
    VenueNamed,
)
from oms.core.ports import Decision, Evidence, Inbound, Record, ToOrigin
from oms.core.reports import KILL_SWITCH, status_report
from oms.core.settlements import Leaves, OrderSettled, Waits
from oms.core.settling import settled
from oms.core.story import Story, doubt, release
from oms.core.transitions import Event
from oms.core.venue_side import quarantine, renamed


def noted(
    book: Book,
    inbound: Inbound,
    note: Doubt | DoubtSettled | NotSent | VenueNamed | OrderSettled,
    now: datetime,
) -> Decision:
    """A gateway says that a request did not leave, or that its answer is lost, or found; or
    that the venue calls an order by another id. Or an operator settles it."""
    if isinstance(note, OrderSettled):
        return settled(book, inbound, note, now)
    if isinstance(note, VenueNamed):
        return renamed(book, inbound, note, now)
    return _about_answer(book, inbound, note, now)


def _about_answer(
    book: Book, inbound: Inbound, note: Doubt | DoubtSettled | NotSent, now: datetime
) -> Decision:
    order = book.at_venue(inbound.source, note.cl_ord_id)
    if order is None:
        text = f"{inbound.source}: {type(note).__name__} about no order"
        return (quarantine(inbound, Quarantined(reason="unknown order", text=text), now),)
    if of_past(order, note.cl_ord_id) or (over(order) and _asked_there(note)):
        return ()  # about a leg that is over
    story = Story(inbound, order, now)
    match note:
        case Doubt():
            _put_in_doubt(story, note)
        case DoubtSettled():
            if order.in_doubt is not None:
                after = apply(order, note, now)
                report = ToOrigin(order.origin, status_report(after, now))
                story.add(note, report, order=after)
                follow_up(book, story)
        case _:
            _not_sent(book, story, note)
    return tuple(story.records)


def unsent_yet(book: Book, inbound: Inbound, note: Waits | Leaves, now: datetime) -> Decision:
    """A gateway says that an order waits, and the owner is told why, when that begins; that it
    waits no more; or that it is about to leave."""
    order = book.at_venue(inbound.source, note.cl_ord_id)
    if order is None or order.acknowledged or order.ended:
        return ()
    if order.in_doubt is not None and order.in_doubt.request is not Request.FILLS:
        return ()
    if of_past(order, note.cl_ord_id) or (isinstance(note, Waits) and order.waits == note.text):
        return ()
    story = Story(inbound, order, now)
    if isinstance(note, Waits) and note.text:
        told = status_report(order, now, text=note.text)
        story.add(note, ToOrigin(order.origin, told))
    else:
        story.add(note)
    return tuple(story.records)


def _asked_there(note: Doubt | DoubtSettled | NotSent) -> bool:
    """Whether a note is about a request rather than about executions, or about any doubt."""
    return not isinstance(note, DoubtSettled) and note.request is not Request.FILLS


def _put_in_doubt(story: Story, note: Doubt) -> None:
    order = story.order
    if note.more and order.in_doubt is not None and order.in_doubt.request is note.request:
        if order.in_doubt.text != note.text:
            doubt(story, note.request, note.text)
        return
    if order.in_doubt is not None and note.request in (order.in_doubt.request, Request.FILLS):
        # A doubt about a request has the order looked at too, and the request seen to.
        return
    answered = {
        Request.NEW: order.acknowledged or order.ended,
        Request.CANCEL: not order.requests,
        Request.REPLACE: not order.requests,
        Request.FILLS: False,
    }
    if not answered[note.request]:
        doubt(story, note.request, note.text)


def _not_sent(book: Book, story: Story, note: NotSent) -> None:
    order = story.order
    if note.request is not Request.NEW:
        # Held again; the next time the route is ready releases it.
        named = order.names_request(note.cl_ord_id)
        for request in order.requests:
            if named and request.venue_cl_ord_id != note.cl_ord_id:
                continue
            if request.kind is note.request and request.released:
                story.add(
                    RequestReleased(cl_ord_id=request.cl_ord_id, released=False, text=note.text)
                )
        return
    if not order.acknowledged and not order.ended:
        unsent(book, story, note.text, too_late=note.too_late)


def unsent(book: Book, story: Story, text: str, *, too_late: bool = False) -> None:
    """Refuse an order, or the new leg of one, that provably did not leave the house."""
    late = OrdRejReason.TOO_LATE_TO_ENTER
    reject = ExecutionReport(
        exec_id=f"{story.order.venue_cl_ord_id}:NOT_SENT",
        exec_type=ExecType.REJECTED,
        ord_rej_reason=late if too_late else OrdRejReason.EXCHANGE_CLOSED,
        text=text,
    )
    move(story, reject, Event.REJECTED)
    follow_up(book, story)


def route_moved(book: Book, inbound: Inbound, status: RouteStatus, now: datetime) -> Decision:
    """A route went up or down: lost answers become doubts, held requests go out."""
    route = book.routes[status.route]
    told_before = (route.up, route.ready, route.text)
    news = route_news(book, status)
    route.up, route.ready, route.text = status.up, status.ready, status.text
    records: list[Record] = []
    if told_before != (status.up, status.ready, status.text):
        records.append(
            Record(
                time=now,
                message=status,
                evidence=Evidence.POLICY,
                route=status.route,
                outbound=news,
            )
        )
    for order in book.working(status.route):
        story = Story(inbound, order, now)
        if status.lost_answers:
            _lose_answers(story, f"{status.text or 'connection lost'} before the venue answered")
        elif status.ready:
            for request in order.requests:
                if not request.released:
                    release(book, story, request)
        records += story.records
    return tuple(records)


def _lose_answers(story: Story, text: str) -> None:
    order = story.order
    if order.in_doubt is not None and order.in_doubt.request is not Request.FILLS:
        return
    if order.waits_for_price or order.waits or over(order):
        return
    if not order.acknowledged:
        doubt(story, Request.NEW, f"{text}; the venue's word on the order settles it")
    elif under_way := [request for request in order.requests if request.released]:
        kind = under_way[0].kind
        doubt(story, kind, f"{text}; the order's state at the venue settles it")


def started(book: Book, inbound: Inbound, note: Started, now: datetime) -> Decision:
    """The engine took over: what was under way when the last owner ended is in doubt."""
    records: list[Record] = [Record(time=now, message=note, evidence=Evidence.POLICY)]
    # The configuration may have lost a route; its orders are as unknown as the others.
    for order in book.all_working():
        story = Story(inbound, order, now)
        if order.waits_for_price:
            # Its price was being asked for: nothing was sent, and nothing will be.
            unsent(book, story, "the engine ended before the price was known")
        elif order.waits:
            unsent(book, story, f"the engine ended before it was sent; {order.waits}")
        _lose_answers(story, "the engine ended before the venue answered")
        if book.killed(order.route):
            cancel(book, story, KILL_SWITCH)
        records += story.records
    return (*records, *left_open(book, now))
