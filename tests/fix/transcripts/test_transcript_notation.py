"""The notation is read as README.md says, and the player finds what is wrong."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fix.transcripts.firm import Firm
from tests.fix.transcripts.notation import (
    Books,
    Closes,
    Deed,
    Expect,
    NotationError,
    Send,
    read,
    read_all,
    step,
)
from tests.fix.transcripts.player import Player
from tests.fix.transcripts.wire import Connection, Mismatch, checksum, join, stamp

UNDERSTOOD = {
    "desk> 35=A|34=1": Send(1, "", "desk", "", (("35", "A"), ("34", "1"))),
    "twin cut 20> 35=A": Send(1, "", "twin", "cut 20", (("35", "A"),)),
    "oms> 35=8|...": Expect(1, "", "desk", (("35", "8"),), True, 0.0, 5.0),
    "oms to twin> 35=8": Expect(1, "", "twin", (("35", "8"),), False, 0.0, 5.0),
    "oms after 0.8s..3s> 35=0": Expect(1, "", "desk", (("35", "0"),), False, 0.8, 3.0),
    "oms closes": Closes(1, "", "desk", 5.0),
    "oms closes twin within 12s": Closes(1, "", "twin", 12.0),
    "twin connects": Deed(1, "", "twin", "connects"),
    "desk waits 3s": Deed(1, "", "desk", "waits", 3.0),
    "oms says nothing more": Deed(1, "", "desk", "oms says nothing more"),
    "books: nothing": Books(1, "", ()),
    "books: a1 NEW 0, a2 FILLED 1": Books(1, "", (("a1", "NEW", "0"), ("a2", "FILLED", "1"))),
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_a_line_means_what_it_says(text: str) -> None:
    found, wanted = step(1, text), UNDERSTOOD[text]
    assert {**vars(found), "text": ""} == vars(wanted)
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    "text", ["desk sings", "desk> hello", "oms> =5", "books: a1", "oms closes soon", "desk> "]
)
def test_a_line_that_means_nothing_is_an_error(text: str) -> None:
    with pytest.raises(NotationError):
        step(1, text)


WRONG = {
    "no name": ("scenario : x\nbooks: nothing\n", "NAME: TITLE"),
    "no books": ("scenario a: x\ndesk connects\n", "ends with its books"),
    "no steps": ("scenario a: x\n", "ends with its books"),
    "a line": ("scenario a: x\n\nnonsense\nbooks: nothing\n", "f.txt:3: not understood"),
}


@pytest.mark.parametrize(("text", "error"), WRONG.values(), ids=WRONG.keys())
def test_a_file_that_is_wrong_names_the_line(tmp_path: Path, text: str, error: str) -> None:
    path = tmp_path / "f.txt"
    path.write_text(text)
    with pytest.raises(NotationError, match=error):
        list(read(path))


def test_every_scenario_is_read() -> None:
    found = read_all()
    assert len(found) > 60
    assert all(one.title for one in found)


# The player, against an engine of the test's own making


def message(*pairs: tuple[str, str], length: int = 0, total: int = 0) -> bytes:
    """The engine's, wrong by that much."""
    fields = [("49", "OMS"), ("56", "T1"), ("34", "1"), ("52", stamp())]
    head = {tag for tag, _ in pairs}
    said = [*pairs[:1], *(one for one in fields if one[0] not in head), *pairs[1:]]
    body = join([(tag, value.encode()) for tag, value in said])
    content = f"8=FIX.4.2\x019={len(body) + length}\x01".encode() + body
    return content + f"10={(int(checksum(content)) + total) % 256:03d}\x01".encode()


