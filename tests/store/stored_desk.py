"""One desk and one route on the real writer and a real SQLite file, which forgets after every message.

What was committed is all that the next message finds: the book is loaded from the tables anew each time, held
against the one that made it and against one folded from the journal, and goes on in its place. At the end a
replay compares the journal with every table.
"""

import itertools
import shutil
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from oms.clock import ManualClock
from oms.core.apply import OrderMessage, apply
from oms.core.book import EVERY_ROUTE, OPERATOR, Book, Changes
from oms.core.notes import Instruments, OrderEntered, RouteStatus
from oms.core.order import Order, enter
from oms.core.ports import DeskReport, Evidence, Inbound, Message, Record, ToOrigin, ToVenue
from oms.core.venue import Capabilities, Instrument
from oms.store.queries import Reader
from oms.store.replay import verify
from oms.store.rows import record_of
from oms.store.store import Store
from oms.store.tables import JOURNAL
from oms.writer import Gateways, Writer
from tests.core.desk_of_one import DESK, ROUTE, START, SYMBOL

INSTRUMENT = Instrument(
    symbol=SYMBOL,
    venue_symbol="BTCUSDT",
    tick=Decimal("0.01"),
    step=Decimal("0.0001"),
    min_qty=Decimal("0.001"),
)
ENTITLED = {name: frozenset({EVERY_ROUTE}) for name in (DESK, OPERATOR)}


class _Origin:
    """A desk's gateway: what was handed over, with its numbers."""

    def __init__(self, name: str, told: list[ToOrigin]) -> None:
        self.name, self.told = name, told
        self.reports: list[tuple[int, DeskReport]] = []

    def send(self, number: int, report: DeskReport) -> None:
        self.reports.append((number, report))
        self.told.append(ToOrigin(self.name, report))


class StoredDesk:
    """A stage for scenarios (tests/core/scenario.py): decide, commit, send, forget, load."""

    def __init__(self, path: Path, capabilities: Capabilities) -> None:
        """`path` is an empty store's file."""
        url = f"sqlite:///{path}"
        self.told: list[ToOrigin] = []
        self.asked: list[ToVenue] = []
        self._faults: list[BaseException] = []
        self._clock = ManualClock(int(START.timestamp()) * 1_000_000)
        self._digits = itertools.count(1)
        self._capabilities = {ROUTE: capabilities}
        self._store = Store.open(url, owner="test", now=self._clock.now())
        self._reader = Reader.open(url)
        self._origins = {name: _Origin(name, self.told) for name in ENTITLED}
        self.book = self._loaded()
        self._writer = self._begin()
        for note in (
            Instruments(route=ROUTE, instruments=(INSTRUMENT,)),
            RouteStatus(route=ROUTE, up=True, ready=True),
        ):
            self._decide(Inbound(source=ROUTE, message=note, evidence=Evidence.VENUE_MESSAGE))

    @property
    def quarantined(self) -> list[str]:
        """What could not be applied so far."""
        return [row["text"] for row in self._reader.quarantine()]

    def send(self, outbound: ToVenue) -> None:
        """The venue's gateway: what the engine asks."""
        self.asked.append(outbound)

    def desk(self, message: Message) -> None:
        """A message from the desk."""
        self._post(Inbound(source=DESK, message=message, evidence=Evidence.DESK))

    def operator(self, message: Message) -> None:
        """A message from the operator."""
        self._post(Inbound(source=OPERATOR, message=message, evidence=Evidence.OPERATOR))

    def venue(self, message: Message) -> None:
        """A message from the venue."""
        self._post(Inbound(source=ROUTE, message=message, evidence=Evidence.VENUE_MESSAGE))

    def verify(self) -> None:
        """Every table says what the journal says."""
        verdict = verify(self._reader)
        assert verdict.agrees, [str(difference) for difference in verdict.differences]

    def close(self) -> None:
        """Give the file back."""
        self._reader.close()
        self._store.close()

    def _post(self, inbound: Inbound) -> None:
        self._decide(inbound)
        self._forget()

    def _decide(self, inbound: Inbound) -> None:
        self.told.clear()
        self.asked.clear()
        self._clock.advance(microseconds=timedelta(milliseconds=1).microseconds)
        self._writer.post(inbound)
        assert self._writer.step()
        assert self._faults == []

    def _forget(self) -> None:
        """Go on with what the store holds, which must be what was there."""
        live, self.book = self.book, self._loaded()
        # What venues say of markets and links is no matter of the journal's projections.
        self.book.routes = live.routes
        known = _facts(live)
        assert _facts(self.book) == known
        assert _facts(self._folded()) == known
        reports = self._origins[DESK].reports
        assert self._reader.reports(DESK, 0, len(reports) + 1) == reports
        self._writer = self._begin()

    def _loaded(self) -> Book:
        book = Book(self._capabilities, ENTITLED, self._store.history)
        self._store.load(book)
        return book

    def _folded(self) -> Book:
        """A book made of nothing but the journal."""
        book, changes = Book(self._capabilities, ENTITLED), Changes()
        with self._reader.snapshot() as connection:
            rows = connection.execute(select(JOURNAL).order_by(JOURNAL.c.seq)).fetchall()
        for row in rows:
            record = record_of(row)
            book.apply(replace(record, order=_moved(book, record)), changes)
        return book

    def _begin(self) -> Writer:
        return Writer(
            self.book,
            self._store,
            Gateways(venues={ROUTE: self}, desks=self._origins),
            clock=self._clock,
            draw=lambda count: f"{next(self._digits):0{count}d}",
            on_fault=self._faults.append,
        )

    def ask(self, query: str, **parameters: Any) -> Future[Any]:
        """Scenarios ask nothing besides."""
        raise AssertionError(f"asked for {query} {parameters}")


def _moved(book: Book, record: Record) -> Order | None:
    if isinstance(record.message, OrderEntered):
        return enter(record.message, record.order_id, record.time)
    if not record.order_id or not isinstance(record.message, OrderMessage):
        return None
    before = book.any_order(record.order_id)
    assert before is not None, f"{record.order_id} moves before it exists"
    after = apply(before, record.message, record.time)
    return None if after is before else after


def _facts(book: Book) -> dict[str, object]:
    """Everything in a book that comes from the journal, by whatever way it is found."""
    orders = [book.any_order(f"{number + 1:010d}") for number in range(book.last_order_number)]
    names = [order.venue_cl_ord_id for order in orders if order is not None]
    letters = ("A", "X", "Y", "Z")  # the ids that scenarios use
    return {
        "orders": orders,
        "by the venue's id": [book.at_venue(ROUTE, name) for name in names],
        "working": book.all_working(),
        "ids": {(o, i): book.used(o, i) for o in ENTITLED for i in letters},
        "positions": book.positions,
        "sessions": book.sessions,
        "numbers": book.numbers,
        "counters": (book.seq, book.last_order_number, book.last_client_ids),
    }


@contextmanager
def stored_desk(template: Path, path: Path, capabilities: Capabilities) -> Iterator[StoredDesk]:
    """A desk on a copy of an empty store."""
    shutil.copyfile(template, path)
    desk = StoredDesk(path, capabilities)
    try:
        yield desk
        desk.verify()
    finally:
        desk.close()


def empty_store(path: Path) -> Path:
    """A store with its tables and nothing in them: to copy is faster than to migrate."""
    Store.open(f"sqlite:///{path}", owner="template", now=START).close()
    return path
