"""A client of the simulator for tests: signs, asks, and keeps a clock of its own."""

import json
from decimal import Decimal
from itertools import count
from typing import Any

import jwt

from adapters.apifiny.simulator import build
from adapters.apifiny.simulator.tokens import digest
from adapters.simserver import SimRequest, SimResponse

ACCOUNT = "STA-00000001"
KEY_ID = "ak-0001"
SECRET = "apifiny-secret-0001-apifiny-secret"  # noqa: S105  of an account that never was
START_MS = 1_760_000_000_000
LIMIT: dict[str, object] = {
    "symbol": "BTCUSDT",
    "orderType": "LIMIT",
    "timeInForce": 1,
    "orderSide": "BUY",
    "limitPrice": "39000.00",
    "quantity": "0.0100",
}
TAKES_ALL: dict[str, object] = LIMIT | {"limitPrice": "40001.00", "quantity": "0.0800"}


class Desk:
    """One client of one simulator, with a clock of its own."""

    def __init__(self, speed: int = 1) -> None:
        self.sim = build(
            7, speed, {"account_id": ACCOUNT, "api_key_id": KEY_ID, "api_secret_key": SECRET}
        )
        self.now_ms = START_MS
        self._ids = count(100)

    def pass_ms(self, span_ms: int) -> None:
        """Let the venue live for so long."""
        self.now_ms += span_ms
        self.sim.advance(self.now_ms)

    def new_id(self) -> str:
        """Return an order id that keeps the rule."""
        return f"00000001{self.now_ms}{next(self._ids)}"

    def send(self, method: str, path: str, content: str) -> SimResponse:
        """Send a signed request."""
        claims = {
            "accountId": ACCOUNT,
            "secretKeyId": KEY_ID,
            "digest": digest(content.encode()),
            "exp": self.now_ms // 1000 + 10,
        }
        headers = {"signature": jwt.encode(claims, SECRET)}
        query, body = (content, b"") if method == "GET" else ("", content.encode())
        return self.sim.handle(
            SimRequest(method, f"/ac/v2/{path}", query, headers, body), self.now_ms
        )

    def get(self, path: str, **asked: str) -> Any:
        """Return the parsed answer of a GET."""
        query = "&".join(f"{k}={v}" for k, v in ({"accountId": ACCOUNT} | asked).items())
        return parsed(self.send("GET", path, query))

    def post(self, path: str, **asked: object) -> Any:
        """Return the parsed answer of a POST."""
        body = {"accountId": ACCOUNT, "venue": "BINANCE"} | asked
        return parsed(self.send("POST", path, json.dumps(body)))

    def order(self, info: dict[str, object] = LIMIT, order_id: str | None = None) -> Any:
        """Ask for an order at BINANCE."""
        order_id = self.new_id() if order_id is None else order_id
        return self.post("BINANCE/order/newOrder", orderId=order_id, orderInfo=info)

    def working(self, info: dict[str, object] = LIMIT) -> str:
        """Place an order, let it reach its exchange, return its id."""
        order_id: str = self.order(info)["result"][0]["orderId"]
        self.now_ms += 20
        self.query(order_id)
        return order_id

    def query(self, order_id: str) -> Any:
        """Return the order as queryOrderInfo shows it."""
        answer = self.get("BINANCE/order/queryOrderInfo", venue="BINANCE", orderId=order_id)
        return answer["result"][0]


def parsed(response: SimResponse) -> Any:
    """Read the JSON of an answer with exact numbers."""
    assert response.status == 200
    return json.loads(response.body, parse_float=Decimal)


def code(answer: Any) -> int:
    """Return the code of a refusal."""
    assert answer["result"] is None
    number: int = answer["error"]["code"]
    assert type(number) is int
    return number
