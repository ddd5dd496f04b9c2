"""The door of httpx: exact bytes out once, and every trouble sorted by what it means."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Final

import httpx
import pytest

from adapters.http import BODY_BYTES_MAX, NOTHING_SENT, SENT, Http, Reply, Throttled, Unreachable
from oms.core.errors import OutcomeUnknown, VenueError, VenueUnavailable

WAIT_S: Final = 30.0
SECRET: Final = "very-secret"  # noqa: S105  it guards nothing

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class RawServer:
    """Bytes in, bytes out: what a server may do that no library would let it."""

    def __init__(self, answer: bytes, *, hold: bool = False) -> None:
        self.requests: list[bytes] = []
        self.url = ""
        self._answer = answer
        self._hold = hold
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self.requests.append(head + await reader.readexactly(length))
        if not self._hold:
            writer.write(self._answer)
            writer.close()

    async def hang_up(self) -> None:
        for writer in self._open:
            await hang_up(writer)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    with suppress(AttributeError):  # asyncio's own, where the connection is closed already
        writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


@asynccontextmanager
async def served(answer: bytes, *, hold: bool = False) -> AsyncIterator[RawServer]:
    raw = RawServer(answer, hold=hold)
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0)
    raw.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield raw
    finally:
        await raw.hang_up()
        server.close()
        await server.wait_closed()


def http_answer(status: str, body: bytes = b"{}", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def exchange(answer: bytes, *, hold: bool = False, timeout_s: float = 5.0) -> tuple[Reply, bytes]:
    """One POST to a server that answers so; the reply and the request as it arrived."""

    async def story() -> tuple[Reply, bytes]:
        async with served(answer, hold=hold) as raw, asyncio.timeout(WAIT_S):
            http = Http(timeout_s)
            try:
                reply = await http.post(f"{raw.url}/orders/?a=1", {"X-Key": SECRET}, b'{"a" : 1}')
                return reply, raw.requests[0]
            finally:
                await http.close()

    return asyncio.run(story())


def subclasses(kind: type) -> set[type]:
    found: set[type] = set(kind.__subclasses__())
    return found.union(*(subclasses(inner) for inner in found))


def test_every_transport_error_is_sorted_once() -> None:
    """A later httpx may bring one that nobody has thought about."""
    sorted_once = [*NOTHING_SENT, *SENT]
    assert subclasses(httpx.TransportError) == set(sorted_once)
    assert len(sorted_once) == len(set(sorted_once))


def test_the_bytes_are_sent_as_they_are() -> None:
    _, request = exchange(http_answer("200 OK"))
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /orders/?a=1 HTTP/1.1\r\n")
    assert b"X-Key: very-secret" in head
    assert body == b'{"a" : 1}'


def test_a_request_looks_for_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not installed would be looked for in every folder, with every request."""
    sought: list[str] = []

    class Recorder:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            sought.append(name)

    async def ask_twice() -> None:
        async with served(http_answer("200 OK")) as raw:
            http = Http(WAIT_S)
            await http.get(f"{raw.url}/x", {})  # the first one may load what it needs
            sought.clear()
            await http.get(f"{raw.url}/x", {})
            await http.close()

    monkeypatch.setattr(sys, "meta_path", [Recorder, *sys.meta_path])
    asyncio.run(ask_twice())
    assert sought == []


def test_a_number_with_a_point_is_never_a_float() -> None:
    reply, _ = exchange(http_answer("200 OK", b'{"price": 0.1, "count": 3}'))
    assert reply.document == {"price": Decimal("0.1"), "count": 3}
    assert isinstance(reply.document["price"], Decimal)
    assert isinstance(reply.document["count"], int)


def test_a_refusal_keeps_its_status_and_its_words() -> None:
    reply, _ = exchange(http_answer("400 Bad Request", b'{"detail": "no"}'))
    assert (reply.status, reply.document) == (400, {"detail": "no"})
    reply, _ = exchange(http_answer("404 Not Found", b"<html>"))
    assert (reply.status, reply.document, reply.text) == (404, None, "<html>")


@pytest.mark.parametrize(("header", "wait_s"), [("Retry-After: 7", 7), ("Retry-After: x", None)])
def test_too_many_requests_did_nothing(header: str, wait_s: int | None) -> None:
    with pytest.raises(Throttled, match="HTTP 429") as caught:
        exchange(http_answer("429 Too Many Requests", b"", header))
    assert isinstance(caught.value, VenueUnavailable)
    assert caught.value.retry_after_s == wait_s


