"""BtcTurk's JSON about orders, fills and errors, and our words. Pure.

Sources: the BtcTurk API document, sections "Submit Order", "Open Orders", "All Orders", "User
Transactions" and "FAQ"; what the venue has added since as spec/btcturk.md says. Names and words are
read without regard to case, because the venue has changed theirs.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from types import MappingProxyType
from typing import Any, Final

from adapters.documents import (
    Row,
    instant_of_ms,
    integer_in,
    number_in,
    optional_number_in,
    row_of,
    text_in,
)
from adapters.port import Balance, VenueOrder, VenueState, VenueTrade
from oms.core.errors import MalformedMessage
from oms.core.fields import CxlRejReason, OrdRejReason, OrdType, Side
from oms.core.funding import Activity, ActivityKind
from oms.core.messages import NewOrderSingle
from oms.core.numbers import ZERO, add, multiply, number_text, subtract

STATES: Final[Mapping[str, VenueState]] = MappingProxyType(
    {
        "Untouched": VenueState.WORKING,
        "Partial": VenueState.WORKING,
        "Closed": VenueState.FILLED,
        "Canceled": VenueState.CANCELED,
    }
)
"""`status` of an order."""

_STATES: Final = MappingProxyType({word.lower(): state for word, state in STATES.items()})

METHODS: Final[Mapping[OrdType, str]] = MappingProxyType(
    {
        OrdType.LIMIT: "limit",
        OrdType.MARKET: "market",
        OrdType.STOP_LIMIT: "stopLimit",
        OrdType.STOP: "stopMarket",
    }
)
"""`orderMethod` of a new order."""

_PRICED: Final = MappingProxyType(
    {"limit": True, "market": False, "stoplimit": True, "stopmarket": False}
)
STOPS: Final = frozenset({"stoplimit", "stopmarket"})
SIDES: Final = MappingProxyType({"buy": Side.BUY, "sell": Side.SELL})
_SIDE_WORDS: Final = MappingProxyType({side: word for word, side in SIDES.items()})
_NUMBER: Final = re.compile("[0-9]{1,20}")

Reasons = tuple[OrdRejReason, CxlRejReason]

_REFUSED: Final = (OrdRejReason.BROKER_CREDIT, CxlRejReason.BROKER_CREDIT)
_UNKNOWN: Final = (OrdRejReason.UNKNOWN_ORDER, CxlRejReason.UNKNOWN_ORDER)
_LATE: Final = (OrdRejReason.BROKER_CREDIT, CxlRejReason.TOO_LATE_TO_CANCEL)
_LARGE: Final = (OrdRejReason.ORDER_EXCEEDS_LIMIT, CxlRejReason.BROKER_CREDIT)
_SYMBOL: Final = (OrdRejReason.UNKNOWN_SYMBOL, CxlRejReason.BROKER_CREDIT)

REFUSALS: Final[Mapping[str, Reasons]] = MappingProxyType(
    {
        "PARAMETERS_ERROR": _REFUSED,
        "FAILED_ORDER_PARAMETER": _REFUSED,
        "BALANCE_NOT_ENOUGH": _LARGE,
        "BALANCE_NOT_ENOUGH_WITHOUT_OPEN_ORDERS": _LARGE,
        "FAILED_ORDER_WITH_OPEN_ORDERS": _LARGE,
        "MIN_TOTAL": _REFUSED,
        "FAILED_MIN_TOTAL_AMOUNT": _REFUSED,
        "FAILED_MARKET_ORDER": _REFUSED,
        "FAILED_LIMIT_ORDER": _REFUSED,
        "STOP_PRICE_GREATER_THAN_MARKET": _REFUSED,
        "STOP_PRICE_LESS_THAN_MARKET": _REFUSED,
        "FAILED_STOP_PRICE_GREATER_THAN_BEST_ASK": _REFUSED,
        "FAILED_STOP_PRICE_LESS_THAN_BEST_BID": _REFUSED,
        "FAILED_INVALID_PRICE_SCALE": _REFUSED,
        "FAILED_INVALID_QUANTITY_SCALE": _REFUSED,
        "FAILED_INVALID_STOP_PRICE_SCALE": _REFUSED,
        "ORDER_METHOD_NOT_SUPPORTED": _REFUSED,
        "ORDER_TYPE_NOT_SUPPORTED": _REFUSED,
        "PRICE_MUST_BE_LESS_THAN_MAXPRICE": _REFUSED,
        "PRICE_MUST_BE_LESS_THAN_MINPRICE": _REFUSED,
        "ORDER_MIN_PRICE_EXCEEDED": _REFUSED,
        "ORDER_MAX_PRICE_EXCEEDED": _REFUSED,
        "NO_ORDER_MATCHES_YOUR_REQUEST": _UNKNOWN,
        "ORDER_COULD_NOT_BE_CANCELED": _LATE,
        "ORDER NOT FOUND": _UNKNOWN,
        "PAIR_NOT_FOUND": _SYMBOL,
        "502 - NOT ENOUGH BALANCE": _LARGE,
    }
)
"""`message` of a definite no, in capitals; the FAQ's 502 is the application's number."""

UNAVAILABLE: Final = frozenset({"ORDER_CANCEL_BLOCKED", "TOO_MANY_REQUESTS"})
"""Messages that say: not done, and it may be asked again."""

INVALID_NONCE: Final = "INVALID NONCE"
"""Part of the message of a 401 that says that the clocks are apart; nothing was done."""


def reasons(message: str) -> Reasons:
    """Why the venue refused, in FIX's words; what is not in the table is a refusal all the same."""
    return REFUSALS.get(message.strip().upper(), _REFUSED)


