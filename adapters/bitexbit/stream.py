"""Bitexbit's order book channel: fills of resting orders as they happen, trades, and books.

Source: the Bitexbit API v1 document, section "Web Sockets API". The channel is everybody's: what is
ours in it is known by the order's id. It tells nothing of what happened while nobody listened, so
every connection begins with a gap.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from adapters.bitexbit.events import BookEvent, Hit, Rooms, book_event
from adapters.bitexbit.fills import Fills
from adapters.bitexbit.mapping import pair_of
from adapters.bitexbit.socketio import GENERATIONS, Session, address, emit
from adapters.http import Unreachable
from adapters.options import Options
from adapters.port import Ear
from adapters.websocket import Connect, WebSocket, connect
from oms.clock import Clock
from oms.core.errors import MalformedMessage, VenueError
from oms.core.market import OrderBook, PublicTrade, Topic
from oms.core.values import frozen
from oms.core.venue import Instrument

BOOK_EVERY_S: Final = 0.25
"""Between two readings of a book that is watched and moves, in seconds."""

TICK_S: Final = 0.25
"""How long a pair that is new, or a book that moves, waits at most."""

STABLE_S: Final = 60.0
"""A connection that stood for so long is no failure."""


class Books(Protocol):
    """Where whole books come from."""

    async def order_book(self, instrument: Instrument, depth: int | None = None) -> OrderBook:
        """The book of a market."""


@frozen(kw_only=True)
class Channel:
    """Where the channel is, and how it is spoken to: the document does not say.

    `generations`: of the protocol, in the order in which they are tried.
    """

    stream_url: str
    generations: tuple[int, ...] = GENERATIONS
    subscribe_event: str = "subscribe"
    room_format: str = "book_{pair}"
    timeout_s: float = 5.0


class BitexbitStream:
    """A port.Stream over the books' channels."""

    topics = frozenset({"order_book", "trades"})

    def __init__(
        self,
        channel: Channel,
        fills: Fills,
        books: Books,
        clock: Clock,
        options: Options,
        pairs: Callable[[], Iterable[str]],
        connect: Connect = connect,
    ) -> None:
        """`pairs()`: where orders of ours are."""
        self._channel = channel
        self._rooms = Rooms(channel.room_format)
        self._fills = fills
        self._books = books
        self._clock = clock
        self._options = options
        self._pairs = pairs
        self._connect = connect
        self._generations = list(channel.generations)
        self._stood = False
        """The connection under way has been through its handshake."""
        self._wanted: dict[str, None] = {}
        self._topics: frozenset[Topic] = frozenset()
        self._readings: dict[Topic, asyncio.Task[None]] = {}
        self._moved: set[Topic] = set()

    def follow(self, topics: frozenset[Topic]) -> None:
        """What is wanted from now on, in place of what was."""
        self._moved |= {t for t in topics - self._topics if t.kind == "order_book"}
        self._topics = topics
        for topic in topics:
            if topic.instrument is not None:
                self.want(topic.instrument.venue_symbol)

    def want(self, pair: str) -> None:
        """Listen to a pair, from now on."""
        self._wanted[pair] = None

    async def run(self, ear: Ear) -> None:
        """Listen until cancelled; connections that break are made anew."""
        self._fills.heard = ear.trade
        failures = 0
        try:
            while True:
                began = self._clock.monotonic()
                try:
                    await self._listen(ear)
                except (VenueError, MalformedMessage) as error:
                    ear.lost(str(error))
                    if not self._stood and not isinstance(error, Unreachable):
                        self._try_next()
                lasted_s = self._clock.monotonic() - began
                failures = 1 if lasted_s > STABLE_S else failures + 1
                await asyncio.sleep(self._options.back_off_s(failures))
        finally:
            for task in self._readings.values():
                task.cancel()

    # The connection

    async def _listen(self, ear: Ear) -> None:
        """One connection, from its handshake to the error that ends it."""
        self._stood = False
        for symbol in self._pairs():
            self.want(pair_of(symbol))
        generation = self._generations[0]
        url = address(self._channel.stream_url, generation)
        async with self._connect(url, timeout_s=self._channel.timeout_s) as socket:
            session = Session(generation, self._clock.monotonic())
            rooms: set[str] = set()
            reading = asyncio.create_task(anext(socket))
            try:
                while True:
                    wait_s = min(TICK_S, session.wait_s(self._clock.monotonic()))
                    await asyncio.wait((reading,), timeout=wait_s)
                    if reading.done():
                        text, reading = reading.result(), asyncio.create_task(anext(socket))
                        await self._take(text, session, socket, ear, rooms)
                    await self._tend(session, socket, ear, rooms)
            finally:
                reading.cancel()
                await asyncio.wait((reading,))

    async def _take(
        self, text: str, session: Session, socket: WebSocket, ear: Ear, rooms: set[str]
    ) -> None:
        answers, event = session.take(text, self._clock.monotonic())
        for answer in answers:
            await socket.send(answer)
        if session.connected and not self._stood:
            self._stood = True
            await self._subscribe(socket, rooms)
            ear.gap(f"connected, generation {self._generations[0]}")
        if event is None:
            return
        try:
            told = book_event(event, self._rooms, frozenset(rooms))
        except MalformedMessage as error:
            ear.quarantine(f"channel: {error}", event.raw)
            ear.gap(f"an event that can not be read: {error}")
            return
        if told is not None:
            self._tell(told, ear)

    async def _tend(self, session: Session, socket: WebSocket, ear: Ear, rooms: set[str]) -> None:
        for text in session.beat(self._clock.monotonic()):
            await socket.send(text)
        if session.connected and not rooms.issuperset(self._wanted):
            await self._subscribe(socket, rooms)
            ear.gap("listening to more")
        self._read_books(ear)

    async def _subscribe(self, socket: WebSocket, rooms: set[str]) -> None:
        for pair in [pair for pair in self._wanted if pair not in rooms]:
            rooms.add(pair)
            await socket.send(emit(self._channel.subscribe_event, self._rooms.of(pair)))

    def _try_next(self) -> None:
        """The server may speak another generation than the one that was tried."""
        self._generations.append(self._generations.pop(0))

    # What is told

    def _tell(self, told: BookEvent, ear: Ear) -> None:
        if told.cancelled:
            if self._fills.is_own(told.order_id):
                ear.stir(secondary_order_id=told.order_id)
        else:
            for hit in told.hits:
                self._trade(told, hit, ear)
            if self._fills.may_be_ours(told):
                ear.stir(secondary_order_id=told.order_id)
        for topic in self._topics:
            if topic.kind == "order_book" and _is_of(topic, told.symbol):
                self._moved.add(topic)

    def _trade(self, told: BookEvent, hit: Hit, ear: Ear) -> None:
        for trade in self._fills.heard_of(told, hit):
            ear.trade(trade)
        public = PublicTrade(
            symbol=told.symbol,
            price=hit.px,
            qty=hit.qty,
            trade_id=hit.trade_id,
            side=told.side,
            time=told.time,
        )
        for topic in self._topics:
            if topic.kind == "trades" and _is_of(topic, told.symbol):
                ear.market(topic, public)

    def _read_books(self, ear: Ear) -> None:
        self._readings = {t: task for t, task in self._readings.items() if not task.done()}
        for topic in self._moved - self._readings.keys():
            self._moved.discard(topic)
            if topic in self._topics:
                self._readings[topic] = asyncio.create_task(self._read_book(topic, ear))

    async def _read_book(self, topic: Topic, ear: Ear) -> None:
        """Whole books: an event does not say whether a book that was read has it already."""
        assert topic.instrument is not None, "books are of markets"
        try:
            ear.market(topic, await self._books.order_book(topic.instrument))
        except (VenueError, MalformedMessage):
            self._moved.add(topic)
        await asyncio.sleep(BOOK_EVERY_S)


def _is_of(topic: Topic, symbol: str) -> bool:
    return topic.instrument is not None and topic.instrument.symbol == symbol
