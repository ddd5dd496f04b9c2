"""Somebody who listens to Bitexbit's channel and writes down what is said."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from adapters.bitexbit.stream import BitexbitStream, Channel
from adapters.bitexbit.tests.bitexbit_line import Line, on_line
from adapters.options import Options
from adapters.port import Balance, MarketNews, Sight, VenueTrade
from oms.core.market import Topic


class Notes:
    """An Ear. `until` waits for something that a test is about."""

    def __init__(self) -> None:
        self.trades: list[VenueTrade] = []
        self.stirred: list[str] = []
        self.gaps: list[str] = []
        self.losses: list[str] = []
        self.news: list[tuple[Topic, MarketNews]] = []
        self.odd: list[tuple[str, str]] = []
        self._heard = asyncio.Event()

    async def until(self, so: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(10):
                while not so():
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            raise AssertionError(f"waited 10 s for {what}; {self.losses}") from None

    def sight(self, sight: Sight) -> None:
        raise AssertionError("the channel shows no orders")

    def balances(self, balances: Sequence[Balance]) -> None:
        raise AssertionError("the channel shows no balances")

    def trade(self, trade: VenueTrade) -> None:
        self.trades.append(trade)
        self._heard.set()

    def stir(self, venue_cl_ord_id: str = "", secondary_order_id: str = "") -> None:
        self.stirred.append(secondary_order_id)
        self._heard.set()

    def gap(self, text: str) -> None:
        self.gaps.append(text)
        self._heard.set()

    def lost(self, text: str) -> None:
        self.losses.append(text)
        self._heard.set()

    def market(self, topic: Topic, told: MarketNews) -> None:
        self.news.append((topic, told))
        self._heard.set()

    def quarantine(self, text: str, raw: str) -> None:
        self.odd.append((text, raw))
        self._heard.set()


async def until_subscribed(line: Line, room: str) -> None:
    """Wait until the venue has heard who listens to a channel: it does not answer to that."""
    channel: Any = line.tap.simulator
    while not any(room in client.rooms for client in channel.channel._clients):
        await line.client.currencies()


Story = Callable[[Line, BitexbitStream, Notes], Awaitable[None]]


def listening(story: Story, *, generation: int = 4, **chosen: Any) -> None:
    """Run a story while the channel of a fresh simulator is listened to."""

    async def tell(line: Line) -> None:
        line.tap.switch("socketio_generation", generation)
        channel = Channel(stream_url=line.url.replace("http", "ws"), **chosen)
        notes = Notes()
        stream = BitexbitStream(
            channel,
            line.fills,
            line.client,
            line.clock,
            Options(speed=60),
            pairs=lambda: {order.symbol for order in line.shelf.working("")},
        )
        stream.want("BTC_USD")
        running = asyncio.create_task(stream.run(notes))
        try:
            await notes.until(lambda: bool(notes.gaps), "the first connection")
            await until_subscribed(line, "book_BTC_USD")
            await story(line, stream, notes)
        finally:
            running.cancel()
            await asyncio.wait((running,))

    on_line(tell)
