"""The world's one thread: a loop whose time passes at once, and workers that it calls."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from tests.adapters.virtual_hour import VirtualLoop


class WorldLoop(VirtualLoop):
    """Everything happens on it, also what the product gives to a thread."""

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """There is no other thread."""
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """Done at once, here."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  it is the caller's
            done.set_exception(error)
        return done


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
        if finish and self._running:
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
