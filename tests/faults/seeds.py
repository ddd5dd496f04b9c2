"""One seed's outcome, for the processes that share them."""

import gc
from itertools import count
from typing import Final

from tests.faults.draw_all import draw_all
from tests.faults.guards import GUARDS
from tests.faults.judge import Outcome
from tests.faults.world import run

FIRST: Final = 8
"""After so many all venues have been there, and their modules are imported."""
COLLECT_EVERY: Final = 20
"""Scenarios whose rubbish may lie about: a collection costs as much as one of them."""

_done = count(1)


def begin() -> None:
    """What a process does first that is here for seeds alone: what the first few need stays, and no
    collection need look at it again."""
    for seed in range(1, FIRST + 1):
        outcome_of(seed)
    gc.collect()
    gc.freeze()
    gc.disable()


def outcome_of(seed: int, without: str | None = None) -> Outcome:
    """What comes of a seed; what trips the world itself is a failure too."""
    if next(_done) % COLLECT_EVERY == 0 and not gc.isenabled():
        gc.collect()
    try:
        return run(draw_all(seed), without=GUARDS[without].without() if without else None)
    except Exception as error:  # noqa: BLE001  one scenario must not end the others
        return Outcome(seed=seed, failures=[f"the world tripped: {error!r}"])
