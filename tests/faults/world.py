"""The whole system under one seed: engine, venues, network, disk and clock in one thread.

Time is the loop's own and passes at once. Nothing that happens depends on anything but the plan.
"""

import asyncio
import gc
import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from random import Random
from typing import Any, Final

from adapters.simserver import SimRequest, SimResponse
from oms.clock import SystemClock
from oms.core.book import Changes
from oms.core.errors import StoreFenced, StoreUnavailable
from tests.adapters.one_route import bench_of
from tests.faults.desk import Desk
from tests.faults.far import Far, nonce_of
from tests.faults.faults import (
    CANCELS,
    COMMITS,
    MOVES,
    ORDERS,
    REQUESTS,
    TIMED,
    Faults,
)
from tests.faults.feeds import Feeds
from tests.faults.fix_side import FixSide
from tests.faults.instant import WorldLoop
from tests.faults.judge import Outcome, Witness, judge, never_entered
from tests.faults.listener import Listener
from tests.faults.memory import Memory
from tests.faults.money import Money
from tests.faults.plan import DESK, Fault, Kind, Plan
from tests.faults.process import Killed, Process
from tests.faults.settings import settings_of
from tests.faults.strangers import Strangers
from tests.faults.timed import Timed

SETTLE_S: Final = 300.0
"""How long all may take to be over once the faults have ended."""
DOUBTS_S: Final = 115.0
"""How long nothing but the same orders in doubt may be left: the longest fence, and a search."""
QUIET_S: Final = 5.0
"""How long all must have been over before the judgement."""
QUIET_OF_FIX_S: Final = 25.0
"""The same where queries mend what sessions have lost: in their own time, after the order's end."""
LOOK_S: Final = 1.0
CANCEL_EVERY_S: Final = 10.0
DOWN_MS: Final = 500
"""How long a process is down, where the fault does not say."""


@cache
def _memory() -> Memory:
    return Memory()


