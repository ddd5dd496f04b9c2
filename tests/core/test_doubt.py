"""Lost answers, gaps and what venues tell twice: never guessed, never counted twice."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.fields import (
    CxlRejReason,
    ExecTransType,
    ExecType,
    OrdRejReason,
    OrdStatus,
)
from oms.core.messages import ExecutionReport, OrderCancelReject, OrderCancelRequest
from oms.core.notes import (
    Doubt,
    DoubtSettled,
    NotSent,
    Quarantined,
    Request,
    RouteStatus,
    Started,
)
from oms.core.ports import Evidence
from tests.core.desk_of_one import ROUTE, DeskOfOne
from tests.core.test_checks import GOOD
from tests.core.test_requests import CANCEL, _told, _working

DOWN = RouteStatus(route=ROUTE, up=False, ready=False, text="cut", lost_answers=True)


def _doubt(core: DeskOfOne, request: Request) -> Doubt:
    return Doubt(cl_ord_id=core.order().venue_cl_ord_id, request=request, text="no answer")


def _report(core: DeskOfOne) -> ExecutionReport:
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    return told.message


def _fill(core: DeskOfOne, exec_id: str, qty: str, px: str, **more: object) -> ExecutionReport:
    return _told(
        core,
        ExecType.PARTIAL_FILL,
        exec_id,
        last_shares=Decimal(qty),
        last_px=Decimal(px),
        **more,
    )


def test_an_order_without_an_answer_is_in_doubt_and_the_desk_is_told() -> None:
    """17=0, 20=3, 150=39=A and IN DOUBT in the text: not a reject."""
    core = DeskOfOne()
    core.desk(GOOD)
    core.venue(_doubt(core, Request.NEW))
    report = _report(core)
    assert (report.exec_id, report.exec_trans_type) == ("0", ExecTransType.STATUS)
    assert (report.exec_type, report.ord_status) == (ExecType.PENDING_NEW, OrdStatus.PENDING_NEW)
    assert report.text == "IN DOUBT: no answer"
    assert report.in_doubt
    assert not core.order().closed
    core.venue(_doubt(core, Request.NEW))
    assert core.told == [], "told once"


def test_the_venues_word_settles_the_doubt() -> None:
    """Any report proves that the venue has the order."""
    core = DeskOfOne()
    core.desk(GOOD)
    core.venue(_doubt(core, Request.NEW))
    core.venue(_told(core, ExecType.NEW, "V"), Evidence.VENUE_QUERY)
    assert _report(core).ord_status is OrdStatus.NEW
    assert core.order().in_doubt is None
    core.venue(_doubt(core, Request.NEW))
    assert core.told == [], "a late doubt about an order that is known is none"


def test_a_cancel_of_an_order_in_doubt_waits_for_its_settlement() -> None:
    """Held, and sent first when the order turns up."""
    core = DeskOfOne()
    core.desk(GOOD)
    core.venue(_doubt(core, Request.NEW))
    core.desk(CANCEL)
    assert core.asked == []
    core.venue(_told(core, ExecType.NEW, "V"))
    assert len(core.asked) == 1


@pytest.mark.parametrize("ending", ["canceled", "rejected_cancel", "filled"])
def test_a_cancel_in_doubt_is_settled_by_its_end(ending: str) -> None:
    """A status report does not settle a cancel's doubt; an end or a refusal does."""
    core = _working(DeskOfOne())
    core.desk(CANCEL)
    core.venue(_doubt(core, Request.CANCEL))
    assert "IN DOUBT" in _report(core).text
    core.venue(_fill(core, "F1", "0.001", "40000"))
    assert core.order().in_doubt is not None
    if ending == "canceled":
        core.venue(_told(core, ExecType.CANCELED, "V2"))
    elif ending == "filled":
        core.venue(_fill(core, "F2", "0.009", "40000"))
    else:
        core.venue(OrderCancelReject(cl_ord_id="?", orig_cl_ord_id=core.order().venue_cl_ord_id))
    assert core.order().in_doubt is None
    assert core.order().requests == ()


