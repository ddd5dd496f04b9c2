"""The legs of an emulated order: the orders that it is at its venue, one after the other.

An order without legs is its own and only one. Towards its owner an order is the whole chain;
towards the venue it is its last leg. What the venue still says of an earlier leg moves the chain
only where something was executed.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from oms.core.facts import Execution, Leg, PendingRequest, order_named
from oms.core.fields import OrdType
from oms.core.messages import ExecutionReport
from oms.core.notes import LegEntered, Request
from oms.core.numbers import ZERO, add
from oms.core.order import Order
from oms.core.ports import Agreed, Books
from oms.core.transfers import MoneyMove
from oms.core.transitions import Event, Life
from oms.core.values import replaced


def replacing(order: Order) -> PendingRequest | None:
    """The replace under way that the engine performs itself."""
    for request in order.requests:
        if request.emulated:
            return request
    return None


def leg_of(order: Order, report: ExecutionReport) -> int:
    """Which leg a report is about: the last one, unless it names an earlier one."""
    last = len(order.legs) - 1
    if last < 1:
        return 0
    # The id we drew decides: a leg is named by itself, or by a request about it.
    names = {order_named(report.cl_ord_id), order_named(report.orig_cl_ord_id)}
    if order.venue_cl_ord_id in names:
        return last
    for index, leg in enumerate(order.legs[:-1]):
        theirs = bool(report.order_id) and report.order_id == leg.secondary_order_id
        if leg.venue_cl_ord_id in names or theirs:
            return index
    return last


def is_past(order: Order, report: ExecutionReport) -> bool:
    """Whether a report is about a leg before the last."""
    last = len(order.legs) - 1
    return last > 0 and leg_of(order, report) < last


def of_past(order: Order, *names: str, theirs: str = "") -> bool:
    """Whether a venue's name means a leg before the last, or a request about one.

    `theirs` is the venue's own id: it decides where there is no other name.
    """
    if len(order.legs) < 2:
        return False
    meant = set(map(order_named, filter(None, names)))
    if not meant and theirs:
        return any(leg.secondary_order_id == theirs for leg in order.legs[:-1])
    return any(leg.venue_cl_ord_id in meant for leg in order.legs[:-1])


def stale(order: Order, report: ExecutionReport) -> bool:
    """Whether a report that executes nothing is about a leg that is over: it is no news."""
    return is_past(order, report) or (over(order) and not order.ended)


def over(order: Order) -> bool:
    """Whether the last leg has ended, or never began, and the order itself goes on or is filled."""
    return bool(order.legs) and order.legs[-1].over


def idle(order: Order) -> bool:
    """Whether what an order that goes on is at its venue is filled, or over with nothing to come."""
    return at_venue(order).filled or (over(order) and replacing(order) is None)


def unanswered(order: Order) -> bool:
    """Whether the new leg of a replace is at the venue, which has not said a word about it."""
    return bool(order.legs) and not order.legs[-1].acknowledged and not over(order)


def executed(order: Order, leg: int) -> tuple[Decimal, Decimal]:
    """Quantity and worth of the standing executions of a leg."""
    qty = notional = ZERO
    for execution in of_leg(order, leg):
        if execution.stands:
            qty, notional = add(qty, execution.qty), add(notional, execution.notional)
    return qty, notional


def of_leg(order: Order, leg: int) -> Iterable[Execution]:
    """The executions of a leg, in the order they came."""
    return (execution for execution in order.executions.values() if execution.leg == leg)


def entered(order: Order, note: LegEntered, now: datetime) -> Order:
    """The order with a new leg; what was there before is over."""
    before = order.legs
    if not before and not order.waits_for_price:
        before = (own_leg(order),)
    new = Leg(note.venue_cl_ord_id, note.order_qty, note.price, note.exec_inst)
    return order.evolve(
        legs=(*before, new),
        venue_cl_ord_id=note.venue_cl_ord_id,
        secondary_order_id="",
        taken_at=None,
        above="",
        updated=now,
    )


def heard(order: Order, report: ExecutionReport, event: Event) -> dict[str, Any]:
    """The facts that any report about the last leg brings: the venue's id, its word and its time."""
    if order.legs and is_past(order, report):
        return {}
    name = order.secondary_order_id or report.secondary_order_id
    facts: dict[str, Any] = {"secondary_order_id": name}
    if event in _TAKES and not order.acknowledged:
        facts["taken_at"] = report.transact_time
    if not order.legs:
        return facts
    leg = order.legs[-1]
    word = event not in (Event.PENDING_NEW, Event.REJECTED)
    facts = {"taken_at": leg.taken_at, **facts}
    leg = replaced(
        leg,
        secondary_order_id=name,
        acknowledged=leg.acknowledged or word,
        taken_at=facts["taken_at"],
    )
    return {**facts, "legs": (*order.legs[:-1], leg)}


