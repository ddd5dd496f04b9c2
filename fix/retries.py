"""When a role's sessions with venues are tried again: quickfix tries every second what it may."""

import logging
import threading
from collections.abc import Callable, Collection
from typing import Final

from fix.link import Link
from fix.session import Role
from fix.transport import SessionConfig
from oms.clock import Clock
from oms.worker import Workers, threads

EVERY_SECOND: Final = {"RECONNECTINTERVAL": "1"}
"""quickfix knows one interval for all sessions and never lets it grow: how long a session waits is
said here."""

_LOOK_EVERY_S: Final = 1.0

_log = logging.getLogger(__name__)


def eager(config: SessionConfig) -> SessionConfig:
    """The session as quickfix is to have it."""
    return SessionConfig({**config.settings, **EVERY_SECOND})


class Retries:
    """Holds back sessions whose wait is not over, and says why none comes about."""

    def __init__(
        self,
        name: str,
        role: Role,
        links: Collection[Link],
        moving: "threading.Lock | threading.RLock",
        unreachable: Callable[[str], None],
        clock: Clock,
        workers: Workers = threads,
    ) -> None:
        """`moving` is held while links move; `unreachable(text)` is told, under it, of a link that
        does not come up and why."""
        self._name = name
        self._role = role
        self._links = links
        self._moving = moving
        self._unreachable = unreachable
        self._clock = clock
        self._worker = workers.worker(f"{name} retries", self._step)
        self.ending = False
        """Whether it was stopped."""

    def start(self) -> None:
        """Begin to look."""
        for link in self._links:
            link.tried = self._clock.monotonic()
        self._worker.start(_LOOK_EVERY_S)

    def stop(self) -> None:
        """Try nothing any more."""
        self.ending = True
        self._worker.stop()

    def moved(self, link: Link) -> None:
        """The link went up or down: it waits now, or not."""
        if self.ending:
            return
        if link.back_off.waits:
            self._role.hold(link.config.name)
        else:
            self._role.release(link.config.name)

    def look(self) -> None:
        """Let go what has waited long enough; find out why a link does not come up: where no
        connection begins, quickfix says nothing."""
        for link in self._links:
            if link.back_off.due() and not self.ending:
                link.tried = self._clock.monotonic()
                self._role.release(link.config.name)
            elif self._is_idle(link):
                link.logging_on = False
                self._explain(link)

    def _step(self) -> float:
        try:
            self._role.ask_again()
            self.look()
        except Exception:  # noqa: BLE001  without this no session is ever tried again
            _log.exception("%s: the sessions could not be looked after", self._name)
        return _LOOK_EVERY_S

    def _is_idle(self, link: Link) -> bool:
        waited = self._clock.monotonic() - link.tried
        return not link.up and not link.back_off.waits and waited > link.patience_s

    def _explain(self, link: Link) -> None:
        text = f"{link.config.name}: {self._role.refusal(link.config.name)}"
        with self._moving:
            # Finding out takes seconds, in which the link may have come up, or be about to: a
            # session that is held takes no answer to its Logon.
            if link.up or link.logging_on:
                return
            link.back_off.refused()
            self.moved(link)
            if text != link.text:
                link.text = text
                self._unreachable(text)
