"""Apifiny's market data, from REST or its feed, and our words. Pure.

Source: the Apifiny Connect API document of 08/03/21, sections "Market Data" of the REST and of the
WebSocket API. The text calls a candle's `high` a closing price and its time seconds; its samples
show the high, and milliseconds.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from adapters.documents import (
    Row,
    instant_of_ms,
    integer_in,
    list_of,
    number_in,
    optional_number_in,
    row_of,
    text_in,
)
from oms.core.errors import MalformedMessage
from oms.core.fields import Side
from oms.core.market import Candle, Level, OrderBook, PublicTrade, Ticker
from oms.core.numbers import ZERO

PERIODS: Final = ("1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1M")

AGGRESSORS: Final[Mapping[str, Side]] = MappingProxyType({"BUY": Side.SELL, "SELL": Side.BUY})
"""`side` of a public trade is the maker's: the other one took."""


def order_book(value: object, symbol: str, exchange: str, depth: int | None = None) -> OrderBook:
    """A book, its levels in whatever order they come; empty levels are left out."""
    row = row_of(value, "order book")
    bids, asks = (_levels(row, side) for side in ("bids", "asks"))
    return OrderBook(
        symbol=symbol,
        bids=tuple(sorted(bids, key=_price, reverse=True)[:depth]),
        asks=tuple(sorted(asks, key=_price)[:depth]),
        time=instant_of_ms(integer_in(row, "updatedAt")),
        security_exchange=exchange,
    )


def _price(level: Level) -> Decimal:
    return level.price


def _levels(row: Row, side: str) -> list[Level]:
    found = []
    for value in list_of(row.get(side), side):
        pair = list_of(value, side)
        if len(pair) < 2:
            raise MalformedMessage(f"{side}: price and size are wanted")
        level = Level(number_in({side: pair[0]}, side), number_in({side: pair[1]}, side))
        if level.price <= 0 or level.qty < 0:
            raise MalformedMessage(f"{side}: a price above 0 is wanted")
        if level.qty > ZERO:
            found.append(level)
    return found


def public_trade(value: object, symbol: str, exchange: str) -> PublicTrade:
    """A trade between anybody."""
    row = row_of(value, "trade")
    maker = text_in(row, "side")
    if maker not in AGGRESSORS:
        raise MalformedMessage(f"unknown side {maker!r} of a trade")
    return PublicTrade(
        symbol=symbol,
        price=number_in(row, "price"),
        qty=number_in(row, "qty"),
        trade_id=str(row.get("exchangeID") or ""),
        side=AGGRESSORS[maker],
        time=instant_of_ms(integer_in(row, "tradeTime")),
        security_exchange=exchange,
    )


def candle(value: object, symbol: str, period: str, exchange: str) -> Candle:
    """A candle; MalformedMessage if it is of another period."""
    row = row_of(value, "candle")
    if text_in(row, "period") != period:
        raise MalformedMessage(f"a candle of {period} is wanted")
    return Candle(
        symbol=symbol,
        period=period,
        time=instant_of_ms(integer_in(row, "timestamp")),
        open=number_in(row, "open"),
        high=number_in(row, "high"),
        low=number_in(row, "low"),
        close=number_in(row, "close"),
        volume=optional_number_in(row, "vol"),
        security_exchange=exchange,
    )


def ticker(value: object, symbol: str, exchange: str) -> Ticker:
    """The last 24 hours; it names neither bid nor offer."""
    row = row_of(value, "ticker")
    return Ticker(
        symbol=symbol,
        last=number_in(row, "close"),
        open=optional_number_in(row, "open"),
        high=optional_number_in(row, "high"),
        low=optional_number_in(row, "low"),
        volume=optional_number_in(row, "vol"),
        quote_volume=optional_number_in(row, "amount"),
        time=instant_of_ms(integer_in(row, "tickerTime")),
        security_exchange=exchange,
    )
