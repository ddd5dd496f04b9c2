"""What is made of balances that are told, of orders that are not ours, and of an operator's word.

A balance is compared where two looks, with nothing booked before, between or after them, say the
same: one that straddles an execution says nothing. What then differs is a break, until it goes
away, is explained, or an operator says what it was. Nothing is traded because of any of it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from oms.core.book import OPERATOR, Book
from oms.core.break_notes import (
    BalanceBegun,
    BalancesTold,
    BreakClosed,
    BreakOpened,
    BreakShown,
    Cause,
    ForeignOrder,
)
from oms.core.causes import cause_of, under_way
from oms.core.holdings import Break, HoldingKey, break_id_of
from oms.core.numbers import ZERO
from oms.core.ports import Decision, Inbound, Record
from oms.core.reports import BREAK
from oms.core.story import Story
from oms.core.transfers import is_transfer
from oms.core.values import replaced

BreakMessage = BalancesTold | BreakShown | BreakClosed | ForeignOrder

QUIET: Final = timedelta(seconds=90)
"""So long nothing must have happened to any order before the first balances count: lists of
executions have been seen a minute and a half behind."""

_AGREES: Final = "the balance is again what the books say"


def decided(book: Book, inbound: Inbound, message: BreakMessage, now: datetime) -> Decision:
    """What follows from it."""
    match message:
        case BalancesTold():
            return tuple(_compared(book, inbound, message, now))
        case BreakShown():
            return _shown(book, inbound, message, now)
        case BreakClosed():
            return _closed(book, inbound, message, now)
        case _:
            return _foreign(book, inbound, message, now)


def _compared(book: Book, inbound: Inbound, note: BalancesTold, now: datetime) -> Iterator[Record]:
    route, agreement = inbound.source, book.agreement
    before = agreement.looks.pop(route, None)
    if note.mark != agreement.mark(route):
        return
    agreement.looks[route] = note
    if before is None or before.mark != note.mark:
        return
    one, two = _by_key(route, before), _by_key(route, note)
    if agreement.begun(route):
        yield from _weighed(book, inbound, one, two, now)
    elif one == two and _quiet(book, route, now):
        begins = [total for total in note.totals if total.total] or note.totals[:1]
        for total in begins:
            asset, exchange = total.asset, total.security_exchange
            begun = BalanceBegun(asset=asset, total=total.total, security_exchange=exchange)
            yield _record(inbound, begun, now)


def _by_key(route: str, note: BalancesTold) -> dict[HoldingKey, Decimal]:
    return {(route, one.security_exchange, one.asset): one.total for one in note.totals}


def _quiet(book: Book, route: str, now: datetime) -> bool:
    """Whether nothing is on its way that a first balance may have in it already, or not yet."""
    working = book.working(route)
    moved = (*working, *book.closed(route))
    asked = any(order.in_doubt or not order.acknowledged or order.requests for order in working)
    lately = any(now - order.updated < QUIET for order in moved)
    return not asked and not lately and not book.open_moves(route)


def _weighed(
    book: Book,
    inbound: Inbound,
    one: Mapping[HoldingKey, Decimal],
    two: Mapping[HoldingKey, Decimal],
    now: datetime,
) -> Iterator[Record]:
    agreement, route = book.agreement, inbound.source
    keys = sorted({*one, *two, *agreement.holdings_of(route)})
    same = [key for key in keys if one.get(key, ZERO) == two.get(key, ZERO)]
    residuals = {key: agreement.residual(key, two.get(key, ZERO)) for key in same}
    number = agreement.last_break
    for key, residual in residuals.items():
        known = agreement.open_break(key)
        if known is not None and not residual:
            closed = BreakClosed(break_id=known.break_id, text=_AGREES)
            yield _record(inbound, closed, now)
        elif residual and (known is None or known.amount != residual):
            if known is None and under_way(book, key, residual):
                continue
            number += known is None
            name = break_id_of(number) if known is None else known.break_id
            yield _opened(book, inbound, name, key, residuals, now)


def _opened(
    book: Book,
    inbound: Inbound,
    name: str,
    key: HoldingKey,
    residuals: Mapping[HoldingKey, Decimal],
    now: datetime,
) -> Record:
    cause, text = cause_of(book, key, book.agreement.holding(key), residuals)
    note = BreakOpened(
        break_id=name,
        asset=key[2],
        amount=residuals[key],
        cause=cause,
        text=text,
        security_exchange=key[1],
    )
    return _record(inbound, note, now)


def _shown(book: Book, inbound: Inbound, note: BreakShown, now: datetime) -> Decision:
    """The venue's list names what it was. Money that came in is explained by that; for money that
    left, and that the engine did not send, a person has to answer."""
    known = book.agreement.named_break(note.break_id)
    if known is None or known.key[0] != inbound.source or known.amount != note.amount:
        return ()
    ours = book.moves.claimant(inbound.source, note.reference) or book.history.claimant(
        inbound.source, note.reference
    )
    name = f"{note.cause.name} {note.reference}" if note.reference else ""
    told = (known.cause, known.text) == (note.cause, note.text)
    if ours is not None or told or book.agreement.explained(inbound.source, name):
        return ()
    if note.cause is Cause.DEPOSIT:
        closed = BreakClosed(break_id=known.break_id, text=note.text, accepted=True, reference=name)
        return (_record(inbound, closed, now),)
    return (_record(inbound, _with_cause(known, note, name), now),)


def _with_cause(known: Break, note: BreakShown, reference: str) -> BreakOpened:
    return BreakOpened(
        break_id=known.break_id,
        asset=known.key[2],
        amount=known.amount,
        cause=note.cause,
        text=note.text,
        security_exchange=known.key[1],
        reference=reference,
    )


def _closed(book: Book, inbound: Inbound, note: BreakClosed, now: datetime) -> Decision:
    """An operator says what it was. Of what no break is, nothing follows: whoever asks sees it."""
    if inbound.source != OPERATOR:
        return ()
    known = book.agreement.named_break(note.break_id)
    if known is not None:
        told = replaced(note, accepted=True)
        return (replaced(_record(inbound, told, now), route=known.key[0]),)
    order = None if is_transfer(note.break_id) else book.any_order(note.break_id)
    if order is None or not order.text.startswith(BREAK):
        return ()
    story = Story(inbound, order, now)
    story.add(replaced(note, accepted=False))
    return tuple(story.records)


def _foreign(book: Book, inbound: Inbound, note: ForeignOrder, now: datetime) -> Decision:
    route = inbound.source
    if book.at_venue(route, note.venue_cl_ord_id, note.secondary_order_id) is not None:
        return ()
    known = book.agreement.foreign_order(route, note.name)
    if known is not None and known.told == note:
        return ()
    return (_record(inbound, note, now),)


def _record(
    inbound: Inbound, note: BalanceBegun | BreakOpened | BreakClosed | ForeignOrder, now: datetime
) -> Record:
    kept = isinstance(note, ForeignOrder | BreakClosed | BreakOpened)
    return Record(
        time=now,
        message=note,
        evidence=inbound.evidence,
        route=inbound.source,
        raw=inbound.raw if kept else "",
        msg_seq_num=0,
    )
