"""An engine that is told to end, and a strategy whose connection for reports breaks."""

from collections.abc import AsyncGenerator
from typing import Any, Final
from unittest import mock

import pytest

from oms.api import Oms
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport
from oms.feed import Feed
from tests.adapters.one_route import bench_of
from tests.faults.draw import draw
from tests.faults.draw_ends import with_ends
from tests.faults.judge import Outcome
from tests.faults.listener import misheard
from tests.faults.plan import Ask, Fault, Intent, Kind, Plan
from tests.faults.world import run

_BENCH: Final = bench_of("btcturk")
_ORDER: Final = Intent(
    at_ms=4_000,
    ask=Ask.NEW,
    order=0,
    route="btcturk",
    symbol=_BENCH.ORDER.symbol,
    side="BUY",
    qty="0.01",
    price=str(_BENCH.NEAR),
)
_SLOW: Final = Fault(kind=Kind.SLOW_ANSWER, route="btcturk", operation="new", ms=500)
_CUTS: Final = (
    Fault(kind=Kind.LISTENER_CUT, at_ms=4_010, ms=300),
    Fault(kind=Kind.LISTENER_CUT, at_ms=5_000, ms=0),
    Fault(kind=Kind.KILL, at_ms=6_000, ms=500),
)


def _came_of(*faults: Fault) -> Outcome:
    plan = Plan(seed=1, routes=("btcturk",), intents=(_ORDER,), faults=faults)
    return run(plan)


def test_an_engine_that_is_told_to_end_waits_for_its_answers() -> None:
    """One that dies has a doubt after that."""
    ended = _came_of(_SLOW, Fault(kind=Kind.STOP, at_ms=4_100, ms=500))
    died = _came_of(_SLOW, Fault(kind=Kind.KILL, at_ms=4_100, ms=500))
    assert (ended.failures, ended.restarts, len(ended.in_doubt_s)) == ([], 1, 0)
    assert (died.failures, died.restarts, len(died.in_doubt_s)) == ([], 1, 1)


def test_what_dies_while_it_ends_is_dead() -> None:
    kill = Fault(kind=Kind.KILL, at_ms=4_200, ms=2_000)
    both = _came_of(_SLOW, Fault(kind=Kind.STOP, at_ms=4_100, ms=500), kill)
    assert (both.failures, both.restarts, len(both.in_doubt_s)) == ([], 1, 1)


def test_a_strategy_is_told_all_there_is_over_every_break() -> None:
    assert _came_of(*_CUTS).failures == []


def test_a_strategy_that_nobody_wakes_is_never_told() -> None:
    with mock.patch.object(Feed, "send", return_value=None):
        assert "was never told report" in _came_of(*_CUTS).failures[0]


def test_a_strategy_that_is_told_from_the_beginning_is_told_twice() -> None:
    reports = Oms.reports

    def all_again(oms: Oms, since: int = 0, follow: bool = True) -> AsyncGenerator[Any, None]:
        return reports(oms, 0, follow)

    with mock.patch.object(Oms, "reports", all_again):
        failures = _came_of(*_CUTS).failures
    assert any("twice" in failure for failure in failures)
    assert any("out of order" in failure for failure in failures)


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ([(1, "X1"), (2, "X2")], []),
        ([(1, "X1")], ["grid was never told report 2"]),
        ([(1, "X1"), (2, "X2"), (2, "X2")], ["grid was told report 2 twice"]),
        ([(1, "X1"), (2, "X3")], ["grid was told another report 2"]),
        ([(2, "X2"), (1, "X1")], ["grid was told its reports out of order"]),
        ([(1, "X1"), (2, "X2"), (3, "X3")], ["grid was told another report 3"]),
    ],
)
def test_what_was_heard_is_what_is_on_record(told: list[tuple[int, str]], wrong: list[str]) -> None:
    assert misheard(_numbered(told), _numbered([(1, "X1"), (2, "X2")])) == wrong


def _numbered(told: list[tuple[int, str]]) -> list[tuple[int, ExecutionReport]]:
    return [
        (number, ExecutionReport(exec_id=name, exec_type=ExecType.NEW)) for number, name in told
    ]


def test_few_plans_have_such_faults() -> None:
    kinds = [fault.kind for n in range(1, 300) for fault in with_ends(draw(n)).faults]
    assert 10 < kinds.count(Kind.STOP) < 45
    assert 20 < kinds.count(Kind.LISTENER_CUT) < 75
