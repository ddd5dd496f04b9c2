"""The REST side: who may ask, how often, and which path is which question."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl

from adapters.apifiny.simulator import market_data, rest_orders, rest_queries
from adapters.apifiny.simulator.exchange import Exchange
from adapters.apifiny.simulator.market_data import MARKET_DATA
from adapters.apifiny.simulator.refusals import (
    ACCOUNT,
    NO_EXCHANGE,
    RATE,
    REQUEST,
    TOKEN,
    WRONG_VENUE,
    Refusal,
    refusal,
)
from adapters.apifiny.simulator.rest_call import Call
from adapters.apifiny.simulator.switches import Switches
from adapters.apifiny.simulator.tokens import Account, demand_token
from adapters.apifiny.simulator.wire import dumps
from adapters.simserver import SimRequest, SimResponse

RATE_PER_S: Final = 20
"""Requests of one account in a second ("Rate Limits")."""

_PREFIX: Final = ["", "ac", "v2"]
_GBBO: Final = "GBBO"


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    answer: Callable[[Call], object]
    private: bool = True
    bare: bool = False  # the document's sample of the reply has no envelope
    venue: str = "required"  # required | optional | any


_ROUTES: Final[Mapping[str, _Route]] = {
    "utils/currentTimeMillis": _Route("GET", rest_queries.current_time, private=False),
    "utils/listVenueInfo": _Route("GET", rest_queries.venues, private=False),
    "utils/listCurrency": _Route("GET", rest_queries.currencies, private=False),
    "utils/listSymbolInfo": _Route("GET", rest_queries.symbols, private=False),
    "account/queryAccountInfo": _Route("GET", rest_queries.account, venue="optional"),
    "asset/listBalance": _Route("GET", rest_queries.balances),
    "asset/getCommissionRate": _Route("GET", rest_queries.commission),
    "order/getCommissionRate": _Route("GET", rest_queries.commission),
    "order/newOrder": _Route("POST", rest_orders.new),
    "order/cancelOrder": _Route("POST", rest_orders.cancel),
    "order/cancelAccountVenueAllOrder": _Route("POST", rest_orders.cancel_all),
    "order/queryOrderInfo": _Route("GET", rest_orders.query),
    "order/listMultipleOrderInfo": _Route("GET", rest_orders.several, bare=True, venue="optional"),
    "order/listOpenOrder": _Route("GET", rest_orders.working),
    "order/listCompletedOrder": _Route("GET", rest_orders.completed, bare=True, venue="any"),
    "order/listFilledOrder": _Route("GET", rest_orders.filled),
}


class RestSide:
    """Answers one request at a time; the time is an argument."""

    def __init__(
        self, account: Account, exchange: Exchange, switches: Switches, speed: Decimal
    ) -> None:
        self.requests = 0
        self.throttled = 0
        self._account = account
        self._exchange = exchange
        self._switches = switches
        self._rate = int(RATE_PER_S * speed)
        self._recent: deque[int] = deque()

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Answer a request; refusals are answered 200 with an error in the envelope."""
        self.requests += 1
        if self._switches.value("rest_down"):
            return SimResponse(502, b"Bad Gateway")
        if request.path.startswith(MARKET_DATA):
            return market_data.answer(self._exchange, request, now_ms)
        named, path = _split(request.path)
        route = _ROUTES.get(path)
        if route is None:
            return SimResponse(404, b"Not Found")
        if request.method != route.method:
            return SimResponse(405, b"Method Not Allowed")
        posted = request.method == "POST"
        if posted and self._switches.take("error_500"):
            return SimResponse(500, b"Internal Server Error")
        self._exchange.settle(now_ms)
        text = self._text(route, named, request, now_ms)
        if posted and self._switches.take("lose_reply"):
            return SimResponse(200, b"", drop=True)
        return SimResponse(200, text.encode(), {"content-type": "application/json"})

    def _text(self, route: _Route, named: str, request: SimRequest, now_ms: int) -> str:
        try:
            result = self._result(route, named, request, now_ms)
        except Refusal as no:
            return dumps({"result": None, "error": {"code": no.code, "message": no.message}})
        if route.bare and not self._switches.value("envelope_lists"):
            return dumps(result)
        return dumps({"result": result, "error": None})

    def _result(self, route: _Route, named: str, request: SimRequest, now_ms: int) -> object:
        if route.private:
            self._demand_signed(request, now_ms)
            self._demand_rate(now_ms)
        if named and named not in self._exchange.engines:
            raise refusal(NO_EXCHANGE)
        asked = _asked(request)
        if route.private and asked.get("accountId") != self._account.account_id:
            raise refusal(ACCOUNT)
        venue = self._venue(route, named, asked) if route.private else named
        submit_ms = self._switches.value("submit_ms")
        return route.answer(Call(self._exchange, asked, venue, now_ms, submit_ms))

    def _demand_signed(self, request: SimRequest, now_ms: int) -> None:
        token = request.headers.get("signature", "")
        if not token:
            raise refusal(TOKEN)
        content = request.body if request.method == "POST" else request.query.encode()
        demand_token(token, content, self._account, now_ms)

    def _demand_rate(self, now_ms: int) -> None:
        while self._recent and self._recent[0] <= now_ms - 1000:
            self._recent.popleft()
        if len(self._recent) >= self._rate:
            self.throttled += 1
            raise refusal(RATE)
        self._recent.append(now_ms)

    def _venue(self, route: _Route, named: str, asked: Mapping[str, object]) -> str:
        """Return the exchange a call is about, "" for all of them."""
        venue = asked.get("venue") or ""
        if route.venue == "any":
            venue = "" if venue == _GBBO else venue
        elif route.venue == "required" and not venue:
            venue = named
            if not venue:
                raise refusal(REQUEST, "venue")
        if venue and named and venue != named:
            raise refusal(WRONG_VENUE)
        if venue and venue not in self._exchange.engines:
            raise refusal(NO_EXCHANGE)
        return str(venue)


def _split(path: str) -> tuple[str, str]:
    """Return (exchange or "", "group/call"): co-located hosts have no exchange in their paths."""
    parts = path.split("/")
    if parts[:3] != _PREFIX or len(parts) not in {5, 6}:
        return "", ""
    named = parts[3] if len(parts) == 6 else ""
    return named, "/".join(parts[-2:])


def _asked(request: SimRequest) -> Mapping[str, object]:
    if request.method == "GET":
        return dict(parse_qsl(request.query, keep_blank_values=True))
    try:
        asked = json.loads(request.body, parse_float=Decimal)
    except ValueError as error:
        raise refusal(REQUEST, "body") from error
    if not isinstance(asked, dict):
        raise refusal(REQUEST, "body")
    return asked
