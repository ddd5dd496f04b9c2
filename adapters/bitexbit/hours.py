"""The venue's clock, and when orders were there by it. Pure.

Ours may be anywhere, and may be set at any moment; what is measured here are spans, by a clock that
nobody sets. The venue wrote a time after our sending: so at any other moment its clock shows no more
than that time and what has passed since the sending.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Final

from oms.core.facts import Leg
from oms.core.order import Order
from oms.core.values import frozen

COARSE: Final = timedelta(seconds=2)
"""How coarse the venue's times may be, and how far apart two of them that it wrote at once."""

ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
"""Until when one may have taken better prices than its own that nothing dates."""


@frozen
class Told:
    """A time by the venue's clock, in the answer to what was `sent` then, by Clock.monotonic."""

    time: datetime
    sent: float

    def latest(self, moment: float) -> datetime:
        """What it showed, at most."""
        return self.time + timedelta(seconds=moment - self.sent)


def past(orders: Iterable[Order]) -> Iterator[tuple[Leg, Leg]]:
    """What orders were before they were replaced, each with what it became."""
    for order in orders:
        for leg, heir in pairwise(order.legs):
            if leg.secondary_order_id:
                yield leg, heir


class Times:
    """When the venue took orders of ours, and what that says of others. Every lookup is quick: the
    book may have thousands."""

    def __init__(self, orders: Iterable[Order]) -> None:
        known = tuple(orders)
        given = sorted(
            (int(one.secondary_order_id), one.taken_at)
            for order in known
            for one in (order.legs or (order,))
            if one.secondary_order_id and one.taken_at is not None
        )
        entered = sorted((o.created, o.taken_at) for o in known if o.taken_at is not None)
        self._taken = dict(given)
        self._ids = [oid for oid, _ in given]
        self._latest = list(accumulate((time for _, time in given), max))
        self._earliest = _least_from(time for _, time in given)
        self._created = [created for created, _ in entered]
        self._taken_after = _least_from(time for _, time in entered)

    def begun(self, oid: str) -> datetime | None:
        """Since when an order was there: when it was taken, or else one with a lower id. None:
        nobody knows."""
        count = bisect_right(self._ids, int(oid))
        before = self._latest[count - 1] if count else None
        time = self._taken.get(int(oid), before)
        return None if time is None else time - COARSE

    def arrived(self, oid: str) -> datetime:
        """By when it had come to rest: then it was taken, or one with a higher id was."""
        index = bisect_left(self._ids, int(oid))
        after = self._earliest[index] if index < len(self._ids) else None
        time = self._taken.get(int(oid), after)
        return ALWAYS if time is None else time + COARSE

    def taken_after(self, moment: datetime) -> datetime | None:
        """When the first was taken that was entered after that record."""
        index = bisect_right(self._created, moment)
        return self._taken_after[index] if index < len(self._created) else None


def _least_from(times: Iterable[datetime]) -> list[datetime]:
    return list(accumulate(reversed(list(times)), min))[::-1]
