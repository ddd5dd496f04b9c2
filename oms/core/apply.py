"""apply(order, message) -> the order after it: the only way an order moves.

An order is never changed; each event gives a new one. Which life follows which event stands in
transitions.py.
"""

from datetime import datetime
from typing import Any, Final

from oms.core.break_notes import BreakClosed
from oms.core.days import begins_day, split, total_qty
from oms.core.errors import IllegalTransition
from oms.core.executions import book_execution
from oms.core.facts import TERMS, InDoubt, PendingRequest, entered_request
from oms.core.legs import ended, entered, heard, is_past, leg_of, named, own_leg
from oms.core.messages import (
    ExecutionReport,
    OrderCancelReject,
)
from oms.core.notes import (
    Answered,
    Doubt,
    DoubtSettled,
    LegEntered,
    NotSent,
    Quarantined,
    Request,
    RequestEntered,
    RequestReleased,
    VenueNamed,
)
from oms.core.numbers import add
from oms.core.order import Order
from oms.core.settlements import Leaves, OrderSettled, Reopened, Waits
from oms.core.transitions import (
    CLEARS_PENDING,
    EXECUTES,
    Event,
    Life,
    event_of,
    next_life,
)
from oms.core.values import replaced

OrderMessage = (
    ExecutionReport
    | OrderCancelReject
    | RequestEntered
    | RequestReleased
    | LegEntered
    | Doubt
    | DoubtSettled
    | OrderSettled
    | Reopened
    | Waits
    | Leaves
    | VenueNamed
    | NotSent
    | Answered
    | Quarantined
    | BreakClosed
)
"""What can be applied to an order that exists."""


def apply(order: Order, message: OrderMessage, now: datetime) -> Order:
    """The order after the message.

    Raises IllegalTransition where the state table has no row, or where a bust or a correction
    names an execution that does not stand.
    """
    match message:
        case ExecutionReport():
            return _report(order, message, now)
        case OrderCancelReject():
            return _cancel_rejected(order, message, now)
        case RequestEntered():
            return _request_entered(order, message, now)
        case RequestReleased():
            return _released(order, message, now)
        case LegEntered():
            return entered(order, message, now)
        case _:
            return _noted(order, message, now)


def _noted(order: Order, message: OrderMessage, now: datetime) -> Order:
    match message:
        case Doubt():
            since = now if order.in_doubt is None else order.in_doubt.since
            doubt = InDoubt(message.request, since, message.text)
            return order.evolve(in_doubt=doubt, updated=now)
        case DoubtSettled():
            return order.evolve(in_doubt=None, updated=now)
        case BreakClosed():
            text = f"closed by {message.by}: {message.text}; was {order.text}"
            return order.evolve(text=text, updated=now)
        case VenueNamed():
            return named(order, message.secondary_order_id).evolve(updated=now)
        case Waits():
            return order.evolve(waits=message.text, updated=now)
        case Leaves():
            return order.evolve(above=message.above, updated=now)
        case _:
            return _settled(order, message, now)


def _settled(order: Order, message: OrderMessage, now: datetime) -> Order:
    match message:
        case OrderSettled():
            said = {"settled_by": message.by, "text": message.told}
            return order.evolve(in_doubt=None, waits="", updated=now, **said)
        case Reopened():
            # No event of FIX leads back from an end: only an operator's word is taken back so.
            order = order.evolve(life=Life.WORKING, settled_by="", text=message.text, updated=now)
            return named(order, message.secondary_order_id or order.secondary_order_id)
        case _:
            return order


def _report(order: Order, report: ExecutionReport, now: datetime) -> Order:
    event = event_of(report.exec_type, report.exec_trans_type)
    if order.requests and (leg_ended := ended(order, report, event, now)) is not None:
        return leg_ended
    changes: dict[str, Any] = {
        "life": next_life(order.life, event),
        "replaced": event is Event.REPLACED,
        "stopped": _stopped_after(order, event),
        "updated": now,
        "in_doubt": _doubt_after(order, report, event),
        "waits": "",
        **heard(order, report, event),
    }
    if report.text:
        changes["text"] = report.text
    if event in EXECUTES:
        changes.update(_executed(order, report, event))
    elif event in _MAKES_PENDING:
        changes["requests"] = _made_pending(order, report, event)
    elif event in _RESTATES:
        changes.update(_restated(order, report, event))
    elif event in CLEARS_PENDING:
        changes.update(_ended(order, report, event))
    return replaced(order, **changes)


_MAKES_PENDING: Final = frozenset({Event.PENDING_CANCEL, Event.PENDING_REPLACE})
_RESTATES: Final = frozenset({Event.REPLACED, Event.RESTATED})


def _stopped_after(order: Order, event: Event) -> bool:
    # D37: the guarantee outlives its execution; what ends or changes the order ends it.
    return event is Event.STOPPED or (order.stopped and event not in CLEARS_PENDING)


