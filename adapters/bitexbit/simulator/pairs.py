"""The venue's pairs, and their order books as anybody sees them.

Source: Bitexbit API v1 document, sections "Pairs" and "Get orderbook". Sizes and precisions of
BTC_USD are those of its sample.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from adapters.bitexbit.simulator.wire import epoch_seconds, number
from adapters.matching import Market, MatchingEngine, SimOrder
from oms.core.values import frozen

FIRST_STANDING_ID: Final = 10_000
"""Ids of other people's resting orders: one a price level, for ever."""

MINIMUM: Final = Decimal("0.00000001")
MAXIMUM: Final = Decimal(100_000_000)
SIDES: Final = {"BUY": "buy", "SELL": "sell"}
OPPOSITE: Final = {"BUY": "SELL", "SELL": "BUY"}


@frozen
class Pair:
    """One market under Bitexbit's name for it."""

    market: Market
    precision: int
    first_id: int  # of the standing orders of other people

    @property
    def name(self) -> str:
        """The pair's name, "BTC_USD"."""
        return self.market.symbol.replace("/", "_")

    def row(self) -> dict[str, object]:
        """Return its entry in pairs."""
        base, _, quote = self.name.partition("_")
        return {
            "currency2": quote,
            "maximum_order_size": number(MAXIMUM),
            "minimum_order_size": number(MINIMUM),
            "currency1": base,
            "name": self.name,
            "price_precision": self.precision,
        }

    def standing_id(self, side: str, px: Decimal) -> int:
        """The id of other people's resting order at a price."""
        away = abs(px - self.market.mid) / self.market.tick
        return self.first_id + int(away) + (self.market.levels if side == "SELL" else 0)

    def side_of_book(
        self, engine: MatchingEngine, own: Iterable[SimOrder], side: str, since_ms: int
    ) -> list[dict[str, object]]:
        """Return every resting order of one side, the best first, with ids and times."""
        levels = engine.book(self.market.symbol, self.market.levels)[side == "SELL"]
        rows: list[tuple[Decimal, int, Decimal, int]] = [
            (px, self.standing_id(side, px), qty, since_ms) for px, qty in levels
        ]
        rows += [
            (order.price or Decimal(0), int(order.order_id), order.leaves, order.created_ms)
            for order in own
            if (order.symbol, order.side, order.status) == (self.market.symbol, side, "OPEN")
        ]
        rows.sort(key=lambda row: (-row[0] if side == "BUY" else row[0], row[1]))
        return [
            {
                "price": number(px),
                "id": order_id,
                "amount": number(qty),
                "timestamp": epoch_seconds(time_ms),
            }
            for px, order_id, qty, time_ms in rows
        ]


def grouped(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the sums of a side of the book by price."""
    sums: dict[Decimal, Decimal] = {}
    for row in rows:
        px, qty = row["price"], row["amount"]
        assert isinstance(px, Decimal)
        assert isinstance(qty, Decimal)
        sums[px] = sums.get(px, Decimal(0)) + qty
    return [{"price": px, "amount": qty} for px, qty in sums.items()]


def pairs() -> dict[str, Pair]:
    """Return the pairs by name."""
    rows = (
        ("BTC/USD", "40000", "0.001", 3, "0.05"),
        ("ETH/USD", "2500", "0.01", 2, "1"),
        ("BTC/USDT", "40000", "0.01", 2, "0.05"),
    )
    step = Decimal("0.00000001")
    made = [
        Pair(
            Market(symbol, Decimal(mid), Decimal(tick), step, Decimal(level_qty)),
            precision,
            FIRST_STANDING_ID + 100 * position,
        )
        for position, (symbol, mid, tick, precision, level_qty) in enumerate(rows)
    ]
    return {pair.name: pair for pair in made}
