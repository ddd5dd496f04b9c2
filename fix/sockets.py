"""What quickfix does not do with its sockets: choosing a free port, dropping a peer that stalls."""

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

_OPEN: Final = Path("/proc/self/fd")


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
    for entry in os.listdir(_OPEN):
        with suppress(OSError), _copy(int(entry)) as copy:
            if copy.family == socket.AF_INET and copy.getsockname()[1] == port:
                copy.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
                found += 1
    return found


def _copy(descriptor: int) -> socket.socket:
    """Another descriptor of an open socket. Raises OSError if it is no socket."""
    copied = os.dup(descriptor)
    try:
        return socket.socket(fileno=copied)
    except OSError:
        os.close(copied)
        raise
