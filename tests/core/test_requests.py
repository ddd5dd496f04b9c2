"""What desks, strategies and the operator ask, and what they are answered."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.decide import OPERATOR
from oms.core.fields import (
    BusinessRejectReason,
    CxlRejReason,
    CxlRejResponseTo,
    ExecTransType,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
)
from oms.core.messages import (
    BusinessMessageReject,
    ExecutionReport,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.notes import Delivered, NotSent, Request, RouteStatus, SessionReset, Unworkable
from oms.core.ports import Evidence, Inbound
from oms.core.venue import ClientId
from tests.core.desk_of_one import DESK, NATIVE, PLAIN, ROUTE, SYMBOL, DeskOfOne
from tests.core.test_checks import GOOD

CANCEL = OrderCancelRequest(cl_ord_id="C1", orig_cl_ord_id="A1")


def _working(core: DeskOfOne) -> DeskOfOne:
    core.desk(GOOD)
    core.venue(_told(core, ExecType.NEW, "V"))
    return core


def _told(core: DeskOfOne, exec_type: ExecType, exec_id: str, **more: object) -> ExecutionReport:
    order = core.order()
    return ExecutionReport(
        exec_id=exec_id,
        exec_type=exec_type,
        cl_ord_id=order.venue_cl_ord_id,
        order_id="700",
        secondary_order_id="700",
        **more,  # type: ignore[arg-type]  # fields of several types
    )


def _reject(core: DeskOfOne) -> OrderCancelReject:
    (told,) = core.told
    assert isinstance(told.message, OrderCancelReject)
    return told.message


def test_a_cancel_is_pending_at_once_where_the_venue_does_not_tell() -> None:
    """150=6 to the desk and the request to the venue, in one record."""
    core = _working(DeskOfOne())
    core.desk(CANCEL)
    (told,) = core.told
    report = told.message
    assert isinstance(report, ExecutionReport)
    assert (report.exec_type, report.ord_status) == (
        ExecType.PENDING_CANCEL,
        OrdStatus.PENDING_CANCEL,
    )
    assert (report.cl_ord_id, report.orig_cl_ord_id) == ("C1", "A1")
    (asked,) = core.asked
    assert isinstance(asked.message, OrderCancelRequest)
    assert asked.message.orig_cl_ord_id == core.order().venue_cl_ord_id
    assert asked.message.order_id == "700"


def test_a_cancel_before_the_acknowledgement_is_held_and_then_goes_out() -> None:
    """The venue names the order only in its acknowledgement."""
    core = DeskOfOne()
    core.desk(GOOD)
    core.desk(CANCEL)
    assert core.asked == []
    assert "held" in core.told[0].message.text
    core.venue(_told(core, ExecType.NEW, "V"))
    (asked,) = core.asked
    assert isinstance(asked.message, OrderCancelRequest)
    assert asked.message.order_id == "700"


def test_a_cancel_that_did_not_leave_is_held_again() -> None:
    """NotSent gives the request back; the next ready route takes it."""
    core = _working(DeskOfOne())
    core.desk(CANCEL)
    note = NotSent(cl_ord_id=core.order().venue_cl_ord_id, request=Request.CANCEL, text="down")
    core.venue(note)
    assert core.asked == [], "not at once: the way is not there"
    assert core.venue(note) == (), "said again, it is held already"
    assert [r.released for r in core.order().requests] == [False]
    assert core.order().ord_status is OrdStatus.PENDING_CANCEL
    core.venue(RouteStatus(route=ROUTE, up=True, ready=True))
    assert len(core.asked) == 1
    assert [r.released for r in core.order().requests] == [True]


def test_an_unknown_order_can_not_be_cancelled() -> None:
    """102=1, OrderID NONE, and the id it named is not used up."""
    core = DeskOfOne()
    core.desk(CANCEL)
    reject = _reject(core)
    assert (reject.cxl_rej_reason, reject.order_id) == (CxlRejReason.UNKNOWN_ORDER, "NONE")
    assert reject.ord_status is OrdStatus.REJECTED
    core.desk(GOOD)
    assert len(core.asked) == 1


def test_another_desks_order_is_unknown() -> None:
    """F for an order of somebody else gets the same answer as for none."""
    core = _working(DeskOfOne())
    core.book.entitlements["DESK2"] = frozenset({"*"})
    by_id = replace(CANCEL, orig_cl_ord_id="", order_id=core.order().order_id)
    wrong_id = replace(CANCEL, orig_cl_ord_id="Z", order_id=core.order().order_id)
    core.desk(replace(wrong_id, cl_ord_id="C3"))
    assert len(core.asked) == 1, "the OrderID finds what the ClOrdID does not"
    core.venue(_told(core, ExecType.PENDING_CANCEL, "P"))
    core.venue(OrderCancelReject(cl_ord_id="?", orig_cl_ord_id=core.order().venue_cl_ord_id))
    for request in (CANCEL, replace(by_id, cl_ord_id="C2")):
        core.desk(request, origin="DESK2")
        assert _reject(core).cxl_rej_reason is CxlRejReason.UNKNOWN_ORDER
    assert core.order().requests == ()


def test_the_operator_cancels_anybodys_order_and_both_are_told() -> None:
    """The owner sees an order being cancelled, the operator the answer to the request."""
    core = _working(DeskOfOne())
    by_id = OrderCancelRequest(cl_ord_id="op1", orig_cl_ord_id="", order_id="0000000001")
    core.desk(by_id, origin=OPERATOR)
    told = {out.origin: out.message for out in core.told}
    assert told[DESK].cl_ord_id == "A1"  # type: ignore[union-attr]  # an answer, which has it
    assert told[OPERATOR].cl_ord_id == "op1"  # type: ignore[union-attr]  # an answer, which has it
    core.venue(_told(core, ExecType.CANCELED, "V2"))
    (end,) = core.told
    assert isinstance(end.message, ExecutionReport)
    assert (end.message.cl_ord_id, end.message.orig_cl_ord_id) == ("A1", "")


def test_ids_of_requests_are_used_up_even_by_refusal() -> None:
    """A duplicate id on F is 102=2 with a text: FIX 4.2 has no better."""
    core = _working(DeskOfOne())
    core.desk(replace(CANCEL, orig_cl_ord_id="nothing"))
    core.desk(CANCEL)
    reject = _reject(core)
    assert reject.cxl_rej_reason is CxlRejReason.BROKER_CREDIT
    assert "duplicate" in reject.text
    core.desk(replace(GOOD, cl_ord_id="C1"))
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert told.message.ord_rej_reason is OrdRejReason.DUPLICATE_ORDER
    assert told.message.order_id == "NONE"


def test_a_replace_is_refused_where_the_venue_has_none() -> None:
    """9 with 434=2, and the order stays."""
    core = _working(DeskOfOne())
    amend = OrderCancelReplaceRequest(
        cl_ord_id="R1",
        orig_cl_ord_id="A1",
        symbol=SYMBOL,
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        order_qty=Decimal("0.02"),
        price=Decimal(40000),
    )
    core.desk(amend)
    reject = _reject(core)
    assert reject.cxl_rej_response_to is CxlRejResponseTo.ORDER_CANCEL
    assert "not supported" in reject.text
    assert core.asked == []
    core = _working(DeskOfOne(NATIVE))
    core.desk(amend)
    (asked,) = core.asked
    assert isinstance(asked.message, OrderCancelReplaceRequest)
    assert asked.message.order_qty == Decimal("0.02")


def test_a_filled_order_answers_the_cancel_itself() -> None:
    """Where the venue does not answer, arithmetic does: too late."""
    core = _working(DeskOfOne())
    core.desk(CANCEL)
    core.venue(
        _told(core, ExecType.FILL, "F1", last_shares=Decimal("0.01"), last_px=Decimal(40000))
    )
    fill, late = (out.message for out in core.told)
    assert isinstance(fill, ExecutionReport)
    assert fill.ord_status is OrdStatus.PENDING_CANCEL
    assert isinstance(late, OrderCancelReject)
    assert late.cxl_rej_reason is CxlRejReason.TOO_LATE_TO_CANCEL
    assert late.ord_status is OrdStatus.FILLED
    assert core.order().closed
    core.venue(OrderCancelReject(cl_ord_id="x", orig_cl_ord_id=core.order().venue_cl_ord_id))
    assert core.told == [], "the venue's own refusal is no news then"


def test_status_by_order_id_is_for_the_owner_and_the_operator() -> None:
    """H may name the OrderID."""
    core = _working(DeskOfOne())
    by_id = OrderStatusRequest(cl_ord_id="", order_id="0000000001")
    for origin in (DESK, OPERATOR):
        core.desk(by_id, origin=origin)
        assert core.told[0].message.order_id == "0000000001"  # type: ignore[union-attr]  # an answer, which has it
    core.desk(by_id, origin="DESK2")
    report = core.told[0].message
    assert isinstance(report, ExecutionReport)
    assert report.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER
    assert report.exec_trans_type is ExecTransType.STATUS


def test_what_can_not_be_worked_on_is_answered_and_counted() -> None:
    """j, with the desk's sequence number consumed."""
    core = DeskOfOne()
    note = Unworkable(
        ref_msg_type="E",
        ref_seq_num=7,
        reason=BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE,
        ref_id="",
        text="lists are not taken",
        origin=DESK,
    )
    core._post(Inbound(source=DESK, message=note, evidence=Evidence.DESK, msg_seq_num=7))
    (told,) = core.told
    assert isinstance(told.message, BusinessMessageReject)
    assert told.message.ref_seq_num == 7
    assert core.book.sessions[DESK].msg_seq_num_in == 7


