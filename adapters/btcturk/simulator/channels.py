"""The feed's public channels: what each tells on subscription, and what it tells when.

Source: BtcTurk API document, sections "Models", "Channel, Event and Model" and "Tradingview".
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, Protocol

from adapters.btcturk.simulator.listing import DAY_MS, FIRST_TRADE, Listing, candle
from adapters.btcturk.simulator.wire import rounded, short
from adapters.matching import MatchingEngine, Trade
from oms.core.values import frozen

TRADES_TOLD: Final = 50
DEPTH: Final = 100
RESOLUTIONS: Final = {
    "1": 60_000,
    "5": 300_000,
    "15": 900_000,
    "30": 1_800_000,
    "60": 3_600_000,
    "240": 14_400_000,
    "1D": DAY_MS,
    "1W": 7 * DAY_MS,
    "1M": 30 * DAY_MS,
}
"""What the feed calls its candles, in milliseconds; a month has 30 days here."""

Frame = tuple[int, dict[str, object]]
Levels = list[tuple[Decimal, Decimal]]


@frozen
class Market:
    """What the channels read."""

    listings: Mapping[str, Listing]
    engine: MatchingEngine


class Channel(Protocol):
    """One subscription of one socket."""

    event: str
    repeats: tuple[int, ...]
    """The request codes (101) that have it told anew."""

    def is_for(self, market: Market) -> bool:
        """Whether the event exists."""

    def frames(self, market: Market, now_ms: int, span_ms: int) -> list[Frame]:
        """What is to be told now."""

    def begin(self) -> None:
        """Tell it all again."""


def ticker_fields(listing: Listing, engine: MatchingEngine, now_ms: int) -> dict[str, object]:
    """Return the fields of model 402 without its type."""
    row = listing.ticker(engine, now_ms)
    texts = {
        "H": "high", "L": "low", "LA": "last", "O": "open", "V": "volume", "AV": "average",
        "D": "daily", "DP": "dailyPercent", "B": "bid", "A": "ask",
    }  # fmt: skip
    bids, asks = engine.book(listing.market.symbol, 1)
    return {
        "PS": listing.pair,
        **{letter: format(Decimal(str(row[name])), "f") for letter, name in texts.items()},
        "DS": listing.quote,
        "NS": listing.base,
        "PId": listing.number,
        "NPr": listing.quantity_scale,
        "DPr": listing.price_scale,
        "Ord": 1000 + listing.number,
        "BA": short(bids[0][1]) if bids else "0",
        "AA": short(asks[0][1]) if asks else "0",
    }


def trade_fields(listing: Listing, trade: Trade) -> dict[str, object]:
    """Return the fields of model 422 without its type and pair."""
    return {
        "D": trade.time_ms,
        "I": str(FIRST_TRADE + trade.trade_id),
        "A": short(rounded(trade.qty, listing.quantity_scale)),
        "P": listing.price(trade.px),
    }


def last_trades(listing: Listing, engine: MatchingEngine, count: int) -> list[dict[str, object]]:
    """Return the newest trades, newest first."""
    return [trade_fields(listing, t) for t in reversed(listing.trades(engine)[-count:])]


def book_fields(listing: Listing, bids: Levels, asks: Levels, change_set: int) -> dict[str, object]:
    """Return model 431."""

    def rows(levels: Levels) -> list[dict[str, object]]:
        return [{"A": short(qty), "P": listing.price(px)} for px, qty in levels]

    return {
        "type": 431,
        "CS": change_set,
        "PS": listing.pair,
        "AO": rows(asks),
        "BO": rows(bids),
    }


class _Paced:
    """A channel of one event that tells all it knows, once in so many milliseconds."""

    repeats: tuple[int, ...] = ()

    def __init__(self, event: str) -> None:
        self.event = event
        self._told_ms: int | None = None

    def is_for(self, market: Market) -> bool:
        return self.event in market.listings

    def begin(self) -> None:
        self._told_ms = None

    def frames(self, market: Market, now_ms: int, span_ms: int) -> list[Frame]:
        if self._told_ms is not None and now_ms < self._told_ms + span_ms:
            return []
        self._told_ms = now_ms
        return self.all(market, now_ms)

    def all(self, market: Market, now_ms: int) -> list[Frame]:
        raise NotImplementedError


class TickerChannel(_Paced):
    """401 for all pairs, or 402 for one."""

    def is_for(self, market: Market) -> bool:
        """Whether the event is a pair, or all."""
        return self.event == "all" or super().is_for(market)

    def all(self, market: Market, now_ms: int) -> list[Frame]:
        """The ticker as it is."""
        if self.event != "all":
            fields = ticker_fields(market.listings[self.event], market.engine, now_ms)
            return [(402, {"type": 402, **fields})]
        rows = [ticker_fields(row, market.engine, now_ms) for row in market.listings.values()]
        return [(401, {"type": 401, "channel": "ticker", "event": "all", "items": rows})]


class BookChannel(_Paced):
    """431, the whole book each time."""

    repeats: tuple[int, ...] = (431,)

    def __init__(self, event: str) -> None:
        super().__init__(event)
        self._change_set = 0

    def all(self, market: Market, now_ms: int) -> list[Frame]:
        """The book as it is."""
        self._change_set += 1
        listing = market.listings[self.event]
        levels = market.engine.book(listing.market.symbol, DEPTH)
        return [(431, book_fields(listing, *levels, self._change_set))]


class CandleChannel(_Paced):
    """428, the candle that is under way."""

    def is_for(self, market: Market) -> bool:
        """Whether pair and resolution exist."""
        pair, _, resolution = self.event.partition("_")
        return pair in market.listings and resolution in RESOLUTIONS

    def all(self, market: Market, now_ms: int) -> list[Frame]:
        """The candle as it is."""
        pair, _, resolution = self.event.partition("_")
        listing, span = market.listings[pair], RESOLUTIONS[resolution]
        from_ms = now_ms // span * span
        now = candle(listing.market, listing.trades(market.engine), from_ms, from_ms + span)
        prices = {"O": now.open, "H": now.high, "L": now.low, "C": now.close}
        fields: dict[str, object] = {
            "type": 428,
            "D": from_ms // 1000,
            "P": pair,
            "R": resolution,
            **{name: listing.price(px) for name, px in prices.items()},
            "V": short(now.volume),
        }
        return [(428, fields)]


class TradeChannel:
    """421 once, then 422 for each trade."""

    repeats: tuple[int, ...] = (421,)

    def __init__(self, event: str) -> None:
        self.event = event
        self._told: int | None = None

    def is_for(self, market: Market) -> bool:
        """Whether there is such a pair."""
        return self.event in market.listings

    def begin(self) -> None:
        """Tell the last trades again."""
        self._told = None

    def frames(self, market: Market, now_ms: int, span_ms: int) -> list[Frame]:
        """The last trades, or the new ones."""
        listing, engine = market.listings[self.event], market.engine
        before, self._told = self._told, len(engine.trades)
        if before is None:
            items = last_trades(listing, engine, TRADES_TOLD)
            head = {"type": 421, "channel": "trade", "event": self.event, "symbol": self.event}
            return [(421, {**head, "items": items})]
        new = [t for t in engine.trades[before:] if t.symbol == listing.market.symbol]
        return [
            (422, {"type": 422, "PS": listing.pair, **trade_fields(listing, trade)})
            for trade in new
        ]


class DifferenceChannel:
    """431 once, then 432 for what has changed; the change sets count up."""

    repeats: tuple[int, ...] = (431,)

    def __init__(self, event: str) -> None:
        self.event = event
        self._change_set = 0
        self._known: tuple[Levels, Levels] | None = None

    def is_for(self, market: Market) -> bool:
        """Whether there is such a pair."""
        return self.event in market.listings

    def begin(self) -> None:
        """Tell the whole book again."""
        self._known = None

    def frames(self, market: Market, now_ms: int, span_ms: int) -> list[Frame]:
        """The book, or its changes."""
        listing = market.listings[self.event]
        before, now = self._known, market.engine.book(listing.market.symbol, DEPTH)
        if before == now:
            return []
        self._known = now
        self._change_set += 1
        if before is None:
            return [(431, book_fields(listing, *now, self._change_set))]
        bids, asks = (_changes(listing, *sides) for sides in zip(before, now, strict=True))
        fields: dict[str, object] = {"type": 432, "CS": self._change_set, "PS": listing.pair}
        return [(432, {**fields, "AO": asks, "BO": bids})]


def _changes(listing: Listing, before: Levels, now: Levels) -> list[dict[str, object]]:
    old, new = dict(before), dict(now)
    changed = [(3, px, old[px]) for px in old if px not in new]
    changed += [(int(px not in old), px, qty) for px, qty in now if old.get(px) != qty]
    return [{"CP": code, "P": listing.price(px), "A": short(qty)} for code, px, qty in changed]


CHANNELS: Final[Mapping[str, Callable[[str], Channel]]] = {
    "ticker": TickerChannel,
    "trade": TradeChannel,
    "orderbook": BookChannel,
    "obdiff": DifferenceChannel,
    "tradeview": CandleChannel,
}
