"""An emulated replace whose answers are lost, late or told twice."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.fields import (
    ExecTransType,
    ExecType,
)
from oms.core.legs import at_venue
from oms.core.messages import (
    ExecutionReport,
    OrderCancelReject,
)
from oms.core.notes import Doubt, DoubtSettled, Request, RouteStatus
from oms.core.transitions import Life
from tests.core.desk_of_one import ROUTE
from tests.core.emulating_desk import AMEND, CANCEL, Desk
from tests.core.test_checks import GOOD


@pytest.fixture
def desk() -> Desk:
    """A desk with a working order of 0.02 at 40000."""
    desk = Desk()
    desk.desk(replace(GOOD, order_qty=Decimal("0.02"), price=Decimal(40000)))
    desk.tells(ExecType.NEW)
    return desk


def test_a_cancel_in_doubt_waits_for_evidence(desk: Desk) -> None:
    """No new order while nobody knows whether the old one is gone."""
    desk.desk(AMEND)
    name = desk.order().venue_cl_ord_id
    desk.venue(Doubt(cl_ord_id=name, request=Request.CANCEL, text="no answer"))
    assert desk.heard() == [("PENDING_REPLACE", "PENDING_REPLACE", "A1", "")]
    assert desk.asked == []
    desk.tells(ExecType.CANCELED)
    assert desk.new().order_qty == Decimal("0.05")


def test_missing_executions_are_waited_for(desk: Desk) -> None:
    """The rest is not known before all executions are; a settled doubt lets it go on."""
    desk.desk(AMEND)
    name = desk.order().venue_cl_ord_id
    desk.venue(Doubt(cl_ord_id=name, request=Request.FILLS, text="a fill may be missing"))
    desk.tells(ExecType.CANCELED)
    assert desk.asked == []
    assert at_venue(desk.order()).life is Life.CANCELED
    desk.tells(ExecType.CANCELED)
    assert (desk.heard(), desk.asked) == ([], [])
    desk.fills("0.01")
    desk.venue(DoubtSettled(cl_ord_id=name, text="all there"))
    assert desk.new().order_qty == Decimal("0.04")


def test_a_cancel_while_missing_executions_are_waited_for_ends_it(desk: Desk) -> None:
    """Canceled in answer to the desk's cancel, and the replace refused."""
    desk.desk(AMEND)
    name = desk.order().venue_cl_ord_id
    desk.venue(Doubt(cl_ord_id=name, request=Request.FILLS, text="a fill may be missing"))
    desk.tells(ExecType.CANCELED)
    desk.desk(CANCEL)
    desk.venue(DoubtSettled(cl_ord_id=name, text="all there"))
    assert desk.heard()[1:] == [
        ("CANCELED", "CANCELED", "C1", "A1"),
        ("CANCEL_REJECT", "CANCELED", "R1", "C1"),
    ]
    assert desk.asked == []


def test_the_new_order_in_doubt_is_settled_by_its_own_reports_alone(desk: Desk) -> None:
    """A late word about the old order says nothing of the new one."""
    first = desk.order().venue_cl_ord_id
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    second = desk.order().venue_cl_ord_id
    desk.venue(Doubt(cl_ord_id=second, request=Request.NEW, text="no answer"))
    assert desk.order().in_doubt is not None
    desk.venue(Doubt(cl_ord_id=first, request=Request.CANCEL, text="no answer"))
    desk.fills("0.001", first)
    assert desk.order().in_doubt is not None
    desk.tells(ExecType.NEW)
    assert desk.order().in_doubt is None
    assert desk.heard() == [("REPLACED", "PARTIALLY_FILLED", "R1", "A1")]


def test_the_new_order_in_doubt_after_a_lost_connection(desk: Desk) -> None:
    """Unacknowledged, so its new order is what is in doubt."""
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.venue(RouteStatus(route=ROUTE, up=False, ready=False, text="cut", lost_answers=True))
    doubt = desk.order().in_doubt
    assert doubt is not None
    assert doubt.request is Request.NEW


def test_a_fill_of_the_old_order_after_its_proven_end_is_a_break(desk: Desk) -> None:
    """Recorded and flagged: the new order was sized without it."""
    first = desk.order().venue_cl_ord_id
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.tells(ExecType.NEW)
    desk.fills("0.003", first)
    (told,) = desk.told
    assert told.message.text.startswith("BREAK: ")
    assert desk.order().cum_qty == Decimal("0.003")
    assert at_venue(desk.order()).cum_qty == 0
    desk.tells(ExecType.CANCELED, first)
    assert desk.heard() == []


def test_the_old_order_is_found_by_either_of_its_names(desk: Desk) -> None:
    """A venue may name the order by its own id alone."""
    first = desk.order().venue_cl_ord_id
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.venue(
        ExecutionReport(
            exec_id="late",
            exec_type=ExecType.PARTIAL_FILL,
            order_id=f"T{first}",
            last_shares=Decimal("0.001"),
            last_px=Decimal(40000),
        )
    )
    assert desk.order().executions["late"].leg == 0


def test_cumulative_figures_are_the_legs_own(desk: Desk) -> None:
    """A venue counts from 0 for the new order: what it shows is added to what was before."""
    desk.fills("0.005")
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.tells(ExecType.NEW)
    shares = Decimal("0.01")
    desk.tells(
        ExecType.PARTIAL_FILL,
        derived=True,
        last_shares=shares,
        last_px=Decimal(1),
        cum_qty=shares,
    )
    assert desk.order().cum_qty == Decimal("0.015")
    desk.fills("0.01")
    assert desk.order().cum_qty == Decimal("0.015")
    desk.tells(ExecType.FILL, last_shares=Decimal("0.005"), last_px=Decimal(1))
    doubt = desk.order().in_doubt
    assert doubt is not None
    assert "0.015 of 0.045" in doubt.text


def test_a_late_status_and_a_late_refusal_of_the_old_order_are_no_news(desk: Desk) -> None:
    """What they are about is over."""
    first = desk.order().venue_cl_ord_id
    desk.desk(AMEND)
    asked = desk.order().requests[-1].venue_cl_ord_id
    desk.tells(ExecType.CANCELED)
    desk.tells(ExecType.NEW, first, exec_trans_type=ExecTransType.STATUS)
    desk.venue(OrderCancelReject(cl_ord_id=asked, orig_cl_ord_id=first, text="gone"))
    assert (desk.told, desk.order().acknowledged) == ([], False)
    assert [request.cl_ord_id for request in desk.order().requests] == ["R1"]


def test_the_new_orders_name_is_learned_by_itself(desk: Desk) -> None:
    """A query may tell it before any report does."""
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    name = desk.order().venue_cl_ord_id
    desk.tells(ExecType.PENDING_NEW, exec_trans_type=ExecTransType.STATUS)
    assert desk.order().secondary_order_id == f"T{name}"
    assert desk.order().legs[-1].secondary_order_id == f"T{name}"
