"""The verb that folds the journal again: what it finds, and what was known then."""

import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from oms.store.chain import BEGINNING, link
from tests.oms.cli_bench import filled, idle_bench, running_bench


def test_a_replay_agrees_and_sees_a_row_that_was_tampered_with(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        filled(bench)
        told = bench.oms("replay", "--verify", "--json")
        assert (told.code, told.document["agrees"]) == (0, True)
        assert told.document["records"] > 3
    with sqlite3.connect(tmp_path / "oms.db") as store:
        store.execute("UPDATE orders SET cum_qty = '0.02'")
    store.close()
    with idle_bench(tmp_path) as bench:
        told = bench.oms("replay", "--verify")
        assert told.code == 1
        assert "they do not agree" in told.lines[0]
        assert "cum_qty" in told.lines[1]
        assert bench.oms("replay", "--verify", "--json").document["count"] == 1


def test_a_head_that_was_noted_proves_the_journal_made_anew(tmp_path: Path) -> None:
    """All hashes right, another text: only who noted one can tell."""
    with running_bench(tmp_path) as bench:
        filled(bench)
        head = bench.oms("status", "--json").document["journal"]
        noted = f"{head['record']}:{head['hash']}"
        assert f"journal: record {head['record']}, hash {head['hash']}" in bench.oms("status").out
        assert bench.oms("replay", "--verify", "--noted", noted).code == 0
    with idle_bench(tmp_path) as bench:
        assert bench.oms("status", "--json").document["journal"]["record"] >= head["record"]
        _rewrite(tmp_path / "oms.db", "UPDATE journal SET raw = 'never said' WHERE seq = 3")
        assert bench.oms("replay", "--verify").code == 0
        told = bench.oms("replay", "--verify", "--noted", noted)
        assert told.code == 1
        said = f"journal {head['record']} was another record when its hash was noted"
        assert told.lines[1:] == [said]
        for wrong in ("7", "x:00", "7:zz"):
            assert bench.oms("replay", "--verify", "--noted", wrong).code == 2


def _rewrite(path: Path, statement: str) -> None:
    """What a forger does who knows how the hashes are made."""
    with sqlite3.connect(path) as store:
        store.execute(statement)
        before = BEGINNING
        for row in store.execute("SELECT * FROM journal ORDER BY seq").fetchall():
            before = link(before, row[:-1])
            store.execute("UPDATE journal SET hash = ? WHERE seq = ?", (before, row[0]))
            store.execute("UPDATE owner SET hash = ? WHERE seq = ?", (before, row[0]))
    store.close()


def test_a_replay_shows_the_past(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        filled(bench)
        timeline = bench.oms("order", "1", "--json").document["timeline"]
        asked = timeline[0]["time"]
        then = bench.oms("replay", "--at", asked, "--json").document
        assert [row["ord_status"] for row in then["orders"]] == ["PENDING_NEW"]
        assert (then["fills"], then["positions"], then["balances"], then["moves"]) == ([],) * 4
        assert 1 < then["record"] < then["last"]
        assert then["time"] == then["at"]
        assert then["at"] == asked.replace("Z", "+00:00")
        zoneless = bench.oms("replay", "--at", asked.removesuffix("Z"), "--json").document
        assert zoneless == then
        assert bench.oms("replay", "--record", str(then["record"]), "--json").document == then
        east = datetime.fromisoformat(asked).astimezone(timezone(timedelta(hours=3)))
        assert bench.oms("replay", "--at", east.isoformat(), "--json").document == then


def test_a_past_is_told_to_people_too(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        filled(bench)
        told = bench.oms("replay", "--at", "2000-01-01").lines
        assert told[0].startswith("as of 2000-01-01T00:00:00.000000+00:00: before the first of ")
        assert told[1:3] == ["", "orders: none"]
        told = bench.oms("replay", "--at", "9999-01-01T00:00:00+02:00").lines
        assert told[0].startswith("as of 9998-12-31T22:00:00.000000+00:00: record ")
        assert told[1] == "nothing has been recorded since"
        assert "orders: 1" in told
        assert any(line.startswith("fills: ") and line != "fills: none" for line in told)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--verify", "--at", "2025-01-01"),
        ("--verify", "--rebuild"),
        ("--at", "2025-01-01", "--record", "3"),
        ("--at", "yesterday"),
        ("--record", "-1"),
        ("--rebuild", "--noted", f"1:{'00' * 32}"),
    ],
)
def test_one_thing_at_a_time(tmp_path: Path, words: tuple[str, ...]) -> None:
    with idle_bench(tmp_path) as bench:
        assert bench.oms("replay", *words).code == 2


def test_tables_are_mended_while_nothing_runs(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        filled(bench)
        told = bench.oms("replay", "--rebuild")
        assert (told.code, "is held by test" in told.err) == (2, True)
    with sqlite3.connect(tmp_path / "oms.db") as store:
        store.execute("UPDATE orders SET cum_qty = '0.02'")
    store.close()
    with idle_bench(tmp_path) as bench:
        told = bench.oms("replay", "--rebuild")
        assert told.code == 0
        assert told.lines[0].endswith(
            " 1 differences: every table was written anew from the journal"
        )
        assert "cum_qty" in told.lines[1]
        assert bench.oms("replay", "--verify").code == 0
        told = bench.oms("replay", "--rebuild", "--json")
        assert (told.document["count"], told.err) == (0, "")


def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        filled(bench)
        timeline = bench.oms("order", "1", "--json").document["timeline"]
        last = bench.oms("status", "--json").document["journal"]["record"]
    early = timeline[0]["time"]
    change = f"UPDATE journal SET time = '{early}' WHERE seq = {last}"  # noqa: S608
    _rewrite(tmp_path / "oms.db", change)
    with idle_bench(tmp_path) as bench:
        told = bench.oms("replay", "--at", early)
        assert told.code == 0
        assert told.lines[1].startswith("1 records behind it say no later time")
        assert bench.oms("replay", "--at", early, "--json").document["set_back"] == 1
