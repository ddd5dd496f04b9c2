"""Who gets in at Bitexbit's simulator, and how often."""

from dataclasses import replace

import pytest

from adapters.bitexbit.tests.bitexbit_desk import FAR, Desk, refusal
from adapters.simserver import SimRequest

PRIVATE = ("wallets/", "orders/own/", "exchanges/own/", "deposits/", "withdraws/")
PUBLIC = ("currencies/", "pairs/", "orderbook/BTC_USD/", "exchanges/")


@pytest.mark.parametrize("path", PRIVATE)
def test_private_calls_are_signed(path: str) -> None:
    desk = Desk()
    assert desk.send(desk.request(path)).status == 200
    assert refusal(desk.send(desk.request(path, headers={})))[0] == 401


@pytest.mark.parametrize("path", PUBLIC)
def test_public_calls_are_not(path: str) -> None:
    desk = Desk()
    assert desk.send(desk.request(path, headers={})).status == 200


def test_the_worked_signatures_open_the_door() -> None:
    """Computed apart from this code: over an order, over nothing, and over a cancel."""
    desk = Desk()
    order = b"amount=0.0001&pair=BTC_USD&price=0.1&type=buy"
    signed = {
        "order/": "158b81f6a265153df45d57231ba7615e09dc72188e879cb5db9501b9ddafee09",
        "order-cancel/": "aa44d5e46b31d0a5638aebd0402dd8194e9c4a18fbd208c9b0893148f0bf3c01",
    }
    kind = {"content-type": "application/x-www-form-urlencoded", "x-key": "bb-key-0001"}
    for number, (path, body) in enumerate((("order/", order), ("order-cancel/", b"order=63568"))):
        headers = {**kind, "x-sign": signed[path], "x-nonce": str(number + 1)}
        answer = desk.send(SimRequest("POST", f"/api/v1/{path}", "", headers, body))
        assert answer.status == (200, 400)[number]  # there is no order 63568
    empty = "633a9e14ef07640eda4474215e913efe10000f6ac75d4364867ad5fbdeb05e4b"
    headers = {"x-key": "bb-key-0001", "x-sign": empty, "x-nonce": "3"}
    assert desk.send(SimRequest("GET", "/api/v1/wallets/", "", headers, b"")).status == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"x-key": "bb-key-0002"},
        {"x-sign": "0" * 64},
        {"x-sign": ""},
        {"x-nonce": "12.5"},
        {"x-nonce": "-1"},
        {"x-nonce": "0"},
    ],
)
def test_wrong_headers_are_refused_and_use_no_nonce_up(changed: dict[str, str]) -> None:
    desk = Desk()
    before = desk.venue.door.last_nonce
    good = desk.request("wallets/")
    assert refusal(desk.send(replace(good, headers={**good.headers, **changed})))[0] == 401
    assert desk.venue.door.last_nonce == before
    assert desk.send(good).status == 200


def test_an_upper_case_signature_is_another_one() -> None:
    desk = Desk()
    good = desk.request("wallets/")
    upper = {**good.headers, "x-sign": good.headers["x-sign"].upper()}
    assert desk.send(replace(good, headers=upper)).status == 401


def test_a_nonce_must_exceed_the_last_one() -> None:
    """Also the one of a request that was refused for what it asked."""
    desk = Desk()
    first = desk.request("wallets/")
    assert desk.send(first).status == 200
    assert refusal(desk.send(first)) == (401, "the nonce is not an integer above the last one")
    bad = desk.posting("order/", {**FAR, "type": "bid"})
    assert desk.send(bad).status == 400
    desk.nonce -= 1
    assert desk.send(desk.request("wallets/")).status == 401


def test_a_poisoned_nonce_keeps_everybody_out_until_it_is_exceeded() -> None:
    desk = Desk()
    desk.venue.switch("poison_nonce", 60_000)
    assert desk.send(desk.request("wallets/")).status == 401
    desk.nonce += 60_000
    assert desk.send(desk.request("wallets/")).status == 200


def test_what_is_sent_is_what_is_signed() -> None:
    desk = Desk()
    signed = desk.posting("order/", FAR)
    assert refusal(desk.send(replace(signed, body=signed.body.replace(b"0.01", b"0.02"))))[0] == 401


def test_filters_of_a_get_are_signed_only_where_that_is_switched_on() -> None:
    desk = Desk()
    plain = desk.request("orders/own/?status=1")
    assert desk.send(plain).status == 200
    desk.venue.switch("sign_get_params", 1)
    assert desk.send(desk.request("orders/own/?status=1")).status == 401
    signed = desk.request("orders/own/?status=1", headers=desk.signed({"status": "1"}))
    assert desk.send(signed).status == 200


def test_a_single_order_is_public_and_private() -> None:
    """Headers that are there must be right."""
    desk = Desk()
    order_id = desk.place()["oid"]
    path = f"order/{order_id}/"
    assert desk.send(desk.request(path, headers={})).status == 200
    wrong = {**desk.signed({}), "x-sign": "0" * 64}
    assert desk.send(desk.request(path, headers=wrong)).status == 401
    desk.venue.switch("single_order_auth", 1)
    assert desk.send(desk.request(path, headers={})).status == 401
    assert desk.send(desk.request(path)).status == 200


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"type=buy"),
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b'{"order": null}'),
        ("application/json", b'{"order": true}'),
        ("application/x-www-form-urlencoded", b"order"),
        ("application/x-www-form-urlencoded", b"order=1&order=2"),
    ],
)
def test_a_body_that_can_not_be_read_is_a_bad_request(kind: str, body: bytes) -> None:
    desk = Desk()
    headers = {**desk.signed({}), "content-type": kind}
    asked = SimRequest("POST", "/api/v1/order-cancel/", "", headers, body)
    assert desk.send(asked).status == 400


def test_two_private_calls_a_second_and_a_hundred_public_ones() -> None:
    desk = Desk(speed=1)
    for _ in range(2):
        assert desk.send(desk.request("wallets/")).status == 200
    assert refusal(desk.send(desk.request("wallets/")))[0] == 429
    for _ in range(100):
        assert desk.send(desk.request("pairs/", headers={})).status == 200
    throttled = desk.send(desk.request("pairs/", headers={}))
    assert throttled.status == 429
    assert "Retry-After" not in throttled.headers
    desk.wait(1_000)
    assert desk.send(desk.request("wallets/")).status == 200
    assert desk.venue.ledger()["throttled"] == 2
