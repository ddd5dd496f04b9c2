"""One seed's outcome, for the processes that share them."""

from tests.faults.draw_all import draw_all
from tests.faults.guards import GUARDS
from tests.faults.judge import Outcome
from tests.faults.world import run


def outcome_of(seed: int, without: str | None = None) -> Outcome:
    """What comes of a seed; what trips the world itself is a failure too."""
    try:
        return run(draw_all(seed), without=GUARDS[without].without() if without else None)
    except Exception as error:  # noqa: BLE001  one scenario must not end the others
        return Outcome(seed=seed, failures=[f"the world tripped: {error!r}"])
