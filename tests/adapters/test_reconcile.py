"""From sights to reports: what was not told yet, once, and nothing that contradicts the order."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.port import VenueOrder, VenueState
from adapters.reconcile import (
    agrees,
    executed,
    is_same,
    lacks_fills,
    reports,
    settles_fills,
)
from oms.core.errors import MalformedMessage
from oms.core.fields import ExecType, OrdStatus, OrdType, Side
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.notes import Doubt, Request
from oms.core.order import Order
from oms.core.ports import Evidence
from tests.core.desk_of_one import ROUTE, SYMBOL, DeskOfOne

NOW: Final = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
D = Decimal


def desk_with_order(side: Side = Side.BUY, qty: str = "1", price: str | None = "100") -> DeskOfOne:
    """A desk whose one order is on its way to the venue."""
    desk = DeskOfOne()
    desk.desk(
        NewOrderSingle(
            cl_ord_id="d1",
            ex_destination=ROUTE,
            symbol=SYMBOL,
            side=side,
            ord_type=OrdType.MARKET if price is None else OrdType.LIMIT,
            order_qty=D(qty),
            price=None if price is None else D(price),
        )
    )
    return desk


def sight(
    order: Order, state: VenueState, cum: str = "0", avg: str = "0", **more: Any
) -> VenueOrder:
    """The order as a venue may show it."""
    seen = VenueOrder(
        venue_cl_ord_id=order.venue_cl_ord_id,
        secondary_order_id="V1",
        symbol=order.symbol,
        side=order.side,
        order_qty=order.order_qty,
        price=order.price,
        cum_qty=D(cum),
        avg_px=D(avg),
        state=state,
    )
    return replace(seen, **more)


def tell(desk: DeskOfOne, seen: VenueOrder) -> list[ExecType]:
    """Apply what the sight says; afterwards it must say nothing."""
    told = reports(desk.order(), seen, NOW)
    for report in told:
        desk.venue(report, Evidence.VENUE_QUERY)
    assert reports(desk.order(), seen, NOW) == ()
    return [report.exec_type for report in told]


def test_a_working_order_is_acknowledged_with_the_venues_id() -> None:
    desk = desk_with_order()
    assert tell(desk, sight(desk.order(), VenueState.WORKING)) == [ExecType.NEW]
    assert desk.order().secondary_order_id == "V1"
    assert desk.order().ord_status is OrdStatus.NEW


def test_a_fill_seen_first_follows_its_acknowledgement() -> None:
    desk = desk_with_order()
    seen = sight(desk.order(), VenueState.FILLED, "1", "99.5")
    first, fill = reports(desk.order(), seen, NOW)
    assert (first.exec_type, first.exec_id) == (ExecType.NEW, "V1:NEW")
    assert (fill.exec_type, fill.exec_id) == (ExecType.FILL, "V1:1")
    assert (fill.last_shares, fill.last_px, fill.cum_qty) == (D(1), D("99.5"), D(1))
    assert fill.derived
    assert tell(desk, seen) == [ExecType.NEW, ExecType.FILL]
    assert desk.order().closed


def test_the_missing_fill_comes_before_the_cancel() -> None:
    desk = desk_with_order()
    tell(desk, sight(desk.order(), VenueState.WORKING))
    seen = sight(desk.order(), VenueState.CANCELED, "0.4", "100")
    assert tell(desk, seen) == [ExecType.PARTIAL_FILL, ExecType.CANCELED]
    assert (desk.order().cum_qty, desk.order().leaves_qty) == (D("0.4"), D(0))


def test_cancelled_with_nothing_left_is_filled() -> None:
    desk = desk_with_order()
    seen = sight(desk.order(), VenueState.CANCELED, "1", "100")
    assert tell(desk, seen) == [ExecType.NEW, ExecType.FILL]


def test_filled_with_fills_missing_is_not_the_end() -> None:
    desk = desk_with_order()
    seen = sight(desk.order(), VenueState.FILLED, "0.4", "100")
    assert lacks_fills(desk.order(), seen)
    assert tell(desk, seen) == [ExecType.NEW, ExecType.PARTIAL_FILL]
    assert not desk.order().closed
    assert not settles_fills(desk.order(), seen)


def test_a_rejection_needs_no_acknowledgement() -> None:
    desk = desk_with_order()
    assert tell(desk, sight(desk.order(), VenueState.REJECTED)) == [ExecType.REJECTED]
    assert desk.order().ord_status is OrdStatus.REJECTED


def test_a_pending_order_is_no_news_unless_it_was_in_doubt() -> None:
    desk = desk_with_order()
    seen = sight(desk.order(), VenueState.PENDING)
    assert tell(desk, seen) == []
    note = Doubt(cl_ord_id=desk.order().venue_cl_ord_id, request=Request.NEW, text="lost")
    desk.venue(note, Evidence.POLICY)
    assert tell(desk, seen) == [ExecType.PENDING_NEW]
    assert desk.order().in_doubt is None
    assert desk.order().ord_status is OrdStatus.PENDING_NEW


def test_a_doubt_about_another_request_is_not_answered_by_a_pending_order() -> None:
    desk = desk_with_order()
    note = Doubt(cl_ord_id=desk.order().venue_cl_ord_id, request=Request.FILLS, text="missing")
    desk.venue(note, Evidence.POLICY)
    assert tell(desk, sight(desk.order(), VenueState.PENDING)) == []


def test_a_cancel_ends_with_the_order() -> None:
    desk = desk_with_order()
    tell(desk, sight(desk.order(), VenueState.WORKING))
    desk.desk(OrderCancelRequest(cl_ord_id="c1", orig_cl_ord_id="d1"))
    assert desk.order().ord_status is OrdStatus.PENDING_CANCEL
    assert tell(desk, sight(desk.order(), VenueState.CANCELED)) == [ExecType.CANCELED]
    assert desk.order().closed


def test_the_venues_price_of_just_this_fill_is_taken() -> None:
    desk = desk_with_order()
    tell(desk, sight(desk.order(), VenueState.WORKING, "0.5", "100"))
    last = {"last_shares": D("0.25"), "last_px": D("99")}
    (report,) = reports(
        desk.order(), sight(desk.order(), VenueState.WORKING, "0.75", "99.7", **last), NOW
    )
    assert (report.last_shares, report.last_px) == (D("0.25"), D("99"))


def test_the_venues_price_of_another_fill_is_not_taken() -> None:
    desk = desk_with_order()
    last = {"last_shares": D("0.25"), "last_px": D("99")}
    _, report = reports(
        desk.order(), sight(desk.order(), VenueState.WORKING, "0.75", "99.7", **last), NOW
    )
    assert report.last_px == D("99.7")


@pytest.mark.parametrize(
    ("side", "avg", "last_px"),
    [
        (Side.BUY, "99.00", "98.00"),
        (Side.BUY, "100.01", "100"),  # no buy is above its limit
        (Side.SELL, "99.00", "100"),  # no sale is below it
        (Side.SELL, "101.005", "102.010"),
    ],
)
def test_the_price_of_a_later_fill_is_what_the_average_leaves(
    side: Side, avg: str, last_px: str
) -> None:
    desk = desk_with_order(side)
    tell(desk, sight(desk.order(), VenueState.WORKING, "0.5", "100"))
    (report,) = reports(desk.order(), sight(desk.order(), VenueState.WORKING, "1", avg), NOW)
    assert str(report.last_px) == last_px


def test_a_market_order_has_no_limit_to_keep() -> None:
    desk = desk_with_order(price=None)
    tell(desk, sight(desk.order(), VenueState.WORKING, "0.5", "100.00"))
    (report,) = reports(desk.order(), sight(desk.order(), VenueState.FILLED, "1", "100.01"), NOW)
    assert str(report.last_px) == "100.02"


def test_where_rounding_drowns_the_price_the_average_stands_in() -> None:
    """10 at 0.01 and then a thousandth: the average, rounded to 0.00, would make it negative."""
    desk = desk_with_order(qty="10.001", price="0.01")
    tell(desk, sight(desk.order(), VenueState.WORKING, "10", "0.01"))
    seen = sight(desk.order(), VenueState.WORKING, "10.001", "0.0099")
    (report,) = reports(desk.order(), seen, NOW)
    assert report.last_px == D("0.0099")


def test_a_price_has_no_endless_decimals() -> None:
    desk = desk_with_order(qty="3")
    tell(desk, sight(desk.order(), VenueState.WORKING, "1", "100"))
    tail = "99.33333333333333333333"
    (report,) = reports(desk.order(), sight(desk.order(), VenueState.WORKING, "2", tail), NOW)
    assert str(report.last_px) == "98.666666666667"


def test_the_venues_time_dates_the_report() -> None:
    """Ours does instead, but for the acknowledgement: an order keeps the time of that as the venue's."""
    desk = desk_with_order()
    then = datetime(2026, 1, 5, 9, 29, tzinfo=UTC)
    (dated,) = reports(
        desk.order(), sight(desk.order(), VenueState.WORKING, transact_time=then), NOW
    )
    (undated,) = reports(desk.order(), sight(desk.order(), VenueState.WORKING), NOW)
    assert (dated.transact_time, undated.transact_time) == (then, None)
    desk.venue(dated)
    (ended,) = reports(desk.order(), sight(desk.order(), VenueState.CANCELED), NOW)
    assert ended.transact_time == NOW


