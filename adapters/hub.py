"""Who watches what at one venue: its stream where that follows the topic, else a query in turns.

Nobody who listens holds up anybody: of a price only the latest counts, and of trades a bounded run
is kept. Whoever takes too long is told how many were missed.
"""

import asyncio
import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, Final, cast

from adapters.loop import Loop
from adapters.options import Options
from adapters.port import Balance, Choosy, Heard, MarketNews, Stream
from adapters.teller import Teller
from oms.core.errors import (
    InvalidOrder,
    MalformedMessage,
    NotSupported,
    OmsError,
    VenueError,
    VenueRefused,
    VenueUnavailable,
)
from oms.core.market import Candle, PublicTrade, Topic

News = MarketNews | Balance

KEPT_MAX: Final = 1_000
"""Trades, candles or balances that wait for one listener; the oldest go first."""

CANDLES_ASKED: Final = 2
"""The one that grows, and the one before it, which may have ended since the last look."""

DEFINITE: Final = (InvalidOrder, NotSupported, VenueRefused)
"""What asking again does not change."""

_log = logging.getLogger(__name__)


class Listener:
    """What one caller hears of a topic. `take` and `close` from any thread."""

    def __init__(
        self, topic: Topic, wake: Callable[[], None], leave: Callable[["Listener"], None]
    ) -> None:
        """`wake` is called, on the adapters' thread, when there is something to take."""
        self.topic = topic
        self._wake = wake
        self._leave = leave
        self._lock = threading.Lock()
        self._waiting: OrderedDict[Hashable, tuple[News, bool]] = OrderedDict()
        self._number = 0
        self._missed = 0
        self._error: OmsError | None = None

    def take(self) -> list[Heard]:
        """All that waits, oldest first. Raises what ended the watch, once nothing waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, OrderedDict()
            missed, self._missed = self._missed, 0
            if not waiting:
                self._missed = missed
                if self._error is not None:
                    raise self._error
                return []
        heard = [Heard(told, emulated) for told, emulated in waiting.values()]
        heard[0] = Heard(heard[0].told, heard[0].emulated, missed)
        return heard

    def close(self) -> None:
        """Listen no more."""
        self._leave(self)

    def put(self, told: News, emulated: bool) -> None:
        """News of the topic."""
        with self._lock:
            self._waiting[self._key(told)] = (told, emulated)
            if len(self._waiting) > KEPT_MAX:
                self._waiting.popitem(last=False)
                self._missed += 1
        self._wake()

    def miss(self) -> None:
        """Something may have been lost on its way."""
        with self._lock:
            self._missed += 1

    def fail(self, error: OmsError) -> None:
        """Nothing more comes."""
        with self._lock:
            self._error = error
        self._wake()

    def _key(self, told: News) -> Hashable:
        """What the newer takes the place of."""
        match told:
            case PublicTrade():
                self._number += 1
                return self._number
            case Candle():
                return told.time
            case Balance():
                return (told.security_exchange, told.asset)
            case _:
                return None


class Hub:
    """The watches of one route. `listen` from any thread, the rest on the adapters' loop."""

    def __init__(
        self, client: object, stream: Stream | None, teller: Teller, loop: Loop, options: Options
    ) -> None:
        self._client = client
        self._stream = stream
        self._teller = teller
        self._loop = loop
        self._options = options
        self._listeners: dict[Hashable, list[Listener]] = {}
        self._latest: dict[Hashable, dict[Hashable, tuple[News, bool]]] = {}
        self._polls: dict[Hashable, asyncio.Task[None]] = {}

    def listen(self, topic: Topic, wake: Callable[[], None]) -> Listener:
        """Begin to watch. Raises NotSupported for what the venue neither streams nor tells."""
        if not self._streams(topic) and getattr(self._client, topic.kind, None) is None:
            raise NotSupported(f"{self._teller.route} does not offer {topic.kind}")
        listener = Listener(topic, wake, lambda left: self._loop.call(partial(self._drop, left)))
        self._loop.call(partial(self._add, listener))
        return listener

    def market(self, topic: Topic, told: MarketNews) -> None:
        """News of the stream's."""
        self._spread(_key(topic), [told], emulated=False)

    def balances(self, balances: Sequence[Balance]) -> None:
        """The stream's word on some balances."""
        self._spread(_key(Topic("balances")), balances, emulated=False)

    def gap(self) -> None:
        """The stream may have lost something: where every piece counts, that is said."""
        for listeners in self._listeners.values():
            for listener in listeners:
                if listener.topic.kind == "trades" and self._streams(listener.topic):
                    listener.miss()

    def close(self) -> None:
        """End all watches."""
        for task in self._polls.values():
            task.cancel()
        self._polls.clear()
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.fail(VenueUnavailable("the engine is stopping"))

    def _streams(self, topic: Topic) -> bool:
        if self._stream is None or topic.kind not in self._stream.topics:
            return False
        return not isinstance(self._stream, Choosy) or self._stream.follows(topic)

    def _add(self, listener: Listener) -> None:
        key = _key(listener.topic)
        listeners = self._listeners.setdefault(key, [])
        listeners.append(listener)
        for told, emulated in self._latest.get(key, {}).values():
            listener.put(told, emulated)
        if self._streams(listener.topic):
            self._follow()
        elif len(listeners) == 1:
            self._polls[key] = asyncio.create_task(self._poll(listener.topic))

    def _drop(self, listener: Listener) -> None:
        key = _key(listener.topic)
        listeners = self._listeners.get(key, [])
        if listener not in listeners:
            return
        listeners.remove(listener)
        if listeners:
            return
        del self._listeners[key]
        self._latest.pop(key, None)
        if (task := self._polls.pop(key, None)) is not None:
            task.cancel()
        elif self._streams(listener.topic):
            self._follow()

    def _follow(self) -> None:
        assert self._stream is not None, "there is a stream that follows"
        topics = (listeners[0].topic for listeners in self._listeners.values())
        self._stream.follow(frozenset(topic for topic in topics if self._streams(topic)))

    def _spread(self, key: Hashable, news: Sequence[News], *, emulated: bool) -> None:
        listeners = self._listeners.get(key)
        if listeners is None:
            return
        for told in news:
            for listener in listeners:
                listener.put(told, emulated)
            if not isinstance(told, PublicTrade):  # which is news once
                asset = (told.security_exchange, told.asset) if isinstance(told, Balance) else None
                self._latest.setdefault(key, {})[asset] = (told, emulated)

    async def _poll(self, topic: Topic) -> None:
        key = _key(topic)
        seen: list[News] | None = None
        failures = 0
        while True:
            try:
                told = await self._ask(topic)
            except DEFINITE as error:
                self._fail(key, error)
                return
            except (VenueError, MalformedMessage) as error:
                failures += 1
                if isinstance(error, MalformedMessage):
                    self._teller.quarantine(f"{topic.kind}: {error}", "")
                await asyncio.sleep(self._options.back_off_s(failures))
                continue
            except Exception as fault:  # noqa: BLE001  our mistake must not leave them in the dark
                _log.error("route %s, %s", self._teller.route, topic.kind, exc_info=fault)
                self._fail(key, VenueUnavailable(f"{type(fault).__name__} in the adapter"))
                return
            failures = 0
            self._tell_new(topic, seen, told)
            seen = told
            await asyncio.sleep(self._options.market_poll_s / self._options.speed)

    def _tell_new(self, topic: Topic, seen: list[News] | None, told: list[News]) -> None:
        known = Counter(map(_identity, seen or ()))
        fresh = []
        for item in told:
            if known[_identity(item)]:
                known[_identity(item)] -= 1
            else:
                fresh.append(item)
        key = _key(topic)
        if topic.kind == "trades" and seen is None:
            return  # what was traded before anybody listened is no news
        if topic.kind == "trades" and seen and len(fresh) == len(told):
            for listener in self._listeners.get(key, []):
                listener.miss()
        self._spread(key, fresh, emulated=True)

    async def _ask(self, topic: Topic) -> list[News]:
        client: Any = self._client
        match topic.kind:
            case "ticker":
                return [await client.ticker(topic.instrument)]
            case "order_book":
                return [await client.order_book(topic.instrument, None)]
            case "trades":
                return _in_order(await client.trades(topic.instrument, None))
            case "candles":
                told = await client.candles(
                    topic.instrument, topic.period, None, None, CANDLES_ASKED
                )
                return sorted(told, key=lambda candle: candle.time)[-CANDLES_ASKED:]
            case "balances":
                return list(await client.balances())

    def _fail(self, key: Hashable, error: OmsError) -> None:
        self._polls.pop(key, None)
        for listener in self._listeners.pop(key, []):
            listener.fail(error)


def _key(topic: Topic) -> Hashable:
    # Not the instrument itself: what is read anew of it does not make it another market.
    market = topic.instrument
    where = (market.symbol, market.security_exchange) if market is not None else None
    return (topic.kind, where, topic.period)


def _identity(told: News) -> Hashable:
    if isinstance(told, PublicTrade) and told.trade_id:
        return told.trade_id
    return told


def _in_order(trades: Sequence[PublicTrade]) -> list[News]:
    """Oldest first; venues list them either way."""
    told = list(trades)
    if told and told[0].time and told[-1].time and told[0].time > told[-1].time:
        told.reverse()
    return cast("list[News]", told)
