"""A desk's place: it enters orders, asks for cancels, and takes up its session again after each fall."""

import contextlib
import select
import socket
from typing import Final

from oms.demo.plan import Kind, PlannedOrder
from tests.fix.desk import Closed, Timeout, order
from tests.fix.trader import Trader

CANCELLED: Final = frozenset({Kind.CANCEL, Kind.CANCEL_PART, Kind.POST_ONLY})

_SIDES: Final = {"BUY": "1", "SELL": "2"}
_TIFS: Final = {"GTC": "1", "IOC": "3"}


def words_of(planned: PlannedOrder) -> dict[int, str]:
    """The order as a D says it, beside what every D here has."""
    return {
        55: planned.symbol,
        54: _SIDES[planned.side],
        38: f"{planned.order_qty:f}",
        40: "1" if planned.price is None else "2",
        44: "" if planned.price is None else f"{planned.price:f}",
        59: _TIFS[planned.time_in_force],
        18: "6" if planned.post_only else "",
        100: planned.route,
        207: planned.exchange,
    }


class Seat(Trader):
    """DESK1, which does not mind that its connection breaks."""

    def enter(self, planned: PlannedOrder) -> None:
        """A D, on record here before it is sent: what does not get through is asked for again."""
        self.ordered[planned.cl_ord_id] = order(planned.cl_ord_id, words_of(planned))
        self._say("D", *self.ordered[planned.cl_ord_id])

    def call_back(self, planned: PlannedOrder) -> None:
        """An F for it."""
        words = {21: "", 38: "", 40: "", 44: "", 59: "", 18: "", 100: "", 207: ""}
        asked = order(f"{planned.cl_ord_id}-X", words_of(planned) | words)
        self._say("F", (41, planned.cl_ord_id), *asked)

    def _say(self, msg_type: str, *fields: tuple[int, str]) -> None:
        # A number is used and the message kept: the engine asks for it at the next logon.
        with contextlib.suppress(OSError):
            self.send(msg_type, *fields)

    def hear(self, seconds: float) -> None:
        """Take what comes in that time, or until the connection breaks."""
        with contextlib.suppress(Closed, Timeout, OSError):
            self.listen(seconds)

    def is_cut_off(self) -> bool:
        """Whether the other side has ended the connection."""
        assert self._socket is not None, "not connected"
        if not select.select([self._socket], [], [], 0)[0]:
            return False
        try:
            return not self._socket.recv(1, socket.MSG_PEEK)
        except ConnectionError:
            return True
