"""What becomes of orders at BtcTurk's simulator."""

import json
from decimal import Decimal

import pytest

from adapters.btcturk.simulator.account import TAKER, TAX, fee_and_tax
from adapters.btcturk.simulator.desk import FIRST_NUMBER
from adapters.btcturk.tests.btcturk_desk import LAG_MS, NOW_MS, Desk, content, error
from adapters.matching import Trade

NEAR = {"price": "1200010", "quantity": "0.01"}


def test_a_resting_order_is_shown_in_every_list() -> None:
    desk = Desk()
    told = content(desk.post(newOrderClientId="abc"))["data"]
    assert told == {
        "id": FIRST_NUMBER,
        "datetime": NOW_MS,
        "type": "buy",
        "method": "limit",
        "price": "1000000.00",
        "stopPrice": "1000000.00",
        "quantity": "0.01",
        "pairSymbol": "BTCTRY",
        "pairSymbolNormalized": "BTC_TRY",
        "newOrderClientId": "abc",
    }
    row = desk.row(FIRST_NUMBER)
    assert row == {
        "id": FIRST_NUMBER,
        "price": "1000000.00",
        "amount": "0.01",
        "quantity": "0.01",
        "stopPrice": "0",
        "pairSymbol": "BTCTRY",
        "pairSymbolNormalized": "BTC_TRY",
        "type": "buy",
        "method": "limit",
        "orderClientId": "abc",
        "time": NOW_MS,
        "updateTime": NOW_MS,
        "status": "Untouched",
        "leftAmount": "0.01",
    }
    assert desk.get("/api/v1/allOrders", pairSymbol="BTC_TRY") == [row]
    listed = desk.get("/api/v1/openOrders")
    assert listed == {"asks": [], "bids": [{**row, "time": 0}]}
    assert desk.get("/api/v1/openOrders", pairSymbol="XRPTRY") == {"asks": [], "bids": []}


def test_rows_of_the_documents_age_have_fewer_fields() -> None:
    desk = Desk()
    desk.venue.switch("old_rows", True)
    number = desk.place()
    row = desk.row(number)
    assert {"stopPrice", "leftAmount", "pairSymbol"} & set(row) == set()
    assert (row["pairsymbol"], row["type"], row["method"]) == ("BTCTRY", "Buy", "Limit")
    assert desk.get("/api/v1/openOrders")["bids"] == [row]


def test_an_order_that_crosses_fills_before_the_answer_and_its_fills_come_later() -> None:
    desk = Desk()
    number = desk.place(**NEAR)
    row = desk.row(number)
    assert (row["status"], row["leftAmount"]) == ("Closed", "0")
    assert desk.fills(number) == []
    desk.wait(LAG_MS - 1)
    assert desk.fills(number) == []
    desk.wait(1)
    (fill,) = desk.fills(number)
    assert fill["orderId"] == number
    assert fill["orderClientId"] == "test"
    assert fill["id"] > 2**53
    assert (fill["price"], fill["amount"], fill["preciseAmount"]) == ("1200010", "0.01", "0.01")
    assert (fill["numeratorSymbol"], fill["denominatorSymbol"]) == ("BTC", "TRY")
    cost = Decimal(fill["fee"]) + Decimal(fill["tax"])
    assert abs(cost + Decimal("12000.10") * TAKER * (1 + TAX)) < Decimal("1E-15")


@pytest.mark.parametrize(
    ("qty", "px", "taker", "fee", "tax"),
    [
        ("0.003", "33700", False, "0.0685423626", "0.012337625268"),
        ("0.001", "33700", True, "0.0514067888", "0.009253221984"),
        ("2.09", "4.77", True, "0.0152074094832", "0.002737333706976"),
    ],
)
def test_the_fees_are_those_of_the_documents_samples(
    qty: str, px: str, taker: bool, fee: str, tax: str
) -> None:
    trade = Trade(1, "1", "BTC/TRY", "SELL", Decimal(qty), Decimal(px), 0, taker=taker)
    assert fee_and_tax(trade) == (Decimal(fee), Decimal(tax))


def test_fills_of_a_sale_are_negative_and_rounded() -> None:
    desk = Desk()
    number = desk.place(pairSymbol="XRP_TRY", orderType="sell", price="18.01", quantity="900.1234")
    for _ in range(60):
        desk.wait(1000)
    assert desk.row(number)["status"] == "Closed"
    rows = desk.fills(number)
    assert len(rows) > 1
    assert all(row["orderType"] == "sell" and Decimal(row["amount"]) < 0 for row in rows)
    assert all(Decimal(row["fee"]) < 0 and Decimal(row["tax"]) < 0 for row in rows)
    assert sum(Decimal(row["preciseAmount"]) for row in rows) == Decimal("-900.1234")
    assert any(row["amount"] != row["preciseAmount"] for row in rows)
    assert all(
        abs(Decimal(r["amount"]) - Decimal(r["preciseAmount"])) < Decimal("0.0001") for r in rows
    )


