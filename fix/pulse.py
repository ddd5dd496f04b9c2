"""Whether quickfix's threads still do their work: what they are inside of, and when last heard."""

import threading
from collections.abc import Iterator
from typing import Final

from oms.clock import Clock
from oms.core.values import frozen

STUCK_S: Final = 15.0
"""A callback hands over and returns; one that takes so long does not come back."""

SILENT_BEATS: Final = 3
"""A session that stands sends or hears something in each heartbeat interval; so many without are
the end of its thread."""


@frozen
class Inside:
    """A thread is inside of our code, or of a send, since then (seconds of Clock.monotonic)."""

    session: str
    what: str
    since: float


class Pulse:
    """The life signs of one role's threads. All methods from any thread."""

    def __init__(self, clock: Clock, stuck_s: float = STUCK_S) -> None:
        self._clock = clock
        self._stuck_s = stuck_s
        self._inside: dict[int, Inside] = {}
        self._heard: dict[str, float] = {}
        self._beat_s: dict[str, float] = {}

    def enter(self, session: str, what: str) -> Inside | None:
        """This thread begins; what it was inside of before, for `leave`."""
        now = self._clock.monotonic()
        me = threading.get_ident()
        before = self._inside.get(me)
        self._inside[me] = Inside(session, what, now)
        self._heard[session] = now
        return before

    def leave(self, before: Inside | None) -> None:
        """This thread is back."""
        if before is None:
            self._inside.pop(threading.get_ident(), None)
        else:
            self._inside[threading.get_ident()] = before

    def beats(self, session: str, seconds: float) -> None:
        """The session's heartbeat interval; 0: it has none."""
        self._beat_s[session] = seconds

    def troubles(self, logged_on: Iterator[str]) -> list[str]:
        """What is not as it should be, in words; `logged_on` are the sessions that stand."""
        now = self._clock.monotonic()
        found = [
            f"{one.session}: {one.what} has not returned"
            for one in list(self._inside.values())
            if now - one.since >= self._stuck_s
        ]
        for session in logged_on:
            beat_s = self._beat_s.get(session, 0.0)
            quiet_s = now - self._heard.get(session, now)
            if beat_s and quiet_s >= SILENT_BEATS * beat_s + self._stuck_s:
                found.append(f"{session}: nothing heard of it though it is logged on")
        return found
