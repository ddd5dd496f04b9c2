"""A store in trouble under a real engine: what desk, API and venue see, and that nothing is lost.

Seconds long, because processes start and a lock has to last for a while.
"""

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from oms.store.queries import Reader
from oms.store.replay import verify
from tests.e2e.installation import WAIT_S, Installation, Row
from tests.fix.desk import order

TERMS = {38: "0.01", 44: "30000.00"}
ORDER = {
    "venue": "andx",
    "symbol": "BTC/TRY",
    "side": "BUY",
    "order_qty": "0.01",
    "price": "1000000.00",
}


class Home(Installation):
    """An installation whose store can be brought into trouble."""

    patience_s = 30.0

    @property
    def store(self) -> Path:
        """The database's file."""
        return Path(self.settings.store.url.removeprefix("sqlite:///"))

    @property
    def pid(self) -> int:
        """The engine's."""
        assert self._oms is not None, "it runs"
        return self._oms.pid

    def be_patient(self, seconds: float) -> None:
        """For so long a commit is tried, from the next start on."""
        text = self.config.read_text(encoding="utf-8")
        text = text.replace("patience_s = 20 ", f"patience_s = {seconds} ")
        self.config.write_text(text, encoding="utf-8")

    def post(self, path: str, row: dict[str, Any]) -> httpx.Response:
        """An act through the control API, as the operator."""
        token = self.settings.api.token.get_secret_value()
        return httpx.post(
            f"http://{self.settings.api.listen}/api{path}",
            headers={"Authorization": f"Bearer {token}"},
            json=row,
            timeout=WAIT_S,
        )

    def leave(self) -> int:
        """Wait until it ends by itself; the exit code."""
        assert self._oms is not None, "it runs"
        assert self._oms.stdout is not None, "its output is a pipe"
        code = self._oms.wait(WAIT_S)
        self._oms.stdout.close()
        return code

    @property
    def words(self) -> str:
        """What the engine has logged."""
        return (self.folder / f"run{self.starts}.err").read_text("utf-8", "replace")

    def wait_for_trouble(self) -> str:
        """Until the status tells of one; what it says."""
        told: Row = self.wait("/status", lambda row: bool(row["store"]), "a trouble in the status")
        return str(told["store"])

    def wait_for_peace(self) -> None:
        """Until the status tells of none any more."""
        self.wait("/status", lambda row: not row["store"], "the end of the trouble")

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """No file of the engine's grows any more."""
        log = self.store.with_name(f"{self.store.name}-wal")
        most = max(path.stat().st_size for path in (self.store, log))
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (most, hard))
        yield
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (hard, hard))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Somebody else writes, and takes his time."""
        with closing(sqlite3.connect(self.store, isolation_level=None)) as intruder:
            intruder.execute("BEGIN IMMEDIATE")
            yield
            intruder.rollback()

    def agree(self) -> list[Row]:
        """Every order of the books that the venues have, once, and no other; the books' rows."""
        rows: list[Row] = self.get("/orders")
        ours = {row["venue_cl_ord_id"]: row for row in rows if row["ord_status"] != "REJECTED"}
        there = [row["client_id"] for venue in ("apifiny", "andx") for row in self.ledger(venue)]
        assert sorted(map(str, there)) == sorted(ours)
        with Reader.open(self.settings.store.url) as reader:
            assert verify(reader).agrees
        return rows


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Simulators up; the engine is each test's own to start."""
    with ExitStack() as stack:
        made = Home(tmp_path)
        stack.enter_context(made.simulators())
        stack.callback(_end, made)
        yield made


def _end(home: Home) -> None:
    if home.starts:
        home.kill()


Trouble = Callable[[Home], contextlib.AbstractContextManager[None]]


@pytest.mark.parametrize("trouble", [Home.locked, Home.full], ids=["locked", "full"])
def test_a_trouble_that_passes(
    home: Home, request: pytest.FixtureRequest, trouble: Trouble
) -> None:
    """Nothing is sent meanwhile; who asks is told why not, who has asked gets an answer."""
    home.start()
    desk = home.desk()
    request.addfinalizer(desk.close)
    desk.log_on()
    home.wait_ready()
    with trouble(home):
        began = time.monotonic()
        number = 0
        # A full disk has room for some more: what is in the log already is written over.
        while not home.get("/status")["store"]:
            assert time.monotonic() < began + WAIT_S, "waited for a commit that fails"
            number += 1
            desk.send("D", *order(f"waits{number}", TERMS | {58: "x" * 200}))
            desk.pump(0.1)
        assert "since" in home.wait_for_trouble()
        refused = home.post("/orders", ORDER)
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "store_unavailable"
        assert "nothing was recorded" in refused.json()["error"]["text"]
        assert home.ledger("andx") == []
        while time.monotonic() < began + 3.0:
            desk.pump(0.1)
    home.wait_for_peace()
    last = f"waits{number}"
    while (told := desk.expect("8", what=f"the answer to {last}")).get(11) != last:
        pass
    assert (told[39], told.get(103)) in (("8", "4"), ("0", None), ("A", None)), told
    assert home.post("/orders", ORDER).status_code == 200
    home.wait("/orders", _all_known, "every order known to its venue")
    rows = home.agree()
    assert len([row for row in rows if row["origin"] == "DESK1"]) == number


