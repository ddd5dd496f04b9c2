"""quickfix's session in the small: whole messages in, whole messages out, on a clock that is given.

It does what quickfix 1.16.0's Session.cpp does with messages that are well-formed, and says so by
the same callbacks in the same order. Method names that quickfix gives are its own.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import quickfix

from fix import tags
from fix.wire import ADMIN_TYPES, Fields, parse_utc_timestamp, utc_timestamp
from tests.faults.fix_speaker import Line, Speaker
from tests.faults.fix_store import Telegram

LATENCY_S: Final = 120.0


class Session(Speaker):
    """One session of a role."""

    # The connection

    def connected(self, line: Line) -> None:
        """A connection is there; an initiator logs on over it."""
        self.line = line
        if self._initiates:
            self.tick()

    def disconnect(self) -> None:
        """End the connection, whoever began to."""
        line, self.line = self.line, None
        if line is not None:
            line.close()
        if self.received_logon or self.sent_logon:
            self.received_logon = self.sent_logon = False
            self._application.onLogout(self._id)
        self.sent_logout = self._received_reset = self._sent_reset = False
        self._queue.clear()
        if "DISCONNECT" in self._resets:
            self.kept.reset()
        self._range = (0, 0)
        self._freed()

    def tick(self) -> float:
        """What time alone brings; in how many seconds to look again."""
        if not self.enabled and self.isLoggedOn() and not self.sent_logout:
            self._log_out(self.logout_text)
        if not self.enabled and not self.isLoggedOn():
            return 1.0
        if not self.received_logon:
            self._await_logon()
            return 1.0
        if self._heart_s:
            self._beat()
        return 1.0 if self.sent_logout else max(1.0, self._heart_s / 10)

    def _await_logon(self) -> None:
        if self._initiates and not self.sent_logon:
            self._log_on()
        elif self._initiates and self._since(self._last_in) >= self._logon_timeout_s:
            self.disconnect()

    def _beat(self) -> None:
        if self.sent_logout and self._since(self._last_out) >= self._logout_timeout_s:
            self.disconnect()
            return
        quiet_in, quiet_out = self._since(self._last_in), self._since(self._last_out)
        if quiet_in >= 2.4 * self._heart_s:
            self.disconnect()
        elif quiet_in >= 1.2 * (self._tests + 1) * self._heart_s:
            self._send_raw([(35, "1"), (tags.TEST_REQ_ID, "TEST")])
            self._tests += 1
        elif quiet_out >= self._heart_s and not self._tests:
            self._send_raw([(35, "0")])

    def _since(self, time: datetime) -> float:
        return (self.now() - time).total_seconds()

    # In

    def take(self, fields: Fields) -> None:
        """A message has come."""
        self._next(fields)
        self._take_queued()
        if self.isLoggedOn():
            self.tick()

    def _next(self, fields: Fields) -> None:
        message = dict(fields)
        take = _BY_TYPE.get(message[35], Session._app)
        try:
            take(self, fields, message)
        except quickfix.IncorrectTagValue as error:
            self._reject(message, 5, error.field)
        except quickfix.RejectLogon as error:
            self._log_out(str(error))
            self.disconnect()

    def _take_queued(self) -> None:
        while (fields := self._queue.pop(self.kept.box.next_in, None)) is not None:
            if dict(fields)[35] in "A2":
                self.kept.box.next_in += 1
            else:
                self._next(fields)

    def _app(self, fields: Fields, message: dict[int, str]) -> None:
        if self._verify(fields, message):
            self.kept.box.next_in += 1

    def _logon(self, fields: Fields, message: dict[int, str]) -> None:
        reset = message.get(141) == "Y"
        early = self._initiates and not self.sent_logon and not reset
        if not self.enabled or early:
            self.disconnect()
            return
        self._received_reset = reset
        if (reset and not self._sent_reset) or (not self._initiates and "LOGON" in self._resets):
            self.kept.reset()
        if not self._verify(fields, message, high=False):
            return
        self.received_logon = True
        if not self._initiates or (self._received_reset and not self._sent_reset):
            self._answer_logon(message)
        self._sent_reset = self._received_reset = False
        if int(message[34]) > self.kept.box.next_in and not reset:
            self._ask_again(fields, int(message[34]))
        else:
            self.kept.box.next_in += 1
            self._take_queued()
        if self.isLoggedOn():
            self._application.onLogon(self._id)

    def _answer_logon(self, message: dict[int, str]) -> None:
        beat = message.get(108, "0")
        self._heart_s = int(beat)
        flag = [(141, "Y")] if self._received_reset else []
        self._send_raw([(35, "A"), (98, "0"), *flag, (108, beat)])
        self.sent_logon = True

    def _heartbeat(self, fields: Fields, message: dict[int, str]) -> None:
        if self._verify(fields, message):
            self.kept.box.next_in += 1
            self._take_queued()

    def _test_request(self, fields: Fields, message: dict[int, str]) -> None:
        if self._verify(fields, message):
            self._send_raw([(35, "0"), (tags.TEST_REQ_ID, message.get(tags.TEST_REQ_ID, ""))])
            self.kept.box.next_in += 1
            self._take_queued()

    def _logout(self, fields: Fields, message: dict[int, str]) -> None:
        if not self._verify(fields, message, high=False, low=False):
            return
        if not self.sent_logout:
            self._log_out()
        self.kept.box.next_in += 1
        if "LOGOUT" in self._resets:
            self.kept.reset()
        self.disconnect()

    def _rejected(self, fields: Fields, message: dict[int, str]) -> None:
        if self._verify(fields, message, high=False):
            self.kept.box.next_in += 1
            self._take_queued()

    def _sequence_reset(self, fields: Fields, message: dict[int, str]) -> None:
        fills = message.get(tags.GAP_FILL_FLAG) == "Y"
        if not self._verify(fields, message, high=fills, low=fills):
            return
        number = int(message[tags.NEW_SEQ_NO])
        if number > self.kept.box.next_in:
            self.kept.box.next_in = number
        elif number < self.kept.box.next_in:
            self._reject(message, 5)

    def _resend_request(self, fields: Fields, message: dict[int, str]) -> None:
        if not self._verify(fields, message, high=False, low=False):
            return
        begin, end = int(message[tags.BEGIN_SEQ_NO]), int(message[tags.END_SEQ_NO])
        if end == 0 or end >= self.kept.box.next_out:
            end = self.kept.box.next_out - 1
        if self._persists:
            self._send_again(begin, end)
        else:
            self._fill(begin, min(end + 1, self.kept.box.next_out))
        if int(message[34]) == self.kept.box.next_in:
            self.kept.box.next_in += 1

    def _send_again(self, begin: int, end: int) -> None:
        """What is stored, with PossDupFlag; a gap fill over the rest."""
        filled = 0
        for number in range(begin, end + 1):
            fields = self.kept.box.sent.get(number)
            again = self._again(fields) if fields is not None else None
            if again is None:
                filled = filled or number
                continue
            if filled:
                self._fill(filled, number)
                filled = 0
            self._write(again)
        if filled:
            self._fill(filled, end + 1)

    def _again(self, fields: Fields) -> Fields | None:
        message = dict(fields)
        if message[35] in ADMIN_TYPES:
            return None
        now = utc_timestamp(self.now())
        marked = {34: message[34], 52: now, 43: "Y", 122: message[52]}
        rest = [one for one in fields if one[0] not in marked]
        telegram = Telegram([*rest[:2], *marked.items(), *rest[2:]])
        try:
            self._application.toApp(telegram, self._id)
        except quickfix.DoNotSend:
            return None
        return telegram.fields

    # Whether it may be taken

    def _verify(
        self, fields: Fields, message: dict[int, str], *, high: bool = True, low: bool = True
    ) -> bool:
        kind, number = message[35], int(message[34])
        if not self._valid_state(kind):
            self.disconnect()
            return False
        if self._is_late(message):
            self._reject(message, 10)
            self._log_out()
            return False
        if high and number > self.kept.box.next_in:
            self._ask_again(fields, number)
            return False
        if low and number < self.kept.box.next_in:
            self._too_low(message, number)
            return False
        if (high or low) and self._range != (0, 0) and number >= self._range[1]:
            self._range = (0, 0)
        self._last_in, self._tests = self.now(), 0
        told = self._application.fromAdmin if kind in ADMIN_TYPES else self._application.fromApp
        told(Telegram(list(fields)), self._id)
        return True

    def _valid_state(self, kind: str) -> bool:
        if (kind == "A" and self._sent_reset) or self._received_reset:
            return True
        if (kind == "A") != self.received_logon:
            return True
        if kind == "5" and self.sent_logon:
            return True
        return (kind != "5" and self.sent_logout) or kind in "43"

    def _is_late(self, message: dict[int, str]) -> bool:
        if not self._checks_latency:
            return False
        return abs(self._since(parse_utc_timestamp(message[52], 52))) >= LATENCY_S

    def _too_low(self, message: dict[int, str], number: int) -> None:
        if message.get(43) != "Y":
            self._log_out(
                f"MsgSeqNum too low, expecting {self.kept.box.next_in} but received {number}"
            )
            self.disconnect()
        elif message[35] != "4" and 122 not in message:
            self._reject(message, 1, 122)

    def _ask_again(self, fields: Fields, number: int) -> None:
        self._queue[number] = fields
        if self._range != (0, 0) and not self.redundant and number >= self._range[0]:
            return
        begin = self.kept.box.next_in
        asked: Fields = [(35, "2"), (tags.BEGIN_SEQ_NO, str(begin)), (tags.END_SEQ_NO, "0")]
        self._send_raw(asked)
        self._range = (begin, number - 1)


_BY_TYPE: Final[dict[str, Callable[[Session, Fields, dict[int, str]], None]]] = {
    "A": Session._logon,
    "0": Session._heartbeat,
    "1": Session._test_request,
    "2": Session._resend_request,
    "3": Session._rejected,
    "4": Session._sequence_reset,
    "5": Session._logout,
}
