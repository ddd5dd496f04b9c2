"""What the engine does in a venue's stead: replace, immediate or cancel, good till date, market.

Each is made of what the venue does offer, and each says so in the report's Text. The exact
semantics stand in docs/emulations.md.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from oms.core import house
from oms.core.apply import apply
from oms.core.book import Book, Route
from oms.core.checks import fits
from oms.core.facts import PendingRequest
from oms.core.fields import CxlRejReason, ExecType, OrdRejReason, OrdType, Side, TimeInForce
from oms.core.legs import replacing, unanswered
from oms.core.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    Quote,
    QuoteRequest,
)
from oms.core.notes import Expired, LegEntered, Request
from oms.core.numbers import add, multiple_beyond, multiply, subtract
from oms.core.order import Order
from oms.core.ports import Decision, Evidence, Inbound, ToMarket, ToOrigin, ToVenue
from oms.core.reports import KILL_SWITCH, event_report
from oms.core.story import Story, refuse
from oms.core.venue import Emulation

REPLACED: Final = "EMULATED REPLACE: the earlier order is canceled, this is a new one for the rest"

_SAID: Final = {
    Emulation.IOC: "IOC: a resting order, canceled as soon as the venue has acknowledged it",
    Emulation.FOK: "FOK: one step can not be filled in part",
    Emulation.GTD: "GTD: good till canceled, canceled when ExpireTime has come",
    Emulation.MARKET: "MARKET: a limit order at the best price and a margin",
}


def said(order: Order) -> str:
    """What a report says of how the order is worked, "" where its venue does all of it."""
    words = [text for emulation, text in _SAID.items() if order.emulates(emulation)]
    return f"EMULATED {'; '.join(words)}" if words else ""


def to_venue(order: Order, venue_symbol: str) -> NewOrderSingle:
    """The order, or its last leg, in the venue's names and in what the venue offers."""
    leg = order.legs[-1] if order.legs else None
    tif, emulates = order.time_in_force, order.emulate.split()
    if Emulation.IOC in emulates or Emulation.GTD in emulates:
        tif = TimeInForce.GOOD_TILL_CANCEL
    elif Emulation.FOK in emulates or Emulation.MARKET in emulates:
        tif = TimeInForce.IMMEDIATE_OR_CANCEL
    return NewOrderSingle(
        cl_ord_id=order.venue_cl_ord_id,
        symbol=venue_symbol,
        side=order.side,
        ord_type=OrdType.LIMIT if Emulation.MARKET in emulates else order.ord_type,
        security_exchange=order.security_exchange,
        order_qty=leg.order_qty if leg else None if order.cash_order_qty else order.order_qty,
        cash_order_qty=order.cash_order_qty,
        price=leg.price if leg else order.price,
        stop_px=order.stop_px,
        time_in_force=tif,
        expire_time=None if Emulation.GTD in emulates else order.expire_time,
        exec_inst=leg.exec_inst if leg else order.exec_inst,
    )


# Replace


def go_on(book: Book, story: Story) -> None:
    """Take the next step of what is emulated for the order, if it is due."""
    order = story.order
    if order.ended:
        return
    if order.waits_for_price:
        if any(request.kind is Request.CANCEL for request in order.requests):
            _end(book, story, "canceled before anything was sent")
        return
    request = replacing(order)
    if request is not None:
        _replace(book, story, request)
    elif order.emulates(Emulation.IOC) and order.acknowledged and not _refusing(story):
        house.cancel(book, story, "IOC: what was not filled at once is canceled")


def _refusing(story: Story) -> bool:
    # A cancel that the venue refused is not asked for again and again; a fill tries anew.
    return isinstance(story.inbound.message, OrderCancelReject)


