"""The venue's end of socket.io over one WebSocket: handshake, heartbeat, rooms.

Source: the public Engine.IO protocol, revisions 3 and 4, and Socket.IO's packets 0 (connect),
1 (disconnect) and 2 (event) as they stand inside Engine.IO messages. Revision 3 belongs to
socket.io 1 and 2, whose clients send the pings and are connected without asking; revision 4
to socket.io 3 and 4, whose servers send them and wait for a connect packet. The document names
neither a revision nor an event: `subscribe` with the channel's name, and the channel's name as
the event of its messages, are our choice.
"""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from adapters.bitexbit.simulator.wire import dumps
from adapters.simserver import SimRequest, SimResponse

PATH: Final = "/socket.io/"
GENERATIONS: Final = (3, 4)


@dataclass(slots=True)
class Heartbeat:
    """How often pings go, and how long the other end may be silent beyond that."""

    interval_ms: int = 25_000
    timeout_ms: int = 20_000


@dataclass(slots=True)
class Client:
    """One connection."""

    generation: int
    sid: str
    heartbeat: Heartbeat
    opened_ms: int
    stalled: Callable[[], bool]
    closed: str | None = None
    rooms: set[str] = field(default_factory=set)
    _connected: bool = False
    _heard_ms: int = 0
    _pinged_ms: int = 0
    _out: deque[str] = field(default_factory=deque)

    def open(self) -> None:
        """Say what the connection is like."""
        self._heard_ms = self._pinged_ms = self.opened_ms
        told: dict[str, object] = {
            "sid": self.sid,
            "upgrades": [],
            "pingInterval": self.heartbeat.interval_ms,
            "pingTimeout": self.heartbeat.timeout_ms,
        }
        if self.generation == 4:
            told["maxPayload"] = 1_000_000
        self._out.append("0" + dumps(told))
        if self.generation == 3:
            self._connected = True
            self._out.append("40")

    def receive(self, text: str, now_ms: int) -> None:
        """Take one text frame; what breaks the protocol closes the connection."""
        kind, rest = text[:1], text[1:]
        if (self.generation, kind) == (3, "2"):
            self._heard_ms = now_ms
            self._out.append("3" + rest)
        elif (self.generation, kind) == (4, "3"):
            self._heard_ms = now_ms
        elif kind == "4":
            self._take(rest)
        else:
            self.closed = "transport close" if kind == "1" else "parse error"

    def emit(self, room: str, message: str) -> None:
        """Send an event if the room was subscribed."""
        if room in self.rooms:
            self._out.append(f"42[{json.dumps(room)}, {message}]")

    def drain(self, now_ms: int) -> list[str]:
        """Return what goes out now, the heartbeat included."""
        if self.stalled():
            return []
        beat = self.heartbeat
        if now_ms - self._heard_ms > beat.interval_ms + beat.timeout_ms:
            self.closed = "ping timeout"
        elif self.generation == 4 and now_ms - self._pinged_ms >= beat.interval_ms:
            self._pinged_ms = now_ms
            self._out.append("2")
        out = list(self._out)
        self._out.clear()
        return out

    def _take(self, packet: str) -> None:
        kind, rest = packet[:1], packet[1:]
        if kind == "0" and not rest.startswith("/"):
            self._connected = True
            answer = dumps({"sid": self.sid}) if self.generation == 4 else ""
            self._out.append(f"40{answer}")
        elif kind == "1":
            self.closed = "client namespace disconnect"
        elif kind == "2" and self._connected:
            self._event(rest)
        else:
            self.closed = "parse error"

    def _event(self, text: str) -> None:
        try:
            told = json.loads(text, parse_float=str)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, list) or not all(isinstance(part, str) for part in told):
            self.closed = "parse error"
        elif told[:1] == ["subscribe"]:
            self.rooms.update(told[1:])
        elif told[:1] == ["unsubscribe"]:
            self.rooms.difference_update(told[1:])


def admit(request: SimRequest, generation: int) -> SimResponse | None:
    """Return why a connection is refused, or None; the texts are Engine.IO's."""
    asked = dict(parse_qsl(request.query))
    if request.path != PATH:
        return SimResponse(404, b"")
    if asked.get("transport") != "websocket":
        return _refusal(0, "Transport unknown")
    if asked.get("EIO") not in ("3", "4") or (generation == 4 and asked["EIO"] == "3"):
        return _refusal(5, "Unsupported protocol version")
    return None  # servers of generation 3 take any number


def _refusal(code: int, message: str) -> SimResponse:
    body = dumps({"code": code, "message": message}).encode()
    return SimResponse(400, body, {"Content-Type": "application/json"})
