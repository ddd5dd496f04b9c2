"""What Cryptex's simulator does with orders and with money."""

from decimal import Decimal

import pytest

from adapters.cryptex.tests.cryptex_desk import FAR, NEAR, Desk, content, refused

D = Decimal


def test_an_order_rests_and_is_shown() -> None:
    """In its own call and in the list, with numbers as numbers and its time as a calendar."""
    desk = Desk()
    number = desk.place()
    row = desk.info(number)
    assert row == {
        "order_id": number,
        "timestamp": 20180509164422,
        "pair": "BTC_USD",
        "type": "buy",
        "price": 30000,
        "amount": D("0.01"),
        "filled": 0,
        "status": 1,
    }
    assert desk.call("ActiveOrders") == [row]


def test_the_list_is_sorted_and_filtered_as_asked() -> None:
    desk = Desk()
    first, second = desk.place(), desk.place(pair="LTC_USD", price="90", amount="1")
    rows = [row["order_id"] for row in desk.call("ActiveOrders", order="ASC")]
    assert rows == [first, second]
    rows = [row["order_id"] for row in desk.call("ActiveOrders", order="DESC")]
    assert rows == [second, first]
    assert [row["order_id"] for row in desk.call("ActiveOrders", pair="LTC_USD")] == [second]


def test_a_cancel_is_done_when_it_is_answered() -> None:
    desk = Desk()
    number = desk.place()
    assert desk.call("CancelOrder", order_id=str(number))["order_id"] == number
    assert desk.ledgered()[0]["status"] == "CANCELED"
    assert desk.info(number)["status"] != 1
    assert desk.call("ActiveOrders") == []
    assert refused(desk.post("CancelOrder", order_id=str(number))) == "order is not active"


def test_a_fill_moves_money_and_is_listed_by_its_order() -> None:
    desk = Desk()
    before = desk.held("BTC"), desk.held("USD")
    number = desk.place(**NEAR)
    (row,) = desk.call("TradeHistory")
    assert (row["buy_order_id"], row["price"], row["amount"]) == (number, D("40000.01"), D("0.01"))
    assert row["sell_order_id"] not in (0, number)
    assert (row["type"], row["is_instant_buy"]) == ("buy", 1)
    assert desk.held("BTC") - before[0] == D("0.01")
    assert before[1] - desk.held("USD") == D("400.0001")
    assert desk.ledgered()[0]["status"] == "FILLED"
    assert desk.call("ActiveOrders") == []


def test_a_resting_order_fills_in_parts() -> None:
    """The parts sum up to `filled`, each with its own number."""
    desk = Desk()
    number = desk.place(price="39999.99", amount="0.04")
    while desk.ledgered()[0]["status"] == "OPEN":
        desk.wait(50)
    rows = desk.call("TradeHistory", order="ASC")
    assert len(rows) > 1
    assert {row["buy_order_id"] for row in rows} == {number}
    assert len({row["transaction_id"] for row in rows}) == len(rows)
    assert sum(row["amount"] for row in rows) == desk.info(number)["filled"] == D("0.04")


def test_open_orders_hold_money() -> None:
    """`with_reserves` counts it in; without a word it is left out."""
    desk = Desk()
    desk.place()
    held = {
        word: desk.call("Info", with_reserves=word)["balances"]["USD"]
        for word in ("0", "1", "TRUE", "FALSE", "YES", "NO")
    }
    assert held["0"] == held["FALSE"] == held["NO"] == D(10_000_000) - 300
    assert held["1"] == held["TRUE"] == held["YES"] == D(10_000_000)
    info = desk.call("Info")
    assert (info["balances"]["USD"], info["open_orders"]) == (held["0"], 1)


def test_two_orders_of_the_account_can_meet() -> None:
    """One row then bears both numbers, and no money moves."""
    desk = Desk()
    buy, sell = desk.place(), desk.place(type="sell", price="50000", amount="0.02")
    before = desk.held("BTC"), desk.held("USD")
    desk.venue.switch("cross", [buy, sell])
    (row,) = desk.call("TradeHistory")
    assert (row["buy_order_id"], row["sell_order_id"], row["amount"]) == (buy, sell, D("0.01"))
    assert (desk.held("BTC"), desk.held("USD")) == before
    assert [order["status"] for order in desk.ledgered()] == ["FILLED", "OPEN"]
    assert desk.info(sell)["filled"] == D("0.01")
    with pytest.raises(ValueError, match="open orders"):
        desk.venue.switch("cross", [buy, sell])