def _replace(book: Book, story: Story, request: PendingRequest) -> None:
    order = story.order
    over = bool(order.legs) and order.legs[-1].over
    if order.in_doubt is not None or unanswered(order):
        return
    if over and any(r.kind is Request.CANCEL for r in order.requests):
        _fail(book, story, request, "canceled meanwhile")
        return
    if not over and not order.filled:
        if not any(r.part_of for r in order.requests):
            _refused(story, request)
        return
    if over and not order.legs[-1].acknowledged:
        _fail(book, story, request, order.text)
        return
    wanted = order.order_qty if request.order_qty is None else request.order_qty
    rest = subtract(wanted, order.cum_qty)
    if rest > 0:
        _enter_leg(book, story, request, rest)
    elif over or wanted != order.order_qty:
        _replaced(story, request, wanted)
    else:
        # D9: a change that is not about quantity, of what is filled meanwhile.
        refuse(story, request, CxlRejReason.TOO_LATE_TO_CANCEL, "the order is FILLED")


def _enter_leg(book: Book, story: Story, request: PendingRequest, rest: Decimal) -> None:
    order = story.order
    price = order.price if request.price is None else request.price
    why_not = _why_not(book, story, rest, price, request.exec_inst)
    if why_not:
        _fail(book, story, request, why_not)
        return
    _send_leg(
        book.routes[order.route],
        story,
        LegEntered(
            venue_cl_ord_id=request.leg_name,
            order_qty=rest,
            price=price,
            exec_inst=request.exec_inst,
        ),
    )


def _send_leg(route: Route, story: Story, note: LegEntered) -> None:
    after = apply(story.order, note, story.now)
    instrument = route.instrument(after.symbol, after.security_exchange)
    assert instrument is not None, "the market was looked up before"
    request = to_venue(after, instrument.venue_symbol)
    story.add(
        note,
        ToVenue(route.name, after.order_id, request),
        order=after,
        evidence=Evidence.POLICY,
    )


def _why_not(
    book: Book, story: Story, qty: Decimal, price: Decimal | None, exec_inst: str = ""
) -> str:
    """Why no order can be sent now, "" if one can."""
    order = story.order
    route = book.routes.get(order.route)
    if book.stopping:
        return "the engine is stopping"
    if book.killed(order.route):
        return f"{KILL_SWITCH}: {order.route} takes no new orders"
    if route is None or not route.ready:
        return f"ROUTE DOWN: {order.route}: {route.text if route else 'not configured any more'}"
    return fits(route, order, qty, price, exec_inst, story.now)


def _replaced(story: Story, request: PendingRequest, wanted: Decimal) -> None:
    """D11, D12: nothing is left to be ordered anew; the order is what was executed."""
    order = story.order
    report = ExecutionReport(
        exec_id=f"{order.venue_cl_ord_id}:REPLACED:{request.cl_ord_id}",
        exec_type=ExecType.REPLACED,
        orig_cl_ord_id=order.venue_cl_ord_id,
        order_qty=wanted,
        text="EMULATED REPLACE: as much has been executed already",
    )
    after = apply(order, report, story.now)
    told = event_report(
        after, ExecType.REPLACED, story.now, told=report, request=request, before=order
    )
    story.add(report, ToOrigin(order.origin, told), order=after, evidence=Evidence.POLICY)


def _refused(story: Story, request: PendingRequest) -> None:
    """The venue did not cancel: the order is as it was."""
    reject = story.inbound.message
    text = reject.text if isinstance(reject, OrderCancelReject) else ""
    reason = reject.cxl_rej_reason if isinstance(reject, OrderCancelReject) else None
    text = f"the venue refused to cancel the earlier order: {text or 'no reason given'}"
    refuse(story, request, reason or CxlRejReason.BROKER_CREDIT, text)


def _fail(book: Book, story: Story, request: PendingRequest, text: str) -> None:
    """The earlier order is gone and there is no new one: canceled, and the replace refused."""
    filled = story.order.filled
    text = f"replace failed, the earlier order is {'filled' if filled else 'canceled'}: {text}"
    if filled:
        # A cancel that was meant for the new order: nothing else would ever answer it.
        for asked in [r for r in story.order.requests if r.kind is Request.CANCEL]:
            refuse(story, asked, CxlRejReason.TOO_LATE_TO_CANCEL, "the order is FILLED")
    else:
        _end(book, story, text)
    refuse(story, request, CxlRejReason.BROKER_CREDIT, text)


