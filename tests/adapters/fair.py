"""A small venue that tells prices, on request and by a stream: simulator, client, stream.

It trades nothing. GET /ticker and /trades answer; on the WebSocket /feed, `follow a,b` says what is
wanted, and each line back is `topic number`.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from adapters.http import Http
from adapters.port import Balance, Ear, Sight
from adapters.simserver import SimRequest, SimResponse, SimSocket
from adapters.websocket import connect
from oms.core.errors import MalformedMessage, NotSupported, VenueError
from oms.core.market import Candle, OrderBook, PublicTrade, Ticker, Topic
from oms.core.order import Order
from oms.core.venue import Instrument

MARKET: Final = Instrument(
    symbol="BTC/USD", venue_symbol="btc_usd", tick=Decimal("0.01"), step=Decimal("0.001")
)
NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Feed:
    """One connection: what it follows, and what is still to be said on it."""

    def __init__(self) -> None:
        self.closed: str | None = None
        self.follows: list[str] = []
        self.due: list[str] = []

    def receive(self, text: str, now_ms: int) -> None:
        self.follows = [kind for kind in text.removeprefix("follow ").split(",") if kind]
        self.due.append(f"following {len(self.follows)}")

    def drain(self, now_ms: int) -> list[str]:
        due, self.due = self.due, []
        return due


class Fair:
    """The simulator. `answers` are the documents by path; what is none is a 404."""

    name = "fair"

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {
            "/ticker": {"last": "100"},
            "/trades": [],
            "/balances": {"USD": "5"},
            "/candles": {"0": "100"},
            "/order_book": {"bid": "99"},
        }
        self.asked: list[str] = []
        self.feeds: list[Feed] = []
        self.refuse = 0

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        self.asked.append(request.path)
        told = self.answers.get(request.path)
        if isinstance(told, int):
            return SimResponse(told, b"{}")
        return SimResponse(404 if told is None else 200, json.dumps(told).encode())

    def connect(self, request: SimRequest, now_ms: int) -> SimSocket | SimResponse:
        self.asked.append(request.path)
        if self.refuse:
            self.refuse -= 1
            return SimResponse(503, b"{}")
        self.feeds.append(Feed())
        return self.feeds[-1]

    def say(self, *lines: str) -> None:
        """On every open connection that follows it."""
        for feed in self.feeds:
            feed.due += [line for line in lines if line.split(" ")[0] in feed.follows]

    def advance(self, now_ms: int) -> None:
        """Nothing happens by itself."""

    def ledger(self) -> dict[str, object]:
        return {}

    def switch(self, name: str, value: object) -> None:
        raise KeyError(name)


class FairClient:
    """Tells what the venue answers."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = Http(5.0)

    async def close(self) -> None:
        await self._http.close()

    async def _get(self, path: str) -> Any:
        reply = await self._http.get(f"{self._url}{path}", {})
        if reply.status != 200:
            raise NotSupported(f"HTTP {reply.status}")
        return reply.document

    async def instruments(self) -> tuple[Instrument, ...]:
        return (MARKET,)

    async def order(self, order: Order) -> Sight | None:
        return None

    async def open_orders(self) -> Sequence[Sight]:
        return []

    async def closed_orders(self, since: datetime) -> Sequence[Sight]:
        return []

    async def ticker(self, instrument: Instrument) -> Ticker:
        told = await self._get("/ticker")
        if "last" not in told:
            raise MalformedMessage("no last")
        return Ticker(symbol=instrument.symbol, last=Decimal(told["last"]))

    async def order_book(self, instrument: Instrument, depth: int | None) -> OrderBook:
        await self._get("/order_book")
        return OrderBook(symbol=instrument.symbol, bids=(), asks=())

    async def trades(self, instrument: Instrument, limit: int | None) -> Sequence[PublicTrade]:
        return [trade(number) for number in await self._get("/trades")]

    async def candles(
        self,
        instrument: Instrument,
        period: str,
        since: datetime | None,
        until: datetime | None,
        limit: int | None,
    ) -> Sequence[Candle]:
        told = await self._get("/candles")
        return [candle(int(minute), close) for minute, close in told.items()]

    async def balances(self) -> list[Balance]:
        told = await self._get("/balances")
        return [balance(asset, total) for asset, total in told.items()]


class FairStream:
    """Follows tickers, trades and balances; its client is asked for the rest."""

    topics = frozenset({"ticker", "trades", "balances"})

    def __init__(self, url: str) -> None:
        self._url = f"{url.replace('http', 'ws')}/feed"
        self._wanted: frozenset[Topic] = frozenset()
        self._socket: Any = None
        self.fault: Exception | None = None
        self.runs = 0

    def follow(self, topics: frozenset[Topic]) -> None:
        self._wanted = topics
        if self._socket is not None:
            self._said = asyncio.ensure_future(self._say())

    async def _say(self) -> None:
        kinds = ",".join(sorted(topic.kind for topic in self._wanted))
        await self._socket.send(f"follow {kinds}")

    async def run(self, ear: Ear) -> None:
        self.runs += 1
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        while True:
            try:
                async with connect(self._url) as self._socket:
                    await self._say()
                    ear.gap("connected")
                    async for line in self._socket:
                        self._tell(ear, *line.split(" "))
            except VenueError as error:
                self._socket = None
                ear.lost(str(error))
                await asyncio.sleep(0.01)

    def _tell(self, ear: Ear, kind: str, number: str) -> None:
        if kind == "following":
            return
        if kind == "balances":
            ear.balances([balance("USD", number)])
            return
        (topic,) = [topic for topic in self._wanted if topic.kind == kind]
        if kind == "ticker":
            ear.market(topic, Ticker(symbol=MARKET.symbol, last=Decimal(number)))
        else:
            ear.market(topic, trade(int(number)))


def trade(number: int) -> PublicTrade:
    """The venue's trade of that number."""
    time = NOON.replace(minute=number % 60)
    return PublicTrade(
        symbol=MARKET.symbol, trade_id=str(number), price=Decimal(number), qty=Decimal(1), time=time
    )


def candle(minute: int, close: str) -> Candle:
    """The candle of that minute."""
    price = Decimal(close)
    return Candle(
        symbol=MARKET.symbol,
        period="1m",
        time=NOON.replace(minute=minute),
        open=price,
        high=price,
        low=price,
        close=price,
    )


def balance(asset: str, total: str) -> Balance:
    """All of it available."""
    return Balance(asset=asset, total=Decimal(total), available=Decimal(total), held=Decimal(0))
