"""One owner at a time: an exclusive lock on a file beside the store, and who holds it.

The lock is the operating system's (flock): it ends with the process, however that ends.
"""

import fcntl
import os
from datetime import datetime
from pathlib import Path

from oms.core.errors import ConfigError, StoreLocked
from oms.store.types import utc_text


class Lock:
    """Held from `take` until `release`."""

    def __init__(self, descriptor: int) -> None:
        """`descriptor` is open and locked."""
        self._descriptor = descriptor

    @classmethod
    def take(cls, store: Path, owner: str, now: datetime) -> "Lock":
        """Lock `<store>.lock`. Raises StoreLocked, naming the holder, if somebody has it."""
        path = store.with_name(f"{store.name}.lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ConfigError(
                f"[store] url: {path.parent} can not be written to: {error.strerror}"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 1_000).decode("utf-8", "replace").strip()
            os.close(descriptor)
            raise StoreLocked(f"{store} is held by {holder or 'another process'}") from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{owner}, pid {os.getpid()}, since {utc_text(now)}\n".encode())
        return cls(descriptor)

    def release(self) -> None:
        """Let the next owner in. The file stays, empty: removing it would let two in."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
