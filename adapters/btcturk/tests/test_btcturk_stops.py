"""Stop orders at BtcTurk: off unless allowed, and followed under the id that they get when they trigger."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

import pytest

from adapters.btcturk import mapping
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import ExecType, OrdStatus, OrdType, Side
from oms.core.messages import NewOrderSingle
from oms.core.notes import VenueNamed
from tests.adapters.one_route import OneRoute, one_route

STOP: Final[dict[str, Any]] = {
    "ord_type": OrdType.STOP_LIMIT,
    "price": Decimal(45000),
    "stop_px": Decimal(41000),
}


@contextmanager
def ready(login: str, **settings: Any) -> Iterator[OneRoute]:
    with one_route("btcturk", allow_stop_orders=True, ws_login=login, **settings) as route:
        route.until_ready()
        yield route


def switch(route: OneRoute, name: str, value: object) -> None:
    route.there.do(lambda: route.tap.switch(name, value))


def close(route: OneRoute, order_id: str, what: str) -> None:
    route.until(lambda: route.order(order_id).closed, what)


def rows(route: OneRoute) -> list[dict[str, Any]]:
    return route.there.do(route.tap.orders)


def test_they_are_refused_unless_they_are_allowed() -> None:
    with one_route("btcturk") as route:
        route.until_ready()
        order: NewOrderSingle = route.bench.ORDER
        assert order.stop_px is None
        route.place(**STOP)
        assert "does not offer STOP_LIMIT" in str(route.told[-1].text)
        assert rows(route) == []


@pytest.mark.parametrize("login", ["114", "none"])
def test_a_stop_order_that_triggers_is_the_same_order_under_a_new_id(login: str) -> None:
    with ready(login) as route:
        order_id = route.place(wait=True, **STOP)
        first = route.order(order_id).secondary_order_id
        switch(route, "trigger_stops", 1)
        close(route, order_id, "the fill")
        order = route.order(order_id)
        stop, heir = rows(route)
        assert (stop["order_id"], stop["status"]) == (first, "CANCELED")
        assert order.secondary_order_id == heir["order_id"] != first
        assert order.ord_status is OrdStatus.FILLED
        assert order.cum_qty == Decimal(heir["cum"]) == order.order_qty
        assert ExecType.CANCELED not in route.exec_types(order_id)
        assert not route.quarantined()
        named = [r.message for r in route.records if isinstance(r.message, VenueNamed)]
        assert [note.secondary_order_id for note in named] == [heir["order_id"]]
        assert route.book.at_venue(route.route, "", heir["order_id"]) == order
        assert all(name.endswith(f"-{heir['order_id']}") for name in order.executions)


def test_a_sale_at_the_market() -> None:
    with ready("none") as route:
        order_id = route.place(
            wait=True, ord_type=OrdType.STOP, side=Side.SELL, price=None, stop_px=Decimal(39000)
        )
        switch(route, "trigger_stops", 1)
        close(route, order_id, "the fill")
        assert route.order(order_id).ord_status is OrdStatus.FILLED


def test_a_purchase_at_the_market_is_refused() -> None:
    with ready("none") as route:
        order_id = route.place(ord_type=OrdType.STOP, price=None, stop_px=Decimal(41000))
        close(route, order_id, "the refusal")
        assert route.order(order_id).ord_status is OrdStatus.REJECTED
        assert "sized" in route.order(order_id).text


def test_a_stop_order_that_is_cancelled_is_cancelled() -> None:
    """Once the lists have shown for a while that nothing took its place."""
    with ready("none") as route:
        order_id = route.place(wait=True, **STOP)
        route.cancel(order_id)
        close(route, order_id, "the cancel")
        assert route.order(order_id).ord_status is OrdStatus.CANCELED
        assert len(rows(route)) == 1


def test_a_cancel_that_met_the_stop_is_sent_to_what_it_became() -> None:
    """The stop's own row takes cancels after its end; its heir rests, and has to be cancelled too."""
    with ready("none") as route:
        resting = {**STOP, "side": Side.SELL, "price": Decimal(60000), "stop_px": Decimal(39000)}
        order_id = route.place(wait=True, **resting)
        switch(route, "cancel_delay_ms", 400)

        def meet(request: SimRequest, answer: SimResponse) -> SimResponse:
            if request.method == "DELETE":
                route.tap.change = lambda _, other: other
                route.tap.switch("trigger_stops", 1)
            return answer

        route.tap.change = meet
        route.cancel(order_id)
        close(route, order_id, "the cancel")
        assert route.order(order_id).ord_status is OrdStatus.CANCELED
        stop, heir = rows(route)
        assert (stop["status"], heir["status"]) == ("CANCELED", "CANCELED")
        deleted = [asked.query for asked in route.tap.asked if asked.method == "DELETE"]
        assert deleted[0] == f"id={stop['order_id']}"
        assert deleted[-1] == f"id={heir['order_id']}"


def test_a_lost_stop_order_is_found_though_it_has_triggered() -> None:
    with ready("none") as route:
        switch(route, "lose_reply", 1)
        switch(route, "hide_orders_ms", 300)
        order_id = route.place(**STOP)
        route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
        switch(route, "trigger_stops", 1)
        close(route, order_id, "the fill")
        assert route.order(order_id).ord_status is OrdStatus.FILLED
        assert not route.quarantined()


def test_rows_of_stop_orders_that_became_others_are_left_out() -> None:
    def row(number: int, method: str, client_id: str) -> dict[str, object]:
        return {"id": number, "method": method, "orderClientId": client_id}

    stop, heir = row(1, "StopLimit", "a"), row(2, "limit", "a")
    alone, nameless = row(3, "stopMarket", "b"), row(4, "stoplimit", "")
    other = row(5, "limit", "")
    found = mapping.without_triggered([stop, heir, alone, nameless, other])
    assert found == [heir, alone, nameless, other]
