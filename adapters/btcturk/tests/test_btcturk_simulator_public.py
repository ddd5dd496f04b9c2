"""What anybody may ask BtcTurk's simulator, and the account's history."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.btcturk.tests.btcturk_desk import LAG_MS, NOW_MS, Desk, error

DAY_S = 86_400
NOW_S = NOW_MS // 1000


def traded() -> Desk:
    """A venue where 0.01 traded at 1200010 just now, and the fill is listed."""
    desk = Desk()
    desk.place(price="1200010")
    desk.wait(LAG_MS)
    return desk


def test_a_ticker_is_a_list_even_for_one_pair() -> None:
    desk = traded()
    (row,) = desk.get("/api/v2/ticker", pairSymbol="BTC_TRY")
    assert row == {
        "pair": "BTCTRY",
        "pairNormalized": "BTC_TRY",
        "timestamp": desk.now_ms,
        "last": 1200010,
        "high": 1200010,
        "low": 1200010,
        "bid": 1199990,
        "ask": 1200010,
        "open": 1200010,
        "volume": Decimal("0.01"),
        "average": 1200010,
        "daily": 0,
        "dailyPercent": 0,
        "denominatorSymbol": "TRY",
        "numeratorSymbol": "BTC",
        "order": 1001,
    }
    assert [r["pair"] for r in desk.get("/api/v2/ticker")] == [
        "BTCTRY",
        "XRPTRY",
        "BTCUSDT",
        "ETHUSDT",
    ]
    found = desk.get("/api/v2/ticker/currency", symbol="usdt")
    assert [r["pair"] for r in found] == ["BTCUSDT", "ETHUSDT"]


def test_the_book_is_text_best_first() -> None:
    desk = Desk()
    book = desk.get("/api/v2/orderbook", pairSymbol="BTCTRY", limit=2)
    assert book == {
        "timestamp": NOW_MS,
        "bids": [["1199990.00", "0.05"], ["1199980.00", "0.05"]],
        "asks": [["1200010.00", "0.05"], ["1200020.00", "0.05"]],
    }
    assert len(desk.get("/api/v2/orderbook", pairSymbol="BTCTRY")["bids"]) == 20


def test_trades_are_newest_first() -> None:
    desk = traded()
    desk.place(price="1199990", orderType="sell")
    newest, older = desk.get("/api/v2/trades", pairSymbol="BTC_TRY", last=1000)
    assert (newest["side"], older["side"]) == ("sell", "buy")
    assert older == {
        "pair": "BTCTRY",
        "pairNormalized": "BTC_TRY",
        "numerator": "BTC",
        "denominator": "TRY",
        "date": NOW_MS,
        "tid": "638000000000000001",
        "price": "1200010.00",
        "amount": "0.01",
        "side": "buy",
    }
    assert desk.get("/api/v2/trades", pairSymbol="BTC_TRY", last=1) == [newest]


def test_daily_candles() -> None:
    desk = traded()
    today = NOW_S // DAY_S * DAY_S
    query = {"pair": "BTC_TRY", "from": NOW_S - DAY_S, "to": NOW_S + 2}
    yesterday, last = desk.ask("GET", "/v1/ohlcs", query)
    assert (yesterday["time"], yesterday["volume"]) == (today - DAY_S, 0)
    assert (last["time"], last["volume"], last["total"]) == (
        today,
        Decimal("0.01"),
        Decimal("12000.1"),
    )
    (row,) = desk.get("/api/v2/ohlc", pairSymbol="BTCTRY", last=1)
    assert (row["open"], row["volume"]) == ("1200010", "0.01")
    assert len(desk.ask("GET", "/v1/ohlcs", {"pair": "BTCTRY"})) == 8


def test_candles_by_column() -> None:
    desk = traded()
    minute = NOW_S // 60 * 60
    query = {"symbol": "BTCTRY", "resolution": "1", "from": minute - 60, "to": minute + 60}
    told = desk.ask("GET", "/v1/klines/history", query)
    assert told["s"] == "ok"
    assert told["t"] == [minute - 60, minute]  # nothing of what has not begun
    assert told["v"] == [0, Decimal("0.01")]
    assert told["o"] == [1200000, 1200010]
    empty = {**query, "from": minute + 10_000, "to": minute}
    assert desk.ask("GET", "/v1/klines/history", empty)["s"] == "no_data"


def test_exchangeinfo() -> None:
    desk = Desk()
    told = desk.get("/api/v2/server/exchangeinfo")
    pair = told["symbols"][0]
    assert (pair["name"], pair["hasFraction"], pair["denominatorScale"]) == ("BTCTRY", False, 2)
    assert pair["filters"][0]["tickSize"] == "10"
    assert pair["minimumLimitOrderPrice"] == 120000
    assert {row["symbol"] for row in told["currencies"]} == {"TRY", "BTC", "ETH", "USDT", "XRP"}
    assert desk.ask("GET", "/api/v2/server/ping") == {}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v2/ticker", {"pairSymbol": "DOGETRY"}),
        ("/api/v2/ticker/currency", {"symbol": "EUR"}),
        ("/api/v2/orderbook", {}),
        ("/api/v2/orderbook", {"pairSymbol": "BTCTRY", "limit": "0"}),
        ("/api/v2/trades", {"pairSymbol": "BTCTRY", "last": "-1"}),
        ("/v1/klines/history", {"symbol": "BTCTRY", "resolution": "7"}),
        ("/v1/ohlcs", {"pair": ""}),
        ("/orderbook/DOGETRY", {}),
        ("/trade/last/BTCTRY/0", {}),
    ],
)
def test_what_can_not_be_asked(path: str, query: dict[str, object]) -> None:
    desk = Desk()
    answer = desk.send(desk.request("GET", path, query))
    assert error(answer) == (400, "PARAMETERS_ERROR", 0)


def test_the_feeds_mirrors() -> None:
    desk = traded()
    book = desk.ask("GET", "/orderbook/btctry")
    assert (book["type"], book["PS"]) == (431, "BTCTRY")
    assert book["AO"][0]["P"] == "1200010.00"
    rows = desk.ask("GET", "/ticker/all")
    assert {row["PS"] for row in rows} == {"BTCTRY", "XRPTRY", "BTCUSDT", "ETHUSDT"}
    assert all("type" not in row for row in rows)
    one = desk.ask("GET", "/ticker/pair/BTCTRY")
    assert one == {"type": 402, **rows[0]}
    assert (one["LA"], one["B"], one["A"]) == ("1200010", "1199990", "1200010")
    trade = {"D": NOW_MS, "I": "638000000000000001", "A": "0.01", "P": "1200010.00"}
    assert desk.ask("GET", "/trade/last/btctry/76") == [trade]
    assert desk.ask("GET", "/trade/last/btctry") == [trade]
    page = desk.send(desk.request("GET", "/ticker/html"))
    assert b"BTCTRY" in page.body
    assert page.headers["Content-Type"] == "text/html"


# History


def fills(desk: Desk, **query: object) -> list[Any]:
    return desk.get("/api/v1/users/transactions/trade", **query)  # type: ignore[no-any-return]  # an Any that is one


def test_fills_by_kind_currency_pair_and_date() -> None:
    desk = traded()
    desk.place(price="1199990", orderType="sell")
    desk.wait(LAG_MS)
    sold, bought = fills(desk)
    assert (sold["orderType"], bought["orderType"]) == ("sell", "buy")
    assert fills(desk, type="buy") == [bought]
    assert fills(desk, type=["buy", "sell"], symbol=["btc", "try"]) == [sold, bought]
    assert fills(desk, symbol=["btc", "usdt"]) == []
    assert fills(desk, pairSymbol="BTC_TRY") == [sold, bought]
    assert fills(desk, pairSymbol="XRPTRY") == []
    assert fills(desk, startDate=NOW_MS + 1) == [sold]
    assert fills(desk, endDate=NOW_MS) == [bought]
    request = desk.request("GET", "/api/v1/users/transactions/trade", {"orderId": 1, "type": "buy"})
    assert error(desk.send(request)) == (400, "PARAMETERS_ERROR", 0)


def test_fills_of_the_documents_age_have_no_order_id() -> None:
    desk = traded()
    desk.venue.switch("old_rows", True)
    (row,) = fills(desk)
    assert set(row) == {
        "price",
        "numeratorSymbol",
        "denominatorSymbol",
        "orderType",
        "id",
        "timestamp",
        "amount",
        "fee",
        "tax",
    }
    assert isinstance(row["price"], int)


def test_fills_older_than_a_month_are_asked_for_by_date() -> None:
    desk = traded()
    desk.wait(31 * DAY_S * 1000)
    assert fills(desk) == []
    assert len(fills(desk, startDate=NOW_MS - 1)) == 1


@pytest.mark.parametrize("names", [("type", "symbol"), ("balanceTypes", "currencySymbols")])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_deposits_and_withdrawals(method: str, names: tuple[str, str]) -> None:
    desk = Desk()
    query = {names[0]: ["deposit"], names[1]: ["btc", "eth"]}
    path = "/api/v1/users/transactions/crypto"
    if method == "GET":
        rows = desk.ask("GET", path, query)["data"]
    else:
        import json

        rows = desk.ask("POST", path, body=json.dumps(query).encode())["data"]
    assert [(row["balanceType"], row["currencySymbol"]) for row in rows] == [
        ("Deposit", "BTC"),
        ("Deposit", "ETH"),
    ]
    assert rows[0]["amount"] == rows[0]["funds"] == 101


def test_money_and_coins_have_lists_of_their_own() -> None:
    desk = Desk()
    fiat = desk.get("/api/v1/users/transactions/fiat")
    assert {row["currencySymbol"] for row in fiat} == {"TRY"}
    assert [row["amount"] for row in fiat] == [-1, 100_000_001]
    crypto = desk.get("/api/v1/users/transactions/crypto", type="withdrawal")
    assert all(row["amount"] < 0 for row in crypto)
    assert len(crypto) == 4
    assert desk.ask("POST", "/api/v1/users/transactions/fiat")["data"] == fiat
