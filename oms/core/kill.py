"""The kill switch and cancel-all: who may, what is cancelled, and what its asker is told.

What the switch stops is decided where it would begin: new orders in `checks`, replaces in
`desk_side` and `story`. Whatever works under it is cancelled at once, and what can not be asked for
now is held: an order in doubt, or on a route that is down, is cancelled the moment it can be.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from oms.core import desk_side
from oms.core.book import EVERY_ROUTE, OPERATOR, Book
from oms.core.fields import BusinessRejectReason
from oms.core.house import HOUSE, cancel
from oms.core.messages import News
from oms.core.notes import CancelAll, KillCertificate, KillSweep, KillSwitch, Unworkable
from oms.core.order import Order
from oms.core.ports import Decision, Evidence, Inbound, Record, ToOrigin
from oms.core.reports import KILL_SWITCH
from oms.core.story import Story
from oms.core.values import replaced

KILL_MESSAGE: Final = "U1"
"""MsgType (35) of the desks' kill message, described in spec/OMS42.xml."""

CANCEL_ALL_TEXT: Final = "cancel all"


def told(
    book: Book,
    inbound: Inbound,
    message: KillSwitch | KillSweep | KillCertificate | CancelAll,
    now: datetime,
) -> Decision:
    """What follows from one of the messages about stopping."""
    match message:
        case KillSwitch():
            return _switched(book, inbound, message, now)
        case KillCertificate():
            return _certified(book, inbound, message, now)
        case CancelAll():
            return _all_cancelled(book, inbound, message, now)
        case _:
            return _cancelled(book, inbound, book.under_kill(), now)


def _switched(book: Book, inbound: Inbound, note: KillSwitch, now: datetime) -> Decision:
    refusal = _refusal(book, inbound, note)
    # Without an id it is what runs ahead of a message that will be answered in its place.
    answered = bool(note.cl_ord_id)
    if refusal is not None:
        return desk_side.unworkable(inbound, refusal, now) if answered else ()
    used = book.used(inbound.source, note.cl_ord_id) is not None
    note = replaced(note, origin=inbound.source, cl_ord_id="" if used else note.cl_ord_id)
    scope = _scope(book, note.route) if note.on else []
    news = News(
        headline=f"{KILL_SWITCH} {'ON' if note.on else 'OFF'} {_where(note.route)}",
        text=f"{len(scope)} orders are cancelled, their ends follow" if note.on else "trade again",
    )
    record = Record(
        time=now,
        message=note,
        evidence=inbound.evidence,
        origin=inbound.source,
        route=_named(note.route),
        raw=inbound.raw,
        msg_seq_num=inbound.msg_seq_num,
        outbound=(ToOrigin(inbound.source, news),) if answered else (),
    )
    return (record, *_cancelled(book, inbound, scope, now))


def _refusal(book: Book, inbound: Inbound, note: KillSwitch) -> Unworkable | None:
    reason, text = BusinessRejectReason.OTHER, ""
    if inbound.source not in (OPERATOR, *book.killers):
        text = "not authorised: this session may not turn the kill switch"
    elif note.route not in (EVERY_ROUTE, *book.routes, *book.kills):
        reason = BusinessRejectReason.UNKNOWN_ID
        text = f"unknown route {note.route!r}: {', '.join(book.routes)}"
    elif not note.on and book.used(inbound.source, note.cl_ord_id) is not None:
        # What is repeated may be old, and old words must not open what was shut since. To shut
        # again is never refused.
        text = f"duplicate ClOrdID {note.cl_ord_id}: the kill switch is left as it is"
    if not text:
        return None
    return Unworkable(
        ref_msg_type=KILL_MESSAGE,
        ref_seq_num=inbound.msg_seq_num,
        reason=reason,
        ref_id=note.cl_ord_id,
        text=text,
        origin=inbound.source,
    )


def _certified(book: Book, inbound: Inbound, note: KillCertificate, now: datetime) -> Decision:
    switch = book.kills.get(note.route)
    if switch is None or not switch.on:
        return ()
    how = f", {note.in_doubt} orders in doubt" if note.in_doubt else ""
    news = News(headline=f"{KILL_SWITCH} DONE {_where(note.route)}{how}", text=note.text)
    return (
        Record(
            time=now,
            message=note,
            evidence=inbound.evidence,
            origin=note.origin,
            route=_named(note.route),
            outbound=(ToOrigin(note.origin, news),),
        ),
    )


def _all_cancelled(book: Book, inbound: Inbound, note: CancelAll, now: datetime) -> Decision:
    source = inbound.source
    used = book.used(source, note.cl_ord_id) is not None
    note = replaced(note, origin=source, cl_ord_id="" if used else note.cl_ord_id)
    record = Record(
        time=now,
        message=note,
        evidence=inbound.evidence,
        origin=source,
        route=_named(note.route),
        raw=inbound.raw,
        msg_seq_num=inbound.msg_seq_num,
    )
    # A venue's own call goes out when this record is committed; it makes no single cancels.
    scope = [] if note.account_wide else _scope(book, note.route)
    if not (note.everybody and source == OPERATOR):
        scope = [order for order in scope if order.origin == source]
    return (record, *_cancelled(book, inbound, scope, now, CANCEL_ALL_TEXT, source))


def _scope(book: Book, route: str) -> list[Order]:
    return [order for order in book.all_working() if route in (EVERY_ROUTE, order.route)]


def _cancelled(
    book: Book,
    inbound: Inbound,
    orders: Iterable[Order],
    now: datetime,
    text: str = KILL_SWITCH,
    origin: str = HOUSE,
) -> Decision:
    records: list[Record] = []
    # The raw text stands on the record of the switch alone.
    source = replaced(inbound, raw="", evidence=Evidence.POLICY)
    for order in orders:
        story = Story(source, order, now)
        cancel(book, story, text, origin)
        records += story.records
    return tuple(records)


def _named(route: str) -> str:
    return "" if route == EVERY_ROUTE else route


def _where(route: str) -> str:
    return f"at {_named(route) or 'every venue'}"
