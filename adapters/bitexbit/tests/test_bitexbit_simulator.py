"""Orders, cancels, books, exchanges, candles and wallets at Bitexbit's simulator."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.bitexbit.simulator import build
from adapters.bitexbit.tests.bitexbit_desk import CREDENTIALS, FAR, NEAR, NOW_MS, Desk, refusal

D = Decimal


def test_a_resting_order_as_list_and_single_show_it() -> None:
    """The list has the status as a number, the single order as text; no partial state, no sum."""
    desk = Desk()
    answer = desk.place(price="30000.5")
    assert answer == {
        "success": True,
        "type": "buy",
        "date": "1525884262.811",
        "oid": 15234,
        "price": "30000.50000000",
        "amount": "0.01000000",
        "trades": [],
    }
    row = {
        "amount": "0.01000000",
        "pair": "BTC_USD",
        "type": "buy",
        "status": 1,
        "price": "30000.50000000",
        "id": 15234,
    }
    assert desk.get("orders/own/") == [row]
    assert desk.get("order/15234/") == row | {"status": "1"}


def test_a_crossing_order_is_told_its_trades_and_what_remains() -> None:
    """The trades carry the other side's type and order id; amount is the rest, not the sum."""
    desk = Desk()
    answer = desk.place(amount="0.07", price="40000.001")
    assert answer["amount"] == "0.02000000"
    (trade,) = answer["trades"]
    assert (trade["type"], trade["price"], trade["amount"]) == (
        "sell",
        "40000.00100000",
        "0.05000000",
    )
    (hit,) = [r for r in Desk().get("orderbook/BTC_USD/")["sell"] if r["id"] == trade["o_id"]]
    assert hit["price"] == trade["price"]
    (listed,) = desk.get("orders/own/")
    assert (listed["amount"], listed["status"]) == ("0.07000000", 1)
    (row,) = desk.get("exchanges/own/")
    assert (row["id"], row["type"], row["amount"]) == (trade["tid"], "buy", "0.05000000")


def test_an_order_near_the_market_fills_in_parts_to_done() -> None:
    """The list says active until the end; only the exchanges tell the parts."""
    desk = Desk()
    order_id = desk.place(**NEAR)["oid"]
    seen = []
    for _ in range(100):
        desk.wait(50)
        seen.append(desk.get(f"order/{order_id}/")["status"])
    assert seen == sorted(seen)
    assert set(seen) == {"1", "3"}
    rows = desk.get("exchanges/own/")
    assert len(rows) > 1
    assert sum(D(row["amount"]) for row in rows) == D("0.01")
    assert {row["price"] for row in rows} == {"39999.99900000"}
    assert {row["type"] for row in rows} == {"sell"}  # the taker's


def test_a_cancel_is_final_and_a_second_one_refused() -> None:
    desk = Desk()
    order_id = desk.place()["oid"]
    answer = desk.post("order-cancel/", {"order": order_id})
    assert answer.body == b'{"order": 15234}'
    assert desk.get(f"order/{order_id}/")["status"] == "2"
    assert refusal(desk.post("order-cancel/", {"order": order_id})) == (
        400,
        "the order is done or cancelled",
    )


def test_a_cancel_of_what_is_not_ones_own() -> None:
    """Another user's order is forbidden, one that nobody has is a bad request."""
    desk = Desk()
    (best, *_) = desk.get("orderbook/BTC_USD/")["sell"]
    assert refusal(desk.post("order-cancel/", {"order": best["id"]}))[0] == 403
    assert refusal(desk.post("order-cancel/", {"order": 999_999}))[0] == 400


