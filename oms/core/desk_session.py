"""What becomes of a desk's session: its positions, its absence, its return, and news of routes."""

from datetime import datetime

from oms.core.book import Book
from oms.core.house import cancel
from oms.core.messages import News
from oms.core.notes import (
    Delivered,
    DeskAbsent,
    DeskReturned,
    RouteStatus,
    SessionReset,
    WentBack,
)
from oms.core.order import Order
from oms.core.ports import Decision, Inbound, Message, Record, ToOrigin
from oms.core.reports import status_report
from oms.core.story import Story


def decided(book: Book, inbound: Inbound, message: Message, now: datetime) -> Decision:
    """The records of what the acceptor tells of a session."""
    match message:
        case DeskAbsent():
            return _absent(book, inbound, message, now)
        case DeskReturned():
            return _returned(book, inbound, message, now)
        case Delivered() | WentBack() | SessionReset():
            return (_noted(inbound, message, now),)
        case _:
            raise AssertionError(f"no decision for {type(message).__name__}")


def _noted(
    inbound: Inbound,
    message: Delivered | WentBack | SessionReset | DeskAbsent | DeskReturned,
    now: datetime,
    outbound: tuple[ToOrigin, ...] = (),
) -> Record:
    return Record(
        time=now,
        message=message,
        evidence=inbound.evidence,
        origin=message.origin,
        raw=inbound.raw,
        msg_seq_num=inbound.msg_seq_num,
        outbound=outbound,
    )


def _own(book: Book, origin: str) -> list[Order]:
    return [order for order in book.all_working() if order.origin == origin]


def _absent(book: Book, inbound: Inbound, note: DeskAbsent, now: datetime) -> Decision:
    """The house cancels what the desk has working; what it says of that waits for the desk."""
    records: list[Record] = []
    for order in _own(book, note.origin):
        story = Story(inbound, order, now)
        if cancel(book, story, note.text):
            records += story.records
    return (_noted(inbound, note, now), *records) if records else ()


def _returned(book: Book, inbound: Inbound, note: DeskReturned, now: datetime) -> Decision:
    """A status report for each open order: no event, so its ExecID is 0 (20=3)."""
    told = tuple(
        ToOrigin(note.origin, status_report(order, now)) for order in _own(book, note.origin)
    )
    return (_noted(inbound, note, now, told),) if told else ()


def route_news(book: Book, status: RouteStatus) -> tuple[ToOrigin, ...]:
    """What desks are told when a route they may use stops taking orders, or takes them again.

    Called before the book's route is moved. That a route becomes ready after a start is no news.
    """
    route = book.routes[status.route]
    if status.ready and route.missed:
        route.missed = False
        news = News(headline=f"{route.name} is ready", text=f"{route.name} takes orders again")
    elif route.ready and not status.ready:
        route.missed = True
        why = f": {status.text}" if status.text else ""
        news = News(
            headline=f"{route.name} is {'not ready' if status.up else 'down'}",
            text=f"orders to {route.name} are refused until it is ready{why}",
        )
    else:
        return ()
    readers = (reader for reader in book.news_to if book.entitled(reader, route.name))
    return tuple(ToOrigin(reader, news) for reader in readers)
