"""Money that enters, leaves and moves between exchanges, and the record of it ("Asset")."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator.balances import Balances
from adapters.apifiny.simulator.feed import Feed, sub_account
from adapters.apifiny.simulator.refusals import (
    ASSETS,
    COIN,
    CURRENCY,
    REQUEST,
    TICKET,
    TICKET_TEXT,
    Refusal,
    refusal,
)
from adapters.apifiny.simulator.switches import Switches

WITHDRAW_FEE: Final = Decimal("0.0005")
"""The fee of the document's samples, for a withdrawal and a transfer alike, in the currency."""

WITHDRAW_MIN: Final = Decimal("0.004")
WITHDRAW_MAX: Final = Decimal(1_000_000)
TICKET_MS: Final = 60_000
"""Life of a withdraw ticket; the document gives none."""

ADDRESS_MS: Final = 7 * 86_400_000
"""Life of a deposit address; the document gives none."""

COINS: Final = {"USDT": "USDT.ETH"}
"""The coin of a currency where it is not called like it: the chain is a part of the name."""

_MEMO_COINS: Final = frozenset({"EOS"})
_ID_DIGITS: Final = 32


@dataclass(slots=True)
class Move:
    """One withdrawal, transfer or deposit."""

    log_id: str
    venue: str
    currency: str
    amount: Decimal
    fee: Decimal
    incoming: bool
    action: str
    due_ms: int
    created_ms: int
    updated_ms: int
    address: str = ""
    memo: str = ""
    target: str = ""  # the other exchange of a transfer
    status: str = "SUBMITTED"
    fails: bool = False

    @property
    def coin(self) -> str:
        """Name of the currency on its chain."""
        return coin_of(self.currency)

    @property
    def tx_id(self) -> str:
        """What a chain would call it; a transfer between exchanges is on none."""
        return "" if self.target else _hashed("tx", self.log_id, 64)

    def ledger(self) -> dict[str, object]:
        """Return it as the ledger shows one; decimals as text."""
        return {
            "transfer_id": self.log_id,
            "kind": "TRANSFER" if self.target else "DEPOSIT" if self.incoming else "WITHDRAWAL",
            "venue": self.venue,
            "to_venue": self.target,
            "asset": self.currency,
            "amount": format(self.amount, "f"),
            "fee": format(self.fee, "f"),
            "address": self.address,
            "incoming": self.incoming,
            "status": self.status,
        }


