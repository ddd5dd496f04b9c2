"""The connections of Apifiny's feeds: made anew when they break, pings answered, errors shown."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from adapters.apifiny import mapping
from adapters.documents import Row, parse, redact, row_of
from adapters.options import Options
from adapters.port import Ear
from adapters.websocket import Connect, WebSocket, connect
from oms.core.errors import MalformedMessage, VenueError

SILENCE_S: Final = 75.0
"""The venue pings every 30 s: two pings in a row that do not come end a connection."""

Hear = Callable[[Row], None]
Refused = Callable[[int, str], bool]
"""Takes an error's code and message; True if it has been dealt with."""


class Connections:
    """Which feeds stand, and what all of them do alike. All calls on the adapters' loop."""

    def __init__(
        self,
        secrets: tuple[str, ...],
        options: Options,
        silence_s: float,
        connect: Connect = connect,
    ) -> None:
        self._secrets = secrets
        self._options = options
        self._silence_s = silence_s
        self._connect = connect
        self._down: set[str] = set()
        self._failures: dict[str, int] = {}

    def expect(self, name: str) -> None:
        """A feed that is to stand, and does not yet."""
        self._down.add(name)

    def forget(self, ear: Ear, name: str) -> None:
        """Nobody wants that feed any more."""
        if name in self._down:
            self._rise(ear, name, "not wanted any more")

    async def hold(
        self,
        ear: Ear,
        name: str,
        url: str,
        headers: Mapping[str, str],
        listen: Callable[[WebSocket], Awaitable[None]],
    ) -> None:
        """One connection, from its beginning to its end, and the pause after it.

        `headers` open it; `listen(socket)` reads until it ends.
        """
        try:
            async with self._connect(url, headers, silence_s=self._silence_s) as socket:
                self._rise(ear, name, "connected")
                await listen(socket)
        except VenueError as error:
            self._down.add(name)
            self._failures[name] = self._failures.get(name, 0) + 1
            ear.lost(f"{name}: {error}")
        await asyncio.sleep(self._options.back_off_s(self._failures.get(name, 1)))

    async def take(
        self,
        ear: Ear,
        name: str,
        socket: WebSocket,
        text: str,
        hear: Hear,
        refused: Refused = lambda code, message: False,
    ) -> None:
        """One message: a ping is answered with its own number, an error shown, the rest heard."""
        self._failures[name] = 0
        try:
            told = row_of(parse(text.encode()), name)
            if "ping" in told:
                await socket.send(json.dumps({"pong": mapping.ping_of(told)}))
            elif told.get("error") is None:
                hear(told)
            else:
                code, message = mapping.error_of(told["error"])
                if not refused(code, message):
                    raise MalformedMessage(f"{message} ({code})")
        except MalformedMessage as error:
            why = redact(f"{name}: {error}", self._secrets)
            ear.quarantine(why, redact(text, self._secrets))

    def _rise(self, ear: Ear, name: str, word: str) -> None:
        self._down.discard(name)
        ear.gap(f"{name}: {word}")
        if self._down:
            ear.lost(f"not connected: {', '.join(sorted(self._down))}")
