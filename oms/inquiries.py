"""Questions and watches in the engine's own process: from the API's words to a venue's client."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from oms.asks import QUERIES, News, ServerTime
from oms.core.errors import InvalidOrder
from oms.core.market import OrderBook, Topic
from oms.told import Row
from oms.venues import Venues


async def answer(venues: Venues, query: str, route: str, asked: Row) -> Any:
    """The venue's answer. Raises as `oms.asks.Asks` says."""
    spec = QUERIES[query]
    given: Row = {name: asked.get(name) for name in spec.takes - {"symbol", "exchange"}}
    if "symbol" in spec.takes:
        given["instrument"] = _instrument(venues, route, asked)
    elif "exchange" in spec.takes:
        given["security_exchange"] = asked.get("exchange", "")
    told = await asyncio.wrap_future(venues.ask(route, spec.asks or query, **given))
    if spec.kind is ServerTime:
        return ServerTime(time=told)
    if isinstance(told, OrderBook) and "depth" in asked:
        return _cut(told, asked["depth"])
    return list(told) if spec.many else told


async def news(venues: Venues, kind: Any, route: str, asked: Row) -> AsyncGenerator[News, None]:
    """What is told of a topic, until the generator is closed."""
    topic = Topic(kind, _instrument(venues, route, asked), asked.get("period", ""))
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it whoever listened
            loop.call_soon_threadsafe(event.set)

    listening = venues.listen(route, topic, wake)
    try:
        while True:
            event.clear()
            for heard in listening.take():
                yield heard.told, heard.emulated, heard.missed
            await event.wait()
    finally:
        listening.close()


def _instrument(venues: Venues, route: str, asked: Row) -> Any:
    if "symbol" in asked:
        return venues.instrument(route, asked["symbol"], asked.get("exchange", ""))
    if "exchange" in asked:
        raise InvalidOrder("exchange: names one of a symbol's; the symbol is missing")
    return None


def _cut(book: OrderBook, depth: int) -> OrderBook:
    """No more of it than was asked for; some venues give all they have."""
    return OrderBook(
        symbol=book.symbol,
        bids=book.bids[:depth],
        asks=book.asks[:depth],
        time=book.time,
        security_exchange=book.security_exchange,
    )
