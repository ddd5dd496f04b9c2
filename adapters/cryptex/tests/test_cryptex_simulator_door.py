"""The door of Cryptex's simulator: signatures, nonces, the form, paths and methods."""

import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.cryptex.simulator import build
from adapters.cryptex.simulator.door import sign
from adapters.cryptex.tests.cryptex_desk import CREDENTIALS, FAR, Desk, parsed, refused
from adapters.simserver import SimRequest

WORKED = "E7D9B3DEE5A653FD4500C5D528A51A5CFC383E078D3635E11A45F5E9990B8D8C"
LITERAL = "59511B766E4C42FA7D9F4D210FF155FE2BCFA9BE5733CF50F512EB4D3EBFB1FB"


@pytest.mark.parametrize(("username", "signature"), [("alice", WORKED), ("username", LITERAL)])
def test_the_worked_examples_of_the_signature(username: str, signature: str) -> None:
    """Computed outside this project, for the account's name and for the document's own word."""
    assert sign("ctx-secret-0001", "109", username, "CTXKEY0001") == signature


def test_the_worked_example_is_admitted() -> None:
    desk = Desk()
    answer = desk.send(desk.request("method=Info&nonce=109", {"sign": WORKED}))
    assert (answer.status, parsed(answer)["status"]) == (200, "ok")


@pytest.mark.parametrize("header", ["key", "sign"])
@pytest.mark.parametrize("value", [None, "", "wrong", WORKED.lower(), "\udcff\u20ac"])
def test_key_and_signature_must_be_right(header: str, value: str | None) -> None:
    """Missing, empty, wrong, in lower case or not even text: refused, and the nonce unused."""
    desk = Desk()
    request = desk.request("method=Info&nonce=109")
    headers = {**request.headers, header: value or ""}
    if value is None:
        del headers[header]
    assert "signature" in refused(desk.send(replace(request, headers=headers)))
    assert desk.venue.ledger()["last_nonce"] == -1


def test_the_signature_is_of_its_own_nonce() -> None:
    """A signature that admitted nonce 109 does not admit nonce 110."""
    desk = Desk()
    assert "signature" in refused(
        desk.send(desk.request("method=Info&nonce=110", {"sign": WORKED}))
    )


@pytest.mark.parametrize("nonce", [0, 7, 8])
def test_a_nonce_not_above_the_last_is_refused(nonce: int) -> None:
    desk = Desk()
    desk.nonce = 7
    desk.call("Info")
    text = refused(desk.send(desk.request(f"method=Info&nonce={nonce}")))
    assert text == "nonce must be greater than 8"


def test_zero_is_a_nonce_and_gaps_do_not_matter() -> None:
    desk = Desk()
    for nonce in (0, 1, 5, 2**31 - 1):
        desk.nonce = nonce - 1
        desk.call("Info")


@pytest.mark.parametrize("nonce", ["", "-1", "1.0", "1e3", "01", " 1", "x", str(2**31)])
def test_only_integers_that_fit_are_nonces(nonce: str) -> None:
    desk = Desk()
    assert "nonce" in refused(desk.send(desk.request(f"method=Info&nonce={nonce or '%20'}")))


def test_a_nonce_is_used_up_by_a_call_that_fails() -> None:
    """And not by one that never came in."""
    desk = Desk()
    desk.nonce = 9
    assert refused(desk.post("Nonsense")) == "unknown method"
    assert desk.venue.ledger()["last_nonce"] == 10
    desk.venue.switch("throttle", 1)
    assert desk.post("Info").status == 429
    assert desk.venue.ledger()["last_nonce"] == 10
    assert desk.venue.ledger()["throttled"] == 1


@pytest.mark.parametrize("kind", ["application/json", "", "text/plain"])
def test_only_a_form_comes_in(kind: str) -> None:
    desk = Desk()
    assert desk.send(desk.request("method=Info&nonce=1", {"content-type": kind})).status == 400


