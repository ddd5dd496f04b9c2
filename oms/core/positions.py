"""What executions do to holdings."""

from collections.abc import Iterator
from decimal import Decimal

from oms.core.facts import Execution
from oms.core.fields import Side
from oms.core.numbers import ZERO, subtract
from oms.core.order import Order

PositionKey = tuple[str, str, str, str]
"""Route, exchange, account, asset."""


def moves(
    order: Order, execution: Execution, undone: bool = False
) -> Iterator[tuple[PositionKey, Decimal]]:
    """The change of each position by one execution, or by its undoing."""
    base, _, quote = order.symbol.partition("/")
    route, exchange, account = order.route, order.security_exchange, order.account
    shares, cash = execution.qty, execution.notional
    if (order.side is Side.BUY) == undone:
        shares = subtract(ZERO, shares)
    else:
        cash = subtract(ZERO, cash)
    yield (route, exchange, account, base), shares
    yield (route, exchange, account, quote), cash
    fee = execution.commission
    if fee:
        yield (
            (route, exchange, account, execution.fee_currency or quote),
            (fee if undone else subtract(ZERO, fee)),
        )


def split_move(order: Order, before: Order) -> tuple[PositionKey, Decimal]:
    """The change of the base asset by a split of what has been executed: no cash moves."""
    base = order.symbol.partition("/")[0]
    gained = subtract(order.cum_qty, before.cum_qty)
    key = (order.route, order.security_exchange, order.account, base)
    return key, gained if order.side is Side.BUY else subtract(ZERO, gained)
