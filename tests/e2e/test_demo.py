"""`oms demo` as a user starts it: one document, the same orders for the same seed, no secret left."""

import hashlib
import hmac
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from oms.clock import SystemClock
from oms.demo.leaks import find_secrets
from oms.demo.plan import VENUES, Kind, make_plan
from oms.settings import load_settings

ORDERS: Final = 21 * len(VENUES)
SEED: Final = 11
WAIT_S: Final = 110.0
"""Two demos at once, on a machine that may be busy; the demo's own waits are shorter."""

OF_THE_CLOCK: Final = (
    "created",
    "updated",
    "order_id",
    "secondary_order_id",
    "venue_cl_ord_id",
    "in_doubt_since",
    # what the market made of an order
    "ord_status",
    "cum_qty",
    "leaves_qty",
    "avg_px",
    "cl_ord_id",
    "orig_cl_ord_id",
    "open",
    "text",
)


@dataclass(frozen=True)
class Run:
    """One demo that has ended."""

    folder: Path
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What stands on standard output."""
        return json.loads(self.out)


def _start(folder: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "oms", "demo", "--dir", str(folder), *more],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Two runs of one seed, side by side."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "other")]
    arguments = ["--orders", str(ORDERS), "--seed", str(SEED), "--json"]
    started = [_start(folder, *arguments) for folder in folders]
    ended = []
    for folder, process in zip(folders, started, strict=True):
        out, err = process.communicate(timeout=WAIT_S)
        ended.append(Run(folder, process.returncode, out, err))
    return ended


def _orders(run: Run) -> list[dict[str, Any]]:
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "oms", "orders", "--json", "-c", str(run.folder / "oms.toml")],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=True,
    )
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_a_run_ends_well_and_says_so_in_one_document(runs: list[Run]) -> None:
    for run in runs:
        assert run.code == 0, run.err
        assert len(run.out.splitlines()) == 1
        document = run.document
        assert document["orders"] == ORDERS
        assert document["fills"] > 0
        assert document["mismatches"] == document["unexpected"] == document["faults"] == []
        assert 0 < document["elapsed_s"] < 60


def test_the_counts_of_each_venue_add_up(runs: list[Run]) -> None:
    for run in runs:
        by_venue = run.document["by_venue"]
        assert set(by_venue) == {ground.route for ground in VENUES}
        for counts in by_venue.values():
            assert set(counts) == {
                "orders",
                "filled",
                "canceled",
                "rejected",
                "working",
                "in_doubt",
            }
            assert (
                counts["orders"] == sum(counts.values()) - counts["orders"] == ORDERS // len(VENUES)
            )
            assert min(counts["filled"], counts["canceled"], counts["rejected"]) > 0
            assert counts["in_doubt"] == 0
        left = sum(order.kind is Kind.LEFT for order in make_plan(ORDERS, SEED))
        assert sum(counts["working"] for counts in by_venue.values()) == left > 0


def test_progress_says_the_speed_and_what_is_waited_for(runs: list[Run]) -> None:
    first, *rest = runs[0].err.splitlines()
    assert first.startswith("speed 60: the venues' documented rate limits")
    assert "alike" in first
    for word in ("starting the simulators", "waiting for", "secrets found in files: none"):
        assert any(word in line for line in rest), word


def test_the_same_seed_sends_the_same_orders(runs: list[Run]) -> None:
    """In the books, where everything that was sent is; by the ClOrdIDs they were sent under."""
    one, other = (
        {
            (row["origin"], row["cl_ord_id"].removesuffix("-X")): {
                name: value for name, value in row.items() if name not in OF_THE_CLOCK
            }
            for row in _orders(run)
        }
        for run in runs
    )
    assert one == other
    assert set(one) == {(order.origin, order.cl_ord_id) for order in make_plan(ORDERS, SEED)}


def test_journal_and_projections_agree_afterwards(runs: list[Run]) -> None:
    config = str(runs[0].folder / "oms.toml")
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "oms", "replay", "--verify", "-c", config],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_secret_of_the_run_is_in_anything_that_it_wrote(runs: list[Run]) -> None:
    """Nor a token of a Logon. The configuration is where secrets belong: the search finds it."""
    for run in runs:
        config = run.folder / "oms.toml"
        secrets = load_settings(config, {}).secrets()
        assert len(secrets) >= 8
        (run.folder / "stdout").write_text(run.out)
        (run.folder / "stderr").write_text(run.err)
        assert run.document["secrets_found"] == []
        assert find_secrets(run.folder, secrets, apart=(config,)) == []
        assert len(find_secrets(run.folder, secrets)) == len(secrets)
        written = {file.name for file in run.folder.rglob("*") if file.stat().st_size}
        assert {"oms.db", "oms.err", "desk.log", "strategy.log"} <= written


def _children_in(folder: Path) -> dict[int, str]:
    """Command lines of processes that work in the folder, by process id."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if (entry / "cwd").readlink() == folder:
                found[int(entry.name)] = command
        except OSError:
            continue
    return found


