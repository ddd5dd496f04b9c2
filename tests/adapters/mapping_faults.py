"""Mistakes that a mapping can make, put into a venue's room on purpose.

Each changes what the room says, not how: it stands between the room and the types of
`adapters.port` and `oms.core.market`, so the same mistake can be made at every venue. `caught_by`
names the question of the conformance suite that must fail.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import pytest

from adapters.port import Balance, VenueOrder, VenueState, VenueTrade
from oms.core.fields import Side
from oms.core.market import Candle, OrderBook, PublicTrade, Ticker
from oms.core.venue import Instrument

Fields = dict[str, Any]
_TYPES: Final = (
    Balance,
    Candle,
    Instrument,
    OrderBook,
    PublicTrade,
    Ticker,
    VenueOrder,
    VenueTrade,
)
_ASKING: Final = (".account", ".client", ".funding", ".market", ".stream", ".venue")
"""Modules that ask; what they get is made elsewhere, and may pass through them once more."""

_OTHER: Final[Mapping[Side, Side]] = MappingProxyType({Side.BUY: Side.SELL, Side.SELL: Side.BUY})


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake: what it makes of the fields of which types, and which question notices."""

    name: str
    types: tuple[type, ...]
    change: Callable[[Fields], None]
    caught_by: str


def _flip_side(fields: Fields) -> None:
    if fields.get("side") is not None:
        fields["side"] = _OTHER[fields["side"]]


def _remaining_as_filled(fields: Fields) -> None:
    if fields.get("cum_qty") is not None:
        fields["cum_qty"] = fields["order_qty"] - fields["cum_qty"]


def _final_as_open(fields: Fields) -> None:
    if fields["state"] is VenueState.CANCELED:
        fields["state"] = VenueState.WORKING


def _open_as_final(fields: Fields) -> None:
    if fields["state"] is VenueState.WORKING:
        fields["state"] = VenueState.CANCELED


def _drop_fee(fields: Fields) -> None:
    fields["commission"] = None


def _fee_with_its_sign(fields: Fields) -> None:
    if fields.get("commission") is not None:
        fields["commission"] = -fields["commission"]


def _price_of_another(fields: Fields) -> None:
    for name in ("avg_px", "last_px"):
        if fields.get(name):
            fields[name] = fields[name] * Decimal("0.98")


def _one_id_for_all(fields: Fields) -> None:
    fields["trade_id"] = "1"


def _half_of_it(fields: Fields) -> None:
    fields["last_shares"] = fields["last_shares"] / 2


def _all_is_available(fields: Fields) -> None:
    fields["available"], fields["held"] = fields["total"], Decimal(0)


def _available_is_all(fields: Fields) -> None:
    fields["total"] = fields["available"]
    fields["held"] = Decimal(0)


def _tick_for_step(fields: Fields) -> None:
    fields["tick"], fields["step"] = fields["step"], fields["tick"]


def _bid_for_ask(fields: Fields) -> None:
    if fields.get("bid") is not None:
        fields["bid"], fields["ask"] = fields["ask"], fields["bid"]


def _bids_for_asks(fields: Fields) -> None:
    fields["bids"], fields["asks"] = fields["asks"], fields["bids"]


def _low_for_high(fields: Fields) -> None:
    fields["low"], fields["high"] = fields["high"] + 1, fields["low"]


def _price_for_quantity(fields: Fields) -> None:
    fields["price"], fields["qty"] = fields["qty"], fields["price"]


FAULTS: Final = (
    Fault("wrong side", (VenueOrder, VenueTrade), _flip_side, "an_order_fills_in_parts"),
    Fault(
        "remaining read as filled",
        (VenueOrder,),
        _remaining_as_filled,
        "an_order_that_rests_goes_on_resting",
    ),
    Fault("final read as open", (VenueOrder,), _final_as_open, "an_order_rests_and_is_cancelled"),
    Fault(
        "open read as final",
        (VenueOrder,),
        _open_as_final,
        "an_order_that_rests_goes_on_resting",
    ),
    Fault("fee dropped", (VenueTrade,), _drop_fee, "fees_are_those_that_the_venue_took"),
    Fault(
        "fee with the venue's sign",
        (VenueTrade,),
        _fee_with_its_sign,
        "fees_are_those_that_the_venue_took",
    ),
    Fault(
        "fill at another price",
        (VenueOrder, VenueTrade),
        _price_of_another,
        "what_filled_stays_when_the_rest_is_cancelled",
    ),
    Fault(
        "one trade id for all",
        (VenueTrade,),
        _one_id_for_all,
        "executions_are_named_as_the_venue_names_them",
    ),
    Fault(
        "half of each fill",
        (VenueTrade,),
        _half_of_it,
        "executions_are_named_as_the_venue_names_them",
    ),
    Fault(
        "held money as available",
        (Balance,),
        _all_is_available,
        "balances_are_the_venues_and_move_with_fills",
    ),
    Fault(
        "available money as all",
        (Balance,),
        _available_is_all,
        "balances_are_the_venues_and_move_with_fills",
    ),
    Fault(
        "tick and step exchanged",
        (Instrument,),
        _tick_for_step,
        "the_instruments_are_those_that_orders_name",
    ),
    Fault(
        "bid and ask exchanged",
        (Ticker,),
        _bid_for_ask,
        "a_ticker_has_its_sides_the_right_way_round",
    ),
    Fault(
        "sides of the book exchanged",
        (OrderBook,),
        _bids_for_asks,
        "a_book_is_sorted_and_not_crossed",
    ),
    Fault("low and high exchanged", (Candle,), _low_for_high, "candles_hold_their_prices"),
    Fault(
        "price and quantity exchanged",
        (PublicTrade,),
        _price_for_quantity,
        "public_trades_show_what_was_traded",
    ),
)


HARMLESS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("final read as open", "cryptex"): "rows say nothing of the end, their absence does; the "
        "state of a row is overwritten",
    }
)
"""Mistakes that change what a row is read as, and nothing that comes of it."""


@contextmanager
def made_at(kind: str, fault: Fault) -> Iterator[list[Fields]]:
    """The room makes the mistake while the block runs; each time that it changed something."""
    made: list[Fields] = []
    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if not re.fullmatch(rf"adapters\.{kind}\.\w+", name) or name.endswith(_ASKING):
                continue
            for changed in fault.types:
                if vars(module).get(changed.__name__) is changed:
                    patch.setattr(module, changed.__name__, _wrong(changed, fault.change, made))
        yield made


def _wrong(changed: type, change: Callable[[Fields], None], made: list[Fields]) -> type:
    names = tuple(changed.__dataclass_fields__)  # type: ignore[attr-defined]  # all are dataclasses

    class Meta(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, changed)

        def __call__(cls, *values: Any, **fields: Any) -> Any:
            right = dict(zip(names, values, strict=False)) | fields
            wrong = dict(right)
            change(wrong)
            if wrong != right:
                made.append(wrong)
            return changed(**wrong)

    return Meta(changed.__name__, (), {})
