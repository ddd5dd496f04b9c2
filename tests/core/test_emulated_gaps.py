"""Where an emulated order's legs, the answers about them and other requests get in each other's way."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from oms.core.book import EVERY_ROUTE
from oms.core.emulation import expiring
from oms.core.fields import ExecTransType, ExecType, OrdType, TimeInForce
from oms.core.messages import ExecutionReport, OrderCancelReject, OrderCancelRequest
from oms.core.notes import (
    Doubt,
    DoubtSettled,
    Expired,
    KillSwitch,
    NotSent,
    Request,
    RouteStatus,
)
from oms.core.order import Order
from tests.core.desk_of_one import ROUTE, START, DeskOfOne
from tests.core.emulating_desk import AMEND, CANCEL, EMULATING, Desk
from tests.core.test_checks import GOOD

TWO = replace(GOOD, order_qty=Decimal("0.02"), price=Decimal(40000))


@pytest.fixture
def desk() -> Desk:
    """A desk with a working order of 0.02 at 40000."""
    desk = Desk()
    desk.desk(TWO)
    desk.tells(ExecType.NEW)
    return desk


def in_between(desk: Desk) -> str:
    """The old order is over, the new one waits for missing executions; the old one's name."""
    desk.desk(AMEND)
    name = desk.order().venue_cl_ord_id
    desk.venue(Doubt(cl_ord_id=name, request=Request.FILLS, text="a fill may be missing"))
    desk.tells(ExecType.CANCELED)
    return name


def lowered(desk: Desk) -> None:
    """Replaced to less than was executed: filled, and nothing of it at the venue (D12)."""
    desk.fills("0.015")
    desk.desk(replace(AMEND, order_qty=Decimal("0.01")))
    desk.tells(ExecType.CANCELED)
    assert desk.heard() == [("REPLACED", "FILLED", "R1", "A1")]


def refuses(desk: Desk, name: str) -> None:
    """The venue refuses a cancel by the order's own name, as Apifiny's FIX does."""
    desk.venue(
        OrderCancelReject(
            cl_ord_id=name, orig_cl_ord_id=name, order_id=f"T{name}", text="too late there"
        )
    )


# A refusal


def test_a_refusal_by_the_orders_own_name_refuses_the_cancel(desk: Desk) -> None:
    """Not the replace that the cancel is a part of: its first half would stay open for ever."""
    desk.desk(AMEND)
    refuses(desk, desk.order().venue_cl_ord_id)
    assert desk.heard() == [("CANCEL_REJECT", "NEW", "R1", "A1")]
    assert desk.order().requests == ()
    desk.desk(CANCEL)
    (asked,) = desk.asked
    assert isinstance(asked.message, OrderCancelRequest)


def test_a_late_refusal_by_the_venues_own_id_is_of_the_old_order(desk: Desk) -> None:
    """It names the order by OrderID alone, and says nothing of the new one."""
    name = desk.order().venue_cl_ord_id
    desk.desk(AMEND)
    desk.fills("0.02", exec_type=ExecType.FILL)
    late = OrderCancelReject(
        cl_ord_id="", order_id=f"T{name}", secondary_order_id=f"T{name}", text="filled"
    )
    desk.venue(late)
    assert desk.told == []
    assert [request.cl_ord_id for request in desk.order().requests] == ["R1"]


# Between the two orders


def test_nothing_is_cancelled_where_nothing_is(desk: Desk) -> None:
    """A cancel between the two orders is held: a refusal of it would let the new one go out."""
    name = in_between(desk)
    assert desk.house("cancel all")
    assert desk.asked == []
    refuses(desk, name)
    desk.venue(DoubtSettled(cl_ord_id=name, text="all there"))
    assert desk.asked == []
    assert desk.heard()[1:] == [
        ("CANCELED", "CANCELED", "A1", ""),
        ("CANCEL_REJECT", "CANCELED", "R1", "A1"),
    ]
    assert desk.order().closed


def test_a_cancel_whose_answer_is_lost_after_all_is_not_in_doubt(desk: Desk) -> None:
    """Its order is over by other evidence; the missing executions are still missing."""
    name = in_between(desk)
    desk.venue(Doubt(cl_ord_id=name, request=Request.CANCEL, text="no answer"))
    assert desk.told == []
    doubt = desk.order().in_doubt
    assert doubt is not None
    assert doubt.request is Request.FILLS


def test_a_bust_between_the_two_is_told(desk: Desk) -> None:
    """The desk hears of every execution that is undone."""
    desk.fills("0.01")
    (booked,) = desk.order().executions
    in_between(desk)
    desk.tells(ExecType.PARTIAL_FILL, exec_trans_type=ExecTransType.CANCEL, exec_ref_id=booked)
    assert desk.heard() == [("PARTIAL_FILL", "PENDING_REPLACE", "A1", "")]


