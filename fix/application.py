"""What quickfix calls, on threads of its own, and how little of what goes wrong it gets to see.

An exception that escapes a callback leaves its session dead but connected. So every callback body
runs under a guard, and everything else sees sessions by name and messages as fields.
"""

import functools
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

import quickfix

from fix import tags, thread_state
from fix.numbers import Numbers
from fix.peer import Peer
from fix.pulse import Pulse
from fix.transport import Kind
from fix.wire import SOH, Fields, printable, redact, shown_text, to_fields
from oms.core.errors import MalformedMessage

_log = logging.getLogger(__name__)

_REQUIRED_TAG_MISSING: Final = "1"
"""SessionRejectReason (373)."""

_MAY_REPEAT: Final = f"{SOH}{tags.POSS_DUP_FLAG}=Y{SOH}"
"""In a message that says that it was sent before."""


class LogonRefused(Exception):
    """The peer may not log on; the text goes to it in a Logout (5)."""


handing: Final = threading.local()
"""On the thread that hands a message over to quickfix: that it does."""

_refusing: Final[dict[int, Fields]] = {}
"""By the thread that refuses a message: what the Reject says in place of quickfix's own words.

A callback may have a Python thread state of its own, so that a threading.local forgets.
"""


def _guarded(
    *meant: type[Exception],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let out of a callback what quickfix understands there and the callback meant; nothing else.

    It gets the session's name beside quickfix's arguments.
    """

    def guard(callback: Callable[..., None]) -> Callable[..., None]:
        what = callback.__name__

        @functools.wraps(callback)
        def run(self: "Application", *arguments: Any) -> None:
            # Once: quickfix puts it together anew each time.
            session = arguments[-1].toString()
            before = self.enter(session, what)
            try:
                callback(self, *arguments, session)
            except meant:
                self.leave(before)
                raise
            except BaseException as error:  # noqa: BLE001  what escapes into C++ kills the session
                self.fail(arguments[0] if len(arguments) > 1 else None, session, error)
            # Not in a `finally`: a thread that does not come this far is dead, and is to be found.
            self.leave(before)

        return run

    return guard


class Application(quickfix.Application):
    """The callbacks of one role."""

    def __init__(
        self,
        peer: Peer,
        kind: Kind,
        pulse: Pulse,
        asked: Callable[[str], None],
        session_of: Callable[[quickfix.SessionID], quickfix.Session | None],
        numbers: Numbers,
    ) -> None:
        """`asked` is told of every session whose peer is asked to send again; `session_of` finds
        one."""
        super().__init__()
        self._session_of = session_of
        self._numbers = numbers
        self._peer = peer
        self._kind = kind
        self._pulse = pulse
        self._asked = asked
        self.enter, self.leave = pulse.enter, pulse.leave

    def onCreate(self, session_id: quickfix.SessionID) -> None:
        """Nothing: the role knows its sessions."""

    @_guarded()
    def onLogon(self, _: quickfix.SessionID, session: str) -> None:
        thread_state.keep()
        self._numbers.learn()
        self._peer.logged_on(session)

    @_guarded()
    def onLogout(self, _: quickfix.SessionID, session: str) -> None:
        self._numbers.hold()
        thread_state.let_go()
        self._peer.logged_out(session)

    @_guarded()
    def toAdmin(self, message: quickfix.Message, _: quickfix.SessionID, session: str) -> None:
        msg_type = message.getHeader().getField(tags.MSG_TYPE)
        if msg_type == "2":
            self._asked(session)
        if msg_type not in ("A", "3"):
            return
        if msg_type == "3":
            for tag, value in _refusing.pop(threading.get_ident(), []):
                message.setField(tag, value)
        fields = to_fields(message.toString())
        for tag, value in self._peer.admin_sending(session, fields):
            message.setField(tag, value)

    def toApp(self, *arguments: Any) -> None:
        # Almost all that leaves: what a role hands over that has no last word on it.
        if self._peer.watches_sending or not getattr(handing, "over", False):
            self._to_app(*arguments)

    @_guarded(quickfix.DoNotSend)
    def _to_app(self, message: quickfix.Message, _: quickfix.SessionID, session: str) -> None:
        if not self._peer.watches_sending:
            self._answered(message, session)
            return
        try:
            allowed = self._peer.sending(session, to_fields(message.toString()))
        except BaseException as error:  # noqa: BLE001  in doubt, nothing leaves
            self.fail(message, session, error)
            allowed = False
        if not allowed:
            raise quickfix.DoNotSend("held back")

    def _answered(self, message: quickfix.Message, session: str) -> None:
        """quickfix answers by itself what no application may see: an unknown message type."""
        if message.getHeader().getField(tags.MSG_TYPE) == "j":
            self._peer.admin_sending(session, to_fields(message.toString()))

    @_guarded(quickfix.RejectLogon, quickfix.IncorrectTagValue)
    def fromAdmin(
        self, message: quickfix.Message, session_id: quickfix.SessionID, session: str
    ) -> None:
        msg_type = message.getHeader().getField(tags.MSG_TYPE)
        if msg_type == "A":
            self._logon(message, session)
            return
        fields = to_fields(message.toString())
        if msg_type in ("3", "4", "5"):
            self._demand_logged_on(session_id)
        if (check := _ADMIN_CHECKS.get(msg_type)) is not None:
            known = self._session_of(session_id)
            assert known is not None, "a message came by it"
            check(dict(fields), known)
        if msg_type != "1":
            self._peer.admin_received(session, fields)

    def _logon(self, message: quickfix.Message, name: str) -> None:
        fields = to_fields(message.toString())
        try:
            self._peer.logon_received(name, fields)
            beat = dict(fields).get(tags.HEART_BT_INT, "")
            self._pulse.beats(name, float(beat) if beat.isdecimal() else 0.0)
        except LogonRefused as error:
            raise quickfix.RejectLogon(str(error)) from None
        except BaseException as error:  # noqa: BLE001  in doubt, nobody comes in
            self.fail(message, name, error)
            raise quickfix.RejectLogon("logon refused") from None

    def _demand_logged_on(self, session_id: quickfix.SessionID) -> None:
        """quickfix would let anybody who can connect move a desk's sequence numbers."""
        session = self._session_of(session_id)
        logged_on = session is not None and session.isLoggedOn()
        if self._kind is Kind.ACCEPTOR and not logged_on:
            raise quickfix.RejectLogon("not logged on")

    @_guarded(quickfix.IncorrectTagValue)
    def fromApp(self, message: quickfix.Message, _: quickfix.SessionID, session: str) -> None:
        try:
            text = message.toString()
            fields = to_fields(text)
            if self._kind is Kind.ACCEPTOR and _MAY_REPEAT in text:
                _demand_orig_sending_time(dict(fields))
            self._peer.received(session, fields, shown_text(text, fields))
        except MalformedMessage as error:
            raise _refusal(error.ref_tag_id, str(error)) from None

    def fail(self, message: quickfix.Message | None, session: str, error: BaseException) -> None:
        """Tell of a mistake of ours, whatever else goes wrong while telling it."""
        try:
            _log.error("a FIX callback failed", exc_info=error)
            raw = "" if message is None else redact(message.toString())
            self._peer.failed(session, raw, error)
        except BaseException:  # noqa: BLE001  as in _guarded
            _log.exception("a FIX callback's failure could not be told")


def _refusal(tag: int, text: str, reason: str = "") -> quickfix.IncorrectTagValue:
    """What makes quickfix send a Reject (3) with that Text, 373=5 unless a reason is named."""
    fields: Fields = [(tags.TEXT, printable(text))]
    if reason:
        fields.append((tags.SESSION_REJECT_REASON, reason))
    _refusing[threading.get_ident()] = fields
    return quickfix.IncorrectTagValue(tag, text)


def _demand_orig_sending_time(message: dict[int, str]) -> None:
    """quickfix asks for it only under a number that was used."""
    if message.get(tags.POSS_DUP_FLAG) == "Y" and tags.ORIG_SENDING_TIME not in message:
        text = "OrigSendingTime (122) goes with PossDupFlag (43)"
        raise _refusal(tags.ORIG_SENDING_TIME, text, _REQUIRED_TAG_MISSING)


def _demand_range(message: dict[int, str], session: quickfix.Session) -> None:
    """quickfix answers a range that is none with a gap fill that goes backwards."""
    begin, end = int(message[tags.BEGIN_SEQ_NO]), int(message[tags.END_SEQ_NO])
    if not 0 < begin < session.getExpectedSenderNum():
        raise _refusal(tags.BEGIN_SEQ_NO, f"BeginSeqNo (7) {begin} was not sent")
    if end and end < begin:
        raise _refusal(tags.END_SEQ_NO, f"EndSeqNo (16) {end} is before BeginSeqNo (7)")


def _keep_gap(message: dict[int, str], session: quickfix.Session) -> None:
    """quickfix counts a Reject or Logout up whatever its number is, over a message that is missing."""
    expected = session.getExpectedTargetNum()
    if int(message[tags.MSG_SEQ_NUM]) != expected:
        session.setNextTargetMsgSeqNum(expected - 1)


_ADMIN_CHECKS: Final = {"2": _demand_range, "3": _keep_gap, "5": _keep_gap}
