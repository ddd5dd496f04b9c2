"""Orders that a person took by telephone: entered by the operator, owned by a desk, without an id."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.book import EVERY_ROUTE, OPERATOR
from oms.core.fields import CxlRejReason, ExecTransType, ExecType, OrdRejReason, OrdStatus
from oms.core.messages import (
    ExecutionReport,
    OrderCancelReject,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.notes import OrderEntered
from tests.core.desk_of_one import DESK, NATIVE, DeskOfOne
from tests.core.test_checks import GOOD

TELEPHONED = replace(GOOD, cl_ord_id="OP-1", on_behalf_of_comp_id=DESK)


def _core() -> DeskOfOne:
    core = DeskOfOne(NATIVE)
    core.book.entitlements |= {OPERATOR: frozenset({EVERY_ROUTE}), "DESK2": frozenset()}
    return core


def _tell(core: DeskOfOne, exec_type: ExecType, number: int = 1) -> None:
    order = core.order(number)
    core.venue(
        ExecutionReport(
            exec_id=f"V{len(core.records)}", exec_type=exec_type, cl_ord_id=order.venue_cl_ord_id
        )
    )


def _told(core: DeskOfOne, origin: str) -> ExecutionReport:
    (report,) = [told.message for told in core.told if told.origin == origin]
    assert isinstance(report, ExecutionReport)
    return report


def test_the_order_is_the_desk_s_and_the_entry_the_operator_s() -> None:
    """The operator hears that it is durable, by its own id; the desk hears the venue, without one."""
    core = _core()
    core.operator(TELEPHONED)
    assert [told.origin for told in core.told] == [OPERATOR]
    entered = _told(core, OPERATOR)
    assert (entered.exec_type, entered.cl_ord_id) == (ExecType.PENDING_NEW, "OP-1")
    order = core.order()
    assert (order.origin, order.cl_ord_id) == (DESK, "")
    assert core.book.own(OPERATOR, "OP-1") == order
    assert core.book.own(DESK, "OP-1") is None
    _tell(core, ExecType.NEW)
    assert [told.origin for told in core.told] == [DESK]
    assert (_told(core, DESK).cl_ord_id, _told(core, DESK).orig_cl_ord_id) == ("", "")


def test_no_id_is_no_duplicate() -> None:
    """Two telephoned orders without any name are two orders, and no id of theirs is kept."""
    core = _core()
    for number in (1, 2):
        core.operator(replace(TELEPHONED, cl_ord_id=""))
        assert core.order(number).venue_cl_ord_id
        assert _told(core, OPERATOR).cl_ord_id == ""
    assert core.book.used(DESK, "") is core.book.used(OPERATOR, "") is None
    assert core.book.own(DESK, "") is None
    assert core.changes.cl_ord_ids == {}
    core.book.restore([core.order()])
    assert core.book.used(DESK, "") is None


def test_the_operator_s_id_makes_one_order() -> None:
    """Sent twice because its answer was lost, it is a duplicate, and the order is stated."""
    core = _core()
    core.operator(TELEPHONED)
    core.operator(TELEPHONED)
    again = _told(core, OPERATOR)
    assert again.ord_rej_reason is OrdRejReason.DUPLICATE_ORDER
    assert (again.order_id, again.cl_ord_id) == (core.order().order_id, "OP-1")
    assert core.book.last_order_number == 1


@pytest.mark.parametrize(
    ("source", "owner", "why"),
    [
        (DESK, "DESK2", "only the operator"),
        ("DESK2", DESK, "only the operator"),
        (DESK, DESK, "only the operator"),  # what it sends itself has an id
        (OPERATOR, OPERATOR, "no desk or strategy is called 'operator'"),
        (OPERATOR, "NOBODY", "no desk or strategy is called 'NOBODY'"),
        (OPERATOR, "DESK2", "unknown route"),  # the owner's routes count, not the operator's
    ],
)
def test_who_may_enter_for_whom(source: str, owner: str, why: str) -> None:
    """The operator alone, for an origin that there is, on that origin's routes."""
    core = _core()
    request = replace(TELEPHONED, on_behalf_of_comp_id=owner)
    _ = core.operator(request) if source == OPERATOR else core.desk(request, source)
    refused = _told(core, source)
    assert (refused.exec_type, refused.cl_ord_id) == (ExecType.REJECTED, "OP-1")
    assert why in refused.text
    assert core.asked == []
    assert core.book.used(source, "OP-1") == "0000000001"
    assert (core.order().origin, core.order().cl_ord_id) == (source, "OP-1")


