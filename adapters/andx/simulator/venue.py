"""The venue: routes, orders that live and end, and the ledger.

Source: ANDX API document, sections "Public Endpoints", "Private Endpoints" and "Response".
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from adapters.andx.simulator.account import Account
from adapters.andx.simulator.door import Door, Pace
from adapters.andx.simulator.listing import Listing, listings
from adapters.andx.simulator.orders import (
    Asked,
    Booked,
    find_listing,
    is_number,
    parse_object,
    parse_order,
    texts,
)
from adapters.andx.simulator.troubles import Troubles
from adapters.andx.simulator.wire import (
    ACCOUNT_OWNER_DIFFERENT,
    ADDRESS_NOT_FOUND,
    INVALID_AMOUNT,
    ORDER_NOT_FOUND,
    Barred,
    Lost,
    Refused,
    failure,
    plain,
    refusal,
    success,
)
from adapters.matching import MatchingEngine, Outside, SimOrder, credited
from adapters.simserver import SimRequest, SimResponse
from oms.core.values import frozen

CANCEL_DELAY_MS: Final = 300
PAGE_SIZE: Final = 20
FIRST_NUMBER: Final = 54264
ALIASES: Final = {("XRP", "alias_name"), ("BTC", "cold"), ("TRY", "bank")}
"""Withdrawal addresses that the user saved, as (currency, alias)."""

Answer = dict[str, object]


@frozen
class _Visit:
    """A request on its way through the venue."""

    arguments: tuple[str, ...]
    body: bytes
    now_ms: int


@frozen
class _Route:
    path: re.Pattern[str]
    method: str
    private: bool
    answer: Callable[["AndxSimulator", _Visit], Answer]


class AndxSimulator:
    """ANDX with one user who has one account."""

    name = "andx"

    def __init__(self, seed: int, speed: Decimal, credentials: Mapping[str, str]) -> None:
        if speed <= 0:
            raise ValueError("speed must be positive")
        self._account_name = credentials["account"]
        self._door = Door(credentials)
        self._pace = Pace(speed)
        self._listings = listings()
        self._engine = MatchingEngine((row.market for row in self._listings.values()), seed)
        self._account = Account()
        self._booked: dict[int, Booked] = {}
        self._due: dict[int, tuple[int, str]] = {}  # order number: when, and what it becomes
        self._troubles = Troubles(int(CANCEL_DELAY_MS / speed))
        self._counts = {"requests": 0, "throttled": 0}
        self._withdrawals: list[dict[str, str]] = []
        self._now_ms = 0

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Answer one request; never raises, whatever the request."""
        self.advance(now_ms)
        self._counts["requests"] += 1
        try:
            answer = success(self._answer(request, now_ms))
        except Refused as refused:
            answer = refusal(refused)
        except Barred as barred:
            self._counts["throttled"] += barred.status == 429
            answer = failure(barred)
        except Lost:
            answer = SimResponse(200, b"", drop=True)
        return self._troubles.distort(answer)

    def advance(self, now_ms: int) -> None:
        """Let the market move and the pending cancels and rejections happen, in order of time."""
        for number, (due_ms, status) in sorted(self._due.items(), key=lambda item: item[1][0]):
            if due_ms <= now_ms:
                self._account.book(self._engine.advance(due_ms))
                self._end(number, status, due_ms)
        self._account.book(self._engine.advance(now_ms))
        self._now_ms = now_ms

    def ledger(self) -> dict[str, object]:
        """Return the venue's own books; `price` is None for a market order."""
        return {
            "orders": [_ledger_row(booked) for booked in self._booked.values()],
            "balances": {code: plain(held) for code, held in self._account.balances.items()},
            "withdrawals": list(self._withdrawals),
            "transfers": [_transfer_row(asked) for asked in self._withdrawals],
            **self._counts,
        }

    def switch(self, name: str, value: object) -> None:
        """Set a trouble of `troubles.py`, or do what is done at once; raises KeyError, ValueError."""
        if name == "credit":
            asset, amount = credited(value, self._account.balances)
            self._account.balances[asset] += amount
        elif name == "stranger":
            self._enter(Outside.of(value))
        else:
            self._troubles.set(name, value)

    def _enter(self, outside: Outside) -> None:
        listing = next(
            row for row in self._listings.values() if row.market.symbol == outside.symbol
        )
        number = FIRST_NUMBER + len(self._booked)
        order = SimOrder(str(number), "0", outside.symbol, outside.side, outside.qty, outside.price)
        self._booked[number] = Booked(number, listing, order, 0)
        self._account.hold(order)
        self._account.book(self._engine.submit(order, self._now_ms))

    def _answer(self, request: SimRequest, now_ms: int) -> Answer:
        if self._troubles.take("throttle"):
            raise Barred(429, "rate limit")
        self._pace.count(now_ms)
        route, arguments = _find_route(request)
        if route.private:
            self._door.admit(request, now_ms)
        if request.method == "POST":
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise Barred(400, "the content type is not application/json")
        return route.answer(self, _Visit(arguments, request.body, now_ms))

    def market_info(self, visit: _Visit) -> Answer:
        """Return all markets as a list, or the one asked for as an object."""
        if visit.arguments:
            return {"markets": self._listing(visit).info()}
        return {"markets": [listing.info() for listing in self._listings.values()]}

    def ticker(self, visit: _Visit) -> Answer:
        """Return all tickers by market_code, or the one asked for."""
        if visit.arguments:
            return {"ticker": self._listing(visit).ticker(self._engine, visit.now_ms)}
        return {
            "ticker": {
                code: listing.ticker(self._engine, visit.now_ms)
                for code, listing in self._listings.items()
            }
        }

    def order_book(self, visit: _Visit) -> Answer:
        """Return one market's levels, ticker and last transactions."""
        return self._listing(visit).order_book(self._engine, visit.now_ms)

    def balance(self, visit: _Visit) -> Answer:
        """Return the account's balances."""
        self._demand_own(*visit.arguments)
        return {"balances": self._account.rows()}

    def orders(self, visit: _Visit) -> Answer:
        """Return one page of the account's orders, newest first."""
        account, status, *rest = visit.arguments
        self._demand_own(account)
        page = int(rest.pop()) if rest and rest[-1].isdecimal() else 1
        if status not in ("O", "C", "A") or not page:
            raise Barred(400, "no such status or page")
        if rest and rest[0] not in self._listings:
            raise Barred(404, "no such market")
        listed = [
            booked
            for booked in reversed(self._booked.values())
            if booked.shown_ms <= visit.now_ms
            and (not rest or booked.listing.code == rest[0])
            and status in ("A", "O" if booked.order.status == "OPEN" else "C")
        ]
        pages = max(1, -(-len(listed) // PAGE_SIZE))
        return {
            "orders": [b.row() for b in listed[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]],
            "page_number": page,
            "total_page_count": pages,
            "has_next": page < pages,
        }

    def order_status(self, visit: _Visit) -> Answer:
        """Return one order by its number."""
        row = self._find(int(visit.arguments[0])).row()
        if self._troubles.take("wrong_order"):
            row["order_number"] = int(visit.arguments[0]) + 1
        return {"order": row}

    def create_order(self, visit: _Visit) -> Answer:
        """Take an order; a post-only order that would cross gets a number and ends as R."""
        asked = parse_order(visit.body)
        return self._act("order", lambda: self._create(asked, visit.now_ms))

    def cancel_order(self, visit: _Visit) -> Answer:
        """Note the wish to cancel; the order ends later, unless it fills before."""
        if visit.body and parse_object(visit.body):
            raise Barred(400, "a cancel has an empty object for a body")
        return self._act("cancel", lambda: self._cancel(int(visit.arguments[0]), visit.now_ms))

    def withdraw(self, visit: _Visit) -> Answer:
        """Take a withdrawal to a saved address."""
        asked = texts(parse_object(visit.body), ("currency_code", "amount", "alias"))
        if not is_number(asked["amount"]):
            raise Barred(400, "amount is not a number")
        return self._act("withdrawal", lambda: self._withdraw(asked))

    def _act(self, on: str, act: Callable[[], Answer]) -> Answer:
        take = self._troubles.take
        if take("lose_request", on):
            raise Lost
        if take("error_500_before", on):
            raise Barred(500, "internal server error")
        if take("refuse", on):
            raise Refused(ACCOUNT_OWNER_DIFFERENT)
        answer = act()
        if take("lose_reply", on):
            raise Lost
        if take("error_500", on):
            raise Barred(500, "internal server error")
        return answer

    def _create(self, asked: Asked, now_ms: int) -> Answer:
        self._demand_own(asked.account_name)
        listing = find_listing(self._listings, asked.market_code)
        number = FIRST_NUMBER + len(self._booked)
        order = asked.sim_order(number, listing)
        self._account.demand(order, self._engine)
        shown_ms = now_ms + self._troubles.span_ms("hide_orders_ms")
        self._booked[number] = Booked(number, listing, order, shown_ms)
        self._account.hold(order)
        if self._troubles.take("async_reject"):
            order.created_ms = order.updated_ms = now_ms
            self._due[number] = (now_ms + self._troubles.span_ms("cancel_delay_ms"), "REJECTED")
        else:
            self._account.book(self._engine.submit(order, now_ms))
        return {"order_number": number}

    def _cancel(self, number: int, now_ms: int) -> Answer:
        # an order that has ended is not found: the document has no other error for it
        if self._find(number).order.status != "OPEN":
            raise Refused(ORDER_NOT_FOUND)
        due_ms = now_ms + self._troubles.span_ms("cancel_delay_ms")
        self._due.setdefault(number, (due_ms, "CANCELED"))
        return {"message": "order_cancel_request_submitted"}

    def _withdraw(self, asked: Mapping[str, str]) -> Answer:
        if (asked["currency_code"], asked["alias"]) not in ALIASES:
            raise Refused(ADDRESS_NOT_FOUND)
        if not Decimal(asked["amount"]):
            raise Refused(INVALID_AMOUNT)
        self._account.withdraw(asked["currency_code"], Decimal(asked["amount"]))
        self._withdrawals.append(dict(asked))
        return {"message": "Your withdraw request is processing."}

    def _end(self, number: int, status: str, now_ms: int) -> None:
        del self._due[number]
        order = self._booked[number].order
        if status == "CANCELED":
            self._engine.cancel(order.order_id, now_ms)
        else:
            order.status, order.updated_ms = status, now_ms

    def _find(self, number: int) -> Booked:
        if number not in self._booked:
            raise Refused(ORDER_NOT_FOUND)
        return self._booked[number]

    def _listing(self, visit: _Visit) -> Listing:
        if visit.arguments[0] not in self._listings:
            raise Barred(404, "no such market")
        return self._listings[visit.arguments[0]]

    def _demand_own(self, account: str | None = None) -> None:
        if account not in (None, self._account_name):
            raise Refused(ACCOUNT_OWNER_DIFFERENT)


def _route(
    path: str, method: str, answer: Callable[[AndxSimulator, _Visit], Answer], *, private: bool
) -> _Route:
    return _Route(re.compile(f"/api/v1/{path}"), method, private, answer)


_PAGE: Final = "([0-9]{1,9})/"
_ROUTES: Final = (
    _route("market_info/(?:([^/]+)/)?", "GET", AndxSimulator.market_info, private=False),
    _route("ticker/(?:([^/]+)/)?", "GET", AndxSimulator.ticker, private=False),
    _route("order_book/([^/]+)/", "GET", AndxSimulator.order_book, private=False),
    _route("balance/(?:([^/]+)/)?", "GET", AndxSimulator.balance, private=True),
    _route("orders/", "POST", AndxSimulator.create_order, private=True),
    _route(
        f"orders/([^/]+)/([^/]+)/(?:([^/]*[^/0-9][^/]*)/)?(?:{_PAGE})?",
        "GET",
        AndxSimulator.orders,
        private=True,
    ),
    _route("order_status/([0-9]{1,18})/", "GET", AndxSimulator.order_status, private=True),
    _route("cancel_order/([0-9]{1,18})/", "POST", AndxSimulator.cancel_order, private=True),
    _route("withdrawal/request/", "POST", AndxSimulator.withdraw, private=True),
)


def _find_route(request: SimRequest) -> tuple[_Route, tuple[str, ...]]:
    for route in _ROUTES:
        if found := route.path.fullmatch(request.path):
            if request.method != route.method:
                raise Barred(405, "wrong method", {"Allow": route.method})
            return route, tuple(text for text in found.groups() if text is not None)
    raise Barred(404, "no such path; every path ends with a slash")


def _ledger_row(booked: Booked) -> dict[str, object]:
    order = booked.order
    return {
        "order_id": order.order_id,
        "client_id": order.client_id,
        "symbol": order.symbol,
        "side": order.side,
        "qty": plain(order.qty),
        "price": None if order.price is None else plain(order.price),
        "cum": plain(order.cum),
        "notional": plain(order.notional),
        "status": order.status,
        "fees": "0",
    }


def _transfer_row(asked: Mapping[str, str]) -> dict[str, str]:
    return {
        "kind": "WITHDRAWAL",
        "asset": asked["currency_code"],
        "amount": asked["amount"],
        "address": asked["alias"],
        "status": "COMPLETED",
    }
