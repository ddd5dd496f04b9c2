"""The cores that the engine's threads run on."""

import os
from pathlib import Path
from typing import Final

_OWN: Final = Path("/proc/thread-self/stat")

_CPU_LAST_RUN_ON: Final = 39 - 3
"""proc(5) counts fields from 1; the first behind the name is its third."""


def keep_to_one() -> None:
    """Have this thread, and all that it and they begin, run on the core that it runs on now.

    Only one thread runs Python at a time, and every call into quickfix or SQLite lets go of that
    turn and asks for it again. On several cores another thread takes it meanwhile, and both go
    through the kernel: 25 changes of thread for an order instead of 2, and two thirds more CPU.
    Where the system has nobody choose, nothing happens.
    """
    if hasattr(os, "sched_setaffinity") and _OWN.exists():
        behind_the_name = _OWN.read_text().rpartition(")")[2].split()
        os.sched_setaffinity(0, {int(behind_the_name[_CPU_LAST_RUN_ON])})
