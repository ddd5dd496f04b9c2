"""Holdings, breaks and foreign orders <-> rows, and what people see of them."""

from typing import Any

from sqlalchemy import Row

from oms.core.break_notes import ForeignOrder
from oms.core.holdings import Break, Foreign, Holding, HoldingKey, break_id_of, number_of
from oms.core.numbers import number_text
from oms.store.json_rows import JsonRow
from oms.store.types import decimal_text, utc_text

Values = tuple[Any, ...]


def holding_row(key: HoldingKey, holding: Holding) -> Values:
    """An asset of an account, in the table's order of columns."""
    return (
        *key,
        decimal_text(holding.told),
        utc_text(holding.since),
        decimal_text(holding.moved),
        decimal_text(holding.traded),
        decimal_text(holding.loose),
    )


def holding_of(row: Row[Any]) -> tuple[HoldingKey, Holding]:
    """What `holding_row` wrote."""
    key = (row.route, row.exchange, row.asset)
    return key, Holding(row.told, row.since, row.moved, row.traded, row.loose)


def holding_json(row: Row[Any]) -> JsonRow:
    """What the venue has to tell of an asset: what it told at `since`, and what has moved since."""
    _, holding = holding_of(row)
    return {
        "venue": row.route,
        "exchange": row.exchange,
        "asset": row.asset,
        "expected": number_text(holding.expected),
        "told": number_text(holding.told),
        "moved": number_text(holding.moved),
        "since": utc_text(holding.since),
    }


def break_row(found: Break) -> Values:
    """A break of balances."""
    return (
        number_of(found.break_id),
        *found.key,
        decimal_text(found.amount),
        found.cause._name_,
        found.text,
        utc_text(found.opened),
        utc_text(found.updated),
        found.closed,
        found.closed_by,
        found.reference,
    )


def break_of(row: Row[Any]) -> Break:
    """What `break_row` wrote."""
    return Break(
        break_id=break_id_of(row.number),
        key=(row.route, row.exchange, row.asset),
        amount=row.amount,
        cause=row.cause,
        text=row.text,
        opened=row.opened,
        updated=row.updated,
        closed=row.closed,
        closed_by=row.closed_by,
        reference=row.reference,
    )


def foreign_row(foreign: Foreign) -> Values:
    """An order that is not ours."""
    told = foreign.told
    numbers = (told.price, told.cum_qty, told.avg_px)
    return (
        foreign.route,
        told.name,
        told.venue_cl_ord_id,
        told.secondary_order_id,
        told.symbol,
        told.security_exchange,
        told.side._name_,
        decimal_text(told.order_qty),
        *(None if number is None else decimal_text(number) for number in numbers),
        told.works,
        foreign.order_id,
        utc_text(foreign.first_seen),
        utc_text(foreign.updated),
    )


def foreign_of(row: Row[Any]) -> Foreign:
    """What `foreign_row` wrote."""
    told = ForeignOrder(
        secondary_order_id=row.secondary_order_id,
        symbol=row.symbol,
        side=row.side,
        order_qty=row.order_qty,
        works=row.works,
        venue_cl_ord_id=row.venue_cl_ord_id,
        security_exchange=row.security_exchange,
        price=row.price,
        cum_qty=row.cum_qty,
        avg_px=row.avg_px,
    )
    return Foreign(
        route=row.route,
        told=told,
        first_seen=row.first_seen,
        updated=row.updated,
        order_id=row.order_id,
    )


# What people see


def break_json(found: Break) -> JsonRow:
    """A balance that is not what the books say."""
    route, exchange, asset = found.key
    return {
        "break_id": found.break_id,
        "kind": "BALANCE",
        "venue": route,
        "exchange": exchange,
        "asset": asset,
        "amount": number_text(found.amount),
        "order_id": "",
        "cause": found.cause.name,
        "text": found.text,
        "opened": utc_text(found.opened),
        "updated": utc_text(found.updated),
        "open": not found.closed,
        "closed_by": found.closed_by,
        "reference": found.reference,
    }


def order_break_json(row: Row[Any]) -> JsonRow:
    """An order whose executions can not be, and count all the same."""
    return {
        "break_id": row.order_id,
        "kind": "ORDER",
        "venue": row.route,
        "exchange": row.security_exchange,
        "asset": row.symbol,
        "amount": None,
        "order_id": row.order_id,
        "cause": "EXECUTION",
        "text": row.text,
        "opened": utc_text(row.updated),
        "updated": utc_text(row.updated),
        "open": True,
        "closed_by": "",
        "reference": "",
    }


def foreign_json(foreign: Foreign) -> JsonRow:
    """An order of the account that the engine has never sent."""
    told = foreign.told
    numbers = {"price": told.price, "cum_qty": told.cum_qty, "avg_px": told.avg_px}
    return {
        "venue": foreign.route,
        "exchange": told.security_exchange,
        "secondary_order_id": told.secondary_order_id,
        "venue_cl_ord_id": told.venue_cl_ord_id,
        "symbol": told.symbol,
        "side": told.side.name,
        "order_qty": number_text(told.order_qty),
        **{name: None if n is None else number_text(n) for name, n in numbers.items()},
        "works": told.works,
        "order_id": foreign.order_id,
        "first_seen": utc_text(foreign.first_seen),
        "updated": utc_text(foreign.updated),
    }