def test_the_list_of_trades_is_cut_to_a_period_and_a_count() -> None:
    desk = Desk()
    for _ in range(3):
        desk.place(**NEAR)
        desk.wait(1000)
    numbers = [row["transaction_id"] for row in desk.call("TradeHistory", order="ASC")]
    assert numbers == [1, 2, 3]
    second = desk.call("TradeHistory", order="ASC")[1]["timestamp"]
    rows = desk.call("TradeHistory", since=str(second), end=str(second))
    assert [row["transaction_id"] for row in rows] == [2]
    assert [r["transaction_id"] for r in desk.call("TradeHistory", count="1")] == [3]
    assert [r["transaction_id"] for r in desk.call("TradeHistory", pair="LTC_USD")] == []


def test_a_period_of_another_kind_finds_nothing_and_says_nothing() -> None:
    """Epoch seconds where the calendar is meant, and the other way round."""
    desk = Desk()
    desk.place(**NEAR)
    assert desk.call("TradeHistory", end=str(desk.now_ms // 1000)) == []
    desk.venue.switch("history_epoch", True)
    assert desk.call("TradeHistory", since="20180509164422") == []
    assert len(desk.call("TradeHistory", end=str(desk.now_ms // 1000))) == 1


def test_money_comes_in_over_an_address() -> None:
    desk = Desk()
    address = desk.call("GetNewAddress", currency="BTC")["address"]
    assert desk.call("GetNewAddress", currency="BTC")["address"] != address
    address = desk.call("GetNewAddress", currency="LTC")["address"]
    assert desk.call("DepositInfo", address=address)["amount"] == 0
    desk.venue.switch("deposit", {"currency": "LTC", "amount": D("2.5")})
    (row,) = desk.call("UnconfirmedTransactions")["LTC"]
    assert (row["address"], row["amount"], row["confirmations"]) == (address, D("2.5"), 0)
    assert desk.call("UnconfirmedTransactions", pair="BTC_USD") == {}
    assert desk.held("LTC") == 10_000
    desk.venue.switch("confirm", 3)
    assert desk.held("LTC") == D("10002.5")
    assert desk.call("UnconfirmedTransactions") == {}
    found = desk.call("DepositInfo", address=address)
    assert (found["amount"], found["confirmations"], found["txid"]) == (D("2.5"), 3, row["txid"])
    desk.venue.switch("confirm", 1)
    assert desk.held("LTC") == D("10002.5")


def test_money_goes_out() -> None:
    desk = Desk()
    assert desk.call("Withdraw", amount="2", address="1abc", currency="BTC") == "Opened"
    assert desk.held("BTC") == 98
    row = {"kind": "WITHDRAWAL", "asset": "BTC", "amount": "2", "address": "1abc"}
    assert desk.venue.ledger()["transfers"] == [row]


def test_a_coupon_is_money_once() -> None:
    desk = Desk()
    coupon = desk.call("CouponCreate", currency="USD", amount="100", recipient="bob")
    assert coupon["amount"] == "100"
    assert coupon["code"].startswith("CTX-USD-")
    assert desk.held("USD") == D(10_000_000) - 100
    assert desk.call("CouponRedeem", code=coupon["code"]) == {"amount": "100"}
    assert desk.held("USD") == D(10_000_000)
    assert refused(desk.post("CouponRedeem", code=coupon["code"])) == "no such coupon"
    assert coupon["code"] not in str(desk.venue.ledger())


def test_a_coupon_can_be_left_to_a_moderator() -> None:
    desk = Desk()
    desk.venue.switch("send_to_moderation", 1)
    answer = desk.call("CouponCreate", currency="USD", amount="100")
    assert answer == "send_to_moderation"
    assert desk.held("USD") == D(10_000_000) - 100


def test_public_pages_need_no_key() -> None:
    desk = Desk()
    desk.place(**NEAR)
    book = content(desk.public("btc_usd/orderbook"))
    assert book["asks"][0][0] > book["bids"][0][0]
    assert content(desk.public("btc_usd/ticker"))["last"] == D("40000.01")
    assert content(desk.public("ltc_usd/ticker"))["last"] == 100
    (trade,) = content(desk.public("btc_usd/trades"))
    assert trade == {
        "tid": 1,
        "price": D("40000.01"),
        "amount": D("0.01"),
        "date": desk.now_ms // 1000,
    }
    assert set(content(desk.public("tickers"))) == {"btc_usd", "ltc_usd", "btc_eur"}


def test_the_same_seed_gives_the_same_venue() -> None:
    def story(seed: int) -> object:
        desk = Desk(seed)
        desk.place(price="39999.99", amount="0.04")
        desk.wait(20_000)
        return desk.venue.ledger(), desk.call("GetNewAddress", currency="BTC")

    assert story(3) == story(3)
    assert story(3) != story(4)


def test_numbers_of_orders_increase() -> None:
    desk = Desk()
    numbers = [desk.place(**fields) for fields in (FAR, NEAR, FAR, NEAR)]
    assert numbers == sorted(set(numbers))
