"""The venue's clock, as its answers have told it. Pure.

Ours may be anywhere, and may be set at any moment; what is measured here are spans, by a clock that
nobody sets. The venue wrote a time between our sending and its answer: so at any other moment its
clock shows that time and what has passed since, give or take how long the answer took.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Told:
    """A time by the venue's clock, written between two moments of Clock.monotonic."""

    time: datetime
    sent: float
    heard: float

    def earliest(self, moment: float) -> datetime:
        """What the venue's clock showed at a moment, at least."""
        return self.time + timedelta(seconds=moment - self.heard)

    def latest(self, moment: float) -> datetime:
        """What it showed, at most."""
        return self.time + timedelta(seconds=moment - self.sent)
