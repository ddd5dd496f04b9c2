"""The machine as it is at this moment: load, the disk's sync, CPU of processes."""

import os
import platform
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

_SYNCS: Final = 40
_BLOCK: Final = bytes(4096)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a figure was measured in: load average of one minute, seconds of one sync."""

    load: float
    sync_s: float


def conditions(folder: Path) -> Conditions:
    """As they are now, on the disk of that folder."""
    return Conditions(os.getloadavg()[0], sync_s(folder))


def sync_s(folder: Path) -> float:
    """What it takes to append a block to a file and sync it: the median, in seconds."""
    path = folder / "sync"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    took = []
    try:
        for _ in range(_SYNCS):
            start = time.perf_counter()
            os.write(descriptor, _BLOCK)
            os.fdatasync(descriptor)
            took.append(time.perf_counter() - start)
    finally:
        os.close(descriptor)
        path.unlink()
    return median(took)


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used, all its threads together."""
    # The clock of another process, as clock_getcpuclockid(3) makes its number.
    return time.clock_gettime((~pid << 3) | 2)


def memory_mb(pid: int) -> float:
    """What a process has resident, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def description(folder: Path) -> str:
    """Cores, versions and file system, on one line."""
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores, {platform.machine()}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{_file_system(folder)}"
    )


def _file_system(folder: Path) -> str:
    """The type of the file system that holds the folder; tmpfs would sync nothing."""
    best, kind = Path("/"), "unknown"
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        point, found = line.split()[1:3]
        if folder.resolve().is_relative_to(point) and len(point) >= len(str(best)):
            best, kind = Path(point), found
    return kind
