"""The reports of one API origin on their way from the writer to whoever waits for them."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from oms.core.errors import EngineUnavailable, OrderRejected, OutcomeUnknown
from oms.core.messages import ExecutionReport, OrderCancelReject
from oms.core.ports import DeskReport
from oms.core.values import frozen

Numbered = tuple[int, DeskReport]
"""A report and its number among the origin's."""

RECENT_MAX: Final = 1_000
"""Reports in memory while somebody follows; who is further behind reads the store."""


@frozen
class _Awaited:
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Numbered]"
    answers: Callable[[DeskReport], bool]


class Feed:
    """A DeskGateway that wakes coroutines and has the latest reports for those who keep up.

    Earlier ones are in the store.
    """

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._lock = threading.Lock()
        self._awaited: dict[str, _Awaited] = {}
        self._watchers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._roused: set[asyncio.Event] = set()
        self._recent: deque[Numbered] = deque(maxlen=RECENT_MAX)
        self.broken = ""
        """Why no report comes any more; "" while they do."""

    def send(self, number: int, report: DeskReport) -> None:
        """From the writer's thread, once the report is in the store: keep it, wake who waits."""
        name = ""
        if isinstance(report, ExecutionReport | OrderCancelReject):
            name = report.cl_ord_id
        with self._lock:
            awaited = self._awaited.get(name)
            if awaited is not None and awaited.answers(report):
                del self._awaited[name]
            else:
                awaited = None
            self._keep(number, report)
            watchers = [one for one in self._watchers.items() if one[0] not in self._roused]
            self._roused.update(self._watchers)
        if awaited is not None:
            _call(awaited.loop, _settle, awaited.answer, (number, report))
        for event, loop in watchers:
            _call(loop, event.set)

    def _keep(self, number: int, report: DeskReport) -> None:
        if self._recent and number != self._recent[-1][0] + 1:
            self._recent.clear()  # what is kept follows without a gap
        if self._watchers:
            self._recent.append((number, report))

    def expect(
        self, cl_ord_id: str, answers: Callable[[DeskReport], bool]
    ) -> asyncio.Future[Numbered]:
        """The first report that names the ClOrdID and that `answers` takes for the answer.

        Raises OrderRejected while a request of that ClOrdID is unanswered: it could not be told
        whose answer comes; EngineUnavailable when none will.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Numbered] = loop.create_future()
        with self._lock:
            if self.broken:
                raise EngineUnavailable(f"{self.broken}; nothing was recorded")
            if cl_ord_id in self._awaited:
                raise OrderRejected(f"duplicate ClOrdID {cl_ord_id}: its request is under way")
            self._awaited[cl_ord_id] = _Awaited(loop, answer, answers)
        return answer

    def fail(self, why: str) -> None:
        """No report comes any more: whoever waits for one is told, now and later. Any thread."""
        with self._lock:
            self.broken = why
            awaited = dict(self._awaited)
            self._awaited.clear()
            watchers = list(self._watchers.items())
        for name, one in awaited.items():
            text = f"{why}; look for ClOrdID {name} when it runs again, before you send it again"
            _call(one.loop, _refuse, one.answer, OutcomeUnknown(text))
        for event, loop in watchers:
            _call(loop, event.set)

    def forget(self, cl_ord_id: str) -> None:
        """Nobody waits for it any more."""
        with self._lock:
            self._awaited.pop(cl_ord_id, None)

    def watch(self) -> asyncio.Event:
        """An event set by a report, once until `after`; give it back to `unwatch`."""
        event = asyncio.Event()
        with self._lock:
            self._watchers[event] = asyncio.get_running_loop()
        return event

    def unwatch(self, event: asyncio.Event) -> None:
        """Stop setting the event."""
        with self._lock:
            self._watchers.pop(event, None)
            self._roused.discard(event)
            if not self._watchers:
                self._recent.clear()

    def after(self, number: int, event: asyncio.Event) -> list[Numbered] | None:
        """What came after report `number`; None where only the store can tell.

        Clears the event, which the next report sets again. On the loop that watches.
        """
        event.clear()
        with self._lock:
            self._roused.discard(event)
            if not self._recent:
                return None
            new = self._recent[-1][0] - number
            if not 0 <= new <= len(self._recent):
                return None
            return [self._recent[place] for place in range(-new, 0)]


def _call(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *args: Any) -> None:
    # A closed loop has nobody who waits; the writer must not fall over it.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *args)


def _refuse(answer: "asyncio.Future[Numbered]", error: OutcomeUnknown) -> None:
    if not answer.done():
        answer.set_exception(error)


def _settle(answer: "asyncio.Future[Numbered]", told: Numbered) -> None:
    if not answer.done():
        answer.set_result(told)
