"""One owner, one transaction a batch, and a store that outlives its troubles."""

import os
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from oms.core.book import Changes
from oms.core.errors import ConfigError, StoreFenced, StoreLocked, StoreUnavailable
from oms.core.fields import ExecTransType, ExecType
from oms.core.notes import Quarantined
from oms.core.ports import Evidence
from oms.store.queries import Reader
from oms.store.replay import verify
from oms.store.store import Store
from tests.store.trading_day import REST, START, Firm


def counts(firm: Firm) -> dict[str, int]:
    """What a reader counts, which sees committed rows only."""
    with Reader.open(firm.url) as reader:
        return reader.counts()


def undecided(firm: Firm, raw: str = "") -> Changes:
    """A change that is applied to the book and not yet committed."""
    changes = Changes()
    note = Quarantined(reason="a test", text=raw)
    for record in firm.decided(REST, note, Evidence.VENUE_MESSAGE, 0):
        firm.book.apply(record, changes)
    return changes


# Ownership


def test_a_second_opener_is_refused_and_told_who_holds_it(firm: Firm) -> None:
    """Two owners would each know half."""
    with pytest.raises(StoreLocked, match=f"is held by test, pid {os.getpid()}, since 2025-03-01T"):
        Store.open(firm.url, owner="another", now=START)
    assert counts(firm)["records"] == firm.book.seq


def test_the_holder_that_is_named_is_the_last(tmp_path: Path) -> None:
    """A process that died left its name in the lock file; it is not mixed into the next one's."""
    (tmp_path / "oms.db.lock").write_text("a former owner of a very long name" * 9)
    url = f"sqlite:///{tmp_path / 'oms.db'}"
    with (
        closing(Store.open(url, owner="test", now=START)),
        pytest.raises(StoreLocked) as refused,
    ):
        Store.open(url, owner="another", now=START)
    assert "former" not in str(refused.value)
    assert (tmp_path / "oms.db.lock").read_text() == ""


def test_a_second_process_is_refused(firm: Firm) -> None:
    """The lock holds between processes, which is where it matters."""
    script = (
        "import sys; from oms.clock import SystemClock; from oms.store.store import Store\n"
        "from oms.core.errors import StoreLocked\n"
        "try: Store.open(sys.argv[1], owner='child', now=SystemClock().now())\n"
        "except StoreLocked as error: print(error)"
    )
    child = subprocess.run(  # noqa: S603  our own interpreter, our own words
        [sys.executable, "-c", script, firm.url],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert f"pid {os.getpid()}" in child.stdout


def test_a_closed_store_can_be_taken_over(firm: Firm) -> None:
    """Each owner is of a newer epoch; closing twice is no harm."""
    assert firm.store.epoch == 1
    firm.store.close()
    firm.store.close()
    with closing(Store.open(firm.url, owner="next", now=START)) as store:
        assert store.epoch == 2
    firm.restart()
    assert firm.store.epoch == 3


def test_a_former_owner_can_write_nothing(firm: Firm) -> None:
    """Whoever took the store over by force is named, and no row changes."""
    before = counts(firm)
    with closing(sqlite3.connect(firm.url.removeprefix("sqlite:///"))) as intruder:
        intruder.execute("INSERT INTO owner SELECT 2, 'standby', since, seq, hash FROM owner")
        intruder.commit()
    with pytest.raises(StoreFenced, match="belongs to standby since epoch 2"):
        firm.enter()
    assert counts(firm) == before
    with Reader.open(firm.url) as reader:
        assert verify(reader).agrees


# What can be opened


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oms.db", "not a URL"),
        ("postgresql+psycopg://oms:hunter2@db/oms", "no postgresql store is built in"),
        ("sqlite://", "the store is a file"),
        ("sqlite:///:memory:", "the store is a file"),
    ],
)
def test_only_a_file_of_sqlite_is_a_store(url: str, said: str) -> None:
    """Anything else is refused with what to write instead, and without the password."""
    with pytest.raises(ConfigError, match=said) as refused:
        Store.open(url, owner="test", now=START)
    assert "sqlite:///var/oms.db" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_folders_are_made(tmp_path: Path) -> None:
    """A first start needs no mkdir, and a name may hold what URLs and Alembic read as signs."""
    path = tmp_path / "var" / "50 % of #1" / "oms.db"
    with closing(Store.open(f"sqlite:///{path}", owner="t", now=START)):
        assert path.exists()
    with Reader.open(f"sqlite:///{path}") as reader:
        assert reader.counts()["records"] == 0


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    """A file where a folder should be."""
    (tmp_path / "var").write_text("")
    with pytest.raises(ConfigError, match="can not be written to"):
        Store.open(f"sqlite:///{tmp_path}/var/oms.db", owner="t", now=START)


def test_a_file_that_is_no_database_is_left_alone_and_unlocked(tmp_path: Path) -> None:
    """It is not ours to overwrite; the next attempt is not refused for the lock."""
    path = tmp_path / "oms.db"
    path.write_text("the cat's diary, " * 1000)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="not a database"):
            Store.open(f"sqlite:///{path}", owner="t", now=START)
    assert path.read_text().startswith("the cat's diary")


# Commits


def test_every_commit_is_synced_and_a_reader_need_not_wait(firm: Firm) -> None:
    """Write-ahead log and full syncs, on the connection that writes."""
    firm.enter()
    driver = firm.store._connect()
    assert driver.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert driver.execute("PRAGMA synchronous").fetchone() == (2,)


def test_nothing_to_commit_is_no_harm(firm: Firm) -> None:
    """A decision without records."""
    firm.store.commit(Changes())
    assert counts(firm)["records"] == firm.book.seq


