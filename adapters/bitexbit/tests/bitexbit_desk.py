"""A desk that signs requests of its own accord, not with the venue's code, and keeps the time."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from adapters.bitexbit.simulator import build
from adapters.bitexbit.simulator.socketio import Client
from adapters.bitexbit.simulator.venue import BitexbitSimulator
from adapters.simserver import SimRequest, SimResponse

NOW_MS: Final = 1_525_884_262_811
CREDENTIALS: Final = {"api_key": "bb-key-0001", "api_secret": "bb-secret-0001"}
FAR: Final = {"type": "buy", "pair": "BTC_USD", "amount": "0.01", "price": "30000"}
NEAR: Final = {"type": "buy", "pair": "BTC_USD", "amount": "0.01", "price": "39999.999"}
FORM: Final = "application/x-www-form-urlencoded"


class Desk:
    """The account's owner, with a venue all to itself."""

    def __init__(self, seed: int = 1, speed: Decimal | int = 60) -> None:
        self.venue: BitexbitSimulator = build(seed, speed, CREDENTIALS)
        self.now_ms = NOW_MS
        self.nonce = NOW_MS
        self.venue.advance(self.now_ms)

    def signed(self, fields: Mapping[str, object]) -> dict[str, str]:
        """What the document's JavaScript sample sends, with a nonce of our own counting."""
        self.nonce += 1
        parts = (f"{name}={quote(str(fields[name]), safe='')}" for name in sorted(fields))
        text = "bb-key-0001" + "&".join(parts)
        sign = hmac.new(b"bb-secret-0001", text.encode(), hashlib.sha256).hexdigest()
        return {"x-key": "bb-key-0001", "x-sign": sign, "x-nonce": str(self.nonce)}

    def request(
        self, path: str, headers: Mapping[str, str] | None = None, base: str = "/api/v1/"
    ) -> SimRequest:
        """A GET, signed as the document's samples sign one: over nothing."""
        path, _, query = path.partition("?")
        wanted = self.signed({}) if headers is None else headers
        return SimRequest("GET", base + path, query, wanted, b"")

    def posting(
        self, path: str, fields: Mapping[str, object], *, form: bool = True, **headers: str
    ) -> SimRequest:
        """A POST, as a form or as JSON."""
        body = "&".join(f"{name}={value}" for name, value in fields.items())
        kind = FORM if form else "application/json; charset=utf-8"
        sent = body.encode() if form else json.dumps(fields).encode()
        wanted = {**self.signed(fields), "content-type": kind, **headers}
        return SimRequest("POST", f"/api/v1/{path}", "", wanted, sent)

    def send(self, request: SimRequest) -> SimResponse:
        return self.venue.handle(request, self.now_ms)

    def get(self, path: str, base: str = "/api/v1/") -> Any:
        return content(self.send(self.request(path, base=base)))

    def post(self, path: str, fields: Mapping[str, object], *, form: bool = True) -> SimResponse:
        return self.send(self.posting(path, fields, form=form))

    def place(self, **fields: object) -> Any:
        """The answer to a resting buy with the given fields changed."""
        return content(self.post("order/", {**FAR, **fields}))

    def wait(self, span_ms: int) -> None:
        self.now_ms += span_ms
        self.venue.advance(self.now_ms)

    def listen(self, generation: int = 4, pair: str = "BTC_USD") -> Client:
        """A connection of the channel, the handshake behind it."""
        query = f"EIO={generation}&transport=websocket"
        asked = SimRequest("GET", "/socket.io/", query, {}, b"")
        client = self.venue.connect(asked, self.now_ms)
        assert isinstance(client, Client), client
        if generation == 4:
            client.receive("40", self.now_ms)
        client.receive(f'42["subscribe","book_{pair}"]', self.now_ms)
        client.drain(self.now_ms)
        return client

    def heard(self, client: Client) -> list[Any]:
        """The events that have come, each as [name, message]."""
        self.wait(0)
        told = client.drain(self.now_ms)
        return [json.loads(text[2:], parse_float=str) for text in told if text[:2] == "42"]


def content(answer: SimResponse) -> Any:
    """Return the body of a success, numbers as they were written."""
    assert answer.status == 200, answer.body
    return json.loads(answer.body, parse_float=str)


def refusal(answer: SimResponse) -> tuple[int, str]:
    """Return status and reason of an HTTP error."""
    return answer.status, json.loads(answer.body)["detail"]
