"""The troubles that leave the outcome of a FIX order unknown, and what REST shows of it then."""

import json
from decimal import Decimal
from typing import Any

import jwt
import pytest

from adapters.apifiny.simulator.tokens import digest
from adapters.apifiny.tests.apifiny_desk import ACCOUNT, KEY_ID, SECRET, parsed
from adapters.apifiny.tests.apifiny_fix_desk import FixDesk, by_tag, events, logged_on
from adapters.simserver import SimRequest


def by_rest(desk: FixDesk, path: str, order_id: str) -> Any:
    """Ask the same simulator by REST: queryOrderInfo, or cancelOrder."""
    asked = {"accountId": ACCOUNT, "venue": "BINANCE", "orderId": order_id}
    posted = path == "cancelOrder"
    content = json.dumps(asked) if posted else "&".join(f"{k}={v}" for k, v in asked.items())
    claims = {
        "accountId": ACCOUNT,
        "secretKeyId": KEY_ID,
        "digest": digest(content.encode()),
        "exp": desk.now_ms // 1000 + 10,
    }
    headers = {"signature": jwt.encode(claims, SECRET)}
    query, body = ("", content.encode()) if posted else (content, b"")
    method = "POST" if posted else "GET"
    request = SimRequest(method, f"/ac/v2/BINANCE/order/{path}", query, headers, body)
    answer = parsed(desk.sim.handle(request, desk.now_ms))
    return answer["result"][0] if answer["result"] else answer["error"]["code"]


def come_back(desk: FixDesk) -> list[dict[int, str]]:
    """Connect and log on again; returns what the venue tells of its own accord."""
    desk.connect()
    assert [message[35] for message in by_tag(desk.log_on())] == ["A"]
    return desk.pass_ms(0)


def test_both_sides_work_on_the_same_order() -> None:
    desk = logged_on()
    order_id = desk.new_id()
    desk.order(order_id, t44="40000.01")
    shown = by_rest(desk, "queryOrderInfo", order_id)
    assert (shown["orderStatus"], shown["filledCumulativeQuantity"]) == (
        "SUBMITTED",
        Decimal("0.05"),
    )
    assert by_rest(desk, "cancelOrder", order_id)["orderStatus"] == "PART_FILLED"
    (told,) = desk.pass_ms(0)
    assert (told[150], told[39]) == ("4", "4")


