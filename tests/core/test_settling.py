"""An operator's word about an order in doubt, and the venue that says otherwise afterwards."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from oms.core.fields import ExecTransType, ExecType, OrdStatus, OrdType
from oms.core.messages import ExecutionReport, OrderCancelReject
from oms.core.notes import Doubt, NotSent, Request, Started
from oms.core.order import Order
from oms.core.ports import Evidence
from oms.core.settlements import OrderSettled, Reopened, Verdict, Waits
from oms.core.settling import objection
from oms.core.venue import Fence
from tests.core.desk_of_one import DESK, NATIVE, PLAIN, DeskOfOne
from tests.core.emulating_desk import AMEND, Desk
from tests.core.test_checks import GOOD
from tests.core.test_doubt import DOWN
from tests.core.test_requests import CANCEL, _told, _working

D = Decimal
BECAUSE = "their screen shows it"


def lost(request: Request = Request.NEW, core: DeskOfOne | None = None) -> DeskOfOne:
    """An order of 0.01 at 40000 whose new order, or whose cancel, has no answer."""
    core = core or DeskOfOne()
    if request is Request.NEW:
        core.desk(GOOD)
    else:
        _working(core)
    if request is Request.CANCEL:
        core.desk(CANCEL)
    name = core.order().venue_cl_ord_id
    core.venue(Doubt(cl_ord_id=name, request=request, text="no answer"))
    assert core.order().in_doubt is not None
    return core


def word(verdict: str, number: int = 1, **more: Any) -> OrderSettled:
    """The operator's word about the n-th order."""
    numbers = {name: None if text is None else D(text) for name, text in more.items()}
    return OrderSettled(
        order_id=f"{number:010d}", verdict=Verdict(verdict), by="ann", text=BECAUSE, **numbers
    )


def told(core: DeskOfOne) -> list[ExecutionReport]:
    """The reports of the last decision."""
    return [one.message for one in core.told if isinstance(one.message, ExecutionReport)]


def fill(core: DeskOfOne, exec_id: str, qty: str, px: str) -> ExecutionReport:
    """The venue's own word on an execution."""
    terms = {"last_shares": D(qty), "last_px": D(px)}
    return _told(core, ExecType.PARTIAL_FILL, exec_id, **terms)


def test_a_lost_order_that_is_absent_is_rejected_by_name_and_reason() -> None:
    core = lost()
    core.operator(word("ABSENT"))
    (report,) = told(core)
    assert (report.exec_type, report.ord_status) == (ExecType.REJECTED, OrdStatus.REJECTED)
    assert report.text == f"settled as ABSENT by ann: {BECAUSE}"
    assert (core.order().settled_by, core.order().closed) == ("ann", True)
    assert [record.evidence.name for record in core.records[-2:]] == ["OPERATOR"] * 2


def test_a_lost_order_that_filled_is_booked_at_the_operators_price() -> None:
    core = lost()
    core.operator(word("FILLED", px="39999"))
    (report,) = told(core)
    assert (report.exec_type, report.last_shares, report.last_px) == (
        ExecType.FILL,
        D("0.01"),
        D(39999),
    )
    order = core.order()
    assert (order.ord_status, order.avg_px, order.closed) == (OrdStatus.FILLED, D(39999), True)


@pytest.mark.parametrize(("qty", "booked"), [(None, 0), ("0.004", 1)])
def test_a_canceled_order_keeps_what_was_executed(qty: str | None, booked: int) -> None:
    core = lost(Request.CANCEL)
    core.operator(word("CANCELED", qty=qty, px=qty and "40000"))
    assert [report.exec_type for report in told(core)] == [ExecType.PARTIAL_FILL] * booked + [
        ExecType.CANCELED
    ]
    order = core.order()
    assert (order.ord_status, order.cum_qty) == (OrdStatus.CANCELED, D(qty or 0))
    assert told(core)[-1].cl_ord_id == CANCEL.cl_ord_id, "the desk's cancel has its answer"


def test_a_cancel_that_came_too_late_is_refused_when_the_order_is_settled_as_filled() -> None:
    core = lost(Request.CANCEL)
    core.operator(word("FILLED", px="40000"))
    assert isinstance(core.told[-1].message, OrderCancelReject)
    assert core.order().closed


