"""Bitexbit's client over a real socket: markets and money."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.bitexbit.mapping import CHARTS
from adapters.bitexbit.tests.bitexbit_line import BTC_USD, Line, on_line
from oms.core.errors import MalformedMessage, NotSupported, VenueRefused

D = Decimal


# Markets


def test_a_pair_that_can_not_be_read_is_left_out_and_shown() -> None:
    async def story(line: Line) -> None:
        line.change(lambda body: body[0].pop("price_precision"), "/pairs/")
        found = await line.client.instruments()
        assert [one.symbol for one in found] == ["ETH/USD", "BTC/USDT"]
        (alarm,) = line.alarms
        assert "left out: price_precision" in alarm

    on_line(story)


@pytest.mark.parametrize(
    ("choice", "query"),
    [
        ("table", "group=1&limit_buy=3&limit_sell=3"),
        ("samples", "group=1&limit_asks=3&limit_bids=3"),
        ("both", "group=1&limit_asks=3&limit_bids=3&limit_buy=3&limit_sell=3"),
    ],
)
def test_the_names_of_a_books_depth(choice: str, query: str) -> None:
    async def story(line: Line) -> str:
        if choice == "table":
            book = await line.client.order_book(BTC_USD, 3)
            assert len(book.bids) == len(book.asks) == 3
        else:
            with pytest.raises(VenueRefused):  # the simulator goes by the table
                await line.client.order_book(BTC_USD, 3)
        return line.tap.asked[-1].query

    assert on_line(story, book_limit_params=choice) == query


def test_best_prices_ticker_and_trades() -> None:
    async def story(line: Line) -> None:
        assert await line.client.best_prices("BTC/USD") == (D("39999.999"), D("40000.001"))
        assert (await line.client.ticker(BTC_USD)).last is None
        await line.place(price=D("40000.001"))
        (trade,) = await line.client.trades(BTC_USD, 1)
        assert (trade.price, trade.qty, trade.side) == (D("40000.001"), D("0.01"), None)
        assert (await line.client.ticker(BTC_USD)).last == D("40000.001")
        line.change(lambda body: body[0].update(pair="ETH_USD"), "/exchanges/")
        with pytest.raises(MalformedMessage, match="another pair"):
            await line.client.trades(BTC_USD)

    on_line(story)


def test_an_empty_book_has_no_prices() -> None:
    async def story(line: Line) -> None:
        line.change(lambda body: body.update(buy=[], sell=[]), "/orderbook/")
        assert await line.client.best_prices("BTC_USD") == (None, None)

    on_line(story)


def test_candles_of_each_type_and_no_other() -> None:
    async def story(line: Line) -> None:
        until = line.clock.now()
        for period in CHARTS:
            (candle,) = await line.client.candles(BTC_USD, period, None, until, 1)
            assert candle.period == period
        days = await line.client.candles(BTC_USD, "1d", until - timedelta(days=3), until)
        assert len(days) == 3
        with pytest.raises(NotSupported, match="not of 1w"):
            await line.client.candles(BTC_USD, "1w")

    on_line(story)


def test_currencies() -> None:
    async def story(line: Line) -> set[str]:
        return {currency.asset for currency in await line.client.currencies()}

    assert on_line(story) == {"BTC", "ETH", "USD", "USDT"}


# Money


def test_balances_and_what_they_include() -> None:
    async def story(line: Line) -> Decimal:
        await line.place(price=D(30000), order_qty=D("0.5"))
        (usd,) = [one for one in await line.client.balances() if one.asset == "USD"]
        assert usd.held == D(15_000)
        return usd.total

    assert on_line(story) == D(10_000_000)
    assert on_line(story, balance_includes_reserve=True) == D(9_985_000)


def test_lists_of_money_are_filtered_here() -> None:
    async def story(line: Line) -> None:
        assert [one.activity_id for one in await line.client.deposits()] == ["317", "318"]
        assert [one.activity_id for one in await line.client.deposits("USD")] == ["318"]
        since = datetime(2017, 1, 25, 16, 57, 48, tzinfo=UTC)
        found = await line.client.withdrawals(None, since)
        assert [one.activity_id for one in found] == ["405", "406", "407"]
        assert await line.client.withdrawals("BTC", datetime(2018, 1, 1, tzinfo=UTC)) == []

    on_line(story)
