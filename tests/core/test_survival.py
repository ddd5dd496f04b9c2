"""What nobody expects: a message that fits nothing is answered or kept, and the engine lives on."""

from oms.core.book import Book
from oms.core.fields import CxlRejReason, OrdStatus
from oms.core.messages import OrderCancelReject
from tests.core.desk_of_one import ROUTE, DeskOfOne
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
