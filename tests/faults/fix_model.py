"""A model of the engine's FIX roles: fix/session.py's own, with quickfix and its sockets replaced.

What the product does around quickfix stays the product's: the callbacks' guards, what a send is
gated on, when a gap is asked for again. Sessions are those of fix_session, connections those of
fix_net, and files are in memory; what they hold outlives a process that is killed.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, cast

from fix.application import Application
from fix.filestore import Condition, FileStore
from fix.numbers import Numbers
from fix.peer import Peer
from fix.session import Role
from fix.sockets import Endpoint
from fix.transport import Kind, SessionConfig
from fix.wire import Fields
from oms.clock import Clock
from oms.core.errors import ConfigError
from oms.core.sessions import Session as Position
from tests.faults.fix_net import Half, Net
from tests.faults.fix_session import Session
from tests.faults.fix_store import Kept

TRY_EVERY_S: Final = 1.0
"""quickfix's ReconnectInterval, as fix/retries.py sets it."""

FREE_S: Final = 5.0
"""How long a connection waits until the last one of its session has ended."""


class Files(FileStore):
    """A session's files in memory."""

    def __init__(self, kept: Kept, config: SessionConfig) -> None:
        super().__init__(config)
        self._kept_of = kept

    def messages(self, first: int, last: int) -> Iterator[Fields]:
        """Those stored under these numbers."""
        for number, fields in sorted(self._kept_of.box.sent.items()):
            if first <= number <= last:
                yield fields

    def prepare(self, journal: Position) -> Condition:
        """What a start finds."""
        kept = self._kept_of
        begun_anew = kept.resets_marked > journal.resets
        if not begun_anew and self.emptied():
            self.restore()
        used = kept.box.next_out - 1
        sound = not kept.torn and kept.begun and (begun_anew or journal.msg_seq_num_out <= used)
        if not kept.begun:
            sound, used = not journal.stored_from, 0
        if not sound:
            kept.lose()
        return Condition(sound, kept.resets_marked, used)

    def make_young(self, now: datetime) -> None:
        """They have no date."""

    def emptied(self) -> bool:
        """Whether the session was reset since they were kept."""
        return self._kept_of.second is not None and self._kept_of.second is not self._kept_of.box

    def keep(self) -> None:
        """What they are now can be had again."""
        self._kept_of.second = self._kept_of.box

    def restore(self) -> None:
        """As they were when they were emptied."""
        assert self._kept_of.second is not None, "they were kept"
        self._kept_of.box = self._kept_of.second

    def settle(self) -> None:
        """Memory is as good as it gets."""

    def mark_reset(self, resets: int) -> None:
        """Leave word."""
        self._kept_of.resets_marked = resets