def test_a_doubt_about_an_answered_cancel_is_none() -> None:
    """The answer overtook the news of its loss."""
    core = _working(DeskOfOne())
    core.venue(_doubt(core, Request.CANCEL))
    core.venue(_doubt(core, Request.REPLACE))
    assert core.records[-1].order is not None
    assert core.order().in_doubt is None


def test_what_was_not_sent_is_refused_at_once() -> None:
    """103=2, or 4 where it would have waited too long; nothing is queued."""
    for too_late, reason in (
        (False, OrdRejReason.EXCHANGE_CLOSED),
        (True, OrdRejReason.TOO_LATE_TO_ENTER),
    ):
        core = DeskOfOne()
        core.desk(GOOD)
        core.desk(CANCEL)
        core.venue(
            NotSent(
                cl_ord_id=core.order().venue_cl_ord_id,
                request=Request.NEW,
                text="not connected",
                too_late=too_late,
            )
        )
        reject, late = (out.message for out in core.told)
        assert isinstance(reject, ExecutionReport)
        assert reject.ord_rej_reason is reason
        assert isinstance(late, OrderCancelReject)
        assert late.cxl_rej_reason is CxlRejReason.TOO_LATE_TO_CANCEL
        assert core.order().closed


def test_not_sent_about_an_acknowledged_order_changes_nothing() -> None:
    """The venue has it, whatever the gateway thought."""
    core = _working(DeskOfOne())
    core.venue(NotSent(cl_ord_id=core.order().venue_cl_ord_id, request=Request.NEW, text="cut"))
    assert core.told == []
    assert core.order().ord_status is OrdStatus.NEW


def test_a_lost_connection_puts_what_was_under_way_in_doubt() -> None:
    """Unacknowledged orders and released cancels; a resting order is not in doubt."""
    core = _working(DeskOfOne())
    core.desk(replace(GOOD, cl_ord_id="A2"))
    core.desk(replace(GOOD, cl_ord_id="A3"))
    core.venue(
        ExecutionReport(
            exec_id="V3", exec_type=ExecType.NEW, cl_ord_id=core.order(3).venue_cl_ord_id
        )
    )
    core.desk(OrderCancelRequest(cl_ord_id="C3", orig_cl_ord_id="A3"))
    core.venue(DOWN)
    doubts = [core.order(n).in_doubt for n in (1, 2, 3)]
    assert [d and d.request for d in doubts] == [None, Request.NEW, Request.CANCEL]
    told = len(core.told)
    core.venue(replace(DOWN, text="cut again"))
    assert told == 2
    assert core.told == [], "each doubt is told once"


def test_a_route_that_comes_back_takes_the_held_cancels_first() -> None:
    """Ready releases what was held while it was down."""
    core = _working(DeskOfOne())
    core.venue(DOWN)
    core.desk(CANCEL)
    assert core.asked == []
    core.venue(RouteStatus(route=ROUTE, up=True, ready=False))
    assert core.asked == [], "not before the reconciliation"
    core.venue(RouteStatus(route=ROUTE, up=True, ready=True))
    assert len(core.asked) == 1
    core.venue(RouteStatus(route=ROUTE, up=True, ready=True))
    assert core.asked == []


def test_a_new_owner_puts_what_was_under_way_in_doubt() -> None:
    """After a crash nobody knows whether the request left."""
    core = _working(DeskOfOne())
    core.desk(replace(GOOD, cl_ord_id="A2"))
    core.venue(Started(epoch=2, version="1"), Evidence.POLICY)
    assert core.order(1).in_doubt is None
    doubt = core.order(2).in_doubt
    assert doubt is not None
    assert "the engine ended before the venue answered" in doubt.text


def test_missing_fills_are_a_doubt_until_the_sums_agree() -> None:
    """The venue says filled, the executions do not sum to it: shown, and settled by evidence."""
    core = _working(DeskOfOne())
    core.venue(replace(_fill(core, "F1", "0.004", "40000"), exec_type=ExecType.FILL))
    fill, status = (out.message for out in core.told)
    assert isinstance(fill, ExecutionReport)
    assert fill.exec_type is ExecType.PARTIAL_FILL
    assert isinstance(status, ExecutionReport)
    assert "0.004 of 0.01" in status.text
    core.venue(_fill(core, "700:0.01", "0.006", "40000", derived=True, cum_qty=Decimal("0.01")))
    core.venue(DoubtSettled(cl_ord_id=core.order().venue_cl_ord_id, text="sums agree"))
    assert core.order().closed
    core.venue(DoubtSettled(cl_ord_id=core.order().venue_cl_ord_id, text="again"))
    assert core.told == []


