"""Nonces are granted when they are on the disk, and none of them twice, whoever owns the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oms.clock import ManualClock
from oms.core.book import Book, Changes
from oms.core.errors import StoreUnavailable
from oms.core.notes import NoncesReserved, ReserveNonces
from oms.core.ports import Evidence, Inbound
from oms.store.queries import Reader
from oms.store.replay import verify
from oms.store.store import Store
from oms.writer import Gateways, Writer
from tests.core.desk_of_one import ROUTE, START

FLOOR = 1_700_000_000


class Line:
    """A writer on a real store, and the route that asks it for nonces."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'oms.db'}"
        self.store = Store.open(self.url, owner="test", now=START)
        self.granted: list[NoncesReserved] = []
        self.on_disk: list[int] = []
        self.faults: list[BaseException] = []
        self.broken = False
        self.book = Book()
        self.store.load(self.book)
        self.writer = Writer(
            self.book,
            self,
            Gateways(nonces={ROUTE: self}),
            clock=ManualClock(),
            draw=lambda count: "7" * count,
            on_fault=self.faults.append,
        )

    def commit(self, changes: Changes) -> None:
        """Write it, unless the disk is broken."""
        if self.broken:
            raise StoreUnavailable("the disk is full")
        self.store.commit(changes)

    def grant(self, nonces: NoncesReserved) -> None:
        """What the runner is told, and what another process would find at that moment."""
        self.granted.append(nonces)
        book = Book()
        self.store.load(book)
        self.on_disk.append(book.nonces[ROUTE])

    def reserve(self, *counts: int) -> None:
        """Ask for blocks, one after the other, and decide all."""
        for count in counts:
            note = ReserveNonces(route=ROUTE, count=count, floor=FLOOR)
            self.writer.post(Inbound(source=ROUTE, message=note, evidence=Evidence.POLICY))
        self.writer.start()
        assert self.writer.stop(10.0), "waited 10 s for the writer to end"

    def blocks(self) -> list[tuple[int, int]]:
        """First and last of each."""
        return [(nonces.first - FLOOR, nonces.last - FLOOR) for nonces in self.granted]


@contextmanager
def line(folder: Path) -> Iterator[Line]:
    """One process of the store; gone afterwards."""
    there = Line(folder)
    try:
        yield there
    finally:
        there.store.close()


def test_a_block_is_on_the_disk_before_it_is_granted(tmp_path: Path) -> None:
    with line(tmp_path) as one:
        one.reserve(10)
        assert one.blocks() == [(0, 9)]
        assert one.on_disk == [FLOOR + 9]


def test_the_next_process_goes_on_above(tmp_path: Path) -> None:
    with line(tmp_path) as one:
        one.reserve(10, 20)
        assert one.blocks() == [(0, 9), (10, 29)]
    with line(tmp_path) as other:
        other.reserve(5)
        assert other.blocks() == [(30, 34)]


def test_what_can_not_be_written_is_not_granted(tmp_path: Path) -> None:
    with line(tmp_path) as one:
        one.broken = True
        one.reserve(10)
        assert one.granted == []
        assert [type(fault) for fault in one.faults] == [StoreUnavailable]
    with line(tmp_path) as other:
        other.reserve(5)
        assert other.blocks() == [(0, 4)]


def test_a_replay_finds_the_same_numbers(tmp_path: Path) -> None:
    with line(tmp_path) as one:
        one.reserve(10, 20)
        with Reader.open(one.url) as reader:
            assert verify(reader).agrees
        with one.store._engine.begin() as connection:  # as only a fault of ours could
            connection.exec_driver_sql("UPDATE nonces SET last = last - 1")
        with Reader.open(one.url) as reader:
            told = [str(difference) for difference in verify(reader).differences]
        says = f"the journal says {FLOOR + 29}, the table says {FLOOR + 28}"
        assert told == [f"nonces {ROUTE} last: {says}"]
