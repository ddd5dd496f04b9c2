"""Bitexbit's client and its simulator over a real socket, with what passes between them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from adapters.bitexbit.client import BitexbitClient
from adapters.bitexbit.door import Account, Door
from adapters.bitexbit.fills import Fills
from adapters.bitexbit.simulator import build
from adapters.bitexbit.tests.bitexbit_bench import CREDENTIALS
from adapters.bitexbit.venue import PRIVATE, PUBLIC
from adapters.budget import Budget
from adapters.http import Http
from adapters.port import Placed, VenueOrder
from adapters.simserver import SimRequest, SimResponse, serve
from oms.clock import SystemClock
from oms.core.agreement import Agreement
from oms.core.facts import Execution
from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.order import Order
from oms.core.transfers import MoneyMove
from oms.core.transitions import Life
from oms.core.venue import Instrument
from tests.adapters.one_route import Tap

T = TypeVar("T")
WAIT_S: Final = 30.0
SPEED: Final = 60
NOW: Final = datetime(2026, 1, 5, tzinfo=UTC)
ACCOUNT: Final = Account(
    base_url="https://bitexbit.com",
    api_key=CREDENTIALS["api_key"],
    api_secret=CREDENTIALS["api_secret"],
)
RESTING: Final = NewOrderSingle(
    cl_ord_id="7001",
    symbol="BTC_USD",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.01"),
    price=Decimal(30000),
)
BTC_USD: Final = Instrument(
    symbol="BTC/USD", venue_symbol="BTC_USD", tick=Decimal("0.001"), step=Decimal("0.00000001")
)


class Counter:
    """Nonces from a number on."""

    def __init__(self, first: int) -> None:
        self.last = first
        self.raised: list[int] = []

    async def next(self) -> int:
        self.last += 1
        return self.last

    def raise_above(self, last: int) -> None:
        self.raised.append(last)
        self.last = max(self.last, last)


class Shelf:
    """A book that holds what a test puts there."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.agreement = Agreement()

    def order(self, order_id: str) -> Order | None:
        return next((order for order in self.orders if order.order_id == order_id), None)

    def working(self, route: str) -> list[Order]:
        return [order for order in self.orders if not order.closed]

    def closed(self, route: str) -> list[Order]:
        return [order for order in self.orders if order.closed]

    def killed(self, route: str) -> bool:
        return False

    def open_moves(self, route: str) -> list[MoneyMove]:
        return []


class Line:
    """A client, the simulator behind its socket, and what passes between them."""

    def __init__(self, tap: Tap, url: str, **choices: Any) -> None:
        self.tap = tap
        self.url = url
        self.clock = SystemClock()
        self.shelf = Shelf()
        self.nonces = Counter(self.clock.now_ms())
        self.alarms: list[str] = []
        private = Budget([PRIVATE], clock=self.clock, speed=SPEED, in_flight=1)
        public = Budget([PUBLIC], clock=self.clock, speed=SPEED)
        account = replace(ACCOUNT, base_url=url, **choices)
        door = Door(account, Http(2), private, public, self.nonces, self.clock)
        self.fills = Fills("BITEXBIT", self.shelf, self.clock)
        self.client = BitexbitClient(
            account, door, self.fills, lambda text, raw: self.alarms.append(f"{text} {raw}")
        )

    def change(self, change: Callable[[Any], None], part: str = "/") -> None:
        """Have the body of every answer changed whose path contains `part`."""

        def changed(request: SimRequest, answer: SimResponse) -> SimResponse:
            if part not in request.path:
                return answer
            body = json.loads(answer.body)
            change(body)
            return replace(answer, body=json.dumps(body).encode())

        self.tap.change = changed

    async def place(self, **changed: Any) -> Placed:
        """Send an order, and book it as working."""
        request = replace(RESTING, **changed)
        placed = await self.client.place(request)
        self.shelf.orders.append(self.known(placed.secondary_order_id, request))
        return placed

    async def order(self, number: str) -> VenueOrder:
        sight = await self.client.order(self.known(number))
        assert isinstance(sight, VenueOrder), sight
        return sight

    def fill(self, number: str, amount: str) -> None:
        """Have somebody take a part of a resting order."""
        self.tap.switch("fill", {"order": int(number), "amount": amount})

    def known(self, number: str, request: NewOrderSingle = RESTING) -> Order:
        """An order as the engine knows it, entered now."""
        assert request.order_qty is not None
        return Order(
            order_id=f"O{number}",
            origin="DESK1",
            route="BITEXBIT",
            venue_cl_ord_id=f"I{number}",
            cl_ord_id=f"d{number}",
            symbol="BTC/USD",
            side=request.side,
            ord_type=OrdType.LIMIT,
            time_in_force=TimeInForce.GOOD_TILL_CANCEL,
            order_qty=request.order_qty,
            price=request.price,
            created=self.clock.now(),
            updated=self.clock.now(),
            secondary_order_id=number,
            life=Life.WORKING,
        )


def booked(order: Order, *executions: Execution) -> Order:
    """The order with these executions."""
    told = {execution.exec_id: execution for execution in executions}
    return order.evolve(executions=told, cum_qty=sum((e.qty for e in executions), Decimal(0)))


def on_line(story: Callable[[Line], Awaitable[T]], **choices: Any) -> T:
    """Run a story against a fresh simulator."""

    async def run() -> T:
        tap = Tap(build(5, SPEED, CREDENTIALS))
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
        cl_ord_id="7001C1", orig_cl_ord_id="7001", order_id=placed.secondary_order_id
    )
