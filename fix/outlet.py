"""Reports to one desk: each once, in the order of their numbers, however often the desk is away.

The journal holds every report; a session in good order is fed from memory, and one that was away
or too slow from the journal, so that memory is bounded.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from fix.wire import Fields
from oms.clock import Clock
from oms.core.notes import Delivered, SessionReset
from oms.core.ports import DeskReport, Evidence, Inbound, Post

_log = logging.getLogger(__name__)

Backlog = Callable[[str, int], Iterable[tuple[int, DeskReport]]]
"""backlog(origin, since): the committed reports of an origin after number `since`, in order."""

WAITING_MAX: Final = 1_000
"""Reports in memory for one desk; what is more is read from the journal."""

NOTE_EVERY: Final = 200
NOTE_AFTER_S: Final = 0.5
"""Reports handed over, and seconds, until the journal is told how far the desk is."""

_RETRY_S: Final = 1.0
_PAUSE_S: Final = 0.05
"""Between a session's end and quickfix's word of it."""


class Sender(Protocol):
    """What an outlet needs of fix.session.Role."""

    def send(self, session: str, fields: Fields) -> bool:
        """Hand over a message; False if the session is down."""

    def next_numbers(self, session: str) -> tuple[int, int]:
        """The next MsgSeqNum of the peer, and ours."""


class Outlet:
    """A desk's DeskGateway: a bounded queue and the one thread that hands over to quickfix."""

    def __init__(
        self,
        origin: str,
        session: str,
        role: Sender,
        encode: Callable[[DeskReport], Fields],
        backlog: Backlog,
        post: Post,
        clock: Clock,
    ) -> None:
        """`start` says where to go on."""
        self.origin = origin
        self.handed = 0
        self._session = session
        self._role = role
        self._encode = encode
        self._backlog = backlog
        self._post = post
        self._clock = clock
        self._wake = threading.Condition()
        self._waiting: deque[tuple[int, DeskReport]] = deque()
        self._behind = False
        self._logged_on = False
        self._stopping = False
        self._noted = 0
        self._note_due = 0.0
        self._handing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"outlet {origin}", daemon=True)

    def start(self, handed: int) -> None:
        """Go on after report `handed`."""
        self.handed = self._noted = handed
        self._thread.start()

    def send(self, number: int, report: DeskReport) -> None:
        """Take over a committed report, the `number`-th of this origin. Never blocks or raises."""
        with self._wake:
            if self._logged_on and not self._behind and len(self._waiting) < WAITING_MAX:
                self._waiting.append((number, report))
            else:
                self._behind = True
            self._wake.notify()

    def open(self) -> None:
        """The desk has logged on."""
        with self._wake:
            self._logged_on = self._behind = True
            self._waiting.clear()
            self._wake.notify()

    def close(self) -> None:
        """The desk is gone."""
        with self._wake:
            self._logged_on = False
            self._waiting.clear()
            self._wake.notify()

    def reset(self) -> None:
        """The desk starts anew at MsgSeqNum 1; what it was handed stays handed."""
        self.note()
        message = SessionReset(origin=self.origin)
        self._post(Inbound(source=self.origin, message=message, evidence=Evidence.DESK))

    def stop(self) -> None:
        """Hand over nothing more; back when the thread has ended and the journal was told."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(_RETRY_S)
        if not self._thread.is_alive():
            self.note()

    def note(self) -> None:
        """Tell the journal how far the desk is, if it does not know."""
        with self._handing:
            if self.handed == self._noted:
                return
            self._noted = self.handed
            # Nothing is handed over just now, so this is not before the MsgSeqNum of the last
            # report and before that of the next.
            last = self._role.next_numbers(self._session)[1] - 1
            message = Delivered(origin=self.origin, number=self._noted, msg_seq_num=last)
            self._post(Inbound(source=self.origin, message=message, evidence=Evidence.POLICY))

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            for number, report in batch:
                if not self._hand_over(number, report):
                    break
            self._note_if_due()

    def _next(self) -> Iterable[tuple[int, DeskReport]] | None:
        """What to hand over now; waits for it. None at the end."""
        with self._wake:
            while not self._stopping:
                if self._logged_on and self._behind:
                    self._behind = False
                    self._waiting.clear()
                    return self._missed()
                if self._logged_on and self._waiting:
                    batch, self._waiting = self._waiting, deque()
                    return batch
                unnoted = self.handed != self._noted
                if unnoted and not self._logged_on:
                    return ()
                if not self._wake.wait(NOTE_AFTER_S if unnoted else None) or unnoted:
                    return ()
            return None

    def _missed(self) -> Iterable[tuple[int, DeskReport]]:
        found = 0
        try:
            for numbered in self._backlog(self.origin, self.handed):
                found += 1
                yield numbered
        except Exception:  # noqa: BLE001  the store's trouble must not end the desk's thread
            _log.exception("the reports of %s cannot be read; trying again", self.origin)
            self._fall_behind(_RETRY_S)
        with self._wake:
            # There may be more than one reading gives.
            self._behind = self._behind or (found > 0 and not self._waiting)

    def _hand_over(self, number: int, report: DeskReport) -> bool:
        """Whether to go on with the next one."""
        if number <= self.handed:
            return True
        if number > self.handed + 1:
            self._fall_behind()
            return False
        fields = self._encode(report)
        with self._handing:
            if not self._stopping and self._role.send(self._session, fields):
                self.handed = number
        if self.handed != number:
            self._fall_behind(_PAUSE_S)
            return False
        self._note_if_due()
        return True

    def _fall_behind(self, pause_s: float = 0.0) -> None:
        with self._wake:
            self._behind = True
            if pause_s and not self._stopping:
                self._wake.wait(pause_s)

    def _note_if_due(self) -> None:
        """Now and then while reports flow, and at once when the desk is gone."""
        unnoted = self.handed - self._noted
        now = self._clock.monotonic()
        if unnoted and not self._note_due:
            self._note_due = now + NOTE_AFTER_S
        if unnoted and (unnoted >= NOTE_EVERY or now >= self._note_due or not self._logged_on):
            self.note()
        if self.handed == self._noted:
            self._note_due = 0.0
