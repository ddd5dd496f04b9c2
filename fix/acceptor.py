"""The desks' side: who may log on, what a desk asks, and what it is told."""

import logging
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from fix import tags
from fix.absences import Absences
from fix.codec import decode, encode
from fix.filestore import FileStore
from fix.logon import demand_parameters, demand_token
from fix.outlet import PROVE_AFTER_S, Backlog, Outlet
from fix.pace import Pace
from fix.resume import Resumption
from fix.session import LogonRefused, Role, Roles, SessionStatus
from fix.sockets import reserve_port
from fix.strangers import LOGON_WAIT_S, Strangers
from fix.transport import Kind, SessionConfig, read_sessions
from fix.wire import ADMIN_TYPES, Fields
from oms.clock import Clock
from oms.core.errors import ConfigError
from oms.core.fields import BusinessRejectReason
from oms.core.notes import DeskReturned, Unworkable
from oms.core.ports import DeskGateway, DeskReport, Evidence, Inbound, Post
from oms.core.sessions import Session
from oms.core.values import frozen
from oms.worker import Workers, threads

_log = logging.getLogger(__name__)

STALL_S: Final = 10.0
"""A desk that takes nothing for so long is dropped; its reports stay in the journal."""


@frozen(kw_only=True)
class DeskLogin:
    """What a desk logs on with, and how it is served."""

    secret: str = field(repr=False)
    extended_tags: bool = False
    """It reads the tags from 5001 on."""
    cancel_grace_s: float | None = None
    """Seconds that it may be away before its orders are cancelled; None: as long as it likes."""
    status_on_logon: bool = False
    """It is told the state of each open order whenever it logs on."""
    max_orders_per_s: int = 200


@dataclass(slots=True)
class _Desk:
    comp_id: str
    login: DeskLogin
    config: SessionConfig
    store: FileStore
    outlet: Outlet
    encode: Callable[[DeskReport], Fields]
    pace: Pace
    consumed: int = 0
    """The last MsgSeqNum that went to the engine."""
    resets: int = 0
    """How often it has begun its session anew."""


