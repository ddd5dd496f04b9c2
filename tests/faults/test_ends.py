"""An engine that is told to end, and a strategy whose connection for reports breaks."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import count
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
from tests.faults.draw_fix import draw_fix
from tests.faults.guards import GUARDS
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
    assert 4 < kinds.count(Kind.STOP) < 25
    assert 8 < kinds.count(Kind.LISTENER_CUT) < 35
    assert not {Kind.FILES_LOST, Kind.LOGON_REFUSED} & set(kinds)
    on_fix = {fault.kind for n in range(1, 300) for fault in with_ends(draw_fix(n)).faults}
    assert on_fix >= {Kind.FILES_LOST, Kind.LOGON_REFUSED}


def test_a_desk_without_its_files_is_told_all_the_same() -> None:
    """Over a session that begins at 1; and where nobody looks what it has missed, it is not."""
    told: list[str] = []
    for plan in (draw_fix(1), draw_fix(3)):
        lost = Fault(kind=Kind.FILES_LOST, at_ms=plan.intents[0].at_ms + 5)
        assert plan.on_fix
        assert run(replace(plan, faults=(lost,))).failures == []
        with GUARDS["reports from the journal"].without():
            told += run(replace(plan, faults=(lost,))).failures
    assert any("was never told" in failure for failure in told)


def test_a_session_whose_logons_are_refused_comes_back_in_time() -> None:
    plan = next(plan for n in count(1) if "apifiny" in (plan := draw_fix(n)).routes)
    refused = Fault(kind=Kind.LOGON_REFUSED, at_ms=plan.intents[0].at_ms + 5, ms=4_000)
    story: list[str] = []
    assert run(replace(plan, faults=(refused,)), story=story).failures == []
    begun = next(n for n, line in enumerate(story) if "fault: logon refused" in line)
    kinds = [line.partition("35=")[2][:1] for line in story[begun:] if "apifiny fix in" in line]
    assert (kinds[0], "A" in kinds) == ("5", True)
