"""Every curve of the growth figures comes about. Nothing is timed."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.growth import HISTORY, Point, measure, points, rows, table
from benchmarks.growth_point import Cost, Spec, measured
from benchmarks.history import FILE
from oms.store.queries import Reader


def counts(path: Path) -> dict[str, int]:
    with Reader.open(f"sqlite:///{path}") as reader:
        return {name: reader.counts()[name] for name in ("orders", "open", "fills")}


@pytest.mark.parametrize(
    "named",
    [{}, {"desks": 3}, {"strategies": 2}, {"strategies": 1, "subscriptions": 3}],
    ids=str,
)
def test_a_point_trades_what_it_says(tmp_path: Path, named: dict[str, int]) -> None:
    path = tmp_path / FILE
    spec = Spec(path=str(path), orders=6, group=4, open_orders=5, **named)
    cost = asyncio.run(measured(spec))
    assert (cost.cpu_us > 0, cost.memory_mb > 0) == (True, True)
    # Those that stay open, one group to warm up, those that are measured.
    assert counts(path) == {"orders": 5 + 4 + 6, "open": 5, "fills": 4 + 6}


def test_a_history_is_gone_on_with_and_one_that_does_not_fit_is_noted(tmp_path: Path) -> None:
    sizes = {HISTORY: (10, 10**15), "desks": (1,)}
    found = points(tmp_path, tmp_path / "cache", sizes, 3)
    assert [bool(point.note) for point in found] == [False, True, False]
    measure(found[:1], 1)
    assert counts(Path(found[0].spec.path))["orders"] > 10
    written = list(rows(found[:2]))
    assert written[0]["ratio"] == 1.0
    assert "ratio" not in written[1]
    assert "not measured" in table(written)


def test_a_ratio_is_to_the_curves_first_point() -> None:
    spec = Spec(path="")
    small, large = Point("desks", 1, spec), Point("desks", 32, spec)
    small.costs = [Cost(cpu_us=cpu, memory_mb=50.0) for cpu in (100.0, 200.0, 100.0)]
    large.costs = [Cost(cpu_us=cpu, memory_mb=60.0) for cpu in (110.0, 220.0, 200.0)]
    assert [row["ratio"] for row in rows([small, large])] == [1.0, 1.1]
