"""The door of ANDX's simulator: signatures, headers, paths, types and the rate limit."""

import hashlib
import hmac
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.andx.simulator import build
from adapters.andx.simulator.door import sign
from adapters.andx.tests.andx_desk import CREDENTIALS, Desk, order_body
from adapters.simserver import SimRequest

SPACED = (
    b'{"order_type": "limit", "market_code": "BTCTRY", "volume": "0.01000000", "buy_sell": "B",'
    b' "price": "40683.54", "client_id": 7001, "post_only": false, "account_name": "Main"}'
)
SIGNATURES = [
    (SPACED, "BD88127FC5B3E76F0107DE1E2F5FBA99669D68096F942C797A3198B237DAE241"),
    (b"{}", "E5107F2B3E5E2643630076FB9CEF63CBDE2074CF097789E4608DC3AB6C61532F"),
    (
        SPACED.replace(b" ", b""),
        "87761362D55CF574C7A41F4B4DCB95C5A7EC1DA81716C64674CB26B6C0826288",
    ),
]


@pytest.mark.parametrize(("body", "signature"), SIGNATURES)
def test_the_worked_examples_of_the_signature(body: bytes, signature: str) -> None:
    """Computed outside this project; the same order without spaces signs differently."""
    parts = (b"andx-key-0001", b"alice", b"correct-horse", b"1525884262.8114073", body)
    assert sign(b"andx-secret-0001", *parts) == signature.encode()


@pytest.mark.parametrize(
    ("method", "path", "body", "signature"),
    [
        ("POST", "orders/", *SIGNATURES[0]),
        ("POST", "orders/", *SIGNATURES[2]),
        ("POST", "cancel_order/54264/", *SIGNATURES[1]),
        ("GET", "balance/", b"", SIGNATURES[1][1]),
    ],
)
def test_the_worked_examples_are_admitted(
    method: str, path: str, body: bytes, signature: str
) -> None:
    """A request signed as in the examples gets past the door; no body signs as two braces."""
    desk = Desk()
    marks = {"access-timestamp": "1525884262.8114073", "access-sign": signature}
    assert desk.send(desk.request(method, path, body, marks)).status == 200


def test_whitespace_in_the_body_counts() -> None:
    """The signature of the spaced text does not admit the compact one."""
    desk = Desk()
    marks = {"access-timestamp": "1525884262.8114073", "access-sign": SIGNATURES[0][1]}
    request = desk.request("POST", "orders/", SPACED.replace(b" ", b""), marks)
    assert desk.send(request).status == 401
    assert desk.ledgered() == []


@pytest.mark.parametrize(
    "header", ["access-key", "access-user", "access-passphrase", "access-timestamp", "access-sign"]
)
@pytest.mark.parametrize("value", [None, "", "wrong", "1", "\udcff\u20ac"])
def test_every_access_header_must_be_right(header: str, value: str | None) -> None:
    """Missing, empty, wrong or not even text: 401, and no order."""
    desk = Desk()
    request = desk.request("POST", "orders/", json.dumps(order_body()).encode())
    headers = {**request.headers, header: value or ""}
    if value is None:
        del headers[header]
    answer = desk.send(replace(request, headers=headers))
    assert answer.status == 401
    assert b"andx-secret" not in answer.body
    assert desk.ledgered() == []


def test_a_lower_case_signature_is_wrong() -> None:
    """The document's samples end in upper()."""
    desk = Desk()
    request = desk.request("GET", "balance/")
    lower = {**request.headers, "access-sign": request.headers["access-sign"].lower()}
    assert desk.send(replace(request, headers=lower)).status == 401


@pytest.mark.parametrize(
    ("timestamp", "status"),
    [
        ("1525884262.8114073", 200),
        ("1525884262", 200),
        ("1525884292.811", 200),
        ("1525884232.811", 200),
        ("1525884292.812", 401),
        ("1525884232.810", 401),
        ("1525884262811", 401),  # milliseconds
        ("1.525884262e9", 401),
        ("-1525884262", 401),
        ("nan", 401),
    ],
)
def test_the_timestamp_is_seconds_near_the_venues_clock(timestamp: str, status: int) -> None:
    """Half a minute either way, whatever the speed; the signature is right each time."""
    desk = Desk(speed=100)
    text = f"andx-key-0001alicecorrect-horse{timestamp}{{}}".encode()
    signed = hmac.new(b"andx-secret-0001", text, hashlib.sha256).hexdigest().upper()
    marks = {"access-timestamp": timestamp, "access-sign": signed}
    assert desk.send(desk.request("GET", "balance/", b"", marks)).status == status


