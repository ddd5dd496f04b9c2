"""What most likely made a balance another one than the books say.

A guess, and told as one: it is shown to a person, and nothing is done because of it.
"""

from collections.abc import Mapping
from decimal import Decimal
from itertools import combinations
from typing import Final

from oms.core.book import Book
from oms.core.break_notes import Cause
from oms.core.fields import Side
from oms.core.funding import Activity, ActivityKind
from oms.core.holdings import Break, Foreign, Holding, HoldingKey, effects
from oms.core.numbers import ZERO, add, multiply, number_text, subtract
from oms.core.order import Order

FEE_MOST: Final = Decimal("0.01")
"""No venue here takes more than this part of what is traded."""

MOVES_AT_ONCE: Final = 6
"""So many open transfers are tried in all their combinations, the oldest ones."""

Residuals = Mapping[HoldingKey, Decimal]

Verdict = tuple[Cause, str]


def under_way(book: Book, key: HoldingKey, residual: Decimal) -> bool:
    """Whether transfers that are not over yet explain it, if the venue has done them already."""
    moves = book.open_moves(key[0])[:MOVES_AT_ONCE]
    parts = [delta for move in moves for where, delta in effects(move) if where == key]
    sums = (
        sum(some, ZERO) for count in range(1, len(parts) + 1) for some in combinations(parts, count)
    )
    return any(residual == total for total in sums)


def cause_of(book: Book, key: HoldingKey, holding: Holding, residuals: Residuals) -> Verdict:
    """The most likely cause of the residual of `key`, and in words why; `residuals` are those of
    all the route's balances, as one look shows them."""
    found = (
        _fill(book, key, residuals)
        or _foreign(book, key, residuals[key])
        or _fee(book, key, holding, residuals[key])
    )
    if found is not None:
        return found
    way = "came in" if residuals[key] > 0 else "went out"
    return Cause.UNKNOWN, f"it {way}, and no order, fee or transfer that is known explains it"


def shown_by(row: Activity, found: Break) -> Cause | None:
    """What a row of the venue's lists of money says the break is, None where it is not of it.

    A deposit ends a break, so it has to be one that has come in, and when: one that is on its way, or
    is as old as the account for all that is known, is not what came.
    """
    _, exchange, asset = found.key
    if row.asset != asset or row.done is False:
        return None
    here, there = row.security_exchange == exchange, row.to_exchange == exchange
    cost = add(row.amount, row.fee or ZERO)
    out = {subtract(ZERO, row.amount), subtract(ZERO, cost)}
    into = {row.amount, subtract(row.amount, row.fee or ZERO)}
    match row.kind:
        case ActivityKind.DEPOSIT:
            certain = row.done is True and row.time is not None
            return Cause.DEPOSIT if here and certain and found.amount in into else None
        case ActivityKind.WITHDRAWAL:
            return Cause.WITHDRAWAL if here and found.amount in out else None
        case _:
            fits = (here and found.amount in out) or (there and found.amount in into)
            return Cause.TRANSFER if fits else None


def _fill(book: Book, key: HoldingKey, residuals: Residuals) -> Verdict | None:
    orders = [order for order in book.working(key[0]) if key in _keys(order)]
    # What became of these is not known: nothing is likelier.
    orders.sort(key=lambda order: order.in_doubt is None)
    fits = (order for order in orders if _fits(order, residuals))
    order = next(fits, None)
    if order is None:
        return None
    state = "is in doubt" if order.in_doubt is not None else "works"
    return Cause.FILL, f"an execution of order {order.order_id}, which {state}, would explain it"


def _keys(order: Order) -> tuple[HoldingKey, HoldingKey]:
    base, _, quote = order.symbol.partition("/")
    return (order.route, order.security_exchange, base), (
        order.route,
        order.security_exchange,
        quote,
    )


def _fits(order: Order, residuals: Residuals) -> bool:
    """Whether both sides of an execution within the order's terms are what is amiss."""
    base, quote = (residuals.get(key, ZERO) for key in _keys(order))
    if order.side is Side.SELL:
        base, quote = subtract(ZERO, base), subtract(ZERO, quote)
    paid = subtract(ZERO, quote)
    if not (base > 0 and (order.open_ended or base <= order.leaves_qty) and paid > 0):
        return False
    if order.price is None:
        return True
    worth, margin = multiply(order.price, base), multiply(multiply(order.price, base), FEE_MOST)
    if order.side is Side.BUY:
        return paid <= add(worth, margin)
    return paid >= subtract(worth, margin)


def _foreign(book: Book, key: HoldingKey, residual: Decimal) -> Verdict | None:
    for foreign in book.agreement.traded_by_others(key[0]):
        if _moves(foreign, key, residual):
            name = foreign.told.name
            return (
                Cause.FOREIGN_TRADE,
                f"an execution of {name}, an order not ours, would explain it",
            )
    return None


def _moves(foreign: Foreign, key: HoldingKey, residual: Decimal) -> bool:
    told = foreign.told
    base, _, quote = told.symbol.partition("/")
    where, buys = told.security_exchange == key[1], told.side is Side.BUY
    if where and key[2] == base:
        return (residual > 0) is buys and residual.copy_abs() <= (told.cum_qty or told.order_qty)
    return where and key[2] == quote and (residual < 0) is buys


def _fee(book: Book, key: HoldingKey, holding: Holding, residual: Decimal) -> Verdict | None:
    most = multiply(holding.traded, FEE_MOST)
    if residual > 0 or residual.copy_abs() > most:
        return None
    tells = book.routes[key[0]].capabilities.tells_fees
    why = "fees beyond those told" if tells else "fees, which the venue does not tell,"
    return Cause.FEE, f"{why} would explain it: {number_text(holding.traded)} was traded"
