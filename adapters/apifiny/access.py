"""How Apifiny is reached: hosts, tokens, signatures, one request at a time.

Source: the Apifiny Connect API document of 08/03/21, sections "Base URLs", "Authentication" and
"Standard response"; for the HMAC of later years the venue's public clients of 2022.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, unquote

import jwt

from adapters.apifiny import errors, mapping
from adapters.apifiny.errors import Operation
from adapters.budget import Budget
from adapters.documents import list_of, redact, row_of
from adapters.http import Banned, Http, Reply
from adapters.port import Lane
from oms.clock import Clock
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueError, VenueRefused
from oms.core.numbers import number_text
from oms.core.values import frozen

_LANES: Final = {
    Operation.NEW: Lane.NEW,
    Operation.CANCEL: Lane.CANCEL,
    Operation.MOVE: Lane.NEW,
    Operation.QUERY: Lane.STATUS,
}


class NoSuchPath(VenueRefused):
    """The host knows no such call."""


@frozen(kw_only=True)
class Account:
    """Who we are at the venue, where it is, and the readings of its document that can be chosen.

    `hosts`: exchange -> its own host, whose paths do not name the exchange. `jwt_exp_unit`: "s"
    or "ms". `auth_scheme`: "jwt" or "hmac". `part_filled_is_final`: False where PART_FILLED orders
    can still trade. `ws_path`: where the account's feeds are. `candle_exchanges`, `feed_exchanges`:
    where REST tells candles and tickers, and where the feed tells trades, candles and tickers.
    """

    account_id: str
    api_key_id: str = field(repr=False)
    api_secret_key: str = field(repr=False)
    exchanges: Sequence[str]
    host: str
    stream_host: str = "wss://api.apifiny.com"
    hosts: Mapping[str, str] = field(default_factory=dict)
    auth_scheme: str = "jwt"
    recv_window_ms: int = 5_000
    jwt_exp_unit: str = "s"
    jwt_ttl_s: float = 10
    jwt_include_method: bool = False
    part_filled_is_final: bool = True
    ws_path: str = "/ac/ws/v2"
    fee_path: str = "asset/getCommissionRate"
    activity_method: str = "GET"
    kline_symbol_format: str = "plain"
    candle_exchanges: Sequence[str] = (
        "BINANCE", "BINANCEUS", "COINBASEPRO", "HUOBI", "KUCOIN", "OKEX", "GATEIO",
    )  # fmt: skip
    feed_exchanges: Sequence[str] = (
        "BINANCE", "BINANCEUS", "COINBASEPRO", "HUOBI", "KUCOIN", "OKEX",
    )  # fmt: skip

    def expiry(self, now_ms: int) -> int:
        """The claim exp of a token made now."""
        exp_ms = now_ms + int(self.jwt_ttl_s * 1000)
        return exp_ms if self.jwt_exp_unit == "ms" else exp_ms // 1000


def token(account: Account, payload: Mapping[str, object]) -> str:
    """A JWT (HS256) with these claims, in their order."""
    return jwt.encode(dict(payload), account.api_secret_key, algorithm="HS256")


def claims(account: Account, text: str, exp: int, method: str = "") -> dict[str, object]:
    """What a REST token says: `text` is the query string or the body, exactly as sent."""
    found: dict[str, object] = {
        "accountId": account.account_id,
        "secretKeyId": account.api_key_id,
        "digest": hashlib.sha256(text.encode()).hexdigest(),
    }
    if method:
        found["method"] = method
    found["exp"] = exp
    return found


def feed_claims(account: Account, exp: int) -> dict[str, object]:
    """What the token of an order or asset feed says."""
    return {"accountId": account.account_id, "secretKeyId": account.api_key_id, "exp": exp}


def market_claims(account: Account) -> dict[str, object]:
    """What the token of the market's feed says."""
    return {"accessKey": account.api_key_id}


def signature(account: Account, text: str) -> str:
    """The HMAC of later years: of a query without its escapes, of a body, of timestamp=<ms>."""
    secret = account.api_secret_key.encode()
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def stream_login(account: Account, timestamp_ms: int) -> str:
    """The message that opens the trading feed of later years."""
    content = {
        "timestamp": timestamp_ms,
        "apiKey": account.api_key_id,
        "signature": signature(account, f"timestamp={timestamp_ms}"),
    }
    return json.dumps({"action": "auth", "data": content})


def body_text(fields: Mapping[str, object]) -> str:
    """A JSON object in which a Decimal is a number with exactly its own digits."""
    return "{" + ", ".join(f"{json.dumps(k)}: {_value_text(v)}" for k, v in fields.items()) + "}"


def _value_text(value: object) -> str:
    if isinstance(value, Decimal):
        return number_text(value)
    return body_text(value) if isinstance(value, Mapping) else json.dumps(value)


