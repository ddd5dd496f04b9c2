"""A route to Cryptex from order to report: fills by the list of trades, ends, nonces."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.cryptex.tests.cryptex_route import change, form, forms, switch, until_in_doubt
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import CxlRejReason, ExecType, OrdStatus, Side
from oms.core.notes import NoncesReserved, Request, RouteStatus
from tests.adapters.one_route import OneRoute, one_route

D = Decimal


@pytest.fixture
def cryptex() -> Iterator[OneRoute]:
    """A route that is ready."""
    with one_route("cryptex") as route:
        route.until_ready()
        yield route


def fills(route: OneRoute, order_id: str) -> list[tuple[Decimal, Decimal]]:
    """What the desk was told of executions, as quantity and price."""
    told = route.reports(order_id)
    return [(r.last_shares, r.last_px) for r in told if r.last_shares and r.last_px]


# Fills and ends


def test_fills_have_the_venues_names_and_prices(cryptex: OneRoute) -> None:
    """None is made from the order's own figure."""
    order_id = cryptex.take(cryptex.bench.LEVEL * 3)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the last fill")
    order = cryptex.order(order_id)
    executions = order.executions.values()
    assert all(not execution.derived for execution in executions)
    names = [execution.exec_id.partition("-") for execution in executions]
    assert {number for _, _, number in names} == {order.secondary_order_id}
    assert [trade for trade, _, _ in names] == [str(n) for n in range(1, len(names) + 1)]
    assert sum((qty for qty, _ in fills(cryptex, order_id)), D(0)) == D("0.15")
    assert cryptex.exec_types(order_id)[-1] is ExecType.FILL


def test_a_fill_that_is_listed_late_is_told_late(cryptex: OneRoute) -> None:
    """The order says filled before the list names the trade."""
    hidden = [True]
    change(cryptex, "TradeHistory", lambda rows: [] if hidden else rows)
    order_id = cryptex.take(cryptex.bench.LEVEL / 5)
    cryptex.until(lambda: cryptex.order(order_id).acknowledged, "the acknowledgement")
    assert fills(cryptex, order_id) == []
    hidden.clear()
    cryptex.until(lambda: cryptex.order(order_id).closed, "the fill")
    assert cryptex.exec_types(order_id) == [ExecType.NEW, ExecType.FILL]
    assert cryptex.order(order_id).in_doubt is None


def test_a_fill_that_is_never_listed_leaves_the_order_in_doubt(cryptex: OneRoute) -> None:
    """Filled by its own figure, and no trade: nothing is made up, until the list names it."""
    change(cryptex, "TradeHistory", lambda rows: [])
    order_id = cryptex.take(cryptex.bench.LEVEL / 5)
    until_in_doubt(cryptex, order_id, Request.FILLS)
    assert fills(cryptex, order_id) == []
    cryptex.tap.change = lambda _, answer: answer
    cryptex.until(lambda: cryptex.order(order_id).closed, "the fill")
    assert cryptex.order(order_id).ord_status is OrdStatus.FILLED
    assert cryptex.order(order_id).in_doubt is None


def test_the_fills_of_many_orders_are_one_question(cryptex: OneRoute) -> None:
    """The list says which orders lack some; their trades are asked for together, and only then."""
    orders = [cryptex.take(cryptex.bench.LEVEL * 30 + D(n) / 1000) for n in range(3)]
    for order_id in orders:
        cryptex.until(lambda name=order_id: bool(cryptex.order(name).cum_qty), "all first fills")  # type: ignore[misc]  # a lambda's default
    before = {method: len(forms(cryptex, method)) for method in ("ActiveOrders", "TradeHistory")}
    looks = len(forms(cryptex, "OrderInfo"))
    booked = [cryptex.order(order_id).cum_qty for order_id in orders]
    cryptex.until(
        lambda: all(
            cryptex.order(order_id).cum_qty > was
            for order_id, was in zip(orders, booked, strict=True)
        ),
        "more fills of all of them",
    )
    trades = len(forms(cryptex, "TradeHistory")) - before["TradeHistory"]
    lists = len(forms(cryptex, "ActiveOrders")) - before["ActiveOrders"]
    # One more where the question of the last list before was on its way when they were counted.
    assert 0 < trades <= lists + 1
    assert len(forms(cryptex, "OrderInfo")) == looks
    assert not cryptex.quarantined()


def test_a_part_stays_when_the_rest_is_cancelled(cryptex: OneRoute) -> None:
    order_id = cryptex.take(cryptex.bench.LEVEL * 30)
    cryptex.until(lambda: bool(cryptex.order(order_id).cum_qty), "the first fill")
    cryptex.cancel(order_id)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the cancel")
    order, (row,) = cryptex.order(order_id), cryptex.tap.orders()
    assert order.ord_status is OrdStatus.CANCELED
    assert (order.cum_qty, order.notional) == (D(row["cum"]), D(row["notional"]))
    assert cryptex.exec_types(order_id)[-1] is ExecType.CANCELED


