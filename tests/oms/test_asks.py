"""What is asked of a venue: the same values through both doors, and nothing that makes no sense."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from oms.asks import QUERIES
from oms.client import Client
from oms.core.errors import (
    EngineUnavailable,
    InvalidOrder,
    MalformedMessage,
    NotSupported,
    OmsError,
    VenueRefused,
    VenueUnavailable,
)
from oms.core.market import OrderBook, Ticker
from oms.core.venue import Instrument
from oms.door import Door
from oms.told import item_of, row_of
from oms.web import Web
from tests.oms.lossy_proxy import LossyProxy, lossy_proxy
from tests.oms.small_engine import AS_GRID, TOKENS, ScriptedVenue, SmallEngine, running, within
from tests.oms.told_items import ANSWERS, BALANCE, BOOK, NOON, PUBLIC_TRADE, TICKER, TRADE

DOORS: Final = pytest.mark.parametrize("remote", [False, True], ids=["in process", "over HTTP"])


@dataclass
class Bench:
    """An engine whose venue answers everything, and one of the doors to it."""

    engine: SmallEngine
    door: Door
    proxy: LossyProxy

    @property
    def venue(self) -> ScriptedVenue:
        """The route that is asked."""
        return self.engine.venues["PLAIN"]

    async def watched(self, count: int = 1) -> None:
        """Wait for so many listeners."""
        async with asyncio.timeout(10):
            while len(self.venue.listeners) != count:  # noqa: ASYNC110  the venue tells nobody
                await asyncio.sleep(0.005)


@asynccontextmanager
async def bench(folder: Path, remote: bool, lossy: bool) -> AsyncIterator[Bench]:
    """All of it on loopback."""
    with running(folder) as engine:
        engine.venues["PLAIN"].answers = dict(ANSWERS)
        web = Web(engine.oms, TOKENS)
        await web.start("127.0.0.1", 0)
        async with (
            lossy_proxy(web.address) as proxy,
            Client(proxy.url if lossy else web.url, AS_GRID, reconnects_s=(0.0, 0.0)) as client,
        ):
            yield Bench(engine, client if remote else engine.oms("grid-1"), proxy)
        await within("the server to stop", web.stop())


def call(
    folder: Path,
    remote: bool,
    test: Callable[[Bench], Coroutine[Any, Any, None]],
    *,
    lossy: bool = False,
) -> None:
    """Run a test's coroutine on a bench of its own."""

    async def main() -> None:
        async with bench(folder, remote, lossy) as made:
            await within("the whole test", test(made))

    asyncio.run(main())


@DOORS
def test_every_question_is_answered_with_its_values(tmp_path: Path, remote: bool) -> None:
    """To the last digit, and of the same types."""

    async def test(there: Bench) -> None:
        door = there.door
        market = ("plain", "BTC/TRY")
        assert await door.ticker(*market) == TICKER
        assert await door.tickers("PLAIN") == [TICKER]
        assert await door.order_book(*market) == BOOK
        assert await door.trades(*market) == [PUBLIC_TRADE]
        assert await door.candles(*market) == ANSWERS["candles"]
        assert await door.currencies("plain") == ANSWERS["currencies"]
        assert await door.server_time("plain") == NOON
        assert await door.account("plain") == ANSWERS["account"]
        assert await door.fees("plain") == ANSWERS["fees"]
        assert await door.deposits("plain") == ANSWERS["deposits"]
        assert await door.withdrawals("plain") == []
        assert await door.transfers("plain") == []
        assert await door.activities("plain") == ANSWERS["activities"]
        assert await door.deposit_address("plain", "btc") == ANSWERS["deposit_address"]
        assert await door.venue_trades("plain") == ANSWERS["own_trades"]
        asked = [query.asks or name for name, query in QUERIES.items()]
        assert sorted(name for name, _ in there.venue.asked) == sorted(asked)
        assert str((await door.ticker(*market)).volume) == "1E-8"

    call(tmp_path, remote, test)


@DOORS
def test_what_is_asked_arrives_as_the_clients_want_it(tmp_path: Path, remote: bool) -> None:
    """Markets as instruments, by any of their names; times, numbers, and what was left out."""

    async def test(there: Bench) -> None:
        door, asked = there.door, there.venue.asked
        since = datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=3)))
        await door.order_book("plain", "BTCTRY", 1)
        await door.trades("plain", "btc/try", limit=7)
        await door.candles(
            "plain", "BTC/TRY", "1M", since=since, until="2026-02-01T00:00:00Z", limit=9
        )
        await door.fees("plain", "BTC/TRY")
        await door.deposits("plain", "btc", since=since)
        await door.deposit_address("plain", "btc", exchange="binance")
        await door.venue_trades("plain", since=since)
        market = there.engine.book.routes["PLAIN"].instrument("BTC/TRY", "")
        start = datetime(2026, 1, 1, tzinfo=UTC)
        assert dict(asked) == {
            "order_book": {"instrument": market, "depth": 1},
            "trades": {"instrument": market, "limit": 7},
            "candles": {
                "instrument": market,
                "period": "1M",
                "since": start,
                "until": datetime(2026, 2, 1, tzinfo=UTC),
                "limit": 9,
            },
            "fees": {"instrument": market},
            "deposits": {"asset": "BTC", "since": start},
            "deposit_address": {"asset": "BTC", "security_exchange": "BINANCE"},
            "own_trades": {"instrument": None, "since": start},
        }

    call(tmp_path, remote, test)


