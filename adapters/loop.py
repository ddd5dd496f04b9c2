"""One asyncio loop on a thread of its own, shared by all runners."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

_T = TypeVar("_T")


class Loop:
    """The adapters' thread. `start` and `stop` belong to whoever composes the system."""

    def __init__(self, name: str = "adapters") -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread; returns once the loop runs."""
        running = threading.Event()
        self._loop.call_soon_threadsafe(running.set)
        self._thread.start()
        running.wait()

    def stop(self, wait_s: float = 5.0) -> None:
        """Cancel what still runs, end the thread, close the loop; at most `wait_s` seconds."""
        if not self._thread.is_alive():
            self._loop.close()
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(wait_s)

    def call(self, function: Callable[[], object]) -> None:
        """Have the function called on the loop's thread, soon; not at all once it is closed."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    def submit(self, coroutine: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run a coroutine on the loop; its result from any thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def finish(self, coroutine: Coroutine[Any, Any, object], timeout_s: float) -> None:
        """Run a coroutine on the loop and wait for its end, so many seconds at most; from another
        thread. Raises what it does."""
        with contextlib.suppress(TimeoutError):
            self.submit(coroutine).result(timeout_s)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()
