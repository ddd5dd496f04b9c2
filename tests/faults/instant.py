"""The world's one thread: a loop whose time passes at once, and workers that it calls."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextvars import Context
from heapq import heappop, heappush
from typing import Any, TypeVar
from weakref import ref

from tests.adapters.virtual_hour import VirtualLoop

T = TypeVar("T")


class Due(asyncio.TimerHandle):
    """Something that the loop is to call. It keeps no traceback and, unless told, no context."""

    __slots__ = ("call", "context", "words")

    def __init__(
        self, when: float, call: Callable[..., object], words: Any, context: Context | None
    ) -> None:
        self._when = when
        self._cancelled = False
        self.call = call
        self.words = words
        self.context = context

    def cancel(self) -> None:
        """It is not called any more."""
        self._cancelled = True


class WorldLoop(VirtualLoop):
    """Everything happens on it, also what the product gives to a thread.

    asyncio's own asks its selector before every turn and copies a context for every call, which
    takes longer than what is called. Here nothing comes from outside, and what is due at the same
    time is called in the order in which it was asked for.
    """

    _stopping: bool
    """BaseEventLoop's own."""

    def __init__(self) -> None:
        super().__init__()
        self._now: deque[Due] = deque()
        self._later: list[tuple[float, int, Due]] = []
        self._number = 0
        self._tasks: list[ref[asyncio.Task[Any]]] = []

    def _make_self_pipe(self) -> None:
        """What wakes asyncio's own out of its waiting; this one never waits."""

    def _close_self_pipe(self) -> None:
        """There is none."""

    def create_task(  # type: ignore[override]  # typeshed: a generator, too
        self, coro: Coroutine[Any, Any, T], **named: Any
    ) -> asyncio.Task[T]:
        """As asyncio's own, and known to `tasks`."""
        task = asyncio.Task(coro, loop=self, **named)
        self._tasks.append(ref(task))
        return task

    def tasks(self) -> list[asyncio.Task[Any]]:
        """All that are not done, in the order they were made: asyncio looks through those of every
        loop there was, in any order."""
        known = [task() for task in self._tasks]
        return [task for task in known if task is not None and not task.done()]

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """In the next turn."""
        due = Due(0.0, callback, args, context)
        self._now.append(due)
        return due

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """When the time has come."""
        due = Due(when, callback, args, context)
        self._number += 1
        heappush(self._later, (when, self._number, due))
        return due

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """So many seconds from now."""
        when = self._instant.instant + delay
        due = Due(when, callback, args, context)
        self._number += 1
        heappush(self._later, (when, self._number, due))
        return due

    def _run_once(self) -> None:
        """Turn by turn, until somebody stops it."""
        while not self._stopping:
            self._turn()

    def _pass(self) -> None:
        """To the next thing that is due; what is due at that time is ready then."""
        ready, later, instant = self._now, self._later, self._instant
        now = instant.instant
        if not ready:
            assert later, "nothing will ever happen"
            if later[0][0] > now:
                now = instant.instant = later[0][0]
        while later and later[0][0] <= now:
            due = heappop(later)[2]
            if not due._cancelled:
                ready.append(due)

    def _turn(self) -> None:
        self._pass()
        ready = self._now
        for _ in range(len(ready)):
            due = ready.popleft()
            if due._cancelled:
                continue
            try:
                if due.context is None:
                    due.call(*due.words)
                else:
                    due.context.run(due.call, *due.words)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001  as asyncio's own: whatever it is
                self._tell_of(due, error)

    def _tell_of(self, due: Due, error: BaseException) -> None:
        told = {"message": f"in {due.call!r}", "exception": error, "handle": due}
        self.call_exception_handler(told)

    def call_soon_threadsafe(  # type: ignore[override]  # typeshed: a TypeVarTuple
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """There is no other thread."""
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(  # type: ignore[override]  # typeshed: a TypeVarTuple
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """Done at once, here."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  it is the caller's
            done.set_exception(error)
        return done

    def pass_until(self, done: "asyncio.Future[Any]", timeout_s: float) -> None:
        """Go on until that is done, at most so long; for who waits in a callback, and in no task."""
        ends_at, waiting = self.time() + timeout_s, len(self._now)
        self.call_at(ends_at, _nothing)
        while not done.done() and self.time() < ends_at:
            self._turn()
        # The turn that we were called in goes on with as many as were ready then.
        while len(self._now) < waiting:
            self.call_soon(_nothing)


def _nothing() -> None:
    """Something is due."""


class WorldWorker:
    """A worker that the loop calls."""

    def __init__(
        self,
        loop: WorldLoop,
        step: Callable[[], float | None],
        alive: Callable[[], bool],
        lag_s: Callable[[], float],
    ) -> None:
        """`lag_s()`: how long it takes from being woken to its step."""
        self._lag_s = lag_s
        self._loop = loop
        self._step = step
        self._alive = alive
        self._due: asyncio.Handle | None = None
        self._soon = False
        self._running = False

    def start(self, after_s: float = 0.0) -> None:
        """Begin."""
        self._running = True
        self._due = self._loop.call_later(after_s, self._run)

    def wake(self) -> None:
        """A step follows soon."""
        if self._running and not self._soon:
            self._soon = True
            if self._due is not None:
                self._due.cancel()
            lag_s = self._lag_s()
            late = self._loop.call_later(lag_s, self._run) if lag_s else None
            self._due = late or self._loop.call_soon(self._run)

    def stop(self, wait_s: float = 0.0, *, finish: bool = False) -> bool:
        """End."""
        if finish and self._running and self._alive():
            self._step()
        self._running = False
        if self._due is not None:
            self._due.cancel()
        return True

    def _run(self) -> None:
        self._due, self._soon = None, False
        if not self._running or not self._alive():
            return
        pause_s = self._step()
        if pause_s is not None and self._running and self._due is None:
            self._due = self._loop.call_later(pause_s, self._run)


class WorldWorkers:
    """One process's workers."""

    def __init__(
        self,
        loop: WorldLoop,
        alive: Callable[[], bool],
        lag_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`lag_s()`: how long whoever commits takes now."""
        self._loop = loop
        self._alive = alive
        self._lag_s = lag_s

    def worker(self, name: str, step: Callable[[], float | None]) -> WorldWorker:
        """One that has not begun yet."""
        lag_s = self._lag_s if name == "writer" else float
        return WorldWorker(self._loop, step, self._alive, lag_s)

    def all_at_once(self, jobs: Iterable[Callable[[], None]]) -> None:
        """One after the other."""
        for job in jobs:
            job()
