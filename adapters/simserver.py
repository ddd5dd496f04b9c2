"""Pure simulators on real loopback sockets.

A venue's simulator is a function from request to response with time as an argument, and a stream
of it an object that is told texts and asked for texts. This is the only place where they meet a
socket: HTTP/1.1 and WebSocket by aiohttp, one server a simulator, and two routes of our own beside
the venue's paths, `GET /_sim/ledger` and `POST /_sim/switch`.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from decimal import Decimal
from typing import Final, Protocol, runtime_checkable
from urllib.parse import unquote

from aiohttp import WSCloseCode, WSMsgType, web

from oms.core.values import frozen

BODY_BYTES_MAX: Final = 65_536
"""A request body above this is answered 413 and not read further; a longer text ends a stream."""

STEP_S: Final = 0.05
"""Pause between two calls of `advance`, and between two drains of a stream, in seconds."""

_CLOSE_S: Final = 0.2  # what a request in progress gets when the server closes


@frozen
class SimRequest:
    """What came over the wire; header names in lower case, the query as it was sent."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@frozen
class SimResponse:
    """What goes back, `delay_s` seconds later; `drop` aborts the connection without a byte."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drop: bool = False


class Simulator(Protocol):
    """One venue, pure apart from its own state; times are milliseconds since 1970, UTC."""

    name: str

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Answer one request."""
        ...

    def advance(self, now_ms: int) -> None:
        """Live through the time since the last call."""
        ...

    def ledger(self) -> dict[str, object]:
        """Return what the venue knows, decimals as strings, for comparison with our books."""
        ...

    def switch(self, name: str, value: object) -> None:
        """Turn a trouble on or off; KeyError for an unknown name, ValueError for a bad value."""
        ...


class SimSocket(Protocol):
    """One connection of a stream, pure as its simulator is."""

    closed: str | None
    """None while it is open; the text to close it with; empty to cut it off without a word."""

    def receive(self, text: str, now_ms: int) -> None:
        """Take a text of the client's."""
        ...

    def drain(self, now_ms: int) -> list[str]:
        """Return the texts to send by now: asked after each `receive` and every STEP_S."""
        ...


@runtime_checkable
class Streaming(Protocol):
    """What a simulator also is that has streams."""

    def connect(self, request: SimRequest, now_ms: int) -> SimSocket | SimResponse:
        """Answer a request for a WebSocket: by one, or by refusing it."""
        ...


