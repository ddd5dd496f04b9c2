"""Cancel, proof, a new order for the rest: a replace at a venue that has none."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.fields import (
    CxlRejReason,
    ExecTransType,
    ExecType,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.legs import at_venue
from oms.core.messages import (
    OrderCancelReject,
    OrderCancelRequest,
)
from oms.core.notes import Doubt, DoubtSettled, NotSent, Request, RouteStatus
from oms.core.numbers import ZERO
from oms.core.transitions import Life
from oms.core.venue import ClientId
from tests.core.desk_of_one import ROUTE, START
from tests.core.emulating_desk import AMEND, CANCEL, EMULATING, Desk
from tests.core.test_checks import GOOD


@pytest.fixture
def desk() -> Desk:
    """A desk with a working order of 0.02 at 40000."""
    desk = Desk()
    desk.desk(replace(GOOD, order_qty=Decimal("0.02"), price=Decimal(40000)))
    desk.tells(ExecType.NEW)
    return desk


# Replace


def test_a_replace_is_a_cancel_its_proof_and_a_new_order_for_the_rest(desk: Desk) -> None:
    """Pending Replace meanwhile, fills in between counted, one OrderID and one chain."""
    desk.fills("0.005")
    first = desk.order().venue_cl_ord_id
    desk.desk(AMEND)
    assert desk.heard() == [("PENDING_REPLACE", "PENDING_REPLACE", "R1", "A1")]
    (asked,) = desk.asked
    assert isinstance(asked.message, OrderCancelRequest)
    desk.fills("0.005")
    assert desk.heard() == [("PARTIAL_FILL", "PENDING_REPLACE", "A1", "")]
    desk.tells(ExecType.CANCELED)
    assert desk.heard() == []
    new = desk.new()
    assert (new.order_qty, new.price) == (Decimal("0.04"), Decimal(41000))
    assert new.cl_ord_id not in ("", first)
    assert new.time_in_force is TimeInForce.GOOD_TILL_CANCEL
    assert desk.order().ord_status is OrdStatus.PENDING_REPLACE
    desk.tells(ExecType.NEW)
    assert desk.heard() == [("REPLACED", "PARTIALLY_FILLED", "R1", "A1")]
    order = desk.order()
    assert (order.order_qty, order.cum_qty, order.leaves_qty, order.price) == (
        Decimal("0.05"),
        Decimal("0.010"),
        Decimal("0.040"),
        Decimal(41000),
    )
    desk.fills("0.04", exec_type=ExecType.FILL)
    assert desk.heard() == [("FILL", "FILLED", "R1", "")]
    assert desk.order().closed


def test_every_report_of_it_says_that_it_is_emulated(desk: Desk) -> None:
    """Text (58) of Pending Replace and of Replaced."""
    desk.desk(AMEND)
    texts = [told.message.text for told in desk.told]
    desk.tells(ExecType.CANCELED)
    desk.tells(ExecType.NEW)
    texts += [told.message.text for told in desk.told]
    assert [text.partition(":")[0] for text in texts] == ["EMULATED REPLACE"] * 2


def test_to_the_venue_the_order_is_its_last_leg(desk: Desk) -> None:
    """What adapters compare with the venue's figures."""
    assert at_venue(desk.order()) is desk.order()
    desk.fills("0.005")
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    leg = at_venue(desk.order())
    assert (leg.order_qty, leg.cum_qty, leg.life) == (Decimal("0.045"), ZERO, Life.PENDING_NEW)
    assert (leg.secondary_order_id, leg.acknowledged) == ("", False)
    desk.fills("0.045", exec_type=ExecType.FILL)
    leg = at_venue(desk.order())
    assert (leg.cum_qty, leg.filled, leg.notional) == (Decimal("0.045"), True, Decimal(1800))
    assert leg.secondary_order_id == f"T{leg.venue_cl_ord_id}"
    assert desk.order().cum_qty == Decimal("0.05")


def test_a_fill_that_overtakes_the_new_orders_acknowledgement_replaces_first(desk: Desk) -> None:
    """Replaced, then the fill, with the new quantity."""
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.fills("0.03")
    assert desk.heard() == [
        ("REPLACED", "REPLACED", "R1", "A1"),
        ("PARTIAL_FILL", "PARTIALLY_FILLED", "R1", ""),
    ]
    desk.tells(ExecType.NEW)
    assert desk.heard() == []


