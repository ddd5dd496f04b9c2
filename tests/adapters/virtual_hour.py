"""A route under ten times its allowed flow, on a clock that nobody waits for.

The client is the venue's own, with the budgets and nonces that its room builds; it speaks to the
venue's own simulator without a socket, and every request takes an uneven time on its way. Time
passes when nothing else can happen.

`python -m tests.adapters.virtual_hour` lets the whole hour pass at every venue.
"""

import asyncio
import selectors
import sys
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib import import_module
from itertools import count
from random import Random
from typing import Any, Final, TypeVar, cast
from unittest import mock
from urllib.parse import unquote, urlsplit

from adapters import VENUES, venue
from adapters.http import Http, Reply, Throttled, reply_of
from adapters.loop import Loop
from adapters.matching import MatchingEngine
from adapters.port import Client, Placed
from adapters.runner import Runner
from adapters.simserver import SimRequest, Simulator
from oms.clock import utc_of_us
from oms.core.book import Book, Changes
from oms.core.errors import OmsError, OutcomeUnknown
from oms.core.legs import VenueBooks
from oms.core.messages import OrderCancelRequest
from oms.core.nonces import reserved
from oms.core.notes import ReserveNonces
from oms.core.ports import Inbound
from oms.core.venue import Capabilities, Instrument, Limit
from tests.adapters.one_route import bench_of

T = TypeVar("T")
HOUR_S: Final = 3600.0
START_US: Final = 1_750_000_000_000_000
TRIP_S: Final = (0.005, 0.045)
"""How long a request is on its way there, and as long back."""
OVERLOAD: Final = 10
ASKERS: Final = 20
"""So many ask for the same at once, each again as soon as it has its answer or gives up."""


class _Instant(selectors.SelectSelector):
    """Nobody sends anything from outside: instead of waiting, the time is let pass."""

    instant = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen"
        self.instant += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes at once; also the Clock of all that runs on it."""

    def __init__(self) -> None:
        self._instant = _Instant()
        super().__init__(self._instant)

    def time(self) -> float:
        return self._instant.instant

    def monotonic(self) -> float:
        return self._instant.instant

    def now_us(self) -> int:
        return START_US + round(self._instant.instant * 1_000_000)

    def stamp_us(self) -> int:
        return self.now_us()

    def now_ms(self) -> int:
        return self.now_us() // 1000

    def now(self) -> datetime:
        return utc_of_us(self.now_us())


@dataclass
class Seen:
    """What one run showed."""

    kind: str
    limits: tuple[Limit, ...]
    trades_here: bool
    passed_s: float = 0.0
    asked: int = 0
    """Calls that were tried."""
    arrivals: list[float] = field(default_factory=list)
    """When requests came to the venue."""
    throttled: int = 0
    """How many of them the venue's own counters found too much."""
    cancels: list[float] = field(default_factory=list)
    """How long cancels waited until they left."""
    refusals: dict[str, int] = field(default_factory=dict)
    together: int = 0
    """The most requests that were under way at once."""

    def busiest(self, limit: Limit) -> int:
        """The most requests in any window of the limit's length: those after its beginning, up to
        its end."""
        width, most = float(limit.per_seconds), 0
        for number, instant in enumerate(self.arrivals):
            # A window that ends with this one: what came exactly a period ago is outside.
            first = bisect_right(self.arrivals, instant - width, hi=number)
            most = max(most, number + 1 - first)
        return most


