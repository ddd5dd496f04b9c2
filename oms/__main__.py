"""`oms`, and `python -m oms`."""

import gc
import os
import sys
from types import ModuleType
from typing import Final, NoReturn

_LOOK_FOR_CYCLES: Final = (10_000, 10, 10)
"""Objects more than before until Python looks for cycles of garbage, and how often until it looks
among older ones too: fourteen times its own figure.

What is loaded stays, and orders, records and reports are no cycles: looking for them at every 700
took a tenth of the start, and as much of a replay.
"""


def main() -> NoReturn:
    """Run the command line, and exit with its code."""
    if sys.flags.optimize:
        # An assertion that fails is our own mistake and must stop the engine, not be skipped.
        sys.stderr.write("oms: runs with its assertions only: start it without -O\n")
        sys.exit(2)
    gc.set_threshold(*_LOOK_FOR_CYCLES)
    # httpx brings a command line of its own if it can, and with it rich and pygments: a twentieth
    # of the time to `ready`.
    sys.modules["httpx._main"] = ModuleType("httpx._main")
    try:
        from oms.cli import app

        app(prog_name="oms")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Nobody reads any more. Python flushes once more at the end: into nothing, then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(0)


if __name__ == "__main__":
    main()