def fold(row: Row) -> dict[str, Any]:
    """The row with its names in small letters."""
    return {name.lower(): value for name, value in row.items()}


# New orders


def order_request(request: NewOrderSingle) -> bytes:
    """The body of a new order: a market buy by CashOrderQty in quote units, the rest in base."""
    size = request.order_qty if request.cash_order_qty is None else request.cash_order_qty
    body = {
        "quantity": _amount(size),
        "newOrderClientId": request.cl_ord_id,
        "orderMethod": METHODS[request.ord_type],
        "orderType": _SIDE_WORDS[request.side],
        "pairSymbol": request.symbol,
    }
    if request.price is not None:
        body["price"] = _amount(request.price)
    if request.stop_px is not None:
        body["stopPrice"] = _amount(request.stop_px)
    return json.dumps(body).encode()


def _amount(amount: Decimal | None) -> str:
    assert amount is not None, "the checks let no order without it through"
    return number_text(amount)


def placed(request: NewOrderSingle, told: object) -> str:
    """The id that the venue gave a new order. MalformedMessage if its echo is of another one:
    a client id that the venue did not take can not be searched for."""
    row = fold(row_of(told, "data"))
    number = order_number(row)
    sent = {
        "client id": (row.get("neworderclientid"), request.cl_ord_id),
        "pair": (_pair(row), request.symbol),
        "side": (_side(row, "type"), request.side),
    }
    for what, (theirs, ours) in sent.items():
        if theirs != ours:
            raise MalformedMessage(f"it was taken as {number} under another {what}: {theirs!r}")
    return number


# Orders


def order_number(row: Row) -> str:
    """The venue's own id of an order, as text."""
    return _identity(row, "id")


def venue_order(
    told: Row, symbols: Mapping[str, str], raw: str, *, buys_by_cash: bool = True
) -> VenueOrder:
    """An order of the lists or of the single lookup, its fills not there yet.

    CumQty is amount less leftAmount; None where a row of the document's age does not tell, and for
    a market buy whose amounts are in quote units (`buys_by_cash`): its `order_qty` is 0 until its
    fills are there. `quantity` is not read: it has held something else.
    """
    row = fold(told)
    method, status = text_in(row, "method").lower(), text_in(row, "status")
    if method not in _PRICED:
        raise MalformedMessage(f"unknown method {method!r}")
    if status.lower() not in _STATES:
        raise MalformedMessage(f"unknown status {status!r}")
    side = _side(row, "type")
    by_cash = buys_by_cash and side is Side.BUY and not _PRICED[method]
    return VenueOrder(
        venue_cl_ord_id=_client_id(row),
        secondary_order_id=order_number(row),
        symbol=_symbol(row, symbols),
        side=side,
        order_qty=ZERO if by_cash else number_in(row, "amount"),
        price=number_in(row, "price") if _PRICED[method] else None,
        cum_qty=None if by_cash else _cum_qty(row),
        avg_px=None,
        state=_STATES[status.lower()],
        names_fills=True,
        raw=raw,
    )


def waits(told: Row) -> bool:
    """Whether the row is of a stop order that has not become another one yet."""
    return text_in(fold(told), "method").lower() in STOPS


def without_triggered(rows: Sequence[Row]) -> list[Row]:
    """The rows without those of stop orders that have become others, which carry their client ids."""
    folded = [fold(row) for row in rows]
    heirs = {_client_id(row) for row in folded if not _is_stop(row)} - {""}
    return [
        row
        for row, told in zip(rows, folded, strict=True)
        if not (_is_stop(told) and _client_id(told) in heirs)
    ]


def _is_stop(row: Row) -> bool:
    return str(row.get("method")).lower() in STOPS


def spent(told: Row) -> Decimal | None:
    """Of a market buy: what its amounts say was executed, in quote units; None if they do not."""
    return _cum_qty(fold(told))


def _cum_qty(row: Row) -> Decimal | None:
    amount, left = number_in(row, "amount"), optional_number_in(row, "leftamount")
    if left is None:
        return amount if text_in(row, "status").lower() == "closed" else None
    if left > amount:
        raise MalformedMessage("leftAmount exceeds amount")
    return subtract(amount, left)


def _client_id(row: Row) -> str:
    told = row.get("orderclientid")
    return told if isinstance(told, str) else ""


