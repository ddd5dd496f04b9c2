"""`oms` as people start it: real processes, real signals, real ports, real SQLite."""

import asyncio
import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters import VENUES
from oms.client import Client
from oms.clock import SystemClock
from oms.core.errors import OmsError
from oms.demo.ports import find_layout, port_base
from oms.settings import Settings, load_settings
from tests.oms.cli_bench import oms

OMS = Path(sys.executable).parent / "oms"
START_S = 30.0
STOP_S = 20.0


class Process:
    """A running `oms`, killed with the block if it still is."""

    def __init__(self, folder: Path, name: str, *words: str) -> None:
        self.errors = folder / f"{name}.err"
        with self.errors.open("wb") as errors:
            self.popen = subprocess.Popen(  # noqa: S603  our own command
                [OMS, *words], cwd=folder, stdout=subprocess.PIPE, stderr=errors, env=_environ()
            )

    def line(self) -> str:
        """The next line of output, soon."""
        assert self.popen.stdout is not None
        ready, _, _ = select.select([self.popen.stdout], [], [], START_S)
        assert ready, f"no line in {START_S:g} s; {self.errors.read_text()}"
        return self.popen.stdout.readline().decode().rstrip("\n")

    def stop(self, number: signal.Signals) -> int:
        """Send the signal; the exit code, which must come in time."""
        self.popen.send_signal(number)
        return self.popen.wait(STOP_S)


@contextmanager
def process(folder: Path, name: str, *words: str) -> Iterator[Process]:
    """`oms WORDS...` in a folder; what is left of it ends with the block."""
    started = Process(folder, name, *words)
    try:
        yield started
    finally:
        started.popen.kill()
        started.popen.wait()
        assert started.popen.stdout is not None
        started.popen.stdout.close()


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("OMS_")}


