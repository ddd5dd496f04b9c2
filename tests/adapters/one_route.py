"""An engine of one route, moved by the test's own thread, and its venue behind a real socket.

What the runner posts waits in a queue until `until` decides it, so a test sees every order between
two messages. Nothing sleeps: a wait ends with the message it waited for, or says what it missed.
"""

import queue
import random
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from adapters import venue
from adapters.loop import Loop
from adapters.port import VenueRunner
from adapters.simserver import (
    Server,
    SimRequest,
    SimResponse,
    SimSocket,
    Simulator,
    Streaming,
    serve,
)
from oms.clock import SystemClock
from oms.core.book import EVERY_ROUTE, Book, Changes
from oms.core.decide import decide
from oms.core.fields import ExecType, OrdType, Side
from oms.core.messages import ExecutionReport, NewOrderSingle, OrderCancelReject, OrderCancelRequest
from oms.core.notes import NoncesReserved, Quarantined
from oms.core.order import Order
from oms.core.ports import (
    Books,
    DeskReport,
    Evidence,
    Inbound,
    Message,
    Record,
    ToOrigin,
    ToVenue,
)

T = TypeVar("T")
DESK: Final = "DESK1"
WAIT_S: Final = 20.0
SPEED: Final = 60


class Bench(Protocol):
    """What a venue's own tests say about trying it: `adapters/<venue>/tests/<venue>_bench.py`."""

    CREDENTIALS: Mapping[str, str]
    ORDER: NewOrderSingle
    """A limit order that rests where nothing trades."""
    NEAR: Decimal
    """A price at which it fills at once as far as the first level of the book reaches."""
    LEVEL: Decimal
    """What stands at the first level."""
    TICK: Decimal
    """The price step of that market."""

    @staticmethod
    def config(url: str) -> dict[str, Any]:
        """The venue's settings, with its simulator at `url`."""
        ...


def bench_of(kind: str) -> Bench:
    """The bench of one kind of venue."""
    bench: Any = import_module(f"adapters.{kind}.tests.{kind}_bench")
    return bench  # type: ignore[no-any-return]  # an Any that is one


def simulator_of(kind: str) -> Any:
    """The venue's own simulator."""
    simulated = venue(kind).simulated
    assert simulated is not None, f"{kind} has no simulator"
    module, _, name = simulated.build.partition(":")
    return getattr(import_module(module), name)(11, SPEED, bench_of(kind).CREDENTIALS)


class Tap:
    """Between simulator and socket: remembers requests, and may change answers."""

    def __init__(self, simulator: Simulator) -> None:
        self.name = simulator.name
        self.simulator = simulator
        self.asked: list[SimRequest] = []
        self.change: Callable[[SimRequest, SimResponse], SimResponse] = lambda _, answer: answer
        self.advance, self.ledger = simulator.advance, simulator.ledger
        self.switch = simulator.switch

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Pass on, remember, change."""
        self.asked.append(request)
        return self.change(request, self.simulator.handle(request, now_ms))

    def connect(self, request: SimRequest, now_ms: int) -> SimSocket | SimResponse:
        """Pass on, where the venue has streams."""
        self.asked.append(request)
        if isinstance(self.simulator, Streaming):
            return self.simulator.connect(request, now_ms)
        return self.simulator.handle(request, now_ms)

    def count(self, method: str, part: str) -> int:
        """How many requests of that method had this in their path."""
        return sum(asked.method == method and part in asked.path for asked in list(self.asked))

    def orders(self) -> list[dict[str, Any]]:
        """The venue's own list of orders."""
        found: Any = self.ledger()["orders"]
        return list(found)


