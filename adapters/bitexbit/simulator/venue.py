"""The venue: routes, orders that live and end, the channel, and the ledger.

Source: Bitexbit API v1 document, all of "HTTP API (v1)" and "Web Sockets API".
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from adapters.bitexbit.simulator import switches
from adapters.bitexbit.simulator.account import SIGNS, Account, deposits, withdraws
from adapters.bitexbit.simulator.channel import Channel
from adapters.bitexbit.simulator.door import PRIVATE_PER_SECOND, PUBLIC_PER_SECOND, Door, Pace
from adapters.bitexbit.simulator.orders import (
    Booked,
    demand_fields,
    fields_of,
    order_id_of,
    query_of,
    sim_order,
)
from adapters.bitexbit.simulator.pairs import Pair, grouped
from adapters.bitexbit.simulator.queries import PAGES, demand_query
from adapters.bitexbit.simulator.socketio import Client
from adapters.bitexbit.simulator.trading import Trading
from adapters.bitexbit.simulator.troubles import Troubles
from adapters.bitexbit.simulator.wire import Barred, Lost, failure, plain, success
from adapters.simserver import SimRequest, SimResponse
from oms.core.values import frozen

_PATHS_KEPT: Final = 256  # the same few are asked for all the time
ELSEWHERE: Final = "https://www.bitexbit.com"


@frozen
class _Visit:
    """A request on its way through the venue; `fields` of its query or body."""

    arguments: tuple[str, ...]
    fields: Mapping[str, str]
    now_ms: int


@frozen
class _Route:
    path: re.Pattern[str]
    method: str
    private: bool | None  # None: as the request likes
    asks: tuple[str, ...]  # the names that the query may have
    answer: Callable[["BitexbitSimulator", _Visit], object]


class BitexbitSimulator:
    """Bitexbit with one user."""

    name = "bitexbit"

    def __init__(self, seed: int, speed: Decimal, credentials: Mapping[str, str]) -> None:
        if speed <= 0:
            raise ValueError("speed must be positive")
        self.troubles = Troubles()
        self.door = Door(credentials)
        self.channel = Channel(self.troubles)
        self.account = Account()
        self.trading = Trading(seed, self.troubles, self.account, self.channel)
        self._private = Pace(PRIVATE_PER_SECOND, speed)
        self._public = Pace(PUBLIC_PER_SECOND, speed)
        self._counts = {"requests": 0, "throttled": 0}
        self.now_ms = 0

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Answer one request; never raises, whatever the request."""
        self.advance(now_ms)
        self._counts["requests"] += 1
        try:
            answer = success(self._answer(request, now_ms))
        except Barred as barred:
            self._counts["throttled"] += barred.status == 429
            answer = failure(barred)
        except Lost:
            answer = SimResponse(200, b"", drop=True)
        return self.troubles.distort(answer)

    def connect(self, request: SimRequest, now_ms: int) -> Client | SimResponse:
        """Open a socket.io connection, or say why not."""
        self.advance(now_ms)
        return self.channel.connect(request, now_ms)

    def advance(self, now_ms: int) -> None:
        """Let the market move, and the channel tell of it."""
        self.now_ms = max(self.now_ms, now_ms)
        self.trading.advance(now_ms)
        self.channel.advance(now_ms)

    def ledger(self) -> dict[str, object]:
        """Return the venue's own books."""
        return {
            "orders": [_ledger_row(booked) for booked in self.trading.booked.values()],
            "balances": {code: plain(held) for code, held in self.account.balances.items()},
            "transfers": [],
            **self._counts,
        }

    def switch(self, name: str, value: object) -> None:
        """Set a trouble of `troubles.py`, or do one of `switches.DEEDS`; KeyError, ValueError."""
        deed = switches.DEEDS.get(name)
        if deed is None:
            self.troubles.set(name, value)
        else:
            deed(self, value)

    def _answer(self, request: SimRequest, now_ms: int) -> object:
        if self.troubles.take("throttle"):
            raise Barred(429, "too many requests")
        if self.troubles.take("redirect"):
            raise Barred(302, "moved", {"Location": ELSEWHERE + request.path})
        route, arguments = _find_route(request)
        private = "x-key" in request.headers if route.private is None else route.private
        (self._private if private else self._public).count(now_ms)
        posted = request.method == "POST"
        fields = fields_of(request) if posted else query_of(request)
        if private:
            if self.troubles.take("bar"):
                raise Barred(401, "not this time")
            signed = posted or self.troubles.flag("sign_get_params")
            self.door.admit(request, fields.items() if signed else (), now_ms)
        elif route.private is None and self.troubles.flag("single_order_auth"):
            raise Barred(401, "an authorization header is missing")
        if not posted:
            demand_query(fields, route.asks)
        return route.answer(self, _Visit(arguments, fields, now_ms))

    # Public

    def currencies(self, _: _Visit) -> object:
        """Return all currencies."""
        return [{"sign": sign, "short_name": name} for name, sign in SIGNS.items()]

    def pairs(self, visit: _Visit) -> object:
        """Return the pairs, by their currencies if asked."""
        rows = [pair.row() for pair in self.trading.pairs.values()]
        return [row for row in rows if all(row[name] == v for name, v in visit.fields.items())]

    def orderbook(self, visit: _Visit) -> object:
        """Return one pair's resting orders, or their sums by price."""
        pair, asked = self._pair(visit), visit.fields
        book: dict[str, object] = {}
        for side, word in (("SELL", "sell"), ("BUY", "buy")):
            rows = self.trading.side_of_book(pair, side)
            rows = grouped(rows) if asked.get("group") == "1" else rows
            limit = asked.get(f"limit_{word}")
            book[word] = rows if limit is None else rows[: int(limit)]
        return book

    def exchanges(self, visit: _Visit) -> object:
        """Return everybody's exchanges."""
        return self.trading.tape.page(visit.fields, visit.now_ms, own=False)

    def chart(self, visit: _Visit) -> object:
        """Return candles of one pair."""
        pair, kind = self._pair(visit), visit.arguments[1]
        return self.trading.tape.candles(pair, kind, visit.fields, visit.now_ms)

    def order(self, visit: _Visit) -> object:
        """Return one order of the account by its id."""
        booked = self.trading.booked.get(int(visit.arguments[0]))
        if booked is None:
            raise Barred(404, "no such order")
        row = booked.single()
        if self.troubles.take("wrong_order"):
            row["id"] = int(visit.arguments[0]) + 1
        return row

    # Private

    def wallets(self, visit: _Visit) -> object:
        """Return the account's wallets."""
        return self.account.wallets(visit.fields.get("currency_id", ""))

    def own_orders(self, visit: _Visit) -> object:
        """Return the account's orders, newest first."""
        asked = visit.fields
        rows = [
            booked.row()
            for booked in reversed(self.trading.booked.values())
            if booked.shown_ms <= visit.now_ms
        ]
        for name in ("type", "pair", "status"):
            rows = [row for row in rows if asked.get(name, str(row[name])) == str(row[name])]
        return rows[: int(asked.get("limit", "2000"))]

    def own_exchanges(self, visit: _Visit) -> object:
        """Return the account's exchanges, in the shape of everybody's."""
        return self.trading.tape.page(visit.fields, visit.now_ms, own=True)

    def deposits(self, _: _Visit) -> object:
        """Return what came in."""
        return deposits()

    def withdraws(self, visit: _Visit) -> object:
        """Return what went out, or is to go."""
        asked = visit.fields
        return withdraws(asked.get("currency_id", ""), asked.get("status", ""))

    def create(self, visit: _Visit) -> object:
        """Take an order."""
        demand_fields(visit.fields, ("type", "pair", "amount", "price"))

        def act() -> object:
            pair = self.trading.pairs.get(visit.fields["pair"])
            if pair is None:
                raise Barred(400, "no such pair")
            order = sim_order(visit.fields, self.trading.next_id(), pair)
            self.account.demand(order)
            return self.trading.enter(order, pair, visit.now_ms)

        if self.troubles.take("unsuccessful"):
            return {"success": False}
        return self._act("order", act)

    def cancel(self, visit: _Visit) -> object:
        """Cancel an order that is active."""
        demand_fields(visit.fields, ("order",))
        order_id = order_id_of(visit.fields["order"])

        def act() -> object:
            self.trading.cancel(order_id, visit.now_ms)
            return {"order": order_id}

        return self._act("cancel", act)

    def _act(self, on: str, act: Callable[[], object]) -> object:
        take = self.troubles.take
        if take("lose_request", on):
            raise Lost
        if take("overload", on):
            raise Barred(502, "try again later")
        if take("refuse", on):
            raise Barred(400, "refused for a test")
        answer = act()
        if take("lose_reply", on):
            raise Lost
        if take("server_error", on):
            raise Barred(500, "internal server error")
        return answer

    def _pair(self, visit: _Visit) -> Pair:
        pair = self.trading.pairs.get(visit.arguments[0])
        if pair is None:
            raise Barred(404, "no such pair")
        return pair


