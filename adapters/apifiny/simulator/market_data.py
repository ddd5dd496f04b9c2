"""Market data on REST: no token, and no envelope around an answer ("Market Data")."""

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator.exchange import Exchange
from adapters.apifiny.simulator.instruments import Instrument
from adapters.apifiny.simulator.refusals import (
    NO_EXCHANGE,
    RATE,
    REQUEST,
    SYMBOL,
    Refusal,
    refusal,
)
from adapters.apifiny.simulator.switches import Switches
from adapters.apifiny.simulator.tape import PERIODS_MS, Bar, Print, bar, closing, opening, prints
from adapters.apifiny.simulator.wire import dumps
from adapters.matching import Trade
from adapters.simserver import SimRequest, SimResponse

MARKET_DATA: Final = "/md/"

REST_VENUES: Final = frozenset(
    {"BINANCE", "BINANCEUS", "COINBASEPRO", "HUOBI", "KUCOIN", "OKEX", "GATEIO"}
)
"""Where candles and tickers are told on REST."""

FEED_VENUES: Final = REST_VENUES - {"GATEIO"}
"""Where the feed tells trades, candles and tickers."""

RATE_PER_S: Final = 1

_DEPTH: Final = 20
_TRADES_MS: Final = 600_000  # how far back the list of trades goes
_CANDLES: Final = 100  # given where no time is asked for
_CANDLES_MAX: Final = 1_000
_DAY_MS: Final = 86_400_000


