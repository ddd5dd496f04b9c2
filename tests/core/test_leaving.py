"""Orders about to leave for a venue that does not repeat our ids, and doubts that only a person ends."""

from dataclasses import replace
from decimal import Decimal

from oms.core.fields import ExecType, OrdType
from oms.core.notes import Doubt, Request
from oms.core.settlements import Leaves
from tests.core.desk_of_one import DeskOfOne
from tests.core.emulating_desk import AMEND, Desk
from tests.core.test_checks import GOOD

D = Decimal


def test_what_was_seen_before_it_left_is_on_record() -> None:
    core = DeskOfOne()
    core.desk(GOOD)
    assert core.order().above == ""
    core.told.clear()
    name = core.order().venue_cl_ord_id
    core.venue(Leaves(cl_ord_id=name, above="17"))
    assert (core.order().above, core.told) == ("17", [])
    core.venue(Doubt(cl_ord_id=name, request=Request.NEW, text="no answer"))
    assert core.venue(Leaves(cl_ord_id=name, above="18")) == (), "it has left already"


def test_a_new_leg_leaves_by_itself_though_fills_of_another_are_missing() -> None:
    desk = Desk()
    desk.desk(replace(GOOD, ord_type=OrdType.LIMIT, order_qty=D("0.02"), price=D(40000)))
    desk.venue(Leaves(cl_ord_id=desk.order().venue_cl_ord_id, above="17"))
    desk.tells(ExecType.NEW)
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    assert desk.order().above == ""
    name = desk.order().venue_cl_ord_id
    desk.venue(Doubt(cl_ord_id=name, request=Request.FILLS, text="one is missing"))
    desk.venue(Leaves(cl_ord_id=name, above="18"))
    assert desk.order().above == "18"


def test_that_nothing_will_tell_is_said_once_and_does_not_begin_a_doubt_anew() -> None:
    core = DeskOfOne()
    core.desk(GOOD)
    name = core.order().venue_cl_ord_id
    core.venue(Doubt(cl_ord_id=name, request=Request.NEW, text="no answer"))
    first = core.order().in_doubt
    assert first is not None
    told = Doubt(cl_ord_id=name, request=Request.NEW, text="5, 6 are like it", more=True)
    core.venue(told)
    doubt = core.order().in_doubt
    assert doubt is not None
    assert (doubt.text, doubt.since) == ("5, 6 are like it", first.since)
    assert core.venue(told) == ()
    assert core.venue(replace(told, text="no answer", more=False)) == ()