def _read_until(process: "subprocess.Popen[str]", pattern: str) -> None:
    assert process.stdout is not None
    until = time.monotonic() + WAIT_S
    seen = ""
    while not re.search(pattern, seen):
        left = max(0.0, until - time.monotonic())
        assert select.select([process.stdout], [], [], left)[0], f"waited for {pattern}: {seen}"
        read = os.read(process.stdout.fileno(), 65_536).decode()
        assert read, f"ended without {pattern}: {seen}"
        seen += read


def test_an_interrupt_ends_every_child(tmp_path: Path) -> None:
    """From the keyboard or from whoever supervises it; two demos at once do not meet."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    folders = [tmp_path / number.name for number in numbers]
    for folder in folders:
        folder.mkdir()
    processes = [_start(folder, "--orders", "400") for folder in folders]
    try:
        for number, folder, process in zip(numbers, folders, processes, strict=True):
            _read_until(process, r"\d/400")
            assert len(_children_in(folder)) == 3
            process.send_signal(number)
        for folder, process in zip(folders, processes, strict=True):
            out, err = process.communicate(timeout=WAIT_S)
            assert process.returncode == 130, err
            assert "interrupted" in out
            assert "Traceback" not in out + err
            assert _children_in(folder) == {}
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _order_behind_our_back(folder: Path) -> None:
    """An order at ANDX that the engine knows nothing of, under the same account."""
    account = load_settings(folder / "oms.toml", {}).venues["ANDX"].plain()
    body = json.dumps(
        {
            "order_type": "limit",
            "market_code": "BTCTRY",
            "volume": "0.01",
            "buy_sell": "B",
            "price": "1000000.00",
            "client_id": 7,
            "post_only": False,
            "account_name": account["account"],
        }
    )
    key, user, word = account["api_key"], account["username"], account["passphrase"]
    stamp = str(SystemClock().now_ms() // 1000)
    signed = f"{key}{user}{word}{stamp}{body}".encode()
    sign = hmac.new(account["api_secret"].encode(), signed, hashlib.sha256).hexdigest().upper()
    answer = httpx.post(
        f"{account['base_url']}/orders/",
        content=body,
        headers={
            "Content-Type": "application/json",
            "ACCESS-KEY": key,
            "ACCESS-USER": user,
            "ACCESS-PASSPHRASE": word,
            "ACCESS-TIMESTAMP": stamp,
            "ACCESS-SIGN": sign,
        },
        timeout=WAIT_S,
    )
    assert answer.json()["status"] == "success", answer.text


def test_what_only_the_venue_knows_of_makes_the_run_fail_and_is_named(tmp_path: Path) -> None:
    process = _start(tmp_path, "--orders", "20")
    try:
        _read_until(process, r"\d/20")
        _order_behind_our_back(tmp_path)
        out, err = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1, err
    assert "mismatches between the books and the venues' ledgers: 1" in out
    (problem,) = re.findall("NOT AS IT SHOULD BE: (.*)", out)
    assert re.fullmatch(
        r"ANDX: order \d+: books nothing, ledger OPEN BUY 0 of 0.01 BTC/TRY", problem
    )


def test_an_engine_that_dies_ends_the_run_at_once_and_is_named(tmp_path: Path) -> None:
    process = _start(tmp_path, "--orders", "400")
    try:
        _read_until(process, r"\d/400")
        (engine,) = (pid for pid, command in _children_in(tmp_path).items() if "oms run" in command)
        os.kill(engine, signal.SIGKILL)
        out, err = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1
    assert "the demo failed: oms ended in the middle, with exit code -9" in out
    assert "Traceback" not in out + err
    assert _children_in(tmp_path) == {}


def test_a_folder_with_a_configuration_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "oms.toml").write_text("# mine\n")
    process = _start(tmp_path, "--orders", "1")
    out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 2
    assert "oms.toml: exists" in out + err
    assert "Traceback" not in out + err
    assert (tmp_path / "oms.toml").read_text() == "# mine\n"
