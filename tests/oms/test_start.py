"""What `oms` loads before it does anything."""

import subprocess
import sys
from pathlib import Path

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


_READY = """
import gc, os, sys
from oms.__main__ import main
from oms.cli import run

def tell(*_):
    print("cryptography" in sys.modules, "jwt" in sys.modules)
    print(gc.isenabled(), gc.get_threshold()[0] > 700, gc.get_freeze_count() > 100_000)
    sys.stdout.flush()
    os._exit(0)

run._say_ready = tell
sys.argv = ["oms", "run", "-c", sys.argv[1]]
main()
"""


def test_a_start_loads_no_more_than_it_uses_and_looks_for_garbage_again(tmp_path: Path) -> None:
    """What signs nothing of ours, wherever it is installed, stays away; what was loaded stays."""
    config = tmp_path / "oms.toml"
    config.write_text('[api]\nlisten = "127.0.0.1:0"\ntoken = "t"\n')
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", _READY, str(config)],
        stdout=subprocess.PIPE, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["False True", "True True True"]
