"""Bitexbit's market data over REST.

Sources: the Bitexbit API v1 document, sections "Currencies", "Get orderbook", "List all exchanges"
and "Charts". There is no ticker: it is made of the book's best prices and the last exchange.
"""

from datetime import datetime
from decimal import Decimal

from adapters.bitexbit import mapping
from adapters.bitexbit.door import Account, Door
from adapters.documents import list_of
from oms.core.errors import MalformedMessage, NotSupported
from oms.core.market import Candle, Currency, OrderBook, PublicTrade, Ticker
from oms.core.venue import Instrument


class Markets:
    """Queries that anybody can make."""

    def __init__(self, account: Account, door: Door) -> None:
        self._account = account
        self._door = door

    async def currencies(self) -> list[Currency]:
        """GET currencies/."""
        rows = list_of(await self._door.ask("v1/currencies/"), "currencies")
        return [mapping.currency(row) for row in rows]

    async def order_book(self, instrument: Instrument, depth: int | None = None) -> OrderBook:
        """GET orderbook/<pair>/, summed by price; `depth` prices a side, None for all."""
        limits: dict[str, str] = {}
        if depth is not None:
            for names in mapping.BOOK_LIMITS[self._account.book_limit_params]:
                limits.update(dict.fromkeys(names, str(depth)))
        path = f"v1/orderbook/{instrument.venue_symbol}/"
        book = mapping.order_book(
            await self._door.ask(path, group="1", **limits), instrument.symbol
        )
        return OrderBook(symbol=book.symbol, bids=book.bids[:depth], asks=book.asks[:depth])

    async def best_prices(
        self, symbol: str, security_exchange: str = ""
    ) -> tuple[Decimal | None, Decimal | None]:
        """The best bid and offer of BASE/QUOTE or a pair, None for an empty side."""
        pair = mapping.pair_of(symbol)
        instrument = Instrument(symbol=symbol, venue_symbol=pair, tick=Decimal(1), step=Decimal(1))
        book = await self.order_book(instrument, 1)
        bid = book.bids[0].price if book.bids else None
        offer = book.asks[0].price if book.asks else None
        return bid, offer

    async def ticker(self, instrument: Instrument) -> Ticker:
        """The best prices and the last exchange; the venue tells no figures of a day."""
        bid, ask = await self.best_prices(instrument.symbol)
        last = await self.trades(instrument, 1)
        return Ticker(
            symbol=instrument.symbol, bid=bid, ask=ask, last=last[0].price if last else None
        )

    async def trades(self, instrument: Instrument, limit: int | None = None) -> list[PublicTrade]:
        """GET exchanges/: the newest first, 100 unless `limit` says otherwise."""
        asked = {"pair": instrument.venue_symbol}
        if limit is not None:
            asked["limit"] = str(limit)
        rows = list_of(await self._door.ask("v1/exchanges/", **asked), "exchanges")
        found = [mapping.public_trade(row) for row in rows]
        if any(trade.symbol != instrument.symbol for trade in found):
            raise MalformedMessage("exchanges/: exchanges of another pair")
        return found

    async def candles(
        self,
        instrument: Instrument,
        period: str,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Candle]:
        """GET /api/charts/<pair>/<type>/chart, 720 unless `limit` says otherwise, oldest first."""
        kind = mapping.CHARTS.get(period)
        if kind is None:
            raise NotSupported(f"candles of {', '.join(mapping.CHARTS)}, not of {period}")
        asked: dict[str, str] = {}
        if limit is not None:
            asked["limit"] = str(limit)
        for name, time in (("since", since), ("until", until)):
            if time is not None:
                asked[name] = str(int(time.timestamp()))
        path = f"charts/{instrument.venue_symbol}/{kind}/chart"
        rows = list_of(await self._door.ask(path, **asked), "chart")
        found = [mapping.candle(row, instrument.symbol, period) for row in rows]
        return sorted(found, key=lambda candle: candle.time)
