"""Ends that were asked for, a strategy that loses sight of its reports, a session that begins anew or
can not: in a few plans."""

from dataclasses import replace
from random import Random
from typing import Final

from tests.faults.draw import FIRST_MS, LAST_MS
from tests.faults.plan import Fault, Kind, Plan

STOPS: Final = 0.04
"""How often the engine is told to end, and begins again."""
LISTENS: Final = 0.06
"""How often the strategy follows its reports, on a connection that breaks."""
SESSIONS: Final = 0.06
"""How often a desk loses its files, where there is one; or Apifiny refuses logons."""


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
    doors = [Kind.FILES_LOST] * plan.on_fix + [Kind.LOGON_REFUSED] * ("apifiny" in plan.routes)
    if doors and rng.random() < SESSIONS:
        at_ms, ms = rng.randint(FIRST_MS, LAST_MS + 2_000), rng.choice((500, 4_000))
        faults.append(Fault(kind=rng.choice(doors), at_ms=at_ms, ms=ms))
    return replace(plan, faults=tuple(faults))
