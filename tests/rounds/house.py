"""One installation of real processes: simulators, the proxy before them, and `oms run`."""

import json
import os
import re
import select
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import httpx

from adapters import VENUES
from oms.clock import draw_secret
from oms.demo.plan import STRATEGY
from oms.demo.ports import find_layout, port_base
from oms.demo.stage import read_ledger
from oms.scaffold import write_scaffold
from oms.settings import Settings, load_settings
from oms.simlayout import SimLayout, SimPorts
from tests.e2e.installation import end

HOST: Final = "127.0.0.1"
WAIT_S: Final = 30.0

TIMEOUT_S: Final = 1
"""How long an answer of a venue's is waited for: shorter than what the proxy holds up."""

RETRY_S: Final = 1
"""The first pause before Apifiny's session is tried again."""

_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""All is plain HTTP here; without this httpx reads all certificates at every call, for 50 ms."""

Row = dict[str, Any]


class House:
    """Everything of one batch, in one folder."""

    def __init__(self, folder: Path, seed: int, speed: int) -> None:
        """Nothing runs yet."""
        self.folder = folder
        self.seed = seed
        self.speed = speed
        self.starts = 0
        self._sims = find_layout()
        self._engine: subprocess.Popen[bytes] | None = None
        self._proxy: subprocess.Popen[bytes] | None = None

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Simulators and proxy run while the block does, and the engine is configured."""
        base = str(port_base(self._sims))
        speed, seed = str(self.speed), str(self.seed)
        words = ["oms", "sim", "all", "--port-base", base, "--speed", speed, "--seed", seed]
        sims = self._spawn("sim", words)
        try:
            for _ in VENUES:
                _line(sims, "a simulator's line")
            doors = json.dumps(_doors(self._sims))
            self._proxy = self._spawn("proxy", ["tests.rounds.proxy", seed, doors])
            self._write(json.loads(_line(self._proxy, "the proxy's ports")))
            yield
        finally:
            for process in (self._engine, self._proxy, sims):
                if process is not None:
                    end(process, signal.SIGKILL)
                    if process.stdin is not None:
                        process.stdin.close()

    def _write(self, ports: dict[str, int]) -> None:
        """The configuration: the engine knows the proxy's doors alone."""
        layout = SimLayout(
            MappingProxyType({venue: _behind(venue, ports) for venue in VENUES}),
            self._sims.desk,
            self._sims.api,
        )
        config, sessions = write_scaffold(
            self.folder, new_secret=draw_secret, sim=layout, strategies=(STRATEGY,)
        )
        text = config.read_text(encoding="utf-8").replace("news = true ", "news = false")
        text = re.sub(
            r"^(\[venues\.\w+\])$", rf"\1\ntimeout_s = {TIMEOUT_S}", text, flags=re.MULTILINE
        )
        config.write_text(text, encoding="utf-8")
        text = sessions.read_text(encoding="utf-8")
        text = re.sub(
            r"^ReconnectInterval=.*$", f"ReconnectInterval={RETRY_S}", text, flags=re.MULTILINE
        )
        sessions.write_text(text, encoding="utf-8")
        self.settings: Settings = load_settings(config, {})
        self.url = f"http://{self.settings.api.listen}"
        self.desk_port = layout.desk

    # The engine

    def start(self) -> None:
        """`oms run`, not waited for."""
        self.starts += 1
        words = ["oms", "run", "-c", str(self.folder / "oms.toml"), "--speed", str(self.speed)]
        self._engine = self._spawn(f"run{self.starts}", words)

    def wait_ready(self) -> None:
        """Until it says `ready`."""
        assert self._engine is not None, "nothing to wait for"
        assert b"ready" in _line(self._engine, "the line `ready`"), self.words

    def kill(self) -> None:
        """kill -9, stopped or not."""
        assert self._engine is not None, "nothing to kill"
        code = end(self._engine, signal.SIGKILL)
        assert code == -signal.SIGKILL, f"the engine had ended by itself, with {code}: {self.words}"

    def signal(self, number: signal.Signals) -> None:
        """Send the engine a signal that does not end it."""
        assert self._engine is not None, "nothing to signal"
        os.kill(self._engine.pid, number)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._engine is not None, "nothing to stop"
        return end(self._engine, signal.SIGTERM)

    @property
    def words(self) -> str:
        """The last words of the engine."""
        text = (self.folder / f"run{self.starts}.err").read_text("utf-8", "replace")
        return "\n".join(text.splitlines()[-15:])

    def get(self, path: str) -> Any:
        """A look at the control API, as the operator. httpx.HTTPError when it does not answer."""
        token = self.settings.api.token.get_secret_value()
        answer = httpx.get(
            f"{self.url}/api{path}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=WAIT_S,
            verify=_NO_TLS,
        )
        answer.raise_for_status()
        return answer.json()

    def call_everything_back(self) -> None:
        """Ask for the cancellation of all that works, whoever ordered it."""
        token = self.settings.api.token.get_secret_value()
        httpx.post(
            f"{self.url}/api/cancel_all",
            headers={"Authorization": f"Bearer {token}"},
            json={"everybody": True},
            timeout=WAIT_S,
            verify=_NO_TLS,
        ).raise_for_status()

    # The others

    def weather(self, word: str) -> Row:
        """Tell the proxy `storm`, `calm` or `told`; its answer."""
        proxy = self._proxy
        assert proxy is not None, "the proxy runs"
        assert proxy.stdin is not None, "the proxy listens"
        proxy.stdin.write(f"{word}\n".encode())
        proxy.stdin.flush()
        told: Row = json.loads(_line(proxy, "the proxy's answer"))
        return told

    def ledger(self, venue: str) -> list[Row]:
        """The orders as the venue itself has them."""
        rows: list[Row] = read_ledger(HOST, self._sims.venues[venue].rest)["orders"]
        return rows

    def _spawn(self, name: str, words: Sequence[str]) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.err").open("wb") as err:
            return subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-m", *words],
                stdin=subprocess.PIPE if name == "proxy" else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                # The engine's relative paths are its configuration's; the tests' are here.
                cwd=Path(__file__).resolve().parents[2],
                bufsize=0,
                start_new_session=True,
            )


def _doors(layout: SimLayout) -> dict[str, int]:
    return {
        f"{venue}.{name}": port
        for venue, ports in layout.venues.items()
        for name in ("rest", "stream", "fix", "graph")
        if (port := getattr(ports, name)) is not None
    }


def _behind(venue: str, ports: dict[str, int]) -> SimPorts:
    return SimPorts(
        rest=ports[f"{venue}.rest"],
        stream=ports.get(f"{venue}.stream"),
        fix=ports.get(f"{venue}.fix"),
        graph=ports.get(f"{venue}.graph"),
    )


def _line(process: "subprocess.Popen[bytes]", what: str) -> bytes:
    """The next line of its output, in time."""
    assert process.stdout is not None, "its output is a pipe"
    until = time.monotonic() + WAIT_S
    # A line is written and flushed as one piece.
    readable, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
    assert readable, f"waited {WAIT_S:g} s for {what}"
    line = process.stdout.readline()
    assert line, f"ended with {process.wait()} without {what}"
    return line