@pytest.mark.parametrize(
    ("request_", "verdict", "said"),
    [
        (Request.CANCEL, word("ABSENT"), "the venue had it"),
        (Request.NEW, word("ABSENT", qty="0.01"), "say nothing"),
        (Request.NEW, word("FILLED"), "px: is missing; at what price was 0.01"),
        (Request.NEW, word("FILLED", qty="0.004", px="1"), "qty: 0.01 is the whole order; one"),
        (Request.NEW, word("CANCELED", qty="0.01", px="1"), "it is filled"),
        (Request.NEW, word("CANCELED", qty="0.004"), "px: is missing"),
        (Request.NEW, word("CANCELED", qty="-1", px="1"), "more than 0"),
        (Request.NEW, word("FILLED", px="0"), "more than 0"),
        (Request.NEW, word("FILLED", 2, px="1"), "not in doubt"),
    ],
)
def test_what_can_not_be_so_settles_nothing(
    request_: Request, verdict: OrderSettled, said: str
) -> None:
    core = lost(request_)
    core.desk(replace(GOOD, cl_ord_id="A2"))
    order = core.order(int(verdict.order_id))
    assert said in objection(order, verdict)
    assert core.operator(verdict) == ()


def test_less_than_is_booked_is_no_quantity() -> None:
    core = lost(Request.CANCEL)
    core.venue(fill(core, "F1", "0.004", "40000"))
    assert "0.004 is booked" in objection(core.order(), word("CANCELED", qty="0.003"))
    assert "not in doubt" in objection(None, word("CANCELED"))


def test_only_the_operator_settles_and_only_what_there_is() -> None:
    core = lost()
    assert core.desk(word("ABSENT"), DESK) == ()
    assert core.operator(word("ABSENT", 7)) == ()
    assert core.order().in_doubt is not None


def test_an_order_in_doubt_for_its_fills_whose_sums_are_right_is_told_as_it_stands() -> None:
    core = lost(Request.FILLS)
    core.venue(fill(core, "F1", "0.01", "40000"))
    assert core.order().in_doubt is not None
    core.operator(word("FILLED"))
    (report,) = told(core)
    assert (report.exec_trans_type, report.ord_status) == (
        ExecTransType.STATUS,
        OrdStatus.FILLED,
    )
    assert core.order().closed


def test_an_end_that_was_in_doubt_stays_the_end() -> None:
    core = _working(DeskOfOne())
    core.venue(_told(core, ExecType.CANCELED, "E"))
    name = core.order().venue_cl_ord_id
    core.venue(Doubt(cl_ord_id=name, request=Request.FILLS, text="unsure"))
    core.operator(word("CANCELED"))
    assert [report.exec_trans_type for report in told(core)] == [ExecTransType.STATUS]
    assert core.order().closed


def test_an_order_sized_by_cash_is_what_the_operator_says_it_bought() -> None:
    by_cash = replace(PLAIN, market_buy_by_cash=True)
    core = DeskOfOne(by_cash)
    cash = replace(GOOD, ord_type=OrdType.MARKET, price=None, order_qty=None, cash_order_qty=D(400))
    core.desk(cash)
    name = core.order().venue_cl_ord_id
    core.venue(Doubt(cl_ord_id=name, request=Request.NEW, text="no answer"))
    assert "sized by cash" in objection(core.order(), word("FILLED"))
    assert objection(core.order(), word("CANCELED")) == ""
    core.operator(word("FILLED", qty="0.0099", px="40000"))
    order = core.order()
    assert (order.ord_status, order.order_qty) == (OrdStatus.FILLED, D("0.0099"))


# A leg of an emulated replace


def replacing() -> Desk:
    """An order whose new leg has no answer."""
    desk = Desk()
    desk.desk(replace(GOOD, ord_type=OrdType.LIMIT, order_qty=D("0.02"), price=D(40000)))
    desk.tells(ExecType.NEW)
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.venue(Doubt(cl_ord_id=desk.order().venue_cl_ord_id, request=Request.NEW, text="no answer"))
    assert desk.order().in_doubt is not None
    return desk


def test_a_new_leg_that_is_absent_ends_the_order_as_a_refused_one_does() -> None:
    desk = replacing()
    desk.operator(word("ABSENT"))
    assert desk.order().ord_status is OrdStatus.CANCELED
    assert desk.order().closed
    assert isinstance(desk.told[-1].message, OrderCancelReject)


def test_a_new_leg_that_filled_replaces_the_order_first() -> None:
    desk = replacing()
    desk.operator(word("FILLED", px="40100"))
    kinds = [report.exec_type for report in told(desk)]
    assert kinds == [ExecType.REPLACED, ExecType.FILL]
    assert desk.order().ord_status is OrdStatus.FILLED


# The venue says otherwise


def breaks(order: Order) -> bool:
    """Whether it is counted as a break."""
    return order.text.startswith("BREAK: ")


def test_a_fill_of_what_was_settled_as_absent_is_booked_and_flagged() -> None:
    core = lost()
    core.operator(word("ABSENT"))
    core.venue(fill(core, "F1", "0.004", "40000"))
    (report,) = told(core)
    assert report.text.startswith("BREAK: ")
    assert (core.order().cum_qty, breaks(core.order())) == (D("0.004"), True)


