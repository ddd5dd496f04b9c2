"""An order as ANDX takes it and as ANDX shows it.

Source: ANDX API document, sections "Create Order", "Get Orders" and "Get Order Status".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from adapters.andx.simulator.listing import Listing
from adapters.andx.simulator.wire import (
    BELOW_MINIMUM,
    INVALID_PRICE,
    INVALID_VOLUME,
    MARKET_NOT_FOUND,
    Barred,
    Refused,
    add_date,
)
from adapters.matching import SimOrder
from oms.core.values import frozen

ACCOUNT_NUMBER: Final = 109  # of the document's samples
CHANNEL: Final = "A"  # the document names W and M only, not what an order by API gets
CLIENT_ID_MAX: Final = 2**31 - 1  # the document says Integer without a range

SIDES: Final = {"B": "BUY", "S": "SELL"}
_LETTERS: Final = {"BUY": "B", "SELL": "S"}
_STATES: Final = {"FILLED": "F", "CANCELED": "C", "REJECTED": "R"}
_NUMBER: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,18})?")
_TEXTS: Final = ("order_type", "market_code", "volume", "buy_sell", "price", "account_name")
_REST: Final = {"client_id": 0, "post_only": False}


@dataclass(slots=True)
class Booked:
    """An order that got a number."""

    number: int
    listing: Listing
    order: SimOrder
    shown_ms: int  # from when on it is in the lists

    def row(self) -> dict[str, object]:
        """Return the order as lists and order_status show it."""
        order, listing = self.order, self.listing
        price = order.price or Decimal(0)
        return {
            "order_number": self.number,
            "account_number": ACCOUNT_NUMBER,
            "order_type": "market" if order.price is None else "limit",
            "market_code": listing.code,
            "base_currency": listing.base,
            "counter_currency": listing.counter,
            "channel_code": CHANNEL,
            "price": listing.price(price),
            "volume": listing.volume(order.qty),
            "volume_executed": listing.volume(order.cum),
            "volume_remaining": listing.volume(order.qty - order.cum),
            "buy_sell": _LETTERS[order.side],
            "status": self.state,
            "add_date": add_date(order.created_ms),
            "total": listing.price(order.qty * price if order.price else order.notional),
            "avg_price": listing.price(order.avg),
            "client_id": int(order.client_id),
            "post_only": order.post_only,
        }

    @property
    def state(self) -> str:
        """N, P, F, C or R."""
        return _STATES.get(self.order.status) or ("P" if self.order.cum else "N")


@frozen
class Asked:
    """The body of a new order, its types checked."""

    order_type: str
    market_code: str
    volume: str
    buy_sell: str
    price: str
    account_name: str
    client_id: int
    post_only: bool

    def sim_order(self, number: int, listing: Listing) -> SimOrder:
        """Return the order for the matching engine; raises Refused if it breaks a market rule."""
        volume, price = Decimal(self.volume), Decimal(self.price)
        if _decimals(self.volume) > listing.base_decimals:
            raise Refused(INVALID_VOLUME)
        if volume < listing.minimum:
            raise Refused(BELOW_MINIMUM)
        limit = self.order_type == "limit"
        if _decimals(self.price) > listing.counter_decimals or bool(price) != limit:
            raise Refused(INVALID_PRICE)
        return SimOrder(
            order_id=str(number),
            client_id=str(self.client_id),
            symbol=listing.market.symbol,
            side=SIDES[self.buy_sell],
            qty=volume,
            price=price if limit else None,
            post_only=self.post_only,
        )


def parse_order(body: bytes) -> Asked:
    """Read the body of a new order; raises Barred(400) for anything the document does not have."""
    fields: dict[str, object] = {**_REST, **parse_object(body)}
    found = texts(fields, _TEXTS, tuple(_REST))
    client_id, post_only = fields["client_id"], fields["post_only"]
    if type(client_id) is not int or not 0 <= client_id <= CLIENT_ID_MAX:
        raise Barred(400, "client_id is not an integer in range")
    if type(post_only) is not bool:
        raise Barred(400, "post_only is not a boolean")
    asked = Asked(**found, client_id=client_id, post_only=post_only)
    known = asked.order_type in ("limit", "market") and asked.buy_sell in SIDES
    if not (known and is_number(asked.volume) and is_number(asked.price)):
        raise Barred(400, "a field has a value that the document does not have")
    return asked


def parse_object(body: bytes) -> dict[str, object]:
    """Read a JSON object; raises Barred(400)."""
    try:
        parsed = json.loads(body.decode(), parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Barred(400, "the body is not JSON") from None
    if not isinstance(parsed, dict):
        raise Barred(400, "the body is not a JSON object")
    return parsed


def texts(
    fields: Mapping[str, object], names: tuple[str, ...], others: tuple[str, ...] = ()
) -> dict[str, str]:
    """Return the named fields if all are text and no unknown one is there; raises Barred(400)."""
    found = {name: text for name in names if isinstance(text := fields.get(name), str)}
    if len(found) != len(names) or set(fields) != {*names, *others}:
        raise Barred(400, "a field is missing, unknown or of the wrong type")
    return found


def find_listing(listings: Mapping[str, Listing], code: str) -> Listing:
    """Return the market of an order; raises Refused."""
    if code not in listings:
        raise Refused(MARKET_NOT_FOUND)
    return listings[code]


def is_number(text: str) -> bool:
    """Tell whether the text is a plain decimal number."""
    return _NUMBER.fullmatch(text) is not None


def _decimals(number: str) -> int:
    return len(number.partition(".")[2].rstrip("0"))
