"""A number that quickfix has closed and still reads from is nobody else's meanwhile."""

import fcntl
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from fix.numbers import Numbers
from fix.sockets import inode
from tests.fix.office import Office

WAIT_S = 30.0


class Connection:
    """A socket, and a thread that holds its number and ends when it is told to."""

    def __init__(self) -> None:
        self.socket, self.peer = socket.socketpair()
        self.number = self.socket.fileno()
        self.inode = inode(self.number)
        self._held = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def numbers(self, pause: Callable[[], object] = lambda: None) -> Numbers:
        """Those of a role whose one session has logged on by it."""
        self._numbers = Numbers(lambda: {self.number: self.inode}, pause)
        self._numbers.learn()
        return self._numbers

    def end(self) -> None:
        """onLogout is called on its thread, and returns."""
        self._thread.start()
        assert self._held.wait(WAIT_S), "waited for the number to be held"

    def leave(self) -> None:
        """The thread ends."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(WAIT_S)

    def wait_gone(self) -> None:
        """The kernel has forgotten the thread: Python says that it is over before it is."""
        task = Path(f"/proc/self/task/{self._thread.native_id}")
        until = time.monotonic() + WAIT_S
        while task.exists():
            assert time.monotonic() < until, "waited for the thread to be gone"

    def _work(self) -> None:
        self._numbers.hold()
        self._held.set()
        assert self._over.wait(WAIT_S), "waited for the test to let the thread end"


@pytest.fixture
def connection() -> Iterator[Connection]:
    made = Connection()
    yield made
    made.leave()
    made.socket.close()
    made.peer.close()


def give(number: int) -> socket.socket:
    """Somebody else's connection gets that number; its peer."""
    one, peer = socket.socketpair()
    # The peer may have got it: it is put out of the way.
    with peer:
        moved = socket.socket(fileno=fcntl.fcntl(peer.fileno(), fcntl.F_DUPFD, 100))
    _put(one.detach(), number)
    return moved


def _put(descriptor: int, number: int) -> None:
    if descriptor != number:
        os.dup2(descriptor, number)
        os.close(descriptor)


def test_a_closed_number_is_held_until_its_thread_has_ended(connection: Connection) -> None:
    with closing(connection.numbers()) as numbers:
        connection.socket.close()
        connection.end()
        held = inode(connection.number)
        assert held not in (0, connection.inode)
        numbers.learn()
        assert inode(connection.number) == held, "the thread has not ended"
        connection.leave()
        connection.wait_gone()
        numbers.learn()
        assert inode(connection.number) != held, "given back"


def test_a_number_that_is_still_open_is_left_alone(connection: Connection) -> None:
    """Another session's."""
    with closing(connection.numbers()):
        connection.end()
        assert inode(connection.number) == connection.inode


def test_who_moves_on_by_himself_is_not_cut_off(connection: Connection) -> None:
    """As connections of the control API do."""
    looks: list[int] = []
    elsewhere: list[int] = []

    def pause() -> None:
        looks.append(connection.number)
        if len(looks) == 3:
            elsewhere.append(os.dup(connection.number))
            os.close(connection.number)

    with closing(connection.numbers(pause)):
        connection.socket.close()
        peer = give(connection.number)
        connection.end()
        with peer, socket.socket(fileno=elsewhere[0]) as other:
            peer.send(b"whole")
            assert other.recv(10) == b"whole"
    assert len(looks) == 3


def test_who_stays_is_cut_off_and_his_number_held(connection: Connection) -> None:
    """Two would read what he is sent."""

    def pause() -> None:
        with suppress(BlockingIOError):
            assert peer.recv(10, socket.MSG_DONTWAIT) == b""
            os.close(connection.number)

    with closing(connection.numbers(pause)):
        connection.socket.close()
        peer = give(connection.number)
        theirs = inode(connection.number)
        connection.end()
        assert inode(connection.number) not in (0, theirs)
        peer.close()


def test_a_file_keeps_the_number(connection: Connection) -> None:
    """Nothing can be read from it as from a socket; SQLite's locks would end with a copy."""
    with closing(connection.numbers()):
        connection.socket.close()
        _put(os.open(os.devnull, os.O_RDONLY), connection.number)
        its = inode(connection.number)
        connection.end()
        assert inode(connection.number) == its
        os.close(connection.number)


def test_the_next_session_on_a_number_is_known_by_it(connection: Connection) -> None:
    """Its number is held in turn, although it was not to be had the last time."""
    with closing(connection.numbers()) as numbers:
        connection.socket.close()
        _put(os.open(os.devnull, os.O_RDONLY), connection.number)
        connection.end()
        peer = give(connection.number)
        connection.inode = inode(connection.number)
        numbers.learn()
        connection.leave()
        connection.wait_gone()
        os.close(connection.number)
        peer.close()
        numbers.hold()
        assert inode(connection.number) != 0, "held"
    os.close(connection.number)  # this thread has not ended


def test_quickfix_reads_nothing_of_who_comes_after_a_logout(office: Office) -> None:
    """A desk logs out; the numbers that become free are taken at once, and written to."""
    desk = office.logged_on()
    office.child.call("bait")
    desk.send("5")
    desk.expect("5")
    desk.expect_closed()
    office.wait_logged_on(desk, logged_on=False)
    office.child.call("wait_threads", 1)
    assert office.child.call("untouched") == ["not quickfix's"] * 2
    desk.close()
    desk.log_on()
    office.wait_logged_on(desk)