def test_the_venues_fill_corrects_the_operators_price_and_flags_it() -> None:
    core = lost()
    core.operator(word("FILLED", px="39999"))
    core.venue(fill(core, "F1", "0.01", "40000"))
    order = core.order()
    assert (order.cum_qty, order.avg_px, breaks(order)) == (D("0.01"), D(40000), True)
    assert order.text.count("BREAK") == 1
    core.venue(fill(core, "F2", "0.001", "40000"))
    assert core.order().cum_qty == D("0.011")
    assert core.order().text.count("BREAK") == 1


def test_a_venue_that_says_the_same_is_no_break() -> None:
    core = lost()
    core.operator(word("FILLED", px="40000"))
    core.venue(_told(core, ExecType.NEW, "V"))
    core.venue(fill(core, "F1", "0.01", "40000"))
    order = core.order()
    assert (order.cum_qty, breaks(order), order.derived_qty) == (D("0.01"), False, D(0))


@pytest.mark.parametrize("verdict", ["ABSENT", "CANCELED"])
def test_an_order_that_works_after_all_works_again(verdict: str) -> None:
    core = lost()
    core.operator(word(verdict))
    core.venue(_told(core, ExecType.NEW, "V"))
    (report,) = told(core)
    assert (report.exec_trans_type, report.ord_status) == (ExecTransType.STATUS, OrdStatus.NEW)
    order = core.order()
    assert (order.ord_status, breaks(order), order.closed) == (OrdStatus.NEW, True, False)
    assert (order.secondary_order_id, order.settled_by) == ("700", "")
    assert order in core.book.working(order.route)


def test_a_status_shows_that_it_works_after_all() -> None:
    core = lost(core=DeskOfOne(replace(NATIVE, fence=Fence.SEQUENCE)))
    core.operator(word("ABSENT"))
    status = _told(core, ExecType.NEW, "0", exec_trans_type=ExecTransType.STATUS)
    core.venue(status)
    assert any(isinstance(record.message, Reopened) for record in core.records)
    assert core.order().ord_status is OrdStatus.NEW


def test_what_the_venue_repeats_of_an_end_is_no_news() -> None:
    core = lost()
    core.operator(word("CANCELED"))
    core.venue(_told(core, ExecType.CANCELED, "E"))
    assert core.told == []
    assert core.venue(_told(core, ExecType.CANCELED, "E")) == ()


# What has not left


def waiting() -> DeskOfOne:
    """An order that waits for another one like it."""
    core = DeskOfOne()
    core.desk(GOOD)
    core.venue(Waits(cl_ord_id=core.order().venue_cl_ord_id, text="TWIN LOCK: order 7"))
    return core


def test_an_order_that_waits_says_why_and_once() -> None:
    core = waiting()
    (report,) = told(core)
    assert (report.exec_trans_type, report.ord_status) == (
        ExecTransType.STATUS,
        OrdStatus.PENDING_NEW,
    )
    assert report.text == "TWIN LOCK: order 7"
    name = core.order().venue_cl_ord_id
    assert core.venue(Waits(cl_ord_id=name, text="TWIN LOCK: order 7")) == ()
    core.venue(Waits(cl_ord_id=name, text=""))
    assert (core.told, core.order().waits) == ([], "")


def test_an_order_that_waited_when_the_engine_ended_was_never_sent() -> None:
    core = waiting()
    core.venue(replace(DOWN, text="cut"))
    assert core.order().in_doubt is None
    core.venue(Started(epoch=2, version="1"), Evidence.POLICY)
    (report,) = told(core)
    assert (report.exec_type, core.order().closed) == (ExecType.REJECTED, True)
    assert "TWIN LOCK: order 7" in report.text
    assert core.order().waits == ""


@pytest.mark.parametrize("state", ["acknowledged", "in doubt", "unknown", "past"])
def test_what_may_have_left_does_not_wait(state: str) -> None:
    core: DeskOfOne = DeskOfOne()
    if state == "past":
        core = replacing()
        name = core.order().legs[0].venue_cl_ord_id
    else:
        core.desk(GOOD)
        name = core.order().venue_cl_ord_id if state != "unknown" else "?"
    if state == "acknowledged":
        core.venue(_told(core, ExecType.NEW, "V"))
    elif state == "in doubt":
        core.venue(Doubt(cl_ord_id=name, request=Request.NEW, text="no answer"))
    assert core.venue(Waits(cl_ord_id=name, text="TWIN LOCK")) == ()


def test_what_is_over_and_was_not_sent_changes_nothing() -> None:
    """An operator settled it before its gateway gave it back."""
    core = lost()
    core.operator(word("ABSENT"))
    name = core.order().venue_cl_ord_id
    assert core.venue(NotSent(cl_ord_id=name, request=Request.NEW, text="it was over")) == ()
