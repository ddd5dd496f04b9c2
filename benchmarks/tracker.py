"""A yardstick for the kernel: the order tracker that people write by hand.

A dict of orders by ClOrdID, a status that the last report sets, quantities summed in Decimal, fills
deduplicated by ExecID, each event a line of JSON. No state table, no checks of the order but those
for duplicates, no ids of its own, no reports to the desk, no requests to the venue, no positions.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.ports import Inbound


@dataclass(slots=True)
class _Tracked:
    cl_ord_id: str
    symbol: str
    order_qty: Decimal
    price: Decimal
    status: str = "0"
    cum_qty: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)
    exec_ids: set[str] = field(default_factory=set)


class Tracker:
    """All orders of one desk at one venue."""

    def __init__(self) -> None:
        """No orders yet."""
        self._orders: dict[str, _Tracked] = {}

    def take(self, inbound: Inbound, now: datetime) -> str:
        """Follow one message; the line that a log would keep of it."""
        message = inbound.message
        if isinstance(message, NewOrderSingle):
            return self._enter(message, inbound.raw, now)
        assert isinstance(message, ExecutionReport), "orders and reports alone are tracked"
        return self._report(message, inbound.raw, now)

    def _enter(self, request: NewOrderSingle, raw: str, now: datetime) -> str:
        if request.cl_ord_id in self._orders:
            raise ValueError(f"duplicate {request.cl_ord_id}")
        assert request.order_qty is not None, "these orders have a quantity"
        assert request.price is not None, "these orders have a limit"
        order = _Tracked(request.cl_ord_id, request.symbol, request.order_qty, request.price)
        self._orders[request.cl_ord_id] = order
        return _line(order, "D", raw, now)

    def _report(self, report: ExecutionReport, raw: str, now: datetime) -> str:
        order = self._orders[report.cl_ord_id]
        if report.exec_id not in order.exec_ids:
            order.exec_ids.add(report.exec_id)
            order.status = report.exec_type.value
            if report.last_shares is not None and report.last_px is not None:
                order.cum_qty += report.last_shares
                order.notional += report.last_shares * report.last_px
        return _line(order, "8", raw, now)


def _line(order: _Tracked, kind: str, raw: str, now: datetime) -> str:
    return json.dumps(
        {
            "time": now.isoformat(),
            "kind": kind,
            "cl_ord_id": order.cl_ord_id,
            "symbol": order.symbol,
            "status": order.status,
            "order_qty": str(order.order_qty),
            "price": str(order.price),
            "cum_qty": str(order.cum_qty),
            "avg_px": str(order.notional / order.cum_qty) if order.cum_qty else "0",
            "raw": raw,
        }
    )
