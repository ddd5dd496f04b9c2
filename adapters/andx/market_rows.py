"""ANDX's market data and our words. Pure.

Source: the ANDX API document, sections "Get Ticker" and "Get Order Book". Times are seconds since
1970 with a fraction, as text. A price of 0 is no quote. Trades have no ids, and whose side their
`type` is, is not said.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from adapters.documents import (
    Row,
    list_of,
    number_in,
    optional_number_in,
    row_of,
    text_in,
)
from oms.core.errors import MalformedMessage
from oms.core.market import Level, OrderBook, PublicTrade, Ticker
from oms.core.venue import Instrument

TRADE_TYPES: Final = frozenset({"B", "S"})

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS: Final = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,9}))?", re.ASCII)


def moment(row: Row, name: str) -> datetime:
    """A time of the market data, cut to microseconds."""
    found = _SECONDS.fullmatch(text_in(row, name))
    if found is None:
        raise MalformedMessage(f"{name}: seconds since 1970 are wanted")
    micros = (found[2] or "").ljust(6, "0")[:6]
    return _EPOCH + timedelta(seconds=int(found[1]), microseconds=int(micros))


def ticker(value: object, instrument: Instrument) -> Ticker:
    """The ticker of a market; MalformedMessage if it is another's."""
    row = row_of(value, "ticker")
    _demand_market(row_of(row.get("market"), "market"), instrument.venue_symbol)
    return _ticker(row, instrument.symbol)


def tickers(document: Row) -> list[Ticker]:
    """All of them."""
    found = []
    for code, value in row_of(document.get("ticker"), "ticker").items():
        row = row_of(value, "ticker")
        market = row_of(row.get("market"), "market")
        _demand_market(market, code)
        base, counter = (text_in(market, f"{side}_currency_code") for side in ("base", "counter"))
        found.append(_ticker(row, f"{base}/{counter}"))
    return found


def _ticker(row: Row, symbol: str) -> Ticker:
    return Ticker(
        symbol=symbol,
        bid=_quote(row, "bid"),
        ask=_quote(row, "ask"),
        last=_quote(row, "last_price"),
        high=_quote(row, "high_24h"),
        low=_quote(row, "low_24h"),
        volume=optional_number_in(row, "volume_24h"),
        time=moment(row, "timestamp"),
    )


def _quote(row: Row, name: str) -> Decimal | None:
    price = number_in(row, name)
    if price < 0:
        raise MalformedMessage(f"{name}: a price below 0")
    return price or None


def order_book(document: Row, instrument: Instrument, depth: int | None) -> OrderBook:
    """Both sides of a market, best price first."""
    _demand_market(document, instrument.venue_symbol)
    bids, asks = (_levels(document, side) for side in ("buyers", "sellers"))
    return OrderBook(
        symbol=instrument.symbol,
        bids=tuple(sorted(bids, key=_price, reverse=True)[:depth]),
        asks=tuple(sorted(asks, key=_price)[:depth]),
        time=moment(document, "timestamp"),
    )


def _price(level: Level) -> Decimal:
    return level.price


def _levels(document: Row, side: str) -> list[Level]:
    found = []
    for value in list_of(document.get(side), side):
        row = row_of(value, side)
        level = Level(number_in(row, "orders_price"), number_in(row, "orders_total_amount"))
        if level.price <= 0 or level.qty <= 0:
            raise MalformedMessage(f"{side}: a price and an amount above 0 are wanted")
        found.append(level)
    return found


def trades(document: Row, instrument: Instrument) -> list[PublicTrade]:
    """The last transactions, latest first."""
    _demand_market(document, instrument.venue_symbol)
    found: list[PublicTrade] = []
    for value in list_of(document.get("last_transactions"), "last_transactions"):
        row = row_of(value, "transaction")
        kind = text_in(row, "type")
        if kind not in TRADE_TYPES:
            raise MalformedMessage(f"unknown type {kind!r} of a transaction")
        found.append(
            PublicTrade(
                symbol=instrument.symbol,
                price=number_in(row, "price"),
                qty=number_in(row, "amount"),
                time=moment(row, "time"),
            )
        )
    return sorted(found, key=lambda trade: (trade.time is not None, trade.time), reverse=True)


def _demand_market(row: Row, code: str) -> None:
    told = text_in(row, "market_code")
    if told != code:
        raise MalformedMessage(f"asked for {code}, got {told}")
