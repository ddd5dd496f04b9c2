"""One session with Apifiny: what was sent on it, and what of that is still unanswered.

Apifiny's sessions begin anew at every logon, so nothing here outlives a connection.
"""

import threading
from collections import Counter, OrderedDict
from concurrent.futures import Future
from datetime import datetime
from typing import Final

from fix.apifiny import denies
from fix.backoff import BackOff
from fix.departures import Departures
from fix.transport import SessionConfig
from oms.clock import Clock
from oms.core.errors import VenueUnavailable
from oms.core.messages import ExecutionReport
from oms.core.ports import LinkWord

SENT_MAX: Final = 10_000
"""Requests remembered by MsgSeqNum, for a Reject that names nothing else."""

PATIENCE_S: Final = 3.0
"""How long a connection may take to begin. quickfix tries every second and says nothing of it."""

_LOGON_TIMEOUT_S: Final = "10"
"""quickfix's LogonTimeout: for so long an answer to a Logon is waited for, and then it tells."""

CLOCKS_APART_S: Final = 5.0
"""Clocks that differ by more are a likely reason for a token that is not accepted."""


class Link:
    """An endpoint of the venue's: for one exchange (SessionQualifier), or for all others."""

    def __init__(self, config: SessionConfig, departures: Departures, clock: Clock) -> None:
        """ReconnectInterval is how long the first wait for another try is."""
        self.config = config
        self.departures = departures
        self.back_off = BackOff(float(config.settings.get("RECONNECTINTERVAL", "30")), clock)
        self.up = False
        self.text = "not connected yet"
        self.tried = 0.0
        """When a connection was last known to be tried, seconds of Clock.monotonic."""
        self.logging_on = False
        """Whether our Logon is out and its answer waited for."""
        self._clock = clock
        self._said = ""
        self._alarms = 0
        self._alarm = ""
        self._lock = threading.Lock()
        self._sent: OrderedDict[int, tuple[str, str]] = OrderedDict()
        self._forgot_sent = False
        self._logons = 0
        self._asked: Counter[str] = Counter()
        self._ids_asked: dict[str, str] = {}
        self._awaited: dict[str, Future[LinkWord]] = {}

    def status_text(self) -> str:
        """How the session stands, for people: since when, the next try, what was lost on it."""
        text = self.text
        back_off = self.back_off
        if not self.up and back_off.since is not None:
            text += f"; {back_off.count} times since {_at(back_off.since)}"
            if back_off.next_try is not None:
                text += f", next try at {_at(back_off.next_try)}"
        return f"{text}; ALARM ({self._alarms}): {self._alarm}" if self._alarms else text

    def alarm(self, text: str) -> None:
        """A message of the venue's was lost here: to be seen for as long as the engine runs."""
        self._alarms += 1
        self._alarm = f"{text}, at {_at(self._clock.now())}"

    @property
    def patience_s(self) -> float:
        """How long the next word of the session may take."""
        answer_s = float(self.config.settings.get("LOGONTIMEOUT", _LOGON_TIMEOUT_S))
        return PATIENCE_S + answer_s if self.logging_on else PATIENCE_S

    def asks(self) -> None:
        """Our Logon leaves."""
        self.logging_on, self.tried = True, self._clock.monotonic()

    def opened(self) -> None:
        """Logged on."""
        with self._lock:
            self._sent.clear()
            self._forgot_sent = False
            self._logons += 1
            self._forget_asked()
            self._said = ""
        self.up, self.text, self.logging_on = True, "logged on", False
        self.back_off.opened()

    def lost(self) -> str:
        """The session is down, or its Logon led to nothing; why, in words."""
        if self.up:
            self.back_off.lost()
        else:
            self.back_off.refused()
        what = "the session was lost" if self.up else "the logon was not answered"
        if self._said:
            what = "logged out by the venue" if self.up else "the logon was refused"
            what = f"{what}: {self._said}"
        with self._lock:
            self._forget_asked()
            self._said = ""
        self.up = self.logging_on = False
        self.tried = self._clock.monotonic()
        self.text = f"{self.config.name}: {what}"
        return self.text

    def said(self, text: str, sent: datetime | None = None) -> None:
        """The venue's Logout came with that text, sent when its own clock showed that."""
        apart = 0.0 if sent is None else (sent - self._clock.now()).total_seconds()
        self._said = text or "without a word"
        if abs(apart) >= CLOCKS_APART_S:
            side = "ahead of" if apart > 0 else "behind"
            self._said += f" (its clock is {abs(apart):.0f} s {side} ours)"

    def sent(self, number: int, msg_type: str, cl_ord_id: str, order_id: str) -> None:
        """A request left under that MsgSeqNum; the order by our id, and by the venue's if known."""
        with self._lock:
            self._sent[number] = msg_type, cl_ord_id
            if len(self._sent) > SENT_MAX:
                self._sent.popitem(last=False)
                self._forgot_sent = True
            if msg_type == "H":
                self._asked[cl_ord_id] += 1
                self._ids_asked[cl_ord_id] = order_id

    def refused(self, number: int) -> tuple[str, str]:
        """MsgType and our id of the order of a request that the venue rejected, else ""."""
        with self._lock:
            msg_type, cl_ord_id = self._sent.get(number, ("", ""))
            if msg_type == "H":
                self._answered(cl_ord_id)
                self._fail(cl_ord_id, "the status request was rejected")
        return msg_type, cl_ord_id

    def awaits(self, cl_ord_id: str) -> "Future[LinkWord]":
        """The answer to the next status request about the order. Fails with VenueUnavailable."""
        with self._lock:
            answer = self._awaited.get(cl_ord_id)
            if answer is None or answer.cancelled():  # whoever asked before has given up
                self._awaited[cl_ord_id] = answer = Future()
            return answer

    def unasked(self, cl_ord_id: str, why: str) -> None:
        """A status request about the order does not leave."""
        with self._lock:
            self._fail(cl_ord_id, why)

    def answers(self, report: ExecutionReport) -> bool:
        """Whether a report is the answer to a status request.

        The dialect gives an answer no mark. What names the order by the id that the request
        named is the answer; a report that names it by the venue's id alone, as the document
        says that fills do, is one if nothing was executed in it.
        """
        with self._lock:
            name = report.cl_ord_id or self._named(report)
            if not name or not self._answered(name):
                return False
            self._settle(name, known=not denies(report))
        return True

    def _named(self, report: ExecutionReport) -> str:
        """By which id of ours an order was asked for that the report calls by the venue's."""
        if report.last_shares or not report.order_id:
            return ""
        asked = self._ids_asked.items()
        return next((name for name, theirs in asked if theirs == report.order_id), "")

    def _settle(self, name: str, *, known: bool) -> None:
        awaited = self._awaited.pop(name, None)
        if awaited is not None and awaited.set_running_or_notify_cancel():
            sent = self._forgot_sent or ("D", name) in self._sent.values()
            awaited.set_result(LinkWord(known=known, logon=self._logons, sent_in_it=sent))

    def _fail(self, name: str, why: str) -> None:
        awaited = self._awaited.pop(name, None)
        # Whoever waited may have given up: that must not keep the loss from being told.
        if awaited is not None and awaited.set_running_or_notify_cancel():
            awaited.set_exception(VenueUnavailable(why))

    def _answered(self, cl_ord_id: str) -> bool:
        if not self._asked[cl_ord_id]:
            del self._asked[cl_ord_id]
            return False
        self._asked[cl_ord_id] -= 1
        if not self._asked[cl_ord_id]:
            del self._asked[cl_ord_id], self._ids_asked[cl_ord_id]
        return True

    def _forget_asked(self) -> None:
        self._asked.clear()
        self._ids_asked.clear()
        for name in list(self._awaited):
            self._fail(name, "the session was lost")


def _at(time: datetime) -> str:
    return f"{time:%H:%M:%SZ}"
