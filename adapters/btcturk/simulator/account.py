"""The account's money: what it has, what its open orders hold, and what fills cost.

Source: BtcTurk API document, sections "Account Balance", "User Transactions" and "FAQ". The rates
reproduce the fills of its samples to the last digit, and hold back what its FAQ says.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

from adapters.btcturk.simulator.listing import NAMES
from adapters.btcturk.simulator.wire import NOT_ENOUGH, OPEN_ORDERS_HOLD, Refused, fixed, money
from adapters.matching import SimOrder, Trade

START: Final = {
    "TRY": Decimal(100_000_000),
    "BTC": Decimal(100),
    "ETH": Decimal(100),
    "USDT": Decimal(10_000_000),
    "XRP": Decimal(1_000_000),
}

TAKER: Final = Decimal("0.001525424")
MAKER: Final = Decimal("0.000677966")
TAX: Final = Decimal("0.18")
"""A share of the fee."""

RESERVE: Final = Decimal("0.0018")
"""What a buy holds beyond its cost: 90 of 50 000."""

BALANCE_DECIMALS: Final = 16


def fee_and_tax(trade: Trade) -> tuple[Decimal, Decimal]:
    """Return what a fill costs beside its price, in the quote currency, both positive."""
    rate = TAKER if trade.taker else MAKER
    fee = money(trade.qty * trade.px * rate)
    return fee, money(fee * TAX)


class Account:
    """Balances by currency; holds are derived from the orders, so they cannot drift."""

    def __init__(self) -> None:
        self.balances = dict(START)
        self.changed: Callable[[str], None] = lambda payload: None
        self._open: dict[str, SimOrder] = {}

    def hold(self, order: SimOrder) -> None:
        """Count the order among those that hold money as long as it is open."""
        self._open[order.order_id] = order

    def available(self, asset: str) -> Decimal:
        """Return the balance less what open orders hold."""
        return self.balances[asset] - self._held(asset)

    def demand(self, order: SimOrder) -> None:
        """Return if the account can pay for the order; raises Refused."""
        base, quote = order.symbol.split("/")
        asset = quote if order.side == "BUY" else base
        cost = held(order, asset)
        if cost > self.balances[asset]:
            raise Refused(NOT_ENOUGH)
        if cost > self.available(asset):
            raise Refused(OPEN_ORDERS_HOLD)

    def book(self, trades: Iterable[Trade]) -> None:
        """Move the money of executions, fee and tax included."""
        for trade in trades:
            base, quote = trade.symbol.split("/")
            sign = 1 if trade.side == "BUY" else -1
            self.balances[base] += sign * trade.qty
            self.balances[quote] -= sign * trade.qty * trade.px + sum(fee_and_tax(trade))
            self.changed("order match")

    def rows(self, *, old: bool) -> list[dict[str, object]]:
        """Return the answer to balances; `old`: with the fields of the document alone."""
        return [self._row(asset, old=old) for asset in self.balances]

    def _row(self, asset: str, *, old: bool) -> dict[str, object]:
        total, locked = self.balances[asset], self._held(asset)
        row: dict[str, object] = {
            "asset": asset,
            "assetname": NAMES[asset],
            "balance": fixed(total, BALANCE_DECIMALS),
            "locked": fixed(locked, BALANCE_DECIMALS),
            "free": fixed(total - locked, BALANCE_DECIMALS),
        }
        if old:
            return row
        funds = {"orderFund": row["locked"], "requestFund": "0", "precision": 8}
        return {**row, **funds}

    def _held(self, asset: str) -> Decimal:
        self._open = {key: order for key, order in self._open.items() if order.status == "OPEN"}
        return sum((held(order, asset) for order in self._open.values()), Decimal(0))


def held(order: SimOrder, asset: str) -> Decimal:
    """Return what an open order needs of an asset: buys with the fee, as the FAQ says."""
    base, quote = order.symbol.split("/")
    if order.side == "SELL":
        return order.leaves if asset == base else Decimal(0)
    if asset != quote:
        return Decimal(0)
    cost = (
        (order.cash or Decimal(0)) - order.notional
        if order.price is None
        else order.leaves * order.price
    )
    return money(cost * (1 + RESERVE))