def run(
    plan: Plan,
    *,
    without: AbstractContextManager[object] | None = None,
    story: list[str] | None = None,
) -> Outcome:
    """What comes of a plan. `without`: a guard is taken out meanwhile; `story` takes a line for
    everything that happens."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    collects = gc.isenabled()
    gc.disable()  # what is collected when must not matter, and a scenario is short
    try:
        with without or nullcontext():
            return World(plan, story).run()
    finally:
        logging.disable(level)
        if collects:
            gc.enable()


class World:
    """One scenario as it runs. It is its own network, and watches the commits."""

    def __init__(self, plan: Plan, story: list[str] | None) -> None:
        self.plan = plan
        self._story = story
        self.loop = WorldLoop()
        self.rng = Random(f"{plan.seed} network")  # noqa: S311  repeatable on purpose
        self.faults = Faults(plan)
        self.far: Mapping[str, Far] = {
            kind: Far(kind, plan.seed, bench_of(kind).CREDENTIALS) for kind in plan.routes
        }
        self.memory = _memory()
        self.witness = Witness()
        self.outcome = Outcome(seed=plan.seed)
        self.process: Process | None = None
        self.desk = Desk(plan, lambda: self.process)
        self.feeds = Feeds(self.faults, self.far, self.tell, self._note)
        self.money = Money(plan, self.far, lambda: self.process, self.memory.reader().moves)
        self.fix = FixSide(plan, self.loop, self.faults, self.far, self.tell, self._on_fix)
        listener = Listener(plan, self.loop, lambda: self.process)
        self.timed = Timed(
            self.loop,
            self.memory,
            lambda: self.process,
            self._kill,
            self.desk,
            self.fix,
            listener,
        )
        self.strangers = Strangers(plan, self.faults, self.far, self.loop.now_ms, self._note)
        self._outages: dict[str, float] = {}
        self._main: asyncio.Task[None] | None = None

    def run(self) -> Outcome:
        """From the first start to the judgement."""
        self.memory.reset()
        self.loop.set_exception_handler(self._escaped)
        asyncio.set_event_loop(self.loop)
        try:
            self._main = self.loop.create_task(self._live())
            self.loop.run_until_complete(self._main)
            self._judge()
        finally:
            self._close()
        return self.outcome

    def tell(self, text: str) -> None:
        """A line of the story."""
        if self._story is not None:
            self._story.append(f"{self.loop.time():9.3f}  {text}")

    def _note(self, fault: Fault) -> None:
        """It came about."""
        self.faults.note(fault)
        self.tell(f"fault: {fault}")

    async def _live(self) -> None:
        for fault in self.faults.of(TIMED):
            self.loop.call_at(fault.at_ms / 1000, self._strike_at, fault)
        for intent in self.plan.intents:
            ask = self.fix.ask if intent.origin == DESK else self.desk.ask
            self.loop.call_at(intent.at_ms / 1000, ask, intent)
        self.money.start(self.loop)
        self.strangers.come_before()
        self._begin()
        await asyncio.sleep(self.plan.calm_ms / 1000)
        self.faults.calm = True
        self._outages.clear()
        for far in self.far.values():
            far.be_well()
        self.strangers.go()
        self.timed.end()
        self.tell("the faults have ended")
        await self._settle()

    async def _settle(self) -> None:
        ends_at = self.loop.time() + SETTLE_S
        quiet_s = QUIET_OF_FIX_S if "apifiny" in self.far else QUIET_S
        asked_at, quiet_since = -CANCEL_EVERY_S, self.loop.time()
        doubted, doubted_since = self._only_doubts(), self.loop.time()
        while (now := self.loop.time()) < ends_at:
            if doubted != (doubted := self._only_doubts()) or not doubted:
                doubted_since = now
            if now - doubted_since >= DOUBTS_S:
                return
            if not self._is_over():
                quiet_since = now
            if now - quiet_since >= quiet_s:
                return
            if now - asked_at >= CANCEL_EVERY_S:
                asked_at = now
                self.desk.cancel_all()
                self.fix.cancel_all()
            await asyncio.sleep(LOOK_S)

    def _only_doubts(self) -> frozenset[str]:
        """The orders in doubt, where nothing else is left."""
        left = self.process.book.all_working() if self.process is not None else []
        doubted = frozenset(
            order.order_id for order in left if order.in_doubt is not None or order.waits
        )
        return doubted if len(doubted) == len(left) else frozenset()

    def _is_over(self) -> bool:
        process = self.process
        if process is None or not self.money.settle(process) or process.book.all_working():
            return False
        return self.fix.is_quiet(process.book)

    # The process

    def _begin(self) -> None:
        assert self.process is None, "one at a time"
        number = self.outcome.restarts
        clock = SystemClock(self._wall_ns, self.loop.time)
        process = Process(
            settings_of(self.plan.routes, self.plan.on_fix),
            self,
            self.memory,
            loop=self.loop,
            clock=clock,
            rng=Random(f"{self.plan.seed} ids {number}"),  # noqa: S311
            lag_s=lambda: self.timed.lag_s,
        )
        process.on_fault = partial(self._stopped, process)
        self.process = process
        self.tell("the engine starts")
        process.start()
        self.timed.listener.begin()
        if number:
            self.desk.come_back()
            self.money.come_back()
            self.timed.operator.come_back()

    def _wall_ns(self) -> int:
        return (self.loop.now_us() + self.timed.jump_us) * 1000

    def _kill(self, down_ms: int) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        self.tell("the process dies")
        process.kill(self._main)
        self.fix.wires.kill()
        self.outcome.restarts += 1
        self.loop.call_later((down_ms or DOWN_MS) / 1000, self._begin)

    def _die(self, down_ms: int) -> None:
        """As `_kill`, from inside of it: nothing after this line is done."""
        self._kill(down_ms)
        raise Killed

    def _stopped(self, process: Process, error: BaseException) -> None:
        """The writer has stopped: the engine ends, and is started again."""
        if not process.alive:
            return
        fenced = isinstance(error, StoreFenced) and self.timed.is_fenced(process)
        if not fenced and not isinstance(error, StoreUnavailable):
            self.witness.failures.append(f"the writer stopped: {error!r}")
        self.tell(f"the engine stops: {error}")
        self.loop.call_soon(self._kill, DOWN_MS)

    def _escaped(self, _: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, Killed):
            self.witness.failures.append(f"escaped: {context.get('message')}: {error!r}")

    # Commits

    def before(self) -> None:
        """A batch is about to be written. Raises Killed, StoreUnavailable."""
        self._after: list[Fault] = []
        for fault in self.faults.strike(COMMITS):
            self._note(fault)
            if fault.kind is Kind.KILL_BEFORE_COMMIT:
                self._die(fault.ms)
            if fault.kind is Kind.COMMIT_FAILS:
                raise StoreUnavailable("writing to the store: disk I/O error")
            self._after.append(fault)

    def after(self, changes: Changes) -> None:
        """A batch was written. Raises Killed, StoreUnavailable."""
        self.witness.committed(changes, self.loop.time())
        self.money.committed(changes)
        if self.timed.is_fenced(self.process):
            self.witness.failures.append("a former owner has written to the journal")
        for seq, record in changes.records if self._story is not None else ():
            self.tell(f"  record {seq} {record.order_id or record.route}: {record.message}")
        for fault in self._after:
            if fault.kind is Kind.KILL_AFTER_COMMIT:
                self._die(fault.ms)
            raise StoreUnavailable("writing to the store: disk I/O error")

    # The network

    def on_request(self, far: Far, asked: SimRequest, operation: str) -> Fault | None:
        """What goes wrong with a request that is about to leave. Raises Killed."""
        route, now = far.kind, self.loop.time()
        if self._story is not None:
            said = asked.body.decode()
            self.tell(f"{route} <- {operation} {asked.method} {asked.path} {said}")
        nonce = nonce_of(route, asked)
        if nonce is not None:
            self.witness.nonce(route, nonce)
        book = self.process.book if self.process is not None else None
        if operation in ("new", "move") and book is not None and book.killed(route.upper()):
            self.witness.failures.append(f"{route}: a {operation} was sent under the kill switch")
        struck = self.faults.strike(REQUESTS, route, operation)
        for fault in struck:
            self._note(fault)
            if fault.kind is Kind.OUTAGE:
                self._outages[route] = now + fault.ms / 1000
            if fault.kind is Kind.KILL_ON_REQUEST:
                self.loop.call_soon(self._kill, fault.ms)
        if now < self._outages.get(route, 0.0):
            return Fault(kind=Kind.NO_CONNECTION, route=route)
        return struck[0] if struck else None

    def handle(self, far: Far, asked: SimRequest, operation: str, left_s: float) -> SimResponse:
        """Have a venue answer a request that arrived, and left at `left_s`."""
        now_ms = self.loop.now_ms()
        if operation == "cancel":
            for fault in self.faults.strike(CANCELS, far.kind):
                self._at_venue(far, fault, far.about(asked))
        for fault in self.faults.strike(MOVES, far.kind) if operation == "move" else ():
            self._note(fault)
            far.undo_move()
        told = far.handle(asked, now_ms)
        self.outcome.requests += 1
        if self._story is not None:
            said = told.body[:300].decode("utf-8", "replace")
            self.tell(f"{far.kind} -> {told.status} {said}")
        if operation == "move":
            self.money.came(far)
        if operation == "new":
            for row in far.newly_seen():
                self._came(far, row, left_s)
        return told

    def _came(self, far: Far, row: Mapping[str, Any], left_s: float | None = None) -> None:
        self.witness.came(far.kind.upper(), row, left_s)
        for fault in self.faults.strike(ORDERS, far.kind):
            match fault.kind:
                case Kind.HIDDEN_ORDERS | Kind.LATE_FILLS:
                    self._note(fault)
                    far.hide(fault.kind, fault.ms)
                case Kind.TOLD_TWICE:
                    self._note(fault)
                    far.tell_twice(fault.part)
                case Kind.STRANGER:
                    after = partial(self.strangers.come_after, fault, dict(row))
                    self.loop.call_later(fault.ms / 1000, after)
                case _:
                    at_s = fault.ms / 1000
                    self.loop.call_later(at_s, self._at_venue, far, fault, row["order_id"])

    def _at_venue(self, far: Far, fault: Fault, order_id: str) -> None:
        if not self.faults.calm and far.act(fault, order_id, self.loop.now_ms()):
            self._note(fault)

    def _strike_at(self, fault: Fault) -> None:
        if self.faults.calm:
            return
        self._note(fault)
        self.timed.strike(fault)

    # FIX

    def _on_fix(self, far: Far, kind: str, order_id: str) -> None:
        """A D came to a venue, or an F is about to."""
        self.outcome.requests += 1
        if kind == "F":
            for fault in self.faults.strike(CANCELS, far.kind):
                self._at_venue(far, fault, order_id)
            return
        for row in far.newly_seen():
            self._came(far, row)

    # The end

    def _judge(self) -> None:
        outcome, process = self.outcome, self.process
        assert process is not None, "it is back by then"
        outcome.virtual_s = self.loop.time()
        outcome.struck = dict(self.faults.struck)
        outcome.failures += self.witness.failures
        outcome.in_doubt_s = self.witness.doubts
        reader = self.memory.reader()
        outcome.failures += self.fix.wrongs(reader) + self.timed.listener.wrongs(reader)
        outcome.failures += never_entered(self.plan, process.book)
        ledgers = {kind.upper(): far.orders() for kind, far in self.far.items()}
        foreign = {kind.upper(): far.foreign for kind, far in self.far.items()}
        judge(outcome, process.book, ledgers, foreign)
        self.money.judged(outcome)
        outcome.journal_hash = self.memory.journal_hash()

    def _close(self) -> None:
        if self.process is not None:
            self.process.kill(None)
        left = self.loop.tasks()
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        self.loop.close()
