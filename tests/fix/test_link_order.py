"""What is told of a venue's link comes in the order in which it is so, whoever finds it out."""

import threading
from pathlib import Path

import pytest

from fix.departures import Departure
from fix.initiator import Initiator, VenueLogin
from oms.clock import ManualClock
from oms.core.book import Book
from oms.core.messages import OrderCancelRequest
from oms.core.notes import Doubt, Request
from oms.core.ports import Inbound
from tests.fix.trading import ACCOUNT, KEY, SIGNING

_SETTINGS = """[DEFAULT]
BeginString=FIX.4.2
ConnectionType=initiator
SenderCompID=STA-00000001
TargetCompID=APIFINY
UseDataDictionary=N
SocketConnectHost=127.0.0.1
SocketConnectPort=1
ReconnectInterval=1
"""


class Told:
    """An initiator that connects to nothing, and what it tells of its link."""

    def __init__(self, folder: Path, *exchanges: str) -> None:
        path = folder / "quickfix.cfg"
        sections = [f"[SESSION]\nSessionQualifier={name}\n" for name in exchanges]
        path.write_text(_SETTINGS + "".join(sections))
        self.moves: list[tuple[bool, str]] = []
        self.posted: list[Inbound] = []
        self.clock = ManualClock()
        login = VenueLogin(account_id=ACCOUNT, api_key_id=KEY, api_secret_key=SIGNING)
        self.initiator = Initiator(path, "APIFINY", login, self.post, Book(), self.hear, self.clock)
        self.names = [status.name for status in self.initiator.sessions_status()]

    def post(self, inbound: Inbound) -> None:
        self.posted.append(inbound)

    def hear(self, up: bool, text: str) -> None:
        self.moves.append((up, text))


def test_a_link_that_comes_up_while_its_absence_is_looked_into_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe may take seconds, and quickfix may log on meanwhile."""
    told = Told(tmp_path, "BINANCE")

    def probe(*_: object, **__: object) -> None:
        told.initiator.logged_on(told.names[0])
        raise OSError("refused")

    monkeypatch.setattr("fix.sockets.socket.create_connection", probe)
    told.clock.advance(60.0)
    told.initiator._retries.look()
    assert [up for up, _ in told.moves] == [True]
    assert [status.text for status in told.initiator.sessions_status()] == ["logged on"]


def test_a_link_that_does_not_come_up_is_explained_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(tmp_path, "BINANCE")

    def probe(*_: object, **__: object) -> None:
        raise OSError("refused")

    monkeypatch.setattr("fix.sockets.socket.create_connection", probe)
    told.clock.advance(60.0)
    told.initiator._retries.look()
    told.initiator._retries.look()
    ((up, text),) = told.moves
    assert not up
    assert "no connection to 127.0.0.1:1: refused" in text


def test_two_sessions_that_move_at_once_are_told_one_after_the_other(tmp_path: Path) -> None:
    """Otherwise the last word could be that all is up while one session is down."""
    told = Told(tmp_path, "BINANCE", "COINBASEPRO")
    one, other = told.names
    told.initiator.logged_on(other)
    telling, go_on = threading.Event(), threading.Event()

    def hear(up: bool, text: str) -> None:
        if up:
            telling.set()
            go_on.wait(0.5)
        told.moves.append((up, text))

    told.initiator._link_moved = hear
    rising = threading.Thread(target=told.initiator.logged_on, args=(one,))
    rising.start()
    assert telling.wait(10), "waited 10 s for the first session's word"
    told.initiator.logged_out(other)
    go_on.set()
    rising.join(10)
    assert [up for up, _ in told.moves] == [True, False]


def test_a_mistake_while_sending_leaves_the_request_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one thread that sends must outlive it; and something may have left."""
    told = Told(tmp_path, "BINANCE")

    def fail(*_: object) -> bool:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(told.initiator._role, "send", fail)
    cancel = OrderCancelRequest(cl_ord_id="c1", orig_cl_ord_id="v1")
    told.initiator._depart(told.names[0], Departure(cancel, "BINANCE", 0.0))
    (posted,) = told.posted
    assert isinstance(posted.message, Doubt)
    assert (posted.message.cl_ord_id, posted.message.request) == ("v1", Request.CANCEL)
