"""The venue's markets and what is public about them.

Source: ANDX API document, section "Public Endpoints". Decimals and minimum amounts are those of
its samples; prices are centred as `adapters.matching.default_markets` says.
"""

from decimal import Decimal
from typing import Final

from adapters.andx.simulator.wire import epoch_seconds, fixed
from adapters.matching import Market, MatchingEngine, Trade, default_markets
from oms.core.values import frozen

DEPTH: Final = 20
"""Price levels shown on each side, and transactions shown; the document states neither."""

_DAY_MS: Final = 86_400_000


@frozen
class Listing:
    """One market under ANDX's name for it."""

    market: Market
    minimum: Decimal  # of an order's volume, in base currency
    base_decimals: int
    counter_decimals: int

    @property
    def code(self) -> str:
        """ANDX's market_code, "BTCTRY"."""
        return self.base + self.counter

    @property
    def base(self) -> str:
        """The currency of volumes."""
        return self.market.symbol.split("/")[0]

    @property
    def counter(self) -> str:
        """The currency of prices."""
        return self.market.symbol.split("/")[1]

    def info(self) -> dict[str, object]:
        """Return its entry in market_info."""
        return {
            "market_code": self.code,
            "url_symbol": self.code.lower(),
            "base_currency": self.base,
            "counter_currency": self.counter,
            "minimum_order_amount": fixed(self.minimum, self.base_decimals),
            "base_currency_decimal": self.base_decimals,
            "counter_currency_decimal": self.counter_decimals,
        }

    def volume(self, value: Decimal) -> str:
        """Write a volume."""
        return fixed(value, self.base_decimals)

    def price(self, value: Decimal) -> str:
        """Write a price or an amount of the counter currency."""
        return fixed(value, self.counter_decimals)

    def ticker(self, engine: MatchingEngine, now_ms: int) -> dict[str, object]:
        """Return its entry in ticker; with no trades all prices are the middle, 0 no quote."""
        bids, asks = engine.book(self.market.symbol, 1)
        trades = _trades_of_day(engine, self.market.symbol, now_ms)
        volume = sum((trade.qty for trade in trades), Decimal(0))
        prices = [trade.px for trade in trades] or [self.market.mid]
        average = sum(trade.qty * trade.px for trade in trades) / volume if volume else prices[0]
        return {
            "market": {
                "market_code": self.code,
                "base_currency_code": self.base,
                "counter_currency_code": self.counter,
            },
            "bid": self.price(bids[0][0] if bids else Decimal(0)),
            "ask": self.price(asks[0][0] if asks else Decimal(0)),
            "last_price": self.price(prices[-1]),
            "last_size": self.volume(trades[-1].qty if trades else Decimal(0)),
            "volume_24h": self.volume(volume),
            "change_24h": fixed((prices[-1] / prices[0] - 1) * 100, 2),
            "low_24h": self.price(min(prices)),
            "high_24h": self.price(max(prices)),
            "avg_24h": self.price(average),
            "timestamp": epoch_seconds(now_ms),
        }

    def order_book(self, engine: MatchingEngine, now_ms: int) -> dict[str, object]:
        """Return the answer to order_book: levels best first, transactions newest first."""
        bids, asks = engine.book(self.market.symbol, DEPTH)
        trades = _trades_of_day(engine, self.market.symbol, now_ms)
        return {
            "market_code": self.code,
            "ticker": self.ticker(engine, now_ms),
            "buyers": [self._level(*level) for level in bids],
            "sellers": [self._level(*level) for level in asks],
            "last_transactions": [self._transaction(trade) for trade in trades[: -DEPTH - 1 : -1]],
            "timestamp": epoch_seconds(now_ms),
        }

    def _level(self, px: Decimal, qty: Decimal) -> dict[str, str]:
        return {"orders_total_amount": self.volume(qty), "orders_price": self.price(px)}

    def _transaction(self, trade: Trade) -> dict[str, str]:
        # the document does not say whose side `type` is: here the taker's
        bought = (trade.side == "BUY") == trade.taker
        return {
            "amount": self.volume(trade.qty),
            "price": self.price(trade.px),
            "time": epoch_seconds(trade.time_ms),
            "type": "B" if bought else "S",
        }


def listings() -> dict[str, Listing]:
    """Return the markets by market_code."""
    markets = {market.symbol: market for market in default_markets()}
    rows = (
        Listing(markets["BTC/TRY"], Decimal("0.0001"), 8, 2),
        Listing(markets["XRP/TRY"], Decimal("0.5"), 8, 4),
    )
    return {row.code: row for row in rows}


def _trades_of_day(engine: MatchingEngine, symbol: str, now_ms: int) -> list[Trade]:
    since_ms = now_ms - _DAY_MS
    return [t for t in engine.trades if t.symbol == symbol and t.time_ms > since_ms]
