"""Ten times the allowed flow, at every venue: not one request too many, and cancels that pass.

What is counted is what the venue counts: by its simulator, and by its limits where all requests
count for the same.
"""

from typing import Final
from unittest import mock

import pytest

from adapters import VENUES, venue
from adapters.windows import Window
from oms.core.venue import Fence
from tests.adapters.one_route import bench_of
from tests.adapters.virtual_hour import OVERLOAD, TRIP_S, Seen, press, rate_of

SENT: Final = 400
"""So many requests by the first limit; an hour of them is a command (virtual_hour.py)."""


def too_many(seen: Seen) -> int:
    """How many requests the venue would have turned away."""
    found = seen.throttled + seen.refusals.get("Throttled", 0)
    if len({limit.what for limit in seen.limits}) == 1:
        found += sum(max(0, seen.busiest(limit) - limit.requests) for limit in seen.limits)
    return found


@pytest.mark.parametrize("kind", VENUES)
def test_the_venue_never_counts_one_request_too_many(kind: str) -> None:
    seen = press(kind, SENT)
    allowed = rate_of(seen.limits[:1]) * seen.passed_s
    assert too_many(seen) == 0
    assert seen.asked > 0.9 * OVERLOAD * allowed, "it was pressed"
    assert len(seen.arrivals) > 0.65 * allowed, "and did not just keep quiet"


@pytest.mark.parametrize("kind", VENUES)
def test_a_cancel_waits_one_slot_at_most(kind: str) -> None:
    """Until the limits leave room for one request, or the one in flight is back."""
    seen = press(kind, SENT // 2, seed=6)
    slot_s = max(Window(limit, 0.0).slot_s for limit in seen.limits)
    assert max(seen.cancels, default=0.0) <= slot_s + 2 * TRIP_S[1]
    assert bool(seen.cancels) == seen.trades_here


@pytest.mark.parametrize("kind", VENUES)
def test_without_the_budget_it_would_be_too_much(kind: str) -> None:
    with mock.patch.object(Window, "wait_s", return_value=0.0):
        assert too_many(press(kind, SENT // 100)) > 0


@pytest.mark.parametrize("kind", VENUES)
def test_requests_that_are_counted_do_not_overtake_each_other(kind: str) -> None:
    """However long they are on their way, where the venue counts them by a nonce."""
    seen = press(kind, SENT // 10, trip_s=(0.1, 2.0), public=False)
    by_nonce = venue(kind).capabilities(bench_of(kind).config("")).fence is Fence.NONCE
    assert (seen.together == 1) == by_nonce
