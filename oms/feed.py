"""The reports of one API origin on their way from the writer to whoever waits for them."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from oms.core.messages import BusinessMessageReject
from oms.core.ports import DeskReport


class Feed:
    """A DeskGateway that wakes coroutines; the reports themselves are read from the store."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._lock = threading.Lock()
        self._awaited: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Future[DeskReport]]] = {}
        self._watchers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def send(self, number: int, report: DeskReport) -> None:
        """From the writer's thread: wake who waits; the report itself is in the store."""
        name = "" if isinstance(report, BusinessMessageReject) else report.cl_ord_id
        with self._lock:
            awaited = self._awaited.pop(name, None)
            watchers = list(self._watchers.items())
        if awaited is not None:
            loop, answer = awaited
            _call(loop, _settle, answer, report)
        for event, loop in watchers:
            _call(loop, event.set)

    def expect(self, cl_ord_id: str) -> asyncio.Future[DeskReport]:
        """The first report that names the ClOrdID."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[DeskReport] = loop.create_future()
        with self._lock:
            self._awaited[cl_ord_id] = (loop, answer)
        return answer

    def forget(self, cl_ord_id: str) -> None:
        """Nobody waits for it any more."""
        with self._lock:
            self._awaited.pop(cl_ord_id, None)

    def watch(self) -> asyncio.Event:
        """An event set at each report; give it back to `unwatch`."""
        event = asyncio.Event()
        with self._lock:
            self._watchers[event] = asyncio.get_running_loop()
        return event

    def unwatch(self, event: asyncio.Event) -> None:
        """Stop setting the event."""
        with self._lock:
            self._watchers.pop(event, None)


def _call(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *args: Any) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call, *args)


def _settle(answer: asyncio.Future[DeskReport], report: DeskReport) -> None:
    if not answer.done():
        answer.set_result(report)