class Door:
    """Sends requests and opens the envelopes of their answers."""

    def __init__(
        self, account: Account, http: Http, budget: Budget, market_budget: Budget, clock: Clock
    ) -> None:
        self.account = account
        self.clock = clock
        self.secrets = (account.api_secret_key, account.api_key_id)
        self._http = http
        self._budget = budget
        self._market_budget = market_budget

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.close()

    async def rows(
        self, exchange: str, path: str, parameters: Mapping[str, str] | None = None
    ) -> list[Any]:
        """A signed GET about one exchange whose answer is a list."""
        named = {"accountId": self.account.account_id, "venue": exchange, **(parameters or {})}
        return list_of(await self.get(exchange, path, named), path)

    async def get(self, exchange: str, path: str, parameters: Mapping[str, str]) -> Any:
        """A signed GET with these parameters, in their order."""
        async with self._budget.turn(Lane.STATUS):
            named = dict(parameters)
            if self.account.auth_scheme == "hmac":
                named |= {name: str(value) for name, value in self._stamp().items()}
            # A comma stays one: what is signed is then the same whether escapes count or not.
            query = "&".join(f"{name}={quote(value, safe=',')}" for name, value in named.items())
            headers = self._headers(path, query, unquote(query))
            reply = await self._http.get(f"{self._base(exchange)}/{path}?{query}", headers)
            return self._opened(reply, path, Operation.QUERY)

    async def post(
        self, exchange: str, path: str, fields: Mapping[str, object], operation: Operation
    ) -> Any:
        """A signed POST, once. What can not be read after it may have been done."""
        async with self._budget.turn(_LANES[operation]):
            if self.account.auth_scheme == "hmac":
                fields = {**fields, **self._stamp()}
            body = body_text({"accountId": self.account.account_id, **fields})
            headers = self._headers(path, body, body)
            url = f"{self._base(exchange)}/{path}"
            try:
                reply = await self._http.post(url, headers, body.encode())
                return self._opened(reply, path, operation)
            except MalformedMessage as error:
                raise OutcomeUnknown(f"POST {path}: {error}") from None

    async def public(self, exchange: str, path: str) -> Any:
        """A GET without a token."""
        async with self._budget.turn(Lane.STATUS):
            reply = await self._http.get(f"{self._base(exchange)}/{path}", _JSON)
            return self._opened(reply, path, Operation.QUERY)

    async def market(self, path: str) -> Any:
        """A GET of market data below /md/: at the common host, and bare."""
        async with self._market_budget.turn(Lane.MARKET):
            reply = await self._http.get(f"{self.account.host}/md/{path}", {})
            return self._opened(reply, path.partition("/")[0], Operation.QUERY, bare=True)

    def _headers(self, path: str, sent: str, plain: str) -> dict[str, str]:
        """`sent` is the query or body as it goes out, `plain` the same without escapes."""
        if self.account.auth_scheme == "hmac":
            keys = {"apiKey": self.account.api_key_id, "signature": signature(self.account, plain)}
            return {**_JSON, **keys}
        method = path.replace("/", ".") if self.account.jwt_include_method else ""
        exp = self.account.expiry(self.clock.stamp_us() // 1000)
        made = token(self.account, claims(self.account, sent, exp, method))
        return {**_JSON, "signature": made}

    def _stamp(self) -> dict[str, int]:
        return {
            "timestamp": self.clock.stamp_us() // 1000,
            "recvWindow": self.account.recv_window_ms,
        }

    def _base(self, exchange: str) -> str:
        own = self.account.hosts.get(exchange)
        return f"{own}/ac/v2" if own else f"{self.account.host}/ac/v2/{exchange}"

    def _opened(self, reply: Reply, path: str, operation: Operation, *, bare: bool = False) -> Any:
        document = reply.document
        if isinstance(document, list):
            return document  # two lists are documented without the envelope
        error = document.get("error") if isinstance(document, dict) else None
        if error is not None:
            code, message = mapping.error_of(error)
            text = redact(f"{path}: {message} ({code})", self.secrets)[:200]
            raise errors.error_for(code, message, operation, text)
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise _error_of(reply.status, path)
        row = row_of(document, path)
        if "result" not in row and not bare:
            raise MalformedMessage(f"{path}: neither a result nor an error")
        return row.get("result", document)


def _error_of(status: int, path: str) -> VenueError:
    """The error that a status is which comes without words."""
    text = f"{path}: HTTP {status}"
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        return NoSuchPath(text)
    if status == HTTPStatus.FORBIDDEN:
        return Banned(f"{text}: too many errors, the address is blocked")
    return (VenueRefused if status == HTTPStatus.UNAUTHORIZED else OutcomeUnknown)(text)


_JSON: Final[Mapping[str, str]] = {"Content-Type": "application/json"}
