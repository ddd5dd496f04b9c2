"""Apifiny's market feed: books, trades, candles and tickers of what is wanted, and of nothing else.

Source: the Apifiny Connect API document of 08/03/21, section "Websocket API", "Market Data".
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from adapters.apifiny import errors, market_rows
from adapters.apifiny.access import Account, market_claims, token
from adapters.apifiny.connections import Connections
from adapters.apifiny.errors import Operation, Verdict
from adapters.budget import Budget
from adapters.documents import Row, list_of, row_of, text_in
from adapters.port import Ear, Lane, MarketNews
from adapters.websocket import WebSocket
from oms.core.errors import MalformedMessage, VenueError
from oms.core.market import Topic

NAME: Final = "market feed"
PATH: Final = "/md/ws/v1"

TRADES_KEPT: Final = 1_000
"""Names of a market's latest trades, by which those that are told again are known."""

_CHANNELS: Final = {"order_book": "orderbook", "trades": "trade", "ticker": "ticker"}
_KLINE: Final = "kline_"

Key = tuple[str, str, str]
"""Channel, the venue's symbol without a slash, exchange."""


class MarketFeed:
    """The one connection for all markets. All calls on the adapters' loop."""

    def __init__(self, account: Account, budget: Budget, connections: Connections) -> None:
        """`budget` is what subscribing counts for."""
        self._account = account
        self._budget = budget
        self._connections = connections
        self._wanted: dict[Key, Topic] = {}
        self._moved = asyncio.Event()
        self._slashed: dict[str, str] = {}
        self._subscribed: set[Key] = set()
        self._heard: set[Key] = set()
        self._traded: dict[Key, OrderedDict[str, None]] = {}

    def follow(self, topics: frozenset[Topic]) -> None:
        """What is wanted from now on."""
        self._wanted = {_key(topic): topic for topic in topics}
        self._moved.set()

    async def run(self, ear: Ear) -> None:
        """Listen while anything is wanted, until cancelled."""

        async def listen(socket: WebSocket) -> None:
            await self._listen(ear, socket)

        while True:
            while not self._wanted:
                self._connections.forget(ear, NAME)
                self._moved.clear()
                await self._moved.wait()
            headers = {"signature": token(self._account, market_claims(self._account))}
            url = f"{self._account.stream_host}{PATH}"
            await self._connections.hold(ear, NAME, url, headers, listen)

    async def _listen(self, ear: Ear, socket: WebSocket) -> None:
        def hear(told: Row) -> None:
            topic, news = self._news(told)
            for one in news:
                assert topic is not None, "news are of a topic"
                ear.market(topic, one)

        self._subscribed.clear()
        self._heard.clear()
        asking = asyncio.create_task(self._subscribe(socket))
        try:
            async for text in socket:
                await self._connections.take(ear, NAME, socket, text, hear, self._refused)
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError, VenueError):
                await asking

    async def _subscribe(self, socket: WebSocket) -> None:
        """Tell the venue what is wanted and what no more, one request at a time."""
        while True:
            wanted = set(self._wanted)
            gone, new = self._subscribed - wanted, wanted - self._subscribed
            if not gone and not new:
                self._moved.clear()
                await self._moved.wait()
                continue
            action, keys = ("unsub", gone) if gone else ("sub", new)
            channel, symbol, _ = min(keys)
            same = sorted(key for key in keys if key[:2] == (channel, symbol))
            text = self._request(action, same)
            async with self._budget.turn(Lane.MARKET):
                await socket.send(text)
            if action == "sub":
                self._subscribed.update(same)
            else:
                self._subscribed.difference_update(same)
                self._heard.difference_update(same)

    def _request(self, action: str, keys: Sequence[Key]) -> str:
        channel, symbol, _ = keys[0]
        topic = self._wanted.get(keys[0])
        slash = channel.startswith(_KLINE) and self._account.kline_symbol_format == "slash"
        if slash and topic is not None and topic.instrument is not None:
            self._slashed[symbol] = topic.instrument.symbol
        named = self._slashed.get(symbol, symbol) if slash else symbol
        venues = [exchange for _, _, exchange in keys]
        return json.dumps({"channel": channel, "symbol": named, "venues": venues, "action": action})

    def _refused(self, code: int, message: str) -> bool:
        """Too many requests: which one it was is not said, so all are made again that nothing came
        of."""
        if errors.verdict(code, message, Operation.QUERY) is not Verdict.SLOWER:
            return False
        self._subscribed &= self._heard
        self._moved.set()
        return True

    def _news(self, told: Row) -> tuple[Topic | None, Sequence[MarketNews]]:
        channel, symbol = text_in(told, "channel"), text_in(told, "symbol")
        exchanges = list_of(told.get("venues"), "venues")
        if len(exchanges) != 1:
            raise MalformedMessage("venues: one is wanted")
        key = (channel, symbol.replace("/", ""), str(exchanges[0]))
        topic = self._wanted.get(key)
        if topic is None or topic.instrument is None:
            return None, ()  # nobody wants it any more
        self._heard.add(key)
        name, exchange = topic.instrument.symbol, key[2]
        content = row_of(told.get(channel), channel)
        if channel == "orderbook":
            return topic, (market_rows.order_book(content, name, exchange),)
        if channel == "ticker":
            return topic, (market_rows.ticker(content, name, exchange),)
        if channel == "trade":
            rows = list_of(content.get("trades"), "trades")
            return topic, self._new_trades(key, rows, name)
        return topic, (market_rows.candle(content, name, topic.period, exchange),)

    def _new_trades(self, key: Key, rows: Sequence[object], symbol: str) -> list[MarketNews]:
        """Those not told before, oldest first; a trade without a name is always new."""
        known = self._traded.setdefault(key, OrderedDict())
        found = [market_rows.public_trade(row, symbol, key[2]) for row in rows]
        found.sort(key=lambda trade: (trade.time is not None, trade.time))
        fresh: list[MarketNews] = []
        for trade in found:
            if trade.trade_id in known:
                continue
            fresh.append(trade)
            if trade.trade_id:
                known[trade.trade_id] = None
        while len(known) > TRADES_KEPT:
            known.popitem(last=False)
        return fresh


def _key(topic: Topic) -> Key:
    market = topic.instrument
    assert market is not None, "a market is followed"
    channel = _CHANNELS.get(topic.kind, f"{_KLINE}{topic.period}")
    return channel, market.venue_symbol, market.security_exchange
