"""The account's money: what it has, what its open orders reserve, what came and went.

Source: Bitexbit API v1 document, sections "Wallets", "Deposits" and "Withdraws". No fees are taken:
the document has none.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from adapters.bitexbit.simulator.wire import Barred, epoch_seconds, number
from adapters.matching import SimOrder, Trade

START: Final = {
    "BTC": Decimal(100),
    "ETH": Decimal(1_000),
    "USD": Decimal(10_000_000),
    "USDT": Decimal(10_000_000),
}
SIGNS: Final = {"BTC": "Ƀ", "ETH": "Ξ", "USD": "$", "USDT": "₮"}
WITHDRAW_STATUSES: Final = (10, 20, 30, 40, 50)

_DEPOSITS: Final = (
    (317, 1_485_363_039_183, "BTC", "530"),
    (318, 1_485_363_040_250, "USD", "1000000.5"),
)
_WITHDRAWS: Final = (
    (403, 1_485_363_466_868, "BTC", "0.53", 20),
    (404, 1_485_363_467_001, "USD", "250", 10),
    (405, 1_485_363_468_002, "ETH", "1.5", 30),
    (406, 1_485_363_469_003, "BTC", "0.1", 40),
    (407, 1_485_363_470_004, "BTC", "0.2", 50),
)


class Account:
    """Balances by currency; reserves are derived from the orders, so they cannot drift."""

    def __init__(self) -> None:
        self.balances = dict(START)
        self._open: dict[str, SimOrder] = {}

    def reserve(self, order: SimOrder) -> None:
        """Count the order among those that reserve money as long as it is open."""
        self._open[order.order_id] = order

    def reserved(self, currency: str) -> Decimal:
        """Return what open orders reserve."""
        self._open = {key: order for key, order in self._open.items() if order.status == "OPEN"}
        return sum((_held(order, currency) for order in self._open.values()), Decimal(0))

    def demand(self, order: SimOrder) -> None:
        """Return if the account can pay for the order; raises Barred(400)."""
        base, quote = order.symbol.split("/")
        assert order.price is not None
        buys = order.side == "BUY"
        currency, cost = (quote, order.qty * order.price) if buys else (base, order.qty)
        if cost > self.balances[currency] - self.reserved(currency):
            raise Barred(400, "the funds do not suffice")

    def book(self, trades: Iterable[Trade]) -> None:
        """Move the money of executions."""
        for trade in trades:
            base, quote = trade.symbol.split("/")
            sign = 1 if trade.side == "BUY" else -1
            self.balances[base] += sign * trade.qty
            self.balances[quote] -= sign * trade.qty * trade.px

    def wallets(self, currency: str) -> list[dict[str, object]]:
        """Return the answer to wallets; `balance` is what is not reserved."""
        return [
            {
                "currency": name,
                "balance": number(held - self.reserved(name)),
                "reserve": number(self.reserved(name)),
            }
            for name, held in self.balances.items()
            if currency in ("", name)
        ]


def deposits() -> list[dict[str, object]]:
    """Return the answer to deposits: what the account was opened with, in our story."""
    return [
        {
            "timestamp": epoch_seconds(time_ms),
            "id": deposit_id,
            "currency": currency,
            "amount": number(Decimal(amount)),
        }
        for deposit_id, time_ms, currency, amount in _DEPOSITS
    ]


def withdraws(currency: str, status: str) -> list[dict[str, object]]:
    """Return the answer to withdraws, one row of each documented status."""
    return [
        {
            "id": withdraw_id,
            "timestamp": epoch_seconds(time_ms),
            "currency": name,
            "amount": number(Decimal(amount)),
            "status": its_status,
        }
        for withdraw_id, time_ms, name, amount, its_status in _WITHDRAWS
        if currency in ("", name) and status in ("", str(its_status))
    ]


def _held(order: SimOrder, currency: str) -> Decimal:
    base, quote = order.symbol.split("/")
    if order.side == "SELL":
        return order.leaves if currency == base else Decimal(0)
    return order.leaves * (order.price or 0) if currency == quote else Decimal(0)
