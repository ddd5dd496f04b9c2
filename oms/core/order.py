"""Order, and how it moves: `enter` makes one, `apply` gives the next.

An order is never changed; each event gives a new one. CumQty and AvgPx are sums over the
executions that stand, OrdStatus is read off the facts (transitions.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self

from oms.core.days import DayFigures, begins_day, day_figures, split, total_qty
from oms.core.errors import IllegalTransition
from oms.core.executions import book_execution
from oms.core.facts import Execution, InDoubt, PendingRequest, entered_request, order_named
from oms.core.fields import OrdStatus, OrdType, Side, TimeInForce
from oms.core.messages import (
    ExecutionReport,
    OrderCancelReject,
)
from oms.core.notes import (
    Answered,
    Doubt,
    DoubtSettled,
    NotSent,
    OrderEntered,
    Quarantined,
    Request,
    RequestEntered,
    RequestReleased,
    VenueNamed,
)
from oms.core.numbers import ZERO, add, average, subtract
from oms.core.transitions import (
    CLEARS_PENDING,
    ENDED,
    EXECUTES,
    Event,
    Life,
    event_of,
    next_life,
    ord_status,
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order and all its facts. `life` and the other facts change by `apply` only."""

    order_id: str
    origin: str
    route: str
    venue_cl_ord_id: str
    cl_ord_id: str
    symbol: str
    side: Side
    ord_type: OrdType
    time_in_force: TimeInForce
    order_qty: Decimal
    created: datetime
    updated: datetime
    orig_cl_ord_id: str = ""
    secondary_order_id: str = ""
    security_exchange: str = ""
    account: str = ""
    cash_order_qty: Decimal | None = None
    price: Decimal | None = None
    stop_px: Decimal | None = None
    expire_time: datetime | None = None
    exec_inst: str = ""
    life: Life = Life.PENDING_NEW
    replaced: bool = False
    stopped: bool = False
    requests: tuple[PendingRequest, ...] = ()
    requests_made: int = 0
    replaced_name: str = ""
    executions: Mapping[str, Execution] = field(default_factory=dict)
    cum_qty: Decimal = ZERO
    notional: Decimal = ZERO
    day: str = ""
    in_doubt: InDoubt | None = None
    text: str = ""

    def evolve(self, **changes: Any) -> Self:
        """This order with some facts changed: dataclasses.replace without its cost."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new.__dict__.update(changes)
        return new

    @property
    def ord_status(self) -> OrdStatus:
        """OrdStatus (39)."""
        return ord_status(
            self.life,
            cancel_pending=self._pending(Request.CANCEL),
            replace_pending=self._pending(Request.REPLACE),
            replaced=self.replaced,
            stopped=self.stopped,
            cum_qty=self.cum_qty,
            order_qty=self.order_qty,
        )

    @property
    def avg_px(self) -> Decimal:
        """AvgPx (6) over the executions that stand, 0 without any."""
        return average(self.notional, self.cum_qty)

    @property
    def day_figures(self) -> DayFigures | None:
        """DayOrderQty, DayCumQty, DayAvgPx; None on the first day, which has none of its own."""
        return day_figures(self.executions, self.day, self.order_qty, self.cum_qty)

    @property
    def ended(self) -> bool:
        """Whether the order can trade no more: canceled, expired, rejected."""
        return self.life in ENDED

    @property
    def filled(self) -> bool:
        """Whether all of OrderQty has been executed (or more)."""
        return bool(self.cum_qty) and self.cum_qty >= self.order_qty

    @property
    def leaves_qty(self) -> Decimal:
        """LeavesQty (151): 0 once the order has ended or is filled, or a day order's day has."""
        day_over = self.life is Life.DONE_FOR_DAY and self.time_in_force is TimeInForce.DAY
        if self.ended or self.filled or day_over:
            return ZERO
        return subtract(self.order_qty, self.cum_qty)

    @property
    def closed(self) -> bool:
        """Whether nothing more is expected: no leaves, no request, no doubt."""
        finished = self.ended or self.filled
        return finished and not self.requests and self.in_doubt is None

    @property
    def acknowledged(self) -> bool:
        """Whether the venue has been heard of about this order."""
        return self.life is not Life.PENDING_NEW or bool(self.executions)

    @property
    def derived_qty(self) -> Decimal:
        """Quantity booked from cumulative figures that no fill report has explained yet."""
        total = ZERO
        for execution in self.executions.values():
            if execution.derived and execution.stands:
                total = add(total, execution.qty)
        return total

    @property
    def name_at_venue(self) -> str:
        """What the venue calls the order now: the id of the last replace, once there is one."""
        return self.replaced_name or self.venue_cl_ord_id

    def request(self, cl_ord_id: str, kind: Request | None = None) -> PendingRequest | None:
        """The open request of that id, the venue's or the asker's, else the first of that kind.

        None for the id of a request that has been answered.
        """
        for request in self.requests:
            if cl_ord_id in (request.venue_cl_ord_id, request.cl_ord_id):
                return request
        if self.names_request(cl_ord_id) and cl_ord_id != self.name_at_venue:
            return None
        return next((request for request in self.requests if request.kind is kind), None)

    def names_request(self, name: str) -> bool:
        """Whether a venue's name for something is that of a request about this order."""
        return name != self.venue_cl_ord_id and order_named(name) == self.venue_cl_ord_id

    def cancel_answered(self, cl_ord_id: str) -> PendingRequest | None:
        """The request that a cancel by that id answers: rather the owner's than the engine's."""
        request = self.request(cl_ord_id, Request.CANCEL)
        if request is not None and request.silent:
            asked = (r for r in self.requests if r.kind is Request.CANCEL and not r.silent)
            return next(asked, request)
        return request

    def _pending(self, kind: Request) -> bool:
        return any(request.pending and request.kind is kind for request in self.requests)


