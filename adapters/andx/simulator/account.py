"""The account's money: what it has, and what its open orders hold.

Source: ANDX API document, section "Get Balance". No fees are taken: the document has none.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from adapters.andx.simulator.wire import INSUFFICIENT_BALANCE, Refused, fixed
from adapters.matching import MatchingEngine, SimOrder, Trade

START: Final = {
    "ETH": Decimal(0),
    "LTC": Decimal(0),
    "USD": Decimal(0),
    "TRY": Decimal(100_000_000),
    "BTC": Decimal(100),
    "XRP": Decimal(1_000_000),
}

BALANCE_DECIMALS: Final = 8


class Account:
    """Balances by currency; holds are derived from the orders, so they cannot drift."""

    def __init__(self) -> None:
        self.balances = dict(START)
        self._open: dict[str, SimOrder] = {}

    def hold(self, order: SimOrder) -> None:
        """Count the order among those that hold money as long as it is open."""
        self._open[order.order_id] = order

    def available(self, currency: str) -> Decimal:
        """Return the balance less what open orders hold."""
        return self.balances[currency] - sum(_held(order, currency) for order in self._working())

    def demand(self, order: SimOrder, engine: MatchingEngine) -> None:
        """Return if the account can pay for the order; raises Refused."""
        base, counter = order.symbol.split("/")
        currency = counter if order.side == "BUY" else base
        if _cost(order, engine) > self.available(currency):
            raise Refused(INSUFFICIENT_BALANCE)

    def book(self, trades: Iterable[Trade]) -> None:
        """Move the money of executions."""
        for trade in trades:
            base, counter = trade.symbol.split("/")
            sign = 1 if trade.side == "BUY" else -1
            self.balances[base] += sign * trade.qty
            self.balances[counter] -= sign * trade.qty * trade.px

    def withdraw(self, currency: str, amount: Decimal) -> None:
        """Take money out; raises Refused if not so much is available."""
        if amount > self.available(currency):
            raise Refused(INSUFFICIENT_BALANCE)
        self.balances[currency] -= amount

    def rows(self) -> dict[str, dict[str, str]]:
        """Return the answer to balance."""
        return {
            currency: {
                "currency_code": currency,
                "balance": fixed(balance, BALANCE_DECIMALS),
                "available_balance": fixed(self.available(currency), BALANCE_DECIMALS),
            }
            for currency, balance in self.balances.items()
        }

    def _working(self) -> Iterable[SimOrder]:
        self._open = {key: order for key, order in self._open.items() if order.status == "OPEN"}
        return self._open.values()


def _held(order: SimOrder, currency: str) -> Decimal:
    base, counter = order.symbol.split("/")
    if order.side == "SELL":
        return order.leaves if currency == base else Decimal(0)
    return order.leaves * (order.price or 0) if currency == counter else Decimal(0)


def _cost(order: SimOrder, engine: MatchingEngine) -> Decimal:
    if order.side == "SELL":
        return order.qty
    if order.price is not None:
        return order.qty * order.price
    cost, left = Decimal(0), order.qty
    for px, qty in engine.book(order.symbol, depth=1000)[1]:
        cost += min(qty, left) * px
        left -= min(qty, left)
    return cost
