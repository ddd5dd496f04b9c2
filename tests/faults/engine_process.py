"""One process of the engine on a virtual clock: what dies with it, and its way to the venue."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Self, cast
from urllib.parse import unquote, urlsplit

import httpx

from adapters import venue
from adapters.http import Unreachable
from adapters.loop import Loop
from adapters.port import VenueRunner
from adapters.simserver import STEP_S, SimRequest, SimSocket
from adapters.ways import Ways
from oms.core.book import EVERY_ROUTE, OPERATOR, Book, Changes
from oms.core.errors import StoreUnavailable, VenueUnavailable
from oms.core.legs import VenueBooks
from oms.core.notes import Started
from oms.core.ports import Evidence, Inbound
from oms.writer import Gateways, Writer

if TYPE_CHECKING:
    from tests.faults.scene import Scene

DESK: Final = "DESK1"


class Died(BaseException):
    """The process ends at this step."""


class Process:
    """The book, the writer, the route's runner, and all that they have begun."""

    def __init__(self, scene: "Scene") -> None:
        self.scene, self.dead = scene, False
        everywhere = frozenset({EVERY_ROUTE})
        self.book = Book(
            {scene.route: scene.capabilities}, {DESK: everywhere, OPERATOR: everywhere}
        )
        for record in scene.journal:
            self.book.apply(record, Changes())
        gateways = Gateways(desks={DESK: scene})
        self.writer = Writer(
            self.book,
            self,
            gateways,
            clock=scene.loop,
            draw=scene.draw,
            on_fault=scene.faults.append,
        )
        self._waits = False
        self.runner: VenueRunner = venue(scene.kind).build(
            scene.config,
            route=scene.route,
            post=self.post,
            books=VenueBooks(self.book),
            clock=scene.loop,
            loop=cast(Loop, self),
            speed=1.0,
            ways=Ways(transport=Way(scene), connect=connecting(scene)),
        )
        gateways.venues = {scene.route: self.runner}
        gateways.markets = {scene.route: self.runner}
        gateways.nonces = {scene.route: self.runner}

    def start(self) -> None:
        """What was under way is in doubt; then the route begins."""
        started = Started(epoch=1, version="0")
        self.post(Inbound(source="engine", message=started, evidence=Evidence.POLICY))
        self.runner.start()

    # The writer's thread

    def post(self, inbound: Inbound) -> None:
        """The door in."""
        if self.dead:
            return
        self.writer.post(inbound)
        if not self._waits:
            self._waits = True
            self.scene.loop.call_later(self.scene.commit_s, self._step)

    def _step(self) -> None:
        self._waits = False
        if self.dead:
            return
        try:
            self.writer.step()
        except (Died, StoreUnavailable):
            self.scene.die()  # a writer that can not write stops the engine

    def commit(self, changes: Changes) -> None:
        """Write down, or die before or after it."""
        self.scene.write_down([record for _, record in changes.records])

    # The adapters' loop

    def call(self, function: Callable[[], object]) -> None:
        """Soon, unless the process is over by then."""
        self.scene.loop.call_soon(lambda: None if self.dead else function())

    def submit(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Begin it; nobody waits for its result here."""
        found: Future[Any] = Future()

        async def run() -> None:
            found.set_result(await coroutine)

        self.scene.loop.create_task(run())
        return found


class Way(httpx.AsyncBaseTransport):
    """The way to the venue, below httpx: its errors are sorted as in earnest."""

    def __init__(self, scene: "Scene") -> None:
        self._scene = scene

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        parts = urlsplit(str(request.url))
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = SimRequest(request.method, unquote(parts.path), parts.query, headers, body)
        answer = await self._scene.road.exchange(asked)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)


class Wire:
    """A venue's stream without a socket; what adapters.websocket's WebSocket is to a stream."""

    def __init__(self, scene: "Scene", socket: SimSocket) -> None:
        self._scene, self._socket = scene, socket
        self._texts: list[str] = []

    async def send(self, text: str) -> None:
        self._socket.receive(text, self._scene.loop.venue_ms())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while not self._texts:
            if self._socket.closed is not None:
                raise VenueUnavailable(f"closed by the venue: {self._socket.closed}")
            await asyncio.sleep(STEP_S)
            self._texts += self._socket.drain(self._scene.loop.venue_ms())
        return self._texts.pop(0)


def connecting(scene: "Scene") -> Callable[..., Any]:
    """What stands for adapters.websocket.connect in a scene."""

    @asynccontextmanager
    async def connect(url: str, headers: Any = None, **_: Any) -> AsyncIterator[Wire]:
        if not scene.streams:
            raise Unreachable("no streams here")
        parts = urlsplit(url)
        asked = SimRequest("GET", unquote(parts.path) or "/", parts.query, dict(headers or {}), b"")
        simulator: Any = scene.simulator
        socket = simulator.connect(asked, scene.loop.venue_ms())
        if not hasattr(socket, "drain"):
            raise VenueUnavailable("the venue takes no stream")
        yield Wire(scene, socket)

    return connect
