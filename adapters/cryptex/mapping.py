"""Cryptex's JSON and our words. Pure.

Sources: the Cryptex API document, sections "Info" to "CouponRedeem", whose samples are all that it
says of its answers; what follows from no sample is a reading, and README.md lists them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from adapters.documents import Row, integer_in, list_of, number_in, row_of, row_text, text_in
from adapters.port import VenueOrder, VenueState, VenueTrade
from oms.core.errors import MalformedMessage
from oms.core.fields import CxlRejReason, OrdRejReason, Side
from oms.core.messages import NewOrderSingle
from oms.core.numbers import ZERO, add, number_text
from oms.core.order import Order
from oms.core.values import frozen

STATES: Final[Mapping[str, VenueState]] = MappingProxyType({"1": VenueState.WORKING})
"""`status` of an order that is listed: the one that the document shows. Nothing says what any other
stands for, so an order that is over is known by having left the list."""


class Refusal(StrEnum):
    """What a refusal means for the request."""

    NONCE = "NONCE"
    """The nonce was not above the last one: nothing was done, and another nonce may do."""
    REFUSED = "REFUSED"


REFUSALS: Final[Mapping[str, Refusal]] = MappingProxyType({"nonce": Refusal.NONCE})
"""By a word in the venue's text; every other text is a refusal. The document names none."""

REASONS: Final = (OrdRejReason.BROKER_CREDIT, CxlRejReason.BROKER_CREDIT)
"""Why an order or a cancel was refused: the venue's option, as it has no codes."""

SIDES: Final[Mapping[str, Side]] = MappingProxyType({"buy": Side.BUY, "sell": Side.SELL})
_SIDE_WORDS: Final = MappingProxyType({side: word for word, side in SIDES.items()})

NONCE_MAX: Final = 2**31 - 1
"""A last nonce above this is not taken from a text: a number there may be something else, and a
nonce that is too high can never be taken back."""

