"""Trading days of a good-till order, and splits: what the scenarios D27 to D36 do not reach."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from oms.core.fields import ExecRestatementReason, ExecTransType, ExecType, OrdStatus, Side
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.notes import Quarantined
from tests.core.desk_of_one import DESK, NATIVE, ROUTE, DeskOfOne
from tests.core.test_checks import GOOD

RENEWAL = ExecRestatementReason.GT_RENEWAL
SPLIT = ExecRestatementReason.GT_CORPORATE_ACTION
BASE, QUOTE = (ROUTE, "", "", "BTC"), (ROUTE, "", "", "USDT")


def _desk(request: NewOrderSingle = GOOD) -> DeskOfOne:
    """A working order; unless said, to buy 0.01 at 40000."""
    core = DeskOfOne(NATIVE)
    core.desk(request)
    _tell(core, ExecType.NEW)
    return core


def _tell(core: DeskOfOne, exec_type: ExecType, exec_id: str = "", **facts: Any) -> ExecutionReport:
    """What the venue says; what the desk is told of it, itself again if nothing."""
    report = ExecutionReport(
        exec_id=exec_id or f"V{len(core.records)}",
        exec_type=exec_type,
        cl_ord_id=core.order().venue_cl_ord_id,
        **facts,
    )
    core.venue(report)
    told = [told.message for told in core.told if told.origin == DESK]
    message = told[-1] if told else report
    assert isinstance(message, ExecutionReport)
    return message


def _fill(core: DeskOfOne, exec_id: str, shares: str, price: str) -> ExecutionReport:
    last_shares, last_px = Decimal(shares), Decimal(price)
    return _tell(core, ExecType.PARTIAL_FILL, exec_id, last_shares=last_shares, last_px=last_px)


def _day(report: ExecutionReport) -> tuple[Decimal | None, ...]:
    return (report.day_order_qty, report.day_cum_qty, report.day_avg_px)


def _numbers(*texts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(text) for text in texts)


def test_the_first_day_has_no_figures_of_its_own() -> None:
    """Nor has a venue without days, which never renews."""
    core = _desk()
    assert _day(_fill(core, "E1", "0.002", "40000")) == (None, None, None)
    assert core.order().day_figures is None


def test_day_avg_px_is_of_the_day_s_executions() -> None:
    """AvgPx is of all: (0.002 x 40000 + 0.001 x 41000 + 0.001 x 45000) / 0.004."""
    core = _desk()
    _fill(core, "E1", "0.002", "40000")
    renewed = _tell(core, ExecType.RESTATED, exec_restatement_reason=RENEWAL)
    assert _day(renewed) == _numbers("0.008", "0", "0")
    _fill(core, "E2", "0.001", "41000")
    told = _fill(core, "E3", "0.001", "45000")
    assert _day(told) == _numbers("0.008", "0.002", "43000")
    assert told.avg_px == Decimal(41500)


@pytest.mark.parametrize("reason", [r for r in ExecRestatementReason if r not in (RENEWAL, SPLIT)])
def test_other_restatements_begin_no_day(reason: ExecRestatementReason) -> None:
    """D21: an unsolicited reduction is of the same day, whatever CumQty it tells."""
    core = _desk()
    _fill(core, "E1", "0.002", "40000")
    told = _tell(
        core,
        ExecType.RESTATED,
        exec_restatement_reason=reason,
        order_qty=Decimal("0.008"),
        cum_qty=Decimal("0.004"),
    )
    assert _day(told) == (None, None, None)
    assert (told.order_qty, told.cum_qty) == _numbers("0.008", "0.002")


def test_a_renewal_told_twice_begins_one_day() -> None:
    """Else what was executed between the two would be of the day before."""
    core = _desk()
    _tell(core, ExecType.RESTATED, "R1", exec_restatement_reason=RENEWAL)
    _fill(core, "E1", "0.002", "40000")
    _tell(core, ExecType.RESTATED, "R1", exec_restatement_reason=RENEWAL)
    assert core.told == []
    assert _day(_fill(core, "E2", "0.001", "40000")) == _numbers("0.01", "0.003", "40000")
    _tell(core, ExecType.RESTATED, "R2", exec_restatement_reason=RENEWAL)
    assert _day(_fill(core, "E3", "0.001", "41000")) == _numbers("0.007", "0.001", "41000")


def test_a_bust_of_an_earlier_day_raises_what_is_left_for_this_one() -> None:
    """DayOrderQty = OrderQty - (CumQty - DayCumQty)."""
    core = _desk()
    _fill(core, "E1", "0.002", "40000")
    _tell(core, ExecType.RESTATED, exec_restatement_reason=RENEWAL)
    told = _tell(
        core,
        ExecType.PARTIAL_FILL,
        "E2",
        exec_trans_type=ExecTransType.CANCEL,
        exec_ref_id="E1",
    )
    assert _day(told) == _numbers("0.01", "0", "0")


def _split(core: DeskOfOne, order_qty: str, cum_qty: str) -> ExecutionReport:
    return _tell(
        core,
        ExecType.RESTATED,
        exec_restatement_reason=SPLIT,
        order_qty=Decimal(order_qty),
        cum_qty=Decimal(cum_qty),
    )


def test_a_split_moves_the_base_asset_alone() -> None:
    """Twice the quantity for the same money; each execution keeps what the venue told of it."""
    core = _desk()
    _fill(core, "E1", "0.002", "40000")
    _fill(core, "E2", "0.001", "43000")
    told = _split(core, "0.02", "0.006")
    assert (told.cum_qty, told.leaves_qty) == _numbers("0.006", "0.014")
    assert told.avg_px == Decimal(20500)
    first = core.order().executions["E1"]
    assert (first.last_shares, first.last_px) == _numbers("0.002", "40000")
    assert (first.qty, first.notional) == _numbers("0.004", "80")
    assert core.book.positions == {BASE: Decimal("0.006"), QUOTE: Decimal(-123)}


def test_what_was_split_can_be_busted_and_corrected() -> None:
    """A bust takes away what the execution has become; a correction is of after the split."""
    core = _desk()
    _fill(core, "E1", "0.002", "40000")
    _fill(core, "E2", "0.001", "43000")
    _split(core, "0.02", "0.006")
    undo = {"exec_trans_type": ExecTransType.CANCEL, "exec_ref_id": "E1"}
    told = _tell(core, ExecType.PARTIAL_FILL, "E3", **undo)
    assert (told.cum_qty, told.avg_px) == _numbers("0.002", "21500")
    correction = {
        "exec_trans_type": ExecTransType.CORRECT,
        "exec_ref_id": "E2",
        "last_shares": Decimal("0.003"),
        "last_px": Decimal(21000),
    }
    told = _tell(core, ExecType.PARTIAL_FILL, "E4", **correction)
    assert (told.cum_qty, told.avg_px) == _numbers("0.003", "21000")
    assert core.book.positions == {BASE: Decimal("0.003"), QUOTE: Decimal(-63)}


def test_a_split_of_a_split_and_one_without_an_order_qty() -> None:
    """2:1, then 1:4: the executions are worth the same all the way."""
    core = _desk()
    _fill(core, "E1", "0.004", "40000")
    _split(core, "0.02", "0.008")
    told = _split(core, "0.005", "0.002")
    assert (told.order_qty, told.cum_qty, told.avg_px) == _numbers("0.005", "0.002", "80000")
    assert core.book.positions[BASE] == Decimal("0.002")


def test_a_sale_is_split_the_other_way_round() -> None:
    """A short position of the base asset grows."""
    core = _desk(replace(GOOD, side=Side.SELL))
    _fill(core, "E1", "0.004", "40000")
    _split(core, "0.02", "0.008")
    assert core.book.positions == {BASE: Decimal("-0.008"), QUOTE: Decimal(160)}


def test_a_corporate_action_may_leave_the_quantities_alone() -> None:
    """It begins a day all the same; with no CumQty told nothing is scaled."""
    core = _desk()
    _fill(core, "E1", "0.002", "40000")
    told = _split(core, "0.01", "0.002")
    assert _day(told) == _numbers("0.008", "0", "0")
    told = _tell(core, ExecType.RESTATED, exec_restatement_reason=SPLIT, order_qty=Decimal("0.02"))
    assert (told.order_qty, told.cum_qty) == _numbers("0.02", "0.002")
    assert core.order().executions["E1"].split_shares is None


@pytest.mark.parametrize(
    ("order_qty", "cum_qty", "why"),
    [
        ("0.018", "0.005", "does not fit OrderQty"),  # an execution is missing here, or there
        ("0.009", "0.005", "does not fit OrderQty"),
        ("-0.018", "-0.006", "does not fit OrderQty"),
        ("0", "0", "does not fit OrderQty"),
        ("0.003", "0.001", "can not be told exactly"),  # a third of 0.002 is no decimal
    ],
)
def test_a_split_that_takes_a_guess_is_for_a_human(order_qty: str, cum_qty: str, why: str) -> None:
    """The order stays as it was, and the message is kept."""
    core = _desk(replace(GOOD, order_qty=Decimal("0.009")))
    _fill(core, "E1", "0.002", "40000")
    _fill(core, "E2", "0.001", "43000")
    before = core.order()
    _split(core, order_qty, cum_qty)
    assert core.order() == before
    note = core.records[-1].message
    assert isinstance(note, Quarantined)
    assert why in note.text
    assert before.ord_status is OrdStatus.PARTIALLY_FILLED


def test_what_was_busted_before_a_split_is_not_split() -> None:
    """It stands no more: nothing of it is there to scale."""
    core = _desk()
    _fill(core, "E1", "0.002", "40000")
    _fill(core, "E2", "0.001", "40000")
    undo = {"exec_trans_type": ExecTransType.CANCEL, "exec_ref_id": "E2"}
    _tell(core, ExecType.PARTIAL_FILL, "E3", **undo)
    told = _split(core, "0.02", "0.004")
    assert (told.cum_qty, told.avg_px) == _numbers("0.004", "20000")
    assert core.order().executions["E2"].split_shares is None
    assert core.book.positions == {BASE: Decimal("0.004"), QUOTE: Decimal(-80)}