def test_session_positions_are_part_of_the_book() -> None:
    """Delivered moves the outward position, a reset starts both numbers again."""
    core = DeskOfOne()
    core._post(Inbound(source=DESK, message=GOOD, evidence=Evidence.DESK, msg_seq_num=5))
    core.desk(Delivered(origin=DESK, number=3, msg_seq_num=9))
    session = core.book.sessions[DESK]
    assert (session.msg_seq_num_in, session.msg_seq_num_out, session.delivered) == (5, 9, 3)
    core.desk(SessionReset(origin=DESK, number=3, repeat_to=3))
    session = core.book.sessions[DESK]
    assert (session.msg_seq_num_in, session.msg_seq_num_out, session.delivered) == (0, 0, 3)


@pytest.mark.parametrize("rule", ClientId)
def test_venue_ids_are_drawn_by_the_venues_rule(rule: ClientId) -> None:
    """Unique per route, journaled with the order, never the desk's own."""
    core = DeskOfOne(replace(PLAIN, client_id=rule, client_id_digits="00000001"))
    core.desk(GOOD)
    core.desk(replace(GOOD, cl_ord_id="A2"))
    first, second = core.order(1).venue_cl_ord_id, core.order(2).venue_cl_ord_id
    assert first != second
    match rule:
        case ClientId.COUNTER:
            assert 0 < int(first) < int(second) < 2**31
        case ClientId.STAMPED:
            assert first.startswith("0000000100000001")
            assert first[-16:-3] == "1767603600003"
        case ClientId.HEX:
            assert len(first) == 32
            int(first, 16)
        case ClientId.INTERNAL:
            assert first == core.order(1).order_id


def test_a_strategy_is_told_that_its_order_is_on_its_way() -> None:
    """Pending New, for those who are not a FIX desk."""
    core = DeskOfOne()
    core.book.entitlements["grid"] = frozenset({"*"})
    core._post(Inbound(source="grid", message=GOOD, evidence=Evidence.STRATEGY))
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert told.message.exec_type is ExecType.PENDING_NEW