def test_a_derived_fill_books_only_what_is_above_the_sum() -> None:
    """A poll that saw the same quantity as the stream adds nothing."""
    core = _working(DeskOfOne())
    core.venue(_fill(core, "F1", "0.004", "40000"))
    core.venue(_fill(core, "700:0.004", "0.004", "40000", derived=True, cum_qty=Decimal("0.004")))
    assert core.told == []
    core.venue(_fill(core, "700:0.006", "0.006", "40001", derived=True, cum_qty=Decimal("0.006")))
    assert _report(core).last_shares == Decimal("0.002")
    assert core.order().cum_qty == Decimal("0.006")
    core.venue(_fill(core, "700:x", "0.001", "40001", derived=True))
    assert core.order().cum_qty == Decimal("0.007")


def test_a_told_fill_explains_derived_quantity_before_it_adds_any() -> None:
    """20=2 corrects the derived execution; what it does not explain stays derived."""
    core = _working(DeskOfOne())
    core.venue(_fill(core, "700:0.006", "0.006", "40000", derived=True, cum_qty=Decimal("0.006")))
    core.venue(_fill(core, "F1", "0.002", "40003"))
    corrected, rest = (out.message for out in core.told)
    assert isinstance(corrected, ExecutionReport)
    assert isinstance(rest, ExecutionReport)
    assert corrected.exec_trans_type is ExecTransType.CORRECT
    assert (corrected.last_shares, corrected.cum_qty) == (Decimal("0.002"), Decimal("0.002"))
    assert (rest.last_shares, rest.cum_qty) == (Decimal("0.004"), Decimal("0.006"))
    assert core.order().derived_qty == Decimal("0.004")
    core.venue(_fill(core, "F1", "0.002", "40003"))
    assert core.told == [], "told again"
    core.venue(_fill(core, "F2", "0.005", "40006"))
    order = core.order()
    assert order.derived_qty == 0
    assert order.cum_qty == Decimal("0.007")
    assert order.notional == Decimal("0.002") * 40003 + Decimal("0.005") * 40006
    core.venue(_fill(core, "F2", "0.005", "40006"))
    assert core.told == []


def test_one_told_fill_may_explain_several_derived_ones() -> None:
    """Two polls saw halves of what one report tells."""
    core = _working(DeskOfOne())
    for cum in ("0.001", "0.003"):
        qty = "0.001" if cum == "0.001" else "0.002"
        core.venue(_fill(core, f"700:{cum}", qty, "40000", derived=True, cum_qty=Decimal(cum)))
    core.venue(_fill(core, "F1", "0.003", "40003"))
    order = core.order()
    assert (order.cum_qty, order.derived_qty) == (Decimal("0.003"), Decimal(0))
    assert order.notional == Decimal("0.003") * 40003
    core.venue(_fill(core, "F1", "0.003", "40003"))
    assert core.told == []


def test_an_overfill_is_counted_and_flagged() -> None:
    """Never clipped."""
    core = _working(DeskOfOne())
    core.venue(_fill(core, "F1", "0.011", "40000"))
    report = _report(core)
    assert report.text == "BREAK: overfilled by 0.001" == core.order().text
    assert (report.cum_qty, report.leaves_qty) == (Decimal("0.011"), Decimal(0))
    assert report.ord_status is OrdStatus.FILLED


def test_a_fill_after_the_end_is_counted_and_flagged() -> None:
    """CumQty moves, the end stays."""
    core = _working(DeskOfOne())
    core.venue(_told(core, ExecType.CANCELED, "V2"))
    core.venue(_fill(core, "F1", "0.001", "40000"))
    report = _report(core)
    assert report.text == "BREAK: executed after CANCELED"
    assert (report.ord_status, report.cum_qty) == (OrdStatus.CANCELED, Decimal("0.001"))
    assert report.leaves_qty == 0


