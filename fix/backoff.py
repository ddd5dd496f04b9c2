"""How long to wait before a venue's session is tried again: longer each time it comes to nothing."""

from datetime import datetime, timedelta
from typing import Final

from oms.clock import Clock

LONGEST_S: Final = 60.0
"""What a wait grows to."""

STEADY_S: Final = 30.0
"""A session that stood so long was a good one, and its loss begins the count anew."""


class BackOff:
    """The count of tries in a row that came to nothing, and what follows from it."""

    def __init__(self, base_s: float, clock: Clock) -> None:
        """`base_s`: seconds before the second try."""
        self.since: datetime | None = None
        """Since when nothing has come of it."""
        self.count = 0
        self.next_try: datetime | None = None
        """When the session may be tried again, None: now."""
        self._base_s = base_s
        self._clock = clock
        self._opened = 0.0
        self._due: float | None = None

    def opened(self) -> None:
        """The session is up."""
        self._opened = self._clock.monotonic()
        self.next_try = self._due = None

    def refused(self) -> None:
        """There was no connection, or no logon."""
        self._failed(self.count)

    def lost(self) -> None:
        """The session was up and is not any more: the first time it is tried again at once."""
        if self._clock.monotonic() - self._opened >= STEADY_S:
            self.count, self.since = 0, None
        self._failed(self.count - 1)

    def due(self) -> bool:
        """Whether a wait is over that was not told to be over yet."""
        over = self._due is not None and self._clock.monotonic() >= self._due
        if over:
            self.next_try = self._due = None
        return over

    @property
    def waits(self) -> bool:
        """Whether it is not to be tried now."""
        return self._due is not None

    def _failed(self, doublings: int) -> None:
        self.count += 1
        self.since = self.since or self._clock.now()
        if doublings < 0:
            return
        wait_s = min(self._base_s * 2 ** min(doublings, 16), LONGEST_S)
        self._due = self._clock.monotonic() + wait_s
        self.next_try = self._clock.now() + timedelta(seconds=wait_s)
