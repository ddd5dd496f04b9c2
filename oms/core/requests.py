"""Cancels and replaces: what is asked of orders that exist, and what it is answered."""

from datetime import datetime
from typing import Final

from oms.core import house
from oms.core.apply import apply
from oms.core.book import OPERATOR, Book, Route
from oms.core.checks import fits
from oms.core.client_ids import Draw, venue_cl_ord_id
from oms.core.copies import REFUSAL
from oms.core.desk_side import answer
from oms.core.emulation import go_on
from oms.core.facts import PendingRequest
from oms.core.fields import CxlRejReason, ExecType, OrdType, TimeInForce
from oms.core.legs import idle
from oms.core.messages import OrderCancelReplaceRequest, OrderCancelRequest
from oms.core.notes import Request, RequestEntered
from oms.core.numbers import number_text
from oms.core.order import Order
from oms.core.ports import Decision, Inbound, Outbound, Record, ToOrigin
from oms.core.reports import KILL_SWITCH, cancel_reject, event_report
from oms.core.story import Story, can_release, request_to_venue
from oms.core.values import replaced
from oms.core.venue import Emulation

Change = OrderCancelRequest | OrderCancelReplaceRequest
No = tuple[CxlRejReason, str]

EMULATED: Final = "EMULATED REPLACE: a cancel, and when it is proven, a new order for the rest"

_RESTING: Final = (TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCEL)
"""Where a market has no day end these two are the same."""


def change(book: Book, inbound: Inbound, request: Change, now: datetime, draw: Draw) -> Decision:
    """A cancel or replace, or the OrderCancelReject that it gets."""
    origin = inbound.source
    used = book.used(origin, request.cl_ord_id)
    order = _owned(book, origin, request)
    if used is not None:
        reject = cancel_reject(request, order, CxlRejReason.BROKER_CREDIT, now, "duplicate ClOrdID")
        return answer(inbound, now, order, reject)
    if inbound.throttled:
        no: No | None = (CxlRejReason.BROKER_CREDIT, inbound.throttled)
    elif origin in book.drop_copies:
        no = (CxlRejReason.BROKER_CREDIT, REFUSAL)
    elif order is None:
        no = (CxlRejReason.UNKNOWN_ORDER, "unknown order")
    else:
        no = _unchangeable(book, order, request) or _misfit(book, order, request, now)
    if no is not None:
        reject = cancel_reject(request, order, no[0], now, no[1])
        return answer(inbound, now, order, reject, consumes=True)
    assert order is not None, "an unknown order is refused"
    route = book.routes[order.route]
    if isinstance(request, OrderCancelReplaceRequest) and not route.capabilities.can_replace:
        nth = order.requests_made + 1
        name = venue_cl_ord_id(book, route, order.order_id, now, draw, nth)
        return _emulated(book, inbound, request, order, now, name)
    return (_entered(book, inbound, request, order, now),)


def _owned(book: Book, origin: str, request: Change) -> Order | None:
    if request.orig_cl_ord_id:
        found = book.own(origin, request.orig_cl_ord_id)
        if found is not None or not request.order_id:
            return found
    order = book.any_order(request.order_id) if request.order_id else None
    if order is None or origin in (order.origin, OPERATOR):
        return order
    return None


def _unchangeable(book: Book, order: Order, request: Change) -> No | None:
    """Why the order can not be changed in its state, or at its route."""
    route = book.routes.get(order.route)
    amends = isinstance(request, OrderCancelReplaceRequest)
    can = route is not None and _replaces(route)
    # D8: a filled order can still be replaced upwards.
    if order.ended or (idle(order) and not (amends and can)):
        return CxlRejReason.TOO_LATE_TO_CANCEL, f"the order is {order.ord_status.name}"
    if route is None:
        # A restart may have taken the route out of the configuration; the order stays.
        return CxlRejReason.BROKER_CREDIT, f"the route {order.route} is not configured any more"
    # D16, D17: where requests may stand in line, the venue judges them. A cancel beside what the
    # engine does by itself is answered by what comes of that.
    under_way = [r for r in order.requests if amends or not (r.silent or r.emulated)]
    if under_way and not route.capabilities.chains_requests:
        return (
            CxlRejReason.ORDER_ALREADY_IN_PENDING_STATUS,
            f"{under_way[-1].kind.name} is under way",
        )
    if amends and book.killed(order.route):
        return CxlRejReason.BROKER_CREDIT, f"{KILL_SWITCH}: {order.route} replaces nothing"
    if amends and not can:
        return CxlRejReason.BROKER_CREDIT, f"replace is not supported by {order.route}"
    return None


