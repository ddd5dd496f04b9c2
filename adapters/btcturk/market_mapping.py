"""BtcTurk's JSON about markets, and our words. Pure.

Sources: the BtcTurk API document, sections "Ticker", "Order Book", "Trades", "OHCL Data" and "Pairs
Scale"; exchangeinfo and klines as spec/btcturk.md says.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from adapters.btcturk.mapping import SIDES, fold
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
from oms.core.market import Candle, Currency, Level, OrderBook, PublicTrade, Ticker
from oms.core.numbers import ZERO, is_multiple
from oms.core.venue import Instrument

SCALE_MAX: Final = 18

RESOLUTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1m": "1",
        "15m": "15",
        "30m": "30",
        "1h": "60",
        "4h": "240",
        "1d": "1 d",
        "1w": "1 w",
        "1y": "1 y",
    }
)
"""`resolution` of klines, by our periods."""

SECONDS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "1m": 60,
        "15m": 900,
        "30m": 1_800,
        "1h": 3_600,
        "4h": 14_400,
        "1d": 86_400,
        "1w": 604_800,
        "1y": 31_622_400,
    }
)
"""How long they are at most."""

_SCALES: Final = MappingProxyType(
    {
        "TRY": "BTC 8 0, EOS 2 2, ETH 8 0, LTC 8 2, NEO 4 2, USDT 2 2, XLM 4 4, XRP 4 2, XTZ 2 2",
        "USDT": "BTC 8 0, EOS 2 3, ETH 8 1, LTC 8 2, NEO 4 2, XLM 4 4, XRP 4 4",
        "BTC": "EOS 4 5, ETH 8 8, LTC 8 5, NEO 8 5, XLM 4 8, XRP 4 8",
    }
)
"""Digits of quantity and price by quote currency, as the document prints them: stale, and only for
a venue that does not list its pairs."""


def _printed() -> tuple[Instrument, ...]:
    rows = [(row.split(), quote) for quote, text in _SCALES.items() for row in text.split(", ")]
    return tuple(
        Instrument(
            symbol=f"{base}/{quote}",
            venue_symbol=f"{base}{quote}",
            tick=_unit(int(price)),
            step=_unit(int(quantity)),
        )
        for (base, quantity, price), quote in rows
    )


def _unit(places: int) -> Decimal:
    if not 0 <= places <= SCALE_MAX:
        raise MalformedMessage(f"0 to {SCALE_MAX} decimals are wanted")
    return Decimal((0, (1,), -places))


PRINTED: Final = _printed()
PRINTED_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {one.venue_symbol: one.symbol for one in PRINTED}
)


def instrument(told: object) -> Instrument:
    """A pair of exchangeinfo. Prices keep tickSize and the scale, which is 0 without fractions."""
    row = fold(row_of(told, "pair"))
    base, quote = text_in(row, "numerator"), text_in(row, "denominator")
    bounds = _price_filter(row)
    return Instrument(
        symbol=f"{base}/{quote}",
        venue_symbol=text_in(row, "name"),
        tick=_tick(row, number_in(bounds, "ticksize")),
        step=_unit(_scale(row, "numeratorscale")),
        min_qty=optional_number_in(bounds, "minamount") or ZERO,
        max_qty=optional_number_in(bounds, "maxamount"),
        min_notional=optional_number_in(bounds, "minexchangevalue") or ZERO,
        enabled=text_in(row, "status").upper() == "TRADING",
    )


def _price_filter(row: Row) -> Row:
    for told in list_of(row.get("filters"), "filters"):
        bounds = fold(row_of(told, "filter"))
        if bounds.get("filtertype") == "PRICE_FILTER":
            return bounds
    raise MalformedMessage("no PRICE_FILTER")


def _tick(row: Row, tick: Decimal) -> Decimal:
    unit = _unit(0 if row.get("hasfraction") is False else _scale(row, "denominatorscale"))
    if tick <= 0:
        raise MalformedMessage("tickSize: a positive number is wanted")
    if is_multiple(tick, unit):
        return tick
    if is_multiple(unit, tick):
        return unit
    raise MalformedMessage(f"tickSize {tick} does not fit the scale")


def _scale(row: Row, name: str) -> int:
    """A scale is a number, or text."""
    number = number_in(row, name)
    if number != int(number):
        raise MalformedMessage(f"{name}: a whole number is wanted")
    return int(number)


def currencies(told: Row) -> list[Currency]:
    """The assets of exchangeinfo, and which of them can not move now."""
    folded = fold(told)
    blocks: dict[str, Row] = {}
    for one in list_of(folded.get("currencyoperationblocks") or [], "currencyOperationBlocks"):
        block = fold(row_of(one, "block"))
        blocks[text_in(block, "currencysymbol")] = block
    rows = list_of(folded.get("currencies"), "currencies")
    return [_currency(fold(row_of(row, "currency")), blocks) for row in rows]


def _currency(row: Row, blocks: Mapping[str, Row]) -> Currency:
    asset = text_in(row, "symbol")
    block = blocks.get(asset, {})
    precision = optional_number_in(row, "precision")
    return Currency(
        asset=asset,
        name=str(row.get("name") or ""),
        precision=None if precision is None else int(precision),
        can_deposit=_unless(block.get("depositdisabled")),
        can_withdraw=_unless(block.get("withdrawaldisabled")),
        min_withdrawal=optional_number_in(row, "minwithdrawal"),
    )


def _unless(disabled: object) -> bool | None:
    return not disabled if isinstance(disabled, bool) else None


def ticker(told: Row) -> Ticker:
    """A row of ticker. A side that nobody quotes is 0 there."""
    row = fold(told)
    return Ticker(
        symbol=f"{text_in(row, 'numeratorsymbol')}/{text_in(row, 'denominatorsymbol')}",
        bid=_quoted(row, "bid"),
        ask=_quoted(row, "ask"),
        last=optional_number_in(row, "last"),
        open=optional_number_in(row, "open"),
        high=optional_number_in(row, "high"),
        low=optional_number_in(row, "low"),
        volume=optional_number_in(row, "volume"),
        time=instant_of_ms(integer_in(row, "timestamp")),
    )


def _quoted(row: Row, name: str) -> Decimal | None:
    return optional_number_in(row, name) or None


def order_book(told: Row, instrument: Instrument, depth: int | None) -> OrderBook:
    """The answer to orderbook."""
    row = fold(told)
    bids, asks = (
        sorted(map(_level, list_of(row.get(side), side)), key=lambda level: level.price)
        for side in ("bids", "asks")
    )
    return OrderBook(
        symbol=instrument.symbol,
        bids=tuple(reversed(bids))[:depth],
        asks=tuple(asks)[:depth],
        time=instant_of_ms(int(number_in(row, "timestamp"))),
    )


def _level(told: object) -> Level:
    pair = list_of(told, "level")
    if len(pair) != 2:
        raise MalformedMessage("a level has a price and an amount")
    row = {"price": pair[0], "amount": pair[1]}
    return Level(number_in(row, "price"), number_in(row, "amount"))


def public_trade(told: Row) -> PublicTrade:
    """A row of trades; the side is told by later versions only."""
    row = fold(told)
    side = row.get("side")
    return PublicTrade(
        symbol=f"{text_in(row, 'numerator')}/{text_in(row, 'denominator')}",
        price=number_in(row, "price"),
        qty=number_in(row, "amount"),
        trade_id=str(row.get("tid") or ""),
        side=SIDES.get(side.lower()) if isinstance(side, str) else None,
        time=instant_of_ms(integer_in(row, "date")),
    )


# Candles


def klines(told: Row, symbol: str, period: str) -> list[Candle]:
    """The answer to klines/history: one list a column, times in seconds."""
    if told.get("s") == "no_data":
        return []
    if told.get("s") != "ok":
        raise MalformedMessage(f"klines: the state is {told.get('s')!r}")
    columns = [list_of(told.get(name), name) for name in "tohlcv"]
    if len({len(column) for column in columns}) > 1:
        raise MalformedMessage("klines: the columns have different lengths")
    return [_kline(row, symbol, period) for row in zip(*columns, strict=True)]


def _kline(values: tuple[Any, ...], symbol: str, period: str) -> Candle:
    row = dict(zip("tohlcv", values, strict=True))
    return Candle(
        symbol=symbol,
        period=period,
        time=instant_of_ms(integer_in(row, "t") * 1000),
        open=number_in(row, "o"),
        high=number_in(row, "h"),
        low=number_in(row, "l"),
        close=number_in(row, "c"),
        volume=optional_number_in(row, "v"),
    )


def daily(told: Row, symbol: str) -> Candle:
    """A row of ohlcs or ohlc. The times of ohlc are in a unit that is not certain: by their size,
    seconds or milliseconds."""
    row = fold(told)
    told_time = int(number_in(row, "time"))
    return Candle(
        symbol=symbol,
        period="1d",
        time=instant_of_ms(told_time if told_time > 10**11 else told_time * 1000),
        open=number_in(row, "open"),
        high=number_in(row, "high"),
        low=number_in(row, "low"),
        close=number_in(row, "close"),
        volume=optional_number_in(row, "volume"),
    )
