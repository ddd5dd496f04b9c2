"""Apifiny's REST queries: hosts, tokens, endpoints. Orders themselves go over FIX.

Source: the Apifiny Connect API document of 08/03/21, sections "Authentication", "Base
Information", "Account" and "Trading".
"""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import jwt

from adapters.apifiny import mapping
from adapters.budget import Budget
from adapters.documents import Row, instant_of_ms, integer_in, list_of, redact, row_of, row_text
from adapters.http import Banned, Http, Reply, Throttled
from adapters.port import Balance, Lane, Sight, Unreadable, VenueState
from oms.clock import Clock
from oms.core.errors import MalformedMessage, OutcomeUnknown, VenueRefused
from oms.core.fields import OrdRejReason
from oms.core.order import Order
from oms.core.venue import Instrument

LIST_MAX: Final = 1_000
"""Rows that listCompletedOrder gives at most."""

WINDOWS_MAX: Final = 50
"""Full answers of listCompletedOrder read in a row."""

_CANCEL_ALL: Final = "order/cancelAccountVenueAllOrder"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who we are at the venue, where it is, and the readings of its document that can be chosen.

    `hosts`: exchange -> its own host, whose paths do not name the exchange. `jwt_exp_unit`: "s"
    or "ms". `part_filled_is_final`: False where PART_FILLED orders can still trade.
    """

    account_id: str
    api_key_id: str = field(repr=False)
    api_secret_key: str = field(repr=False)
    exchanges: Sequence[str]
    host: str
    hosts: Mapping[str, str] = field(default_factory=dict)
    jwt_exp_unit: str = "s"
    jwt_ttl_s: float = 10
    jwt_include_method: bool = False
    part_filled_is_final: bool = True


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


class ApifinyClient:
    """The venue's REST queries for one account; port.Queries."""

    def __init__(
        self,
        account: Account,
        http: Http,
        budget: Budget,
        clock: Clock,
        market_budget: Budget | None = None,
    ) -> None:
        """`market_budget` is that of market data; None: they share one."""
        self._account = account
        self._market_budget = market_budget or budget
        self._http = http
        self._budget = budget
        self._clock = clock
        self._secrets = (account.api_secret_key, account.api_key_id)
        self._symbols: dict[tuple[str, str], str] = {}
        final = account.part_filled_is_final
        self._part_filled = VenueState.CANCELED if final else VenueState.WORKING

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.close()

    async def order(self, order: Order) -> Sight | None:
        """GET order/queryOrderInfo, by the id that we gave the order."""
        exchange = order.security_exchange
        try:
            rows = await self._rows(
                exchange, "order/queryOrderInfo", {"orderId": order.venue_cl_ord_id}
            )
        except VenueRefused as error:
            if error.ord_rej_reason is OrdRejReason.UNKNOWN_ORDER:
                return None
            raise
        if not rows:
            return None
        row = row_of(rows[0], "order")
        if len(rows) > 1 or row.get("orderId") != order.venue_cl_ord_id:
            raise MalformedMessage(f"asked for order {order.venue_cl_ord_id}, got another")
        if mapping.leaves_open(row) and await self._is_open(exchange, order.venue_cl_ord_id):
            _log.warning("order %s is PART_FILLED and open", order.venue_cl_ord_id)
            return self._sight(row, exchange, VenueState.WORKING)
        return self._sight(row, exchange, self._part_filled)

    async def open_orders(self) -> list[Sight]:
        """GET order/listOpenOrder at every exchange."""
        found: list[Sight] = []
        for exchange in self._account.exchanges:
            rows = await self._rows(exchange, "order/listOpenOrder")
            # What is listed as open is open: PART_FILLED works there.
            found += [
                self._sight(row_of(row, "order"), exchange, VenueState.WORKING) for row in rows
            ]
        return found

    async def closed_orders(self, since: datetime) -> list[Sight]:
        """GET order/listCompletedOrder at every exchange, in windows that overlap."""
        found: dict[str, Sight] = {}
        for exchange in self._account.exchanges:
            start = int(since.timestamp() * 1000)
            for _ in range(WINDOWS_MAX):
                parameters = {"startTime": str(start), "limit": str(LIST_MAX)}
                rows = await self._rows(exchange, "order/listCompletedOrder", parameters)
                for value in rows:
                    row = row_of(value, "order")
                    sight = self._sight(row, exchange, self._part_filled)
                    found[sight.venue_cl_ord_id] = sight
                latest = max((integer_in(row, "updatedAt") for row in rows), default=start)
                if len(rows) < LIST_MAX or latest <= start:
                    break
                start = latest
        return list(found.values())

    async def cancel_all(self) -> list[str]:
        """POST order/cancelAccountVenueAllOrder at every exchange: the ids that it cancelled.

        Best effort, says the document: each order must be looked at. Raises as a cancel does.
        """
        cancelled: list[str] = []
        for exchange in self._account.exchanges:
            body = json.dumps({"accountId": self._account.account_id, "venue": exchange})
            try:
                answer = await self._call(exchange, _CANCEL_ALL, body, post=True)
                cancelled += map(str, list_of(answer, _CANCEL_ALL))
            except MalformedMessage as error:
                raise OutcomeUnknown(f"POST {_CANCEL_ALL}: {error}") from None
        return cancelled

    async def instruments(self) -> tuple[Instrument, ...]:
        """GET utils/listSymbolInfo at every exchange. What can not be read is left out, and
        logged."""
        found: list[Instrument] = []
        for exchange in self._account.exchanges:
            answer = await self._call(exchange, "utils/listSymbolInfo", "", signed=False)
            for row in list_of(answer, "symbols"):
                try:
                    found.append(mapping.instrument(row, exchange))
                except MalformedMessage as error:
                    _log.warning("a symbol of %s is left out: %s", exchange, error)
        self._symbols = {(i.security_exchange, i.venue_symbol): i.symbol for i in found}
        return tuple(found)

    async def balances(self) -> list[Balance]:
        """GET asset/listBalance at every exchange."""
        return [
            mapping.balance(row, exchange)
            for exchange in self._account.exchanges
            for row in await self._rows(exchange, "asset/listBalance")
        ]

    async def best_prices(
        self, symbol: str, security_exchange: str
    ) -> tuple[Decimal | None, Decimal | None]:
        """GET /md/orderbook/v1/SYMBOL/EXCHANGE ("Market Data", Order Book): best bid and offer."""
        url = f"{self._account.host}/md/orderbook/v1/{symbol}/{security_exchange}"
        async with self._market_budget.turn(Lane.MARKET):
            reply = await self._http.get(url, {})
            document = reply.document
            # The document's sample has no envelope; its rule for all answers has one.
            bare = isinstance(document, dict) and "asks" in document
            return mapping.best_prices(document if bare else self._result(reply, "orderbook"))

    async def server_time(self) -> datetime:
        """GET utils/currentTimeMillis at the first exchange."""
        exchange = self._account.exchanges[0]
        answer = await self._call(exchange, "utils/currentTimeMillis", "", signed=False)
        if not isinstance(answer, int) or isinstance(answer, bool):
            raise MalformedMessage("currentTimeMillis: a whole number is wanted")
        return instant_of_ms(answer)

    async def _is_open(self, exchange: str, order_id: str) -> bool:
        rows = await self._rows(exchange, "order/listOpenOrder")
        return any(row_of(row, "order").get("orderId") == order_id for row in rows)

    def _sight(self, row: Row, exchange: str, part_filled: VenueState) -> Sight:
        raw = row_text(row, self._secrets)
        try:
            return mapping.venue_order(row, exchange, self._symbols, raw, part_filled)
        except MalformedMessage as error:
            return Unreadable(
                venue_cl_ord_id=str(row.get("orderId") or ""),
                secondary_order_id="",
                reason=str(error),
                raw=raw,
            )

    # The door

    async def _rows(
        self, exchange: str, path: str, parameters: Mapping[str, str] | None = None
    ) -> list[Any]:
        named = {"accountId": self._account.account_id, "venue": exchange, **(parameters or {})}
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in named.items())
        return list_of(await self._call(exchange, path, query), path)

    async def _call(
        self, exchange: str, path: str, text: str, *, signed: bool = True, post: bool = False
    ) -> Any:
        """`text` is the query, or the body of a POST, exactly as it is signed and sent."""
        url = f"{self._base(exchange)}/{path}" + (f"?{text}" if text and not post else "")
        headers = {"Content-Type": "application/json"}
        async with self._budget.turn(Lane.CANCEL if post else Lane.STATUS):
            if signed:
                headers["signature"] = self._token(path, text)
            if post:
                reply = await self._http.post(url, headers, text.encode())
            else:
                reply = await self._http.get(url, headers)
            return self._result(reply, path)

    def _base(self, exchange: str) -> str:
        own = self._account.hosts.get(exchange)
        return f"{own}/ac/v2" if own else f"{self._account.host}/ac/v2/{exchange}"

    def _token(self, path: str, text: str) -> str:
        exp_ms = self._clock.now_ms() + int(self._account.jwt_ttl_s * 1000)
        exp = exp_ms if self._account.jwt_exp_unit == "ms" else exp_ms // 1000
        method = path.replace("/", ".") if self._account.jwt_include_method else ""
        return token(self._account, claims(self._account, text, exp, method))

    def _result(self, reply: Reply, path: str) -> Any:
        document = reply.document
        if isinstance(document, list):
            return document  # two lists are documented without the envelope
        error = document.get("error") if isinstance(document, dict) else None
        if error is not None:
            code, message = mapping.error_of(error)
            text = redact(f"{path}: {message} ({code})", self._secrets)[:200]
            if code in mapping.TOO_OFTEN:
                raise Throttled(text)
            raise mapping.refusal(code, text)
        if reply.status == HTTPStatus.FORBIDDEN:
            raise Banned(f"{path}: HTTP 403: too many errors, the address is blocked")
        if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
            raise VenueRefused(f"{path}: HTTP {reply.status}")
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise OutcomeUnknown(f"{path}: HTTP {reply.status}")
        return row_of(document, path).get("result")
