"""Pure simulators on real loopback sockets.

A venue's simulator is a function from request to response with time as an argument. This is the
only place where one meets a socket: HTTP/1.1 by aiohttp, one server a simulator, and two routes
of our own beside the venue's paths, `GET /_sim/ledger` and `POST /_sim/switch`.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Protocol
from urllib.parse import unquote

from aiohttp import web

BODY_BYTES_MAX: Final = 65_536
"""A request body above this is answered 413 and not read further."""

STEP_S: Final = 0.05
"""Pause between two calls of `advance`, in seconds."""

_CLOSE_S: Final = 0.2  # what a request in progress gets when the server closes


@dataclass(frozen=True, slots=True)
class SimRequest:
    """What came over the wire; header names in lower case, the query as it was sent."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
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


class Server:
    """A simulator that listens; made by `serve`."""

    def __init__(self, simulator: Simulator, clock_ms: Callable[[], int]) -> None:
        self.url = ""
        self._simulator = simulator
        self._clock_ms = clock_ms
        self._faults: list[Exception] = []
        self._steps: asyncio.Task[None] | None = None
        application = web.Application(client_max_size=BODY_BYTES_MAX)
        application.router.add_get("/_sim/ledger", self._ledger)
        application.router.add_post("/_sim/switch", self._switch)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_CLOSE_S)

    async def start(self, host: str, port: int) -> None:
        """Listen, on a port of the kernel's choice if `port` is 0; raises OSError."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound_host, bound_port = self._runner.addresses[0][:2]
        self.url = f"http://{bound_host}:{bound_port}"
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
            answer = self._simulator.handle(asked, self._clock_ms())
        except Exception as fault:
            self._faults.append(fault)
            raise
        await asyncio.sleep(answer.delay_s)
        if answer.drop and request.transport is not None:
            request.transport.abort()
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

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
