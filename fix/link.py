"""One session with Apifiny: what was sent on it, and what of that is still unanswered.

Apifiny's sessions begin anew at every logon, so nothing here outlives a connection.
"""

import socket
import threading
from collections import OrderedDict
from contextlib import closing
from typing import Final

from fix.departures import Departures
from fix.transport import SessionConfig
from oms.core.messages import ExecutionReport

SENT_MAX: Final = 10_000
"""Requests remembered by MsgSeqNum, for a Reject that names nothing else."""

_PROBE_S: Final = 3.0


class Link:
    """An endpoint of the venue's: for one exchange (SessionQualifier), or for all others."""

    def __init__(self, config: SessionConfig, departures: Departures) -> None:
        self.config = config
        self.departures = departures
        self.up = False
        self.text = "not connected yet"
        self.tried = 0.0
        """When a connection was last known to be tried, seconds of Clock.monotonic."""
        self.explained = False
        """Whether it was said why there is no connection."""
        self._said = ""
        self._lock = threading.Lock()
        self._sent: OrderedDict[int, tuple[str, str]] = OrderedDict()
        self._asked: dict[str, str] = {}

    @property
    def patience_s(self) -> float:
        """How long quickfix may take to begin a connection."""
        return float(self.config.settings.get("RECONNECTINTERVAL", "30")) + 2

    def opened(self) -> None:
        """Logged on."""
        with self._lock:
            self._sent.clear()
            self._asked.clear()
            self._said = ""
        self.up, self.text = True, "logged on"

    def lost(self, now: float) -> str:
        """The session is down, or its Logon led to nothing; why, in words."""
        what = "the session was lost" if self.up else "the logon was not answered"
        if self._said:
            what = "logged out by the venue" if self.up else "the logon was refused"
            what = f"{what}: {self._said}"
        with self._lock:
            self._asked.clear()
            self._said = ""
        self.up, self.tried, self.explained = False, now, False
        self.text = f"{self.config.name}: {what}"
        return self.text

    def said(self, text: str) -> None:
        """The venue's Logout came with that text."""
        self._said = text or "without a word"

    def explain(self) -> str:
        """Why no connection comes about, found by trying once."""
        host = self.config.settings.get("SOCKETCONNECTHOST", "")
        port = self.config.settings.get("SOCKETCONNECTPORT", "")
        self.explained = True
        why = "it is not taken up"
        try:
            with closing(socket.create_connection((host, int(port)), timeout=_PROBE_S)):
                why = "it accepts connections and then nothing"
        except (OSError, ValueError) as error:
            why = str(error)
        return f"{self.config.name}: no connection to {host}:{port}: {why}"

    def sent(self, number: int, msg_type: str, cl_ord_id: str, order_id: str) -> None:
        """A request left under that MsgSeqNum; the order by our id, and by the venue's if known."""
        with self._lock:
            self._sent[number] = msg_type, cl_ord_id
            if len(self._sent) > SENT_MAX:
                self._sent.popitem(last=False)
            if msg_type == "H":
                self._asked[cl_ord_id] = order_id

    def refused(self, number: int) -> tuple[str, str]:
        """MsgType and our id of the order of a request that the venue rejected, else ""."""
        with self._lock:
            msg_type, cl_ord_id = self._sent.get(number, ("", ""))
            if msg_type == "H":
                self._asked.pop(cl_ord_id, None)
        return msg_type, cl_ord_id

    def answers(self, report: ExecutionReport) -> bool:
        """Whether a report is the answer to a status request.

        The dialect gives an answer no mark. What names the order by the id that the request
        named is the answer; a report that names it by the venue's id alone, as the document
        says that fills do, is one if nothing was executed in it.
        """
        with self._lock:
            if report.cl_ord_id:
                return self._asked.pop(report.cl_ord_id, None) is not None
            if report.last_shares:
                return False
            for name, order_id in self._asked.items():
                if order_id and order_id == report.order_id:
                    del self._asked[name]
                    return True
        return False
