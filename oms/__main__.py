"""`oms`, and `python -m oms`."""

import os
import sys
from types import ModuleType
from typing import NoReturn

from oms.cycles import loading


def main() -> NoReturn:
    """Run the command line, and exit with its code."""
    if sys.flags.optimize:
        # An assertion that fails is our own mistake and must stop the engine, not be skipped.
        sys.stderr.write("oms: runs with its assertions only: start it without -O\n")
        sys.exit(2)
    # httpx brings a command line of its own if it can, and with it rich and pygments: a twentieth
    # of the time to `ready`.
    sys.modules["httpx._main"] = ModuleType("httpx._main")
    try:
        with loading():
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
