"""What comes by itself: the reports of the strategy's origin, and what is watched of a market."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Any, Final, Generic, TypeVar

from oms.ccxt.errors import error
from oms.core.errors import OrderRejected
from oms.core.messages import ExecutionReport, OrderCancelReject
from oms.core.ports import DeskReport
from oms.door import Door

KEPT_MAX: Final = 1000
"""News that waits for a strategy that does not ask for it, as in ccxt's own caches; the oldest goes."""

_T = TypeVar("_T")


class _Batch(Generic[_T]):
    """What all who wait at the same time are given."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self.news: list[_T] = []
        self.taken = False


class Mailbox(Generic[_T]):
    """News for one watch of the strategy's. Who waits at the same time is told the same."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._news: deque[_T] = deque(maxlen=KEPT_MAX)
        self._waited_for: _Batch[_T] | None = None
        self._fault: Exception | None = None

    def put(self, item: _T) -> None:
        """Something new."""
        if self._waited_for is None:
            self._news.append(item)
        else:
            self._waited_for.news.append(item)
            self._waited_for.came.set()
            self._waited_for = None

    def end(self, fault: Exception) -> None:
        """Nothing more will come, for this reason."""
        self._fault = fault
        if self._waited_for is not None:
            self._waited_for.came.set()
            self._waited_for = None

    async def take(self) -> list[_T]:
        """All that came since the last time, at least one. Raises what ended it."""
        if self._news:
            taken = list(self._news)
            self._news.clear()
            return taken
        if self._fault is not None:
            raise self._fault
        if self._waited_for is None:
            self._waited_for = _Batch()
        batch = self._waited_for
        try:
            await batch.came.wait()
        except asyncio.CancelledError:
            # A time limit of the strategy's may strike when the news has just come.
            if not batch.taken:
                self._news.extendleft(reversed(batch.news))
                batch.news = []
            raise
        batch.taken = True
        return batch.news or await self.take()

    def give_back(self, news: Sequence[_T]) -> None:
        """What was taken and could not be told: it comes first. Others may give the same back."""
        kept = [item for item in news if not any(item is known for known in self._news)]
        if self._waited_for is None:
            self._news.extendleft(reversed(kept))
            return
        for item in kept:
            self.put(item)


class Tap(Generic[_T]):
    """A watch that is followed whether the strategy asks or not, as ccxt's are."""

    def __init__(self, source: AsyncGenerator[_T, None] | Any) -> None:
        """`source` is iterated, and closed at the end."""
        self.box: Mailbox[_T] = Mailbox()
        self._task = asyncio.create_task(self._run(source))

    async def _run(self, source: Any) -> None:
        fault: Exception = closed()
        try:
            async with aclosing(source):
                async for item in source:
                    self.box.put(item)
        except Exception as raised:  # noqa: BLE001  whoever waits is told, whatever it is
            fault = raised
        finally:
            self.box.end(fault)

    async def close(self) -> None:
        """Follow it no more."""
        await _stopped(self._task)


class Reports:
    """The reports of the origin from `start` on: who waits for an order is woken by them.

    A mailbox begins with what was heard before it was asked for: a strategy that places an order,
    looks at it, and then watches would otherwise wait for news that has come already.
    """

    def __init__(self, door: Door) -> None:
        """Nothing is followed before `start`."""
        self._door = door
        self._task: asyncio.Task[None] | None = None
        self._stirred: asyncio.Future[None] | None = None
        self._boxes: dict[str, tuple[Mailbox[DeskReport], Callable[[DeskReport], bool]]] = {}
        self._refusals: dict[str, OrderRejected] = {}
        self._number: int | None = None
        self._heard: deque[tuple[int, DeskReport]] = deque(maxlen=KEPT_MAX)
        self._told: dict[str, int] = {}
        """Up to which number the mailbox of that name was filled before it was dropped."""

    async def start(self) -> None:
        """Follow them, if nobody does; after a cut from where it was. Raises EngineUnavailable."""
        if self._number is None:
            latest = await self._door.last_report()
            if self._number is None:  # others may have waited for it too
                self._number = latest
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(self._number))

    async def close(self) -> None:
        """Follow them no more."""
        if self._task is not None:
            await _stopped(self._task)

    def next(self) -> "asyncio.Future[None]":
        """Done at the next report, whatever it is about; take it before looking at the books."""
        if self._stirred is None or self._stirred.done():
            self._stirred = asyncio.get_running_loop().create_future()
        return self._stirred

    def is_refused(self, request: str) -> bool:
        """Whether the cancel or replace of that ClOrdID was refused."""
        return request in self._refusals

    def forget_refusal(self, request: str) -> OrderRejected | None:
        """Why the cancel or replace of that ClOrdID was refused since, if it was."""
        return self._refusals.pop(request, None)

    def box(self, name: str, wanted: Callable[[DeskReport], bool]) -> Mailbox[DeskReport]:
        """The mailbox of that name: what is wanted, heard since `start` and from now on."""
        if name not in self._boxes:
            box: Mailbox[DeskReport] = Mailbox()
            for number, report in self._heard:
                if number > self._told.get(name, 0) and wanted(report):
                    box.put(report)
            self._boxes[name] = (box, wanted)
        return self._boxes[name][0]

    def drop(self, name: str) -> None:
        """Fill it no more."""
        self._boxes.pop(name, None)
        self._told[name] = self._number or 0

    async def _run(self, since: int) -> None:
        fault: Exception = closed()
        try:
            async with aclosing(self._door.reports(since)) as told:
                async for number, report in told:
                    self._hear(number, report)
        except Exception as raised:  # noqa: BLE001  whoever waits is told, whatever it is
            fault = raised
        finally:
            for name, (box, _) in [*self._boxes.items()]:
                box.end(fault)
                self.drop(name)
            self._stir()

    def _hear(self, number: int, report: DeskReport) -> None:
        self._number = number
        self._heard.append((number, report))
        if isinstance(report, OrderCancelReject):
            if len(self._refusals) >= KEPT_MAX:
                self._refusals.pop(next(iter(self._refusals)))
            self._refusals[report.cl_ord_id] = OrderRejected(report.text)
        for box, wanted in self._boxes.values():
            if wanted(report):
                box.put(report)
        self._stir()

    def _stir(self) -> None:
        if self._stirred is not None and not self._stirred.done():
            self._stirred.set_result(None)


def closed() -> Exception:
    """What a watch ends with when the exchange is closed, as in ccxt."""
    return error("ExchangeClosedByUser", "the exchange is closed")


async def _stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def is_of_order(report: DeskReport) -> bool:
    """Whether an order has changed by it."""
    return isinstance(report, ExecutionReport | OrderCancelReject)


def is_fill(report: DeskReport) -> bool:
    """Whether it tells an execution."""
    return isinstance(report, ExecutionReport) and bool(report.last_shares)
