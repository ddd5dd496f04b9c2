"""Lost requests at Cryptex: what the desk is told, what settles it, and that none is sent twice."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from adapters.cryptex.tests.cryptex_route import change, forms, switch, until_in_doubt
from adapters.lost import ABSENT, AMBIGUOUS
from oms.core.fields import ExecType, OrdStatus
from oms.core.notes import Request
from tests.adapters.one_route import OneRoute, one_route

D = Decimal


@pytest.fixture
def cryptex() -> Iterator[OneRoute]:
    """A route that is ready."""
    with one_route("cryptex") as route:
        route.until_ready()
        yield route


def assert_once(route: OneRoute) -> None:
    """One Trade left, and there is one order."""
    assert len(forms(route, "Trade")) == 1
    assert len(route.tap.orders()) == 1


# New orders


@pytest.mark.parametrize("trouble", ["lose_reply", "server_error", "garble", "html", "empty"])
def test_a_lost_order_that_is_there_is_found_and_never_sent_again(
    cryptex: OneRoute, trouble: str
) -> None:
    switch(cryptex, trouble, {"n": 1, "on": "Trade"})
    order_id = cryptex.place()
    until_in_doubt(cryptex, order_id, Request.NEW)
    cryptex.until(lambda: cryptex.order(order_id).in_doubt is None, "the order to be found")
    order = cryptex.order(order_id)
    assert order.ord_status is OrdStatus.NEW
    assert order.secondary_order_id == cryptex.tap.orders()[0]["order_id"]
    assert_once(cryptex)


@pytest.mark.parametrize("trouble", ["lose_reply", "order_zero", "no_order"])
def test_a_lost_order_that_filled_at_once_is_found_by_its_trade(
    cryptex: OneRoute, trouble: str
) -> None:
    switch(cryptex, trouble, {"n": 1, "on": "Trade"})
    order_id = cryptex.take(cryptex.bench.LEVEL / 5)
    until_in_doubt(cryptex, order_id, Request.NEW)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the fill")
    order = cryptex.order(order_id)
    assert cryptex.exec_types(order_id) == [ExecType.NEW, ExecType.FILL]
    assert order.secondary_order_id == cryptex.tap.orders()[0]["order_id"]
    assert order.in_doubt is None
    assert_once(cryptex)


def test_a_lost_order_that_never_arrived_is_rejected_behind_the_fence(cryptex: OneRoute) -> None:
    """Later nonces were answered, and neither list shows it."""
    switch(cryptex, "lose_request", {"n": 1, "on": "Trade"})
    order_id = cryptex.place()
    until_in_doubt(cryptex, order_id, Request.NEW)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the proof")
    assert cryptex.order(order_id).ord_status is OrdStatus.REJECTED
    assert cryptex.reports(order_id)[-1].text == ABSENT
    lost = int(forms(cryptex, "Trade")[0]["nonce"])
    later = [int(fields["nonce"]) for fields in forms(cryptex, "ActiveOrders")]
    assert max(later) > lost
    assert cryptex.tap.orders() == []


def test_a_lost_order_is_not_declared_absent_while_a_trade_is_nobodys(cryptex: OneRoute) -> None:
    """It may be the lost one's, which the venue has forgotten: a person has to look."""
    switch(cryptex, "forget_ended", True)
    switch(cryptex, "lose_reply", {"n": 1, "on": "Trade"})
    order_id = cryptex.take(cryptex.bench.LEVEL / 5)
    until_in_doubt(cryptex, order_id, Request.NEW)
    asked = len(forms(cryptex, "TradeHistory"))
    cryptex.spin(
        lambda: len(forms(cryptex, "TradeHistory")) >= asked + 4, "more looks at the list of trades"
    )
    assert cryptex.order(order_id).in_doubt is not None
    assert not cryptex.order(order_id).closed
    assert_once(cryptex)


def test_an_order_that_the_venue_took_is_never_declared_absent(cryptex: OneRoute) -> None:
    """Answered without an id, and its trade is listed long after the fence."""
    switch(cryptex, "delay_trades", 2_500)
    switch(cryptex, "order_zero", 1)
    order_id = cryptex.take(cryptex.bench.LEVEL / 5)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the fill")
    assert cryptex.exec_types(order_id) == [ExecType.NEW, ExecType.FILL]
    assert len(forms(cryptex, "TradeHistory")) > 2
    assert_once(cryptex)


def test_two_orders_like_the_lost_one_are_nobodys(cryptex: OneRoute) -> None:
    """One of them was entered by hand: nothing tells which, so a person has to look. One that goes
    without a trace may have been either."""
    switch(cryptex, "lose_reply", {"n": 1, "on": "Trade"})
    change(cryptex, "ActiveOrders", _doubled)
    order_id = cryptex.place()
    until_in_doubt(cryptex, order_id, Request.NEW)
    cryptex.until(lambda: bool(cryptex.quarantined()), "the quarantine")
    assert "2 orders like it" in str(cryptex.quarantined()[0].message)
    cryptex.tap.change = lambda _, answer: answer
    asked = len(forms(cryptex, "ActiveOrders"))
    cryptex.until(lambda: len(forms(cryptex, "ActiveOrders")) > asked + 1, "another look")
    doubt = cryptex.order(order_id).in_doubt
    assert doubt is not None
    assert AMBIGUOUS in doubt.text


