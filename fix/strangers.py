"""Connections that use a desk's name and do not log on: what they moved is put back, they are cut.

quickfix counts a message that its dictionary refuses, whoever sent it, and leaves a connection
open for ever that never logs on; meanwhile the desk itself can not get in.
"""

import threading
from collections.abc import Iterable
from typing import Final

from fix.session import Role
from oms.clock import Clock

LOGON_WAIT_S: Final = 5.0
"""A connection that has not logged on by then is cut."""

_LOOK_EVERY_S: Final = 0.5


class Strangers:
    """Watches the sessions that are not logged on."""

    def __init__(self, role: Role, clock: Clock, sessions: Iterable[str], wait_s: float) -> None:
        self._role = role
        self._clock = clock
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._expected: dict[str, int | None] = dict.fromkeys(sessions)
        self._held_since: dict[str, float] = {}
        self._ending = threading.Event()

    def start(self) -> None:
        """Begin to watch."""
        for session in self._expected:
            self.away(session)
        threading.Thread(target=self._watch, name="strangers", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        self._ending.set()

    def away(self, session: str) -> None:
        """The desk is not logged on; its numbers stay what they are now."""
        with self._lock:
            self._expected[session] = self._role.next_numbers(session)[0]

    def present(self, session: str) -> None:
        """The desk proved who it is; its numbers go on."""
        with self._lock:
            self._expected[session] = None

    def _watch(self) -> None:
        while not self._ending.wait(_LOOK_EVERY_S):
            for session in self._expected:
                self._look(session)

    def _look(self, session: str) -> None:
        with self._lock:
            expected = self._expected[session]
            if expected is None:
                self._held_since.pop(session, None)
                return
            # Too low a number heals itself: the desk is asked to send again. One too high
            # would make quickfix refuse the desk.
            if self._role.next_numbers(session)[0] > expected:
                self._role.set_next_in(session, expected)
        if not self._role.is_taken(session):
            self._held_since.pop(session, None)
            return
        now = self._clock.monotonic()
        if now - self._held_since.setdefault(session, now) >= self._wait_s:
            del self._held_since[session]
            self._role.cut(session)
