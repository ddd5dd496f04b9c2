"""What nobody expects: a message that fits nothing is answered or kept, and the engine lives on."""

from dataclasses import replace
from decimal import Decimal

from oms.core.book import Book
from oms.core.fields import CxlRejReason, ExecType, OrdStatus
from oms.core.messages import ExecutionReport, OrderCancelReject
from tests.core.desk_of_one import ROUTE, DeskOfOne
from tests.core.test_checks import GOOD
from tests.core.test_doubt import _fill
from tests.core.test_requests import CANCEL, _working


def _without_its_route(core: DeskOfOne) -> None:
    """As after a restart with a configuration that has the route no more."""
    book = Book({}, core.book.entitlements)
    book.restore(core.book.working(ROUTE))
    book.seq, book.last_order_number = core.book.seq, core.book.last_order_number
    core.book = book


def test_a_cancel_of_an_order_whose_route_is_gone_is_refused() -> None:
    """9 with the reason; the order stays what it was."""
    core = _working(DeskOfOne())
    _without_its_route(core)
    core.desk(CANCEL)
    (told,) = core.told
    assert isinstance(told.message, OrderCancelReject)
    assert told.message.cxl_rej_reason is CxlRejReason.BROKER_CREDIT
    assert told.message.ord_status is OrdStatus.NEW
    assert f"{ROUTE} is not configured" in told.message.text
    assert core.order().requests == ()


def test_the_venues_ids_and_ours_do_not_mix() -> None:
    """Both may be plain numbers: one order's id at the venue can be another's ClOrdID there."""
    core = DeskOfOne()
    core.desk(GOOD)
    core.desk(replace(GOOD, cl_ord_id="A2"))
    first, second = core.order(1), core.order(2)
    core.venue(
        ExecutionReport(
            exec_id="E1",
            exec_type=ExecType.NEW,
            cl_ord_id=second.venue_cl_ord_id,
            secondary_order_id=first.venue_cl_ord_id,
        )
    )
    core.venue(_fill(core, "F1", "0.001", "40000"))
    assert core.order(1).cum_qty == Decimal("0.001")
    assert core.order(2).cum_qty == 0
    assert core.book.at_venue(ROUTE, "", first.venue_cl_ord_id) == core.order(2)
    assert core.book.at_venue(ROUTE, first.venue_cl_ord_id) == core.order(1)
