"""Bitexbit's fills by every way there is, each once, and none by guessing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import ExecTransType, ExecType, OrdStatus
from oms.core.notes import Request, RouteStatus
from tests.adapters.conformance import assert_agree
from tests.adapters.one_route import OneRoute, one_route

D = Decimal


@pytest.fixture
def route() -> Iterator[OneRoute]:
    """A route that is ready, its channel open."""
    with one_route("bitexbit") as one:
        one.until_ready()
        one.spin(lambda: _listens(one), "the channel")
        yield one


def _listens(route: OneRoute) -> bool:
    status = route.runner.stream_status()
    return status is not None and status.up


def fill(route: OneRoute, order_id: str, amount: str) -> None:
    """Have somebody take a part of a resting order."""
    told = {"order": int(route.order(order_id).secondary_order_id), "amount": amount}
    route.there.do(lambda: route.tap.switch("fill", told))


def switch(route: OneRoute, name: str, value: object) -> None:
    route.there.do(lambda: route.tap.switch(name, value))


def rest(route: OneRoute, qty: str = "0.01", **changed: Any) -> str:
    """An order far from the market, acknowledged, and its pair listened to."""
    order_id = route.place(wait=True, order_qty=D(qty), **changed)
    channel: Any = route.tap.simulator
    route.spin(
        lambda: any("book_BTC_USD" in client.rooms for client in channel.channel._clients),
        "the pair's channel",
    )
    return order_id


def hide(part: str, route: OneRoute) -> Callable[[SimRequest, SimResponse], SimResponse]:
    """Have a list stay empty."""

    def hidden(request: SimRequest, answer: SimResponse) -> SimResponse:
        return replace(answer, body=b"[]") if part in request.path else answer

    return hidden


def looks(route: OneRoute, count: int = 4) -> None:
    """Wait for more passes over the lists."""
    route.until_asked("GET", "/orders/own/", route.tap.count("GET", "/orders/own/") + count)


def cum(route: OneRoute, order_id: str, qty: str) -> Callable[[], bool]:
    return lambda: route.order(order_id).cum_qty == D(qty)


# By one way alone


def test_a_fill_of_a_resting_order_is_heard_on_the_channel(route: OneRoute) -> None:
    order_id = rest(route)
    route.tap.change = hide("/exchanges/own/", route)
    fill(route, order_id, "0.004")
    route.until(cum(route, order_id, "0.004"), "the fill by the channel")
    (execution,) = route.order(order_id).executions.values()
    assert execution.exec_id == f"6030-{route.order(order_id).secondary_order_id}"
    assert (execution.last_px, execution.derived) == (D(30000), False)


def test_a_fill_that_the_channel_lost_is_found_in_the_list(route: OneRoute) -> None:
    order_id = rest(route)
    switch(route, "lose_events", 1)
    fill(route, order_id, "0.004")
    route.until(cum(route, order_id, "0.004"), "the fill by the list")
    (execution,) = route.order(order_id).executions.values()
    assert execution.exec_id == f"6030-{route.order(order_id).secondary_order_id}"


def test_a_fill_while_the_channel_is_down_is_found_in_the_list(route: OneRoute) -> None:
    order_id = rest(route)
    switch(route, "stall_stream", 1)
    switch(route, "drop_stream", 1)
    fill(route, order_id, "0.01")
    route.until(lambda: route.order(order_id).closed, "the fill by the list")
    assert_agree(route, order_id)


# By both


def test_a_fill_by_channel_and_list_is_one(route: OneRoute) -> None:
    """Also when the channel says it twice."""
    order_id = rest(route)
    switch(route, "duplicate", 1)
    fill(route, order_id, "0.004")
    route.until(cum(route, order_id, "0.004"), "the fill")
    looks(route)
    assert len(route.order(order_id).executions) == 1
    assert [e for e in route.exec_types(order_id) if e is ExecType.PARTIAL_FILL] == [
        ExecType.PARTIAL_FILL
    ]
    assert not route.quarantined()


def test_an_orders_immediate_fills_come_with_its_answer(route: OneRoute) -> None:
    """And are not told again by channel or list."""
    order_id = route.place(price=D("40000.002"), order_qty=D("0.07"))
    route.until(lambda: route.order(order_id).closed, "both fills")
    looks(route, 2)
    assert route.exec_types(order_id) == [ExecType.NEW, ExecType.PARTIAL_FILL, ExecType.FILL]
    assert_agree(route, order_id)


# By no way that is certain


def test_two_orders_at_one_price_share_no_fill_by_guessing(route: OneRoute) -> None:
    """Without the channel nothing tells whose it is: both stay as they are, until one is done."""
    one, other = rest(route), rest(route)
    switch(route, "stall_stream", 1)
    fill(route, one, "0.004")
    looks(route)
    assert route.order(one).cum_qty == route.order(other).cum_qty == 0
    assert route.order(one).ord_status is OrdStatus.NEW
    fill(route, one, "0.006")
    route.until(lambda: route.order(one).closed, "the end of the first")
    (execution,) = route.order(one).executions.values()
    assert execution.exec_id == f"{route.order(one).secondary_order_id}:done"
    assert (execution.last_shares, execution.last_px, execution.derived) == (
        D("0.01"),
        D(30000),
        True,
    )
    assert route.order(other).cum_qty == 0
    assert route.order(other).in_doubt is None


def test_two_orders_at_one_price_are_told_apart_by_the_channel(route: OneRoute) -> None:
    one, other = rest(route), rest(route)
    fill(route, other, "0.004")
    fill(route, one, "0.01")
    route.until(lambda: route.order(one).closed, "the fill of the first")
    route.until(cum(route, other, "0.004"), "the fill of the second")
    assert not any(e.derived for e in route.order(one).executions.values())


# Done before its fills are shown


def test_an_order_that_is_done_before_its_fills_waits_for_them(route: OneRoute) -> None:
    order_id = rest(route)
    switch(route, "delay_trades", 100)  # patience is ten seconds, divided by the speed: 166 ms
    fill(route, order_id, "0.01")
    route.until(lambda: route.order(order_id).closed, "the fill")
    assert [e.derived for e in route.order(order_id).executions.values()] == [False]
    assert_agree(route, order_id)


@pytest.mark.parametrize("stalled", [0, 1], ids=["by the channel", "by the list"])
def test_what_is_not_shown_is_booked_at_the_limit_and_corrected_when_it_is(
    route: OneRoute, stalled: int
) -> None:
    """ExecTransType 2: the trade that is found later takes the place of what was derived."""
    order_id = rest(route)
    switch(route, "stall_stream", stalled)
    switch(route, "delay_trades", 1_000)
    fill(route, order_id, "0.01")
    route.until(lambda: route.order(order_id).closed, "the derived fill")
    oid = route.order(order_id).secondary_order_id
    assert [e.exec_id for e in route.order(order_id).executions.values()] == [f"{oid}:done"]
    route.until(
        lambda: f"6030-{oid}" in route.order(order_id).executions, "the fill that was shown late"
    )
    order = route.order(order_id)
    assert (order.cum_qty, order.ord_status) == (D("0.01"), OrdStatus.FILLED)
    standing = [e.exec_id for e in order.executions.values() if e.stands]
    assert standing == [f"6030-{oid}"]
    corrections = [r for r in route.reports(order_id) if r.exec_trans_type is ExecTransType.CORRECT]
    assert len(corrections) == 1


# Cancelled, and yet filled


def test_a_fill_that_raced_the_cancel_is_booked_before_the_end(route: OneRoute) -> None:
    order_id = rest(route)
    switch(route, "stall_stream", 1)
    fill(route, order_id, "0.004")
    route.cancel(order_id)
    route.until(lambda: route.order(order_id).closed, "the cancel")
    order = route.order(order_id)
    assert (order.cum_qty, order.ord_status) == (D("0.004"), OrdStatus.CANCELED)
    assert route.exec_types(order_id)[-2:] == [ExecType.PARTIAL_FILL, ExecType.CANCELED]
    assert_agree(route, order_id)


def test_a_cancel_that_is_refused_because_the_order_is_done(route: OneRoute) -> None:
    order_id = rest(route)
    switch(route, "stall_stream", 1)
    route.tap.change = hide("/exchanges/own/", route)
    fill(route, order_id, "0.01")
    request = route.cancel(order_id)
    route.until(lambda: route.order(order_id).filled, "the end")
    (reject,) = route.cancel_rejects()
    assert reject.cl_ord_id == request


# Lost requests


@pytest.mark.parametrize("trouble", ["lose_reply", "server_error", "garble", "html", "empty"])
def test_a_lost_order_that_is_there_is_found_and_never_sent_again(
    route: OneRoute, trouble: str
) -> None:
    def spoil(request: SimRequest, answer: SimResponse) -> SimResponse:
        if (request.method, trouble) == ("POST", "garble"):
            return replace(answer, body=answer.body[:20])
        if (request.method, trouble) == ("POST", "html"):
            return replace(answer, body=b"<html>")
        return answer if request.method == "GET" or trouble != "empty" else SimResponse(200, b"")

    route.tap.change = spoil
    if trouble in ("lose_reply", "server_error"):
        switch(route, trouble, 1)
    order_id = route.place()
    route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
    route.until(lambda: route.order(order_id).in_doubt is None, "the order to be found")
    assert route.order(order_id).ord_status is OrdStatus.NEW
    assert route.tap.count("POST", "/order/") == 1
    assert_agree(route, order_id)


@pytest.mark.parametrize("trouble", ["lose_request", "overload", "redirect"])
def test_a_lost_order_that_is_not_there_is_dead_behind_a_later_number(
    route: OneRoute, trouble: str
) -> None:
    handle = route.tap.simulator.handle

    def troubled(request: SimRequest, now_ms: int) -> SimResponse:
        if request.method == "POST":
            route.tap.switch(trouble, 1)
        return handle(request, now_ms)

    route.tap.simulator.handle = troubled  # type: ignore[method-assign]  # only orders are hit
    order_id = route.place()
    route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
    doubt = route.order(order_id).in_doubt
    assert doubt is not None
    assert doubt.request is Request.NEW
    route.until(lambda: route.order(order_id).closed, "the proof")
    assert route.order(order_id).ord_status is OrdStatus.REJECTED
    assert route.tap.count("POST", "/order/") == 1
    assert route.tap.orders() == []


def test_a_lost_order_that_was_filled_in_part_is_found_with_its_fills(route: OneRoute) -> None:
    """Better prices than its limit: it took them on its arrival."""
    switch(route, "stall_stream", 1)
    switch(route, "lose_reply", 1)
    order_id = route.place(price=D("40000.002"), order_qty=D("0.12"))
    route.until(cum(route, order_id, "0.1"), "both fills")
    prices = {e.last_px for e in route.order(order_id).executions.values()}
    assert prices >= {D("40000.001"), D("40000.002")}


@pytest.mark.parametrize("trouble", ["lose_reply", "server_error", "lose_request", "overload"])
def test_a_lost_cancel_is_settled_by_the_orders_state(route: OneRoute, trouble: str) -> None:
    """Where it did not arrive, it is sent again: that can only end the order."""
    order_id = rest(route)
    switch(route, trouble, {"n": 1, "on": "cancel"})
    route.cancel(order_id)
    route.until(lambda: route.order(order_id).closed, "the cancel")
    assert route.order(order_id).ord_status is OrdStatus.CANCELED
    sent = route.tap.count("POST", "/order-cancel/")
    assert sent == (1 if trouble in ("lose_reply", "server_error") else 2)
    assert_agree(route, order_id)


# Numbers


def test_a_number_that_others_have_used_up_is_raised_once(route: OneRoute) -> None:
    """Another program with the same key: the clock's milliseconds are above what it used."""
    switch(route, "poison_nonce", 0)
    order_id = route.place(wait=True)
    assert_agree(route, order_id)
    assert route.tap.count("POST", "/order/") <= 2


