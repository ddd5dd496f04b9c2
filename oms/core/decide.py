"""decide(book, inbound, now, draw) -> Decision: every opinion of the engine, and no I/O.

Time and randomness are arguments. The decision is the records to commit; what they release goes
out only after that. Desks' requests are decided in `desk_side`, what venues tell in `venue_side`,
lost answers in `doubts`, money in `money`, what does not agree in `breaks`, desks' sessions in
`desk_session`.
"""

from datetime import datetime

from oms.core import (
    breaks,
    desk_session,
    desk_side,
    doubts,
    emulation,
    kill,
    money,
    nonces,
    requests,
    venue_side,
)
from oms.core.book import OPERATOR, Book
from oms.core.break_notes import BalancesTold, BreakClosed, BreakShown, ForeignOrder
from oms.core.client_ids import Draw
from oms.core.copies import copied
from oms.core.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
    Quote,
)
from oms.core.notes import (
    CancelAll,
    Doubt,
    DoubtSettled,
    Expired,
    Instruments,
    KillCertificate,
    KillSweep,
    KillSwitch,
    NotSent,
    Quarantined,
    ReserveNonces,
    RouteStatus,
    Started,
    TransferAsked,
    TransferMoved,
    TransferOutcome,
    TransferSettled,
    Unworkable,
    VenueNamed,
)
from oms.core.ports import Decision, Inbound
from oms.core.settlements import Leaves, OrderSettled, Waits


def decide(book: Book, inbound: Inbound, now: datetime, draw: Draw) -> Decision:
    """What follows from one message. Raises nothing for anything a peer can send."""
    return copied(book.drop_copies, _decide(book, inbound, now, draw))


def _decide(book: Book, inbound: Inbound, now: datetime, draw: Draw) -> Decision:
    message = inbound.message
    match message:
        case ExecutionReport() | OrderCancelReject() | Quarantined():
            return venue_side.told(book, inbound, message, now)
        case NewOrderSingle():
            return desk_side.new_order(book, inbound, message, now, draw)
        case Doubt() | DoubtSettled() | NotSent() | VenueNamed() | OrderSettled():
            return doubts.noted(book, inbound, message, now)
        case Quote() | Expired() | Waits() | Leaves():
            return _waited(book, inbound, message, now)
        case RouteStatus() | Started() | Instruments():
            return _at_hand(book, inbound, message, now)
        case KillSwitch() | KillSweep() | KillCertificate() | CancelAll():
            return kill.told(book, inbound, message, now)
        case _:
            return _asked(book, inbound, now, draw)


def _waited(
    book: Book, inbound: Inbound, message: Quote | Expired | Waits | Leaves, now: datetime
) -> Decision:
    """What an order waits for has come, or it has to wait."""
    if isinstance(message, Waits | Leaves):
        return doubts.unsent_yet(book, inbound, message, now)
    return emulation.told(book, inbound, message, now)


def _at_hand(
    book: Book, inbound: Inbound, message: RouteStatus | Started | Instruments, now: datetime
) -> Decision:
    """What there is to trade with has changed: the process, a route or its markets."""
    match message:
        case RouteStatus():
            return doubts.route_moved(book, inbound, message, now)
        case Started():
            return doubts.started(book, inbound, message, now)
        case _:
            book.learn(message)
            return ()


def _asked(book: Book, inbound: Inbound, now: datetime, draw: Draw) -> Decision:
    message = inbound.message
    match message:
        case OrderCancelRequest() | OrderCancelReplaceRequest():
            return requests.change(book, inbound, message, now, draw)
        case OrderStatusRequest():
            return desk_side.status(book, inbound, message, now)
        case Unworkable():
            return desk_side.unworkable(inbound, message, now)
        case ReserveNonces():
            return nonces.reserved(book, inbound, message, now)
        case TransferAsked() | TransferMoved() | TransferOutcome() | TransferSettled():
            return money.decided(book, inbound, message, now)
        case BalancesTold() | BreakShown() | BreakClosed() | ForeignOrder():
            return breaks.decided(book, inbound, message, now)
        case _:
            return desk_session.decided(book, inbound, message, now)


__all__ = ["OPERATOR", "Draw", "decide"]
