"""What becomes of a connection through the proxy, drawn from the seed. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from math import exp, log
from random import Random
from typing import Final


class Kind(StrEnum):
    """What happens to it."""

    CLEAN = "clean"
    CUT = "cut"
    """Closed after so many bytes, in the middle of whatever they were."""
    RESET = "reset"
    """The same, and both sides are told by a reset."""
    DROP = "dropped"
    """From so many bytes on nothing of that direction is passed on, and nobody is told."""
    SLOW = "delayed"
    """From so many bytes on the next pieces are passed on late: also after who sent them has gone."""
    TURNED_AWAY = "turned away"
    """Taken up and reset before a byte."""


@dataclass(frozen=True, slots=True)
class Fate:
    """`outward`: it strikes what goes to the venue, else what comes back. `after`: bytes of that
    direction that pass before it. `seconds`: how long a piece is late, or until what drops is
    reset."""

    kind: Kind
    outward: bool = True
    after: int = 0
    seconds: float = 0.0


PIECES_LATE: Final = 3
"""So many pieces of a slow connection are late."""

_WEIGHTS: Final = {
    Kind.CLEAN: 40,
    Kind.CUT: 18,
    Kind.RESET: 12,
    Kind.DROP: 14,
    Kind.SLOW: 14,
    Kind.TURNED_AWAY: 2,
}
_BYTES: Final = (1, 20_000)
"""From the first byte of a request to some twenty of them; each order of magnitude as likely."""
_SECONDS: Final = (0.05, 2.5)


def draw(seed: int, door: str, number: int) -> Fate:
    """The fate of a door's `number`-th connection."""
    random = Random(f"{seed} {door} {number}")  # noqa: S311  a story, not a secret
    kind = random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    lowest, highest = map(log, _BYTES)
    return Fate(
        kind,
        outward=random.random() < 0.5,
        after=int(exp(random.uniform(lowest, highest))),
        seconds=random.uniform(*_SECONDS),
    )