def test_an_order_without_an_id_of_the_venues_own_is_named_by_ours() -> None:
    desk = desk_with_order()
    seen = sight(desk.order(), VenueState.WORKING, secondary_order_id="")
    (report,) = reports(desk.order(), seen, NOW)
    assert report.exec_id == f"{desk.order().venue_cl_ord_id}:NEW"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"side": Side.SELL}, "side"),
        ({"symbol": "ETH/USDT"}, "symbol"),
        ({"order_qty": D(2)}, "quantity"),
        ({"price": D(101)}, "price"),
        ({"price": None}, "price"),
        ({"security_exchange": "BINANCE"}, "exchange"),
        ({"venue_cl_ord_id": "2"}, "client id"),
        ({"secondary_order_id": "V2"}, "order id"),
        ({"cum_qty": D("0.1")}, "0.1 executed, 0.2 is booked"),
        ({"cum_qty": D("0.3"), "avg_px": D(0)}, "without a price"),
    ],
)
def test_a_sight_that_contradicts_the_order_is_not_applied(
    changed: dict[str, Any], named: str
) -> None:
    desk = desk_with_order()
    tell(desk, sight(desk.order(), VenueState.WORKING, "0.2", "100"))
    seen = sight(desk.order(), VenueState.CANCELED, "0.2", "100", **changed)
    with pytest.raises(MalformedMessage, match=named):
        reports(desk.order(), seen, NOW)


