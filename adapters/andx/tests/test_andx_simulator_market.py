"""What is public at ANDX's simulator: markets, tickers and order books."""

from adapters.andx.tests.andx_desk import Desk


def test_market_info_as_list_and_as_object() -> None:
    """The document's own values, in both of its shapes."""
    desk = Desk()
    btc = {
        "market_code": "BTCTRY",
        "url_symbol": "btctry",
        "base_currency": "BTC",
        "counter_currency": "TRY",
        "minimum_order_amount": "0.00010000",
        "base_currency_decimal": 8,
        "counter_currency_decimal": 2,
    }
    markets = desk.get("market_info/")["markets"]
    assert [market["market_code"] for market in markets] == ["BTCTRY", "XRPTRY"]
    assert markets[0] == btc == desk.get("market_info/BTCTRY/")["markets"]


def test_ticker_as_map_and_as_object() -> None:
    """Prices carry the market's decimals; the two shapes agree."""
    desk = Desk()
    desk.place(order_type="market", price="0", volume="0.01")
    one = desk.get("ticker/BTCTRY/")["ticker"]
    everything = desk.get("ticker/")["ticker"]
    assert everything["BTCTRY"] == one
    assert (one["bid"], one["ask"], one["last_price"]) == (
        "1199999.99", "1200000.01", "1200000.01",
    )  # fmt: skip
    assert (one["last_size"], one["volume_24h"]) == ("0.01000000", "0.01000000")
    assert one["timestamp"] == "1525884262.811"
    assert everything["XRPTRY"]["bid"] == "17.9999"
    assert everything["XRPTRY"]["volume_24h"] == "0.00000000"


def test_a_tickers_day_is_the_last_24_hours() -> None:
    """Change in per cent from the day's first trade to its last; yesterday's does not count."""
    desk = Desk()
    desk.place(market_code="XRPTRY", order_type="market", price="0", volume="3")
    desk.wait(86_399_000)
    desk.place(market_code="XRPTRY", order_type="market", price="0", volume="9999", buy_sell="S")
    both = desk.get("ticker/XRPTRY/")["ticker"]
    assert (both["volume_24h"], both["high_24h"], both["low_24h"]) == (
        "10002.00000000", "18.0001", "17.9980",
    )  # fmt: skip
    assert both["change_24h"] == "-0.01"
    desk.wait(1_000)
    later = desk.get("ticker/XRPTRY/")["ticker"]
    assert later["change_24h"] == "-0.01"
    assert (later["volume_24h"], later["high_24h"]) == ("9999.00000000", "17.9999")


def test_an_empty_side_is_quoted_as_zero() -> None:
    """As in the document's XRPTRY sample."""
    desk = Desk()
    desk.place(order_type="market", price="0", volume="1")
    assert desk.get("ticker/BTCTRY/")["ticker"]["ask"] == "0.00"
    assert desk.get("order_book/BTCTRY/")["sellers"] == []


def test_order_book_has_levels_ticker_and_transactions() -> None:
    """Best levels first; transactions newest first, under the taker's side."""
    desk = Desk()
    desk.place(order_type="market", price="0", volume="0.01")
    desk.wait(10)
    desk.place(order_type="market", price="0", volume="0.02", buy_sell="S")
    book = desk.get("order_book/BTCTRY/")
    assert set(book) == {
        "market_code", "ticker", "buyers", "sellers", "last_transactions", "timestamp",
    }  # fmt: skip
    assert book["buyers"][0] == {
        "orders_total_amount": "0.03000000",
        "orders_price": "1199999.99",
    }
    assert book["sellers"][1]["orders_price"] == "1200000.02"
    assert len(book["buyers"]) == 20
    assert [(t["type"], t["amount"]) for t in book["last_transactions"]] == [
        ("S", "0.02000000"),
        ("B", "0.01000000"),
    ]
    assert book["last_transactions"][0]["time"] == "1525884262.821"
