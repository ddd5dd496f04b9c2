"""A standing book and a seeded flow, for the venues' simulators.

Pure: time, seed and markets are arguments, so the same seed and the same calls give the same
trades. Each market has a fixed middle with `levels` price levels of other people's liquidity on
either side. An incoming order takes what it crosses; its remainder rests, and a seeded flow of
counter-orders then fills it in parts if it rests near the touch. The account's own orders are
not shown in the book and never meet each other: only what others do is modelled here.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Final

from oms.core.values import frozen

STEP_MS: Final = 50
"""Length of one step of the flow in milliseconds."""

STEPS_MAX: Final = 2000
"""Steps that one call makes up at most; a longer silence is not lived through."""

_ZERO: Final = Decimal(0)
_OPPOSITE: Final = {"BUY": "SELL", "SELL": "BUY"}
_ONE_STEP_IN: Final = 4  # a resting order meets the flow in one step of four, on average
_REFILL_STEPS: Final = 10  # an emptied level is whole again after so many steps


@frozen
class Market:
    """One market: prices in quote currency, quantities in base currency."""

    symbol: str  # canonical, "BTC/USDT"
    mid: Decimal  # where the standing book is centred
    tick: Decimal
    step: Decimal
    level_qty: Decimal  # what stands at each level
    levels: int = 20  # on each side, one tick apart, the first one tick from the middle


@dataclass(slots=True)
class SimOrder:
    """One order of the account, and what became of it.

    `status` is OPEN, FILLED, CANCELED or REJECTED; `price` None means a market order; `cash` is
    the quote amount that a market buy by total may spend, in which case `qty` is what it bought.
    """

    order_id: str  # the venue's own, unique in one engine
    client_id: str  # what the client called it, "" if nothing
    symbol: str
    side: str  # BUY | SELL
    qty: Decimal
    price: Decimal | None
    cash: Decimal | None = None
    ioc: bool = False
    post_only: bool = False
    cum: Decimal = _ZERO
    notional: Decimal = _ZERO  # sum of quantity times price over its trades
    status: str = "OPEN"
    created_ms: int = 0
    updated_ms: int = 0

    @property
    def avg(self) -> Decimal:
        """Mean price of its trades, 0 while it has none."""
        return self.notional / self.cum if self.cum else _ZERO

    @property
    def leaves(self) -> Decimal:
        """What may still trade; 0 once the order no longer works."""
        return self.qty - self.cum if self.status == "OPEN" else _ZERO


@frozen
class Trade:
    """One execution of one order; `side` is that order's side."""

    trade_id: int
    order_id: str
    symbol: str
    side: str
    qty: Decimal
    px: Decimal
    time_ms: int
    taker: bool


@frozen
class Outside:
    """An order that the account enters by another way than the engine: the switch `stranger`."""

    symbol: str
    side: str
    qty: Decimal
    price: Decimal

    @classmethod
    def of(cls, value: object) -> "Outside":
        """Read `{"symbol", "side", "qty", "price"}`; raises ValueError."""
        told = _texts(value, {"symbol", "side", "qty", "price"})
        if told["side"] not in _OPPOSITE:
            raise ValueError("BUY or SELL is wanted")
        return cls(told["symbol"], told["side"], _number(told["qty"]), _number(told["price"]))


def credited(value: object, assets: Iterable[str]) -> tuple[str, Decimal]:
    """Read the switch `credit`: `{"asset", "amount"}`, by which a balance changes without a word,
    below 0 for what is taken; raises ValueError."""
    told = _texts(value, {"asset", "amount"})
    if told["asset"] not in assets:
        raise ValueError("no such asset")
    return told["asset"], _number(told["amount"])


def _texts(value: object, names: set[str]) -> dict[str, str]:
    if not isinstance(value, dict) or set(value) != names:
        raise ValueError(f"these are wanted: {', '.join(sorted(names))}")
    return {name: str(text) for name, text in value.items()}


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("a number is wanted") from None


def default_markets() -> tuple[Market, ...]:
    """Return the markets that the simulators choose from."""
    rows = (
        ("BTC/USDT", "40000", "0.01", "0.0001", "0.05"),
        ("ETH/USDT", "2500", "0.01", "0.001", "1"),
        ("BTC/TRY", "1200000", "0.01", "0.00000001", "0.05"),
        ("XRP/TRY", "18", "0.0001", "0.00000001", "500"),
    )
    return tuple(
        Market(symbol, Decimal(mid), Decimal(tick), Decimal(step), Decimal(level_qty))
        for symbol, mid, tick, step, level_qty in rows
    )