def test_an_order_placed_by_rest_is_not_told_of_on_fix_but_can_be_asked_for() -> None:
    desk = logged_on()
    order_id = desk.new_id()
    info = {"symbol": "BTCUSDT", "orderType": "LIMIT", "timeInForce": 1, "orderSide": "BUY"}
    amounts = {"limitPrice": "40001.00", "quantity": "0.0800"}
    body = {"accountId": ACCOUNT, "venue": "BINANCE", "orderId": order_id}
    content = json.dumps(body | {"orderInfo": info | amounts}).encode()
    claims = {"accountId": ACCOUNT, "secretKeyId": KEY_ID, "digest": digest(content)}
    signed = jwt.encode(claims | {"exp": desk.now_ms // 1000 + 10}, SECRET)
    path = "/ac/v2/BINANCE/order/newOrder"
    desk.sim.handle(SimRequest("POST", path, "", {"signature": signed}, content), desk.now_ms)
    assert desk.about("H", order_id)[0][150] == "A"
    assert desk.about("F", order_id)[0][39] == "A"
    assert desk.pass_ms(20) == []
    assert desk.about("H", order_id)[0][150] == "2"


def test_a_lost_acknowledgement_is_of_an_order_that_works() -> None:
    desk = logged_on()
    desk.sim.switch("lose_new_ack", 1)
    order_id = desk.new_id()
    assert desk.order(order_id) == []
    assert desk.session.closed
    assert come_back(desk) == []
    (status,) = desk.about("H", order_id)
    assert (status[150], status[11]) == ("0", order_id)
    assert by_rest(desk, "queryOrderInfo", order_id)["orderStatus"] == "SUBMITTED"


def test_a_lost_order_is_unknown_to_both_sides() -> None:
    desk = logged_on()
    desk.sim.switch("lose_new", 1)
    order_id = desk.new_id()
    assert desk.order(order_id) == []
    assert desk.session.closed
    come_back(desk)
    assert desk.about("H", order_id)[0][39] == "8"
    assert by_rest(desk, "queryOrderInfo", order_id) == 327738
    assert desk.order(order_id)[0][150] == "0"


def test_fills_that_nobody_was_there_to_hear_are_never_told() -> None:
    desk = logged_on()
    desk.pass_ms(0)
    order_id = desk.new_id()
    desk.order(order_id, t44="39999.99")
    desk.sim.switch("cut_fix", True)
    assert desk.pass_ms(20_000) == []
    assert desk.sim.exchange.outbox == []
    assert come_back(desk) == []
    (status,) = desk.about("H", order_id)
    assert (status[150], status[32]) == ("2", "0")
    shown = by_rest(desk, "queryOrderInfo", order_id)
    assert shown["filledCumulativeQuantity"] == Decimal("0.0800")


def test_a_fill_between_two_ticks_of_two_connections_is_not_told_to_the_second() -> None:
    desk = logged_on()
    desk.pass_ms(0)
    desk.order(t44="39999.99")
    desk.now_ms += 20_000
    desk.sim.advance(desk.now_ms)
    assert come_back(desk) == []


def test_a_refused_order_can_be_sent_again() -> None:
    desk = logged_on()
    desk.sim.switch("refuse", 1)
    order_id = desk.new_id()
    (report,) = desk.order(order_id)
    assert (report[150], report[58]) == (
        "8",
        "65562: general request error, please check if the parameters in request are correct."
        " refused",
    )
    assert desk.order(order_id)[0][150] == "0"


def test_a_rejected_cancel_leaves_the_order_working() -> None:
    desk = logged_on()
    desk.sim.switch("reject_cancel", 1)
    order_id = desk.new_id()
    desk.order(order_id)
    (reject,) = desk.about("F", order_id)
    assert (reject[35], reject[39]) == ("9", "0")
    assert desk.about("F", order_id)[0][150] == "4"


def test_a_lost_fill_happened_and_is_missing_among_the_reports() -> None:
    desk = logged_on()
    desk.sim.switch("lose_fill", 1)
    order_id = desk.new_id()
    reports = desk.order(order_id, t44="40001.00")
    assert events(reports) == [("0", "0", "40001.00"), ("2", "0.0300", "40000.02")]
    shown = by_rest(desk, "queryOrderInfo", order_id)
    assert shown["filledCumulativeQuantity"] == Decimal("0.0800")


def test_a_duplicate_report_has_the_same_17_and_a_number_of_its_own() -> None:
    desk = logged_on()
    desk.sim.switch("duplicate_report", 2)
    ack, again, fill, fill_again, last = desk.order(t44="40001.00")
    assert ack[17] == again[17]
    assert fill[17] == fill_again[17]
    assert last[17] not in {ack[17], fill[17]}
    assert [int(m[34]) for m in (ack, again, fill, fill_again, last)] == [2, 3, 4, 5, 6]


def test_a_fill_can_come_before_its_acknowledgement() -> None:
    desk = logged_on()
    desk.sim.switch("fill_before_ack", 1)
    fill, ack, last = desk.order(t44="40001.00")
    assert [fill[150], ack[150], last[150]] == ["1", "0", "2"]
    assert 11 not in fill
    assert 11 in ack
    assert [report[150] for report in desk.order(t44="39000.00")] == ["0"]


def test_a_held_acknowledgement_is_not_told_to_the_next_connection() -> None:
    desk = logged_on()
    desk.sim.switch("fill_before_ack", 1)
    order_id = desk.new_id()
    assert desk.order(order_id) == []
    desk.sim.switch("cut_fix", True)
    come_back(desk)
    assert [report[150] for report in desk.about("F", order_id)] == ["4"]


def test_a_slow_acknowledgement_comes_in_its_time_and_the_order_cannot_be_cancelled_before() -> (
    None
):
    desk = logged_on()
    desk.sim.switch("slow_ack_ms", 500)
    order_id = desk.new_id()
    assert desk.order(order_id) == []
    (status,) = desk.about("H", order_id)
    assert (status[150], status[39]) == ("A", "A")
    (reject,) = desk.about("F", order_id)
    assert (reject[39], reject[58].split(":")[0]) == ("A", "328026")
    assert desk.pass_ms(499) == []
    (ack,) = desk.pass_ms(1)
    assert (ack[150], ack[11]) == ("0", order_id)


def test_a_slow_acknowledgement_comes_by_the_sessions_tick_alone() -> None:
    desk = logged_on()
    desk.sim.switch("slow_ack_ms", 500)
    assert desk.order() == []
    assert [m[150] for m in by_tag(desk.session.tick(desk.now_ms + 500))] == ["0"]


def test_a_silent_gateway_catches_up_when_it_wakes() -> None:
    desk = logged_on()
    desk.sim.switch("silent", True)
    assert desk.order(t44="40001.00") == []
    assert desk.send("1", (112, "x")) == []
    assert desk.pass_ms(1_000) == []
    assert desk.sim.ledger()["orders"] == []
    desk.sim.switch("silent", False)
    assert [message[35] for message in desk.pass_ms(0)] == ["8", "8", "8", "0"]


def test_a_silent_gateway_tells_late_of_fills_that_happened_meanwhile() -> None:
    desk = logged_on()
    desk.pass_ms(0)
    desk.order(t44="39999.99")
    desk.sim.switch("silent", True)
    assert desk.pass_ms(20_000) == []
    desk.sim.switch("silent", False)
    told = [message for message in desk.pass_ms(0) if message[35] == "8"]
    assert told[-1][150] == "2"
    assert sum(Decimal(report[32]) for report in told) == Decimal("0.0800")


def test_what_a_silent_gateway_was_sent_dies_with_the_connection() -> None:
    desk = logged_on()
    desk.sim.switch("silent", True)
    desk.order()
    desk.session.close()
    desk.sim.switch("silent", False)
    come_back(desk)
    assert desk.sim.ledger()["orders"] == []


@pytest.mark.parametrize("name", ["refuse", "lose_new", "lose_new_ack", "lose_fill"])
def test_a_count_is_used_up(name: str) -> None:
    desk = logged_on()
    desk.sim.switch(name, 1)
    desk.order(t44="40000.01")
    if desk.session.closed:
        come_back(desk)
    assert [report[150] for report in desk.order(t44="40000.02", t59="3")][:2] == ["0", "1"]
