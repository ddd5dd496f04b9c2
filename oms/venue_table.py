"""What each kind of venue can do, as rows: from the capabilities that the engine decides by."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, get_args

from adapters import VENUES, venue
from oms.asks import QUERIES
from oms.core.fields import OrdType, TimeInForce
from oms.core.market import TopicKind
from oms.core.numbers import number_text
from oms.core.venue import Capabilities, ClientId, Emulation
from oms.scaffold import sample_table
from oms.settings_venues import KINDS
from oms.told import Row

_TIFS: Final = {
    TimeInForce.GOOD_TILL_CANCEL: "GTC",
    TimeInForce.IMMEDIATE_OR_CANCEL: "IOC",
    TimeInForce.FILL_OR_KILL: "FOK",
    TimeInForce.GOOD_TILL_DATE: "GTD",
}
MOVES: Final = ("withdraw", "transfer", "coupon")
"""What moves money, as capabilities name it."""

LISTS: Final = ("instruments", "balances", "open_orders", "closed_orders", "cancel_all")
"""What else can be asked or done, as capabilities name it."""


FACTS: Final[Mapping[str, Callable[[Row], str]]] = MappingProxyType(
    {
        "order types": lambda row: " ".join(row["ord_types"]),
        "times in force": lambda row: " ".join(row["time_in_force"]),
        "post-only": lambda row: mark(row["post_only"]),
        "market buys sized in quote units": lambda row: mark(row["market_buy_by_cash"]),
        "replace": lambda row: mark(row["replace"]),
        "client order id": lambda row: row["client_id"],
        "what ends the doubt of a lost order": lambda row: row["fence"],
        "a cancel's answer is final": lambda row: mark(row["cancel_final"]),
        "how a fill is named": lambda row: row["fill_identity"],
        "fills tell their fee": lambda row: mark(row["fees"]),
        "orders are streamed": lambda row: mark(row["order_stream"]),
        "can be emulated": lambda row: " ".join(row["emulations"]),
    }
)
"""What a row says of trading, in words."""


def mark(has: bool) -> str:
    """Yes, or nothing."""
    return "yes" if has else ""


def limit_text(limit: Row) -> str:
    """A rate limit in words."""
    return f"{limit['what']}: {limit['requests']} in {limit['per_seconds']} s, {limit['scope']}"


def table() -> list[Row]:
    """A row for each venue, by the defaults of its settings."""
    return [_row(kind, _capabilities(kind)) for kind in VENUES]


def _capabilities(kind: str) -> Capabilities:
    settings = KINDS[kind].model_validate(sample_table(kind))
    return venue(kind).capabilities(settings.plain())


def _row(kind: str, told: Capabilities) -> Row:
    return {
        "venue": kind.upper(),
        "ord_types": _names(told.ord_types, OrdType),
        "time_in_force": [word for tif, word in _TIFS.items() if tif in told.time_in_force],
        "post_only": told.post_only,
        "market_buy_by_cash": told.market_buy_by_cash,
        "replace": told.can_replace,
        "client_id": _client_id(told),
        "fence": told.fence.value,
        "cancel_final": told.cancel_final,
        "fill_identity": told.fill_identity.value,
        "fees": told.tells_fees,
        "history": told.history,
        "limits": [
            {
                "what": limit.what,
                "requests": limit.requests,
                "per_seconds": number_text(limit.per_seconds),
                "scope": limit.scope,
            }
            for limit in told.limits
        ],
        "lists": [name for name in LISTS if name in told.offers],
        "queries": [name for name, query in QUERIES.items() if (query.asks or name) in told.offers],
        "watches": {kind: _watch(told, kind) for kind in get_args(TopicKind)},
        "order_stream": "orders" in told.streams,
        "moves": [name for name in MOVES if name in told.offers],
        "emulations": [emulation.value.lower() for emulation in _possible(told)],
    }


def _names(found: Iterable[Any], kind: type[Enum]) -> list[str]:
    known = set(found)
    return [member.name for member in kind if member in known]


def _client_id(told: Capabilities) -> str:
    if told.client_id is ClientId.INTERNAL:
        return "none"
    facts = {"unique": told.client_id_unique, "queryable": told.client_id_queryable}
    return ", ".join(["taken", *(word if so else f"not {word}" for word, so in facts.items())])


def _watch(told: Capabilities, kind: str) -> str:
    if kind in told.streams:
        return "streamed"
    return "in turns" if kind in told.offers else ""


def _possible(told: Capabilities) -> list[Emulation]:
    """What the venue does not do itself, and the engine can."""
    own = {
        Emulation.REPLACE: told.can_replace,
        Emulation.IOC: TimeInForce.IMMEDIATE_OR_CANCEL in told.time_in_force,
        Emulation.FOK: TimeInForce.FILL_OR_KILL in told.time_in_force,
        Emulation.GTD: TimeInForce.GOOD_TILL_DATE in told.time_in_force,
        # Its price is asked for before, and without one it is refused.
        Emulation.MARKET: OrdType.MARKET in told.ord_types or "order_book" not in told.offers,
    }
    return [emulation for emulation, has in own.items() if not has]
