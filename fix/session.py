"""FIX sessions on quickfix: the roles that hold them, by name.

This and the callbacks' file are the only ones that import quickfix.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Protocol

import quickfix

from fix import tags
from fix.application import Application, LogonRefused, handing
from fix.filestore import FileStore
from fix.numbers import Numbers
from fix.peer import Peer
from fix.pulse import Pulse
from fix.sockets import (
    Endpoint,
    answered,
    answered_by,
    cut,
    limit_stalling,
    limit_stalling_towards,
    refusal,
    unanswered,
)
from fix.threads import Lineage
from fix.transport import Kind, SessionConfig, quickfix_text
from fix.wire import Fields, to_text
from oms.clock import Clock
from oms.core.errors import ConfigError
from oms.core.values import frozen

__all__ = ["LogonRefused", "Role", "Roles", "SessionStatus", "Stuck"]

LOGOUT_WAIT_S: Final = 1.5
"""quickfix looks for a wish to log out once a second; then the peer's answer is waited for."""

ASK_AGAIN_S: Final = 2.0
"""A peer that leaves a gap in what it sends again is asked again, but not more often than this."""

DROP_WAIT_S: Final = 10.0
"""What stopping quickfix's threads may take: it waits 5 s itself for peers that do not answer."""

CONNECTIONS_WAIT_S: Final = 4.0
"""quickfix gives a peer 2 s to answer a Logout, and looks once a second."""

_POLL_S: Final = 0.02

_kept: Final[list[object]] = []
"""Objects that can not be destroyed: a thread may still use them."""


class Stuck(Exception):
    """Threads of a role do not end: it can not be built anew in this process."""


@frozen(kw_only=True)
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

    def with_text(self, text: str) -> "SessionStatus":
        """The same session with something else to say of it."""
        return replace(self, text=text)


