"""The clock of an engine that goes on with a journal: no record is older than the one before it.

A clock holds still while its machine's time is set back, as long as its process lives. What was set
back over a restart, only the journal knows.
"""

from datetime import datetime
from typing import Final

from oms.clock import EPOCH, Clock, utc_of_us
from oms.log import room

_log: Final = room("clock")


class Resumed:
    """A Clock that shows no less than when another one left off."""

    def __init__(self, clock: Clock, left_off: datetime) -> None:
        self._clock = clock
        since = left_off - EPOCH
        self._left_off_us = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    def now(self) -> datetime:
        """The wall time, or when the other one left off."""
        return utc_of_us(self.now_us())

    def now_us(self) -> int:
        """The same in whole microseconds since 1970."""
        return max(self._clock.now_us(), self._left_off_us)

    def now_ms(self) -> int:
        """The same in whole milliseconds since 1970."""
        return self.now_us() // 1000

    def stamp_us(self) -> int:
        """What the machine's clock shows, wherever it is set."""
        return self._clock.stamp_us()

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return self._clock.monotonic()


def resumed(clock: Clock, last: datetime | None) -> Clock:
    """The clock of an engine whose journal ends with a record of `last`; None: it is empty."""
    if last is None:
        return clock
    behind = last - clock.now()
    if behind.total_seconds() > 0:
        _log.warning(
            "the machine's clock is behind the journal, whose time stands still until then",
            behind_s=f"{behind.total_seconds():.3f}",
            journal=last.isoformat(),
        )
    return Resumed(clock, last)
