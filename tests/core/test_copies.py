"""What a drop copy is told, and what it may ask."""

from decimal import Decimal

from oms.core.copies import REFUSAL, copied
from oms.core.decide import OPERATOR
from oms.core.fields import (
    CxlRejReason,
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
from oms.core.notes import Unworkable
from tests.core.desk_of_one import DESK, SYMBOL, DeskOfOne
from tests.core.test_checks import GOOD

COPY = "DROP1"
OTHER = "DROP2"


def _core(*copies: str) -> DeskOfOne:
    core = DeskOfOne()
    core.book.drop_copies = copies or (COPY,)
    return core


def _executes(core: DeskOfOne, exec_type: ExecType, shares: str = "") -> None:
    core.venue(
        ExecutionReport(
            exec_id=f"V{len(core.records)}",
            exec_type=exec_type,
            cl_ord_id=core.order().venue_cl_ord_id,
            last_shares=Decimal(shares) if shares else None,
            last_px=Decimal(40000) if shares else None,
        )
    )


def _heard(core: DeskOfOne, origin: str) -> list[ExecutionReport | OrderCancelReject]:
    reports = [out.message for out in core.told if out.origin == origin]
    assert all(isinstance(one, ExecutionReport | OrderCancelReject) for one in reports)
    return reports  # type: ignore[return-value]  # as the line above says


def _without_client(core: DeskOfOne, origin: str) -> list[tuple[object, ...]]:
    return [
        tuple(getattr(one, name) for name in type(one).__dataclass_fields__ if name != "client_id")
        for one in _heard(core, origin)
    ]


def test_a_copy_is_the_report_and_whose_it_is() -> None:
    """Same record, after the original, for every drop copy there is; nothing else differs."""
    core = _core(COPY, OTHER)
    core.desk(GOOD)
    assert core.told == [], "nothing is told before the venue speaks"
    for exec_type, shares in ((ExecType.NEW, ""), (ExecType.PARTIAL_FILL, "0.004")):
        _executes(core, exec_type, shares)
        assert [out.origin for out in core.told] == [DESK, COPY, OTHER]
        for reader in (COPY, OTHER):
            assert _without_client(core, reader) == _without_client(core, DESK)
            assert [one.client_id for one in _heard(core, reader)] == [DESK]
        assert [one.client_id for one in _heard(core, DESK)] == [""]


def test_copies_are_numbered_like_any_report() -> None:
    core = _core()
    core.desk(GOOD)
    _executes(core, ExecType.NEW)
    core.desk(OrderCancelRequest(cl_ord_id="C1", orig_cl_ord_id="none"))
    assert [row[:2] for row in core.changes.reports] == [
        (DESK, 1),
        (COPY, 1),
        (DESK, 2),
        (COPY, 2),
    ]
    (refusal,) = _heard(core, COPY)
    assert isinstance(refusal, OrderCancelReject)
    assert (refusal.client_id, refusal.cxl_rej_reason) == (DESK, CxlRejReason.UNKNOWN_ORDER)


def test_one_event_is_copied_once() -> None:
    """The operator cancels a desk's order: both are told, the copy is the owner's."""
    core = _core()
    core.desk(GOOD)
    _executes(core, ExecType.NEW)
    core.desk(
        OrderCancelRequest(cl_ord_id="C1", orig_cl_ord_id="", order_id="0000000001"), OPERATOR
    )
    assert [out.origin for out in core.told] == [DESK, OPERATOR, COPY]
    (copy,) = _heard(core, COPY)
    assert isinstance(copy, ExecutionReport)
    assert (copy.client_id, copy.cl_ord_id) == (DESK, "A1")
    assert copy.exec_type is ExecType.PENDING_CANCEL


def test_what_concerns_no_order_is_not_copied() -> None:
    core = _core()
    core.desk(
        Unworkable(ref_msg_type="B", ref_seq_num=2, reason="3", ref_id="", text="no", origin=DESK)
    )
    (told,) = core.told
    assert isinstance(told.message, BusinessMessageReject)


def test_a_drop_copy_sends_no_orders() -> None:
    """Refused as any desk's order is; no other drop copy hears of it."""
    core = _core(COPY, OTHER)
    core.desk(GOOD, COPY)
    (report,) = _heard(core, COPY)
    assert isinstance(report, ExecutionReport)
    assert (report.exec_type, report.ord_status) == (ExecType.REJECTED, OrdStatus.REJECTED)
    assert (report.ord_rej_reason, report.text) == (OrdRejReason.BROKER_CREDIT, REFUSAL)
    assert (core.asked, _heard(core, OTHER)) == ([], [])


def test_a_drop_copy_changes_no_orders() -> None:
    core = _core()
    core.desk(GOOD)
    _executes(core, ExecType.NEW)
    for request in (
        OrderCancelRequest(cl_ord_id="C1", orig_cl_ord_id="A1", order_id="0000000001"),
        OrderCancelReplaceRequest(
            cl_ord_id="R1",
            orig_cl_ord_id="A1",
            symbol=SYMBOL,
            side=Side.BUY,
            ord_type=OrdType.LIMIT,
            order_qty=Decimal("0.02"),
            price=Decimal(40000),
        ),
    ):
        core.desk(request, COPY)
        (refusal,) = _heard(core, COPY)
        assert isinstance(refusal, OrderCancelReject)
        assert (refusal.cxl_rej_reason, refusal.text) == (CxlRejReason.BROKER_CREDIT, REFUSAL)
        assert (refusal.order_id, core.asked) == ("NONE", [])
    assert core.order().requests == ()


def test_a_drop_copy_may_ask_for_the_state_of_any_order() -> None:
    """By OrderID; by ClOrdID it has none of its own."""
    core = _core()
    core.desk(GOOD)
    _executes(core, ExecType.NEW)
    core.desk(OrderStatusRequest(cl_ord_id="A1", order_id="0000000001"), COPY)
    (report,) = _heard(core, COPY)
    assert isinstance(report, ExecutionReport)
    assert (report.exec_trans_type, report.ord_status) == (ExecTransType.STATUS, OrdStatus.NEW)
    assert report.client_id == ""
    core.desk(OrderStatusRequest(cl_ord_id="A1"), COPY)
    (unknown,) = _heard(core, COPY)
    assert isinstance(unknown, ExecutionReport)
    assert unknown.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER


def test_without_drop_copies_a_decision_is_what_it_was() -> None:
    core = DeskOfOne()
    decision = core.desk(GOOD)
    assert copied((), decision) is decision
