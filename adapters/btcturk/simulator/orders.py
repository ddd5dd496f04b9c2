"""An order as BtcTurk takes it and as BtcTurk shows it.

Source: BtcTurk API document, sections "Submit Order", "Open Orders" and "All Orders"; stopPrice
and leftAmount as the venue's later pages have them.
"""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from adapters.btcturk.simulator.listing import Listing
from adapters.btcturk.simulator.wire import (
    METHOD_NOT_SUPPORTED,
    MIN_TOTAL,
    ORDER_PARAMETER,
    PRICE_SCALE,
    PRICE_TOO_HIGH,
    PRICE_TOO_LOW,
    QUANTITY_SCALE,
    STOP_PRICE_SCALE,
    TYPE_NOT_SUPPORTED,
    Refused,
    short,
)
from adapters.matching import SimOrder
from oms.core.values import frozen

METHODS: Final = {
    "limit": "Limit",
    "market": "Market",
    "stoplimit": "StopLimit",
    "stopmarket": "StopMarket",
}
TRIGGERED: Final = {"StopLimit": "Limit", "StopMarket": "Market"}
FEED_METHODS: Final = {"Limit": 0, "Market": 1, "StopLimit": 2, "StopMarket": 2}
SIDES: Final = {"buy": "BUY", "sell": "SELL"}
_STATES: Final = {"FILLED": "Closed", "CANCELED": "Canceled"}
_NUMBER: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,18})?")
_ZERO: Final = Decimal(0)


@dataclass(slots=True)
class Booked:
    """An order that got an id; a stop order has no place in the market before it triggers."""

    number: int
    listing: Listing
    order: SimOrder
    method: str
    amount: Decimal  # as asked for: quote units for a market buy, else base units
    stop: Decimal
    shown_ms: int  # from when on it is listed

    @property
    def waits(self) -> bool:
        """Whether it is a stop order that has not triggered."""
        return self.method in TRIGGERED and self.order.status == "OPEN"

    @property
    def left(self) -> Decimal:
        """What is left of the amount, in its own units."""
        if self.order.cash is None:
            return self.amount - self.order.cum
        return _ZERO if self.order.status == "FILLED" else self.amount - self.order.notional

    @property
    def state(self) -> str:
        """Untouched, Partial, Closed or Canceled."""
        return _STATES.get(self.order.status) or ("Partial" if self.order.cum else "Untouched")

    def row(self, *, old: bool, listed: bool = False) -> dict[str, object]:
        """Return the order as lists show it; of open orders (`listed`) the later API has time 0."""
        order, listing = self.order, self.listing
        side = "Buy" if order.side == "BUY" else "Sell"
        row: dict[str, object] = {
            "id": self.number,
            "price": listing.price(order.price or _ZERO),
            "amount": short(self.amount),
            "quantity": short(self.amount),
        }
        if old:
            row |= {"pairsymbol": listing.pair, "pairsymbolnormalized": listing.normalized}
        else:
            row |= {"stopPrice": short(self.stop), "pairSymbol": listing.pair}
            row |= {"pairSymbolNormalized": listing.normalized}
        row |= {
            "type": side if old else side.lower(),
            "method": self.method if old else self.method.lower(),
            "orderClientId": order.client_id,
            "time": order.created_ms if old or not listed else 0,
            "updateTime": order.updated_ms,
            "status": self.state,
        }
        return row if old else {**row, "leftAmount": short(self.left)}

    def answer(self, *, old: bool, asked_stop: Decimal | None) -> dict[str, object]:
        """Return the answer to a new order; the price is echoed as the stop price of a limit
        order, as the document's sample does."""
        order = self.order
        side = "Buy" if order.side == "BUY" else "Sell"
        price = self.listing.price(order.price or _ZERO)
        stop = price if asked_stop is None else self.listing.price(asked_stop)
        return {
            "id": self.number,
            "datetime": order.created_ms,
            "type": side if old else side.lower(),
            "method": self.method if old else self.method.lower(),
            "price": price,
            "stopPrice": stop,
            "quantity": short(self.amount),
            "pairSymbol": self.listing.pair,
            "pairSymbolNormalized": self.listing.normalized,
            "newOrderClientId": order.client_id,
        }


