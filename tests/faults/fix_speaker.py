"""A model session's numbers and flags, and what it sends: quickfix's Session.cpp in the small."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

import quickfix

from fix import tags
from fix.application import Application
from fix.transport import Kind, SessionConfig
from fix.wire import ADMIN_TYPES, Fields, utc_timestamp
from oms.clock import Clock, utc_of_us
from tests.faults.fix_store import Kept, Named, Telegram

LOGON_TIMEOUT_S: Final = 10.0
LOGOUT_TIMEOUT_S: Final = 2.0

_WHY: Final = {
    1: "Required tag missing",
    5: "Value is incorrect (out of range) for this tag",
    10: "SendingTime accuracy problem",
}
"""quickfix's words for a SessionRejectReason (373)."""

_ALWAYS_SENT: Final = frozenset("A524")
"""Leave though the session is not logged on."""


class Line(Protocol):
    """The near end of a connection."""

    def send(self, fields: Fields) -> None:
        """On its way; nobody says whether it arrives."""

    def close(self) -> None:
        """End it for both sides."""


class Speaker:
    """One session of a role, as far as it speaks."""

    def __init__(
        self,
        config: SessionConfig,
        kind: Kind,
        application: Application,
        kept: Kept,
        clock: Clock,
        freed: Callable[[], None],
    ) -> None:
        """`freed` is told when a connection of it is over."""
        self.config = config
        self.kept = kept
        self.line: Line | None = None
        self.enabled = True
        self.redundant = False
        self.logout_text = ""
        self.received_logon = self.sent_logon = self.sent_logout = False
        self._sent_reset = self._received_reset = False
        self._initiates = kind is Kind.INITIATOR
        self._application = application
        self._clock = clock
        self._freed = freed
        self._id = Named(config.name)
        settings = config.settings
        self._resets = {
            when
            for when in ("LOGON", "LOGOUT", "DISCONNECT")
            if settings.get(f"RESETON{when}") == "Y"
        }
        self._persists = settings.get("PERSISTMESSAGES", "Y") != "N"
        self._checks_latency = settings.get("CHECKLATENCY", "Y") != "N"
        self._heart_s = int(settings.get("HEARTBTINT", "0")) if self._initiates else 0
        self._logon_timeout_s = float(settings.get("LOGONTIMEOUT", LOGON_TIMEOUT_S))
        self._logout_timeout_s = float(settings.get("LOGOUTTIMEOUT", LOGOUT_TIMEOUT_S))
        self._queue: dict[int, Fields] = {}
        self._range = (0, 0)
        self._tests = 0
        self._last_out = self._last_in = self.now()

    def now(self) -> datetime:
        """quickfix reads the machine's clock itself, and goes by it wherever it is set."""
        return utc_of_us(self._clock.stamp_us())

    # What quickfix calls so

    def isLoggedOn(self) -> bool:
        """Whether both Logons were exchanged and the connection stands."""
        return self.received_logon and self.sent_logon

    def getExpectedTargetNum(self) -> int:
        """The MsgSeqNum expected from the peer."""
        return self.kept.box.next_in

    def getExpectedSenderNum(self) -> int:
        """The next of ours."""
        return self.kept.box.next_out

    def setNextTargetMsgSeqNum(self, num: int) -> None:
        """Expect that one next."""
        self.kept.box.next_in = num

    def setNextSenderMsgSeqNum(self, num: int) -> None:
        """Use that one next."""
        self.kept.box.next_out = num

    def setSendRedundantResendRequests(self, value: bool) -> None:
        """Whether a gap is asked for again at every message behind it."""
        self.redundant = value

    def logout(self, reason: str = "") -> None:
        """Wish to log out; `tick` does it."""
        self.enabled, self.logout_text = False, reason

    def logon(self) -> None:
        """Wish to log on."""
        self.enabled, self.logout_text = True, ""

    def refresh(self) -> None:
        """The store is read where it is."""

    # Out

    def send(self, fields: Fields) -> bool:
        """An application message; False if it is held back."""
        return self._send_raw([one for one in fields if one[0] not in (43, 122)])

    def _send_raw(self, body: Fields, number: int = 0, dup: bool = False) -> bool:
        now = self.now()
        self._last_out = now
        stamp = utc_timestamp(now)
        head = [
            (8, self.config.begin_string),
            body[0],
            (34, str(number or self.kept.box.next_out)),
            *([(43, "Y")] if dup else []),
            (49, self.config.sender),
            (52, stamp),
            (56, self.config.target),
            *([(122, stamp)] if dup else []),
        ]
        telegram = Telegram([*head, *body[1:]])
        if body[0][1] in ADMIN_TYPES:
            return self._send_admin(telegram, body[0][1], number)
        if not self.isLoggedOn() and self._should_send_reset():
            return False
        try:
            self._application.toApp(telegram, self._id)
        except quickfix.DoNotSend:
            return False
        self._persist(telegram, number)
        if self.isLoggedOn():
            self._write(telegram.fields)
        return True

    def _send_admin(self, telegram: Telegram, kind: str, number: int) -> bool:
        self._application.toAdmin(telegram, self._id)
        if kind == "A" and not self._received_reset:
            self._sent_reset = (141, "Y") in telegram.fields
            if self._sent_reset:
                self.kept.reset()
                telegram.setField(34, str(self.kept.box.next_out))
        self._persist(telegram, number)
        if kind in _ALWAYS_SENT or self.isLoggedOn():
            self._write(telegram.fields)
        return True

    def _persist(self, telegram: Telegram, number: int) -> None:
        if number:
            return
        if self._persists:
            self.kept.box.sent[self.kept.box.next_out] = list(telegram.fields)
        self.kept.box.next_out += 1

    def _write(self, fields: Fields) -> None:
        if self.line is not None:
            self.line.send(list(fields))

    def _should_send_reset(self) -> bool:
        return bool(self._resets) and self.kept.box.next_in == self.kept.box.next_out == 1

    def _log_on(self) -> None:
        if "LOGON" in self._resets:
            self.kept.reset()
        flag = [(141, "Y")] if self._should_send_reset() else []
        self._last_in, self._tests, self.sent_logon = self.now(), 0, True
        self._send_raw([(35, "A"), (98, "0"), (108, str(self._heart_s)), *flag])

    def _log_out(self, text: str = "") -> None:
        self._send_raw([(35, "5"), *([(tags.TEXT, text)] if text else [])])
        self.sent_logout = True

    def _fill(self, begin: int, end: int) -> None:
        fill: Fields = [(35, "4"), (tags.GAP_FILL_FLAG, "Y"), (tags.NEW_SEQ_NO, str(end))]
        self._send_raw(fill, begin, dup=True)

    def _reject(self, message: dict[int, str], reason: int, tag: int = 0) -> None:
        kind, number = message[35], int(message[34])
        if kind not in "A4" and number == self.kept.box.next_in:
            self.kept.box.next_in += 1
        about = [(tags.REF_TAG_ID, str(tag))] if tag else []
        words = [(tags.TEXT, _WHY[reason])]
        reject: Fields = [(35, "3"), (tags.REF_SEQ_NUM, str(number)), (tags.REF_MSG_TYPE, kind)]
        self._send_raw([*reject, (tags.SESSION_REJECT_REASON, str(reason)), *about, *words])
