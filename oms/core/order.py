"""Order, and how it moves: `enter` makes one, `apply` gives the next.

An order is never changed; each event gives a new one. CumQty and AvgPx are sums over the
executions that stand, OrdStatus is read off the facts (transitions.py).
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from oms.core.days import DayFigures, day_figures
from oms.core.facts import Execution, InDoubt, Leg, PendingRequest, order_named
from oms.core.fields import OrdStatus, OrdType, Side, TimeInForce
from oms.core.notes import (
    OrderEntered,
    Request,
)
from oms.core.numbers import ZERO, add, average, subtract
from oms.core.transitions import (
    ENDED,
    Life,
    ord_status,
)
from oms.core.values import frozen, replaced
from oms.core.venue import Emulation


@frozen(kw_only=True)
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
    emulate: str = ""
    legs: tuple[Leg, ...] = ()
    waits: str = ""
    """Why it has not left, committed as it is; "" for one that has, or may have."""
    above: str = ""
    """At a venue that does not repeat our ids: only a greater number there can be it. "" before it
    leaves, and elsewhere."""
    settled_by: str = ""
    """The operator on whose word its doubt ended, "" where none had to say so."""
    taken_at: datetime | None = None
    """The venue's own time in its answer to what the order is there now: it took it then, or before.
    None where it told none."""
    text: str = ""

    def evolve(self, **changes: Any) -> Self:
        """This order with some facts changed."""
        return replaced(self, **changes)

    @property
    def ord_status(self) -> OrdStatus:
        """OrdStatus (39)."""
        return ord_status(
            self.life,
            cancel_pending=bool(self.requests) and self._pending(Request.CANCEL),
            replace_pending=bool(self.requests) and self._pending(Request.REPLACE),
            replaced=self.replaced,
            stopped=self.stopped,
            cum_qty=self.cum_qty,
            filled=self.filled,
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
    def open_ended(self) -> bool:
        """Whether it is sized by cash, and the venue has not said yet how much that bought."""
        return self.cash_order_qty is not None and not self.order_qty

    @property
    def filled(self) -> bool:
        """Whether all of OrderQty has been executed (or more)."""
        return bool(self.cum_qty) and self.cum_qty >= self.order_qty and not self.open_ended

    @property
    def leaves_qty(self) -> Decimal:
        """LeavesQty (151): 0 once the order has ended or is filled, or a day order's day has."""
        day_over = self.life is Life.DONE_FOR_DAY and self.time_in_force is TimeInForce.DAY
        if self.ended or self.filled or day_over:
            return ZERO
        return ZERO if self.open_ended else subtract(self.order_qty, self.cum_qty)

    @property
    def closed(self) -> bool:
        """Whether nothing more is expected: no leaves, no request, no doubt."""
        finished = self.ended or (self.filled and not self._leg_works)
        return finished and not self.requests and self.in_doubt is None

    @property
    def _leg_works(self) -> bool:
        """Whether the last leg has a rest, although the order may be filled: told of late, what an
        earlier leg executed makes the last one too large."""
        if not self.legs or self.legs[-1].over:
            return False
        last, left = len(self.legs) - 1, self.legs[-1].order_qty
        for execution in self.executions.values():
            if execution.leg == last and execution.stands:
                left = subtract(left, execution.qty)
        return left > 0

    @property
    def acknowledged(self) -> bool:
        """Whether the venue has been heard of about this order, or about its last leg."""
        if self.legs:
            return self.legs[-1].acknowledged
        return self.life is not Life.PENDING_NEW or bool(self.executions)

    def emulates(self, emulation: Emulation) -> bool:
        """Whether the engine does that for this order in its venue's stead."""
        return bool(self.emulate) and emulation in self.emulate.split()

    @property
    def waits_for_price(self) -> bool:
        """Whether nothing was sent yet: a market order that is to go out as a limit order."""
        return not self.legs and self.emulates(Emulation.MARKET)

    @property
    def venue_names(self) -> tuple[tuple[str, str], ...]:
        """By which ids the venue knows the order and its legs: ours, and its own."""
        now = ((self.venue_cl_ord_id, self.secondary_order_id),)
        if not self.legs:
            return now
        past = tuple((leg.venue_cl_ord_id, leg.secondary_order_id) for leg in self.legs[:-1])
        return past + now

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
            # And rather what ends the order than the first half of a replace.
            asked = [r for r in self.requests if r.kind is Request.CANCEL and not r.part_of]
            return next((r for r in asked if not r.silent), asked[0] if asked else request)
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
        emulate=note.emulate,
        text=request.text,
    )
