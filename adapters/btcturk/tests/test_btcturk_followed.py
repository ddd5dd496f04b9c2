"""What the feed's channels tell of what is followed."""

from decimal import Decimal
from typing import Any, Final

import pytest

from adapters.btcturk import feed_mapping as feed
from adapters.btcturk.followed import AGAIN_AFTER, PULSE, Followed
from oms.core.errors import MalformedMessage
from oms.core.market import Candle, OrderBook, PublicTrade, Ticker, Topic
from oms.core.venue import Instrument

D = Decimal
PAIR: Final = Instrument(symbol="BTC/TRY", venue_symbol="BTCTRY", tick=D(1), step=D("0.1"))
TICKER: Final = Topic("ticker", PAIR)
BOOK: Final = Topic("order_book", PAIR)
TRADES: Final = Topic("trades", PAIR)
CANDLES: Final = Topic("candles", PAIR, "1h")


def followed(*topics: Topic) -> Followed:
    found = Followed()
    found.want(frozenset(topics))
    return found


def told(following: Followed, model: int, **fields: Any) -> list[Any]:
    news = list(following.news(model, {"type": model, **fields}))
    return [item for _, item in news]


TICKER_ROW: Final = {"PS": "BTCTRY", "NS": "BTC", "DS": "TRY", "LA": "5"}


def test_what_is_joined() -> None:
    """Tickers come by the pulse, balances by no channel."""
    everything = followed(TICKER, BOOK, TRADES, CANDLES, Topic("balances"))
    assert everything.channels() == {
        PULSE,
        ("obdiff", "BTCTRY"),
        ("trade", "BTCTRY"),
        ("tradeview", "BTCTRY_60"),
    }
    assert followed().channels() == {PULSE}
    assert Followed.follows(CANDLES)
    assert not Followed.follows(Topic("candles", PAIR, "1y"))


def test_tickers_together_and_alone() -> None:
    other = {**TICKER_ROW, "PS": "ETHTRY", "NS": "ETH"}
    following = followed(TICKER)
    (ticker,) = told(following, feed.TICKERS, items=[other, TICKER_ROW])
    assert isinstance(ticker, Ticker)
    assert ticker.symbol == "BTC/TRY"
    assert told(following, feed.TICKER, **TICKER_ROW) == [ticker]
    assert told(followed(BOOK), feed.TICKERS, items=[TICKER_ROW]) == []


def trade(number: int) -> dict[str, Any]:
    return {"I": str(number), "A": "1", "P": "2", "D": 1000 + number}


def test_trades_are_told_once_and_old_ones_not_at_all() -> None:
    following = followed(TRADES)
    assert told(following, feed.TRADES, symbol="BTCTRY", items=[trade(2), trade(1)]) == []
    (third,) = told(following, feed.TRADE, PS="BTCTRY", **trade(3))
    assert isinstance(third, PublicTrade)
    assert told(following, feed.TRADE, PS="BTCTRY", **trade(3)) == []
    items = [trade(5), trade(4), trade(3)]
    missed = told(following, feed.TRADES, symbol="BTCTRY", items=items)
    assert [one.trade_id for one in missed] == ["4", "5"]
    assert told(following, feed.TRADE, PS="ETHTRY", **trade(9)) == []


def test_old_trades_are_forgotten_at_last() -> None:
    following = followed(TRADES)
    for number in range(300):
        told(following, feed.TRADE, PS="BTCTRY", **trade(number))
    assert len(told(following, feed.TRADE, PS="BTCTRY", **trade(0))) == 1
    assert told(following, feed.TRADE, PS="BTCTRY", **trade(299)) == []


def test_candles() -> None:
    row = {"D": 60, "O": "1", "H": "1", "L": "1", "C": "1", "V": "1", "P": "BTCTRY"}
    (candle,) = told(followed(CANDLES), feed.CANDLE, R="60", **row)
    assert isinstance(candle, Candle)
    assert candle.period == "1h"
    assert told(followed(CANDLES), feed.CANDLE, R="1", **row) == []


FULL: Final = {"PS": "BTCTRY", "CS": 1, "AO": [], "BO": [{"P": "1", "A": "1"}]}


def change(number: int, qty: str = "2") -> dict[str, Any]:
    return {"PS": "BTCTRY", "CS": number, "AO": [], "BO": [{"CP": 0, "P": "1", "A": qty}]}


def test_a_book_follows_its_changes() -> None:
    following = followed(BOOK)
    (book,) = told(following, feed.BOOK, **FULL)
    assert isinstance(book, OrderBook)
    (book,) = told(following, feed.BOOK_CHANGES, **change(2))
    assert book.bids[0].qty == 2
    assert told(following, feed.BOOK_CHANGES, **change(2, "9")) == []  # it is old
    assert following.asks == []
    assert told(followed(), feed.BOOK, **FULL) == []
    assert told(followed(), feed.BOOK_CHANGES, **change(2)) == []


def test_a_gap_has_the_book_told_again_and_if_that_is_in_vain_joined_anew() -> None:
    following = followed(BOOK)
    told(following, feed.BOOK, **FULL)
    channel = ("obdiff", "BTCTRY")
    assert told(following, feed.BOOK_CHANGES, **change(3)) == []
    assert following.asks == [("again", channel)]
    for number in range(4, 4 + AGAIN_AFTER):
        assert told(following, feed.BOOK_CHANGES, **change(number)) == []
    assert following.asks == [("again", channel), ("anew", channel)]
    assert len(told(following, feed.BOOK, **{**FULL, "CS": 30})) == 1
    assert len(told(following, feed.BOOK_CHANGES, **change(31))) == 1


def test_a_new_connection_begins_with_nothing() -> None:
    following = followed(BOOK)
    told(following, feed.BOOK, **FULL)
    following.begin()
    assert told(following, feed.BOOK_CHANGES, **change(2)) == []
    following.want(frozenset())
    assert following.channels() == {PULSE}


def test_what_nobody_knows_is_ignored_and_nonsense_is_not() -> None:
    assert told(followed(BOOK), 999) == []
    with pytest.raises(MalformedMessage):
        told(followed(BOOK), feed.BOOK, PS="BTCTRY", CS="x")
