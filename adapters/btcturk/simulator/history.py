"""What the account did: fills, deposits and withdrawals, as the lists tell them.

Source: BtcTurk API document, section "User Transactions"; orderId, orderClientId and
preciseAmount as the venue's later page has them.
"""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Final

from adapters.btcturk.simulator.account import START, fee_and_tax
from adapters.btcturk.simulator.listing import DAY_MS, FIRST_TRADE, Listing
from adapters.btcturk.simulator.wire import PARAMETERS_ERROR, Refused, plain, rounded
from adapters.matching import Trade
from oms.core.values import frozen

DAYS: Final = 30
"""How far the lists go back where no date is asked for."""

_TRADE_NAMES: Final = frozenset({"type", "symbol", "startDate", "endDate", "pairSymbol", "orderId"})

Asked = Mapping[str, list[str]]


@frozen
class Span:
    """The dates that are asked for, in milliseconds, both included."""

    from_ms: int
    to_ms: int

    @classmethod
    def of(
        cls, asked: Asked, now_ms: int, names: tuple[str, str] = ("startDate", "endDate")
    ) -> "Span":
        """Read the dates; raises Refused."""
        first, last = (whole(asked, name) for name in names)
        return cls(
            now_ms - DAYS * DAY_MS if first is None else first, now_ms if last is None else last
        )

    def holds(self, time_ms: int) -> bool:
        """Whether the time is among them."""
        return self.from_ms <= time_ms <= self.to_ms


def whole(asked: Asked, name: str) -> int | None:
    """Read a whole number of the query; None if it is not there. Raises Refused."""
    values = asked.get(name, [])
    if not values:
        return None
    text = values[-1]
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Refused(PARAMETERS_ERROR)
    return int(text)


def fill_row(trade: Trade, listing: Listing, client_id: str, *, old: bool) -> dict[str, object]:
    """Return a fill: signed, fee and tax negative, `amount` rounded to the pair's digits."""
    sign = 1 if trade.side == "BUY" else -1
    fee, tax = fee_and_tax(trade)
    numbers = {
        "price": trade.px,
        "amount": sign * rounded(trade.qty, listing.quantity_scale),
        "fee": -fee + 0,
        "tax": -tax + 0,
    }
    row: dict[str, object] = {
        "price": trade.px,
        "numeratorSymbol": listing.base,
        "denominatorSymbol": listing.quote,
        "orderType": trade.side.lower(),
        "id": FIRST_TRADE + trade.trade_id,
        "timestamp": trade.time_ms,
        **numbers,
    }
    if old:
        return row
    row |= {name: plain(number) for name, number in numbers.items()}
    later = {"orderId": int(trade.order_id), "orderClientId": client_id}
    return {**row, **later, "preciseAmount": plain(sign * trade.qty)}


def check_trade_query(asked: Asked) -> None:
    """Return if the parameters go together; raises Refused. The id of an order goes alone."""
    if "orderId" in asked and set(asked) & (_TRADE_NAMES - {"orderId"}):
        raise Refused(PARAMETERS_ERROR)


def is_asked_for(trade: Trade, listing: Listing, asked: Asked, span: Span) -> bool:
    """Whether a fill is in the list; both its currencies must be among the symbols."""
    order_id = whole(asked, "orderId")
    if order_id is not None:
        return trade.order_id == str(order_id)
    pairs = [pair.upper().replace("_", "") for pair in asked.get("pairSymbol", [])]
    return (
        span.holds(trade.time_ms)
        and _among(trade.side, asked.get("type", []))
        and all(_among(asset, asked.get("symbol", [])) for asset in (listing.base, listing.quote))
        and _among(listing.pair, pairs)
    )


@frozen
class Movement:
    """One deposit or withdrawal; the amount of a withdrawal is negative."""

    number: int
    kind: str  # Deposit | Withdrawal
    asset: str
    amount: Decimal
    funds: Decimal  # what the account had afterwards
    time_ms: int

    def row(self) -> dict[str, object]:
        """Return it as the lists show it."""
        return {
            "balanceType": self.kind,
            "currencySymbol": self.asset,
            "id": self.number,
            "timestamp": self.time_ms,
            "funds": self.funds,
            "amount": self.amount,
            "fee": 0,
            "tax": 0,
        }


def first_movements(now_ms: int) -> list[Movement]:
    """Return what brought the account to where it starts: for each asset too much, and some
    of it back."""
    found: list[Movement] = []
    for place, (asset, funds) in enumerate(START.items()):
        number, before_ms = 93_214 + 2 * place, now_ms - (place + 1) * DAY_MS
        found += [
            Movement(number, "Deposit", asset, funds + 1, funds + 1, before_ms),
            Movement(number + 1, "Withdrawal", asset, Decimal(-1), funds, before_ms + 3_600_000),
        ]
    return found


def movements(
    rows: Iterable[Movement], assets: Collection[str], asked: Asked, now_ms: int
) -> list[dict[str, object]]:
    """Return those that are asked for, newest first; both spellings of the parameters work."""
    span = Span.of(asked, now_ms)
    kinds = [*asked.get("type", []), *asked.get("balanceTypes", [])]
    symbols = [*asked.get("symbol", []), *asked.get("currencySymbols", [])]
    found = [
        row
        for row in rows
        if row.asset in assets
        and span.holds(row.time_ms)
        and _among(row.kind, kinds)
        and _among(row.asset, symbols)
    ]
    return [row.row() for row in sorted(found, key=lambda row: -row.time_ms)]


def _among(word: str, words: Iterable[str]) -> bool:
    wanted = [one.lower() for one in words]
    return not wanted or word.lower() in wanted
