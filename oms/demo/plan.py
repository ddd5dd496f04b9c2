"""What the demo sends: N orders over all venues, drawn from a seed.

Pure: the same seed and count give the same requests, ids included. A venue joins by one more row
in `VENUES`. Prices and quantities are laid out around the simulators' standing books, so that
each kind of order meets the fate that its name says.
"""

import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import cycle
from typing import Final

import adapters
from adapters.bitexbit.simulator import pairs as bitexbit
from adapters.btcturk.simulator import listing as btcturk
from adapters.cryptex.simulator import market as cryptex
from adapters.matching import Market, default_markets
from oms.core.values import frozen

DESK: Final = "DESK1"
STRATEGY: Final = "grid-1"
"""The two origins: a desk over FIX, a strategy over the API."""

FILLED: Final = frozenset({"FILLED"})
CANCELED: Final = frozenset({"CANCELED"})
REJECTED: Final = frozenset({"REJECTED"})
EITHER: Final = FILLED | CANCELED
WORKING: Final = frozenset({"NEW"})


class Kind(StrEnum):
    """What an order is sent for."""

    FILL = "fills at once"
    PARTS = "fills in parts"
    MARKET = "market order"
    CANCEL = "cancelled before any fill"
    CANCEL_PART = "cancelled after a partial fill"
    POST_ONLY = "post-only, rests"
    IOC = "immediate or cancel"
    CROSSING = "post-only that would cross: refused by the venue"
    REFUSED = "refused by the venue"
    BAD_TICK = "price off the tick: refused here"
    BAD_SYMBOL = "unknown symbol: refused here"
    BAD_QTY = "quantity too small: refused here"
    LEFT = "left working"


class Extra(StrEnum):
    """What is asked beside the order itself."""

    NOTHING = ""
    DUPLICATE = "sent a second time under the same ClOrdID"
    STATUS = "asked for its status"
    LATE_CANCEL = "cancelled after its end"


class Refusal(StrEnum):
    """How a venue is made to say no to an order that passes every check of ours."""

    PRICE_BAND = "a price above the venue's maximum"
    FUNDS = "more than the account has"


@frozen(kw_only=True)
class Ground:
    """One venue as the demo knows it: its simulator's markets, and what it takes."""

    venue: str
    exchanges: tuple[str, ...]
    markets: tuple[Market, ...]
    """Markets of the venue's simulator."""
    lacks: frozenset[Kind]
    refusal: Refusal
    requests: int
    per_seconds: int
    """The documented rate limit of orders and queries."""
    requests_per_order: int
    """REST requests that one order costs, generously: the demo keeps that distance."""
    order_s: float = 0.06
    """The least time between two orders: one machine plays all the parts, and a venue that counts
    its requests takes one at a time."""

    @property
    def route(self) -> str:
        """The route's name."""
        return self.venue.upper()


def _quoted_in(quote: str) -> tuple[Market, ...]:
    return tuple(m for m in default_markets() if m.symbol.partition("/")[2] == quote)


_PLAIN: Final = frozenset({Kind.MARKET, Kind.POST_ONLY, Kind.CROSSING, Kind.IOC})
"""What a venue lacks that takes limit orders and nothing else."""

_BTCTURK: Final = frozenset({"BTC/TRY", "BTC/USDT", "ETH/USDT"})

