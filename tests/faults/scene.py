"""One desk, one route and its venue on a clock that nobody waits for: where an accident is told.

The writer, the venue's client and runner, and the venue's simulator are the product's own; on the
way between them a request or an answer is lost, late or spoilt. The engine's process can die at
any step, and the next one begins with what the journal holds.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from itertools import count
from typing import Any, Final
from unittest import mock

from adapters import venue
from adapters.matching import MatchingEngine
from adapters.simserver import Simulator
from oms.core.errors import StoreUnavailable
from oms.core.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from oms.core.notes import KillSwitch, OrderEntered
from oms.core.order import Order
from oms.core.ports import DeskReport, Evidence, Inbound, Message, Record, ToVenue
from oms.core.settlements import Waits
from oms.core.venue import Emulation
from tests.adapters.one_route import bench_of
from tests.adapters.virtual_hour import VirtualLoop
from tests.faults.engine_process import DESK, Died, Process
from tests.faults.road import Road, placing
from tests.faults.story import Moment, timeline
from tests.faults.verdict import Verdict, compare, row_text

PATIENCE_S: Final = 600.0


class SceneLoop(VirtualLoop):
    """The engine's wall clock can be set back; what measures waits, and the venue's clock, go on."""

    back_s = 0.0

    def venue_ms(self) -> int:
        """The venue's clock."""
        return super().now_us() // 1000

    def now_us(self) -> int:
        return super().now_us() - round(self.back_s * 1_000_000)


