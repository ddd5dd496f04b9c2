"""What `oms` loads before it does anything."""

import subprocess
import sys

_LOADED = """
import sys
from oms.__main__ import main
sys.argv = ["oms", "--help"]
try:
    main()
except SystemExit as end:
    rooms = {name.partition(".")[0] for name in sys.modules}
    print(end.code, *sorted(rooms & {"httpx", "pygments", "rich"}))
"""


def test_what_draws_tables_is_not_loaded_to_start() -> None:
    """Neither by ourselves nor with httpx, which has a command line of its own."""
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", _LOADED], stdout=subprocess.PIPE, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "0 httpx"