@pytest.fixture
def hear(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[bytes, str], None]:
    """Play lines at a desk that is told those bytes."""

    def play(content: bytes, lines: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            monkeypatch.setattr(Player, "_connect", lambda self, who: _join(self, who, port))
            thread = threading.Thread(target=_say, args=(server, content))
            thread.start()
            path = tmp_path / "f.txt"
            path.write_text(f"scenario a: x\ndesk connects\n{lines}\nbooks: nothing\n")
            try:
                (scenario,) = read(path)
                Player(_Nobody(), "T1").play(scenario)
            finally:
                thread.join(5.0)

    return play


class _Nobody(Firm):
    """An engine without books."""

    def __init__(self) -> None:
        pass

    def books(self, desk: str) -> list[tuple[str, ...]]:
        return []


def _join(player: Player, who: str, port: int) -> None:
    player._connections[who] = Connection(port)


def _say(server: socket.socket, content: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(content)


HEARD: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "as expected": (lambda: message(("35", "0"), ("112", "x")), "oms> 35=0|112=x", ""),
    "and the end": (lambda: message(("35", "0")), "oms> 35=0\noms closes", ""),
    "more is allowed": (lambda: message(("35", "0"), ("112", "x")), "oms> 35=0|...", ""),
    "anything": (lambda: message(("35", "0"), ("112", "x")), "oms> 35=0|112=<any>", ""),
    "in parts": (lambda: message(("35", "0"), ("112", "xyz")), "oms> 35=0|112=x...z", ""),
    "another value": (lambda: message(("35", "0"), ("112", "y")), "oms> 35=0|112=x", "112=y, x is"),
    "one too many": (
        lambda: message(("35", "0"), ("112", "y")),
        "oms> 35=0",
        "not expected: .*112",
    ),
    "one too few": (lambda: message(("35", "0")), "oms> 35=0|112=x", "112=absent, x is"),
    "a number ahead": (
        lambda: message(("35", "0"), ("34", "2")),
        "oms> 35=0",
        "34=2, 1 is expected",
    ),
    "another desk": (lambda: message(("35", "0"), ("56", "T2")), "oms> 35=0", "CompIDs"),
    "an old time": (lambda: message(("35", "0"), ("52", stamp(-60))), "oms> 35=0", "60 s ago"),
    "no time": (lambda: message(("35", "0"), ("52", "now")), "oms> 35=0", "no UTCTimestamp"),
    "a length": (lambda: message(("35", "0"), length=3), "oms> 35=0", "middle|BodyLength"),
    "a sum": (lambda: message(("35", "0"), total=1), "oms> 35=0", "CheckSum is wrong"),
    "a tag twice": (lambda: message(("35", "0"), ("58", "a"), ("58", "b")), "oms> 35=0", "twice"),
    "half of it": (lambda: message(("35", "0"))[:-9], "oms> 35=0", "in the middle of a message"),
    "no FIX": (lambda: b"HTTP/1.1 400 Bad Request, this is no FIX message", "oms> 35=0", "no FIX"),
    "nothing": (lambda: b"", "oms> 35=0", "the connection was closed"),
    "something": (lambda: message(("35", "0")), "oms closes", "it said something instead"),
    "too early": (lambda: message(("35", "0")), "oms after 1s..2s> 35=0", "came after 0.* already"),
    "another name": (
        lambda: message(("35", "8"), ("37", "1")) + message(("35", "8"), ("34", "2"), ("37", "2")),
        "oms> 35=8|37=<order>\noms> 35=8|37=<order>",
        "37=2, <order> is expected",
    ),
    "an order": (lambda: message(("35", "0")), "oms> 35=0\nbooks: a1 NEW 0", r"the books say \[\]"),
}


@pytest.mark.parametrize(("content", "lines", "error"), HEARD.values(), ids=HEARD.keys())
def test_the_player_finds_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
    hear: Callable[[bytes, str], None],
    content: Callable[[], bytes],
    lines: str,
    error: str,
) -> None:
    monkeypatch.setattr("tests.fix.transcripts.player.WITHIN_S", 0.05)
    if not error:
        hear(content(), lines)
        return
    with pytest.raises(Mismatch, match=error):
        hear(content(), lines)
