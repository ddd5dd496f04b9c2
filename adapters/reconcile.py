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

Where the venue names its fills, those are told under its names and prices, and nothing is derived;
`done` alone makes one, of what a finished order lacks, for a venue that tells no cumulative figure.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from adapters.port import VenueOrder, VenueState, VenueTrade
from oms.core.errors import MalformedMessage
from oms.core.fields import ExecType, Side
from oms.core.messages import ExecutionReport
from oms.core.notes import Request
from oms.core.numbers import ZERO, add, multiply, number_text, subtract
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
    order = _sized(order, seen)
    _demand_same(order, seen)
    told: list[ExecutionReport] = []
    if order.life is Life.PENDING_NEW or _works_after_all(order, seen):
        told += _acknowledgement(order, seen, now)
    if seen.names_fills:
        fills = list(_named_fills(order, seen, now))
        booked = _booked(order, fills)
    else:
        fills = list(_derived_fill(order, seen, now))
        booked = executed(seen, ZERO)
    told += fills
    exec_type = _ENDS.get(seen.state)
    complete = booked == executed(seen, booked) and not seen.lacks_fills
    rests = booked < order.order_qty or order.open_ended
    if exec_type is not None and not order.ended and complete and rests:
        told.append(_report(order, seen, exec_type.name, exec_type, now))
    return tuple(told)


def named_fill(order: Order, trade: VenueTrade, now: datetime) -> ExecutionReport:
    """A fill under the venue's own name for it. MalformedMessage if it can not be the order's."""
    _demand_own(order, trade)
    whole = add(order.cum_qty, trade.last_shares) == order.order_qty
    return ExecutionReport(
        exec_id=trade.exec_id,
        exec_type=ExecType.FILL if whole else ExecType.PARTIAL_FILL,
        cl_ord_id=order.venue_cl_ord_id,
        order_id=trade.secondary_order_id,
        secondary_order_id=trade.secondary_order_id,
        last_shares=trade.last_shares,
        last_px=trade.last_px,
        commission=trade.commission,
        fee_currency=trade.fee_currency,
        trade_id=trade.trade_id,
        transact_time=trade.transact_time or now,
    )


def done(order: Order, seen: VenueOrder, now: datetime) -> ExecutionReport | None:
    """What a finished order lacks, at its limit: for a venue that says no more than that it is
    finished. A fill that is found later corrects it."""
    missing = subtract(order.order_qty, order.cum_qty)
    if seen.cum_qty is not None or seen.state is not VenueState.FILLED or missing <= 0:
        return None
    if order.price is None:
        return None
    limit = order.price
    report = _report(order, seen, "done", ExecType.FILL, now, last_shares=missing, last_px=limit)
    return replace(report, cum_qty=order.order_qty)


def executed(seen: VenueOrder, booked: Decimal) -> Decimal:
    """What the sight says was executed; `booked` where it says nothing of it."""
    if seen.cum_qty is not None:
        return seen.cum_qty
    return seen.order_qty if seen.state is VenueState.FILLED else booked


def settles_fills(order: Order, seen: VenueOrder) -> bool:
    """Whether the sight shows that no execution is missing: the sums agree and nothing can
    be added to them."""
    over = order.filled or seen.state in _ENDS
    if seen.lacks_fills:
        return False
    return over and executed(seen, order.cum_qty) == order.cum_qty


def agrees(order: Order, seen: VenueOrder) -> bool:
    """Whether book and venue say the same: all that was executed, and whether it is over."""
    over = seen.state is VenueState.FILLED or seen.state in _ENDS
    same = executed(seen, order.cum_qty) == order.cum_qty and not seen.lacks_fills
    return same and over == (order.ended or order.filled)


def lacks_fills(order: Order, seen: VenueOrder) -> bool:
    """Whether the venue says that more was executed than it shows fills of."""
    if seen.names_fills:
        return seen.lacks_fills or executed(seen, order.cum_qty) > order.cum_qty
    return seen.state is VenueState.FILLED and executed(seen, ZERO) < seen.order_qty


def is_same(order: Order, seen: VenueOrder) -> bool:
    """Whether id, market, side, quantity and limit are the order's: a venue that does not keep
    client ids unique can show another order under the same one."""
    return not _differences(order, seen)


