"""A desk that trades on through every accident of its session, and keeps a log of what it was told."""

import time
from typing import Final

from tests.fix.desk import ADMIN, Closed, Desk, Fields, Timeout, order

WAIT_S: Final = 40.0

_TERMS: Final = {21: "", 40: "", 44: "", 59: "", 100: "", 207: ""}


class Trader(Desk):
    """A desk that writes down what it was told, and asks again after a reset of its own."""

    def __init__(self, port: int, comp_id: str, secret: str) -> None:
        super().__init__(port, comp_id, secret)
        self.log: list[Fields] = []
        """Every application message, in the order of its MsgSeqNum: what a desk calls its log."""
        self.ordered: dict[str, list[tuple[int, str]]] = {}
        self.told: set[str] = set()
        self.resting: list[str] = []
        self.refused: list[str] = []
        """Logouts in which the engine gave a reason."""

    def _accept(self, message: Fields) -> None:
        super()._accept(message)
        if message[35] not in ADMIN:
            self.log.append(message)
        if message[35] == "8":
            self.told.add(message[11])
            if message[39] == "0" and message[20] == "0" and 97 not in message:
                self.resting.append(message[11])

    def order(self, cl_ord_id: str, price: str, route: str) -> None:
        """Send a D, and remember it until it is answered."""
        changes = {44: price, 38: "0.01", 100: "APIFINY", 207: "BINANCE"}
        if route == "ANDX":
            changes = {44: f"{30 * int(price)}", 38: "0.01", 100: "ANDX", 207: "", 55: "BTC/TRY"}
        self.ordered[cl_ord_id] = order(cl_ord_id, changes)
        self.send("D", *self.ordered[cl_ord_id])

    def cancel_one(self, number: int) -> None:
        """Send an F for an order that rests."""
        if self.resting:
            name = self.resting.pop(0)
            self.send("F", (41, name), *order(f"x{number}", _TERMS))

    def come_back(self, *, reset: bool = False) -> None:
        """Log on; after a reset, send again what was not answered, and say so."""
        self.close()
        until = time.monotonic() + WAIT_S
        while True:
            assert time.monotonic() < until, f"waited {WAIT_S} s for a logon of {self.comp_id}"
            try:
                self.log_on(reset=reset, expect=False)
                self._expect_logon()
                break
            except (Closed, Timeout, OSError):
                # The last connection of the name has not ended yet, or the engine is starting.
                self.close()
                if not reset:
                    self.next_out -= 1
                time.sleep(0.05)
        if reset:
            for name in [name for name in self.ordered if name not in self.told]:
                self.send("D", (97, "Y"), *self.ordered[name])

    def _expect_logon(self) -> None:
        until = time.monotonic() + 2.0
        while True:
            message = self.receive(until, "the answer to a Logon")
            if message[35] == "A":
                return
            if message[35] == "5":
                self.refused.append(message.get(58, ""))
                raise Closed("logged out")

    def listen(self, seconds: float) -> None:
        """Take what comes, for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                self._read(time.monotonic() + left, "anything")
            except (Timeout, Closed):
                break
        self.take_all()
