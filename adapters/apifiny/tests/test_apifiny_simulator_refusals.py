"""What the simulator's REST side turns down, its lists, its limit, and its troubles."""

from decimal import Decimal

import pytest

from adapters.apifiny.tests.apifiny_desk import (
    ACCOUNT,
    LIMIT,
    START_MS,
    TAKES_ALL,
    Desk,
    code,
    parsed,
)

DAY_MS = 86_400_000


@pytest.fixture
def desk() -> Desk:
    """Return a client of a fresh simulator."""
    return Desk()


@pytest.mark.parametrize(
    ("order_id", "expected"),
    [
        (f"00000001{START_MS}123", None),
        (f"0000000112345678{START_MS}123", None),
        (f"00000001{START_MS + 300_000}123", None),
        (f"00000002{START_MS}123", 327978),
        (f"SDK_00000001{START_MS}123", 327978),
        (f"00000001 {START_MS}123", 327978),
        (f"00000001{START_MS}12x", 327978),
        ("0000000112345", 327978),
        (f"00000001{'0' * 41}{START_MS}123", 327978),
        (f"00000001{'0' * 40}{START_MS}123", None),
        (f"00000001{START_MS - 300_001}123", 327834),
        (f"00000001{START_MS + 300_001}123", 327834),
    ],
)
def test_an_order_id_keeps_the_rule_or_is_refused(
    desk: Desk, order_id: str, expected: int | None
) -> None:
    answer = desk.order(order_id=order_id)
    if expected is None:
        assert answer["result"][0]["orderId"] == order_id
    else:
        assert code(answer) == expected


def test_an_order_without_an_id_gets_one_that_keeps_the_rule(desk: Desk) -> None:
    order_id = desk.order(order_id="")["result"][0]["orderId"]
    assert len(order_id) == 32
    assert order_id.startswith("00000001")
    assert order_id[-16:-3] == str(START_MS)
    assert code(desk.order(order_id=order_id)) == 327722


def test_an_id_is_used_up_for_every_exchange_even_by_an_order_that_has_ended(desk: Desk) -> None:
    order_id = desk.working(TAKES_ALL | {"timeInForce": 3})
    elsewhere = {"venue": "COINBASEPRO", "orderId": order_id, "orderInfo": LIMIT}
    assert code(desk.post("COINBASEPRO/order/newOrder", **elsewhere)) == 327722


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"symbol": "BTCEUR"}, 262202),
        ({"orderSide": "SHORT"}, 327786),
        ({"orderType": "STOP"}, 65562),
        ({"timeInForce": 2}, 65562),
        ({"timeInForce": "1"}, 65562),
        ({"timeInForce": None}, 65562),
        ({"limitPrice": "39000.001"}, 65562),
        ({"limitPrice": "0"}, 65562),
        ({"limitPrice": "400000.01"}, 65562),
        ({"limitPrice": "3.9E4"}, 65562),
        ({"limitPrice": "-39000"}, 65562),
        ({"limitPrice": 39000}, 65562),
        ({"limitPrice": 39000.5}, 65562),
        ({"limitPrice": None}, 65562),
        ({"quantity": "0.00015"}, 65562),
        ({"quantity": "0"}, 65562),
        ({"quantity": "1000.0001", "limitPrice": "1.00"}, 65562),
        ({"quantity": None}, 65562),
        ({"total": "100"}, 65562),
        ({"limitPrice": "1.00", "quantity": "0.9999"}, 65562),
        ({"limitPrice": "40000", "quantity": "25.0001"}, 65562),
        ({"orderSide": "SELL", "quantity": "1000.0000", "limitPrice": "999.99"}, None),
        ({"orderSide": "SELL", "quantity": "0.0010", "limitPrice": "400000"}, None),
    ],
)
def test_what_an_order_says_is_checked(
    desk: Desk, changed: dict[str, object], expected: int | None
) -> None:
    answer = desk.order(LIMIT | changed)
    if expected is None:
        assert answer["error"] is None
    else:
        assert code(answer) == expected
        assert desk.sim.ledger()["orders"] == []


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"orderSide": "BUY", "quantity": "0.01"}, 65562),
        ({"orderSide": "BUY", "total": "0.99"}, 65562),
        ({"orderSide": "BUY", "total": "100", "limitPrice": "40000"}, 65562),
        ({"orderSide": "SELL", "total": "100"}, 65562),
        ({"orderSide": "SELL", "quantity": "0.01", "timeInForce": 7}, 65562),
    ],
)
def test_a_market_order_says_what_its_side_needs(
    desk: Desk, info: dict[str, object], expected: int
) -> None:
    market = {"symbol": "BTCUSDT", "orderType": "MARKET"}
    assert code(desk.order(market | info)) == expected


def test_a_market_buy_holds_its_total_and_the_commission_on_it(desk: Desk) -> None:
    info: dict[str, object] = {"symbol": "BTCUSDT", "orderType": "MARKET"}
    desk.order(info | {"orderSide": "BUY", "total": "1000"})
    usdt = desk.get("BINANCE/asset/listBalance", venue="BINANCE")["result"][2]
    assert usdt["frozen"] == Decimal(1003)