@DOORS
def test_a_book_is_no_deeper_than_was_asked_for(tmp_path: Path, remote: bool) -> None:
    """Some venues give all they have, whatever is asked."""

    async def test(there: Bench) -> None:
        told = await there.door.order_book("plain", "BTC/TRY", depth=1)
        assert told == replace(BOOK, bids=BOOK.bids[:1], asks=BOOK.asks[:1])

    call(tmp_path, remote, test)


@DOORS
def test_what_makes_no_sense_is_refused_with_a_reason(tmp_path: Path, remote: bool) -> None:
    """Before any venue is asked."""

    async def test(there: Bench) -> None:
        door, market = there.door, ("plain", "BTC/TRY")
        wrong: list[tuple[type[OmsError], str, Coroutine[Any, Any, Any]]] = [
            (InvalidOrder, "symbol: is missing", door.ticker("plain", "")),
            (InvalidOrder, "has no market 'BTC/XYZ'", door.ticker("plain", "BTC/XYZ")),
            (InvalidOrder, "exchange KRAKEN has no market", door.ticker(*market, exchange="kraken")),
            (InvalidOrder, "symbol: ' BTC'", door.ticker("plain", " BTC")),
            (InvalidOrder, "venue: pass text", door.tickers(7)),  # type: ignore[arg-type]  # what is refused
            (InvalidOrder, "depth: must be a whole number", door.order_book(*market, 0)),
            (InvalidOrder, "limit: must be", door.trades(*market, 10_001)),
            (InvalidOrder, "limit: must be", door.trades(*market, True)),
            (InvalidOrder, "limit: must be", door.trades(*market, "x")),  # type: ignore[arg-type]  # what is refused
            (InvalidOrder, "period: '2h' is none of 1m", door.candles(*market, "2h")),
            (InvalidOrder, "since: 'noon' is no", door.candles(*market, since="noon")),
            (InvalidOrder, "since: must be a time", door.candles(*market, since="2026-01-01")),
            (InvalidOrder, "since: must be", door.deposits("plain", since=datetime(2026, 1, 1))),  # noqa: DTZ001
            (InvalidOrder, "until: is before since", door.activities(
                "plain", since="2026-01-02T00:00:00Z", until="2026-01-01T00:00:00Z")),
            (InvalidOrder, "asset: is missing", door.deposit_address("plain", "")),
            (InvalidOrder, "exchange: names one", door.fees("plain", exchange="x")),
            (NotSupported, "no route 'NOWHERE': PLAIN, NATIVE", door.tickers("nowhere")),
            (NotSupported, "no route 'NOWHERE'", door.ticker("nowhere", "BTC/TRY")),
            (NotSupported, "NATIVE does not offer account", door.account("native")),
        ]  # fmt: skip
        for kind, reason, asked in wrong:
            with pytest.raises(OmsError) as refusal:
                await asked
            assert type(refusal.value) is kind, (reason, refusal.value)
            assert reason in str(refusal.value)
        assert there.venue.asked == []

    call(tmp_path, remote, test)


@DOORS
def test_a_venue_that_says_no_or_nothing_is_quoted(tmp_path: Path, remote: bool) -> None:
    """Its own word, and the class that says what to do."""

    async def test(there: Bench) -> None:
        there.venue.script = "silence"
        with pytest.raises(VenueUnavailable, match="connection refused"):
            await there.door.ticker("plain", "BTC/TRY")

    call(tmp_path, remote, test)


@DOORS
def test_markets_that_are_not_known_yet_are_no_mistake_of_the_callers(
    tmp_path: Path, remote: bool
) -> None:
    """The venue was not reached since the start; and an exchange that is missing is named."""

    async def test(there: Bench) -> None:
        route = there.engine.book.routes["PLAIN"]
        route.learn([])
        with pytest.raises(VenueUnavailable, match="not known yet"):
            await there.door.ticker("plain", "BTC/TRY")
        (market,) = [Instrument(
            symbol="BTC/TRY", venue_symbol="BTCTRY", tick=Decimal(1), step=Decimal(1),
            security_exchange="BINANCE",
        )]  # fmt: skip
        route.learn([market])
        with pytest.raises(InvalidOrder, match="name one of the exchanges BINANCE"):
            await there.door.ticker("plain", "BTC/TRY")
        assert await there.door.ticker("plain", "BTC/TRY", exchange="binance") == TICKER

    call(tmp_path, remote, test)