class Server:
    """A simulator that listens; made by `serve`."""

    def __init__(self, simulator: Simulator, clock_ms: Callable[[], int]) -> None:
        self.url = self.stream_url = ""
        self._simulator = simulator
        self._clock_ms = clock_ms
        self._faults: list[Exception] = []
        self._steps: asyncio.Task[None] | None = None
        self._streams: set[web.WebSocketResponse] = set()
        application = web.Application(client_max_size=BODY_BYTES_MAX)
        application.router.add_get("/_sim/ledger", self._ledger)
        application.router.add_post("/_sim/switch", self._switch)
        application.router.add_route("*", "/{path:.*}", self._answer)
        application.on_shutdown.append(self._end_streams)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_CLOSE_S)

    async def start(self, host: str, port: int) -> None:
        """Listen, on a port of the kernel's choice if `port` is 0; raises OSError."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound_host, bound_port = self._runner.addresses[0][:2]
        self.url = f"http://{bound_host}:{bound_port}"
        self.stream_url = f"ws://{bound_host}:{bound_port}"
        self._steps = asyncio.create_task(self._step())

    async def close(self) -> None:
        """Stop listening and stepping; raises the first exception the simulator let escape.

        A fault of the simulator would otherwise pass for a fault that the venue may have.
        """
        if self._steps is not None:
            self._steps.cancel()
            await asyncio.wait([self._steps])
        await self._runner.cleanup()
        if self._faults:
            raise self._faults[0]

    async def _step(self) -> None:
        while True:
            try:
                self._simulator.advance(self._clock_ms())
            except Exception as fault:  # noqa: BLE001  kept, and raised again by close
                self._faults.append(fault)
                return
            await asyncio.sleep(STEP_S)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        headers: dict[str, str] = {}
        for name, value in request.headers.items():
            known = headers.get(name.lower())
            headers[name.lower()] = value if known is None else f"{known}, {value}"
        body = await request.read()
        asked = SimRequest(request.method, unquote(path), query, headers, body)
        try:
            answer = self._respond(asked)
        except Exception as fault:
            self._faults.append(fault)
            raise
        if not isinstance(answer, SimResponse):
            return await self._stream(request, answer)
        await asyncio.sleep(answer.delay_s)
        if answer.drop:
            _cut(request)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    def _respond(self, asked: SimRequest) -> SimSocket | SimResponse:
        simulator = self._simulator
        upgrade = asked.headers.get("upgrade", "").lower() == "websocket"
        if upgrade and isinstance(simulator, Streaming):
            return simulator.connect(asked, self._clock_ms())
        return simulator.handle(asked, self._clock_ms())

    async def _stream(self, request: web.Request, socket: SimSocket) -> web.WebSocketResponse:
        response = web.WebSocketResponse(timeout=_CLOSE_S, max_msg_size=BODY_BYTES_MAX)
        await response.prepare(request)
        self._streams.add(response)
        outbox: deque[str] = deque()
        woken = asyncio.Event()
        speaking = asyncio.create_task(self._speak(request, response, socket, outbox, woken))
        try:
            async for message in response:
                if message.type is not WSMsgType.TEXT:
                    await response.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"text only")
                    break
                socket.receive(message.data, self._clock_ms())
                outbox.extend(socket.drain(self._clock_ms()))
                woken.set()
        except Exception as fault:  # noqa: BLE001  kept, and raised again by close
            self._faults.append(fault)
            _cut(request)
        finally:
            speaking.cancel()
            await asyncio.wait([speaking])
            self._streams.discard(response)
        return response

    async def _speak(
        self,
        request: web.Request,
        response: web.WebSocketResponse,
        socket: SimSocket,
        outbox: deque[str],
        woken: asyncio.Event,
    ) -> None:
        try:
            while socket.closed is None:
                outbox.extend(socket.drain(self._clock_ms()))
                while outbox:
                    await response.send_str(outbox.popleft())
                woken.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(STEP_S):
                        await woken.wait()
            if not socket.closed:
                _cut(request)
                return
            for text in (*outbox, *socket.drain(self._clock_ms())):
                await response.send_str(text)
            await response.close(message=socket.closed.encode())
        except ConnectionError:
            return  # the client has gone
        except Exception as fault:  # noqa: BLE001  kept, and raised again by close
            self._faults.append(fault)
            _cut(request)

    async def _end_streams(self, _: web.Application) -> None:
        going = [stream.close(code=WSCloseCode.GOING_AWAY) for stream in self._streams]
        await asyncio.gather(*going, return_exceptions=True)

    async def _ledger(self, request: web.Request) -> web.Response:
        return web.json_response(self._simulator.ledger())

    async def _switch(self, request: web.Request) -> web.Response:
        try:
            wanted = json.loads(await request.read(), parse_float=Decimal)
            self._simulator.switch(wanted["name"], wanted["value"])
        except KeyError as unknown:
            return web.json_response({"reason": f"unknown: {unknown}"}, status=404)
        except (TypeError, ValueError) as wrong:
            return web.json_response({"reason": str(wrong)}, status=400)
        return web.json_response({})


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def serve(
    simulator: Simulator,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    clock_ms: Callable[[], int],
) -> Server:
    """Put a simulator on a socket and return once it listens; raises OSError."""
    server = Server(simulator, clock_ms)
    await server.start(host, port)
    return server
