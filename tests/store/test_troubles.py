"""Which troubles of the store may pass, and what a commit is that was told to have failed."""

import os
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from oms.core.book import Changes
from oms.core.errors import StoreUnavailable
from oms.core.notes import Quarantined
from oms.core.ports import Evidence
from oms.store.queries import Reader
from oms.store.replay import verify
from oms.store.store import Store
from tests.store.trading_day import REST, START, Firm


def _undecided(firm: Firm) -> Changes:
    changes = Changes()
    note = Quarantined(reason="a test", text="")
    for record in firm.decided(REST, note, Evidence.VENUE_MESSAGE, 0):
        firm.book.apply(record, changes)
    return changes


def _path(firm: Firm) -> Path:
    return Path(firm.url.removeprefix("sqlite:///"))


def test_a_lock_may_pass(tmp_path: Path) -> None:
    """Whoever commits may try the same again."""
    firm = Firm(tmp_path / "oms.db")
    firm.store.close()
    firm.store = Store.open(firm.url, owner="test", now=START, busy_timeout_s=0.05)
    with closing(sqlite3.connect(tmp_path / "oms.db", isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked") as refused:
            firm.store.commit(_undecided(firm))
    assert refused.value.passing
    firm.store.close()


def test_our_own_mistake_does_not_pass(firm: Firm) -> None:
    """The same again would fail again."""
    changes = _undecided(firm)
    firm.store.commit(changes)
    with pytest.raises(StoreUnavailable, match="UNIQUE") as refused:
        firm.store.commit(changes)
    assert not refused.value.passing


def test_what_is_no_database_does_not_pass(tmp_path: Path) -> None:
    """Nobody's hand makes it one."""
    (tmp_path / "oms.db").write_text("the cat's diary, " * 1000)
    with pytest.raises(StoreUnavailable, match="not a database") as refused:
        Store.open(f"sqlite:///{tmp_path / 'oms.db'}", owner="t", now=START)
    assert not refused.value.passing


@pytest.mark.parametrize("suffix", ["", "-wal"])
@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_has_gone_ends_it(firm: Firm, suffix: str, replaced: bool) -> None:
    """SQLite would go on writing into what has no name any more."""
    firm.enter()
    path = Path(f"{_path(firm)}{suffix}")
    path.rename(f"{path}.elsewhere")
    if replaced:
        path.write_bytes(Path(f"{path}.elsewhere").read_bytes())
    with pytest.raises(StoreUnavailable, match="removed or replaced") as refused:
        firm.store.commit(_undecided(firm))
    assert not refused.value.passing
    os.replace(f"{path}.elsewhere", path)


def test_files_in_their_place_are_no_trouble(firm: Firm) -> None:
    """Whether the log is the first one or, after a trouble, another."""
    firm.enter()
    firm.store._disconnect()
    firm.store.commit(_undecided(firm))
    with Reader.open(firm.url) as reader:
        assert verify(reader).agrees


def test_a_commit_that_was_kept_though_it_failed_is_not_written_twice(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    """The disk said no and had done it: the second attempt finds it."""
    lying = False

    class Disk(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            cursor = super().execute(sql, *rest)
            if lying and sql == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return cursor

    mocker.patch("sqlite3.connect", partial(sqlite3.connect, factory=Disk))
    firm = Firm(tmp_path / "oms.db")
    order = firm.enter()
    changes = _undecided(firm)
    lying = True
    with pytest.raises(StoreUnavailable, match="disk I/O error"):
        firm.store.commit(changes)
    lying = False
    firm.store.commit(changes)
    firm.fill(order, "0.1")
    with Reader.open(firm.url) as reader:
        assert reader.counts()["quarantined"] == 1
        assert verify(reader).agrees
    firm.store.close()