def test_a_body_may_be_a_form_or_json_with_texts_or_numbers() -> None:
    desk = Desk()
    assert desk.post("order/", FAR, form=True).status == 200
    assert desk.post("order/", FAR, form=False).status == 200
    numbers = {**FAR, "amount": 0.25, "price": 30000}
    assert desk.post("order/", numbers, form=False).status == 200
    assert [row["amount"] for row in desk.get("orders/own/")] == [
        "0.25000000",
        "0.01000000",
        "0.01000000",
    ]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"type": "bid"}, "type"),
        ({"pair": "BTC_EUR"}, "pair"),
        ({"pair": "BTC/USD"}, "pair"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1e-3"}, "amount"),
        ({"amount": "0.000000001"}, "amount"),
        ({"amount": "100000001"}, "sizes"),
        ({"amount": ""}, "amount"),
        ({"price": "0"}, "price"),
        ({"price": "30000.1234"}, "price"),
        ({"price": "ten"}, "price"),
        ({"amount": "1000"}, "funds"),
        ({"more": "1"}, "fields"),
    ],
)
def test_an_order_that_breaks_a_rule_is_a_bad_request(changed: dict[str, str], named: str) -> None:
    desk = Desk()
    status, reason = refusal(desk.post("order/", {**FAR, **changed}))
    assert status == 400
    assert named in reason
    assert desk.get("orders/own/") == []


def test_a_cancel_without_an_id_is_a_bad_request() -> None:
    desk = Desk()
    assert refusal(desk.post("order-cancel/", {"order": "all"}))[0] == 400
    assert refusal(desk.post("order-cancel/", {"orders": "1"}))[0] == 400


def test_own_orders_by_their_filters_newest_first() -> None:
    desk = Desk()
    ids = [
        desk.place()["oid"],
        desk.place(type="sell", price="50000")["oid"],
        desk.place(pair="ETH_USD", price="2000")["oid"],
    ]
    desk.post("order-cancel/", {"order": ids[0]})

    def listed(query: str) -> list[int]:
        return [row["id"] for row in desk.get(f"orders/own/{query}")]

    assert listed("") == ids[::-1]
    assert listed("?status=1") == ids[:0:-1]
    assert listed("?status=2") == ids[:1]
    assert listed("?type=sell") == ids[1:2]
    assert listed("?pair=ETH_USD") == ids[2:]
    assert listed("?limit=1") == ids[2:]


def test_wallets_move_with_orders_fills_and_cancels() -> None:
    """`balance` is what is free, `reserve` what open orders hold."""
    desk = Desk()

    def wallet(name: str) -> tuple[str, str]:
        (row,) = desk.get(f"wallets/?currency_id={name}")
        return row["balance"], row["reserve"]

    order_id = desk.place(amount="0.5", price="30000")["oid"]
    assert wallet("USD") == ("9985000.00000000", "15000.00000000")
    desk.venue.switch("fill", {"order": order_id, "amount": "0.2"})
    assert wallet("USD") == ("9985000.00000000", "9000.00000000")
    assert wallet("BTC") == ("100.20000000", "0.00000000")
    desk.post("order-cancel/", {"order": order_id})
    assert wallet("USD") == ("9994000.00000000", "0.00000000")
    desk.place(type="sell", price="50000", amount="1")
    assert wallet("BTC") == ("99.20000000", "1.00000000")
    assert [row["currency"] for row in desk.get("wallets/")] == ["BTC", "ETH", "USD", "USDT"]


def test_the_book_shows_orders_with_ids_or_sums_by_price() -> None:
    desk = Desk()
    order_id = desk.place(price="39999.98", amount="0.01")["oid"]
    book = desk.get("orderbook/BTC_USD/?limit_sell=2&limit_buy=30")
    assert [row["price"] for row in book["sell"]] == ["40000.00100000", "40000.00200000"]
    prices = [D(row["price"]) for row in book["buy"]]
    assert prices == sorted(prices, reverse=True)
    own = [row for row in book["buy"] if row["id"] == order_id]
    assert own[0] | {"id": 0} == {
        "price": "39999.98000000",
        "id": 0,
        "amount": "0.01000000",
        "timestamp": "1525884262.811",
    }
    sums = desk.get("orderbook/BTC_USD/?group=1")["buy"]
    (level,) = [row for row in sums if row["price"] == "39999.98000000"]
    assert level == {"price": "39999.98000000", "amount": "0.06000000"}


