"""Which orders a plain counterparty is asked the status of, and what of it is not answered yet."""

import threading
from collections.abc import Callable
from typing import Final

from oms.core.facts import order_named
from oms.core.messages import OrderStatusRequest
from oms.core.notes import Request
from oms.core.order import Order
from oms.core.ports import Books

AGAIN_S: Final = 30.0
"""Seconds after which an order whose fills are in doubt is asked about again."""


class Inquiry:
    """The status requests of one session. From any thread."""

    def __init__(
        self,
        route: str,
        books: Books,
        ask: Callable[[OrderStatusRequest], None],
        complete: Callable[[], None],
    ) -> None:
        """`ask` sends; `complete` is told when all that was asked has been answered."""
        self._route = route
        self._books = books
        self._ask = ask
        self._complete = complete
        self._lock = threading.RLock()
        self._open: dict[str, str] = {}
        """Our id of each order whose status is awaited, and the counterparty's."""
        self._doubted: dict[str, float] = {}
        """When an order was last asked about because its fills are in doubt."""

    @property
    def awaits(self) -> bool:
        """Whether an answer is still to come."""
        with self._lock:
            return bool(self._open)

    def begin(self) -> int:
        """After a logon, ask for every working order; how many there are."""
        with self._lock:
            orders = self._books.working(self._route)
            self._open = {order.venue_cl_ord_id: order.secondary_order_id for order in orders}
            self._doubted.clear()
        for order in orders:
            self._ask(_about(order))
        return len(orders)

    def end(self) -> None:
        """The connection is gone, and the answers with it."""
        with self._lock:
            self._open = {}

    def lost_report(self) -> None:
        """A report could not be read: the orders' states tell what it was.

        Answers that are under way will tell; and an answer that is itself not read must not be
        asked for again and again.
        """
        with self._lock:
            if not self._open:
                self.begin()

    def look(self, now: float) -> None:
        """Ask for orders whose executions do not add up. `now` in seconds of Clock.monotonic."""
        for order in self._books.working(self._route):
            doubt = order.in_doubt
            if doubt is None or doubt.request is not Request.FILLS:
                self._doubted.pop(order.order_id, None)
            elif now - self._doubted.get(order.order_id, now - AGAIN_S) >= AGAIN_S:
                self._doubted[order.order_id] = now
                self._ask(_about(order))

    def answered(self, name: str, order_id: str = "") -> None:
        """A status request was answered, well or not: by our id of the order, or by theirs."""
        with self._lock:
            root = order_named(name)
            if root not in self._open:
                known = (ours for ours, theirs in self._open.items() if theirs == order_id)
                root = next(known, "") if order_id else ""
            last = self._open.pop(root, None) is not None and not self._open
        if last:
            self._complete()


def _about(order: Order) -> OrderStatusRequest:
    return OrderStatusRequest(
        cl_ord_id=order.name_at_venue,
        symbol=order.symbol,
        side=order.side,
        order_id=order.secondary_order_id,
    )