def test_an_exchange_outside_the_six_takes_no_market_orders(desk: Desk) -> None:
    info = {"symbol": "BTCUSDT", "orderType": "MARKET", "orderSide": "SELL", "quantity": "1"}
    asked = {"venue": "GBBO", "orderId": desk.new_id(), "orderInfo": info}
    assert code(desk.post("GBBO/order/newOrder", **asked)) == 65562


def test_an_order_beyond_what_is_available_is_refused_and_holds_nothing(desk: Desk) -> None:
    sale = LIMIT | {"orderSide": "SELL", "quantity": "600.0000", "limitPrice": "1000"}
    desk.working(sale)  # the standing book takes 1 of the 600
    assert code(desk.order(sale)) == 393242
    btc = desk.get("BINANCE/asset/listBalance", venue="BINANCE")["result"][0]
    assert (btc["frozen"], btc["available"]) == (Decimal(599), Decimal(400))


def test_account_and_exchange_have_to_fit(desk: Desk) -> None:
    path = "asset/listBalance"
    assert code(desk.get(f"BINANCE/{path}", accountId="STA-00000002")) == 131115
    assert code(desk.get(f"BINANCE/{path}", venue="COINBASEPRO")) == 131130
    assert code(desk.get(f"NOWHERE/{path}", venue="NOWHERE")) == 327741
    assert code(desk.get(path, venue="NOWHERE")) == 327741
    assert code(desk.get(path)) == 65562
    on_host = desk.get(path, venue="COINBASEPRO")["result"]
    assert {row["venue"] for row in on_host} == {"COINBASEPRO"}
    assert desk.get(f"COINBASEPRO/{path}")["result"] == on_host


def test_an_order_is_found_at_its_own_exchange_only(desk: Desk) -> None:
    order_id = desk.working()
    asked = {"venue": "COINBASEPRO", "orderId": order_id}
    assert code(desk.get("COINBASEPRO/order/queryOrderInfo", **asked)) == 327738
    assert code(desk.post("COINBASEPRO/order/cancelOrder", **asked)) == 327738
    assert desk.query(order_id)["orderStatus"] == "SUBMITTED"


@pytest.mark.parametrize("body", ["", "[]", "{", "null", "\xff"])
def test_a_body_that_is_no_object_is_refused(desk: Desk, body: str) -> None:
    answer = parsed(desk.send("POST", "BINANCE/order/newOrder", body))
    assert code(answer) == 65562


def test_cancel_all_is_best_effort_and_names_what_it_cancelled(desk: Desk) -> None:
    bitcoin = desk.working()
    ether = desk.working(LIMIT | {"symbol": "ETHUSDT", "limitPrice": "2000", "quantity": "1"})
    pending = desk.order()["result"][0]["orderId"]
    path = "BINANCE/order/cancelAccountVenueAllOrder"
    assert desk.post(path, symbol="ETHUSDT")["result"] == [ether]
    assert desk.post(path)["result"] == [bitcoin]
    assert desk.query(pending)["orderStatus"] == "PENDING_SUBMIT"
    assert code(desk.post(path, symbol="BTCEUR")) == 262202


def test_two_lists_are_bare_as_in_the_document_until_switched(desk: Desk) -> None:
    one, other = desk.working(), desk.working()
    ids = f"{one},{other},unknown"
    rows = desk.get("BINANCE/order/listMultipleOrderInfo", orderIdList=ids)
    assert [row["orderId"] for row in rows] == [one, other]
    desk.post("BINANCE/order/cancelOrder", orderId=one)
    assert [row["orderId"] for row in desk.get("BINANCE/order/listCompletedOrder")] == [one]
    desk.sim.switch("envelope_lists", True)
    answer = desk.get("BINANCE/order/listCompletedOrder")
    assert (answer["error"], answer["result"][0]["orderId"]) == (None, one)
    nothing = desk.get("BINANCE/order/listMultipleOrderInfo", orderIdList="unknown")
    assert code(nothing) == 327738
    too_many = ",".join(["x"] * 501)
    assert code(desk.get("order/listMultipleOrderInfo", orderIdList=too_many)) == 65562


def test_open_orders_are_the_pending_and_the_submitted_ones(desk: Desk) -> None:
    working = desk.working()
    desk.working(TAKES_ALL)
    pending = desk.order()["result"][0]["orderId"]
    rows = desk.get("order/listOpenOrder", venue="BINANCE")["result"]
    assert [(row["orderId"], row["orderStatus"]) for row in rows] == [
        (working, "SUBMITTED"),
        (pending, "PENDING_SUBMIT"),
    ]


