"""Queries that fail while a torn route is mended: they keep nothing else from being seen."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.apifiny.tests.apifiny_link import Link, linked
from adapters.simserver import SimRequest, SimResponse
from tests.adapters.one_route import OneRoute, one_route

QUERY = "order/queryOrderInfo"


@pytest.fixture
def both() -> Iterator[tuple[OneRoute, Link]]:
    """A route and its link."""
    with linked() as found:
        yield found


def test_an_order_that_queries_trip_over_hides_no_other(both: tuple[OneRoute, Link]) -> None:
    """Two lived through a loss; the first one's query fails, the second one's end is told."""
    route, link = both
    poisoned, other = route.place(wait=True), route.place(wait=True)
    names = {number: route.order(number).venue_cl_ord_id for number in (poisoned, other)}

    def trip(request: SimRequest, answer: SimResponse) -> SimResponse:
        asked = request.path + request.query
        if names[poisoned] in asked:
            return SimResponse(502, b"")
        if names[other] not in asked:
            return answer
        body = json.loads(answer.body, parse_float=str)
        body["result"][0] |= {"orderStatus": "CANCELLED"}
        return replace(answer, body=json.dumps(body).encode())

    route.tap.change = trip
    link.fall()
    link.rise(ask=False)
    route.until(lambda: route.order(other).closed, "the other order's end")
    assert not route.book.routes["APIFINY"].ready
    route.tap.change = lambda _, answer: answer
    route.until_ready()
    assert not route.order(poisoned).closed


def test_markets_that_can_not_be_read_again_keep_no_order_from_being_looked_at() -> None:
    """The markets are known from before; a doubt can not wait for their next reading."""
    with one_route("apifiny", start=False) as route:
        route.runner._repair._options = replace(route.runner._repair._options, refresh_s=0.0)  # type: ignore[attr-defined]  # behind its protocol
        link = Link(route)
        route.runner.start()
        link.rise()
        route.until_ready()
        order_id = route.place(wait=True)

        def refuse(request: SimRequest, answer: SimResponse) -> SimResponse:
            return SimResponse(502, b"") if "listSymbolInfo" in request.path else answer

        route.tap.change = refuse
        link.fall()
        asked = route.tap.count("GET", QUERY)
        link.rise(ask=False)
        route.until_asked("GET", QUERY, asked + 1)
        route.until_ready()
        assert not route.order(order_id).closed