def test_a_batch_is_one_transaction(firm: Firm) -> None:
    """Several decisions, one commit, and everything of all of them is there."""
    order = firm.enter()
    changes = Changes()
    for note in (Quarantined(reason="1", text=""), Quarantined(reason="2", text="")):
        for record in firm.decided(REST, note, Evidence.VENUE_MESSAGE, 0):
            firm.book.apply(record, changes)
    assert counts(firm)["quarantined"] == 0
    firm.store.commit(changes)
    assert counts(firm)["quarantined"] == 2
    assert firm.store.history.order(order.order_id) == order


def test_the_same_record_twice_is_refused(firm: Firm) -> None:
    """A journal with two records of one number would be no journal."""
    changes = undecided(firm)
    firm.store.commit(changes)
    with pytest.raises(StoreUnavailable, match=r"UNIQUE constraint failed: journal\.seq"):
        firm.store.commit(changes)
    assert counts(firm)["quarantined"] == 1
    assert firm.enter().order_id == "0000000001"


def test_a_locked_database_is_waited_for(firm: Firm) -> None:
    """Somebody's backup holds it for a moment; the commit comes through."""
    path = firm.url.removeprefix("sqlite:///")
    intruder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    intruder.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.2, intruder.rollback)
    release.start()
    firm.enter()
    release.join(10)
    intruder.close()
    assert counts(firm)["orders"] == 1


def test_a_database_that_stays_locked_is_unavailable(tmp_path: Path) -> None:
    """The wait is bounded; nothing is written, and the same changes can be committed later."""
    firm = Firm(tmp_path / "oms.db")
    firm.store.close()
    firm.store = Store.open(firm.url, owner="test", now=START, busy_timeout_s=0.05)
    with closing(sqlite3.connect(tmp_path / "oms.db", isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        changes = undecided(firm)
        with pytest.raises(StoreUnavailable, match="database is locked"):
            firm.store.commit(changes)
        firm.store.commit(Changes())  # nothing to write waits for nobody
        intruder.rollback()
    firm.store.commit(changes)
    assert counts(firm)["quarantined"] == 1
    firm.store.close()


def test_no_text_of_a_venue_stops_the_engine(firm: Firm) -> None:
    """A JSON escape can bring half a character: it is written out, and found again."""
    half = "half a character: \ud83d"
    order = firm.enter()
    firm.report(order, ExecType.NEW, order_id="V\udcff", secondary_order_id="V\udcff", text=half)
    firm.fill(order, "0.1", text=half, fee_currency="\udcff")
    firm.fill(order, "0.2", exec_id="E\udcff")
    firm.report(
        order,
        ExecType.PARTIAL_FILL,
        exec_trans_type=ExecTransType.CANCEL,
        exec_ref_id="E\udcff",
    )
    firm.venue(REST, Quarantined(reason="unreadable", text=half))
    assert firm.store.history.by_venue_id(REST, "", "V\udcff") is not None
    assert firm.store.history.by_venue_id(REST, "\udcff", "") is None
    with Reader.open(firm.url) as reader:
        assert reader.orders()[0]["text"] == "half a character: \\ud83d"
        assert [row["exec_id"] for row in reader.fills()] == ["E2"]
        assert verify(reader).differences == []


# Disks


@contextmanager
def no_room(beyond: int) -> Iterator[None]:
    """No file of this process grows beyond that many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (beyond, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_keeps_nothing_and_spoils_nothing(firm: Firm) -> None:
    """The log can not grow: the commit fails as a whole; with room again, the same one succeeds."""
    firm.enter()
    before = counts(firm)
    log = Path(firm.url.removeprefix("sqlite:///") + "-wal")
    changes = undecided(firm, "x" * 200_000)
    with no_room(log.stat().st_size + 50_000), pytest.raises(StoreUnavailable, match="disk"):
        firm.store.commit(changes)
    assert counts(firm) == before
    firm.store.commit(changes)
    assert counts(firm)["quarantined"] == 1
    firm.restart()
    with Reader.open(firm.url) as reader:
        assert verify(reader).agrees


@pytest.mark.parametrize(
    "statement", ["BEGIN", "SELECT", "INTO journal", "INTO quarantine", "COMMIT"]
)
def test_a_broken_disk_leaves_the_store_usable(
    tmp_path: Path, mocker: MockerFixture, statement: str
) -> None:
    """Whichever statement the disk fails, nothing of the commit is kept and the next one works.

    COMMIT too: its transaction does not stay open behind the next one's back.
    """
    broken = False

    class Disk(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            return super().execute(checked(sql), *rest)

        def executemany(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            return super().executemany(checked(sql), *rest)

    def checked(sql: str) -> str:
        if broken and statement in sql:
            raise sqlite3.OperationalError("disk I/O error")
        return sql

    mocker.patch("sqlite3.connect", partial(sqlite3.connect, factory=Disk))
    firm = Firm(tmp_path / "oms.db")
    order = firm.enter()
    before = counts(firm)
    changes = undecided(firm)
    broken = True
    with pytest.raises(StoreUnavailable, match="disk I/O error"):
        firm.store.commit(changes)
    broken = False
    assert counts(firm) == before
    firm.store.commit(changes)
    assert counts(firm)["quarantined"] == 1
    assert firm.loaded().order(order.order_id) == order
    firm.store.close()


def test_errors_of_the_history_are_translated(firm: Firm) -> None:
    """Nobody beyond this room knows SQLite's errors."""
    firm.enter()
    with closing(sqlite3.connect(firm.url.removeprefix("sqlite:///"))) as vandal:
        vandal.execute("DROP TABLE cl_ord_ids")
    with pytest.raises(StoreUnavailable, match="no such table"):
        firm.store.history.cl_ord_id("DESK1", "never used")
