"""Connections that do not log on: what they moved is put back, and they are cut.

quickfix counts a message that its dictionary refuses, whoever sent it, and leaves a connection
open for ever that never logs on; meanwhile the desk whose name it uses can not get in.
"""

import threading
from collections.abc import Iterable
from typing import Final

from fix.session import Role
from fix.sockets import Endpoint
from oms.clock import Clock
from oms.worker import Workers, threads

LOGON_WAIT_S: Final = 8.0
"""A connection that has not logged on by then is cut. quickfix itself lets one wait for 5 s until
the last connection of the same name has ended."""

_LOOK_EVERY_S: Final = 0.5


class Strangers:
    """Watches the sessions that are not logged on, and who connects to the acceptor."""

    def __init__(
        self,
        role: Role,
        clock: Clock,
        sessions: Iterable[str],
        wait_s: float,
        workers: Workers = threads,
    ) -> None:
        self._role = role
        self._clock = clock
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._expected: dict[str, int | None] = dict.fromkeys(sessions)
        self._since: dict[Endpoint, float] = {}
        self._worker = workers.worker("strangers", self._step)

    def start(self) -> None:
        """Begin to watch."""
        for session in self._expected:
            self.away(session)
        self._worker.start(_LOOK_EVERY_S)

    def stop(self) -> None:
        """Watch no more."""
        self._worker.stop()

    def away(self, session: str) -> None:
        """The desk is not logged on; its numbers stay what they are now."""
        with self._lock:
            self._expected[session] = self._role.next_numbers(session)[0]

    def present(self, session: str) -> None:
        """The desk proved who it is; its numbers go on."""
        with self._lock:
            self._expected[session] = None

    def _step(self) -> float:
        for session in self._expected:
            self._put_back(session)
        self._role.ask_again()
        self._cut_silent()
        return _LOOK_EVERY_S

    def _put_back(self, session: str) -> None:
        with self._lock:
            expected = self._expected[session]
            # Too low a number heals itself: the desk is asked to send again. One too high
            # would make quickfix refuse the desk.
            if expected is not None and self._role.next_numbers(session)[0] > expected:
                self._role.set_next_in(session, expected)

    def _cut_silent(self) -> None:
        """Whoever logged on was answered, so who was never answered has not logged on."""
        now = self._clock.monotonic()
        peers = self._role.unanswered()
        self._since = {peer: self._since.get(peer, now) for peer in peers}
        for peer, since in self._since.items():
            if now - since >= self._wait_s:
                self._role.cut(peer)
