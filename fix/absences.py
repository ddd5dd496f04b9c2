"""Desks whose orders are not to work without them: how long each has been away."""

import logging
import threading
from collections.abc import Mapping
from typing import Final

from oms.clock import Clock
from oms.core.notes import DeskAbsent
from oms.core.ports import Evidence, Inbound, Post
from oms.worker import Workers, threads

_log = logging.getLogger(__name__)

LONGEST_WAIT_S: Final = 3600.0


class Absences:
    """Tells the engine of a desk that was away for longer than its grace. Every desk is away at
    first: an engine that starts again does not know for how long it was."""

    def __init__(
        self, grace_s: Mapping[str, float], post: Post, clock: Clock, workers: Workers = threads
    ) -> None:
        """`grace_s`: the desks to watch, by CompID, and how many seconds each may be away."""
        self._grace_s = grace_s
        self._post = post
        self._clock = clock
        self._lock = threading.RLock()
        self._due: dict[str, float] = {}
        self._present: set[str] = set()
        self._ending = False
        self._worker = workers.worker("absences", self._step)

    def start(self) -> None:
        """Begin to count."""
        with self._lock:
            # Whoever was quicker than this is not away.
            for comp_id in self._grace_s.keys() - self._present:
                self.left(comp_id)
        if self._grace_s:
            self._worker.start()

    def stop(self) -> None:
        """Tell nothing more: it is the engine that leaves, not the desk."""
        with self._lock:
            self._ending = True
        self._worker.stop()

    def left(self, comp_id: str) -> None:
        """The desk is not logged on; however often that is said, it counts from the first time."""
        with self._lock:
            self._present.discard(comp_id)
            if comp_id in self._grace_s:
                until = self._clock.monotonic() + self._grace_s[comp_id]
                self._due.setdefault(comp_id, until)
                self._worker.wake()

    def back(self, comp_id: str) -> None:
        """The desk has logged on."""
        with self._lock:
            self._present.add(comp_id)
            self._due.pop(comp_id, None)

    def _step(self) -> float | None:
        with self._lock:
            if self._ending:
                return None
            now = self._clock.monotonic()
            for comp_id in [name for name, due in self._due.items() if due <= now]:
                # Told while nobody can come back: a desk that is back is not absent.
                self._tell(comp_id)
                self._due[comp_id] = now + LONGEST_WAIT_S
            return min((due - now for due in self._due.values()), default=None)

    def _tell(self, comp_id: str) -> None:
        text = f"cancelled on disconnect: {comp_id} was away for {self._grace_s[comp_id]:g} s"
        _log.warning("%s", text)
        note = DeskAbsent(origin=comp_id, text=text)
        self._post(Inbound(source=comp_id, message=note, evidence=Evidence.POLICY))