def test_a_lost_connection_asks_nothing_of_an_order_that_is_over(desk: Desk) -> None:
    """The new order never began: no report of it can come."""
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    name = desk.order().venue_cl_ord_id
    desk.venue(Doubt(cl_ord_id=name, request=Request.FILLS, text="a fill may be missing"))
    desk.tells(ExecType.REJECTED)
    desk.venue(RouteStatus(route=ROUTE, up=False, ready=False, lost_answers=True))
    doubt = desk.order().in_doubt
    assert doubt is not None
    assert doubt.request is Request.FILLS


def test_an_expiry_in_between_ends_as_expired() -> None:
    """Not as the first half of the replace that it overtook."""
    desk = Desk()
    end = START + timedelta(minutes=1)
    desk.desk(replace(TWO, time_in_force=TimeInForce.GOOD_TILL_DATE, expire_time=end))
    desk.tells(ExecType.NEW)
    desk.desk(AMEND)
    desk.now = end
    desk.venue(Expired(order_id=desk.order().order_id))
    desk.tells(ExecType.CANCELED)
    assert desk.heard() == [
        ("EXPIRED", "EXPIRED", "A1", ""),
        ("CANCEL_REJECT", "EXPIRED", "R1", "A1"),
    ]
    assert desk.order().closed


# The old order's words about the new one


def test_a_fill_told_again_of_the_old_order_puts_nothing_in_doubt(desk: Desk) -> None:
    """Two channels tell of one fill; the second finds the new order already there."""
    name = desk.order().venue_cl_ord_id
    desk.desk(AMEND)
    desk.fills("0.02", exec_type=ExecType.FILL)
    assert desk.new().order_qty == Decimal("0.03")
    again = ExecutionReport(
        exec_id=f"T{name}:0.02",
        exec_type=ExecType.FILL,
        cl_ord_id=name,
        order_id=f"T{name}",
        secondary_order_id=f"T{name}",
        last_shares=Decimal("0.02"),
        last_px=Decimal(40000),
        cum_qty=Decimal("0.02"),
        derived=True,
    )
    desk.venue(again)
    assert (desk.told, desk.order().in_doubt) == ([], None)


def test_the_old_orders_name_is_not_the_new_ones() -> None:
    """A venue that tells its own id late: cancels of the new order would name the old one."""
    desk = Desk()
    desk.desk(TWO)
    name = desk.order().venue_cl_ord_id
    desk.venue(ExecutionReport(exec_id="1", exec_type=ExecType.NEW, cl_ord_id=name))
    desk.desk(AMEND)
    desk.venue(ExecutionReport(exec_id="2", exec_type=ExecType.CANCELED, cl_ord_id=name))
    desk.fills("0.001", name)
    assert desk.order().secondary_order_id == ""


@pytest.mark.parametrize(("wanted", "ordered"), [("0.05", "0.04"), ("0.005", "")])
def test_an_order_that_was_only_heard_of_by_its_fills_is_replaced(
    wanted: str, ordered: str
) -> None:
    """Its acknowledgement is late or lost: the new order's fills would go to the quarantine."""
    desk = Desk()
    desk.desk(TWO)
    desk.fills("0.01")
    desk.desk(replace(AMEND, order_qty=Decimal(wanted)))
    desk.tells(ExecType.CANCELED)
    if ordered:
        assert desk.new().order_qty == Decimal(ordered)
        desk.fills(ordered)
    assert desk.heard()[0][0] == "REPLACED"
    assert desk.quarantined == []
    assert desk.order().closed


# Too large


def too_large(desk: Desk) -> Order:
    """The old order's late fill and the new one's fill make the whole; a rest works at the venue."""
    name = desk.order().venue_cl_ord_id
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.tells(ExecType.NEW)
    desk.fills("0.02", name)
    desk.fills("0.03")
    assert desk.order().filled
    return desk.order()


def test_what_works_on_at_the_venue_is_not_closed(desk: Desk) -> None:
    """The kill switch still finds it."""
    assert not too_large(desk).closed
    desk.operator(KillSwitch(on=True, route=EVERY_ROUTE, origin="", cl_ord_id="K1"))
    (asked,) = desk.asked
    assert isinstance(asked.message, OrderCancelRequest)
    desk.tells(ExecType.CANCELED)
    assert desk.heard() == [("CANCELED", "FILLED", "R1", "")]
    assert desk.order().closed


def test_what_works_on_at_the_venue_is_closed_by_its_fill(desk: Desk) -> None:
    """An overfill, and a break; then nothing is left."""
    too_large(desk)
    desk.fills("0.02", exec_type=ExecType.FILL)
    assert "overfilled by 0.02" in desk.order().text
    assert desk.order().closed


