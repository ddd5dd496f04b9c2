"""Apifiny's market feed against the simulator over a real socket."""

import json
from collections.abc import Callable

from adapters.apifiny.stream import ApifinyStream
from adapters.apifiny.tests.apifiny_ear import FEEDS, Heard, feed_paths, market, on_stream, until
from adapters.apifiny.tests.apifiny_line import Line
from oms.core.fields import Side
from oms.core.market import Candle, OrderBook, PublicTrade, Ticker, Topic

# The market


def test_the_market_is_heard_once_somebody_wants_it() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        btc = await market(line)
        topics = {Topic(kind, btc) for kind in ("ticker", "order_book", "trades")}
        candles = Topic("candles", btc, "1m")
        stream.follow(frozenset({*topics, candles}))

        def all_heard() -> bool:
            line.desk.pass_ms(200)
            return {topic for topic, _ in heard.news} == {*topics, candles}

        await until(all_heard, "all kinds of news")
        assert "/md/ws/v1" in feed_paths(line)
        book = heard.told(OrderBook)[0]
        assert book.bids[0].price < book.asks[0].price
        assert heard.told(Ticker)[0].last is not None
        assert heard.told(Candle)[0].period == "1m"
        trades = heard.told(PublicTrade)
        assert {trade.side for trade in trades} <= {Side.BUY, Side.SELL}
        names = [trade.trade_id for trade in trades]
        assert len(set(names)) == len(names)
        assert heard.shown == []

    on_stream(story)


def test_what_nobody_wants_any_more_is_not_sent() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        btc, other = await market(line), await market(line, "COINBASEPRO")
        stream.follow(frozenset({Topic("order_book", btc), Topic("order_book", other)}))

        def passes(done: Callable[[], bool]) -> Callable[[], bool]:
            def check() -> bool:
                line.desk.pass_ms(200)
                return done()

            return check

        await until(passes(lambda: len(heard.told(OrderBook)) > 2), "books")
        assert line.sent == [
            {
                "channel": "orderbook",
                "symbol": "BTCUSDT",
                "venues": ["BINANCE", "COINBASEPRO"],
                "action": "sub",
            }
        ]
        stream.follow(frozenset({Topic("order_book", other)}))
        await until(passes(lambda: len(line.sent) == 2), "the request")
        assert (line.sent[1]["venues"], line.sent[1]["action"]) == (["BINANCE"], "unsub")
        heard.news.clear()
        await until(passes(lambda: len(heard.news) > 3), "books")
        assert {topic.instrument for topic, _ in heard.news} == {other}

    on_stream(story)


def test_a_new_connection_is_subscribed_anew() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        btc = await market(line)
        stream.follow(frozenset({Topic("order_book", btc)}))

        def heard_again() -> bool:
            line.desk.pass_ms(200)
            return bool(heard.news)

        await until(heard_again, "a book")
        line.tap.switch("drop_stream", FEEDS + 1)
        await until(lambda: len(heard.gaps) >= 2 * FEEDS + 2, "new connections")
        heard.news.clear()
        await until(heard_again, "a book")

    on_stream(story)


def test_too_many_requests_are_made_again() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        btc = await market(line)
        line.tap.switch("throttle", 2)
        stream.follow(frozenset({Topic("order_book", btc)}))

        def passes() -> bool:
            line.desk.pass_ms(200)
            return bool(heard.news)

        await until(passes, "a book")
        assert heard.shown == []

    on_stream(story)


def test_candles_are_asked_for_with_a_slash_where_that_is_wanted() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        line.tap.switch("slash_klines", 1)
        btc = await market(line)
        stream.follow(frozenset({Topic("candles", btc, "5m")}))

        def passes() -> bool:
            line.desk.pass_ms(200)
            return bool(heard.news)

        await until(passes, "a candle")
        assert line.sent[0]["symbol"] == "BTC/USDT"
        assert heard.told(Candle)[0].symbol == "BTC/USDT"

    on_stream(story, kline_symbol_format="slash")


def test_few_exchanges_have_more_than_a_book_on_the_feed() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        btc, other = await market(line), await market(line, "COINBASEPRO")
        assert stream.follows(Topic("ticker", btc))
        assert stream.follows(Topic("balances"))
        assert stream.follows(Topic("order_book", other))
        assert not stream.follows(Topic("trades", other))
        assert not stream.follows(Topic("candles", other, "1m"))

    on_stream(story, feed_exchanges=("BINANCE",))


def test_a_market_message_that_makes_no_sense_is_shown() -> None:
    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        btc = await market(line)
        stream.follow(frozenset({Topic("ticker", btc)}))

        def passes() -> bool:
            line.desk.pass_ms(200)
            return bool(heard.news)

        await until(passes, "a ticker")
        (socket,) = line.sockets["/md/ws/v1"]
        good = {"venues": ["BINANCE"], "channel": "ticker", "symbol": "BTCUSDT"}
        for bad in (
            good | {"ticker": None},
            good | {"ticker": {"close": "much"}},
            good | {"venues": []},
            good | {"channel": 7},
        ):
            socket._out.append(json.dumps(bad))
        socket._out.append(json.dumps(good | {"symbol": "NOBODYS", "ticker": {}}))
        await until(lambda: len(heard.shown) == 4, "the quarantine")
        heard.news.clear()
        await until(passes, "a ticker")

    on_stream(story)


def test_a_feed_that_nobody_wants_any_more_is_not_missed() -> None:
    """While it is down the stream counts as down; when nobody wants it, it does not."""

    async def story(line: Line, stream: ApifinyStream, heard: Heard) -> None:
        line.tap.switch("refuse_stream", 1)
        stream.follow(frozenset({Topic("order_book", await market(line))}))
        await until(lambda: any("market feed" in text for text in heard.losses), "a refusal")
        stream.follow(frozenset())
        await until(lambda: heard.gaps[-1] == "market feed: not wanted any more", "the end")

    on_stream(story)
