"""The pre-trade checks, in order of precedence: the first refusal is the answer.

A refusal is a value, not an exception. Where a number does not fit, the text names the nearest
one that does.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final

from oms.core.book import OPERATOR, Book, Route
from oms.core.copies import REFUSAL
from oms.core.fields import (
    PARTICIPATE_DONT_INITIATE,
    OrdRejReason,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.messages import NewOrderSingle
from oms.core.needs import needed
from oms.core.numbers import ZERO, is_multiple, multiply, nearest_multiple, number_text
from oms.core.order import Order
from oms.core.reports import KILL_SWITCH
from oms.core.values import frozen, replaced
from oms.core.venue import Emulation, Instrument

DECIMALS_MAX: Final = 18
DIGITS_MAX: Final = 20
"""Decimal places and digits before the point that any venue could mean."""

_FINEST: Final = Decimal((0, (1,), -DECIMALS_MAX))


@frozen
class Refusal:
    """Why an order is refused before anything is sent."""

    reason: OrdRejReason
    text: str


@frozen
class Candidate:
    """An order under examination, with what is known of its route and instrument."""

    order: NewOrderSingle
    route: Route
    instrument: Instrument
    emulate: frozenset[Emulation]
    now: datetime


Check = Callable[[Candidate], Refusal | None]


def examine(book: Book, origin: str, order: NewOrderSingle, now: datetime) -> Candidate | Refusal:
    """All checks on a NewOrderSingle that `origin` has sent, for itself or on behalf of another.

    The candidate carries the order as it will be sent.
    """
    owner = order.on_behalf_of_comp_id or origin
    refusal = _engine(book) or _behalf(book, origin, order) or _destination(book, owner, order)
    if refusal:
        return refusal
    route = book.routes[order.ex_destination]
    refusal = _exchange(route, order) or _numbers(order)
    if refusal:
        return refusal
    instrument = route.instrument(order.symbol, order.security_exchange)
    if instrument is None or not instrument.enabled:
        where = f" at {order.security_exchange}" if order.security_exchange else ""
        return Refusal(
            OrdRejReason.UNKNOWN_SYMBOL, f"unknown symbol {order.symbol!r} on {route.name}{where}"
        )
    time_in_force = _time_in_force(route, order)
    if order.symbol != instrument.symbol or order.time_in_force is not time_in_force:
        order = replaced(order, symbol=instrument.symbol, time_in_force=time_in_force)
    candidate = Candidate(order, route, instrument, needed(route.capabilities, order), now)
    return _first_refusal(candidate) or candidate


def _first_refusal(candidate: Candidate) -> Refusal | None:
    for check in CHECKS:
        refusal = check(candidate)
        if refusal:
            return refusal
    return None


def fits(
    route: Route,
    order: Order,
    qty: Decimal,
    price: Decimal | None,
    exec_inst: str,
    now: datetime,
) -> str:
    """Why new terms would be refused for an order, "" where they would not."""
    instrument = route.instrument(order.symbol, order.security_exchange)
    if instrument is None or not instrument.enabled:
        return f"unknown symbol {order.symbol!r} on {route.name}"
    limited = OrdType.LIMIT if order.ord_type is OrdType.MARKET else order.ord_type
    terms = NewOrderSingle(
        cl_ord_id=order.cl_ord_id,
        symbol=order.symbol,
        side=order.side,
        ord_type=limited,
        order_qty=qty,
        price=price,
        stop_px=order.stop_px,
        exec_inst=exec_inst,
    )
    candidate = Candidate(terms, route, instrument, frozenset(), now)
    for check in (_check_numbers, _exec_inst, _tick, _step, _size, _notional):
        refusal = check(candidate)
        if refusal:
            return refusal.text
    return ""


def _time_in_force(route: Route, order: NewOrderSingle) -> TimeInForce:
    # Spot markets have no day end: a day order is one good till cancel.
    offered = route.capabilities.time_in_force
    if order.time_in_force is TimeInForce.DAY and TimeInForce.DAY not in offered:
        return TimeInForce.GOOD_TILL_CANCEL
    return order.time_in_force


def _engine(book: Book) -> Refusal | None:
    if book.stopping:
        return Refusal(OrdRejReason.EXCHANGE_CLOSED, "the engine is stopping")
    return None


def _behalf(book: Book, origin: str, order: NewOrderSingle) -> Refusal | None:
    owner = order.on_behalf_of_comp_id
    if not owner:
        return None
    if origin != OPERATOR:
        return Refusal(
            OrdRejReason.BROKER_CREDIT, "only the operator enters orders on behalf of another"
        )
    if owner == OPERATOR or owner not in book.entitlements:
        return Refusal(OrdRejReason.BROKER_CREDIT, f"no desk or strategy is called {owner!r}")
    return None


def _destination(book: Book, origin: str, order: NewOrderSingle) -> Refusal | None:
    if origin in book.drop_copies:
        return Refusal(OrdRejReason.BROKER_CREDIT, REFUSAL)
    name = order.ex_destination
    if name not in book.routes or not book.entitled(origin, name):
        allowed = sorted(name for name in book.routes if book.entitled(origin, name))
        known = ", ".join(allowed) or "none"
        return Refusal(
            OrdRejReason.BROKER_CREDIT, f"unknown route {name!r} in ExDestination (100): {known}"
        )
    route = book.routes[name]
    if book.killed(name):
        return Refusal(OrdRejReason.EXCHANGE_CLOSED, f"{KILL_SWITCH}: {name} takes no new orders")
    if not route.ready:
        return Refusal(OrdRejReason.EXCHANGE_CLOSED, f"ROUTE DOWN: {name}: {route.text}")
    return None


def _exchange(route: Route, order: NewOrderSingle) -> Refusal | None:
    exchanges, wanted = route.capabilities.exchanges, order.security_exchange
    if wanted in exchanges or (not exchanges and not wanted):
        return None
    if not exchanges:
        return Refusal(
            OrdRejReason.UNKNOWN_SYMBOL, f"SecurityExchange (207) does not apply to {route.name}"
        )
    return Refusal(
        OrdRejReason.UNKNOWN_SYMBOL,
        f"SecurityExchange (207) is {wanted!r}; {route.name} has {', '.join(sorted(exchanges))}",
    )


def _numbers(order: NewOrderSingle) -> Refusal | None:
    named = (
        ("OrderQty (38)", order.order_qty),
        ("CashOrderQty (152)", order.cash_order_qty),
        ("Price (44)", order.price),
        ("StopPx (99)", order.stop_px),
    )
    for name, number in named:
        if number is None:
            continue
        if number <= ZERO:
            return Refusal(OrdRejReason.BROKER_CREDIT, f"{name} must be above 0")
        if number.adjusted() >= DIGITS_MAX or not is_multiple(number, _FINEST):
            return Refusal(
                OrdRejReason.ORDER_EXCEEDS_LIMIT,
                f"{name} has more than {DIGITS_MAX} digits or {DECIMALS_MAX} decimals",
            )
    return None


_SIDES: Final = frozenset({Side.BUY, Side.SELL})


def _side(candidate: Candidate) -> Refusal | None:
    if candidate.order.side in _SIDES:
        return None
    return Refusal(OrdRejReason.BROKER_CREDIT, "Side (54) must be 1 (buy) or 2 (sell)")


def _ord_type(candidate: Candidate) -> Refusal | None:
    offered = candidate.route.capabilities.ord_types
    if candidate.order.ord_type in offered or Emulation.MARKET in candidate.emulate:
        return _market(candidate)
    return Refusal(
        OrdRejReason.BROKER_CREDIT,
        f"{candidate.route.name} does not offer {candidate.order.ord_type.name} orders",
    )


def _market(candidate: Candidate) -> Refusal | None:
    if Emulation.MARKET in candidate.emulate and not _immediate(candidate):
        return Refusal(
            OrdRejReason.BROKER_CREDIT,
            f"{candidate.route.name} has no market orders; as limit orders they need IOC",
        )
    return None


def _tif(candidate: Candidate) -> Refusal | None:
    capabilities, tif = candidate.route.capabilities, candidate.order.time_in_force
    text = ""
    match tif:
        case _ if tif in capabilities.time_in_force or Emulation.MARKET in candidate.emulate:
            pass
        case TimeInForce.IMMEDIATE_OR_CANCEL if Emulation.IOC in candidate.emulate:
            pass
        case TimeInForce.FILL_OR_KILL if Emulation.FOK in candidate.emulate:
            text = _fill_or_kill(candidate)
        case TimeInForce.GOOD_TILL_DATE if Emulation.GTD in candidate.emulate:
            pass
        case _:
            text = f"{candidate.route.name} does not offer {tif.name}"
    return Refusal(OrdRejReason.BROKER_CREDIT, text) if text else None


def _fill_or_kill(candidate: Candidate) -> str:
    # A resting order can be filled in part before it is cancelled, unless it has no parts.
    if candidate.order.order_qty != candidate.instrument.step:
        step = number_text(candidate.instrument.step)
        return f"{candidate.route.name} does not offer FILL_OR_KILL but for one step of {step}"
    return "" if _immediate(candidate) else f"{candidate.route.name} has no IOC to make FOK of"


def _immediate(candidate: Candidate) -> bool:
    offered = candidate.route.capabilities.time_in_force
    return TimeInForce.IMMEDIATE_OR_CANCEL in offered or Emulation.IOC in candidate.emulate


def _expiry(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    if order.expire_time is None and Emulation.GTD in candidate.emulate:
        return Refusal(OrdRejReason.BROKER_CREDIT, "GOOD_TILL_DATE needs ExpireTime (126)")
    if order.expire_time is not None and order.expire_time <= candidate.now:
        return Refusal(OrdRejReason.TOO_LATE_TO_ENTER, "ExpireTime (126) has passed")
    return None


def _check_numbers(candidate: Candidate) -> Refusal | None:
    return _numbers(candidate.order)


def _exec_inst(candidate: Candidate) -> Refusal | None:
    wanted = candidate.order.exec_inst
    if not wanted:
        return None
    if wanted != PARTICIPATE_DONT_INITIATE:
        return Refusal(OrdRejReason.BROKER_CREDIT, f"ExecInst (18) {wanted!r} is not offered")
    order = candidate.order
    resting = order.ord_type is OrdType.LIMIT
    resting = resting and order.time_in_force is TimeInForce.GOOD_TILL_CANCEL
    if not candidate.route.capabilities.post_only or not resting:
        return Refusal(
            OrdRejReason.BROKER_CREDIT, "post-only (18=6) needs a resting limit order and a venue"
        )
    return None


def _sizing(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    by_cash = (
        candidate.route.capabilities.market_buy_by_cash
        and order.ord_type is OrdType.MARKET
        and order.side is Side.BUY
    )
    if by_cash and (order.cash_order_qty is None or order.order_qty is not None):
        return Refusal(
            OrdRejReason.BROKER_CREDIT,
            f"{candidate.route.name} sizes market buys by CashOrderQty (152) alone",
        )
    if not by_cash and (order.order_qty is None or order.cash_order_qty is not None):
        return Refusal(OrdRejReason.BROKER_CREDIT, "OrderQty (38) alone must size this order")
    return None


_LIMITED: Final = frozenset({OrdType.LIMIT, OrdType.STOP_LIMIT})
_STOPPED: Final = frozenset({OrdType.STOP, OrdType.STOP_LIMIT})


def _pricing(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    limited, stopped = order.ord_type in _LIMITED, order.ord_type in _STOPPED
    if limited != (order.price is not None):
        need = "needs" if limited else "takes no"
        return Refusal(
            OrdRejReason.BROKER_CREDIT, f"a {order.ord_type.name} order {need} Price (44)"
        )
    if stopped != (order.stop_px is not None):
        need = "needs" if stopped else "takes no"
        return Refusal(
            OrdRejReason.BROKER_CREDIT, f"a {order.ord_type.name} order {need} StopPx (99)"
        )
    return None


def _tick(candidate: Candidate) -> Refusal | None:
    tick, order = candidate.instrument.tick, candidate.order
    for name, price in (("Price (44)", order.price), ("StopPx (99)", order.stop_px)):
        if price is not None and not is_multiple(price, tick):
            return Refusal(OrdRejReason.BROKER_CREDIT, _misfit(name, price, "tick", tick))
    return None


def _step(candidate: Candidate) -> Refusal | None:
    qty, step = candidate.order.order_qty, candidate.instrument.step
    if qty is None or is_multiple(qty, step):
        return None
    return Refusal(OrdRejReason.BROKER_CREDIT, _misfit("OrderQty (38)", qty, "step", step))


def _misfit(name: str, number: Decimal, unit_name: str, unit: Decimal) -> str:
    near = nearest_multiple(number, unit) or unit
    return (
        f"{name} {number_text(number)} is no multiple of the {unit_name} {number_text(unit)}; "
        f"nearest {number_text(near)}"
    )


def _size(candidate: Candidate) -> Refusal | None:
    qty, instrument = candidate.order.order_qty, candidate.instrument
    if qty is None:
        return None
    if qty < instrument.min_qty:
        return Refusal(
            OrdRejReason.BROKER_CREDIT,
            f"OrderQty (38) is below the minimum {number_text(instrument.min_qty)}",
        )
    if instrument.max_qty is not None and qty > instrument.max_qty:
        return Refusal(
            OrdRejReason.ORDER_EXCEEDS_LIMIT,
            f"OrderQty (38) is above the maximum {number_text(instrument.max_qty)}",
        )
    return None


def _notional(candidate: Candidate) -> Refusal | None:
    order, instrument = candidate.order, candidate.instrument
    notional = order.cash_order_qty
    if order.price is not None and order.order_qty is not None:
        notional = multiply(order.price, order.order_qty)
    if notional is None:
        return None
    if notional < instrument.min_notional:
        return Refusal(
            OrdRejReason.BROKER_CREDIT,
            f"the order's value is below the minimum {number_text(instrument.min_notional)}",
        )
    if instrument.max_notional is not None and notional > instrument.max_notional:
        return Refusal(
            OrdRejReason.ORDER_EXCEEDS_LIMIT,
            f"the order's value is above the maximum {number_text(instrument.max_notional)}",
        )
    return None


CHECKS: Final[tuple[Check, ...]] = (
    _side,
    _ord_type,
    _tif,
    _expiry,
    _exec_inst,
    _sizing,
    _pricing,
    _tick,
    _step,
    _size,
    _notional,
)
"""What is asked of an order whose route and instrument are known, first refusal first."""
