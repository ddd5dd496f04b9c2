"""What others trade: a repeating pattern around the middle of the book, as old as time.

Trade number n happens TRADE_MS * n after 1970, so every candle and every day can be told without
remembering anything, and all of them agree with the trades.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from adapters.matching import Market
from oms.core.values import frozen

TRADE_MS: Final = 10_000
"""Between two trades of a market, in milliseconds."""

PERIODS_MS: Final = {
    "1m": 60_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "4h": 14_400_000,
    "1d": 86_400_000,
    "1w": 604_800_000,
    "1M": 0,  # of the calendar
}
_PRICES: Final = 11  # trades until the pattern of prices begins again
_SIZES: Final = 5
_PATTERN: Final = _PRICES * _SIZES
_MONDAY_MS: Final = 4 * 86_400_000  # the first Monday after 1970 began


@frozen
class Print:
    """One trade of others; `maker` is the side of the order that was in the book."""

    name: str
    px: Decimal
    qty: Decimal
    maker: str
    time_ms: int


@frozen
class Bar:
    """What was traded in a span of time: prices in quote units, volume in base, amount in quote."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    amount: Decimal
    count: int


def prints(market: Market, after_ms: int, until_ms: int) -> Iterator[Print]:
    """Return the trades later than `after_ms`, up to `until_ms`, oldest first."""
    for number in range(after_ms // TRADE_MS + 1, until_ms // TRADE_MS + 1):
        yield _print(market, number)


def bar(market: Market, start_ms: int, end_ms: int) -> Bar:
    """Return what was traded from `start_ms` until before `end_ms`, at least one trade long."""
    first, last = -(-start_ms // TRADE_MS), -(-end_ms // TRADE_MS) - 1
    count = max(1, last - first + 1)
    whole, rest = divmod(count, _PATTERN)
    cycle = [_print(market, first + n) for n in range(min(count, _PATTERN))]
    volume = sum((p.qty for p in cycle[:rest]), Decimal(0))
    amount = sum((p.qty * p.px for p in cycle[:rest]), Decimal(0))
    if whole:
        volume += whole * sum((p.qty for p in cycle), Decimal(0))
        amount += whole * sum((p.qty * p.px for p in cycle), Decimal(0))
    return Bar(
        open_ms=start_ms,
        open=cycle[0].px,
        high=max(p.px for p in cycle),
        low=min(p.px for p in cycle),
        close=_print(market, first + count - 1).px,
        volume=volume,
        amount=amount,
        count=count,
    )


def opening(period: str, time_ms: int) -> int:
    """Return when the candle of that moment opened; weeks begin on Monday, months on the first."""
    if period == "1M":
        moment = datetime.fromtimestamp(time_ms // 1000, UTC)
        first = moment.replace(day=1, hour=0, minute=0, second=0)
        return int(first.timestamp()) * 1000
    if period == "1w":
        return time_ms - (time_ms - _MONDAY_MS) % PERIODS_MS[period]
    return time_ms - time_ms % PERIODS_MS[period]


def closing(period: str, open_ms: int) -> int:
    """Return when the candle that opened then is over."""
    if period == "1M":
        return opening(period, open_ms + 32 * 86_400_000)
    return open_ms + PERIODS_MS[period]


def _print(market: Market, number: int) -> Print:
    away = number * 7 % _PRICES - _PRICES // 2
    return Print(
        name=str(number),
        px=market.mid + away * market.tick,
        qty=market.step * (1 + number % _SIZES),
        maker="BUY" if number % 2 else "SELL",
        time_ms=number * TRADE_MS,
    )
