"""Numbers that a venue takes once only: reserved in blocks, before any of them is used."""

from datetime import datetime

from oms.core.book import Book
from oms.core.notes import NoncesReserved, ReserveNonces
from oms.core.ports import Decision, Evidence, Inbound, Record


def reserved(book: Book, inbound: Inbound, note: ReserveNonces, now: datetime) -> Decision:
    """The next block of a route: above all that it ever had, and not below what it asks for."""
    first = max(book.nonces.get(note.route, 0) + 1, note.floor)
    block = NoncesReserved(route=note.route, first=first, last=first + note.count - 1)
    return (
        Record(
            time=now,
            message=block,
            evidence=Evidence.POLICY,
            origin=inbound.source,
            route=note.route,
        ),
    )