def test_a_poisoned_number_takes_the_route_down_and_nonce_floor_is_the_way_out() -> None:
    with one_route("bitexbit") as route:
        route.until_ready()
        switch(route, "poison_nonce", 3_600_000)
        route.until(lambda: not route.book.routes[route.route].ready, "the route to be down")
        (down,) = [r.message for r in route.records if isinstance(r.message, RouteStatus)][-1:]
        assert "nonce_floor" in down.text
        route.runner.stop()
        floor = route.clock.now_ms() + 3_700_000
        route.config["nonce_floor"] = floor
        route.runner = route.build(route.book)
        route.runner.start()
        route.until_ready()
        order_id = route.place(wait=True)
        assert_agree(route, order_id)
        assert int(route.tap.asked[-1].headers.get("x-nonce", floor + 1)) > floor


def test_a_restart_goes_on_above_every_number_before(route: OneRoute) -> None:
    order_id = rest(route)
    before = [int(a.headers["x-nonce"]) for a in route.tap.asked if "x-nonce" in a.headers]
    route.runner.stop()
    asked = len(route.tap.asked)
    route.runner = route.build(route.book)
    route.runner.start()
    route.cancel(order_id)
    route.until(lambda: route.order(order_id).closed, "the cancel")
    after = [int(a.headers["x-nonce"]) for a in route.tap.asked[asked:] if "x-nonce" in a.headers]
    assert min(after) > max(before)
    assert not [r for r in route.records if "401" in getattr(r.message, "text", "")]
