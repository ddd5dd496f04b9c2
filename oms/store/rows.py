"""Values <-> rows: one function a table and direction.

Writing goes past SQLAlchemy's column types, in the tables' order of columns: these tuples are on
the way of every message. Reading goes through the column types.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row

from oms.core.facts import Execution, InDoubt, Kill, Leg, PendingRequest
from oms.core.messages import ExecutionReport
from oms.core.notes import Quarantined
from oms.core.order import Order
from oms.core.ports import (
    Evidence,
    Outbound,
    Record,
    Recorded,
    ToMarket,
    ToOrigin,
    ToTreasury,
    ToVenue,
)
from oms.core.positions import PositionKey
from oms.core.sessions import Session
from oms.store import wire
from oms.store.tables import ORDERS
from oms.store.types import decimal_text, legible, utc_text, utc_time

Values = tuple[Any, ...]
"""One row, in its table's order of columns."""

TO_VENUE = "V"
TO_MARKET = "M"
TO_TREASURY = "T"
TO_ORIGIN = "O"


Moved = Callable[[Recorded, str, datetime], Order | None]
"""The order after a message about it at that time, None where it moved none."""


def _nothing(message: Recorded, order_id: str, time: datetime) -> None:
    return None


def _maybe(number: Decimal | None) -> str | None:
    return None if number is None else decimal_text(number)


def _time(time: datetime | None) -> str | None:
    return None if time is None else utc_text(time)


# The journal


def journal_row(seq: int, record: Record) -> Values:
    """The record as a row of the journal."""
    message = record.message
    out = [_sent(record, outbound) for outbound in record.outbound]
    return (
        seq,
        utc_text(record.time),
        message.__class__.__name__,
        record.evidence._value_,
        record.origin,
        record.route,
        record.order_id,
        record.msg_seq_num,
        wire.dump(wire.Body(message, out)),
        legible(record.raw),
    )


def _sent(record: Record, outbound: Outbound) -> wire.Out:
    if isinstance(outbound, ToOrigin):
        return (TO_ORIGIN, outbound.origin, outbound.message)
    if isinstance(outbound, ToMarket):
        return (TO_MARKET, outbound.route, outbound.message)
    if isinstance(outbound, ToTreasury):
        assert outbound.transfer_id == record.order_id, "money is about the transfer of its record"
        return (TO_TREASURY, outbound.route, outbound.message)
    assert outbound.order_id == record.order_id, "a request is about the order of its record"
    return (TO_VENUE, outbound.route, outbound.message)


def record_of(row: Sequence[Any], moved: Moved = _nothing) -> Record:
    """The record that `journal_row` wrote. Raises ValueError when it is none.

    `moved` says what its message made of its order.
    """
    _, time, kind, evidence, origin, route, order_id, msg_seq_num, text, raw = row[:10]
    body, at = wire.load(wire.Body, text), utc_time(time)
    message = body.m
    if message.__class__.__name__ != kind:
        raise ValueError(f"not a {kind}, as it says outside: {message.__class__.__name__}")
    return Record(
        time=at,
        message=message,
        evidence=Evidence(evidence),
        order_id=order_id,
        origin=origin,
        route=route,
        raw=raw,
        msg_seq_num=msg_seq_num,
        outbound=tuple([_outbound(order_id, *out) for out in body.out]),
        order=moved(message, order_id, at),
    )


_RECEIVERS: Final[dict[str, Callable[[str, str, Any], Outbound]]] = {
    TO_VENUE: ToVenue,
    TO_MARKET: ToMarket,
    TO_TREASURY: ToTreasury,
    TO_ORIGIN: lambda origin, _, message: ToOrigin(origin, message),
}


def _outbound(order_id: str, receiver: str, name: str, message: Any) -> Outbound:
    if receiver not in _RECEIVERS:
        raise ValueError(f"no such receiver: {receiver!r}")
    return _RECEIVERS[receiver](name, order_id, message)


# Orders and executions


def order_row(order: Order) -> Values:
    """The order's facts, without its executions."""
    doubt = order.in_doubt
    return (
        order.order_id,
        order.origin,
        order.route,
        # The first leg's: the column never changes, and its index never moves.
        order.legs[0].venue_cl_ord_id if order.legs else order.venue_cl_ord_id,
        order.cl_ord_id,
        order.orig_cl_ord_id,
        order.secondary_order_id,
        order.symbol,
        order.security_exchange,
        order.account,
        order.side._name_,
        order.ord_type._name_,
        order.time_in_force._name_,
        _time(order.expire_time),
        order.exec_inst,
        decimal_text(order.order_qty),
        _maybe(order.cash_order_qty),
        _maybe(order.price),
        _maybe(order.stop_px),
        order.life._name_,
        order.replaced,
        order.stopped,
        _list_text(order.requests),
        order.requests_made,
        order.replaced_name,
        order.emulate,
        _list_text(order.legs),
        decimal_text(order.cum_qty),
        decimal_text(order.notional),
        order.day,
        None if doubt is None else doubt.request._name_,
        None if doubt is None else utc_text(doubt.since),
        None if doubt is None else doubt.text,
        order.waits,
        order.above,
        order.settled_by,
        _time(order.taken_at),
        order.text,
        utc_text(order.created),
        utc_text(order.updated),
        order.closed,
    )


