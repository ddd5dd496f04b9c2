"""Real socket.io servers from npm, one of each generation, for as long as a block runs."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent / "npm"
THERE: Final = Path(__file__).parents[3] / ".venv" / "socketio"
FILES: Final = ("package.json", "package-lock.json", ".npmrc", "serve.js")
INSTALL_S: Final = 180


def install() -> Path:
    """Where the servers are, installed now if they are not. Skips, and says so, without npm."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("no node and npm here: the channel is not tried against real servers")
    THERE.mkdir(parents=True, exist_ok=True)
    wanted = b"".join((HERE / name).read_bytes() for name in FILES)
    stamp = THERE / "installed"
    if stamp.is_file() and stamp.read_bytes() == wanted:
        return THERE
    for name in FILES:
        shutil.copy(HERE / name, THERE / name)
    try:
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],  # noqa: S607  the machine's
            cwd=THERE, capture_output=True, text=True, check=True, timeout=INSTALL_S,
        )  # fmt: skip
    except subprocess.CalledProcessError as failed:
        pytest.skip(f"npm can not install the real servers: {failed.stderr[-300:]}")
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not install the real servers in {INSTALL_S} s")
    stamp.write_bytes(wanted)
    return THERE


@contextmanager
def real_server(package: str, interval_ms: int, timeout_ms: int) -> Iterator[str]:
    """A server that listens; its address."""
    command = ["node", "serve.js", package, str(interval_ms), str(timeout_ms)]
    with subprocess.Popen(  # noqa: S603  our own script
        command, cwd=install(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield f"ws://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.stdin.close()
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()
