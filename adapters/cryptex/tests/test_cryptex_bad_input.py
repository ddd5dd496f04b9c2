"""A venue that answers nonsense while an order works: nothing is guessed, the adapter lives.

Whatever it says, the order stays what it was; a human is shown what could be read of it, or the
route is down until there is an answer; and when the venue makes sense again, so does the route.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from adapters.cryptex.simulator.wire import encode
from adapters.cryptex.tests.cryptex_route import form, forms, switch
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import OrdStatus
from oms.core.notes import RouteStatus
from tests.adapters.one_route import OneRoute, one_route

D = Decimal
LISTED: Final = ("ActiveOrders", "OrderInfo", "TradeHistory")


@pytest.fixture
def cryptex() -> Iterator[OneRoute]:
    """A route with nothing on it."""
    with one_route("cryptex") as route:
        route.until_ready()
        yield route


def answer_with(route: OneRoute, spoil: Callable[[SimRequest, SimResponse], SimResponse]) -> None:
    """Spoil every answer about orders."""

    def changed(request: SimRequest, answer: SimResponse) -> SimResponse:
        return spoil(request, answer) if form(request).get("method") in LISTED else answer

    route.tap.change = changed


def answer_rows(route: OneRoute, change: Callable[[dict[str, Any]], object]) -> None:
    """Change every order on its way, in the list and by itself."""

    def spoil(request: SimRequest, answer: SimResponse) -> SimResponse:
        told = json.loads(answer.body, parse_float=Decimal)
        data = told.get("data")
        rows = list(data.values()) if isinstance(data, dict) else data or []
        for row in rows if form(request)["method"] != "TradeHistory" else []:
            change(row)
        return replace(answer, body=encode(told).encode())

    answer_with(route, spoil)


def assert_lives(route: OneRoute, order_id: str) -> None:
    """The venue makes sense again: the order is cancelled, and another one trades."""
    route.tap.change = lambda _, answer: answer
    route.spin(lambda: bool(_up(route)), "the route to be up")
    route.cancel(order_id)
    route.until(lambda: route.order(order_id).closed, "the cancel")
    assert route.order(order_id).ord_status is OrdStatus.CANCELED
    filled = route.take(route.bench.LEVEL / 5)
    route.until(lambda: route.order(filled).closed, "the fill")
    assert route.order(filled).cum_qty == D("0.01")


def _up(route: OneRoute) -> bool:
    return route.book.routes[route.route].ready


NO_ANSWERS: Final[dict[str, Callable[[SimRequest, SimResponse], SimResponse]]] = {
    "html": lambda _, answer: replace(answer, body=b"<html><p>back soon</p></html>"),
    "empty": lambda _, answer: replace(answer, body=b""),
    "truncated": lambda _, answer: replace(answer, body=answer.body[:-9]),
    "redirect": lambda _, answer: SimResponse(302, b"", {"Location": "/login"}),
    "huge": lambda _, answer: replace(answer, body=answer.body + b" " * 9_000_000),
    "error": lambda _, answer: SimResponse(500, b"oops"),
    "binary": lambda _, answer: replace(answer, body=b"\xff\xfe\x00"),
    "nan": lambda _, answer: replace(answer, body=b'{"status": "ok", "data": [NaN]}'),
}


@pytest.mark.parametrize("name", NO_ANSWERS)
def test_no_answer_leaves_everything_as_it_was(cryptex: OneRoute, name: str) -> None:
    """The route goes down and says why; the order is what it was."""
    order_id = cryptex.place(wait=True)
    before = cryptex.order(order_id)
    answer_with(cryptex, NO_ANSWERS[name])
    cryptex.until(lambda: not _up(cryptex), "the route to be down")
    status = [r.message for r in cryptex.records if isinstance(r.message, RouteStatus)][-1]
    assert status.text
    assert cryptex.order(order_id) == before
    assert_lives(cryptex, order_id)


SENSELESS: Final[dict[str, object]] = {
    "list": [],
    "null": None,
    "number": 5,
    "no status": {"data": []},
    "status of another kind": {"status": 1, "data": []},
    "no data": {"status": "ok"},
    "data of another kind": {"status": "ok", "data": "Opened"},
    "rows of another kind": {"status": "ok", "data": [5]},
}


@pytest.mark.parametrize("name", SENSELESS)
def test_json_without_sense_is_shown_to_a_human(cryptex: OneRoute, name: str) -> None:
    order_id = cryptex.place(wait=True)
    before = cryptex.order(order_id)
    spoilt = json.dumps(SENSELESS[name]).encode()
    answer_with(cryptex, lambda _, answer: replace(answer, body=spoilt))
    cryptex.until(lambda: bool(cryptex.quarantined()), "the quarantine")
    shown = cryptex.quarantined()[0]
    assert "wanted" in str(shown.message)
    body = SENSELESS[name]
    said = body.get("data", body) if isinstance(body, dict) else body
    assert json.dumps(said) in str(shown.message) or shown.raw
    assert cryptex.order(order_id) == before
    assert_lives(cryptex, order_id)


WRONG_ROWS: Final[dict[str, dict[str, object]]] = {
    "a number as text where an id is": {"timestamp": "20260105000000"},
    "an unknown status": {"status": 7},
    "a status in words": {"status": "active"},
    "no status": {"status": None},
    "an unknown side": {"type": "hold"},
    "a side of another kind": {"type": 1},
    "no price": {"price": None},
    "a price in words": {"price": "market"},
    "a price without end": {"price": "Infinity"},
    "an amount that is true": {"amount": True},
    "a filled amount below zero": {"filled": -1},
    "a number beyond all markets": {"filled": D("1E+50")},
    "no pair": {"pair": "BTCUSD"},
    "no such day": {"timestamp": 20261399000000},
    "another amount": {"amount": D("0.02")},
    "another price": {"price": 29999},
    "another side": {"type": "sell"},
    "another pair": {"pair": "LTC_USD"},
}


@pytest.mark.parametrize("name", WRONG_ROWS)
def test_a_row_that_can_not_be_right_is_quarantined(cryptex: OneRoute, name: str) -> None:
    """With its raw text, and once for all the answers that say the same."""
    order_id = cryptex.place(wait=True)
    before = cryptex.order(order_id)
    answer_rows(cryptex, lambda row: row.update(WRONG_ROWS[name]))
    cryptex.until(lambda: bool(cryptex.quarantined()), "the quarantine")
    asked = len(cryptex.tap.asked)
    cryptex.spin(lambda: len(cryptex.tap.asked) >= asked + 4, "more such answers")
    (record,) = cryptex.quarantined()
    assert '"order_id"' in record.raw
    assert cryptex.order(order_id) == before
    assert_lives(cryptex, order_id)


def test_an_answer_about_another_order_is_quarantined(cryptex: OneRoute) -> None:
    order_id = cryptex.place(wait=True)
    before = cryptex.order(order_id)
    answer_rows(cryptex, lambda row: row.update(order_id=int(row["order_id"]) + 7))
    cryptex.until(lambda: bool(cryptex.quarantined()), "the quarantine")
    assert "asked for order" in str(cryptex.quarantined()[0].message)
    assert before.secondary_order_id in cryptex.quarantined()[0].raw
    assert cryptex.order(order_id) == before
    assert_lives(cryptex, order_id)


def test_unknown_fields_and_exponents_are_no_trouble(cryptex: OneRoute) -> None:
    """A number with an exponent is as exact as any; what is not asked for is not read."""
    switch(cryptex, "exponents", True)
    order_id = cryptex.take(cryptex.bench.LEVEL * 3)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the last fill")
    order, (row,) = cryptex.order(order_id), cryptex.tap.orders()
    assert (order.cum_qty, order.notional) == (D(row["cum"]), D(row["notional"]))
    rested = cryptex.place(wait=True)
    answer_rows(cryptex, lambda row: row.update(more={"a": [1]}, client=None))
    asked = len(forms(cryptex, "ActiveOrders"))
    cryptex.spin(lambda: len(forms(cryptex, "ActiveOrders")) >= asked + 3, "three more lists")
    assert not cryptex.quarantined()
    assert_lives(cryptex, rested)


def test_numbers_of_orders_as_text_are_not_believed(cryptex: OneRoute) -> None:
    order_id = cryptex.place(wait=True)
    before = cryptex.order(order_id)
    switch(cryptex, "text_numbers", True)
    cryptex.until(lambda: bool(cryptex.quarantined()), "the quarantine")
    assert cryptex.order(order_id) == before
    switch(cryptex, "text_numbers", False)
    assert_lives(cryptex, order_id)


@pytest.mark.parametrize("skew_ms", [10_000, -10_000, 3_600_000])
def test_the_venues_clock_may_be_off(cryptex: OneRoute, skew_ms: int) -> None:
    """Its times date events and decide nothing, also not which trades are looked at."""
    switch(cryptex, "skew_clock", skew_ms)
    order_id = cryptex.take(cryptex.bench.LEVEL * 3)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the last fill")
    rested = cryptex.place(wait=True)
    assert not cryptex.quarantined()
    assert_lives(cryptex, rested)


WRONG_TRADES: Final[dict[str, dict[str, object]]] = {
    "an id as text": {"transaction_id": "1"},
    "no price": {"price": None},
    "nothing traded": {"amount": 0},
    "below nothing traded": {"amount": D("-0.01")},
    "for nothing": {"price": 0},
    "no such time": {"timestamp": 20261399000000},
    "no pair": {"pair": ""},
    "another pair": {"pair": "LTC_USD"},
    "with itself": {"buy_order_id": 1001, "sell_order_id": 1001},
}


@pytest.mark.parametrize("name", WRONG_TRADES)
def test_a_trade_that_can_not_be_right_is_not_booked(cryptex: OneRoute, name: str) -> None:
    """And is, once it is."""

    def spoil(request: SimRequest, answer: SimResponse) -> SimResponse:
        told = json.loads(answer.body, parse_float=Decimal)
        for row in told["data"] if form(request)["method"] == "TradeHistory" else []:
            row.update(WRONG_TRADES[name])
        return replace(answer, body=encode(told).encode())

    answer_with(cryptex, spoil)
    order_id = cryptex.take(cryptex.bench.LEVEL / 5)
    cryptex.until(lambda: bool(cryptex.quarantined()), "the quarantine")
    assert cryptex.order(order_id).cum_qty == 0
    cryptex.tap.change = lambda _, answer: answer
    cryptex.until(lambda: cryptex.order(order_id).closed, "the fill")
    assert cryptex.order(order_id).cum_qty == D("0.01")
