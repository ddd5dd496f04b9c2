"""Apifiny's JSON and our words. Pure.

Source: the Apifiny Connect API document of 08/03/21, sections "Create New Order", "Get an Order",
"Query List Symbols", "Query Account Asset" and "Status/Error Codes".
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from adapters.documents import (
    Row,
    instant_of_ms,
    integer_in,
    list_of,
    number_in,
    optional_number_in,
    row_of,
    text_in,
)
from adapters.port import Balance, VenueOrder, VenueState, VenueTrade
from oms.core.errors import MalformedMessage, NotSupported
from oms.core.fields import PARTICIPATE_DONT_INITIATE, OrdType, Side, TimeInForce
from oms.core.messages import NewOrderSingle
from oms.core.numbers import ZERO, number_text
from oms.core.venue import Instrument

STATES: Final[Mapping[str, VenueState]] = MappingProxyType(
    {
        "PENDING_SUBMIT": VenueState.PENDING,
        "SUBMITTED": VenueState.WORKING,
        "PART_FILLED": VenueState.CANCELED,  # final: partly filled, the remainder is gone
        "FILLED": VenueState.FILLED,
        "CANCELLED": VenueState.CANCELED,
        "REJECTED": VenueState.REJECTED,
    }
)
"""`orderStatus`. An order that works and is partly filled is SUBMITTED."""

PART_FILLED: Final = "PART_FILLED"

TIMES_IN_FORCE: Final[Mapping[TimeInForce, int]] = MappingProxyType(
    {
        TimeInForce.DAY: 1,
        TimeInForce.GOOD_TILL_CANCEL: 1,
        TimeInForce.IMMEDIATE_OR_CANCEL: 3,
    }
)
"""`timeInForce`; 2 is good till date, "temporarily not supported"."""

POST_ONLY: Final = 7

SIDES: Final = MappingProxyType({"BUY": Side.BUY, "SELL": Side.SELL})

Symbols = Mapping[tuple[str, str], str]
"""(exchange, the venue's code) -> BASE/QUOTE, from listSymbolInfo."""


def error_of(error: object) -> tuple[int, str]:
    """Code and message of the envelope's `error`. Codes come as numbers or text, also in hex."""
    row = row_of(error, "error")
    code, message = row.get("code"), row.get("message")
    if isinstance(code, str):
        try:
            code = int(code, 16 if code[:2].lower() == "0x" else 10)
        except ValueError:
            code = None
    if not isinstance(code, int) or isinstance(code, bool):
        raise MalformedMessage("error: a code is wanted")
    return code, str(message)


def ping_of(row: Row) -> int:
    """The number in a feed's ping, which its pong repeats."""
    return integer_in(row, "ping")


def venue_order(
    row: Row, exchange: str, symbols: Symbols, raw: str, part_filled: VenueState
) -> VenueOrder:
    """An order of any query. MalformedMessage for anything undocumented.

    `part_filled` is what PART_FILLED means here. The order's own id is the one that we gave it,
    so the venue has no second one; the FIX side's OrderID is another still.
    """
    ord_type, status = text_in(row, "orderType"), text_in(row, "orderStatus")
    side, code = text_in(row, "orderSide"), text_in(row, "symbol")
    if ord_type not in ("LIMIT", "MARKET"):
        raise MalformedMessage(f"unknown orderType {ord_type!r}")
    if status not in STATES:
        raise MalformedMessage(f"unknown orderStatus {status!r}")
    if side not in SIDES:
        raise MalformedMessage(f"unknown orderSide {side!r}")
    if (exchange, code) not in symbols:
        raise MalformedMessage(f"unknown symbol {code!r} at {exchange}")
    updated = row.get("updatedAt")
    return VenueOrder(
        venue_cl_ord_id=text_in(row, "orderId"),
        secondary_order_id="",
        symbol=symbols[exchange, code],
        security_exchange=exchange,
        side=SIDES[side],
        order_qty=number_in(row, "quantity"),
        price=number_in(row, "limitPrice") if ord_type == "LIMIT" else None,
        cum_qty=number_in(row, "filledCumulativeQuantity"),
        avg_px=optional_number_in(row, "filledAveragePrice") or ZERO,
        state=part_filled if status == PART_FILLED else STATES[status],
        last_shares=optional_number_in(row, "lastFilledQuantity"),
        last_px=optional_number_in(row, "lastFilledPrice"),
        transact_time=None if updated is None else instant_of_ms(integer_in(row, "updatedAt")),
        raw=raw,
    )


def leaves_open(row: Row) -> bool:
    """Whether a PART_FILLED order shows open quantity: then it may work after all."""
    if row.get("orderStatus") != PART_FILLED:
        return False
    return (optional_number_in(row, "openQuantity") or ZERO) > 0


def best_prices(document: object) -> tuple[Decimal | None, Decimal | None]:
    """Best bid and offer of an order book ("Market Data", Order Book), in whatever order it is."""
    row = row_of(document, "order book")
    bids, offers = (_prices(row, side) for side in ("bids", "asks"))
    return max(bids, default=None), min(offers, default=None)


def _prices(row: Row, side: str) -> list[Decimal]:
    levels = [list_of(level, side) for level in list_of(row.get(side), side)]
    return [number_in({side: level[0] if level else None}, side) for level in levels]


def instrument(value: object, exchange: str) -> Instrument:
    """One row of listSymbolInfo."""
    row = row_of(value, "symbol")
    return Instrument(
        symbol=f"{text_in(row, 'baseAsset')}/{text_in(row, 'quoteAsset')}",
        venue_symbol=text_in(row, "symbol"),
        security_exchange=exchange,
        tick=_unit(row, "tickSize"),
        step=_unit(row, "stepSize"),
        min_qty=optional_number_in(row, "minQuantity") or ZERO,
        max_qty=optional_number_in(row, "maxQuantity"),
        min_notional=optional_number_in(row, "minNotional") or ZERO,
        max_notional=optional_number_in(row, "maxNotional"),
        enabled=row.get("status") == "enabled",
    )


def _unit(row: Row, name: str) -> Decimal:
    unit = number_in(row, name)
    if unit <= 0:
        raise MalformedMessage(f"{name}: a number above 0 is wanted")
    return unit


def balance(value: object, exchange: str) -> Balance:
    """One row of listBalance."""
    row = row_of(value, "balance")
    return Balance(
        asset=text_in(row, "currency"),
        security_exchange=exchange,
        total=number_in(row, "amount"),
        available=number_in(row, "available"),
        held=number_in(row, "frozen"),
    )


def exchange(value: object) -> tuple[str, bool]:
    """One row of listVenueInfo: the exchange, and whether it is enabled. Its sample has spaces in
    the keys."""
    row = {name.strip(): told for name, told in row_of(value, "exchange").items()}
    return text_in(row, "exchange"), text_in(row, "status") == "enabled"


def trade(value: object, exchange: str, symbols: Symbols, raw: str) -> VenueTrade:
    """One row of listFilledOrder, or a fill of the order feed: the venue names no fill, so its
    name here is made of order, time, price and quantity.

    The totals of the row's order say nothing: the document's sample has them at 0.
    """
    row = row_of(value, "fill")
    side, code, order_id = (
        text_in(row, "orderSide"),
        text_in(row, "symbol"),
        text_in(row, "orderId"),
    )
    if side not in SIDES:
        raise MalformedMessage(f"unknown orderSide {side!r}")
    if (exchange, code) not in symbols:
        raise MalformedMessage(f"unknown symbol {code!r} at {exchange}")
    qty, px = number_in(row, "lastFilledQuantity"), number_in(row, "lastFilledPrice")
    times = (row.get(name) for name in ("lastFilledCreatedAt", "filledUpdatedAt", "updatedAt"))
    filled = next((time for time in times if time is not None), None)
    moment = None if filled is None else instant_of_ms(integer_in({"time": filled}, "time"))
    return VenueTrade(
        trade_id=f"{order_id}:{filled}:{number_text(qty)}@{number_text(px)}",
        venue_cl_ord_id=order_id,
        symbol=symbols[exchange, code],
        side=SIDES[side],
        last_shares=qty,
        last_px=px,
        commission=optional_number_in(row, "lastCommission"),
        fee_currency=str(row.get("lastCommissionCurrency") or ""),
        transact_time=moment,
        raw=raw,
    )


def numbered(trade: VenueTrade, number: int) -> VenueTrade:
    """The trade under a name of its own, where it is not the first that would have this one."""
    return trade if number == 1 else replace(trade, trade_id=f"{trade.trade_id}#{number}")


def order_fields(request: NewOrderSingle) -> dict[str, object]:
    """A new order as newOrder takes it; amounts are text. NotSupported for what it has no words for."""
    ord_type = {OrdType.LIMIT: "LIMIT", OrdType.MARKET: "MARKET"}.get(request.ord_type)
    if ord_type is None:
        raise NotSupported(f"no orders of type {request.ord_type.name}")
    info: dict[str, object] = {
        "symbol": request.symbol,
        "orderType": ord_type,
        "timeInForce": _time_in_force(request),
        "orderSide": "BUY" if request.side is Side.BUY else "SELL",
    }
    amounts = {
        "limitPrice": request.price,
        "quantity": request.order_qty,
        "total": request.cash_order_qty,
    }
    info |= {name: number_text(value) for name, value in amounts.items() if value is not None}
    return {"venue": request.security_exchange, "orderId": request.cl_ord_id, "orderInfo": info}


def _time_in_force(request: NewOrderSingle) -> int:
    if request.exec_inst == PARTICIPATE_DONT_INITIATE:
        return POST_ONLY
    offered = TIMES_IN_FORCE.get(request.time_in_force)
    if offered is None or request.exec_inst:
        named = f"{request.time_in_force.name} {request.exec_inst}".rstrip()
        raise NotSupported(f"no orders that are {named}")
    return offered
