"""Histories are written as the engine writes them, and both sides read all of one. Nothing is timed."""

import json
import shutil
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import history
from benchmarks.figures import Contest, Missing
from benchmarks.history import FILE, stored, stored_open
from benchmarks.past import Histories, past_contests, replayed, start, verify
from oms.clock import SystemClock
from oms.store.queries import Reader

TINY = Histories(small=5, large=20, still_open=3, load_s=0.0)


def counts(folder: Path) -> dict[str, int]:
    with Reader.open(f"sqlite:///{folder / FILE}") as reader:
        return {name: reader.counts()[name] for name in ("orders", "open", "fills")}


def test_a_history_is_written_once_and_agrees_with_its_journal(tmp_path: Path) -> None:
    told: list[str] = []
    folder = stored_open(tmp_path, 20, 3, told.append)
    assert counts(folder) == {"orders": 23, "open": 3, "fills": 20}
    assert verify(folder).value > 0
    assert len(told) == 10
    assert stored_open(tmp_path, 20, 3, told.append) == folder
    assert len(told) == 10
    assert counts(stored(tmp_path, 20, told.append)) == {"orders": 20, "open": 0, "fills": 20}


def test_a_history_of_another_schema_is_not_used(tmp_path: Path) -> None:
    stale = tmp_path / "000000000000" / "20-orders"
    stale.mkdir(parents=True)
    (stale / FILE).touch()
    assert counts(stored(tmp_path, 20, lambda text: None))["orders"] == 20
    assert not stale.exists()


def test_the_bare_loop_sees_every_record_and_every_fill(tmp_path: Path) -> None:
    found = replayed(stored(tmp_path, 20, lambda text: None) / FILE)
    assert found.records == 2 + 10 * (2 * 2 + 1)  # the start, the route; ten waves of two
    assert {order.cum_qty for order in found.orders.values()} == {Decimal("1.0000")}
    assert len(found.orders) == 20


def test_a_disk_that_is_full_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000))
    with ExitStack() as stack:
        (missing,) = past_contests(
            stack, tmp_path, tmp_path / "cache", SystemClock(), TINY, lambda text: None
        )
    assert isinstance(missing, Missing)
    assert "are free" in missing.why
    assert all(figure.name.endswith("(here 20)") for figure in missing.figures)
    assert history.FILE not in json.dumps([str(path) for path in tmp_path.rglob("*")])


def test_engines_start_on_a_history_and_trade_beside_one_another(tmp_path: Path) -> None:
    folder, cache = tmp_path / "scratch", tmp_path / "cache"
    folder.mkdir()
    with ExitStack() as stack:
        contests = past_contests(stack, folder, cache, SystemClock(), TINY, lambda text: None)
        burden = list(contests)[2]
        assert isinstance(burden, Contest)
        cpu, memory = burden.ours()
        assert (cpu.value > 0, memory.value > 0) == (True, True)
    assert counts(stored(cache, 20, print))["fills"] > 20
    assert start(stored_open(cache, 20, 3, print)).value > 0
    assert counts(stored_open(cache, 20, 3, print))["open"] == 3
