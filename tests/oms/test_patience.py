"""What the engine does while its store can not be written, and when it ends over it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from oms.clock import ManualClock, SystemClock
from oms.core.book import Book, Changes
from oms.core.errors import (
    EngineUnavailable,
    OmsError,
    OutcomeUnknown,
    StoreUnavailable,
)
from oms.core.notes import Quarantined
from oms.core.ports import Evidence, Record
from oms.feed import Feed
from oms.patience import PatientCommits
from oms.system import System
from oms.writer import Commits
from tests.oms.configs import COMPLETE, load
from tests.oms.small_engine import SmallEngine, running, within

LOCKED = StoreUnavailable("writing to the store: database is locked", passing=True)
BROKEN = StoreUnavailable("writing to the store: database disk image is malformed")
ORDER: dict[str, Any] = {
    "venue": "plain",
    "symbol": "BTC/TRY",
    "side": "BUY",
    "order_qty": "0.01",
    "price": "40000.50",
}


class Shelf:
    """A store that fails so many times first; -1: always."""

    def __init__(self, fails: int, error: Exception = LOCKED, inner: Commits | None = None) -> None:
        self.fails, self.error, self.inner = fails, error, inner
        self.tried: list[Changes] = []
        self.failed = threading.Event()

    def commit(self, changes: Changes) -> None:
        """Fail, or write."""
        self.tried.append(changes)
        if self.fails:
            self.fails -= 1
            self.failed.set()
            raise self.error
        if self.inner is not None:
            self.inner.commit(changes)


def _changes() -> Changes:
    note = Quarantined(reason="a test", text="")
    time = datetime(2026, 1, 1, tzinfo=UTC)
    return Changes(records=[(1, Record(time=time, message=note, evidence=Evidence.POLICY))])


def test_the_same_changes_are_tried_until_they_are_in() -> None:
    """A lock that passes."""
    shelf = Shelf(3)
    commits = PatientCommits(shelf, SystemClock(), patience_s=20.0, again_s=0.0)
    changes = _changes()
    commits.commit(changes)
    assert shelf.tried == [changes] * 4
    assert all(tried is changes for tried in shelf.tried)
    assert commits.trouble == ""


def test_what_does_not_pass_is_not_tried_again() -> None:
    """A file that is spoilt, or an error of our own."""
    for error in (BROKEN, OmsError("fenced")):
        shelf = Shelf(-1, error)
        with pytest.raises(type(error)):
            PatientCommits(shelf, SystemClock(), patience_s=20.0, again_s=0.0).commit(_changes())
        assert len(shelf.tried) == 1


def test_patience_ends() -> None:
    """By the clock, with what it was that lasted."""
    clock = ManualClock()

    class Slow(Shelf):
        def commit(self, changes: Changes) -> None:
            clock.advance(4.0)
            super().commit(changes)

    shelf = Slow(-1)
    with pytest.raises(StoreUnavailable, match="locked"):
        PatientCommits(shelf, clock, patience_s=10.0, again_s=0.0).commit(_changes())
    assert len(shelf.tried) == 3


def test_a_stop_does_not_wait() -> None:
    """Nothing is tried again once the engine is stopping, and a wait ends at once."""
    shelf = Shelf(-1)
    commits = PatientCommits(shelf, SystemClock(), patience_s=20.0, again_s=60.0)
    raised: list[Exception] = []

    def commit() -> None:
        try:
            commits.commit(_changes())
        except StoreUnavailable as error:
            raised.append(error)

    thread = threading.Thread(target=commit)
    thread.start()
    assert shelf.failed.wait(10), "waited 10 s for the first attempt"
    commits.hurry()
    thread.join(10)
    assert raised == [LOCKED]
    assert len(shelf.tried) <= 2


# The engine


@contextmanager
def _failing(folder: Path, shelf: Shelf) -> Iterator[SmallEngine]:
    """An engine that commits through the shelf from now on, patiently."""
    with running(folder, "PLAIN") as engine:
        assert engine.writer.settle(10), "waited 10 s for the engine's first records"
        shelf.inner, engine.commits._store = engine.commits._store, shelf
        engine.commits._again_s = 0.02
        yield engine
        engine.faults.clear()


def _play(folder: Path, shelf: Shelf, test: Any) -> None:
    with _failing(folder, shelf) as engine:
        asyncio.run(within("the whole test", test(engine)))


def test_an_order_waits_for_a_trouble_that_passes(tmp_path: Path) -> None:
    """Nothing reaches the venue before, and the caller gets its answer."""

    async def test(engine: SmallEngine) -> None:
        handle = await engine.oms("grid-1").submit(**ORDER)
        assert (await engine.oms("grid-1").order_row(handle.order_id))["cl_ord_id"]

    shelf = Shelf(3)
    _play(tmp_path, shelf, test)
    assert len(shelf.tried) > 3


def test_who_asks_during_a_trouble_is_refused_with_its_reason(tmp_path: Path) -> None:
    """And nothing of it is on record afterwards."""
    shelf = Shelf(-1)

    async def test(engine: SmallEngine) -> None:
        desk = engine.oms("grid-1")
        first = asyncio.create_task(desk.submit(**ORDER, cl_ord_id="first"))
        await asyncio.to_thread(
            engine.wait_until, "it is told", lambda: bool(engine.commits.trouble)
        )
        with pytest.raises(StoreUnavailable, match=r"locked, since .*; nothing was recorded"):
            await desk.submit(**ORDER, cl_ord_id="second")
        shelf.fails = 0
        await first
        assert [row["cl_ord_id"] for row in await desk.orders()] == ["first"]
        await desk.submit(**ORDER, cl_ord_id="second")

    _play(tmp_path, shelf, test)


def test_who_waits_learns_at_once_that_the_engine_has_ended(tmp_path: Path) -> None:
    """Not when the wait for an answer is over; nothing was sent, and later callers are told so."""

    async def test(engine: SmallEngine) -> None:
        began = SystemClock().monotonic()
        desk = engine.oms("grid-1")
        with pytest.raises(OutcomeUnknown, match="look for ClOrdID lost"):
            await desk.submit(**ORDER, cl_ord_id="lost")
        with pytest.raises(EngineUnavailable, match="nothing was recorded"):
            await desk.submit(**ORDER)
        with pytest.raises(OutcomeUnknown, match="malformed"):
            await engine.oms("operator").kill(True)
        with pytest.raises(EngineUnavailable, match="malformed"):
            async for _ in desk.reports():
                pass
        operator = engine.oms("operator")
        with (
            mock.patch.object(operator, "_is_open", mock.AsyncMock(return_value=True)),
            pytest.raises(OutcomeUnknown, match="malformed"),
        ):
            await operator.close_break("B1", by="ann", because="paid in by hand")
        assert SystemClock().monotonic() - began < 20, "it was waited for"
        assert await desk.orders() == []

    shelf = Shelf(-1, BROKEN)
    _play(tmp_path, shelf, test)


class Hurried(SystemClock):
    """Every look at it is an hour after the last one."""

    looks = 0

    def now_us(self) -> int:
        """Microseconds."""
        self.looks += 1
        return super().now_us() + self.looks * 3_600_000_000


def test_an_order_that_took_too_long_to_record_is_not_sent(tmp_path: Path) -> None:
    """Its price may be of another time: it is refused, and the venue never hears of it."""

    async def test(engine: SmallEngine) -> None:
        engine.writer._clock = Hurried()
        desk = engine.oms("grid-1")
        handle = await desk.submit(**ORDER)
        await asyncio.to_thread(engine.writer.settle, 10)
        row = await desk.order_row(handle.order_id)
        assert row["ord_status"] == "REJECTED"
        assert "too long" in row["text"]
        assert engine.venues["PLAIN"].received == []

    _play(tmp_path, Shelf(0), test)


def test_a_feed_that_broke_wakes_everybody() -> None:
    """Whoever waits for an answer, whoever watches, and whoever comes later."""

    async def test() -> None:
        feed = Feed()
        answer = feed.expect("A1", lambda report: True)
        event = feed.watch()
        feed.fail("the engine has stopped: a test")
        with pytest.raises(OutcomeUnknown, match="ClOrdID A1"):
            await asyncio.wait_for(answer, 10)
        await asyncio.wait_for(event.wait(), 10)
        with pytest.raises(EngineUnavailable):
            feed.expect("A2", lambda report: True)

    asyncio.run(test())


def test_a_stop_that_fails_drops_quickfix_all_the_same(tmp_path: Path) -> None:
    """A store that is gone can not be read at the end: a process that lives on must not keep the
    sessions."""
    system = System(load(tmp_path, COMPLETE))
    system.book = Book({}, {})
    with mock.patch.object(system._sides, "drop") as drop:
        system._closing.callback(mock.Mock(side_effect=BROKEN))
        with pytest.raises(StoreUnavailable):
            system.stop(drop=True)
    drop.assert_called_once_with()
