"""BtcTurk's markets: pairs, currencies, tickers, books, trades and candles, by REST.

Source: BtcTurk API document, sections "Public Endpoints" and "Communicating Directly with HTTP
EndPoints". What the feed's host mirrors can be read there instead (`market_from = "feed"`).
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from adapters.btcturk import feed_mapping, market_mapping
from adapters.btcturk.account import AccountCalls
from adapters.documents import instant_of_ms, list_of, row_of
from oms.core.errors import MalformedMessage, NotSupported, VenueRefused
from oms.core.market import Candle, Currency, OrderBook, PublicTrade, Ticker
from oms.core.venue import Instrument

TRADES_MAX: Final = 50
BOOK_MAX: Final = 1_000
CANDLES_DEFAULT: Final = 100

Told = TypeVar("Told", Ticker, PublicTrade)

_log = logging.getLogger(__name__)


class MarketCalls(AccountCalls):
    """What anybody may ask."""

    _listed: tuple[Instrument, ...] = ()
    _names: Mapping[str, str] = market_mapping.PRINTED_NAMES

    async def instruments(self) -> tuple[Instrument, ...]:
        """GET server/exchangeinfo: all pairs. One that can not be read is left out, and logged.

        A venue that does not have it has the pairs that its document prints.
        """
        try:
            told = row_of(await self._door.public("server/exchangeinfo"), "exchangeinfo")
        except VenueRefused as error:
            _log.warning("the pairs of BtcTurk are those of its document: %s", error)
            return market_mapping.PRINTED
        found: list[Instrument] = []
        for row in list_of(told.get("symbols"), "symbols"):
            try:
                found.append(market_mapping.instrument(row))
            except MalformedMessage as error:
                _log.warning("a pair of BtcTurk is left out: %s", error)
        self._listed = tuple(found)
        self._names = {one.venue_symbol: one.symbol for one in found}
        return self._listed

    async def currencies(self) -> Sequence[Currency]:
        """GET server/exchangeinfo: all assets."""
        told = row_of(await self._door.public("server/exchangeinfo"), "exchangeinfo")
        return market_mapping.currencies(told)

    async def server_time(self) -> datetime:
        """GET server/time."""
        return instant_of_ms(await self._door.server_ms())

    async def ping(self) -> None:
        """GET server/ping: whether somebody is there. Raises VenueError."""
        await self._door.bare(f"{self._door.account.base_url}/api/v2/server/ping")

    async def ticker(self, instrument: Instrument) -> Ticker:
        """GET ticker of one pair: a list all the same. Or the feed's mirror."""
        pair = instrument.venue_symbol
        if self._mirrors:
            row = await self._mirror(f"ticker/pair/{pair}")
            found = feed_mapping.ticker(row_of(row, "ticker"))
        else:
            rows = await self._door.public("ticker", {"pairSymbol": pair}, "ticker")
            (row,) = list_of(rows, "ticker") if len(list_of(rows, "ticker")) == 1 else (None,)
            found = market_mapping.ticker(row_of(row, "ticker"))
        return _of(found, instrument)

    async def tickers(self, quote: str = "") -> Sequence[Ticker]:
        """GET ticker of all pairs, or ticker/currency of those quoted in one. Or the mirror."""
        if self._mirrors:
            rows = list_of(await self._mirror("ticker/all"), "tickers")
            found = [feed_mapping.ticker(row_of(row, "ticker")) for row in rows]
        else:
            path, query = ("ticker/currency", {"symbol": quote}) if quote else ("ticker", {})
            rows = list_of(await self._door.public(path, query, "ticker"), "tickers")
            found = [market_mapping.ticker(row_of(row, "ticker")) for row in rows]
        return [one for one in found if not quote or one.symbol.endswith(f"/{quote}")]

    async def order_book(self, instrument: Instrument, depth: int | None = None) -> OrderBook:
        """GET orderbook, at most 1000 levels a side. Or the feed's mirror, as deep as it is."""
        pair = instrument.venue_symbol
        if self._mirrors:
            told = row_of(await self._mirror(f"orderbook/{pair}"), "book")
            return feed_mapping.order_book(told, instrument, depth)
        query: dict[str, Any] = {"pairSymbol": pair}
        if depth is not None:
            query["limit"] = min(depth, BOOK_MAX)
        told = row_of(await self._door.public("orderbook", query, "orderbook"), "book")
        return market_mapping.order_book(told, instrument, depth)

    async def trades(
        self, instrument: Instrument, limit: int | None = None
    ) -> Sequence[PublicTrade]:
        """GET trades, newest first, at most 50. Or the feed's mirror."""
        pair, count = instrument.venue_symbol, min(limit or TRADES_MAX, TRADES_MAX)
        if self._mirrors:
            rows = list_of(await self._mirror(f"trade/last/{pair}/{count}"), "trades")
            return [feed_mapping.public_trade(row_of(row, "trade"), instrument) for row in rows]
        query = {"pairSymbol": pair, "last": count}
        told = await self._door.public("trades", query, "trades")
        found = [
            market_mapping.public_trade(row_of(row, "trade")) for row in list_of(told, "trades")
        ]
        return [_of(trade, instrument) for trade in found]

    async def candles(
        self,
        instrument: Instrument,
        period: str,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[Candle]:
        """GET klines/history of the charts host, oldest first; daily ones from `daily_candles_from`.

        Raises NotSupported for a period that the venue does not have.
        """
        if period not in market_mapping.RESOLUTIONS:
            raise NotSupported(f"BtcTurk has no candles of {period}")
        source = self._door.account.daily_candles_from if period == "1d" else "klines"
        from_s, to_s = await self._span(period, since, until, limit)
        read = {"klines": self._klines, "ohlcs": self._ohlcs, "ohlc": self._ohlc}[source]
        found = await read(instrument, period, from_s, to_s)
        inside = [row for row in found if from_s <= int(row.time.timestamp()) <= to_s]
        inside.sort(key=lambda row: row.time)
        return inside if limit is None else inside[-limit:]

    # Candles

    async def _span(
        self, period: str, since: datetime | None, until: datetime | None, limit: int | None
    ) -> tuple[int, int]:
        to_s = int((until or await self.server_time()).timestamp())
        if since is not None:
            return int(since.timestamp()), to_s
        return to_s - market_mapping.SECONDS[period] * (limit or CANDLES_DEFAULT), to_s

    async def _klines(
        self, instrument: Instrument, period: str, from_s: int, to_s: int
    ) -> list[Candle]:
        query = {
            "symbol": instrument.venue_symbol,
            "resolution": market_mapping.RESOLUTIONS[period],
            "from": from_s,
            "to": to_s,
        }
        url = f"{self._door.account.graph_url}/v1/klines/history"
        told = row_of(await self._door.bare(url, query, "charts"), "klines")
        return market_mapping.klines(told, instrument.symbol, period)

    async def _ohlcs(
        self, instrument: Instrument, period: str, from_s: int, to_s: int
    ) -> list[Candle]:
        query = {"pair": instrument.venue_symbol, "from": from_s, "to": to_s}
        url = f"{self._door.account.graph_url}/v1/ohlcs"
        rows = list_of(await self._door.bare(url, query, "charts"), "ohlcs")
        return [market_mapping.daily(row_of(row, "candle"), instrument.symbol) for row in rows]

    async def _ohlc(
        self, instrument: Instrument, period: str, from_s: int, to_s: int
    ) -> list[Candle]:
        days = (to_s - from_s) // market_mapping.SECONDS["1d"] + 2
        query = {"pairSymbol": instrument.venue_symbol, "last": days}
        rows = list_of(await self._door.public("ohlc", query), "ohlc")
        return [market_mapping.daily(row_of(row, "candle"), instrument.symbol) for row in rows]

    # What pairs are called

    async def _known(self) -> tuple[Instrument, ...]:
        """The pairs, read once."""
        return self._listed or await self.instruments()

    async def _symbols(self) -> Mapping[str, str]:
        """BASE/QUOTE by pair."""
        await self._known()
        return self._names

    @property
    def _mirrors(self) -> bool:
        return self._door.account.market_from == "feed"

    async def _mirror(self, path: str) -> Any:
        return await self._door.bare(f"{self._door.account.mirror_url}/{path}")


def _of(told: Told, instrument: Instrument) -> Told:
    if told.symbol != instrument.symbol:
        raise MalformedMessage(f"asked for {instrument.symbol}, got {told.symbol}")
    return told
