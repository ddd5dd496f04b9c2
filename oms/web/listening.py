"""Sockets that listen for the control API, and give the connections they accept high numbers.

quickfix reads once more from a number that it has closed (fix.numbers); a request on a connection
that was given that number would go to quickfix, and its answer never come.
"""

import fcntl
import resource
import socket
from typing import Any, Final

_BACKLOG: Final = 128

_HIGH: Final = 4096


class Listening(socket.socket):
    """A socket whose connections move away at once from the number that they are given."""

    def accept(self) -> tuple[socket.socket, Any]:
        """As socket.accept; a connection stays where it is if no higher number is left."""
        connection, peer = super().accept()
        try:
            moved = fcntl.fcntl(connection.fileno(), fcntl.F_DUPFD_CLOEXEC, _first())
        except OSError:
            return connection, peer
        connection.close()
        return socket.socket(fileno=moved), peer


def listen(host: str, port: int) -> list[Listening]:
    """One for each address of that host. Raises OSError if one can not be had."""
    found: list[Listening] = []
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            one = Listening(family, kind, protocol)
            found.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
            one.listen(_BACKLOG)
    except OSError:
        for one in found:
            one.close()
        raise
    return found


def _first() -> int:
    """The upper half of what this process may have; not so high that the kernel's table is large."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(soft // 2, _HIGH)