def test_completed_orders_are_listed_by_exchange_status_and_time(desk: Desk) -> None:
    path = "BINANCE/order/listCompletedOrder"
    filled = desk.working(TAKES_ALL)
    cancelled = desk.working(LIMIT | {"timeInForce": 3})
    last_ms = desk.now_ms

    def ids(**asked: str) -> list[str]:
        return [row["orderId"] for row in desk.get(path, **asked)]

    assert ids(venue="BINANCE", orderStatus="") == [filled, cancelled]
    assert ids(venue="GBBO", orderStatus="FILLED") == [filled]
    assert ids(limit="1") == [filled]
    assert ids(startTime=str(last_ms), endTime=str(last_ms)) == [cancelled]
    assert ids(endTime=str(last_ms - 1)) == [filled]
    desk.now_ms += DAY_MS + 20
    assert ids() == []
    assert ids(startTime=str(last_ms)) == [cancelled]
    desk.now_ms += 90 * DAY_MS
    assert ids(startTime="0", endTime=str(desk.now_ms)) == []


@pytest.mark.parametrize(
    "asked",
    [{"limit": "1001"}, {"limit": "0"}, {"startTime": "now"}, {"orderStatus": "REJECTED"}],
)
def test_a_list_asked_for_wrongly_is_refused(desk: Desk, asked: dict[str, str]) -> None:
    assert code(desk.get("BINANCE/order/listCompletedOrder", **asked)) == 65562


@pytest.mark.parametrize(("speed", "allowed"), [(1, 20), (10, 200)])
def test_twenty_requests_a_second_are_answered_and_no_more(speed: int, allowed: int) -> None:
    desk = Desk(speed)
    answers = [desk.get("BINANCE/asset/listBalance") for _ in range(allowed + 1)]
    assert all(answer["error"] is None for answer in answers[:-1])
    assert code(answers[-1]) == 131114
    assert answers[-1]["error"]["message"] == "rate limit is exceeded"
    assert desk.get("BINANCE/utils/currentTimeMillis")["error"] is None
    desk.now_ms += 1000
    assert desk.get("BINANCE/asset/listBalance")["error"] is None
    assert desk.sim.ledger()["throttled"] == 1


def test_a_lost_reply_is_of_an_order_that_was_taken(desk: Desk) -> None:
    desk.sim.switch("lose_reply", 1)
    order_id = desk.new_id()
    body = f'{{"accountId":"{ACCOUNT}","venue":"BINANCE","orderId":"{order_id}","orderInfo":'
    body += '{"symbol":"BTCUSDT","orderType":"LIMIT","timeInForce":1,"orderSide":"BUY",'
    body += '"limitPrice":"39000","quantity":"0.01"}}'
    lost = desk.send("POST", "BINANCE/order/newOrder", body)
    assert (lost.drop, lost.body) == (True, b"")
    assert desk.query(order_id)["orderStatus"] == "PENDING_SUBMIT"
    assert code(desk.order(order_id=order_id)) == 327722


def test_a_server_error_is_of_an_order_that_was_not_taken(desk: Desk) -> None:
    desk.sim.switch("server_error", 1)
    assert desk.send("POST", "BINANCE/order/newOrder", "{}").status == 500
    assert desk.sim.ledger()["orders"] == []
    assert desk.order()["error"] is None


def test_a_venue_that_is_down_answers_502_until_it_is_up(desk: Desk) -> None:
    desk.sim.switch("rest_down", True)
    assert desk.send("GET", "BINANCE/utils/currentTimeMillis", "").status == 502
    desk.sim.switch("rest_down", False)
    assert desk.send("GET", "BINANCE/utils/currentTimeMillis", "").status == 200


def test_a_switch_that_does_not_exist_or_makes_no_sense_is_refused(desk: Desk) -> None:
    with pytest.raises(KeyError, match="lose_everything"):
        desk.sim.switch("lose_everything", 1)
    with pytest.raises(ValueError, match="lose_new"):
        desk.sim.switch("lose_new", None)


def test_the_ledger_says_every_order_in_words_that_all_simulators_share(desk: Desk) -> None:
    order_id = desk.working(TAKES_ALL | {"timeInForce": 3, "limitPrice": "40000.01"})
    ledger = desk.sim.ledger()
    assert ledger["orders"] == [
        {
            "order_id": order_id,
            "client_id": order_id,
            "venue": "BINANCE",
            "symbol": "BTC/USDT",
            "side": "BUY",
            "qty": "0.0800",
            "price": "40000.01",
            "cum": "0.05",
            "notional": "2000.0005",
            "status": "CANCELED",
            "venue_status": "PART_FILLED",
            "fees": {"USDT": "6.0000015"},
        }
    ]
    assert ledger["requests"] == 2


def test_what_a_call_needs_has_to_be_there(desk: Desk) -> None:
    assert code(desk.post("BINANCE/order/newOrder", orderId=desk.new_id())) == 65562
    assert code(desk.post("BINANCE/order/cancelOrder")) == 65562
    assert code(desk.post("BINANCE/order/cancelAccountVenueAllOrder", symbol=1)) == 65562
    path = "BINANCE/order/getCommissionRate"
    assert code(desk.get(path, symbol="BTCEUR")) == 262202