def test_a_status_of_the_new_order_is_its_acknowledgement(desk: Desk) -> None:
    """A lost acknowledgement, found by asking."""
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.tells(ExecType.NEW, exec_trans_type=ExecTransType.STATUS)
    assert desk.heard() == [("REPLACED", "REPLACED", "R1", "A1")]


def test_a_replace_to_what_was_executed_ends_filled(desk: Desk) -> None:
    """D11, D12: nothing is ordered anew; OrderQty is what was executed."""
    desk.fills("0.015")
    desk.desk(replace(AMEND, order_qty=Decimal("0.01")))
    desk.tells(ExecType.CANCELED)
    assert desk.asked == []
    assert desk.heard() == [("REPLACED", "FILLED", "R1", "A1")]
    assert desk.order().order_qty == Decimal("0.015")
    assert desk.order().closed


def test_filled_before_the_cancel_a_higher_quantity_is_ordered_for_the_rest(desk: Desk) -> None:
    """D8: the fill is the proof that nothing works there any more."""
    desk.desk(AMEND)
    desk.fills("0.02", exec_type=ExecType.FILL)
    assert desk.heard()[0] == ("FILL", "PENDING_REPLACE", "A1", "")
    assert desk.new().order_qty == Decimal("0.03")
    desk.tells(ExecType.NEW)
    assert desk.heard() == [("REPLACED", "PARTIALLY_FILLED", "R1", "A1")]


def test_filled_before_the_cancel_a_new_price_is_too_late(desk: Desk) -> None:
    """D9: the refusal says Filled."""
    desk.desk(replace(AMEND, order_qty=Decimal("0.02")))
    desk.fills("0.02", exec_type=ExecType.FILL)
    assert desk.heard() == [
        ("FILL", "PENDING_REPLACE", "A1", ""),
        ("CANCEL_REJECT", "FILLED", "R1", "A1"),
    ]
    assert desk.asked == []
    assert desk.order().closed


def test_filled_before_the_cancel_a_lower_quantity_is_what_was_executed(desk: Desk) -> None:
    """D12."""
    desk.desk(replace(AMEND, order_qty=Decimal("0.01")))
    desk.fills("0.02", exec_type=ExecType.FILL)
    assert desk.heard()[-1] == ("REPLACED", "FILLED", "R1", "A1")
    assert desk.order().order_qty == Decimal("0.02")


def test_a_filled_order_is_raised_at_once(desk: Desk) -> None:
    """D8, asked for after the fill: no cancel is needed."""
    desk.fills("0.02", exec_type=ExecType.FILL)
    desk.desk(AMEND)
    assert desk.heard() == [("PENDING_REPLACE", "PENDING_REPLACE", "R1", "A1")]
    assert desk.new().order_qty == Decimal("0.03")


def test_when_the_venue_refuses_the_cancel_the_replace_is_refused(desk: Desk) -> None:
    """The order works on as it was; the reason is the venue's."""
    desk.desk(AMEND)
    request = desk.order().requests[-1]
    desk.venue(
        OrderCancelReject(
            cl_ord_id=request.cl_ord_id,
            orig_cl_ord_id=desk.order().venue_cl_ord_id,
            cxl_rej_reason=CxlRejReason.TOO_LATE_TO_CANCEL,
            text="matching",
        )
    )
    assert desk.heard() == [("CANCEL_REJECT", "NEW", "R1", "A1")]
    (told,) = desk.told
    assert isinstance(told.message, OrderCancelReject)
    assert told.message.cxl_rej_reason is CxlRejReason.TOO_LATE_TO_CANCEL
    assert "matching" in told.message.text
    assert desk.order().requests == ()


@pytest.mark.parametrize("how", ["refused", "not sent"])
def test_when_the_new_order_is_refused_the_old_one_is_canceled(desk: Desk, how: str) -> None:
    """Canceled, because it is; and the replace refused, with the venue's words."""
    desk.fills("0.005")
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    if how == "refused":
        desk.tells(ExecType.REJECTED, text="no funds")
    else:
        name = desk.order().venue_cl_ord_id
        desk.venue(NotSent(cl_ord_id=name, request=Request.NEW, text="no funds"))
    assert desk.heard() == [
        ("CANCELED", "CANCELED", "A1", ""),
        ("CANCEL_REJECT", "CANCELED", "R1", "A1"),
    ]
    assert all("no funds" in told.message.text for told in desk.told)
    order = desk.order()
    assert (order.cum_qty, order.leaves_qty, order.closed) == (Decimal("0.005"), ZERO, True)
    desk.tells(ExecType.REJECTED)
    assert desk.heard() == []


