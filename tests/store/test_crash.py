"""A process that dies in the middle of a commit leaves all of it or nothing."""

import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from oms.store.queries import Reader
from oms.store.replay import verify
from tests.store.trading_day import Firm

DEATH = 86


def die_in_statement(number: int, path: Path) -> None:
    """Two orders with fills, then a batch whose n-th statement is the process's last act."""
    count, counting = 0, False

    class Mortal(sqlite3.Connection):
        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            return counted(super().execute(*arguments))

        def executemany(self, *arguments: Any) -> sqlite3.Cursor:
            return counted(super().executemany(*arguments))

    def counted(cursor: sqlite3.Cursor) -> sqlite3.Cursor:
        nonlocal count
        count += counting
        if count == number:
            os._exit(DEATH)
        return cursor

    sqlite3.connect = partial(sqlite3.connect, factory=Mortal)  # type: ignore[assignment]  # as sqlite3.connect is
    firm = Firm(path)
    firm.fill(firm.enter(), "0.5")
    order = firm.enter()
    counting = True
    firm.fill(order, "0.25")
    os._exit(0)


def run_in_child(number: int, path: Path) -> int:
    """The exit code of a child that runs `die_in_statement`."""
    child = os.fork()
    if child == 0:
        try:
            die_in_statement(number, path)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("number", range(1, 8))
def test_a_commit_cut_short_is_no_commit(tmp_path: Path, number: int) -> None:
    """After BEGIN, the owner's check, the journal, orders, executions, positions, reports."""
    assert run_in_child(number, tmp_path / "oms.db") == DEATH
    with Reader.open(f"sqlite:///{tmp_path / 'oms.db'}") as reader:
        assert [row["last_shares"] for row in reader.fills()] == ["0.5"]
        assert verify(reader).differences == []
    firm = Firm(tmp_path / "oms.db")
    assert firm.store.epoch == 2
    assert firm.order("0000000002").cum_qty == 0
    firm.fill(firm.order("0000000002"), "0.25")
    firm.store.close()


def test_a_commit_that_was_told_is_kept(tmp_path: Path) -> None:
    """A process that dies right after it has lost nothing."""
    assert run_in_child(99, tmp_path / "oms.db") == 0
    with Reader.open(f"sqlite:///{tmp_path / 'oms.db'}") as reader:
        assert [row["last_shares"] for row in reader.fills()] == ["0.5", "0.25"]
        assert verify(reader).differences == []