_GROUNDS: Final = (
    Ground(
        venue="apifiny",
        exchanges=("BINANCE", "COINBASEPRO"),
        markets=_quoted_in("USDT"),
        lacks=frozenset({Kind.MARKET}),
        refusal=Refusal.PRICE_BAND,
        requests=20,
        per_seconds=1,
        requests_per_order=1,
    ),
    Ground(
        venue="andx",
        exchanges=("",),
        markets=_quoted_in("TRY"),
        lacks=frozenset({Kind.IOC}),
        refusal=Refusal.FUNDS,
        requests=60,
        per_seconds=60,
        requests_per_order=6,
    ),
    Ground(
        venue="cryptex",
        exchanges=("",),
        markets=cryptex.markets(),
        lacks=_PLAIN,
        refusal=Refusal.FUNDS,
        requests=1,
        per_seconds=1,
        requests_per_order=8,
        order_s=0.3,
    ),
    Ground(
        venue="bitexbit",
        exchanges=("",),
        markets=tuple(pair.market for pair in bitexbit.pairs().values()),
        lacks=_PLAIN,
        refusal=Refusal.FUNDS,
        requests=2,
        per_seconds=1,
        requests_per_order=8,
        order_s=0.3,
    ),
    Ground(
        venue="btcturk",
        exchanges=("",),
        markets=tuple(
            listing.market
            for listing in btcturk.listings().values()
            if listing.market.symbol in _BTCTURK
        ),
        lacks=_PLAIN - {Kind.MARKET},
        refusal=Refusal.FUNDS,
        requests=90,
        per_seconds=60,
        requests_per_order=4,
    ),
)

VENUES: Final = tuple(ground for ground in _GROUNDS if ground.venue in adapters.VENUES)
"""The venues that the demo trades at."""


@frozen(kw_only=True)
class PlannedOrder:
    """One order: quantities in base units, prices in quote units; `price` None: market order."""

    cl_ord_id: str
    origin: str
    kind: Kind
    extra: Extra
    route: str
    exchange: str
    symbol: str
    side: str
    order_qty: Decimal
    price: Decimal | None
    time_in_force: str
    post_only: bool
    slot: int
    """Its place in the row of its route's orders."""
    outcomes: frozenset[str]
    """The OrdStatus words it may end in."""

    @property
    def cancel_id(self) -> str:
        """The ClOrdID of its cancel."""
        return f"{self.cl_ord_id}-X"


_DECK: Final[tuple[tuple[Kind, Extra], ...]] = (
    (Kind.FILL, Extra.NOTHING),
    (Kind.FILL, Extra.DUPLICATE),
    (Kind.FILL, Extra.STATUS),
    (Kind.FILL, Extra.LATE_CANCEL),
    (Kind.PARTS, Extra.NOTHING),
    (Kind.PARTS, Extra.STATUS),
    (Kind.PARTS, Extra.DUPLICATE),
    (Kind.MARKET, Extra.NOTHING),
    (Kind.CANCEL, Extra.NOTHING),
    (Kind.CANCEL, Extra.STATUS),
    (Kind.CANCEL, Extra.DUPLICATE),
    (Kind.CANCEL_PART, Extra.NOTHING),
    (Kind.CANCEL_PART, Extra.NOTHING),
    (Kind.POST_ONLY, Extra.NOTHING),
    (Kind.IOC, Extra.NOTHING),
    (Kind.CROSSING, Extra.NOTHING),
    (Kind.REFUSED, Extra.NOTHING),
    (Kind.BAD_TICK, Extra.NOTHING),
    (Kind.BAD_SYMBOL, Extra.NOTHING),
    (Kind.BAD_QTY, Extra.NOTHING),
    (Kind.LEFT, Extra.NOTHING),
)
"""Shuffled and dealt out anew for each venue, so that every kind comes up everywhere."""

_OUTCOMES: Final = {
    Kind.FILL: FILLED,
    Kind.PARTS: FILLED,
    Kind.MARKET: FILLED,
    Kind.CANCEL: CANCELED,
    Kind.CANCEL_PART: EITHER,  # the venue may be faster than the cancel
    Kind.POST_ONLY: CANCELED,
    Kind.IOC: EITHER,
    Kind.CROSSING: REJECTED,
    Kind.REFUSED: REJECTED,
    Kind.BAD_TICK: REJECTED,
    Kind.BAD_SYMBOL: REJECTED,
    Kind.BAD_QTY: REJECTED,
    Kind.LEFT: WORKING,
}

