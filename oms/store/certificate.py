"""What became of the orders that worked when the kill switch was turned, and what proves it.

A row an order: everything that is open, and everything that has moved since a record of the
journal. The proof of an end is the record that told it; an order without one is open, or in doubt.
"""

from typing import Final

from sqlalchemy import Connection, select

from oms.core.fields import ExecTransType
from oms.core.messages import ExecutionReport
from oms.core.notes import Request
from oms.core.order import Order
from oms.core.ports import Record
from oms.core.transitions import FILLS, REACHED_BY, event_of
from oms.store.database import driver_of
from oms.store.json_rows import JsonRow, order_json
from oms.store.rows import order_of, record_of
from oms.store.tables import JOURNAL, ORDERS
from oms.store.types import utc_text

_MOVED: Final = """
SELECT order_id FROM orders WHERE closed = 0
UNION
SELECT order_id FROM journal
WHERE seq >= ? AND order_id != '' AND kind NOT IN ('Answered', 'Quarantined')
"""

_KEPT: Final = (
    "order_id", "cl_ord_id", "origin", "venue", "exchange", "symbol", "side", "order_qty", "price",
    "ord_status", "cum_qty", "avg_px", "open", "in_doubt", "in_doubt_text",
    "secondary_order_id", "venue_cl_ord_id", "text", "created",
)  # fmt: skip


def certificate_rows(connection: Connection, seq: int) -> list[JsonRow]:
    """Every order that is open or has moved since that record, oldest first.

    Orders that were refused before anything was sent are left out: no venue has seen them.
    """
    names = [name for (name,) in driver_of(connection).execute(_MOVED, (seq,))]
    rows = []
    for name in sorted(names):
        row = connection.execute(select(ORDERS).where(ORDERS.c.order_id == name)).fetchone()
        if row is not None and row.venue_cl_ord_id:
            rows.append(_certified(connection, order_of(row)))
    return rows


def _certified(connection: Connection, order: Order) -> JsonRow:
    told = order_json(order)
    row = {name: told[name] for name in _KEPT}
    proof = None if told["open"] else _proof(connection, order)
    row["at_venue"] = [list(names) for names in order.venue_names]
    row["waiting"] = _waiting(order) if told["open"] else ""
    row["evidence"] = None if proof is None else proof.evidence.value
    row["proved_at"] = None if proof is None else utc_text(proof.time)
    row["proof"] = "" if proof is None else _words(proof)
    return row


def _proof(connection: Connection, order: Order) -> Record | None:
    """The record that told the order's end: the last of its kind."""
    statement = (
        select(JOURNAL)
        .where(JOURNAL.c.order_id == order.order_id, JOURNAL.c.kind == ExecutionReport.__name__)
        .order_by(JOURNAL.c.seq.desc())
    )
    for row in connection.execute(statement):
        record = record_of(row)
        if _ends(order, record):
            return record
    return None


def _ends(order: Order, record: Record) -> bool:
    report = record.message
    if not isinstance(report, ExecutionReport):
        return False
    if report.exec_trans_type is ExecTransType.STATUS:
        return False
    event = event_of(report.exec_type, report.exec_trans_type)
    return REACHED_BY.get(event) is order.life if order.ended else event in FILLS


def _words(record: Record) -> str:
    report = record.message
    assert isinstance(report, ExecutionReport), "an end is told by an execution report"
    return " ".join(filter(None, (report.exec_type.name, report.exec_id, report.text)))


def _waiting(order: Order) -> str:
    """What an order that is still open waits for."""
    cancels = [request for request in order.requests if request.kind is Request.CANCEL]
    if not cancels:
        return "no cancel is under way"
    if any(request.released for request in cancels):
        return "the venue has not answered the cancel"
    return "the cancel is held until the venue can take it"
