"""A venue that says what a test tells it to: for what Apifiny's simulator never says.

It takes logons on a port of the kernel's choice and keeps the session's numbers; like Apifiny's,
they begin anew at every logon.
"""

import socket
import time
from datetime import UTC, datetime, timedelta

import simplefix

from tests.fix.desk import WAIT_S, Desk, Fields


class Venue(Desk):
    """One endpoint. Written from the venue's side: `send` goes to the initiator."""

    def __init__(self) -> None:
        """Listen; nobody is connected yet."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(WAIT_S)
        self.ahead_s = 0.0
        port: int = self._listener.getsockname()[1]
        super().__init__(port, "APIFINY", "", target="STA-00000001")

    def encode(self, fields: list[tuple[int, str]], number: int, *extra: tuple[int, str]) -> bytes:
        """As from a clock that is `ahead_s` before the machine's."""
        there = datetime.now(UTC) + timedelta(seconds=self.ahead_s)  # noqa: TID251  52, near the truth
        message = simplefix.FixMessage()
        head = [(49, self.comp_id), (56, self.target), (34, str(number))]
        time_sent = (52, f"{there:%Y%m%d-%H:%M:%S.%f}"[:-3])
        for tag, value in [(8, "FIX.4.2"), fields[0], *head, time_sent, *extra, *fields[1:]]:
            message.append_pair(tag, value)
        return message.encode()

    def accept(self) -> Fields:
        """The next connection's Logon, not answered yet."""
        self._socket, _ = self._listener.accept()
        self.begin_anew()
        self.next_out = 1
        return self.expect("A")

    def welcome(self) -> Fields:
        """Let the next connection log on; its Logon."""
        logon = self.accept()
        self.send("A", (98, "0"), (108, logon[108]), (141, "Y"))
        return logon

    def ask_again(self, first: int) -> list[Fields]:
        """Ask for everything from a MsgSeqNum on; what comes for it."""
        self.next_in = first
        self.send("2", (7, str(first)), (16, "0"))
        until = time.monotonic() + WAIT_S
        found: list[Fields] = []
        while not found or found[-1][35] != "4":
            found.append(self.receive(until, "the answer to a ResendRequest"))
        return found

    def close(self) -> None:
        """Stop listening too."""
        super().close()
        self._listener.close()

    def cut(self) -> None:
        """Drop the connection without a word."""
        super().close()
