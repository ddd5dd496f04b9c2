"""Markets: asked for, in ccxt's words."""

from typing import Any

from oms.ccxt import tidings
from oms.ccxt.base import Base
from oms.ccxt.errors import error, translated
from oms.ccxt.figures import instant, milliseconds
from oms.ccxt.structures import Struct
from oms.door import Row


class MarketData(Base):
    """Looks at markets."""

    async def fetch_ticker(self, symbol: str, params: Row | None = None) -> Struct:
        """A market at this moment."""
        market = await self._market(symbol)
        with translated(self.id):
            told = await self.door.ticker(
                self.route, market["symbol"], exchange=self.security_exchange
            )
        return tidings.ticker(told, self._figures)

    async def fetch_tickers(
        self, symbols: list[str] | None = None, params: Row | None = None
    ) -> dict[str, Struct]:
        """Markets at this moment by their symbols; one by one where the venue has no list."""
        await self.load_markets()
        wanted = [self.market(symbol)["symbol"] for symbol in symbols or self.symbols or ()]
        if self.has["fetchTickers"] == "emulated":
            return {symbol: await self.fetch_ticker(symbol) for symbol in wanted}
        with translated(self.id):
            told = await self.door.tickers(self.route)
        here = {t.symbol: t for t in told if t.security_exchange in ("", self.security_exchange)}
        return {
            symbol: tidings.ticker(here[symbol], self._figures)
            for symbol in wanted
            if symbol in here
        }

    async def fetch_order_book(
        self, symbol: str, limit: int | None = None, params: Row | None = None
    ) -> Struct:
        """Both sides of a market, at most `limit` prices each."""
        market = await self._market(symbol)
        with translated(self.id):
            told = await self.door.order_book(
                self.route, market["symbol"], limit, exchange=self.security_exchange
            )
        return tidings.order_book(told, self._figures, limit)

    async def fetch_l2_order_book(
        self, symbol: str, limit: int | None = None, params: Row | None = None
    ) -> Struct:
        """The same."""
        return await self.fetch_order_book(symbol, limit)

    async def fetch_trades(
        self,
        symbol: str,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """The latest trades of a market, oldest first."""
        market = await self._market(symbol)
        asked = limit if since is None else None
        with translated(self.id):
            told = await self.door.trades(
                self.route, market["symbol"], asked, exchange=self.security_exchange
            )
        rows = [tidings.public_trade(trade, self._figures) for trade in told]
        return tidings.latest(rows, since, limit)

    async def fetch_ohlcv(
        self,
        symbol: str,
        timeframe: str = "1m",
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[list[Any]]:
        """Candles as rows of time, open, high, low, close, volume, oldest first."""
        market = await self._market(symbol)
        self._demand_timeframe(timeframe)
        with translated(self.id):
            told = await self.door.candles(
                self.route,
                market["symbol"],
                timeframe,
                since=instant(since),
                limit=limit,
                exchange=self.security_exchange,
            )
        rows = sorted(tidings.ohlcv(candle, self._figures) for candle in told)
        if since is not None:
            rows = [row for row in rows if row[0] >= int(since)][:limit]
        return rows if limit is None else rows[max(0, len(rows) - limit) :]

    async def fetch_time(self, params: Row | None = None) -> int | None:
        """What the venue's clock shows, in milliseconds since 1970."""
        with translated(self.id):
            told = await self.door.server_time(self.route)
        return milliseconds(told)

    async def fetch_currencies(self, params: Row | None = None) -> dict[str, Struct]:
        """The assets by their codes; kept as `currencies`."""
        with translated(self.id):
            told = await self.door.currencies(self.route)
        found = {one.asset: tidings.currency(one, self._figures) for one in told}
        self.currencies |= found
        return found

    async def fetch_trading_fees(self, params: Row | None = None) -> dict[str, Struct]:
        """What trades cost, by symbol."""
        await self.load_markets()
        with translated(self.id):
            told = await self.door.fees(self.route, exchange=self.security_exchange)
        general = next((rate for rate in told if not rate.symbol), None)
        of = {rate.symbol: rate for rate in told if rate.symbol}
        rates = {symbol: of.get(symbol, general) for symbol in self.symbols or ()}
        return {
            symbol: tidings.trading_fee(rate, symbol, self._figures)
            for symbol, rate in rates.items()
            if rate is not None
        }

    async def fetch_trading_fee(self, symbol: str, params: Row | None = None) -> Struct:
        """What a trade of that market costs."""
        market = await self._market(symbol)
        with translated(self.id):
            told = await self.door.fees(
                self.route, market["symbol"], exchange=self.security_exchange
            )
        rates = sorted((r for r in told if r.symbol in ("", market["symbol"])), key=_is_general)
        if not rates:
            raise error("NotSupported", f"{self.id} tells no fees of {symbol}")
        return tidings.trading_fee(rates[0], market["symbol"], self._figures)

    def _demand_timeframe(self, timeframe: str) -> None:
        if timeframe not in self.timeframes:
            offered = ", ".join(self.timeframes)
            raise error("BadRequest", f"{self.id} timeframe {timeframe!r} is none of {offered}")


def _is_general(rate: Any) -> bool:
    return not rate.symbol
