"""Orders that our clock dated too late: the venue's lists are read from before them."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from adapters.port import VenueState
from oms.clock import ManualClock
from oms.core.fields import OrdStatus
from tests.adapters.test_lost import FENCE_S, Search, sight, story

D = Decimal


class SetClock(ManualClock):
    """A clock whose machine's time has been set."""

    def __init__(self, set_to: datetime) -> None:
        super().__init__()
        self._set_to = set_to

    def stamp_us(self) -> int:
        """What it was set to."""
        return int(self._set_to.timestamp()) * 1_000_000


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=30)])
@pytest.mark.parametrize("repeats", [False, True])
def test_an_order_that_our_clock_dated_too_late_is_found(ahead: timedelta, repeats: bool) -> None:
    """The venue's list is read from before it, whether the clock is still wrong by an hour, or was
    by a month and has been set."""

    async def told() -> None:
        search = Search(repeats=repeats)
        search.order(1)
        created, name = search.desk.order(1).created, search.desk.order(1).venue_cl_ord_id
        true = created - ahead
        still_wrong = ahead < timedelta(days=1)
        search.clock = SetClock(created if still_wrong else true)
        search.teller.clock = search.clock
        search.another()
        search.lists.closed_at = true
        filled = sight(5, state=VenueState.FILLED, cum_qty=D(1), avg_px=D(100))
        search.lists.closed = [replace(filled, venue_cl_ord_id=name if repeats else "")]
        await search.hunt()
        search.clock.advance(FENCE_S + 0.5)
        await search.hunt()
        assert search.desk.order(1).ord_status is OrdStatus.FILLED

    story(told)
