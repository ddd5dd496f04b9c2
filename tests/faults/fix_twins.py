"""The model of a FIX role beside the real one: the same words of a peer, and what comes of them.

`python -m tests.faults.fix_twins` plays every dialogue against both and prints what each of them
told its Peer and its peer, as JSON. The real one is quickfix, over sockets; it runs in a process of
its own because it can not be destroyed safely.
"""

import json
import os
import selectors
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import simplefix

from fix.session import LogonRefused, Role
from fix.transport import Kind, SessionConfig
from fix.wire import Fields
from oms.clock import SystemClock
from oms.core.errors import MalformedMessage
from tests.adapters.virtual_hour import VirtualLoop
from tests.faults.fix_dialogues import DIALOGUES, Dialogue, Step
from tests.faults.fix_model import Wires
from tests.faults.fix_net import IN, Half, Net

WAIT_S: Final = 10.0

_SHOWN: Final = (34, 43, 7, 16, 36, 123, 112, 58, 45, 371, 372, 373, 141, 11)


def _shown(fields: Fields) -> str:
    """What two messages must have in common."""
    message = dict(fields)
    parts = [f"{tag}={message[tag]}" for tag in _SHOWN if tag in message]
    return " ".join([message[35], *parts])


class Ear:
    """A Peer that notes what it is told, by session, and does what messages say it should."""

    watches_sending = True

    def __init__(self) -> None:
        self.told: dict[str, list[str]] = {}

    def note(self, session: str, what: str) -> None:
        """It happened."""
        self.told.setdefault(session, []).append(what)

    def logged_on(self, session: str) -> None:
        self.note(session, "logged on")

    def logged_out(self, session: str) -> None:
        self.note(session, "logged out")

    def logon_received(self, session: str, fields: Fields) -> None:
        self.note(session, f"logon received {_shown(fields)}")
        if (96, "NO") in fields:
            raise LogonRefused("not you")

    def admin_received(self, session: str, fields: Fields) -> None:
        self.note(session, f"admin received {_shown(fields)}")

    def admin_sending(self, session: str, fields: Fields) -> Fields:
        self.note(session, f"admin sending {_shown(fields)}")
        return []

    def received(self, session: str, fields: Fields, raw: str) -> None:
        self.note(session, f"received {_shown(fields)}")
        if (58, "BAD") in fields:
            raise MalformedMessage("it is bad", 58)
        if (58, "MISTAKE") in fields:
            raise RuntimeError("a mistake, on purpose")

    def sending(self, session: str, fields: Fields) -> bool:
        self.note(session, f"sending {_shown(fields)}")
        return (58, "HOLD") not in fields or (43, "Y") not in fields

    def failed(self, session: str, raw: str, error: BaseException) -> None:
        self.note(session, f"failed {type(error).__name__}")


class Bench(Protocol):
    """One session, and whoever is at its other end."""

    heard: list[str]

    def connect(self) -> None:
        """Have a connection."""

    def say(self, fields: Fields) -> None:
        """Send that; the header is added."""

    def cut(self) -> None:
        """End the connection."""

    def settle(self, told: int, heard: int) -> None:
        """Let everything that follows from that happen."""


def config_of(dialogue: Dialogue, port: int, folder: Path) -> SessionConfig:
    """The session of a dialogue: it has a name of its own."""
    initiates = dialogue.kind is Kind.INITIATOR
    resets = "Y" if dialogue.resets else "N"
    place = (
        {"SOCKETCONNECTHOST": "127.0.0.1", "SOCKETCONNECTPORT": str(port), "HEARTBTINT": "30"}
        if initiates
        else {"SOCKETACCEPTPORT": str(port), "SOCKETREUSEADDRESS": "Y"}
    )
    return SessionConfig(
        {
            "CONNECTIONTYPE": dialogue.kind.value,
            "BEGINSTRING": "FIX.4.2",
            "SENDERCOMPID": "OMS",
            "TARGETCOMPID": dialogue.name.upper().replace(" ", "-"),
            "NONSTOPSESSION": "Y",
            "USEDATADICTIONARY": "N",
            "RECONNECTINTERVAL": "1",
            "FILESTOREPATH": str(folder),
            "PERSISTMESSAGES": "N" if dialogue.resets else "Y",
            "RESETONLOGON": resets,
            "RESETONLOGOUT": resets,
            "RESETONDISCONNECT": resets,
            **place,
        }
    )


