"""What waits to leave for a venue on one session: cancels first, and nothing that waited too long."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from oms.clock import Clock
from oms.core.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.notes import Request
from oms.core.ports import VenueRequest
from oms.core.reports import KILL_SWITCH
from oms.core.values import frozen
from oms.worker import Workers, threads

_log = logging.getLogger(__name__)

MAX_WAIT_S: Final = 2.0
"""An order that waited longer is not sent any more: its price may be of another time."""

WAITING_MAX: Final = 10_000


@frozen
class Departure:
    """A request on its way out, and when its time is over (seconds of Clock.monotonic).

    `opening`: for which of its session's logons it was taken over.
    """

    message: VenueRequest | OrderStatusRequest
    security_exchange: str
    deadline: float
    opening: int = 0

    @property
    def venue_name(self) -> str:
        """What the venue calls the order."""
        if isinstance(self.message, NewOrderSingle | OrderStatusRequest):
            return self.message.cl_ord_id
        return self.message.orig_cl_ord_id

    @property
    def request(self) -> Request:
        """Which request it is; of a status request, nothing that could be in doubt."""
        match self.message:
            case NewOrderSingle():
                return Request.NEW
            case OrderCancelRequest():
                return Request.CANCEL
            case OrderStatusRequest():
                return Request.FILLS
            case _:
                return Request.REPLACE


class Departures:
    """Lanes by rank, and the one worker that empties them. Open while the session is up."""

    def __init__(
        self,
        name: str,
        depart: Callable[[Departure], None],
        stay: Callable[[Departure, str], None],
        clock: Clock,
        max_wait_s: float = MAX_WAIT_S,
        killed: Callable[[], bool] = bool,
        workers: Workers = threads,
    ) -> None:
        """`depart` sends; `stay` is told of what is not sent because the session is down, or, of
        new orders and replaces, because of the kill switch: `killed` is asked before each."""
        self._depart = depart
        self._stay = stay
        self._clock = clock
        self._max_wait_s = max_wait_s
        self._killed = killed
        self._lock = threading.Lock()
        self._lanes: tuple[deque[Departure], ...] = (deque(), deque(), deque())
        self._closed_because = "not logged on yet"
        self._open = False
        self._opening = 0
        self._name = f"departures {name}"
        self._worker = workers.worker(self._name, self._step)

    def start(self) -> None:
        """Begin to send."""
        self._worker.start()

    def put(self, message: VenueRequest | OrderStatusRequest, security_exchange: str) -> None:
        """Send when it is its turn. Returns at once; from any thread."""
        deadline = self._clock.monotonic() + self._max_wait_s
        lane = self._lanes[_rank(message)]
        with self._lock:
            departure = Departure(message, security_exchange, deadline, self._opening)
            because = self._closed_because
            if self._open and len(lane) >= WAITING_MAX:
                because = f"{WAITING_MAX} requests are waiting already"
            elif self._open:
                lane.append(departure)
                self._worker.wake()
                return
        self._stay(departure, because)

    def open(self) -> None:
        """The session is up."""
        with self._lock:
            self._open = True
            self._opening += 1

    def still(self, departure: Departure) -> bool:
        """Whether the session is up that it was taken over for: on the next one it is asked anew."""
        return self._open and departure.opening == self._opening

    def close(self, because: str) -> None:
        """The session is down: what waits stays."""
        with self._lock:
            self._open, self._closed_because = False, because
            left = [departure for lane in self._lanes for departure in lane]
            for lane in self._lanes:
                lane.clear()
        for departure in left:
            self._stay(departure, because)

    def stop(self, because: str = "the engine is stopping") -> None:
        """Send nothing more; what waits stays."""
        self.close(because)
        self._worker.stop(1.0)

    def _step(self) -> None:
        while (departure := self._next()) is not None:
            try:
                if isinstance(departure.message, _STOPPED) and self._killed():
                    self._stay(departure, KILL_SWITCH)
                else:
                    self._depart(departure)
            except Exception:  # noqa: BLE001  the one that sends must outlive a mistake
                _log.exception("%s: a request was lost on its way out", self._name)

    def _next(self) -> Departure | None:
        with self._lock:
            return next((lane.popleft() for lane in self._lanes if lane), None)


_STOPPED: Final = (NewOrderSingle, OrderCancelReplaceRequest)
"""What does not leave under the kill switch."""


def _rank(message: VenueRequest | OrderStatusRequest) -> int:
    if isinstance(message, NewOrderSingle):
        return 1
    return 2 if isinstance(message, OrderStatusRequest) else 0
