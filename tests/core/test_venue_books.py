"""The edges see each order as its venue knows it, and the rest of the book as it is."""

from dataclasses import replace
from decimal import Decimal

from oms.core.book import OPERATOR
from oms.core.fields import ExecType
from oms.core.legs import VenueBooks, at_venue
from oms.core.notes import KillSwitch
from tests.core.desk_of_one import ROUTE, DeskOfOne
from tests.core.emulating_desk import AMEND, Desk
from tests.core.test_checks import GOOD
from tests.core.test_money import OFFERS, ask, move


def test_an_order_that_was_replaced_is_its_last_leg() -> None:
    """Found by its id, among those that work, and among those that closed."""
    desk = Desk()
    books = VenueBooks(desk.book)
    desk.desk(replace(GOOD, order_qty=Decimal("0.02"), price=Decimal(40000)))
    desk.tells(ExecType.NEW)
    desk.fills("0.005")
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.tells(ExecType.NEW)
    order = desk.order()
    seen = at_venue(order)
    assert (order.order_qty, seen.order_qty) == (Decimal("0.05"), Decimal("0.045"))
    assert books.order(order.order_id) == seen
    assert books.working(ROUTE) == [seen]
    assert books.closed(ROUTE) == []
    desk.fills("0.045", exec_type=ExecType.FILL)
    assert books.working(ROUTE) == []
    assert books.closed(ROUTE) == [at_venue(desk.order())]
    assert books.order("no such order") is None


def test_what_is_no_order_is_the_books() -> None:
    """Money under way, balances, and whether anything may leave."""
    core = DeskOfOne(OFFERS)
    books = VenueBooks(core.book)
    ask(core)
    assert books.open_moves(ROUTE) == [move(core)]
    assert books.agreement is core.book.agreement
    assert not books.killed(ROUTE)
    core.operator(KillSwitch(on=True, route=ROUTE, origin=OPERATOR, cl_ord_id="K1"))
    assert books.killed(ROUTE)
