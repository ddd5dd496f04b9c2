"""Bitexbit's JSON and our words. Pure.

Sources: the Bitexbit API v1 document, sections "Orders", "Exchanges", "Pairs", "Wallets",
"Deposits", "Withdraws", "Charts" and "Errors". Numbers come as JSON numbers or as text; times are
epoch seconds, with a fraction unless they are a candle's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from adapters.documents import Row, instant_of_ms, integer_in, list_of, number_in, row_of, text_in
from adapters.port import Balance, Placed, VenueOrder, VenueState, VenueTrade
from oms.core.errors import MalformedMessage
from oms.core.fields import CxlRejReason, OrdRejReason, Side
from oms.core.funding import Activity, ActivityKind
from oms.core.market import Candle, Currency, Level, OrderBook, PublicTrade
from oms.core.messages import NewOrderSingle
from oms.core.numbers import ZERO, add, number_text, subtract
from oms.core.venue import Instrument

STATES: Final[Mapping[str, VenueState]] = MappingProxyType(
    {"1": VenueState.WORKING, "2": VenueState.CANCELED, "3": VenueState.FILLED}
)
"""`status` of an order: a number in the list, text in the single order."""

REFUSALS: Final[Mapping[int, tuple[OrdRejReason, CxlRejReason]]] = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: (OrdRejReason.BROKER_CREDIT, CxlRejReason.BROKER_CREDIT),
        HTTPStatus.UNAUTHORIZED: (OrdRejReason.BROKER_CREDIT, CxlRejReason.BROKER_CREDIT),
        HTTPStatus.FORBIDDEN: (OrdRejReason.BROKER_CREDIT, CxlRejReason.UNKNOWN_ORDER),
        HTTPStatus.NOT_FOUND: (OrdRejReason.UNKNOWN_ORDER, CxlRejReason.UNKNOWN_ORDER),
        HTTPStatus.METHOD_NOT_ALLOWED: (OrdRejReason.BROKER_CREDIT, CxlRejReason.BROKER_CREDIT),
    }
)
"""HTTP statuses that say no: nothing was done. 429 neither; every other one above 399 says nothing
about what was done."""

WITHDRAWALS: Final[Mapping[int, tuple[str, bool | None]]] = MappingProxyType(
    {
        10: ("New", None),
        20: ("Verified", None),
        30: ("Approved", True),
        40: ("Refused", False),
        50: ("Canceled", False),
    }
)
"""`status` of a withdrawal: the document's word, and whether the money has gone; None: not yet."""

CHARTS: Final[Mapping[str, str]] = MappingProxyType(
    {"1m": "1", "5m": "5", "15m": "15", "30m": "30", "1h": "60", "4h": "240", "1d": "D"}
)
"""Our periods and the venue's chart types."""

BOOK_LIMITS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = MappingProxyType(
    {
        "table": (("limit_sell", "limit_buy"),),
        "samples": (("limit_asks", "limit_bids"),),
        "both": (("limit_sell", "limit_buy"), ("limit_asks", "limit_bids")),
    }
)
"""What the depth of a book is called: its table and its samples differ."""

SIDES: Final = MappingProxyType({"buy": Side.BUY, "sell": Side.SELL})
_SIDE_WORDS: Final = MappingProxyType({side: word for word, side in SIDES.items()})


# What is sent


def order_fields(request: NewOrderSingle) -> dict[str, str]:
    """The fields of a new order, to be signed and sent as they are."""
    assert request.order_qty is not None, "the checks let no order without it through"
    assert request.price is not None, "only limit orders are offered"
    return {
        "type": _SIDE_WORDS[request.side],
        "pair": pair_of(request.symbol),
        "amount": number_text(request.order_qty),
        "price": number_text(request.price),
    }


def pair_of(symbol: str) -> str:
    """The venue's name of a market, which it also is already."""
    return symbol.replace("/", "_")


def symbol_of(row: Row, name: str = "pair") -> str:
    """BASE/QUOTE of a field that holds a pair."""
    pair = text_in(row, name)
    base, _, quote = pair.partition("_")
    if not base or not quote or "_" in quote or "/" in pair:
        raise MalformedMessage(f"{name}: {pair!r} is no pair")
    return f"{base}/{quote}"


# Orders


def venue_order(value: object, raw: str, trades: Iterable[VenueTrade] = ()) -> VenueOrder:
    """An order of the list or by itself, with the fills that are known to be its.

    MalformedMessage for anything undocumented. `amount` is what was asked for: how much of it was
    executed, the venue does not say.
    """
    row = row_of(value, "order")
    return VenueOrder(
        venue_cl_ord_id="",
        secondary_order_id=order_id(row),
        symbol=symbol_of(row),
        side=side(row),
        order_qty=number_in(row, "amount"),
        price=number_in(row, "price"),
        cum_qty=None,
        avg_px=None,
        state=_state(row),
        trades=tuple(trades),
        names_fills=True,
        raw=raw,
    )