_TAKES: Final = frozenset({Event.NEW, Event.REPLACED})
"""Events whose own time is one at which the venue had the order, or its new leg."""


def named(order: Order, secondary_order_id: str) -> Order:
    """The order with the venue's own id for it, and for its last leg."""
    legs = order.legs
    if legs:
        legs = (*legs[:-1], replaced(legs[-1], secondary_order_id=secondary_order_id))
    return order.evolve(secondary_order_id=secondary_order_id, legs=legs)


def ended(order: Order, report: ExecutionReport, event: Event, now: datetime) -> Order | None:
    """The order after a report that ends its last leg and not the order itself, else None.

    While a replace is under way, the cancel that is its first half has succeeded; or the new leg,
    its second half, was refused.
    """
    if replacing(order) is None or over(order):
        return None
    halves = [r for r in order.requests if r.part_of]
    others = [r for r in order.requests if r.kind is Request.CANCEL and not r.part_of]
    refused = event is Event.REJECTED and unanswered(order)
    # Somebody else wants the order cancelled: then there is no second half.
    canceled = event is Event.CANCELED and not others and any(r.released for r in halves)
    if not refused and not canceled:
        return None
    *before, last = order.legs or (own_leg(order),)
    name = last.secondary_order_id or report.secondary_order_id
    last = replaced(last, over=True, acknowledged=canceled, secondary_order_id=name)
    doubt = order.in_doubt
    return order.evolve(
        legs=(*before, last),
        requests=tuple(r for r in order.requests if not r.part_of),
        in_doubt=doubt if doubt is not None and doubt.request is Request.FILLS else None,
        text=report.text or order.text,
        updated=now,
    )


def at_venue(order: Order) -> Order:
    """The order as its venue knows it: the last leg alone."""
    if not order.legs:
        return order
    index, leg = len(order.legs) - 1, order.legs[-1]
    life = order.life
    if not order.ended:
        life = Life.CANCELED if leg.over else life if leg.acknowledged else Life.PENDING_NEW
    cum_qty, notional = executed(order, index)
    return order.evolve(
        ord_type=OrdType.LIMIT,
        order_qty=leg.order_qty,
        cash_order_qty=None,
        price=leg.price,
        life=life,
        executions={execution.exec_id: execution for execution in of_leg(order, index)},
        cum_qty=cum_qty,
        notional=notional,
    )


def own_leg(order: Order) -> Leg:
    """The order itself as a leg."""
    return Leg(
        order.venue_cl_ord_id,
        order.order_qty,
        order.price,
        order.exec_inst,
        order.secondary_order_id,
        acknowledged=order.acknowledged,
        taken_at=order.taken_at,
    )


class VenueBooks:
    """The book as the edges towards venues see it: each order as its venue knows it."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def order(self, order_id: str) -> Order | None:
        """The order as of the last commit, if it is still in memory."""
        order = self._books.order(order_id)
        return None if order is None else at_venue(order)

    def working(self, route: str) -> list[Order]:
        """All orders of a route that are not closed, oldest first."""
        return [at_venue(order) for order in self._books.working(route)]

    def closed(self, route: str) -> list[Order]:
        """Orders of a route that closed lately, as far as they are in memory."""
        return [at_venue(order) for order in self._books.closed(route)]

    def killed(self, route: str) -> bool:
        """Whether the kill switch is on for the route: no new order may leave."""
        return self._books.killed(route)

    def open_moves(self, route: str) -> list[MoneyMove]:
        """Transfers of a route of which something may still become, oldest first."""
        return self._books.open_moves(route)

    @property
    def agreement(self) -> Agreed:
        """What the venues have to have, and what they have besides."""
        return self._books.agreement