def test_exchanges_by_page_and_order() -> None:
    desk = Desk()
    for price in ("1", "2", "3"):
        others = {"type": "sell", "pair": "BTC_USD", "amount": "0.1", "price": price}
        desk.venue.switch("others", others)
    desk.place(price="40000.001", amount="0.01")

    def ids(query: str, part: str = "exchanges/") -> list[int]:
        return [row["id"] - 6030 for row in desk.get(part + query)]

    assert ids("") == [3, 2, 1, 0]
    assert ids("?ordering=id") == [0, 1, 2, 3]
    assert ids("?limit=2&offset=1") == [2, 1]
    assert ids("?pair=ETH_USD") == []
    assert ids("", "exchanges/own/") == [3]
    assert ids("?type=sell", "exchanges/own/") == []


def test_candles_end_now_and_tell_what_was_traded() -> None:
    desk = Desk()
    desk.place(price="40000.001", amount="0.01")
    asked = "BTC_USD/60/chart?limit=2"
    before, last = desk.get(asked, base="/api/charts/")
    assert last == {
        "volume": "0.01",
        "high": "40000.00100000",
        "low": "40000.00100000",
        "close": "40000.00100000",
        "time": NOW_MS // 3_600_000 * 3_600,
        "open": "40000.00100000",
    }
    assert before["time"] == last["time"] - 3_600
    assert before["volume"] == "0.0"
    assert len(desk.get("BTC_USD/1/chart", base="/api/charts/")) == 720
    since = last["time"] - 2 * 86_400
    days = desk.get(f"BTC_USD/D/chart?since={since}&until={last['time']}", base="/api/charts/")
    assert [row["time"] % 86_400 for row in days] == [0, 0]


def test_the_lists_of_currencies_pairs_deposits_and_withdraws() -> None:
    desk = Desk()
    assert {row["short_name"] for row in desk.get("currencies/")} == {"BTC", "ETH", "USD", "USDT"}
    assert [row["name"] for row in desk.get("pairs/")] == ["BTC_USD", "ETH_USD", "BTC_USDT"]
    assert [row["name"] for row in desk.get("pairs/?currency1=BTC&currency2=USDT")] == ["BTC_USDT"]
    assert [row["id"] for row in desk.get("deposits/")] == [317, 318]
    assert {row["status"] for row in desk.get("withdraws/")} == {10, 20, 30, 40, 50}
    assert [row["id"] for row in desk.get("withdraws/?currency_id=BTC&status=20")] == [403]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("orders/own/?status=open", 400),
        ("orders/own/?page=1", 400),
        ("orders/own/?limit=-1", 400),
        ("orders/own/?limit=1&limit=2", 400),
        ("orders/own/?limit", 400),
        ("exchanges/?ordering=date", 400),
        ("orderbook/BTC_USD/?group=2", 400),
        ("orderbook/BTC_EUR/", 404),
        ("order/99/", 404),
        ("orders/own", 404),
        ("order-cancel/", 405),
        ("tickers/", 404),
    ],
)
def test_what_the_document_does_not_have_is_refused(path: str, status: int) -> None:
    desk = Desk()
    assert desk.send(desk.request(path)).status == status


def test_the_same_seed_and_calls_give_the_same_trades() -> None:
    def story() -> Any:
        desk = Desk(seed=7)
        desk.place(**NEAR)
        desk.wait(3_000)
        return desk.get("exchanges/own/"), desk.venue.ledger()["orders"]

    assert story() == story()


def test_the_ledger_tells_what_the_books_must_say() -> None:
    desk = Desk()
    desk.place(price="40000.001", amount="0.02")
    (row,) = list_of(desk.venue.ledger()["orders"])
    assert row == {
        "order_id": "15234",
        "client_id": "",
        "symbol": "BTC/USD",
        "side": "BUY",
        "qty": "0.02",
        "price": "40000.001",
        "cum": "0.02",
        "notional": "800.00002",
        "status": "FILLED",
        "fees": "0",
    }
    balances = desk.venue.ledger()["balances"]
    assert isinstance(balances, dict)
    assert (balances["BTC"], balances["USD"]) == ("100.02", "9999199.99998")


def list_of(value: object) -> list[Any]:
    assert isinstance(value, list)
    return value


@pytest.mark.parametrize("speed", [0, -1])
def test_a_speed_is_positive(speed: int) -> None:
    with pytest.raises(ValueError, match="speed"):
        build(1, speed, CREDENTIALS)