def _works_after_all(order: Order, seen: VenueOrder) -> bool:
    """Whether the venue shows as working what an operator has settled as over."""
    return bool(order.settled_by) and order.ended and seen.state is VenueState.WORKING


def _sized(order: Order, seen: VenueOrder) -> Order:
    """An order sized by cash with the quantity that the venue has bought for it."""
    if order.open_ended and seen.state is VenueState.FILLED:
        return order.evolve(order_qty=seen.order_qty)
    return order


def _demand_same(order: Order, seen: VenueOrder) -> None:
    differing = _differences(order, seen)
    if differing:
        raise MalformedMessage(f"the venue shows another {', '.join(differing)} than the order has")
    if executed(seen, order.cum_qty) < order.cum_qty:
        raise MalformedMessage(
            f"the venue shows {number_text(executed(seen, ZERO))} executed, "
            f"{number_text(order.cum_qty)} is booked"
        )
    if seen.names_fills:
        return
    if seen.cum_qty is None or seen.avg_px is None:
        raise MalformedMessage("the venue neither names fills nor tells what was executed")
    if seen.cum_qty > order.cum_qty and seen.avg_px <= 0:
        raise MalformedMessage("the venue shows executed quantity without a price")


def _demand_own(order: Order, trade: VenueTrade) -> None:
    theirs = trade.secondary_order_id
    pairs = {
        "order id": (order.secondary_order_id or theirs, theirs),
        "symbol": (order.symbol, trade.symbol),
        "side": (order.side, trade.side or order.side),
    }
    differing = [name for name, (one, other) in pairs.items() if one != other]
    if differing:
        raise MalformedMessage(f"a fill of another {', '.join(differing)} than the order has")
    if trade.last_shares <= 0 or trade.last_px <= 0 or not theirs:
        raise MalformedMessage(f"the fill {trade.trade_id} is of nothing, for nothing or nobody's")


def _differences(order: Order, seen: VenueOrder) -> list[str]:
    ours, theirs = order.secondary_order_id, seen.secondary_order_id
    pairs = {
        "client id": (order.venue_cl_ord_id, seen.venue_cl_ord_id or order.venue_cl_ord_id),
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
        taken = _report(order, seen, "NEW", ExecType.NEW, now)
        # The order keeps this time as the venue's: ours is no substitute.
        return [replace(taken, transact_time=seen.transact_time)]
    if order.in_doubt is not None and order.in_doubt.request is Request.NEW:
        # Not live yet, but the venue has it: that settles the doubt.
        return [_report(order, seen, "PENDING_NEW", ExecType.PENDING_NEW, now)]
    return []


def _named_fills(order: Order, seen: VenueOrder, now: datetime) -> Iterator[ExecutionReport]:
    for trade in seen.trades:
        if trade.exec_id not in order.executions:
            yield named_fill(order, trade, now)
            order = order.evolve(cum_qty=add(order.cum_qty, trade.last_shares))


def _booked(order: Order, fills: list[ExecutionReport]) -> Decimal:
    """What will be booked of the order once the fills are; they explain first what was derived."""
    new = sum((fill.last_shares or ZERO for fill in fills), ZERO)
    derived = sum((e.qty for e in order.executions.values() if e.derived and e.stands), ZERO)
    return add(order.cum_qty, max(subtract(new, derived), ZERO))


def _derived_fill(order: Order, seen: VenueOrder, now: datetime) -> Iterator[ExecutionReport]:
    assert seen.cum_qty is not None, "demanded of whoever names no fills"
    delta = subtract(seen.cum_qty, order.cum_qty)
    if not delta:
        return
    whole = seen.cum_qty >= order.order_qty
    yield _report(
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
    assert seen.cum_qty is not None, "demanded of whoever names no fills"
    assert seen.avg_px is not None, "demanded of whoever names no fills"
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
    told = [number for number in (seen.avg_px, seen.price) if number is not None]
    exponents = [number.as_tuple().exponent for number in told]
    deepest = min(exponent for exponent in exponents if isinstance(exponent, int))
    return Decimal((0, (1,), max(min(deepest, 0), -LAST_PX_DECIMALS_MAX)))
