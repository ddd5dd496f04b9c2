"""The benchmark's pieces do what they are compared for. Nothing is timed here."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.desk import Load, Outcome, connect
from benchmarks.durable import Durable, rows_of
from benchmarks.figures import Contest, Figure, Result, Sample, run, table, write_json
from benchmarks.kernel import kernel_contest
from benchmarks.machine import Conditions, conditions, description
from benchmarks.processes import relay, venue
from benchmarks.roundtrip import rig
from benchmarks.venue import port_of, start
from oms.clock import ManualClock, SystemClock

FAIR = Conditions(load=0.5, sync_s=0.001)
FIGURE = Figure(name="orders", against="nothing much", unit="orders/s")


def test_the_kernel_and_its_yardstick_see_every_message() -> None:
    contest = kernel_contest(lifecycles=3)
    assert [sample.value > 0 for sample in (*contest.ours(), *contest.theirs())] == [True, True]


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


def test_the_relay_passes_orders_and_reports_on(tmp_path: Path) -> None:
    with venue(tmp_path) as at, relay(at, tmp_path) as gateway:

        async def trade() -> Outcome:
            desk = await connect(gateway.port, gateway.token, SystemClock(), "T")
            outcome = await desk.load(Load(in_flight=3, reports=3, seconds=0))
            await desk.log_out()
            return outcome

        outcome = asyncio.run(trade())
    assert (outcome.orders, outcome.reports) == (3, 9)


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
    assert json.loads(path.read_text()) == [
        {
            "figure": "orders",
            "against": "nothing much",
            "ratio": 2.0,
            "low": 1.0,
            "high": 3.0,
            "must": None,
            "aim": None,
        }
    ]
    shown = table([result])
    assert "against nothing much" in shown
    assert "cores taken, ours: load 0.25" in shown


def test_the_weather_is_measured_and_leaves_nothing_behind(tmp_path: Path) -> None:
    assert conditions(tmp_path).sync_s > 0
    assert list(tmp_path.iterdir()) == []
    assert "SQLite" in description(tmp_path)


def test_the_engine_as_a_process_stands_where_the_relay_does(tmp_path: Path) -> None:
    with rig(tmp_path, SystemClock()) as both:
        outcome, sample = both.measure(both.ours, Load(in_flight=2, reports=3, seconds=0))
    assert (outcome.orders, outcome.reports) == (2, 6)
    assert set(sample.others) == {"load", "venue"}
