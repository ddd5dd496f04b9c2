"""The processes of the round trips: the venue, the relay, the engine as `oms run`."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import jwt

from benchmarks.desk import COMP_ID
from benchmarks.venue import EXCHANGE, HOST
from oms.clock import Clock

ROOT: Final = Path(__file__).resolve().parent.parent

_DESK_SECRET: Final = "benchmark-desk-secret-that-protects-nothing"  # noqa: S105  it does not
_ACCOUNT: Final = "STA-00000001"
_TOKEN_LIFE_S: Final = 7_200
_START_S: Final = 90.0
_STOP_S: Final = 10.0
_POLL_S: Final = 0.02

_CONFIG: Final = """\
[store]
url = "sqlite:///oms.db"

[fix]
settings = "quickfix.cfg"

[api]
listen = "{host}:{api_port}"
token = "benchmark-operator-token-that-protects-nothing"

[[desks]]
comp_id = "DESK1"
secret = "{secret}"
max_orders_per_s = 1000000

[venues.apifiny]
account_id = "{account}"
api_key_id = "benchmark-key-id"
api_secret_key = "benchmark-secret-key-that-protects-nothing"
exchanges = ["{exchange}"]
host = "http://{host}:{rest_port}"
stream_host = "ws://{host}:{rest_port}"
hosts = {{}}
"""


@dataclass(frozen=True, slots=True)
class Gateway:
    """What stands between desk and venue: its process, where desks log on, and with what."""

    pid: int
    port: int
    token: str


@dataclass(frozen=True, slots=True)
class Venue:
    """The counterparty's process and its ports."""

    pid: int
    fix_port: int
    rest_port: int


@contextmanager
def venue(folder: Path) -> Iterator[Venue]:
    """The counterparty, until the block ends. `folder` takes what it says."""
    with _process("venue", ["benchmarks.venue"], folder) as (process, line):
        ports = json.loads(line)
        yield Venue(process.pid, ports["fix"], ports["rest"])


@contextmanager
def rest_venue(folder: Path) -> Iterator[int]:
    """The counterparty of the REST figures, until the block ends: its port."""
    with _process("restvenue", ["benchmarks.restvenue"], folder) as (_, line):
        yield int(line)


class Style(StrEnum):
    """How a relay is written: a module each."""

    FIELDS = "relay"
    ONE_CORE = "relay_one_core"
    STRINGS = "relay_strings"
    COMMITS = "relay_commits"


@contextmanager
def relay(at: Venue, folder: Path, style: Style = Style.FIELDS) -> Iterator[Gateway]:
    """The hand-written relay, logged on at the venue. What it keeps is in that folder."""
    port = _free_port()
    command = [f"benchmarks.{style}", str(at.fix_port), str(port)]
    if style is Style.COMMITS:
        command.append(str(folder / f"{style}.db"))
    with _process(style, command, folder) as (process, _):
        yield Gateway(process.pid, port, "not looked at")


@contextmanager
def engine(at: Venue, folder: Path, clock: Clock) -> Iterator[Gateway]:
    """`oms run` with its store in that folder; it accepts desks, its route may not be ready yet."""
    command, port = configured(at, folder)
    with _process("oms", command, folder) as (process, _):
        yield Gateway(process.pid, port, _token(clock))


def configured(at: Venue, folder: Path) -> tuple[Sequence[str], int]:
    """Write the files of an engine into the folder: its command, and the port of its desks."""
    port = _free_port()
    config = folder / "oms.toml"
    text = _CONFIG.format(
        host=HOST,
        api_port=_free_port(),
        secret=_DESK_SECRET,
        account=_ACCOUNT,
        exchange=EXCHANGE,
        rest_port=at.rest_port,
    )
    config.write_text(text, encoding="utf-8")
    (folder / "quickfix.cfg").write_text(_sessions(port, at.fix_port), encoding="utf-8")
    return ["oms", "run", "-c", str(config)], port


def nowhere() -> Venue:
    """A counterparty that does not listen."""
    return Venue(0, _free_port(), _free_port())


def _token(clock: Clock) -> str:
    """What the desk logs on with, good for as long as the benchmark may take."""
    claims = {"sub": COMP_ID.decode(), "exp": clock.now_ms() // 1000 + _TOKEN_LIFE_S}
    return jwt.encode(claims, _DESK_SECRET, algorithm="HS256")


def _sessions(desk_port: int, venue_port: int) -> str:
    """The shipped quickfix.cfg on these ports."""
    ours = {
        "SocketAcceptPort": desk_port,
        "SocketConnectHost": HOST,
        "SocketConnectPort": venue_port,
        "ReconnectInterval": 1,
    }
    shipped = (ROOT / "quickfix.cfg").read_text(encoding="utf-8").splitlines()
    lines = []
    for line in shipped:
        key = line.partition("=")[0]
        lines.append(f"{key}={ours[key]}" if key in ours else line)
    return "\n".join(lines) + "\n"


@contextmanager
def _process(
    name: str, command: Sequence[str], folder: Path
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A process of ours and its first line, which it says when it is ready; ended afterwards."""
    out, err = folder / f"{name}.out", folder / f"{name}.err"
    with out.open("wb") as said, err.open("wb") as told:
        process = subprocess.Popen(  # noqa: S603  our own modules
            [sys.executable, "-m", *command], cwd=ROOT, stdout=said, stderr=told
        )
    try:
        yield process, _first_line(process, out, err)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_S)


def _first_line(process: subprocess.Popen[bytes], out: Path, err: Path) -> str:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        text = out.read_text(encoding="utf-8")
        if "\n" in text:
            return text.partition("\n")[0]
        time.sleep(_POLL_S)
    ended = "still running" if process.returncode is None else f"exit {process.returncode}"
    why = err.read_text(encoding="utf-8")[-2_000:]
    raise RuntimeError(f"{out.stem} was not ready in {_START_S:.0f} s ({ended}):\n{why}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
