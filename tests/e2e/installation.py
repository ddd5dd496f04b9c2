"""A whole installation of real processes in one folder: simulators, `oms run`, a configuration."""

import json
import os
import select
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from oms.clock import draw_secret
from oms.demo.ports import find_layout, port_base
from oms.scaffold import Budget, write_scaffold
from oms.settings import Settings, load_settings
from tests.fix.desk import Desk

SPEED: Final = 60
"""Both sides' windows and rates are scaled alike, as in the demo."""

WAIT_S: Final = 50.0
"""A process takes a second of one core to start, and far longer where many want the core."""
PAUSE_S: Final = 0.02

_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""All is plain HTTP here; without this httpx reads all certificates at every call, for 50 ms."""

Row = dict[str, Any]


class Installation:
    """Simulators and an OMS on kernel-free ports, their files in one folder."""

    def __init__(self, folder: Path, *, news: bool = False) -> None:
        """Write the configuration; nothing runs yet. `news`: whether DESK1 hears of routes."""
        self.folder = folder
        self.layout = find_layout()
        rates = {
            "andx": Budget(60 * SPEED // 60, 1),
            "apifiny": Budget(20 * SPEED, 1),
            "apifiny_market": Budget(SPEED, 1),
        }
        write_scaffold(
            folder,
            new_secret=draw_secret,
            sim=self.layout,
            budgets=rates,
            strategies=("grid",),
            venues=("apifiny", "andx"),
        )
        self.config = folder / "oms.toml"
        if not news:
            text = self.config.read_text(encoding="utf-8")
            self.config.write_text(text.replace("news = true ", "news = false"), encoding="utf-8")
        self.settings: Settings = load_settings(self.config, {})
        self.starts = 0
        self._oms: subprocess.Popen[bytes] | None = None

    @contextmanager
    def simulators(self) -> Iterator[None]:
        """`oms sim apifiny andx` while the block runs."""
        base = str(port_base(self.layout))
        arguments = ["sim", "apifiny", "andx", "--port-base", base, "--speed", str(SPEED)]
        process = self._spawn("sim", arguments)
        try:
            for _ in range(2):
                _line(process, lambda line: line.startswith(b"{"), "a simulator's line")
            yield
        finally:
            end(process, signal.SIGKILL)

    def start(self) -> None:
        """`oms run`, until it says ready."""
        self.starts += 1
        self._oms = self._spawn(f"run{self.starts}", ["run", "-c", str(self.config)])
        _line(self._oms, lambda line: b"ready" in line, "the line `ready`")

    def kill(self) -> None:
        """kill -9."""
        assert self._oms is not None, "nothing to kill"
        end(self._oms, signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._oms is not None, "nothing to stop"
        return end(self._oms, signal.SIGTERM)

    def desk(self) -> Desk:
        """DESK1's client, not connected."""
        secret = self.settings.desks[0].secret.get_secret_value()
        return Desk(self.layout.desk, "DESK1", secret)

    def oms(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One `oms` command to its end."""
        return subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-m", "oms", *arguments, "-c", str(self.config)],
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            cwd=self.folder,
            check=False,
        )

    def get(self, path: str) -> Any:
        """A look at the control API, as the operator."""
        token = self.settings.api.token.get_secret_value()
        url = f"http://{self.settings.api.listen}/api{path}"
        answer = httpx.get(
            url, headers={"Authorization": f"Bearer {token}"}, timeout=WAIT_S, verify=_NO_TLS
        )
        answer.raise_for_status()
        return answer.json()

    def wait(
        self,
        path: str,
        done: Callable[[Any], bool],
        what: str,
        meanwhile: Callable[[], None] = lambda: time.sleep(PAUSE_S),
    ) -> Any:
        """Look until it is so; AssertionError with the last look."""
        until = time.monotonic() + WAIT_S
        while True:
            seen = self.get(path)
            if done(seen):
                return seen
            assert time.monotonic() < until, f"waited for {what}: {seen}"
            meanwhile()

    def wait_ready(self) -> None:
        """Every route is up and reconciled."""
        self.wait(
            "/status",
            lambda status: all(venue["ready"] for venue in status["venues"]),
            "all routes ready",
        )

    def ledger(self, venue: str) -> list[Row]:
        """The orders as the simulator itself has them."""
        url = f"http://127.0.0.1:{self.layout.venues[venue].rest}/_sim/ledger"
        return list(httpx.get(url, timeout=WAIT_S, verify=_NO_TLS).json()["orders"])

    def switch(self, venue: str, name: str, value: object) -> None:
        """A documented trouble of the venue's, on or off."""
        url = f"http://127.0.0.1:{self.layout.venues[venue].rest}/_sim/switch"
        told = {"name": name, "value": value}
        httpx.post(url, json=told, timeout=WAIT_S, verify=_NO_TLS).raise_for_status()

    def _spawn(self, name: str, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.err").open("wb") as err:
            return subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-m", "oms", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                cwd=self.folder,
                start_new_session=True,
            )


def end(process: "subprocess.Popen[bytes]", how: signal.Signals) -> int:
    """Send the signal and wait; the exit code."""
    if process.poll() is None:
        os.kill(process.pid, how)
    code = process.wait(WAIT_S)
    assert process.stdout is not None
    process.stdout.close()
    return code


def _line(process: "subprocess.Popen[bytes]", wanted: Callable[[bytes], bool], what: str) -> bytes:
    assert process.stdout is not None
    until = time.monotonic() + WAIT_S
    while True:
        left = until - time.monotonic()
        readable, _, _ = select.select([process.stdout], [], [], max(left, 0))
        assert readable, f"waited {WAIT_S} s for {what}"
        line = process.stdout.readline()
        assert line, f"ended with {process.wait()} without {what}; see the .err files"
        if wanted(line):
            return line


def rows(answer: "subprocess.CompletedProcess[str]") -> Any:
    """The JSON document that a command printed."""
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)
