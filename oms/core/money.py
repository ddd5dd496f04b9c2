"""Moving money: who may, what is checked before anything is sent, what is made of what comes back.

Nothing here sends a second time. A transfer equal to one whose outcome is open is refused, so that
neither a person nor a program repeats what may have been done.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from oms.core.book import OPERATOR, Book, Route
from oms.core.errors import (
    InvalidOrder,
    NotAuthorised,
    NotSupported,
    OmsError,
    OrderRejected,
    VenueUnavailable,
)
from oms.core.funding import Transfer, TransferKind
from oms.core.notes import (
    MoveState,
    Quarantined,
    TransferAsked,
    TransferEntered,
    TransferMoved,
    TransferOutcome,
    TransferSettled,
)
from oms.core.ports import Decision, Evidence, Inbound, Record, ToTreasury
from oms.core.reports import KILL_SWITCH
from oms.core.transfers import (
    MoneyMove,
    TransferNews,
    Weight,
    is_transfer,
    transfer_id_of,
    weigh,
    without,
)
from oms.core.values import frozen, replaced
from oms.core.venue_side import quarantine

OFFERS: Final = {
    TransferKind.WITHDRAWAL: "withdraw",
    TransferKind.TRANSFER: "transfer",
    TransferKind.COUPON_CREATE: "coupon",
    TransferKind.COUPON_REDEEM: "coupon",
}
"""What a route must offer, as Capabilities name it."""

TransferMessage = TransferAsked | TransferNews


def decided(book: Book, inbound: Inbound, message: TransferMessage, now: datetime) -> Decision:
    """What follows from a message about money."""
    match message:
        case TransferAsked():
            return _asked(book, inbound, message, now)
        case TransferSettled():
            return _settled(book, inbound, message, now)
        case _:
            return _heard(book, inbound, message, now)


def left_open(book: Book, now: datetime) -> Decision:
    """At a start: what was under way when the last owner ended is in doubt."""
    text = (
        "the engine ended before the venue answered; the venue's lists or an operator settle it. "
        "It is not sent again"
    )
    return tuple(
        _record(move, _doubt(move, text), Evidence.POLICY, now)
        for move in book.moves.open()
        if move.state is MoveState.UNDER_WAY
    )


def _doubt(move: MoneyMove, text: str) -> TransferOutcome:
    return TransferOutcome(
        transfer_id=move.transfer.transfer_id, state=MoveState.IN_DOUBT, text=text
    )


def _record(
    move: MoneyMove, note: TransferNews, evidence: Evidence, now: datetime, raw: str = ""
) -> Record:
    return Record(
        time=now,
        message=note,
        evidence=evidence,
        order_id=move.transfer.transfer_id,
        origin=move.origin,
        route=move.transfer.route,
        raw=raw,
    )


def _asked(book: Book, inbound: Inbound, asked: TransferAsked, now: datetime) -> Decision:
    origin = inbound.source
    if book.used(origin, asked.cl_ord_id) is not None:
        return ()  # whoever repeats it finds what became of it the first time
    transfer_id = transfer_id_of(book.moves.last_number + 1)
    transfer = replaced(asked.transfer, transfer_id=transfer_id)
    refusal = examine(book, origin, transfer)
    outbound = () if refusal else (ToTreasury(transfer.route, transfer_id, transfer),)
    entry = Record(
        time=now,
        message=TransferEntered(transfer=transfer, origin=origin, cl_ord_id=asked.cl_ord_id),
        evidence=inbound.evidence,
        order_id=transfer_id,
        origin=origin,
        route=transfer.route,
        raw=without(transfer.code, inbound.raw),
        outbound=outbound,
    )
    if refusal is None:
        return (entry,)
    refused = TransferOutcome(
        transfer_id=transfer_id,
        state=MoveState.REFUSED,
        text=refusal.text,
        refusal=refusal.error.code,
    )
    return (entry, replaced(entry, message=refused, evidence=Evidence.POLICY, raw=""))


def _settled(book: Book, inbound: Inbound, note: TransferSettled, now: datetime) -> Decision:
    move = _move(book, note.transfer_id)
    if inbound.source != OPERATOR or move is None or weigh(move, note) is not Weight.NEWS:
        return ()  # whoever asked sees it unchanged
    return (_record(move, note, inbound.evidence, now, inbound.raw),)


def _heard(
    book: Book, inbound: Inbound, note: TransferMoved | TransferOutcome, now: datetime
) -> Decision:
    """A gateway says what became of a transfer, or what the venue's lists show of it."""
    move = _move(book, note.transfer_id)
    if move is None or move.transfer.route != inbound.source:
        text = f"{inbound.source}: {type(note).__name__} about no transfer of this route"
        unknown = Quarantined(reason="unknown transfer", text=text)
        return (quarantine(_clean(inbound, note), unknown, now),)
    listed = inbound.evidence is Evidence.VENUE_QUERY
    if listed and isinstance(note, TransferMoved) and not _shows(book, move, note):
        return ()
    inbound = _clean(inbound, note, move)
    note = _masked(note, move.transfer.code)
    weight = weigh(move, note)
    if weight is Weight.NEWS:
        return (_record(move, note, inbound.evidence, now, inbound.raw),)
    if weight is Weight.KNOWN:
        return ()
    said = note.moved.status if isinstance(note, TransferMoved) else note.text
    text = f"transfer {note.transfer_id} is {move.state.name}, and {inbound.source} says: {said}"
    odd = Quarantined(reason="contradicts the transfer", text=text)
    return (replaced(quarantine(inbound, odd, now), order_id=note.transfer_id),)


def _move(book: Book, transfer_id: str) -> MoneyMove | None:
    if not is_transfer(transfer_id):
        return None
    return book.moves.get(transfer_id) or book.history.move(transfer_id)


