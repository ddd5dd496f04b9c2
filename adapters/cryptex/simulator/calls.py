"""What a call asks for, read strictly.

Source: Cryptex API document, "POST request parameters" of each method.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from adapters.cryptex.simulator.wire import Refused

REQUIRED: Final[Mapping[str, frozenset[str]]] = {
    "Info": frozenset(),
    "GetNewAddress": frozenset({"currency"}),
    "DepositInfo": frozenset({"address"}),
    "Withdraw": frozenset({"amount", "address", "currency"}),
    "ActiveOrders": frozenset(),
    "UnconfirmedTransactions": frozenset(),
    "OrderInfo": frozenset({"order_id"}),
    "CancelOrder": frozenset({"order_id"}),
    "TradeHistory": frozenset(),
    "Trade": frozenset({"pair", "type", "price", "amount"}),
    "CouponCreate": frozenset({"currency", "amount"}),
    "CouponRedeem": frozenset({"code"}),
}
"""By method the fields it can not do without: all twelve methods of the document."""

OPTIONAL: Final[Mapping[str, frozenset[str]]] = {
    "Info": frozenset({"with_reserves"}),
    "ActiveOrders": frozenset({"pair", "order"}),
    "UnconfirmedTransactions": frozenset({"pair", "order"}),
    "TradeHistory": frozenset({"pair", "since", "end", "count", "order"}),
    "CouponCreate": frozenset({"recipient"}),
}

COUNT_MAX: Final = 1000
PLACES_MAX: Final = 8
"""Decimals of a price or an amount; the document names none."""

_AMOUNT: Final = re.compile(rf"[0-9]{{1,12}}(\.[0-9]{{1,{PLACES_MAX}}})?")
_DIGITS: Final = re.compile(r"[0-9]{1,18}")
_PAIR: Final = re.compile(r"[A-Z]{3,5}_[A-Z]{3,5}")
_YES: Final = ("1", "TRUE", "YES")
_NO: Final = ("0", "FALSE", "NO")

Fields = Mapping[str, str]


def demand_fields(method: str, fields: Fields) -> None:
    """Return if the method exists and has all its fields and no other; raises Refused."""
    if method not in REQUIRED:
        raise Refused("unknown method")
    given = set(fields) - {""}
    if missing := REQUIRED[method] - given:
        raise Refused(f"{min(missing)} is missing")
    if unknown := given - REQUIRED[method] - OPTIONAL.get(method, frozenset()):
        raise Refused(f"unknown field {min(unknown)}")


def amount(fields: Fields, name: str) -> Decimal:
    """A number above 0, digits and a point; raises Refused."""
    text = fields[name]
    if not _AMOUNT.fullmatch(text) or not Decimal(text):
        raise Refused(f"{name} is not a number above 0")
    return Decimal(text)


def flag(fields: Fields, name: str) -> bool:
    """One of the six words for yes and no; no where it is not given. Raises Refused."""
    text = fields.get(name, "0")
    if text not in (*_YES, *_NO):
        raise Refused(f"{name} is not one of {'|'.join((*_NO, *_YES))}")
    return text in _YES


def pair(fields: Fields) -> str | None:
    """XXX_YYY, None where it is not given; raises Refused."""
    text = fields.get("pair")
    if text is not None and not _PAIR.fullmatch(text):
        raise Refused("pair is not XXX_YYY")
    return text


def descending(fields: Fields) -> bool:
    """Whether the newest comes first, as where nothing is said; raises Refused."""
    text = fields.get("order", "DESC")
    if text not in ("ASC", "DESC"):
        raise Refused("order is not ASC or DESC")
    return text == "DESC"


def count(fields: Fields) -> int:
    """How many records are wanted at most; raises Refused."""
    text = fields.get("count", str(COUNT_MAX))
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= COUNT_MAX:
        raise Refused(f"count is not a number up to {COUNT_MAX}")
    return int(text)


def moment(fields: Fields, name: str) -> int | None:
    """`since` or `end` as it stands; raises Refused for what is no number."""
    text = fields.get(name)
    if text is None:
        return None
    if not _DIGITS.fullmatch(text):
        raise Refused(f"{name} is not a time")
    return int(text)


def order_id(fields: Fields) -> int:
    """The order that a call is about; raises Refused."""
    text = fields["order_id"]
    if not _DIGITS.fullmatch(text):
        raise Refused("order_id is not a number")
    return int(text)
