"""The plan of a seed, over all venues and doors: what `make faults` runs."""

from dataclasses import replace
from random import Random
from typing import Final

from tests.faults.draw import draw
from tests.faults.draw_ends import with_ends
from tests.faults.draw_fix import draw_fix
from tests.faults.draw_money import with_money
from tests.faults.plan import Fault, Kind, Plan

ON_FIX: Final = 0.25
"""How often orders come or go over FIX."""
ON_STREAMS: Final = 0.2
"""How often a stream stands, and is disturbed, where the venue has one."""
_STREAMING: Final = ("bitexbit", "btcturk")
_KINDS: Final = (
    Kind.STREAM_CUT,
    Kind.STREAM_STALL,
    Kind.STREAM_STALL,
    Kind.STREAM_LOSE,
    Kind.STREAM_DUPLICATE,
)


def draw_all(seed: int) -> Plan:
    """The plan of a seed."""
    return with_ends(with_money(_drawn(seed)))


def _drawn(seed: int) -> Plan:
    rng = Random(f"{seed} doors")  # noqa: S311  repeatable on purpose
    if rng.random() < ON_FIX:
        return draw_fix(seed)
    plan = draw(seed)
    streaming = [kind for kind in plan.routes if kind in _STREAMING]
    if not streaming or rng.random() >= ON_STREAMS:
        return plan
    kind, ms = rng.choice(_KINDS), rng.choice((500, 3_000, 20_000))
    fault = Fault(kind=kind, route=rng.choice(streaming), ordinal=rng.randint(1, 15), ms=ms)
    return replace(plan, faults=(*plan.faults, fault))
