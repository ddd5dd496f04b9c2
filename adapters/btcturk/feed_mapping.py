"""The models of BtcTurk's feed, and our words. Pure.

Source: BtcTurk API document, section "Models"; the letters that its text lost are as
spec/btcturk.md has them. All of the models' prices and amounts are text.
"""

from collections.abc import Mapping
from dataclasses import replace
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
from oms.core.market import Candle, Level, OrderBook, PublicTrade, Ticker
from oms.core.numbers import ZERO
from oms.core.values import frozen
from oms.core.venue import Instrument

RESULT: Final = 100
REQUEST: Final = 101
LOGIN: Final = 111
LOGIN_RESULT: Final = 112
LOGOUT: Final = 113
KEY_LOGIN: Final = 114
SUBSCRIPTION: Final = 151
BALANCE: Final = 201
TICKERS: Final = 401
TICKER: Final = 402
TRADES: Final = 421
TRADE: Final = 422
USER_TRADE: Final = 423
CANDLE: Final = 428
BOOK: Final = 431
BOOK_CHANGES: Final = 432
USER_MATCH: Final = 441
ORDER_MODELS: Final = frozenset({USER_MATCH, 451, 452, 453})
"""What names an order of the user's and tells nothing that a look would not tell better."""

LOGIN_RESULTS: Final = frozenset({LOGIN_RESULT, KEY_LOGIN})

RESOLUTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1m": "1",
        "5m": "5",
        "15m": "15",
        "30m": "30",
        "1h": "60",
        "4h": "240",
        "1d": "1D",
        "1w": "1W",
        "1M": "1M",
    }
)
"""What the feed calls its candles, by our periods."""

_GONE: Final = 3
_CHANGES: Final = frozenset({0, 1, _GONE})


def frame(told: object) -> tuple[int, Row]:
    """The number of the model and the model."""
    pair = list_of(told, "frame")
    if len(pair) != 2 or type(pair[0]) is not int:
        raise MalformedMessage("a frame has a number and a model")
    return pair[0], row_of(pair[1], "model")


def ticker(row: Row) -> Ticker:
    """402, or an item of 401."""
    return Ticker(
        symbol=f"{text_in(row, 'NS')}/{text_in(row, 'DS')}",
        bid=optional_number_in(row, "B") or None,
        ask=optional_number_in(row, "A") or None,
        last=optional_number_in(row, "LA"),
        open=optional_number_in(row, "O"),
        high=optional_number_in(row, "H"),
        low=optional_number_in(row, "L"),
        volume=optional_number_in(row, "V"),
    )


def public_trade(row: Row, instrument: Instrument) -> PublicTrade:
    """422, or an item of 421; its id is unique in its pair alone."""
    return PublicTrade(
        symbol=instrument.symbol,
        price=number_in(row, "P"),
        qty=number_in(row, "A"),
        trade_id=str(row.get("I") or ""),
        time=instant_of_ms(integer_in(row, "D")),
    )


def candle(row: Row, instrument: Instrument, period: str) -> Candle:
    """428: the candle under way."""
    return Candle(
        symbol=instrument.symbol,
        period=period,
        time=instant_of_ms(integer_in(row, "D") * 1000),
        open=number_in(row, "O"),
        high=number_in(row, "H"),
        low=number_in(row, "L"),
        close=number_in(row, "C"),
        volume=optional_number_in(row, "V"),
    )


def order_book(row: Row, instrument: Instrument, depth: int | None = None) -> OrderBook:
    """431."""
    return Book.of(row, instrument).sorted(depth)


@frozen(kw_only=True)
class Book:
    """A book that is kept by its changes: amounts by price, and the number of the last change."""

    symbol: str
    change_set: int
    bids: Mapping[Decimal, Decimal]
    asks: Mapping[Decimal, Decimal]

    @classmethod
    def of(cls, row: Row, instrument: Instrument) -> "Book":
        """431: the whole book."""
        bids, asks = (
            {
                number_in(level, "P"): number_in(level, "A")
                for level in (row_of(one, name) for one in list_of(row.get(name), name))
            }
            for name in ("BO", "AO")
        )
        return cls(symbol=instrument.symbol, change_set=integer_in(row, "CS"), bids=bids, asks=asks)

    def changed(self, row: Row) -> "Book | None":
        """432 applied: None where a change before it is missing. One that is old changes nothing."""
        number = integer_in(row, "CS")
        if number <= self.change_set:
            return self
        if number > self.change_set + 1:
            return None
        return replace(
            self,
            change_set=number,
            bids=_changed(self.bids, row, "BO"),
            asks=_changed(self.asks, row, "AO"),
        )

    def sorted(self, depth: int | None = None) -> OrderBook:
        """Best price first."""
        bids = sorted(self.bids.items(), reverse=True)[:depth]
        asks = sorted(self.asks.items())[:depth]
        return OrderBook(
            symbol=self.symbol,
            bids=tuple(Level(price, qty) for price, qty in bids),
            asks=tuple(Level(price, qty) for price, qty in asks),
        )


def _changed(levels: Mapping[Decimal, Decimal], row: Row, name: str) -> Mapping[Decimal, Decimal]:
    now = dict(levels)
    for one in list_of(row.get(name), name):
        change = row_of(one, name)
        code, price = integer_in(change, "CP"), number_in(change, "P")
        if code not in _CHANGES:
            raise MalformedMessage(f"unknown change {code}")
        qty = ZERO if code == _GONE else number_in(change, "A")
        if qty > 0:
            now[price] = qty
        else:
            now.pop(price, None)
    return now


def order_ids(row: Row) -> tuple[str, str]:
    """Of a model that names an order of ours: our id of it, and the venue's. "" where it is not told."""
    named = [row.get(name) for name in ("newOrderClientId", "clientId", "orderClientId")]
    ours = next((name for name in named if isinstance(name, str) and name), "")
    theirs = row.get("id")
    return ours, str(theirs) if isinstance(theirs, int | str) else ""


def is_ok(row: Row) -> bool:
    """Whether what was asked for was granted (100, 112, 114)."""
    return row.get("ok") is True
