"""What an account holds, beside what the books say was executed: evidence about a lost order.

A venue that fills an order at once and lists its trade late shows nothing of it in any list. What
the account holds shows it: nothing was executed if both assets of the market have moved, since
before the order was sent, by what is booked since and by nothing else. Whatever does not add up,
for whatever reason, a fee that nobody tells of or a deposit, proves nothing. Nor does what adds up
by an execution that the account may have had in it before, and the books only since.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from adapters.port import Lane
from oms.core.fields import Side
from oms.core.numbers import ZERO, add, subtract
from oms.core.order import Order
from oms.core.ports import Books
from oms.core.values import frozen

FRESH_S: Final = 30.0
"""So old may be what the account held when an order is sent; what was booked since is counted."""

KEPT_MAX: Final = 1_000
"""Orders sent of which it is kept what the account held before."""

Amounts = Mapping[str, Decimal]


@frozen
class _Before:
    """What the account held, and when (seconds of Clock.monotonic); and of the orders in memory, by
    the names that the venue knows: which had left, and quantity and worth of what was booked."""

    held: Amounts
    booked: Mapping[str, tuple[Decimal, Decimal]]
    left: frozenset[str]
    at: float


class Holdings:
    """Remembers, before an order is sent, what the account holds. On the adapters' loop."""

    def __init__(
        self,
        route: str,
        books: Books,
        read: Callable[[Lane], Awaitable[Amounts]],
        monotonic: Callable[[], float],
    ) -> None:
        """`read(lane)`: what there is of each asset, what open orders hold included."""
        self._route = route
        self._books = books
        self._read = read
        self._monotonic = monotonic
        self._last: _Before | None = None
        self._before: dict[str, _Before] = {}

    async def remember(self, venue_cl_ord_id: str) -> None:
        """What the account holds before that order is sent. Raises as the reading does."""
        booked, now = self._booked(), self._monotonic()
        last = self._last
        if last is None or now - last.at > FRESH_S or last.booked != booked:
            left = frozenset(o.venue_cl_ord_id for o in self._orders() if self._has_left(o))
            last = self._last = _Before(await self._read(Lane.NEW), booked, left, now)
        self._before[venue_cl_ord_id] = last
        while len(self._before) > KEPT_MAX:
            del self._before[next(iter(self._before))]

    async def untouched(self, order: Order) -> bool:
        """Whether all that both assets have moved since is booked. Raises as the reading does."""
        before = self._before.get(order.venue_cl_ord_id)
        if self._met_our_own(order):
            return False  # it would leave no trace
        if before is None:
            return await self._as_booked(order)
        held = await self._read(Lane.STATUS)
        if any(_may_hide(order, other, qty, before) for other, qty, _ in self._since(before)):
            return False
        booked = self._booked_since(before)
        return all(
            subtract(held.get(asset, ZERO), before.held.get(asset, ZERO)) == booked.get(asset, ZERO)
            for asset in order.symbol.split("/")
        )

    async def _as_booked(self, order: Order) -> bool:
        """Whether both assets are what the books make of what the venue told before the order was
        entered: for one that an earlier process sent. The books may have nothing to start from."""
        known = self._books.agreement.holdings_of(self._route)
        kept = [known.get((self._route, "", asset)) for asset in order.symbol.split("/")]
        held = await self._read(Lane.STATUS)
        return all(
            one is not None
            and one.since < order.created
            and not one.residual(held.get(asset, ZERO))
            for one, asset in zip(kept, order.symbol.split("/"), strict=True)
        )

    def _booked(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Quantity and worth of what was executed, by the orders in memory."""
        orders = self._orders()
        return {o.venue_cl_ord_id: (o.cum_qty, o.notional) for o in orders if o.executions}

    def _has_left(self, order: Order) -> bool:
        """Whether the order may be at the venue by now."""
        known = order.acknowledged or order.in_doubt is not None
        return known or order.venue_cl_ord_id in self._before

    def _since(self, before: _Before) -> Iterator[tuple[Order, Decimal, Decimal]]:
        """Quantity and worth of what was booked since. An order that is in memory no more takes
        nothing back by that."""
        for order in self._orders():
            qty, worth = before.booked.get(order.venue_cl_ord_id, (ZERO, ZERO))
            yield order, subtract(order.cum_qty, qty), subtract(order.notional, worth)

    def _booked_since(self, before: _Before) -> dict[str, Decimal]:
        """What the executions booked since have moved."""
        total: dict[str, Decimal] = {}
        for order, qty, worth in self._since(before):
            base, quote = order.symbol.split("/")
            came, went = (base, qty), (quote, worth)
            if order.side is not Side.BUY:
                came, went = went, came
            total[came[0]] = add(total.get(came[0], ZERO), came[1])
            total[went[0]] = subtract(total.get(went[0], ZERO), went[1])
        return total

    def _met_our_own(self, order: Order) -> bool:
        """Whether it may have traded with another order of the account: nothing moves by that."""
        return any(
            other.symbol == order.symbol
            and other.side is not order.side
            and (not other.closed or other.updated >= order.created)
            and _meet(order, other)
            for other in self._orders()
        )

    def _orders(self) -> list[Order]:
        return [*self._books.working(self._route), *self._books.closed(self._route)]


def _may_hide(lost: Order, other: Order, qty: Decimal, before: _Before) -> bool:
    """Whether what is booked of another order, or is not any more, may make up for an execution of
    the lost one.

    `qty` of an order that had left before the account was read may have been executed before that,
    and stand for as much of the lost one. What former legs have executed is not seen here, and may
    be the opposite of it.
    """
    base = lost.symbol.partition("/")[0]
    if other.order_id == lost.order_id or base not in other.symbol.split("/"):
        return False
    former = any(leg.venue_cl_ord_id in before.left for leg in other.legs[:-1])
    if _brings(other, base) is not _brings(lost, base):
        return former
    return bool(qty) and other.venue_cl_ord_id in before.left


def _brings(order: Order, asset: str) -> bool:
    """Whether its executions bring more of one of its assets."""
    return (order.side is Side.BUY) is (order.symbol.partition("/")[0] == asset)


def _meet(one: Order, other: Order) -> bool:
    if one.price is None or other.price is None:
        return True
    buy, sell = (one, other) if one.side is Side.BUY else (other, one)
    assert buy.price is not None, "both are limit orders"
    assert sell.price is not None, "both are limit orders"
    return buy.price >= sell.price
