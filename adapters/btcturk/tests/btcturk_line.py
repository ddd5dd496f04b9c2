"""BtcTurk's client and its simulator over a real socket, with what passes between them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from adapters.btcturk.client import BtcturkClient
from adapters.btcturk.door import Account, Door
from adapters.btcturk.simulator import build
from adapters.btcturk.tests.btcturk_bench import CREDENTIALS
from adapters.btcturk.venue import capabilities
from adapters.budget import Budget
from adapters.http import Http
from adapters.port import Placed, VenueOrder
from adapters.simserver import SimRequest, SimResponse, serve
from oms.clock import SystemClock
from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.order import Order
from oms.core.venue import Instrument
from tests.adapters.one_route import Tap

T = TypeVar("T")
WAIT_S: Final = 30.0
NOW: Final = datetime(2026, 1, 5, tzinfo=UTC)
CLIENT_ID: Final = "0123456789abcdef0123456789abcdef"
PAIR: Final = Instrument(
    symbol="BTC/TRY", venue_symbol="BTCTRY", tick=Decimal(10), step=Decimal("0.00000001")
)
RESTING: Final = NewOrderSingle(
    cl_ord_id=CLIENT_ID,
    symbol="BTCTRY",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.01"),
    price=Decimal(1_000_000),
)
CROSSING: Final = replace(RESTING, price=Decimal(1_200_010))


class Line:
    """A client, the simulator behind its socket, and what passes between them."""

    def __init__(self, tap: Tap, url: str, speed: float = 60, **choices: Any) -> None:
        self.tap = tap
        self.clock = choices.pop("clock", None) or SystemClock()
        self.budget = Budget(capabilities({}).limits, clock=self.clock, speed=speed)
        told: dict[str, Any] = {**CREDENTIALS, **choices}
        account = Account(base_url=url, graph_url=url, mirror_url=url, **told)
        self.door = Door(account, Http(2), self.budget, self.clock)
        self.working = ["BTC/TRY"]
        self.client = BtcturkClient(self.door, lambda: self.working, self.clock.monotonic, 0.1)

    def change(self, change: Callable[[Any], object], part: str = "/") -> None:
        """Have the body of every answer changed whose path contains `part`."""

        def changed(request: SimRequest, answer: SimResponse) -> SimResponse:
            if part not in request.path:
                return answer
            body = json.loads(answer.body)
            told = change(body)
            return replace(answer, body=json.dumps(body if told is None else told).encode())

        self.tap.change = changed

    def fail(self, part: str, status: int) -> None:
        """Have every request fail whose path contains `part`."""

        def failed(request: SimRequest, answer: SimResponse) -> SimResponse:
            return replace(answer, status=status, body=b"{}") if part in request.path else answer

        self.tap.change = failed

    async def order(self, order: Order) -> VenueOrder:
        sight = await self.client.order(order)
        assert isinstance(sight, VenueOrder)
        return sight

    async def until(self, order: Order, done: Callable[[VenueOrder], bool]) -> VenueOrder:
        """The order once it is so; `on_line` bounds the wait."""
        sight = await self.order(order)
        while not done(sight):
            await asyncio.sleep(0.01)
            sight = await self.order(order)
        return sight

    async def filled(self, order: Order) -> VenueOrder:
        """The order once its fills are listed."""
        return await self.until(order, lambda sight: bool(sight.trades))


def known(number: str, **changed: Any) -> Order:
    """An order as the engine knows it."""
    order = Order(
        order_id="1",
        origin="DESK1",
        route="BTCTURK",
        venue_cl_ord_id=CLIENT_ID,
        cl_ord_id="d1",
        symbol="BTC/TRY",
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        order_qty=Decimal("0.01"),
        created=NOW,
        updated=NOW,
        secondary_order_id=number,
    )
    return order.evolve(**changed)


def on_line(story: Callable[[Line], Awaitable[T]], **choices: Any) -> T:
    """Run a story against a fresh simulator."""

    async def run() -> T:
        tap = Tap(build(5, 60, CREDENTIALS))
        server = await serve(tap, clock_ms=SystemClock().now_ms)
        line = Line(tap, server.url, **choices)
        try:
            async with asyncio.timeout(WAIT_S):
                return await story(line)
        finally:
            await line.client.close()
            await server.close()

    return asyncio.run(run())


def cancel_of(placed: Placed) -> OrderCancelRequest:
    return OrderCancelRequest(
        cl_ord_id=f"{CLIENT_ID}C1", orig_cl_ord_id=CLIENT_ID, order_id=placed.secondary_order_id
    )
