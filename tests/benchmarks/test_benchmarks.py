"""The benchmark's pieces do what they are compared for. Nothing is timed here."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.__main__ import Sizes, measure
from benchmarks.desk import Load, Outcome, connect
from benchmarks.durable import Durable, rows_of
from benchmarks.figures import Contest, Figure, Missing, Result, Sample, run, table, write_json
from benchmarks.kernel import kernel_contests
from benchmarks.machine import Conditions, conditions, description
from benchmarks.processes import Gateway, Style, relay, venue
from benchmarks.roundtrip import rig
from benchmarks.targets import KERNEL, KERNEL_TRACKER
from benchmarks.venue import port_of, start
from oms.clock import ManualClock, SystemClock

FAIR = Conditions(load=0.5, sync_s=0.001)
FIGURE = Figure(name="orders", against="nothing much", unit="orders/s")


def test_the_kernel_and_its_yardsticks_see_every_message() -> None:
    *_, contest = kernel_contests(lifecycles=3, python=sys.executable)
    assert isinstance(contest, Contest)
    assert [sample.value > 0 for sample in (*contest.ours(), *contest.theirs())] == [True, True]


@pytest.mark.skipif(not find_spec("nautilus_trader"), reason="the extra `bench` is not installed")
def test_the_other_engine_sees_every_message() -> None:
    contest, _ = kernel_contests(lifecycles=3, python=sys.executable)
    assert isinstance(contest, Contest)
    (sample,) = contest.theirs()
    assert sample.note.startswith("NautilusTrader ")


def test_an_engine_that_is_not_installed_is_said_to_be_missing(tmp_path: Path) -> None:
    contest, _ = kernel_contests(lifecycles=3, python="/bin/false")
    assert isinstance(contest, Missing)
    results = run([contest], 5, lambda: FAIR, lambda text: None)
    write_json(results, tmp_path / "results.json")
    (row,) = json.loads((tmp_path / "results.json").read_text())
    assert (row["ratio"], row["verdict"], row["must"]) == (None, "not measured", 4.0)
    assert "NautilusTrader is not installed" in row["note"]
    assert "0 of 1 musts met" in table(results)


@pytest.mark.parametrize("group", [1, 5])
def test_engine_and_bare_loop_write_the_same_rows(tmp_path: Path, group: int) -> None:
    durable = Durable(tmp_path, ManualClock(), lifecycles=7, group=group)
    (_, ours), (_, bare) = durable.engine(), durable.bare()
    written = rows_of(ours)
    assert written == rows_of(bare)
    # Four messages a lifecycle, behind the start and the route's coming up.
    assert {name: len(written[name]) for name in ("journal", "orders", "executions")} == {
        "journal": 7 * 4 + 2,
        "orders": 7,
        "executions": 7 * 2,
    }


@pytest.mark.parametrize("reports", [1, 2, 3])
def test_the_load_trades_with_the_venue(reports: int) -> None:
    outcome = asyncio.run(_trade(reports))
    assert (outcome.orders, outcome.reports) == (4, 4 * reports)
    assert 0 < outcome.percentile_s(50) <= outcome.percentile_s(99) <= outcome.took_s


async def _trade(reports: int) -> Outcome:
    """Four orders at once."""
    clock = SystemClock()
    fix, rest = await start(clock)
    desk = await connect(port_of(fix), "any", clock, "T")
    outcome = await desk.load(Load(in_flight=4, reports=reports, seconds=0))
    await desk.log_out()
    fix.close()
    rest.close()
    return outcome


@pytest.mark.parametrize("style", list(Style))
def test_the_relays_pass_orders_and_reports_on(tmp_path: Path, style: Style) -> None:
    with venue(tmp_path) as at, relay(at, tmp_path, style) as gateway:
        outcome = asyncio.run(_trade_at(gateway))
    assert (outcome.orders, outcome.reports) == (3, 9)
    if style is Style.COMMITS:
        connection = sqlite3.connect(tmp_path / "relay_commits.db")
        kept = connection.execute("SELECT text FROM messages").fetchall()
        connection.close()
        assert len(kept) == 3 + 9


async def _trade_at(gateway: Gateway) -> Outcome:
    desk = await connect(gateway.port, gateway.token, SystemClock(), "T")
    outcome = await desk.load(Load(in_flight=3, reports=3, seconds=0))
    await desk.log_out()
    return outcome


def _side(name: str, value: float, calls: list[str]) -> Callable[[], list[Sample]]:
    def measure() -> list[Sample]:
        calls.append(name)
        return [Sample(value, 10.0)]

    return measure


def test_the_sides_take_turns_in_going_first() -> None:
    calls: list[str] = []
    contest = Contest((FIGURE,), _side("ours", 3.0, calls), _side("theirs", 2.0, calls))
    (result,) = run([contest], 3, lambda: FAIR, calls.append)
    assert [call for call in calls if not call.startswith("round")] == [
        *("ours", "theirs"),
        *("theirs", "ours"),
        *("ours", "theirs"),
    ]
    assert result.ratios() == [1.5, 1.5, 1.5]


def test_a_ratio_is_the_median_of_the_rounds_ratios(tmp_path: Path) -> None:
    ours = [Sample(value, 10.0, {"load": 0.25}) for value in (10.0, 40.0, 90.0)]
    theirs = [Sample(value, 20.0, {"load": 0.5}) for value in (10.0, 20.0, 30.0)]
    result = Result(FIGURE, ours, theirs, [FAIR] * 3)
    path = tmp_path / "results.json"
    write_json([result], path)
    (row,) = json.loads(path.read_text())
    assert {name: row[name] for name in ("figure", "against", "ratio", "low", "high")} == {
        "figure": "orders",
        "against": "nothing much",
        "ratio": 2.0,
        "low": 1.0,
        "high": 3.0,
    }
    assert (row["must"], row["aim"], row["verdict"]) == (None, None, "")
    shown = table([result])
    assert "against nothing much" in shown
    assert "cores taken, ours: load 0.25" in shown


@pytest.mark.parametrize(
    ("unit", "value", "verdict"),
    [
        ("orders/s", 3.0, "aim met"),
        ("orders/s", 2.0, "must met"),
        ("orders/s", 1.9, "MUST NOT MET"),
        ("ms", 0.5, "aim met"),
        ("ms", 2.0, "must met"),
        ("ms", 2.1, "MUST NOT MET"),
    ],
)
def test_a_must_that_is_missed_is_said(unit: str, value: float, verdict: str) -> None:
    aim = 3.0 if unit.endswith("/s") else 1.0
    figure = replace(FIGURE, unit=unit, must=2.0, aim=aim)
    result = Result(figure, [Sample(value, 0)], [Sample(1.0, 0)], [FAIR])
    assert result.verdict == verdict
    assert ("NOT MET: orders" in table([result])) == (verdict == "MUST NOT MET")


def test_the_weather_is_measured_and_leaves_nothing_behind(tmp_path: Path) -> None:
    assert conditions(tmp_path).sync_s > 0
    assert list(tmp_path.iterdir()) == []
    assert "SQLite" in description(tmp_path)


def test_the_engine_as_a_process_stands_where_the_relay_does(tmp_path: Path) -> None:
    with rig(tmp_path, SystemClock()) as both:
        outcome, sample = both.measure(both.ours, Load(in_flight=2, reports=3, seconds=0))
    assert (outcome.orders, outcome.reports) == (2, 6)
    assert set(sample.others) == {"load", "venue"}


def test_a_part_alone_is_measured_and_leaves_nothing_behind(tmp_path: Path) -> None:
    sizes = Sizes(nautilus="/bin/false", kernel_lifecycles=3)
    results, machine = measure(tmp_path, SystemClock(), 2, ["kernel"], sizes)
    assert [(result.figure, len(result.ours)) for result in results] == [
        (KERNEL, 0),
        (KERNEL_TRACKER, 2),
    ]
    assert "SQLite" in machine
    assert list(tmp_path.iterdir()) == []
