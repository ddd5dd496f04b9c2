"""The door of BtcTurk's simulator: signatures, stamps, paths, methods, types and rate limits."""

import base64
import json

import pytest

from adapters.btcturk.simulator import build
from adapters.btcturk.simulator.door import LIMITS, signature
from adapters.btcturk.tests.btcturk_desk import (
    CREDENTIALS,
    KEY,
    NOW_MS,
    SECRET,
    Desk,
    error,
    order_body,
    signed,
    signing,
)

INVALID_NONCE = (401, "Unauthorized - Invalid Nonce", 1037)
INVALID_SIGNATURE = (401, "Unauthorized - Invalid Signature", 0)


@pytest.mark.parametrize(
    ("stamp", "right"),
    [
        ("1543996112263", "tRBmTMGc8Yd9CRYLH8mhOrLd96iA1zol6QYLBLSBVLs="),
        ("1543996112000", "94cx9KpvL7gUwpyw+jd6wHu8Oe7uBPS/peR34dVhhJk="),
        ("3000", "wxZ/yo9/uTkhVZ99G9lNpslZksJuz/l4HxgXwivmb6s="),
    ],
)
def test_the_worked_examples_of_the_signature(stamp: str, right: str) -> None:
    """Computed outside this project."""
    assert signature(base64.b64decode(SECRET), KEY + stamp) == right == signed(KEY + stamp)


def test_a_signature_encoded_twice_is_wrong() -> None:
    """As the document's first sample makes it."""
    desk = Desk()
    twice = "dFJCbVRNR2M4WWQ5Q1JZTEg4bWhPckxkOTZpQTF6b2w2UVlMQkxTQlZMcz0="
    assert base64.b64decode(twice).decode() == signing(NOW_MS)["x-signature"]
    request = desk.request("GET", "/api/v1/users/balances", headers={"x-signature": twice})
    assert error(desk.send(request)) == INVALID_SIGNATURE


@pytest.mark.parametrize("name", ["x-pck", "x-stamp", "x-signature"])
@pytest.mark.parametrize("value", ["", "wrong", "1", "\udcff\u20ac"])
def test_every_header_must_be_right(name: str, value: str) -> None:
    desk = Desk()
    request = desk.request("GET", "/api/v1/users/balances", headers={name: value})
    assert error(desk.send(request))[0] == 401


def test_a_401_says_success_in_its_body() -> None:
    desk = Desk()
    request = desk.request("GET", "/api/v1/users/balances", headers={"x-stamp": "1"})
    assert json.loads(desk.send(request).body) == {
        "success": True,
        "message": "Unauthorized - Invalid Nonce",
        "code": 1037,
    }


@pytest.mark.parametrize(("off_ms", "status"), [(0, 200), (5000, 200), (5001, 401)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_stamp_may_be_five_seconds_off(off_ms: int, status: int, sign: int) -> None:
    desk = Desk()
    headers = signing(NOW_MS + sign * off_ms)
    request = desk.request("GET", "/api/v1/users/balances", headers=headers)
    assert desk.send(request).status == status


def test_a_stamp_serves_once() -> None:
    desk = Desk()
    request = desk.request("GET", "/api/v1/users/balances")
    assert desk.send(request).status == 200
    assert error(desk.send(request)) == INVALID_SIGNATURE
    desk.wait(4000)
    assert error(desk.send(request)) == INVALID_SIGNATURE


def test_stamps_may_arrive_out_of_order() -> None:
    desk = Desk()
    requests = [desk.request("GET", "/api/v1/users/balances") for _ in range(3)]
    assert [desk.send(request).status for request in reversed(requests)] == [200] * 3


def test_a_clock_that_is_ahead_shuts_the_door_and_says_so() -> None:
    desk = Desk()
    desk.venue.switch("skew_clock", 10_000)
    request = desk.request("GET", "/api/v1/users/balances")
    assert error(desk.send(request)) == INVALID_NONCE
    told = desk.ask("GET", "/api/v2/server/time")
    assert told["serverTime"] == NOW_MS + 10_000
    assert told["serverTime2"].startswith("2018-12-05T07:48:42.263")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/order", 405),
        ("PUT", "/api/v1/order", 405),
        ("POST", "/api/v2/ticker", 405),
        ("GET", "/api/v1/openorders", 404),
        ("GET", "/api/v2/ticker/", 404),
        ("POST", "/api/v1/withdrawals/crypto", 404),
        ("GET", "/api/v1/order/abc", 404),
    ],
)
def test_paths_and_methods_are_the_documents(method: str, path: str, status: int) -> None:
    desk = Desk()
    assert error(desk.send(desk.request(method, path)))[0] == status


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_a_post_is_json(kind: str) -> None:
    desk = Desk()
    body = json.dumps(order_body()).encode()
    request = desk.request("POST", "/api/v1/order", "", body, {"content-type": kind})
    assert error(desk.send(request))[0] == 415
    request = desk.request(
        "POST", "/api/v1/order", "", body, {"content-type": "application/json; charset=utf-8"}
    )
    assert desk.send(request).status == 200


def test_one_request_too_many_waits_as_long_as_it_is_told() -> None:
    desk = Desk()
    for _ in range(60):
        assert desk.get("/api/v2/orderbook", pairSymbol="BTC_TRY")
    desk.wait(20_500)
    request = desk.request("GET", "/api/v2/orderbook", {"pairSymbol": "BTC_TRY"})
    refused = desk.send(request)
    assert error(refused) == (429, "TOO_MANY_REQUESTS", 429)
    assert refused.headers["Retry-After"] == "40"
    told = json.loads(refused.body)
    assert (told["limit"], told["period"]) == (60, "60s")
    assert desk.get("/api/v2/ticker")  # each path has its own
    desk.wait(39_500)
    assert desk.get("/api/v2/orderbook", pairSymbol="BTC_TRY")
    assert desk.venue.ledger()["throttled"] == 1


def test_orders_are_limited_by_the_second_too() -> None:
    desk = Desk()
    for _ in range(10):
        desk.place()
    refused = desk.post()
    assert (error(refused)[0], refused.headers["Retry-After"]) == (429, "1")
    assert desk.cancel(1).status == 400  # cancels have a limit of their own
    desk.wait(1000)
    desk.place()


def test_all_that_is_private_has_a_limit_together() -> None:
    desk = Desk()
    paths = ["/api/v1/openOrders", "/api/v1/order/1"]
    counts = {"200": 0, "400": 0}
    for number in range(600):
        answer = desk.send(desk.request("GET", paths[number % 2]))
        counts[str(answer.status)] += 1
        desk.wait(50)
    assert counts == {"200": 300, "400": 300}
    assert desk.send(desk.request("GET", paths[1])).status == 429
    assert LIMITS["private"] == ((600, 60),)


def test_speed_multiplies_the_limits() -> None:
    desk = Desk(speed=2)
    for _ in range(20):
        desk.place()
    assert desk.post().status == 429


@pytest.mark.parametrize("speed", [0, -1])
def test_speed_is_positive(speed: int) -> None:
    with pytest.raises(ValueError, match="speed"):
        build(1, speed, CREDENTIALS)


def test_a_secret_is_base64() -> None:
    with pytest.raises(ValueError, match="base64"):
        build(1, 1, {"api_key": KEY, "api_secret": "not base64!"})
    with pytest.raises(KeyError):
        build(1, 1, {"api_key": KEY})
