"""Cancels that the engine asks for by itself."""

from dataclasses import replace
from decimal import Decimal

from oms.core.fields import CxlRejReason, ExecType, OrdStatus, OrdType, Side
from oms.core.messages import (
    ExecutionReport,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from oms.core.notes import Doubt, Request, RouteStatus
from oms.core.transitions import Life
from tests.core.desk_of_one import NATIVE, PLAIN, ROUTE, SYMBOL, DeskOfOne
from tests.core.test_checks import GOOD

AMEND = OrderCancelReplaceRequest(
    cl_ord_id="R1",
    orig_cl_ord_id="A1",
    symbol=SYMBOL,
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.02"),
    price=Decimal(40000),
)
CANCEL = OrderCancelRequest(cl_ord_id="C1", orig_cl_ord_id="A1")


def _working(core: DeskOfOne | None = None) -> DeskOfOne:
    core = core or DeskOfOne()
    core.desk(GOOD)
    _tells(core, ExecType.NEW)
    return core


def _tells(core: DeskOfOne, exec_type: ExecType) -> None:
    order = core.order()
    core.venue(
        ExecutionReport(
            exec_id=f"V{len(core.records)}", exec_type=exec_type, cl_ord_id=order.venue_cl_ord_id
        )
    )


def test_the_owner_sees_no_pending_cancel_and_then_the_reason() -> None:
    """An unsolicited cancel: no OrigClOrdID, ClOrdID as before, Text says why (FIX 4.2, D19)."""
    core = _working()
    assert core.house("kill switch")
    assert (core.told, core.order().ord_status) == ([], OrdStatus.NEW)
    (asked,) = core.asked
    assert isinstance(asked.message, OrderCancelRequest)
    _tells(core, ExecType.CANCELED)
    (told,) = core.told
    report = told.message
    assert isinstance(report, ExecutionReport)
    assert (report.exec_type, report.ord_status) == (ExecType.CANCELED, OrdStatus.CANCELED)
    assert (report.cl_ord_id, report.orig_cl_ord_id) == ("A1", "")
    assert (report.text, core.order().text) == ("kill switch", "kill switch")
    assert core.order().closed


def test_it_is_asked_for_once() -> None:
    """A cancel under way, whoever asked for it, is enough; an order at its end needs none."""
    core = _working()
    assert core.house("one")
    assert not core.house("two")
    assert len(core.order().requests) == 1
    _tells(core, ExecType.CANCELED)
    assert not core.house("three")


def test_a_desks_cancel_beside_it_is_answered_by_the_same_end() -> None:
    """Pending Cancel at once, nothing more to the venue, and the cancel names the desk's request."""
    core = _working()
    core.house("expired")
    core.desk(CANCEL)
    assert core.asked == []
    (pending,) = core.told
    assert isinstance(pending.message, ExecutionReport)
    assert pending.message.exec_type is ExecType.PENDING_CANCEL
    _tells(core, ExecType.CANCELED)
    (told,) = core.told
    report = told.message
    assert isinstance(report, ExecutionReport)
    assert (report.cl_ord_id, report.orig_cl_ord_id, report.text) == ("C1", "A1", "")
    assert core.order().requests == ()


def test_when_it_is_refused_the_desks_own_goes_out() -> None:
    """The venue's refusal of the engine's cancel is told to nobody; the desk's was not tried yet."""
    core = _working()
    core.house("expired")
    core.desk(CANCEL)
    first = core.order().requests[0]
    core.venue(
        OrderCancelReject(cl_ord_id=first.cl_ord_id, orig_cl_ord_id=core.order().venue_cl_ord_id)
    )
    assert core.told == []
    (asked,) = core.asked
    assert isinstance(asked.message, OrderCancelRequest)
    assert [r.cl_ord_id for r in core.order().requests] == ["C1"]


def test_a_replace_beside_it_is_refused() -> None:
    """What is being cancelled is not changed any more."""
    core = _working(DeskOfOne(replace(NATIVE, chains_requests=False)))
    core.house("expired")
    core.desk(AMEND)
    (told,) = core.told
    assert isinstance(told.message, OrderCancelReject)
    assert told.message.cxl_rej_reason is CxlRejReason.ORDER_ALREADY_IN_PENDING_STATUS


def test_an_order_in_doubt_is_cancelled_when_it_appears() -> None:
    """Held while nobody knows whether the venue has the order; the first news of it releases it."""
    core = DeskOfOne()
    core.desk(GOOD)
    core.venue(Doubt(cl_ord_id=core.order().venue_cl_ord_id, request=Request.NEW, text="lost"))
    core.house("kill switch")
    assert core.asked == []
    _tells(core, ExecType.NEW)
    (asked,) = core.asked
    assert isinstance(asked.message, OrderCancelRequest)


def test_on_a_route_that_is_down_it_waits() -> None:
    """The route's return releases it."""
    core = _working()
    core.venue(RouteStatus(route=ROUTE, up=False, ready=False, text="down"))
    core.house("kill switch")
    assert core.asked == []
    core.venue(RouteStatus(route=ROUTE, up=True, ready=True))
    (asked,) = core.asked
    assert isinstance(asked.message, OrderCancelRequest)


def test_a_fill_meanwhile_ends_it_without_a_word() -> None:
    """The desk hears of the fill alone: it asked for no cancel."""
    core = _working()
    core.house("kill switch")
    order = core.order()
    core.venue(
        ExecutionReport(
            exec_id="F1",
            exec_type=ExecType.FILL,
            cl_ord_id=order.venue_cl_ord_id,
            last_shares=order.order_qty,
            last_px=order.price,
        )
    )
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert core.order().life is Life.WORKING
    assert core.order().requests == ()


def test_a_route_that_is_gone_takes_nothing() -> None:
    """A restart may have taken the route out of the configuration."""
    core = _working(DeskOfOne(PLAIN))
    del core.book.routes[ROUTE]
    assert not core.house("kill switch")
