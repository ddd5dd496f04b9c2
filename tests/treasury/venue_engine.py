"""The same engine with one of the real venues behind it: its simulator, its own client."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adapters import venue
from adapters.port import VenueRunner
from oms.clock import SystemClock
from oms.core.legs import VenueBooks
from tests.adapters.one_route import SPEED, Tap, Venue, bench_of, simulator_of
from tests.treasury.bank_engine import BankEngine


class VenueEngine(BankEngine):
    """An engine with a route to a venue of that kind."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.tap = Tap(simulator_of(kind))
        self.venue = Venue(self.tap)
        super().__init__(folder, self.venue.url)
        self.kind, self.route = kind, kind.upper()
        self.config = bench_of(kind).config(self.venue.url)
        self.capabilities = venue(kind).capabilities(self.config)

    def start(self, *, ready: bool = True) -> None:
        """As above; where orders go another way, that way is up."""
        super().start(ready=False)
        if not venue(self.kind).trades_here:
            self.runner.link_moved(True, "up")
        self.until("the route is up", lambda: self.book.routes[self.route].ready)

    def build(self, clock: SystemClock) -> VenueRunner:
        """The venue's own runner."""
        return venue(self.kind).build(
            self.config,
            route=self.route,
            post=self.writer.post,
            books=VenueBooks(self.book),
            clock=clock,
            loop=self.loop,
            speed=SPEED,
        )

    def trouble(self, name: str, count: object = 1) -> None:
        """Switch a trouble of the simulator's on."""
        self.venue.do(lambda: self.tap.switch(name, count))

    def ledger(self) -> list[dict[str, Any]]:
        """What the venue itself says was moved."""
        rows: Any = self.venue.do(self.tap.ledger)["transfers"]
        return list(rows)


@contextmanager
def venue_engine(folder: Path, kind: str) -> Iterator[VenueEngine]:
    """Running, until the test is done with it."""
    engine = VenueEngine(folder, kind)
    try:
        engine.start()
        yield engine
        assert engine.faults == []
    finally:
        engine.stop()
        engine.venue.close()
