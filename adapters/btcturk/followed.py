"""What is followed of BtcTurk's public channels: which to join, and what their models tell.

Source: BtcTurk API document, sections "Channel, Event and Model" and "Tradingview".
"""

from collections.abc import Iterator
from typing import Final

from adapters.btcturk import feed_mapping as feed
from adapters.btcturk.feed_mapping import Book
from adapters.documents import Row, list_of, row_of, text_in
from adapters.port import MarketNews
from oms.core.market import Topic
from oms.core.venue import Instrument

Channel = tuple[str, str]
"""Channel and event, as they are joined."""

PULSE: Final[Channel] = ("ticker", "all")
"""Joined always: it speaks about once a second, so that a silent feed is known for one."""

AGAIN_AFTER: Final = 20
"""Changes of a book in vain after which it is joined anew rather than asked for again."""

_KEPT: Final = 200  # ids of trades that were told, for each pair

News = tuple[Topic, MarketNews]


class Followed:
    """The topics that are wanted, and what is known of them. Lives as long as the stream."""

    def __init__(self) -> None:
        self.asks: list[tuple[str, Channel]] = []
        """What the books need: ("again" | "anew", channel); the stream takes them away."""
        self._topics: dict[Channel, Topic] = {}
        self._books: dict[str, Book | None] = {}
        self._in_vain: dict[str, int] = {}
        self._told: dict[str, dict[str, None]] = {}

    @staticmethod
    def follows(topic: Topic) -> bool:
        """Whether a channel tells of it."""
        return topic.kind != "candles" or topic.period in feed.RESOLUTIONS

    def want(self, topics: frozenset[Topic]) -> None:
        """What is wanted from now on."""
        self._topics = {
            channel: topic for topic in topics if (channel := _channel(topic)) is not None
        }
        pairs = {event for name, event in self._topics if name == "obdiff"}
        self._books = {pair: book for pair, book in self._books.items() if pair in pairs}
        traded = {event for name, event in self._topics if name == "trade"}
        self._told = {pair: told for pair, told in self._told.items() if pair in traded}

    def channels(self) -> frozenset[Channel]:
        """What has to be joined: tickers all come by the pulse."""
        joined = {channel for channel in self._topics if channel[0] != "ticker"}
        return frozenset({PULSE, *joined})

    def begin(self) -> None:
        """A new connection: the books are told from the beginning."""
        self._books.clear()
        self._in_vain.clear()
        self.asks.clear()

    def news(self, model: int, row: Row) -> Iterator[News]:
        """What a model tells of what is wanted. Raises MalformedMessage."""
        tell = {
            feed.TICKERS: self._tickers,
            feed.TICKER: self._ticker,
            feed.TRADES: self._trades,
            feed.TRADE: self._single,
            feed.CANDLE: self._candle,
            feed.BOOK: self._book,
            feed.BOOK_CHANGES: self._changes,
        }.get(model)
        if tell is not None:
            yield from tell(row)

    def _tickers(self, row: Row) -> Iterator[News]:
        for item in list_of(row.get("items"), "items"):
            yield from self._ticker(row_of(item, "ticker"))

    def _ticker(self, row: Row) -> Iterator[News]:
        topic = self._topics.get(("ticker", text_in(row, "PS")))
        if topic is not None:
            yield topic, feed.ticker(row)

    def _trades(self, row: Row) -> Iterator[News]:
        """The last trades. The first time they are old; later some may have been missed."""
        pair = text_in(row, "symbol")
        known = pair in self._told
        items = [row_of(item, "trade") for item in list_of(row.get("items"), "items")]
        for item in reversed(items):  # oldest first
            news = list(self._trade(pair, item))
            if known:
                yield from news

    def _single(self, row: Row) -> Iterator[News]:
        yield from self._trade(text_in(row, "PS"), row)

    def _trade(self, pair: str, row: Row) -> Iterator[News]:
        topic = self._topics.get(("trade", pair))
        if topic is None:
            return
        trade = feed.public_trade(row, _market(topic))
        told = self._told.setdefault(pair, {})
        if trade.trade_id in told:
            return
        told[trade.trade_id] = None
        while len(told) > _KEPT:
            del told[next(iter(told))]
        yield topic, trade

    def _candle(self, row: Row) -> Iterator[News]:
        topic = self._topics.get(("tradeview", f"{text_in(row, 'P')}_{text_in(row, 'R')}"))
        if topic is not None:
            yield topic, feed.candle(row, _market(topic), topic.period)

    def _book(self, row: Row) -> Iterator[News]:
        pair = text_in(row, "PS")
        topic = self._topics.get(("obdiff", pair))
        if topic is not None:
            book = Book.of(row, _market(topic))
            self._books[pair] = book
            self._in_vain.pop(pair, None)
            yield topic, book.sorted()

    def _changes(self, row: Row) -> Iterator[News]:
        pair = text_in(row, "PS")
        topic = self._topics.get(("obdiff", pair))
        if topic is None:
            return
        before = self._books.get(pair)
        book = before.changed(row) if before is not None else None
        self._books[pair] = book
        if book is None:
            self._ask(pair)
        elif book is not before:
            yield topic, book.sorted()

    def _ask(self, pair: str) -> None:
        """A change is missing: have the book told again, and if that is in vain, join anew."""
        count = self._in_vain.get(pair, 0)
        self._in_vain[pair] = count + 1
        if count % AGAIN_AFTER == 0:
            self.asks.append(("anew" if count else "again", ("obdiff", pair)))


def _market(topic: Topic) -> Instrument:
    assert topic.instrument is not None, "channels are of markets"
    return topic.instrument


def _channel(topic: Topic) -> Channel | None:
    if topic.instrument is None:
        return None
    pair = topic.instrument.venue_symbol
    match topic.kind:
        case "candles":
            return "tradeview", f"{pair}_{feed.RESOLUTIONS[topic.period]}"
        case "order_book":
            return "obdiff", pair
        case "trades":
            return "trade", pair
        case _:
            return "ticker", pair
