"""Orders at ANDX through runner, client, socket and simulator, as the desk sees them."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.andx.tests.andx_trouble import change_list
from oms.core.errors import NotSupported, VenueRefused
from oms.core.fields import CxlRejReason, ExecType, OrdRejReason, OrdStatus
from oms.core.order import Order
from tests.adapters.one_route import SPEED, WAIT_S, OneRoute, one_route

D = Decimal


@pytest.fixture
def andx() -> Iterator[OneRoute]:
    """A route that is ready."""
    with one_route("andx") as route:
        route.until_ready()
        yield route


def at_venue(route: OneRoute, order_id: str) -> dict[str, Any]:
    """The venue's own row of an order."""
    (row,) = [
        row
        for row in route.tap.orders()
        if row["client_id"] == route.order(order_id).venue_cl_ord_id
    ]
    return row


def assert_agree(route: OneRoute, order: Order) -> None:
    """Quantity and, but for the venue's rounding, money."""
    row = at_venue(route, order.order_id)
    assert D(row["cum"]) == order.cum_qty
    assert abs(D(row["notional"]) - order.notional) <= order.cum_qty * D("0.01")


def test_a_cancel_is_pending_until_the_venue_shows_it(andx: OneRoute) -> None:
    """The venue's positive answer is a receipt."""
    andx.tap.switch("cancel_delay_ms", 300)
    order_id = andx.place(wait=True)
    andx.cancel(order_id)
    andx.until_asked("GET", "/order_status/", 3)
    assert andx.tap.count("POST", "/cancel_order/") == 1
    andx.until(lambda: andx.order(order_id).closed, "the cancel")
    assert andx.exec_types(order_id) == [
        ExecType.NEW,
        ExecType.PENDING_CANCEL,
        ExecType.CANCELED,
    ]
    assert andx.tap.count("POST", "/cancel_order/") == 1


def test_the_first_level_fills_at_once_and_the_rest_in_parts(andx: OneRoute) -> None:
    order_id = andx.take(andx.bench.LEVEL * 3)
    andx.until(lambda: andx.order(order_id).closed, "the last fill")
    order, events = andx.order(order_id), andx.exec_types(order_id)
    assert events[0] is ExecType.NEW
    assert events[-1] is ExecType.FILL
    assert set(events[1:-1]) == {ExecType.PARTIAL_FILL}
    assert order.ord_status is OrdStatus.FILLED
    assert_agree(andx, order)


def test_what_was_filled_stays_when_the_rest_is_cancelled(andx: OneRoute) -> None:
    order_id = andx.take(andx.bench.LEVEL * 30)
    andx.until(lambda: bool(andx.order(order_id).cum_qty), "the first fill")
    andx.cancel(order_id)
    andx.until(lambda: andx.order(order_id).closed, "the cancel")
    order = andx.order(order_id)
    assert order.ord_status is OrdStatus.CANCELED
    assert order.leaves_qty == 0
    assert order.cum_qty > 0
    assert_agree(andx, order)


def test_a_cancel_of_a_filled_order_is_too_late(andx: OneRoute) -> None:
    """The fill happens while the cancel waits at the venue."""
    andx.tap.switch("cancel_delay_ms", 60_000)
    order_id = andx.take(andx.bench.LEVEL * 2)
    andx.until(lambda: andx.order(order_id).acknowledged, "the acknowledgement")
    request = andx.cancel(order_id)
    andx.until(lambda: andx.order(order_id).closed, "the last fill")
    assert andx.order(order_id).ord_status is OrdStatus.FILLED
    (reject,) = andx.cancel_rejects()
    assert (reject.cl_ord_id, reject.cxl_rej_reason) == (request, CxlRejReason.TOO_LATE_TO_CANCEL)


def test_a_market_order_is_done_at_once(andx: OneRoute) -> None:
    order_id = andx.sell_market(andx.bench.LEVEL / 5)
    andx.until(lambda: andx.order(order_id).closed, "the fill")
    assert andx.exec_types(order_id) == [ExecType.NEW, ExecType.FILL]
    assert_agree(andx, andx.order(order_id))


def test_a_post_only_order_that_would_cross_is_rejected_after_its_number(andx: OneRoute) -> None:
    order_id = andx.place(price=andx.bench.NEAR, exec_inst="6")
    andx.until(lambda: andx.order(order_id).closed, "the rejection")
    assert andx.exec_types(order_id) == [ExecType.NEW, ExecType.REJECTED]


def test_a_rejection_after_the_acknowledgement_is_told(andx: OneRoute) -> None:
    andx.tap.switch("async_reject", 1)
    order_id = andx.place()
    andx.until(lambda: andx.order(order_id).closed, "the rejection")
    assert andx.exec_types(order_id) == [ExecType.NEW, ExecType.REJECTED]


def test_a_refusal_is_told_in_the_venues_words(andx: OneRoute) -> None:
    andx.tap.switch("refuse", 1)
    order_id = andx.place()
    andx.until(lambda: andx.order(order_id).closed, "the refusal")
    (report,) = andx.reports(order_id)
    assert report.exec_type is ExecType.REJECTED
    assert report.ord_rej_reason is OrdRejReason.BROKER_CREDIT
    assert report.text == "account_owner_different (1101)"
    assert andx.tap.orders() == []


