"""FIX sessions on quickfix: the only file that imports it.

quickfix calls back on threads of its own, and an exception that escapes a callback leaves its
session dead but connected. So every callback body runs under a guard, and everything else sees
sessions by name and messages as fields.
"""

import functools
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import quickfix

from fix import tags
from fix.transport import Kind, SessionConfig, quickfix_text
from fix.wire import Fields, printable, redact, shown, to_fields, to_text
from oms.clock import Clock
from oms.core.errors import ConfigError, MalformedMessage

_log = logging.getLogger(__name__)

LOGOUT_WAIT_S: Final = 1.5
"""quickfix looks for a wish to log out once a second; then the peer's answer is waited for."""

ASK_AGAIN_S: Final = 2.0
"""A peer that leaves a gap in what it sends again is asked again, but not more often than this."""

_POLL_S: Final = 0.02

_REQUIRED_TAG_MISSING: Final = "1"
"""SessionRejectReason (373)."""


class LogonRefused(Exception):
    """The peer may not log on; the text goes to it in a Logout (5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStatus:
    """One session as it is now; the numbers are those of the next message either way."""

    name: str
    kind: Kind
    comp_id: str
    """The counterparty's."""
    logged_on: bool
    msg_seq_num_in: int
    msg_seq_num_out: int
    text: str = ""


class Peer(Protocol):
    """What a role does with its sessions. Called on quickfix's threads, in order per session."""

    watches_sending: bool
    """Whether `sending` is asked for every application message; it costs."""

    def logged_on(self, session: str) -> None:
        """The session is up, both Logons exchanged."""

    def logged_out(self, session: str) -> None:
        """The session is down, or its Logon was not answered."""

    def logon_received(self, session: str, fields: Fields) -> None:
        """A Logon that quickfix finds in order. Raises LogonRefused."""

    def admin_received(self, session: str, fields: Fields) -> None:
        """A Reject (3) or a Logout (5)."""

    def admin_sending(self, session: str, fields: Fields) -> Fields:
        """A Logon or a Reject is about to leave; the fields to add to it."""

    def received(self, session: str, fields: Fields, raw: str) -> None:
        """An application message. Raises MalformedMessage for a Reject (3). `raw` is redacted."""

    def sending(self, session: str, fields: Fields) -> bool:
        """An application message is about to leave; False keeps it from leaving."""

    def failed(self, session: str, raw: str, error: BaseException) -> None:
        """A callback failed by a mistake of ours; the message was not handled."""


_handing: Final = threading.local()
"""On the thread that hands a message over to quickfix: that it does."""

_refusing: Final[dict[int, Fields]] = {}
"""By the thread that refuses a message: what the Reject says in place of quickfix's own words.

Every callback has a Python thread state of its own, so that a threading.local forgets.
"""


def _guarded(callback: Callable[..., None]) -> Callable[..., None]:
    """Let out of a callback what quickfix understands and the callback meant; nothing else."""

    @functools.wraps(callback)
    def run(self: "_Application", *arguments: Any) -> None:
        try:
            callback(self, *arguments)
        except (quickfix.IncorrectTagValue, quickfix.RejectLogon, quickfix.DoNotSend):
            raise
        except BaseException as error:  # noqa: BLE001  what escapes into C++ kills the session
            self.fail(arguments, error)

    return run