class MarketData:
    """What the market looks like, for REST and for the feed."""

    def __init__(self, exchange: Exchange, switches: Switches, speed: Decimal) -> None:
        self.throttled = 0
        self._exchange = exchange
        self._switches = switches
        self._rate = max(1, int(RATE_PER_S * speed))
        self._recent: deque[int] = deque()

    def answer(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Answer a request for a path below /md/."""
        parts = request.path.removeprefix(MARKET_DATA).rstrip("/").split("/")
        ask = self._question(parts)
        if ask is None:
            return SimResponse(404, b"Not Found")
        if request.method != "GET":
            return SimResponse(405, b"Method Not Allowed")
        try:
            self._demand_rate(now_ms)
            text = dumps(ask(parts[2:], request.query, now_ms))
        except Refusal as no:
            text = dumps({"result": None, "error": {"code": no.code, "message": no.message}})
        return SimResponse(200, text.encode(), {"content-type": "application/json"})

    def demand_message(self, recent: deque[int], now_ms: int) -> None:
        """Raise Refusal if a connection to the feed asks too often; `recent` is its own memory."""
        self._demand(recent, now_ms)

    def instrument(self, venue: str, symbol: str, only: frozenset[str] | None = None) -> Instrument:
        """Return the market; raises Refusal if it is not told of there."""
        if venue not in self._exchange.engines or (only is not None and venue not in only):
            raise refusal(NO_EXCHANGE)
        if symbol not in self._exchange.instruments:
            raise refusal(SYMBOL)
        return self._exchange.instruments[symbol]

    def book(self, venue: str, symbol: str, now_ms: int) -> dict[str, object]:
        """Return the order book."""
        market = self.instrument(venue, symbol).market
        bids, asks = self._exchange.engines[venue].book(market.symbol, _DEPTH)
        return {
            "symbol": symbol,
            "updatedAt": now_ms,
            "asks": [list(level) for level in asks],
            "bids": [list(level) for level in bids],
        }

    def trades(
        self, venue: str, symbol: str, after_ms: int, now_ms: int, only: frozenset[str] | None
    ) -> list[dict[str, object]]:
        """Return the trades since, newest first; `side` is the maker's.

        The account's own are among them, and not in tickers and candles.
        """
        market = self.instrument(venue, symbol, only).market
        own = self._exchange.engines[venue].trades
        found = list(prints(market, after_ms, now_ms))
        found += [
            Print(f"own-{trade.trade_id}", trade.px, trade.qty, _maker(trade), trade.time_ms)
            for trade in own
            if trade.symbol == market.symbol and after_ms < trade.time_ms <= now_ms
        ]
        found.sort(key=lambda one: one.time_ms, reverse=True)
        return [
            {
                "symbol": symbol,
                "provider": venue,
                "price": one.px,
                "qty": one.qty,
                "side": one.maker,
                "tradeTime": one.time_ms,
                "exchangeID": one.name,
                "updateTime": one.time_ms,
            }
            for one in found
        ]

    def candle(
        self, venue: str, instrument: Instrument, period: str, at_ms: int
    ) -> dict[str, object]:
        """Return the candle of that moment, open or over."""
        open_ms = opening(period, at_ms)
        told = bar(instrument.market, open_ms, min(closing(period, open_ms), at_ms + 1))
        return _candle_row(told, venue, instrument, period)

    def ticker(
        self, venue: str, symbol: str, now_ms: int, only: frozenset[str]
    ) -> dict[str, object]:
        """Return the last 24 hours."""
        instrument = self.instrument(venue, symbol, only)
        day = bar(instrument.market, now_ms - _DAY_MS, now_ms)
        return {
            "symbol": symbol,
            "open": day.open,
            "high": day.high,
            "low": day.low,
            "close": day.close,
            "vol": day.volume,
            "amount": day.amount,
            "count": day.count,
            "provider": venue,
            "tickerTime": now_ms,
            "updateAt": now_ms,
        }

    def _question(self, parts: list[str]) -> Callable[[list[str], str, int], object] | None:
        known: dict[tuple[str, int], Callable[[list[str], str, int], object]] = {
            ("orderbook", 4): lambda asked, _, now: self.book(asked[1], asked[0], now),
            ("trade", 4): lambda asked, _, now: self.trades(
                asked[1], asked[0], now - _TRADES_MS, now, None
            ),
            ("ticker", 4): lambda asked, _, now: self.ticker(asked[1], asked[0], now, REST_VENUES),
            ("kline", 6): self._candles,
        }
        return known.get((parts[0], len(parts))) if parts[1:2] == ["v1"] else None

    def _candles(self, asked: list[str], query: str, now_ms: int) -> list[dict[str, object]]:
        venue, base, quote, period = asked
        instrument = self.instrument(venue, f"{base}{quote}", REST_VENUES)
        if period not in PERIODS_MS:
            raise refusal(REQUEST, "period")
        start_ms, end_ms = _span(query, now_ms)
        rows: list[dict[str, object]] = []
        at_ms = end_ms
        while len(rows) < (_CANDLES if start_ms is None else _CANDLES_MAX):
            open_ms = opening(period, at_ms)
            if start_ms is not None and open_ms < start_ms:
                break
            rows.append(self.candle(venue, instrument, period, at_ms))
            at_ms = open_ms - 1
        return rows[::-1]

    def _demand_rate(self, now_ms: int) -> None:
        self._demand(self._recent, now_ms)

    def _demand(self, recent: deque[int], now_ms: int) -> None:
        while recent and recent[0] <= now_ms - 1000:
            recent.popleft()
        if len(recent) >= self._rate or self._switches.take("throttle"):
            self.throttled += 1
            raise refusal(RATE)
        recent.append(now_ms)


def _maker(trade: Trade) -> str:
    return trade.side if not trade.taker else {"BUY": "SELL", "SELL": "BUY"}[trade.side]


def _candle_row(told: Bar, venue: str, instrument: Instrument, period: str) -> dict[str, object]:
    return {
        "currencyPair": instrument.market.symbol,
        "period": period,
        "open": told.open,
        "high": told.high,
        "low": told.low,
        "close": told.close,
        "vol": told.volume,
        "count": told.count,
        "timestamp": told.open_ms,
        "exchange": venue,
    }


def _span(query: str, now_ms: int) -> tuple[int | None, int]:
    """Return the span asked for; without a start, the most recent candles are meant."""
    asked = dict(part.partition("=")[::2] for part in query.split("&") if part)
    if not all(value.isascii() and value.isdigit() for value in asked.values()):
        raise refusal(REQUEST, "startTime")
    start, end = asked.get("startTime"), asked.get("endTime")
    return (None if start is None else int(start)), min(now_ms, int(end) if end else now_ms)