def play(
    dialogue: Dialogue, role: Role, ear: Ear, bench: Bench, counts: Sequence[tuple[int, int]] = ()
) -> tuple[list[str], list[tuple[int, int]]]:
    """All that was told and heard, and how much of both there was after each step, and the session's
    numbers after the last. `counts`: what is to be waited for."""
    (session,) = [name for name in role.configs if dialogue.name.upper().replace(" ", "-") in name]
    ear.told.setdefault(session, [])
    seen: list[tuple[int, int]] = []
    for number, step in enumerate(dialogue.steps):
        _do(step, session, role, ear, bench)
        bench.settle(*(counts[number] if counts else (0, 0)))
        seen.append((len(ear.told[session]), len(bench.heard)))
    until = time.monotonic() + WAIT_S
    while counts and role.next_numbers(session) != counts[-1] and time.monotonic() < until:
        bench.settle(0, 0)  # a message is counted a moment after what it leads to
    seen.append(numbers := role.next_numbers(session))
    return [*ear.told[session], "--", *bench.heard, f"-- {numbers}"], seen


def _do(step: Step, session: str, role: Role, ear: Ear, bench: Bench) -> None:
    match step.what:
        case "connect":
            bench.connect()
        case "cut":
            bench.cut()
        case "say":
            bench.say(list(step.fields))
        case "send":
            ear.note(session, f"sent: {role.send(session, list(step.fields))}")
        case "next in":
            role.set_next_in(session, int(step.fields[0][1]))
        case other:
            raise AssertionError(other)


# The model


class ModelBench:
    """The other end in memory."""

    def __init__(self, dialogue: Dialogue, session: str, loop: VirtualLoop, net: Net) -> None:
        self.heard: list[str] = []
        self._dialogue = dialogue
        self._session = session
        self._loop = loop
        self._net = net
        self._half: Half | None = None
        self._taken = False
        if dialogue.kind is Kind.INITIATOR:
            net.listen(session, self._begin)

    def connect(self) -> None:
        if self._dialogue.kind is Kind.ACCEPTOR:
            assert self._net.connect(self._session, self._begin, IN)
            return
        for _ in range(100):
            if self._half is not None:
                return
            self.settle(0, 0)
        raise AssertionError("no connection came")

    def _begin(self, half: Half) -> "ModelBench":
        self._half = half
        return self

    def take(self, fields: Fields) -> None:
        self.heard.append(_shown(fields))

    def ended(self) -> None:
        self.heard.append("closed")
        self._half = None

    def say(self, fields: Fields) -> None:
        assert self._half is not None, "not connected"
        stamp = f"{self._loop.now():%Y%m%d-%H:%M:%S.%f}"[:-3]
        self._half.send(_with_header(fields, stamp, self._dialogue))

    def cut(self) -> None:
        assert self._half is not None, "not connected"
        half, self._half = self._half, None
        half.close()

    def settle(self, told: int, heard: int) -> None:
        self._loop.call_later(0.2, self._loop.stop)
        self._loop.run_forever()


def _with_header(fields: Fields, stamp: str, dialogue: Dialogue) -> Fields:
    kind, number, *rest = fields
    route = [(49, dialogue.name.upper().replace(" ", "-")), (52, stamp), (56, "OMS")]
    dated = [_dated(one, stamp) for one in rest]
    header = [one for one in dated if one[0] in (43, 122)]
    body = [one for one in dated if one[0] not in (43, 122)]
    return [(8, "FIX.4.2"), kind, number, *route, *header, *body]


def _dated(one: tuple[int, str], stamp: str) -> tuple[int, str]:
    return (one[0], stamp) if one[1] == "<now>" else one


def play_model(dialogue: Dialogue) -> tuple[list[str], list[tuple[int, int]]]:
    """The model's part."""
    loop = VirtualLoop()
    try:
        wires, ear = Wires(Net(loop)), Ear()
        config = config_of(dialogue, 1, Path("/nowhere"))
        role = wires.role(dialogue.kind, [config], ear, loop, keeps_files=not dialogue.resets)
        bench = ModelBench(dialogue, config.name, loop, wires.net)
        role.open()
        role.start()
        return play(dialogue, role, ear, bench)
    finally:
        loop.close()


# The real one