class ModelRole(Role):
    """The acceptor or the initiator of one process."""

    def __init__(
        self,
        wires: "Wires",
        kind: Kind,
        sessions: Sequence[SessionConfig],
        peer: Peer,
        clock: Clock,
        *,
        keeps_files: bool = False,
    ) -> None:
        super().__init__(kind, sessions, peer, clock, keeps_files=keeps_files)
        self._wires = wires
        self._net = wires.net
        self._loop = wires.net.loop
        self._models: dict[str, Session] = {}
        self._halves: dict[str, Half] = {}
        self._started = False

    def open(self) -> None:
        """Build the sessions over what is kept of them."""
        application = Application(
            self._peer,
            self._kind,
            self._pulse,
            self._note_asked,
            cast(Any, lambda session_id: self._models.get(session_id.toString())),
            Numbers(dict),  # it has no sockets
        )
        for name, config in self.configs.items():
            kept = self._wires.kept_of(name) if self._keeps_files else Kept()
            kept.begun = True
            self._models[name] = Session(
                config, self._kind, application, kept, self._clock, partial(self._freed, name)
            )
        self._sessions = cast(Any, self._models)

    def start(self) -> None:
        """Listen, or begin to connect. Raises ConfigError for a door that is taken."""
        self._started = True
        self._wires.roles.append(self)
        for name in self.configs:
            if self._kind is Kind.INITIATOR:
                self._loop.call_soon(self._try, name)
            elif self._net.listens(name):
                raise ConfigError(f"quickfix: {name} is listened for already")
            else:
                self._net.listen(name, partial(self._accept, name))

    def _hand_over(self, session: str, fields: Fields) -> bool:
        return self._models[session].send(fields)

    def store(self, session: str) -> FileStore:
        """Its files in memory."""
        return Files(self._wires.kept_of(session), self.configs[session])

    # Connections

    def _try(self, name: str) -> None:
        """Connect, now and every second; not while the session is held."""
        if not self._alive:
            return
        met = self._models[name].enabled and self._net.connect(name, partial(self._begin, name))
        if not met:
            self._loop.call_later(TRY_EVERY_S, self._try, name)

    def _begin(self, name: str, half: Half) -> "_Near":
        self._loop.call_soon(self._take_up, name, half)
        return _Near(self, name, half)

    def _take_up(self, name: str, half: Half) -> None:
        if self._alive:
            self._halves[name] = half
            self._models[name].connected(half)
            self._tick(name, half)

    def _accept(self, name: str, half: Half) -> "_Near":
        near = _Near(self, name, half)
        self._wait_for(near, self._loop.time() + FREE_S)
        return near

    def _wait_for(self, near: "_Near", until: float) -> None:
        """A new connection has its session once the last one is over, and waits not for ever."""
        if not self._alive or near.over:
            return
        if near.name not in self._halves:
            self._take_up(near.name, near.half)
            near.go_on()
        elif self._loop.time() < until:
            self._loop.call_later(TRY_EVERY_S, self._wait_for, near, until)
        else:
            near.half.close()

    def has(self, name: str, half: Half) -> bool:
        """Whether the session has that connection."""
        return self._alive and self._halves.get(name) is half

    def take(self, name: str, fields: Fields) -> None:
        """A message has come on the session's connection."""
        self._models[name].take(fields)

    def ended(self, name: str) -> None:
        """The session's connection is over."""
        self._models[name].disconnect()

    def _freed(self, name: str) -> None:
        met = self._halves.pop(name, None) is not None
        if met and self._kind is Kind.INITIATOR and self._alive:
            self._loop.call_later(TRY_EVERY_S, self._try, name)

    def _tick(self, name: str, half: Half) -> None:
        if self.has(name, half):
            pause_s = self._models[name].tick()
            self._loop.call_later(pause_s, self._tick, name, half)

    @property
    def _alive(self) -> bool:
        return self._started and not self._dropped

    # Its end

    def log_out(self, text: str) -> None:
        """Say good-bye at once, and wait for no answer."""
        for model in self._models.values():
            model.logout(text)
            model.tick()
            model.disconnect()

    def drop(self) -> None:
        """Be gone."""
        self.die()

    def die(self) -> None:
        """The process is killed: what it sent still arrives, and it hears nothing more."""
        if self._dropped:
            return
        self._dropped = True
        for name in self.configs:
            if self._kind is Kind.ACCEPTOR and self._started:
                self._net.deafen(name)
        for half in self._halves.values():
            half.close()

    # Sockets

    def limit_stalling(self, seconds: float) -> None:
        """No peer here takes long over taking."""

    def unanswered(self) -> list[Endpoint]:
        """Nobody is a stranger here."""
        return []

    def refusal(self, session: str) -> str:
        """Nobody takes it up, if it is not a matter of time."""
        return "no connection: refused"


class _Near:
    """The engine's end of a connection."""

    def __init__(self, role: ModelRole, name: str, half: Half) -> None:
        self.name = name
        self.half = half
        self.over = False
        self._role = role
        self._early: list[Fields] = []
        """What came while the session had another connection."""

    def take(self, fields: Fields) -> None:
        """A message has come."""
        if self._role.has(self.name, self.half):
            self._role.take(self.name, fields)
        else:
            self._early.append(fields)

    def go_on(self) -> None:
        """The session is this connection's now."""
        early, self._early = self._early, []
        for fields in early:
            self.take(fields)

    def ended(self) -> None:
        """It is over."""
        self.over = True
        if self._role.has(self.name, self.half):
            self._role.ended(self.name)


class Wires:
    """One world's FIX: connections, and what outlives the engine's processes."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.roles: list[ModelRole] = []
        self._kept: dict[str, Kept] = {}

    def kept_of(self, session: str) -> Kept:
        """Its files."""
        return self._kept.setdefault(session, Kept())

    def role(
        self,
        kind: Kind,
        sessions: Sequence[SessionConfig],
        peer: Peer,
        clock: Clock,
        *,
        keeps_files: bool = False,
    ) -> ModelRole:
        """What fix/session.py's Roles asks for."""
        return ModelRole(self, kind, sessions, peer, clock, keeps_files=keeps_files)

    def kill(self) -> None:
        """The engine's process is gone."""
        for role in self.roles:
            role.die()
        self.roles.clear()