def test_the_end_waits_for_the_last_fill(cryptex: OneRoute) -> None:
    """Cancelled with a trade that the list does not name yet."""
    order_id = cryptex.take(cryptex.bench.LEVEL * 30)
    cryptex.until(lambda: bool(cryptex.order(order_id).cum_qty), "the first fill")
    booked = cryptex.order(order_id).cum_qty
    switch(cryptex, "delay_trades", 500)
    cryptex.spin(lambda: D(cryptex.tap.orders()[0]["cum"]) > booked, "a fill at the venue")
    cryptex.cancel(order_id)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the cancel")
    order, (row,) = cryptex.order(order_id), cryptex.tap.orders()
    assert (order.ord_status, order.cum_qty) == (OrdStatus.CANCELED, D(row["cum"]))
    assert not cryptex.quarantined()


def test_an_order_that_somebody_else_cancelled_is_over_after_a_while(cryptex: OneRoute) -> None:
    order_id = cryptex.place(wait=True)
    cryptex.until_asked("POST", "/api/v1", len(cryptex.tap.asked) + 2)
    _cancel_by_hand(cryptex, order_id)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the end")
    assert cryptex.order(order_id).ord_status is OrdStatus.CANCELED
    assert cryptex.exec_types(order_id) == [ExecType.NEW, ExecType.CANCELED]


def test_an_order_that_the_venue_forgets_is_over_by_its_trades(cryptex: OneRoute) -> None:
    switch(cryptex, "forget_ended", True)
    filled = cryptex.take(cryptex.bench.LEVEL / 5)
    rested = cryptex.place(wait=True)
    cryptex.until(lambda: cryptex.order(filled).closed, "the fill")
    cryptex.cancel(rested)
    cryptex.until(lambda: cryptex.order(rested).closed, "the cancel")
    assert cryptex.order(filled).ord_status is OrdStatus.FILLED
    assert cryptex.order(rested).ord_status is OrdStatus.CANCELED


def test_a_cancel_that_is_refused_is_weighed_by_what_the_order_shows(cryptex: OneRoute) -> None:
    """It still works, so the refusal is passed on; it has filled, and it was too late."""
    order_id = cryptex.place(wait=True)
    switch(cryptex, "refuse", {"n": 1, "on": "CancelOrder"})
    cryptex.cancel(order_id)
    cryptex.until(lambda: bool(cryptex.cancel_rejects()), "the refusal")
    assert "refused, as was wished" in cryptex.cancel_rejects()[0].text
    assert cryptex.order(order_id).ord_status is OrdStatus.NEW
    cryptex.cancel(order_id)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the cancel")


def test_a_cancel_can_come_too_late(cryptex: OneRoute) -> None:
    order_id = cryptex.take(cryptex.bench.LEVEL / 5)
    cryptex.until(lambda: cryptex.order(order_id).acknowledged, "the acknowledgement")
    assert not cryptex.order(order_id).closed
    cryptex.cancel(order_id)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the fill")
    (reject,) = cryptex.cancel_rejects()
    assert reject.cxl_rej_reason is CxlRejReason.TOO_LATE_TO_CANCEL


def test_orders_that_meet_each_other_both_fill(cryptex: OneRoute) -> None:
    """One trade, two executions."""
    buy = cryptex.place(wait=True)
    sell = cryptex.place(wait=True, side=Side.SELL, price=D(50000))
    numbers = [int(cryptex.order(order_id).secondary_order_id) for order_id in (buy, sell)]
    switch(cryptex, "cross", numbers)
    for order_id in (buy, sell):
        cryptex.until(lambda name=order_id: cryptex.order(name).closed, "both fills")  # type: ignore[misc]  # a lambda's default
    names = [next(iter(cryptex.order(order_id).executions)) for order_id in (buy, sell)]
    assert names == [f"1-{number}" for number in numbers]


def test_strangers_trades_are_nobodys_of_ours(cryptex: OneRoute) -> None:
    switch(cryptex, "strangers", 5)
    order_id = cryptex.take(cryptex.bench.LEVEL / 5)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the fill")
    assert cryptex.order(order_id).cum_qty == D("0.01")
    assert not cryptex.quarantined()


def test_a_fill_under_a_flipped_pair_is_shown_and_not_booked(cryptex: OneRoute) -> None:
    """Nothing proves what its price is of."""
    switch(cryptex, "flipped_pair", True)
    order_id = cryptex.take(cryptex.bench.LEVEL / 5)
    cryptex.until(lambda: bool(cryptex.quarantined()), "the quarantine")
    (record,) = cryptex.quarantined()
    assert "symbol" in str(record.message)
    assert "USD_BTC" in record.raw or '"filled"' in record.raw
    assert not cryptex.order(order_id).cum_qty
    switch(cryptex, "flipped_pair", False)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the fill")


