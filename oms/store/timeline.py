"""The story of one order, told from the journal: `time kind evidence text raw`.

REQUEST is what was asked of the engine, SENT what went to the venue, REPORT what came back, TOLD
what the desk or strategy was told; ENTERED an emulated order's next order there; ASKED a price; DOUBT, SETTLED,
NAMED, HELD, RELEASED, WAITS, LEAVES, NOT_SENT, REOPENED and QUARANTINED are what happened to the order on the way. A
transfer's story has MOVED for the venue's word on it; no coupon's code is in any of it.
"""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Final

from oms.core.break_notes import BreakClosed
from oms.core.fields import ExecTransType
from oms.core.funding import Transfer
from oms.core.messages import (
    BusinessMessageReject,
    ExecutionReport,
    NewOrderSingle,
    News,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.notes import (
    Answered,
    Doubt,
    DoubtSettled,
    LegEntered,
    MoveState,
    NotSent,
    OrderEntered,
    Quarantined,
    RequestEntered,
    RequestReleased,
    TransferEntered,
    TransferMoved,
    TransferOutcome,
    TransferSettled,
    VenueNamed,
)
from oms.core.numbers import number_text
from oms.core.ports import DeskReport, Outbound, Record, Recorded, ToMarket, ToTreasury, ToVenue
from oms.core.settlements import Leaves, OrderSettled, Reopened, Waits
from oms.core.transfers import state_told
from oms.store.json_rows import JsonRow
from oms.store.types import utc_text

Asked = NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest | OrderStatusRequest


def timeline_rows(record: Record) -> Iterator[JsonRow]:
    """The rows that one record gives: itself, and each message it released."""
    kind, text = _happened(record.message)
    yield _row(record, kind, text, record.raw)
    for outbound in record.outbound:
        yield _row(record, *_went(outbound), "")


def _row(record: Record, kind: str, text: str, raw: str) -> JsonRow:
    return {
        "time": utc_text(record.time),
        "kind": kind,
        "evidence": record.evidence.value,
        "text": text,
        "raw": raw,
    }


def _happened(message: Recorded) -> tuple[str, str]:
    match message:
        case OrderEntered() | RequestEntered() | Answered():
            return "REQUEST", f"{message.origin}: {_asked(message.request)}"
        case ExecutionReport() | OrderCancelReject():
            return "REPORT", _told(message)
        case TransferEntered() | TransferMoved() | TransferOutcome() | TransferSettled():
            return _money(message)
        case BreakClosed():
            return "SETTLED", f"{message.by}: {message.text}"
        case OrderSettled():
            return "SETTLED", message.told
        case Reopened():
            return "REOPENED", message.text
        case Waits() | Leaves():
            return _leaving(message)
        case _:
            return _noted(message)


def _leaving(message: Waits | Leaves) -> tuple[str, str]:
    if isinstance(message, Leaves):
        return "LEAVES", f"what has an id up to {message.above} there is not it"
    return "WAITS" if message.text else "LEAVES", message.text


def _money(
    message: TransferEntered | TransferMoved | TransferOutcome | TransferSettled,
) -> tuple[str, str]:
    state = state_told(message).name if not isinstance(message, TransferEntered) else ""
    match message:
        case TransferEntered():
            return "REQUEST", f"{message.origin}: {transfer_words(message.transfer)}"
        case TransferMoved():
            moved = message.moved
            fee = "" if moved.fee is None else f"fee {number_text(moved.fee)}"
            return "MOVED", _words(state, moved.reference, moved.status, moved.amount, fee)
        case TransferSettled():
            return "SETTLED", f"{state} by {message.by}: {message.text}"
        case _:
            return ("DOUBT" if message.state is MoveState.IN_DOUBT else state), message.text


def transfer_words(transfer: Transfer) -> str:
    """What moves where, in a line."""
    return _words(
        transfer.kind,
        transfer.amount,
        transfer.asset,
        transfer.security_exchange,
        *_to(transfer.to_exchange, transfer.address, transfer.alias, transfer.recipient),
        transfer.memo and f"memo {transfer.memo}",
        transfer.network and f"over {transfer.network}",
    )


def _to(*places: str) -> tuple[str, ...]:
    return tuple(f"to {place}" for place in places if place)


def _noted(message: Recorded) -> tuple[str, str]:
    match message:
        case Doubt():
            return "DOUBT", f"{message.request.name}: {message.text}"
        case DoubtSettled():
            return "SETTLED", message.text
        case RequestReleased():
            kind = "RELEASED" if message.released else "HELD"
            return kind, _words(message.cl_ord_id, message.text)
        case VenueNamed():
            return "NAMED", f"the venue calls it {message.secondary_order_id}"
        case LegEntered():
            return "ENTERED", _leg(message)
        case NotSent():
            return "NOT_SENT", f"{message.request.name}: {message.text}"
        case Quarantined():
            return "QUARANTINED", f"{message.reason}: {message.text}"
        case _:
            return type(message).__name__.upper(), ""


def _went(outbound: Outbound) -> tuple[str, str]:
    if isinstance(outbound, ToMarket):
        return "ASKED", f"{outbound.route}: {outbound.message.side.name} {outbound.message.symbol}"
    if isinstance(outbound, ToVenue):
        return "SENT", f"{outbound.route}: {_asked(outbound.message)}"
    if isinstance(outbound, ToTreasury):
        return "SENT", f"{outbound.route}: {transfer_words(outbound.message)}"
    return "TOLD", f"{outbound.origin}: {_told(outbound.message)}"


def _asked(request: Asked) -> str:
    """The request in a line: what, of which order, how much, at what price."""
    name, cl_ord_id = type(request).__name__, request.cl_ord_id
    match request:
        case OrderStatusRequest():
            return _words(name, cl_ord_id, request.order_id)
        case OrderCancelRequest():
            return _words(name, cl_ord_id, "of", request.orig_cl_ord_id or request.order_id)
        case OrderCancelReplaceRequest():
            target = request.orig_cl_ord_id or request.order_id
            return _words(name, cl_ord_id, "of", target, *_terms(request))
        case NewOrderSingle():
            owner = request.on_behalf_of_comp_id
            behalf = f"on behalf of {owner}" if owner else ""
            return _words(name, cl_ord_id, behalf, *_terms(request), request.time_in_force)


def _leg(note: LegEntered) -> str:
    return _words(note.venue_cl_ord_id, note.order_qty, _at(note.price))


def _terms(request: NewOrderSingle | OrderCancelReplaceRequest) -> tuple["Word", ...]:
    cash = request.cash_order_qty
    return (
        request.side,
        request.order_qty,
        "" if cash is None else f"for {number_text(cash)}",
        request.symbol,
        request.ord_type,
        _at(request.price),
        "" if request.stop_px is None else f"stop {number_text(request.stop_px)}",
    )


def _told(report: DeskReport) -> str:
    match report:
        case ExecutionReport():
            return _words(_execution(report), report.text)
        case OrderCancelReject():
            return _words("OrderCancelReject", report.cl_ord_id, report.cxl_rej_reason, report.text)
        case BusinessMessageReject():
            return _words("BusinessMessageReject", report.business_reject_reason, report.text)
        case News():
            return _words("News", report.headline, report.text)


def _execution(report: ExecutionReport) -> str:
    return _words(
        _EVENT.get(report.exec_trans_type) or report.exec_type,
        report.exec_id,
        report.ord_rej_reason,
        *((report.last_shares, _at(report.last_px)) if report.last_shares else ()),
        *(() if report.ord_status is None else ("->", report.ord_status)),
        *(() if report.cum_qty is None else ("cum", report.cum_qty)),
    )


_EVENT: Final = {
    ExecTransType.STATUS: "STATUS",
    ExecTransType.CANCEL: "BUST",
    ExecTransType.CORRECT: "CORRECTION",
}

Word = str | Decimal | StrEnum | None


def _at(price: Decimal | None) -> str:
    return "" if price is None else f"@ {number_text(price)}"


def _words(*words: Word) -> str:
    """What there is of the words, enumerations by their names, numbers plain."""
    return " ".join(_word(word) for word in words if word not in (None, ""))


def _word(word: Word) -> str:
    if isinstance(word, StrEnum):
        return word.name
    return number_text(word) if isinstance(word, Decimal) else str(word)