def test_money_moves_with_fills_and_fees() -> None:
    desk = Desk()
    before = desk.balance("TRY"), desk.balance("BTC")
    number = desk.place(**NEAR)
    notional = Decimal("12000.10")
    (row,) = desk.ledgered()
    assert row["order_id"] == str(number)
    assert Decimal(row["notional"]) == notional
    spent = before[0]["balance"] - desk.balance("TRY")["balance"]
    assert spent == notional + Decimal(row["fees"])
    assert desk.balance("BTC")["balance"] - before[1]["balance"] == Decimal("0.01")


def test_a_resting_buy_holds_its_cost_and_the_fee() -> None:
    """50 000 TRY worth of coins need 50 090."""
    desk = Desk()
    desk.place(price="1000000", quantity="0.05")
    held = desk.balance("TRY")
    assert held["locked"] == Decimal(50_090)
    assert held["free"] + held["locked"] == held["balance"]


def test_a_market_buy_is_sized_in_quote_units() -> None:
    desk = Desk()
    number = desk.place(orderMethod="market", quantity="12000.10", price=None, stopPrice=None)
    row = desk.row(number)
    assert (row["status"], row["amount"], row["leftAmount"]) == ("Closed", "12000.1", "0")
    assert Decimal(desk.ledgered()[0]["cum"]) == Decimal("0.01")


def test_a_market_sale_is_sized_in_base_units() -> None:
    desk = Desk()
    number = desk.place(orderMethod="market", orderType="sell", quantity="0.01", price="1")
    assert desk.row(number)["status"] == "Closed"
    assert desk.row(number)["price"] == "0.00"


def test_a_cancel_takes_its_time() -> None:
    desk = Desk()
    number = desk.place()
    assert content(desk.cancel(number)) == {"success": True, "message": "SUCCESS", "code": 0}
    assert desk.row(number)["status"] == "Untouched"
    desk.wait(300)
    assert desk.row(number)["status"] == "Canceled"
    assert desk.cancel(number).status == 200  # again, and it proves nothing
    assert desk.get("/api/v1/openOrders") == {"asks": [], "bids": []}


def test_an_order_may_fill_after_its_cancel_was_taken() -> None:
    desk = Desk()
    desk.venue.switch("cancel_delay_ms", 60_000)
    number = desk.place(price="1199990", quantity="0.001")
    assert desk.cancel(number).status == 200
    for _ in range(50):
        desk.wait(1000)
    assert desk.row(number)["status"] == "Closed"
    desk.wait(60_000)
    assert desk.row(number)["status"] == "Closed"
    assert error(desk.cancel(number)) == (400, "ORDER_COULD_NOT_BE_CANCELED", 1050)


@pytest.mark.parametrize("query", [{"id": 1}, {}, {"id": "abc"}, {"orderId": FIRST_NUMBER}])
def test_the_id_of_a_cancel_is_in_the_query(query: dict[str, object]) -> None:
    desk = Desk()
    desk.place()
    request = desk.request(
        "DELETE", "/api/v1/order", query, json.dumps({"id": FIRST_NUMBER}).encode()
    )
    assert error(desk.send(request)) == (400, "NO_ORDER_MATCHES_YOUR_REQUEST", 1051)


def test_an_order_without_a_client_id_gets_one() -> None:
    """Also one whose name is misspelt: fields that nobody knows are ignored."""
    desk = Desk()
    number = desk.place(newOrderClientId=None, newClientOrderId="mine")
    told = desk.row(number)["orderClientId"]
    assert len(told) == 36
    assert told != "mine"


@pytest.mark.parametrize(
    ("fields", "message", "code"),
    [
        ({"quantity": "0.000000001"}, "FAILED_INVALID_QUANTITY_SCALE", 1127),
        ({"price": "1000005"}, "FAILED_INVALID_PRICE_SCALE", 1126),
        ({"price": "12000010"}, "PRICE_MUST_BE_LESS_THAN_MAXPRICE", 1226),
        ({"price": "119990"}, "PRICE_MUST_BE_LESS_THAN_MINPRICE", 1227),
        ({"quantity": "0.00001"}, "FAILED_MIN_TOTAL_AMOUNT", 1123),
        ({"quantity": "99"}, "FAILED_ORDER_WITH_OPEN_ORDERS", 1122),
        ({"quantity": "101"}, "BALANCE_NOT_ENOUGH", 1055),
        ({"orderMethod": "iceberg"}, "ORDER_METHOD_NOT_SUPPORTED", 1134),
        ({"orderType": "short"}, "ORDER_TYPE_NOT_SUPPORTED", 1193),
        ({"pairSymbol": "DOGETRY"}, "PARAMETERS_ERROR", 0),
        ({"quantity": None}, "FAILED_ORDER_PARAMETER", 0),
        ({"quantity": 0}, "FAILED_ORDER_PARAMETER", 0),
        ({"quantity": True}, "FAILED_ORDER_PARAMETER", 0),
        ({"quantity": "-1"}, "FAILED_ORDER_PARAMETER", 0),
        ({"price": "1e6"}, "FAILED_ORDER_PARAMETER", 0),
        ({"price": None}, "FAILED_ORDER_PARAMETER", 0),
        ({"newOrderClientId": 7}, "FAILED_ORDER_PARAMETER", 0),
        ({"pairSymbol": 7}, "FAILED_ORDER_PARAMETER", 0),
        ({"orderMethod": "market", "quantity": "99"}, "FAILED_MIN_TOTAL_AMOUNT", 1123),
        ({"orderMethod": "stopLimit"}, "FAILED_ORDER_PARAMETER", 0),
    ],
)
def test_refusals(fields: dict[str, object], message: str, code: int) -> None:
    desk = Desk()
    if message == "FAILED_ORDER_WITH_OPEN_ORDERS":
        desk.place(quantity="5")
    count = len(desk.ledgered())
    assert error(desk.post(**fields)) == (400, message, code)
    assert len(desk.ledgered()) == count


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    desk = Desk()
    answer = desk.send(desk.request("POST", "/api/v1/order", body=body))
    assert error(answer) == (400, "FAILED_ORDER_PARAMETER", 0)