@pytest.mark.parametrize("body", ["", "nonsense", "a=1&a=2", "=1&nonce=2", "\u20ac=1"])
def test_a_body_that_is_no_form_is_turned_away(body: str) -> None:
    desk = Desk()
    assert desk.send(desk.request(body)).status == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1", 405),
        ("PUT", "/api/v1", 405),
        ("POST", "/api/v1/", 404),
        ("POST", "/api/v3", 404),
        ("GET", "/api/v1/btc_usd", 404),
        ("GET", "/api/v1/BTC_USD/ticker", 404),
        ("POST", "/api/v1/btc_usd/ticker", 405),
    ],
)
def test_paths_and_methods_are_as_documented(method: str, path: str, status: int) -> None:
    desk = Desk()
    request = replace(desk.request("method=Info&nonce=1"), method=method, path=path)
    assert desk.send(request).status == status


BAD_CALLS = [
    ({"method": "Trade"}, "amount is missing"),
    ({**FAR, "method": "Trade", "type": "BUY"}, "unknown pair or type"),
    ({**FAR, "method": "Trade", "pair": "BTC/USD"}, "pair is not XXX_YYY"),
    ({**FAR, "method": "Trade", "pair": "USD_BTC"}, "unknown pair or type"),
    ({**FAR, "method": "Trade", "price": "0"}, "price is not a number above 0"),
    ({**FAR, "method": "Trade", "price": "-1"}, "price is not a number above 0"),
    ({**FAR, "method": "Trade", "amount": "1E-3"}, "amount is not a number above 0"),
    ({**FAR, "method": "Trade", "amount": "0.00001"}, "multiple"),
    ({**FAR, "method": "Trade", "price": "1.001"}, "multiple"),
    ({**FAR, "method": "Trade", "client_id": "1"}, "unknown field client_id"),
    ({**FAR, "method": "Trade", "amount": "1000"}, "not enough funds"),
    ({"method": "Info", "with_reserves": "true"}, "with_reserves"),
    ({"method": "ActiveOrders", "order": "asc"}, "order is not"),
    ({"method": "TradeHistory", "count": "1001"}, "count"),
    ({"method": "TradeHistory", "count": "0"}, "count"),
    ({"method": "TradeHistory", "since": "2018-05-09"}, "since is not a time"),
    ({"method": "OrderInfo", "order_id": "x"}, "order_id"),
    ({"method": "OrderInfo", "order_id": "1"}, "order not found"),
    ({"method": "CancelOrder", "order_id": "1"}, "order not found"),
    ({"method": "GetNewAddress", "currency": "XXX"}, "unknown currency"),
    ({"method": "DepositInfo", "address": "1abc"}, "unknown address"),
    ({"method": "Withdraw", "amount": "1", "address": "a b", "currency": "BTC"}, "bad address"),
    ({"method": "Withdraw", "amount": "101", "address": "a", "currency": "BTC"}, "not enough"),
    ({"method": "CouponCreate", "amount": "101", "currency": "BTC"}, "not enough"),
    ({"method": "CouponRedeem", "code": "CTX-USD-1"}, "no such coupon"),
    ({"method": "AcriveOrders"}, "unknown method"),
]


@pytest.mark.parametrize(("fields", "text"), BAD_CALLS)
def test_a_call_that_makes_no_sense_is_refused(fields: dict[str, str], text: str) -> None:
    """Fields missing, unknown, of the wrong form or value; nothing is done."""
    desk = Desk()
    assert text in refused(desk.post(**fields))
    assert desk.ledgered() == []
    assert desk.venue.ledger()["transfers"] == []


def test_a_credential_is_missed() -> None:
    with pytest.raises(KeyError):
        build(1, 1, {"username": "alice"})
    with pytest.raises(ValueError, match="speed"):
        build(1, 0, CREDENTIALS)


@given(body=st.binary(max_size=80), method=st.sampled_from(["GET", "POST"]))
def test_whatever_comes_is_answered(body: bytes, method: str) -> None:
    """Nothing raises, nothing is done, and nothing tells the secret."""
    desk = Desk()
    digest = hmac.new(b"ctx-secret-0001", body, hashlib.sha256).hexdigest()
    headers = {"key": "CTXKEY0001", "sign": digest, "content-type": "text/plain"}
    answer = desk.send(SimRequest(method, "/api/v1", "", headers, body))
    assert answer.status in (400, 405)
    assert b"ctx-secret" not in answer.body
