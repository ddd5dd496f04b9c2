"""Lost, hidden and refused requests: what the desk is told, and that none is sent twice."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.andx.tests.andx_trouble import change_list, doubts_told, show_all, until_in_doubt
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import CxlRejReason, ExecType, OrdRejReason, OrdStatus
from oms.core.notes import Request
from oms.core.ports import Evidence, Inbound
from oms.core.settlements import OrderSettled, Verdict
from tests.adapters.one_route import SPEED, OneRoute, one_route

D = Decimal


@pytest.fixture
def andx() -> Iterator[OneRoute]:
    """A route that is ready."""
    with one_route("andx") as route:
        route.until_ready()
        yield route


# New orders


@pytest.mark.parametrize("trouble", ["lose_reply", "error_500", "garble", "garble_html"])
def test_a_lost_order_that_is_there_is_found_and_never_sent_again(
    andx: OneRoute, trouble: str
) -> None:
    andx.tap.switch(trouble, 1)
    order_id = andx.place()
    until_in_doubt(andx, order_id, Request.NEW)
    assert "client id settles it" in doubts_told(andx)[0]
    andx.until(lambda: andx.order(order_id).acknowledged, "the order to be found")
    order = andx.order(order_id)
    assert order.in_doubt is None
    assert order.ord_status is OrdStatus.NEW
    assert order.secondary_order_id == andx.tap.orders()[0]["order_id"]
    assert andx.tap.count("POST", "/orders/") == 1
    assert len(andx.tap.orders()) == 1


@pytest.mark.parametrize("trouble", ["lose_request", "error_500_before"])
def test_a_lost_order_that_is_not_there_stays_in_doubt(andx: OneRoute, trouble: str) -> None:
    """Absence proves nothing at this venue, and nothing is sent again."""
    andx.tap.switch(trouble, 1)
    order_id = andx.place()
    until_in_doubt(andx, order_id, Request.NEW)
    andx.until_asked("GET", "/C/", 5)
    assert andx.order(order_id).in_doubt is not None
    assert andx.order(order_id).ord_status is OrdStatus.PENDING_NEW
    assert andx.tap.count("POST", "/orders/") == 1


def test_a_lost_order_that_was_filled_is_found_among_the_closed(andx: OneRoute) -> None:
    andx.tap.switch("lose_reply", 1)
    order_id = andx.take(andx.bench.LEVEL / 5)
    andx.until(lambda: andx.order(order_id).closed, "the fill")
    assert andx.exec_types(order_id) == [ExecType.NEW, ExecType.FILL]
    assert andx.tap.count("POST", "/orders/") == 1


def test_a_lost_order_that_is_listed_late_is_found_late(andx: OneRoute) -> None:
    andx.tap.switch("hide_orders_ms", 999_999)
    andx.tap.switch("lose_reply", 1)
    order_id = andx.place()
    until_in_doubt(andx, order_id, Request.NEW)
    assert andx.tap.orders()
    andx.until_asked("GET", "/C/", 2)
    assert andx.order(order_id).in_doubt is not None
    show_all(andx)
    andx.until(lambda: andx.order(order_id).acknowledged, "the order to be found")
    assert andx.tap.count("POST", "/orders/") == 1


def test_a_search_that_fails_is_made_again(andx: OneRoute) -> None:
    """Once without an answer, once with one that can not be read."""
    spoilt: list[SimRequest] = []

    def spoil(request: SimRequest, answer: SimResponse) -> SimResponse:
        if "/C/" not in request.path or len(spoilt) == 2:
            return answer
        spoilt.append(request)
        return replace(answer, drop=len(spoilt) == 1, body=b'{"status": "success", "data": {}}')

    andx.tap.change = spoil
    andx.tap.switch("hide_orders_ms", 300)
    andx.tap.switch("lose_reply", 1)
    order_id = andx.take(andx.bench.LEVEL / 5)
    andx.until(lambda: andx.order(order_id).closed, "the fill")
    assert len(spoilt) == 2
    assert andx.exec_types(order_id) == [ExecType.NEW, ExecType.FILL]


def test_a_lost_order_in_an_unknown_state_is_shown_and_stays_in_doubt(andx: OneRoute) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["status"] = "X"

    change_list(andx, change)
    andx.tap.switch("lose_reply", 1)
    order_id = andx.place()
    andx.until(lambda: bool(andx.quarantined()), "the quarantine")
    assert "'X'" in str(andx.quarantined()[0].message)
    assert andx.order(order_id).in_doubt is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [("price", "1000001"), ("volume", "0.02"), ("buy_sell", "S"), ("base_currency", "XRP")],
)
def test_another_order_under_the_same_client_id_is_not_adopted(
    andx: OneRoute, name: str, value: str
) -> None:
    """Client ids are not promised to be unique."""

    def change(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row[name] = value

    change_list(andx, change)
    andx.tap.switch("lose_reply", 1)
    order_id = andx.place()
    andx.until(lambda: bool(andx.quarantined()), "the stranger to be shown")
    assert "another order carries its client id" in str(andx.quarantined()[0].message)
    asked = andx.tap.count("GET", "/O/")
    andx.until_asked("GET", "/O/", asked + 2)
    assert andx.order(order_id).in_doubt is not None
    assert len(andx.quarantined()) == 1, "told once"


def test_two_orders_like_it_are_not_chosen_from(andx: OneRoute) -> None:
    def double(rows: list[dict[str, Any]]) -> None:
        rows.extend([row | {"order_number": 99} for row in rows])

    change_list(andx, double)
    andx.tap.switch("lose_reply", 1)
    order_id = andx.place()
    andx.until(lambda: bool(andx.quarantined()), "both to be shown")
    assert "2 orders like it" in str(andx.quarantined()[0].message)
    andx.until_asked("GET", "/O/", andx.tap.count("GET", "/O/") + 2)
    assert andx.order(order_id).in_doubt is not None


def test_a_throttled_order_was_not_sent(andx: OneRoute) -> None:
    andx.tap.switch("throttle", 1)
    order_id = andx.place()
    andx.until(lambda: andx.order(order_id).closed, "the rejection")
    (report,) = andx.reports(order_id)
    assert report.exec_type is ExecType.REJECTED
    assert report.ord_rej_reason is OrdRejReason.EXCHANGE_CLOSED
    assert andx.tap.orders() == []


def test_orders_that_would_wait_too_long_are_refused_unsent() -> None:
    limit = {"requests": 8, "per_seconds": 60}
    with one_route("andx", rate_limit=limit, max_wait_s=0.3) as andx:
        andx.until_ready()
        orders = [andx.place() for _ in range(12)]
        andx.until(lambda: all(andx.order(o).life != "PENDING_NEW" for o in orders), "all outcomes")
        late = [o for o in orders if andx.order(o).ord_status is OrdStatus.REJECTED]
        assert late
        for order_id in late:
            (report,) = andx.reports(order_id)
            assert report.ord_rej_reason is OrdRejReason.TOO_LATE_TO_ENTER
        assert len(andx.tap.orders()) == len(orders) - len(late)


def test_orders_that_wait_for_the_rate_limit_are_refused_when_the_venue_goes() -> None:
    """At once, all of them: none tries for itself."""
    limit = {"requests": 8, "per_seconds": 600}
    with one_route("andx", rate_limit=limit, max_wait_s=60) as andx:
        andx.until_ready()
        orders = [andx.place() for _ in range(6)]
        andx.until(lambda: any(andx.order(o).acknowledged for o in orders), "the first order")
        andx.there.go_away()
        andx.until(lambda: all(andx.order(o).life != "PENDING_NEW" for o in orders), "an end")
        refused = [o for o in orders if andx.order(o).ord_status is OrdStatus.REJECTED]
        assert len(refused) > 1
        ends = {andx.order(order_id).updated for order_id in refused}
        assert max(ends) - min(ends) < timedelta(seconds=1), "a slot comes back in 1.75 s"
        assert {andx.order(o).text.rpartition(" ")[2] for o in refused} == {"ConnectError"}
        assert andx.tap.count("POST", "/orders/") == len(orders) - len(refused)


# Cancels


def test_a_refused_cancel_leaves_the_order_working(andx: OneRoute) -> None:
    order_id = andx.place(wait=True)
    andx.tap.switch("refuse", {"n": 1, "on": "cancel"})
    request = andx.cancel(order_id)
    andx.until(lambda: bool(andx.cancel_rejects()), "the refusal")
    (reject,) = andx.cancel_rejects()
    assert (reject.cl_ord_id, reject.cxl_rej_reason) == (request, CxlRejReason.BROKER_CREDIT)
    assert reject.text == "account_owner_different (1101)"
    assert andx.order(order_id).ord_status is OrdStatus.NEW
    andx.cancel(order_id)
    andx.until(lambda: andx.order(order_id).closed, "the second cancel")


def test_a_refused_cancel_is_answered_though_the_look_fails(andx: OneRoute) -> None:
    """The look after the refusal gets no answer; the next one does."""
    order_id = andx.place(wait=True)
    lost: list[SimRequest] = []

    def lose(request: SimRequest, answer: SimResponse) -> SimResponse:
        if "order_status" in request.path and not lost:
            lost.append(request)
            return replace(answer, drop=True)
        return answer

    andx.tap.switch("refuse", {"n": 1, "on": "cancel"})
    andx.tap.change = lose
    andx.cancel(order_id)
    andx.until(lambda: bool(andx.cancel_rejects()), "the refusal")
    assert lost
    assert andx.order(order_id).ord_status is OrdStatus.NEW


def test_a_cancel_of_an_order_the_venue_denies_is_rejected(andx: OneRoute) -> None:
    order_id = andx.place(wait=True)
    gone = b'{"status": "error", "reason": "order_not_found", "status_code": 1201, "data": {}}'

    def deny(request: SimRequest, answer: SimResponse) -> SimResponse:
        denied = "order_status" in request.path or "cancel_order" in request.path
        return replace(answer, body=gone) if denied else answer

    andx.tap.change = deny
    andx.cancel(order_id)
    andx.until(lambda: bool(andx.cancel_rejects()), "the refusal")
    (reject,) = andx.cancel_rejects()
    assert reject.cxl_rej_reason is CxlRejReason.UNKNOWN_ORDER
    assert "shows no such order" in reject.text
    assert not andx.order(order_id).closed


@pytest.mark.parametrize(
    ("trouble", "sent_at_least"),
    [("lose_reply", 1), ("lose_request", 2), ("error_500", 1), ("error_500_before", 2)],
)
def test_a_lost_cancel_is_settled_by_what_the_venue_shows(
    andx: OneRoute, trouble: str, sent_at_least: int
) -> None:
    """Cancelled: it arrived. Working after a second: it is sent again, which harms nobody."""
    andx.tap.switch("cancel_delay_ms", 0)
    order_id = andx.place(wait=True)
    andx.tap.switch(trouble, {"n": 1, "on": "cancel"})
    andx.cancel(order_id)
    until_in_doubt(andx, order_id, Request.CANCEL)
    andx.until(lambda: andx.order(order_id).closed, "the cancel")
    assert andx.order(order_id).ord_status is OrdStatus.CANCELED
    assert andx.tap.count("POST", "/cancel_order/") >= sent_at_least


def test_a_cancel_that_is_lost_again_and_again_is_repeated_at_a_measured_pace(
    andx: OneRoute,
) -> None:
    """After 1, 2, 5 and 10 s and then every 30, of which half a minute passes here."""
    order_id = andx.place(wait=True)
    andx.tap.switch("lose_request", {"n": 1000, "on": "cancel"})
    began = andx.clock.monotonic()
    andx.cancel(order_id)
    until_in_doubt(andx, order_id, Request.CANCEL)
    andx.spin(lambda: andx.clock.monotonic() - began > 30 / SPEED, "half a minute")
    assert 1 <= andx.tap.count("POST", "/cancel_order/") <= 6
    assert andx.tap.count("GET", "/order_status/") > 1


def test_the_receipt_of_a_repeated_cancel_settles_the_doubt(andx: OneRoute) -> None:
    """The order is still to be cancelled, but nobody is in doubt about the request any more."""
    andx.tap.switch("cancel_delay_ms", 60_000)
    order_id = andx.place(wait=True)
    andx.tap.switch("lose_request", {"n": 1, "on": "cancel"})
    andx.cancel(order_id)
    until_in_doubt(andx, order_id, Request.CANCEL)
    andx.until(lambda: andx.order(order_id).in_doubt is None, "the doubt to be settled")
    assert andx.order(order_id).ord_status is OrdStatus.PENDING_CANCEL
    assert andx.tap.count("POST", "/cancel_order/") == 2


def test_a_throttled_cancel_is_sent_again(andx: OneRoute) -> None:
    order_id = andx.place(wait=True)
    andx.tap.change = throttle_once("cancel_order")
    andx.cancel(order_id)
    andx.until(lambda: andx.order(order_id).closed, "the cancel")
    assert andx.order(order_id).ord_status is OrdStatus.CANCELED
    assert not doubts_told(andx)


def throttle_once(part: str) -> Callable[[SimRequest, SimResponse], SimResponse]:
    """429 for the first request of a path; what was done behind it does not matter here."""
    hit: list[SimRequest] = []

    def change(request: SimRequest, answer: SimResponse) -> SimResponse:
        if part in request.path and not hit:
            hit.append(request)
            return SimResponse(429, b"")
        return answer

    return change


def test_an_order_that_was_settled_as_absent_and_is_listed_works_again() -> None:
    with one_route("andx") as route:
        route.until_ready()
        route.tap.change = lambda request, answer: (
            SimResponse(502, b"") if "/orders/" in request.path else answer
        )
        route.there.do(lambda: route.tap.switch("lose_reply", 1))
        order_id = route.place()
        route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
        word = OrderSettled(order_id=order_id, verdict=Verdict.ABSENT, by="ann", text="they said")
        route._decide(Inbound(source="operator", message=word, evidence=Evidence.OPERATOR))
        assert route.order(order_id).closed
        route.tap.change = lambda _, answer: answer
        route.until(lambda: not route.order(order_id).closed, "the order to work again")
        assert route.order(order_id).text.startswith("BREAK: ")
        assert route.order(order_id).secondary_order_id