@dataclass
class SocketBench:
    """The other end of a socket."""

    dialogue: Dialogue
    told: list[str]
    port: int = 0
    listener: socket.socket | None = None
    heard: list[str] = field(default_factory=list)
    _socket: socket.socket | None = None
    _parser: simplefix.FixParser = field(default_factory=simplefix.FixParser)

    def connect(self) -> None:
        if self.listener is not None:
            self._socket, _ = self.listener.accept()
        else:
            self._socket = socket.create_connection(("127.0.0.1", self.port), WAIT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._parser = simplefix.FixParser()

    def say(self, fields: Fields) -> None:
        assert self._socket is not None, "not connected"
        stamp = f"{datetime.now(UTC):%Y%m%d-%H:%M:%S.%f}"[:-3]  # noqa: TID251  quickfix's is real too
        message = simplefix.FixMessage()
        for tag, value in _with_header(fields, stamp, self.dialogue):
            message.append_pair(tag, value)
        self._socket.sendall(message.encode())

    def cut(self) -> None:
        assert self._socket is not None, "not connected"
        self._socket.close()
        self._socket = None

    def settle(self, told: int, heard: int) -> None:
        until = time.monotonic() + WAIT_S
        self._read(0.01)
        while len(self.told) < told or len(self.heard) < heard:
            left_s = until - time.monotonic()
            if left_s < 0:
                missing = f"{told} told and {heard} heard, had {self.told} and {self.heard}"
                raise AssertionError(f"{self.dialogue.name}: waited {WAIT_S} s for {missing}")
            self._read(min(left_s, 0.02))

    def leave(self) -> None:
        """The dialogue is over, and the session stands no longer."""
        if self._socket is not None:
            self.cut()
        until = time.monotonic() + WAIT_S
        while self.told.count("logged out") < self.told.count("logged on"):
            # Not before: a connection that gets its number until then is cut (fix.numbers).
            assert time.monotonic() < until, f"{self.dialogue.name}: waited for the logout"
            time.sleep(0.001)

    def _read(self, wait_s: float) -> None:
        if self._socket is None:
            time.sleep(wait_s)
            return
        with selectors.DefaultSelector() as ready:
            ready.register(self._socket, selectors.EVENT_READ)
            if not ready.select(wait_s):
                return
        try:
            content = self._socket.recv(65_536)
        except ConnectionError:
            content = b""
        if not content:
            self._socket.close()
            self._socket = None
            self.heard.append("closed")
            return
        self._parser.append_buffer(content)
        while (parsed := self._parser.get_message()) is not None:
            self.heard.append(_shown([(int(tag), value.decode()) for tag, value in parsed.pairs]))


def play_real(
    folder: Path, counts: dict[str, list[tuple[int, int]]], roles: list[Role]
) -> dict[str, list[str]]:
    """Every dialogue on quickfix: one acceptor, and one initiator, with a session for each. They
    are in `roles` then, and still at work."""
    shown: dict[str, list[str]] = {}
    for kind in (Kind.ACCEPTOR, Kind.INITIATOR):
        for resets in (False, True):
            some = [one for one in DIALOGUES if (one.kind, one.resets) == (kind, resets)]
            if some:
                shown |= _play_some(kind, some, folder, counts, roles)
    return shown


def _play_some(
    kind: Kind,
    dialogues: list[Dialogue],
    folder: Path,
    counts: dict[str, list[tuple[int, int]]],
    roles: list[Role],
) -> dict[str, list[str]]:
    ear = Ear()
    listeners = {one.name: socket.create_server(("127.0.0.1", 0)) for one in dialogues}
    ports: dict[str, int] = {name: one.getsockname()[1] for name, one in listeners.items()}
    if kind is Kind.ACCEPTOR:
        for listener in listeners.values():
            listener.close()
        ports = dict.fromkeys(ports, next(iter(ports.values())))
    configs = {one.name: config_of(one, ports[one.name], folder) for one in dialogues}
    keeps = not dialogues[0].resets
    role = Role(kind, list(configs.values()), ear, SystemClock(), keeps_files=keeps)
    roles.append(role)
    role.open()
    role.start()
    shown = {}
    for one in dialogues:
        told = ear.told.setdefault(configs[one.name].name, [])
        bench = SocketBench(one, told, ports[one.name])
        if kind is Kind.INITIATOR:
            bench.listener = listeners[one.name]
        shown[one.name], _ = play(one, role, ear, bench, counts[one.name])
        bench.leave()
    return shown


def main() -> None:
    """Both, as one JSON document."""
    told: dict[str, Any] = {}
    counts = {}
    roles: list[Role] = []  # kept until the end: quickfix's objects are not to be destroyed
    for dialogue in DIALOGUES:
        told[dialogue.name], counts[dialogue.name] = play_model(dialogue)
    with tempfile.TemporaryDirectory() as folder:
        real = play_real(Path(folder), counts, roles)
    shown = {name: {"model": told[name], "real": real[name]} for name in real}
    print(json.dumps(shown, indent=1))  # noqa: T201  its output is what it is for
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