_PAIR: Final = re.compile(r"([A-Z0-9]{2,12})_([A-Z0-9]{2,12})")
_NUMBER: Final = re.compile(r"[0-9]+")
_CALENDAR: Final = 10**13
"""From here on a time has the 14 digits of YYYYMMDDhhmmss; below, it counts seconds."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@frozen(kw_only=True)
class Reading:
    """The readings of the document that can be chosen.

    `pairs`: our symbols by the venue's pairs, where they do not follow from each other.
    `pair_alias`: by a pair that the venue writes another way round, the pair that it means.
    `active`: status numbers of an order that works. `amount_is`: whether an order's `amount` is
    what was ordered or what remains of it.
    """

    pairs: Mapping[str, str] = field(default_factory=dict)
    pair_alias: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo = UTC
    history_time_format: str = "calendar"
    active: frozenset[str] = frozenset(STATES)
    amount_is: str = "original"


# What is sent


def order_fields(request: NewOrderSingle) -> dict[str, str]:
    """The fields of Trade; the venue has limit orders only."""
    assert request.price is not None, "the checks let no order without it through"
    assert request.order_qty is not None, "the checks let no order without it through"
    return {
        "pair": request.symbol,
        "type": _SIDE_WORDS[request.side],
        "price": number_text(request.price),
        "amount": number_text(request.order_qty),
    }


def pair_of(symbol: str, reading: Reading) -> str:
    """BTC/USD as the venue writes it."""
    named = {ours: pair for pair, ours in reading.pairs.items()}
    return named.get(symbol) or symbol.replace("/", "_")


def history_time(moment: datetime, reading: Reading) -> str:
    """A time for `since` and `end`, whose form the document does not give."""
    if reading.history_time_format == "epoch":
        return str(int((moment - _EPOCH).total_seconds()))
    return moment.astimezone(reading.zone).strftime("%Y%m%d%H%M%S")


# What comes back


def content(document: object) -> object:
    """What a good answer is about. MalformedMessage for an answer without a status in words."""
    row = row_of(document, "answer")
    if text_in(row, "status") != "ok":
        raise MalformedMessage("the answer is not ok")
    return row.get("data")


def is_ok(document: object) -> bool:
    """Whether an answer says ok, in whatever letters: it is no refusal then."""
    status = document.get("status") if isinstance(document, dict) else None
    return isinstance(status, str) and status.strip().lower() == "ok"


def refusal_text(document: object) -> str | None:
    """The words of a refusal; None for an answer that is none."""
    if not isinstance(document, dict) or not isinstance(document.get("status"), str):
        return None
    status = document["status"]
    if is_ok(document):
        return None
    words = [text for text in document.values() if isinstance(text, str) and text != status]
    return ": ".join([status, *words])


def refusal(text: str) -> Refusal:
    """What the words of a refusal mean."""
    found = [meaning for word, meaning in REFUSALS.items() if word in text.lower()]
    return found[0] if found else Refusal.REFUSED


def last_nonce(text: str, sent: int) -> int:
    """The last nonce that the words tell, where that is one; otherwise the one that was sent."""
    told = [int(digits) for digits in _NUMBER.findall(text) if len(digits) <= 10]
    return max([number for number in told if number <= NONCE_MAX] + [sent])


def symbol(row: Row, reading: Reading) -> str:
    """BASE/QUOTE of a row. The venue once shows a pair the other way round; without an alias that
    is another market, and price and amount are never swapped."""
    told = text_in(row, "pair").upper()
    pair = reading.pair_alias.get(told, told)
    if pair in reading.pairs:
        return reading.pairs[pair]
    parts = _PAIR.fullmatch(pair)
    if parts is None:
        raise MalformedMessage(f"unknown pair {told!r}")
    return f"{parts[1]}/{parts[2]}"


def instant(number: int, zone: tzinfo) -> datetime:
    """UTC of a time as the venue writes it: YYYYMMDDhhmmss as a number, or epoch seconds."""
    try:
        if number < _CALENDAR:
            return _EPOCH + timedelta(seconds=number)
        day, clock = divmod(number, 1_000_000)
        # strptime takes ten times as long, for every row of every list.
        return datetime(
            *(day // 10_000, day // 100 % 100, day % 100),
            *(clock // 10_000, clock // 100 % 100, clock % 100),
            tzinfo=zone,
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedMessage(f"no time: {number}") from None


def number_of(row: Row, name: str) -> str:
    """An id of the venue's, as text."""
    number = integer_in(row, name)
    if number <= 0:
        raise MalformedMessage(f"{name}: a number above 0 is wanted")
    return str(number)


def order_number(data: object) -> str:
    """The id of a new order; "" where the venue took it and does not say which it is."""
    row = row_of(data, "data")
    return "" if row.get("order") in (None, 0) else number_of(row, "order")


def cancelled_number(data: object) -> str:
    """The order that was cancelled."""
    return number_of(row_of(data, "data"), "order_id")


def order_rows(data: object) -> list[Row]:
    """The orders of an answer: a list, or a map by their ids."""
    rows = list(data.values()) if isinstance(data, dict) else list_of(data, "data")
    return [row_of(row, "order") for row in rows]


def only_order(data: object, number: str) -> Row:
    """The one order that was asked for, under its own id. MalformedMessage for any other."""
    (key, row), *more = row_of(data, "data").items() or [("none", None)]
    row = row_of(row, "order")
    if more or (key, number_of(row, "order_id")) != (number, number):
        raise MalformedMessage(f"asked for order {number}, got {key}")
    return row


def is_active(row: Row, reading: Reading) -> bool:
    """Whether the order's status is one of an order that works."""
    status = row.get("status")
    if not isinstance(status, int) or isinstance(status, bool):
        raise MalformedMessage(f"unknown status {status!r}")
    return str(status) in reading.active


def listed_order(row: Row, reading: Reading, raw: str) -> VenueOrder:
    """An order of the list of active ones. MalformedMessage for anything undocumented."""
    if not is_active(row, reading):
        raise MalformedMessage(f"unknown status {row['status']!r} of an active order")
    return venue_order(row, reading, raw, VenueState.WORKING)


