"""Equal orders where nothing tells two of them apart: one leaves while the other is in doubt, and none
leaves before its turn."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.cryptex.tests.cryptex_route import forms, switch, until_in_doubt
from oms.core.fields import ExecTransType, OrdStatus
from oms.core.legs import VenueBooks
from oms.core.messages import ExecutionReport, OrderCancelReplaceRequest
from oms.core.notes import KillSwitch, Request, RouteStatus, Started
from oms.core.ports import Evidence, Inbound
from oms.core.settlements import OrderSettled, Verdict
from oms.core.venue import Emulation
from tests.adapters.one_route import OneRoute, one_route

D = Decimal
FOR_EVER = 1_000_000


@pytest.fixture
def route() -> Iterator[OneRoute]:
    """A venue without client ids, where nothing is proved absent."""
    with one_route("cryptex", fence_settle_s=FOR_EVER) as found:
        found.until_ready()
        yield found


def doubted(route: OneRoute, **changed: Any) -> str:
    """An order whose answer is lost, and which no list shows."""
    switch(route, "hide_orders", 600_000)
    switch(route, "lose_reply", {"n": 1, "on": "Trade"})
    order_id = route.place(**changed)
    until_in_doubt(route, order_id, Request.NEW)
    switch(route, "hide_orders", 0)
    return order_id


def until_waits(route: OneRoute, order_id: str) -> None:
    """Until the order says that it waits."""
    route.until(lambda: bool(route.order(order_id).waits), "the order to wait")


def statuses(route: OneRoute, order_id: str) -> list[str]:
    """The texts of the status reports about an order."""
    return [
        report.text
        for report in route.told
        if isinstance(report, ExecutionReport)
        and report.order_id == order_id
        and report.exec_trans_type is ExecTransType.STATUS
    ]


def settle(route: OneRoute, order_id: str, verdict: Verdict) -> None:
    """The operator's word."""
    note = OrderSettled(order_id=order_id, verdict=verdict, by="ann", text="seen")
    route._decide(Inbound(source="operator", message=note, evidence=Evidence.OPERATOR))


def test_the_second_waits_is_told_why_and_leaves_when_the_first_is_settled(
    route: OneRoute,
) -> None:
    first = doubted(route)
    second = route.place()
    until_waits(route, second)
    assert len(forms(route, "Trade")) == 1
    assert statuses(route, second) == [f"TWIN LOCK: order {first} is its equal and is in doubt"]
    settle(route, first, Verdict.ABSENT)
    route.until(lambda: route.order(second).acknowledged, "the second to be taken")
    assert len(forms(route, "Trade")) == 2
    assert route.order(second).waits == ""


def test_an_order_of_other_terms_does_not_wait(route: OneRoute) -> None:
    doubted(route)
    route.place(wait=True, price=route.bench.ORDER.price + route.bench.TICK)  # type: ignore[operator]  # a limit order: it has a price
    assert len(forms(route, "Trade")) == 2


def test_what_waits_and_is_not_wanted_any_more_is_not_sent(route: OneRoute) -> None:
    doubted(route)
    second = route.place()
    until_waits(route, second)
    route.cancel(second)
    route.until(lambda: route.order(second).closed, "its end")
    assert "canceled before it was sent" in route.reports(second)[-1].text
    third = route.place()
    until_waits(route, third)
    switched = KillSwitch(on=True, route="*", origin="operator", cl_ord_id="K1")
    route._decide(Inbound(source="operator", message=switched, evidence=Evidence.OPERATOR))
    route.until(lambda: route.order(third).closed, "its end")
    assert len(forms(route, "Trade")) == 1


def test_it_holds_over_a_restart(route: OneRoute) -> None:
    """What waited was never sent; what is new waits for what was lost before."""
    first = doubted(route)
    second = route.place()
    until_waits(route, second)
    route.runner.stop()
    route._decide(
        Inbound(source="engine", message=Started(epoch=2, version="1"), evidence=Evidence.POLICY)
    )
    assert route.order(second).ord_status is OrdStatus.REJECTED
    assert route.order(first).in_doubt is not None
    route.runner = route.build(route.book)
    down = RouteStatus(route=route.route, up=False, ready=False, text="")
    route._decide(Inbound(source=route.route, message=down, evidence=Evidence.POLICY))
    route.runner.start()
    route.until_ready()
    third = route.place()
    until_waits(route, third)
    assert len(forms(route, "Trade")) == 1


def test_the_new_leg_of_an_older_order_waits_for_a_younger_one_in_doubt() -> None:
    with one_route("cryptex", start=False, fence_settle_s=FOR_EVER) as route:
        route.runner = route.build(VenueBooks(route.book))
        route.runner.start()
        capable = route.book.routes[route.route]
        told = frozenset({Emulation.REPLACE})
        capable.capabilities = replace(capable.capabilities, emulates=told)
        route.until_ready()
        price = route.bench.ORDER.price
        assert price is not None
        other = price + route.bench.TICK
        older = route.place(wait=True, price=other)
        younger = doubted(route)
        amend = OrderCancelReplaceRequest(
            cl_ord_id="r1",
            orig_cl_ord_id=route.order(older).cl_ord_id,
            symbol=route.order(older).symbol,
            side=route.order(older).side,
            ord_type=route.order(older).ord_type,
            order_qty=route.order(older).order_qty,
            price=price,
        )
        route.desk(amend)
        until_waits(route, older)
        assert len(forms(route, "Trade")) == 2
        settle(route, younger, Verdict.ABSENT)
        route.until(lambda: route.order(older).acknowledged, "the new leg to be taken")
        assert len(forms(route, "Trade")) == 3