def test_a_flipped_pair_can_have_an_alias() -> None:
    with one_route("cryptex", pair_alias={"USD_BTC": "BTC_USD"}) as route:
        route.until_ready()
        switch(route, "flipped_pair", True)
        order_id = route.take(route.bench.LEVEL / 5)
        route.until(lambda: route.order(order_id).closed, "the fill")
        assert fills(route, order_id) == [(D("0.01"), D("40000.01"))]


# Nonces


def sent(route: OneRoute) -> list[int]:
    """The nonces that the venue has seen, in their order; public pages have none."""
    seen = [form(request) for request in list(route.tap.asked)]
    return [int(fields["nonce"]) for fields in seen if "nonce" in fields]


def test_nonces_grow_and_were_journaled_before_they_were_sent(cryptex: OneRoute) -> None:
    order_id = cryptex.take(cryptex.bench.LEVEL * 3)
    cryptex.until(lambda: cryptex.order(order_id).closed, "the last fill")
    nonces = sent(cryptex)
    assert nonces == sorted(set(nonces))
    blocks = [r.message for r in cryptex.records if isinstance(r.message, NoncesReserved)]
    granted = {n for block in blocks for n in range(block.first, block.last + 1)}
    assert set(nonces) <= granted


def test_a_restart_goes_on_above_every_nonce_that_was_reserved(cryptex: OneRoute) -> None:
    """And the new process trades: the venue refuses none of its requests."""
    cryptex.place(wait=True)
    cryptex.runner.stop()
    before = len(sent(cryptex))
    reserved = max(r.message.last for r in cryptex.records if isinstance(r.message, NoncesReserved))
    cryptex.runner = cryptex.build(cryptex.book)
    cryptex.runner.start()
    cryptex.spin(lambda: len(sent(cryptex)) >= before + 4, "the route to be looked after again")
    order_id = cryptex.place(wait=True)
    assert cryptex.order(order_id).secondary_order_id
    assert min(sent(cryptex)[before:]) > reserved


def test_a_poisoned_nonce_is_overtaken_where_the_venue_names_it(cryptex: OneRoute) -> None:
    """The order is sent twice, as its first nonce was refused, and entered once."""
    switch(cryptex, "poison_nonce", 100_000)
    order_id = cryptex.place(wait=True)
    assert len(cryptex.tap.orders()) == 1
    assert cryptex.order(order_id).ord_status is OrdStatus.NEW
    trades = forms(cryptex, "Trade")
    assert len(trades) <= 2
    assert int(trades[-1]["nonce"]) > sent(cryptex)[0] + 100_000


def test_a_key_that_is_poisoned_for_good_says_what_to_do() -> None:
    """The venue's words without its last nonce: the route is down, and says how to go on."""
    with one_route("cryptex", start=False) as route:
        route.tap.change = _nameless_nonce
        switch(route, "poison_nonce", 2_000_000_000)
        route.runner.start()
        route.until(lambda: _down(route), "the route to be down")
        status = [r.message for r in route.records if isinstance(r.message, RouteStatus)][-1]
        assert "nonce_floor" in status.text
        assert not status.up


def test_a_floor_lifts_nonces_above_what_the_venue_has_seen() -> None:
    with one_route("cryptex", start=False, nonce_floor=2_000_000_500) as route:
        route.tap.change = _nameless_nonce
        switch(route, "poison_nonce", 2_000_000_000)
        route.runner.start()
        route.until_ready()
        route.place(wait=True)
        assert min(sent(route)) == 2_000_000_501


def _nameless_nonce(request: Any, answer: Any) -> Any:
    if b"nonce must be greater" not in answer.body:
        return answer
    return type(answer)(200, b'{"status": "error", "error": "wrong nonce"}', answer.headers)


def _down(route: OneRoute) -> bool:
    news = [r.message for r in route.records if isinstance(r.message, RouteStatus)]
    return bool(news) and "nonce" in news[-1].text


def test_one_request_is_under_way_at_a_time(cryptex: OneRoute) -> None:
    """No nonce is drawn before the one before it is answered, however many orders there are: a
    later one may never overtake an earlier one."""
    ahead: list[int] = []

    def slowly(request: SimRequest, answer: SimResponse) -> SimResponse:
        nonces: Any = cryptex.runner._nonces  # type: ignore[attr-defined]  # behind its protocol
        ahead.append(nonces._blocks[0].start - int(form(request)["nonce"]))
        return replace(answer, delay_s=0.02)

    cryptex.tap.change = slowly
    orders = [cryptex.place(order_qty=D(qty) / 1000) for qty in range(10, 16)]
    for order_id in orders:
        cryptex.until(lambda name=order_id: cryptex.order(name).acknowledged, "all of them")  # type: ignore[misc]  # a lambda's default
    assert len(ahead) >= 6
    assert set(ahead) == {1}


def _cancel_by_hand(route: OneRoute, order_id: str) -> None:
    engine = route.tap.simulator._engine  # type: ignore[attr-defined]  # behind its protocol
    number = route.order(order_id).secondary_order_id
    assert route.there.do(lambda: engine.cancel(number, route.clock.now_ms()))
