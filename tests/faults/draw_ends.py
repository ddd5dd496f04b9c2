"""Ends that were asked for, and a strategy that loses sight of its reports: in a few plans."""

from dataclasses import replace
from random import Random
from typing import Final

from tests.faults.draw import FIRST_MS, LAST_MS
from tests.faults.plan import Fault, Kind, Plan

STOPS: Final = 0.08
"""How often the engine is told to end, and begins again."""
LISTENS: Final = 0.15
"""How often the strategy follows its reports, on a connection that breaks."""


def with_ends(plan: Plan) -> Plan:
    """The plan, and what there is of these."""
    rng = Random(f"{plan.seed} ends")  # noqa: S311  repeatable on purpose
    faults = list(plan.faults)
    if rng.random() < STOPS:
        at_ms, ms = rng.randint(FIRST_MS, LAST_MS + 2_000), rng.choice((100, 500, 2_000))
        faults.append(Fault(kind=Kind.STOP, at_ms=at_ms, ms=ms))
    if rng.random() < LISTENS:
        at_ms, ms = rng.randint(FIRST_MS, LAST_MS + 2_000), rng.choice((0, 300, 4_000))
        faults.append(Fault(kind=Kind.LISTENER_CUT, at_ms=at_ms, ms=ms))
    return replace(plan, faults=tuple(faults))
