"""What a sight becomes in a book that moves while the venue answers."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest

from adapters.port import Unreadable, VenueOrder, VenueState
from adapters.teller import FILLS_PATIENCE_S, QUARANTINED_KEPT, UNSHOWN, Teller
from oms.clock import ManualClock
from oms.core.fields import ExecType, OrdType, Side
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.notes import Doubt, DoubtSettled, Quarantined, Request
from oms.core.order import Order
from oms.core.ports import Inbound
from tests.core.desk_of_one import ROUTE, SYMBOL, DeskOfOne

D = Decimal
SPEED: Final = 10


class Office:
    """A teller and a book that learns what was posted only when it is told to commit."""

    def __init__(self, *, lags: bool = False) -> None:
        self.desk = DeskOfOne()
        self.clock = ManualClock()
        self.posted: list[Inbound] = []
        self.teller = Teller(ROUTE, self.post, self.desk.book, self.clock, speed=SPEED, lags=lags)
        self.desk.desk(
            NewOrderSingle(
                cl_ord_id="d1",
                ex_destination=ROUTE,
                symbol=SYMBOL,
                side=Side.BUY,
                ord_type=OrdType.LIMIT,
                order_qty=D(1),
                price=D(100),
            )
        )

    def post(self, inbound: Inbound) -> None:
        self.posted.append(inbound)

    @property
    def order(self) -> Order:
        return self.desk.order()

    def sight(
        self, cum: str, state: VenueState = VenueState.WORKING, avg: str = "100"
    ) -> VenueOrder:
        return VenueOrder(
            venue_cl_ord_id=self.order.venue_cl_ord_id,
            secondary_order_id="V1",
            symbol=SYMBOL,
            side=Side.BUY,
            order_qty=D(1),
            price=D(100),
            cum_qty=D(cum),
            avg_px=D(avg),
            state=state,
            raw=f"{state} {cum}",
        )

    def commit(self) -> list[object]:
        """The book takes in what was posted; what that was."""
        messages = [inbound.message for inbound in self.posted]
        for inbound in self.posted:
            self.desk.venue(inbound.message, inbound.evidence)
        self.posted.clear()
        return list(messages)


def fills(messages: list[object]) -> list[tuple[Decimal | None, Decimal | None]]:
    return [
        (message.last_shares, message.last_px)
        for message in messages
        if isinstance(message, ExecutionReport) and message.derived
    ]


def test_a_sight_waits_until_the_last_one_is_booked() -> None:
    """The price of the next fill is what the average leaves of the booked ones."""
    office = Office()
    asked = office.order
    assert not office.teller.tell(asked, office.sight("0.5"))
    assert not office.teller.tell(asked, office.sight("1", VenueState.FILLED, "99"))
    assert fills(office.commit()) == [(D("0.5"), D(100))]
    office.teller.tell(asked, office.sight("1", VenueState.FILLED, "99"))
    assert fills(office.commit()) == [(D("0.5"), D(98))]


def test_a_fill_that_another_way_has_booked_is_not_waited_for() -> None:
    """The core books nothing of a derived fill that it has already."""
    office = Office(lags=True)
    office.teller.tell(office.order, office.sight("0.5"))
    native = ExecutionReport(
        exec_id="X1",
        exec_type=ExecType.PARTIAL_FILL,
        cl_ord_id=office.order.venue_cl_ord_id,
        last_shares=D("0.5"),
        last_px=D(100),
    )
    office.desk.venue(native)
    office.commit()
    assert office.order.cum_qty == D("0.5")
    office.teller.tell(office.order, office.sight("0.6"))
    assert fills(office.commit()) == [(D("0.1"), D("100"))]


def test_a_sight_that_was_overtaken_on_its_way_is_dropped() -> None:
    office = Office()
    before = office.order
    office.teller.tell(before, office.sight("0.5"))
    office.commit()
    assert not office.teller.tell(before, office.sight("0.2"))
    assert office.posted == []


def test_a_sight_that_is_behind_what_was_booked_when_it_was_asked_for_is_a_contradiction() -> None:
    office = Office()
    office.teller.tell(office.order, office.sight("0.5"))
    office.commit()
    office.teller.tell(office.order, office.sight("0.2"))
    (message,) = office.commit()
    assert isinstance(message, Quarantined)
    assert "0.5 is booked" in message.text


def test_where_another_way_may_be_ahead_a_sight_may_be_behind() -> None:
    office = Office(lags=True)
    office.teller.tell(office.order, office.sight("0.5"))
    office.commit()
    assert not office.teller.tell(office.order, office.sight("0.2"))
    assert office.posted == []


def test_book_and_venue_agree_once_all_is_told() -> None:
    office = Office()
    assert not office.teller.tell(office.order, office.sight("0.5"))
    office.commit()
    assert office.teller.tell(office.order, office.sight("0.5"))
    assert office.posted == []


def test_the_id_from_the_answer_to_the_order_must_be_the_one_that_is_shown() -> None:
    """The book may not know it yet."""
    office = Office()
    asked = office.order.evolve(secondary_order_id="V2")
    assert not office.teller.tell(asked, office.sight("0"))
    (message,) = office.commit()
    assert isinstance(message, Quarantined)
    assert "another order id" in message.text


def test_the_same_unusable_sight_is_shown_once() -> None:
    office = Office()
    row = Unreadable(venue_cl_ord_id="7", secondary_order_id="V1", reason="no", raw="{}")
    for _ in range(3):
        office.teller.unreadable(row)
    office.teller.unreadable(replace(row, venue_cl_ord_id=""))
    office.teller.unreadable(replace(row, venue_cl_ord_id="", secondary_order_id=""))
    texts = [m.text for m in office.commit() if isinstance(m, Quarantined)]
    assert texts == [f"{ROUTE}: {name}: no" for name in ("7", "V1", "an order")]


def test_what_was_shown_long_ago_is_shown_again() -> None:
    """Memory is bounded; what keeps coming is remembered longest."""
    office = Office()
    office.teller.quarantine("first", "")
    office.teller.quarantine("second", "")
    for number in range(QUARANTINED_KEPT - 1):
        office.teller.quarantine("first", "")
        office.teller.quarantine(str(number), "")
    office.posted.clear()
    office.teller.quarantine("first", "")
    office.teller.quarantine("second", "")
    assert len(office.posted) == 1


@pytest.mark.parametrize(("waited_s", "doubted"), [(0.5, False), (1.0, True)])
def test_filled_without_its_fills_is_borne_for_a_while(waited_s: float, doubted: bool) -> None:
    """Ten seconds, divided by the speed."""
    assert FILLS_PATIENCE_S / SPEED == 1.0
    office = Office()
    for _ in range(2):
        office.teller.tell(office.order, office.sight("0.4", VenueState.FILLED))
        office.commit()
    office.clock.advance(waited_s)
    office.teller.tell(office.order, office.sight("0.4", VenueState.FILLED))
    assert [type(m) for m in office.commit()] == ([Doubt] if doubted else [])


def test_patience_begins_anew_when_the_sight_was_whole_in_between() -> None:
    office = Office()
    for state in (VenueState.FILLED, VenueState.FILLED, VenueState.WORKING, VenueState.FILLED):
        office.teller.tell(office.order, office.sight("0.4", state))
        office.commit()
        office.clock.advance(0.6)
        assert office.order.in_doubt is None
    office.clock.advance(1)
    office.teller.tell(office.order, office.sight("0.4", VenueState.FILLED))
    (doubt,) = office.commit()
    assert isinstance(doubt, Doubt)
    assert doubt.request is Request.FILLS


def test_sums_that_agree_settle_the_doubt_about_fills() -> None:
    office = Office()
    note = Doubt(cl_ord_id=office.order.venue_cl_ord_id, request=Request.FILLS, text="missing")
    office.desk.venue(note)
    office.teller.tell(office.order, office.sight("1", VenueState.FILLED))
    office.commit()
    assert office.order.in_doubt is not None
    office.teller.tell(office.order, office.sight("1", VenueState.FILLED))
    (settled,) = office.commit()
    assert isinstance(settled, DoubtSettled)
    assert office.order.closed


def test_what_is_not_kept_is_forgotten() -> None:
    """An order that has ended is never looked at again, and must not be remembered for ever."""
    office = Office()
    asked = office.order
    office.teller.tell(asked, office.sight("0.5"))
    office.teller.keep({asked.order_id})
    assert not office.teller.tell(asked, office.sight("0.6"))
    assert len(office.posted) == 2
    office.teller.keep(set())
    office.teller.tell(asked, office.sight("0.6"))
    assert len(office.posted) > 2


def test_an_order_that_is_no_longer_in_memory_is_told_as_it_was_asked_for() -> None:
    office = Office()
    gone = replace(office.order, order_id="0000009999", created=office.order.created - timedelta(1))
    assert not office.teller.tell(gone, office.sight("0.5"))
    assert office.posted


def test_a_venue_that_goes_on_showing_less_than_is_booked_is_shown_to_a_human() -> None:
    """Its queries may lag behind the other way for a while, but not for ever: booked twice?"""
    office = Office(lags=True)
    native = ExecutionReport(
        exec_id="X1",
        exec_type=ExecType.PARTIAL_FILL,
        cl_ord_id=office.order.venue_cl_ord_id,
        last_shares=D("0.5"),
        last_px=D(100),
    )
    office.desk.venue(native)
    for _ in range(2):
        assert not office.teller.tell(office.order, office.sight("0.4"))
        assert office.posted == []
        office.clock.advance((FILLS_PATIENCE_S - 1) / SPEED)
    office.clock.advance(1 / SPEED)
    for _ in range(2):
        assert not office.teller.tell(office.order, office.sight("0.4"))
    (posted,) = office.posted
    assert isinstance(posted.message, Quarantined)
    assert "0.4 executed, 0.5 is booked" in posted.message.text


def test_a_venue_that_catches_up_is_waited_for_anew() -> None:
    office = Office(lags=True)
    for number in range(3):
        native = ExecutionReport(
            exec_id=f"X{number}",
            exec_type=ExecType.PARTIAL_FILL,
            cl_ord_id=office.order.venue_cl_ord_id,
            last_shares=D("0.1"),
            last_px=D(100),
        )
        office.desk.venue(native)
        office.teller.tell(office.order, office.sight("0.05"))
        office.clock.advance((FILLS_PATIENCE_S - 1) / SPEED)
        office.teller.tell(office.order, office.sight("0.05"))
    assert office.posted == []


def test_an_order_that_the_venue_took_and_shows_no_more_is_in_doubt() -> None:
    """It may be shown late; what stays away has an end that nobody knows."""
    office = Office()
    office.teller.unshown(office.order)
    assert office.commit() == []
    office.teller.tell(office.order, office.sight("0"))
    office.commit()
    for seconds in (0.0, FILLS_PATIENCE_S / 2, FILLS_PATIENCE_S / 2):
        assert office.commit() == []
        office.clock.advance(seconds / SPEED)
        office.teller.unshown(office.order)
    assert [m.text for m in office.commit() if isinstance(m, Doubt)] == [UNSHOWN]
    office.teller.unshown(office.order)
    assert office.commit() == []
    office.teller.tell(office.order, office.sight("0"))
    assert [type(m) for m in office.commit()] == [DoubtSettled]
    assert office.order.in_doubt is None
    office.teller.unshown(office.order)
    assert office.commit() == []


def test_an_order_that_is_over_need_not_be_shown() -> None:
    office = Office()
    office.teller.tell(office.order, office.sight("1", VenueState.FILLED))
    office.commit()
    for _ in range(2):
        office.teller.unshown(office.order)
        office.clock.advance(FILLS_PATIENCE_S)
    assert office.commit() == []
