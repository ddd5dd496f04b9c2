"""What is looked at again, when, and for how long: after an end, a restart, a message lost."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.apifiny.tests.apifiny_link import Link, at_venue, linked
from adapters.pace import Pace
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import OrdStatus
from oms.core.messages import OrderCancelRequest
from oms.core.notes import NotSent, Request, RequestReleased
from oms.core.ports import Evidence, Inbound, ToVenue
from tests.adapters.one_route import OneRoute

QUERY = "order/queryOrderInfo"


@pytest.fixture
def both() -> Iterator[tuple[OneRoute, Link]]:
    """A route and its link."""
    with linked() as found:
        yield found


def asked_for(route: OneRoute, order_id: str) -> int:
    """How often the venue was queried for one order."""
    name = route.order(order_id).venue_cl_ord_id
    return sum(QUERY in one.path and name in one.path + one.query for one in list(route.tap.asked))


def lagging(route: OneRoute, order_id: str, stale: Decimal) -> Callable[..., SimResponse]:
    """Queries that show an order as it was before its last fill, working."""
    name = route.order(order_id).venue_cl_ord_id

    def lag(request: SimRequest, answer: SimResponse) -> SimResponse:
        if QUERY not in request.path or name not in request.path + request.query:
            return answer
        body = json.loads(answer.body, parse_float=str)
        body["result"][0] |= {"filledCumulativeQuantity": str(stale), "orderStatus": "SUBMITTED"}
        return replace(answer, body=json.dumps(body).encode())

    return lag


def torn_and_short(route: OneRoute, link: Link) -> str:
    """An order that has lived through a loss and is canceled in the book, a fill short."""
    order_id = route.take(route.bench.LEVEL * 30)
    link.until(lambda: bool(route.order(order_id).cum_qty), "the first fill")
    link.until(lambda: executed(route, order_id) == route.order(order_id).cum_qty, "no more")
    stale = route.order(order_id).cum_qty
    link.fall()
    route.spin(lambda: executed(route, order_id) > stale, "a fill that is lost")
    route.tap.change = lagging(route, order_id, stale)
    link.rise()
    route.until_ready()
    route.cancel(order_id)
    link.until(lambda: route.order(order_id).closed, "the cancel")
    assert route.order(order_id).cum_qty < executed(route, order_id)
    return order_id


def executed(route: OneRoute, order_id: str) -> Decimal:
    """What the venue's ledger has of an order."""
    return Decimal(at_venue(route, route.order(order_id))["cum"])


@contextmanager
def stopped(route: OneRoute) -> Iterator[list[float]]:
    """The pace of closed orders, by a clock that stands still but for the test."""
    now = [0.0]
    repair = route.runner._repair  # type: ignore[attr-defined]  # behind its protocol
    repair._ended_pace = Pace(lambda: now[0], 1.0)
    yield now


def test_an_order_that_never_agrees_after_its_end_is_asked_for_ever_more_rarely(
    both: tuple[OneRoute, Link],
) -> None:
    """While another, that works, is looked at every time."""
    route, link = both
    with stopped(route) as now:
        order_id = torn_and_short(route, link)
        beside = route.place(wait=True)
        route.runner._repair._torn[beside] = False  # type: ignore[attr-defined]  # behind its protocol
        route.tap.change = lagging(route, order_id, Decimal("0.0001"))
        keep = route.runner._repair._looks.look  # type: ignore[attr-defined]  # behind its protocol

        async def never(order: object) -> bool:
            await keep(order)
            return False

        route.runner._repair._looks.look = never  # type: ignore[attr-defined]  # behind its protocol
        for step in (0.0, 1.0, 2.0, 5.0, 10.0, 40.0):
            now[0] = step
            before, count = asked_for(route, beside), asked_for(route, order_id)
            route.spin(lambda: asked_for(route, beside) >= before + 4, "four looks at the other")  # noqa: B023
            assert asked_for(route, order_id) - count == (step > 0), step


def test_an_order_that_closed_short_before_the_engine_ended_is_looked_at_after_the_start(
    both: tuple[OneRoute, Link],
) -> None:
    """Nobody knows any more whether it had agreed with the venue."""
    route, link = both
    order_id = torn_and_short(route, link)
    route.runner.stop()
    route.tap.change = lambda _, answer: answer
    route.runner = route.build(route.book)
    route.runner.trade_through(link)
    route.runner.start()
    link.rise()
    route.until(
        lambda: route.order(order_id).cum_qty == executed(route, order_id), "the missing fill"
    )
    assert route.order(order_id).ord_status is OrdStatus.CANCELED
    assert "BREAK: executed after CANCELED" in [report.text for report in route.reports(order_id)]


def test_a_report_that_the_standing_link_lost_is_found_when_it_is_known_to_be_lost(
    both: tuple[OneRoute, Link],
) -> None:
    """Our session rejected it, say. The route stays ready meanwhile."""
    route, link = both
    route.tap.switch("lose_fill", 1)
    order_id = route.take(route.bench.LEVEL * 30)
    route.until(lambda: route.order(order_id).acknowledged, "the acknowledgement")
    route.spin(lambda: executed(route, order_id) > 0, "the fill that is lost", link.hear)
    assert route.tap.count("GET", QUERY) == 0
    route.runner.link_tore()
    route.until(lambda: route.order(order_id).derived_qty > 0, "what was lost")
    assert route.book.routes["APIFINY"].ready


def test_a_lost_report_may_be_about_an_order_that_has_just_closed(
    both: tuple[OneRoute, Link],
) -> None:
    route, _ = both
    order_id = route.place(wait=True)
    route.cancel(order_id)
    route.until(lambda: route.order(order_id).closed, "the cancel")
    assert asked_for(route, order_id) == 0
    route.runner.link_tore()
    route.spin(lambda: asked_for(route, order_id) > 0, "a look at it")


def test_a_cancel_that_could_not_leave_leaves_later_on_the_same_link(
    both: tuple[OneRoute, Link],
) -> None:
    """No loss of the link will ever release it."""
    route, link = both
    order_id = route.place(wait=True)
    kept: list[ToVenue] = []
    route.send = kept.append
    route.cancel(order_id)
    assert isinstance(kept[0].message, OrderCancelRequest)
    route.send = link.send
    text = "10000 requests are waiting already"
    name = route.order(order_id).venue_cl_ord_id
    note = NotSent(cl_ord_id=name, request=Request.CANCEL, text=text)
    route.inbox.put(Inbound(source=route.route, message=note, evidence=Evidence.POLICY))
    link.until(lambda: route.order(order_id).closed, "the cancel")
    assert route.order(order_id).ord_status is OrdStatus.CANCELED
    told = [r.message.released for r in route.records if isinstance(r.message, RequestReleased)]
    assert told == [False, True]