def test_refused_after_a_fill_of_everything_it_stays_filled(desk: Desk) -> None:
    """Nothing was taken away: the order is what it was before."""
    desk.desk(AMEND)
    desk.fills("0.02", exec_type=ExecType.FILL)
    desk.tells(ExecType.REJECTED, text="no funds")
    assert desk.heard() == [("CANCEL_REJECT", "FILLED", "R1", "A1")]
    assert desk.order().closed


def test_a_route_that_fell_meanwhile_leaves_the_order_canceled(desk: Desk) -> None:
    """No new order is queued for a route that is down."""
    desk.desk(AMEND)
    desk.venue(RouteStatus(route=ROUTE, up=False, ready=False, text="gone"))
    desk.tells(ExecType.CANCELED)
    assert [short[0] for short in desk.heard()] == ["CANCELED", "CANCEL_REJECT"]
    assert desk.asked == []


def test_a_stopping_engine_enters_no_new_order(desk: Desk) -> None:
    """The cancel is proven, the second half is not begun."""
    desk.desk(AMEND)
    desk.book.stopping = True
    desk.tells(ExecType.CANCELED)
    assert [short[0] for short in desk.heard()] == ["CANCELED", "CANCEL_REJECT"]


def test_a_rest_that_the_market_does_not_take_leaves_the_order_canceled(desk: Desk) -> None:
    """Below the least quantity: known only when the cancel is proven."""
    desk.desk(replace(AMEND, order_qty=Decimal("0.0152")))
    desk.fills("0.015")
    desk.tells(ExecType.CANCELED)
    assert [short[0] for short in desk.heard()] == ["CANCELED", "CANCEL_REJECT"]
    assert "minimum" in desk.told[0].message.text


def test_a_market_that_is_gone_meanwhile_takes_no_new_order(desk: Desk) -> None:
    """A refreshed list of markets may lack it."""
    desk.desk(AMEND)
    desk.book.routes[ROUTE].learn(())
    desk.tells(ExecType.CANCELED)
    assert "unknown symbol" in desk.told[0].message.text


def test_a_cancel_beside_a_replace_wins(desk: Desk) -> None:
    """Safety outranks: no second half once somebody wants the order gone."""
    desk.desk(AMEND)
    desk.desk(CANCEL)
    assert desk.heard() == [("PENDING_CANCEL", "PENDING_CANCEL", "C1", "A1")]
    assert desk.asked == []
    desk.tells(ExecType.CANCELED)
    assert desk.heard() == [
        ("CANCELED", "CANCELED", "C1", "A1"),
        ("CANCEL_REJECT", "CANCELED", "R1", "C1"),
    ]
    assert desk.asked == []


def test_the_engines_own_cancel_beside_a_replace_wins_too(desk: Desk) -> None:
    """The kill switch is not answered by a new order."""
    desk.desk(AMEND)
    assert desk.house("kill switch")
    desk.tells(ExecType.CANCELED)
    assert [short[0] for short in desk.heard()] == ["CANCELED", "CANCEL_REJECT"]
    assert desk.asked == []


def test_a_cancel_of_the_new_order_waits_for_its_acknowledgement(desk: Desk) -> None:
    """Then it goes out, and names the new order."""
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.desk(CANCEL)
    assert desk.asked == []
    desk.tells(ExecType.NEW)
    (asked,) = desk.asked
    assert isinstance(asked.message, OrderCancelRequest)
    assert asked.message.orig_cl_ord_id == desk.order().venue_cl_ord_id
    desk.tells(ExecType.CANCELED)
    assert desk.heard() == [("CANCELED", "CANCELED", "C1", "R1")]


def test_exec_inst_is_the_new_orders_own(desk: Desk) -> None:
    """Said again or gone, as in any replace."""
    desk.desk(replace(AMEND, exec_inst="6"))
    desk.tells(ExecType.CANCELED)
    assert desk.new().exec_inst == "6"
    desk.tells(ExecType.NEW)
    assert desk.order().exec_inst == "6"


