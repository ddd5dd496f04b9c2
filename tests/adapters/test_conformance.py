"""What any venue must do, asked of each against its own simulator; no venue is named here.

Which questions apply is read from the venue's spec and its capabilities.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from typing import Any, Final

import pytest

from adapters import VENUES, venue
from adapters.port import Balance
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import CxlRejReason, ExecType, OrdStatus, OrdType
from oms.core.notes import RouteStatus
from tests.adapters.one_route import WAIT_S, OneRoute, bench_of, one_route

TRADING: Final = [kind for kind in VENUES if venue(kind).trades_here]


@pytest.fixture(params=VENUES)
def any_route(request: pytest.FixtureRequest) -> Iterator[OneRoute]:
    """A route of each kind, started."""
    with one_route(request.param) as route:
        yield route


@pytest.fixture(params=TRADING)
def route(request: pytest.FixtureRequest) -> Iterator[OneRoute]:
    """A route of each kind that trades through its runner, ready."""
    with one_route(request.param) as route:
        route.until_ready()
        yield route


def test_there_is_somebody_to_ask() -> None:
    assert TRADING


# Any venue


def test_the_instruments_are_those_that_orders_name(any_route: OneRoute) -> None:
    any_route.until(
        lambda: bool(any_route.book.routes[any_route.route].instruments), "the instruments"
    )
    order = any_route.bench.ORDER
    known = any_route.book.routes[any_route.route]
    found = known.instrument(order.symbol, order.security_exchange)
    assert found is not None
    assert found.enabled
    assert found.tick > 0
    assert found.step > 0
    assert f"{found.base}/{found.quote}" == order.symbol
    assert known.instrument(found.venue_symbol, order.security_exchange) is found


def test_balances_add_up(any_route: OneRoute) -> None:
    balances = any_route.runner.ask("balances").result(WAIT_S)
    assert balances
    for balance in balances:
        assert isinstance(balance, Balance)
        assert balance.total == balance.available + balance.held


def test_the_capabilities_fit_the_bench(any_route: OneRoute) -> None:
    """What every test below takes for granted: resting limit orders, where the bench places them."""
    offered, order = any_route.book.routes[any_route.route].capabilities, any_route.bench.ORDER
    assert OrdType.LIMIT in offered.ord_types
    assert order.time_in_force in offered.time_in_force
    assert (order.security_exchange in offered.exchanges) == bool(offered.exchanges)


def test_the_room_of_each_venue_is_complete() -> None:
    for kind in VENUES:
        states = import_module(f"adapters.{kind}.mapping").STATES
        assert states
        assert bench_of(kind).CREDENTIALS


# Venues that trade through their runner


def own_rows(route: OneRoute, order_id: str) -> list[dict[str, Any]]:
    """The venue's own rows of an order."""
    name = route.order(order_id).venue_cl_ord_id
    return [row for row in route.tap.orders() if row["client_id"] == name]


def assert_books_agree(route: OneRoute, order_id: str) -> None:
    """Quantity to the last digit; money within what the venue rounds."""
    (row,), order = own_rows(route, order_id), route.order(order_id)
    found = route.book.routes[route.route].instrument(order.symbol, order.security_exchange)
    assert found is not None
    assert Decimal(row["cum"]) == order.cum_qty
    assert abs(Decimal(row["notional"]) - order.notional) <= order.cum_qty * found.tick


def test_a_route_is_ready_once_and_says_so(route: OneRoute) -> None:
    told = [r.message for r in route.records if isinstance(r.message, RouteStatus)]
    assert [status.ready for status in told][-1:] == [True]
    assert not any(status.ready for status in told[:-1])


def test_an_order_rests_and_is_cancelled(route: OneRoute) -> None:
    order_id = route.place(wait=True)
    assert route.order(order_id).ord_status is OrdStatus.NEW
    assert route.order(order_id).secondary_order_id == own_rows(route, order_id)[0]["order_id"]
    route.cancel(order_id)
    route.until(lambda: route.order(order_id).closed, "the cancel")
    assert route.exec_types(order_id) == [
        ExecType.NEW,
        ExecType.PENDING_CANCEL,
        ExecType.CANCELED,
    ]
    assert own_rows(route, order_id)[0]["status"] == "CANCELED"


def test_an_order_fills_in_parts(route: OneRoute) -> None:
    order_id = route.take(route.bench.LEVEL * 3)
    route.until(lambda: route.order(order_id).closed, "the last fill")
    assert route.exec_types(order_id)[0] is ExecType.NEW
    assert route.exec_types(order_id)[-1] is ExecType.FILL
    told = [r.last_shares for r in route.reports(order_id) if r.last_shares]
    assert len(told) > 1
    assert sum(told, Decimal(0)) == route.order(order_id).order_qty
    assert_books_agree(route, order_id)