class Route:
    """One venue's client, and its venue."""

    def __init__(self, kind: str, loop: VirtualLoop, seed: int) -> None:
        bench, spec = bench_of(kind), venue(kind)
        assert spec.simulated is not None
        module, _, name = spec.simulated.build.partition(":")
        self.bench, self.loop, self.rng = bench, loop, Random(seed)  # noqa: S311  guards nothing
        self.simulator: Simulator = getattr(import_module(module), name)(
            seed, 1.0, bench.CREDENTIALS
        )
        config = bench.config("http://venue")
        self.capabilities: Capabilities = spec.capabilities(config)
        self.seen = Seen(kind, self.capabilities.limits, spec.trades_here)
        self.book = Book({kind: self.capabilities})
        self._left_at: dict[asyncio.Task[Any] | None, float] = {}
        self.trip_s = TRIP_S
        self._under_way = 0
        self._patience: dict[asyncio.Task[Any] | None, asyncio.Timeout] = {}
        self.runner = cast(
            Runner,
            spec.build(
                config,
                route=kind,
                post=self._post,
                books=VenueBooks(self.book),
                clock=loop,
                loop=cast(Loop, self),
                speed=1.0,
            ),
        )
        self.client = cast(Client, self.runner._client)
        self.runner._budget.accept_new()
        self._ids = count(loop.now_us() // 1_000_000)
        self.order = bench.ORDER
        self.working: deque[tuple[str, Placed]] = deque()

    # The engine and the adapters' loop, as far as a client needs them

    def call(self, function: Callable[[], object]) -> None:
        """The loop is this one."""
        self.loop.call_soon(function)

    def _post(self, inbound: Inbound) -> None:
        if isinstance(inbound.message, ReserveNonces):
            (record,) = reserved(self.book, inbound, inbound.message, self.loop.now())
            self.book.apply(record, Changes())
            self.runner.grant(cast(Any, record.message))

    # The way there and back

    async def exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> Reply:
        """What Http does, without a socket."""
        task = asyncio.current_task()
        self._left_at.setdefault(task, self.loop.time())
        if task in self._patience:
            self._patience[task].reschedule(None)
        self._under_way += 1
        self.seen.together = max(self.seen.together, self._under_way)
        try:
            return await self._there_and_back(method, url, headers, body)
        finally:
            self._under_way -= 1

    async def _there_and_back(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> Reply:
        await asyncio.sleep(self.rng.uniform(*self.trip_s))
        parts = urlsplit(url)
        named = {name.lower(): value for name, value in headers.items()}
        asked = SimRequest(method, unquote(parts.path), parts.query, named, body or b"")
        self.seen.arrivals.append(self.loop.time())
        answer = self.simulator.handle(asked, self.loop.now_ms())
        await asyncio.sleep(self.rng.uniform(*self.trip_s))
        if answer.status == 429:
            raise Throttled(f"{method} {parts.path}: HTTP 429")
        if answer.status >= 500 or 300 <= answer.status < 400:
            raise OutcomeUnknown(f"{method} {parts.path}: HTTP {answer.status}")
        return reply_of(parts.path, answer.status, answer.body)

    # What is asked

    async def place(self) -> None:
        """A new order."""
        cl_ord_id = str(next(self._ids))
        placed = await self.client.place(replace(self.order, cl_ord_id=cl_ord_id))
        self.working.append((cl_ord_id, placed))

    async def cancel(self) -> None:
        """One of those that work, or one that never was."""
        placed = Placed(secondary_order_id="1", raw="")
        cl_ord_id = "1"
        if self.working:
            cl_ord_id, placed = self.working.popleft()
        request = OrderCancelRequest(
            cl_ord_id="",
            orig_cl_ord_id=cl_ord_id,
            order_id=placed.secondary_order_id,
            symbol=self.order.symbol,
            side=self.order.side,
            order_qty=self.order.order_qty,
        )
        began = self.loop.time()
        try:
            await self.client.cancel(request)
        finally:
            left = self._left_at.pop(asyncio.current_task(), self.loop.time())
            self.seen.cancels.append(left - began)

    async def tell(self, ask: Callable[[], Awaitable[Any]]) -> None:
        """Try it once; what the venue says to it is nobody's concern here."""
        self.seen.asked += 1
        try:
            await ask()
        except OmsError as error:
            name = type(error).__name__
            self.seen.refusals[name] = self.seen.refusals.get(name, 0) + 1

    async def keep_asking(self, ask: Callable[[], Awaitable[Any]], patience_s: float) -> None:
        """Again and again, until the run is over; each is given up that has not left by then."""
        while True:
            began = self.loop.time()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s) as patience:
                    self._patience[asyncio.current_task()] = patience
                    await self.tell(ask)
            if self.loop.time() == began:  # turned away at once
                await asyncio.sleep(patience_s)

    async def keep_cancelling(self, every_s: float) -> None:
        """Now and then one, never two at once."""
        while True:
            await asyncio.sleep(self.rng.uniform(0.5, 1.5) * every_s)
            await asyncio.create_task(self.tell(self.cancel))


def questions(route: Route, instrument: Instrument) -> tuple[list[Any], list[Any]]:
    """What is asked about the account, and about the market: what the venue offers of it."""
    client, offers = cast(Any, route.client), route.capabilities.offers
    account = [client.balances]
    account += [client.account] if "account" in offers else []
    market = [lambda: client.ticker(instrument)] if "ticker" in offers else []
    market += [lambda: client.order_book(instrument, None)] if "order_book" in offers else []
    return account, market


def rate_of(limits: tuple[Limit, ...]) -> float:
    """Requests in a second that the strictest of the limits of one name allows."""
    return min(limit.requests / float(limit.per_seconds) for limit in limits)


async def _pressed(route: Route, passing_s: float, public: bool) -> None:
    started = route.loop.time()
    listed = await route.client.instruments()
    order = route.bench.ORDER
    instrument = next(
        one
        for one in listed
        if (one.symbol, one.security_exchange) == (order.symbol, order.security_exchange)
    )
    route.order = replace(order, symbol=instrument.venue_symbol)
    usual = tuple(one for one in route.seen.limits if one.what == route.seen.limits[0].what)
    rate = rate_of(usual)
    account, market = questions(route, instrument)
    running = _asking(route, [account, *([[route.place]] if route.seen.trades_here else [])], rate)
    askers: list[asyncio.Task[None]] = []
    if public and market:
        quickest = max(one.requests / float(one.per_seconds) for one in route.seen.limits)
        askers = _asking(route, [market], quickest)
        # What may be asked a hundred times a second is asked as often as the rest, not as long.
        route.loop.call_later(passing_s * rate / quickest, _give_up, askers)
    if route.seen.trades_here:
        running.append(asyncio.create_task(route.keep_cancelling(5 / rate)))
    over, _ = await asyncio.wait(running, timeout=passing_s, return_when=asyncio.FIRST_COMPLETED)
    for task in (*over, *askers):
        if task.done() and not task.cancelled():
            task.result()  # none ends but by a mistake of ours
    route.seen.passed_s = route.loop.time() - started
    route.seen.throttled = int(cast(int, route.simulator.ledger().get("throttled", 0)))


def _asking(route: Route, kinds: list[Any], rate: float) -> list[asyncio.Task[None]]:
    """Ten times the rate, in equal parts."""
    patience_s = len(kinds) * ASKERS / (OVERLOAD * rate)
    return [
        asyncio.create_task(route.keep_asking(asks[number % len(asks)], patience_s))
        for asks in kinds
        for number in range(ASKERS)
    ]


def _give_up(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()


def _stand_still(*_: object) -> list[object]:
    return []  # a market that moves would take most of the time


def press(
    kind: str,
    requests: int,
    seed: int = 5,
    *,
    trip_s: tuple[float, float] = TRIP_S,
    public: bool = True,
) -> Seen:
    """Ten times the allowed flow for an hour, or as long as so many requests take.

    `trip_s`: how long a request is on its way. `public`: whether markets are asked for too.
    """
    loop = VirtualLoop()
    try:
        route = Route(kind, loop, seed)
        route.trip_s = trip_s
        passing_s = min(HOUR_S, requests / rate_of(route.seen.limits[:1]))
        with (
            mock.patch.object(Http, "_exchange", lambda _, *words: route.exchange(*words)),
            mock.patch.object(MatchingEngine, "_step", _stand_still),
        ):
            loop.run_until_complete(_pressed(route, passing_s, public))
        return route.seen
    finally:
        _end(loop)


def _end(loop: VirtualLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()


def main() -> None:
    """An hour at every venue."""
    for kind in sys.argv[1:] or VENUES:
        began = time.perf_counter()
        seen = press(kind, 10**9)
        took = time.perf_counter() - began
        slowest = f"{max(seen.cancels):.3f}" if seen.cancels else "-"
        print(  # noqa: T201  its output is what it is for
            f"{kind}: {seen.passed_s:.0f} s passed in {took:.1f} s, {seen.asked} asked,"
            f" {len(seen.arrivals)} sent, {seen.throttled} too many; {len(seen.cancels)} cancels"
            f" waited {slowest} s at most; {seen.refusals}"
        )


if __name__ == "__main__":
    main()
