"""A whole engine in a process of its own: one desk on one side, scripted brokers on the other."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from oms.demo.ports import find_layout
from tests.fix.broker import Broker
from tests.fix.desk import Desk

WAIT_S: Final = 50.0
"""A process takes a second of one core to start, and far longer where many want the core."""
DESK_KEY: Final = "a desk's secret of 32 bytes or more"
OPERATOR: Final = "the operator's token of these tests"

_SESSIONS: Final = """[DEFAULT]
BeginString=FIX.4.2
NonStopSession=Y
UseDataDictionary=Y
DataDictionary=FIX42.xml
SocketNodelay=Y
MillisecondsInTimeStamp=Y
FileStorePath=var/fix
PersistMessages=Y

[SESSION]
ConnectionType=acceptor
SenderCompID=OMS
TargetCompID=DESK1
DataDictionary=OMS42.xml
SocketAcceptPort={desk}
SocketReuseAddress=Y
"""

# The wait for another try doubles from ReconnectInterval on; quickfix itself tries every second.
_BROKER: Final = """
[SESSION]
ConnectionType=initiator
SenderCompID=HOUSE
TargetCompID={broker}
SocketConnectHost=127.0.0.1
SocketConnectPort={port}
HeartBtInt=30
ReconnectInterval=0.01
"""

_CONFIG: Final = """
[store]
url = "sqlite:///var/oms.db"
[fix]
settings = "quickfix.cfg"
[api]
listen = "127.0.0.1:{api}"
token = "{token}"
[[desks]]
comp_id = "DESK1"
secret = "{secret}"
news = false
"""

_ROUTE: Final = """
[venues.{name}]
kind = "fix42"
comp_id = "HOUSE"
target_comp_id = "{name}"
{more}
[venues.{name}.instruments."BTC/USDT"]
venue_symbol = "BTCUSDT"
tick = "0.01"
step = "1"
"""


class Firm:
    """The engine's process, its files, its desk and its brokers by route."""

    def __init__(self, folder: Path, routes: Mapping[str, Sequence[str]]) -> None:
        """`routes`: further lines of each route's table, by its name. Nothing runs yet."""
        self.folder = folder
        layout = find_layout()
        self.brokers = {name: Broker(name, "HOUSE") for name in routes}
        sessions = _SESSIONS.format(desk=layout.desk)
        config = _CONFIG.format(api=layout.api, token=OPERATOR, secret=DESK_KEY)
        for name, lines in routes.items():
            sessions += _BROKER.format(broker=name, port=self.brokers[name].port)
            config += _ROUTE.format(name=name, more="\n".join(lines))
        (folder / "quickfix.cfg").write_text(sessions)
        (folder / "oms.toml").write_text(config)
        self.desk = Desk(layout.desk, "DESK1", DESK_KEY)
        self._api = f"http://127.0.0.1:{layout.api}/api"
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def start(self) -> None:
        """`oms run`, until it says ready."""
        self._starts += 1
        with (self.folder / f"run{self._starts}.err").open("wb") as err:
            self._process = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-m", "oms", "run", "-c", str(self.folder / "oms.toml")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                cwd=self.folder,
            )
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], WAIT_S)
        line = self._process.stdout.readline() if readable else b""
        assert b"ready" in line, f"no `ready` within {WAIT_S} s: {self.errors()}"

    def open(self) -> None:
        """Start, and let everybody log on."""
        self.start()
        for broker in self.brokers.values():
            broker.welcome()
        self.desk.log_on()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Every route is ready."""
        self.wait(lambda: all(venue["ready"] for venue in self.status()["venues"]), "the routes")

    def wait(self, holds: Any, what: str) -> None:
        """Until it holds."""
        until = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < until, f"waited {WAIT_S} s for {what}: {self.errors()}"
            time.sleep(0.02)

    def status(self) -> dict[str, Any]:
        """What the engine says of itself."""
        found: dict[str, Any] = self._call("GET", "/status")
        return found

    def fills(self) -> list[dict[str, Any]]:
        """Every execution that was booked."""
        found: list[dict[str, Any]] = self._call("GET", "/fills")
        return found

    def submit(self, **fields: Any) -> dict[str, Any]:
        """The operator enters an order."""
        found: dict[str, Any] = self._call("POST", "/orders", fields)
        return found

    def turn(self, *, on: bool) -> None:
        """The operator turns the kill switch."""
        self._call("POST", "/kill", {"on": on})

    def certificate(self) -> dict[str, Any]:
        """What became of the kill."""
        found: dict[str, Any] = self._call("GET", "/kill")
        return found

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {OPERATOR}"}
        url = f"{self._api}{path}"
        answer = httpx.request(method, url, headers=headers, json=body, timeout=WAIT_S)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json()

    def verify(self) -> None:
        """The journal folded again gives the tables. Stop first."""
        told = subprocess.run(
            [sys.executable, "-m", "oms", "replay", "--verify", "-c", "oms.toml"],
            cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stdout + told.stderr

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)
        self.desk.close()

    def stop(self) -> None:
        """SIGTERM; it must exit with 0."""
        assert self._end(signal.SIGTERM) == 0, self.errors()

    def _end(self, how: signal.Signals) -> int:
        assert self._process is not None, "nothing runs"
        if self._process.poll() is None:
            os.kill(self._process.pid, how)
        code = self._process.wait(WAIT_S)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return code

    def errors(self) -> str:
        """The end of what the engine wrote to standard error."""
        return (self.folder / f"run{self._starts}.err").read_text()[-3000:]

    def close(self) -> None:
        """Whatever happened, everything is gone afterwards."""
        if self._process is not None:
            self._end(signal.SIGKILL)
        self.desk.close()
        for broker in self.brokers.values():
            broker.close()