class MatchingEngine:
    """The markets of one simulated venue and the orders of its one account."""

    def __init__(self, markets: Iterable[Market], seed: int) -> None:
        self.orders: dict[str, SimOrder] = {}
        self.trades: list[Trade] = []
        self._markets = {market.symbol: market for market in markets}
        self._standing = {
            (market.symbol, side): [market.level_qty] * market.levels
            for market in self._markets.values()
            for side in _OPPOSITE
        }
        self._thin: dict[tuple[str, str], None] = {}  # the sides of the book that are not whole
        self._near: dict[str, SimOrder] = {}  # the resting orders that the flow can reach
        self._rng = random.Random(seed)  # noqa: S311  repeatable on purpose, guards nothing
        self._stepped_ms: int | None = None

    def submit(self, order: SimOrder, now_ms: int) -> list[Trade]:
        """Take the liquidity that the order crosses and let the remainder rest.

        A market or immediate-or-cancel remainder ends CANCELED; a post-only order that would
        cross ends REJECTED without a trade. Raises ValueError for an unknown market or side, a
        quantity (or cash amount) that is not positive, and an order_id that was used before.
        """
        self._demand_sound(order)
        self.orders[order.order_id] = order
        order.created_ms = order.updated_ms = now_ms
        if order.post_only and self._crosses(order):
            order.status = "REJECTED"
            return []
        trades = self._sweep(order, now_ms)
        self._conclude(order)
        return trades

    def cancel(self, order_id: str, now_ms: int) -> bool:
        """End an open order; False if there is none of that id."""
        order = self.orders.get(order_id)
        if order is None or order.status != "OPEN":
            return False
        order.status = "CANCELED"
        order.updated_ms = now_ms
        self._near.pop(order_id, None)
        return True

    def advance(self, now_ms: int) -> list[Trade]:
        """Live through the whole steps since the last call; the first call only sets the start.

        The split of a span of time into calls does not matter: trades carry the time of their
        step. Orders on the passive side further than `levels` ticks from the middle never trade.
        """
        stepped_ms = now_ms if self._stepped_ms is None else self._stepped_ms
        last_ms = now_ms - (now_ms - stepped_ms) % STEP_MS
        self._stepped_ms = max(stepped_ms, last_ms)
        if not self._near and not self._thin:
            return []
        first_ms = max(stepped_ms, last_ms - STEPS_MAX * STEP_MS) + STEP_MS
        trades: list[Trade] = []
        for step_ms in range(first_ms, last_ms + 1, STEP_MS):
            if not self._near and not self._thin:
                break  # nothing moves until somebody trades
            trades += self._step(step_ms)
        return trades

    def hit(self, order_id: str, qty: Decimal, now_ms: int) -> Trade:
        """Have somebody take a part of a resting order, at its own price.

        Raises ValueError for an order that does not rest and for more than its leaves.
        """
        order = self.orders.get(order_id)
        if order is None or order.price is None or not 0 < qty <= order.leaves:
            raise ValueError(f"no such part of a resting order: {order_id} {qty}")
        return self._take(order, qty, order.price, now_ms)

    def book(
        self, symbol: str, depth: int
    ) -> tuple[list[tuple[Decimal, Decimal]], list[tuple[Decimal, Decimal]]]:
        """Return (bids, asks) as (price, quantity), best first; raises KeyError if unknown."""
        return (
            list(islice(self._levels(symbol, "BUY"), depth)),
            list(islice(self._levels(symbol, "SELL"), depth)),
        )

    def _levels(self, symbol: str, side: str) -> Iterator[tuple[Decimal, Decimal]]:
        """Price and quantity of what stands on one side, best first."""
        market = self._markets[symbol]
        for level, qty in enumerate(self._standing[symbol, side]):
            if qty:
                yield _level_px(market, side, level), qty

    def _demand_sound(self, order: SimOrder) -> None:
        if order.symbol not in self._markets or order.side not in _OPPOSITE:
            raise ValueError(f"no such market or side: {order.symbol} {order.side}")
        if order.order_id in self.orders:
            raise ValueError(f"order_id was used before: {order.order_id}")
        if (order.qty if order.cash is None else order.cash) <= 0:
            raise ValueError(f"nothing to trade: {order.order_id}")
        if order.cash is not None and (order.side, order.price) != ("BUY", None):
            raise ValueError(f"only a market buy goes by total: {order.order_id}")

    def _touch(self, symbol: str, side: str) -> Decimal | None:
        return next((px for px, _ in self._levels(symbol, side)), None)

    def _crosses(self, order: SimOrder) -> bool:
        touch = self._touch(order.symbol, _OPPOSITE[order.side])
        return touch is not None and _reaches(order, touch)

    def _sweep(self, order: SimOrder, now_ms: int) -> list[Trade]:
        market = self._markets[order.symbol]
        side = _OPPOSITE[order.side]
        standing = self._standing[order.symbol, side]
        trades: list[Trade] = []
        for level, available in enumerate(standing):
            px = _level_px(market, side, level)
            if not _reaches(order, px):
                break
            qty = _affordable(order, px, available, market.step)
            if qty:
                standing[level] -= qty
                self._thin[order.symbol, side] = None
                trades.append(self._execute(order, qty, px, now_ms, taker=True))
        return trades

    def _conclude(self, order: SimOrder) -> None:
        market = self._markets[order.symbol]
        if order.cash is not None:
            order.qty = order.cum
            left = order.cash - order.notional
            spent = left < (self._touch(order.symbol, "SELL") or market.mid) * market.step
            order.status = "FILLED" if order.cum and spent else "CANCELED"
        elif order.cum == order.qty:
            order.status = "FILLED"
        elif order.price is None or order.ioc:
            order.status = "CANCELED"
        elif _reaches(order, _level_px(market, order.side, market.levels - 1)):
            self._near[order.order_id] = order

    def _execute(
        self, order: SimOrder, qty: Decimal, px: Decimal, now_ms: int, *, taker: bool
    ) -> Trade:
        order.cum += qty
        order.notional += qty * px
        order.updated_ms = now_ms
        trade_id = len(self.trades) + 1
        trade = Trade(
            trade_id, order.order_id, order.symbol, order.side, qty, px, now_ms, taker=taker
        )
        self.trades.append(trade)
        return trade

    def _step(self, step_ms: int) -> list[Trade]:
        for symbol, side in tuple(self._thin):
            self._refill(self._markets[symbol], side)
        return [
            self._meet(order, step_ms)
            for order in tuple(self._near.values())
            if self._rng.randrange(_ONE_STEP_IN) == 0
        ]

    def _refill(self, market: Market, side: str) -> None:
        standing = self._standing[market.symbol, side]
        portion = max(market.step, market.level_qty / _REFILL_STEPS // market.step * market.step)
        against = [
            order
            for order in self._near.values()
            if order.symbol == market.symbol and order.side != side
        ]
        for level, qty in enumerate(standing):
            if qty == market.level_qty:
                continue
            px = _level_px(market, side, level)
            # a level that a resting order has overrun stays empty: the book is never crossed
            if not any(_reaches(order, px) for order in against):
                standing[level] = min(market.level_qty, qty + portion)
        if all(qty == market.level_qty for qty in standing):
            del self._thin[market.symbol, side]

    def _meet(self, order: SimOrder, step_ms: int) -> Trade:
        """Fill a part of a resting order, at most half of it, at its own price."""
        assert order.price is not None
        market = self._markets[order.symbol]
        steps = int(min(order.qty / 2, market.level_qty) // market.step)
        qty = min(order.leaves, self._rng.randint(1, max(1, steps)) * market.step)
        return self._take(order, qty, order.price, step_ms)

    def _take(self, order: SimOrder, qty: Decimal, px: Decimal, now_ms: int) -> Trade:
        trade = self._execute(order, qty, px, now_ms, taker=False)
        if order.cum == order.qty:
            order.status = "FILLED"
            self._near.pop(order.order_id, None)
        return trade


def _level_px(market: Market, side: str, level: int) -> Decimal:
    away = (level + 1) * market.tick
    return market.mid - away if side == "BUY" else market.mid + away


def _reaches(order: SimOrder, px: Decimal) -> bool:
    """Tell whether the order's limit is at or beyond the price, seen from its own side."""
    if order.price is None:
        return True
    return order.price >= px if order.side == "BUY" else order.price <= px


def _affordable(order: SimOrder, px: Decimal, available: Decimal, step: Decimal) -> Decimal:
    """Return how much of a level the order wants: its quantity, or what its cash still buys."""
    if order.cash is None:
        return min(available, order.qty - order.cum)
    left = order.cash - order.notional
    return available if left >= px * available else left // (px * step) * step
