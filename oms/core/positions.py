"""What executions do to holdings."""

from collections.abc import Iterator
from decimal import Decimal

from oms.core.facts import Execution
from oms.core.fields import Side
from oms.core.numbers import ZERO, multiply, subtract
from oms.core.order import Order

PositionKey = tuple[str, str, str, str]
"""Route, exchange, account, asset."""


def moves(
    order: Order, execution: Execution, undone: bool = False
) -> Iterator[tuple[PositionKey, Decimal]]:
    """The change of each position by one execution, or by its undoing."""
    base, _, quote = order.symbol.partition("/")
    shares = execution.last_shares
    cash = multiply(shares, execution.last_px)
    if (order.side is Side.BUY) == undone:
        shares = subtract(ZERO, shares)
    else:
        cash = subtract(ZERO, cash)
    yield _key(order, base), shares
    yield _key(order, quote), cash
    fee = execution.commission
    if fee:
        yield (
            _key(order, execution.fee_currency or quote),
            (fee if undone else subtract(ZERO, fee)),
        )


def _key(order: Order, asset: str) -> PositionKey:
    return (order.route, order.security_exchange, order.account, asset)
