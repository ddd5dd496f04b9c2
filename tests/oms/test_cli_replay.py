"""The verb that folds the journal again: what it finds, and what was known then."""

import sqlite3
from pathlib import Path

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
        assert (then["fills"], then["positions"]) == ([], [])
        assert then["at"] == asked.replace("Z", "+00:00")
        zoneless = bench.oms("replay", "--at", asked.removesuffix("Z"), "--json").document
        assert zoneless == then
        assert bench.oms("replay", "--at", "2000-01-01").lines[0].startswith("as of 2000-01-01")
        for words in ((), ("--verify", "--at", asked), ("--at", "yesterday")):
            assert bench.oms("replay", *words).code == 2
