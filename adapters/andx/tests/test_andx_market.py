"""ANDX's tickers, books and public trades: the document's samples, and the simulator's answers."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.andx import market_rows
from adapters.andx.tests.andx_line import RESTING, Line, on_line
from oms.core.errors import MalformedMessage, VenueRefused
from oms.core.fields import OrdType
from oms.core.market import Level, OrderBook, PublicTrade, Ticker
from oms.core.messages import NewOrderSingle
from oms.core.venue import Instrument

RECORDED = Path(__file__).parents[1] / "recorded"
D = Decimal
BTC = Instrument(symbol="BTC/TRY", venue_symbol="BTCTRY", tick=D("0.01"), step=D("0.00000001"))


def recorded(name: str) -> dict[str, Any]:
    """What a recorded answer is about."""
    told = json.loads((RECORDED / f"{name}.json").read_text(), parse_float=Decimal)
    content: dict[str, Any] = told["body"]["data"]
    return content


def test_the_ticker() -> None:
    assert market_rows.ticker(recorded("ticker_one")["ticker"], BTC) == Ticker(
        symbol="BTC/TRY",
        bid=D("40683.54"),
        ask=D("40700.00"),
        last=D("40683.54"),
        high=D("41000.00"),
        low=D("39690.37"),
        volume=D("1.48920663"),
        time=datetime(2018, 5, 9, 23, 28, 52, 902240, tzinfo=UTC),
    )


def test_every_ticker_and_no_quote_where_a_side_is_empty() -> None:
    found = {told.symbol: told for told in market_rows.tickers(recorded("ticker_all"))}
    assert "BTC/TRY" in found
    empty = [told for told in found.values() if told.ask is None]
    assert [told.symbol for told in empty] == ["XRP/TRY"]


def test_the_book_and_its_transactions() -> None:
    document = recorded("order_book")
    assert market_rows.order_book(document, BTC, None) == OrderBook(
        symbol="BTC/TRY",
        bids=(Level(D("40683.54"), D("0.89599893")),),
        asks=(Level(D("40700.00"), D("0.00200000")),),
        time=datetime(2018, 5, 10, 7, 32, 52, 523331, tzinfo=UTC),
    )
    # Whose side the type is, nobody says.
    assert market_rows.trades(document, BTC) == [
        PublicTrade(
            symbol="BTC/TRY",
            price=D("40683.54"),
            qty=D("0.05630107"),
            time=datetime(2018, 5, 9, 20, 27, 13, 968654, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"market_code": "XRPTRY"}, "asked for BTCTRY, got XRPTRY"),
        ({"buyers": None}, "buyers"),
        ({"sellers": [{"orders_price": "0", "orders_total_amount": "1"}]}, "sellers"),
        ({"sellers": [{"orders_price": "1", "orders_total_amount": "-1"}]}, "sellers"),
        ({"sellers": [["1", "2"]]}, "object"),
        ({"timestamp": "now"}, "timestamp"),
        ({"timestamp": 1525937572}, "timestamp"),
    ],
)
def test_a_book_that_is_not_documented(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(MalformedMessage, match=named):
        market_rows.order_book(recorded("order_book") | changed, BTC, None)


@pytest.mark.parametrize(
    "changed", [{"type": "X"}, {"price": "much"}, {"time": "1E9"}, {"amount": None}]
)
def test_a_transaction_that_is_not_documented(changed: dict[str, Any]) -> None:
    document = recorded("order_book")
    (row,) = document["last_transactions"]
    with pytest.raises(MalformedMessage):
        market_rows.trades(document | {"last_transactions": [row | changed]}, BTC)


@pytest.mark.parametrize("changed", [{"bid": "-1"}, {"ask": "x"}, {"market": None}])
def test_a_ticker_that_is_not_documented(changed: dict[str, Any]) -> None:
    with pytest.raises(MalformedMessage):
        market_rows.ticker(recorded("ticker_one")["ticker"] | changed, BTC)


def test_the_markets_of_the_simulator() -> None:
    async def story(line: Line) -> None:
        (btc,) = [m for m in await line.client.instruments() if m.symbol == "BTC/TRY"]
        for order_id in ("7001", "7002"):
            await line.client.place(taking(order_id))
        ticker = await line.client.ticker(btc)
        assert ticker.bid is not None
        assert ticker.ask is not None
        assert ticker.bid < ticker.ask
        assert {told.symbol for told in await line.client.tickers()} == {"BTC/TRY", "XRP/TRY"}
        book = await line.client.order_book(btc, 2)
        assert (book.bids[0].price, len(book.bids), len(book.asks)) == (ticker.bid, 2, 2)
        trades = await line.client.trades(btc)
        assert len(trades) == 2
        assert trades[0].time is not None
        assert trades[1].time is not None
        assert trades[0].time >= trades[1].time
        assert await line.client.trades(btc, 1) == trades[:1]
        asked = [a for a in line.tap.asked if a.method == "GET"]
        assert all("access-key" not in request.headers for request in asked)
        nothing = Instrument(symbol="A/B", venue_symbol="AB", tick=D(1), step=D(1))
        with pytest.raises(VenueRefused, match="404"):
            await line.client.ticker(nothing)

    on_line(story)


def taking(order_id: str) -> NewOrderSingle:
    """A market buy."""
    return NewOrderSingle(
        cl_ord_id=order_id,
        symbol="BTCTRY",
        side=RESTING.side,
        ord_type=OrdType.MARKET,
        order_qty=D("0.01"),
    )