def test_a_fill_of_nothing_is_none() -> None:
    """Some venues send 32=0."""
    core = _working(DeskOfOne())
    core.venue(_fill(core, "F1", "0", "40000"))
    assert core.told == []


def test_impossible_reports_are_quarantined_and_move_nothing() -> None:
    """Order, from-state and report are named."""
    core = _working(DeskOfOne())
    core.venue(_told(core, ExecType.CANCELED, "V2"))
    before = core.order()
    decision = core.venue(_told(core, ExecType.EXPIRED, "V3"))
    note = decision[0].message
    assert isinstance(note, Quarantined)
    assert "0000000001 CANCELED: EXPIRED is not possible in CANCELED" in note.text
    assert core.order() == before
    bust = _told(core, ExecType.PARTIAL_FILL, "B", exec_trans_type=ExecTransType.CANCEL)
    assert isinstance(core.venue(replace(bust, exec_ref_id="none"))[0].message, Quarantined)
    pending = _told(core, ExecType.PENDING_CANCEL, "P")
    assert isinstance(core.venue(pending)[0].message, Quarantined)
    working = _working(DeskOfOne())
    assert isinstance(
        working.venue(_told(working, ExecType.PENDING_CANCEL, "P"))[0].message, Quarantined
    )


def test_reports_about_no_order_are_quarantined() -> None:
    """Foreign orders are never ignored."""
    core = DeskOfOne()
    foreign = ExecutionReport(exec_id="1", exec_type=ExecType.NEW, cl_ord_id="?", order_id="?")
    doubt = Doubt(cl_ord_id="?", request=Request.NEW, text="")
    for message in (foreign, OrderCancelReject(cl_ord_id="?"), doubt):
        assert isinstance(core.venue(message)[0].message, Quarantined)
    unread = Quarantined(reason="unreadable", text="garbled")
    assert core.venue(unread)[0].message == unread


def test_what_is_told_again_is_no_news() -> None:
    """NEW in a working order, CANCELED in a cancelled one, an execution's report."""
    core = _working(DeskOfOne())
    core.venue(_told(core, ExecType.NEW, "V"))
    assert core.told == []
    core.venue(_told(core, ExecType.CANCELED, "V2"))
    core.venue(_told(core, ExecType.CANCELED, "V2"))
    assert core.told == []


def test_a_status_told_on_request_proves_existence_only() -> None:
    """Quantities in it are not booked: a status may repeat the last fill under a new ExecID."""
    core = DeskOfOne()
    core.desk(GOOD)
    core.venue(_doubt(core, Request.NEW))
    status = replace(_fill(core, "S1", "0.004", "40000"), exec_trans_type=ExecTransType.STATUS)
    core.venue(replace(status, exec_type=ExecType.REJECTED))
    assert core.told == []
    core.venue(status)
    assert core.order().ord_status is OrdStatus.NEW
    assert core.order().cum_qty == 0
    core.venue(status)
    assert core.told == []


def test_a_lost_cancel_is_in_doubt_though_fills_were_already() -> None:
    """Only a doubt about the cancel has it sent again."""
    core = DeskOfOne()
    _working(core)
    core.venue(_doubt(core, Request.FILLS))
    core.desk(CANCEL)
    core.venue(DOWN)
    doubt = core.order().in_doubt
    assert doubt is not None
    assert doubt.request is Request.CANCEL


@pytest.mark.parametrize("request_", [Request.NEW, Request.CANCEL])
def test_missing_fills_do_not_hide_a_lost_request(request_: Request) -> None:
    """Whatever is in doubt is asked for, and its sums with it."""
    core = DeskOfOne()
    core.desk(GOOD)
    if request_ is Request.CANCEL:
        core.venue(_told(core, ExecType.NEW, "V"))
        core.desk(CANCEL)
    core.venue(_doubt(core, request_))
    core.told.clear()
    core.venue(_doubt(core, Request.FILLS))
    doubt = core.order().in_doubt
    assert doubt is not None
    assert doubt.request is request_
    assert core.told == []