def _shows(book: Book, move: MoneyMove, note: TransferMoved) -> bool:
    """Whether a row of the venue's lists is this move, and not one that is equal in all else."""
    reference, route = note.moved.reference, move.transfer.route
    if move.reference:
        return move.reference == reference
    claimant = book.moves.claimant(route, reference) or book.history.claimant(route, reference)
    return bool(reference) and claimant is None


def _masked(note: TransferMoved | TransferOutcome, code: str) -> TransferMoved | TransferOutcome:
    """The note without the venue's text, which stands beside it, and without a coupon's code where
    people read."""
    if isinstance(note, TransferOutcome):
        return replaced(note, text=without(code, note.text))
    moved = note.moved
    status = without(moved.code, without(code, moved.status))
    return replaced(note, moved=replaced(moved, raw="", status=status))


def _clean(
    inbound: Inbound, note: TransferMoved | TransferOutcome, move: MoneyMove | None = None
) -> Inbound:
    """The message with the venue's text beside it, and no coupon's code in that."""
    raw = inbound.raw
    if isinstance(note, TransferMoved):
        raw = without(note.moved.code, raw or note.moved.raw)
    return replaced(inbound, raw=without(move.transfer.code, raw) if move else raw)


# What is checked


@frozen
class Refusal:
    """Why money is not moved, and the error that says so."""

    error: type[OmsError]
    text: str


def examine(book: Book, origin: str, transfer: Transfer) -> Refusal | None:
    """All checks on a transfer that `origin` has asked for; the first refusal is the answer."""
    if book.stopping:
        return Refusal(VenueUnavailable, "the engine is stopping")
    refusal = _authority(book, origin, transfer)
    if refusal:
        return refusal
    route = book.routes.get(transfer.route)
    if route is None or OFFERS[transfer.kind] not in route.capabilities.offers:
        what = transfer.kind.name.lower().replace("_", " of a ")
        return Refusal(NotSupported, f"{transfer.route} does not offer this {what}")
    for check in CHECKS:
        text = check(route, transfer)
        if text:
            return Refusal(InvalidOrder, text)
    return _standing(book, route, transfer)


def _authority(book: Book, origin: str, transfer: Transfer) -> Refusal | None:
    if origin == OPERATOR:
        return None
    if origin in book.treasurers and book.entitled(origin, transfer.route):
        return None
    return Refusal(NotAuthorised, f"{origin} may not move money at {transfer.route}")


def _standing(book: Book, route: Route, transfer: Transfer) -> Refusal | None:
    """What may be otherwise a moment later."""
    if book.killed(route.name):
        return Refusal(OrderRejected, KILL_SWITCH)
    if not route.up:
        return Refusal(VenueUnavailable, f"ROUTE DOWN: {route.text or 'not connected'}")
    for move in book.moves.open(route.name):
        if move.state is not MoveState.TAKEN and move.is_like(transfer):
            name, state = move.transfer.transfer_id, move.state.name.replace("_", " ").lower()
            text = f"{name} would move the same and is {state}: see what became of it first"
            return Refusal(OrderRejected, text)
    return None


_FIELDS: Final = {
    TransferKind.WITHDRAWAL: ({"asset", "amount"}, {"address", "alias", "memo", "network"}),
    TransferKind.TRANSFER: ({"asset", "amount", "security_exchange", "to_exchange"}, set[str]()),
    TransferKind.COUPON_CREATE: ({"asset", "amount"}, {"recipient"}),
    TransferKind.COUPON_REDEEM: ({"code"}, set[str]()),
}
"""What each kind must say, and what else it may; the exchange is the route's matter."""

_ALL: Final = ("asset", "amount", "address", "alias", "memo", "network", "to_exchange", "recipient", "code")  # fmt: skip


def _fields(route: Route, transfer: Transfer) -> str:
    required, allowed = _FIELDS[transfer.kind]
    for name in sorted(required):
        if getattr(transfer, name) in ("", None):
            return f"{_words(name)}: is missing"
    for name in _ALL:
        if name not in required | allowed and getattr(transfer, name) not in ("", None):
            return f"{_words(name)}: says nothing here"
    return ""


def _words(name: str) -> str:
    return "exchange" if name == "security_exchange" else name


def _amount(route: Route, transfer: Transfer) -> str:
    if transfer.amount is not None and transfer.amount <= 0:
        return "amount: must be more than 0"
    return ""


def _destination(route: Route, transfer: Transfer) -> str:
    if transfer.kind is not TransferKind.WITHDRAWAL:
        return ""
    if route.capabilities.withdraws_to_alias:
        if transfer.address or transfer.memo or transfer.network or not transfer.alias:
            return f"alias: {route.name} sends to an address saved there: give its alias alone"
        return ""
    if transfer.alias or not transfer.address:
        return f"address: {route.name} sends to an address: give it, and no alias"
    return ""


def _exchanges(route: Route, transfer: Transfer) -> str:
    known = route.capabilities.exchanges
    for name, exchange in (("exchange", transfer.security_exchange), ("to_exchange", transfer.to_exchange)):  # fmt: skip
        if exchange and exchange not in known:
            return f"{name}: {exchange!r} is none of {', '.join(sorted(known)) or 'none'}"
    if known and not transfer.security_exchange:
        return f"exchange: is missing; one of {', '.join(sorted(known))}"
    if transfer.to_exchange and transfer.to_exchange == transfer.security_exchange:
        return f"to_exchange: {transfer.to_exchange} is where it is"
    return ""


CHECKS: Final[tuple[Callable[[Route, Transfer], str], ...]] = (
    _fields,
    _amount,
    _destination,
    _exchanges,
)
"""In order of precedence; each says what is wrong, or ""."""
