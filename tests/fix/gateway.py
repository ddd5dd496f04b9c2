"""The Apifiny simulator's FIX gateway on a thread of its own, on the real clock."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Final

from adapters.apifiny.simulator import build
from adapters.apifiny.simulator.venue import ApifinySimulator
from oms.clock import SystemClock
from tests.fix.trading import ACCOUNT, KEY, SIGNING

CREDENTIALS: Final = {"account_id": ACCOUNT, "api_key_id": KEY, "api_secret_key": SIGNING}
WAIT_S: Final = 30.0


class Gateway:
    """A running simulator. What touches it runs on its own thread, by `call`."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.simulator: ApifinySimulator = build(7, 1, CREDENTIALS)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        started = self.simulator.start_fix("127.0.0.1", 0, self.clock.now_ms)
        future = asyncio.run_coroutine_threadsafe(started, self._loop)
        self.port: int = future.result(WAIT_S)[1]

    def call(self, do: Callable[[], Any]) -> Any:
        """Run it on the simulator's thread; what it returns."""

        async def run() -> Any:
            return do()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(WAIT_S)

    def switch(self, name: str, value: int = 1) -> None:
        """Turn a trouble on."""
        self.call(lambda: self.simulator.switch(name, value))

    def advance(self) -> None:
        """Let the exchanges trade."""
        self.call(lambda: self.simulator.advance(self.clock.now_ms()))

    def ledger(self) -> dict[str, Any]:
        """The venue's own view."""
        ledger: dict[str, Any] = self.call(self.simulator.ledger)
        return ledger

    def close(self) -> None:
        """Stop it and its thread."""
        stopped = asyncio.run_coroutine_threadsafe(self.simulator.stop_fix(), self._loop)
        stopped.result(WAIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)
        self._loop.close()
