"""Orders sized by cash: how much that buys is known when the venue has said so."""

from dataclasses import replace
from decimal import Decimal

from oms.core.fields import ExecType, OrdStatus, OrdType
from tests.core.desk_of_one import NATIVE, DeskOfOne
from tests.core.test_checks import GOOD
from tests.core.test_doubt import _fill


def test_an_order_sized_by_cash_learns_its_quantity_from_the_fill() -> None:
    """OrderQty is what was executed when the venue says that it is complete."""
    core = DeskOfOne(replace(NATIVE, market_buy_by_cash=True))
    core.desk(
        replace(
            GOOD,
            ord_type=OrdType.MARKET,
            price=None,
            order_qty=None,
            cash_order_qty=Decimal(100),
        )
    )
    core.venue(_fill(core, "F1", "0.001", "40000"))
    order = core.order()
    assert (order.ord_status, order.leaves_qty) == (OrdStatus.PARTIALLY_FILLED, Decimal(0))
    assert not order.filled
    assert not order.closed
    core.venue(replace(_fill(core, "F2", "0.0015", "40000"), exec_type=ExecType.FILL))
    order = core.order()
    assert (order.order_qty, order.cum_qty, order.leaves_qty) == (
        Decimal("0.0025"),
        Decimal("0.0025"),
        Decimal(0),
    )
    assert order.ord_status is OrdStatus.FILLED
    assert order.closed
