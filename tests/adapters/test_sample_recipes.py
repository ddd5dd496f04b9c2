"""The venues' own samples against their simulators: what a stranger would write from the documents.

Each recipe is the Python of a document, with its keys filled in and nothing of ours in it: if our
client and our simulator shared a misreading of the signature, these would be turned away.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import jwt
import pytest

from oms.clock import SystemClock
from tests.adapters.one_route import Tap, Venue, bench_of, simulator_of

Headers = dict[str, str]


def time() -> float:
    """The samples' time.time(), seconds since 1970."""
    return SystemClock().now_us() / 1_000_000


@contextmanager
def venue_of(kind: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """A simulator on a socket: its address, and the account's keys."""
    there = Venue(Tap(simulator_of(kind)))
    try:
        yield there.url, bench_of(kind).CREDENTIALS
    finally:
        there.close()


def answered(reply: httpx.Response) -> Any:
    """The document of an answer that was no refusal."""
    assert reply.status_code == 200, reply.text
    return reply.json()


# ANDX, "Authentication"


def andx_headers(keys: Mapping[str, str], body: str) -> Headers:
    """The document's auth class: seconds with their fraction, hex in upper case."""
    timestamp = str(time())
    message = keys["api_key"] + keys["username"] + keys["passphrase"] + timestamp + body
    digest = hmac.new(keys["api_secret"].encode(), message.encode(), hashlib.sha256)
    return {
        "ACCESS-SIGN": digest.hexdigest().upper(),
        "ACCESS-TIMESTAMP": timestamp,
        "ACCESS-KEY": keys["api_key"],
        "ACCESS-USER": keys["username"],
        "ACCESS-PASSPHRASE": keys["passphrase"],
        "Content-Type": "application/json",
    }


def test_andx_takes_what_its_document_signs() -> None:
    with venue_of("andx") as (url, keys):
        told = answered(httpx.get(f"{url}/api/v1/balance/Main/", headers=andx_headers(keys, "{}")))
        assert told["status"] == "success"
        body = json.dumps(
            {
                "order_type": "limit",
                "market_code": "BTCTRY",
                "volume": "0.01000000",
                "buy_sell": "B",
                "price": "1000000.00",
                "client_id": 7001,
                "post_only": False,
                "account_name": "Main",
            }
        )
        headers = andx_headers(keys, body)
        told = answered(httpx.post(f"{url}/api/v1/orders/", headers=headers, content=body))
        assert told["status"] == "success", told
        number = told["data"]["order_number"]
        path = f"{url}/api/v1/order_status/{number}/"
        told = answered(httpx.get(path, headers=andx_headers(keys, "{}")))
        assert told["data"]["order"]["client_id"] == 7001


# Cryptex, "Python Example"


def cryptex_call(url: str, keys: Mapping[str, str], nonce: int, **fields: str) -> Any:
    """The document's sample; where it signs the word username, the account's name stands."""
    message = str(nonce) + keys["username"] + keys["api_key"]
    sign = hmac.new(keys["api_secret"].encode(), msg=message.encode(), digestmod=hashlib.sha256)
    headers = {"Key": keys["api_key"], "Sign": sign.hexdigest().upper()}
    return answered(
        httpx.post(f"{url}/api/v1", data={**fields, "nonce": str(nonce)}, headers=headers)
    )


def test_cryptex_takes_what_its_document_signs() -> None:
    with venue_of("cryptex") as (url, keys):
        assert cryptex_call(url, keys, 109, method="Info")["status"] == "ok"
        order = {"pair": "BTC_USD", "type": "buy", "price": "30000", "amount": "0.01"}
        told = cryptex_call(url, keys, 110, method="Trade", **order)
        assert told["status"] == "ok", told
        number = str(told["data"]["order"])
        told = cryptex_call(url, keys, 111, method="OrderInfo", order_id=number)
        assert list(told["data"]) == [number]


# Bitexbit, "Authorization"


def bitexbit_headers(keys: Mapping[str, str], data: Mapping[str, str]) -> Headers:
    """The document's get_auth_headers."""
    msg = keys["api_key"] + urlencode(sorted(data.items(), key=lambda val: val[0]))
    sign = hmac.new(keys["api_secret"].encode(), msg.encode(), digestmod="sha256").hexdigest()
    return {"X-KEY": keys["api_key"], "X-SIGN": sign, "X-NONCE": str(int(time() * 1000))}


def test_bitexbit_takes_what_its_document_signs() -> None:
    with venue_of("bitexbit") as (url, keys):
        headers = bitexbit_headers(keys, {})
        assert answered(httpx.get(f"{url}/api/v1/wallets/", headers=headers))
        order = {"type": "buy", "pair": "BTC_USD", "amount": "0.01", "price": "30000"}
        later = str(int(headers["X-NONCE"]) + 1)
        headers = {**bitexbit_headers(keys, order), "X-NONCE": later}
        told = answered(httpx.post(f"{url}/api/v1/order/", data=order, headers=headers))
        assert told["success"] is True
        asked = {"order": str(told["oid"])}
        headers = {**bitexbit_headers(keys, asked), "X-NONCE": str(int(later) + 1)}
        told = answered(httpx.post(f"{url}/api/v1/order-cancel/", data=asked, headers=headers))
        assert str(told["order"]) == asked["order"]


# Apifiny, "Signature"


def apifiny_headers(keys: Mapping[str, str], text: str) -> Headers:
    """The document's Python: a token over the digest of exactly the text that is sent."""
    claims = {
        "accountId": keys["account_id"],
        "secretKeyId": keys["api_key_id"],
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "exp": int(time()) + 30,
    }
    signature = jwt.encode(claims, keys["api_secret_key"], algorithm="HS256")
    return {"signature": signature, "Content-Type": "application/json"}


def test_apifiny_takes_what_its_document_signs() -> None:
    with venue_of("apifiny") as (url, keys):
        query = f"accountId={keys['account_id']}&venue=BINANCE"
        path = f"{url}/ac/v2/BINANCE/asset/listBalance?{query}"
        told = answered(httpx.get(path, headers=apifiny_headers(keys, query)))
        assert told["error"] is None, told
        now_ms = int(time() * 1000)
        order_id = "".join(filter(str.isdigit, keys["account_id"])) + f"{now_ms}001"
        body = json.dumps(
            {
                "accountId": keys["account_id"],
                "venue": "BINANCE",
                "orderId": order_id,
                "orderInfo": {
                    "symbol": "BTCUSDT",
                    "orderType": "LIMIT",
                    "timeInForce": 1,
                    "orderSide": "BUY",
                    "limitPrice": "39000",
                    "quantity": "0.01",
                },
            }
        )
        headers = apifiny_headers(keys, body)
        path = f"{url}/ac/v2/BINANCE/order/newOrder"
        told = answered(httpx.post(path, headers=headers, content=body))
        assert told["error"] is None, told
        assert order_id in json.dumps(told["result"])


# And what they turn away

_WRONG: Final[Mapping[str, Callable[[str, Mapping[str, str]], httpx.Response]]] = {
    "andx": lambda url, keys: httpx.get(
        f"{url}/api/v1/balance/Main/", headers={**andx_headers(keys, ""), "ACCESS-SIGN": "00"}
    ),
    "cryptex": lambda url, keys: httpx.post(
        f"{url}/api/v1",
        data={"method": "Info", "nonce": "1"},
        headers={"Key": keys["api_key"], "Sign": "00"},
    ),
    "bitexbit": lambda url, keys: httpx.get(
        f"{url}/api/v1/wallets/", headers={**bitexbit_headers(keys, {}), "X-SIGN": "00"}
    ),
    "apifiny": lambda url, keys: httpx.get(
        f"{url}/ac/v2/BINANCE/asset/listBalance?accountId={keys['account_id']}&venue=BINANCE",
        headers=apifiny_headers(keys, "another text"),
    ),
}


@pytest.mark.parametrize("kind", _WRONG)
def test_what_is_signed_otherwise_is_turned_away(kind: str) -> None:
    """Else the tests above could not fail."""
    with venue_of(kind) as (url, keys):
        reply = _WRONG[kind](url, keys)
        words = ("success", '"ok"', '"error": null', '"error":null', "balance")
        assert reply.status_code >= 400 or not any(word in reply.text for word in words)
