"""The venue's own id of an order is news whenever it is told, whatever else is not; so is its time."""

from dataclasses import replace
from datetime import timedelta

from oms.core.fields import ExecTransType, ExecType, OrdStatus
from oms.core.messages import OrderCancelReject, OrderCancelRequest
from oms.core.notes import Quarantined, VenueNamed
from oms.core.ports import Evidence
from tests.core.desk_of_one import ROUTE, DeskOfOne
from tests.core.emulating_desk import AMEND, Desk
from tests.core.test_checks import GOOD
from tests.core.test_requests import CANCEL, _told


def nameless(core: DeskOfOne) -> DeskOfOne:
    """An order that works, acknowledged by a query that knows no id but ours."""
    core.desk(GOOD)
    core.venue(replace(_told(core, ExecType.NEW, "Q:NEW"), order_id="", secondary_order_id=""))
    assert core.order().secondary_order_id == ""
    return core


def test_a_status_names_an_order_that_is_known_to_work() -> None:
    """Its later reports name it by that id alone."""
    core = nameless(DeskOfOne())
    told = replace(_told(core, ExecType.NEW, "S1"), order_id="v7", secondary_order_id="v7")
    core.venue(replace(told, exec_trans_type=ExecTransType.STATUS))
    assert [record.message for record in core.records[-1:]] == [
        VenueNamed(cl_ord_id=core.order().venue_cl_ord_id, secondary_order_id="v7")
    ]
    assert core.told == [], "nothing that the desk can see has changed"
    core.venue(replace(told, cl_ord_id="", exec_id="V9", exec_type=ExecType.CANCELED))
    assert core.order().ord_status is OrdStatus.CANCELED


def test_an_acknowledgement_that_comes_second_names_the_order() -> None:
    core = nameless(DeskOfOne())
    core.venue(replace(_told(core, ExecType.NEW, "V1"), order_id="v7", secondary_order_id="v7"))
    assert core.order().secondary_order_id == "v7"
    assert core.told == []


def test_a_refusal_that_answers_nothing_names_the_order() -> None:
    core = nameless(DeskOfOne())
    name = core.order().venue_cl_ord_id
    reject = OrderCancelReject(cl_ord_id=name, orig_cl_ord_id=name, secondary_order_id="v7")
    core.venue(reject)
    assert core.order().secondary_order_id == "v7"
    core.desk(CANCEL)
    (asked,) = core.asked
    assert isinstance(asked.message, OrderCancelRequest)
    assert asked.message.order_id == "v7"


def test_an_id_is_learned_once_and_never_taken_from_another_order() -> None:
    core = nameless(DeskOfOne())
    told = replace(_told(core, ExecType.NEW, "V1"), order_id="v7", secondary_order_id="v7")
    core.venue(told)
    count = len(core.records)
    core.venue(replace(told, order_id="v8", secondary_order_id="v8"))
    assert (core.order().secondary_order_id, len(core.records)) == ("v7", count)
    core.desk(replace(GOOD, cl_ord_id="A2"))
    second = core.order(2).venue_cl_ord_id
    core.venue(replace(told, cl_ord_id=second, order_id="", secondary_order_id=""))
    core.venue(replace(told, cl_ord_id=second))
    assert core.order(2).secondary_order_id == ""
    assert not any(isinstance(record.message, Quarantined) for record in core.records)


def renamed(core: DeskOfOne, to: str, number: int = 1) -> None:
    """The venue gives an order another id, as it may when one triggers."""
    name = core.order(number).venue_cl_ord_id
    core.venue(VenueNamed(cl_ord_id=name, secondary_order_id=to), Evidence.VENUE_QUERY)


def test_an_order_that_the_venue_calls_otherwise_is_known_by_its_new_id_alone() -> None:
    core = nameless(DeskOfOne())
    for name in ("v7", "v8", "v8"):
        renamed(core, name)
    named = [r.message for r in core.records if isinstance(r.message, VenueNamed)]
    assert [note.secondary_order_id for note in named] == ["v7", "v8"]
    assert core.order().secondary_order_id == "v8"
    assert core.book.at_venue(ROUTE, "", "v8") == core.order()
    assert core.book.at_venue(ROUTE, "", "v7") is None
    core.desk(CANCEL)
    (asked,) = core.asked
    assert isinstance(asked.message, OrderCancelRequest)
    assert asked.message.order_id == "v8"


def test_an_id_of_another_order_is_not_taken_for_a_new_one() -> None:
    core = nameless(DeskOfOne())
    renamed(core, "v7")
    core.desk(replace(GOOD, cl_ord_id="A2"))
    renamed(core, "v7", number=2)
    assert isinstance(core.records[-1].message, Quarantined)
    assert core.order(2).secondary_order_id == ""
    note = VenueNamed(cl_ord_id="nobody", secondary_order_id="v9")
    core.venue(note, Evidence.VENUE_QUERY)
    assert isinstance(core.records[-1].message, Quarantined)


def test_when_the_venue_took_an_order_is_told_by_its_answer_alone() -> None:
    """Not by what it repeats later, and not by a fill."""
    core = DeskOfOne()
    core.desk(GOOD)
    assert core.order().taken_at is None
    told = _told(core, ExecType.NEW, "V1")
    at = core.order().created - timedelta(hours=3)
    core.venue(replace(told, transact_time=at))
    again = replace(told, exec_id="V2", transact_time=at + timedelta(seconds=9))
    core.venue(replace(again, exec_trans_type=ExecTransType.STATUS))
    core.venue(again)
    assert core.order().taken_at == at


def test_each_leg_is_taken_at_a_time_of_its_own() -> None:
    """A fill that is the first word about one says nothing about when."""
    desk = Desk()
    desk.desk(GOOD)
    at = desk.order().created - timedelta(hours=3)
    desk.tells(ExecType.NEW, transact_time=at)
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED, transact_time=at)
    assert desk.order().taken_at is None
    desk.tells(ExecType.NEW, transact_time=at + timedelta(seconds=1))
    assert desk.order().taken_at == at + timedelta(seconds=1)
    desk.desk(replace(AMEND, cl_ord_id="R2", orig_cl_ord_id="R1"))
    desk.tells(ExecType.CANCELED, transact_time=at)
    shares, px = desk.order().order_qty / 5, desk.order().price
    desk.tells(ExecType.PARTIAL_FILL, transact_time=at, last_shares=shares, last_px=px)
    assert (desk.order().taken_at, desk.order().acknowledged) == (None, True)
