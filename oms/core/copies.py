"""What drop copies are told: every report and refusal that anybody else is, in the same order.

A copy carries whose it is in ClientID (109), which FIX 4.2 has in both messages; nothing else of it
differs. It is journaled and numbered like any report, in the record of the original.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from oms.core.messages import ExecutionReport, OrderCancelReject
from oms.core.ports import Decision, DeskReport, Record, ToOrigin
from oms.core.values import replaced

REFUSAL: Final = "a drop copy sends no orders"


def copied(drop_copies: Iterable[str], decision: Decision) -> Decision:
    """The decision with what those sessions are told of it."""
    readers = tuple(drop_copies)
    return tuple(_copied(readers, record) for record in decision) if readers else decision


def _copied(readers: tuple[str, ...], record: Record) -> Record:
    copies = tuple(
        ToOrigin(reader, copy) for copy in _copies(readers, record) for reader in readers
    )
    return replaced(record, outbound=record.outbound + copies) if copies else record


def _copies(readers: tuple[str, ...], record: Record) -> Iterator[DeskReport]:
    """One of each event, though its owner and whoever else asked for it are both told."""
    events: set[tuple[str, str]] = set()
    for outbound in record.outbound:
        if not isinstance(outbound, ToOrigin) or outbound.origin in readers:
            continue
        report = outbound.message
        match report:
            case ExecutionReport():
                event = (report.order_id, report.exec_id)
            case OrderCancelReject():
                event = (report.order_id, report.cl_ord_id)
            case _:
                continue
        if event not in events:
            events.add(event)
            yield replaced(report, client_id=outbound.origin)
