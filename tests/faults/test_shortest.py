"""A failing seed is told by no more than what it takes."""

import pytest

from tests.faults.draw import draw
from tests.faults.guards import GUARDS
from tests.faults.shortest import readable, shortest
from tests.faults.world import run


def test_an_engine_that_sends_before_it_commits_fails_with_one_order_and_no_fault() -> None:
    without = GUARDS["commit before send"].without
    plan = shortest(draw(1, ["btcturk"]), without=without, tries=60)
    assert (len(plan.intents), plan.faults, len(plan.routes)) == (1, (), 1)
    assert "not on record" in run(plan, without=without()).failures[0]


def test_what_does_not_fail_has_no_story_to_tell() -> None:
    with pytest.raises(ValueError, match="does not fail"):
        shortest(draw(1))


def test_a_story_is_told_without_what_says_nothing() -> None:
    told = readable(
        [
            "    0.000  the engine starts",
            "    1.000  btcturk <- query GET /orders nonce=1750000000001",
            "    1.500  btcturk -> 200 []",
            "    2.000  btcturk <- query GET /orders nonce=1750000000002",
            "    2.500  btcturk -> 200 []",
            "    3.000    record 3 7: Doubt(cl_ord_id='', request=<Request.NEW: 'D'>, text='no', raw=None)",
            "    4.000  btcturk <- new POST /order 1",
            "    5.000  fault: kill on request",
        ]
    )
    assert [(moment.who, moment.what) for moment in told] == [
        ("world", "the engine starts"),
        ("engine", "to btcturk: query GET /orders nonce=1750000000001"),
        ("venue", "btcturk says 200 []"),
        ("journal", "3 7 Doubt(request=NEW, text='no')"),
        ("engine", "to btcturk: new POST /order 1"),
        ("fault", "kill on request"),
    ]
