"""Rules of requests and executions that no scenario of a venue with all abilities reaches."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from oms.core.fields import ExecTransType, ExecType, OrdStatus, OrdType, Side
from oms.core.messages import ExecutionReport, OrderCancelReplaceRequest
from oms.core.notes import Quarantined
from tests.core.desk_of_one import PLAIN, SYMBOL, DeskOfOne
from tests.core.test_checks import GOOD


def _working(replaces: bool = False) -> DeskOfOne:
    core = DeskOfOne(replace(PLAIN, can_replace=replaces))
    core.desk(GOOD)
    _tell(core, ExecType.NEW)
    return core


def _tell(core: DeskOfOne, exec_type: ExecType, exec_id: str = "", **facts: Any) -> None:
    core.venue(
        ExecutionReport(
            exec_id=exec_id or f"V{len(core.records)}",
            exec_type=exec_type,
            cl_ord_id=core.order().venue_cl_ord_id,
            **facts,
        )
    )


def _fill(core: DeskOfOne, exec_id: str, shares: Decimal) -> None:
    _tell(core, ExecType.PARTIAL_FILL, exec_id, last_shares=shares, last_px=Decimal(40000))


def test_what_was_undone_can_not_be_undone_again() -> None:
    """FIX 4.4: a bust cannot be busted, nor can what was corrected be; the order stays as it is."""
    core = _working()
    _fill(core, "E1", Decimal("0.004"))
    undo = {"exec_trans_type": ExecTransType.CANCEL, "exec_ref_id": "E1"}
    _tell(core, ExecType.PARTIAL_FILL, "E2", **undo)
    before = core.order()
    for exec_id, ref in (("E3", "E1"), ("E4", "E2"), ("E5", "E9")):
        again = {"exec_trans_type": ExecTransType.CANCEL, "exec_ref_id": ref}
        _tell(core, ExecType.PARTIAL_FILL, exec_id, **again)
        assert isinstance(core.records[-1].message, Quarantined)
        assert core.told == []
    assert core.order() == before
    assert before.cum_qty == 0


def test_a_replace_of_an_order_that_fills_meanwhile_is_the_venue_s_to_answer() -> None:
    """D8: it may reopen the order. A venue that says no Pending itself is no reason to guess."""
    core = _working(replaces=True)
    amend = OrderCancelReplaceRequest(
        cl_ord_id="R1",
        orig_cl_ord_id="A1",
        symbol=SYMBOL,
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        order_qty=Decimal("0.02"),
        price=Decimal(40000),
    )
    core.desk(amend)
    _fill(core, "E1", Decimal("0.01"))
    assert core.order().ord_status is OrdStatus.PENDING_REPLACE
    assert len(core.told) == 1, "the fill, and no refusal"
    _tell(core, ExecType.REPLACED)
    order = core.order()
    assert (order.ord_status, order.leaves_qty) == (OrdStatus.PARTIALLY_FILLED, Decimal("0.01"))
    assert order.cl_ord_id == "R1"
