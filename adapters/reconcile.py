"""(the order we know, the order we see) -> the reports that have not been told yet.

Pure, and a fixed point: once its reports are applied, the same sight gives none.

LastPx of a derived fill, in this order:

1. the venue's own price of the latest fill, where that fill is exactly what is new;
2. AvgPx as told, where nothing was booked before;
3. (AvgPx * CumQty - what is booked) / what is new, half to even at as many decimals as the
   longer of AvgPx and the limit price was told with. Venues round or cut AvgPx, so this quotient
   carries an error of up to one of AvgPx's last place times CumQty over what is new;
4. where that error carries it past the order's limit, which no fill can be, the limit; where it
   carries it to 0 or below, AvgPx.

The difference does not accumulate: each quotient starts from what is booked.
"""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from adapters.port import VenueOrder, VenueState
from oms.core.errors import MalformedMessage
from oms.core.fields import ExecType, Side
from oms.core.messages import ExecutionReport
from oms.core.notes import Request
from oms.core.numbers import multiply, number_text, subtract
from oms.core.order import Order
from oms.core.transitions import Life

LAST_PX_DECIMALS_MAX: Final = 12

_QUOTIENT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)

_ENDS: Final = {
    VenueState.CANCELED: ExecType.CANCELED,
    VenueState.REJECTED: ExecType.REJECTED,
}


def reports(order: Order, seen: VenueOrder, now: datetime) -> tuple[ExecutionReport, ...]:
    """What the sight says that the order does not know yet, in order.

    The acknowledgement, then what was executed, then the end, and the end only when it says
    nothing about quantity that has not been seen. Raises MalformedMessage for a sight that
    contradicts the order: then nothing of it may be applied.
    """
    _demand_same(order, seen)
    told: list[ExecutionReport] = []
    if order.life is Life.PENDING_NEW:
        told += _acknowledgement(order, seen, now)
    delta = subtract(seen.cum_qty, order.cum_qty)
    if delta:
        told.append(_fill(order, seen, delta, now))
    exec_type = _ENDS.get(seen.state)
    if exec_type is not None and not order.ended and seen.cum_qty < order.order_qty:
        told.append(_report(order, seen, exec_type.name, exec_type, now))
    return tuple(told)


def settles_fills(order: Order, seen: VenueOrder) -> bool:
    """Whether the sight shows that no execution is missing: the sums agree and nothing can
    be added to them."""
    over = order.filled or seen.state in _ENDS
    return over and seen.cum_qty == order.cum_qty


def agrees(order: Order, seen: VenueOrder) -> bool:
    """Whether book and venue say the same: all that was executed, and whether it is over."""
    over = seen.state is VenueState.FILLED or seen.state in _ENDS
    return seen.cum_qty == order.cum_qty and over == (order.ended or order.filled)


def lacks_fills(seen: VenueOrder) -> bool:
    """Whether the venue says filled and shows less than the whole quantity."""
    return seen.state is VenueState.FILLED and seen.cum_qty < seen.order_qty


def is_same(order: Order, seen: VenueOrder) -> bool:
    """Whether id, market, side, quantity and limit are the order's: a venue that does not keep
    client ids unique can show another order under the same one."""
    return not _differences(order, seen)


def _demand_same(order: Order, seen: VenueOrder) -> None:
    differing = _differences(order, seen)
    if differing:
        raise MalformedMessage(f"the venue shows another {', '.join(differing)} than the order has")
    if seen.cum_qty < order.cum_qty:
        raise MalformedMessage(
            f"the venue shows {number_text(seen.cum_qty)} executed, "
            f"{number_text(order.cum_qty)} is booked"
        )
    if seen.cum_qty > order.cum_qty and seen.avg_px <= 0:
        raise MalformedMessage("the venue shows executed quantity without a price")


def _differences(order: Order, seen: VenueOrder) -> list[str]:
    ours, theirs = order.secondary_order_id, seen.secondary_order_id
    pairs = {
        "client id": (order.venue_cl_ord_id, seen.venue_cl_ord_id),
        "order id": (ours, theirs if ours and theirs else ours),
        "exchange": (order.security_exchange, seen.security_exchange),
        "symbol": (order.symbol, seen.symbol),
        "side": (order.side, seen.side),
        "quantity": (order.order_qty, seen.order_qty),
        "price": (order.price, seen.price),
    }
    return [name for name, (one, other) in pairs.items() if one != other]


def _acknowledgement(order: Order, seen: VenueOrder, now: datetime) -> list[ExecutionReport]:
    if seen.state is VenueState.REJECTED:
        return []
    if seen.state is not VenueState.PENDING:
        return [_report(order, seen, "NEW", ExecType.NEW, now)]
    if order.in_doubt is not None and order.in_doubt.request is Request.NEW:
        # Not live yet, but the venue has it: that settles the doubt.
        return [_report(order, seen, "PENDING_NEW", ExecType.PENDING_NEW, now)]
    return []


def _fill(order: Order, seen: VenueOrder, delta: Decimal, now: datetime) -> ExecutionReport:
    whole = seen.cum_qty >= order.order_qty
    return _report(
        order,
        seen,
        number_text(seen.cum_qty),
        ExecType.FILL if whole else ExecType.PARTIAL_FILL,
        now,
        last_shares=delta,
        last_px=_last_px(order, seen, delta),
    )


def _report(
    order: Order,
    seen: VenueOrder,
    what: str,
    exec_type: ExecType,
    now: datetime,
    *,
    last_shares: Decimal | None = None,
    last_px: Decimal | None = None,
) -> ExecutionReport:
    venue_id = seen.secondary_order_id
    return ExecutionReport(
        exec_id=f"{venue_id or seen.venue_cl_ord_id}:{what}",
        exec_type=exec_type,
        cl_ord_id=order.venue_cl_ord_id,
        order_id=venue_id,
        secondary_order_id=venue_id,
        last_shares=last_shares,
        last_px=last_px,
        cum_qty=seen.cum_qty,
        avg_px=seen.avg_px,
        derived=last_shares is not None,
        transact_time=seen.transact_time or now,
    )


def _last_px(order: Order, seen: VenueOrder, delta: Decimal) -> Decimal:
    if seen.last_px is not None and seen.last_shares == delta:
        return seen.last_px
    if not order.cum_qty:
        return seen.avg_px
    new = subtract(multiply(seen.avg_px, seen.cum_qty), order.notional)
    last_px = _QUOTIENT.divide(new, delta).quantize(_place(seen), context=_QUOTIENT)
    if last_px <= 0:
        last_px = seen.avg_px
    if order.price is None:
        return last_px
    nearer = min if order.side is Side.BUY else max
    return nearer(last_px, order.price)


def _place(seen: VenueOrder) -> Decimal:
    exponents = [seen.avg_px.as_tuple().exponent]
    if seen.price is not None:
        exponents.append(seen.price.as_tuple().exponent)
    deepest = min(exponent for exponent in exponents if isinstance(exponent, int))
    return Decimal((0, (1,), max(min(deepest, 0), -LAST_PX_DECIMALS_MAX)))