def test_two_replaces_in_turn(desk: Desk) -> None:
    """The third order at the venue; each is found by its name."""
    for number in (1, 2):
        amend = replace(AMEND, cl_ord_id=f"R{number}", order_qty=Decimal("0.05") + number)
        desk.desk(amend)
        desk.tells(ExecType.CANCELED)
        desk.tells(ExecType.NEW)
    assert desk.heard() == [("REPLACED", "REPLACED", "R2", "R1")]
    assert len(desk.order().legs) == 3
    assert len({leg.venue_cl_ord_id for leg in desk.order().legs}) == 3


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"side": Side.SELL}, "Side"),
        ({"ord_type": OrdType.MARKET, "price": None}, "OrdType"),
        ({"time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL}, "TimeInForce"),
        ({"order_qty": None, "cash_order_qty": Decimal(5)}, "CashOrderQty"),
        ({"order_qty": Decimal("0.00001")}, "step"),
        ({"price": Decimal("40000.001")}, "tick"),
        ({"order_qty": Decimal(-1)}, "above 0"),
        ({"expire_time": START}, "passed"),
    ],
)
def test_what_can_not_be_replaced_is_refused_before_anything_is_sent(
    desk: Desk, change: dict[str, object], text: str
) -> None:
    """The refusal names what is wrong; the order is untouched."""
    desk.desk(replace(AMEND, **change))  # type: ignore[arg-type]  # fields of several types
    (told,) = desk.told
    assert isinstance(told.message, OrderCancelReject)
    assert text in told.message.text
    assert desk.asked == []
    assert desk.order().requests == ()


def test_no_replace_of_an_order_in_doubt_or_at_a_route_that_is_down(desk: Desk) -> None:
    """Both halves need a venue that answers."""
    name = desk.order().venue_cl_ord_id
    desk.venue(Doubt(cl_ord_id=name, request=Request.FILLS, text="a fill may be missing"))
    desk.desk(AMEND)
    assert "in doubt" in desk.told[0].message.text
    desk.venue(DoubtSettled(cl_ord_id=name, text="all there"))
    desk.venue(RouteStatus(route=ROUTE, up=True, ready=False, text="not reconciled"))
    desk.desk(replace(AMEND, cl_ord_id="R2"))
    assert "ROUTE DOWN" in desk.told[0].message.text


def test_no_replace_of_a_filled_order_to_less_than_was_executed(desk: Desk) -> None:
    """D9."""
    desk.fills("0.02", exec_type=ExecType.FILL)
    desk.desk(replace(AMEND, order_qty=Decimal("0.02")))
    assert "filled" in desk.told[0].message.text


def test_no_replace_of_a_market_order(desk: Desk) -> None:
    """Where the venue has them: it is filled or over."""
    route = desk.book.routes[ROUTE]
    route.capabilities = replace(EMULATING, ord_types=frozenset(OrdType))
    desk.desk(replace(GOOD, cl_ord_id="A2", ord_type=OrdType.MARKET, price=None))
    desk.desk(replace(AMEND, orig_cl_ord_id="A2", ord_type=OrdType.MARKET, price=None))
    assert "market order" in desk.told[0].message.text


def test_an_ended_order_has_ended_for_its_venue_too(desk: Desk) -> None:
    """The last leg is over when the order is."""
    desk.desk(AMEND)
    desk.tells(ExecType.CANCELED)
    desk.tells(ExecType.NEW)
    desk.tells(ExecType.CANCELED)
    assert at_venue(desk.order()).life is Life.CANCELED


def test_no_two_legs_are_called_alike_where_the_venue_takes_no_ids() -> None:
    """What the venue still says of the first one would be taken for the second."""
    core = Desk()
    capable = core.book.routes[ROUTE]
    capable.capabilities = replace(capable.capabilities, client_id=ClientId.INTERNAL)
    core.desk(
        replace(GOOD, ord_type=OrdType.LIMIT, order_qty=Decimal("0.02"), price=Decimal(40000))
    )
    core.tells(ExecType.NEW)
    first = core.order().venue_cl_ord_id
    core.desk(AMEND)
    core.tells(ExecType.CANCELED)
    assert core.order().venue_cl_ord_id != first
    assert core.book.at_venue(ROUTE, core.order().venue_cl_ord_id) is core.order()
