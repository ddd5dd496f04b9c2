"""The load of the round trips: a desk that keeps a number of orders in flight. Plain asyncio.

An order is round when its last report has come back, the one that says 39=2.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from benchmarks.frames import Frames, Voice, value
from oms.clock import Clock

COMP_ID: Final = b"DESK1"
_OMS: Final = b"OMS"
_PATIENCE_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """So many orders in flight, so many reports for each, for so many seconds."""

    in_flight: int
    reports: int
    seconds: float


@dataclass(slots=True)
class Outcome:
    """What one load came to. Times in seconds."""

    took_s: float = 0.0
    reports: int = 0
    """Of all orders together."""
    latencies_s: list[float] = field(default_factory=list)
    """Of every order, in the order they came back."""

    @property
    def orders(self) -> int:
        """How many came back."""
        return len(self.latencies_s)

    def percentile_s(self, percent: int) -> float:
        """The latency that so many percent of the orders did not exceed."""
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


class Desk(asyncio.Protocol):
    """One session, from Logon to Logout."""

    def __init__(self, token: str, clock: Clock, prefix: str) -> None:
        """`token`: RawData (96) of the Logon; `prefix` begins every ClOrdID of this session."""
        self._token = token.encode()
        self._voice = Voice(COMP_ID, _OMS, clock)
        self._frames = Frames()
        self._prefix = prefix.encode()
        self._number = 0
        self._sent: dict[bytes, float] = {}
        self._reports = 1
        self._deadline = 0.0
        self._outcome = Outcome()
        self._moved = asyncio.Event()
        self._logged_on = False
        self._closed = False
        self._said = ""
        self._refused = ""

    # What a benchmark asks of it

    async def log_on(self) -> None:
        """Start the session anew. ConnectionError if it is not let in."""
        body = b"98=0\x01108=30\x01141=Y\x0195=%d\x0196=%b\x01" % (len(self._token), self._token)
        self._transport.write(self._voice.say(b"A", body))
        await self._until(lambda: self._logged_on or self._closed, "an answer to the Logon")
        if not self._logged_on:
            raise ConnectionError(f"not logged on: {self._said}")

    async def probe(self) -> str:
        """One order: "" if it came back filled, else what was said of its refusal."""
        await self._trade(Load(in_flight=1, reports=1, seconds=0))
        return self._refused

    async def load(self, load: Load) -> Outcome:
        """Put the load on, wait for the last order.

        AssertionError if one is refused, or if reports are missing.
        """
        outcome = await self._trade(load)
        assert not self._refused, f"an order was refused: {self._refused}"
        wanted = outcome.orders * load.reports
        assert outcome.reports == wanted, f"{outcome.reports} reports of {wanted}"
        return outcome

    async def paced(self, orders_s: float, orders: int) -> Outcome:
        """So many orders, evenly, whatever is answered meanwhile; wait for the last of them.

        AssertionError if one is refused.
        """
        self._reports, self._outcome, self._refused, self._deadline = 1, Outcome(), "", 0.0
        start = time.perf_counter()
        for number in range(orders):
            await asyncio.sleep(max(start + number / orders_s - time.perf_counter(), 0))
            self._transport.write(self._order())
        self._deadline = time.perf_counter()
        await self._until(lambda: not self._sent or bool(self._refused), "the last report")
        assert not self._refused, f"an order was refused: {self._refused}"
        self._outcome.took_s = time.perf_counter() - start
        return self._outcome

    async def _trade(self, load: Load) -> Outcome:
        self._reports, self._outcome, self._refused = load.reports, Outcome(), ""
        start = time.perf_counter()
        self._deadline = start + load.seconds
        self._transport.write(b"".join(self._order() for _ in range(load.in_flight)))
        await self._until(lambda: not self._sent or bool(self._refused), "the last report")
        self._outcome.took_s = time.perf_counter() - start
        self._sent.clear()
        return self._outcome

    async def log_out(self) -> None:
        """End the session in good order."""
        self._transport.write(self._voice.say(b"5", b""))
        await self._until(lambda: self._closed, "an answer to the Logout")
        self._transport.close()

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(max(self._deadline - time.perf_counter(), 0) + _PATIENCE_S):
                while not holds():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            raise TimeoutError(f"waited for {what}; {len(self._sent)} orders are out") from None

    # What the session does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side is gone."""
        self._closed = True
        self._moved.set()

    def data_received(self, received: bytes) -> None:
        """Take all that has come; new orders leave in one write."""
        now = time.perf_counter()
        answers = [self._take(message, now) for message in self._frames.take(received)]
        if any(answers):
            self._transport.write(b"".join(answers))
        if not self._sent:
            self._moved.set()

    def _take(self, message: bytes, now: float) -> bytes:
        match value(message, b"35"):
            case b"8":
                return self._report(message, now)
            case b"A":
                self._logged_on = True
            case b"1":
                return self._voice.say(b"0", b"112=%b\x01" % value(message, b"112"))
            case b"5":
                self._closed, self._said = True, value(message, b"58").decode()
            case b"0" | b"B":
                pass
            case _:
                self._refused = _words(message)
        self._moved.set()
        return b""

    def _report(self, report: bytes, now: float) -> bytes:
        if b"\x0197=Y\x01" in report:
            return b""  # of an earlier session: told again after the reset
        self._outcome.reports += 1
        status = value(report, b"39")
        if status == b"8":
            self._refused = _words(report)
            self._moved.set()
        if status != b"2":
            return b""
        self._outcome.latencies_s.append(now - self._sent.pop(value(report, b"11")))
        return self._order() if now < self._deadline else b""

    def _order(self) -> bytes:
        self._number += 1
        cl_ord_id = b"%b-%08d" % (self._prefix, self._number)
        body = (
            b"11=%b\x0121=1\x01100=APIFINY\x0155=BTC/USDT\x0154=1\x0160=%b\x0138=%d\x0140=2\x01"
            b"44=40000.10\x0159=1\x01207=BINANCE\x01"
        ) % (cl_ord_id, self._voice.time(), self._reports)
        message = self._voice.say(b"D", body)
        self._sent[cl_ord_id] = time.perf_counter()
        return message


def _words(message: bytes) -> str:
    """What a message says in Text (58), or all of it."""
    return (value(message, b"58") or message).decode()


async def connect(port: int, token: str, clock: Clock, prefix: str) -> Desk:
    """A desk that is logged on there. OSError when nobody listens."""
    loop = asyncio.get_running_loop()
    _, desk = await loop.create_connection(lambda: Desk(token, clock, prefix), "127.0.0.1", port)
    await desk.log_on()
    return desk
