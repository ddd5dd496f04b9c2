"""The known accidents on Apifiny's FIX session, with quickfix and over a real socket.

The two that need no session, only what it loses, have it worked by hand (apifiny_link).
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.apifiny.simulator import fix_fields as tag
from adapters.apifiny.simulator.fix_fields import Fields
from adapters.apifiny.tests.apifiny_link import at_venue, linked
from fix.initiator import Initiator
from oms.core.fields import ExecType, OrdStatus
from oms.core.notes import NotSent, Quarantined
from tests.adapters.one_route import OneRoute, carried_route
from tests.faults.verdict import compare


@pytest.fixture
def route(tmp_path: Path) -> Iterator[OneRoute]:
    """Apifiny, its orders carried by the engine's own FIX session; ready."""
    with carried_route("apifiny", tmp_path) as found:
        found.until_ready()
        yield found


def session_of(route: OneRoute) -> Initiator:
    """The session that carries the orders."""
    carries: Any = route.send
    assert isinstance(carries.__self__, Initiator)
    return carries.__self__


def agree(route: OneRoute) -> None:
    """Nothing lost, nothing twice; Apifiny's queries tell an average, rounded."""
    orders = [route.book.any_order(name) for name in sorted({r.order_id for r in route.records})]
    known = [order for order in orders if order is not None]
    verdict = compare(known, route.tap.orders(), ())
    assert [line for line in verdict.lines() if "there it was" not in line] == []


def there(route: OneRoute, order_id: str) -> dict[str, Any]:
    """The venue's own row of an order."""
    return at_venue(route, route.order(order_id))


def test_report_rejected_by_our_own_dictionary(route: OneRoute) -> None:
    """A fill without its ExecID never reaches the engine: it is asked for, and a human told."""
    simulator: Any = route.tap.simulator
    orders = simulator.fix.orders
    reports = orders.reports
    spoilt: list[Fields] = []

    def without_exec_id() -> list[Fields]:
        told: list[Fields] = reports()
        for index, fields in enumerate(told):
            if not spoilt and dict(fields)[tag.EXEC_TYPE] in "12":
                spoilt.append(fields)
                told[index] = [field for field in fields if field[0] != tag.EXEC_ID]
        return told

    route.there.do(lambda: setattr(orders, "reports", without_exec_id))
    order_id = route.take(route.bench.LEVEL * 2)
    route.until(lambda: route.order(order_id).closed, "the fill that was lost, by a query")
    assert spoilt
    reasons = [r.message.reason for r in route.records if isinstance(r.message, Quarantined)]
    assert "rejected by our session" in reasons
    assert route.order(order_id).ord_status is OrdStatus.FILLED
    agree(route)


def test_stale_order_fired_at_fix_reconnect(route: OneRoute) -> None:
    """An order that the engine had decided to send when the session was gone already."""
    session = session_of(route)
    route.there.do(lambda: route.tap.switch("refuse_logon", 1))
    route.there.do(lambda: route.tap.switch("cut_fix", 1))
    ended = route.clock.monotonic() + 10
    while session.up:
        assert route.clock.monotonic() < ended, "waited 10 s for the session's end"
    assert route.book.routes[route.route].ready, "the engine has not heard of it"
    order_id = route.place()
    assert [outbound.order_id for outbound in route.sent] == [order_id]
    route.until(lambda: route.order(order_id).closed, "the order to be refused")
    assert any(isinstance(record.message, NotSent) for record in route.records) or (
        route.order(order_id).ord_status is OrdStatus.REJECTED
    )
    route.there.do(lambda: route.tap.switch("refuse_logon", 0))
    route.until_ready()
    later = route.place(wait=True)
    assert [row["client_id"] for row in route.tap.orders()] == [route.order(later).venue_cl_ord_id]
    agree(route)


def test_timeout_then_fill_on_a_session_that_broke(route: OneRoute) -> None:
    """Accepted, not acknowledged; it fills while nobody is connected."""
    route.there.do(lambda: route.tap.switch("lose_new_ack", 1))
    order_id = route.take(route.bench.LEVEL * 2)
    route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
    route.until(lambda: route.order(order_id).closed, "the fills")
    assert route.order(order_id).ord_status is OrdStatus.FILLED
    assert ExecType.REJECTED not in route.exec_types(order_id)
    assert len(route.tap.orders()) == 1
    agree(route)


def test_fills_told_twice_on_the_session(route: OneRoute) -> None:
    route.there.do(lambda: route.tap.switch("duplicate_report", 10))
    order_id = route.take(route.bench.LEVEL * 2)
    route.until(lambda: route.order(order_id).closed, "the fills")
    agree(route)


def test_partial_then_part_filled() -> None:
    """Canceled after a part was filled, which the venue calls PART_FILLED, and nobody hears it."""
    with linked() as (route, link):
        order_id = route.take(route.bench.LEVEL * 40)
        link.until(lambda: bool(route.order(order_id).cum_qty), "the first fill")
        link.deaf = True
        route.cancel(order_id)
        route.spin(lambda: there(route, order_id)["status"] == "CANCELED", "the cancel there")
        link.fall()
        link.rise()
        link.until(lambda: route.order(order_id).closed, "the end")
        order = route.order(order_id)
        assert order.ord_status is OrdStatus.CANCELED
        link.until(
            lambda: route.order(order_id).cum_qty == Decimal(there(route, order_id)["cum"]),
            "all that was filled",
        )
        assert '"PART_FILLED"' in route.raw_texts()
