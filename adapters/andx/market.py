"""ANDX's market data: tickers, order books, and the public trades that come with a book.

Source: the ANDX API document, section "Public Endpoints". No candles, no clock.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from adapters.andx import market_rows
from adapters.documents import Row
from oms.core.market import OrderBook, PublicTrade, Ticker
from oms.core.venue import Instrument


class MarketQueries:
    """The market's part of the client."""

    _public: Callable[[str], Awaitable[Row]]

    async def ticker(self, instrument: Instrument) -> Ticker:
        """GET ticker/<CODE>/."""
        document = await self._public(f"ticker/{_code(instrument)}/")
        return market_rows.ticker(document.get("ticker"), instrument)

    async def tickers(self) -> list[Ticker]:
        """GET ticker/: every market's."""
        return market_rows.tickers(await self._public("ticker/"))

    async def order_book(self, instrument: Instrument, depth: int | None = None) -> OrderBook:
        """GET order_book/<CODE>/, cut to `depth` levels here; how deep it is, is not documented."""
        document = await self._public(f"order_book/{_code(instrument)}/")
        return market_rows.order_book(document, instrument, depth)

    async def trades(self, instrument: Instrument, limit: int | None = None) -> list[PublicTrade]:
        """The last transactions of order_book/<CODE>/, latest first, cut to `limit` here."""
        document = await self._public(f"order_book/{_code(instrument)}/")
        return market_rows.trades(document, instrument)[:limit]


def _code(instrument: Instrument) -> str:
    return quote(instrument.venue_symbol, safe="")