def with_trades(seen: VenueOrder, trades: tuple[VenueTrade, ...]) -> VenueOrder:
    """The same sight with the fills that are known by now."""
    return replace(seen, trades=trades)


def order_id(row: Row, name: str = "id") -> str:
    """The venue's own id of an order, as text."""
    return str(integer_in(row, name))


def side(row: Row) -> Side:
    """`type` of an order."""
    word = text_in(row, "type")
    if word not in SIDES:
        raise MalformedMessage(f"unknown type {word!r}")
    return SIDES[word]


def _state(row: Row) -> VenueState:
    told = row.get("status")
    word = str(told) if isinstance(told, int | str) and not isinstance(told, bool) else repr(told)
    if word not in STATES:
        raise MalformedMessage(f"unknown status {told!r}")
    return STATES[word]


def placed(document: object, request: NewOrderSingle, raw: str) -> Placed:
    """The answer to a new order. Its trades are ours; side and order id in them are the others'.

    MalformedMessage for an answer that is not about this order, or shows more than it.
    """
    row = row_of(document, "order")
    if row.get("success") is not True:
        raise MalformedMessage("neither success nor failure")
    oid, left = order_id(row, "oid"), number_in(row, "amount")
    asked = request.order_qty or ZERO
    if side(row) is not request.side or number_in(row, "price") != request.price:
        raise MalformedMessage("the answer is about another order")
    time = instant(row, "date")
    trades = tuple(
        _taken(trade, request, oid, time) for trade in list_of(row.get("trades"), "trades")
    )
    if not ZERO <= left <= asked or executed(trades) > asked:
        raise MalformedMessage("the answer shows more than the order")
    return Placed(secondary_order_id=oid, raw=raw, trades=trades, transact_time=time)


def discord(document: Row, request: NewOrderSingle, found: Placed) -> str:
    """What does not add up in the answer to a new order: asked, traded and left. "" if it does."""
    asked, left = request.order_qty or ZERO, number_in(document, "amount")
    traded = executed(found.trades)
    if add(traded, left) == asked:
        return ""
    return (
        f"order {found.secondary_order_id}: {number_text(asked)} asked for, "
        f"{number_text(traded)} traded, {number_text(left)} left"
    )


def hit_trades(document: Row, taken: tuple[VenueTrade, ...]) -> list[VenueTrade]:
    """The trades of a new order as fills of the orders that it hit, whosever these are."""
    rows = [row_of(trade, "trade") for trade in list_of(document.get("trades"), "trades")]
    return [
        replace(trade, secondary_order_id=order_id(row, "o_id"), side=side(row))
        for row, trade in zip(rows, taken, strict=True)
    ]


def executed(trades: Iterable[VenueTrade]) -> Decimal:
    """What fills sum up to."""
    total = ZERO
    for trade in trades:
        total = add(total, trade.last_shares)
    return total


def _taken(value: object, request: NewOrderSingle, oid: str, time: datetime) -> VenueTrade:
    row = row_of(value, "trade")
    return VenueTrade(
        trade_id=order_id(row, "tid"),
        symbol=request.symbol.replace("_", "/"),
        last_shares=positive_in(row, "amount"),
        last_px=positive_in(row, "price"),
        secondary_order_id=oid,
        side=request.side,
        transact_time=time,
    )


def cancelled(document: object, asked: str) -> None:
    """The answer to a cancel. MalformedMessage if it is about another order."""
    told = row_of(document, "cancel").get("order")
    if str(told) != asked or isinstance(told, bool):
        raise MalformedMessage(f"asked to cancel order {asked}, got {told!r}")


# Exchanges


def own_trade(value: object, raw: str) -> VenueTrade:
    """A row of the account's exchanges: nobody says whose order it was, nor whose side `type` is."""
    row = row_of(value, "exchange")
    return VenueTrade(
        trade_id=order_id(row),
        symbol=symbol_of(row),
        last_shares=positive_in(row, "amount"),
        last_px=positive_in(row, "price"),
        transact_time=instant(row, "timestamp"),
        raw=raw,
    )


def public_trade(value: object) -> PublicTrade:
    """A row of everybody's exchanges. `type` is not said to be the aggressor's, so no side."""
    row = row_of(value, "exchange")
    return PublicTrade(
        symbol=symbol_of(row),
        price=positive_in(row, "price"),
        qty=positive_in(row, "amount"),
        trade_id=order_id(row),
        time=instant(row, "timestamp"),
    )


