"""A route in trouble: gone, garbled, started again, and venues that contradict themselves."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.andx.tests.andx_trouble import change_list, until_in_doubt
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import OrdRejReason, OrdStatus
from oms.core.messages import NewOrderSingle
from oms.core.notes import Doubt, Request, RouteStatus, Started
from oms.core.order import Order
from oms.core.ports import Evidence, Inbound, ToVenue
from oms.core.transfers import MoneyMove
from tests.adapters.one_route import OneRoute, one_route

D = Decimal


@pytest.fixture
def andx() -> Iterator[OneRoute]:
    """A route that is ready."""
    with one_route("andx") as route:
        route.until_ready()
        yield route


# The route


def test_a_venue_that_is_gone_takes_no_orders_and_gets_the_cancel_when_it_is_back(
    andx: OneRoute,
) -> None:
    order_id = andx.place(wait=True)
    andx.there.go_away()
    andx.until(lambda: not andx.book.routes["ANDX"].up, "the route to fall")
    assert "ConnectError" in andx.book.routes["ANDX"].text
    andx.cancel(order_id)
    assert andx.order(order_id).ord_status is OrdStatus.PENDING_CANCEL
    assert not andx.order(order_id).requests[0].released
    andx.there.come_back()
    andx.until(lambda: andx.order(order_id).closed, "the held cancel")
    assert andx.order(order_id).ord_status is OrdStatus.CANCELED


def test_an_order_on_its_way_when_the_venue_goes_is_refused_unsent(andx: OneRoute) -> None:
    andx.there.go_away()
    order_id = andx.place()
    andx.until(lambda: andx.order(order_id).closed, "the rejection")
    (report,) = andx.reports(order_id)
    assert report.ord_rej_reason is OrdRejReason.EXCHANGE_CLOSED
    assert "ConnectError" in report.text
    andx.until(lambda: not andx.book.routes["ANDX"].up, "the route to fall")
    andx.there.come_back()
    andx.until_ready()
    assert andx.tap.orders() == []


def test_a_cancel_on_its_way_when_the_venue_goes_is_held_and_sent_later(andx: OneRoute) -> None:
    order_id = andx.place(wait=True)
    andx.there.go_away()
    andx.cancel(order_id)
    andx.until(lambda: not andx.order(order_id).requests[0].released, "the cancel to be held")
    andx.there.come_back()
    andx.until(lambda: andx.order(order_id).closed, "the cancel")
    assert andx.order(order_id).ord_status is OrdStatus.CANCELED
    assert andx.order(order_id).in_doubt is None


def test_one_lost_query_is_no_reason_to_fall(andx: OneRoute) -> None:
    order_id = andx.place(wait=True)
    lost: list[SimRequest] = []

    def lose(request: SimRequest, answer: SimResponse) -> SimResponse:
        if "/O/" in request.path:
            lost.append(request)
        return replace(answer, drop=True) if lost == [request] else answer

    andx.tap.change = lose
    andx.until_asked("GET", "/O/", andx.tap.count("GET", "/O/") + 3)
    assert len(lost) > 1
    told = [r.message for r in andx.records if isinstance(r.message, RouteStatus)]
    assert [status.ready for status in told] == [True]
    assert not andx.order(order_id).closed


def test_a_venue_that_answers_nothing_usable_is_down_until_it_is_reconciled(
    andx: OneRoute,
) -> None:
    """A fill in the meantime is told before orders are taken again."""
    order_id = andx.take(andx.bench.LEVEL * 2)
    andx.until(lambda: bool(andx.order(order_id).cum_qty), "the first fill")
    andx.tap.change = lambda _, answer: replace(answer, status=503)
    andx.until(lambda: not andx.book.routes["ANDX"].up, "the route to fall")
    andx.spin(lambda: andx.tap.orders()[0]["status"] == "FILLED", "the fill at the venue")
    andx.tap.change = lambda _, answer: answer
    andx.until_ready()
    assert andx.order(order_id).closed


def test_throttled_queries_are_no_reason_to_fall(andx: OneRoute) -> None:
    andx.place(wait=True)
    andx.tap.switch("throttle", 3)
    andx.until_asked("GET", "/O/", andx.tap.count("GET", "/O/") + 5)
    told = [r.message for r in andx.records if isinstance(r.message, RouteStatus)]
    assert [status.ready for status in told] == [True]


def test_a_list_in_an_undocumented_shape_is_shown_and_the_route_falls(andx: OneRoute) -> None:
    andx.place(wait=True)
    strange = b'{"status": "success", "data": {"orders": "none"}}'
    andx.tap.change = lambda _, answer: replace(answer, body=strange)
    andx.until(lambda: not andx.book.routes["ANDX"].up, "the route to fall")
    shown = " ".join(str(record.message) for record in andx.quarantined())
    assert "orders: a list is wanted" in shown
    andx.tap.change = lambda _, answer: answer
    andx.until_ready()


def test_a_query_that_is_forbidden_makes_the_route_fall(andx: OneRoute) -> None:
    """The order has left the list and may not be looked at: nothing is known of it."""
    order_id = andx.place(wait=True)
    hidden = b'{"status": "success", "data": {"orders": [], "has_next": false}}'
    lists = {True: SimResponse(200, hidden), False: SimResponse(403, b"")}
    andx.tap.change = lambda request, _: lists["/O/" in request.path]
    andx.until(lambda: "HTTP 403" in andx.book.routes["ANDX"].text, "the fall")
    assert not andx.order(order_id).closed


def test_refused_credentials_are_told_as_they_are() -> None:
    with one_route("andx", api_secret="another-secret-0001") as andx:  # noqa: S106  wrong
        andx.until(lambda: "401" in andx.book.routes["ANDX"].text, "the refusal")
        assert not andx.book.routes["ANDX"].ready


def test_a_fault_of_ours_is_a_doubt_not_silence(andx: OneRoute) -> None:
    """A request that the mapping can not express dies before or after it was sent: who knows."""
    order_id = andx.place(wait=True)
    request = replace(andx.bench.ORDER, cl_ord_id="not-a-number", symbol="BTCTRY")
    andx.runner.send(ToVenue("ANDX", order_id, request))
    message: object = None
    while not isinstance(message, Doubt):
        message = andx.inbox.get(timeout=10).message
    assert message.request is Request.NEW
    assert "ValueError in the adapter" in message.text


class StumblingBooks:
    """A book that fails once while it is read."""

    def __init__(self, route: OneRoute) -> None:
        self._book = route.book
        self.agreement = route.book.agreement
        self.failed = False

    def order(self, order_id: str) -> Order | None:
        return self._book.order(order_id)

    def killed(self, route: str) -> bool:
        return False

    def working(self, route: str) -> list[Order]:
        if not self.failed:
            self.failed = True
            raise RuntimeError("a mistake of ours")
        return self._book.working(route)

    def closed(self, route: str) -> list[Order]:
        return self._book.closed(route)

    def open_moves(self, route: str) -> list[MoneyMove]:
        return self._book.open_moves(route)


def test_a_fault_of_ours_does_not_silence_the_route_for_ever() -> None:
    with one_route("andx", start=False) as andx:
        andx.runner = andx.build(StumblingBooks(andx))
        andx.runner.start()
        andx.until(lambda: "RuntimeError" in andx.book.routes["ANDX"].text, "the fall")
        andx.until_ready()


# Sights


def test_a_filled_order_that_lacks_fills_is_in_doubt_until_they_are_seen(andx: OneRoute) -> None:
    order_id = andx.place(wait=True)

    def pretend(status: str, executed: str) -> Callable[[SimRequest, SimResponse], SimResponse]:
        def change(request: SimRequest, answer: SimResponse) -> SimResponse:
            body = json.loads(answer.body)
            for row in body.get("data", {}).get("orders", []):
                row.update(status=status, volume_executed=executed, avg_price="1000000.00")
            return replace(answer, body=json.dumps(body).encode())

        return change

    andx.tap.change = pretend("F", "0.004")
    until_in_doubt(andx, order_id, Request.FILLS)
    assert andx.order(order_id).cum_qty == D("0.004")
    assert not andx.order(order_id).closed
    andx.tap.change = pretend("F", "0.01")
    andx.until(lambda: andx.order(order_id).closed, "the missing fill")
    assert andx.order(order_id).cum_qty == D("0.01")
    assert andx.order(order_id).in_doubt is None


def test_an_answer_about_another_order_is_quarantined(andx: OneRoute) -> None:
    andx.tap.switch("wrong_order", 1)
    order_id = andx.place()
    andx.until(lambda: bool(andx.quarantined()), "the quarantine")
    assert "asked for order" in str(andx.quarantined()[0].message)
    andx.cancel(order_id)
    andx.until(lambda: andx.order(order_id).closed, "the order to live on")


def test_quantity_that_goes_backwards_is_quarantined_and_not_clipped(andx: OneRoute) -> None:
    order_id = andx.take(andx.bench.LEVEL * 30)
    andx.until(lambda: bool(andx.order(order_id).cum_qty), "the first fill")

    def undo(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row.update(volume_executed="0")

    change_list(andx, undo)
    andx.until(lambda: bool(andx.quarantined()), "the quarantine")
    assert "is booked" in str(andx.quarantined()[0].message)
    assert andx.order(order_id).cum_qty > 0


# A new start


def test_after_a_restart_all_orders_are_reconciled_before_the_route_is_ready(
    andx: OneRoute,
) -> None:
    """One was filled meanwhile, one lost its answer, one its cancel."""
    filled = andx.take(andx.bench.LEVEL * 2)
    andx.until(lambda: bool(andx.order(filled).cum_qty), "the first fill")
    cancelled = andx.place(wait=True)
    andx.tap.switch("lose_request", {"n": 1, "on": "cancel"})
    andx.send = lambda _: None
    andx.cancel(cancelled)
    lost = andx.place()
    andx.runner.stop()
    andx.runner = andx.build(andx.book)
    (sent,) = [s for s in andx.sent if s.order_id == lost]
    assert isinstance(sent.message, NewOrderSingle)
    andx.spin(lambda: andx.tap.orders()[0]["status"] == "FILLED", "the fill at the venue")
    down = RouteStatus(route="ANDX", up=False, ready=False)
    andx.inbox.put(Inbound(source="ANDX", message=down, evidence=Evidence.POLICY))
    started = Started(epoch=2, version="test")
    andx.inbox.put(Inbound(source="", message=started, evidence=Evidence.POLICY))
    andx.until(lambda: andx.order(lost).in_doubt is not None, "the doubt of the start")
    andx.send = andx.runner.send
    andx.runner.start()
    andx.until_ready()
    assert andx.order(filled).closed
    andx.until(lambda: andx.order(cancelled).closed, "the cancel to be sent again")
    assert andx.order(lost).in_doubt is not None, "it was never sent, which nothing proves"
    assert andx.tap.count("POST", "/orders/") == 2


def test_an_order_that_the_venue_trips_over_hides_no_other(andx: OneRoute) -> None:
    """One order's status can not be read; what happened to the next one is told all the same."""
    poisoned, other = andx.place(wait=True), andx.place(wait=True)
    names = {number: andx.order(number).secondary_order_id for number in (poisoned, other)}
    for name in names.values():
        andx.until_asked("GET", f"order_status/{name}/", 1)

    def trip(request: SimRequest, answer: SimResponse) -> SimResponse:
        if f"order_status/{names[poisoned]}/" in request.path:
            return SimResponse(500, b"")
        body = json.loads(answer.body)
        if "/O/" in request.path:
            body["data"]["orders"] = []
        elif f"order_status/{names[other]}/" in request.path:
            body["data"]["order"]["status"] = "C"
        return replace(answer, body=json.dumps(body).encode())

    andx.tap.change = trip
    andx.until(lambda: andx.order(other).closed, "the other order's end")
    andx.until(lambda: not andx.book.routes["ANDX"].ready, "the route to fall")
    assert not andx.order(poisoned).closed
    andx.tap.change = lambda _, answer: answer
    andx.until_ready()
