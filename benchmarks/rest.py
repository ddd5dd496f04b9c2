"""REST orders: the way of an order to a REST venue, without the durable part, against bare httpx.

Ours begins where the adapters' loop takes a committed order over and ends where the venue's answer
is posted as a report: twin lock, budget, mapping, signature, httpx's transport, and the answer read
and compared. BtcTurk's room as it is built, with rate limits out of the way and a book that holds
no order, so that nothing is looked at again afterwards. The server is a process of its own.
"""

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from statistics import median
from typing import Any, Final

import httpx

from adapters.btcturk.client import BtcturkClient
from adapters.btcturk.door import Account, Door
from adapters.btcturk.venue import capabilities
from adapters.budget import Budget
from adapters.http import CONNECTIONS, Http, trust
from adapters.looks import Looks
from adapters.lost import Lost
from adapters.options import Options
from adapters.pace import Pace
from adapters.teller import Teller
from adapters.trader import Trader
from benchmarks.figures import Contest, Sample
from benchmarks.targets import REST_AT_ONCE, REST_P50
from benchmarks.venue import HOST
from oms.clock import Clock
from oms.core.book import Book
from oms.core.fields import ExecType, OrdType, Side
from oms.core.legs import VenueBooks
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.ports import Inbound

AT_ONCE: Final = 16

_ROUTE: Final = "BTCTURK"
_TIMEOUT_S: Final = 5.0
_WARM_UP: Final = 10
_FAST: Final = 1_000_000.0
_SECRET: Final = b64encode(b"benchmark-secret-that-protects-nothing").decode()

Send = Callable[[], Awaitable[None]]
"""One order, until it is answered."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One request as it left the house."""

    url: str
    headers: list[tuple[bytes, bytes]]
    body: bytes


class _Recording(httpx.AsyncBaseTransport):
    """Keeps the last request on its way to the real transport."""

    def __init__(self, below: httpx.AsyncBaseTransport) -> None:
        self._below = below
        self.last: httpx.Request | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.last = request
        return await self._below.handle_async_request(request)

    async def aclose(self) -> None:
        await self._below.aclose()


def transport() -> httpx.AsyncHTTPTransport:
    """One connection of httpx's own transport, as the house uses it."""
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    return httpx.AsyncHTTPTransport(verify=trust(), limits=limits, retries=0)


class Way:
    """A route's way out, without an engine behind it."""

    def __init__(
        self, port: int, clock: Clock, through: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """To the venue at that port. All calls on one asyncio loop."""
        self._numbers = count(1)
        self._told: list[ExecutionReport] = []
        account = Account(
            api_key="benchmark-key",
            api_secret=_SECRET,
            base_url=f"http://{HOST}:{port}",
        )
        budget = Budget(
            capabilities({}).limits,
            clock=clock,
            speed=_FAST,
            in_flight=CONNECTIONS - 1,
            spare=1,
        )
        self._http = Http(_TIMEOUT_S, hide=[account.api_key, account.api_secret], transport=through)
        door = Door(account, self._http, budget, clock)
        client = BtcturkClient(door, list, clock.monotonic)
        books = VenueBooks(Book({}, {}))
        teller = Teller(_ROUTE, self._post, books, clock, speed=1.0, lags=False)
        options = Options()
        looks = Looks(client, teller, Pace(clock.monotonic, 1.0), lambda again: None)
        lost = Lost(client, teller, options, _nothing)
        self._clock = clock
        self._trader = Trader(
            client,
            teller,
            looks,
            options,
            lost,
            up=lambda: True,
            suspect=_nothing,
            fall=lambda why: None,
        )

    def _post(self, inbound: Inbound) -> None:
        assert isinstance(inbound.message, ExecutionReport), f"not a report: {inbound.message}"
        assert inbound.message.exec_type is ExecType.NEW, f"refused: {inbound.message}"
        self._told.append(inbound.message)

    async def send(self) -> None:
        """One order, until its report is posted. AssertionError for any other outcome."""
        number = next(self._numbers)
        before = len(self._told)
        order = NewOrderSingle(
            cl_ord_id=f"{number:032x}",
            symbol="BTCUSDT",
            side=Side.BUY,
            ord_type=OrdType.LIMIT,
            order_qty=Decimal("0.0100"),
            price=Decimal("40000.10"),
        )
        await self._trader.place(f"{number:010d}", order, self._clock.monotonic())
        assert len(self._told) > before, "an order was not answered"

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def _nothing() -> None:
    """Nobody looks after this route."""


async def recorded(port: int, clock: Clock) -> Wire:
    """What one order of ours is on the wire."""
    recording = _Recording(transport())
    way = Way(port, clock, recording)
    await way.send()
    await way.close()
    request = recording.last
    assert request is not None, "nothing left the house"
    return Wire(str(request.url), list(request.headers.raw), await request.aread())


# The two sides


@asynccontextmanager
async def ours(port: int, clock: Clock) -> AsyncIterator[Send]:
    """The house's own connections."""
    way = Way(port, clock)
    yield way.send
    await way.close()


@asynccontextmanager
async def bare(wire: Wire) -> AsyncIterator[Send]:
    """The same bytes on one connection of the same transport, and the answer read."""
    way = transport()
    extensions = {"timeout": httpx.Timeout(_TIMEOUT_S).as_dict()}

    async def send() -> None:
        request = httpx.Request(
            "POST", wire.url, headers=wire.headers, content=wire.body, extensions=extensions
        )
        async with aclosing(await way.handle_async_request(request)) as response:
            content = await response.aread()
        assert content, "an empty answer"

    yield send
    await way.aclose()


@asynccontextmanager
async def stock(wire: Wire) -> AsyncIterator[Send]:
    """httpx as everybody uses it: one client with its one pool."""
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:

        async def send() -> None:
            response = await client.post(wire.url, content=wire.body, headers=wire.headers)
            assert response.content, "an empty answer"

        yield send


# The figures


async def one_by_one(send: Send, orders: int) -> Sample:
    """Milliseconds of the median order, one after the other."""
    for _ in range(_WARM_UP):
        await send()
    took, cpu = [], time.process_time()
    for _ in range(orders):
        start = time.perf_counter()
        await send()
        took.append(time.perf_counter() - start)
    return Sample(median(took) * 1e3, (time.process_time() - cpu) / orders * 1e6)


async def at_once(send: Send, orders: int) -> Sample:
    """Orders a second, so many at once."""
    left = count(1)

    async def keep_sending() -> None:
        while next(left) <= orders:
            await send()

    await asyncio.gather(*(send() for _ in range(AT_ONCE)))
    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(keep_sending() for _ in range(AT_ONCE)))
    took, used = time.perf_counter() - start, time.process_time() - cpu
    return Sample(orders / took, used / orders * 1e6)


def rest_contests(port: int, clock: Clock, orders: int) -> Iterator[Contest]:
    """The median of single orders, then orders a second, over that many orders."""
    wire = asyncio.run(recorded(port, clock))

    def side(of: Callable[[], Any], measure: Callable[[Send, int], Any]) -> list[Sample]:
        async def measured() -> Sample:
            async with of() as send:
                sample: Sample = await measure(send, orders)
                return sample

        return [asyncio.run(measured())]

    yield Contest(
        (REST_P50,),
        lambda: side(lambda: ours(port, clock), one_by_one),
        lambda: side(lambda: bare(wire), one_by_one),
    )
    yield Contest(
        (REST_AT_ONCE,),
        lambda: side(lambda: ours(port, clock), at_once),
        lambda: side(lambda: stock(wire), at_once),
    )