# Markets


def instrument(value: object, amount_decimals: int) -> Instrument:
    """One row of pairs. The document tells the decimals of prices only."""
    row = row_of(value, "pair")
    base, quote = text_in(row, "currency1"), text_in(row, "currency2")
    if symbol_of(row, "name") != f"{base}/{quote}":
        raise MalformedMessage(f"name: {row['name']!r} is not of {base} and {quote}")
    places = integer_in(row, "price_precision")
    if not 0 <= places <= 18:
        raise MalformedMessage("price_precision: 0 to 18 decimals are wanted")
    return Instrument(
        symbol=f"{base}/{quote}",
        venue_symbol=f"{base}_{quote}",
        tick=_unit(places),
        step=_unit(amount_decimals),
        min_qty=number_in(row, "minimum_order_size"),
        max_qty=number_in(row, "maximum_order_size"),
    )


def _unit(places: int) -> Decimal:
    return Decimal((0, (1,), -places))


def currency(value: object) -> Currency:
    """One row of currencies; its sign is all that stands for a name."""
    row = row_of(value, "currency")
    return Currency(asset=text_in(row, "short_name"), name=text_in(row, "sign"))


def order_book(document: object, symbol: str) -> OrderBook:
    """A book, summed up by price; orders of their own are summed here."""
    row = row_of(document, "orderbook")
    return OrderBook(
        symbol=symbol,
        bids=_levels(row.get("buy"), "buy", best_last=False),
        asks=_levels(row.get("sell"), "sell", best_last=True),
    )


def _levels(value: object, what: str, *, best_last: bool) -> tuple[Level, ...]:
    sums: dict[Decimal, Decimal] = {}
    for told in list_of(value, what):
        row = row_of(told, what)
        px = positive_in(row, "price")
        sums[px] = add(sums.get(px, ZERO), positive_in(row, "amount"))
    prices = sorted(sums, reverse=not best_last)
    return tuple(Level(px, sums[px]) for px in prices)


def candle(value: object, symbol: str, period: str) -> Candle:
    """One row of a chart; `time` is whole seconds."""
    row = row_of(value, "candle")
    return Candle(
        symbol=symbol,
        period=period,
        time=instant_of_ms(integer_in(row, "time") * 1000),
        open=number_in(row, "open"),
        high=number_in(row, "high"),
        low=number_in(row, "low"),
        close=number_in(row, "close"),
        volume=number_in(row, "volume"),
    )


# The account


def balance(value: object, *, includes_reserve: bool) -> Balance:
    """One wallet. Whether `balance` includes `reserve` the document does not say."""
    row = row_of(value, "wallet")
    told, held = number_in(row, "balance"), number_in(row, "reserve")
    total = told if includes_reserve else add(told, held)
    return Balance(
        asset=text_in(row, "currency"), total=total, available=subtract(total, held), held=held
    )


def deposit(value: object, raw: str) -> Activity:
    """One row of deposits: it has no status, so it is taken for what has come in."""
    return _activity(value, raw, ActivityKind.DEPOSIT, "", done=True)


def withdrawal(value: object, raw: str) -> Activity:
    """One row of withdraws."""
    status = integer_in(row_of(value, "withdraw"), "status")
    if status not in WITHDRAWALS:
        raise MalformedMessage(f"unknown status {status}")
    word, done = WITHDRAWALS[status]
    return _activity(value, raw, ActivityKind.WITHDRAWAL, word, done=done)


def _activity(
    value: object, raw: str, kind: ActivityKind, status: str, *, done: bool | None
) -> Activity:
    row = row_of(value, kind.lower())
    return Activity(
        kind=kind,
        activity_id=order_id(row),
        asset=text_in(row, "currency"),
        amount=number_in(row, "amount"),
        status=status,
        done=done,
        time=instant(row, "timestamp"),
        raw=raw,
    )


# Fields


def positive_in(row: Row, name: str) -> Decimal:
    """A field that must hold a number above 0."""
    number = number_in(row, name)
    if number <= 0:
        raise MalformedMessage(f"{name}: a number above 0 is wanted")
    return number


def instant(row: Row, name: str) -> datetime:
    """A field of epoch seconds with a fraction, to the millisecond."""
    return instant_of_ms(int(number_in(row, name) * 1000))


def reason(document: Any, text: str) -> str:
    """What an error says in its body, whose shape is not documented: its `detail`, or all of it."""
    detail = document.get("detail") if isinstance(document, dict) else None
    return (detail if isinstance(detail, str) else text)[:200]
