"""How much of a desk's flood gets through: so many orders a second, and a wait for the rest."""

from typing import Final

from oms.clock import Clock
from oms.core.messages import NewOrderSingle, OrderCancelReplaceRequest, OrderStatusRequest
from oms.core.notes import Unworkable

ANSWERS_PER_S: Final = 1_000
"""Refusals and status reports that one desk can cause in a second; more of them have to wait on its
own connection, where they hold up nobody else."""


class _Bucket:
    """A token bucket that is full at first and holds what one second gives."""

    def __init__(self, per_s: int, clock: Clock) -> None:
        self._per_s = per_s
        self._clock = clock
        self._tokens = float(per_s)
        self._filled = clock.monotonic()

    def take(self) -> float:
        """Take a token; seconds until it is really there, 0 if it is."""
        self._fill()
        self._tokens -= 1
        return max(0.0, -self._tokens / self._per_s)

    def try_take(self) -> bool:
        """Take a token if there is one."""
        self._fill()
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _fill(self) -> None:
        now = self._clock.monotonic()
        gained = (now - self._filled) * self._per_s
        self._tokens = min(float(self._per_s), self._tokens + gained)
        self._filled = now


class Pace:
    """One desk's. Cancels are never held up: safety comes before throughput."""

    def __init__(self, max_orders_per_s: int, clock: Clock) -> None:
        """`max_orders_per_s`: orders and replaces; twice as many may come in the first second."""
        self._orders = _Bucket(max_orders_per_s, clock)
        self._answers = _Bucket(ANSWERS_PER_S, clock)
        self._refusal = f"THROTTLED: more than {max_orders_per_s} orders a second; try again later"

    def weigh(self, request: object, *, again: bool = False) -> tuple[str, float]:
        """Why the request is refused, "" if it is not, and how many seconds its desk has to wait
        before it is heard again. `again`: it repeats what we asked for, at whatever pace."""
        if isinstance(request, NewOrderSingle | OrderCancelReplaceRequest):
            if again or self._orders.try_take():
                return "", self._answers.take() if again else 0.0
            return self._refusal, self._answers.take()
        if isinstance(request, OrderStatusRequest | Unworkable):
            return "", self._answers.take()
        return "", 0.0
