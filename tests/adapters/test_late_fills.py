"""What a stream tells of an order that was replaced meanwhile: booked, and flagged."""

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.ear import RouteEar
from adapters.port import VenueTrade
from adapters.teller import Teller
from oms.clock import ManualClock
from oms.core.fields import ExecType, OrdType
from oms.core.legs import VenueBooks
from oms.core.ports import Inbound, Post
from tests.core.desk_of_one import ROUTE, SYMBOL
from tests.core.emulating_desk import AMEND, Desk
from tests.core.test_checks import GOOD

D = Decimal


class Replaced:
    """An order that was replaced by cancel and new; the stream that tells of it."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.desk.desk(replace(GOOD, ord_type=OrdType.LIMIT, order_qty=D("0.02"), price=D(40000)))
        self.desk.tells(ExecType.NEW)
        self.first = self.desk.order().venue_cl_ord_id
        self.posted: list[Inbound] = []
        self.suspected = 0
        books: Any = VenueBooks(self.desk.book)  # it has all that an edge asks of its books
        post: Post = lambda inbound: self.posted.append(inbound)  # noqa: E731  a Post, not a list's
        teller = Teller(ROUTE, post, books, ManualClock(), speed=1, lags=True)
        nothing: Any = SimpleNamespace()
        self.ear = RouteEar(teller, nothing, nothing, True, suspect=self._suspect)

    def _suspect(self) -> None:
        self.suspected += 1

    def replace(self) -> None:
        """The old order is gone, the new one works."""
        self.desk.desk(AMEND)
        self.desk.tells(ExecType.CANCELED)
        self.desk.tells(ExecType.NEW)

    def hear(self, name: str, number: int = 1) -> None:
        """A fill of the order that the venue calls so, booked as far as it is news."""
        trade = VenueTrade(
            trade_id=str(number),
            secondary_order_id=f"T{name}",
            symbol=SYMBOL,
            side=GOOD.side,
            last_shares=D("0.003"),
            last_px=D(40000),
        )
        self.ear.trade(trade)
        for inbound in self.posted:
            self.desk.venue(inbound.message, inbound.evidence)
        self.posted.clear()


def test_a_fill_of_the_order_before_the_replace_is_booked_and_flagged() -> None:
    story = Replaced()
    story.replace()
    story.hear(story.first)
    (told,) = story.desk.told
    assert told.message.text.startswith("BREAK: ")
    assert story.desk.order().cum_qty == D("0.003")


@pytest.mark.parametrize("again", [1, 2])
def test_a_fill_that_was_told_before_the_replace_is_no_news_after_it(again: int) -> None:
    story = Replaced()
    story.hear(story.first)
    story.replace()
    for _ in range(again):
        story.hear(story.first)
    assert story.desk.order().cum_qty == D("0.003")
    assert story.desk.quarantined == []