@DOORS
def test_a_watch_tells_news_and_what_is_to_be_said_of_them(tmp_path: Path, remote: bool) -> None:
    """Streamed or emulated, and how many were missed; it is over when it is closed."""

    async def test(there: Bench) -> None:
        there.venue.news = [TRADE, (replace(PUBLIC_TRADE, trade_id="T8"), True, 0)]
        watch = there.door.watch_trades("plain", "BTC/TRY")
        assert await anext(watch) == PUBLIC_TRADE
        assert (watch.emulated, watch.missed) == (False, 2)
        assert (await anext(watch)).trade_id == "T8"
        assert (watch.emulated, watch.missed) == (True, 0)
        (listener,) = there.venue.listeners
        listener.put(replace(PUBLIC_TRADE, trade_id="T9"), False)
        assert (await anext(watch)).trade_id == "T9"
        await watch.aclose()
        await there.watched(0)

    call(tmp_path, remote, test)


@DOORS
def test_every_kind_of_watch(tmp_path: Path, remote: bool) -> None:
    """Balances come as rows, as they do when they are asked for."""

    async def test(there: Bench) -> None:
        there.venue.news = [(TICKER, True, 0)]
        async with aclosing(there.door.watch_ticker("plain", "btctry")) as tickers:
            assert await anext(tickers) == TICKER
        there.venue.news = [(BALANCE, False, 0)]
        async with aclosing(there.door.watch_balances("plain")) as balances:
            assert await anext(balances) == {
                "venue": "PLAIN", "exchange": "", "asset": "BTC",
                "total": "1", "available": "0.7", "held": "0.3",
            }  # fmt: skip
        for unoffered in (
            there.door.watch_order_book("plain", "BTC/TRY"),
            there.door.watch_candles("plain", "BTC/TRY", "5m"),
        ):
            with pytest.raises(NotSupported, match="does not offer"):
                await anext(unoffered)
        with pytest.raises(InvalidOrder, match="period"):
            there.door.watch_candles("plain", "BTC/TRY", "7m")

    call(tmp_path, remote, test)


@DOORS
def test_a_watch_ends_with_the_error_that_ended_it(tmp_path: Path, remote: bool) -> None:
    """After what was heard before."""

    async def test(there: Bench) -> None:
        there.venue.news = [(TICKER, True, 0)]
        watch = there.door.watch_ticker("plain", "BTC/TRY")
        await anext(watch)
        there.venue.listeners[0].fail(VenueRefused("unknown pair"))
        with pytest.raises(VenueRefused, match="unknown pair"):
            await anext(watch)

    call(tmp_path, remote, test)


def test_a_watch_that_was_cut_goes_on_and_says_so(tmp_path: Path) -> None:
    """What may have been lost with the connection counts as missed."""

    async def test(there: Bench) -> None:
        there.venue.news = [TRADE, TRADE]
        there.proxy.cut_after_lines = 1
        watch = there.door.watch_trades("plain", "BTC/TRY")
        assert (await anext(watch), watch.missed) == (PUBLIC_TRADE, 4)
        assert (await anext(watch), watch.missed) == (PUBLIC_TRADE, 5)
        await watch.aclose()

    call(tmp_path, True, test, lossy=True)


def test_a_watch_without_an_engine_says_so() -> None:
    async def main() -> None:
        async with Client("http://127.0.0.1:1", AS_GRID) as client:
            with pytest.raises(EngineUnavailable):
                await anext(client.watch_ticker("plain", "BTC/TRY"))

    asyncio.run(within("the refusal", main()))


@pytest.mark.parametrize(
    "item",
    [
        told
        for answer in ANSWERS.values()
        for told in (answer if isinstance(answer, list | tuple) else [answer])
        if not isinstance(told, datetime)
    ],
    ids=lambda item: type(item).__name__,
)
def test_a_row_gives_back_what_was_told(item: Any) -> None:
    """Every field, decimals with their digits, and no binary float on the way."""
    row = row_of(item)
    back = item_of(type(item), {**row, "venue": "PLAIN", "news": 1})
    assert back == item
    assert repr(back) == repr(item) or isinstance(item, Ticker)
    assert "security_exchange" not in row


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"symbol": 7},
        {"symbol": "BTC/TRY", "bid": 0.5},
        {"symbol": "BTC/TRY", "bid": "much"},
        {"symbol": "BTC/TRY", "time": "noon"},
        [],
    ],
)
def test_what_is_no_row_of_a_ticker_is_refused(row: Any) -> None:
    with pytest.raises(MalformedMessage, match="not a Ticker"):
        item_of(Ticker, row)


def test_levels_are_rows_of_their_own() -> None:
    row = row_of(BOOK)
    assert row["bids"][0] == {"price": "40000.5", "qty": "1.0"}
    with pytest.raises(MalformedMessage):
        item_of(OrderBook, {**row, "bids": [{"price": 1}]})
