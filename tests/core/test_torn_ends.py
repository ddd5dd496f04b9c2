"""Ends that say nothing of how much was executed, told behind a session that has lost answers."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.fields import ExecType, OrdStatus
from oms.core.notes import Doubt, DoubtSettled, Request, RouteStatus
from oms.core.numbers import ZERO
from oms.core.venue import Fence
from tests.core.desk_of_one import ROUTE
from tests.core.emulating_desk import AMEND, EMULATING, Desk
from tests.core.test_checks import GOOD

FORGETFUL = replace(EMULATING, fence=Fence.RELOGON_AND_QUERIES)
"""A session that begins anew at every logon, and tells nothing twice."""


def test_no_second_half_while_fills_of_the_first_may_be_lost() -> None:
    desk = Desk(FORGETFUL)
    desk.desk(replace(GOOD, order_qty=Decimal("0.02"), price=Decimal(40000)))
    desk.tells(ExecType.NEW)
    desk.desk(AMEND)
    desk.venue(RouteStatus(route=ROUTE, up=False, ready=False, text="lost", lost_answers=True))
    desk.venue(RouteStatus(route=ROUTE, up=True, ready=True))
    desk.tells(ExecType.CANCELED)
    doubt = desk.order().in_doubt
    assert doubt is not None
    assert doubt.request is Request.FILLS
    assert desk.asked == []
    desk.fills("0.005")
    assert desk.asked == []
    desk.venue(DoubtSettled(cl_ord_id=desk.order().venue_cl_ord_id, text="as is booked"))
    assert desk.new().order_qty == Decimal("0.045")


@pytest.mark.parametrize("cum_qty", [None, ZERO])
def test_an_end_that_tells_no_quantity_settles_no_doubt_about_it(cum_qty: Decimal | None) -> None:
    desk = Desk(FORGETFUL)
    desk.desk(GOOD)
    desk.tells(ExecType.NEW)
    name = desk.order().venue_cl_ord_id
    desk.venue(Doubt(cl_ord_id=name, request=Request.FILLS, text="a report could not be read"))
    desk.tells(ExecType.CANCELED, cum_qty=cum_qty)
    assert desk.order().ord_status is OrdStatus.CANCELED
    assert (desk.order().in_doubt is not None) is (cum_qty is None)