def _doubled(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return rows + [{**row, "order_id": 5000} for row in rows]


def test_an_order_of_other_terms_is_not_taken_for_the_lost_one(cryptex: OneRoute) -> None:
    """Entered by hand meanwhile: the lost one never arrived."""
    switch(cryptex, "lose_request", {"n": 1, "on": "Trade"})
    change(cryptex, "ActiveOrders", lambda rows: [{**_ROW, "price": D(30001)}])
    order_id = cryptex.place()
    cryptex.until(lambda: cryptex.order(order_id).closed, "the proof")
    assert cryptex.order(order_id).ord_status is OrdStatus.REJECTED
    assert cryptex.order(order_id).secondary_order_id == ""


def test_an_order_of_the_same_terms_that_was_there_before_is_not_the_lost_one(
    cryptex: OneRoute,
) -> None:
    older = cryptex.place(wait=True)
    cryptex.cancel(older)
    cryptex.until(lambda: cryptex.order(older).closed, "the cancel")
    before = cryptex.order(older).secondary_order_id
    switch(cryptex, "lose_request", {"n": 1, "on": "Trade"})
    change(cryptex, "ActiveOrders", lambda rows: [{**_ROW, "order_id": int(before)}])
    order_id = cryptex.place()
    cryptex.until(lambda: cryptex.order(order_id).closed, "the proof")
    assert cryptex.order(order_id).ord_status is OrdStatus.REJECTED


_ROW = {
    "order_id": 7000,
    "timestamp": 20260105000000,
    "pair": "BTC_USD",
    "type": "buy",
    "price": D(30000),
    "amount": D("0.01"),
    "filled": D(0),
    "status": 1,
}


# Cancels


@pytest.mark.parametrize("trouble", ["lose_reply", "server_error", "html", "wrong_order"])
def test_a_lost_cancel_that_was_done_is_settled_by_the_orders_state(
    cryptex: OneRoute, trouble: str
) -> None:
    order_id = cryptex.place(wait=True)
    switch(cryptex, trouble, {"n": 1, "on": "CancelOrder"})
    cryptex.cancel(order_id)
    until_in_doubt(cryptex, order_id, Request.CANCEL)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the cancel")
    assert cryptex.order(order_id).ord_status is OrdStatus.CANCELED
    assert cryptex.order(order_id).in_doubt is None


def test_a_lost_cancel_of_an_order_that_works_is_sent_again(cryptex: OneRoute) -> None:
    order_id = cryptex.place(wait=True)
    switch(cryptex, "lose_request", {"n": 1, "on": "CancelOrder"})
    cryptex.cancel(order_id)
    until_in_doubt(cryptex, order_id, Request.CANCEL)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the second cancel")
    assert len(forms(cryptex, "CancelOrder")) == 2
    assert cryptex.order(order_id).ord_status is OrdStatus.CANCELED


def test_a_lost_cancel_of_an_order_that_filled_is_settled_by_its_fills(cryptex: OneRoute) -> None:
    order_id = cryptex.take(cryptex.bench.LEVEL / 5)
    cryptex.until(lambda: cryptex.order(order_id).acknowledged, "the acknowledgement")
    switch(cryptex, "lose_request", {"n": 1, "on": "CancelOrder"})
    cryptex.cancel(order_id)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the fill")
    assert cryptex.order(order_id).ord_status is OrdStatus.FILLED
    assert cryptex.order(order_id).in_doubt is None


# What lists do not show


def test_an_order_that_filled_and_is_listed_long_after_the_fence_is_not_absent(
    cryptex: OneRoute,
) -> None:
    """The balances show it."""
    switch(cryptex, "delay_trades", 2_000)
    switch(cryptex, "lose_reply", {"n": 1, "on": "Trade"})
    order_id = cryptex.take(cryptex.bench.LEVEL / 5)
    until_in_doubt(cryptex, order_id, Request.NEW)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the fill")
    assert cryptex.exec_types(order_id) == [ExecType.NEW, ExecType.FILL]
    assert_once(cryptex)


def test_an_order_that_rests_and_is_not_listed_is_not_absent(cryptex: OneRoute) -> None:
    """The count of open orders shows it."""
    switch(cryptex, "hide_orders", 2_000)
    switch(cryptex, "lose_reply", {"n": 1, "on": "Trade"})
    order_id = cryptex.place()
    until_in_doubt(cryptex, order_id, Request.NEW)
    cryptex.until(lambda: cryptex.order(order_id).in_doubt is None, "the order to be found")
    assert cryptex.order(order_id).ord_status is OrdStatus.NEW
    assert_once(cryptex)


def test_what_the_account_held_is_asked_for_once_for_many_orders(cryptex: OneRoute) -> None:
    for number in range(3):
        cryptex.place(wait=True, price=D(30000 - number))
    assert len(forms(cryptex, "Info")) == 1


def test_no_order_is_sent_before_it_is_known_what_the_account_holds(cryptex: OneRoute) -> None:
    """Without that a lost one could not be proved absent."""
    switch(cryptex, "server_error", {"n": 1, "on": "Info"})
    order_id = cryptex.place()
    cryptex.until(lambda: cryptex.order(order_id).closed, "the refusal")
    assert "not sent" in cryptex.reports(order_id)[-1].text
    assert forms(cryptex, "Trade") == []
