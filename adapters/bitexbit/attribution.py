"""Whose a fill is that the venue lists without saying so. Pure.

A row of the account's exchanges has a pair, a price, an amount and a time, and no order. An order
of the account can have it only if it is of that pair, was there at that time, had so much left,
and has that very price as its limit; a better price only where the order took it on its arrival.
A row that exactly one order can have is that order's. What several can have is nobody's: it is
never divided by guessing.

What makes this sound: every order of the account that could be the true owner is among the
candidates, and `open_qty` is never less than what it really had left.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from adapters.port import VenueTrade
from oms.core.fields import Side
from oms.core.numbers import subtract
from oms.core.values import frozen


@frozen(kw_only=True)
class Candidate:
    """An order of the account that a fill may be of. Times by the venue's clock."""

    secondary_order_id: str
    symbol: str
    side: Side
    price: Decimal
    open_qty: Decimal
    """At most so much of it has fills that are not known."""
    since: datetime | None = None
    """It was not there before. None: nobody knows since when it was."""
    until: datetime | None = None
    """It was over then. None: it may still be working."""
    arrived_until: datetime | None = None
    """Until then it may have taken better prices than its limit. None: what it took is known."""
    foreign: bool = False
    """Not entered by this engine: it can only make a fill ambiguous."""


@frozen
class Attribution:
    """Fills with their orders' ids and sides, and by trade id who could have the others."""

    trades: tuple[VenueTrade, ...]
    ambiguous: Mapping[str, frozenset[str]]


def attribute(rows: Iterable[VenueTrade], candidates: Sequence[Candidate]) -> Attribution:
    """Give each row to its order, as far as there is just one that can have it.

    Each row that is given away leaves its order less to have, so others may become clear by it.
    """
    left = {row.trade_id: row for row in sorted(rows, key=lambda row: int(row.trade_id))}
    open_qty = {c.secondary_order_id: c.open_qty for c in candidates}
    found: dict[str, VenueTrade] = {}
    clear = True
    while clear:
        clear = False
        for key, row in tuple(left.items()):
            able = _owners(row, candidates, open_qty)
            if len(able) != 1:
                continue
            clear = True
            del left[key]
            name = able[0].secondary_order_id
            open_qty[name] = subtract(open_qty[name], row.last_shares)
            if not able[0].foreign:
                found[key] = replace(row, secondary_order_id=name, side=able[0].side)
    ambiguous = {
        key: frozenset(owner.secondary_order_id for owner in able)
        for key, row in left.items()
        if (able := _owners(row, candidates, open_qty))
    }
    return Attribution(tuple(found.values()), ambiguous)


def can_have(order: Candidate, row: VenueTrade) -> bool:
    """Whether the fill can be of the order at all."""
    return _fits(order, row, order.open_qty)


def _owners(
    row: VenueTrade, candidates: Sequence[Candidate], open_qty: Mapping[str, Decimal]
) -> list[Candidate]:
    return [c for c in candidates if _fits(c, row, open_qty[c.secondary_order_id])]


def _fits(order: Candidate, row: VenueTrade, open_qty: Decimal) -> bool:
    if order.symbol != row.symbol or row.last_shares > open_qty:
        return False
    if not _was_there(order, row.transact_time):
        return False
    if row.last_px == order.price:
        return True
    return _is_better(order, row.last_px) and _was_arriving(order, row.transact_time)


def _was_there(order: Candidate, time: datetime | None) -> bool:
    if time is None:
        return True
    begun = order.since is None or order.since <= time
    return begun and (order.until is None or time <= order.until)


def _was_arriving(order: Candidate, time: datetime | None) -> bool:
    if order.arrived_until is None:
        return False
    return time is None or time <= order.arrived_until


def _is_better(order: Candidate, px: Decimal) -> bool:
    return px < order.price if order.side is Side.BUY else px > order.price
