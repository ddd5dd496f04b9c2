"""What a status report proves where the session's numbers fence what was sent before it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.fields import ExecTransType, ExecType, OrdRejReason, OrdStatus
from oms.core.messages import ExecutionReport, OrderCancelRequest
from oms.core.notes import DoubtSettled, Quarantined, Request, RouteStatus
from oms.core.venue import Fence
from tests.core.desk_of_one import NATIVE, ROUTE, DeskOfOne
from tests.core.test_request_names import ORDER

FENCED = replace(NATIVE, fence=Fence.SEQUENCE)
CUT = RouteStatus(route=ROUTE, up=False, ready=False, text="cut", lost_answers=True)
BACK = RouteStatus(route=ROUTE, up=True, ready=False)


def _core(fence: Fence = Fence.SEQUENCE) -> DeskOfOne:
    core = DeskOfOne(replace(FENCED, fence=fence))
    core.desk(ORDER)
    return core


def _status(core: DeskOfOne, ord_status: OrdStatus, **more: object) -> ExecutionReport:
    report = ExecutionReport(
        exec_id="0",
        exec_type=ExecType(ord_status.value),
        exec_trans_type=ExecTransType.STATUS,
        ord_status=ord_status,
        cl_ord_id=core.order().name_at_venue,
        secondary_order_id="V37",
        cum_qty=Decimal(0),
        avg_px=Decimal(0),
    )
    return replace(report, **more)  # type: ignore[arg-type]  # fields by their names


def _unknown(core: DeskOfOne) -> ExecutionReport:
    report = _status(core, OrdStatus.REJECTED, ord_rej_reason=OrdRejReason.UNKNOWN_ORDER)
    return replace(report, secondary_order_id="")


def _acknowledge(core: DeskOfOne) -> None:
    core.venue(
        ExecutionReport(
            exec_id="N",
            exec_type=ExecType.NEW,
            cl_ord_id=core.order().venue_cl_ord_id,
            secondary_order_id="V37",
        )
    )


def _fill(core: DeskOfOne, qty: int, px: int, exec_id: str = "F") -> None:
    core.venue(
        ExecutionReport(
            exec_id=exec_id,
            exec_type=ExecType.PARTIAL_FILL,
            cl_ord_id=core.order().venue_cl_ord_id,
            last_shares=Decimal(qty),
            last_px=Decimal(px),
        )
    )


def _quarantined(core: DeskOfOne) -> list[str]:
    return [r.message.reason for r in core.records if isinstance(r.message, Quarantined)]


def test_an_order_that_is_unknown_there_never_arrived() -> None:
    """Refused with 103=2, as any order that did not leave; and only where numbers prove it."""
    core = _core()
    core.venue(CUT)
    core.venue(_unknown(core))
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert told.message.exec_type is ExecType.REJECTED
    assert told.message.ord_rej_reason is OrdRejReason.EXCHANGE_CLOSED
    assert "never arrived" in told.message.text
    assert core.order().closed


def test_absence_proves_nothing_without_the_fence() -> None:
    """There the order stays in doubt."""
    core = _core(Fence.NOTHING)
    core.venue(CUT)
    core.venue(_unknown(core))
    assert core.told == []
    assert core.order().in_doubt is not None


def test_an_order_that_was_taken_and_is_unknown_now_is_for_a_human() -> None:
    """Nothing is ended on that word; told again it is shown again and doubted once."""
    core = _core()
    _acknowledge(core)
    core.venue(_unknown(core))
    assert core.order().in_doubt is not None
    assert core.order().ord_status is OrdStatus.NEW
    core.venue(_unknown(core))
    assert core.told == []
    assert _quarantined(core) == ["order unknown there"] * 2


def test_an_order_that_is_over_may_be_unknown() -> None:
    """A venue need not remember what has ended."""
    core = _core()
    core.venue(_status(core, OrdStatus.CANCELED))
    core.venue(_unknown(core))
    assert _quarantined(core) == []


@pytest.mark.parametrize("ord_status", [OrdStatus.NEW, OrdStatus.PENDING_NEW])
def test_an_order_that_is_there_is_in_doubt_no_more(ord_status: OrdStatus) -> None:
    """Pending New proves as much as New, and the desk is told either way."""
    core = _core()
    core.venue(CUT)
    core.venue(_status(core, ord_status))
    assert core.order().in_doubt is None
    assert core.order().ord_status is ord_status
    assert len(core.told) == 1


def test_a_status_that_agrees_says_nothing() -> None:
    """No record, no report."""
    core = _core()
    _acknowledge(core)
    assert core.venue(_status(core, OrdStatus.NEW)) == ()


def test_a_cancel_under_way_is_doubted_until_the_venue_has_told_its_state() -> None:
    """It arrived before the question, or it is known not to have; the answer will still come."""
    core = _core()
    _acknowledge(core)
    core.desk(OrderCancelRequest(cl_ord_id="B1", orig_cl_ord_id="A1"))
    core.venue(CUT)
    assert core.order().in_doubt is not None
    core.venue(BACK)
    core.venue(_status(core, OrdStatus.NEW))
    assert isinstance(core.records[-1].message, DoubtSettled)
    assert core.order().in_doubt is None
    assert [request.released for request in core.order().requests] == [True]
    assert core.asked == [], "it is not sent again"


def test_executions_that_no_report_told_are_booked_and_shown() -> None:
    """Derived from the cumulative figures, loudly."""
    core = _core()
    _acknowledge(core)
    _fill(core, 2, 100)
    core.venue(_status(core, OrdStatus.PARTIALLY_FILLED, cum_qty=Decimal(5), avg_px=Decimal(106)))
    order = core.order()
    assert (order.cum_qty, order.avg_px) == (Decimal(5), Decimal(106))
    made = order.executions["V37:5"]
    assert (made.last_shares, made.last_px, made.derived) == (Decimal(3), Decimal(110), True)
    assert _quarantined(core) == ["executions do not add up"]
    assert order.in_doubt is None
    _fill(core, 3, 110, "LATE")
    assert core.order().cum_qty == 5, "the report that was lost explains the derived quantity"


@pytest.mark.parametrize("fence", [Fence.SEQUENCE, Fence.NOTHING])
def test_an_execution_that_is_missing_before_another_is_noticed(fence: Fence) -> None:
    """The venue counts more than its reports sum to: once in doubt, until its status tells."""
    core = _core(fence)
    _acknowledge(core)
    name = core.order().venue_cl_ord_id
    second = ExecutionReport(
        exec_id="F2",
        exec_type=ExecType.PARTIAL_FILL,
        cl_ord_id=name,
        last_shares=Decimal(2),
        last_px=Decimal(100),
        cum_qty=Decimal(5),
    )
    core.venue(second)
    doubted = core.order().in_doubt is not None
    assert doubted == (fence is Fence.SEQUENCE)
    core.venue(second)
    assert core.told == [], "told again it is no news"
    core.venue(replace(second, exec_id="F3", cum_qty=Decimal(7)))
    assert len(core.told) == 1, "doubted once"
    if doubted:
        figures = {"cum_qty": Decimal(7), "avg_px": Decimal(100)}
        core.venue(_status(core, OrdStatus.PARTIALLY_FILLED, **figures))
        assert core.order().in_doubt is None
        assert core.order().cum_qty == 7


@pytest.mark.parametrize(("cum_qty", "avg_px"), [("1", "100"), ("5", "0"), ("5", "1")])
def test_figures_that_make_no_price_are_for_a_human(cum_qty: str, avg_px: str) -> None:
    """Less than is booked, no AvgPx, or one that the executions contradict."""
    core = _core()
    _acknowledge(core)
    _fill(core, 2, 100)
    figures = {"cum_qty": Decimal(cum_qty), "avg_px": Decimal(avg_px)}
    for _ in range(2):
        core.venue(_status(core, OrdStatus.PARTIALLY_FILLED, **figures))
    order = core.order()
    assert order.cum_qty == 2
    assert order.in_doubt is not None
    assert order.in_doubt.request is Request.FILLS
    core.venue(_status(core, OrdStatus.PARTIALLY_FILLED, cum_qty=Decimal(2)))
    assert core.order().in_doubt is None, "the figures agree now"


@pytest.mark.parametrize(
    "ord_status",
    [OrdStatus.CANCELED, OrdStatus.EXPIRED, OrdStatus.REJECTED, OrdStatus.DONE_FOR_DAY],
)
def test_an_end_that_no_report_told_is_told_by_the_status(ord_status: OrdStatus) -> None:
    """Once; a life that has ended is not ended another way."""
    core = _core()
    _acknowledge(core)
    core.venue(_status(core, ord_status))
    assert core.order().ord_status is ord_status
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert told.message.exec_trans_type is ExecTransType.NEW
    core.venue(_status(core, ord_status))
    assert core.told == []


def test_a_status_without_a_state_or_figures_proves_that_the_order_exists() -> None:
    """Nothing else is made of it."""
    core = _core()
    core.venue(CUT)
    core.venue(replace(_status(core, OrdStatus.NEW), ord_status=None, cum_qty=None))
    assert core.order().ord_status is OrdStatus.NEW
    assert core.order().in_doubt is None