def test_the_desk_finds_it_by_order_id() -> None:
    """FIX demands 11 of H and 41 of F: what stands there names nothing, 37 names the order."""
    core = _core()
    core.operator(TELEPHONED)
    _tell(core, ExecType.NEW)
    order_id = core.order().order_id
    core.desk(OrderStatusRequest(cl_ord_id="NONE", order_id=order_id))
    status = _told(core, DESK)
    assert (status.ord_status, status.cl_ord_id) == (OrdStatus.NEW, "")
    assert status.exec_trans_type is ExecTransType.STATUS
    core.desk(OrderStatusRequest(cl_ord_id="NONE", order_id=order_id), "DESK2")
    assert _told(core, "DESK2").ord_rej_reason is OrdRejReason.UNKNOWN_ORDER


def test_the_desk_cancels_it_by_order_id() -> None:
    """Refused, the answer has no 41 to name; accepted, the cancel's id is the order's first."""
    core = _core()
    core.operator(TELEPHONED)
    _tell(core, ExecType.NEW)
    order_id = core.order().order_id
    core.desk(OrderCancelRequest(cl_ord_id="C1", orig_cl_ord_id="NONE", order_id=order_id))
    assert len(core.asked) == 1
    core.venue(OrderCancelReject(cl_ord_id="C1", orig_cl_ord_id=core.order().venue_cl_ord_id))
    (refused,) = core.told
    assert isinstance(refused.message, OrderCancelReject)
    assert (refused.message.cl_ord_id, refused.message.orig_cl_ord_id) == ("C1", "")
    core.desk(OrderCancelRequest(cl_ord_id="C2", orig_cl_ord_id="NONE", order_id=order_id))
    _tell(core, ExecType.CANCELED)
    canceled = _told(core, DESK)
    assert (canceled.cl_ord_id, canceled.orig_cl_ord_id) == ("C2", "")
    assert core.order().cl_ord_id == "C2"


def test_nobody_else_cancels_it() -> None:
    """Another desk is answered as if there were no such order."""
    core = _core()
    core.operator(TELEPHONED)
    order_id = core.order().order_id
    core.desk(OrderCancelRequest(cl_ord_id="C1", orig_cl_ord_id="", order_id=order_id), "DESK2")
    (refused,) = core.told
    assert isinstance(refused.message, OrderCancelReject)
    assert refused.message.cxl_rej_reason is CxlRejReason.UNKNOWN_ORDER


def test_the_operator_cancels_it() -> None:
    """The desk hears it as an unasked cancel: no id, no 41."""
    core = _core()
    core.operator(TELEPHONED)
    _tell(core, ExecType.NEW)
    order_id = core.order().order_id
    core.operator(OrderCancelRequest(cl_ord_id="OP-2", orig_cl_ord_id="", order_id=order_id))
    _tell(core, ExecType.CANCELED)
    canceled = _told(core, DESK)
    assert (canceled.cl_ord_id, canceled.orig_cl_ord_id) == ("", "")
    assert core.order().ended


def test_the_journal_says_who_entered_it_and_for_whom() -> None:
    """The record is the operator's, the order the desk's."""
    core = _core()
    core.operator(TELEPHONED)
    (record,) = core.records
    assert isinstance(record.message, OrderEntered)
    assert (record.origin, record.message.origin) == (OPERATOR, DESK)
    assert record.message.request.order_qty == Decimal("0.01")
