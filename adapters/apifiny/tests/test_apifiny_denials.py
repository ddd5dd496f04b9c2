"""Orders lost on a FIX connection that is gone: what proves that they never were, and what does not."""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.apifiny.tests.apifiny_link import Link, linked
from adapters.denials import Denials
from adapters.lost import ABSENT
from adapters.options import Options
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import OrdStatus
from oms.core.notes import Doubt, Request
from oms.core.order import Order
from oms.core.ports import Evidence, Inbound, LinkWord
from tests.adapters.carried_apifiny import carry
from tests.adapters.one_route import OneRoute, one_route
from tests.adapters.test_lost import Search, sight, story
from tests.adapters.test_since import SetClock

QUERY = "order/queryOrderInfo"
COMPLETED = "order/listCompletedOrder"


@pytest.fixture
def both() -> Iterator[tuple[OneRoute, Link]]:
    """A route and its link."""
    with linked() as found:
        yield found


def lose(route: OneRoute) -> str:
    """An order whose connection breaks before the venue has seen it."""
    route.tap.switch("lose_new", 1)
    order_id = route.place()
    route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
    return order_id


def until_asked_more(route: OneRoute, link: Link, times: int) -> None:
    """Until the session and the queries were asked so much more often."""
    asked, queried = link.asked_status + times, route.tap.count("GET", QUERY) + times
    route.spin(
        lambda: link.asked_status >= asked and route.tap.count("GET", QUERY) >= queried,
        f"{times} more questions of both",
    )


def test_an_order_that_both_deny_twice_after_a_logon_never_was(
    both: tuple[OneRoute, Link],
) -> None:
    route, link = both
    order_id = lose(route)
    link.rise()
    route.until(lambda: route.order(order_id).closed, "the proof")
    assert route.order(order_id).ord_status is OrdStatus.REJECTED
    assert route.reports(order_id)[-1].text == ABSENT
    assert link.asked_status >= 2
    assert route.tap.count("GET", COMPLETED) >= 1
    assert len(link.sent) == 1
    assert route.tap.orders() == []
    (record,) = [r for r in route.records if r.order_id == order_id and "ABSENT" in str(r.message)]
    assert record.evidence is Evidence.VENUE_QUERY


def test_an_order_that_was_sent_in_the_same_logon_may_still_come(
    both: tuple[OneRoute, Link],
) -> None:
    """No logon has come between: nothing says what the connection still holds."""
    route, link = both
    link.send = lambda outbound: link.sent.append(outbound)  # type: ignore[method-assign]  # the test's own instead
    route.send = link.send
    order_id = route.place()
    name = route.order(order_id).venue_cl_ord_id
    doubt = Doubt(cl_ord_id=name, request=Request.NEW, text="sending failed")
    route.post(Inbound(source=route.route, message=doubt, evidence=Evidence.POLICY))
    route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
    until_asked_more(route, link, 4)
    assert route.order(order_id).in_doubt is not None


def test_each_logon_needs_its_own_two_denials(both: tuple[OneRoute, Link]) -> None:
    route, link = both
    order_id = lose(route)
    link.rise()
    until_asked_more(route, link, 1)
    completed = route.tap.count("GET", COMPLETED)
    ask = link.ask

    def again(query: str, **parameters: object) -> object:
        link.logons += 1
        return ask(query, **parameters)

    link.ask = again  # type: ignore[assignment]  # the test's own instead
    until_asked_more(route, link, 4)
    assert route.order(order_id).in_doubt is not None
    assert route.tap.count("GET", COMPLETED) == completed
    link.ask = ask  # type: ignore[method-assign]  # the test's own instead
    route.until(lambda: route.order(order_id).closed, "the proof")


_ROW = {
    "symbol": "BTCUSDT",
    "orderType": "LIMIT",
    "orderSide": "BUY",
    "limitPrice": 39000,
    "quantity": 0.08,
    "filledAveragePrice": 0,
    "filledCumulativeQuantity": 0,
    "timeInForce": 1,
    "openQuantity": 0,
    "orderStatus": "CANCELLED",
    "createdAt": 1,
    "updatedAt": 1,
}


