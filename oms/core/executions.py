"""What an execution, its bust or its correction does to the executions of an order."""

from collections.abc import Mapping
from decimal import Decimal

from oms.core.errors import IllegalTransition
from oms.core.facts import Execution
from oms.core.messages import ExecutionReport
from oms.core.numbers import ZERO, subtract
from oms.core.transitions import FILLS, Event
from oms.core.values import replaced


def book_execution(
    executions: Mapping[str, Execution], report: ExecutionReport, event: Event, day: str, leg: int
) -> tuple[dict[str, Execution], Decimal, Decimal]:
    """The executions after the report, and by how much CumQty and notional move.

    `day` is the order's, `leg` the one that the report is about. Raises IllegalTransition where a bust or a correction names an execution
    that does not stand.
    """
    booked = dict(executions)
    undone_qty, undone_notional = ZERO, ZERO
    fill = event in FILLS
    if not fill:
        undone = booked.get(report.exec_ref_id)
        if undone is None or not undone.stands:
            raise IllegalTransition(f"no standing execution {report.exec_ref_id!r} to undo")
        booked[undone.exec_id] = replaced(undone, stands=False)
        undone_qty, undone_notional = undone.qty, undone.notional
        day = undone.day  # D36: what is corrected stays of its own day
    busted = not fill and event is Event.BUST
    execution = Execution(
        report.exec_id,
        ZERO if busted or report.last_shares is None else report.last_shares,
        ZERO if busted or report.last_px is None else report.last_px,
        not busted,
        report.derived,
        report.exec_ref_id,
        report.commission,
        report.fee_currency,
        day,
        leg=leg,
    )
    booked[report.exec_id] = execution
    qty, notional = execution.qty, execution.notional
    if fill:
        return booked, qty, notional
    return booked, subtract(qty, undone_qty), subtract(notional, undone_notional)