def _pair(row: Row) -> str:
    return text_in(row, "pairsymbol").upper()


def _symbol(row: Row, symbols: Mapping[str, str]) -> str:
    normalized = row.get("pairsymbolnormalized")
    if isinstance(normalized, str) and normalized.count("_") == 1:
        return normalized.upper().replace("_", "/")
    pair = _pair(row)
    if pair not in symbols:
        raise MalformedMessage(f"unknown pair {pair!r}")
    return symbols[pair]


def _side(row: Row, name: str) -> Side:
    word = text_in(row, name).lower()
    if word not in SIDES:
        raise MalformedMessage(f"unknown side {word!r}")
    return SIDES[word]


def _identity(row: Row, name: str) -> str:
    value = row.get(name)
    told = value if isinstance(value, str) else str(integer_in(row, name))
    if not _NUMBER.fullmatch(told):
        raise MalformedMessage(f"{name}: a number is wanted")
    return told


# Fills


def venue_trade(told: Row, raw: str) -> VenueTrade:
    """A fill of the list, or of model 423: signs taken off, exact where the row is exact."""
    row = fold(told)
    base, quote = text_in(row, "numeratorsymbol"), text_in(row, "denominatorsymbol")
    exact = optional_number_in(row, "preciseamount")
    shares = number_in(row, "amount") if exact is None else exact
    return VenueTrade(
        trade_id=_identity(row, "id"),
        secondary_order_id="" if row.get("orderid") is None else _identity(row, "orderid"),
        venue_cl_ord_id=_client_id(row),
        symbol=f"{base}/{quote}".upper(),
        side=_side(row, "ordertype"),
        last_shares=abs(shares),
        last_px=number_in(row, "price"),
        commission=add(abs(number_in(row, "fee")), abs(number_in(row, "tax"))),
        transact_time=instant_of_ms(int(number_in(row, "timestamp"))),
        raw=raw,
    )


def is_rounded(told: Row) -> bool:
    """Whether the row tells its quantity rounded only."""
    return fold(told).get("preciseamount") is None


def fitted(
    trades: Sequence[VenueTrade], rounded: bool, missing: Decimal, step: Decimal
) -> tuple[VenueTrade, ...]:
    """The new fills of an order that lacks `missing`: where their quantities are rounded, and
    that explains the difference, the last one gets it."""
    new = tuple(trades)
    gap = subtract(missing, _total(trade.last_shares for trade in new))
    if not rounded or not new or not gap or abs(gap) > step:
        return new
    last = replace(new[-1], last_shares=add(new[-1].last_shares, gap))
    return (*new[:-1], last) if last.last_shares > 0 else new


def whole_of_cash(
    seen: VenueOrder, trades: Sequence[VenueTrade], told: Decimal | None, step: Decimal
) -> VenueOrder:
    """The sight of a market buy with its fills, once they are all there.

    What was executed is told in quote units; the document does not say so, so base units are
    taken as well. The rest that buys no further step may be missing.
    """
    bought = _total(trade.last_shares for trade in trades)
    cost = _total(multiply(trade.last_shares, trade.last_px) for trade in trades)
    dearest = max((trade.last_px for trade in trades), default=ZERO)
    room = multiply(dearest, step)
    if seen.state is VenueState.WORKING:
        return seen
    complete = told is not None and (abs(told - cost) <= room or told == bought)
    if not complete:
        return replace(seen, lacks_fills=True)
    if seen.state is VenueState.FILLED:
        seen = replace(seen, order_qty=bought)
    return replace(seen, trades=tuple(trades), cum_qty=bought)


def _total(numbers: Iterable[Decimal]) -> Decimal:
    return reduce(add, numbers, ZERO)


# Balances


def balance(told: object) -> Balance:
    """One asset; what open orders and withdrawal requests hold is `locked`."""
    row = fold(row_of(told, "balance"))
    total, free = number_in(row, "balance"), number_in(row, "free")
    return Balance(
        asset=text_in(row, "asset"),
        total=total,
        available=free,
        held=subtract(total, free),
    )


# Funding


_KINDS: Final = MappingProxyType(
    {"deposit": ActivityKind.DEPOSIT, "withdrawal": ActivityKind.WITHDRAWAL}
)


def activity(told: Row, raw: str) -> Activity:
    """A deposit or withdrawal. A row tells the balance after it, so it is done; the document has
    no other word for its state."""
    row = fold(told)
    word = text_in(row, "balancetype")
    if word.lower() not in _KINDS:
        raise MalformedMessage(f"unknown balanceType {word!r}")
    return Activity(
        kind=_KINDS[word.lower()],
        activity_id=_identity(row, "id"),
        asset=text_in(row, "currencysymbol").upper(),
        amount=abs(number_in(row, "amount")),
        fee=add(abs(number_in(row, "fee")), abs(number_in(row, "tax"))),
        status=word,
        done=True,
        time=instant_of_ms(int(number_in(row, "timestamp"))),
        raw=raw,
    )