def _list_text(facts: Sequence[PendingRequest | Leg]) -> str:
    return wire.dump(facts) if facts else "[]"


_LISTS = ("requests", "legs")
_SAME = tuple(
    field.name for field in fields(Order) if field.name in ORDERS.c and field.name not in _LISTS
)
"""Facts that are a column of the same name."""


def order_of(row: Row[Any], executions: Iterable[Execution] = ()) -> Order:
    """The order that `order_row` wrote, with its executions in the order they came."""
    doubt = None
    if row.in_doubt_request is not None:
        doubt = InDoubt(row.in_doubt_request, row.in_doubt_since, row.in_doubt_text)
    legs = wire.load(tuple[Leg, ...], row.legs)
    facts = {name: getattr(row, name) for name in _SAME}
    if legs:
        facts["venue_cl_ord_id"] = legs[-1].venue_cl_ord_id
    return Order(
        **facts,
        requests=wire.load(tuple[PendingRequest, ...], row.requests),
        legs=legs,
        executions={execution.exec_id: execution for execution in executions},
        in_doubt=doubt,
    )


def execution_row(seq: int, order: Order, execution: Execution, report: ExecutionReport) -> Values:
    """One execution of an order, told by the report that is the journal's record `seq`."""
    return (
        order.order_id,
        execution.exec_id,
        seq,
        report.trade_id,
        order.route,
        order.origin,
        order.cl_ord_id,
        order.symbol,
        order.side._name_,
        decimal_text(execution.last_shares),
        decimal_text(execution.last_px),
        execution.stands,
        execution.derived,
        execution.exec_ref_id,
        execution.leg,
        _maybe(execution.commission),
        execution.fee_currency,
        execution.day,
        _maybe(execution.split_shares),
        # A report that does not say when is dated by its record, as the order's update was.
        utc_text(report.transact_time or order.updated),
    )


def execution_of(row: Row[Any]) -> Execution:
    """The execution that `execution_row` wrote."""
    return Execution(
        exec_id=row.exec_id,
        last_shares=row.last_shares,
        last_px=row.last_px,
        stands=row.stands,
        derived=row.derived,
        exec_ref_id=row.exec_ref_id,
        commission=row.commission,
        fee_currency=row.fee_currency,
        day=row.day,
        split_shares=row.split_shares,
        leg=row.leg,
    )


def split_row(shares: Decimal, order_id: str, exec_id: str) -> Values:
    """What a split has made of an execution's shares."""
    return (decimal_text(shares), order_id, exec_id)


# The rest


def leg_rows(order: Order) -> list[Values]:
    """By which ids the venue knows an emulated order's legs."""
    return [
        (order.route, leg.venue_cl_ord_id, leg.secondary_order_id, order.order_id)
        for leg in order.legs
    ]


def position_row(key: PositionKey, qty: Decimal) -> Values:
    """A holding: route, exchange, account, asset, quantity."""
    return (*key, decimal_text(qty))


def session_row(origin: str, session: Session) -> Values:
    """A desk session's position."""
    return (
        origin,
        session.msg_seq_num_in,
        session.msg_seq_num_out,
        session.delivered,
        session.seen,
        session.repeat_to,
        session.resets,
        session.stored_from,
    )


def session_of(row: Row[Any]) -> Session:
    """The position that `session_row` wrote."""
    return Session(
        row.msg_seq_num_in,
        row.msg_seq_num_out,
        row.delivered,
        row.seen,
        row.repeat_to,
        row.resets,
        row.stored_from,
    )


def kill_row(route: str, kill: Kill) -> Values:
    """A kill switch as it stands."""
    since = utc_text(kill.since)
    return (route, kill.on, since, kill.seq, kill.origin, kill.text, kill.in_doubt)


def kill_of(row: Row[Any]) -> Kill:
    """The switch that `kill_row` wrote."""
    return Kill(row.killed, row.since, row.seq, row.origin, row.text, row.in_doubt)


def quarantine_row(seq: int, record: Record, note: Quarantined) -> Values:
    """What could not be applied, for a human."""
    return (
        seq,
        utc_text(record.time),
        record.route,
        record.order_id,
        note.reason,
        note.text,
        legible(record.raw),
    )
