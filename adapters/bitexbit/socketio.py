"""Socket.IO over one WebSocket, as a client: both generations, frame by frame. Pure.

Sources: the public Engine.IO protocol, revisions 3 and 4, and the Socket.IO protocol, revisions 4
and 5, as far as a client needs them that listens to text events of the main namespace. Generation
3 (socket.io 1 and 2): the client pings, and is connected without asking. Generation 4 (socket.io
3 and later): the server pings, and waits to be asked.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from adapters.documents import integer_in, list_of, parse, row_of
from oms.core.errors import MalformedMessage, VenueUnavailable
from oms.core.values import frozen

GENERATIONS: Final = (4, 3)
"""In the order in which they are tried."""

PATH: Final = "/socket.io/"

PATIENCE_S: Final = 20.0
"""How long a connection may take to say what it is, in seconds."""

_EVENT: Final = re.compile(r"(?:/[^,\[]*,)?[0-9]*(\[.*)", re.DOTALL)


class OtherGeneration(VenueUnavailable):
    """The server speaks another generation of the protocol than this."""


@frozen
class Event:
    """What the server emitted; `raw` as it came."""

    name: str
    arguments: tuple[Any, ...]
    raw: str


def address(stream_url: str, generation: int) -> str:
    """Where to connect: the host's socket.io path, over WebSocket from the start."""
    parts = urlsplit(stream_url)
    path = PATH if parts.path in ("", "/") else parts.path
    return urlunsplit(
        (parts.scheme, parts.netloc, path, f"EIO={generation}&transport=websocket", "")
    )


def emit(*words: str) -> str:
    """The frame of an event with texts as its arguments."""
    return "42" + json.dumps(words, separators=(",", ":"))


class Session:
    """One connection. Times are seconds of one clock; what it returns is to be sent."""

    def __init__(self, generation: int, now: float) -> None:
        self.connected = False
        """Events may be emitted."""
        self._generation = generation
        self._interval_s: float | None = None
        self._patience_s = PATIENCE_S
        self._heard_at = now
        self._ping_at: float | None = None

    def take(self, text: str, now: float) -> tuple[list[str], Event | None]:
        """A frame that came: what to answer, and the event in it.

        Raises VenueUnavailable where it ends the connection, OtherGeneration where the server
        speaks another one, and MalformedMessage for what is no frame.
        """
        self._heard_at = now
        kind, rest = text[:1], text[1:]
        match kind:
            case "0":
                return self._open(rest, now), None
            case "1":
                raise VenueUnavailable("socket.io: closed by the venue")
            case "2":
                return [f"3{rest}"], None
            case "3" | "6":
                return [], None
            case "4":
                return [], self._message(rest)
            case _:
                raise MalformedMessage(f"socket.io: no frame begins with {kind!r}")

    def wait_s(self, now: float) -> float:
        """How long until `beat` has something to do."""
        due = self._heard_at + self._patience_s
        if self._ping_at is not None:
            due = min(due, self._ping_at)
        return max(0.0, due - now)

    def beat(self, now: float) -> list[str]:
        """What the heartbeat wants sent. Raises VenueUnavailable for a silent connection."""
        if now >= self._heard_at + self._patience_s:
            raise VenueUnavailable(f"socket.io: silent for {self._patience_s:g} s")
        if self._ping_at is None or now < self._ping_at:
            return []
        assert self._interval_s is not None, "there is no ping before the handshake"
        self._ping_at = now + self._interval_s
        return ["2"]

    def _open(self, text: str, now: float) -> list[str]:
        told = _document(text)
        interval_s = _seconds(told, "pingInterval")
        self._interval_s = interval_s
        # From the last word of the server on: its ping, or its answer to ours.
        self._patience_s = interval_s + _seconds(told, "pingTimeout")
        if self._generation == 3:
            self._ping_at = now + interval_s
            return []
        return ["40"]

    def _message(self, packet: str) -> Event | None:
        kind, rest = packet[:1], packet[1:]
        match kind:
            case "0":
                if self._generation == 4 and not rest.startswith("{"):
                    # Connected without a session of its own: so did generation 3.
                    raise OtherGeneration("socket.io: the server is of generation 3")
                self.connected = True
                return None
            case "1" | "4":
                raise VenueUnavailable(f"socket.io: turned away {rest[:120]}".rstrip())
            case "2":
                return _event(rest)
            case "3":
                return None
            case _:
                raise MalformedMessage(f"socket.io: no packet begins with {kind!r}")


def _event(text: str) -> Event:
    found = _EVENT.fullmatch(text)
    if found is None:
        raise MalformedMessage("socket.io: an event without a list")
    told = list_of(parse(found[1].encode()), "event")
    if not told or not isinstance(told[0], str):
        raise MalformedMessage("socket.io: an event without a name")
    return Event(told[0], tuple(told[1:]), text)


def _document(text: str) -> Mapping[str, Any]:
    return row_of(parse(text.encode()), "handshake")


def _seconds(told: Mapping[str, Any], name: str) -> float:
    told_ms = integer_in(told, name)
    if told_ms <= 0:
        raise MalformedMessage(f"{name}: a number above 0 is wanted")
    return told_ms / 1000
