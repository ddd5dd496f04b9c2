"""Apifiny's JSON and our words. Pure.

Source: the Apifiny Connect API document of 08/03/21, sections "Create New Order", "Get an Order",
"Query List Symbols", "Query Account Asset" and "Status/Error Codes".
"""

from collections.abc import Mapping
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
from adapters.port import Balance, VenueOrder, VenueState
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueError, VenueRefused
from oms.core.errors import VenueUnavailable as Unavailable
from oms.core.fields import CxlRejReason, OrdRejReason, Side
from oms.core.numbers import ZERO
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

UNKNOWN_ORDER: Final = frozenset({327706, 327738, 5243242})
"""Codes that say, of a query, that there is no such order."""

TOO_OFTEN: Final = frozenset({131114})

REFUSALS: Final[Mapping[int, type[VenueError]]] = MappingProxyType(
    {
        65548: OutcomeUnknown,  # common error
        65579: OutcomeUnknown,  # general server error
        65595: Unavailable,  # server busy
        131114: Unavailable,  # too often
        262427: OutcomeUnknown,  # connection issue
        327836: OutcomeUnknown,  # order detail missing
        327948: OutcomeUnknown,  # order log missing
        328042: OutcomeUnknown,  # GBBO error
        328058: OutcomeUnknown,  # SOM request error
    }
)
"""What a code in answer to a query means where it is not a plain no. The document's hint that the
last hex digit tells client from server errors does not hold, so each code stands by itself."""

SIDES: Final = MappingProxyType({"BUY": Side.BUY, "SELL": Side.SELL})

Symbols = Mapping[tuple[str, str], str]
"""(exchange, the venue's code) -> BASE/QUOTE, from listSymbolInfo."""


def error_of(error: object) -> tuple[int, str]:
    """Code and message of the envelope's `error`. Codes come as numbers or text, also in hex."""
    row = row_of(error, "error")
    code, message = row.get("code"), row.get("message")
    if isinstance(code, str):
        try:
            code = int(code, 0)
        except ValueError:
            code = None
    if not isinstance(code, int):
        raise MalformedMessage("error: a code is wanted")
    return code, str(message)


def refusal(code: int, text: str) -> VenueError:
    """The error that a code is, as an answer to a query; `text` without secrets."""
    if code in UNKNOWN_ORDER:
        return VenueRefused(text, OrdRejReason.UNKNOWN_ORDER, CxlRejReason.UNKNOWN_ORDER)
    return REFUSALS.get(code, VenueRefused)(text)


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
