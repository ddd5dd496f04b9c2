"""The simulators' server on real loopback sockets: what goes in and out, bytes and all."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

import pytest

from adapters.simserver import BODY_BYTES_MAX, Server, SimRequest, SimResponse, serve

WAIT_S = 30.0
T = TypeVar("T")


class Echo:
    """A venue that answers what it is told to and remembers what it was asked."""

    name = "echo"

    def __init__(self, answer: SimResponse) -> None:
        self.answer = answer
        self.asked: list[tuple[SimRequest, int]] = []
        self.advanced = asyncio.Event()
        self.heard = asyncio.Event()
        self.fault: Exception | None = None
        self.switched: dict[str, object] = {}

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        self.asked.append((request, now_ms))
        self.heard.set()
        if self.fault is not None:
            raise self.fault
        return self.answer

    def advance(self, now_ms: int) -> None:
        self.advanced.set()
        if isinstance(self.fault, ArithmeticError):
            raise self.fault

    def ledger(self) -> dict[str, object]:
        return {"orders": [], "requests": len(self.asked)}

    def switch(self, name: str, value: object) -> None:
        if name != "slow_s":
            raise KeyError(name)
        if isinstance(value, str):
            raise ValueError("seconds wanted")
        self.switched[name] = value


Visit = Callable[[Server, Echo], Awaitable[None]]


def meet(visit: Visit, answer: SimResponse | None = None) -> Echo:
    """Serve an Echo, pay it the visit, close the server, and return the Echo."""

    async def run() -> Echo:
        echo = Echo(answer or SimResponse(200, b"{}"))
        server = await serve(echo, clock_ms=lambda: 1234)
        try:
            await visit(server, echo)
        finally:
            await server.close()
        return echo

    return asyncio.run(run())


async def send(server: Server, text: bytes) -> bytes:
    """Send raw bytes and return all that comes until the server closes the connection."""
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(text)
    try:
        return await within(reader.read(), "the answer and the end of the connection")
    finally:
        writer.close()


async def within(awaited: Awaitable[T], what: str) -> T:
    try:
        return await asyncio.wait_for(awaited, WAIT_S)
    except TimeoutError:
        pytest.fail(f"waited {WAIT_S} s for {what}")


def http(line: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{line} HTTP/1.1", "Host: x", "Connection: close", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_a_request_arrives_as_it_was_sent() -> None:
    """Body bytes and query stay raw, header names become lower case, time is the clock's."""

    async def visit(server: Server, echo: Echo) -> None:
        text = http("POST /a%20b/?x=%2F&y=1", b'{"a":  1}', "X-One: A", "x-two: b", "X-Two: c")
        assert (await send(server, text)).startswith(b"HTTP/1.1 418 ")

    echo = meet(visit, SimResponse(418, b"{}"))
    ((asked, now_ms),) = echo.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/a b/", "x=%2F&y=1")
    assert asked.body == b'{"a":  1}'
    assert (asked.headers["x-one"], asked.headers["x-two"]) == ("A", "b, c")
    assert now_ms == 1234


def test_an_answer_leaves_as_it_was_made() -> None:
    """Status, headers and body are the simulator's, to the byte."""

    async def visit(server: Server, echo: Echo) -> None:
        head, _, body = (await send(server, http("GET /"))).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nX-Why: down\r\n" in head
        assert body == b'{"cut": "sho'

    meet(visit, SimResponse(503, b'{"cut": "sho', {"X-Why": "down"}))


def test_a_dropped_request_gets_no_byte(caplog: pytest.LogCaptureFixture) -> None:
    """The connection ends with a reset or an end of file, after the request was handled."""

    async def visit(server: Server, echo: Echo) -> None:
        try:
            answer = await send(server, http("POST /orders/", b"{}"))
        except ConnectionResetError:
            answer = b""
        assert answer == b""
        assert len(echo.asked) == 1
        echo.answer = SimResponse(200, b"again")
        assert (await send(server, http("GET /"))).endswith(b"again")

    meet(visit, SimResponse(200, b"never seen", drop=True))
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_delayed_answer_holds_up_nobody() -> None:
    """While one answer waits, another request is answered."""

    async def visit(server: Server, echo: Echo) -> None:
        slow = asyncio.create_task(send(server, http("GET /slow")))
        await within(echo.heard.wait(), "the slow request to arrive")
        echo.answer = SimResponse(200, b"quick")
        assert (await send(server, http("GET /quick"))).endswith(b"quick")
        assert not slow.done()
        await within(server.close(), "the server to close")
        assert await within(slow, "the open connection to end") == b""

    meet(visit, SimResponse(200, b"late", delay_s=60))


