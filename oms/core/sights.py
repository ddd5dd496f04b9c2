"""What a status, told on request, proves: presence, and where a fence stands, absence and figures."""

from oms.core.apply import apply
from oms.core.facts import InDoubt
from oms.core.fields import ExecTransType, ExecType, OrdRejReason, OrdStatus
from oms.core.legs import (
    stale,
)
from oms.core.messages import ExecutionReport
from oms.core.moves import accept_leg, accepts_leg, fill, move, no_news
from oms.core.notes import DoubtSettled, Quarantined, Request
from oms.core.numbers import ZERO, average, multiply, number_text, subtract
from oms.core.ports import ToOrigin
from oms.core.reports import status_report
from oms.core.settling import revive, revives
from oms.core.story import Story, doubt
from oms.core.transitions import Event, Life, event_of
from oms.core.values import replaced
from oms.core.venue import Fence


def sight(story: Story, report: ExecutionReport, fence: Fence) -> None:
    """A status told on request: it proves that the order exists.

    Where the session's numbers fence what was sent, it also tells what never arrived, and its
    quantities show what was lost; elsewhere they are not booked.
    """
    fenced = fence is Fence.SEQUENCE
    if fenced and report.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER:
        _unknown_there(story, report)
        return
    alive = report.exec_type not in (ExecType.REJECTED, ExecType.PENDING_NEW)
    if stale(story.order, report):
        return
    seen = replaced(report, exec_type=ExecType.NEW, exec_trans_type=ExecTransType.NEW)
    if alive and accepts_leg(story.order, report, Event.NEW):
        accept_leg(story, seen)
    elif alive and story.order.life is Life.PENDING_NEW:
        move(story, seen, Event.NEW)
    elif revives(story.order, report):
        revive(story, report)
    if fenced:
        _make_up(story, report)
        _end(story, report)
        _settle(story, report)


def weigh_sum(story: Story, report: ExecutionReport, fence: Fence) -> None:
    """The CumQty that came with an execution: on a session that loses nothing, it is ours too."""
    order = story.order
    agreed = report.cum_qty is None or report.cum_qty == order.cum_qty
    if fence is not Fence.SEQUENCE or agreed or not story.records or order.in_doubt is not None:
        return
    told, booked = number_text(report.cum_qty or ZERO), number_text(order.cum_qty)
    text = f"the venue counts {told} executed, its reports sum to {booked}; its status settles it"
    doubt(story, Request.FILLS, text)


def weigh_end(story: Story, report: ExecutionReport, fence: Fence, before: InDoubt | None) -> None:
    """An end without a CumQty, of an order whose answers were lost on a session that never tells
    again what it has told: fills may be among them. `before`: the doubt that it was in until then."""
    silent = report.exec_type is ExecType.CANCELED and report.cum_qty is None
    loses = fence is Fence.RELOGON_AND_QUERIES
    if before is None or not silent or not loses or story.order.in_doubt is not None:
        return
    text = (
        "it was canceled, and fills may have been lost before; its cumulative quantity settles it"
    )
    doubt(story, Request.FILLS, text)


def _unknown_there(story: Story, report: ExecutionReport) -> None:
    """The venue has no such order: one that is on its way no more never was, others should be."""
    order = story.order
    lost = order.in_doubt is not None and order.in_doubt.request is Request.NEW
    if lost and not order.acknowledged:
        absent = replaced(
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
    derived = replaced(
        report,
        exec_id=f"{report.secondary_order_id or order.venue_cl_ord_id}:{told}",
        exec_type=ExecType.PARTIAL_FILL,
        exec_trans_type=ExecTransType.NEW,
        last_shares=missing,
        last_px=average(notional, missing),
        derived=True,
    )
    fill(story, derived, Event.PARTIAL_FILL)


def _end(story: Story, report: ExecutionReport) -> None:
    """An end that the reports did not tell."""
    exec_type = _ENDS.get(report.ord_status) if report.ord_status is not None else None
    if exec_type is None or story.order.ended:
        return
    event = event_of(exec_type, ExecTransType.NEW)
    if not no_news(story.order, event, report):
        ended = replaced(report, exec_type=exec_type, exec_trans_type=ExecTransType.NEW)
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