def enter(note: OrderEntered, order_id: str, now: datetime) -> Order:
    """The order that a NewOrderSingle makes; its OrderQty is 0 while it is sized by cash."""
    request = note.request
    telephoned = bool(note.venue_cl_ord_id) and request.on_behalf_of_comp_id == note.origin
    return Order(
        order_id=order_id,
        origin=note.origin,
        route=note.route,
        venue_cl_ord_id=note.venue_cl_ord_id,
        cl_ord_id="" if telephoned else request.cl_ord_id,  # D18: its owner never sent one
        symbol=request.symbol,
        side=request.side,
        ord_type=request.ord_type,
        time_in_force=request.time_in_force,
        order_qty=ZERO if request.order_qty is None else request.order_qty,
        created=now,
        updated=now,
        security_exchange=request.security_exchange,
        account=request.account,
        cash_order_qty=request.cash_order_qty,
        price=request.price,
        stop_px=request.stop_px,
        expire_time=request.expire_time,
        exec_inst=request.exec_inst,
        text=request.text,
    )


OrderMessage = (
    ExecutionReport
    | OrderCancelReject
    | RequestEntered
    | RequestReleased
    | Doubt
    | DoubtSettled
    | VenueNamed
    | NotSent
    | Answered
    | Quarantined
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
        case Doubt():
            since = now if order.in_doubt is None else order.in_doubt.since
            doubt = InDoubt(message.request, since, message.text)
            return order.evolve(in_doubt=doubt, updated=now)
        case DoubtSettled():
            return order.evolve(in_doubt=None, updated=now)
        case VenueNamed():
            return order.evolve(secondary_order_id=message.secondary_order_id, updated=now)
        case _:
            return order


def _report(order: Order, report: ExecutionReport, now: datetime) -> Order:
    event = event_of(report.exec_type, report.exec_trans_type)
    changes: dict[str, Any] = {
        "life": next_life(order.life, event),
        "replaced": event is Event.REPLACED,
        "stopped": _stopped_after(order, event),
        "updated": now,
        "in_doubt": _doubt_after(order, event),
    }
    if report.secondary_order_id and not order.secondary_order_id:
        changes["secondary_order_id"] = report.secondary_order_id
    if report.text:
        changes["text"] = report.text
    if event in EXECUTES:
        changes.update(_executed(order, report, event))
    elif event in (Event.PENDING_CANCEL, Event.PENDING_REPLACE):
        changes["requests"] = _made_pending(order, report, event)
    elif event in (Event.REPLACED, Event.RESTATED):
        changes.update(_restated(order, report, event))
    elif event in CLEARS_PENDING:
        changes.update(_ended(order, report, event))
    return order.evolve(**changes)


def _stopped_after(order: Order, event: Event) -> bool:
    # D37: the guarantee outlives its execution; what ends or changes the order ends it.
    return event is Event.STOPPED or (order.stopped and event not in CLEARS_PENDING)


def _doubt_after(order: Order, event: Event) -> InDoubt | None:
    doubt = order.in_doubt
    if doubt is None or doubt.request in _SETTLED_BY_ANY or event in CLEARS_PENDING:
        return None
    return doubt


_SETTLED_BY_ANY: Final = (Request.NEW,)
"""Any report about an order proves that the venue has it."""


def _executed(order: Order, report: ExecutionReport, event: Event) -> dict[str, Any]:
    executions, shares, notional = book_execution(order.executions, report, event, order.day)
    changes: dict[str, Any] = {
        "executions": executions,
        "cum_qty": add(order.cum_qty, shares),
        "notional": add(order.notional, notional),
    }
    if order.cash_order_qty is not None and not order.order_qty and event is Event.FILL:
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
        replace(request, pending=True) if request is target else request
        for request in order.requests
    )


def _restated(order: Order, report: ExecutionReport, event: Event) -> dict[str, Any]:
    request = order.request(report.cl_ord_id, Request.REPLACE)
    changes: dict[str, Any] = {}
    order_qty, price, cum_qty = report.order_qty, report.price, order.cum_qty
    if event is Event.REPLACED and order.names_request(report.cl_ord_id):
        changes["replaced_name"] = report.cl_ord_id
    if begins_day(report):
        changes["day"] = report.exec_id
        changes["executions"] = split(order.executions, cum_qty, order.order_qty, report)
        cum_qty = changes["cum_qty"] = total_qty(changes["executions"])
    if event is Event.REPLACED and request is not None:
        changes.setdefault("replaced_name", request.venue_cl_ord_id)
        order_qty = order_qty if order_qty is not None else request.order_qty
        price = price if price is not None else request.price
        changes["requests"] = tuple(r for r in order.requests if r is not request)
        if request.origin == order.origin:
            changes["orig_cl_ord_id"] = order.cl_ord_id
            changes["cl_ord_id"] = request.cl_ord_id
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
    changes: dict[str, Any] = {"requests": tuple(replace(r, pending=False) for r in unanswered)}
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
        replace(r, released=note.released) if r.cl_ord_id == note.cl_ord_id else r
        for r in order.requests
    )
    return order.evolve(requests=requests, updated=now)
