"""What quickfix does not do with its sockets: choose a free port, drop a peer that stalls or waits.

It does not say which sockets are its own, so they are found by their port.
"""

import errno
import os
import socket
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

Endpoint = tuple[str, int]
"""Address and port at the other end."""

_OPEN: Final = Path("/proc/self/fd")

_PROBE_S: Final = 3.0

_DATA_SEGS_OUT: Final = 156
"""Offset of tcpi_data_segs_out in struct tcp_info (linux/tcp.h, since Linux 4.6)."""


def reserve_port() -> tuple[int, socket.socket]:
    """A port of the kernel's choice, and the socket that holds it until it is closed.

    Another socket of this process can listen there meanwhile, with SO_REUSEADDR.
    """
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("", 0))
    return holder.getsockname()[1], holder


def limit_stalling(port: int, seconds: float) -> int:
    """Make the kernel drop peers of that local port that take nothing for so long.

    Without it a send to a peer that does not read blocks for ever. Sockets accepted later
    inherit the limit from the listening one. Returns how many sockets it was set on.
    """
    found = 0
    for one in _of_port(port):
        _limit(one, seconds)
        found += 1
    return found


def limit_stalling_towards(port: int, seconds: float) -> None:
    """The same for connections to peers' port of that number, whoever they are."""
    for one in _where(lambda one: one.getpeername()[1] == port):
        _limit(one, seconds)


def _limit(one: socket.socket, seconds: float) -> None:
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


def unanswered(port: int) -> list[Endpoint]:
    """The peers of that local port that were never sent anything."""
    found: list[Endpoint] = []
    for one in _of_port(port):
        with suppress(OSError):  # the listening socket has no peer
            peer = one.getpeername()
            if not _sent(one):
                found.append(peer)
    return found


def _sent(one: socket.socket) -> bool:
    about = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    sent: int = struct.unpack_from("I", about, _DATA_SEGS_OUT)[0]
    return sent > 0


def answered(port: int) -> dict[int, int]:
    """Which descriptors are connections of that local port that were sent something: their inodes."""
    return _answered(lambda one: one.getsockname()[1] == port)


def answered_by(port: int) -> dict[int, int]:
    """The same for connections to peers' port of that number."""
    return _answered(lambda one: one.getpeername()[1] == port)


def _answered(wanted: Callable[[socket.socket], bool]) -> dict[int, int]:
    return {number: inode(number) for number, one in _numbered(wanted) if _sent(one)}


def cut(port: int, peer: Endpoint) -> None:
    """End the connection for whoever reads from it, who then closes it himself.

    To close it from here would free its number for the next connection while quickfix's thread
    still reads from that number.
    """
    for one in _of_port(port):
        with suppress(OSError):
            if one.getpeername() == peer:
                one.shutdown(socket.SHUT_RDWR)


def refusal(host: str, port: str) -> str:
    """Why a connection there does not come about, found by trying once."""
    try:
        with closing(socket.create_connection((host, int(port)), timeout=_PROBE_S)):
            return "it accepts connections and then nothing"
    except (OSError, ValueError) as error:
        return str(error)


def _of_port(port: int) -> Iterator[socket.socket]:
    """Copies of this process's sockets of that local port, closed after use."""
    return _where(lambda one: one.getsockname()[1] == port)


def _where(wanted: Callable[[socket.socket], bool]) -> Iterator[socket.socket]:
    return (copy for _, copy in _numbered(wanted))


def _numbered(wanted: Callable[[socket.socket], bool]) -> Iterator[tuple[int, socket.socket]]:
    for entry in os.listdir(_OPEN):
        with suppress(OSError), copied(int(entry)) as copy:
            if copy.family == socket.AF_INET and wanted(copy):
                yield int(entry), copy


def inode(descriptor: int) -> int:
    """What tells an open file or socket from every other; 0 if the number is nobody's."""
    try:
        return os.fstat(descriptor).st_ino
    except OSError:
        return 0


def copied(descriptor: int) -> socket.socket:
    """Another descriptor of an open socket. Raises OSError if it is no socket.

    No copy of a file is made and closed: to close any descriptor of a file ends all locks that
    this process holds on it, and SQLite's are among them.
    """
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        raise OSError(errno.ENOTSOCK, os.strerror(errno.ENOTSOCK))
    # Should the number have become a file's this moment, the copy stays open.
    return socket.socket(fileno=os.dup(descriptor))
