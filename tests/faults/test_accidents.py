"""The known accidents of other engines, each over every venue that trades by REST and can have it.

What became of each elsewhere, and what becomes of it here, stands in docs/accidents.md. What
travels by FIX is in test_accidents_fix.py.
"""

from functools import partial

import pytest

from oms.core.fields import ExecType, OrdStatus
from oms.core.order import Order
from tests.faults import accidents
from tests.faults.accidents import AFTER_S, STEPS, Script
from tests.faults.scene import Scene, scene

every_venue = pytest.mark.parametrize("kind", ["andx", "bitexbit", "btcturk", "cryptex"])
numbered = pytest.mark.parametrize("kind", ["bitexbit", "cryptex"])
"""Venues that take a number with every request, and no client id."""
streamed = pytest.mark.parametrize("kind", ["bitexbit", "btcturk"])


def told(script: Script, kind: str, *, streams: bool = False) -> Scene:
    """The scene when all that was to come has come: nothing lost, nothing twice, nothing open."""
    with scene(kind, streams=streams) as found:
        script(found)
        found.run(AFTER_S)
        assert found.verdict().lines() == [], found.text()
        return found


def only(found: Scene) -> Order:
    """The one order of a scene; its desk was never told that it is rejected."""
    (order,) = found.orders()
    assert ExecType.REJECTED not in types(found, order), found.text()
    return order


def types(found: Scene, order: Order) -> list[ExecType]:
    """What the desk was told of an order."""
    return [report.exec_type for report in found.reports(order.order_id)]


@every_venue
def test_timeout_then_fill(kind: str) -> None:
    found = told(accidents.timeout_then_fill, kind)
    assert only(found).ord_status is OrdStatus.FILLED
    assert len(found.sent) == 1


@every_venue
def test_retry_after_accept(kind: str) -> None:
    found = told(accidents.retry_after_accept, kind)
    assert len(found.sent) == len(found.rows()) == len(found.orders()) == 4
    assert {order.ord_status for order in found.orders()} == {OrdStatus.CANCELED}


@every_venue
def test_rejected_by_timer_then_filled(kind: str) -> None:
    found = told(accidents.rejected_by_timer_then_filled, kind)
    assert only(found).ord_status is OrdStatus.FILLED


@every_venue
def test_cancel_lost_after_fill(kind: str) -> None:
    found = told(accidents.cancel_lost_after_fill, kind)
    assert only(found).ord_status is OrdStatus.FILLED
    assert found.cancel_rejects() == 1, found.text()


@every_venue
def test_cancel_whose_answer_is_lost(kind: str) -> None:
    found = told(accidents.cancel_answer_lost, kind)
    order = only(found)
    assert order.ord_status is OrdStatus.CANCELED
    assert order.cum_qty > 0


@every_venue
def test_partial_then_canceled(kind: str) -> None:
    """Its last fill is listed after its end."""
    order = only(told(accidents.partial_then_canceled, kind))
    assert order.ord_status is OrdStatus.CANCELED
    assert order.cum_qty > 0


@pytest.mark.parametrize("kind", ["cryptex"])
def test_fill_reported_only_by_trade_list(kind: str) -> None:
    found = told(accidents.fill_reported_only_by_trade_list, kind)
    assert only(found).ord_status is OrdStatus.FILLED


@streamed
def test_fills_seen_by_stream_and_poll(kind: str) -> None:
    found = told(accidents.fills_seen_by_stream_and_poll, kind, streams=True)
    status = found.process.runner.stream_status()
    assert status is not None
    assert status.up, "the stream stood"
    assert sorted(order.ord_status.name for order in found.orders()) == ["CANCELED", "FILLED"]


@numbered
def test_nonce_rejected_after_restart(kind: str) -> None:
    """The clock that the numbers began with is an hour behind after it."""
    found = told(accidents.nonce_rejected_after_restart, kind)
    assert sorted(order.ord_status.name for order in found.orders()) == ["CANCELED", "FILLED"]


@every_venue
def test_two_equal_orders_in_doubt(kind: str) -> None:
    """Where nothing tells two apart, the second waits for the first, or is not sent."""
    found = told(accidents.two_equal_orders_in_doubt, kind)
    assert len(found.orders()) == 2
    assert len(found.rows()) == len(found.sent)


@pytest.mark.parametrize("step", STEPS)
@every_venue
def test_restart_in_the_middle_of_an_emulated_replace(kind: str, step: str) -> None:
    script = partial(accidents.restart_in_an_emulated_replace, step=step)
    with scene(kind) as found:
        script(found)
        found.run(AFTER_S)
        verdict = found.verdict()
        # At ANDX nothing proves that an order never came: it stays in doubt, and says so. Where no
        # ids of ours are repeated, nothing leaves before its mark is on record.
        never_sent = kind == "andx" and step == "the new order is written down"
        assert len(verdict.unresolved) == never_sent, found.text()
        assert verdict.score == 0, found.text()
        assert sum(row["status"] == "OPEN" for row in found.rows()) == 0


@every_venue
def test_death_with_an_order_on_its_way(kind: str) -> None:
    found = told(accidents.late_answer_after_restart, kind)
    assert only(found).ord_status is OrdStatus.FILLED
    assert len(found.sent) == 1, "it is not sent again"


@every_venue
def test_death_before_and_after_the_commit(kind: str) -> None:
    """What was not written down is nowhere; what was written down and not sent is not sent later."""
    found = told(accidents.died_before_commit, kind)
    assert (found.orders(), found.rows()) == ([], [])
    with scene(kind) as found:
        accidents.died_after_commit(found)
        found.run(AFTER_S)
        assert (found.sent, found.rows()) == ([], [])
        (order,) = found.orders()
        unproved = kind == "andx"
        assert order.ord_status is (OrdStatus.PENDING_NEW if unproved else OrdStatus.REJECTED)


@every_venue
def test_an_order_that_a_desk_sends_twice(kind: str) -> None:
    found = told(accidents.desk_sends_twice, kind)
    assert len(found.rows()) == 1


@every_venue
def test_stale_order_fired_when_the_venue_listens_again(kind: str) -> None:
    """The one that waited for the rate limit is refused rather than sent at another time's price."""
    found = told(accidents.order_behind_a_rate_limit, kind)
    assert OrdStatus.REJECTED in {order.ord_status for order in found.orders()}


@pytest.mark.parametrize("kind", ["bitexbit"])
def test_an_order_of_somebody_else_that_looks_the_same(kind: str) -> None:
    found = told(accidents.equal_to_an_older_one, kind)
    (order,) = found.orders()
    assert order.ord_status is OrdStatus.REJECTED
    assert not order.secondary_order_id