@frozen
class Asked:
    """The body of a new order, its types checked."""

    quantity: Decimal
    price: Decimal
    stop: Decimal | None
    client_id: str  # "" where the venue is to make one
    method: str
    side: str
    pair: str

    def check(self, listing: Listing) -> None:
        """Return if the order keeps the pair's rules; raises Refused."""
        market_buy = self.method in ("Market", "StopMarket") and self.side == "BUY"
        scale = listing.price_scale if market_buy else listing.quantity_scale
        if not self.quantity:
            raise Refused(ORDER_PARAMETER)
        if decimals(self.quantity) > scale:
            raise Refused(QUANTITY_SCALE)
        if self.method in TRIGGERED:
            if not self.stop:
                raise Refused(ORDER_PARAMETER)
            _demand_tick(self.stop, listing, STOP_PRICE_SCALE)
        if self.method.endswith("Limit"):
            self._check_limit(listing)
        elif market_buy and self.quantity < listing.min_value:
            raise Refused(MIN_TOTAL)

    def _check_limit(self, listing: Listing) -> None:
        if not self.price:
            raise Refused(ORDER_PARAMETER)
        _demand_tick(self.price, listing, PRICE_SCALE)
        if self.price > listing.max_price:
            raise Refused(PRICE_TOO_HIGH)
        if self.price < listing.min_price:
            raise Refused(PRICE_TOO_LOW)
        if self.price * self.quantity < listing.min_value:
            raise Refused(MIN_TOTAL)

    def sim_order(self, number: int, listing: Listing, client_id: str, now_ms: int) -> SimOrder:
        """Return the order for the matching engine."""
        limit = self.method.endswith("Limit")
        by_cash = not limit and self.side == "BUY"
        return SimOrder(
            order_id=str(number),
            client_id=client_id,
            symbol=listing.market.symbol,
            side=self.side,
            qty=_ZERO if by_cash else self.quantity,
            price=self.price if limit else None,
            cash=self.quantity if by_cash else None,
            created_ms=now_ms,
            updated_ms=now_ms,
        )


def parse_order(body: bytes) -> Asked:
    """Read the body of a new order; fields that the document does not have are ignored, as the
    venue does. Raises Refused for anything that can not be read."""
    fields = parse_object(body)
    client_id = fields.get("newOrderClientId")
    if client_id is not None and not isinstance(client_id, str):
        raise Refused(ORDER_PARAMETER)
    method, side = _word(fields, "orderMethod"), _word(fields, "orderType")
    if method not in METHODS:
        raise Refused(METHOD_NOT_SUPPORTED)
    if side not in SIDES:
        raise Refused(TYPE_NOT_SUPPORTED)
    return Asked(
        quantity=_number(fields, "quantity") or _ZERO,
        price=_number(fields, "price") or _ZERO,
        stop=_number(fields, "stopPrice"),
        client_id=client_id or "",
        method=METHODS[method],
        side=SIDES[side],
        pair=_word(fields, "pairSymbol").upper().replace("_", ""),
    )


def parse_object(body: bytes) -> dict[str, object]:
    """Read a JSON object; raises Refused."""
    try:
        parsed = json.loads(body.decode(), parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Refused(ORDER_PARAMETER) from None
    if not isinstance(parsed, dict):
        raise Refused(ORDER_PARAMETER)
    return parsed


def decimals(number: Decimal) -> int:
    """Return how many digits the number has behind its point."""
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def _demand_tick(price: Decimal, listing: Listing, error: tuple[str, int]) -> None:
    if price % listing.market.tick:
        raise Refused(error)


def _word(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise Refused(ORDER_PARAMETER)
    return value if name == "pairSymbol" else value.lower()


def _number(fields: dict[str, object], name: str) -> Decimal | None:
    value = fields.get(name)
    if value is None:
        return None
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        raise Refused(ORDER_PARAMETER)
    return Decimal(text)
