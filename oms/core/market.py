"""What venues tell of their markets, as values: tickers, books, trades, candles, currencies.

Prices in quote units, quantities in base units unless a field says otherwise. Times are aware UTC.
None stands for what a venue does not tell.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from oms.core.fields import Side
from oms.core.values import frozen
from oms.core.venue import Instrument

PERIODS: Final = ("1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1M", "1y")
"""Lengths of candles; `m` is a minute, `M` a month. A venue offers some of them."""

TopicKind = Literal["ticker", "order_book", "trades", "candles", "balances"]
"""What can be watched."""


@frozen(kw_only=True)
class Ticker:
    """A market at one moment; the figures but bid and ask are of the venue's last 24 hours."""

    symbol: str
    bid: Decimal | None = None
    """None: nobody bids, or the venue does not tell."""
    ask: Decimal | None = None
    last: Decimal | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal | None = None
    """In base units."""
    quote_volume: Decimal | None = None
    time: datetime | None = None
    security_exchange: str = ""


@frozen
class Level:
    """One price of a book and what stands there."""

    price: Decimal
    qty: Decimal


@frozen(kw_only=True)
class OrderBook:
    """Both sides of a market, best price first."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    time: datetime | None = None
    security_exchange: str = ""


@frozen(kw_only=True)
class PublicTrade:
    """A trade between anybody. `side` is the aggressor's."""

    symbol: str
    price: Decimal
    qty: Decimal
    trade_id: str = ""
    side: Side | None = None
    time: datetime | None = None
    security_exchange: str = ""


@frozen(kw_only=True)
class Candle:
    """What was traded in one period, one of PERIODS, that began at `time`."""

    symbol: str
    period: str
    time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None
    """In base units."""
    security_exchange: str = ""


@frozen(kw_only=True)
class Currency:
    """An asset at a venue; amounts in its own units."""

    asset: str
    name: str = ""
    precision: int | None = None
    """Decimals of an amount."""
    can_deposit: bool | None = None
    can_withdraw: bool | None = None
    min_withdrawal: Decimal | None = None
    max_withdrawal: Decimal | None = None
    withdrawal_fee: Decimal | None = None


@frozen
class Topic:
    """What somebody watches: `instrument` is None for balances, `period` one of PERIODS for candles."""

    kind: TopicKind
    instrument: Instrument | None = None
    period: str = ""
