"""ANDX's JSON and our words. Pure.

Sources: the ANDX API document, sections "Create Order", "Get Orders", "Get Order Status", "List
All Markets Info" and "Get Balance".
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from adapters.documents import (
    Row,
    integer_in,
    list_of,
    number_in,
    optional_number_in,
    row_of,
    text_in,
)
from adapters.port import Balance, VenueOrder, VenueState
from oms.core.errors import MalformedMessage
from oms.core.fields import PARTICIPATE_DONT_INITIATE, CxlRejReason, OrdRejReason, OrdType, Side
from oms.core.messages import NewOrderSingle
from oms.core.numbers import ZERO, number_text, subtract
from oms.core.venue import Instrument

STATES: Final[Mapping[str, VenueState]] = MappingProxyType(
    {
        "N": VenueState.WORKING,
        "P": VenueState.WORKING,
        "F": VenueState.FILLED,
        "C": VenueState.CANCELED,
        "R": VenueState.REJECTED,
    }
)
"""`status` in an answer. In the lists' path C means closed; here it means cancelled."""

REFUSALS: Final[Mapping[int, tuple[OrdRejReason, CxlRejReason]]] = MappingProxyType(
    {
        1101: (OrdRejReason.BROKER_CREDIT, CxlRejReason.BROKER_CREDIT),
        1201: (OrdRejReason.UNKNOWN_ORDER, CxlRejReason.UNKNOWN_ORDER),
    }
)
"""`status_code` of an error answer, where the document names it for orders; others are
BROKER_CREDIT."""

ORDER_NOT_FOUND: Final = 1201

SIDES: Final = MappingProxyType({"B": Side.BUY, "S": Side.SELL})
_SIDE_CODES: Final = MappingProxyType({side: code for code, side in SIDES.items()})
_TYPE_CODES: Final = MappingProxyType({OrdType.LIMIT: "limit", OrdType.MARKET: "market"})


def order_request(request: NewOrderSingle, account: str) -> bytes:
    """The body of a new order, to be signed and sent as it is.

    MARKET orders carry the price "0". `client_id` is never 0, which is everybody's default.
    """
    body = {
        "order_type": _TYPE_CODES[request.ord_type],
        "market_code": request.symbol,
        "volume": _amount(request.order_qty),
        "buy_sell": _SIDE_CODES[request.side],
        "price": _amount(request.price) if request.price is not None else "0",
        "client_id": int(request.cl_ord_id),
        "post_only": request.exec_inst == PARTICIPATE_DONT_INITIATE,
        "account_name": account,
    }
    return json.dumps(body).encode()


def _amount(amount: Decimal | None) -> str:
    assert amount is not None, "the checks let no order without it through"
    return number_text(amount)


def order_number(row: Row) -> str:
    """The venue's own id of an order, as text."""
    return str(integer_in(row, "order_number"))


def client_id(row: Row) -> str:
    """The id that we drew; "0" for an order that was given none."""
    return str(integer_in(row, "client_id"))


def venue_order(row: Row, raw: str) -> VenueOrder:
    """An order of the lists or of order_status. MalformedMessage for anything undocumented.

    `avg_price` is the average over all that was executed, as precise as the market's prices.
    `add_date` is when the order was entered, so no event is dated by it.
    """
    ord_type, status = text_in(row, "order_type"), text_in(row, "status")
    side = text_in(row, "buy_sell")
    if ord_type not in _TYPE_CODES.values():
        raise MalformedMessage(f"unknown order_type {ord_type!r}")
    if status not in STATES:
        raise MalformedMessage(f"unknown status {status!r}")
    if side not in SIDES:
        raise MalformedMessage(f"unknown buy_sell {side!r}")
    return VenueOrder(
        venue_cl_ord_id=client_id(row),
        secondary_order_id=order_number(row),
        symbol=symbol(row),
        side=SIDES[side],
        order_qty=number_in(row, "volume"),
        price=number_in(row, "price") if ord_type == "limit" else None,
        cum_qty=number_in(row, "volume_executed"),
        avg_px=optional_number_in(row, "avg_price") or ZERO,
        state=STATES[status],
        raw=raw,
    )


def symbol(row: Row) -> str:
    """BASE/QUOTE of a market or an order."""
    return f"{text_in(row, 'base_currency')}/{text_in(row, 'counter_currency')}"


def markets(document: Row) -> list[Any]:
    """The rows of market_info: a list of all markets, or one market under the same plural key."""
    found = document.get("markets")
    return [found] if isinstance(found, dict) else list_of(found, "markets")


def instrument(value: object) -> Instrument:
    """One row of market_info. Tick and step are one unit of the last decimal (our reading)."""
    row = row_of(value, "market")
    return Instrument(
        symbol=symbol(row),
        venue_symbol=text_in(row, "market_code"),
        tick=_unit(row, "counter_currency_decimal"),
        step=_unit(row, "base_currency_decimal"),
        min_qty=number_in(row, "minimum_order_amount"),
    )


def _unit(row: Row, name: str) -> Decimal:
    places = integer_in(row, name)
    if not 0 <= places <= 18:
        raise MalformedMessage(f"{name}: 0 to 18 decimals are wanted")
    return Decimal((0, (1,), -places))


def balances(document: Row) -> list[Balance]:
    """What the account has, by currency."""
    rows = row_of(document.get("balances"), "balances")
    return [_balance(row_of(row, "balance")) for row in rows.values()]


def _balance(row: Row) -> Balance:
    total, available = number_in(row, "balance"), number_in(row, "available_balance")
    return Balance(
        asset=text_in(row, "currency_code"),
        total=total,
        available=available,
        held=subtract(total, available),
    )