def test_what_filled_stays_when_the_rest_is_cancelled(route: OneRoute) -> None:
    order_id = route.take(route.bench.LEVEL * 30)
    route.until(lambda: bool(route.order(order_id).cum_qty), "the first fill")
    route.cancel(order_id)
    route.until(lambda: route.order(order_id).closed, "the cancel")
    assert route.order(order_id).ord_status is OrdStatus.CANCELED
    assert_books_agree(route, order_id)


def test_a_cancel_can_be_too_late(route: OneRoute) -> None:
    """The order has filled at the venue before the cancel leaves."""
    order_id = route.take(route.bench.LEVEL / 5)
    route.until(lambda: route.order(order_id).acknowledged, "the acknowledgement")
    request = route.cancel(order_id)
    route.until(lambda: route.order(order_id).closed, "the fill")
    assert route.order(order_id).ord_status is OrdStatus.FILLED
    (reject,) = route.cancel_rejects()
    assert reject.cl_ord_id == request
    assert reject.cxl_rej_reason is CxlRejReason.TOO_LATE_TO_CANCEL
    assert_books_agree(route, order_id)


def test_a_refusal_is_a_rejection_in_the_venues_words(route: OneRoute) -> None:
    route.tap.switch("refuse", 1)
    order_id = route.place()
    route.until(lambda: route.order(order_id).closed, "the rejection")
    (report,) = route.reports(order_id)
    assert report.exec_type is ExecType.REJECTED
    assert report.text
    assert own_rows(route, order_id) == []


def test_a_request_that_vanishes_is_in_doubt_and_never_sent_twice(route: OneRoute) -> None:
    route.tap.switch("lose_reply", 1)
    order_id = route.place()
    route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
    posts = sum(asked.method == "POST" for asked in route.tap.asked)
    route.until(lambda: route.order(order_id).in_doubt is None, "the order to be found")
    assert route.order(order_id).ord_status is OrdStatus.NEW
    assert len(own_rows(route, order_id)) == 1
    assert sum(asked.method == "POST" for asked in route.tap.asked) == posts == 1


def test_an_answer_told_many_times_is_one_report(route: OneRoute) -> None:
    """The same partly filled order in list after list."""
    order_id = route.take(route.bench.LEVEL * 30)
    route.until(lambda: bool(route.order(order_id).cum_qty), "the first fill")
    last: dict[tuple[str, str], SimResponse] = {}

    def freeze(request: SimRequest, answer: SimResponse) -> SimResponse:
        if request.method != "GET":
            return answer
        return last.setdefault((request.path, request.query), answer)

    route.tap.change = freeze
    asked = len(route.tap.asked)
    route.spin(lambda: len(route.tap.asked) >= asked + 3, "the sight that is repeated")
    reports = len(route.reports(order_id))
    route.spin(lambda: len(route.tap.asked) >= asked + 9, "its repetition")
    assert len(route.reports(order_id)) == reports
    fills = [r for r in route.reports(order_id) if r.last_shares]
    assert len({r.exec_id for r in fills}) == len(fills)
    assert not route.quarantined()


def unknown_state(kind: str) -> Callable[[SimRequest, SimResponse], SimResponse]:
    """Every state word of the venue's answers replaced by one that nobody knows."""
    words = "|".join(import_module(f"adapters.{kind}.mapping").STATES)
    state = re.compile(rf'(tatus": *)"(?:{words})"'.encode())
    return lambda _, answer: replace(answer, body=state.sub(rb'\1"UNHEARD_OF"', answer.body))


def test_a_state_that_nobody_knows_is_quarantined(route: OneRoute) -> None:
    """The order stays as it was, a human is told once, and the engine lives on."""
    order_id = route.place(wait=True)
    before = route.order(order_id)
    route.tap.change = unknown_state(route.kind)
    route.until(lambda: bool(route.quarantined()), "the quarantine")
    asked = len(route.tap.asked)
    route.spin(lambda: len(route.tap.asked) >= asked + 4, "more such answers")
    (record,) = route.quarantined()
    assert "UNHEARD_OF" in str(record.message)
    assert "UNHEARD_OF" in record.raw
    assert route.order(order_id) == before
    route.tap.change = lambda _, answer: answer
    route.cancel(order_id)
    route.until(lambda: route.order(order_id).closed, "the cancel")
