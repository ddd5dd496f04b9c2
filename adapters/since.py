"""From when on a venue's lists are asked for: they are dated by its clock, our orders by ours."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from oms.clock import Clock, utc_of_us
from oms.core.order import Order

CLOCKS_APART: Final = timedelta(minutes=10)
"""How far the venue's clock may be from ours where a list is read again and again."""

CLOCKS_APART_MOST: Final = timedelta(days=1)
"""The same where a proof of absence rests on it: a list read from too late on shows nothing."""


def made_since(orders: Iterable[Order], clock: Clock) -> datetime:
    """From when on the venue's lists can have these orders, whatever our clock showed when they
    were made: one that was ahead, and has been set since, counts as it is set now."""
    set_to = utc_of_us(clock.stamp_us())
    return min(set_to, *(order.created for order in orders)) - CLOCKS_APART_MOST
