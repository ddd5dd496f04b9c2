"""Each trouble of Bitexbit's simulator does what its table says, so often as it was told."""

import json

import pytest

from adapters.bitexbit.tests.bitexbit_desk import FAR, NEAR, Desk, content, refusal
from adapters.simserver import SimResponse


def place(desk: Desk) -> SimResponse:
    return desk.post("order/", FAR)


def test_a_lost_reply_is_of_a_request_that_was_executed() -> None:
    desk = Desk()
    desk.venue.switch("lose_reply", 1)
    assert place(desk).drop
    assert len(desk.get("orders/own/")) == 1
    assert not place(desk).drop


def test_a_lost_request_is_not_executed() -> None:
    desk = Desk()
    desk.venue.switch("lose_request", 1)
    assert place(desk).drop
    assert desk.get("orders/own/") == []


@pytest.mark.parametrize(
    ("name", "status", "orders"),
    [("server_error", 500, 1), ("overload", 502, 0), ("refuse", 400, 0)],
)
def test_errors_before_and_after(name: str, status: int, orders: int) -> None:
    desk = Desk()
    desk.venue.switch(name, 1)
    assert refusal(place(desk))[0] == status
    assert len(desk.get("orders/own/")) == orders
    assert place(desk).status == 200


def test_an_aim_spares_the_other_kind() -> None:
    desk = Desk()
    desk.venue.switch("refuse", {"n": 1, "on": "cancel"})
    order_id = desk.place()["oid"]
    assert desk.post("order-cancel/", {"order": order_id}).status == 400
    assert desk.post("order-cancel/", {"order": order_id}).status == 200


def test_an_answer_can_say_that_it_was_no_success() -> None:
    desk = Desk()
    desk.venue.switch("unsuccessful", 1)
    assert content(place(desk)) == {"success": False}
    assert desk.get("orders/own/") == []


def test_throttled_barred_and_sent_elsewhere() -> None:
    desk = Desk()
    desk.venue.switch("throttle", 1)
    assert desk.send(desk.request("pairs/")).status == 429
    desk.venue.switch("bar", 1)
    assert desk.send(desk.request("wallets/")).status == 401
    desk.venue.switch("redirect", 1)
    moved = desk.send(desk.request("wallets/"))
    assert (moved.status, moved.headers["Location"]) == (
        302,
        "https://www.bitexbit.com/api/v1/wallets/",
    )
    assert desk.send(desk.request("wallets/")).status == 200


@pytest.mark.parametrize("name", ["garble", "html", "empty"])
def test_answers_that_are_not_json(name: str) -> None:
    desk = Desk()
    desk.venue.switch(name, 1)
    with pytest.raises(json.JSONDecodeError):
        json.loads(desk.send(desk.request("pairs/")).body)
    assert desk.get("pairs/")


def test_an_answer_about_another_order() -> None:
    desk = Desk()
    order_id = desk.place()["oid"]
    desk.venue.switch("wrong_order", 1)
    assert desk.get(f"order/{order_id}/")["id"] == order_id + 1


def test_slow_answers() -> None:
    desk = Desk()
    desk.venue.switch("slow_s", 2)
    assert desk.send(desk.request("pairs/")).delay_s == 2


def test_orders_that_are_listed_late() -> None:
    desk = Desk()
    desk.venue.switch("hide_orders_ms", 500)
    desk.place()
    assert desk.get("orders/own/") == []
    desk.wait(500)
    assert len(desk.get("orders/own/")) == 1


def test_trades_that_are_shown_after_the_end() -> None:
    """Done in the list, and neither exchange nor event yet."""
    desk = Desk()
    client = desk.listen()
    order_id = desk.place()["oid"]
    desk.heard(client)
    desk.venue.switch("delay_trades", 1_000)
    desk.venue.switch("fill", {"order": order_id, "amount": "0.01"})
    assert desk.get(f"order/{order_id}/")["status"] == "3"
    assert desk.get("exchanges/own/") == []
    assert desk.heard(client) == []
    desk.wait(1_000)
    (row,) = desk.get("exchanges/own/")
    ((_, event),) = desk.heard(client)
    assert event["trades"][0]["tid"] == row["id"]


def test_a_clock_that_is_wrong() -> None:
    desk = Desk()
    desk.venue.switch("skew_clock", -10_000)
    assert desk.place()["date"] == "1525884252.811"
    desk.place(**{**NEAR, "price": "40000.001"})
    (row,) = desk.get("exchanges/own/")
    assert row["timestamp"] == "1525884252.811"


def test_an_order_that_was_entered_another_way() -> None:
    desk = Desk()
    desk.venue.switch("outside", FAR)
    assert len(desk.get("orders/own/")) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lose_reply", -1),
        ("lose_reply", "1"),
        ("lose_reply", {"n": 1, "on": "withdrawal"}),
        ("slow_s", -1),
        ("slow_s", True),
        ("poison_nonce", "far"),
        ("socketio_generation", 2),
        ("ping_ms", {"interval": 1}),
        ("ping_ms", 5),
        ("fill", {"order": 1, "amount": "1"}),
        ("fill", {"order": 1, "amount": "much"}),
        ("outside", {**FAR, "pair": "BTC_EUR"}),
        ("outside", {**FAR, "amount": "0"}),
        ("others", {**FAR, "price": "none"}),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        Desk().venue.switch(name, value)


def test_an_unknown_trouble_is_refused() -> None:
    with pytest.raises(KeyError):
        Desk().venue.switch("earthquake", 1)