class Wallet:
    """The account's money at every exchange, seen from outside the markets."""

    def __init__(self, account_id: str, balances: Balances, feed: Feed, switches: Switches) -> None:
        self.moves: list[Move] = []
        self._account_id = account_id
        self._balances = balances
        self._feed = feed
        self._switches = switches
        self._tickets: dict[str, tuple[str, int]] = {}
        self._used: set[str] = set()
        self._drawn = 0

    def address(self, venue: str, coin: str, now_ms: int) -> dict[str, object]:
        """Return where to send a coin to; the same address every time."""
        currency = self._currency(venue, coin)
        told: dict[str, object] = {"venue": venue, "currency": currency, "coin": coin}
        told["address"] = "3N" + _hashed(venue, coin, 32)
        if coin in _MEMO_COINS:
            told["memo"] = str(int(_hashed("memo", venue, 8), 16))
        return told | {"expiredAt": now_ms + ADDRESS_MS}

    def ticket(self, venue: str, now_ms: int) -> tuple[str, int]:
        """Return a ticket for one withdrawal, and the time at which it ends."""
        ticket = self._draw("ticket", now_ms)
        self._tickets[ticket] = venue, now_ms + TICKET_MS
        return ticket, now_ms + TICKET_MS

    def withdraw(
        self, venue: str, coin: str, amount: Decimal, address: str, memo: str, ticket: str,
        now_ms: int, due_ms: int,
    ) -> Move:  # fmt: skip
        """Take a withdrawal; its ticket is used up by that, and by a refusal it is not."""
        currency = self._currency(venue, coin)
        if not WITHDRAW_MIN <= amount <= WITHDRAW_MAX:
            raise refusal(REQUEST, "amount")
        self._demand_ticket(ticket, venue, now_ms)
        move = self._take(venue, currency, amount, "ACCOUNT_CLIENT_WITHDRAW", now_ms, due_ms)
        move.address, move.memo = address, memo
        self._used.add(ticket)
        return move

    def transfer(
        self, venue: str, target: str, currency: str, amount: Decimal, now_ms: int, due_ms: int
    ) -> Move:
        """Take a transfer to another exchange, where it is told of too."""
        if currency not in self._currencies(venue):
            raise refusal(CURRENCY)
        if amount <= 0:
            raise refusal(REQUEST, "amount")
        action = "ACCOUNT_CLIENT_TRANSFER_OUTGOING"
        move = self._take(venue, currency, amount, action, now_ms, due_ms)
        move.target = target
        return move

    def deposit(self, venue: str, currency: str, amount: Decimal, now_ms: int) -> None:
        """Something came in from outside, and is there at once."""
        move = self._note(venue, currency, amount, Decimal(0), "ACCOUNT_CLIENT_DEPOSIT", now_ms)
        move.incoming, move.status = True, "COMPLETED"
        self._balances.add(venue, currency, amount)
        self._tell(move, now_ms)

    def settle(self, now_ms: int) -> None:
        """Complete, or cancel, what is due."""
        for move in [m for m in self.moves if m.status == "SUBMITTED" and m.due_ms <= now_ms]:
            move.updated_ms = now_ms
            cost = move.amount + move.fee
            self._balances.release(move.venue, move.currency, cost)
            move.status = "CANCELLED" if move.fails else "COMPLETED"
            if not move.fails:
                self._balances.add(move.venue, move.currency, -cost)
            self._tell(move, now_ms)
            if move.target and not move.fails:
                self._arrive(move, now_ms)

    def _arrive(self, move: Move, now_ms: int) -> None:
        action = "ACCOUNT_CLIENT_TRANSFER_INCOMING"
        other = self._note(move.target, move.currency, move.amount, Decimal(0), action, now_ms)
        other.incoming, other.status, other.target = True, "COMPLETED", move.venue
        self._balances.add(other.venue, other.currency, other.amount)
        self._tell(other, now_ms)

    def _take(
        self, venue: str, currency: str, amount: Decimal, action: str, now_ms: int, due_ms: int
    ) -> Move:
        try:
            self._balances.hold(venue, currency, amount + WITHDRAW_FEE)
        except Refusal:
            raise refusal(ASSETS) from None
        move = self._note(venue, currency, amount, WITHDRAW_FEE, action, now_ms)
        move.due_ms, move.fails = due_ms, self._switches.take("cancel_move")
        self._tell(move, now_ms)
        return move

    def _note(
        self, venue: str, currency: str, amount: Decimal, fee: Decimal, action: str, now_ms: int
    ) -> Move:
        log_id = f"{sub_account(self._account_id, venue)}.{self._draw('log', now_ms)}"
        move = Move(log_id, venue, currency, amount, fee, False, action, now_ms, now_ms, now_ms)
        self.moves.append(move)
        return move

    def _tell(self, move: Move, now_ms: int) -> None:
        rows = self._balances.rows(move.venue, {move.currency})
        self._feed.balances(move.venue, rows, now_ms)

    def _demand_ticket(self, ticket: str, venue: str, now_ms: int) -> None:
        owner, end_ms = self._tickets.get(ticket, ("", 0))
        if ticket in self._used or owner != venue or end_ms <= now_ms:
            raise Refusal(TICKET, TICKET_TEXT)

    def _currencies(self, venue: str) -> list[object]:
        return [row["currency"] for row in self._balances.rows(venue)]

    def _currency(self, venue: str, coin: str) -> str:
        for currency in self._currencies(venue):
            if coin_of(str(currency)) == coin:
                return str(currency)
        raise refusal(COIN)

    def _draw(self, what: str, now_ms: int) -> str:
        self._drawn += 1
        return _hashed(what, f"{now_ms}-{self._drawn}", _ID_DIGITS)


def coin_of(currency: str) -> str:
    """Return the coin of a currency."""
    return COINS.get(currency, currency)


def _hashed(what: str, name: str, digits: int) -> str:
    return hashlib.sha256(f"{what}:{name}".encode()).hexdigest()[:digits]
