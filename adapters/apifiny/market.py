"""Apifiny's market data by REST ("Market Data"): no token, one request a second."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from adapters.apifiny import mapping, market_rows
from adapters.apifiny.access import Door
from adapters.documents import list_of
from oms.core.errors import NotSupported
from oms.core.market import Candle, OrderBook, PublicTrade, Ticker
from oms.core.venue import Instrument


class MarketQueries:
    """The market's part of the client."""

    _door: Door

    async def ticker(self, instrument: Instrument) -> Ticker:
        """GET /md/ticker/v1/SYMBOL/EXCHANGE/. NotSupported where the document has none."""
        exchange = self._demand_told(instrument)
        answer = await self._door.market(f"ticker/v1/{instrument.venue_symbol}/{exchange}/")
        return market_rows.ticker(answer, instrument.symbol, exchange)

    async def order_book(self, instrument: Instrument, depth: int | None = None) -> OrderBook:
        """GET /md/orderbook/v1/SYMBOL/EXCHANGE, cut to `depth` levels here."""
        exchange = instrument.security_exchange
        answer = await self._door.market(f"orderbook/v1/{instrument.venue_symbol}/{exchange}")
        return market_rows.order_book(answer, instrument.symbol, exchange, depth)

    async def trades(self, instrument: Instrument, limit: int | None = None) -> list[PublicTrade]:
        """GET /md/trade/v1/SYMBOL/EXCHANGE: the latest first, cut to `limit` here."""
        exchange = instrument.security_exchange
        answer = await self._door.market(f"trade/v1/{instrument.venue_symbol}/{exchange}")
        rows = list_of(answer, "trades")
        found = [market_rows.public_trade(row, instrument.symbol, exchange) for row in rows]
        found.sort(key=lambda trade: (trade.time is not None, trade.time), reverse=True)
        return found[:limit]

    async def candles(
        self,
        instrument: Instrument,
        period: str,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[Candle]:
        """GET /md/kline/v1/EXCHANGE/BASE/QUOTE/PERIOD: oldest first, the latest `limit` of them.

        Without times the venue gives the most recent ones. NotSupported for other periods and
        where the document has no candles.
        """
        exchange = self._demand_told(instrument)
        if period not in market_rows.PERIODS:
            offered = ", ".join(market_rows.PERIODS)
            raise NotSupported(f"no candles of {period}: there are {offered}")
        bounds = {"startTime": since, "endTime": until}
        query = "&".join(
            f"{name}={int(time.timestamp() * 1000)}" for name, time in bounds.items() if time
        )
        path = f"kline/v1/{exchange}/{instrument.base}/{instrument.quote}/{period}"
        answer = await self._door.market(path + (f"?{query}" if query else ""))
        rows = list_of(answer, "candles")
        found = [market_rows.candle(row, instrument.symbol, period, exchange) for row in rows]
        found.sort(key=lambda candle: candle.time)
        return found[-limit:] if limit else found

    async def best_prices(
        self, symbol: str, security_exchange: str
    ) -> tuple[Decimal | None, Decimal | None]:
        """Best bid and offer of the order book; `symbol` is the venue's."""
        answer = await self._door.market(f"orderbook/v1/{symbol}/{security_exchange}")
        return mapping.best_prices(answer)

    def _demand_told(self, instrument: Instrument) -> str:
        exchange = instrument.security_exchange
        if exchange not in self._door.account.candle_exchanges:
            raise NotSupported(f"no tickers and candles of {exchange}")
        return exchange