def test_a_delayed_answer_comes_late_but_whole() -> None:
    """Not before its time."""

    async def visit(server: Server, echo: Echo) -> None:
        asked_s = asyncio.get_running_loop().time()
        assert (await send(server, http("GET /"))).endswith(b"late")
        assert asyncio.get_running_loop().time() - asked_s >= 0.05

    meet(visit, SimResponse(200, b"late", delay_s=0.05))


def test_closing_does_not_wait_for_a_long_delay() -> None:
    """A minute's delay does not hold up the end."""

    async def visit(server: Server, echo: Echo) -> None:
        slow = asyncio.create_task(send(server, http("GET /slow")))
        await within(echo.heard.wait(), "the slow request to arrive")
        await within(server.close(), "the server to close")
        assert await within(slow, "the open connection to end") == b""

    meet(visit, SimResponse(200, b"late", delay_s=60))


def test_a_closed_server_listens_no_more() -> None:
    """The port is free again."""

    async def visit(server: Server, echo: Echo) -> None:
        await server.close()
        with pytest.raises(ConnectionRefusedError):
            await send(server, http("GET /"))

    meet(visit)


def test_an_oversized_body_is_refused_unheard() -> None:
    """The simulator never sees it; a body of just the limit passes."""

    async def visit(server: Server, echo: Echo) -> None:
        large = b"x" * (BODY_BYTES_MAX + 1)
        assert (await send(server, http("POST /", large))).startswith(b"HTTP/1.1 413 ")
        assert echo.asked == []
        assert (await send(server, http("POST /", large[1:]))).startswith(b"HTTP/1.1 200 ")

    meet(visit)


def test_the_venue_advances_without_requests() -> None:
    """Time passes at the venue even when nobody asks."""

    async def visit(server: Server, echo: Echo) -> None:
        await within(echo.advanced.wait(), "the first step")
        echo.advanced.clear()
        await within(echo.advanced.wait(), "a second step")

    meet(visit)


def test_the_ledger_is_told() -> None:
    """GET /_sim/ledger gives the simulator's ledger and is no request to the venue."""

    async def visit(server: Server, echo: Echo) -> None:
        _, _, body = (await send(server, http("GET /_sim/ledger"))).partition(b"\r\n\r\n")
        assert json.loads(body) == {"orders": [], "requests": 0}

    meet(visit)


def test_switches_are_set_with_exact_numbers() -> None:
    """A number with a fraction arrives as a Decimal."""

    async def visit(server: Server, echo: Echo) -> None:
        text = http("POST /_sim/switch", b'{"name": "slow_s", "value": 0.25}')
        assert (await send(server, text)).startswith(b"HTTP/1.1 200 ")

    switched = meet(visit).switched
    assert switched == {"slow_s": Decimal("0.25")}
    assert isinstance(switched["slow_s"], Decimal)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"name": "unheard_of", "value": 1}', b"404"),
        (b'{"name": "slow_s"}', b"404"),
        (b'{"name": "slow_s", "value": "x"}', b"400"),
        (b"[]", b"400"),
        (b"{", b"400"),
        (b"\xff", b"400"),
    ],
)
def test_a_wrong_switch_is_answered(body: bytes, status: bytes) -> None:
    """Unknown names and values that do not fit are refused with a reason."""

    async def visit(server: Server, echo: Echo) -> None:
        answer = await send(server, http("POST /_sim/switch", body))
        assert answer.split(b" ")[1] == status
        assert b'"reason"' in answer
        assert echo.switched == {}

    meet(visit)


@pytest.mark.parametrize("fault", [RuntimeError("in handle"), ArithmeticError("in advance")])
def test_a_fault_of_the_simulator_comes_out_at_the_end(fault: Exception) -> None:
    """A mistake in a simulator cannot pass for a venue's HTTP 500."""

    async def visit(server: Server, echo: Echo) -> None:
        await within(echo.advanced.wait(), "the first step")
        echo.fault = fault
        echo.advanced.clear()
        assert (await send(server, http("GET /"))).startswith(b"HTTP/1.1 500 ")
        await within(echo.advanced.wait(), "the next step")

    with pytest.raises(type(fault), match=str(fault)):
        meet(visit)