def test_what_works_on_at_the_venue_expires() -> None:
    """The clock goes on for it."""
    desk = Desk()
    end = START + timedelta(minutes=1)
    desk.desk(replace(TWO, time_in_force=TimeInForce.GOOD_TILL_DATE, expire_time=end))
    desk.tells(ExecType.NEW)
    assert expiring(too_large(desk))


# Replaced to what was executed


def test_what_was_replaced_to_less_has_nothing_to_cancel(desk: Desk) -> None:
    """A desk's cancel is too late, and the house makes none."""
    lowered(desk)
    assert not desk.house("kill")
    desk.desk(replace(CANCEL, orig_cl_ord_id="R1"))
    assert desk.heard() == [("CANCEL_REJECT", "FILLED", "C1", "R1")]
    assert desk.asked == []


def test_what_was_replaced_to_less_can_be_raised_and_cancelled(desk: Desk) -> None:
    """A first half that nobody can answer would hold every later cancel for ever."""
    lowered(desk)
    desk.desk(replace(AMEND, cl_ord_id="R2", orig_cl_ord_id="R1", order_qty=Decimal("0.03")))
    assert desk.new().order_qty == Decimal("0.015")
    desk.tells(ExecType.NEW)
    desk.desk(replace(CANCEL, orig_cl_ord_id="R2"))
    (asked,) = desk.asked
    assert isinstance(asked.message, OrderCancelRequest)


# Nothing sent yet


def test_a_cancel_before_the_price_is_known_is_held() -> None:
    """Even where the venue would take a cancel before its acknowledgement: there is no order."""
    desk = DeskOfOne(replace(EMULATING, cancel_before_ack=True))
    desk.desk(
        replace(
            TWO,
            ord_type=OrdType.MARKET,
            price=None,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
        )
    )
    assert desk.priced
    desk.desk(CANCEL)
    assert desk.asked == []


@pytest.mark.parametrize("text", ["KILL SWITCH", "cancel all"])
def test_a_cancel_takes_back_the_new_order_that_was_not_sent_yet(desk: Desk, text: str) -> None:
    """The old one is filled, executions are missing: nothing is there, but a new order would go."""
    desk.desk(AMEND)
    name = desk.order().venue_cl_ord_id
    desk.venue(Doubt(cl_ord_id=name, request=Request.FILLS, text="a fill may be missing"))
    desk.fills("0.02", exec_type=ExecType.FILL)
    assert desk.house(text)
    assert desk.heard() == [("CANCEL_REJECT", "FILLED", "R1", "A1")]
    desk.venue(DoubtSettled(cl_ord_id=name, text="all there"))
    assert desk.asked == []
    assert desk.order().closed


def test_a_new_order_that_was_refused_and_works_after_all_is_shown(desk: Desk) -> None:
    """As with any order: what contradicts its end goes to the quarantine, for a human."""
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.tells(ExecType.REJECTED)
    desk.tells(ExecType.NEW)
    assert desk.quarantined == ["order 0000000001 CANCELED: NEW is not possible in CANCELED"]


@pytest.mark.parametrize("refused", ["not sent", "by the venue"])
def test_a_cancel_of_a_refused_new_order_is_answered_where_the_old_one_is_filled(
    desk: Desk, refused: str
) -> None:
    """Too late: what was executed stays, and nobody waits for an answer for ever."""
    desk.fills("0.02", exec_type=ExecType.FILL)
    desk.desk(AMEND)
    desk.desk(CANCEL)
    name = desk.order().venue_cl_ord_id
    if refused == "not sent":
        desk.venue(NotSent(cl_ord_id=name, request=Request.NEW, text="too late", too_late=True))
    else:
        desk.tells(ExecType.REJECTED, text="no funds")
    assert [(what, status, name) for what, status, name, _ in desk.heard()] == [
        ("CANCEL_REJECT", "PENDING_REPLACE", "C1"),
        ("CANCEL_REJECT", "FILLED", "R1"),
    ]
    assert desk.order().closed


@pytest.mark.parametrize("by", ["the desk", "the kill switch"])
def test_a_fill_before_the_cancel_that_somebody_wants_ends_the_replace(desk: Desk, by: str) -> None:
    """Both were on their way when the old order filled: no new one follows a wish to end it."""
    desk.desk(AMEND)
    if by == "the desk":
        desk.desk(CANCEL)
    else:
        assert desk.house(by)
    desk.fills("0.02", exec_type=ExecType.FILL)
    assert desk.asked == []
    told = [("CANCEL_REJECT", "PENDING_REPLACE", "C1", "A1")] if by == "the desk" else []
    assert desk.heard()[1:] == [*told, ("CANCEL_REJECT", "FILLED", "R1", "A1")]
    assert desk.order().closed
