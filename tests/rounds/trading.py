"""A strategy that trades on through every fall of the engine, over the Python API."""

import asyncio
import threading
from collections import Counter
from concurrent.futures import Future, wait
from contextlib import aclosing
from typing import Any, Final

from oms.client import Client
from oms.core.errors import EngineUnavailable, InvalidOrder, OmsError, OrderRejected, OutcomeUnknown
from oms.demo.plan import STRATEGY, PlannedOrder

_AGAIN_S: Final = 0.1
"""Between two attempts to reach an engine that is down."""


class Strategy:
    """A program of the API on a thread of its own: it submits, cancels, and listens all the time."""

    def __init__(self, url: str, token: str) -> None:
        """Nothing is asked yet."""
        self.outcomes: dict[str, str] = {}
        """What each submit came to, by ClOrdID: taken, refused, not sent, unknown."""
        self.heard: list[int] = []
        """The numbers of the reports, as they came."""
        self._url, self._token = url, token
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._calls: list[Future[None]] = []

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()
        self._client = asyncio.run_coroutine_threadsafe(self._connect(), self._loop).result(10)
        self._listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)

    async def _connect(self) -> Client:
        return Client(self._url, self._token, looks_s=(0.1, 0.5, 1.0, 2.0, 3.0))

    def submit(self, planned: PlannedOrder) -> None:
        """A new order; what comes of it is in `outcomes`."""
        self._begin(self._submit(planned))

    def cancel(self, cl_ord_id: str) -> None:
        """Its cancellation, whatever comes of it."""
        self._begin(self._cancel(cl_ord_id))

    def finish(self, wait_s: float) -> int:
        """Wait for what was asked for. How many calls came to no end."""
        done, left = wait(self._calls, wait_s)
        for call in done:
            call.result()
        self._calls.clear()
        return len(left)

    def stop(self) -> None:
        """Hang up."""
        self._listening.cancel()
        asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _begin(self, call: Any) -> None:
        self._calls.append(asyncio.run_coroutine_threadsafe(call, self._loop))

    async def _submit(self, planned: PlannedOrder) -> None:
        name = planned.cl_ord_id
        self.outcomes[name] = "under way"
        try:
            await self._client.submit(
                venue=planned.route,
                symbol=planned.symbol,
                side=planned.side,
                ord_type="MARKET" if planned.price is None else "LIMIT",
                order_qty=planned.order_qty,
                price=planned.price,
                time_in_force=planned.time_in_force,
                exchange=planned.exchange,
                post_only=planned.post_only,
                cl_ord_id=name,
            )
        except (OrderRejected, InvalidOrder):
            self.outcomes[name] = "refused"
        except EngineUnavailable:
            self.outcomes[name] = "not sent"
        except OutcomeUnknown:
            self.outcomes[name] = "unknown"
        else:
            self.outcomes[name] = "taken"

    async def _cancel(self, cl_ord_id: str) -> None:
        try:
            await self._client.cancel(f"{STRATEGY}/{cl_ord_id}", cl_ord_id=f"{cl_ord_id}-X")
        except OmsError:
            return  # down, or nothing to cancel: the books are what is judged

    async def _listen(self) -> None:
        while True:
            since = self.heard[-1] if self.heard else 0
            try:
                async with aclosing(self._client.reports(since)) as reports:
                    async for number, _ in reports:
                        self.heard.append(number)
            except OmsError:
                await asyncio.sleep(_AGAIN_S)


def gaps(heard: list[int], last: int) -> list[str]:
    """What is wrong with the numbers of reports that ran from 1 to `last`."""
    counts = Counter(heard)
    found = [f"report {number} came {n} times" for number, n in counts.items() if n > 1]
    found += [
        f"report {number} never came" for number in range(1, last + 1) if number not in counts
    ]
    if heard != sorted(heard):
        found.append("reports came out of order")
    return found[:5]