def _doubt_after(order: Order, report: ExecutionReport, event: Event) -> InDoubt | None:
    doubt = order.in_doubt
    if doubt is None or is_past(order, report):
        return doubt
    return None if doubt.request in _SETTLED_BY_ANY or event in CLEARS_PENDING else doubt


_SETTLED_BY_ANY: Final = (Request.NEW,)
"""Any report about an order proves that the venue has it."""


def _executed(order: Order, report: ExecutionReport, event: Event) -> dict[str, Any]:
    executions, shares, notional = book_execution(
        order.executions, report, event, order.day, leg_of(order, report) if order.legs else 0
    )
    changes: dict[str, Any] = {
        "executions": executions,
        "cum_qty": add(order.cum_qty, shares),
        "notional": add(order.notional, notional),
    }
    if order.open_ended and event is Event.FILL:
        # Sized by cash: the quantity is known when the venue says that it is complete.
        changes["order_qty"] = changes["cum_qty"]
    return changes


def _made_pending(
    order: Order, report: ExecutionReport, event: Event
) -> tuple[PendingRequest, ...]:
    kind = Request.CANCEL if event is Event.PENDING_CANCEL else Request.REPLACE
    target = order.request(report.cl_ord_id, kind)
    if target is None:
        raise IllegalTransition(f"{event.name} without such a request")
    return tuple(
        replaced(request, pending=True) if request is target else request
        for request in order.requests
    )


def _replaced(order: Order, request: PendingRequest) -> dict[str, Any]:
    """The terms and the names that an accepted replace brings."""
    changes = {name: getattr(request, name) for name in TERMS}
    changes = {name: term for name, term in changes.items() if term is not None}
    changes["exec_inst"] = request.exec_inst  # FIX 4.2: it does not carry over
    changes["requests"] = tuple(r for r in order.requests if r is not request)
    if request.emulated:
        # Day or good till cancel: one thing at a venue that has no day end.
        changes.pop("time_in_force", None)
        if not order.legs:
            # No new order follows: what it is at the venue keeps its own terms.
            changes["legs"] = (own_leg(order),)
    else:
        changes["replaced_name"] = request.venue_cl_ord_id
    if request.origin == order.origin:
        changes["orig_cl_ord_id"] = order.cl_ord_id
        changes["cl_ord_id"] = request.cl_ord_id
    return changes


def _restated(order: Order, report: ExecutionReport, event: Event) -> dict[str, Any]:
    request = order.request(report.cl_ord_id, Request.REPLACE)
    changes: dict[str, Any] = {}
    order_qty, price, cum_qty = report.order_qty, report.price, order.cum_qty
    if begins_day(report):
        changes["day"] = report.exec_id
        changes["executions"] = split(order.executions, cum_qty, order.order_qty, report)
        cum_qty = changes["cum_qty"] = total_qty(changes["executions"])
    if event is Event.REPLACED and order.names_request(report.cl_ord_id):
        changes["replaced_name"] = report.cl_ord_id
    if event is Event.REPLACED and request is not None:
        order_qty = order_qty if order_qty is not None else request.order_qty
        changes = {**_replaced(order, request), **changes}
    if order_qty is not None:
        # D11, D12: a quantity below what is executed becomes what is executed.
        changes["order_qty"] = max(order_qty, cum_qty)
    if price is not None:
        changes["price"] = price
    return changes


def _ended(order: Order, report: ExecutionReport, event: Event) -> dict[str, Any]:
    canceled = event is Event.CANCELED
    request = order.cancel_answered(report.cl_ord_id) if canceled else None
    # What this does not answer is pending no more, but still unanswered; a cancel of the engine's
    # own has got what it asked for.
    answered = (r for r in order.requests if canceled and r.silent and r.kind is Request.CANCEL)
    done = {request, *answered}
    unanswered = (r for r in order.requests if r not in done)
    changes: dict[str, Any] = {"requests": tuple(replaced(r, pending=False) for r in unanswered)}
    if request is not None and request.origin == order.origin:
        changes["orig_cl_ord_id"] = order.cl_ord_id
        changes["cl_ord_id"] = request.cl_ord_id
    return changes


def _cancel_rejected(order: Order, reject: OrderCancelReject, now: datetime) -> Order:
    request = order.request(reject.cl_ord_id)
    rest = tuple(r for r in order.requests if r is not request)
    doubt = order.in_doubt
    if doubt is not None and doubt.request in (Request.CANCEL, Request.REPLACE):
        doubt = None
    return order.evolve(requests=rest, in_doubt=doubt, replaced=False, updated=now)


def _request_entered(order: Order, note: RequestEntered, now: datetime) -> Order:
    number = order.requests_made + 1
    entered = entered_request(note, order.venue_cl_ord_id, number)
    requests = (*order.requests, entered)
    return order.evolve(requests=requests, requests_made=number, updated=now)


def _released(order: Order, note: RequestReleased, now: datetime) -> Order:
    requests = tuple(
        replaced(r, released=note.released) if r.cl_ord_id == note.cl_ord_id else r
        for r in order.requests
    )
    return order.evolve(requests=requests, updated=now)
