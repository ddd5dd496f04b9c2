"""Money under one seed: what a plan shows is right, and each kind of wrong is seen."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import pytest

from tests.faults import draw_money
from tests.faults.draw import draw
from tests.faults.draw_fix import draw_fix
from tests.faults.judge import Row
from tests.faults.money import weighed
from tests.faults.plan import Fault, Kind, Move, Plan, plan_of
from tests.faults.world import run

TOLD: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "cl_ord_id": "m0",
        "venue": "V",
        "kind": "WITHDRAWAL",
        "asset": "BTC",
        "amount": "1.50",
        "to_exchange": "",
        "address": "bc1q",
        "alias": "",
        "recipient": "",
        "state": "DONE",
    }
)
THERE: Final[Mapping[str, Any]] = MappingProxyType(
    {"kind": "WITHDRAWAL", "asset": "BTC", "amount": "1.5", "address": "bc1q"}
)
ANDX: Final = Move(at_ms=4_000, route="andx", kind="WITHDRAWAL", amount="100", again_ms=3_000)
APIFINY: Final = Move(at_ms=4_000, route="apifiny", kind="TRANSFER", amount="30")


def _plan(move: Move, *faults: Fault) -> Plan:
    return Plan(seed=1, routes=(move.route,), intents=(), faults=faults, moves=(move,))


def _struck(kind: Kind, move: Move) -> Fault:
    return Fault(kind=kind, route=move.route, operation="move")


@pytest.mark.parametrize("first", [1, 13])
def test_money_is_moved_once_and_told_as_it_is(monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    """Seeds, each with money in it where its venues move any."""
    monkeypatch.setattr(draw_money, "ON_MONEY", 1.0)
    plans = [
        draw_money.with_money(drawn(n))
        for n in range(first, first + 12)
        for drawn in (draw, draw_fix)
    ]
    moving = [plan for plan in plans if plan.moves]
    assert {plan.seed: told for plan in moving if (told := run(plan).failures)} == {}
    assert len(moving) > len(plans) // 3
    assert [plan_of(plan.as_json()) for plan in moving] == moving
    assert all("moves money" in str(plan) for plan in moving)


def test_few_plans_move_money_and_none_where_nobody_can() -> None:
    moving = [seed for seed in range(1, 400) if draw_money.with_money(draw(seed, ["andx"])).moves]
    assert 10 < len(moving) < 60
    assert not any(draw_money.with_money(draw(seed, ["bitexbit"])).moves for seed in range(1, 100))


@pytest.mark.parametrize("move", [ANDX, APIFINY], ids=["andx", "apifiny"])
@pytest.mark.parametrize("kind", [Kind.LOSE_ANSWER, Kind.LOSE_REQUEST])
def test_a_doubt_about_money_ends_by_the_list_or_by_a_person(move: Move, kind: Kind) -> None:
    """Who had to say so is counted, with the reason."""
    outcome = run(_plan(move, _struck(kind, move)))
    assert outcome.failures == []
    listed = move is APIFINY and kind is Kind.LOSE_ANSWER
    assert [one.route for one in outcome.unresolved] == ([] if listed else [move.route.upper()])
    assert all("after it was sent" in one.reason for one in outcome.unresolved)


@pytest.mark.parametrize(
    ("told", "there", "wrong"),
    [
        ({}, [{}], ""),
        ({}, [], "1 told done, and 0 happened"),
        ({"state": "TAKEN"}, [], "1 told done, and 0 happened"),
        ({"state": "REFUSED"}, [], ""),
        ({"state": "NOT_SENT"}, [{}], "0 told done, 0 in doubt, and 1 happened"),
        ({"state": "IN_DOUBT"}, [{}], ""),
        ({"state": "IN_DOUBT"}, [], ""),
        ({"state": "UNDER_WAY"}, [], "under way, and nothing ends it"),
        ({}, [{}, {}], "1 told done, 0 in doubt, and 2 happened"),
        ({}, [{"status": "CANCELLED"}], "1 told done, and 0 happened"),
        ({"state": "REFUSED"}, [{"status": "CANCELLED"}], ""),
        ({"state": "REFUSED"}, [{"address": "bc1p"}], "0 told done, 0 in doubt, and 1 happened"),
        ({"state": "TAKEN", "venue": "APIFINY"}, [{}], "its end is on the venue's list"),
    ],
)
def test_what_is_told_of_money_is_held_against_the_ledger(
    told: Mapping[str, Any], there: list[Row], wrong: str
) -> None:
    row = {**TOLD, **told}
    found = weighed([row], {row["venue"]: [{**THERE, **one} for one in there]})
    assert len(found) == bool(wrong)
    assert all(wrong in line for line in found)