def test_an_overfill_is_told_as_it_is() -> None:
    desk = desk_with_order()
    tell(desk, sight(desk.order(), VenueState.FILLED, "1.5", "100"))
    assert desk.order().cum_qty == D("1.5")


def test_an_order_is_the_same_by_its_attributes_not_by_its_name() -> None:
    desk = desk_with_order()
    assert is_same(desk.order(), sight(desk.order(), VenueState.CANCELED, "0.1", "3"))
    assert not is_same(desk.order(), sight(desk.order(), VenueState.WORKING, price=D(99)))


@pytest.mark.parametrize(
    ("state", "cum", "settled"),
    [
        (VenueState.WORKING, "0.2", False),
        (VenueState.CANCELED, "0.2", True),
        (VenueState.CANCELED, "0.3", False),
    ],
)
def test_sums_that_agree_settle_fills_only_when_nothing_can_be_added(
    state: VenueState, cum: str, settled: bool
) -> None:
    desk = desk_with_order()
    tell(desk, sight(desk.order(), VenueState.WORKING, "0.2", "100"))
    assert settles_fills(desk.order(), sight(desk.order(), state, cum, "100")) is settled


@pytest.mark.parametrize(
    ("state", "cum", "agreed"),
    [
        (VenueState.WORKING, "0.2", True),
        (VenueState.WORKING, "0.3", False),
        (VenueState.CANCELED, "0.2", False),
        (VenueState.FILLED, "0.2", False),
        (VenueState.REJECTED, "0.2", False),
    ],
)
def test_book_and_venue_agree_in_quantity_and_in_the_end(
    state: VenueState, cum: str, agreed: bool
) -> None:
    desk = desk_with_order()
    tell(desk, sight(desk.order(), VenueState.WORKING, "0.2", "100"))
    assert agrees(desk.order(), sight(desk.order(), state, cum, "100")) is agreed
    tell(desk, sight(desk.order(), VenueState.CANCELED, "0.2", "100"))
    over = state is not VenueState.WORKING
    assert agrees(desk.order(), sight(desk.order(), state, cum, "100")) is over


