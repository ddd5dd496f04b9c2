"""Streams on real loopback sockets: a simulator's side, the client's side, and every way they end."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

import aiohttp
import pytest
from aiohttp import web

from adapters.http import Throttled, Unreachable
from adapters.simserver import BODY_BYTES_MAX, Server, SimRequest, SimResponse, SimSocket, serve
from adapters.websocket import TEXT_BYTES_MAX, connect
from oms.core.errors import VenueUnavailable

WAIT_S: Final = 30.0
SECRET: Final = "very-secret"  # noqa: S105  it guards nothing
T = TypeVar("T")


class Parrot:
    """A stream that says everything back, and obeys `end TEXT`, `cut`, `fail` and `later`."""

    def __init__(self) -> None:
        self.closed: str | None = None
        self.heard: list[tuple[str, int]] = []
        self.told = asyncio.Event()
        self._due: list[str] = []
        self._late: list[str] = []

    def receive(self, text: str, now_ms: int) -> None:
        self.heard.append((text, now_ms))
        self.told.set()
        word, _, rest = text.partition(" ")
        if word == "fail":
            raise RuntimeError("in receive")
        if word == "cut":
            self.closed = ""
        elif word == "later":
            self._late.append(rest)
        else:
            self._due.append(text)
            self.closed = rest if word == "end" else None

    def drain(self, now_ms: int) -> list[str]:
        due, self._due = self._due, []
        if not due:  # what was said late comes with a drain that no text of the client's caused
            due, self._late = self._late, []
        return due


class Studio:
    """A venue with one stream, at /feed."""

    name = "studio"

    def __init__(self) -> None:
        self.parrot = Parrot()
        self.asked: list[SimRequest] = []

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        return SimResponse(404, b"{}")

    def connect(self, request: SimRequest, now_ms: int) -> SimSocket | SimResponse:
        self.asked.append(request)
        status = int(request.path.rpartition("/")[2]) if request.path != "/feed" else 0
        return SimResponse(status, b"no", {"Location": "/feed"}) if status else self.parrot

    def advance(self, now_ms: int) -> None:
        """Nothing happens there."""

    def ledger(self) -> dict[str, object]:
        return {}

    def switch(self, name: str, value: object) -> None:
        raise KeyError(name)


Visit = Callable[[Server, Studio], Awaitable[None]]


def meet(visit: Visit) -> Studio:
    """Serve a Studio, pay it the visit, and close the server."""

    async def run() -> Studio:
        studio = Studio()
        server = await serve(studio, clock_ms=lambda: 1234)
        try:
            await visit(server, studio)
        finally:
            await within(server.close(), "the server to close")
        return studio

    return asyncio.run(run())


async def within(awaited: Awaitable[T], what: str) -> T:
    try:
        return await asyncio.wait_for(awaited, WAIT_S)
    except TimeoutError:
        pytest.fail(f"waited {WAIT_S} s for {what}")


async def say(server: Server, *texts: str, silence_s: float | None = None) -> list[str]:
    """Say the texts and return what comes until the connection ends; its end is an error."""
    heard = []
    async with connect(f"{server.stream_url}/feed", silence_s=silence_s) as socket:
        for text in texts:
            await socket.send(text)
        try:
            while True:
                heard.append(await within(anext(socket), "a text, or the end"))
        except VenueUnavailable as end:
            heard.append(str(end))
    return heard


def test_texts_go_both_ways_in_order() -> None:
    """What is sent is received with the clock's time, and what is drained arrives."""

    async def visit(server: Server, studio: Studio) -> None:
        url = f"{server.stream_url}/feed?a=%2F"
        async with connect(url, {"X-Key": SECRET}) as socket:
            for text in ("one", "two äö", "three"):
                await socket.send(text)
            heard = [await within(anext(socket), "an echo") for _ in range(3)]
        assert heard == ["one", "two äö", "three"]

    studio = meet(visit)
    assert studio.parrot.heard[0] == ("one", 1234)
    (asked,) = studio.asked
    assert (asked.path, asked.query, asked.headers["x-key"]) == ("/feed", "a=%2F", SECRET)


def test_a_stream_is_drained_without_being_told_anything() -> None:
    """What becomes due later comes with a later step."""

    async def visit(server: Server, studio: Studio) -> None:
        async with connect(f"{server.stream_url}/feed") as socket:
            await socket.send("later news")
            assert await within(anext(socket), "the late news") == "news"

    meet(visit)


def test_a_venue_that_closes_says_why() -> None:
    """All that was due before arrives, then the reason is an error."""

    async def visit(server: Server, studio: Studio) -> None:
        heard = await say(server, "end of day")
        assert heard == ["end of day", "WebSocket /feed: closed by the venue, 1000 of day"]

    meet(visit)


def test_a_venue_that_cuts_off_is_unavailable() -> None:
    """An abort is the end of a connection, not of the client."""

    async def visit(server: Server, studio: Studio) -> None:
        assert await say(server, "cut") == ["WebSocket /feed: cut off"]

    meet(visit)


