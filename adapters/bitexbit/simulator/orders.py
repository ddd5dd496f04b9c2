"""An order as Bitexbit takes it and as Bitexbit shows it.

Source: Bitexbit API v1 document, sections "Create order", "Cancel order", "List own orders" and
"Retrieve single order". Bodies are forms or JSON; what is signed is the form of either.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl

from adapters.bitexbit.simulator.pairs import MAXIMUM, MINIMUM, SIDES, Pair
from adapters.bitexbit.simulator.wire import DECIMALS, Barred, number
from adapters.matching import SimOrder
from adapters.simserver import SimRequest

FIRST_ID: Final = 15_234
"""Order ids are one rising sequence for everybody."""

STATUSES: Final = {"OPEN": 1, "CANCELED": 2, "FILLED": 3}
_NUMBER: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,18})?")
_ORDER_ID: Final = re.compile("[0-9]{1,18}")
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Booked:
    """An order of the account."""

    order: SimOrder
    pair: Pair
    shown_ms: int  # from when on it is in the lists

    def row(self) -> dict[str, object]:
        """Return its entry in orders/own: `amount` is what was asked for, not what is left."""
        price = self.order.price
        assert price is not None
        return {
            "amount": number(self.order.qty),
            "pair": self.pair.name,
            "type": SIDES[self.order.side],
            "status": STATUSES[self.order.status],
            "price": number(price),
            "id": int(self.order.order_id),
        }

    def single(self) -> dict[str, object]:
        """Return the answer to order/<id>, whose status is text."""
        row = self.row()
        return {**row, "status": str(row["status"])}


def fields_of(request: SimRequest) -> dict[str, str]:
    """Read the fields of a body, texts as they came; raises Barred(400)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _FORM:
        return unique(_pairs_of(request.body.decode("latin-1")))
    if kind == "application/json":
        return _json_fields(request.body)
    raise Barred(400, "the content type is neither JSON nor a form")


def query_of(request: SimRequest) -> dict[str, str]:
    """Read the query; raises Barred(400)."""
    return unique(_pairs_of(request.query)) if request.query else {}


def unique(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return the fields if no name is there twice; raises Barred(400)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Barred(400, "a field is there twice")
    return found


def _pairs_of(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise Barred(400, "this is no form") from None


def _json_fields(body: bytes) -> dict[str, str]:
    try:
        parsed = json.loads(body.decode(), parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        raise Barred(400, "the body is not JSON") from None
    if not isinstance(parsed, dict) or not all(isinstance(v, str) for v in parsed.values()):
        raise Barred(400, "the body is not an object of texts and numbers")
    return parsed


def demand_fields(given: Mapping[str, str], names: tuple[str, ...]) -> None:
    """Return if just these fields are there; raises Barred(400)."""
    if set(given) != set(names):
        raise Barred(400, f"these fields are wanted: {', '.join(names)}")


def sim_order(given: Mapping[str, str], order_id: int, pair: Pair) -> SimOrder:
    """Return the order for the matching engine; raises Barred(400) if it breaks a rule."""
    sides = {word: side for side, word in SIDES.items()}
    if given["type"] not in sides:
        raise Barred(400, "type is buy or sell")
    amount = _decimal(given["amount"], DECIMALS, "amount")
    if not MINIMUM <= amount <= MAXIMUM:
        raise Barred(400, "amount is outside the pair's order sizes")
    return SimOrder(
        order_id=str(order_id),
        client_id="",
        symbol=pair.market.symbol,
        side=sides[given["type"]],
        qty=amount,
        price=_decimal(given["price"], pair.precision, "price"),
    )


def order_id_of(text: str) -> int:
    """Return an order's id; raises Barred(400)."""
    if not _ORDER_ID.fullmatch(text):
        raise Barred(400, "order is the id of an order")
    return int(text)


def _decimal(text: str, decimals: int, name: str) -> Decimal:
    if not _NUMBER.fullmatch(text) or not Decimal(text):
        raise Barred(400, f"{name} is not a number above 0")
    if len(text.partition(".")[2].rstrip("0")) > decimals:
        raise Barred(400, f"{name} has more than {decimals} decimals")
    return Decimal(text)