def venue_order(row: Row, reading: Reading, raw: str, state: VenueState) -> VenueOrder:
    """An order as a row shows it, in the state that is known of it.

    `timestamp` is when the order was entered, so no event is dated by it.
    """
    side = text_in(row, "type")
    if side not in SIDES:
        raise MalformedMessage(f"unknown type {side!r}")
    instant(integer_in(row, "timestamp"), reading.zone)
    amount, filled = number_in(row, "amount"), number_in(row, "filled")
    if filled < 0:
        raise MalformedMessage("filled is below 0")
    return VenueOrder(
        venue_cl_ord_id="",
        secondary_order_id=number_of(row, "order_id"),
        symbol=symbol(row, reading),
        side=SIDES[side],
        order_qty=add(amount, filled) if reading.amount_is == "remaining" else amount,
        price=number_in(row, "price"),
        cum_qty=filled,
        avg_px=None,
        state=state,
        names_fills=True,
        raw=raw,
    )


def as_booked(order: Order, raw: str) -> VenueOrder:
    """An order that the venue does not show any more, as we know it; nothing counts its fills."""
    return VenueOrder(
        venue_cl_ord_id=order.venue_cl_ord_id,
        secondary_order_id=order.secondary_order_id,
        symbol=order.symbol,
        side=order.side,
        order_qty=order.order_qty,
        price=order.price,
        cum_qty=None,
        avg_px=None,
        state=VenueState.CANCELED,
        security_exchange=order.security_exchange,
        names_fills=True,
        raw=raw,
    )


def ended(sight: VenueOrder, trades: tuple[VenueTrade, ...], *, cancelled: bool) -> VenueOrder:
    """An order that has left the list, with its fills; `cancelled`: the venue took our cancel.

    Filled where its fills, or its own figure, are all that was ordered. Otherwise cancelled: at
    once where the venue took our cancel and counts no more than it names; else cum_qty is None,
    and the same fills have to show for a while, as none of the venue's words says that it is over.
    """
    traded = sum((trade.last_shares for trade in trades), ZERO)
    counted = max(traded, sight.cum_qty or ZERO)
    if counted >= sight.order_qty:
        return replace(sight, trades=trades, state=VenueState.FILLED, cum_qty=counted)
    sure = counted > traded or (cancelled and sight.cum_qty is not None)
    cum_qty = counted if sure else None
    return replace(sight, trades=trades, state=VenueState.CANCELED, cum_qty=cum_qty)


def order_trades(rows: Iterable[Row], number: str, reading: Reading) -> tuple[VenueTrade, ...]:
    """The fills of one order among the trades, each once, the earliest first."""
    found = {
        trade.trade_id: trade
        for row in rows
        for trade in sides_of(row, reading)
        if trade.secondary_order_id == number
    }
    return tuple(found[name] for name in sorted(found, key=int))


def sides_of(row: Row, reading: Reading) -> tuple[VenueTrade, VenueTrade]:
    """A trade as either of its orders has it; which of them is ours the row does not say.

    `type` is not looked at: whose side it is is not told.
    """
    buy, sell = number_of(row, "buy_order_id"), number_of(row, "sell_order_id")
    if buy == sell:
        raise MalformedMessage(f"order {buy} trades with itself")
    return _side(row, buy, Side.BUY, reading), _side(row, sell, Side.SELL, reading)


def trade_time(row: Row, reading: Reading) -> datetime:
    """When a trade was."""
    return instant(integer_in(row, "timestamp"), reading.zone)


def _side(row: Row, number: str, side: Side, reading: Reading) -> VenueTrade:
    return VenueTrade(
        trade_id=number_of(row, "transaction_id"),
        symbol=symbol(row, reading),
        last_shares=number_in(row, "amount"),
        last_px=number_in(row, "price"),
        secondary_order_id=number,
        side=side,
        transact_time=trade_time(row, reading),
        raw=row_text(row),
    )


def open_count(data: object) -> int:
    """How many orders are open."""
    return integer_in(row_of(data, "data"), "open_orders")


def amounts(data: object) -> dict[str, Decimal]:
    """Balances by currency."""
    balances: Any = row_of(row_of(data, "data").get("balances"), "balances")
    return {currency: number_in(balances, currency) for currency in balances}