@pytest.mark.parametrize("listed", ["shown", "unreadable", "away"])
def test_a_list_that_may_show_it_keeps_it_in_doubt(
    both: tuple[OneRoute, Link], listed: str
) -> None:
    route, link = both
    order_id = lose(route)
    name = route.order(order_id).venue_cl_ord_id

    def tell(request: SimRequest, answer: SimResponse) -> SimResponse:
        if COMPLETED not in request.path:
            return answer
        row = _ROW | {"orderId": name if listed == "shown" else "?"}
        row |= {} if listed == "shown" else {"orderStatus": "?"}
        if listed == "away":
            return SimResponse(502, b"")
        return replace(answer, body=json.dumps({"result": [row], "error": None}).encode())

    route.tap.change = tell
    link.rise()
    route.until_asked("GET", COMPLETED, 3 * len(route.config["exchanges"]))
    assert route.order(order_id).in_doubt is not None
    route.tap.change = lambda _, answer: answer
    route.until(lambda: route.order(order_id).closed, "the proof")


@pytest.mark.parametrize("who", ["session", "queries"])
def test_one_of_the_two_proves_nothing(both: tuple[OneRoute, Link], who: str) -> None:
    route, link = both
    order_id = lose(route)
    link.rise()
    if who == "queries":  # the session does not answer
        link.deaf = True
        route.until_asked("GET", QUERY, route.tap.count("GET", QUERY) + 4)
    else:
        route.tap.change = lambda request, answer: (
            SimResponse(502, b"") if QUERY in request.path else answer
        )
        asked = link.asked_status
        route.until_asked("GET", QUERY, route.tap.count("GET", QUERY) + 4)
        assert link.asked_status >= asked
    assert route.order(order_id).in_doubt is not None


def test_over_sockets_it_is_the_same(tmp_path: Path) -> None:
    with one_route("apifiny", start=False) as route, carry(route, tmp_path):
        route.runner.start()
        route.until_ready()
        order_id = lose(route)
        route.until(lambda: route.order(order_id).closed, "the proof")
        assert route.order(order_id).ord_status is OrdStatus.REJECTED
        assert route.reports(order_id)[-1].text == ABSENT
        assert route.tap.orders() == []


def _weighed_thrice(search: Search, order: Order) -> None:
    """The session denies it, every time."""
    word: Future[LinkWord] = Future()
    word.set_result(LinkWord(known=False, logon=1, sent_in_it=False))
    options = Options(denials_apart_s=5)
    denials = Denials(search.lists, search.teller, options, lambda _: word)  # type: ignore[arg-type]  # a word it has at once

    async def told() -> None:
        for _ in range(3):
            await denials.weigh(order)
            search.clock.advance(6)

    story(told)


@pytest.mark.parametrize("shown", [True, False])
def test_what_the_queries_show_after_all_is_not_absent(shown: bool) -> None:
    """The session denies it; the queries find it, or do not."""
    search = Search(fence_s=None, repeats=True)
    search.order(1)
    order = search.desk.order(1)

    async def found(_: object) -> object:
        return sight(5, venue_cl_ord_id=order.venue_cl_ord_id) if shown else None

    search.lists.order = found  # type: ignore[attr-defined]  # the test's own instead
    _weighed_thrice(search, order)
    assert len(search.posted) == (0 if shown else 2)


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=30)])
def test_the_list_is_read_from_before_an_order_that_our_clock_dated_too_late(
    ahead: timedelta,
) -> None:
    """Both deny it, and the list has it: our clock is wrong by an hour, or was by a month."""
    search = Search(fence_s=None, repeats=True)
    search.order(1)
    order = search.desk.order(1)
    search.lists.closed_at = order.created - ahead
    search.lists.closed = [sight(5, venue_cl_ord_id=order.venue_cl_ord_id)]
    set_to = order.created - (ahead if ahead > timedelta(days=1) else timedelta())
    search.teller.clock = search.clock = SetClock(set_to)

    async def unknown(_: object) -> None:
        return None

    search.lists.order = unknown  # type: ignore[attr-defined]  # the test's own instead
    _weighed_thrice(search, order)
    assert search.lists.reads == 4
    assert search.posted == []