def _all_known(rows: list[Row]) -> bool:
    return all(row["ord_status"] in ("NEW", "REJECTED") and not row["in_doubt"] for row in rows)


def test_a_trouble_that_lasts_ends_the_engine(home: Home) -> None:
    """Whoever waits is told at once; a start finds what was committed, and trades on."""
    home.be_patient(1.5)
    home.start()
    home.wait_ready()
    with home.locked():
        began = time.monotonic()
        answer = home.post("/orders", ORDER | {"cl_ord_id": "lost"})
        assert time.monotonic() - began < WAIT_S, "it was waited for"
        assert answer.status_code == 504
        assert "look for ClOrdID lost" in answer.json()["error"]["text"]
        assert home.leave() == 1
    assert "database is locked" in home.words
    home.start()
    home.wait_ready()
    assert home.post("/orders", ORDER).status_code == 200
    home.wait("/orders", _all_known, "every order known to its venue")
    assert len(home.agree()) == 1


def test_files_that_vanish_end_the_engine(home: Home) -> None:
    """What it wrote from then on would be lost with it."""
    home.start()
    home.wait_ready()
    folder = home.store.parent
    folder.rename(home.folder / "elsewhere")
    with contextlib.suppress(httpx.HTTPError):
        assert home.post("/orders", ORDER).status_code in (503, 504)
    assert home.leave() == 1
    # Whichever comes first: the commit that misses its files, or a look at what is not there.
    assert "removed or replaced" in home.words or "disk I/O error" in home.words
    assert home.ledger("andx") == []
    shutil.rmtree(folder, ignore_errors=True)
    (home.folder / "elsewhere").rename(folder)
    home.start()
    home.wait_ready()


# Starts


def _run(home: Home) -> "subprocess.CompletedProcess[str]":
    return home.oms("run")


def test_a_spoilt_file_is_named_at_the_start(tmp_path: Path) -> None:
    """And left as it is, for whoever can save something of it."""
    home = Home(tmp_path)
    home.store.parent.mkdir()
    home.store.write_bytes(b"SQLite format 3\x00" + b"the cat's diary " * 500)
    before = home.store.read_bytes()
    ended = _run(home)
    assert ended.returncode == 1
    assert str(home.store) in ended.stderr
    assert "Traceback" not in ended.stderr
    assert home.store.read_bytes() == before


def test_a_folder_that_is_read_only_is_named_at_the_start(tmp_path: Path) -> None:
    """As bad configuration: another folder, or another right to this one."""
    home = Home(tmp_path)
    with _read_only(home.store.parent):
        ended = _run(home)
    assert ended.returncode == 2
    assert f"{home.store.parent} can not be written to" in ended.stderr


@contextlib.contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    folder.mkdir()
    if os.geteuid() != 0:
        folder.chmod(0o555)
        yield
        folder.chmod(0o755)
        return
    # Rights do not hold the superuser back; a file system does.
    mounted = subprocess.run(  # noqa: S603  a folder of this test's
        ["mount", "-t", "tmpfs", "-o", "ro", "none", str(folder)],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a superuser who may not mount can write anywhere")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607


def test_a_lock_at_the_start_is_named(tmp_path: Path) -> None:
    """A store that somebody writes to for longer than a start waits."""
    home = Home(tmp_path)
    home.store.parent.mkdir()
    with home.locked():
        began = time.monotonic()
        ended = _run(home)
    assert ended.returncode == 1
    assert "locked" in ended.stderr
    assert time.monotonic() - began < WAIT_S


def test_a_stop_in_the_middle_of_a_trouble(home: Home) -> None:
    """SIGTERM is heeded in time; the exit code says that something was left uncommitted."""
    home.start()
    home.wait_ready()
    desk = home.desk()
    desk.log_on()
    with home.locked():
        desk.send("D", *order("waits", TERMS))
        home.wait_for_trouble()
        os.kill(home.pid, signal.SIGTERM)
        assert home.leave() == 1
    desk.close()
    home.start()
    home.wait_ready()
    home.agree()
