"""The desks' side: who may log on, what a desk asks, and what it is told."""

import hmac
import logging
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import jwt

from fix import tags
from fix.codec import decode, encode
from fix.filestore import FileStore
from fix.outlet import Backlog, Outlet
from fix.session import LogonRefused, Role, SessionStatus
from fix.sockets import limit_stalling, reserve_port
from fix.strangers import LOGON_WAIT_S, Strangers
from fix.transport import Kind, SessionConfig, read_sessions
from fix.wire import ADMIN_TYPES, Fields, body_of
from oms.clock import Clock
from oms.core.book import Session
from oms.core.errors import ConfigError
from oms.core.fields import BusinessRejectReason
from oms.core.notes import Unworkable
from oms.core.ports import DeskGateway, Evidence, Inbound, Post

_log = logging.getLogger(__name__)

LEEWAY_S: Final = 5
"""Seconds by which a desk's clock may be behind ours when its token expires."""

STALL_S: Final = 10.0
"""A desk that takes nothing for so long is dropped; its reports stay in the journal."""

REFUSED: Final = "logon refused"
"""All that a refused desk is told, whichever part of its Logon was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLogin:
    """What a desk logs on with, and whether it reads the tags from 5001 on."""

    secret: str = field(repr=False)
    extended_tags: bool = False


@dataclass(slots=True)
class _Desk:
    comp_id: str
    login: DeskLogin
    config: SessionConfig
    store: FileStore
    outlet: Outlet
    consumed: int = 0
    """The last MsgSeqNum that went to the engine."""


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
        clock: Clock,
        *,
        overrides: Mapping[str, str] | None = None,
        stall_s: float = STALL_S,
        logon_wait_s: float = LOGON_WAIT_S,
    ) -> None:
        """`settings` is quickfix.cfg; `overrides` replace settings of its acceptor sessions.

        SocketAcceptPort=0 lets the kernel choose. `sessions` are the journal's positions by
        CompID, read once, in `start`. `stall_s` and `logon_wait_s`: seconds until a desk that takes
        nothing, and a connection that does not log on, are dropped. Raises ConfigError, where
        file and desks disagree too.
        """
        self._post = post
        self._backlog = backlog
        self._sessions = sessions
        self._clock = clock
        self._stall_s = stall_s
        configs = read_sessions(settings, Kind.ACCEPTOR, overrides)
        _demand_agreement(settings, configs, desks)
        self.port = _common_port(settings, configs)
        self._holder: socket.socket | None = None
        if not self.port:
            self.port, self._holder = reserve_port()
            chosen = {**(overrides or {}), "SocketAcceptPort": str(self.port)}
            configs = read_sessions(settings, Kind.ACCEPTOR, chosen)
        self._role = Role(Kind.ACCEPTOR, configs, self, clock)
        self._desks = {one.target: self._desk(one, desks[one.target]) for one in configs}
        self._strangers = Strangers(self._role, clock, self._role.configs, self.port, logon_wait_s)
        self._by_session = {desk.config.name: desk for desk in self._desks.values()}

    def start(self) -> None:
        """Set the sessions to where the journal is, then listen. Raises ConfigError."""
        resets = {comp_id: desk.store.prepare() for comp_id, desk in self._desks.items()}
        self._role.open()
        for comp_id, desk in self._desks.items():
            self._align(desk, reset=resets[comp_id])
            desk.store.keep()
        self._strangers.start()
        self._role.start()
        self._let_go()
        limit_stalling(self.port, self._stall_s)

    def stop(self, text: str = "the engine is stopping") -> None:
        """Log the desks out; the process is to end by os._exit, or `drop` is to follow."""
        self._let_go()
        self._strangers.stop()
        for desk in self._desks.values():
            desk.outlet.stop()
        self._role.log_out(text)

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
        outlet = Outlet(
            config.target,
            config.name,
            self._role,
            partial(encode, extended=login.extended_tags),
            self._backlog,
            self._post,
            self._clock,
        )
        return _Desk(config.target, login, config, FileStore(config), outlet)

    # Where a session goes on

    def _align(self, desk: _Desk, *, reset: bool) -> None:
        name, role = desk.config.name, self._role
        journal = self._sessions.get(desk.comp_id, Session())
        next_in, next_out = role.next_numbers(name)
        if reset and next_in <= journal.msg_seq_num_in:
            # The desk started anew and the engine ended before it had written that down.
            journal = Session(delivered=journal.delivered)
            desk.outlet.reset()
        else:
            desk.store.forget_reset()
        # quickfix counts a message as received when the engine has it; only what was committed
        # is consumed, and the desk is asked for the rest.
        role.set_next_in(name, min(next_in, journal.msg_seq_num_in + 1))
        role.set_next_out(name, max(next_out, journal.msg_seq_num_out + 1))
        desk.consumed = journal.msg_seq_num_in
        desk.outlet.start(journal.delivered)
        desk.outlet.handed += self._handed_since(desk, journal, next_out)
        desk.outlet.note()

    def _handed_since(self, desk: _Desk, journal: Session, next_out: int) -> int:
        """How many reports quickfix holds that the journal does not know it was given.

        They are in its store, in order; the desk gets them when it asks for what it missed.
        """
        stored = (
            body_of(fields)
            for fields in desk.store.messages(journal.msg_seq_num_out + 1, next_out - 1)
            if dict(fields).get(tags.MSG_TYPE) not in ADMIN_TYPES
        )
        count = 0
        said = next(stored, None)
        if said is None:
            return 0
        for _, report in self._backlog(desk.comp_id, journal.delivered):
            wanted = body_of(encode(report, extended=desk.login.extended_tags))
            while said is not None and said != wanted:
                said = next(stored, None)
            if said is None:
                break
            count += 1
            said = next(stored, None)
        return count

    # What quickfix calls

    def logged_on(self, session: str) -> None:
        """The desk gets what it has not had."""
        limit_stalling(self.port, self._stall_s)
        self._by_session[session].outlet.open()

    def logged_out(self, session: str) -> None:
        """Reports wait in the journal."""
        self._strangers.away(session)
        self._by_session[session].outlet.close()

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
                _demand_parameters(message, reset=reset)
                _demand_token(message.get(tags.RAW_DATA, ""), desk, self._clock)
            except LogonRefused:
                _log.warning("%s: a logon was refused", desk.comp_id)
                if reset:
                    desk.store.restore()
                    self._role.reread(session)
                raise
        self._strangers.present(session)
        if reset:
            desk.store.mark_reset()
            desk.consumed = 0
            desk.outlet.reset()
            desk.store.keep()

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
        """A desk that rejects one of our reports is an alarm for a human."""
        message = dict(fields)
        if message.get(tags.MSG_TYPE) == "3":
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
        if message.get(tags.POSS_DUP_FLAG) == "Y" and number <= desk.consumed:
            return
        request = decode(fields, desk.comp_id)
        self._hand_in(desk, request, raw, number)

    def _hand_in(self, desk: _Desk, request: Any, raw: str, number: int) -> None:
        self._post(
            Inbound(
                source=desk.comp_id,
                message=request,
                evidence=Evidence.DESK,
                raw=raw,
                msg_seq_num=number,
            )
        )
        desk.consumed = max(desk.consumed, number)

    def sending(self, session: str, fields: Fields) -> bool:
        """Reports are always sent, and sent again if the desk asks."""
        return True

    def failed(self, session: str, raw: str, error: BaseException) -> None:
        """Tell the desk that its message was not handled."""
        desk = self._by_session[session]
        message = dict(part.partition("=")[::2] for part in raw.split("|"))
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


def _demand_parameters(message: Mapping[int, str], *, reset: bool) -> None:
    """Raise LogonRefused for what quickfix would agree to; the token is not looked at."""
    if message.get(tags.ENCRYPT_METHOD) != "0":
        raise LogonRefused("EncryptMethod (98) must be 0")
    if message.get(tags.HEART_BT_INT, "").startswith("-"):
        raise LogonRefused("HeartBtInt (108) must be 0 or more")
    if reset and int(message[tags.MSG_SEQ_NUM]) != 1:
        raise LogonRefused("MsgSeqNum (34) must be 1 with ResetSeqNumFlag (141)")


def _demand_token(token: str, desk: _Desk, clock: Clock) -> None:
    """Raise LogonRefused unless the token is this desk's and in time."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            desk.login.secret,
            algorithms=["HS256"],
            # The time is our clock's, not the library's.
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        raise LogonRefused(REFUSED) from None
    subject, exp = claims.get("sub"), claims.get("exp")
    known = isinstance(subject, str) and hmac.compare_digest(
        subject.encode(), desk.comp_id.encode()
    )
    if not known or type(exp) is not int or exp + LEEWAY_S <= clock.now_ms() // 1000:
        raise LogonRefused(REFUSED)
