"""The two messages of Bitexbit's order book channel. Pure.

Source: the Bitexbit API v1 document, section "Orderbook events".
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.bitexbit.mapping import instant, order_id, positive_in, side, symbol_of
from adapters.bitexbit.socketio import Event
from adapters.documents import Row, list_of, number_in, parse, row_of
from oms.core.errors import MalformedMessage
from oms.core.fields import Side
from oms.core.values import frozen


@frozen(kw_only=True)
class Hit:
    """A trade of an incoming order with a resting one."""

    trade_id: str
    resting_id: str
    resting_side: Side
    qty: Decimal
    px: Decimal


@frozen(kw_only=True)
class BookEvent:
    """An order came in or was cancelled. `left` is what remained of it, or was taken away."""

    symbol: str
    order_id: str
    side: Side
    price: Decimal
    left: Decimal
    time: datetime
    hits: tuple[Hit, ...] = ()
    cancelled: bool = False
    raw: str = ""


class Rooms:
    """The names of the channels, as they are configured: `{pair}` stands for the pair."""

    def __init__(self, room_format: str) -> None:
        self._before, _, self._behind = room_format.partition("{pair}")

    def of(self, pair: str) -> str:
        """The channel of a pair."""
        return f"{self._before}{pair}{self._behind}"

    def pair(self, name: str) -> str:
        """The pair of a channel; "" for another name."""
        inner = name.removeprefix(self._before).removesuffix(self._behind)
        return inner if inner and self.of(inner) == name else ""


def book_event(event: Event, rooms: Rooms, pairs: frozenset[str]) -> BookEvent | None:
    """What an event of the channel says; None for events of another kind.

    What a channel's events are called is not documented: the message may stand under the
    channel's name or behind it, and may name its pair; where only one pair of `pairs` is
    listened to, it is that one's. MalformedMessage for a message that can not be read.
    """
    row = _message(event)
    if row is None:
        return None
    if row.get("success") is not True:
        raise MalformedMessage("an event of no success")
    pair = _pair(event, row, rooms, pairs)
    cancelled = row.get("cancelled") is True
    trades = [] if cancelled else list_of(row.get("trades"), "trades")
    return BookEvent(
        symbol=symbol_of({"pair": pair}),
        order_id=order_id(row, "oid"),
        side=side(row),
        price=number_in(row, "price"),
        left=number_in(row, "amount"),
        time=instant(row, "date"),
        hits=tuple(_hit(trade) for trade in trades),
        cancelled=cancelled,
        raw=event.raw,
    )


def _message(event: Event) -> Row | None:
    for told in event.arguments:
        value: Any = told
        if isinstance(told, str) and told.startswith("{"):
            value = parse(told.encode())
        if isinstance(value, dict) and "oid" in value:
            return value
    return None


def _pair(event: Event, row: Row, rooms: Rooms, pairs: frozenset[str]) -> str:
    names = [event.name, *(told for told in event.arguments if isinstance(told, str))]
    found = {pair for name in names if (pair := rooms.pair(name))}
    told = row.get("pair")
    if isinstance(told, str):
        found.add(told)
    if not found and len(pairs) == 1:
        return next(iter(pairs))
    if len(found) != 1:
        raise MalformedMessage("an event of no pair, or of several")
    return found.pop()


def _hit(value: object) -> Hit:
    row = row_of(value, "trade")
    return Hit(
        trade_id=order_id(row, "tid"),
        resting_id=order_id(row, "o_id"),
        resting_side=side(row),
        qty=positive_in(row, "amount"),
        px=positive_in(row, "price"),
    )
