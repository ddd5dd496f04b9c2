"""What the order feed is good for while FIX carries the orders: a reason to look, and nothing more."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.apifiny.tests.apifiny_link import at_venue, linked
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import OrdStatus
from oms.core.ports import Evidence
from tests.adapters.one_route import OneRoute

QUERY = "order/queryOrderInfo"
UNKNOWN = {"result": None, "error": {"code": 327738, "message": "Order doesn't exist"}}


def hide(request: SimRequest, answer: SimResponse) -> SimResponse:
    """Know no order by its id."""
    hidden = QUERY in request.path
    return replace(answer, body=json.dumps(UNKNOWN).encode()) if hidden else answer


def cancel_there(route: OneRoute, order_id: str) -> None:
    """End the order at the venue, which its feed tells of."""
    name, now_ms = route.order(order_id).venue_cl_ord_id, route.clock.now_ms()
    simulator = route.tap.simulator
    exchange = simulator.exchange  # type: ignore[attr-defined]  # this venue's own
    route.there.do(lambda: exchange.cancel("BINANCE", name, now_ms))


def test_an_order_in_doubt_is_looked_at_as_soon_as_the_feed_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.pace.STEPS_S", (0.01,))
    monkeypatch.setattr("adapters.pace.THEN_EVERY_S", 1e9)
    with linked() as (route, link):
        status = route.runner.stream_status
        route.spin(lambda: (found := status()) is not None and found.up, "the feeds")
        route.tap.change = hide
        route.tap.switch("lose_new_ack", 1)
        order_id = route.place()
        link.rise(ask=False)
        route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
        route.until_asked("GET", QUERY, 1)
        route.tap.change = lambda _, answer: answer
        cancel_there(route, order_id)
        route.spin(lambda: route.order(order_id).in_doubt is None, "the evidence")
        route.spin(lambda: route.order(order_id).closed, "the end")
        assert route.order(order_id).ord_status is OrdStatus.CANCELED
        (record,) = [
            r for r in route.records if r.order_id == order_id and "CANCELED" in repr(r.message)
        ]
        assert record.evidence is Evidence.VENUE_QUERY


def test_while_the_link_stands_the_feed_books_nothing_and_asks_nothing() -> None:
    with linked() as (route, link):
        order_id = route.place(wait=True)
        asked = route.tap.count("GET", QUERY)
        route.tap.switch("lose_fill", 1)
        filled = route.take(route.bench.LEVEL)
        name = route.order(filled).venue_cl_ord_id
        link.until(
            lambda: Decimal(at_venue(route, route.order(filled))["cum"]) == route.bench.LEVEL,
            "the fill that FIX does not tell",
        )
        cancel_there(route, order_id)
        link.until(lambda: route.order(order_id).closed, "the cancel that FIX tells")
        assert route.order(filled).cum_qty == 0, name
        assert route.tap.count("GET", QUERY) == asked
        # Its reports are lost, and a tear of the link says so: then the queries are the truth.
        link.fall()
        link.rise()
        link.until(lambda: route.order(filled).cum_qty == route.bench.LEVEL, "the fill")
