"""Cryptex's public pages, off unless the configuration asks for them.

The API document has none. What is read here is what third parties that collect prices read:
`/<base>_<quote>/ticker`, `/orderbook` and `/trades` below the API's URL, and `/tickers`.
"""

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal

from adapters.cryptex import mapping
from adapters.cryptex.client import CryptexClient
from adapters.documents import Row, integer_in, list_of, number_in, optional_number_in, row_of
from oms.core.errors import MalformedMessage
from oms.core.market import Level, OrderBook, PublicTrade, Ticker
from oms.core.venue import Instrument


class CryptexMarketClient(CryptexClient):
    """A client that reads the public pages too."""

    async def ticker(self, instrument: Instrument) -> Ticker:
        """The last day's prices of one market; the page has neither bid nor ask."""
        return _ticker(await self._market(instrument.venue_symbol, "ticker"), instrument.symbol)

    async def tickers(self) -> list[Ticker]:
        """The same of all markets of the configuration."""
        told = row_of(await self._door.page("tickers"), "data")
        ours = {one.venue_symbol.lower(): one.symbol for one in await self.instruments()}
        return [
            _ticker(row, ours[pair.lower()]) for pair, row in told.items() if pair.lower() in ours
        ]

    async def order_book(self, instrument: Instrument, depth: int | None = None) -> OrderBook:
        """Both sides, best price first, at most `depth` levels of each."""
        row = row_of(await self._market(instrument.venue_symbol, "orderbook"), "data")
        bids = sorted(_levels(row, "bids"), key=lambda level: level.price, reverse=True)
        asks = sorted(_levels(row, "asks"), key=lambda level: level.price)
        return OrderBook(
            symbol=instrument.symbol, bids=tuple(bids[:depth]), asks=tuple(asks[:depth])
        )

    async def trades(
        self, instrument: Instrument, limit: int | None = None
    ) -> Sequence[PublicTrade]:
        """The latest trades, the newest first; the page does not say who was the aggressor."""
        rows = list_of(await self._market(instrument.venue_symbol, "trades"), "data")
        found = [_trade(row_of(row, "trade"), instrument.symbol) for row in rows]
        found.sort(key=lambda trade: int(trade.trade_id), reverse=True)
        return found[:limit]

    async def best_prices(
        self, symbol: str, security_exchange: str
    ) -> tuple[Decimal | None, Decimal | None]:
        """Best bid and offer of a market, by either spelling; None for an empty side."""
        for one in await self.instruments():
            if symbol in (one.symbol, one.venue_symbol):
                book = await self.order_book(one, 1)
                bid, offer = (side[0].price if side else None for side in (book.bids, book.asks))
                return bid, offer
        raise MalformedMessage(f"no market {symbol}")

    async def _market(self, pair: str, what: str) -> object:
        return await self._door.page(f"{pair.lower()}/{what}")


def _ticker(told: object, symbol: str) -> Ticker:
    row = row_of(told, "ticker")
    return Ticker(
        symbol=symbol,
        last=optional_number_in(row, "last"),
        high=optional_number_in(row, "high"),
        low=optional_number_in(row, "low"),
        quote_volume=optional_number_in(row, "volume"),  # third parties divide it by the price
    )


def _levels(row: Row, side: str) -> list[Level]:
    found = []
    for pair in list_of(row.get(side), side):
        if not isinstance(pair, list) or len(pair) != 2:
            raise MalformedMessage(f"{side}: price and amount are wanted")
        level = {"price": pair[0], "amount": pair[1]}
        found.append(Level(number_in(level, "price"), number_in(level, "amount")))
    return found


def _trade(row: Row, symbol: str) -> PublicTrade:
    return PublicTrade(
        symbol=symbol,
        price=number_in(row, "price"),
        qty=number_in(row, "amount"),
        trade_id=mapping.number_of(row, "tid"),
        time=mapping.instant(integer_in(row, "date"), UTC),
    )
