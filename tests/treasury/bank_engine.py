"""An engine with one route to the toy bank: book, store, writer, runner, and the API over it.

`restart` ends it like a process and starts it on the same store. Waits are bounded.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from adapters.budget import Budget
from adapters.loop import Loop
from adapters.options import Options
from adapters.port import Queries, VenueRunner
from adapters.runner import Runner
from oms.api import Oms
from oms.clock import SystemClock
from oms.core.book import EVERY_ROUTE, OPERATOR, Book
from oms.core.notes import KillSwitch, Started
from oms.core.ports import Evidence, Inbound, TreasuryGateway
from oms.core.venue import Limit
from oms.feed import Feed
from oms.store.queries import Reader
from oms.store.replay import verify
from oms.store.store import Store
from oms.treasury.door import Row
from oms.venues import Venues
from oms.web import Web
from oms.writer import Gateways, Writer
from tests.adapters.one_route import Tap, Venue
from tests.treasury.toy_bank import CAPABILITIES, ToyBank, ToyClient

ROUTE: Final = "BANK"
GRID: Final = "grid-1"
SPEED: Final = 40.0
WAIT_S: Final = 20.0

AS_OPERATOR: Final = "operator-token-of-the-tests"
AS_GRID: Final = "grid-token-of-the-tests"
TOKENS: Final = {AS_OPERATOR: OPERATOR, AS_GRID: GRID}

_LIMIT: Final = Limit(what="all", requests=1000, per_seconds=Decimal(1))


class BankEngine:
    """One process's worth of it."""

    route = ROUTE
    capabilities = CAPABILITIES
    bank: ToyBank
    venue: Venue

    def __init__(self, folder: Path, bank_url: str) -> None:
        self.url = f"sqlite:///{folder / 'oms.db'}"
        self.faults: list[BaseException] = []
        self.client_of: Callable[[Budget], Queries] = lambda budget: ToyClient(bank_url, budget)
        self.treasury_of: Callable[[VenueRunner], TreasuryGateway] = lambda runner: runner
        self._ids = itertools.count(1)
        self.running = False

    @classmethod
    def with_bank(cls, folder: Path) -> "BankEngine":
        """With a bank of its own, `bank` at the door `venue`."""
        bank = ToyBank()
        venue = Venue(Tap(bank))
        engine = cls(folder, venue.url)
        engine.bank, engine.venue = bank, venue
        return engine

    def start(self, *, ready: bool = True) -> None:
        """Take the store over and begin."""
        clock = SystemClock()
        self.loop = Loop("adapters")
        self.loop.start()
        self.store = Store.open(self.url, owner="test", now=clock.now())
        entitled = {OPERATOR: frozenset({EVERY_ROUTE}), GRID: frozenset({EVERY_ROUTE})}
        known = {self.route: self.capabilities}
        self.book = Book(known, entitled, self.store.history, treasurers=[GRID])
        self.store.load(self.book)
        gateways = Gateways()
        self.writer = Writer(
            self.book,
            self.store,
            gateways,
            clock=clock,
            draw=lambda count: "7" * count,
            on_fault=self.faults.append,
        )
        self.runner = self.build(clock)
        gateways.venues = {self.route: self.runner}
        gateways.nonces = {self.route: self.runner}
        gateways.treasuries = {self.route: self.treasury_of(self.runner)}
        self.reader = Reader.open(self.url)
        self.writer.start()
        note = Started(epoch=self.store.epoch, version="0")
        self.writer.post(Inbound(source="engine", message=note, evidence=Evidence.POLICY))
        self.runner.start()
        self.running = True
        if ready:
            self.until("the route is up", lambda: self.book.routes[self.route].ready)

    def build(self, clock: SystemClock) -> VenueRunner:
        """The route's runner, not started."""
        self.budget = Budget([_LIMIT], clock=clock, speed=SPEED)
        return Runner(
            self.route,
            self.client_of(self.budget),
            post=self.writer.post,
            books=self.book,
            clock=clock,
            budget=self.budget,
            loop=self.loop,
            options=Options(speed=SPEED),
        )

    def stop(self) -> None:
        """End in order; the journal must say what the tables say."""
        if not self.running:
            return
        self.running = False
        self.runner.stop()
        self.writer.stop(WAIT_S)
        self.loop.stop()
        verdict = verify(self.reader)
        self.reader.close()
        self.store.close()
        assert verdict.agrees, [str(one) for one in verdict.differences]

    def restart(self) -> None:
        """End, and begin on the same store."""
        self.stop()
        self.start()

    def oms(self, origin: str = OPERATOR) -> Oms:
        """An origin's view."""
        feed: Any = Feed()

        async def certify() -> Row:
            return {}

        return Oms(
            origin,
            post=self.writer.post,
            feed=feed,
            looks=self.reader,
            venues=Venues(self.book, {self.route: self.runner}),
            status=self._status,
            certify=certify,
            new_cl_ord_id=lambda: f"drawn-{next(self._ids)}",
        )

    def _status(self) -> Row:
        told = {"ready": True, "sessions": [], "venues": [], "streams": [], "kill": False}
        return {**told, **self.reader.counts()}

    def withdraw(self, amount: str = "0.5", **terms: Any) -> Row:
        """Have it withdrawn; the row once its sending has an outcome."""
        return asyncio.run(self._withdraw({"amount": amount, **terms}))

    async def _withdraw(self, terms: dict[str, Any]) -> Row:
        whole = {"venue": self.route, "asset": "BTC", "address": "bc1q", **terms}
        handle = await self.oms().withdraw(**whole)
        return await handle.outcome(WAIT_S)

    def move(self, name: str = "T1") -> Row:
        """The row as it is."""
        row = self.reader.move(name)
        assert row is not None, f"no transfer {name}"
        return row

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Until it holds."""
        deadline = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < deadline, f"waited {WAIT_S:g} s until {what}: {self.rows()}"
            assert not self.faults, self.faults
            self.writer.settle(0.05)

    def until_state(self, state: str, name: str = "T1") -> Row:
        """Until the transfer is so."""
        self.until(f"{name} is {state}", lambda: self.move(name)["state"] == state)
        return self.move(name)

    def rows(self) -> list[tuple[str, str]]:
        """Every transfer and its state."""
        return [(row["transfer_id"], row["state"]) for row in self.reader.moves()]

    def kill(self, on: bool, name: str) -> None:
        """Turn the switch."""
        note = KillSwitch(on=on, route=self.route, origin=OPERATOR, cl_ord_id=name)
        self.writer.post(Inbound(source=OPERATOR, message=note, evidence=Evidence.OPERATOR))
        assert self.writer.settle(WAIT_S), "the switch is turned"


@contextmanager
def bank_engine(folder: Path, *, start: bool = True) -> Iterator[BankEngine]:
    """Running, until the test is done with it."""
    engine = BankEngine.with_bank(folder)
    try:
        if start:
            engine.start()
        yield engine
        assert engine.faults == []
    finally:
        engine.stop()
        engine.venue.close()


@contextmanager
def serving(engine: BankEngine) -> Iterator[str]:
    """Its control API on a thread of its own; the URL."""
    web, loop = Web(engine.oms, TOKENS), Loop("web")
    loop.start()
    try:
        loop.submit(web.start("127.0.0.1", 0)).result(WAIT_S)
        yield web.url
    finally:
        loop.submit(web.stop()).result(WAIT_S)
        loop.stop()
