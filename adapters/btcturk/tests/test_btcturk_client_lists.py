"""BtcTurk's client: the account's lists, money that came and went, and markets."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from adapters.btcturk.tests.btcturk_line import CROSSING, NOW, PAIR, Line, known, on_line
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import MalformedMessage, NotSupported
from oms.core.funding import ActivityKind

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

# Account and funding


def test_balances_and_own_trades() -> None:
    async def story(line: Line) -> None:
        balances = {one.asset: one for one in await line.client.balances()}
        assert balances["TRY"].total == balances["TRY"].available == 100_000_000
        placed = await line.client.place(CROSSING)
        await line.filled(known(placed.secondary_order_id))
        (trade,) = await line.client.own_trades(since=LONG_AGO, instrument=PAIR)
        assert trade.secondary_order_id == placed.secondary_order_id
        assert await line.client.own_trades() == [trade]
        other = replace(PAIR, symbol="XRP/TRY", venue_symbol="XRPTRY")
        assert await line.client.own_trades(instrument=other) == []

    on_line(story)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("names", [("type", "symbol"), ("balanceTypes", "currencySymbols")])
def test_deposits_and_withdrawals_in_every_reading(method: str, names: tuple[str, str]) -> None:
    async def story(line: Line) -> None:
        coins = await line.client.deposits("BTC")
        assert [(row.asset, row.amount) for row in coins] == [("BTC", Decimal(101))]
        back = await line.client.withdrawals()
        assert {row.kind for row in back} == {ActivityKind.WITHDRAWAL}
        assert {row.asset for row in back} == {"TRY", "BTC", "ETH", "USDT", "XRP"}
        both = await line.client.activities(since=LONG_AGO)
        assert len(both) == 10
        assert [row.time for row in both] == sorted(
            (row.time for row in both), key=str, reverse=True
        )
        assert await line.client.activities(since=LONG_AGO, until=LONG_AGO) == []
        methods = {asked.method for asked in line.tap.asked if "transactions" in asked.path}
        assert methods == {method}

    on_line(story, history_method=method, history_names=names)


def test_money_is_not_moved() -> None:
    async def story(line: Line) -> None:
        assert not hasattr(line.client, "move")
        assert not hasattr(line.client, "deposit_address")

    on_line(story)


# Markets


@pytest.mark.parametrize("source", ["api", "feed"])
def test_prices_books_and_trades(source: str) -> None:
    async def story(line: Line) -> None:
        await line.client.place(CROSSING)
        one = await line.client.ticker(PAIR)
        assert (one.symbol, one.bid, one.ask) == ("BTC/TRY", Decimal(1199990), Decimal(1200010))
        everything = await line.client.tickers()
        assert len(everything) == 4
        dollars = await line.client.tickers(quote="USDT")
        assert {ticker.symbol for ticker in dollars} == {"BTC/USDT", "ETH/USDT"}
        book = await line.client.order_book(PAIR, 2)
        assert [level.price for level in book.bids] == [1199990, 1199980]
        assert len((await line.client.order_book(PAIR)).asks) == 20
        (trade,) = await line.client.trades(PAIR, 5)
        assert (trade.price, trade.qty) == (Decimal(1200010), Decimal("0.01"))
        asked = {request.path for request in line.tap.asked}
        assert ("/orderbook/BTCTRY" in asked) == (source == "feed")
        assert ("/api/v2/ticker/currency" in asked) == (source == "api")

    on_line(story, market_from=source)


@pytest.mark.parametrize("source", ["klines", "ohlcs", "ohlc"])
def test_daily_candles_from_each_source(source: str) -> None:
    async def story(line: Line) -> None:
        await line.client.place(CROSSING)
        now = await line.client.server_time()
        # Not from a midnight on, should it be one: that would be four days.
        since = now - timedelta(days=3) + timedelta(seconds=1)
        candles = await line.client.candles(PAIR, "1d", since=since)
        assert [candle.time.hour for candle in candles] == [0, 0, 0]
        assert candles[-1].volume == Decimal("0.01")
        assert len(await line.client.candles(PAIR, "1d", limit=2)) == 2

    on_line(story, daily_candles_from=source)


def test_candles_of_other_periods() -> None:
    async def story(line: Line) -> None:
        now = (await line.client.server_time()).replace(second=30)
        minutes = await line.client.candles(PAIR, "1m", since=now - timedelta(minutes=5), until=now)
        assert len(minutes) == 5
        with pytest.raises(NotSupported):
            await line.client.candles(PAIR, "5m")

    on_line(story)


def test_pairs_and_currencies() -> None:
    async def story(line: Line) -> None:
        pairs = {one.venue_symbol: one for one in await line.client.instruments()}
        assert pairs["BTCTRY"].tick == 10
        assert pairs["XRPTRY"].step == Decimal("0.0001")
        assets = {one.asset: one for one in await line.client.currencies()}
        assert assets["ETH"].can_withdraw is False
        await line.client.ping()

    on_line(story)


def test_a_venue_that_lists_no_pairs_has_those_of_its_document() -> None:
    async def story(line: Line) -> None:
        line.tap.change = lambda asked, told: (
            replace(told, status=404, body=b"") if "exchangeinfo" in asked.path else told
        )
        assert len(await line.client.instruments()) == 22

    on_line(story)


def test_a_pair_that_makes_no_sense_is_left_out() -> None:
    async def story(line: Line) -> None:
        line.change(lambda body: body["data"]["symbols"][0].update(filters=[]), "exchangeinfo")
        assert len(await line.client.instruments()) == 3

    on_line(story)


def test_prices_of_another_pair() -> None:
    async def story(line: Line) -> None:
        line.change(lambda body: body["data"][0].update(numeratorSymbol="ETH"), "ticker")
        with pytest.raises(MalformedMessage, match="got ETH/TRY"):
            await line.client.ticker(PAIR)

    on_line(story)


@pytest.mark.parametrize(
    ("newest_first", "limit", "pages"), [(True, 1000, 2), (False, 1000, 4), (True, 500, 3)]
)
def test_the_scan_of_all_orders_reads_on_unless_it_leads_back(
    newest_first: bool, limit: int, pages: int
) -> None:
    """How the list is sorted is not told, nor that the venue gives as many rows as it is asked for."""
    newest_ms = int(NOW.timestamp() * 1000)

    def row(index: int) -> dict[str, Any]:
        age = index if newest_first else 2499 - index
        times = {"time": 0, "updateTime": newest_ms - age * 5_000}
        words = {"method": "limit", "type": "buy", "status": "Untouched", "pairSymbol": "BTCTRY"}
        numbers = {"id": 10_000 + index, "amount": "1", "price": "2", "leftAmount": "1"}
        return numbers | words | times

    def page(request: SimRequest, answer: SimResponse) -> SimResponse:
        if "allOrders" not in request.path:
            return answer
        first = (int(parse_qs(request.query)["page"][0]) - 1) * limit
        rows = [row(index) for index in range(first, min(first + limit, 2500))]
        body = {"success": True, "message": None, "code": 0, "data": rows}
        return replace(answer, body=json.dumps(body).encode())

    async def story(line: Line) -> None:
        line.tap.change = page
        found = {
            s.secondary_order_id for s in await line.client.closed_orders(NOW - timedelta(hours=1))
        }
        recent = range(720) if newest_first else range(2499 - 720, 2500)
        assert found >= {str(10_000 + index) for index in recent}
        assert line.tap.count("GET", "allOrders") == pages

    on_line(story)


def test_a_full_page_that_comes_again_is_not_the_whole_list() -> None:
    """Where `page` is not obeyed, nothing shows that an order is absent."""
    row = {"id": 1, "amount": "1", "price": "2", "leftAmount": "1", "method": "limit"}
    words = {"type": "buy", "status": "Untouched", "pairSymbol": "BTCTRY", "updateTime": 2**41}
    rows = [{**row, **words, "id": number} for number in range(1, 1001)]

    async def story(line: Line) -> None:
        line.change(lambda told: told.update(data=rows), "allOrders")
        with pytest.raises(MalformedMessage, match="leads nowhere"):
            await line.client.closed_orders(LONG_AGO)

    on_line(story)