class Role:
    """The acceptor or the initiator of this process, with all its sessions.

    quickfix keeps sessions in a table of the process: at most one role that names a session may
    exist at a time.
    """

    def __init__(
        self,
        kind: Kind,
        sessions: Sequence[SessionConfig],
        peer: Peer,
        clock: Clock,
        *,
        keeps_files: bool = False,
    ) -> None:
        """Nothing is opened yet. `sessions` are of one kind. `keeps_files`: an initiator's numbers
        and messages outlive the process; an acceptor's always do.
        """
        self._keeps_files = keeps_files or kind is Kind.ACCEPTOR
        self.configs = {session.name: session for session in sessions}
        self._kind = kind
        self._peer = peer
        self._clock = clock
        self._pulse = Pulse(clock)
        self._threads = Lineage()
        self._numbers = Numbers(self._standing)
        self._ids: dict[str, quickfix.SessionID] = {}
        self._sessions: dict[str, quickfix.Session] = {}
        self._parts: list[object] = []
        self._quickfix: quickfix.Acceptor | quickfix.Initiator | None = None
        self._use = threading.Lock()
        self._users = 0
        self._dropped = False
        self._asked: dict[str, float] = {}

    def open(self) -> None:
        """Load the sessions' stores; nothing listens or connects yet. Raises ConfigError."""
        assert self._quickfix is None, "a role is opened once"
        for one in self.configs.values():
            if one.around_the_clock and one.settings.get("FILESTOREPATH"):
                FileStore(one).make_young(self._clock.now())
        application = Application(
            self._peer,
            self._kind,
            self._pulse,
            self._note_asked,
            quickfix.Session.lookupSession,
            self._numbers,
        )
        try:
            settings = quickfix.SessionSettings()
            settings.setFromString(quickfix_text(list(self.configs.values())))
            store: quickfix.MessageStoreFactory = quickfix.MemoryStoreFactory()
            if self._keeps_files:
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
            with self._threads.founding():
                self._quickfix.start()
        except quickfix.FIXException as error:
            raise ConfigError(f"quickfix: {error}") from error

    @contextmanager
    def _using(self) -> Iterator[Mapping[str, quickfix.Session]]:
        """The sessions: none once the role is dropped, and not dropped while they are used."""
        sessions = self._begin_use()
        try:
            yield sessions
        finally:
            self._end_use()

    def _begin_use(self) -> Mapping[str, quickfix.Session]:
        with self._use:
            self._users += 1
            return {} if self._dropped else self._sessions

    def _end_use(self) -> None:
        with self._use:
            self._users -= 1

    def send(self, session: str, fields: Fields) -> bool:
        """Hand over a message, MsgType first; False if the session is down or held it back.

        True means handed over: a session that goes down at this moment delivers it at the next
        logon if it persists messages, and else never.
        """
        known = self._begin_use().get(session)
        try:
            if known is None or not known.isLoggedOn():
                return False
            handing.over = True
            before = self._pulse.enter(session, "a send")
            try:
                return self._hand_over(session, fields)
            finally:
                self._pulse.leave(before)
                handing.over = False
        finally:
            self._end_use()

    def _hand_over(self, session: str, fields: Fields) -> bool:
        message = quickfix.Message(to_text(fields), False)
        return quickfix.Session.sendToTarget(message, self._ids[session])

    def is_logged_on(self, session: str) -> bool:
        """Whether both Logons were exchanged and the connection stands."""
        with self._using() as sessions:
            return session in sessions and sessions[session].isLoggedOn()

    def troubles(self) -> list[str]:
        """What says that a thread of quickfix's is dead, in words; nothing if all is well."""
        return self._pulse.troubles(filter(self.is_logged_on, self.configs))

    def next_numbers(self, session: str) -> tuple[int, int]:
        """The MsgSeqNum expected from the peer, and the next of ours."""
        with self._using() as sessions:
            if session not in sessions:
                return (0, 0)
            known = sessions[session]
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
        self._do(session, lambda known: known.setNextTargetMsgSeqNum(number))

    def set_next_out(self, session: str, number: int) -> None:
        """Use that MsgSeqNum next."""
        self._do(session, lambda known: known.setNextSenderMsgSeqNum(number))

    def reread(self, session: str) -> None:
        """Read the session's store again from its files."""
        self._do(session, lambda known: known.refresh())

    def _note_asked(self, session: str) -> None:
        self._asked[session] = self._clock.monotonic()
        self._do(session, lambda known: known.setSendRedundantResendRequests(False))

    def ask_again(self) -> None:
        """Let sessions ask again for a gap that is still there some time after they asked.

        quickfix asks once and then waits for ever; told to ask again, it does so at every message
        that is too high, which a peer that is far behind would never catch up with.
        """
        now = self._clock.monotonic()
        for session, asked in list(self._asked.items()):
            if now - asked >= ASK_AGAIN_S:
                self._do(session, lambda known: known.setSendRedundantResendRequests(True))
                self._asked.pop(session, None)

    def hold(self, session: str) -> None:
        """Do not connect, until `release`. For a session that is not logged on."""
        self._do(session, lambda known: known.logout())

    def release(self, session: str) -> None:
        """Connect again; quickfix does it at its next ReconnectInterval."""
        self._do(session, lambda known: known.logon())

    def _do(self, session: str, what: Callable[[quickfix.Session], None]) -> None:
        with self._using() as sessions:
            if session in sessions:
                what(sessions[session])

    def store(self, session: str) -> FileStore:
        """What outlives the process of a session. Raises ConfigError if it has no FileStorePath."""
        return FileStore(self.configs[session])

    # quickfix's sockets

    def limit_stalling(self, seconds: float) -> None:
        """Have the kernel drop peers that take nothing for so long."""
        limit = limit_stalling if self._kind is Kind.ACCEPTOR else limit_stalling_towards
        for port in self._ports():
            limit(port, seconds)

    def unanswered(self) -> list[Endpoint]:
        """Whoever is connected to an acceptor and was never told anything."""
        return [one for port in self._ports() for one in unanswered(port)]

    def cut(self, endpoint: Endpoint) -> None:
        """End its connection."""
        for port in self._ports():
            cut(port, endpoint)

    def refusal(self, session: str) -> str:
        """Why an initiator's session gets no connection, found by trying once; takes seconds."""
        settings = self.configs[session].settings
        host, port = (settings.get(f"SOCKETCONNECT{what}", "") for what in ("HOST", "PORT"))
        return f"no connection to {host}:{port}: {refusal(host, port)}"

    def _standing(self) -> dict[int, int]:
        find = answered if self._kind is Kind.ACCEPTOR else answered_by
        return {number: one for port in self._ports() for number, one in find(port).items()}

    def _ports(self) -> set[int]:
        key = "SOCKETACCEPTPORT" if self._kind is Kind.ACCEPTOR else "SOCKETCONNECTPORT"
        return {int(config.settings[key]) for config in self.configs.values()}

    # Its end

    def log_out(self, text: str) -> None:
        """Log all sessions out; back when they are, or after LOGOUT_WAIT_S."""
        for name in self.configs:
            self._do(name, lambda known: known.logout(text))
            # quickfix looks for the wish once a second and after every message: one is asked
            # for. On a thread, since a peer that takes nothing blocks whoever sends to it.
            question: Fields = [(tags.MSG_TYPE, "1"), (tags.TEST_REQ_ID, "LOGOUT")]
            threading.Thread(target=self.send, args=(name, question), daemon=True).start()
        self._wait(LOGOUT_WAIT_S, lambda: not any(map(self.is_logged_on, self.configs)))

    def drop(self) -> None:
        """Stop quickfix's threads and destroy its objects: for a role that is built anew.

        Raises Stuck if a thread does not end in DROP_WAIT_S: the objects are kept then, for ever.
        A process that ends has no need of this and must not: it ends by os._exit.
        """
        role, self._quickfix = self._quickfix, None
        if role is None:
            return
        # A connection's thread detaches itself and then still uses the role, and closes a socket
        # that `stop` would close a second time: so it is let end by itself first.
        self._wait(CONNECTIONS_WAIT_S, lambda: len(self._threads.alive()) <= 1)
        with self._use:
            self._dropped = True
        # It joins its threads, and so never returns when one is dead.
        stopping = threading.Thread(target=role.stop, args=(True,), daemon=True)
        stopping.start()
        if not self._wait(DROP_WAIT_S, lambda: self._is_unused() and not stopping.is_alive()):
            _kept.extend((role, *self._parts))
            names = ", ".join(self.configs)
            raise Stuck(f"{names}: {len(self._threads.alive())} threads of quickfix do not end")
        self._numbers.close()
        self._sessions.clear()
        self._ids.clear()
        del role
        self._parts.clear()

    def _is_unused(self) -> bool:
        return not self._users and not self._threads.alive()

    def _wait(self, seconds: float, done: Callable[[], bool]) -> bool:
        until = self._clock.monotonic() + seconds
        pause = threading.Event()
        while not (over := done()) and self._clock.monotonic() < until:
            pause.wait(_POLL_S)
        return over


class Roles(Protocol):
    """What makes roles: quickfix's, or a model's where the whole engine runs on a virtual clock."""

    def __call__(
        self,
        kind: Kind,
        sessions: Sequence[SessionConfig],
        peer: Peer,
        clock: Clock,
        *,
        keeps_files: bool = False,
    ) -> Role:
        """As Role's constructor."""
