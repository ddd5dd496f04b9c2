"""A plain FIX 4.2 counterparty that says what a test tells it to, on simplefix alone.

It takes one session on a port of the kernel's choice and keeps its numbers over connections; it
knows nothing of the engine's code. Orders, their names and figures are the test's to keep.
"""

import contextlib
import socket
import time

from tests.fix.desk import WAIT_S, Desk, Fields, Timeout


class Broker(Desk):
    """Written from the counterparty's side: `send` goes to the engine."""

    def __init__(self, comp_id: str, target: str) -> None:
        """Listen; nobody is connected yet."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(WAIT_S)
        port: int = self._listener.getsockname()[1]
        super().__init__(port, comp_id, "", target=target)
        self._barriers = 0
        self._greeting = False

    def accept(self) -> Fields:
        """The next connection's Logon, not answered yet."""
        self._socket, _ = self._listener.accept()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begin_anew()
        self._greeting = True
        return self.expect("A")

    def welcome(self) -> Fields:
        """Let the next connection log on; its Logon."""
        logon = self.accept()
        self.send("A", (98, "0"), (108, logon[108]))
        self._greeting = False
        if int(logon[34]) >= self.next_in:
            self._ask_again(int(logon[34]))
        return logon

    def _ask_again(self, number: int) -> None:
        # A Logon is answered before anything that it shows to be missing is asked for.
        if not self._greeting:
            super()._ask_again(number)

    def barrier(self) -> None:
        """Wait until the engine has taken everything sent so far, in order."""
        self._barriers += 1
        mark = f"BARRIER-{self._barriers}"
        self.send("1", (112, mark))
        until = time.monotonic() + WAIT_S
        while (message := self.receive(until, mark)).get(112) != mark:
            assert message[35] in "0124", f"before {mark}: {message}"

    def lose(self, msg_type: str, *fields: tuple[int, str]) -> int:
        """Send what never arrives: its MsgSeqNum is used up, and can be asked for."""
        number = self.next_out
        self.next_out += 1
        self.sent[number] = [(35, msg_type), *fields]
        return number

    def forget(self, message: Fields) -> None:
        """That message of the engine's, and all after it, never arrived."""
        self.next_in = int(message[34])

    def answer_status(self, *fields: tuple[int, str]) -> Fields:
        """Answer the next status request with a report of those fields; the request."""
        asked = self.expect("H")
        self.send("8", *status(asked, *fields))
        return asked

    def cut(self) -> None:
        """Drop the connection without a word."""
        super().close()

    def hears_nothing(self, wait_s: float = 0.3) -> None:
        """No application message comes for so long."""
        with contextlib.suppress(Timeout):
            heard = self.expect("D", "F", "G", "H", wait_s=wait_s)
            raise AssertionError(f"unexpected: {heard}")

    def close(self) -> None:
        """Stop listening too."""
        super().close()
        self._listener.close()


def report(
    order: Fields, exec_id: str, exec_type: str, *fields: tuple[int, str]
) -> list[tuple[int, str]]:
    """An ExecutionReport about a D, with what FIX 4.2 requires; later fields replace earlier ones."""
    told = {
        37: f"B{order[11]}",
        11: order[11],
        17: exec_id,
        20: "0",
        150: exec_type,
        39: exec_type,
        55: order[55],
        54: order[54],
        38: order.get(38, "0"),
        32: "0",
        31: "0",
        151: order.get(38, "0"),
        14: "0",
        6: "0",
    } | dict(fields)
    return [(tag, value) for tag, value in told.items() if value]


def status(asked: Fields, *fields: tuple[int, str]) -> list[tuple[int, str]]:
    """The answer to a status request; without fields, that the order is unknown."""
    if not fields:
        fields = ((37, "NONE"), (39, "8"), (150, "8"), (103, "5"), (38, ""), (32, ""), (31, ""))
        fields = (*fields, (151, "0"))
    return report(asked, "0", "0", (20, "3"), *fields)


def cancel_reject(
    asked: Fields, ord_status: str, reason: str, *fields: tuple[int, str]
) -> list[tuple[int, str]]:
    """An OrderCancelReject for an F or G."""
    told = {
        37: asked.get(37, "NONE"),
        11: asked[11],
        41: asked[41],
        39: ord_status,
        434: "1" if asked[35] == "F" else "2",
        102: reason,
    } | dict(fields)
    return [(tag, value) for tag, value in told.items() if value]
