"""The numbers of quickfix's sockets, kept from everybody else until the threads that use them end.

A session that ends its own connection closes the socket, calls onLogout, and lets the connection's
thread read from that number once more (ThreadedSocketConnection::read does not ask whether it was
closed). Whoever has been given the number meanwhile loses what he is sent to that thread, which
goes on reading for as long as he is connected, and its desk can not come back before.
"""

import errno
import fcntl
import logging
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fix.sockets import copied, inode

_log = logging.getLogger(__name__)

_TASKS: Final = Path("/proc/self/task")

_PAUSE_S: Final = 0.0005

_PATIENCE: Final = 20
"""Looks at a number that somebody else has: the control API gives its own up at once."""

_LOOKS: Final = 4000
"""Looks in all, two seconds."""


class Numbers:
    """Those of one role. All methods from any thread."""

    def __init__(
        self,
        standing: Callable[[], dict[int, int]],
        pause: Callable[[], object] = lambda: threading.Event().wait(_PAUSE_S),
    ) -> None:
        """`standing`: the sockets of the sessions that stand, and others maybe: inode by number."""
        self._standing = standing
        self._pause = pause
        self._lock = threading.Lock()
        self._known: dict[int, int] = {}
        self._held: dict[int, set[int]] = {}
        self._nobody: socket.socket | None = None

    def learn(self) -> None:
        """A session stands now: from its onLogon."""
        with self._lock:
            self._give_back()
            self._known.update(self._standing())
            if self._known and self._nobody is None:
                # Not in `hold`: it would be given a number that was just closed.
                self._nobody = socket.socket()

    def hold(self) -> None:
        """A session has closed its socket: from its onLogout, on the connection's thread.

        Its number becomes that of a socket without a peer, until this thread has ended. Who has
        been given it is cut off: what he is sent could be read by two.
        """
        with self._lock:
            self._give_back()
            closed = [number for number, was in self._known.items() if inode(number) != was]
            for number in closed:
                del self._known[number]
                self._held.setdefault(number, set())
            held = list(self._held)
            for readers in self._held.values():  # which of them is this thread's, is not known
                readers.add(threading.get_native_id())
        for number in held:
            self._take(number)

    def close(self) -> None:
        """All threads have ended."""
        with self._lock:
            self._give_back()
            if self._nobody is not None:
                self._nobody.close()

    def _take(self, number: int) -> None:
        assert self._nobody is not None, "learned with the number"
        for look in range(_LOOKS):
            got = fcntl.fcntl(self._nobody.fileno(), fcntl.F_DUPFD_CLOEXEC, number)
            if got == number:
                return
            os.close(got)
            if self._is_held(number):
                return
            try:
                with copied(number) as other:
                    if look >= _PATIENCE:
                        other.shutdown(socket.SHUT_RDWR)
            except OSError as error:
                if error.errno == errno.ENOTSOCK:  # a file's: quickfix's recv fails at it
                    return
            self._pause()
        _log.error("descriptor %d: quickfix may read from it, and its new owner keeps it", number)

    def _give_back(self) -> None:
        for number, threads in list(self._held.items()):
            if any((_TASKS / str(thread)).exists() for thread in threads):
                continue
            if self._is_held(number):
                os.close(number)
            del self._held[number]

    def _is_held(self, number: int) -> bool:
        return self._nobody is not None and inode(number) == inode(self._nobody.fileno())
