"""Connections of the control API do not stay on numbers that quickfix may still read from."""

import fcntl
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from oms.web.listening import listen


@pytest.fixture
def few_numbers() -> Iterator[int]:
    """The process may have 256 descriptors; the number of the first of the upper half."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    yield 128
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_connection_moves_to_the_upper_half(few_numbers: int) -> None:
    (one,) = listen("127.0.0.1", 0)
    with one, socket.create_connection(one.getsockname()) as client:
        connection, peer = one.accept()
        with connection:
            assert connection.fileno() >= few_numbers
            assert peer == client.getsockname()
            client.send(b"whole")
            assert connection.recv(10) == b"whole"


def test_it_stays_where_no_higher_number_is_left(few_numbers: int) -> None:
    (one,) = listen("127.0.0.1", 0)
    taken: list[int] = []
    with one, socket.create_connection(one.getsockname()):
        with suppress(OSError):
            while True:
                taken.append(fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, few_numbers))
        connection, _ = one.accept()
        with connection:
            assert connection.fileno() < few_numbers
    for number in taken:
        os.close(number)


def test_every_address_of_a_name_is_listened_to() -> None:
    found = listen("localhost", 0)
    names = {info[4][0] for info in socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)}
    assert {one.getsockname()[0] for one in found} == names
    for one in found:
        one.close()


def test_an_address_that_can_not_be_had_leaves_nothing_open() -> None:
    (one,) = listen("127.0.0.1", 0)
    with closing(one):
        before = len(os.listdir("/proc/self/fd"))
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", one.getsockname()[1])
        assert len(os.listdir("/proc/self/fd")) == before
