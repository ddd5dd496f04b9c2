"""What is told late of an order that was replaced meanwhile."""

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.ear import RouteEar
from adapters.port import VenueOrder, VenueState, VenueTrade
from adapters.teller import END_PATIENCE_S, FILLS_PATIENCE_S, Teller
from oms.clock import ManualClock
from oms.core.fields import ExecType, OrdType
from oms.core.legs import VenueBooks, at_venue
from oms.core.messages import ExecutionReport
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
        clock = ManualClock()
        teller = Teller(ROUTE, post, books, clock, speed=1, lags=True)
        nothing: Any = SimpleNamespace()
        self.clock, self.teller = clock, teller
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
        self.commit()

    def see_over(self) -> None:
        """The venue shows that the order there is canceled, without a fill."""
        order = at_venue(self.desk.order())
        seen = VenueOrder(
            venue_cl_ord_id="",
            secondary_order_id=order.secondary_order_id,
            symbol=SYMBOL,
            side=order.side,
            order_qty=order.order_qty,
            price=order.price,
            cum_qty=None,
            avg_px=None,
            state=VenueState.CANCELED,
            names_fills=True,
        )
        self.teller.tell(order, seen)
        self.commit()

    def commit(self) -> None:
        """Book what was posted."""
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


def test_the_end_of_the_new_order_is_waited_for_as_that_of_the_old_one_was() -> None:
    """A last fill may be on its way each time."""
    story = Replaced()
    story.desk.desk(AMEND)
    story.see_over()
    story.clock.advance(END_PATIENCE_S)
    story.see_over()
    assert story.desk.order().venue_cl_ord_id != story.first
    story.desk.tells(ExecType.NEW)
    story.see_over()
    assert not story.desk.order().ended
    story.clock.advance(END_PATIENCE_S)
    story.see_over()
    assert story.desk.order().ended


@pytest.mark.parametrize(("foreign", "posted"), [("", 1), ("77", 0), ("78", 1)])
def test_a_fill_of_an_order_that_is_not_in_memory_is_the_engines_to_find(
    foreign: str, posted: int
) -> None:
    """It may be one that closed long ago; one of an order that is known to be foreign is not ours."""
    story = Replaced()
    known = [SimpleNamespace(told=SimpleNamespace(secondary_order_id=foreign))] if foreign else []
    agreement: Any = SimpleNamespace(foreign_orders=lambda _: known)
    story.teller.books = SimpleNamespace(
        working=lambda _: [], closed=lambda _: [], agreement=agreement
    )
    trade = VenueTrade(
        trade_id="9",
        secondary_order_id="77",
        symbol=SYMBOL,
        side=GOOD.side,
        last_shares=D("0.003"),
        last_px=D(40000),
    )
    story.ear.trade(trade)
    assert len(story.posted) == posted
    told = [one.message for one in story.posted if isinstance(one.message, ExecutionReport)]
    assert [report.exec_id for report in told] == ["9-77"] * posted


def test_a_new_order_of_a_replace_is_waited_for_anew() -> None:
    """The one before was not shown for a while; that is not the new one's lateness."""
    story = Replaced()
    story.teller.unshown(at_venue(story.desk.order()))
    story.replace()
    story.clock.advance(FILLS_PATIENCE_S)
    story.teller.keep([story.desk.order().order_id])
    story.teller.unshown(at_venue(story.desk.order()))
    assert story.posted == []
    story.clock.advance(FILLS_PATIENCE_S)
    story.teller.unshown(at_venue(story.desk.order()))
    assert len(story.posted) == 1