def test_an_order_that_is_filled_agrees_with_filled_alone() -> None:
    desk = desk_with_order()
    tell(desk, sight(desk.order(), VenueState.FILLED, "1", "100"))
    assert agrees(desk.order(), sight(desk.order(), VenueState.FILLED, "1", "100"))
    assert not agrees(desk.order(), sight(desk.order(), VenueState.WORKING, "1", "100"))


# For any lag and order of sights


@dataclass(frozen=True)
class Past:
    """What truly happened at a venue: fills in steps of 0.1, and how it ended."""

    side: Side
    fills: tuple[tuple[int, int], ...]
    end: VenueState
    decimals: int
    rounding: str

    def sights(self, order: Order) -> list[VenueOrder]:
        """The order after each fill, and at its end."""
        found = [sight(order, VenueState.PENDING), sight(order, VenueState.WORKING)]
        cum, paid = D(0), D(0)
        for tenths, off in self.fills:
            qty = D(tenths) / 10
            px = D(100) - D(off) / 100 if self.side is Side.BUY else D(100) + D(off) / 100
            cum, paid = cum + qty, paid + qty * px
            avg = (paid / cum).quantize(D(1).scaleb(-self.decimals), self.rounding)
            state = VenueState.FILLED if cum == order.order_qty else VenueState.WORKING
            found.append(sight(order, state, str(cum), str(avg)))
        last = found[-1]
        if executed(last, D(0)) < order.order_qty:
            found.append(replace(last, state=self.end))
        return found


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """Fills of up to ten tenths, at prices no worse than the limit."""
    left, fills = 10, []
    for _ in range(draw(st.integers(0, 5))):
        tenths = draw(st.integers(1, left))
        fills.append((tenths, draw(st.integers(0, 30))))
        left -= tenths
        if not left:
            break
    ends = [VenueState.CANCELED] if fills else [VenueState.CANCELED, VenueState.REJECTED]
    return Past(
        draw(st.sampled_from([Side.BUY, Side.SELL])),
        tuple(fills),
        draw(st.sampled_from(ends)),
        draw(st.integers(2, 8)),
        draw(st.sampled_from([ROUND_HALF_EVEN, ROUND_DOWN])),
    )


@given(pasts(), st.data())
def test_whatever_is_seen_when_the_book_ends_as_the_venue_did(
    past: Past, data: st.DataObject
) -> None:
    """Sights late, repeated, out of order or left out: every one is a fixed point, none that is
    older than the book is applied, and after the last one the sums are the venue's."""
    desk = desk_with_order(past.side)
    truth = past.sights(desk.order())
    for seen in [*data.draw(st.lists(st.sampled_from(truth), max_size=8)), truth[-1]]:
        if executed(seen, D(0)) < desk.order().cum_qty:
            with pytest.raises(MalformedMessage):
                reports(desk.order(), seen, NOW)
        else:
            tell(desk, seen)
    order, last = desk.order(), truth[-1]
    assert order.cum_qty == last.cum_qty
    assert order.cum_qty == sum((e.last_shares for e in order.executions.values()), D(0))
    assert order.ended or order.filled
    step = D(1).scaleb(-past.decimals)
    assert last.avg_px is not None
    assert abs(order.avg_px - last.avg_px) <= step * (1 + len(past.fills))
    for execution in order.executions.values():
        assert execution.last_px <= 100 if past.side is Side.BUY else execution.last_px >= 100
