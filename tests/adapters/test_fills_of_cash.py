"""Orders sized by cash: their quantity is what was bought, once all of that is named."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from adapters.port import VenueOrder, VenueState, VenueTrade
from adapters.reconcile import agrees, is_same, lacks_fills, reports, settles_fills
from oms.core.fields import ExecType, OrdStatus, OrdType, Side
from oms.core.messages import NewOrderSingle
from oms.core.ports import Evidence
from tests.core.desk_of_one import NATIVE, ROUTE, SYMBOL, DeskOfOne

NOW: Final = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
D = Decimal


def desk_with_order() -> DeskOfOne:
    """A desk whose one order may spend 100."""
    desk = DeskOfOne(replace(NATIVE, market_buy_by_cash=True))
    desk.desk(
        NewOrderSingle(
            cl_ord_id="d1",
            ex_destination=ROUTE,
            symbol=SYMBOL,
            side=Side.BUY,
            ord_type=OrdType.MARKET,
            cash_order_qty=D(100),
        )
    )
    return desk


def trade(number: int, qty: str) -> VenueTrade:
    return VenueTrade(
        trade_id=f"T{number}",
        secondary_order_id="V1",
        symbol=SYMBOL,
        last_shares=D(qty),
        last_px=D(50),
    )


def sight(desk: DeskOfOne, state: VenueState, *trades: VenueTrade, lacks: bool) -> VenueOrder:
    order = desk.order()
    bought = sum((one.last_shares for one in trades), D(0))
    return VenueOrder(
        venue_cl_ord_id=order.venue_cl_ord_id,
        secondary_order_id="V1",
        symbol=SYMBOL,
        side=Side.BUY,
        order_qty=bought if state is VenueState.FILLED else D(0),
        price=None,
        cum_qty=None if lacks else bought,
        avg_px=None,
        state=state,
        trades=trades,
        names_fills=True,
        lacks_fills=lacks,
    )


def tell(desk: DeskOfOne, seen: VenueOrder) -> list[ExecType]:
    told = reports(desk.order(), seen, NOW)
    for report in told:
        desk.venue(report, Evidence.VENUE_QUERY)
    assert reports(desk.order(), seen, NOW) == ()
    return [report.exec_type for report in told]


def test_the_last_fill_says_that_it_is_the_last() -> None:
    desk = desk_with_order()
    seen = sight(desk, VenueState.FILLED, trade(1, "1"), trade(2, "0.9"), lacks=False)
    assert is_same(desk.order(), sight(desk, VenueState.WORKING, lacks=True))
    assert tell(desk, seen) == [ExecType.NEW, ExecType.PARTIAL_FILL, ExecType.FILL]
    order = desk.order()
    assert (order.order_qty, order.cum_qty) == (D("1.9"), D("1.9"))
    assert order.ord_status is OrdStatus.FILLED
    assert agrees(order, seen)


def test_an_end_is_held_while_fills_are_missing() -> None:
    desk = desk_with_order()
    for state in (VenueState.FILLED, VenueState.CANCELED):
        seen = sight(desk, state, lacks=True)
        tell(desk, seen)
        assert desk.order().ord_status is OrdStatus.NEW
        assert lacks_fills(desk.order(), seen)
        assert not agrees(desk.order(), seen)
        assert not settles_fills(desk.order(), seen)


def test_what_was_not_spent_is_canceled() -> None:
    desk = desk_with_order()
    seen = sight(desk, VenueState.CANCELED, trade(1, "1"), lacks=False)
    assert tell(desk, seen) == [ExecType.NEW, ExecType.PARTIAL_FILL, ExecType.CANCELED]
    order = desk.order()
    assert (order.ord_status, order.cum_qty) == (OrdStatus.CANCELED, D(1))
    assert order.closed


def test_nothing_bought_at_all() -> None:
    desk = desk_with_order()
    assert tell(desk, sight(desk, VenueState.CANCELED, lacks=False)) == [
        ExecType.NEW,
        ExecType.CANCELED,
    ]
