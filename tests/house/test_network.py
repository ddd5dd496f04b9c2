"""Tests reach this machine and no other."""

import socket

import pytest

# From the block that RFC 5737 keeps for documentation: nobody is there.
ELSEWHERE = ("192.0.2.1", 80)


def test_a_connection_to_elsewhere_is_refused_by_the_house() -> None:
    with (
        socket.socket() as one,
        pytest.raises(AssertionError, match=r"192\.0\.2\.1.*stay on loopback"),
    ):
        one.connect(ELSEWHERE)
    with socket.socket() as one, pytest.raises(AssertionError, match="stay on loopback"):
        one.connect_ex(ELSEWHERE)


def test_a_foreign_name_is_not_looked_up() -> None:
    with pytest.raises(AssertionError, match=r"resolve venue\.example"):
        socket.getaddrinfo("venue.example", 80)


def test_loopback_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        with socket.create_connection(server.getsockname(), timeout=5):
            connection, _ = server.accept()
            connection.close()
