"""The trading days of a good-till order, and splits of its instrument.

A day of an order begins when its venue restates it, never by a clock: GT_RENEWAL each morning,
GT_CORPORATE_ACTION after a split or the like (FIX 4.2 Appendix D, D27 to D30 and D36). The day is
named by the ExecID of that report, "" on the first.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from oms.core.errors import IllegalTransition
from oms.core.facts import Execution
from oms.core.fields import ExecRestatementReason, ExecType
from oms.core.messages import ExecutionReport
from oms.core.numbers import ZERO, add, average, multiply, number_text, scaled, subtract
from oms.core.values import frozen, replaced

_RENEWS: Final = (ExecRestatementReason.GT_RENEWAL, ExecRestatementReason.GT_CORPORATE_ACTION)


@frozen
class DayFigures:
    """DayOrderQty (424), DayCumQty (425) and DayAvgPx (426)."""

    order_qty: Decimal
    cum_qty: Decimal
    avg_px: Decimal


def begins_day(report: ExecutionReport) -> bool:
    """Whether a new day of the order begins with the report."""
    restated = report.exec_type is ExecType.RESTATED
    return restated and report.exec_restatement_reason in _RENEWS


def day_figures(
    executions: Mapping[str, Execution], day: str, order_qty: Decimal, cum_qty: Decimal
) -> DayFigures | None:
    """The day's figures; None on the first day. DayOrderQty = OrderQty - (CumQty - DayCumQty)."""
    if not day:
        return None
    today, notional = ZERO, ZERO
    for execution in executions.values():
        if execution.stands and execution.day == day:
            today = add(today, execution.qty)
            notional = add(notional, execution.notional)
    earlier = subtract(cum_qty, today)
    return DayFigures(subtract(order_qty, earlier), today, average(notional, today))


def split(
    executions: Mapping[str, Execution],
    cum_qty: Decimal,
    order_qty: Decimal,
    report: ExecutionReport,
) -> Mapping[str, Execution]:
    """The executions after a restatement: scaled to its CumQty, each worth what it was (D28).

    Only a corporate action scales. Raises IllegalTransition where it would take a guess: when
    CumQty is not scaled as OrderQty is, executions are missing on one side; and a share of the
    split that is no finite decimal could not be undone exactly.
    """
    told = report.cum_qty
    action = report.exec_restatement_reason is ExecRestatementReason.GT_CORPORATE_ACTION
    if not action or told is None or told == cum_qty:
        return executions
    text = f"a split of CumQty {number_text(cum_qty)} into {number_text(told)}"
    new_qty = order_qty if report.order_qty is None else report.order_qty
    if told <= 0 or multiply(told, order_qty) != multiply(cum_qty, new_qty):
        to = number_text(new_qty)
        raise IllegalTransition(f"{text} does not fit OrderQty {number_text(order_qty)} into {to}")
    return {
        exec_id: _scaled(execution, cum_qty, told, text) if execution.stands else execution
        for exec_id, execution in executions.items()
    }


def total_qty(executions: Mapping[str, Execution]) -> Decimal:
    """What the executions that stand sum to: CumQty."""
    total = ZERO
    for execution in executions.values():
        if execution.stands:
            total = add(total, execution.qty)
    return total


def _scaled(execution: Execution, cum_qty: Decimal, told: Decimal, text: str) -> Execution:
    shares = scaled(execution.qty, told, cum_qty)
    if shares is None or execution.derived:
        raise IllegalTransition(f"{text} can not be told exactly of execution {execution.exec_id}")
    return replaced(execution, split_shares=shares)
