"""A desk that signs requests of its own accord, not with the venue's code, and keeps the time."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from adapters.cryptex.simulator import build
from adapters.cryptex.simulator.venue import CryptexSimulator
from adapters.simserver import SimRequest, SimResponse

NOW_MS: Final = 1_525_884_262_811
CREDENTIALS: Final = {
    "username": "alice",
    "api_key": "CTXKEY0001",
    "api_secret": "ctx-secret-0001",
}
FAR: Final = {"pair": "BTC_USD", "type": "buy", "price": "30000", "amount": "0.01"}
NEAR: Final = {**FAR, "price": "40000.01"}


class Desk:
    """The account's owner, with a venue all to itself."""

    def __init__(self, seed: int = 1) -> None:
        self.venue: CryptexSimulator = build(seed, 1, CREDENTIALS)
        self.now_ms = NOW_MS
        self.nonce = 0
        self.venue.advance(self.now_ms)

    def request(self, body: str, headers: Mapping[str, str] | None = None) -> SimRequest:
        """A form as it stands, signed for the nonce that it holds, or for the last one."""
        parts = dict(part.partition("=")[::2] for part in body.split("&"))
        text = parts.get("nonce", str(self.nonce)) + "aliceCTXKEY0001"
        signed = hmac.new(b"ctx-secret-0001", text.encode(), hashlib.sha256).hexdigest().upper()
        known = {
            "key": "CTXKEY0001",
            "sign": signed,
            "content-type": "application/x-www-form-urlencoded",
        }
        return SimRequest("POST", "/api/v1", "", {**known, **(headers or {})}, body.encode())

    def send(self, request: SimRequest) -> SimResponse:
        return self.venue.handle(request, self.now_ms)

    def post(self, method: str, **fields: str) -> SimResponse:
        self.nonce += 1
        return self.send(self.request(urlencode({"method": method, "nonce": self.nonce, **fields})))

    def call(self, method: str, **fields: str) -> Any:
        return content(self.post(method, **fields))

    def public(self, path: str, method: str = "GET") -> SimResponse:
        return self.send(SimRequest(method, f"/api/v1/{path}", "", {}, b""))

    def place(self, **fields: str) -> int:
        number = self.call("Trade", **{**FAR, **fields})["order"]
        assert isinstance(number, int)
        return number

    def info(self, number: int) -> Any:
        return self.call("OrderInfo", order_id=str(number))[str(number)]

    def wait(self, span_ms: int) -> None:
        self.now_ms += span_ms
        self.venue.advance(self.now_ms)

    def ledgered(self) -> list[dict[str, Any]]:
        rows = self.venue.ledger()["orders"]
        assert isinstance(rows, list)
        return rows

    def held(self, currency: str) -> Decimal:
        balances = self.venue.ledger()["balances"]
        assert isinstance(balances, dict)
        return Decimal(balances[currency])


def parsed(answer: SimResponse) -> Any:
    return json.loads(answer.body, parse_float=Decimal)


def content(answer: SimResponse) -> Any:
    """Return the data of a success; fails the test on anything else."""
    told = parsed(answer)
    assert (answer.status, told["status"]) == (200, "ok"), told
    assert set(told) == {"status", "data"}
    return told["data"]


def refused(answer: SimResponse) -> str:
    """Return the text of a refusal; fails the test on anything else."""
    told = parsed(answer)
    assert (answer.status, told["status"]) == (200, "error"), told
    text = told["error"]
    assert isinstance(text, str)
    return text
