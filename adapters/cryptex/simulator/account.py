"""The account's money: what it has, what its open orders hold, and what comes and goes.

Source: Cryptex API document, sections "Info", "GetNewAddress", "DepositInfo",
"UnconfirmedTransactions", "Withdraw", "CouponCreate" and "CouponRedeem". No fees are taken: the
document has none.
"""

import random
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from adapters.cryptex.simulator.wire import Refused, plain
from adapters.matching import SimOrder, Trade

START: Final = {
    "RUR": Decimal(500),
    "EUR": Decimal(1_000_000),
    "LTC": Decimal(10_000),
    "BTC": Decimal(100),
    "USD": Decimal(10_000_000),
}
CONFIRMATIONS_WANTED: Final = 3
"""With so many a deposit is credited."""

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(slots=True)
class Deposit:
    """Money on its way in."""

    number: int
    address: str
    currency: str
    amount: Decimal
    txid: str
    time_ms: int
    confirmations: int = 0


class Account:
    """Balances by currency; holds are derived from the orders, so they cannot drift."""

    def __init__(self, seed: int) -> None:
        self.balances = dict(START)
        self.transfers: list[dict[str, str]] = []
        self.deposits: list[Deposit] = []
        self._open: dict[str, SimOrder] = {}
        self._addresses: dict[str, str] = {}
        self._coupons: dict[str, tuple[str, Decimal]] = {}
        self._rng = random.Random(seed + 1)  # noqa: S311  repeatable on purpose, guards nothing

    # Orders

    def hold(self, order: SimOrder) -> None:
        """Count the order among those that hold money as long as it is open."""
        self._open[order.order_id] = order

    def open_orders(self) -> list[SimOrder]:
        """Return the orders that work, oldest first."""
        self._open = {key: order for key, order in self._open.items() if order.status == "OPEN"}
        return list(self._open.values())

    def available(self, currency: str) -> Decimal:
        """Return the balance less what open orders hold; raises Refused for no currency here."""
        if currency not in self.balances:
            raise Refused("unknown currency")
        return self.balances[currency] - sum(_held(one, currency) for one in self.open_orders())

    def demand(self, order: SimOrder) -> None:
        """Return if the account can pay for the order; raises Refused."""
        assert order.price is not None
        base, counter = order.symbol.split("/")
        cost = order.qty * order.price if order.side == "BUY" else order.qty
        if cost > self.available(counter if order.side == "BUY" else base):
            raise Refused("not enough funds")

    def book(self, trades: Iterable[Trade]) -> None:
        """Move the money of executions."""
        for trade in trades:
            base, counter = trade.symbol.split("/")
            sign = 1 if trade.side == "BUY" else -1
            self.balances[base] += sign * trade.qty
            self.balances[counter] -= sign * trade.qty * trade.px

    def shown(self, *, reserved: bool) -> dict[str, Decimal]:
        """Return the balances by currency, with or without what open orders hold."""
        return {
            currency: total if reserved else self.available(currency)
            for currency, total in self.balances.items()
        }

    # Money in

    def new_address(self, currency: str) -> str:
        """Return an address that nobody had before; raises Refused."""
        self.available(currency)
        address = "1" + self._draw(_BASE58, 33)
        self._addresses[address] = currency
        return address

    def deposit(self, currency: str, amount: Decimal, now_ms: int) -> None:
        """Have money arrive, unconfirmed, at the last address of the currency."""
        known = [address for address, of in self._addresses.items() if of == currency]
        address = known[-1] if known else self.new_address(currency)
        txid = self._draw(string.hexdigits[:16], 64)
        self.deposits.append(
            Deposit(100 + len(self.deposits), address, currency, amount, txid, now_ms)
        )

    def confirm(self, count: int) -> None:
        """Give every deposit more confirmations; one that has enough is credited."""
        for deposit in self.deposits:
            before = deposit.confirmations
            deposit.confirmations += count
            if before < CONFIRMATIONS_WANTED <= deposit.confirmations:
                self.balances[deposit.currency] += deposit.amount
                self._moved("DEPOSIT", deposit.currency, deposit.amount, address=deposit.address)

    def deposit_to(self, address: str) -> Deposit | None:
        """Return the latest deposit to an address, None if none came; raises Refused."""
        if address not in self._addresses:
            raise Refused("unknown address")
        found = [deposit for deposit in self.deposits if deposit.address == address]
        return found[-1] if found else None

    # Money out, and coupons

    def withdraw(self, currency: str, amount: Decimal, address: str) -> None:
        """Take money out; raises Refused if not so much is available."""
        self._take(currency, amount)
        self._moved("WITHDRAWAL", currency, amount, address=address)

    def create_coupon(self, currency: str, amount: Decimal, recipient: str) -> str:
        """Turn money into a code; raises Refused."""
        self._take(currency, amount)
        self._moved("COUPON_CREATE", currency, amount, recipient=recipient)
        letters = string.ascii_letters + string.digits
        parts = [self._draw(letters, length) for length in (8, 8, 9, 11)]
        code = "-".join(["CTX", currency, *parts])
        self._coupons[code] = (currency, amount)
        return code

    def redeem_coupon(self, code: str) -> Decimal:
        """Turn a code into money, once; raises Refused."""
        if code not in self._coupons:
            raise Refused("no such coupon")
        currency, amount = self._coupons.pop(code)
        self.balances[currency] += amount
        self._moved("COUPON_REDEEM", currency, amount)
        return amount

    def _take(self, currency: str, amount: Decimal) -> None:
        if amount > self.available(currency):
            raise Refused("not enough funds")
        self.balances[currency] -= amount

    def _moved(self, kind: str, asset: str, amount: Decimal, **more: str) -> None:
        self.transfers.append({"kind": kind, "asset": asset, "amount": plain(amount), **more})

    def _draw(self, letters: str, length: int) -> str:
        return "".join(self._rng.choice(letters) for _ in range(length))


def unconfirmed(deposits: Iterable[Deposit]) -> Mapping[str, list[dict[str, object]]]:
    """Return the answer to UnconfirmedTransactions, times in epoch seconds."""
    rows: dict[str, list[dict[str, object]]] = {}
    for deposit in deposits:
        if deposit.confirmations < CONFIRMATIONS_WANTED:
            row: dict[str, object] = {
                "id": deposit.number,
                "address": deposit.address,
                "txid": deposit.txid,
                "amount": deposit.amount,
                "confirmations": deposit.confirmations,
                "timestamp": deposit.time_ms // 1000,
            }
            rows.setdefault(deposit.currency, []).append(row)
    return rows


def _held(order: SimOrder, currency: str) -> Decimal:
    base, counter = order.symbol.split("/")
    if order.side == "SELL":
        return order.leaves if currency == base else Decimal(0)
    return order.leaves * (order.price or 0) if currency == counter else Decimal(0)
