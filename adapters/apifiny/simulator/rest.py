"""The REST side: who may ask, how often, and which path is which question."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl, unquote

from adapters.apifiny.simulator import rest_funding, rest_orders, rest_queries
from adapters.apifiny.simulator.exchange import Exchange
from adapters.apifiny.simulator.market_data import MARKET_DATA, MarketData
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
from adapters.apifiny.simulator.tokens import Account, demand_hmac, demand_token
from adapters.apifiny.simulator.wallet import Wallet
from adapters.apifiny.simulator.wire import dumps
from adapters.simserver import SimRequest, SimResponse
from oms.core.values import frozen

RATE_PER_S: Final = 20
"""Requests of one account in a second ("Rate Limits")."""

_PREFIX: Final = ["", "ac", "v2"]
_GBBO: Final = "GBBO"
_PAGE: Final = b"<html><body>We will be back soon.</body></html>"


@frozen
class _Route:
    method: str
    answer: Callable[[Call], object]
    private: bool = True
    or_post: bool = False  # the document asks for both
    bare: bool = False  # the document's sample of the reply has no envelope
    venue: str = "required"  # required | host | optional | any


_ROUTES: Final[Mapping[str, _Route]] = {
    "utils/currentTimeMillis": _Route("GET", rest_queries.current_time, private=False),
    "utils/listVenueInfo": _Route("GET", rest_queries.venues, private=False),
    "utils/listCurrency": _Route("GET", rest_queries.currencies, private=False),
    "utils/listSymbolInfo": _Route("GET", rest_queries.symbols, private=False),
    "account/queryAccountInfo": _Route("GET", rest_queries.account, venue="optional"),
    "asset/listBalance": _Route("GET", rest_queries.balances),
    "asset/queryAddress": _Route("GET", rest_funding.address),
    "asset/createWithdrawTicket": _Route("GET", rest_funding.ticket),
    "asset/withdraw": _Route("POST", rest_funding.withdraw),
    "asset/transferToVenue": _Route("POST", rest_funding.transfer),
    "asset/queryAssetActivityList": _Route(
        "GET", rest_funding.activities, or_post=True, venue="host"
    ),
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
        self,
        account: Account,
        exchange: Exchange,
        wallet: Wallet,
        market: MarketData,
        switches: Switches,
        speed: Decimal,
    ) -> None:
        self.requests = 0
        self.throttled = 0
        self._account = account
        self._exchange = exchange
        self._wallet = wallet
        self._market = market
        self._switches = switches
        self._rate = int(RATE_PER_S * speed)
        self._recent: deque[int] = deque()

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Answer a request; refusals are answered 200 with an error in the envelope."""
        self.requests += 1
        if self._switches.value("rest_down"):
            return SimResponse(502, b"Bad Gateway")
        if self._switches.take("server_error"):
            return SimResponse(500, b"Internal Server Error")
        return self._spoilt(self._answer(request, now_ms))

    def _answer(self, request: SimRequest, now_ms: int) -> SimResponse:
        if request.path.startswith(MARKET_DATA):
            return self._market.answer(request, now_ms)
        named, path = _split(request.path)
        route = _ROUTES.get(path)
        if route is None:
            return SimResponse(404, b"Not Found")
        if request.method != route.method and not (route.or_post and request.method == "POST"):
            return SimResponse(405, b"Method Not Allowed")
        changes = route.method == "POST"
        if changes and self._switches.take("lose_request"):
            return SimResponse(200, b"", drop=True)
        self._exchange.settle(now_ms)
        text = self._text(route, named, request, now_ms)
        if changes and self._switches.take("lose_reply"):
            return SimResponse(200, b"", drop=True)
        return SimResponse(200, text.encode(), {"content-type": "application/json"})

    def _spoilt(self, answer: SimResponse) -> SimResponse:
        if self._switches.take("garble"):
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        if self._switches.take("html"):
            return replace(answer, body=_PAGE, headers={"content-type": "text/html"})
        return answer

    def do(self, path: str, asked: Mapping[str, object], now_ms: int) -> str:
        """Do what a POST would whose sender is known already; its answer."""
        self._exchange.settle(now_ms)
        route = _ROUTES[path]

        def result() -> object:
            self._demand_rate(now_ms)
            return self._own_result(route, "", asked, now_ms, now_ms)

        return self._told(result, bare=False)

    def _text(self, route: _Route, named: str, request: SimRequest, now_ms: int) -> str:
        bare = route.bare and not self._switches.value("envelope_lists")
        return self._told(lambda: self._result(route, named, request, now_ms), bare=bare)

    def _told(self, result: Callable[[], object], *, bare: bool) -> str:
        try:
            found = result()
        except Refusal as no:
            return dumps({"result": None, "error": {"code": no.code, "message": no.message}})
        return dumps(found if bare else {"result": found, "error": None})

    def _result(self, route: _Route, named: str, request: SimRequest, now_ms: int) -> object:
        clock_ms = now_ms + self._switches.value("skew_clock")
        if route.private:
            self._demand_signed(request, clock_ms)
            self._demand_rate(now_ms)
        return self._own_result(route, named, _asked(request), now_ms, clock_ms)

    def _own_result(
        self, route: _Route, named: str, asked: Mapping[str, object], now_ms: int, clock_ms: int
    ) -> object:
        if named and named not in self._exchange.engines:
            raise refusal(NO_EXCHANGE)
        if route.private and asked.get("accountId") != self._account.account_id:
            raise refusal(ACCOUNT)
        if route.method == "POST" and self._switches.take("refuse"):
            raise refusal(REQUEST, "refused")
        venue = self._venue(route, named, asked) if route.private else named
        return route.answer(self._call(asked, venue, now_ms, clock_ms))

    def _call(self, asked: Mapping[str, object], venue: str, now_ms: int, clock_ms: int) -> Call:
        value = self._switches.value
        return Call(
            exchange=self._exchange,
            asked=asked,
            venue=venue,
            now_ms=now_ms,
            wallet=self._wallet,
            submit_ms=value("submit_ms"),
            move_ms=value("move_ms"),
            incoming_word="INCOMING" if value("spell_incoming") else "IMCOMING",
            clock_ms=clock_ms,
        )

    def _demand_signed(self, request: SimRequest, clock_ms: int) -> None:
        signature = request.headers.get("signature", "")
        if not signature:
            raise refusal(TOKEN)
        content = request.body if request.method == "POST" else request.query.encode()
        key = request.headers.get("apikey", "")
        if key:
            text = unquote(content.decode()) if request.method == "GET" else content.decode()
            demand_hmac(key, signature, text, _asked(request), self._account, clock_ms)
        else:
            demand_token(signature, content, self._account, clock_ms)

    def _demand_rate(self, now_ms: int) -> None:
        while self._recent and self._recent[0] <= now_ms - 1000:
            self._recent.popleft()
        if len(self._recent) >= self._rate or self._switches.take("throttle"):
            self.throttled += 1
            raise refusal(RATE)
        self._recent.append(now_ms)

    def _venue(self, route: _Route, named: str, asked: Mapping[str, object]) -> str:
        """Return the exchange a call is about, "" for all of them."""
        venue = asked.get("venue") or ""
        if route.venue == "any":
            venue = "" if venue == _GBBO else venue
        elif route.venue in {"required", "host"}:
            venue = venue or named
            if not venue and route.venue == "required":
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