def test_market_data_needs_no_headers() -> None:
    """Public endpoints are not authenticated."""
    desk = Desk()
    bare = SimRequest("GET", "/api/v1/ticker/", "", {}, b"")
    assert desk.send(bare).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "ticker", 404),
        ("GET", "ticker/BTCTRY", 404),
        ("GET", "/ticker/", 404),
        ("GET", "ticker/BTCUSD/", 404),
        ("GET", "market_info/btctry/", 404),
        ("GET", "order_book/", 404),
        ("GET", "orders/Main/A/BTCUSD/1/", 404),
        ("GET", "orders/Main/X/BTCTRY/1/", 400),
        ("GET", "orders/Main/OC/BTCTRY/1/", 400),
        ("GET", "orders/Main/A/0/", 400),
        ("GET", "order_status/abc/", 404),
        ("GET", "deposits/", 404),
        ("POST", "ticker/", 405),
        ("GET", "orders/", 405),
        ("GET", "cancel_order/54264/", 405),
        ("DELETE", "cancel_order/54264/", 405),
        ("POST", "balance/", 405),
    ],
)
def test_wrong_paths_and_methods(method: str, path: str, status: int) -> None:
    """Without its trailing slash a path does not exist."""
    desk = Desk()
    answer = desk.send(desk.request(method, path))
    assert answer.status == status
    assert json.loads(answer.body)["detail"]


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_a_post_must_say_json(kind: str) -> None:
    """Form encoding, as in the document's Python samples, is refused."""
    desk = Desk()
    body = json.dumps(order_body()).encode()
    assert desk.send(desk.request("POST", "orders/", body, {"content-type": kind})).status == 400
    json_kind = {"content-type": "application/json; charset=utf-8"}
    assert desk.send(desk.request("POST", "orders/", body, json_kind)).status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"volume": 0.01},
        {"volume": "1e-2"},
        {"volume": "-1"},
        {"volume": ""},
        {"price": 1000000},
        {"price": "1,000,000"},
        {"client_id": "7001"},
        {"client_id": 7001.0},
        {"client_id": True},
        {"client_id": -1},
        {"client_id": 2**31},
        {"post_only": "false"},
        {"post_only": 0},
        {"buy_sell": "BUY"},
        {"order_type": "stop"},
        {"market_code": None},
        {"account_name": 1},
        {"time_in_force": "GTC"},
    ],
)
def test_a_field_of_the_wrong_kind_is_a_bad_request(wrong: dict[str, object]) -> None:
    """Types are the document's, and there are no other fields."""
    desk = Desk()
    assert desk.post("orders/", order_body(**wrong)).status == 400
    assert desk.ledgered() == []


@pytest.mark.parametrize(
    ("missing", "status"),
    [
        ("order_type", 400),
        ("market_code", 400),
        ("volume", 400),
        ("buy_sell", 400),
        ("price", 400),
        ("account_name", 400),
        ("client_id", 200),
        ("post_only", 200),
    ],
)
def test_required_and_optional_fields(missing: str, status: int) -> None:
    """Without client_id an order gets 0, without post_only false."""
    desk = Desk()
    body = order_body()
    del body[missing]
    assert desk.post("orders/", body).status == status
    if status == 200:
        row = desk.status(54264)
        assert row[missing] == {"client_id": 0, "post_only": False}[missing]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"volume=1", b"[" * 50_000])
def test_a_body_that_is_no_object_is_a_bad_request(body: bytes) -> None:
    """Signed or not, it must be a JSON object."""
    desk = Desk()
    request = desk.request("POST", "orders/")
    key = b"andx-key-0001alicecorrect-horse" + request.headers["access-timestamp"].encode()
    signed = hmac.new(b"andx-secret-0001", key + (body or b"{}"), hashlib.sha256).hexdigest()
    headers = {**request.headers, "access-sign": signed.upper()}
    assert desk.send(replace(request, body=body, headers=headers)).status == 400


@given(
    st.sampled_from(["GET", "POST", "HEAD", "PUT"]),
    st.sampled_from(["orders/", "cancel_order/1/", "withdrawal/request/", "ticker/", "x"])
    | st.text(max_size=20),
    st.text(max_size=60),
)
def test_no_request_makes_the_venue_raise(method: str, path: str, body: str) -> None:
    """Whatever comes, signed as it should be, gets an HTTP answer."""
    desk = Desk()
    answer = desk.send(desk.request(method, path, body.encode("utf-8", "replace")))
    assert answer.status in {200, 400, 404, 405}


def test_sixty_requests_a_minute_of_any_kind() -> None:
    """The sixty-first is refused unheard; a minute after the first there is room again."""
    desk = Desk()
    for _ in range(59):
        desk.get("ticker/")
    desk.wait(1_000)
    desk.place()
    assert desk.post("orders/", order_body()).status == 429
    assert desk.send(desk.request("GET", "nothing/")).status == 429
    assert len(desk.ledgered()) == 1
    desk.wait(59_000)
    desk.place()
    ledger = desk.venue.ledger()
    assert (ledger["requests"], ledger["throttled"]) == (63, 2)


def test_speed_multiplies_the_limit() -> None:
    """Twice as fast, twice as many."""
    desk = Desk(speed=Decimal("1.5"))
    statuses = [desk.send(desk.request("GET", "ticker/")).status for _ in range(91)]
    assert statuses == [200] * 90 + [429]


def test_speed_must_be_positive() -> None:
    """Neither a standing clock nor one that runs back."""
    with pytest.raises(ValueError, match="positive"):
        build(1, 0, CREDENTIALS)
