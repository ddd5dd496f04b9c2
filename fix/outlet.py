"""Reports to one desk: each once, in the order of their numbers, however often the desk is away.

The journal holds every report; a session in good order is fed from memory, and one that was away
or too slow from the journal, so that memory is bounded. What the desk has provably received is
noted too: it is not told again when the session begins anew or its files are lost.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from fix import tags
from fix.wire import Fields
from oms.clock import Clock
from oms.core.messages import News
from oms.core.notes import Delivered, Quarantined, SessionReset, WentBack
from oms.core.ports import DeskReport, Evidence, FromDesk, Inbound, Post
from oms.core.sessions import Session
from oms.worker import Workers, threads

_log = logging.getLogger(__name__)

Backlog = Callable[[str, int], Iterable[tuple[int, DeskReport]]]
"""backlog(origin, since): the committed reports of an origin after number `since`, in order."""

WAITING_MAX: Final = 1_000
"""Reports in memory for one desk; what is more is read from the journal."""

NOTE_EVERY: Final = 200
NOTE_AFTER_S: Final = 0.5
"""Reports handed over, and seconds, until the journal is told how far the desk is."""

NUMBERS_EVERY: Final = 1_000
"""MsgSeqNums used without a report until the journal is told of them."""

IDLE_S: Final = 5.0
"""Seconds between two looks at the numbers of a session that is told nothing."""

PROVE_AFTER_S: Final = 5.0
"""Seconds until a desk is asked, by a TestRequest, whether it has what it was told."""

PROVE_LOGON_S: Final = 2.0
"""Seconds until a desk that has logged on is asked about what it was told before."""

HOLD_S: Final = 3.0
"""Seconds for which a desk whose files were lost may say what it misses, before it is told more."""

_MARKS_MAX: Final = 1_000

_RETRY_S: Final = 1.0
_PAUSE_S: Final = 0.05
"""Between a session's end and quickfix's word of it."""

_SEEN: Final = "SEEN "
"""Begins the TestReqID (112) of our own questions; the number of a report follows."""


class Sender(Protocol):
    """What an outlet needs of fix.session.Role."""

    def send(self, session: str, fields: Fields) -> bool:
        """Hand over a message; False if the session is down."""

    def next_numbers(self, session: str) -> tuple[int, int]:
        """The next MsgSeqNum of the peer, and ours."""


def written(
    encode: Callable[[DeskReport], Fields], report: DeskReport
) -> tuple[Fields, Exception | None]:
    """The fields of a report; of one that can not be written, of the news that it is missing."""
    try:
        return encode(report), None
    except Exception as error:  # noqa: BLE001  one report must not silence a desk
        missing = News(headline="a report is missing here", text="ask for the state of your orders")
        return encode(missing), error


class Outlet:
    """A desk's DeskGateway: a bounded queue and the one worker that hands over to quickfix."""

    def __init__(
        self,
        origin: str,
        session: str,
        role: Sender,
        encode: Callable[[DeskReport], Fields],
        backlog: Backlog,
        post: Post,
        clock: Clock,
        prove_after_s: float = PROVE_AFTER_S,
        workers: Workers = threads,
    ) -> None:
        """`place` says where to go on."""
        self._prove_after_s = prove_after_s
        self.origin = origin
        self.handed = 0
        self.seen = 0
        self._repeat_to = 0
        self._session = session
        self._role = role
        self._encode = encode
        self._backlog = backlog
        self._post = post
        self._clock = clock
        self._lock = threading.RLock()
        self._pause_s = 0.0
        self._waiting: deque[tuple[int, DeskReport]] = deque()
        self._behind = False
        self._logged_on = False
        self._stopping = False
        self._unsure = False
        self._begun = False
        self._held_until = 0.0
        self._asked: int | None = None
        self._prove_due = 0.0
        self._noted = (0, 0, 0)
        self._note_due = 0.0
        self._marks: deque[tuple[int, int]] = deque(maxlen=_MARKS_MAX)
        self._handing = threading.Lock()
        self._worker = workers.worker(f"outlet {origin}", self._step)

    # Where it goes on

    def place(self, position: Session, handed: int) -> None:
        """Go on after report `handed`; `position` is the journal's."""
        self.handed, self.seen = handed, position.seen
        self._repeat_to = position.repeat_to
        self._noted = (position.delivered, position.seen, position.msg_seq_num_out)
        self._marks.append((position.delivered, position.msg_seq_num_out))
        # Files that the journal knows nothing of could not be told from lost ones.
        self._begun = position.stored_from > 0

    def start(self) -> None:
        """Begin to hand over, once the desk is there."""
        self._worker.start()
        self.note()

    def go_back(self, msg_seq_num: int, repeat_to: int, text: str) -> None:
        """What the session had stored is lost: go on after what the desk provably has.

        MsgSeqNums up to `msg_seq_num` may have been used, reports up to `repeat_to` been told.
        """
        self.handed, self._unsure = self.seen, True
        self.repeat(msg_seq_num, repeat_to, text, lost=True)

    def repeat(self, msg_seq_num: int, repeat_to: int, text: str, *, lost: bool = False) -> None:
        """What is handed over from here on may have been told before, up to report `repeat_to`."""
        with self._handing:
            self._repeat_to = max(self._repeat_to, repeat_to)
            self._noted = (self.handed, self.seen, msg_seq_num)
            self._begun = True
            self._tell(
                WentBack(
                    origin=self.origin,
                    number=self.handed,
                    repeat_to=self._repeat_to,
                    msg_seq_num=msg_seq_num,
                    lost=lost,
                    text=text,
                )
            )

    def reset(self, repeat_to: int = 0) -> None:
        """The desk starts anew at MsgSeqNum 1; what it has not provably seen is told again.

        `repeat_to`: reports up to there may have been told, beside those that were handed over.
        """
        with self._handing:
            self._repeat_to = max(self._repeat_to, self.handed, repeat_to)
            self.handed = self.seen
            self._noted = (self.handed, self.seen, 0)
            self._marks.clear()
            self._tell(
                SessionReset(origin=self.origin, number=self.handed, repeat_to=self._repeat_to)
            )
            self._begun = True
            # Nothing is told before the Logon is answered.
            self._logged_on, self._unsure = False, False
        with self._lock:
            self._waiting.clear()
            self._worker.wake()

    # What the session and the writer tell

    def send(self, number: int, report: DeskReport) -> None:
        """Take over a committed report, the `number`-th of this origin. Never blocks or raises."""
        with self._lock:
            if self._logged_on and not self._behind and len(self._waiting) < WAITING_MAX:
                self._waiting.append((number, report))
            else:
                self._behind = True
            self._worker.wake()

    def open(self) -> None:
        """The desk has logged on."""
        with self._lock:
            now = self._clock.monotonic()
            self._logged_on = self._behind = True
            self._asked = None
            self._held_until = now + HOLD_S if self._unsure else 0.0
            # What it was told before may have been lost on the way: its first words tell most.
            self._prove_due = now if self._unsure else now + PROVE_LOGON_S
            self._waiting.clear()
            self._worker.wake()

    def close(self) -> None:
        """The desk is gone."""
        with self._lock:
            self._logged_on = False
            self._waiting.clear()
            self._worker.wake()

    def missed(self, begin_seq_no: int) -> None:
        """The desk asks for our messages from that MsgSeqNum on, so it has all before it."""
        with self._lock:
            has = [number for number, last in self._marks if last < begin_seq_no]
            self.seen = max([self.seen, *has])
            # An answer that overtakes what is sent again would prove nothing.
            self._asked = None
            self._sure()

    def answered(self, test_req_id: str) -> None:
        """A Heartbeat that answers a TestRequest: all that was told before it has come."""
        with self._lock:
            if self._asked is not None and test_req_id == f"{_SEEN}{self._asked}":
                self.seen = max(self.seen, self._asked)
                self._asked = None
                self._sure()

    def _sure(self) -> None:
        """Where the desk is, is known now, as well as it ever will be."""
        if self._unsure:
            self._unsure, self._held_until = False, 0.0
            self.handed = max(self.handed, self.seen)
        self._worker.wake()

    def stop(self) -> None:
        """Hand over nothing more; back when nothing is under way and the journal was told."""
        with self._lock:
            self._stopping = True
        if self._worker.stop(_RETRY_S):
            self.note()

    def note(self) -> None:
        """Tell the journal how far the desk is, if it does not know."""
        with self._handing:
            # Nothing is handed over just now, so this is not before the MsgSeqNum of the last
            # report and before that of the next.
            last = self._last_number()
            if not self._is_news() and not self._drifted(last):
                return
            seen = min(self.seen, self.handed)
            self._noted = (self.handed, seen, last)
            self._marks.append((self.handed, last))
            self._begun = True
            self._tell(
                Delivered(origin=self.origin, number=self.handed, msg_seq_num=last, seen=seen)
            )

    def _is_news(self) -> bool:
        return self._noted[:2] != (self.handed, min(self.seen, self.handed))

    def _drifted(self, last: int) -> bool:
        return last >= self._noted[2] + NUMBERS_EVERY or not self._begun

    def _last_number(self) -> int:
        return self._role.next_numbers(self._session)[1] - 1

    def _tell(self, message: FromDesk | Quarantined) -> None:
        self._post(Inbound(source=self.origin, message=message, evidence=Evidence.POLICY))

    # The worker

    def _step(self) -> float | None:
        self._pause_s = 0.0
        try:
            for number, report in self._next():
                if not self._hand_over(number, report):
                    break
            self._attend()
            if self._drifted(self._last_number()):
                self.note()
        except Exception:  # noqa: BLE001  a mistake must not silence a desk
            _log.exception("reports to %s can not be handed over; trying again", self.origin)
            self._fall_behind(_RETRY_S)
        return self._pause_s or self._patience_s()

    def _next(self) -> Iterable[tuple[int, DeskReport]]:
        """What to hand over now."""
        with self._lock:
            if self._stopping or not self._has_work():
                return ()
            if self._behind:
                self._behind = False
                self._waiting.clear()
                return self._missed()
            batch, self._waiting = self._waiting, deque()
            return batch

    def _has_work(self) -> bool:
        if self._held_until and self._clock.monotonic() >= self._held_until:
            self._sure()
        return self._logged_on and not self._held_until and (self._behind or bool(self._waiting))

    def _patience_s(self) -> float | None:
        """Seconds until something is due, if nothing wakes it before."""
        with self._lock:
            if self._has_work():
                return 0.0
        dues = [due for due in (self._note_due, self._prove_due, self._held_until) if due]
        idle_s = IDLE_S if self._logged_on else None
        return max(0.0, min(dues) - self._clock.monotonic()) if dues else idle_s

    def _missed(self) -> Iterable[tuple[int, DeskReport]]:
        found = 0
        try:
            for numbered in self._backlog(self.origin, self.handed):
                found += 1
                yield numbered
        except Exception:  # noqa: BLE001  the store's trouble must not end the desk's thread
            _log.exception("the reports of %s cannot be read; trying again", self.origin)
            self._fall_behind(_RETRY_S)
        with self._lock:
            # There may be more than one reading gives.
            self._behind = self._behind or (found > 0 and not self._waiting)

    def _hand_over(self, number: int, report: DeskReport) -> bool:
        """Whether to go on with the next one."""
        if number <= self.handed:
            return True
        fields = self._fields(number, report)
        with self._handing:
            # Read again: a reset may have gone back meanwhile.
            following = number == self.handed + 1 and self._logged_on
            if following and not self._stopping and self._role.send(self._session, fields):
                self.handed = number
        if self.handed != number:
            self._fall_behind(_PAUSE_S if following else 0.0)
            return False
        self._attend()
        return True

    def _fields(self, number: int, report: DeskReport) -> Fields:
        fields, error = written(self._encode, report)
        if error is not None:
            # The desk hears that something is missing, and people hear what.
            _log.error("report %d to %s can not be written", number, self.origin, exc_info=error)
            text = f"report {number} to {self.origin} could not be written: {error!r}"
            self._tell(Quarantined(reason="unwritable report", text=text))
        if number <= self._repeat_to:
            fields.insert(1, (tags.POSS_RESEND, "Y"))
        return fields

    def _fall_behind(self, pause_s: float = 0.0) -> None:
        with self._lock:
            self._behind, self._pause_s = True, max(self._pause_s, pause_s)

    def _attend(self) -> None:
        """Tell the journal, and ask the desk, now and then."""
        now = self._clock.monotonic()
        self._note_if_due(now)
        self._ask_if_due(now)

    def _note_if_due(self, now: float) -> None:
        """While reports flow; at once when the desk is gone."""
        if not self._is_news():
            self._note_due = 0.0
            return
        self._note_due = self._note_due or now + NOTE_AFTER_S
        many = self.handed - self._noted[0] >= NOTE_EVERY
        if many or now >= self._note_due or not self._logged_on:
            self.note()
            self._note_due = 0.0

    def _ask_if_due(self, now: float) -> None:
        """While it is not proved that the desk has all it was told; one question at a time."""
        unproven = self._unsure or self.handed > self.seen
        if not unproven or not self._logged_on or self._asked is not None:
            self._prove_due = 0.0
            return
        self._prove_due = self._prove_due or now + self._prove_after_s
        if now >= self._prove_due:
            self._prove_due = 0.0
            self._ask_desk()

    def _ask_desk(self) -> None:
        with self._handing:
            if not self._logged_on:
                return  # a reset, whose Logon is not answered yet
            question = (tags.TEST_REQ_ID, f"{_SEEN}{self.handed}")
            self._asked = self.handed
            if not self._role.send(self._session, [(tags.MSG_TYPE, "1"), question]):
                self._asked = None
