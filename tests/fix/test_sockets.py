"""Looking through the process's descriptors for sockets touches nothing else."""

import fcntl
import multiprocessing
import socket
from pathlib import Path

from fix.sockets import limit_stalling, unanswered


def _try(path: Path) -> None:
    """Exit 0 if another process has the lock."""
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(0) from None
    raise SystemExit(1)


def test_the_locks_on_files_stay(tmp_path: Path) -> None:
    """SQLite's: without them another process truncates what this one has mapped, and it dies."""
    path = tmp_path / "locked"
    path.write_bytes(b"x")
    with path.open("r+b") as file, socket.create_server(("127.0.0.1", 0)) as server:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        port = server.getsockname()[1]
        assert limit_stalling(port, 1.0) == 1
        assert unanswered(port) == []
        other = multiprocessing.get_context("spawn").Process(target=_try, args=(path,))
        other.start()
        other.join(30)
        assert other.exitcode == 0, "another process could take the lock"