def _end(book: Book, story: Story, text: str) -> None:
    """The order is over although its venue says nothing more of it."""
    order = story.order
    request = order.cancel_answered("")
    report = ExecutionReport(
        exec_id=f"{order.venue_cl_ord_id}:OVER", exec_type=ExecType.CANCELED, text=text
    )
    after = apply(order, report, story.now)
    told = event_report(
        after, ExecType.CANCELED, story.now, told=report, request=request, before=order
    )
    story.add(report, ToOrigin(order.origin, told), order=after, evidence=Evidence.POLICY)


# Market


def ask_price(order: Order, venue_symbol: str) -> ToMarket:
    """Ask for the best prices before a market order can be made a limit one."""
    question = QuoteRequest(
        quote_req_id=order.venue_cl_ord_id,
        symbol=venue_symbol,
        side=order.side,
        security_exchange=order.security_exchange,
    )
    return ToMarket(order.route, order.order_id, question)


def told(book: Book, inbound: Inbound, message: Quote | Expired, now: datetime) -> Decision:
    """What an order has been waiting for has come: a price, or its time."""
    if isinstance(message, Quote):
        return quoted(book, inbound, message, now)
    return expired(book, inbound, message, now)


def quoted(book: Book, inbound: Inbound, quote: Quote, now: datetime) -> Decision:
    """The best prices have come: the market order goes out as a limit one, or is refused."""
    order = book.at_venue(inbound.source, quote.quote_req_id)
    if order is None or not order.waits_for_price or order.ended:
        return ()
    story = Story(inbound, order, now)
    go_on(book, story)
    if story.records:
        return tuple(story.records)
    route = book.routes[order.route]
    best = quote.offer_px if order.side is Side.BUY else quote.bid_px
    text = "no price on the other side of the book"
    if best is not None and best > 0:
        price = _marketable(route, order, best)
        text = _why_not(book, story, order.order_qty, price)
        if not text:
            _send_leg(
                route,
                story,
                LegEntered(
                    venue_cl_ord_id=order.venue_cl_ord_id, order_qty=order.order_qty, price=price
                ),
            )
            return tuple(story.records)
    reject = ExecutionReport(
        exec_id=f"{order.venue_cl_ord_id}:REFUSED",
        exec_type=ExecType.REJECTED,
        ord_rej_reason=OrdRejReason.BROKER_CREDIT,
        text=f"market as limit: {text}",
    )
    after = apply(order, reject, now)
    told = event_report(
        after, ExecType.REJECTED, now, told=reject, ord_rej_reason=OrdRejReason.BROKER_CREDIT
    )
    story.add(reject, ToOrigin(order.origin, told), order=after)
    return tuple(story.records)


def _marketable(route: Route, order: Order, best: Decimal) -> Decimal:
    """The best price and the route's margin, on the tick at or beyond it."""
    instrument = route.instrument(order.symbol, order.security_exchange)
    if instrument is None:
        return best
    margin = multiply(best, route.capabilities.market_margin)
    buys = order.side is Side.BUY
    price = add(best, margin) if buys else subtract(best, margin)
    return multiple_beyond(price, instrument.tick, up=buys)


# Good till date


def expired(book: Book, inbound: Inbound, note: Expired, now: datetime) -> Decision:
    """The clock has passed an order's ExpireTime: it is cancelled at its venue."""
    order = book.order(note.order_id)
    if order is None or not order.emulates(Emulation.GTD):
        return ()
    if order.expire_time is None or order.expire_time > now:
        return ()
    story = Story(inbound, order, now)
    house.cancel(book, story, f"expired at {order.expire_time.isoformat()}", expires=True)
    return tuple(story.records)


def expiring(order: Order) -> bool:
    """Whether the engine has to end the order at its ExpireTime."""
    over = order.ended or (order.filled and order.closed)
    return order.expire_time is not None and order.emulates(Emulation.GTD) and not over
