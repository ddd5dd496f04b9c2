"""From when on a venue's lists are asked for: they are dated by its clock, our orders by ours."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from oms.clock import Clock, utc_of_us

CLOCKS_APART: Final = timedelta(minutes=10)
"""How far the venue's clock may be from ours where a list is read again and again."""

CLOCKS_APART_MOST: Final = timedelta(days=1)
"""The same where a proof of absence rests on it: a list read from too late on shows nothing."""


def made_since(created: Iterable[datetime], clock: Clock) -> datetime:
    """From when on the venue's lists can have what was made at these times, whatever our clock
    showed then: one that was ahead, and has been set since, counts as it is set now."""
    return min(utc_of_us(clock.stamp_us()), *created) - CLOCKS_APART_MOST