class Acceptor:
    """All desk sessions of the process."""

    watches_sending = False

    def __init__(
        self,
        settings: Path,
        desks: Mapping[str, DeskLogin],
        post: Post,
        backlog: Backlog,
        sessions: Mapping[str, Session],
        reports: Mapping[str, int],
        clock: Clock,
        *,
        overrides: Mapping[str, str] | None = None,
        stall_s: float = STALL_S,
        logon_wait_s: float = LOGON_WAIT_S,
        prove_after_s: float = PROVE_AFTER_S,
        workers: Workers = threads,
        roles: Roles = Role,
    ) -> None:
        """`settings` is quickfix.cfg; `overrides` replace settings of its acceptor sessions.

        SocketAcceptPort=0 lets the kernel choose. `sessions` are the journal's positions by
        CompID and `reports` the numbers of the last reports there, both read once, in `start`. `stall_s` and `logon_wait_s`: seconds until a desk that takes
        nothing, and a connection that does not log on, are dropped. `prove_after_s`: seconds until
        a desk is asked whether it has its reports. Raises ConfigError, where
        file and desks disagree too.
        """
        self._post = post
        self._backlog = backlog
        self._sessions = sessions
        self._reports = reports
        self._clock = clock
        self._stall_s = stall_s
        self._prove_after_s = prove_after_s
        configs = read_sessions(settings, Kind.ACCEPTOR, overrides)
        _demand_agreement(settings, configs, desks)
        self.port = _common_port(settings, configs)
        self._holder: socket.socket | None = None
        if not self.port:
            self.port, self._holder = reserve_port()
            chosen = {**(overrides or {}), "SocketAcceptPort": str(self.port)}
            configs = read_sessions(settings, Kind.ACCEPTOR, chosen)
        self._workers = workers
        self._role = roles(Kind.ACCEPTOR, configs, self, clock)
        self._desks = {one.target: self._desk(one, desks[one.target]) for one in configs}
        self._strangers = Strangers(self._role, clock, self._role.configs, logon_wait_s, workers)
        grace = {name: login.cancel_grace_s for name, login in desks.items()}
        watched = {name: grace_s for name, grace_s in grace.items() if grace_s is not None}
        self._absences = Absences(watched, post, clock, workers)
        self._pause = threading.Event()
        self._by_session = {desk.config.name: desk for desk in self._desks.values()}

    def start(self) -> None:
        """Set the sessions to where the journal is, then listen. Raises ConfigError."""
        resumptions = [self._resumption(desk) for desk in self._desks.values()]
        self._role.open()
        for resumption, desk in zip(resumptions, self._desks.values(), strict=True):
            desk.resets = resumption.resets
            if resumption.begun_anew:
                desk.store.mark_reset(desk.resets)
            resumption.resume(self._role, desk.outlet, self._backlog, desk.encode)
            desk.consumed = resumption.position.msg_seq_num_in
            desk.store.keep()
        self._strangers.start()
        self._role.start()
        self._absences.start()
        self._let_go()
        self._role.limit_stalling(self._stall_s)

    def stop(self, text: str = "the engine is stopping") -> None:
        """Log the desks out; the process is to end by os._exit, or `drop` is to follow."""
        self._let_go()
        self._absences.stop()
        self._pause.set()
        self._strangers.stop()
        for desk in self._desks.values():
            desk.outlet.stop()
        self._role.log_out(text)
        for desk in self._desks.values():
            desk.store.settle()

    def _resumption(self, desk: _Desk) -> Resumption:
        journal = self._sessions.get(desk.comp_id, Session())
        condition = desk.store.prepare(journal)
        committed = self._reports.get(desk.comp_id, 0)
        return Resumption(desk.config.name, desk.store, condition, journal, committed)

    def _let_go(self) -> None:
        if self._holder is not None:
            self._holder.close()

    def drop(self) -> None:
        """Stop quickfix's threads and destroy its objects, to start anew in this process.

        Raises Stuck where threads do not end.
        """
        self._role.drop()

    def troubles(self) -> list[str]:
        """What says that a thread of quickfix's is dead; nothing if all is well."""
        return self._role.troubles()

    def gateway(self, comp_id: str) -> DeskGateway:
        """Where that desk's reports go."""
        return self._desks[comp_id].outlet

    def sessions_status(self) -> list[SessionStatus]:
        """Every desk session."""
        return [
            self._role.status(desk.config.name, f"reports handed over: {desk.outlet.handed}")
            for desk in self._desks.values()
        ]

    def _desk(self, config: SessionConfig, login: DeskLogin) -> _Desk:
        pace = Pace(login.max_orders_per_s, self._clock)
        write = partial(encode, extended=login.extended_tags)
        outlet = Outlet(
            config.target,
            config.name,
            self._role,
            write,
            self._backlog,
            self._post,
            self._clock,
            self._prove_after_s,
            self._workers,
        )
        store = self._role.store(config.name)
        return _Desk(config.target, login, config, store, outlet, write, pace)

    # What quickfix calls

    def logged_on(self, session: str) -> None:
        """The desk gets what it has not had."""
        self._role.limit_stalling(self._stall_s)
        desk = self._by_session[session]
        self._absences.back(desk.comp_id)
        desk.outlet.open()
        if desk.login.status_on_logon:
            note = DeskReturned(origin=desk.comp_id)
            self._post(Inbound(source=desk.comp_id, message=note, evidence=Evidence.POLICY))

    def logged_out(self, session: str) -> None:
        """Reports wait in the journal."""
        self._strangers.away(session)
        desk = self._by_session[session]
        desk.outlet.close()
        self._absences.left(desk.comp_id)

    def logon_received(self, session: str, fields: Fields) -> None:
        """Let the desk in if its token is right. Raises LogonRefused."""
        desk = self._by_session[session]
        message = dict(fields)
        reset = message.get(tags.RESET_SEQ_NUM_FLAG) == "Y"
        # On a connection that has logged on already, a Logon is a wish to start anew.
        if not self._role.is_logged_on(session):
            if not reset:
                self._undo_reset(desk, int(message[tags.MSG_SEQ_NUM]))
            try:
                demand_parameters(message, reset=reset)
                demand_token(
                    message.get(tags.RAW_DATA, ""), desk.comp_id, desk.login.secret, self._clock
                )
            except LogonRefused:
                _log.warning("%s: a logon was refused", desk.comp_id)
                if reset:
                    desk.store.restore()
                    self._role.reread(session)
                raise
        self._strangers.present(session)
        if reset:
            # In this order: whatever comes between, the next start knows what happened.
            desk.resets += 1
            desk.store.mark_reset(desk.resets)
            desk.store.keep()
            desk.consumed = 0
            desk.outlet.reset()

    def _undo_reset(self, desk: _Desk, number: int) -> None:
        """A Logon that quickfix refused by itself, for its SendingTime, may have emptied the store.

        Raises LogonRefused if the desk's number is too low for what is put back.
        """
        if not desk.store.emptied():
            return
        desk.store.restore()
        self._role.reread(desk.config.name)
        expected, _ = self._role.next_numbers(desk.config.name)
        if number < expected:
            raise LogonRefused(f"MsgSeqNum too low, expecting {expected} but received {number}")

    def admin_received(self, session: str, fields: Fields) -> None:
        """What a desk has or misses; one that rejects our message is an alarm for a human."""
        message = dict(fields)
        outlet = self._by_session[session].outlet
        msg_type = message.get(tags.MSG_TYPE)
        if msg_type == "0":
            outlet.answered(message.get(tags.TEST_REQ_ID, ""))
        elif msg_type == "2":
            outlet.missed(int(message[tags.BEGIN_SEQ_NO]))
        elif msg_type == "3":
            _log.error("%s rejected our message: %s", session, message.get(tags.TEXT, ""))

    def admin_sending(self, session: str, fields: Fields) -> Fields:
        """Nothing is added. What quickfix refuses by itself is told to the log."""
        message = dict(fields)
        if message.get(tags.MSG_TYPE) in ("3", "j") and tags.POSS_DUP_FLAG not in message:
            _log.info(
                "%s: refused message %s: %s",
                session,
                message.get(tags.REF_SEQ_NUM, "?"),
                message.get(tags.TEXT, "") or f"tag {message.get(tags.REF_TAG_ID, '?')}",
            )
        return []

    def received(self, session: str, fields: Fields, raw: str) -> None:
        """Hand a desk's request to the engine. Raises MalformedMessage."""
        desk = self._by_session[session]
        message = dict(fields)
        number = int(message[tags.MSG_SEQ_NUM])
        again = message.get(tags.POSS_DUP_FLAG) == "Y"
        if again and number <= desk.consumed:
            return
        request = decode(fields, desk.comp_id)
        refusal, wait_s = desk.pace.weigh(request, again=again)
        self._hand_in(desk, request, raw, number, refusal)
        if wait_s:
            # On the connection's own thread: whoever floods us waits for himself.
            self._pause.wait(wait_s)

    def _hand_in(
        self, desk: _Desk, request: Any, raw: str, number: int, throttled: str = ""
    ) -> None:
        self._post(
            Inbound(
                source=desk.comp_id,
                message=request,
                evidence=Evidence.DESK,
                raw=raw,
                msg_seq_num=number,
                throttled=throttled,
            )
        )
        desk.consumed = max(desk.consumed, number)

    def sending(self, session: str, fields: Fields) -> bool:
        """Reports are always sent, and sent again if the desk asks."""
        return True

    def failed(self, session: str, raw: str, error: BaseException) -> None:
        """Tell the desk that its message was not handled."""
        desk = self._by_session[session]
        # A text of the desk's may hold what looks like a field: the first is the header's.
        message = dict(part.partition("=")[::2] for part in reversed(raw.split("|")))
        number = message.get("34", "")
        if message.get("35", "") in {*ADMIN_TYPES, ""} or not number.isdecimal():
            return
        note = Unworkable(
            ref_msg_type=message["35"],
            ref_seq_num=int(number),
            reason=BusinessRejectReason.APPLICATION_NOT_AVAILABLE,
            ref_id=message.get("11", ""),
            text="this message could not be handled",
            origin=desk.comp_id,
        )
        self._hand_in(desk, note, raw, int(number))


def _demand_agreement(
    settings: Path, configs: list[SessionConfig], desks: Mapping[str, DeskLogin]
) -> None:
    for config in configs:
        FileStore(config)
        if not config.around_the_clock:
            raise ConfigError(f"{settings}: session {config.name} needs NonStopSession=Y")
        if config.target not in desks:
            raise ConfigError(f"{settings}: session {config.name} has no [[desks]] entry")
    found = {config.target for config in configs}
    for comp_id in desks:
        if comp_id not in found:
            raise ConfigError(f"{settings}: desk {comp_id} has no acceptor [SESSION]")


def _common_port(settings: Path, configs: list[SessionConfig]) -> int:
    ports = {config.settings.get("SOCKETACCEPTPORT", "") for config in configs}
    if not configs:
        raise ConfigError(f"{settings}: no acceptor [SESSION]")
    port = ports.pop()
    if ports or not port.isdecimal():
        raise ConfigError(f"{settings}: all acceptor sessions need one SocketAcceptPort")
    return int(port)
