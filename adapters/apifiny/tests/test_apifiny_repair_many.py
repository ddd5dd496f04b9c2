"""Many orders that lived through a loss of the link are asked for at once."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.apifiny.tests.apifiny_link import Link, linked
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import OrdStatus
from tests.adapters.one_route import OneRoute

ONE, MANY = "order/queryOrderInfo", "order/listMultipleOrderInfo"


def torn(route: OneRoute, link: Link, number: int = 4) -> list[str]:
    """Orders that rest; one of them is ended and one filled while nobody hears it."""
    orders = [route.place(wait=True) for _ in range(number - 1)]
    orders.append(route.place(wait=True, price=Decimal("39999.98"), order_qty=Decimal("0.0001")))
    link.fall()
    route.until(lambda: not route.book.routes["APIFINY"].up, "the fall")
    name, now_ms = route.order(orders[0]).venue_cl_ord_id, route.clock.now_ms()
    exchange = route.tap.simulator.exchange  # type: ignore[attr-defined]  # this venue's own
    route.there.do(lambda: exchange.cancel("BINANCE", name, now_ms))
    filled = route.order(orders[-1]).venue_cl_ord_id
    route.spin(lambda: exchange.orders[filled].status == "FILLED", "the fill")
    route.tap.asked.clear()
    return orders


def test_one_question_for_all_of_them() -> None:
    with linked() as (route, link):
        orders = torn(route, link)
        link.rise(ask=False)
        route.until_ready()
        ended, *others, filled = (route.order(order_id) for order_id in orders)
        assert ended.ord_status is OrdStatus.CANCELED
        assert filled.ord_status is OrdStatus.FILLED
        assert {order.ord_status for order in others} == {OrdStatus.NEW}
        assert route.tap.count("GET", MANY) == 1


def test_few_are_asked_for_one_by_one() -> None:
    with linked() as (route, link):
        torn(route, link, 2)
        link.rise(ask=False)
        route.until_ready()
        assert route.tap.count("GET", MANY) == 0
        assert route.tap.count("GET", ONE) >= 2


def first_left_out(answer: SimResponse) -> SimResponse:
    return replace(answer, body=json.dumps(json.loads(answer.body)[1:]).encode())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: SimResponse(502, b""),
        lambda _: SimResponse(200, b"<html>"),
        lambda _: SimResponse(200, b'{"result":null,"error":{"code":65562,"message":"no"}}'),
        lambda _: SimResponse(200, b"[7]"),
        lambda _: SimResponse(200, b"[]"),
        first_left_out,
    ],
)
def test_what_is_not_answered_so_is_asked_for_one_by_one(
    spoil: Callable[[SimResponse], SimResponse],
) -> None:
    with linked() as (route, link):
        orders = torn(route, link)

        def change(request: SimRequest, answer: SimResponse) -> SimResponse:
            return spoil(answer) if MANY in request.path else answer

        route.tap.change = change
        link.rise(ask=False)
        route.until_ready()
        assert route.order(orders[0]).ord_status is OrdStatus.CANCELED
        assert route.order(orders[-1]).ord_status is OrdStatus.FILLED
        assert route.tap.count("GET", ONE) >= 1


def test_an_order_that_has_moved_since_is_asked_for_anew() -> None:
    """What the link told meanwhile is newer than the answer for all."""
    with linked() as (route, link):
        orders = torn(route, link)

        def late(request: SimRequest, answer: SimResponse) -> SimResponse:
            if MANY in request.path:
                # The link hears of a cancel before the answer is used.
                name = route.order(orders[1]).venue_cl_ord_id
                exchange = route.tap.simulator.exchange  # type: ignore[attr-defined]  # its own
                exchange.cancel("BINANCE", name, route.clock.now_ms())
            return answer

        route.tap.change = late
        link.rise(ask=False)
        link.until(lambda: route.order(orders[1]).closed, "the cancel")
        route.until_ready()
        assert route.quarantined() == []
