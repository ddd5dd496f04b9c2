"""A desk that signs requests of its own accord, not with the venue's code, and keeps the time."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from adapters.andx.simulator import build
from adapters.andx.simulator.venue import AndxSimulator
from adapters.simserver import SimRequest, SimResponse

NOW_MS: Final = 1_525_884_262_811
CREDENTIALS: Final = {
    "username": "alice",
    "passphrase": "correct-horse",
    "api_key": "andx-key-0001",
    "api_secret": "andx-secret-0001",
    "account": "Main",
}
FAR: Final = {"volume": "0.01", "price": "1000000"}
NEAR: Final = {"volume": "0.01", "price": "1199999.99"}


class Desk:
    """The account's owner, with a venue all to itself."""

    def __init__(self, seed: int = 1, speed: Decimal | int = 1) -> None:
        self.venue: AndxSimulator = build(seed, speed, CREDENTIALS)
        self.now_ms = NOW_MS
        self.venue.advance(self.now_ms)

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> SimRequest:
        timestamp = f"{self.now_ms // 1000}.{self.now_ms % 1000:03d}"
        text = "andx-key-0001alicecorrect-horse" + timestamp + (body.decode() or "{}")
        signed = hmac.new(b"andx-secret-0001", text.encode(), hashlib.sha256).hexdigest().upper()
        known = {
            "access-key": "andx-key-0001",
            "access-user": "alice",
            "access-passphrase": "correct-horse",
            "access-timestamp": timestamp,
            "access-sign": signed,
            "content-type": "application/json",
        }
        return SimRequest(method, f"/api/v1/{path}", "", {**known, **(headers or {})}, body)

    def send(self, request: SimRequest) -> SimResponse:
        return self.venue.handle(request, self.now_ms)

    def get(self, path: str) -> Any:
        return content(self.send(self.request("GET", path)))

    def post(self, path: str, body: Mapping[str, object] | None = None) -> SimResponse:
        return self.send(self.request("POST", path, json.dumps(body or {}).encode()))

    def place(self, **fields: object) -> int:
        number = content(self.post("orders/", order_body(**fields)))["order_number"]
        assert isinstance(number, int)
        return number

    def status(self, number: int) -> Any:
        return self.get(f"order_status/{number}/")["order"]

    def wait(self, span_ms: int) -> None:
        self.now_ms += span_ms
        self.venue.advance(self.now_ms)

    def ledgered(self) -> list[dict[str, Any]]:
        rows = self.venue.ledger()["orders"]
        assert isinstance(rows, list)
        return rows


def order_body(**fields: object) -> dict[str, object]:
    """Return a resting buy, far from the market, with the given fields changed."""
    return {
        "order_type": "limit",
        "market_code": "BTCTRY",
        "buy_sell": "B",
        "client_id": 7001,
        "post_only": False,
        "account_name": "Main",
        **FAR,
        **fields,
    }


def content(answer: SimResponse) -> Any:
    """Return the data of a success; fails the test on anything else."""
    parsed = json.loads(answer.body)
    assert (answer.status, parsed["status"]) == (200, "success"), parsed
    assert set(parsed) == {"status", "data"}
    return parsed["data"]


def error(answer: SimResponse) -> tuple[str, int]:
    """Return reason and code of a business error; fails the test on anything else."""
    parsed = json.loads(answer.body)
    assert (answer.status, parsed["status"], parsed["data"]) == (200, "error", {})
    return parsed["reason"], parsed["status_code"]
