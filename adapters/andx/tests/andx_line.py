"""ANDX's client and its simulator over a real socket, with what passes between them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from adapters.andx.client import Account, AndxClient
from adapters.andx.simulator import build
from adapters.andx.tests.andx_bench import CREDENTIALS
from adapters.budget import Budget
from adapters.http import Http
from adapters.port import Placed, VenueOrder
from adapters.simserver import SimRequest, SimResponse, serve
from oms.clock import SystemClock
from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.order import Order
from oms.core.venue import Limit
from tests.adapters.one_route import Tap

T = TypeVar("T")
WAIT_S: Final = 30.0
ACCOUNT: Final = Account(
    base_url="https://platform.andx.one/api/v1",
    username=CREDENTIALS["username"],
    passphrase=CREDENTIALS["passphrase"],
    api_key=CREDENTIALS["api_key"],
    api_secret=CREDENTIALS["api_secret"],
)
NOW: Final = datetime(2026, 1, 5, tzinfo=UTC)
RESTING: Final = NewOrderSingle(
    cl_ord_id="7001",
    symbol="BTCTRY",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.01"),
    price=Decimal(1_000_000),
)


class Line:
    """A client, the simulator behind its socket, and what passes between them."""

    def __init__(self, tap: Tap, url: str, **choices: Any) -> None:
        self.tap = tap
        self.clock = SystemClock()
        budget = Budget([Limit("all", 6000, Decimal(60))], clock=self.clock)
        account = replace(ACCOUNT, base_url=f"{url}/api/v1", **choices)
        self.client = AndxClient(account, Http(2), budget, self.clock)

    def change(self, change: Callable[[dict[str, Any]], None], part: str = "/") -> None:
        """Have the body of every answer changed whose path contains `part`."""

        def changed(request: SimRequest, answer: SimResponse) -> SimResponse:
            if part not in request.path:
                return answer
            body = json.loads(answer.body)
            change(body)
            return replace(answer, body=json.dumps(body).encode())

        self.tap.change = changed

    async def order(self, number: str) -> VenueOrder:
        sight = await self.client.order(known(number))
        assert isinstance(sight, VenueOrder)
        return sight


def known(number: str) -> Order:
    """An order as the engine knows it."""
    return Order(
        order_id="1",
        origin="DESK1",
        route="ANDX",
        venue_cl_ord_id="7001",
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
        cl_ord_id="7001C1", orig_cl_ord_id="7001", order_id=placed.secondary_order_id
    )
