"""Answers that make no sense: shown with their text, the order as it was, the route alive."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from adapters.http import BODY_BYTES_MAX
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import OrdStatus
from tests.adapters.conformance import assert_agree
from tests.adapters.one_route import OneRoute, one_route

Change = Callable[[SimResponse], SimResponse]
D = Decimal


@pytest.fixture
def route() -> Iterator[OneRoute]:
    """A route that is ready."""
    with one_route("bitexbit") as one:
        one.until_ready()
        yield one


def bytes_of(body: bytes, **changed: Any) -> Change:
    return lambda answer: replace(answer, body=body, **changed)


def rows(change: Callable[[dict[str, Any]], object]) -> Change:
    """Have every row of a list changed, or the one object."""

    def changed(answer: SimResponse) -> SimResponse:
        told = json.loads(answer.body, parse_float=D)
        for row in told if isinstance(told, list) else [told]:
            change(row)
        return replace(answer, body=json.dumps(told, default=str).encode())

    return changed


UNUSABLE: Final[dict[str, Change]] = {
    "html": bytes_of(b"<html><body>We will be back soon</body></html>"),
    "empty": bytes_of(b""),
    "truncated": lambda answer: replace(answer, body=answer.body[:-3]),
    "not a list": bytes_of(b'{"detail": "none"}'),
    "a number": bytes_of(b"7"),
    "not a number": bytes_of(b"NaN"),
    "not utf-8": bytes_of(b"\xff\xfe"),
    "redirect": bytes_of(b"", status=302, headers={"Location": "https://www.bitexbit.com/"}),
    "huge": bytes_of(b"[" + b" " * BODY_BYTES_MAX + b"]"),
    "502": bytes_of(b"try again later", status=502),
}
"""Whole answers that can not be used: there is no row in them to be shown."""

ODD_ROWS: Final[dict[str, Change]] = {
    "status as unknown word": rows(lambda row: row.update(status="Paused")),
    "status as unknown number": rows(lambda row: row.update(status=9)),
    "status as object": rows(lambda row: row.update(status={"code": 1})),
    "amount as object": rows(lambda row: row.update(amount={})),
    "amount as words": rows(lambda row: row.update(amount="one")),
    "amount infinite": rows(lambda row: row.update(amount="Infinity")),
    "amount absurd": rows(lambda row: row.update(amount="1e999999")),
    "price missing": rows(lambda row: row.pop("price")),
    "type unknown": rows(lambda row: row.update(type="short")),
    "pair unknown": rows(lambda row: row.update(pair="BTCUSD")),
    "another amount": rows(lambda row: row.update(amount="0.5")),
    "another price": rows(lambda row: row.update(price="1")),
    "another side": rows(lambda row: row.update(type="sell")),
    "another pair": rows(lambda row: row.update(pair="ETH_USD")),
}
"""Rows that can not be read, or are not about the order whose id they carry."""

HARMLESS: Final[dict[str, Change]] = {
    "numbers as text": rows(
        lambda row: row.update(amount=str(row["amount"]), status=str(row["status"]))
    ),
    "status as number": rows(lambda row: row.update(status=int(row["status"]))),
    "exponents": rows(lambda row: row.update(amount="1E-2", price="3.0E+4")),
    "unknown fields": rows(lambda row: row.update(filled=1, state="done", note=None)),
}


def part_of(part: str, change: Change) -> Callable[[SimRequest, SimResponse], SimResponse]:
    return lambda request, answer: change(answer) if part in request.path else answer


def lives(route: OneRoute, order_id: str) -> None:
    """The trouble over, the order can still be cancelled, and books and ledger agree."""
    route.tap.change = lambda _, answer: answer
    route.until_ready()
    route.cancel(order_id)
    route.until(lambda: route.order(order_id).closed, "the cancel")
    assert route.order(order_id).ord_status is OrdStatus.CANCELED
    assert_agree(route, order_id)


@pytest.mark.parametrize("what", UNUSABLE)
def test_an_answer_that_can_not_be_used_changes_nothing(route: OneRoute, what: str) -> None:
    """Also of the list of own exchanges; the route goes down and comes back."""
    order_id = route.place(wait=True)
    before = route.order(order_id)
    route.tap.change = part_of("/own/", UNUSABLE[what])
    route.until_asked("GET", "/own/", route.tap.count("GET", "/own/") + 4)
    assert route.order(order_id) == before
    lives(route, order_id)


@pytest.mark.parametrize("part", ["/orders/own/", "/order/"])
@pytest.mark.parametrize("what", ODD_ROWS)
def test_a_row_that_makes_no_sense_is_shown_and_changes_nothing(
    route: OneRoute, what: str, part: str
) -> None:
    order_id = route.place(wait=True)
    before = route.order(order_id)
    if part == "/order/":  # it is looked at by itself when it is not in the list

        def both(request: SimRequest, answer: SimResponse) -> SimResponse:
            if "/orders/own/" in request.path:
                return replace(answer, body=b"[]")
            single = request.method == "GET" and "/order/" in request.path
            return ODD_ROWS[what](answer) if single else answer

        route.tap.change = both
    else:
        route.tap.change = part_of(part, ODD_ROWS[what])
    route.until(lambda: bool(route.quarantined()), "the quarantine")
    route.until_asked("GET", part, route.tap.count("GET", part) + 2)
    assert route.order(order_id) == before
    record = route.quarantined()[0]
    assert f'"id": {before.secondary_order_id}' in record.raw
    lives(route, order_id)


@pytest.mark.parametrize("what", HARMLESS)
def test_what_only_looks_odd_is_read_as_it_is_meant(route: OneRoute, what: str) -> None:
    order_id = route.place(wait=True)
    before = route.order(order_id)
    route.tap.change = part_of("/orders/own/", HARMLESS[what])
    route.until_asked("GET", "/orders/own/", route.tap.count("GET", "/orders/own/") + 3)
    assert route.order(order_id) == before
    assert not route.quarantined()
    lives(route, order_id)


@pytest.mark.parametrize(
    "change",
    [
        rows(lambda row: row.update(id="x")),
        rows(lambda row: row.update(amount="-1")),
        rows(lambda row: row.update(price=None)),
        rows(lambda row: row.update(timestamp="yesterday")),
        rows(lambda row: row.update(timestamp="9e99")),
        rows(lambda row: row.update(pair=7)),
    ],
    ids=["id", "amount", "price", "time", "absurd time", "pair"],
)
def test_an_exchange_that_makes_no_sense_is_shown_and_books_nothing(
    route: OneRoute, change: Change
) -> None:
    route.there.do(lambda: route.tap.switch("stall_stream", 1))
    order_id = route.place(wait=True)
    route.tap.change = part_of("/exchanges/own/", change)
    told = {"order": int(route.order(order_id).secondary_order_id), "amount": "0.004"}
    route.there.do(lambda: route.tap.switch("fill", told))
    route.until(lambda: bool(route.quarantined()), "the quarantine")
    assert route.order(order_id).cum_qty == 0
    route.tap.change = lambda _, answer: answer
    route.until(lambda: route.order(order_id).cum_qty == D("0.004"), "the fill after all")
    lives(route, order_id)


@pytest.mark.parametrize("skew_ms", [10_000, -10_000])
def test_a_venues_clock_that_is_ten_seconds_off(route: OneRoute, skew_ms: int) -> None:
    """Fills are found in its list all the same: the answers to orders tell its clock."""
    route.there.do(lambda: route.tap.switch("stall_stream", 1))
    route.there.do(lambda: route.tap.switch("skew_clock", skew_ms))
    order_id = route.place(wait=True)
    told = {"order": int(route.order(order_id).secondary_order_id), "amount": "0.004"}
    route.there.do(lambda: route.tap.switch("fill", told))
    route.until(lambda: route.order(order_id).cum_qty == D("0.004"), "the fill")
    lives(route, order_id)


def test_an_answer_about_another_order_is_quarantined(route: OneRoute) -> None:
    order_id = route.place(wait=True)
    before = route.order(order_id)

    def other(request: SimRequest, answer: SimResponse) -> SimResponse:
        if "/orders/own/" in request.path:
            return replace(answer, body=b"[]")
        return answer

    route.tap.change = other
    route.there.do(lambda: route.tap.switch("wrong_order", 3))
    route.until(lambda: bool(route.quarantined()), "the quarantine")
    assert "asked for order" in str(route.quarantined()[0].message)
    assert route.order(order_id) == before
    lives(route, order_id)
