"""Followers of reports: fed from what was just told while they keep up, from the store otherwise."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from oms import feed
from oms.api import Oms
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport
from oms.core.ports import DeskReport
from oms.feed import Feed
from tests.oms.small_engine import SmallEngine, running, within
from tests.oms.test_api import ORDER

Told = list[tuple[int, DeskReport]]


class _Counted:
    """The store, and how often reports were read from it."""

    def __init__(self, looks: Any) -> None:
        self._looks = looks
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        self.reads += name == "reports"
        return getattr(self._looks, name)


def _counted(oms: Oms) -> _Counted:
    counted = _Counted(oms._looks)
    everything: Any = counted
    oms._looks = everything
    return counted


async def _next(reports: AsyncGenerator[tuple[int, DeskReport], None], count: int) -> Told:
    return [await anext(reports) for _ in range(count)]


async def _stored(oms: Oms) -> Told:
    return [told async for told in oms.reports(follow=False)]


def test_who_keeps_up_reads_the_store_no_more(tmp_path: Path) -> None:
    async def test(engine: SmallEngine) -> None:
        oms = engine.oms("grid-1")
        counted = _counted(oms)
        await oms.submit(**ORDER)
        stored = await _stored(oms)
        followers = [oms.reports() for _ in range(3)]
        told = [await _next(follower, len(stored)) for follower in followers]
        waiting = [asyncio.ensure_future(anext(follower)) for follower in followers]
        await asyncio.sleep(0)
        reads = counted.reads
        for _ in range(5):
            await oms.submit(**ORDER)
            for place, follower in enumerate(followers):
                told[place].append(await waiting[place])
                waiting[place] = asyncio.ensure_future(anext(follower))
        assert counted.reads - reads <= len(followers), "those of before they waited, no more"
        for one in waiting:
            one.cancel()
        await asyncio.wait(waiting)
        stored = await _stored(oms)
        for had in told:
            assert had == stored[: len(had)]
            assert len(had) >= 6

    with running(tmp_path) as engine:
        asyncio.run(within("all reports", test(engine)))


def test_who_falls_behind_reads_the_store_and_is_fed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "RECENT_MAX", 3)

    async def test(engine: SmallEngine) -> None:
        oms = engine.oms("grid-1")
        counted = _counted(oms)
        await oms.submit(**ORDER)
        follower = oms.reports()
        told = await _next(follower, 1)
        for _ in range(8):
            await oms.submit(**ORDER)
        behind = await _stored(oms)
        reads = counted.reads
        told += await _next(follower, len(behind) - len(told))
        assert counted.reads > reads, "what it has missed is in the store alone"
        reads = counted.reads
        while len(told) < len(behind) + 4:
            coming = asyncio.ensure_future(anext(follower))
            await asyncio.sleep(0)
            await oms.submit(**ORDER)
            told.append(await coming)
        assert counted.reads - reads <= 1, "it keeps up again"
        stored = await _stored(oms)
        assert told == stored[: len(told)]
        await follower.aclose()

    with running(tmp_path) as engine:
        asyncio.run(within("all reports", test(engine)))


def _report(number: int) -> ExecutionReport:
    return ExecutionReport(exec_id=f"E{number}", exec_type=ExecType.NEW)


def test_memory_tells_only_what_has_no_gap() -> None:
    async def test() -> None:
        feed = Feed()
        feed.send(1, _report(1))
        event = feed.watch()
        assert feed.after(1, event) is None, "nobody followed when it was told"
        for number in (2, 3):
            feed.send(number, _report(number))
        assert feed.after(1, event) == [(2, _report(2)), (3, _report(3))]
        assert feed.after(3, event) == []
        assert feed.after(0, event) is None, "the first is in the store alone"
        assert feed.after(4, event) is None, "of a number that was not told nothing is known"
        feed.send(5, _report(5))
        assert feed.after(3, event) is None, "the fourth is in the store alone"
        assert feed.after(4, event) == [(5, _report(5))]
        feed.unwatch(event)
        other = feed.watch()
        assert feed.after(4, other) is None, "nothing is kept for nobody"

    asyncio.run(test())


def test_a_watcher_is_woken_once_until_it_looks() -> None:
    async def test() -> None:
        feed = Feed()
        event = feed.watch()
        for number in (1, 2):
            feed.send(number, _report(number))
        await asyncio.wait_for(event.wait(), 5.0)
        assert feed.after(0, event) == [(1, _report(1)), (2, _report(2))]
        assert not event.is_set()
        feed.send(3, _report(3))
        await asyncio.wait_for(event.wait(), 5.0)
        assert feed.after(2, event) == [(3, _report(3))]

    asyncio.run(test())
