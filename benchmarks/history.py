"""Stores with many orders in their history, written by the engine's own way and kept under var/.

An order is two records, as in the round trips: the desk's request and its one fill. Everything is
decided, applied and committed as under load; only in larger groups, because nobody waits. A set
that is there is used again, and grows by what is measured on it.
"""

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.lifecycles import (
    APART,
    DESK,
    QTY,
    START,
    Step,
    fold,
    new_book,
    new_draw,
    new_order,
    opening,
    report,
)
from oms.core.book import Changes
from oms.core.fields import ExecType
from oms.core.notes import Delivered
from oms.core.ports import Evidence, Inbound
from oms.store.store import Store
from oms.store.wire import Body

SMALL: Final = 10_000
LARGE: Final = 1_000_000
OPEN: Final = 1_000

FILE: Final = "oms.db"
GROUP: Final = 500
_BYTES_AN_ORDER: Final = 8_000
"""On the disk with all indexes, and the log while it is written."""

Tell = Callable[[str], None]


class NoRoom(Exception):
    """The disk does not hold a set of that size."""


class Writing:
    """A store that is being filled."""

    def __init__(
        self,
        path: Path,
        origins: Sequence[str] = (DESK,),
        group: int = GROUP,
        on_commit: Callable[[Changes], None] = lambda changes: None,
    ) -> None:
        """A new one, in which the route is up and nothing was traded; or one to go on with.

        Orders are the origins' by turns, in groups of `group` a commit; `on_commit` is told of
        each.
        """
        self._store = Store.open(f"sqlite:///{path}", owner="benchmark", now=START)
        self.book = new_book(self._store.history, origins)
        self._store.load(self.book)
        self._origins = origins
        self._group = group
        self._on_commit = on_commit
        self._draw = new_draw()
        # Later than all that is there: few messages make no record.
        self._now = START + APART * 2 * self.book.seq
        self._number = self.book.last_order_number
        self._commit(opening())

    def add(self, orders: int, *, filled: bool) -> None:
        """So many more: filled at once, or acknowledged and open."""
        exec_type = ExecType.FILL if filled else ExecType.NEW
        last = self._number + orders
        while self._number < last:
            first, self._number = self._number, min(self._number + self._group, last)
            numbers = range(first + 1, self._number + 1)
            placed = self._commit([new_order(number, self._of(number)) for number in numbers])
            orders_placed = list(placed.orders.values())
            self._commit([report(order, exec_type, QTY) for order in orders_placed])

    def _of(self, number: int) -> str:
        return self._origins[number % len(self._origins)]

    def deliver(self) -> None:
        """Every origin has had all its reports: none wait for a desk's next logon."""
        for origin in self._origins:
            number = self.book.numbers.get(origin, 0)
            note = Delivered(origin=origin, number=number, msg_seq_num=number, seen=number)
            self._commit([Inbound(source=origin, message=note, evidence=Evidence.DESK)])

    def close(self) -> None:
        """Fold the log into the file."""
        self._store.close()

    def _commit(self, inbounds: list[Inbound]) -> Changes:
        changes = fold(self.book, list(map(self._step, inbounds)), self._draw)
        self._store.commit(changes)
        self._on_commit(changes)
        return changes

    def _step(self, inbound: Inbound) -> Step:
        self._now += APART
        return Step(inbound, self._now)


def stored(cache: Path, orders: int, tell: Tell) -> Path:
    """The folder of a store with that history, written now if it is not there. Raises NoRoom."""
    folder = _shelf(cache) / f"{orders}-orders"
    if not (folder / FILE).exists():
        _demand_room(cache, orders)
        with _making(folder) as making:
            writing = Writing(making / FILE)
            for tenth in range(10):
                tell(f"writing {orders:,} orders, once and for all: {tenth * 10} %")
                writing.add(orders * (tenth + 1) // 10 - orders * tenth // 10, filled=True)
                writing.deliver()
            writing.close()
    return folder


def stored_open(cache: Path, orders: int, still_open: int, tell: Tell) -> Path:
    """The same with so many orders that are acknowledged and open. Raises NoRoom."""
    folder = _shelf(cache) / f"{orders}-orders-{still_open}-open"
    if not (folder / FILE).exists():
        closed = stored(cache, orders, tell)
        _demand_room(cache, orders)
        with _making(folder) as making:
            shutil.copyfile(closed / FILE, making / FILE)
            writing = Writing(making / FILE)
            writing.add(still_open, filled=False)
            writing.deliver()
            writing.close()
    return folder


def _shelf(cache: Path) -> Path:
    """Where the sets of these tables and messages are. Others can not be read, and are removed."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        path = Path(folder) / FILE
        Store.open(f"sqlite:///{path}", owner="benchmark", now=START).close()
        connection = sqlite3.connect(path)
        schema = sorted(map(str, connection.execute("SELECT sql FROM sqlite_master")))
        connection.close()
    said = msgspec.json.encode(msgspec.json.schema(Body))
    shelf = cache / sha256("".join(schema).encode() + said).hexdigest()[:12]
    for other in cache.iterdir():
        if other != shelf and re.fullmatch("[0-9a-f]{12}", other.name):
            shutil.rmtree(other)
    return shelf


@contextmanager
def _making(folder: Path) -> Iterator[Path]:
    """A folder that gets its name when all is in it."""
    making = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    yield making
    making.rename(folder)


def _demand_room(cache: Path, orders: int) -> None:
    free, wanted = shutil.disk_usage(cache).free, orders * _BYTES_AN_ORDER
    if free < wanted:
        gb = 1_000_000_000
        raise NoRoom(
            f"{orders:,} orders want {wanted / gb:.0f} GB of disk, {free / gb:.0f} are free"
        )
