"""What was traded: exchanges of everybody and of the account, and candles.

Source: Bitexbit API v1 document, sections "Exchanges" and "Charts".
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from adapters.bitexbit.simulator.pairs import Pair
from adapters.bitexbit.simulator.wire import epoch_seconds, number
from oms.core.values import frozen

FIRST_ID: Final = 6030  # of the document's sample
PERIODS_S: Final = {
    "1": 60,
    "5": 300,
    "15": 900,
    "30": 1_800,
    "60": 3_600,
    "240": 14_400,
    "D": 86_400,
}
HISTORY: Final = 720
"""Candles that a pair has behind it when the venue opens, and shows unless asked for fewer."""

_WOBBLE: Final = 7


@frozen
class Exchange:
    """One trade. `taker_side` BUY or SELL; `own_sides` of the account's orders in it."""

    exchange_id: int
    pair: str
    taker_side: str
    px: Decimal
    qty: Decimal
    time_ms: int
    shown_ms: int
    own_sides: tuple[str, ...] = ()

    def row(self) -> dict[str, object]:
        """Return its entry in exchanges and exchanges/own; `type` is the taker's side."""
        return {
            "id": self.exchange_id,
            "price": number(self.px),
            "pair": self.pair,
            "type": self.taker_side.lower(),
            "timestamp": epoch_seconds(self.time_ms),
            "amount": number(self.qty),
        }


class Tape:
    """All exchanges, oldest first."""

    def __init__(self) -> None:
        self._rows: list[Exchange] = []

    def next_id(self) -> int:
        """Return the id of the exchange that comes next."""
        return FIRST_ID + len(self._rows)

    def add(self, row: Exchange) -> None:
        """Write one down; its id must be the next."""
        assert row.exchange_id == self.next_id()
        self._rows.append(row)

    def page(self, asked: Mapping[str, str], now_ms: int, *, own: bool) -> list[dict[str, object]]:
        """Return the exchanges that were asked for, `pair`, `type`, `ordering` and all."""
        found = [
            row
            for row in self._rows
            if row.shown_ms <= now_ms
            and asked.get("pair", row.pair) == row.pair
            and asked.get("type", row.taker_side.lower()) == row.taker_side.lower()
            and (row.own_sides or not own)
        ]
        if asked.get("ordering", "-id") == "-id":
            found.reverse()
        offset, limit = int(asked.get("offset", "0")), int(asked.get("limit", "100"))
        return [row.row() for row in found[offset : offset + limit]]

    def candles(
        self, pair: Pair, kind: str, asked: Mapping[str, str], now_ms: int
    ) -> list[dict[str, object]]:
        """Return candles, oldest first; `since` and `until` are epoch seconds, both included.

        Behind the venue's opening lies a quiet history: a price that wobbles about the middle.
        """
        period_s = PERIODS_S[kind]
        last = now_ms // 1000 // period_s * period_s
        since = int(asked.get("since", last - (HISTORY - 1) * period_s))
        until = int(asked.get("until", last))
        first = max(last - (HISTORY - 1) * period_s, -(-since // period_s) * period_s)
        times = range(first, min(last, until) + 1, period_s)
        return [
            self._candle(pair, at, period_s) for at in times[-int(asked.get("limit", HISTORY)) :]
        ]

    def _candle(self, pair: Pair, at_s: int, period_s: int) -> dict[str, object]:
        rows = [
            row
            for row in self._rows
            if row.pair == pair.name and at_s <= row.time_ms // 1000 < at_s + period_s
        ]
        away = at_s // period_s % _WOBBLE - _WOBBLE // 2
        prices = [row.px for row in rows] or [pair.market.mid + away * pair.market.tick]
        return {
            "volume": sum((row.qty for row in rows), Decimal(0)) or Decimal("0.0"),
            "high": number(max(prices)),
            "low": number(min(prices)),
            "close": number(prices[-1]),
            "time": at_s,
            "open": number(prices[0]),
        }
