"""Money that is moved while all else goes on: in a few plans, where the venue can."""

from dataclasses import replace
from random import Random
from typing import Final

from tests.faults.draw import FIRST_MS, LAST_MS
from tests.faults.money import TERMS
from tests.faults.plan import Fault, Kind, Move, Plan

ON_MONEY: Final = 0.08
"""How often, where a venue of the plan moves money."""
AGAIN: Final = 0.3
"""How often a move is asked for again under its name, and how often the next one is its equal."""
_KINDS: Final = (
    *(Kind.LOSE_REQUEST, Kind.LOSE_ANSWER, Kind.SILENCE, Kind.KILL_ON_REQUEST) * 2,
    Kind.LATE_REQUEST,
    Kind.SLOW_ANSWER,
    Kind.NO_CONNECTION,
    Kind.THROTTLED,
    Kind.OVERLOAD,
    Kind.SERVER_ERROR,
    Kind.REDIRECT,
    Kind.GARBLED,
    Kind.PAGE,
    Kind.EMPTY,
    Kind.MOVE_UNDONE,
    Kind.KILL,
)
_MS: Final = {Kind.LATE_REQUEST: 3_000, Kind.SLOW_ANSWER: 3_000, Kind.KILL_ON_REQUEST: 500}


def with_money(plan: Plan) -> Plan:
    """The plan, or the plan with one or two moves of money and what goes wrong with them."""
    rng = Random(f"{plan.seed} money")  # noqa: S311  repeatable on purpose
    offered = [(route, kind) for route, kind in sorted(TERMS) if route in plan.routes]
    if not offered or rng.random() >= ON_MONEY:
        return plan
    moves = _moves(rng, offered)
    faults = tuple(_fault(rng, rng.choice(moves)) for _ in range(rng.choice((0, 1, 1, 2))))
    return replace(plan, moves=moves, faults=(*plan.faults, *faults))


def _moves(rng: Random, offered: list[tuple[str, str]]) -> tuple[Move, ...]:
    route, kind = rng.choice(offered)
    again_ms = rng.choice((30, 700, 3_000)) if rng.random() < AGAIN else 0
    at_ms = rng.randint(FIRST_MS, LAST_MS)
    amount = str(rng.randint(1, 40))
    first = Move(at_ms=at_ms, route=route, kind=kind, amount=amount, again_ms=again_ms)
    if rng.random() < 0.5:
        return (first,)
    at_ms = min(LAST_MS, at_ms + rng.choice((20, 500, 4_000)))
    second = replace(first, at_ms=at_ms, again_ms=0)
    if rng.random() >= AGAIN:
        second = replace(second, amount=str(int(amount) + 1))
    return first, second


def _fault(rng: Random, move: Move) -> Fault:
    kind = rng.choice(_KINDS)
    if kind is Kind.KILL:
        return Fault(kind=kind, at_ms=move.at_ms + rng.choice((5, 30, 100, 400)), ms=500)
    operation = "" if kind is Kind.MOVE_UNDONE else "move"
    ordinal = rng.choice((1, 1, 2))
    return Fault(
        kind=kind, route=move.route, operation=operation, ordinal=ordinal, ms=_MS.get(kind, 0)
    )
