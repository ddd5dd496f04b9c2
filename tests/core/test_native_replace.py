"""What a replace restates, where the venue replaces by itself."""

from datetime import timedelta
from decimal import Decimal

import pytest

from oms.core.fields import ExecType, OrdType, Side, TimeInForce
from oms.core.messages import ExecutionReport, OrderCancelReject, OrderCancelReplaceRequest
from tests.core.desk_of_one import NATIVE, START, SYMBOL, DeskOfOne
from tests.core.test_checks import GOOD

AMEND = OrderCancelReplaceRequest(
    cl_ord_id="R1",
    orig_cl_ord_id="A1",
    symbol=SYMBOL,
    side=GOOD.side,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.02"),
    price=Decimal(40000),
)


@pytest.fixture
def core() -> DeskOfOne:
    """A working order at a venue that replaces."""
    core = DeskOfOne(NATIVE)
    core.desk(GOOD)
    _tells(core, ExecType.NEW, core.order().venue_cl_ord_id)
    return core


def _tells(core: DeskOfOne, exec_type: ExecType, name: str) -> None:
    report = ExecutionReport(
        exec_id=f"V{len(core.records)}",
        exec_type=exec_type,
        cl_ord_id=name,
        orig_cl_ord_id=core.order().venue_cl_ord_id,
    )
    core.venue(report)


def _sent(core: DeskOfOne) -> OrderCancelReplaceRequest:
    (asked,) = core.asked
    assert isinstance(asked.message, OrderCancelReplaceRequest)
    return asked.message


def test_its_terms_go_to_the_venue_and_hold_when_it_says_so(core: DeskOfOne) -> None:
    """TimeInForce and ExpireTime as OrderQty and Price."""
    expiry = START + timedelta(hours=1)
    tif = TimeInForce.GOOD_TILL_DATE
    core.desk(_with(time_in_force=tif, expire_time=expiry))
    sent = _sent(core)
    assert (sent.time_in_force, sent.expire_time) == (tif, expiry)
    assert core.order().time_in_force is not tif
    _tells(core, ExecType.REPLACED, sent.cl_ord_id)
    assert (core.order().time_in_force, core.order().expire_time) == (tif, expiry)


def test_what_it_does_not_say_stays(core: DeskOfOne) -> None:
    """The order's own terms are restated to the venue."""
    core.desk(AMEND)
    sent = _sent(core)
    assert (sent.time_in_force, sent.stop_px) == (GOOD.time_in_force, None)
    _tells(core, ExecType.REPLACED, sent.cl_ord_id)
    assert core.order().time_in_force is GOOD.time_in_force


def test_exec_inst_does_not_carry_over(core: DeskOfOne) -> None:
    """It is said again, or it is gone (FIX 4.2, Order Cancel/Replace Request)."""
    core.desk(_with(exec_inst="6"))
    sent = _sent(core)
    _tells(core, ExecType.REPLACED, sent.cl_ord_id)
    assert (sent.exec_inst, core.order().exec_inst) == ("6", "6")
    core.desk(_with(cl_ord_id="R2", orig_cl_ord_id="R1"))
    sent = _sent(core)
    _tells(core, ExecType.REPLACED, sent.cl_ord_id)
    assert (sent.exec_inst, core.order().exec_inst) == ("", "")


@pytest.mark.parametrize(
    "change", [{"side": Side.SELL}, {"price": Decimal("1.001")}, {"exec_inst": "G"}]
)
def test_what_does_not_fit_is_refused_before_it_is_sent(
    core: DeskOfOne, change: dict[str, object]
) -> None:
    """The checks of a new order."""
    core.desk(_with(**change))
    (told,) = core.told
    assert isinstance(told.message, OrderCancelReject)
    assert core.asked == []


def _with(**changes: object) -> OrderCancelReplaceRequest:
    facts = {name: getattr(AMEND, name) for name in AMEND.__dataclass_fields__}
    return OrderCancelReplaceRequest(**(facts | changes))


def test_the_price_that_the_venue_states_is_the_orders(core: DeskOfOne) -> None:
    """A venue may accept other terms than were asked for; its word counts."""
    core.desk(AMEND)
    report = ExecutionReport(
        exec_id="V9",
        exec_type=ExecType.REPLACED,
        cl_ord_id=_sent(core).cl_ord_id,
        orig_cl_ord_id=core.order().venue_cl_ord_id,
        price=Decimal("39999.5"),
    )
    core.venue(report)
    assert core.order().price == Decimal("39999.5")