@pytest.mark.parametrize(
    "answer",
    [
        http_answer("500 Internal Server Error"),
        http_answer("502 Bad Gateway"),
        http_answer("503 Service Unavailable"),
        http_answer("307 Temporary Redirect", b"", "Location: /elsewhere"),
        http_answer("200 OK", b"<html>soon back</html>"),
        http_answer("200 OK", b'{"price": NaN}'),
        http_answer("200 OK", b'{"order_num'),
        http_answer("200 OK", b"[" * 200_000),
        http_answer("200 OK", b"{}", "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}",
        b"garbage\r\n\r\n",
        b"",
    ],
    ids=[
        "500",
        "502",
        "503",
        "redirect",
        "html",
        "nan",
        "half",
        "deep",
        "gzip",
        "short",
        "garbage",
        "nothing",
    ],
)
def test_a_request_without_a_usable_answer_has_an_unknown_outcome(answer: bytes) -> None:
    with pytest.raises(OutcomeUnknown, match="POST /orders/"):
        exchange(answer)


def test_an_answer_beyond_all_measure_is_not_read() -> None:
    body = b'"' + b"a" * BODY_BYTES_MAX + b'"'
    with pytest.raises(OutcomeUnknown, match="above"):
        exchange(http_answer("200 OK", body))


def test_silence_is_an_unknown_outcome() -> None:
    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        exchange(b"", hold=True, timeout_s=0.2)


def test_an_answer_that_trickles_does_not_hold_us_for_ever() -> None:
    """Each byte comes in time, the whole does not."""

    gone = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            await hang_up(writer)
            gone.set()

    async def story() -> None:
        server = await asyncio.start_server(trickle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        http = Http(0.25)
        with pytest.raises(OutcomeUnknown, match="TimeoutError"):
            await http.get(f"http://127.0.0.1:{port}/x", {})
        await http.close()
        await asyncio.wait_for(gone.wait(), WAIT_S)
        server.close()
        await server.wait_closed()

    asyncio.run(story())


def test_a_refused_connection_sent_nothing() -> None:
    async def story() -> None:
        async with served(b"") as raw:
            url = raw.url
        http = Http(2)
        with pytest.raises(Unreachable, match="ConnectError"):
            await http.post(url, {}, b"{}")
        await http.close()

    asyncio.run(story())


def test_no_free_connection_sent_nothing() -> None:
    """The second request waits for the only connection, and gives up without a byte."""

    async def story() -> None:
        async with served(b"", hold=True) as raw:
            http = Http(0.3, connections=1)
            first, second = await asyncio.gather(
                http.get(f"{raw.url}/a", {}), http.get(f"{raw.url}/b", {}), return_exceptions=True
            )
            assert isinstance(first, OutcomeUnknown)
            assert isinstance(second, VenueUnavailable)
            assert "no connection became free" in str(second)
            assert not isinstance(second, Unreachable)
            assert len(raw.requests) == 1
            await http.close()

    asyncio.run(story())


def test_a_request_goes_out_once_though_its_answer_is_lost() -> None:
    """Neither GET nor POST is repeated when the server hangs up without a byte."""

    async def story() -> None:
        async with served(b"") as raw:
            http = Http(2)
            for request in (http.get(raw.url, {}), http.post(raw.url, {}, b"{}")):
                with pytest.raises(OutcomeUnknown):
                    await request
            assert len(raw.requests) == 2
            await http.close()

    asyncio.run(story())


def test_a_redirect_is_not_followed() -> None:
    """An order that is sent on is an order sent twice."""

    async def story() -> None:
        async with served(http_answer("307 Temporary Redirect", b"", "Location: /x")) as raw:
            http = Http(2)
            with pytest.raises(OutcomeUnknown, match="HTTP 307"):
                await http.post(raw.url, {}, b"{}")
            assert len(raw.requests) == 1
            await http.close()

    asyncio.run(story())


def test_an_error_tells_no_secret() -> None:
    """Neither its text nor what it was caused by."""
    with pytest.raises(VenueError) as caught:
        exchange(http_answer("500 Internal Server Error"))
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