def test_silence_ends_a_connection() -> None:
    """A stream that is up and says nothing is as good as down."""

    async def visit(server: Server, studio: Studio) -> None:
        assert await say(server, silence_s=0.05) == ["WebSocket /feed: silent for 0.05 s"]

    meet(visit)


def test_a_simulator_closes_on_bytes() -> None:
    """No venue takes binary frames, and a client that sends them must not pass."""

    async def visit(server: Server, studio: Studio) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{server.stream_url}/feed") as socket,
        ):
            await socket.send_bytes(b"{}")
            end = await within(socket.receive(), "the end")
        assert (end.type, end.data, end.extra) == (aiohttp.WSMsgType.CLOSE, 1003, "text only")

    assert meet(visit).parrot.heard == []


def test_a_simulator_takes_no_huge_text() -> None:
    """The limit of a request's body is the limit of a text."""

    async def visit(server: Server, studio: Studio) -> None:
        (end,) = await say(server, "x" * (BODY_BYTES_MAX + 1))
        assert "closed by the venue, 1009" in end

    assert meet(visit).parrot.heard == []


def test_a_fault_in_a_stream_comes_out_at_the_end() -> None:
    """A mistake in a simulator cannot pass for a venue's trouble."""

    async def visit(server: Server, studio: Studio) -> None:
        assert await say(server, "fail") == ["WebSocket /feed: cut off"]

    with pytest.raises(RuntimeError, match="in receive"):
        meet(visit)


def test_closing_the_server_ends_its_streams() -> None:
    """A client that listens does not hold up the end."""

    async def visit(server: Server, studio: Studio) -> None:
        hearing = asyncio.create_task(say(server, "hello"))
        await within(studio.parrot.told.wait(), "the hello to arrive")
        await within(server.close(), "the server to close")
        assert (await hearing)[-1].startswith("WebSocket /feed: closed by the venue, 1001")

    meet(visit)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (302, VenueUnavailable),
        (401, VenueUnavailable),
        (429, Throttled),
        (503, VenueUnavailable),
    ],
)
def test_a_refused_handshake_is_an_error(status: int, error: type[VenueUnavailable]) -> None:
    """A redirect too: what signs a request is for the host it was made for. No secret is told."""

    async def visit(server: Server, studio: Studio) -> None:
        url = f"{server.stream_url}/{status}?token={SECRET}"
        with pytest.raises(VenueUnavailable) as refusal:
            async with connect(url, {"X-Key": SECRET}):
                pytest.fail("no connection was to be had")
        assert type(refusal.value) is error
        assert f"/{status}" in str(refusal.value)
        assert SECRET not in str(refusal.value)
        assert refusal.value.__cause__ is None

    assert len(meet(visit).asked) == 1


def test_nobody_there_is_unreachable() -> None:
    """A port that nobody listens on."""

    async def visit(server: Server, studio: Studio) -> None:
        await server.close()
        with pytest.raises(Unreachable, match="WebSocket /feed: ClientConnector"):
            async with connect(f"{server.stream_url}/feed"):
                pytest.fail("no connection was to be had")

    meet(visit)


def test_a_server_that_never_answers_is_unreachable() -> None:
    """Opening has its time limit."""

    async def run() -> None:
        release = asyncio.Event()

        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await release.wait()
            writer.close()

        server = await asyncio.start_server(hold, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable):
            async with connect(f"ws://127.0.0.1:{port}/", timeout_s=0.05):
                pytest.fail("no connection was to be had")
        release.set()
        server.close()
        await server.wait_closed()

    asyncio.run(run())


@pytest.mark.parametrize("what", ["bytes", "huge"])
def test_what_no_stream_may_send_ends_the_connection(what: str) -> None:
    """Bytes, and a text above the limit."""

    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=0.05)
        await socket.prepare(request)
        with suppress(ConnectionError):
            if what == "bytes":
                await socket.send_bytes(b"{}")
            else:
                await socket.send_str("x" * (TEXT_BYTES_MAX + 1))
            await socket.receive()
        return socket

    async def run() -> None:
        application = web.Application()
        application.router.add_get("/", talk)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            port = runner.addresses[0][1]
            async with connect(f"ws://127.0.0.1:{port}/") as socket:
                with pytest.raises(VenueUnavailable, match=r"only text|1009"):
                    await within(anext(socket), "the end")
        finally:
            await runner.cleanup()

    asyncio.run(run())


def test_sending_on_a_dead_connection_is_an_error() -> None:
    """Not silence, and not an exception of the library's."""

    async def visit(server: Server, studio: Studio) -> None:
        async with connect(f"{server.stream_url}/feed") as socket:
            await socket.send("cut")
            with pytest.raises(VenueUnavailable):
                await within(anext(socket), "the end")
            with pytest.raises(VenueUnavailable):
                await socket.send("more")

    meet(visit)
