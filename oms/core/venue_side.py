"""What venues tell, and what the loss of their answers means.

A fill is applied once, whatever arrives twice; what the state table does not allow goes to the
quarantine; an order whose outcome is unknown is in doubt until evidence settles it.
"""

from datetime import datetime

from oms.core.apply import apply
from oms.core.book import Book
from oms.core.consequences import follow_up
from oms.core.errors import IllegalTransition
from oms.core.fields import CxlRejReason, ExecTransType
from oms.core.legs import of_past, stale
from oms.core.messages import ExecutionReport, OrderCancelReject
from oms.core.moves import accept_leg, accepts_leg, demand_positive, fill, move, no_news
from oms.core.notes import Quarantined, VenueNamed
from oms.core.order import Order
from oms.core.ports import Decision, Inbound, Record, ToOrigin
from oms.core.reports import cancel_reject
from oms.core.settling import flagged, otherwise, revive, revives
from oms.core.sights import sight, weigh_end, weigh_sum
from oms.core.story import Story
from oms.core.transitions import EXECUTES, FILLS, Event, event_of
from oms.core.values import replaced
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
    past = bool(order.legs) and of_past(
        order, message.cl_ord_id, message.orig_cl_ord_id, theirs=message.secondary_order_id
    )
    if past and isinstance(message, OrderCancelReject):
        return ()
    story = Story(inbound, order, now)
    try:
        if isinstance(message, ExecutionReport):
            story = _reported(book, story, message)
        else:
            _refusal(story, message)
    except IllegalTransition as error:
        note = Quarantined(
            reason="illegal transition",
            text=f"order {order.order_id} {order.ord_status.name}: {error}",
        )
        return (quarantine(inbound, note, now, order),)
    if not past:
        _learn_name(book, story, message.secondary_order_id)
    if story.records:
        follow_up(book, story)
    return tuple(story.records)


def renamed(book: Book, inbound: Inbound, note: VenueNamed, now: datetime) -> Decision:
    """The venue calls an order by another id from now on, as one that has triggered."""
    order = book.at_venue(inbound.source, note.cl_ord_id)
    other = book.at_venue(inbound.source, "", note.secondary_order_id)
    if order is None or (other is not None and other.order_id != order.order_id):
        text = f"{inbound.source}: {note.secondary_order_id} is another order's id, or nobody's"
        return (quarantine(inbound, Quarantined(reason="unknown order", text=text), now),)
    story = Story(inbound, order, now)
    if order.secondary_order_id != note.secondary_order_id:
        story.add(note)
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


def _reported(book: Book, story: Story, report: ExecutionReport) -> Story:
    """The story after the report; told as a break where an operator has said otherwise."""
    before = story.order
    _report(book, story, report)
    if otherwise(before, story):
        story = Story(story.inbound, before, story.now)
        _report(book, story, flagged(before, report))
    return story


def _report(book: Book, story: Story, report: ExecutionReport) -> None:
    route = book.routes.get(story.order.route)
    fence = Fence.NOTHING if route is None else route.capabilities.fence
    if report.exec_trans_type is ExecTransType.STATUS:
        sight(story, report, fence)
        return
    event = event_of(report.exec_type, report.exec_trans_type)
    executes = event in EXECUTES
    demand_positive(report)
    if not executes and stale(story.order, report):
        return
    if _begins(story, report, event) and event is Event.NEW:
        return
    if event in FILLS:
        fill(story, report, event)
    elif not no_news(story.order, event, report):
        before = story.order.in_doubt
        move(story, report, event)
        weigh_end(story, report, fence, before)
    if executes:
        weigh_sum(story, report, fence)


def _begins(story: Story, report: ExecutionReport, event: Event) -> bool:
    """Whether by this report the last leg works, or what an operator had called over."""
    if event is Event.NEW and revives(story.order, report):
        revive(story, report)
        return True
    if accepts_leg(story.order, report, event):
        accept_leg(story, report)
        return True
    return False


def _refusal(story: Story, reject: OrderCancelReject) -> None:
    order, now = story.order, story.now
    request = order.request(reject.cl_ord_id)
    if request is None and order.requests and not order.names_request(reject.cl_ord_id):
        # A venue whose cancels have no id of their own; it can refuse what was sent alone.
        request = next((r for r in order.requests if r.released), None)
    if request is None:
        return
    after = apply(order, replaced(reject, cl_ord_id=request.cl_ord_id), now)
    reason = reject.cxl_rej_reason or CxlRejReason.BROKER_CREDIT
    answer = cancel_reject(request, after, reason, now, reject.text)
    told = () if request.silent else (ToOrigin(request.origin, answer),)
    story.add(replaced(reject, cl_ord_id=request.cl_ord_id), *told, order=after)
