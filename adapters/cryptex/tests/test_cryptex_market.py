"""The public pages, and that they are asked only where the configuration wants them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.cryptex.simulator.wire import encode
from adapters.cryptex.tests.cryptex_bench import config
from adapters.cryptex.tests.cryptex_line import CROSSING, MARKETS, Line, on_line
from adapters.cryptex.venue import VENUE
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueRefused

D = Decimal
BTC = MARKETS[0]
PAGES = ("ticker", "tickers", "order_book", "trades")


def test_they_are_offered_only_where_they_are_asked_for() -> None:
    more = VENUE.capabilities(config("http://127.0.0.1"))
    usual = VENUE.capabilities({})
    assert not usual.offers & set(PAGES)
    assert more.offers == usual.offers | set(PAGES)


def test_a_ticker_has_no_sides_and_its_volume_is_money() -> None:
    async def story(line: Line) -> None:
        await line.client.place(CROSSING)
        ticker = await line.client.ticker(BTC)
        assert (ticker.symbol, ticker.bid, ticker.ask) == ("BTC/USD", None, None)
        assert (ticker.last, ticker.volume) == (D("40000.01"), None)
        assert ticker.quote_volume == D("400.0001")
        request = line.tap.asked[-1]
        assert (request.method, request.path) == ("GET", "/api/v1/btc_usd/ticker")
        assert "sign" not in request.headers

    on_line(story)


def test_tickers_are_of_the_markets_that_are_configured() -> None:
    async def story(line: Line) -> None:
        assert [one.symbol for one in await line.client.tickers()] == ["BTC/USD", "LTC/USD"]

    on_line(story)


def test_a_book_is_sorted_and_cut() -> None:
    async def story(line: Line) -> None:
        book = await line.client.order_book(BTC)
        assert (book.bids[0].price, book.asks[0].price) == (D("39999.99"), D("40000.01"))
        assert len(book.bids) == len(book.asks) == 20
        cut = await line.client.order_book(BTC, 2)
        assert (cut.bids, cut.asks) == (book.bids[:2], book.asks[:2])
        best = (D("39999.99"), D("40000.01"))
        assert await line.client.best_prices("BTC_USD", "") == best
        assert await line.client.best_prices("BTC/USD", "") == best
        with pytest.raises(MalformedMessage):
            await line.client.best_prices("XMR_USD", "")

    on_line(story)


def test_trades_are_the_newest_first_and_have_no_side() -> None:
    async def story(line: Line) -> None:
        for _ in range(3):
            await line.client.place(CROSSING)
        trades = await line.client.trades(BTC, 2)
        assert [one.trade_id for one in trades] == ["3", "2"]
        assert {one.side for one in trades} == {None}
        assert trades[0].time is not None
        assert abs(trades[0].time - line.clock.now()) < timedelta(minutes=1)

    on_line(story)


@pytest.mark.parametrize(
    "data",
    [
        5,
        {"asks": [[1]], "bids": []},
        {"asks": [5], "bids": []},
        {"asks": [["x", 1]], "bids": []},
        {"bids": []},
    ],
)
def test_a_book_of_another_kind_is_not_believed(data: Any) -> None:
    async def story(line: Line) -> None:
        line.tap.change = _answering(data)
        with pytest.raises(MalformedMessage):
            await line.client.order_book(BTC)

    on_line(story)


def test_a_side_can_be_empty() -> None:
    async def story(line: Line) -> None:
        line.tap.change = _answering({"asks": [], "bids": [[D("1.5"), D(2)]]})
        assert await line.client.best_prices("BTC/USD", "") == (D("1.5"), None)

    on_line(story)


def test_a_page_that_is_not_there_is_no_answer() -> None:
    """In JSON it is a no, in HTML nobody knows."""

    async def story(line: Line) -> None:
        gone = replace(BTC, symbol="XMR/USD", venue_symbol="XMR_USD")
        with pytest.raises(VenueRefused):
            await line.client.ticker(gone)
        line.tap.switch("html", 1)
        with pytest.raises(OutcomeUnknown):
            await line.client.ticker(BTC)

    on_line(story)


def _answering(data: Any) -> Any:
    body = encode({"status": "ok", "data": data}).encode()
    return lambda request, answer: replace(answer, body=body)
