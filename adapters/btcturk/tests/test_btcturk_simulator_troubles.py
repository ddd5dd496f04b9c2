"""The troubles that BtcTurk's simulator can be switched to."""

import json

import pytest

from adapters.btcturk.simulator.troubles import COUNTED, FLAGS, ON_ORDERS, SPANS
from adapters.btcturk.tests.btcturk_desk import LAG_MS, Desk, error


def test_a_lost_reply_is_an_order_all_the_same() -> None:
    desk = Desk()
    desk.venue.switch("lose_reply", 1)
    assert desk.post().drop
    assert len(desk.ledgered()) == 1


def test_a_lost_request_never_was() -> None:
    desk = Desk()
    desk.venue.switch("lose_request", 1)
    assert desk.post().drop
    assert desk.ledgered() == []


@pytest.mark.parametrize(("name", "status"), [("server_error", 500), ("gateway_timeout", 504)])
def test_an_error_of_the_server_may_have_been_executed(name: str, status: int) -> None:
    desk = Desk()
    desk.venue.switch(name, 1)
    answer = desk.post()
    assert answer.status == status
    assert (b"<html" in answer.body) == (status == 504)
    assert len(desk.ledgered()) == 1


def test_refusals() -> None:
    desk = Desk()
    desk.venue.switch("refuse", 1)
    assert error(desk.post())[1] == "BALANCE_NOT_ENOUGH"
    number = desk.place()
    desk.venue.switch("refuse", {"n": 1, "on": "cancel"})
    assert error(desk.cancel(number))[1] == "ORDER_COULD_NOT_BE_CANCELED"
    desk.venue.switch("block_cancel", 1)
    assert error(desk.cancel(number))[1] == "ORDER_CANCEL_BLOCKED"
    assert desk.cancel(number).status == 200


def test_a_cancel_whose_reply_is_lost() -> None:
    desk = Desk()
    number = desk.place()
    desk.venue.switch("lose_reply", {"n": 1, "on": "cancel"})
    assert desk.cancel(number).drop
    desk.wait(300)
    assert desk.row(number)["status"] == "Canceled"


def test_throttled_and_barred() -> None:
    desk = Desk()
    desk.venue.switch("throttle", 1)
    answer = desk.post()
    assert (error(answer)[0], answer.headers["Retry-After"]) == (429, "1")
    desk.venue.switch("bar", 1)
    assert error(desk.post()) == (401, "Unauthorized - Invalid Nonce", 1037)
    assert desk.ledgered() == []


def test_replies_that_can_not_be_read() -> None:
    desk = Desk()
    whole = desk.post().body
    for name, start in (("garble", b'{"data"'), ("html", b"<html"), ("empty", b"")):
        desk.venue.switch(name, 1)
        answer = desk.post()
        assert answer.status == 200
        assert answer.body.startswith(start)
        assert len(answer.body) < len(whole)
    assert len(desk.ledgered()) == 4


def test_another_order_and_another_client_id() -> None:
    desk = Desk()
    desk.venue.switch("wrong_echo", 1)
    answer = json.loads(desk.post().body)
    assert answer["data"]["newOrderClientId"].startswith("another")
    number = desk.place()
    desk.venue.switch("wrong_order", 1)
    assert desk.row(number)["id"] == number + 1


def test_spans_of_time() -> None:
    desk = Desk(speed=60)
    desk.venue.switch("hide_orders_ms", 1000)
    number = desk.place(price="1200010")
    request = desk.request("GET", f"/api/v1/order/{number}")
    assert error(desk.send(request))[1] == "Order not found"
    assert desk.get("/api/v1/allOrders", pairSymbol="BTCTRY") == []
    desk.wait(1000)
    assert desk.row(number)["status"] == "Closed"
    assert len(desk.fills(number)) == 1  # the speed has divided the usual lag
    desk.venue.switch("delay_trades", LAG_MS)
    assert desk.fills(number) == []
    desk.venue.switch("slow_s", 2)
    assert desk.post().delay_s == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lose_reply", -1),
        ("lose_reply", {"n": 1, "on": "withdrawal"}),
        ("throttle", True),
        ("slow_s", -1),
        ("slow_s", "1"),
        ("old_rows", 1),
    ],
)
def test_values_that_do_not_fit(name: str, value: object) -> None:
    with pytest.raises(ValueError, match="wanted"):
        Desk().venue.switch(name, value)


def test_an_unknown_trouble() -> None:
    with pytest.raises(KeyError):
        Desk().venue.switch("earthquake", 1)


def test_the_page_of_troubles_is_complete() -> None:
    from adapters.btcturk.simulator import troubles

    for name in (*ON_ORDERS, *COUNTED, *SPANS, *FLAGS):
        assert name in str(troubles.__doc__)