def test_the_venues_own_number_is_told(andx: OneRoute) -> None:
    order_id = andx.place(wait=True)
    (report,) = andx.reports(order_id)
    assert report.secondary_order_id == at_venue(andx, order_id)["order_id"]


def test_each_order_has_a_client_id_of_its_own_and_never_0(andx: OneRoute) -> None:
    orders = [andx.place(wait=True) for _ in range(5)]
    ids = {at_venue(andx, order_id)["client_id"] for order_id in orders}
    assert len(ids) == 5
    assert not ids & {"", "0"}


def test_an_order_of_somebody_else_that_can_not_be_read_is_shown_once(andx: OneRoute) -> None:
    """Placed by hand on the venue's page, with a type that only the page knows."""
    mine = andx.place(wait=True)

    stranger = {"order_number": 7, "client_id": 0, "order_type": "stop"}
    change_list(andx, lambda rows: rows.append(stranger))
    before = andx.tap.count("GET", "/O/")
    andx.until_asked("GET", "/O/", before + 2)
    andx.until(lambda: bool(andx.quarantined()), "its being shown")
    andx.cancel(mine)
    andx.until(lambda: andx.order(mine).closed, "the cancel")
    (shown,) = andx.quarantined()
    assert '"stop"' in shown.raw


def test_while_nothing_works_the_lists_are_left_alone(andx: OneRoute) -> None:
    order_id = andx.place(wait=True)
    andx.cancel(order_id)
    andx.until(lambda: andx.order(order_id).closed, "the cancel")
    began, busy = andx.clock.monotonic(), andx.tap.count("GET", "/O/")
    while andx.clock.monotonic() < began + 0.4:  # two dozen looks at orders that work
        andx.runner.ask("balances").result(WAIT_S)
    # Once in half a minute, here half a second, however long the answers took.
    idle = (andx.clock.monotonic() - began) * SPEED / 30
    assert andx.tap.count("GET", "/O/") - busy <= 3 + idle


def test_an_order_that_enters_while_the_lists_are_read_is_not_left_alone() -> None:
    """The lists were asked for when nothing worked; the next look must not wait for half a minute
    (here 1.5 s) because of that."""
    with one_route("andx", speed=20) as andx:
        andx.until_ready()
        andx.tap.change = lambda request, answer: replace(
            answer, delay_s=0.3 if "/O/" in request.path else 0.0
        )
        andx.until_asked("GET", "/O/", andx.tap.count("GET", "/O/") + 1)
        began, asked = andx.clock.monotonic(), andx.tap.count("GET", "/O/")
        andx.place(wait=True)
        andx.until_asked("GET", "/O/", asked + 2)
        # Otherwise 1.8 s at least: the pause, and the list after it.
        assert andx.clock.monotonic() - began < 1.7


# The third door


def test_balances_and_instruments_can_be_asked(andx: OneRoute) -> None:
    balances = andx.runner.ask("balances").result(WAIT_S)
    assert {balance.asset for balance in balances} >= {"BTC", "TRY", "XRP"}
    instruments = andx.runner.ask("instruments").result(WAIT_S)
    assert {instrument.symbol for instrument in instruments} == {"BTC/TRY", "XRP/TRY"}


@pytest.mark.parametrize("query", ["server_time", "place", "close", "nonsense"])
def test_what_the_venue_does_not_offer_is_not_supported(andx: OneRoute, query: str) -> None:
    with pytest.raises(NotSupported, match="ANDX does not offer"):
        andx.runner.ask(query).result(WAIT_S)


def test_a_query_fails_with_the_venues_refusal(andx: OneRoute) -> None:
    andx.tap.change = lambda _, answer: type(answer)(403, b"{}")
    with pytest.raises(VenueRefused, match="HTTP 403"):
        andx.runner.ask("balances").result(WAIT_S)


# The end


def test_what_was_not_sent_when_the_engine_stops_is_not_sent() -> None:
    """An order that waits for the rate limit must not be in doubt after a restart."""
    limit = {"requests": 4, "per_seconds": 60}
    with one_route("andx", rate_limit=limit, max_wait_s=60) as route:
        route.until_ready()
        orders = [route.place() for _ in range(8)]
        route.until(lambda: any(route.order(o).acknowledged for o in orders), "one order placed")
        route.runner.stop()
        route.until(lambda: all(route.order(o).life != "PENDING_NEW" for o in orders), "an end")
        sent = {row["client_id"] for row in route.tap.orders()}
        for order_id in orders:
            order = route.order(order_id)
            assert order.in_doubt is None
            assert (order.venue_cl_ord_id in sent) == (order.ord_status is not OrdStatus.REJECTED)
        texts = {route.order(order_id).text for order_id in orders}
        assert texts == {"", "the engine is stopping"}


def test_no_secret_reaches_the_journal(andx: OneRoute) -> None:
    """Whatever happened: orders, refusals, lost and garbled answers."""
    for trouble in ("lose_reply", "garble", "refuse", "error_500"):
        andx.tap.switch(trouble, 1)
        order_id = andx.place()
        andx.until(lambda one=order_id: bool(andx.exec_types(one)), f"the outcome of {trouble}")  # type: ignore[misc]  # a lambda's default
    kept = andx.raw_texts()
    assert "order_number" in kept, "the venue's own words are kept"
    for name in ("passphrase", "api_key", "api_secret"):
        assert andx.bench.CREDENTIALS[name] not in kept