class _Application(quickfix.Application):
    def __init__(self, peer: Peer, kind: Kind, asked: Callable[[str], None]) -> None:
        """`asked` is told of every session whose peer is asked to send again."""
        super().__init__()
        self._peer = peer
        self._kind = kind
        self._asked = asked

    def onCreate(self, session_id: quickfix.SessionID) -> None:
        """Nothing: the role knows its sessions."""

    @_guarded
    def onLogon(self, session_id: quickfix.SessionID) -> None:
        self._peer.logged_on(session_id.toString())

    @_guarded
    def onLogout(self, session_id: quickfix.SessionID) -> None:
        self._peer.logged_out(session_id.toString())

    @_guarded
    def toAdmin(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        msg_type = message.getHeader().getField(tags.MSG_TYPE)
        if msg_type == "2":
            self._asked(session_id.toString())
        if msg_type not in ("A", "3"):
            return
        if msg_type == "3":
            for tag, value in _refusing.pop(threading.get_ident(), []):
                message.setField(tag, value)
        fields = to_fields(message.toString())
        for tag, value in self._peer.admin_sending(session_id.toString(), fields):
            message.setField(tag, value)

    @_guarded
    def toApp(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        if not self._peer.watches_sending:
            if not getattr(_handing, "over", False):
                self._answered(message, session_id)
            return
        try:
            allowed = self._peer.sending(session_id.toString(), to_fields(message.toString()))
        except BaseException as error:  # noqa: BLE001  in doubt, nothing leaves
            self.fail((message, session_id), error)
            allowed = False
        if not allowed:
            raise quickfix.DoNotSend("held back")

    def _answered(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        """quickfix answers by itself what no application may see: an unknown message type."""
        if message.getHeader().getField(tags.MSG_TYPE) == "j":
            self._peer.admin_sending(session_id.toString(), to_fields(message.toString()))

    @_guarded
    def fromAdmin(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        msg_type = message.getHeader().getField(tags.MSG_TYPE)
        if msg_type == "A":
            self._logon(message, session_id)
        elif msg_type == "2":
            _demand_range(dict(to_fields(message.toString())), session_id)
        elif msg_type in ("3", "4", "5"):
            self._demand_logged_on(session_id)
            if msg_type != "4":
                fields = to_fields(message.toString())
                _keep_gap(dict(fields), session_id)
                self._peer.admin_received(session_id.toString(), fields)

    def _logon(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        try:
            self._peer.logon_received(session_id.toString(), to_fields(message.toString()))
        except LogonRefused as error:
            raise quickfix.RejectLogon(str(error)) from None
        except BaseException as error:  # noqa: BLE001  in doubt, nobody comes in
            self.fail((message, session_id), error)
            raise quickfix.RejectLogon("logon refused") from None

    def _demand_logged_on(self, session_id: quickfix.SessionID) -> None:
        """quickfix would let anybody who can connect move a desk's sequence numbers."""
        session = quickfix.Session.lookupSession(session_id)
        logged_on = session is not None and session.isLoggedOn()
        if self._kind is Kind.ACCEPTOR and not logged_on:
            raise quickfix.RejectLogon("not logged on")

    @_guarded
    def fromApp(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        try:
            fields = to_fields(message.toString())
            if self._kind is Kind.ACCEPTOR:
                _demand_orig_sending_time(dict(fields))
            self._peer.received(session_id.toString(), fields, shown(fields))
        except MalformedMessage as error:
            raise _refusal(error.ref_tag_id, str(error)) from None

    def fail(self, arguments: tuple[Any, ...], error: BaseException) -> None:
        """Tell of a mistake of ours, whatever else goes wrong while telling it."""
        try:
            _log.error("a FIX callback failed", exc_info=error)
            session = arguments[-1].toString()
            raw = redact(arguments[0].toString()) if len(arguments) > 1 else ""
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


def _demand_range(message: dict[int, str], session_id: quickfix.SessionID) -> None:
    """quickfix answers a range that is none with a gap fill that goes backwards."""
    session = quickfix.Session.lookupSession(session_id)
    assert session is not None, "a message came by it"
    begin, end = int(message[tags.BEGIN_SEQ_NO]), int(message[tags.END_SEQ_NO])
    if not 0 < begin < session.getExpectedSenderNum():
        raise _refusal(tags.BEGIN_SEQ_NO, f"BeginSeqNo (7) {begin} was not sent")
    if end and end < begin:
        raise _refusal(tags.END_SEQ_NO, f"EndSeqNo (16) {end} is before BeginSeqNo (7)")


def _keep_gap(message: dict[int, str], session_id: quickfix.SessionID) -> None:
    """quickfix counts a Reject or Logout up whatever its number is, over a message that is missing."""
    session = quickfix.Session.lookupSession(session_id)
    assert session is not None, "a message came by it"
    expected = session.getExpectedTargetNum()
    if int(message[tags.MSG_SEQ_NUM]) != expected:
        session.setNextTargetMsgSeqNum(expected - 1)


class Role:
    """The acceptor or the initiator of this process, with all its sessions.

    quickfix keeps sessions in a table of the process: at most one role that names a session may
    exist at a time.
    """

    keeps_files = False
    """Whether an initiator's numbers and messages outlive the process; an acceptor's always do."""

    def __init__(
        self, kind: Kind, sessions: Sequence[SessionConfig], peer: Peer, clock: Clock
    ) -> None:
        """Nothing is opened yet. `sessions` are of one kind."""
        self.configs = {session.name: session for session in sessions}
        self._kind = kind
        self._peer = peer
        self._clock = clock
        self._ids: dict[str, quickfix.SessionID] = {}
        self._sessions: dict[str, quickfix.Session] = {}
        self._parts: list[object] = []
        self._quickfix: quickfix.Acceptor | quickfix.Initiator | None = None
        self._asked: dict[str, float] = {}

    def open(self) -> None:
        """Load the sessions' stores; nothing listens or connects yet. Raises ConfigError."""
        assert self._quickfix is None, "a role is opened once"
        application = _Application(self._peer, self._kind, self._note_asked)
        try:
            settings = quickfix.SessionSettings()
            settings.setFromString(quickfix_text(list(self.configs.values())))
            store: quickfix.MessageStoreFactory = quickfix.MemoryStoreFactory()
            if self.keeps_files or self._kind is Kind.ACCEPTOR:
                store = quickfix.FileStoreFactory(settings)
            self._parts = [application, settings, store]
            if self._kind is Kind.ACCEPTOR:
                self._quickfix = quickfix.ThreadedSocketAcceptor(application, store, settings)
            else:
                self._quickfix = quickfix.ThreadedSocketInitiator(application, store, settings)
        except quickfix.FIXException as error:
            raise ConfigError(f"quickfix: {error}") from error
        for name, one in self.configs.items():
            session_id = quickfix.SessionID(one.begin_string, one.sender, one.target, one.qualifier)
            session = quickfix.Session.lookupSession(session_id)
            assert session is not None, f"quickfix made no session {name}"
            self._ids[name], self._sessions[name] = session_id, session

    def start(self) -> None:
        """Listen, or begin to connect. Raises ConfigError, for a port that is taken too."""
        assert self._quickfix is not None, "open() comes first"
        try:
            self._quickfix.start()
        except quickfix.FIXException as error:
            raise ConfigError(f"quickfix: {error}") from error

    def send(self, session: str, fields: Fields) -> bool:
        """Hand over a message, MsgType first; False if the session is down or held it back.

        True means handed over: a session that goes down at this moment delivers it at the next
        logon if it persists messages, and else never.
        """
        if not self.is_logged_on(session):
            return False
        message = quickfix.Message(to_text(fields), False)
        _handing.over = True
        try:
            return quickfix.Session.sendToTarget(message, self._ids[session])
        finally:
            _handing.over = False

    def is_logged_on(self, session: str) -> bool:
        """Whether both Logons were exchanged and the connection stands."""
        known = self._sessions.get(session)
        return known is not None and known.isLoggedOn()

    def next_numbers(self, session: str) -> tuple[int, int]:
        """The MsgSeqNum expected from the peer, and the next of ours."""
        known = self._sessions.get(session)
        if known is None:
            return (0, 0)
        return known.getExpectedTargetNum(), known.getExpectedSenderNum()

    def status(self, session: str, text: str = "") -> SessionStatus:
        """The session as it is now, with what else there is to say of it."""
        number_in, number_out = self.next_numbers(session)
        return SessionStatus(
            name=session,
            kind=self._kind,
            comp_id=self.configs[session].target,
            logged_on=self.is_logged_on(session),
            msg_seq_num_in=number_in,
            msg_seq_num_out=number_out,
            text=text,
        )

    def set_next_in(self, session: str, number: int) -> None:
        """Expect that MsgSeqNum next; the peer is asked for what it sent since."""
        self._sessions[session].setNextTargetMsgSeqNum(number)

    def set_next_out(self, session: str, number: int) -> None:
        """Use that MsgSeqNum next."""
        self._sessions[session].setNextSenderMsgSeqNum(number)

    def reread(self, session: str) -> None:
        """Read the session's store again from its files."""
        self._sessions[session].refresh()

    def _note_asked(self, session: str) -> None:
        self._asked[session] = self._clock.monotonic()
        self._sessions[session].setSendRedundantResendRequests(False)

    def ask_again(self) -> None:
        """Let sessions ask again for a gap that is still there some time after they asked.

        quickfix asks once and then waits for ever; told to ask again, it does so at every message
        that is too high, which a peer that is far behind would never catch up with.
        """
        now = self._clock.monotonic()
        for session, asked in list(self._asked.items()):
            if now - asked >= ASK_AGAIN_S:
                self._sessions[session].setSendRedundantResendRequests(True)
                self._asked.pop(session, None)

    def log_out(self, text: str) -> None:
        """Log all sessions out; back when they are, or after LOGOUT_WAIT_S."""
        for name, session in self._sessions.items():
            session.logout(text)
            # quickfix looks for the wish once a second and after every message: one is asked
            # for. On a thread, since a peer that takes nothing blocks whoever sends to it.
            question: Fields = [(tags.MSG_TYPE, "1"), (tags.TEST_REQ_ID, "LOGOUT")]
            threading.Thread(target=self.send, args=(name, question), daemon=True).start()
        until = self._clock.monotonic() + LOGOUT_WAIT_S
        pause = threading.Event()
        while any(map(self.is_logged_on, self._sessions)) and self._clock.monotonic() < until:
            pause.wait(_POLL_S)

    def drop(self) -> None:
        """Stop quickfix's threads and destroy its objects: for a role that is built anew.

        A process that ends has no need of it and must not: it ends by os._exit.
        """
        role, self._quickfix = self._quickfix, None
        if role is None:
            return
        role.stop(True)
        self._sessions.clear()
        self._ids.clear()
        del role
        self._parts.clear()
