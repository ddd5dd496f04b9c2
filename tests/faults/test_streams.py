"""Streams without sockets: what comes of texts that are late, doubled, lost, and of ends."""

import asyncio
from collections.abc import Callable

import pytest

from adapters.http import Throttled, Unreachable
from adapters.simserver import SimRequest, SimResponse, SimSocket
from oms.core.errors import VenueError, VenueUnavailable
from tests.adapters.virtual_hour import VirtualLoop
from tests.faults.streams import Far, Streams, Turn


class Says(SimSocket):
    """A venue that says one text a second, and hears."""

    def __init__(self, texts: int, closed: str = "") -> None:
        self.closed: str | None = None
        self.heard: list[str] = []
        self._texts = [str(number) for number in range(texts)]
        self._due_ms = 0
        self._close = closed

    def connect(self, request: SimRequest, now_ms: int) -> SimSocket | SimResponse:
        """Itself."""
        assert (request.path, request.headers["signature"]) == ("/feed", "token")
        self._due_ms = now_ms
        return self

    def receive(self, text: str, now_ms: int) -> None:
        """A text of the engine's."""
        self.heard.append(text)

    def drain(self, now_ms: int) -> list[str]:
        """What is due."""
        told = []
        while self._texts and now_ms >= self._due_ms:
            told.append(self._texts.pop(0))
            self._due_ms += 1_000
        if not self._texts and self._close:
            self.closed = self._close
        return told


class Refuses:
    """A venue that opens no stream."""

    def __init__(self, status: int) -> None:
        self._status = status

    def connect(self, request: SimRequest, now_ms: int) -> SimSocket | SimResponse:
        """An answer that is none."""
        return SimResponse(self._status, b"")


def heard_of(far: Far | None, turns: dict[str, Turn], silence_s: float = 5.0) -> list[str]:
    """What an engine hears, each text with the second in which it came, and why it ended."""
    loop = VirtualLoop()

    def turn(host: str, text: str) -> Turn:
        assert host == "venue"
        return turns.get(text, Turn())

    async def listen() -> list[str]:
        streams = Streams(lambda host: far, loop.now_ms, turn)
        heard = []
        try:
            url, headers = "ws://venue/feed", {"Signature": "token"}
            async with streams.connect(url, headers, silence_s=silence_s) as socket:
                await socket.send("hello")
                async for text in socket:
                    heard.append(f"{text}@{loop.time():.0f}")  # noqa: PERF401  kept when it ends
        except VenueError as error:
            heard.append(f"{type(error).__name__}: {error}")
        return heard

    try:
        return loop.run_until_complete(listen())
    finally:
        loop.close()


SILENT = "VenueUnavailable: WebSocket /feed: silent for 5.0 s"


@pytest.mark.parametrize(
    ("turns", "heard"),
    [
        ({}, ["0@0", "1@1", "2@2", "3@3", SILENT]),
        ({"1": Turn(twice=True)}, ["0@0", "1@1", "1@1", "2@2", "3@3", SILENT]),
        ({"1": Turn(lost=True)}, ["0@0", "2@2", "3@3", SILENT]),
        ({"1": Turn(behind=True)}, ["0@0", "2@2", "1@2", "3@3", SILENT]),
        ({"1": Turn(late_s=2)}, ["0@0", "1@3", "2@4", "3@5", SILENT]),
        ({"1": Turn(stall_s=2)}, ["0@0", "3@3", SILENT]),
        ({"1": Turn(cut=True)}, ["0@0", "VenueUnavailable: WebSocket /feed: cut off"]),
    ],
)
def test_what_goes_wrong_with_a_text(turns: dict[str, Turn], heard: list[str]) -> None:
    says = Says(4)
    assert heard_of(says, turns) == heard
    assert says.heard == ["hello"]
    assert says.closed == "", "the engine has closed it"


def test_a_venue_that_closes_says_why() -> None:
    told = "VenueUnavailable: WebSocket /feed: closed by the venue, enough"
    assert heard_of(Says(1, "enough"), {}) == ["0@0", told]


@pytest.mark.parametrize(
    ("far", "error"),
    [(None, Unreachable), (Refuses(429), Throttled), (Refuses(401), VenueUnavailable)],
)
def test_a_stream_that_does_not_open(far: Far | None, error: Callable[..., VenueError]) -> None:
    (told,) = heard_of(far, {})
    assert told.startswith(f"{error.__name__}: WebSocket /feed: ")


def test_nobody_hears_when_nobody_listens() -> None:
    """The loop has nothing left to do: no timer of an ended connection goes on."""
    loop = VirtualLoop()

    async def come_and_go() -> None:
        async with Streams(lambda host: Says(9), loop.now_ms).connect(
            "ws://venue/feed", {"signature": "token"}
        ):
            await asyncio.sleep(1.5)

    loop.run_until_complete(come_and_go())
    loop.run_until_complete(asyncio.sleep(1.0))
    assert not loop._scheduled  # type: ignore[attr-defined]  # of the standard library's own
    loop.close()
