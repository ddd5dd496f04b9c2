"""The FIX sides of one engine: started, watched, replaced when a thread of theirs is dead, ended.

quickfix's threads can die while their sessions stay connected, and nothing tells of it. Such a side
is taken down, destroyed and built anew from the journal. Where its threads do not even end, it can
not be destroyed, and quickfix crashes on two objects of one session: then the process is at its end.
"""

import threading
from collections.abc import Callable
from typing import Final, Protocol

from fix.session import SessionStatus, Stuck
from oms.log import room
from oms.worker import Workers, threads

_LOOK_EVERY_S: Final = 1.0
_SETTLE_S: Final = 10.0

RESTARTING: Final = "the session is restarted"

_log = room("sides")


class Side(Protocol):
    """Some FIX sessions of one kind."""

    def start(self) -> None:
        """Begin. Raises ConfigError."""

    def stop(self, text: str = ...) -> None:
        """Log out."""

    def drop(self) -> None:
        """Destroy quickfix's objects. Raises Stuck."""

    def troubles(self) -> list[str]:
        """What says that a thread of it is dead."""

    def sessions_status(self) -> list[SessionStatus]:
        """Its sessions."""


class Sides:
    """All of them, by name."""

    def __init__(
        self,
        swapped: Callable[[], None],
        settle: Callable[[float], bool],
        given_up: Callable[[Stuck], None],
        workers: Workers = threads,
    ) -> None:
        """`swapped()` connects a side that was built anew; `settle(seconds)` has everything
        decided that was posted; `given_up(error)` is told of one that can not be replaced."""
        self.now: dict[str, Side] = {}
        self._begun: list[str] = []
        self._made: dict[str, Callable[[], Side]] = {}
        self._restarts: dict[str, tuple[int, str]] = {}
        self._swapped = swapped
        self._settle = settle
        self._given_up = given_up
        self._suspected: dict[str, list[str]] = {}
        self._moving = threading.Lock()
        self._ending = False
        self._workers = workers
        self._worker = workers.worker("sides", self._step)

    def add(self, name: str, make: Callable[[], Side]) -> Side:
        """Build a side, now and whenever it is to be replaced."""
        self._made[name] = make
        self.now[name] = side = make()
        return side

    def start(self) -> None:
        """Start all, in the order they were added, and watch them. Raises ConfigError."""
        for name, side in self.now.items():
            self._begun.append(name)
            side.start()
        if self._begun:
            self._worker.start(_LOOK_EVERY_S)

    def stop(self) -> None:
        """Log all out at once: each waits for its peers' answers, and a stop must not take long."""
        self._ending = True
        self._worker.stop()
        with self._moving:
            self._workers.all_at_once([self.now[name].stop for name in self._begun])

    def drop(self) -> None:
        """Destroy all. Raises Stuck, when the others are destroyed, for one that can not be."""
        stuck: Stuck | None = None
        for side in self.now.values():
            try:
                side.drop()
            except Stuck as error:
                stuck = error
        if stuck is not None:
            raise stuck

    def sessions_status(self) -> list[SessionStatus]:
        """Every session, and how often its side was replaced."""
        found = []
        for name, side in list(self.now.items()):
            times, why = self._restarts.get(name, (0, ""))
            for status in side.sessions_status():
                if times:
                    told = f"{status.text}; restarted {times} times, last: {why}"
                    status = status.with_text(told)
                found.append(status)
        return found

    def look(self) -> None:
        """Replace what is dead: what was in the same trouble the last time too."""
        for name, side in list(self.now.items()):
            troubles = side.troubles()
            before = self._suspected.get(name, [])
            self._suspected[name] = troubles
            lasting = [trouble for trouble in troubles if trouble in before]
            if lasting:
                self._replace(name, side, lasting[0])

    def _step(self) -> float | None:
        try:
            self.look()
        except Stuck as error:
            self._given_up(error)
            return None
        except Exception as fault:  # noqa: BLE001  a watch that fails is to go on watching
            _log.exception("the FIX sides could not be looked after", fault)
        return _LOOK_EVERY_S

    def _replace(self, name: str, side: Side, why: str) -> None:
        with self._moving:
            if self._ending:
                return
            _log.error("a FIX side is dead and built anew", side=name, why=why)
            times, _ = self._restarts.get(name, (0, ""))
            self._restarts[name] = times + 1, why
            self._suspected.pop(name, None)
            side.stop(RESTARTING)
            side.drop()
            # What it handed over before it died must be in the journal: the new one goes on from
            # there, and would have it sent again.
            if not self._settle(_SETTLE_S):
                raise Stuck(f"{name}: what it posted was not decided in {_SETTLE_S:g} s")
            try:
                self.now[name] = anew = self._made[name]()
                self._swapped()
                anew.start()
            except Exception as fault:
                # Nobody would look after it again: what never began is in no trouble.
                raise Stuck(f"{name}: it can not be built anew: {fault}") from fault
