"""What venues tell of their markets and of an account's money, as ccxt's unified structures.

`info` is the engine's own row of the value, in which every figure is exact text.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final

from oms.ccxt.figures import Figures, iso8601, milliseconds
from oms.ccxt.structures import Struct
from oms.core.fields import Side
from oms.core.funding import Activity, ActivityKind, DepositAddress, FeeRate
from oms.core.market import Candle, Currency, OrderBook, PublicTrade, Ticker
from oms.core.numbers import add, multiply, subtract
from oms.told import Row, row_of

_QUOTIENT: Final = Context(prec=18, rounding=ROUND_HALF_EVEN)
"""Percentages and averages are no money; ccxt's own have 18 digits too."""

_DONE: Final = {True: "ok", False: "pending", None: None}
_FAILED: Final = ("fail", "reject", "cancel", "refus", "declin", "expire", "return")
_KINDS: Final = {ActivityKind.DEPOSIT: "deposit", ActivityKind.WITHDRAWAL: "withdrawal"}


def ticker(told: Ticker, figures: Figures) -> Struct:
    """A market at one moment."""
    when = milliseconds(told.time)
    first, last = told.open, told.last
    moved = None if first is None or last is None else subtract(last, first)
    return {
        "info": row_of(told),
        "symbol": told.symbol,
        "timestamp": when,
        "datetime": iso8601(when),
        "high": figures.out(told.high),
        "low": figures.out(told.low),
        "bid": figures.out(told.bid),
        "bidVolume": None,
        "ask": figures.out(told.ask),
        "askVolume": None,
        "vwap": figures.out(_ratio(told.quote_volume, told.volume)),
        "open": figures.out(first),
        "close": figures.out(last),
        "last": figures.out(last),
        "previousClose": None,
        "change": figures.out(moved),
        "percentage": figures.out(_ratio(moved, first, Decimal(100))),
        "average": figures.out(
            None if first is None or last is None else _ratio(add(first, last), Decimal(2))
        ),
        "baseVolume": figures.out(told.volume),
        "quoteVolume": figures.out(told.quote_volume),
        "indexPrice": None,
        "markPrice": None,
    }


def _ratio(
    part: Decimal | None, whole: Decimal | None, times: Decimal = Decimal(1)
) -> Decimal | None:
    if part is None or not whole:
        return None
    return _QUOTIENT.divide(multiply(part, times), whole)


def order_book(told: OrderBook, figures: Figures, limit: int | None = None) -> Struct:
    """Both sides of a market, at most `limit` prices each."""
    when = milliseconds(told.time)
    return {
        "symbol": told.symbol,
        "bids": [[figures.out(level.price), figures.out(level.qty)] for level in told.bids[:limit]],
        "asks": [[figures.out(level.price), figures.out(level.qty)] for level in told.asks[:limit]],
        "timestamp": when,
        "datetime": iso8601(when),
        "nonce": None,
        "info": row_of(told),
    }


def public_trade(told: PublicTrade, figures: Figures) -> Struct:
    """A trade between anybody."""
    when = milliseconds(told.time)
    return {
        "info": row_of(told),
        "id": told.trade_id or None,
        "order": None,
        "timestamp": when,
        "datetime": iso8601(when),
        "symbol": told.symbol,
        "type": None,
        "side": None if told.side is None else ("buy" if told.side is Side.BUY else "sell"),
        "takerOrMaker": None,
        "price": figures.out(told.price),
        "amount": figures.out(told.qty),
        "cost": figures.out(multiply(told.price, told.qty)),
        "fee": {"currency": None, "cost": None},
        "fees": [],
    }


def ohlcv(told: Candle, figures: Figures) -> list[Any]:
    """A candle as ccxt's row: time in milliseconds, open, high, low, close, volume."""
    prices = (told.open, told.high, told.low, told.close, told.volume)
    return [milliseconds(told.time), *(figures.out(price) for price in prices)]