# Of the quantity that stands at one level of the book, times twentieths.
_SIZES: Final = {Kind.PARTS: (50, 80), Kind.CANCEL_PART: (200, 300), Kind.IOC: (15, 60)}
_SIZE: Final = (4, 16)
# Ticks through the middle: how many levels of the other side the price reaches; below zero it
# rests on its own side. The books stand 20 levels deep, beyond which nothing ever trades.
_REACHES: Final = {Kind.PARTS: (1, 2), Kind.CANCEL_PART: (1, 1), Kind.IOC: (1, 2)}
_THROUGH: Final = (12, 16)
_AWAY: Final = (-2500, -500)
_RESTING: Final = frozenset({Kind.CANCEL, Kind.POST_ONLY, Kind.LEFT})


def make_plan(orders: int, seed: int, venues: Sequence[Ground] = VENUES) -> list[PlannedOrder]:
    """That many orders, dealt to the venues in turn. ValueError for a negative count."""
    if orders < 0:
        raise ValueError("a plan has no fewer than 0 orders")
    rng = random.Random(seed)  # noqa: S311  repeatable on purpose, guards nothing
    decks = [_deal(rng, ground) for ground in venues]
    plan = []
    for number in range(orders):
        turn = number % len(venues)
        kind, extra, origin = next(decks[turn])
        order = _draw(rng, venues[turn], kind, extra, origin, number, number // len(venues))
        plan.append(order)
    return plan


def _deal(rng: random.Random, ground: Ground) -> Iterator[tuple[Kind, Extra, str]]:
    """What the venue can be sent, for ever; desk and strategy by turns."""
    deck = [(kind, extra) for kind, extra in _DECK if kind not in ground.lacks]
    origins = cycle((DESK, STRATEGY))
    while True:
        rng.shuffle(deck)
        for kind, extra in deck:
            yield kind, extra, next(origins)


def _draw(
    rng: random.Random,
    ground: Ground,
    kind: Kind,
    extra: Extra,
    origin: str,
    number: int,
    slot: int,
) -> PlannedOrder:
    market = rng.choice(ground.markets)
    # A market buy is sized by what it may cost at some venues: the demo sells.
    side = "SELL" if kind is Kind.MARKET else rng.choice(("BUY", "SELL"))
    if kind is Kind.REFUSED:
        side = "SELL" if ground.refusal is Refusal.PRICE_BAND else "BUY"
    return PlannedOrder(
        cl_ord_id=f"{origin[0].upper()}{number + 1:05d}",
        origin=origin,
        kind=kind,
        extra=extra,
        route=ground.route,
        exchange=rng.choice(ground.exchanges),
        symbol=_symbol(market, kind),
        side=side,
        order_qty=_order_qty(rng, market, kind, ground.refusal),
        price=_price(rng, market, kind, side, ground.refusal),
        time_in_force="IOC" if kind is Kind.IOC else "GTC",
        post_only=kind in (Kind.POST_ONLY, Kind.CROSSING),
        slot=slot,
        outcomes=_OUTCOMES[kind],
    )


def _symbol(market: Market, kind: Kind) -> str:
    base, _, quote = market.symbol.partition("/")
    return f"NO{base}/{quote}" if kind is Kind.BAD_SYMBOL else market.symbol


def _order_qty(rng: random.Random, market: Market, kind: Kind, refusal: Refusal) -> Decimal:
    if kind is Kind.BAD_QTY:
        return market.step / 10
    if kind is Kind.REFUSED and refusal is Refusal.FUNDS:
        # 250 million of the quote currency; the simulated account has 100 million.
        return (Decimal(250_000_000) / market.mid).quantize(Decimal(1))
    twentieths = rng.randint(*_SIZES.get(kind, _SIZE))
    return market.level_qty * twentieths / 20 // market.step * market.step


def _price(
    rng: random.Random, market: Market, kind: Kind, side: str, refusal: Refusal
) -> Decimal | None:
    if kind is Kind.MARKET:
        return None
    if kind is Kind.REFUSED and refusal is Refusal.PRICE_BAND:
        return market.mid * 11  # ten times the middle is the simulated venue's maximum
    resting = kind in _RESTING or kind is Kind.REFUSED
    reach = rng.randint(*(_AWAY if resting else _REACHES.get(kind, _THROUGH)))
    price = market.mid + reach * market.tick * (1 if side == "BUY" else -1)
    return price + market.tick / 2 if kind is Kind.BAD_TICK else price
