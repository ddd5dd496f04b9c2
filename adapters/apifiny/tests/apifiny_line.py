"""Apifiny's client and its simulator over a real socket, with what passes between them."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from adapters.apifiny.access import Account
from adapters.apifiny.client import ApifinyClient
from adapters.apifiny.tests.apifiny_bench import CREDENTIALS
from adapters.apifiny.tests.apifiny_desk import Desk
from adapters.budget import Budget
from adapters.http import Http
from adapters.port import VenueOrder
from adapters.simserver import SimRequest, SimResponse, SimSocket, serve
from oms.clock import ManualClock
from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.order import Order
from oms.core.venue import Limit
from tests.adapters.one_route import Tap

T = TypeVar("T")
WAIT_S: Final = 30.0
NOW: Final = datetime(2026, 1, 5, tzinfo=UTC)
ACCOUNT: Final = Account(
    account_id=CREDENTIALS["account_id"],
    api_key_id=CREDENTIALS["api_key_id"],
    api_secret_key=CREDENTIALS["api_secret_key"],
    exchanges=("BINANCE", "COINBASEPRO"),
    host="https://api.apifiny.com",
)


class Line:
    """A client, a desk that trades at the simulator by hand, and what passes between them."""

    def __init__(self, tap: Tap, desk: Desk, **choices: Any) -> None:
        self.tap, self.desk = tap, desk
        self.sent: list[dict[str, Any]] = []
        """What the feeds were sent."""
        self.sockets: defaultdict[str, list[Any]] = defaultdict(list)
        """The connections to feeds, by path."""
        self._connect, tap.connect = tap.connect, self._watched  # type: ignore[method-assign]  # the test's own instead
        self.clock = ManualClock(desk.now_ms * 1000)
        budget = Budget([Limit("all", 6000, Decimal(60))], clock=self.clock)
        self.account, self.budget = replace(ACCOUNT, **choices), budget
        self.client = ApifinyClient(self.account, Http(2), budget, self.clock)

    async def ask(self, order_id: str) -> VenueOrder:
        sight = await self.client.order(known(order_id))
        assert isinstance(sight, VenueOrder), sight
        return sight

    def _watched(self, request: SimRequest, now_ms: int) -> SimSocket | SimResponse:
        socket: Any = self._connect(request, now_ms)
        if isinstance(socket, SimResponse):
            return socket
        self.sockets[request.path].append(socket)
        receive = socket.receive

        def hear(text: str, at_ms: int) -> None:
            self.sent.append(json.loads(text))
            receive(text, at_ms)

        socket.receive = hear
        return socket  # type: ignore[no-any-return]  # an Any that is one

    def answer(self, body: object, status: int = 200) -> None:
        """Have every request answered so."""
        self.tap.change = lambda _, __: SimResponse(status, json.dumps(body).encode())


def known(order_id: str) -> Order:
    """An order as the engine knows it."""
    return Order(
        order_id="1",
        origin="DESK1",
        route="APIFINY",
        venue_cl_ord_id=order_id,
        cl_ord_id="d1",
        symbol="BTC/USDT",
        security_exchange="BINANCE",
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        order_qty=Decimal("0.01"),
        created=NOW,
        updated=NOW,
    )


def on_line(story: Callable[[Line], Awaitable[T]], *, own_host: bool = False, **choices: Any) -> T:
    """Run a story against a fresh simulator, the symbols read already.

    `own_host`: the simulator is BINANCE's own host, and the common one does not answer.
    """

    async def run() -> T:
        desk = Desk(speed=1000)
        tap = Tap(desk.sim)
        server = await serve(tap, clock_ms=lambda: desk.now_ms)
        where: dict[str, Any] = {"host": server.url, "stream_host": server.stream_url}
        if own_host:
            own = {"BINANCE": server.url}
            nobody = {"host": "http://127.0.0.1:1", "stream_host": "ws://127.0.0.1:1"}
            where = {**nobody, "hosts": own, "exchanges": ("BINANCE",)}
        line = Line(tap, desk, **where, **choices)
        try:
            async with asyncio.timeout(WAIT_S):
                await line.client.instruments()
                tap.asked.clear()
                return await story(line)
        finally:
            await line.client.close()
            await server.close()

    return asyncio.run(run())


def as_json(desk: Desk, order_id: str) -> dict[str, object]:
    """The order in numbers that json can write."""
    row = desk.query(order_id)
    return {k: float(v) if isinstance(v, Decimal) else v for k, v in row.items()}