class Scene:
    """Moved by the test, in seconds of its own clock; made by `scene`."""

    def __init__(self, kind: str, *, moving: bool, streams: bool, **config: Any) -> None:
        self.kind, self.route = kind, kind.upper()
        self.loop = SceneLoop()
        self.moving, self.streams = moving, streams
        self.bench, spec = bench_of(kind), venue(kind)
        assert spec.simulated is not None, "every venue of a scene has a simulator"
        module, _, name = spec.simulated.build.partition(":")
        build = getattr(import_module(module), name)
        self.simulator: Simulator = build(11, 1.0, self.bench.CREDENTIALS)
        self.config = {**self.bench.config("http://venue"), **config}
        offered = spec.capabilities(self.config)
        self.capabilities = replace(offered, emulates=frozenset({Emulation.REPLACE}))
        self.journal: list[Record] = []
        self.told: list[DeskReport] = []
        self.faults: list[BaseException] = []
        self.road = Road(self)
        self.on_the_way = self.road.faults
        self.sent = self.road.sent
        self.dies_at: dict[str, Callable[[Record], bool]] = {}
        """`before` or `after` a commit, or `fails` at one: of which record."""
        self.commit_s = 0.0
        self.moments: list[Moment] = []
        self.foreign: set[str] = set()
        self._ids, self._drawn = count(1), count(1)
        self.loop.set_exception_handler(self._failed)
        self.process: Process

    # Life

    def begin(self) -> None:
        """Start an engine on the journal and wait until its route is ready."""
        self.process = Process(self)
        self._mark_orders()
        self.process.start()
        self.until(lambda: self.process.book.routes[self.route].ready, "the route to be ready")

    def die(self) -> None:
        """The process is gone; what it has sent goes on."""
        self.tell("fault", "the process dies")
        self.process.dead = True
        for task in asyncio.all_tasks(self.loop):
            if task is not asyncio.current_task(self.loop) and task.get_name() != "scene":
                task.cancel()

    def restart(self, down_s: float = 1.0) -> None:
        """A new process on the same journal."""
        if not self.process.dead:
            self.die()
        self.run(down_s)
        self.begin()

    def end(self) -> None:
        """Nothing goes on; what our own mistakes were is told."""
        self.die()
        left = asyncio.all_tasks(self.loop)
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.close()
        assert self.faults == [], self.faults

    def run(self, seconds: float) -> None:
        """Let so much time pass."""

        async def wait() -> None:
            await asyncio.sleep(seconds)

        self.loop.run_until_complete(self.loop.create_task(wait(), name="scene"))

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Let time pass until it is so."""
        deadline = self.loop.time() + PATIENCE_S
        while not done():
            assert self.loop.time() < deadline, f"waited {PATIENCE_S:g} s for {what}"
            self.run(0.1)

    def tell(self, who: str, what: str) -> None:
        """A line of the scene's story."""
        self.moments.append(Moment(self.loop.time(), who, what))

    def text(self) -> str:
        """The story so far, and what the ledger says at its end."""
        ledger = [Moment(self.loop.time(), "ledger", row_text(row)) for row in self.rows()]
        verdict = [Moment(self.loop.time(), "judge", line) for line in self.verdict().lines()]
        return timeline([*self.moments, *ledger, *verdict], title=f"At {self.route}:")

    def _failed(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.faults.append(context.get("exception") or AssertionError(context["message"]))

    # The desk

    def post(self, message: Message, source: str = DESK) -> None:
        """A message, decided and committed."""
        self.tell("desk", told_shortly(message))
        evidence = Evidence.DESK if source == DESK else Evidence.OPERATOR
        self.process.post(Inbound(source=source, message=message, evidence=evidence))
        self.run(self.commit_s)

    def place(self, **changed: Any) -> str:
        """Enter an order, resting unless changed; its OrderID, "" if there is none."""
        cl_ord_id = changed.pop("cl_ord_id", "") or f"d{next(self._ids)}"
        order = replace(self.bench.ORDER, cl_ord_id=cl_ord_id, ex_destination=self.route, **changed)
        self.post(order)
        return self.process.book.used(DESK, cl_ord_id) or ""

    def take(self, parts: str = "0.2") -> str:
        """Enter an order that crosses so much of the first level."""
        qty = self.bench.LEVEL * Decimal(parts)
        return self.place(price=self.bench.NEAR, order_qty=qty)

    def cancel(self, order_id: str) -> None:
        """Ask to cancel."""
        request = OrderCancelRequest(
            cl_ord_id=f"c{next(self._ids)}", orig_cl_ord_id=self.order(order_id).cl_ord_id
        )
        self.post(request)

    def amend(self, order_id: str, **terms: Any) -> None:
        """Ask to replace."""
        order = self.order(order_id)
        request = OrderCancelReplaceRequest(
            cl_ord_id=f"r{next(self._ids)}",
            orig_cl_ord_id=order.cl_ord_id,
            symbol=order.symbol,
            side=order.side,
            ord_type=order.ord_type,
            **{"order_qty": order.order_qty, "price": order.price, **terms},
        )
        self.post(request)

    def kill(self) -> None:
        """Turn the kill switch on."""
        note = KillSwitch(on=True, route=self.route, origin="operator", cl_ord_id="k1")
        self.post(note, "operator")

    def order(self, order_id: str) -> Order:
        """The order as it stands in the process's memory."""
        found = self.process.book.any_order(order_id)
        assert found is not None, f"no order {order_id}"
        return found

    def reports(self, order_id: str) -> list[ExecutionReport]:
        """What the desk was told of an order, status reports left out."""
        reports = [one for one in self.told if isinstance(one, ExecutionReport)]
        return [one for one in reports if one.order_id == order_id and one.exec_id != "0"]

    def cancel_rejects(self) -> int:
        """How many of its cancels the desk was refused."""
        return sum(isinstance(report, OrderCancelReject) for report in self.told)

    def send(self, number: int, report: DeskReport) -> None:
        """The desk is told."""
        self.told.append(report)

    def draw(self, digits: int) -> str:
        """Digits that look drawn."""
        return str(next(self._drawn) * 7919).zfill(digits)[-digits:]

    # The journal

    def write_down(self, records: list[Record]) -> None:
        """One transaction, unless the process ends at it."""
        for record in records:
            self.tell("engine", f"{record.order_id:>2} {told_shortly(record.message)}")
        self._die("before", records)
        if self._hits("fails", records):
            raise StoreUnavailable("the disk is full")
        self.journal += records
        self.tell("journal", f"committed to record {len(self.journal)}")
        for record in records:
            if isinstance(record.message, Waits) and not record.message.text:
                # That it waited for its twin is on record, and that it leaves now.
                self.road.committed[record.message.cl_ord_id] = self.loop.time()
            for outbound in record.outbound:
                if isinstance(outbound, ToVenue) and isinstance(outbound.message, NewOrderSingle):
                    self.road.committed[outbound.message.cl_ord_id] = self.loop.time()
        self._die("after", records)

    def _die(self, when: str, records: list[Record]) -> None:
        if self._hits(when, records):
            raise Died

    def _hits(self, when: str, records: list[Record]) -> bool:
        wanted = self.dies_at.get(when)
        if wanted is None or not any(map(wanted, records)):
            return False
        del self.dies_at[when]
        return True

    # The venue

    def _mark_orders(self) -> None:
        client: Any = self.process.runner._client  # type: ignore[attr-defined]  # every runner has one
        place = client.place

        async def marked(request: NewOrderSingle) -> Any:
            token = placing.set(request.cl_ord_id)
            try:
                return await place(request)
            finally:
                placing.reset(token)

        client.place = marked

    def rows(self) -> list[dict[str, Any]]:
        """The venue's own list of orders."""
        found: Any = self.simulator.ledger()["orders"]
        return list(found)

    def orders(self) -> list[Order]:
        """Every order as the journal has it."""
        found = {record.order_id: record.order for record in self.journal if record.order}
        return list(found.values())

    def verdict(self) -> Verdict:
        """Book against ledger, now."""
        verdict = compare(self.orders(), self.rows(), self.foreign)
        verdict.broken = list(self.road.broken)
        entered = [r.message for r in self.journal if isinstance(r.message, OrderEntered)]
        names = Counter((note.origin, note.request.cl_ord_id) for note in entered)
        twice = [f"{origin}'s {name}" for (origin, name), times in names.items() if times > 1]
        verdict.duplicate += [f"{name} is more than one order" for name in twice]
        return verdict


def told_shortly(message: object) -> str:
    """What a message is, and the fields of it that say something."""
    shown = []
    for name in ("exec_type", "request", "reason", "cl_ord_id", "last_shares", "text"):
        value = getattr(message, name, None)
        if value not in (None, ""):
            asked = getattr(value, "cl_ord_id", value)  # of a request that was entered
            shown.append(getattr(asked, "name", str(asked)))
    return f"{type(message).__name__} {' '.join(shown)}".strip()


@contextmanager
def scene(
    kind: str, *, moving: bool = True, streams: bool = False, **config: Any
) -> Iterator[Scene]:
    """A scene whose route is ready. `moving`: the market fills what rests near it; `streams`: the
    venue's stream can be had; the rest are the route's settings."""
    told = Scene(kind, moving=moving, streams=streams, **config)
    step = MatchingEngine._step

    def move(engine: MatchingEngine, step_ms: int) -> Any:
        # A book that nobody has taken from for a while need not be filled up step by step.
        return step(engine, step_ms) if told.moving and engine._near else []

    with mock.patch.object(MatchingEngine, "_step", move):
        try:
            told.begin()
            yield told
        finally:
            told.end()