def done(folder: Path, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """`oms WORDS...`, run to its end."""
    return subprocess.run(  # noqa: S603  our own command
        [OMS, *words], cwd=folder, env=_environ(), check=False, text=True, capture_output=True,
        timeout=START_S, **options,
    )  # fmt: skip


def operator(settings: Settings) -> Client:
    """A client of the engine of that configuration."""
    url, token = f"http://{settings.api.listen}", settings.api.token.get_secret_value()
    return Client(url, token, looks_s=(0.0,))


async def _all_ready(settings: Settings) -> None:
    clock = SystemClock()
    deadline = clock.monotonic() + START_S
    async with operator(settings) as client:
        venues = (await client.status())["venues"]
        while not all(venue["ready"] for venue in venues):
            assert clock.monotonic() < deadline, f"not ready in {START_S:g} s: {venues}"
            venues = (await client.status())["venues"]


@contextmanager
def installation(folder: Path, *run_words: str) -> Iterator[tuple[Settings, Process, Process]]:
    """Simulators and an engine on free ports, every route ready."""
    base = str(port_base(find_layout()))
    assert oms("init", str(folder), "--sim", "--port-base", base).code == 0
    with (
        process(folder, "sim", "sim", "all", "--port-base", base, "--seed", "3") as sim,
        process(folder, "run", "run", *run_words) as engine,
    ):
        settings = load_settings(folder / "oms.toml", {})
        lines = [json.loads(sim.line()) for _ in settings.venues]
        assert {line["venue"] for line in lines} == set(VENUES)
        assert all({"venue", "rest", "stream", "fix"} == set(line) for line in lines)
        yield settings, sim, engine


def test_a_day_from_init_to_exit(tmp_path: Path) -> None:
    with installation(tmp_path) as (settings, sim, engine):
        assert engine.line() == "ready"
        asyncio.run(_all_ready(settings))
        config = str(settings.path)
        for words in (
            ("--venue", "andx", "--symbol", "BTC/TRY", "--price", "40000"),
            ("--venue", "apifiny", "--exchange", "binance", "--symbol", "BTC/USDT",
             "--price", "30000"),
        ):  # fmt: skip
            told = oms("new", *words, "--side", "buy", "--qty", "0.01", "--json", "-c", config)
            assert told.code == 0, told.err
            assert told.document["ord_status"] in ("PENDING_NEW", "NEW")
        second = done(tmp_path, "run")
        assert (second.returncode, second.stdout) == (2, "")
        assert f"pid {engine.popen.pid}" in second.stderr
        assert oms("status", "-c", config).out.startswith("ready: 2 open orders of 2")
        assert engine.stop(signal.SIGTERM) == 0
        assert sim.stop(signal.SIGINT) == 0
        assert sim.errors.read_text() == ""
    assert oms("replay", "--verify", "--json", "-c", config).document["agrees"] is True
    assert oms("status", "-c", config).out.startswith("not running: 2 open orders of 2")
    log = engine.errors.read_text()
    assert not any(secret in log for secret in settings.secrets())


def test_a_fault_of_the_writer_ends_the_process_with_1_and_one_line(tmp_path: Path) -> None:
    with installation(tmp_path, "--json-log") as (settings, _, engine):
        ready = json.loads(engine.line())
        assert ready["ready"] is True
        assert ready["api"] == f"http://{settings.api.listen}"
        asyncio.run(_all_ready(settings))
        with sqlite3.connect(tmp_path / "var" / "oms.db") as store:
            store.execute(
                "INSERT INTO owner SELECT max(epoch) + 1, 'a test', '', seq, hash FROM owner"
            )
        store.close()

        async def send() -> None:
            async with operator(settings) as client:
                await client.submit(
                    venue="ANDX", symbol="BTC/TRY", side="BUY", order_qty="1", price="1"
                )

        with pytest.raises(OmsError):
            asyncio.run(asyncio.wait_for(send(), START_S))
        assert engine.popen.wait(STOP_S) == 1
        lines = [json.loads(line) for line in engine.errors.read_text().splitlines()]
        stops = [line for line in lines if line["level"] == "ERROR"]
        assert [line["message"] for line in stops] == ["the engine stops"]
        assert "a test" in stops[0]["error"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_engine_without_venues_stops_on_either_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "oms.toml").write_text('[api]\nlisten = "127.0.0.1:0"\ntoken = "t"\n')
    with process(tmp_path, "run", "run") as engine:
        assert engine.line() == "ready"
        assert engine.stop(number) == 0
        assert "Traceback" not in engine.errors.read_text()


def _cores(engine: Process) -> list[set[int]]:
    """Which cores each of its threads may run on."""
    tasks = Path(f"/proc/{engine.popen.pid}/task").iterdir()
    return [os.sched_getaffinity(int(task.name)) for task in tasks]


def test_all_threads_of_an_engine_share_one_core_unless_they_are_not_to(tmp_path: Path) -> None:
    (tmp_path / "oms.toml").write_text('[api]\nlisten = "127.0.0.1:0"\ntoken = "t"\n')
    with process(tmp_path, "run", "run") as engine:
        assert engine.line() == "ready"
        first, *others = _cores(engine)
        assert len(first) == 1
        assert others, "an engine has more threads than one"
        assert all(cores == first for cores in others)
    with process(tmp_path, "run", "run", "--all-cores") as engine:
        assert engine.line() == "ready"
        assert all(cores == os.sched_getaffinity(0) for cores in _cores(engine))


def test_an_address_that_others_reach_ends_with_2(tmp_path: Path) -> None:
    config = tmp_path / "oms.toml"
    config.write_text('[api]\nlisten = "0.0.0.0:0"\ntoken = "t"\n')
    told = done(tmp_path, "run")
    assert (told.returncode, told.stdout) == (2, "")
    assert "0.0.0.0 is not a loopback address" in told.stderr
    assert "Traceback" not in told.stderr
    assert oms("check-config", "-c", str(config)).code == 2


def test_simulators_that_find_their_ports_taken_say_so(tmp_path: Path) -> None:
    base = str(port_base(find_layout()))
    with process(tmp_path, "sim", "sim", "andx", "--port-base", base) as sim:
        assert json.loads(sim.line())["venue"] == "andx"
        told = oms("sim", "ANDX", "--port-base", base)
        assert told.code == 2
        assert "--port-base moves all simulators" in told.err


def test_a_closed_pipe_shows_no_traceback(tmp_path: Path) -> None:
    with process(tmp_path, "help", "--help") as telling:
        assert telling.popen.stdout is not None
        telling.popen.stdout.close()
        telling.popen.wait(START_S)
        assert telling.errors.read_text() == ""


def test_it_refuses_to_run_without_its_assertions(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-O", "-m", "oms", "status"],
        cwd=tmp_path, env=_environ(), check=False, text=True, capture_output=True,
        timeout=START_S,
    )  # fmt: skip
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "oms: runs with its assertions only: start it without -O\n"
