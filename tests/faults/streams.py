"""Streams in memory: the simulators' own WebSockets, without a socket below them.

Texts come in order and whole. What goes wrong is that they come late, twice or not at all, that the
connection ends, and that it says nothing more without ending.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from adapters.http import Throttled, Unreachable
from adapters.simserver import SimRequest, SimResponse, SimSocket
from adapters.websocket import WebSocket
from oms.core.errors import VenueUnavailable

LOOK_S: Final = 0.25
"""How often a socket is asked what it has to say."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What goes wrong with one text of a stream."""

    lost: bool = False
    twice: bool = False
    cut: bool = False
    """The connection ends in its place."""
    late_s: float = 0.0
    """It and all behind it come so much later."""
    stall_s: float = 0.0
    """Nothing is said for so long, and what would have been said never is."""
    behind: bool = False
    """It comes after the next one."""


PLAIN: Final = Turn()


class Far(Protocol):
    """Who has streams."""

    def connect(self, request: SimRequest, now_ms: int) -> SimSocket | SimResponse:
        """A connection, or its refusal."""


Turns = Callable[[str, str], Turn]
"""turns(host, text): of the next text that the host's streams say."""


class Streams:
    """One process's way to streams; `connect` is adapters.websocket's."""

    def __init__(
        self,
        far: Callable[[str], Far | None],
        now_ms: Callable[[], int],
        turns: Turns = lambda host, text: PLAIN,
    ) -> None:
        """`far(host)` is who is there; None: nobody. `now_ms()` is the venues' clock."""
        self._far = far
        self._now_ms = now_ms
        self._turns = turns

    @asynccontextmanager
    async def connect(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float = 10.0,
        silence_s: float | None = None,
    ) -> AsyncIterator[WebSocket]:
        """Open a connection. Raises as adapters.websocket.connect does."""
        address = urlsplit(url)
        what, host = f"WebSocket {address.path or '/'}", address.hostname or ""
        far = self._far(host)
        if far is None:
            raise Unreachable(f"{what}: refused")
        asked = SimRequest(
            method="GET",
            path=unquote(address.path) or "/",
            query=address.query,
            headers={"upgrade": "websocket"} | {k.lower(): v for k, v in (headers or {}).items()},
            body=b"",
        )
        socket = far.connect(asked, self._now_ms())
        if isinstance(socket, SimResponse):
            if socket.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise Throttled(f"{what}: HTTP 429")
            raise VenueUnavailable(f"{what}: HTTP {socket.status}")
        near = _Near(what, socket, silence_s, self._now_ms, lambda text: self._turns(host, text))
        try:
            yield near
        finally:
            near.close()


class _Near(WebSocket):
    """The engine's end of a stream."""

    def __init__(
        self,
        what: str,
        socket: SimSocket,
        silence_s: float | None,
        now_ms: Callable[[], int],
        turn: Callable[[str], Turn],
    ) -> None:
        self._what = what
        self._far = socket
        self._silence_s = silence_s
        self._now_ms = now_ms
        self._turn = turn
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[str | None] = asyncio.Queue()
        self._under_way: deque[str | None] = deque()
        self._kept: str | None = None
        self._late_s = 0.0
        self._stalled_until = 0.0
        self._why = "cut off"
        self._done = False
        self._look()

    async def send(self, text: str) -> None:
        """Send one text. Raises VenueUnavailable when the connection is over."""
        if self._done:
            raise self._ended()
        self._far.receive(text, self._now_ms())
        self._drain()

    async def __anext__(self) -> str:
        """The next text. Raises VenueUnavailable for every end of the connection."""
        try:
            async with asyncio.timeout(self._silence_s):
                text = await self._heard.get()
        except TimeoutError:
            self._why = f"silent for {self._silence_s} s"
            text = None
        if text is None:
            self._done = True
            raise self._ended()
        return text

    def close(self) -> None:
        """It is over."""
        self._done = True
        if self._far.closed is None:
            self._far.closed = ""

    def _ended(self) -> VenueUnavailable:
        return VenueUnavailable(f"{self._what}: {self._why}")

    def _look(self) -> None:
        if not self._done:
            self._drain()
            self._loop.call_later(LOOK_S, self._look)

    def _drain(self) -> None:
        for text in self._far.drain(self._now_ms()):
            self._hear(text, self._turn(text))
        if self._far.closed is not None:
            self._why = (
                f"closed by the venue, {self._far.closed}" if self._far.closed else "cut off"
            )
            self._put(None)

    def _hear(self, text: str, turn: Turn) -> None:
        now = self._loop.time()
        if turn.stall_s:
            self._stalled_until = now + turn.stall_s
        self._late_s += turn.late_s
        if turn.cut:
            self._put(None)
        if turn.lost or turn.cut or now < self._stalled_until:
            return
        if turn.behind and self._kept is None:
            self._kept = text
            return
        kept, self._kept = self._kept, None
        for one in (text, *([text] if turn.twice else []), *([kept] if kept is not None else [])):
            self._put(one)

    def _put(self, text: str | None) -> None:
        if self._late_s:
            self._under_way.append(text)
            self._loop.call_later(self._late_s, self._arrive)
        else:
            self._heard.put_nowait(text)

    def _arrive(self) -> None:
        """In order, whichever timer comes first."""
        self._heard.put_nowait(self._under_way.popleft())