STOP = {"orderMethod": "stopLimit", "price": "1300000", "stopPrice": "1250000"}


def test_a_stop_order_that_triggers_becomes_a_new_order() -> None:
    desk = Desk()
    number = desk.place(**STOP, newOrderClientId="stop")
    desk.wait(1000)
    row = desk.row(number)
    assert (row["method"], row["status"], row["stopPrice"]) == ("stoplimit", "Untouched", "1250000")
    assert desk.balance("TRY")["locked"] > 0
    desk.venue.switch("trigger_stops", 1)
    desk.wait(50)
    assert desk.row(number)["status"] == "Canceled"
    child = desk.row(number + 1)
    assert (child["orderClientId"], child["method"]) == ("stop", "limit")
    assert child["status"] == "Closed"
    desk.wait(LAG_MS)
    assert [row["orderId"] for row in desk.fills(number + 1)] == [number + 1]
    assert desk.fills(number) == []
    assert desk.balance("TRY")["locked"] == 0


def test_a_stop_order_triggers_when_the_market_gets_there() -> None:
    """Somebody takes all levels up to the stop."""
    desk = Desk()
    number = desk.place(orderMethod="stopmarket", stopPrice="1200050", quantity="1000", price=None)
    desk.wait(100)
    assert desk.row(number)["status"] == "Untouched"
    desk.place(price="1200040", quantity="0.2")
    assert desk.row(number)["status"] == "Canceled"
    assert desk.row(number + 2)["method"] == "market"


@pytest.mark.parametrize(
    ("side", "stop", "message"),
    [
        ("buy", "1200000", "FAILED_STOP_PRICE_LESS_THAN_BEST_BID"),
        ("sell", "1200000", "FAILED_STOP_PRICE_GREATER_THAN_BEST_ASK"),
        ("buy", "1250005", "FAILED_INVALID_STOP_PRICE_SCALE"),
    ],
)
def test_a_stop_price_is_ahead_of_the_market(side: str, stop: str, message: str) -> None:
    desk = Desk()
    fields = {**STOP, "orderType": side, "stopPrice": stop}
    assert error(desk.post(**fields))[1] == message


def test_a_waiting_stop_order_can_be_cancelled() -> None:
    desk = Desk()
    number = desk.place(**STOP)
    desk.cancel(number)
    desk.wait(300)
    assert desk.row(number)["status"] == "Canceled"
    desk.venue.switch("trigger_stops", 1)
    desk.wait(50)
    assert len(desk.ledgered()) == 1


def test_an_order_that_nobody_has() -> None:
    desk = Desk()
    answer = desk.send(desk.request("GET", "/api/v1/order/1"))
    assert error(answer) == (400, "Order not found", 1152)


def test_pages_of_all_orders() -> None:
    desk = Desk()
    numbers = []
    for _ in range(5):
        numbers.append(desk.place())
        desk.wait(200)
    desk.place(pairSymbol="XRP_TRY", price="15", quantity="100")

    def asked(**query: object) -> list[int]:
        return [r["id"] for r in desk.get("/api/v1/allOrders", pairSymbol="BTCTRY", **query)]

    newest = numbers[::-1]
    assert asked() == newest
    assert asked(limit=2) == newest[:2]
    assert asked(limit=2, page=3) == newest[4:]
    assert asked(orderId=numbers[3]) == newest[:2]
    assert asked(startTime=NOW_MS + 400) == newest[:3]
    assert asked(startTime=(NOW_MS + 400) // 1000) == newest  # seconds are long ago
    assert asked(endTime=NOW_MS) == newest[4:]
    for query in ({}, {"pairSymbol": "BTCTRY", "page": 0}, {"pairSymbol": "BTCTRY", "limit": "x"}):
        answer = desk.send(desk.request("GET", "/api/v1/allOrders", query))
        assert error(answer)[1] == "PARAMETERS_ERROR"