def currency(told: Currency, figures: Figures) -> Struct:
    """An asset; its precision is its smallest amount, as ccxt's TICK_SIZE has it."""
    smallest = None if told.precision is None else Decimal(1).scaleb(-told.precision)
    usable = [can for can in (told.can_deposit, told.can_withdraw) if can is not None]
    return {
        "info": row_of(told),
        "id": told.asset,
        "numericId": None,
        "code": told.asset,
        "precision": figures.out(smallest),
        "type": None,
        "name": told.name or None,
        "active": all(usable) if usable else None,
        "deposit": told.can_deposit,
        "withdraw": told.can_withdraw,
        "fee": figures.out(told.withdrawal_fee),
        "fees": {},
        "networks": {},
        "limits": {
            "deposit": {"min": None, "max": None},
            "withdraw": {
                "min": figures.out(told.min_withdrawal),
                "max": figures.out(told.max_withdrawal),
            },
            "amount": {"min": None, "max": None},
        },
    }


def trading_fee(told: FeeRate, symbol: str, figures: Figures) -> Struct:
    """What a trade of that market costs, as a part of its value."""
    return {
        "info": row_of(told),
        "symbol": symbol,
        "maker": figures.out(told.maker),
        "taker": figures.out(told.taker),
        "percentage": True,
        "tierBased": None,
    }


def deposit_address(told: DepositAddress) -> Struct:
    """Where to send an asset to."""
    return {
        "info": row_of(told),
        "currency": told.asset,
        "network": told.network or None,
        "address": told.address,
        "tag": told.memo or None,
    }


def transaction(told: Activity, figures: Figures) -> Struct:
    """A deposit or withdrawal as the venue lists it."""
    when = milliseconds(told.time)
    fee = None
    if told.fee is not None:
        fee = {"currency": told.asset, "cost": figures.out(told.fee), "rate": None}
    inbound = told.kind is ActivityKind.DEPOSIT
    return {
        "info": row_of(told),
        "id": told.activity_id or None,
        "txid": told.tx_id or None,
        "timestamp": when,
        "datetime": iso8601(when),
        "network": told.network or None,
        "address": told.address or None,
        "addressTo": None if inbound else told.address or None,
        "addressFrom": None,
        "tag": None,
        "tagTo": None,
        "tagFrom": None,
        "type": _KINDS.get(told.kind, told.kind.value.lower()),
        "amount": figures.out(told.amount),
        "currency": told.asset,
        "status": _status(told),
        "updated": None,
        "internal": None,
        "comment": None,
        "fee": fee,
    }


def move(row: Row, figures: Figures) -> Struct:
    """A withdrawal of our own, by the engine's row of it; to a saved address, by its name."""
    when = milliseconds(row["created"])
    address = row["address"] or row["alias"] or None
    fee = None
    if row["fee"] is not None:
        fee = {"currency": row["asset"], "cost": figures.out(row["fee"]), "rate": None}
    return {
        "info": row,
        "id": row["transfer_id"],
        "txid": None,
        "timestamp": when,
        "datetime": iso8601(when),
        "network": row["network"] or None,
        "address": address,
        "addressTo": address,
        "addressFrom": None,
        "tag": row["memo"] or None,
        "tagTo": row["memo"] or None,
        "tagFrom": None,
        "type": "withdrawal",
        "amount": figures.out(row["amount"]),
        "currency": row["asset"],
        "status": "ok" if row["state"] == "DONE" else "pending",
        "updated": milliseconds(row["updated"]),
        "internal": None,
        "comment": None,
        "fee": fee,
    }


def _status(told: Activity) -> str | None:
    """ok, pending, failed, or canceled, by our reading and, for what ended ill, the venue's word."""
    word = told.status.lower()
    ill = next((stem for stem in _FAILED if stem in word), "")
    if ill and not told.done:
        return "canceled" if ill == "cancel" else "failed"
    return _DONE[told.done]


def latest(rows: Sequence[Struct], since: Any, limit: int | None) -> list[Struct]:
    """Rows in time's order as ccxt's clients cut them: from `since` on the first, else the last."""
    kept = [row for row in rows if since is None or (row["timestamp"] or 0) >= int(since)]
    kept.sort(key=lambda row: row["timestamp"] or 0)
    if limit is None:
        return kept
    return kept[: int(limit)] if since is not None else kept[max(0, len(kept) - int(limit)) :]
