"""The venue's markets and what is public about them.

Source: BtcTurk API document, sections "Ticker", "Order Book", "Trades", "OHCL Data" and "Pairs
Scale"; exchangeinfo and klines as the venue's clients read them. Prices are centred as
`adapters.matching.default_markets` says.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from adapters.btcturk.simulator.wire import plain, rounded, short
from adapters.matching import Market, MatchingEngine, Trade, default_markets
from oms.core.values import frozen

FIRST_TRADE: Final = 638_000_000_000_000_000
"""Ids of trades exceed 2**53, as the document's do."""

DAY_MS: Final = 86_400_000
NAMES: Final = {
    "TRY": "T\u00fcrk Liras\u0131",
    "BTC": "Bitcoin",
    "ETH": "Ethereum",
    "USDT": "Tether",
    "XRP": "Ripple",
}


@frozen
class Listing:
    """One market under BtcTurk's name for it; scales are digits behind the point."""

    number: int
    market: Market
    quantity_scale: int
    price_scale: int
    has_fraction: bool
    min_value: Decimal  # of an order, in quote currency

    @property
    def pair(self) -> str:
        """ "BTCTRY"."""
        return self.base + self.quote

    @property
    def normalized(self) -> str:
        """ "BTC_TRY"."""
        return f"{self.base}_{self.quote}"

    @property
    def base(self) -> str:
        """The venue's numerator."""
        return self.market.symbol.split("/")[0]

    @property
    def quote(self) -> str:
        """The venue's denominator."""
        return self.market.symbol.split("/")[1]

    @property
    def min_price(self) -> Decimal:
        """The lowest limit that an order may have now."""
        return self.market.mid / 10

    @property
    def max_price(self) -> Decimal:
        """The highest limit that an order may have now."""
        return self.market.mid * 10

    def info(self) -> dict[str, object]:
        """Return its entry in exchangeinfo; the scales are numbers, everything else as seen."""
        return {
            "id": self.number,
            "name": self.pair,
            "nameNormalized": self.normalized,
            "status": "TRADING",
            "numerator": self.base,
            "denominator": self.quote,
            "numeratorScale": self.quantity_scale,
            "denominatorScale": self.price_scale,
            "hasFraction": self.has_fraction,
            "filters": [
                {
                    "filterType": "PRICE_FILTER",
                    "minPrice": "0.0000000000001",
                    "maxPrice": "10000000",
                    "tickSize": plain(self.market.tick),
                    "minExchangeValue": plain(self.min_value),
                    "minAmount": None,
                    "maxAmount": None,
                }
            ],
            "orderMethods": ["MARKET", "LIMIT", "STOP_MARKET", "STOP_LIMIT"],
            "displayFormat": "#,###",
            "commissionFromNumerator": False,
            "order": 1000 + self.number,
            "priceRounding": False,
            "isNew": False,
            "marketPriceWarningThresholdPercentage": Decimal("0.25"),
            "maximumOrderAmount": None,
            "maximumLimitOrderPrice": self.max_price,
            "minimumLimitOrderPrice": self.min_price,
        }

    def ticker(self, engine: MatchingEngine, now_ms: int) -> dict[str, object]:
        """Return its entry in ticker; with no trades all prices are the middle, 0 no quote."""
        bids, asks = engine.book(self.market.symbol, 1)
        day = candle(self.market, self.trades(engine), now_ms - DAY_MS, now_ms + 1)
        change = day.close - day.open
        return {
            "pair": self.pair,
            "pairNormalized": self.normalized,
            "timestamp": now_ms,
            "last": day.close,
            "high": day.high,
            "low": day.low,
            "bid": bids[0][0] if bids else 0,
            "ask": asks[0][0] if asks else 0,
            "open": day.open,
            "volume": day.volume,
            "average": day.average,
            "daily": change,
            "dailyPercent": rounded(change / day.open * 100, 2),
            "denominatorSymbol": self.quote,
            "numeratorSymbol": self.base,
            "order": 1000 + self.number,
        }

    def order_book(self, engine: MatchingEngine, now_ms: int, depth: int) -> dict[str, object]:
        """Return the answer to orderbook: levels best first, as text."""
        bids, asks = engine.book(self.market.symbol, depth)
        return {
            "timestamp": now_ms,
            "bids": [[self.price(px), plain(qty)] for px, qty in bids],
            "asks": [[self.price(px), plain(qty)] for px, qty in asks],
        }

    def price(self, px: Decimal) -> str:
        """Write a price with the pair's digits."""
        return format(px, f".{self.price_scale}f")

    def trades(self, engine: MatchingEngine) -> list[Trade]:
        """Return what traded here, oldest first."""
        return [trade for trade in engine.trades if trade.symbol == self.market.symbol]

    def trade_row(self, trade: Trade) -> dict[str, object]:
        """Return one row of trades; the document does not say whose side: here the taker's."""
        return {
            "pair": self.pair,
            "pairNormalized": self.normalized,
            "numerator": self.base,
            "denominator": self.quote,
            "date": trade.time_ms,
            "tid": str(FIRST_TRADE + trade.trade_id),
            "price": self.price(trade.px),
            "amount": short(trade.qty),
            "side": "buy" if (trade.side == "BUY") == trade.taker else "sell",
        }

    def daily(self, engine: MatchingEngine, from_ms: int, to_ms: int) -> list[dict[str, object]]:
        """Return the rows of ohlcs of the days in between, the times in seconds."""
        trades = self.trades(engine)
        days = range(from_ms // DAY_MS * DAY_MS, to_ms, DAY_MS)
        return [self._day(candle(self.market, trades, day, day + DAY_MS)) for day in days]

    def _day(self, day: "Candle") -> dict[str, object]:
        return {
            "pair": self.pair,
            "time": day.from_ms // 1000,
            "open": day.open,
            "high": day.high,
            "low": day.low,
            "close": day.close,
            "volume": day.volume,
            "total": day.total,
            "average": day.average,
            "dailyChangeAmount": day.close - day.open,
            "dailyChangePercentage": rounded((day.close - day.open) / day.open * 100, 2),
        }


@frozen
class Candle:
    """What traded in one span of time; with no trades flat at the middle."""

    from_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    total: Decimal

    @property
    def average(self) -> Decimal:
        """The mean price."""
        return rounded(self.total / self.volume, 2) if self.volume else self.close


def candle(market: Market, trades: Iterable[Trade], from_ms: int, to_ms: int) -> Candle:
    """Return what traded at `from_ms` or later and before `to_ms`."""
    found = [trade for trade in trades if from_ms <= trade.time_ms < to_ms]
    prices = [trade.px for trade in found] or [market.mid]
    return Candle(
        from_ms=from_ms,
        open=prices[0],
        high=max(prices),
        low=min(prices),
        close=prices[-1],
        volume=sum((trade.qty for trade in found), Decimal(0)),
        total=sum((trade.qty * trade.px for trade in found), Decimal(0)),
    )


def listings() -> dict[str, Listing]:
    """Return the markets by pair.

    BTC/TRY has a tick of 10 with two digits printed and no fraction, as the venue has; XRP/TRY
    trades in finer portions than orders and lists are told in, so that its fills come rounded.
    """
    markets = {market.symbol: market for market in default_markets()}
    fine = Decimal("0.00000001")
    rows = (
        Listing(1, replace(markets["BTC/TRY"], tick=Decimal(10)), 8, 2, False, Decimal("99.91")),
        Listing(3, replace(markets["XRP/TRY"], tick=Decimal("0.01")), 4, 2, True, Decimal("9.99")),
        Listing(
            15, replace(markets["BTC/USDT"], tick=Decimal(1), step=fine), 8, 0, False, Decimal(10)
        ),
        Listing(
            16,
            replace(markets["ETH/USDT"], tick=Decimal("0.1"), step=fine),
            8,
            1,
            True,
            Decimal(10),
        ),
    )
    return {row.pair: row for row in rows}


def exchange_info(rows: Iterable[Listing], now_ms: int) -> dict[str, object]:
    """Return the answer to exchangeinfo."""
    return {
        "timeZone": "UTC",
        "serverTime": now_ms,
        "symbols": [row.info() for row in rows],
        "currencies": [
            {
                "id": number,
                "symbol": asset,
                "minWithdrawal": Decimal(50) if asset == "TRY" else Decimal("0.001"),
                "minDeposit": Decimal(10) if asset == "TRY" else Decimal("0.0001"),
                "precision": 2 if asset == "TRY" else 8,
                "currencyType": "FIAT" if asset == "TRY" else "CRYPTO",
                "name": name,
            }
            for number, (asset, name) in enumerate(NAMES.items(), 1)
        ],
        "currencyOperationBlocks": [
            {
                "currencySymbol": asset,
                "withdrawalDisabled": asset == "ETH",
                "depositDisabled": False,
            }
            for asset in NAMES
        ],
    }
