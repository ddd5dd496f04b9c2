"""Cryptex's client and its simulator over a real socket, with what passes between them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from adapters.budget import Budget
from adapters.cryptex.door import Access, Door
from adapters.cryptex.mapping import Reading
from adapters.cryptex.market import CryptexMarketClient
from adapters.cryptex.simulator import build
from adapters.cryptex.simulator.wire import encode
from adapters.cryptex.tests.cryptex_bench import CREDENTIALS
from adapters.http import Http
from adapters.port import Placed, VenueOrder
from adapters.simserver import SimRequest, SimResponse, serve
from oms.clock import SystemClock
from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.order import Order
from oms.core.venue import Instrument, Limit
from tests.adapters.one_route import Tap

T = TypeVar("T")
WAIT_S: Final = 30.0
ACCESS: Final = Access(
    base_url="https://cryptex.net/api/v1",
    username=CREDENTIALS["username"],
    api_key=CREDENTIALS["api_key"],
    api_secret=CREDENTIALS["api_secret"],
)
NOW: Final = datetime(2026, 1, 5, tzinfo=UTC)
RESTING: Final = NewOrderSingle(
    cl_ord_id="7",
    symbol="BTC_USD",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.01"),
    price=Decimal(30000),
)
CROSSING: Final = replace(RESTING, price=Decimal("40000.01"))
MARKETS: Final = tuple(
    Instrument(
        symbol=symbol,
        venue_symbol=symbol.replace("/", "_"),
        tick=Decimal("0.01"),
        step=Decimal("0.0001"),
    )
    for symbol in ("BTC/USD", "LTC/USD")
)


class Counter:
    """Nonces from 1 up, which nobody journals, and what was said of them."""

    def __init__(self) -> None:
        self.last = 0
        self.seen: list[int] = []

    async def next(self) -> int:
        self.last += 1
        return self.last

    def raise_above(self, last: int) -> None:
        self.seen.append(last)
        self.last = max(self.last, last)


class Line:
    """A client, the simulator behind its socket, and what passes between them."""

    def __init__(self, tap: Tap, url: str, reading: Reading, **choices: Any) -> None:
        self.tap = tap
        self.clock = SystemClock()
        self.nonces = Counter()
        self.owned: set[str] = set()
        budget = Budget([Limit("all", 6000, Decimal(60))], clock=self.clock, in_flight=1, speed=100)
        access = replace(ACCESS, base_url=f"{url}/api/v1", **choices)
        door = Door(access, reading, Http(2, connections=1), budget, self.nonces, lambda: 0)
        self.client = CryptexMarketClient(
            door,
            markets=MARKETS,
            with_reserves="1",
            deposit_addresses={},
            owned=lambda: self.owned,
        )

    def asked(self) -> list[str]:
        """The methods that the venue was asked for."""
        forms = [dict(parse_qsl(asked.body.decode())) for asked in self.tap.asked]
        return [form.get("method", "") for form in forms]

    def change(self, change: Callable[[Any], Any], method: str) -> None:
        """Have the data of every answer to a method changed on its way."""

        def changed(request: SimRequest, answer: SimResponse) -> SimResponse:
            if f"method={method}&".encode() not in request.body:
                return answer
            body = json.loads(answer.body, parse_float=Decimal)
            body["data"] = change(body["data"])
            return replace(answer, body=encode(body).encode())

        self.tap.change = changed

    async def order(self, number: str, **known_as: Any) -> VenueOrder:
        sight = await self.client.order(known(number, **known_as))
        assert isinstance(sight, VenueOrder), sight
        return sight


def known(number: str, **changed: Any) -> Order:
    """An order as the engine knows it."""
    order = Order(
        order_id="1",
        origin="DESK1",
        route="CRYPTEX",
        venue_cl_ord_id="7",
        cl_ord_id="d1",
        symbol="BTC/USD",
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        order_qty=Decimal("0.01"),
        price=Decimal(30000),
        created=NOW,
        updated=NOW,
        secondary_order_id=number,
    )
    return order.evolve(**changed)


def on_line(
    story: Callable[[Line], Awaitable[T]], reading: Reading | None = None, **choices: Any
) -> T:
    """Run a story against a fresh simulator."""

    async def run() -> T:
        tap = Tap(build(5, 60, CREDENTIALS))
        server = await serve(tap, clock_ms=SystemClock().now_ms)
        line = Line(tap, server.url, reading or Reading(), **choices)
        try:
            async with asyncio.timeout(WAIT_S):
                return await story(line)
        finally:
            await line.client.close()
            await server.close()

    return asyncio.run(run())


def cancel_of(placed: Placed) -> OrderCancelRequest:
    return OrderCancelRequest(
        cl_ord_id="7C1", orig_cl_ord_id="7", order_id=placed.secondary_order_id
    )
