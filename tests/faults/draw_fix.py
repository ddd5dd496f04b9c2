"""A plan for every seed in which orders come or go over FIX."""

from dataclasses import replace
from random import Random
from typing import Final

from tests.faults.draw import REST, draw
from tests.faults.plan import DESK, Ask, Fault, Kind, Plan

_AWAY_MS: Final = (0, 200, 1_500, 6_000)
_FAULTS: Final = (
    *(Kind.FIX_CUT,) * 2,
    *(Kind.FIX_LOSE,) * 3,
    Kind.FIX_LATE,
    Kind.FIX_DUPLICATE,
    Kind.FIX_SILENT,
)


def draw_fix(seed: int) -> Plan:
    """A desk on FIX, or Apifiny, or both; and what goes wrong on their sessions."""
    rng = Random(f"{seed} fix plan")  # noqa: S311  repeatable on purpose
    where = rng.choice(("apifiny", "apifiny", "desk", "both"))
    kinds = REST if where == "desk" else ("apifiny",)
    plan = draw(seed, kinds)
    asks = plan.intents
    if where != "apifiny":
        desks = {i.order for i in asks if i.ask is Ask.NEW and rng.random() < 0.7} or {0}
        asks = tuple(replace(i, origin=DESK) if i.order in desks else i for i in asks)
    doors = [*(["apifiny"] if where != "desk" else []), *(["desk"] if where != "apifiny" else [])]
    faults = tuple(_fault(rng, rng.choice(doors)) for _ in range(rng.choice((1, 1, 2, 3))))
    return replace(plan, intents=asks, faults=(*plan.faults, *faults))


def _fault(rng: Random, door: str) -> Fault:
    kind = rng.choice(_FAULTS)
    ms = rng.choice(_AWAY_MS)
    if kind is Kind.FIX_LATE:
        ms = rng.choice((500, 3_000, 8_000))
    if kind is Kind.FIX_SILENT:
        ms = rng.choice((2_000, 15_000))
    way = rng.choice(("in", "out"))
    return Fault(kind=kind, route=door, operation=way, ordinal=rng.randint(1, 25), ms=ms)