def _route(
    path: str,
    method: str,
    answer: Callable[[BitexbitSimulator, _Visit], object],
    *asks: str,
    private: bool | None = False,
) -> _Route:
    return _Route(re.compile(f"/api/{path}"), method, private, asks, answer)


_S: Final = BitexbitSimulator
_ROUTES: Final = (
    _route("v1/currencies/", "GET", _S.currencies),
    _route("v1/pairs/", "GET", _S.pairs, "currency1", "currency2"),
    _route("v1/orderbook/([^/]+)/", "GET", _S.orderbook, "limit_sell", "limit_buy", "group"),
    _route("v1/exchanges/", "GET", _S.exchanges, "pair", *PAGES),
    _route("charts/([^/]+)/(1|5|15|30|60|240|D)/chart", "GET", _S.chart, "limit", "since", "until"),
    _route("v1/order/([0-9]{1,18})/", "GET", _S.order, private=None),
    _route("v1/wallets/", "GET", _S.wallets, "currency_id", private=True),
    _route("v1/orders/own/", "GET", _S.own_orders, "type", "pair", "status", "limit", private=True),
    _route("v1/order/", "POST", _S.create, private=True),
    _route("v1/order-cancel/", "POST", _S.cancel, private=True),
    _route("v1/exchanges/own/", "GET", _S.own_exchanges, "type", "pair", *PAGES, private=True),
    _route("v1/deposits/", "GET", _S.deposits, private=True),
    _route("v1/withdraws/", "GET", _S.withdraws, "currency_id", "status", private=True),
)


def _find_route(request: SimRequest) -> tuple[_Route, tuple[str, ...]]:
    met = _met(request.path)
    for route, arguments in met:
        if request.method == route.method:
            return route, arguments
    if met:
        raise Barred(405, "wrong method", {"Allow": met[0][0].method})
    raise Barred(404, "no such path")


@lru_cache(_PATHS_KEPT)
def _met(path: str) -> tuple[tuple[_Route, tuple[str, ...]], ...]:
    return tuple(
        (route, found.groups())
        for route in _ROUTES
        if (found := route.path.fullmatch(path)) is not None
    )


def _ledger_row(booked: Booked) -> dict[str, object]:
    order = booked.order
    assert order.price is not None
    return {
        "order_id": order.order_id,
        "client_id": "",
        "symbol": order.symbol,
        "side": order.side,
        "qty": plain(order.qty),
        "price": plain(order.price),
        "cum": plain(order.cum),
        "notional": plain(order.notional),
        "status": order.status,
        "fees": "0",
    }
