"""Markets through the ccxt-shaped face: what there is, what is told, what the exchange `has`."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt.async_support as theirs
import pytest

from oms.ccxt.abilities import abilities, unknown
from oms.core.funding import FeeRate
from tests.ccxt.bench import SYMBOL, Bench, call
from tests.oms.told_items import ANSWERS, BOOK, CANDLE, NOON, PUBLIC_TRADE, TICKER

ROUTE: dict[str, Any] = {
    "venue": "X",
    "ord_types": ["LIMIT"],
    "post_only": False,
    "market_buy_by_cash": False,
    "can_replace": False,
    "offers": [],
    "streams": [],
    "emulates": [],
}
NOON_MS = 1_767_355_200_123


def _answering(bench: Bench, **answers: Any) -> Any:
    bench.engine.venues["PLAIN"].answers |= {**ANSWERS, **answers}
    return bench.exchange()


def test_markets_are_loaded_once_and_found_by_either_name(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        assert (exchange.id, exchange.name, exchange.markets) == ("plain", "PLAIN", None)
        with pytest.raises(theirs.ExchangeError, match="markets not loaded"):
            exchange.market(SYMBOL)
        markets = await exchange.load_markets()
        assert list(markets) == exchange.symbols == [SYMBOL]
        assert await exchange.load_markets() is markets
        assert (await exchange.fetch_markets())[0]["symbol"] == SYMBOL
        market = exchange.market("BTCTRY")
        assert (market["base"], market["quote"], market["id"]) == ("BTC", "TRY", "BTCTRY")
        assert market["precision"]["amount"] == 0.0001
        assert market["limits"]["amount"] == {"min": 0.001, "max": None}
        with pytest.raises(theirs.BadSymbol):
            exchange.market("ETH/TRY")
        with pytest.raises(theirs.BadSymbol):
            await exchange.create_order("ETH/TRY", "limit", "buy", 1, 1)
        assert exchange.currency("TRY")["code"] == "TRY"
        with pytest.raises(theirs.ExchangeError, match="ETH"):
            exchange.currency("ETH")

    call(tmp_path, test)


def test_an_unknown_route_and_one_without_markets(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        with pytest.raises(theirs.NotSupported, match="NOWHERE"):
            await bench.exchange("nowhere").load_markets()
        with pytest.raises(theirs.ExchangeNotAvailable, match="not known yet"):
            await bench.exchange(exchange="BINANCE").load_markets()

    call(tmp_path, test)


def test_amounts_and_prices_at_the_markets_precision(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        await exchange.load_markets()
        assert exchange.amount_to_precision(SYMBOL, 0.1 + 0.2) == "0.3"
        assert exchange.amount_to_precision(SYMBOL, 0.00019999) == "0.0001"
        assert exchange.price_to_precision(SYMBOL, 40000.005) == "40000.01"
        assert exchange.price_to_precision(SYMBOL, "40000.0049") == "40000"
        assert exchange.cost_to_precision(SYMBOL, 1.019) == "1.01"
        assert exchange.price_to_precision(SYMBOL, None) is None
        with pytest.raises(theirs.InvalidOrder, match=r"amount of BTC/TRY .* 0\.0001"):
            exchange.amount_to_precision(SYMBOL, 1e-8)

    call(tmp_path, test)


def test_what_is_told_of_a_market(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        last = replace(PUBLIC_TRADE, trade_id="T8", time=NOON + timedelta(seconds=1))
        later = replace(CANDLE, time=NOON + timedelta(hours=1))
        exchange = _answering(bench, trades=(last, PUBLIC_TRADE), candles=[later, CANDLE])
        assert (await exchange.fetch_ticker(SYMBOL))["bid"] == 40000.5
        book = await exchange.fetch_order_book("BTCTRY", 1)
        assert (book["bids"], book["asks"]) == ([[40000.5, 1]], [[40001, 3]])
        assert await exchange.fetch_l2_order_book(SYMBOL, 1) == book
        trades = await exchange.fetch_trades(SYMBOL)
        assert [(t["id"], t["side"]) for t in trades] == [("T7", "sell"), ("T8", "sell")]
        assert [t["id"] for t in await exchange.fetch_trades(SYMBOL, None, 1)] == ["T8"]
        assert [t["id"] for t in await exchange.fetch_trades(SYMBOL, NOON_MS, 1)] == ["T7"]
        rows = await exchange.fetch_ohlcv(SYMBOL, "1h")
        assert [row[0] for row in rows] == [NOON_MS, NOON_MS + 3_600_000]
        assert await exchange.fetch_ohlcv(SYMBOL, "1h", NOON_MS + 1) == rows[1:]
        assert await exchange.fetch_ohlcv(SYMBOL, "1h", NOON_MS, 1) == rows[:1]
        assert await exchange.fetch_ohlcv(SYMBOL, "1h", None, 1) == rows[1:]
        with pytest.raises(theirs.BadRequest, match="3m"):
            await exchange.fetch_ohlcv(SYMBOL, "3m")
        assert await exchange.fetch_time() == NOON_MS
        assert list(await exchange.fetch_tickers()) == [SYMBOL]
        assert list(await exchange.fetch_tickers([SYMBOL])) == [SYMBOL]

    call(tmp_path, test)


def test_what_is_told_of_assets_fees_and_money(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        special = FeeRate(symbol=SYMBOL, maker=Decimal("0.0005"))
        exchange = _answering(bench, fees=[*ANSWERS["fees"], special])
        assert (await exchange.fetch_currencies())["BTC"]["precision"] == 1e-8
        assert exchange.currency("BTC")["deposit"] is False
        assert (await exchange.fetch_trading_fees())[SYMBOL]["maker"] == 0.0005
        assert (await exchange.fetch_trading_fee(SYMBOL))["maker"] == 0.0005
        assert (await exchange.fetch_deposit_address("BTC"))["tag"] == "7"
        (deposit,) = await exchange.fetch_deposits("BTC")
        assert (deposit["type"], deposit["status"], deposit["amount"]) == ("deposit", "ok", 0.1)
        assert await exchange.fetch_withdrawals() == []
        assert (await exchange.fetch_balance())["BTC"] == {"free": 0.1, "used": 0, "total": 0.1}
        assert (await exchange.fetch_status())["status"] == "ok"
        with pytest.raises(theirs.NotSupported):
            await bench.exchange("NATIVE").fetch_currencies()

    call(tmp_path, test)


def test_a_venue_that_does_not_answer_may_be_asked_again(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.script("silence")
        with pytest.raises(theirs.ExchangeNotAvailable, match="plain connection refused"):
            await bench.exchange().fetch_balance()

    call(tmp_path, test)


def test_what_the_exchange_has_is_known_once_its_markets_are(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        assert (exchange.has["createOrder"], exchange.has["fetchTicker"]) == (True, None)
        await exchange.load_markets()
        assert (exchange.has["fetchTicker"], exchange.has["createMarketOrder"]) == (False, True)
        assert (exchange.has["fetchPositions"], exchange.rateLimit) == (False, 50)

    call(tmp_path, test)


def test_what_a_route_has_is_read_off_its_capabilities() -> None:
    poor = abilities(ROUTE)
    assert {
        poor[name] for name in ("editOrder", "createMarketOrder", "watchTicker", "withdraw")
    } == {False}
    offers = ["ticker", "order_book", "candles", "withdraw"]
    emulates = ["REPLACE", "MARKET"]
    types = ["LIMIT", "STOP_LIMIT"]
    rich = abilities(
        {**ROUTE, "offers": offers, "streams": ["order_book"], "emulates": emulates}
        | {"ord_types": types, "post_only": True}
    )
    assert {name: rich[name] for name in ("fetchTicker", "fetchTickers", "withdraw")} == {
        "fetchTicker": True,
        "fetchTickers": "emulated",
        "withdraw": True,
    }
    assert (rich["watchOrderBook"], rich["watchTicker"], rich["watchTrades"]) == (
        True,
        "emulated",
        False,
    )
    assert (rich["editOrder"], rich["createMarketOrder"]) == ("emulated", "emulated")
    assert (rich["createStopLimitOrder"], rich["createStopMarketOrder"]) == (True, False)
    assert rich["createPostOnlyOrder"] is True
    native = abilities({**ROUTE, "can_replace": True, "ord_types": ["LIMIT", "MARKET"]})
    assert (native["editOrder"], native["createMarketOrder"]) == (True, True)
    by_cash = {"ord_types": ["MARKET"], "market_buy_by_cash": True}
    assert abilities({**ROUTE, **by_cash})["createMarketBuyOrderWithCost"] is True


def test_every_name_is_one_of_ccxts() -> None:
    theirs_own = theirs.Exchange({}).describe()["has"]
    ours = unknown()
    assert set(ours) - set(theirs_own) == set()
    assert ours["noSuchMethod"] is False


def test_every_method_that_it_has_is_there(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        named = set(exchange.has) - {"publicAPI", "privateAPI", "CORS", "sandbox", "spot", "margin"}
        named -= {"swap", "future", "option", "ws"}
        assert {name for name in named if not callable(getattr(exchange, name, None))} == set()

    call(tmp_path, test)


def test_a_ticker_once_it_has_changed(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        venue = bench.engine.venues["PLAIN"]
        venue.news = [(TICKER, True, 0), (replace(TICKER, bid=Decimal(7)), True, 0)]
        exchange = bench.exchange()
        told = await exchange.watch_ticker(SYMBOL)
        while told["bid"] != 7:
            told = await exchange.watch_ticker(SYMBOL)
        await exchange.un_watch_ticker(SYMBOL)
        venue.news = [(PUBLIC_TRADE, False, 0), (replace(PUBLIC_TRADE, trade_id="T8"), False, 0)]
        trades: list[Any] = []
        while len(trades) < 2:
            trades += await exchange.watch_trades(SYMBOL)
        assert [trade["id"] for trade in trades] == ["T7", "T8"]
        for refused in (exchange.watch_order_book(SYMBOL), exchange.watch_ohlcv(SYMBOL, "1h")):
            with pytest.raises(theirs.NotSupported):
                await refused

    call(tmp_path, test)


def test_a_book_is_cut_to_the_limit(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = _answering(bench, order_book=BOOK)
        assert len((await exchange.fetch_order_book(SYMBOL))["bids"]) == 2

    call(tmp_path, test)
