"""What follows from an operator's word about an order, and from a venue that says otherwise later.

The operator's word is evidence, named and on record. It is weighed like the venue's report that did
not come: the order ends by it, its owner is told, what waited for it goes on. The venue's own word
stands above it: what comes later is booked, and flagged as a break where it says something else.
"""

from datetime import datetime
from decimal import Decimal

from oms.core.apply import apply
from oms.core.book import OPERATOR, Book
from oms.core.consequences import follow_up
from oms.core.fields import ExecType, OrdRejReason
from oms.core.legs import at_venue
from oms.core.messages import ExecutionReport
from oms.core.moves import accept_leg, accepts_leg, fill, move
from oms.core.notes import Request
from oms.core.numbers import number_text, subtract
from oms.core.order import Order
from oms.core.ports import Decision, Inbound, ToOrigin
from oms.core.reports import BREAK, status_report
from oms.core.settlements import OrderSettled, Reopened, Verdict
from oms.core.story import Story
from oms.core.transitions import Event
from oms.core.values import replaced


def objection(order: Order | None, note: OrderSettled) -> str:
    """Why the order can not be settled so, "" if it can."""
    if order is None or order.in_doubt is None:
        return "it is not in doubt: nothing is to be settled"
    if (note.qty is not None and note.qty < 0) or (note.px is not None and note.px <= 0):
        return "qty and px: must be more than 0"
    if note.verdict is Verdict.ABSENT:
        return _absence(order, note)
    there = at_venue(order)
    qty = _executed(there, note)
    if qty < there.cum_qty:
        return f"qty: {number_text(there.cum_qty)} is booked as executed"
    if qty > there.cum_qty and note.px is None:
        missing = number_text(subtract(qty, there.cum_qty))
        return f"px: is missing; at what price was {missing} executed?"
    return _quantity(there, note)


def _absence(order: Order, note: OrderSettled) -> str:
    if note.qty is not None or note.px is not None:
        return "qty and px: say nothing of an order that never was"
    doubt = order.in_doubt
    if order.acknowledged or (doubt is not None and doubt.request is not Request.NEW):
        return "the venue had it: it is not absent, but filled or canceled"
    return ""


def _quantity(there: Order, note: OrderSettled) -> str:
    qty, whole = _executed(there, note), there.order_qty
    if there.open_ended:
        sized = qty > 0 or note.verdict is Verdict.CANCELED
        return "" if sized else "qty: is missing; the order is sized by cash"
    if note.verdict is Verdict.FILLED and qty != whole:
        return f"qty: {number_text(whole)} is the whole order; one that ended before is canceled"
    if note.verdict is Verdict.CANCELED and qty >= whole:
        return f"qty: {number_text(whole)} is the whole order: it is filled"
    return ""


def _executed(there: Order, note: OrderSettled) -> Decimal:
    if note.qty is not None:
        return note.qty
    return there.order_qty if note.verdict is Verdict.FILLED else there.cum_qty


def settled(book: Book, inbound: Inbound, note: OrderSettled, now: datetime) -> Decision:
    """What follows from an operator's word. Nothing where it can not be so: whoever asked sees the
    order unchanged."""
    order = book.any_order(note.order_id)
    if inbound.source != OPERATOR or order is None or objection(order, note):
        return ()
    story = Story(inbound, order, now)
    there = at_venue(order)
    missing = subtract(_executed(there, note), there.cum_qty)
    story.add(note)
    if missing > 0:
        _execute(story, note, missing)
    if note.verdict is not Verdict.FILLED and not story.order.ended:
        _end(story, note)
    if len(story.records) == 1:
        _tell(story)
    follow_up(book, story)
    return tuple(story.records)


def _execute(story: Story, note: OrderSettled, missing: Decimal) -> None:
    """Book what the operator says was executed; the venue's own fills correct it if they come."""
    order, event = story.order, Event.PARTIAL_FILL
    if note.verdict is Verdict.FILLED:
        event = Event.FILL
    report = ExecutionReport(
        exec_id=f"{order.venue_cl_ord_id}:SETTLED:{len(order.executions)}",
        exec_type=ExecType[event.name],
        cl_ord_id=order.venue_cl_ord_id,
        last_shares=missing,
        last_px=note.px,
        derived=True,
        text=note.told,
    )
    if accepts_leg(order, report, event):
        accept_leg(story, report)
    fill(story, report, event)


def _end(story: Story, note: OrderSettled) -> None:
    absent = note.verdict is Verdict.ABSENT
    report = ExecutionReport(
        exec_id=f"{story.order.venue_cl_ord_id}:SETTLED",
        exec_type=ExecType.REJECTED if absent else ExecType.CANCELED,
        cl_ord_id=story.order.venue_cl_ord_id,
        ord_rej_reason=OrdRejReason.EXCHANGE_CLOSED if absent else None,
        text=note.told,
    )
    move(story, report, Event.REJECTED if absent else Event.CANCELED)


def _tell(story: Story) -> None:
    """Nothing was booked and nothing has ended by it: the owner is told that the doubt is over."""
    (record,) = story.records
    told = ToOrigin(story.order.origin, status_report(story.order, story.now))
    story.records[0] = replaced(record, outbound=(told,))


# The venue says otherwise


def otherwise(before: Order, story: Story) -> bool:
    """Whether what the venue told of an order that an operator had settled is news to the books."""
    after = story.order
    if not before.settled_by or not story.records:
        return False
    return _state(before) != _state(after)


def _state(order: Order) -> tuple[object, ...]:
    return order.cum_qty, order.notional, order.ord_status


def flagged(order: Order, report: ExecutionReport) -> ExecutionReport:
    """The report, its text saying that it contradicts the operator."""
    return replaced(report, text=_break(order, report.exec_type.name))


def _break(order: Order, said: str) -> str:
    if order.text.startswith(BREAK):
        return order.text
    return f"{BREAK}{order.text}; the venue says {said}"


def revives(order: Order, report: ExecutionReport) -> bool:
    """Whether the report shows that an order works which an operator had settled as over."""
    works = report.exec_type in (ExecType.NEW, ExecType.PARTIAL_FILL)
    return works and bool(order.settled_by) and order.ended


def revive(story: Story, report: ExecutionReport) -> None:
    """The order works again, and whoever owns it is told so loudly."""
    order = story.order
    note = Reopened(
        cl_ord_id=order.venue_cl_ord_id,
        secondary_order_id=report.secondary_order_id,
        text=_break(order, "that it works"),
    )
    after = apply(order, note, story.now)
    story.add(note, ToOrigin(order.origin, status_report(after, story.now)), order=after)