class Venue:
    """The simulator's server: it can go away and come back at the same address."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._clock_ms = SystemClock().now_ms
        self._loop = Loop("venue")
        self._loop.start()
        self._server = self._serve(0)
        self.url = self._server.url

    def _serve(self, port: int) -> Server:
        serving = serve(self._tap, port=port, clock_ms=self._clock_ms)
        return self._loop.submit(serving).result(WAIT_S)

    def do(self, deed: Callable[[], T]) -> T:
        """Do something on the venue's own thread."""

        async def done() -> T:
            return deed()

        return self._loop.submit(done()).result(WAIT_S)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the venue's own thread."""
        return self._loop.submit(coroutine).result(WAIT_S)

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> None:
        """Have a coroutine run on the venue's own thread, and wait for nothing."""
        self._loop.submit(coroutine)

    def go_away(self) -> None:
        """Refuse connections from now on. Raises what the simulator tripped over."""
        self._loop.submit(self._server.close()).result(WAIT_S)

    def come_back(self) -> None:
        """Listen again where it was."""
        self._server = self._serve(int(self.url.rpartition(":")[2]))

    def close(self) -> None:
        """Go away for good."""
        try:
            self.go_away()
        finally:
            self._loop.stop()


class OneRoute:
    """One desk, one route, one venue."""

    def __init__(
        self,
        kind: str,
        tap: Tap,
        there: Venue,
        loop: Loop,
        speed: float,
        settings: Mapping[str, Any],
    ) -> None:
        self.kind, self.tap, self.there, self.bench = kind, tap, there, bench_of(kind)
        self.loop, self.config = (
            loop,
            {"audit_s": 0, **bench_of(kind).config(there.url), **settings},
        )
        self.speed = speed
        self.route = kind.upper()
        self.clock = SystemClock()
        self.told: list[DeskReport] = []
        self.records: list[Record] = []
        self.book = Book(
            {self.route: venue(kind).capabilities(self.config)},
            {DESK: frozenset({EVERY_ROUTE})},
        )
        self.inbox: queue.SimpleQueue[Inbound] = queue.SimpleQueue()
        self.sent: list[ToVenue] = []
        self.runner = self.build(self.book)
        self.send: Callable[[ToVenue], None] = lambda outbound: self.runner.send(outbound)
        self._ids = count(1)
        self._digits = random.Random(7)  # noqa: S311  repeatable on purpose

    def build(self, books: Books) -> VenueRunner:
        """A runner of this route, not started."""
        return venue(self.kind).build(
            self.config,
            route=self.route,
            post=self.post,
            books=books,
            clock=self.clock,
            loop=self.loop,
            speed=self.speed,
        )

    def post(self, inbound: Inbound) -> None:
        """The engine's door in."""
        self.inbox.put(inbound)

    # The desk

    def place(self, *, wait: bool = False, **changed: Any) -> str:
        """Enter an order, resting unless changed; its OrderID. `wait`: for its acknowledgement."""
        cl_ord_id = f"d{next(self._ids)}"
        order = replace(self.bench.ORDER, cl_ord_id=cl_ord_id, ex_destination=self.route, **changed)
        self.desk(order)
        order_id = self.book.used(DESK, cl_ord_id)
        assert order_id, self.told[-1:]
        if wait:
            self.until(lambda: self.order(order_id).acknowledged, "the acknowledgement")
        return order_id

    def take(self, qty: Decimal) -> str:
        """Enter an order that crosses the first level."""
        return self.place(price=self.bench.NEAR, order_qty=qty)

    def sell_market(self, qty: Decimal) -> str:
        """Enter a market order."""
        return self.place(ord_type=OrdType.MARKET, price=None, side=Side.SELL, order_qty=qty)

    def cancel(self, order_id: str) -> str:
        """Ask to cancel; the ClOrdID of the request."""
        order = self.order(order_id)
        request = OrderCancelRequest(
            cl_ord_id=f"c{next(self._ids)}", orig_cl_ord_id=order.cl_ord_id
        )
        self.desk(request)
        return request.cl_ord_id

    def desk(self, message: Message) -> None:
        """A message from the desk, decided now."""
        self._decide(Inbound(source=DESK, message=message, evidence=Evidence.DESK))

    def order(self, order_id: str) -> Order:
        """The order as it stands."""
        order = self.book.any_order(order_id)
        assert order is not None, f"no order {order_id}"
        return order

    # The engine

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Decide what comes until it is so."""
        deadline = time.monotonic() + WAIT_S
        while not done():
            try:
                self._decide(self.inbox.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                last = [f"{record.order_id} {record.message}" for record in self.records[-5:]]
                raise AssertionError(f"waited {WAIT_S} s for {what}; last: {last}") from None

    def until_ready(self) -> None:
        """Wait until orders are taken."""
        self.until(lambda: self.book.routes[self.route].ready, "the route to be ready")

    def until_asked(self, method: str, part: str, times: int) -> None:
        """Wait until the venue has been asked so often for something."""
        self.spin(lambda: self.tap.count(method, part) >= times, f"{times} {method} of {part}")

    def spin(
        self, done: Callable[[], bool], what: str, meanwhile: Callable[[], object] = bool
    ) -> None:
        """Like `until`, for what happens without a message; `meanwhile` is done every time."""
        deadline = time.monotonic() + WAIT_S
        while not done():
            assert time.monotonic() < deadline, f"waited {WAIT_S} s for {what}"
            meanwhile()
            try:
                self._decide(self.inbox.get(timeout=0.01))
            except queue.Empty:
                continue

    def _draw(self, digits: int) -> str:
        return "".join(self._digits.choices("0123456789", k=digits))

    def _decide(self, inbound: Inbound) -> None:
        now, changes = self.clock.now(), Changes()
        decision = decide(self.book, inbound, now, self._draw)
        for record in decision:
            self.book.apply(record, changes)
            self.records.append(record)
        for record in decision:
            if isinstance(record.message, NoncesReserved):
                self.runner.grant(record.message)
            for outbound in record.outbound:
                if isinstance(outbound, ToOrigin):
                    self.told.append(outbound.message)
                elif isinstance(outbound, ToVenue):
                    self.sent.append(outbound)
                    self.send(outbound)

    # What was told

    def reports(self, order_id: str) -> list[ExecutionReport]:
        """What the desk was told of an order, status reports left out."""
        return [
            report
            for report in self.told
            if isinstance(report, ExecutionReport)
            and report.order_id == order_id
            and report.exec_id != "0"
        ]

    def exec_types(self, order_id: str) -> list[ExecType]:
        """The events among these."""
        return [report.exec_type for report in self.reports(order_id)]

    def cancel_rejects(self) -> list[OrderCancelReject]:
        """The cancels that were refused."""
        return [report for report in self.told if isinstance(report, OrderCancelReject)]

    def quarantined(self) -> list[Record]:
        """What a human was shown."""
        return [record for record in self.records if isinstance(record.message, Quarantined)]

    def raw_texts(self) -> str:
        """All that the journal would keep of the venue's own words."""
        return "\n".join(repr(record) for record in self.records)


@contextmanager
def one_route(
    kind: str, *, start: bool = True, speed: float = SPEED, **settings: Any
) -> Iterator[OneRoute]:
    """A venue on a socket and an engine that is connected to it; both gone afterwards."""
    tap = Tap(simulator_of(kind))
    venue_there, here = Venue(tap), Loop("adapters")
    here.start()
    route = OneRoute(kind, tap, venue_there, here, speed, settings)
    try:
        if start:
            route.runner.start()
        yield route
    finally:
        route.runner.stop()
        here.stop()
        venue_there.close()


@contextmanager
def carried_route(kind: str, folder: Path, **settings: Any) -> Iterator[OneRoute]:
    """A route whose orders go the way they do in earnest: through its runner, or through the
    session of `tests/adapters/carried_<kind>.py`."""
    with one_route(kind, **settings) as route, ExitStack() as stack:
        if not venue(kind).trades_here:
            carrier = import_module(f"tests.adapters.carried_{kind}")
            stack.enter_context(carrier.carry(route, folder))
        yield route
