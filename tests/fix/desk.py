"""A desk's FIX client for tests: a session of its own on simplefix, nothing shared with `fix`.

It keeps its numbers over reconnects, asks for what it missed, sends again what it is asked for,
and waits for nothing without a bound.
"""

import contextlib
import socket
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
import simplefix

WAIT_S = 30.0
ADMIN = frozenset("012345A")

Fields = dict[int, str]


class Timeout(AssertionError):
    """What was waited for did not come."""


class Closed(AssertionError):
    """The connection ended while something was waited for."""


def token(secret: str, comp_id: str, life_s: int = 60, **claims: Any) -> str:
    """A desk's JWT, expiring so many seconds from now."""
    exp = int(datetime.now(UTC).timestamp()) + life_s  # noqa: TID251  the acceptor's is real too
    return jwt.encode({"sub": comp_id, "exp": exp, **claims}, secret, algorithm="HS256")


class Desk:
    """One desk. `next_in` and `next_out` are the numbers of the next messages."""

    def __init__(self, port: int, comp_id: str, secret: str, target: str = "OMS") -> None:
        """Nothing is connected yet."""
        self.port, self.comp_id, self.secret, self.target = port, comp_id, secret, target
        self.next_in = self.next_out = 1
        self.sent: dict[int, list[tuple[int, str]]] = {}
        self.seen: list[Fields] = []
        """Every message taken, in order, administrative ones too."""
        self.gap_fill_only = False
        self._socket: socket.socket | None = None
        self._parser = simplefix.FixParser()
        self._ready: deque[Fields] = deque()
        self._early: dict[int, Fields] = {}
        self._asked = 0

    # Connecting

    def connect(self, receive_buffer: int = 0) -> None:
        """Open a connection; `receive_buffer` in bytes, 0 for the system's own choice."""
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(WAIT_S)
        self._socket.connect(("127.0.0.1", self.port))
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what the last connection left half done."""
        self._parser = simplefix.FixParser()
        self._early.clear()
        self._asked = 0

    def log_on(
        self, password: str | None = None, *, reset: bool = False, expect: bool = True
    ) -> Fields:
        """Connect if need be and send a Logon; its answer, or {} if none is to be waited for."""
        if self._socket is None:
            self.connect()
        if reset:
            self.next_in = self.next_out = 1
            self.sent.clear()
        word = token(self.secret, self.comp_id) if password is None else password
        raw = [(95, str(len(word))), (96, word)] if word else []
        flag = [(141, "Y")] if reset else []
        self.send("A", *raw, (98, "0"), (108, "30"), *flag)
        return self.expect("A") if expect else {}

    def log_out(self) -> None:
        """Exchange Logouts and close."""
        self.send("5")
        self.expect("5")
        self.close()

    def take_all(self) -> None:
        """Take what has come in already, so that the next message is a new one."""
        self.seen += self._ready
        self._ready.clear()

    def close(self) -> None:
        """Drop the connection without a word."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # Sending

    def send(self, msg_type: str, *fields: tuple[int, str]) -> int:
        """Send under the next MsgSeqNum, which is returned."""
        number = self.next_out
        self.next_out += 1
        body = [(35, msg_type), *fields]
        self.sent[number] = body
        self._write(body, number)
        return number

    def send_raw(self, content: bytes) -> None:
        """Bytes as they are."""
        assert self._socket is not None, "not connected"
        self._socket.sendall(content)

    def encode(self, fields: list[tuple[int, str]], number: int, *extra: tuple[int, str]) -> bytes:
        """A whole message; `fields` begin with MsgType."""
        message = simplefix.FixMessage()
        message.append_pair(8, "FIX.4.2")
        message.append_pair(*fields[0])
        head = [(49, self.comp_id), (56, self.target), (34, str(number)), (52, _now()), *extra]
        for tag, value in [*head, *fields[1:]]:
            message.append_pair(tag, value)
        return message.encode()

    def _write(self, fields: list[tuple[int, str]], number: int, *extra: tuple[int, str]) -> None:
        self.send_raw(self.encode(fields, number, *extra))

    # Receiving

    def expect(self, *types: str, wait_s: float = WAIT_S, what: str = "") -> Fields:
        """The next message of one of the types; application messages before it are an error.

        Administrative messages of other types are passed over.
        """
        until = time.monotonic() + wait_s
        while True:
            message = self.receive(until, what or f"a message of type {' or '.join(types)}")
            if message[35] in types:
                return message
            assert message[35] in ADMIN, f"waited for {types}, got {message}"

    def expect_nothing(self, wait_s: float = 0.3) -> None:
        """No application message comes for so long."""
        with contextlib.suppress(Timeout):
            raise AssertionError(f"unexpected: {self.expect('8', '9', 'j', '3', wait_s=wait_s)}")

    def expect_closed(self, wait_s: float = WAIT_S) -> None:
        """The acceptor closes the connection, after whatever messages."""
        until = time.monotonic() + wait_s
        with contextlib.suppress(Closed):
            while True:
                self.receive(until, "the end of the connection")
        self.close()

    def receive(self, until: float, what: str) -> Fields:
        """The next message in sequence, whatever it is."""
        while not self._ready:
            self._read(until, what)
        message = self._ready.popleft()
        self.seen.append(message)
        return message

    def pump(self, wait_s: float = 0.02) -> None:
        """Take what came and answer what the session must answer; a moment's wait at most."""
        with contextlib.suppress(Timeout, Closed):
            self._read(time.monotonic() + wait_s, "anything")

    def _read(self, until: float, what: str) -> None:
        assert self._socket is not None, "not connected"
        left = until - time.monotonic()
        if left <= 0:
            raise Timeout(f"{self.comp_id}: waited for {what}")
        self._socket.settimeout(left)
        try:
            content = self._socket.recv(65_536)
        except TimeoutError:
            raise Timeout(f"{self.comp_id}: waited for {what}") from None
        except ConnectionError:
            content = b""
        if not content:
            raise Closed(f"{self.comp_id}: the connection ended, waiting for {what}")
        self._parser.append_buffer(content)
        while (parsed := self._parser.get_message()) is not None:
            self._take({int(tag): value.decode() for tag, value in parsed.pairs})

    def _take(self, message: Fields) -> None:
        number = int(message[34])
        if message[35] == "A" and message.get(141) == "Y":
            self.next_in = 1
        if message[35] == "5":
            self._ready.append(message)  # whatever its number: the end
            return
        if number > self.next_in:
            self._keep_early(message, number)
            return
        if number < self.next_in:
            assert message.get(43) == "Y", f"MsgSeqNum {number} again without PossDup: {message}"
            return
        self._accept(message)
        while (following := self._early.pop(self.next_in, None)) is not None:
            if following[35] == "A":
                self.next_in += 1
            else:
                self._accept(following)

    def _keep_early(self, message: Fields, number: int) -> None:
        if message[35] == "2":
            # Answered at once, gap or not: waiting for the gap would leave both sides waiting.
            self._resend(int(message[7]), int(message[16]))
        else:
            self._early[number] = message
        self._ask_again(number)
        if message[35] == "A":
            self._ready.append(message)

    def _accept(self, message: Fields) -> None:
        self.next_in += 1
        kind = message[35]
        if kind == "4":
            self.next_in = int(message[36])
        if kind == "1":
            self.send("0", (112, message[112]))
        elif kind == "2":
            self._resend(int(message[7]), int(message[16]))
        self._ready.append(message)

    def _ask_again(self, number: int) -> None:
        if self._asked < self.next_in:
            self._asked = number
            self.send("2", (7, str(self.next_in)), (16, "0"))

    def _resend(self, first: int, last: int) -> None:
        end = self.next_out if last == 0 else min(last + 1, self.next_out)
        number = first
        while number < end:
            fields = self.sent.get(number, [(35, "0")])
            if fields[0][1] in ADMIN or self.gap_fill_only:
                following = number + 1
                while following < end and self._is_filled(following):
                    following += 1
                fill = [(35, "4"), (123, "Y"), (36, str(following))]
                self._write(fill, number, (43, "Y"), (122, _now()))
                number = following
            else:
                self._write(fields, number, (43, "Y"), (122, _now()))
                number += 1

    def _is_filled(self, number: int) -> bool:
        return self.gap_fill_only or self.sent.get(number, [(35, "0")])[0][1] in ADMIN


def order(cl_ord_id: str, changes: Mapping[int, str] | None = None) -> list[tuple[int, str]]:
    """The fields of a NewOrderSingle for the test's instrument; a value of "" leaves one out."""
    fields = {
        11: cl_ord_id,
        21: "1",
        55: "BTC/USDT",
        54: "1",
        60: _now(),
        40: "2",
        38: "1.5",
        44: "40000.10",
        59: "1",
        100: "APIFINY",
        207: "BINANCE",
    } | dict(changes or {})
    return [(tag, value) for tag, value in fields.items() if value]


def _now() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H:%M:%S.%f}"[:-3]  # noqa: TID251  52 must be near the truth
