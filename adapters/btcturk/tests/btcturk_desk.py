"""A desk that signs requests of its own accord, not with the venue's code, and keeps the time."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from adapters.btcturk.simulator import build
from adapters.btcturk.simulator.feed import FeedSocket
from adapters.btcturk.simulator.venue import BtcturkSimulator
from adapters.simserver import SimRequest, SimResponse

NOW_MS: Final = 1_543_996_112_263
KEY: Final = "btcturk-public-key-0001"
SECRET: Final = "YnRjdHVyay1zZWNyZXQta2V5LTAxMjM0NTY3ODlhYmM="  # noqa: S105  not a secret
CREDENTIALS: Final = {"api_key": KEY, "api_secret": SECRET}
LAG_MS: Final = 2_000
"""How far the list of fills is behind."""

Query = Mapping[str, object]


def signed(text: str) -> str:
    """The document's recipe."""
    digest = hmac.new(base64.b64decode(SECRET), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def signing(stamp: object) -> dict[str, str]:
    """The headers that admit."""
    return {
        "x-pck": KEY,
        "x-stamp": str(stamp),
        "x-signature": signed(f"{KEY}{stamp}"),
        "content-type": "application/json",
    }


class Desk:
    """The account's owner, with a venue all to itself."""

    def __init__(self, seed: int = 1, speed: Decimal | int = 1) -> None:
        self.venue: BtcturkSimulator = build(seed, speed, CREDENTIALS)
        self.now_ms = NOW_MS
        self.venue.advance(self.now_ms)
        self._stamp = 0

    def request(
        self,
        method: str,
        path: str,
        query: Query | str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> SimRequest:
        self._stamp = max(self._stamp + 1, self.now_ms)
        asked = query if isinstance(query, str) else urlencode(query, doseq=True)
        return SimRequest(method, path, asked, {**signing(self._stamp), **(headers or {})}, body)

    def send(self, request: SimRequest) -> SimResponse:
        return self.venue.handle(request, self.now_ms)

    def ask(self, method: str, path: str, query: Query | str = "", body: bytes = b"") -> Any:
        """The document of an answer below 300."""
        answer = self.send(self.request(method, path, query, body))
        assert answer.status == 200, answer
        return json.loads(answer.body, parse_float=Decimal)

    def get(self, path: str, **query: object) -> Any:
        """What the envelope of a GET holds."""
        told = self.ask("GET", path, query)
        assert (told["success"], told["code"]) == (True, 0)
        return told["data"]

    def post(self, **fields: object) -> SimResponse:
        body = json.dumps(order_body(**fields)).encode()
        return self.send(self.request("POST", "/api/v1/order", body=body))

    def place(self, **fields: object) -> int:
        told = content(self.post(**fields))["data"]["id"]
        assert isinstance(told, int)
        return told

    def cancel(self, number: object) -> SimResponse:
        return self.send(self.request("DELETE", "/api/v1/order", {"id": number}))

    def row(self, number: int) -> Any:
        return self.get(f"/api/v1/order/{number}")

    def fills(self, number: int) -> Any:
        return self.get("/api/v1/users/transactions/trade", orderId=number)

    def balance(self, asset: str) -> dict[str, Decimal]:
        rows = {row["asset"]: row for row in self.get("/api/v1/users/balances")}
        return {name: Decimal(rows[asset][name]) for name in ("balance", "locked", "free")}

    def wait(self, span_ms: int) -> None:
        self.now_ms += span_ms
        self.venue.advance(self.now_ms)

    def ledgered(self) -> list[dict[str, Any]]:
        rows = self.venue.ledger()["orders"]
        assert isinstance(rows, list)
        return rows

    def feed(self) -> "Feed":
        """A socket of the feed."""
        socket = self.venue.connect(SimRequest("GET", "/", "", {}, b""), self.now_ms)
        assert isinstance(socket, FeedSocket)
        return Feed(self, socket)


class Feed:
    """One socket, read frame by frame."""

    def __init__(self, desk: Desk, socket: FeedSocket) -> None:
        self.desk, self.socket = desk, socket

    def say(self, model: int, **fields: object) -> None:
        text = json.dumps([model, {"type": model, **fields}])
        self.socket.receive(text, self.desk.now_ms)

    def hear(self) -> list[tuple[int, Any]]:
        told = [json.loads(text) for text in self.socket.drain(self.desk.now_ms)]
        assert all(model == fields["type"] for model, fields in told)
        return [(model, fields) for model, fields in told]

    def models(self) -> list[int]:
        return [model for model, _ in self.hear()]

    def join(self, channel: str, event: str, *, join: bool = True) -> None:
        self.say(151, channel=channel, event=event, join=join)

    def login(self) -> "Feed":
        sign = signed(f"{KEY}3000")
        self.say(114, publicKey=KEY, timestamp=self.desk.now_ms, nonce=3000, signature=sign)
        assert self.models() == [991, 114]
        return self


def order_body(**fields: object) -> dict[str, object]:
    """A resting buy, far from the market, with the given fields changed; None leaves one out."""
    body = {
        "quantity": "0.01",
        "price": "1000000",
        "stopPrice": 0,
        "newOrderClientId": "test",
        "orderMethod": "limit",
        "orderType": "buy",
        "pairSymbol": "BTCTRY",
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


def content(answer: SimResponse) -> Any:
    """The document of a success; fails the test on anything else."""
    told = json.loads(answer.body)
    assert (answer.status, told["success"]) == (200, True), told
    return told


def error(answer: SimResponse) -> tuple[int, str, object]:
    """Status, message and code of a refusal; fails the test on anything else."""
    told = json.loads(answer.body)
    assert answer.status >= 400
    assert told["success"] is (answer.status == 401)
    return answer.status, told["message"], told["code"]
