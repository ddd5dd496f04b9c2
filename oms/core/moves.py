"""One report of a venue applied to its order, and what the owner is told of it."""

from decimal import Decimal
from typing import Final

from oms.core.apply import apply
from oms.core.emulation import REPLACED, said
from oms.core.errors import IllegalTransition
from oms.core.facts import PendingRequest
from oms.core.fields import ExecTransType, ExecType, OrdRejReason
from oms.core.legs import (
    at_venue,
    executed,
    is_past,
    leg_of,
    of_leg,
    over,
    replacing,
    unanswered,
)
from oms.core.messages import ExecutionReport
from oms.core.notes import Request
from oms.core.numbers import number_text, subtract
from oms.core.order import Order
from oms.core.ports import Outbound, ToOrigin
from oms.core.reports import BREAK, event_report
from oms.core.story import Story, doubt
from oms.core.transitions import REACHED_BY, Event
from oms.core.values import replaced


def fill(story: Story, report: ExecutionReport, event: Event) -> None:
    """Book what of a fill is not booked yet, and tell the owner."""
    booked = story.order.cum_qty
    for part in _unbooked(story.order, report):
        _book_fill(story, part, booked)
    if event is Event.FILL:
        _check_complete(story, report)


def demand_positive(report: ExecutionReport) -> None:
    """Raises IllegalTransition for an execution of less than nothing."""
    shares, px = report.last_shares, report.last_px
    if shares is not None and shares < 0:
        raise IllegalTransition(f"LastShares {number_text(shares)}: no execution is negative")
    if px is not None and px < 0:
        raise IllegalTransition(f"LastPx {number_text(px)}: no execution is negative")


def no_news(order: Order, event: Event, report: ExecutionReport) -> bool:
    """Whether the order is where the event leads and nowhere else, or the report was told before."""
    if event is Event.RESTATED and order.day and report.exec_id == order.day:
        return True  # it would put what was executed since into the day before
    return report.exec_id in order.executions or REACHED_BY.get(event) is order.life


def accepts_leg(order: Order, report: ExecutionReport, event: Event) -> bool:
    """Whether the venue's first word about a new leg says that it has taken it."""
    if not unanswered(order) or event in _NO_WORD:
        return False
    return not is_past(order, report) and replacing(order) is not None


_NO_WORD: Final = frozenset({Event.PENDING_NEW, Event.REJECTED})
"""Events that do not say that the venue has taken what was sent."""


def accept_leg(story: Story, report: ExecutionReport) -> None:
    """The new leg of an emulated replace works: now, and not before, the order is replaced."""
    renewed = replaced(
        report,
        exec_id=f"{report.exec_id}:REPLACED",
        exec_type=ExecType.REPLACED,
        cl_ord_id="",
        orig_cl_ord_id=story.order.venue_cl_ord_id,
        order_qty=None,
        price=None,
        last_shares=None,
        last_px=None,
        cum_qty=None,
        # A fill's own time is no time at which the leg was taken.
        transact_time=report.transact_time if report.exec_type is ExecType.NEW else None,
        text=REPLACED,
    )
    move(story, renewed, Event.REPLACED)


def _unbooked(order: Order, report: ExecutionReport) -> list[ExecutionReport]:
    """The parts of a fill that are not in the book yet."""
    left = report.last_shares
    if report.exec_id in order.executions or not left:
        return []
    if not report.derived:
        return _explained(order, report, left) if order.executions else [report]
    if report.cum_qty is not None:
        # Made from a cumulative quantity: only what lies above the book's own sum is new, so a
        # fill that was told on another channel meanwhile is not booked twice.
        cum_qty = executed(order, leg_of(order, report))[0] if order.legs else order.cum_qty
        left = min(left, subtract(report.cum_qty, cum_qty))
    return [replaced(report, last_shares=left)] if left > 0 else []


def _explained(order: Order, report: ExecutionReport, left: Decimal) -> list[ExecutionReport]:
    """A fill told by the venue itself, after quantity was booked from cumulative figures.

    It explains that quantity first: it corrects the derived execution's price, what remains of
    that execution is booked anew, and only the excess is new quantity. The venue's own ExecID
    goes to the last part told of it, so that the report told again is known.
    """
    parts: list[ExecutionReport] = []
    for execution in of_leg(order, leg_of(order, report)):
        if not (execution.derived and execution.stands and left):
            continue
        matched = min(left, execution.last_shares)
        left = subtract(left, matched)
        rest = subtract(execution.last_shares, matched)
        parts.append(
            replaced(
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
                replaced(
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
        parts.append(replaced(report, last_shares=left) if parts else report)
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
    elif order.legs and is_past(order, report) and after.cum_qty > booked:
        text = f"{BREAK}executed after its end was proven, {after.venue_cl_ord_id} works for it too"
    if text:
        # The order keeps the break's text: it is looked for until a human has explained it.
        report = replaced(report, text=text)
        after = apply(order, report, story.now)
    told_to_owner = event_report(after, exec_type, story.now, told=report)
    story.add(report, ToOrigin(order.origin, told_to_owner), order=after)


def _check_complete(story: Story, report: ExecutionReport) -> None:
    order = at_venue(story.order)
    if (
        is_past(story.order, report)
        or order.filled
        or order.ended
        or order.cash_order_qty is not None
    ):
        return
    text = (
        f"the venue says filled, executions sum to {number_text(order.cum_qty)} of "
        f"{number_text(order.order_qty)}; a query of its cumulative quantity settles it"
    )
    doubt(story, Request.FILLS, text)


def move(story: Story, report: ExecutionReport, event: Event) -> None:
    """Apply a report that is no fill and tell the owner."""
    order, now = story.order, story.now
    if event is Event.NEW and order.emulate and not report.text:
        report = replaced(report, text=said(order))
    answered = _answered(order, report, event)
    if answered is not None and answered.silent:
        report = replaced(report, text=report.text or answered.text)
        if answered.expires:
            report, event = replaced(report, exec_type=ExecType.EXPIRED), Event.EXPIRED
    after = apply(order, report, now)
    if over(after) and not over(order) and not after.ended:
        # A leg has ended and not the order: what follows from that is told.
        story.add(report, order=after)
        return
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
