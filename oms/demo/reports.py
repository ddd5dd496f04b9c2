"""What one origin has been told: each report once, in order, and where each order stands by it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from oms.core.messages import ExecutionReport, OrderCancelReject
from oms.core.ports import DeskReport
from oms.core.values import frozen

TERMINAL: Final = frozenset({"FILLED", "CANCELED", "REJECTED", "EXPIRED"})
_STATUS: Final = "STATUS"


@frozen(kw_only=True)
class Told:
    """One report, from whichever door; words for enumerations, "" for what it does not say."""

    number: int
    """Its place among all that the origin was told."""
    kind: str
    """EXECUTION_REPORT, ORDER_CANCEL_REJECT or REJECT."""
    cl_ord_id: str = ""
    order_id: str = ""
    exec_id: str = ""
    exec_trans_type: str = ""
    exec_type: str = ""
    ord_status: str = ""
    ord_rej_reason: str = ""
    last_shares: Decimal = Decimal(0)
    cum_qty: Decimal = Decimal(0)
    avg_px: Decimal = Decimal(0)
    text: str = ""

    def line(self) -> str:
        """The report on one line of a log."""
        words = (self.kind, self.cl_ord_id, self.order_id, self.exec_id, self.exec_trans_type)
        shown = " ".join(word for word in (*words, self.exec_type, self.ord_status) if word)
        return f"{self.number} {shown} {self.last_shares} {self.cum_qty} {self.avg_px} {self.text}"


def told_of(number: int, report: DeskReport) -> Told:
    """A report of the API's as `Told`."""
    if isinstance(report, ExecutionReport):
        status = report.ord_status.name if report.ord_status else ""
        return Told(
            number=number,
            kind="EXECUTION_REPORT",
            cl_ord_id=report.cl_ord_id,
            order_id=report.order_id,
            exec_id=report.exec_id,
            exec_trans_type=report.exec_trans_type.name,
            exec_type=report.exec_type.name,
            ord_status=status,
            ord_rej_reason=report.ord_rej_reason.name if report.ord_rej_reason else "",
            last_shares=report.last_shares or Decimal(0),
            cum_qty=report.cum_qty or Decimal(0),
            avg_px=report.avg_px or Decimal(0),
            text=report.text,
        )
    if isinstance(report, OrderCancelReject):
        return Told(
            number=number,
            kind="ORDER_CANCEL_REJECT",
            cl_ord_id=report.cl_ord_id,
            order_id=report.order_id,
            ord_status=report.ord_status.name if report.ord_status else "",
            text=report.text,
        )
    return Told(number=number, kind="REJECT", text=report.text)


@frozen
class Position:
    """Where an order stands by the reports: OrdStatus by its word, base and quote units."""

    ord_status: str
    cum_qty: Decimal
    avg_px: Decimal

    @property
    def over(self) -> bool:
        """Whether nothing more can come of it."""
        return self.ord_status in TERMINAL


class ReportLog:
    """All reports of one origin; wakes who waits for one."""

    def __init__(self) -> None:
        """Nothing has been told."""
        self.told: list[Told] = []
        self.faults: list[str] = []
        """What was told twice, out of order, or adds up to nothing."""
        self._exec_ids: set[str] = set()
        self._positions: dict[str, Position] = {}
        self._orders: dict[str, str] = {}
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def add(self, told: Told) -> None:
        """Write down the next report."""
        if self.told and told.number <= self.told[-1].number:
            self.faults.append(f"report {told.number} came after {self.told[-1].number}")
        self.told.append(told)
        if told.kind == "EXECUTION_REPORT":
            self._count(told)
        elif told.kind == "ORDER_CANCEL_REJECT":
            self._refuse(told)
        for holds, waiter in self._waiting:
            if not waiter.done() and holds():
                waiter.set_result(None)

    def position(self, cl_ord_id: str) -> Position | None:
        """Where the order of that ClOrdID stands; None before its first report."""
        return self._positions.get(self._orders.get(cl_ord_id, ""))

    def count(self, cl_ord_id: str, **words: str) -> int:
        """Reports that name the ClOrdID and have these words."""
        return sum(
            told.cl_ord_id == cl_ord_id
            and all(getattr(told, name) == word for name, word in words.items())
            for told in self.told
        )

    def summary(self, complaints: list[str]) -> dict[str, Any]:
        """What the origin saw, as JSON can say it; `complaints` is what it waited for in vain."""
        return {
            "reports": len(self.told),
            "faults": self.faults,
            "complaints": complaints,
            "positions": {
                order_id: [position.ord_status, str(position.cum_qty), str(position.avg_px)]
                for order_id, position in self._positions.items()
            },
        }

    async def until(self, holds: Callable[[], bool], patience_s: float) -> bool:
        """Wait until the condition holds; False when the patience is at its end."""
        if holds():
            return True
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (holds, waiter)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(patience_s):
                await waiter
        except TimeoutError:
            return False
        finally:
            self._waiting.remove(entry)
        return True

    def _refuse(self, told: Told) -> None:
        """An order that filled while its cancel was pending is filled by the cancel's refusal."""
        before = self._positions.get(told.order_id)
        if before is not None and told.ord_status:
            self._positions[told.order_id] = replace(before, ord_status=told.ord_status)

    def _count(self, told: Told) -> None:
        if told.exec_trans_type != _STATUS:
            if told.exec_id in self._exec_ids:
                self.faults.append(f"ExecID {told.exec_id} was told twice")
            self._exec_ids.add(told.exec_id)
        if not told.order_id.isdigit():
            return  # no order: an answer about one that there is not
        self._orders.setdefault(told.cl_ord_id, told.order_id)
        before = self._positions.get(told.order_id)
        cum_before = before.cum_qty if before else Decimal(0)
        executed = told.last_shares if told.exec_type in ("PARTIAL_FILL", "FILL") else Decimal(0)
        if told.exec_trans_type == _STATUS:
            executed = told.cum_qty - cum_before if told.cum_qty >= cum_before else Decimal(0)
        if told.cum_qty != cum_before + executed:
            self.faults.append(
                f"order {told.order_id}: CumQty {told.cum_qty} after {cum_before} and a fill of "
                f"{executed} (report {told.number})"
            )
        self._positions[told.order_id] = Position(told.ord_status, told.cum_qty, told.avg_px)
