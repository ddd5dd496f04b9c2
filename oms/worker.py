"""The parts of an engine that work by themselves: each does what there is, then waits.

In the product each has a thread of its own. Whoever runs the whole engine on a virtual clock hands
down workers that are called by that clock instead.
"""

import queue
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, Protocol

Step = Callable[[], float | None]
"""Does what there is to do; how many seconds later to look again, None: not before it is woken.

It is never called twice at once, and outlives its own mistakes or is not called again.
"""


class Worker(Protocol):
    """One that works by itself."""

    def start(self, after_s: float = 0.0) -> None:
        """Begin; the first step so many seconds later, or when it is woken."""

    def wake(self) -> None:
        """There is something to do: a step follows soon. Returns at once; from any thread."""

    def stop(self, wait_s: float = 0.0, *, finish: bool = False) -> bool:
        """End, with `finish` after one more step. Whether it ended within `wait_s` seconds."""


class Workers(Protocol):
    """What makes them."""

    def worker(self, name: str, step: Step) -> Worker:
        """One that has not begun yet."""

    def all_at_once(self, jobs: Iterable[Callable[[], None]]) -> None:
        """Do jobs that each may take long; back when all are done."""


class ThreadWorker:
    """A worker with a thread."""

    def __init__(self, name: str, step: Step) -> None:
        self._step = step
        # Its put() is the cheapest way to wake a thread: 0.1 us, and no lock of ours.
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._called = False
        self._ending = self._finishing = False
        self._after_s = 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, after_s: float = 0.0) -> None:
        """Begin."""
        self._after_s = after_s
        self._thread.start()

    def wake(self) -> None:
        """A step follows soon."""
        if not self._called:
            self._called = True
            self._calls.put(None)

    def stop(self, wait_s: float = 0.0, *, finish: bool = False) -> bool:
        """End."""
        self._finishing = finish
        self._ending = True
        self._calls.put(None)
        if wait_s and self._thread.is_alive():
            self._thread.join(wait_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause_s: float | None = self._after_s
        while True:
            self._wait(pause_s)
            # Before the step: what is there to do by now is done by it, and what comes later wakes
            # again.
            self._called, ending = False, self._ending
            if ending and not self._finishing:
                return
            pause_s = self._step()
            if ending:
                return

    def _wait(self, pause_s: float | None) -> None:
        if pause_s is None:
            self._calls.get()
        elif pause_s > 0:
            with suppress(queue.Empty):
                self._calls.get(timeout=pause_s)


class Threads:
    """Workers with threads."""

    def worker(self, name: str, step: Step) -> Worker:
        """One whose thread bears that name."""
        return ThreadWorker(name, step)

    def all_at_once(self, jobs: Iterable[Callable[[], None]]) -> None:
        """Each on a thread of its own."""
        threads_of_jobs = [threading.Thread(target=job) for job in jobs]
        for thread in threads_of_jobs:
            thread.start()
        for thread in threads_of_jobs:
            thread.join()


threads: Final = Threads()
"""The product's."""
