"""A desk whose venue has limit orders that rest, and nothing else: the engine does the rest."""

from dataclasses import replace
from decimal import Decimal

from oms.core.fields import (
    ExecType,
    OrdType,
)
from oms.core.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from oms.core.ports import DeskReport
from oms.core.venue import Capabilities, Emulation
from tests.core.desk_of_one import PLAIN, SYMBOL, DeskOfOne
from tests.core.test_checks import GOOD

EMULATING = replace(PLAIN, ord_types=frozenset({OrdType.LIMIT}), emulates=frozenset(Emulation))
AMEND = OrderCancelReplaceRequest(
    cl_ord_id="R1",
    orig_cl_ord_id="A1",
    symbol=SYMBOL,
    side=GOOD.side,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.05"),
    price=Decimal(41000),
)
CANCEL = OrderCancelRequest(cl_ord_id="C1", orig_cl_ord_id="A1")


class Desk(DeskOfOne):
    """A desk whose venue has limit orders that rest, and nothing else."""

    def __init__(self, capabilities: Capabilities = EMULATING) -> None:
        super().__init__(capabilities)
        self.names = 0

    def tells(self, exec_type: ExecType, name: str = "", **more: object) -> None:
        """The venue reports about the order that it calls `name`, rather than the last one."""
        self.names += 1
        name = name or self.order().venue_cl_ord_id
        self.venue(
            ExecutionReport(
                exec_id=f"V{self.names}",
                exec_type=exec_type,
                cl_ord_id=name,
                order_id=f"T{name}",
                secondary_order_id=f"T{name}",
                **more,  # type: ignore[arg-type]  # fields of several types
            )
        )

    def fills(self, qty: str, name: str = "", exec_type: ExecType = ExecType.PARTIAL_FILL) -> None:
        """An execution."""
        self.tells(exec_type, name, last_shares=Decimal(qty), last_px=Decimal(40000))

    def heard(self) -> list[tuple[str, str, str, str]]:
        """What the desk was told last: ExecType, OrdStatus, ClOrdID, OrigClOrdID."""
        return [_short(told.message) for told in self.told]

    def new(self) -> NewOrderSingle:
        """The new order that went to the venue last."""
        (asked,) = self.asked
        assert isinstance(asked.message, NewOrderSingle)
        return asked.message


def _short(report: DeskReport) -> tuple[str, str, str, str]:
    if isinstance(report, OrderCancelReject):
        status = report.ord_status.name if report.ord_status else ""
        return "CANCEL_REJECT", status, report.cl_ord_id, report.orig_cl_ord_id
    assert isinstance(report, ExecutionReport)
    assert report.ord_status is not None
    return report.exec_type.name, report.ord_status.name, report.cl_ord_id, report.orig_cl_ord_id