def _replaces(route: Route) -> bool:
    capabilities = route.capabilities
    return capabilities.can_replace or Emulation.REPLACE in capabilities.emulates


def _misfit(book: Book, order: Order, request: Change, now: datetime) -> No | None:
    """Why the new terms are refused before anything is sent."""
    if isinstance(request, OrderCancelRequest):
        return None
    route = book.routes[order.route]
    text = _unlike(order, request)
    if not text and not route.capabilities.can_replace:
        text = _not_emulated(route, order, request, now)
    if not text:
        qty = order.order_qty if request.order_qty is None else request.order_qty
        price = order.price if request.price is None else request.price
        text = fits(route, order, qty, price, request.exec_inst, now)
    return (CxlRejReason.BROKER_CREDIT, text) if text else None


def _unlike(order: Order, request: OrderCancelReplaceRequest) -> str:
    if request.side is not order.side:
        return "a replace can not change Side (54)"
    if request.ord_type is not order.ord_type:
        return "a replace can not change OrdType (40)"
    if request.cash_order_qty is not None or order.cash_order_qty is not None:
        return "an order sized by CashOrderQty (152) is not replaced"
    return ""


def _not_emulated(
    route: Route, order: Order, request: OrderCancelReplaceRequest, now: datetime
) -> str:
    """Why the engine can not do it in the venue's stead."""
    tif = request.time_in_force or order.time_in_force
    if tif is not order.time_in_force and not {tif, order.time_in_force} <= set(_RESTING):
        return "an emulated replace can not change TimeInForce (59)"
    if order.ord_type is OrdType.MARKET:
        return "a market order is not replaced"
    if request.expire_time is not None and request.expire_time <= now:
        return "ExpireTime (126) has passed"
    if order.in_doubt is not None:
        return f"in doubt: {order.in_doubt.text}"
    if not route.ready:
        return f"ROUTE DOWN: {route.name}: {route.text}"
    wanted = order.order_qty if request.order_qty is None else request.order_qty
    if order.filled and wanted <= order.cum_qty:
        return f"the order is filled, {number_text(order.cum_qty)} was executed"
    return ""


def _emulated(
    book: Book,
    inbound: Inbound,
    request: OrderCancelReplaceRequest,
    order: Order,
    now: datetime,
    name: str,
) -> Decision:
    """Pending Replace; the cancel that is its first half; the new order if nothing works there."""
    entered = _entered(book, inbound, request, order, now, name)
    assert entered.order is not None, "the request has moved the order"
    story = Story(replaced(inbound, raw=""), entered.order, now)
    house.cancel(book, story, "replace", part_of=request.cl_ord_id)
    go_on(book, story)
    return (entered, *story.records)


def _entered(
    book: Book, inbound: Inbound, request: Change, order: Order, now: datetime, name: str = ""
) -> Record:
    """The request is accepted; `name` is what the venue will call the order of a new leg."""
    route = book.routes[order.route]
    emulated = bool(name)
    pending = emulated or not route.capabilities.tells_pending
    released = not emulated and can_release(route, order)
    note = RequestEntered(
        request=request,
        origin=inbound.source,
        pending=pending,
        released=released,
        emulated=emulated,
        leg_name=name,
    )
    after = apply(order, note, now)
    asked: PendingRequest = after.requests[-1]
    outbound: list[Outbound] = []
    if released:
        outbound.append(request_to_venue(after, asked))
    if pending:
        outbound += _told_pending(after, asked, order, now)
    return Record(
        time=now,
        message=note,
        evidence=inbound.evidence,
        order_id=order.order_id,
        origin=inbound.source,
        route=order.route,
        raw=inbound.raw,
        msg_seq_num=inbound.msg_seq_num,
        outbound=tuple(outbound),
        order=after,
    )


def _told_pending(
    after: Order, asked: PendingRequest, before: Order, now: datetime
) -> list[ToOrigin]:
    """Pending Cancel or Pending Replace, to the order's owner and to whoever asked."""
    cancel = asked.kind is Request.CANCEL
    exec_type = ExecType.PENDING_CANCEL if cancel else ExecType.PENDING_REPLACE
    text = "" if asked.released else "held until the venue can take it"
    text = EMULATED if asked.emulated else text
    return [
        ToOrigin(
            reader,
            event_report(
                after, exec_type, now, request=asked, before=before, reader=reader, text=text
            ),
        )
        for reader in dict.fromkeys((before.origin, asked.origin))
    ]
