"""Commits that outlast a passing trouble of the store: a lock, a full disk, a file made read-only.

The same changes are tried again while everything that comes in waits behind them. Nothing of them has
left the house, so that a wait loses nothing; only what may not be late is not sent when it is over.
A trouble that stays longer than the patience, or is of another kind, ends the engine, and a start
finds what was committed.
"""

import threading
from typing import Final

from oms.clock import Clock
from oms.core.book import Changes
from oms.core.errors import StoreUnavailable
from oms.log import room
from oms.writer import Commits

AGAIN_S: Final = 0.25
"""Between two attempts."""

_log = room("store")


class PatientCommits:
    """What the writer commits through. `commit` on its thread, the rest from any."""

    def __init__(
        self,
        store: Commits,
        clock: Clock,
        *,
        patience_s: float,
        again_s: float = AGAIN_S,
    ) -> None:
        """`patience_s`: how long a trouble may last; less than callers of the API wait for an
        answer, so that they hear the cause. Seconds are real ones: it is the machine's own."""
        self.trouble = ""
        """What keeps a commit waiting, and since when; "" while all is well."""
        self._store = store
        self._clock = clock
        self._patience_s = patience_s
        self._again_s = again_s
        self._hurried = threading.Event()

    def commit(self, changes: Changes) -> None:
        """As `Store.commit`, some time later if need be. Raises what lasted too long."""
        began = self._clock.monotonic()
        try:
            while not self._done(changes, began):
                self._hurried.wait(self._again_s)
        finally:
            self.trouble = ""

    def hurry(self) -> None:
        """The engine is stopping: no commit is tried again."""
        self._hurried.set()

    def _done(self, changes: Changes, began: float) -> bool:
        try:
            self._store.commit(changes)
        except StoreUnavailable as error:
            waited_s = self._clock.monotonic() - began
            if not error.passing or waited_s >= self._patience_s or self._hurried.is_set():
                raise
            if not self.trouble:
                self.trouble = f"{error}, since {self._clock.now():%H:%M:%S} UTC"
                _log.error("a commit waits", why=str(error), patience_s=self._patience_s)
            return False
        if self.trouble:
            waited_s = self._clock.monotonic() - began
            _log.warning("the commit came through", waited_s=round(waited_s, 1))
        return True
