"""Watches the clock for orders that the engine ends at their ExpireTime.

It says that a time has passed, and no more: what follows is decided by the core. It says so again
while the order works on, because a cancel may be refused.
"""

import threading
from collections.abc import Iterable
from typing import Final

from oms.clock import Clock
from oms.core.emulation import expiring
from oms.core.notes import Expired
from oms.core.order import Order
from oms.core.ports import Books, Evidence, Inbound, Post
from oms.worker import Workers, threads

LOOK_EVERY_S: Final = 0.25
"""How late an order may be told of."""

AGAIN_S: Final = 5.0


class Expiries:
    """The dated orders that work, and who looks at the clock while there are any."""

    def __init__(self, post: Post, books: Books, clock: Clock, workers: Workers = threads) -> None:
        self._post = post
        self._books = books
        self._clock = clock
        self._lock = threading.Lock()
        self._again_at: dict[str, float] = {}
        self._worker = workers.worker("expiries", self._step)

    def start(self) -> None:
        """Begin to look."""
        self._worker.start()

    def watch(self, orders: Iterable[Order]) -> None:
        """Take up those of the orders that have a time to end. Returns at once; from any thread."""
        dated = [order.order_id for order in orders if expiring(order)]
        if dated:
            with self._lock:
                for order_id in dated:
                    self._again_at.setdefault(order_id, 0.0)
            self._worker.wake()

    def stop(self) -> None:
        """Look no more."""
        self._worker.stop(1.0)

    def look(self) -> None:
        """Tell of every order whose time has passed, and forget those that are over."""
        now, moment = self._clock.now(), self._clock.monotonic()
        for order_id, again_at in list(self._again_at.items()):
            order = self._books.order(order_id)
            if order is None or not expiring(order) or order.expire_time is None:
                del self._again_at[order_id]
            elif order.expire_time <= now and moment >= again_at:
                self._again_at[order_id] = moment + AGAIN_S
                note = Expired(order_id=order_id)
                self._post(Inbound(source="clock", message=note, evidence=Evidence.POLICY))

    def _step(self) -> float | None:
        with self._lock:
            self.look()
            return LOOK_EVERY_S if self._again_at else None
