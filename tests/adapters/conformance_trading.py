"""The questions about orders."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from typing import Any, Final

from adapters.lost import FENCES
from adapters.simserver import SimRequest, SimResponse
from adapters.teller import FILLS_PATIENCE_S
from oms.core.fields import CxlRejReason, ExecType, OrdStatus, OrdType, Side
from oms.core.messages import NewOrderSingle
from oms.core.notes import RouteStatus
from oms.core.venue import FillIdentity
from tests.adapters.conformance import (
    ask,
    assert_agree,
    capabilities_of,
    fees_in,
    instrument_of,
    ledger_row,
    ledger_rows,
    paid,
)
from tests.adapters.one_route import OneRoute


def close(route: OneRoute, order_id: str, what: str) -> None:
    """Wait until the order is over."""
    route.until(lambda: route.order(order_id).closed, what)


@ask()
def a_route_is_ready_once_and_says_so(route: OneRoute) -> None:
    told = [r.message for r in route.records if isinstance(r.message, RouteStatus)]
    assert [status.ready for status in told][-1:] == [True]
    assert not any(status.ready for status in told[:-1])


@ask()
def an_order_rests_and_is_cancelled(route: OneRoute) -> None:
    order_id = route.place(wait=True)
    assert route.order(order_id).ord_status is OrdStatus.NEW
    assert_agree(route, order_id)
    route.cancel(order_id)
    close(route, order_id, "the cancel")
    assert route.exec_types(order_id) == [
        ExecType.NEW,
        ExecType.PENDING_CANCEL,
        ExecType.CANCELED,
    ]
    assert_agree(route, order_id)


@ask()
def an_order_that_rests_goes_on_resting(route: OneRoute) -> None:
    """Look after look, for longer than any patience, nothing is told of it."""
    order_id = route.place(wait=True)
    # A second at the speed of the tests: on a busy machine a third of one had no two looks in it,
    # and a mistake that only the second shows went by.
    until = route.clock.monotonic() + 6 * FILLS_PATIENCE_S / route.speed
    route.spin(lambda: route.clock.monotonic() >= until, "the time")
    assert route.exec_types(order_id) == [ExecType.NEW]
    assert route.order(order_id).in_doubt is None
    assert not route.quarantined()


@ask()
def an_order_fills_in_parts(route: OneRoute) -> None:
    order_id = route.take(route.bench.LEVEL * 3)
    close(route, order_id, "the last fill")
    assert route.exec_types(order_id)[0] is ExecType.NEW
    assert route.exec_types(order_id)[-1] is ExecType.FILL
    told = [r.last_shares for r in route.reports(order_id) if r.last_shares]
    assert len(told) > 1
    assert sum(told, Decimal(0)) == route.order(order_id).order_qty
    assert_agree(route, order_id)


@ask()
def a_sale_is_a_sale(route: OneRoute) -> None:
    order_id = route.place(
        side=Side.SELL, price=route.bench.NEAR / 2 // 1, order_qty=route.bench.LEVEL / 5
    )
    close(route, order_id, "the fill")
    assert ledger_row(route, order_id)["side"] == "SELL"
    assert_agree(route, order_id)


@ask()
def executions_are_named_as_the_venue_names_them(route: OneRoute) -> None:
    order_id = route.take(route.bench.LEVEL * 3)
    close(route, order_id, "the last fill")
    executions = route.order(order_id).executions.values()
    cumulative = capabilities_of(route).fill_identity is FillIdentity.CUMULATIVE
    assert all(execution.derived == cumulative for execution in executions)
    assert len({execution.exec_id for execution in executions}) == len(executions) > 1


@ask(lambda offered: offered.tells_fees)
def fees_are_those_that_the_venue_took(route: OneRoute) -> None:
    order_id = route.take(route.bench.LEVEL * 3)
    close(route, order_id, "the last fill")
    row = ledger_row(route, order_id)
    assert fees_in(row) > 0
    # What a venue prints is rounded to eight decimals a fill.
    allowed = Decimal("0.00000001") * len(route.order(order_id).executions)
    assert abs(paid(route.order(order_id)) - fees_in(row)) <= allowed


@ask()
def what_filled_stays_when_the_rest_is_cancelled(route: OneRoute) -> None:
    order_id = route.take(route.bench.LEVEL * 30)
    route.until(lambda: bool(route.order(order_id).cum_qty), "the first fill")
    route.cancel(order_id)
    close(route, order_id, "the cancel")
    assert route.order(order_id).ord_status is OrdStatus.CANCELED
    assert_agree(route, order_id)


@ask()
def a_cancel_can_be_too_late(route: OneRoute) -> None:
    """The order has filled at the venue before the cancel leaves."""
    order_id = route.take(route.bench.LEVEL / 5)
    route.until(lambda: route.order(order_id).acknowledged, "the acknowledgement")
    if route.order(order_id).closed:
        return  # its fill came with the acknowledgement
    request = route.cancel(order_id)
    close(route, order_id, "the fill")
    assert route.order(order_id).ord_status is OrdStatus.FILLED
    rejects = route.cancel_rejects()
    assert [reject.cl_ord_id for reject in rejects] == [request]
    assert rejects[0].cxl_rej_reason is CxlRejReason.TOO_LATE_TO_CANCEL
    assert_agree(route, order_id)


@ask()
def a_refusal_is_a_rejection_in_the_venues_words(route: OneRoute) -> None:
    route.there.do(lambda: route.tap.switch("refuse", 1))
    order_id = route.place()
    close(route, order_id, "the rejection")
    (report,) = route.reports(order_id)
    assert report.exec_type is ExecType.REJECTED
    assert report.text
    assert [row for row in ledger_rows(route, route.order(order_id)) if row["cum"] != "0"] == []


@ask(by_rest=True)
def an_order_whose_answer_is_lost_is_in_doubt_and_never_sent_twice(route: OneRoute) -> None:
    route.there.do(lambda: route.tap.switch("lose_reply", 1))
    before = len(route.there.do(route.tap.orders))
    order_id = route.place()
    route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
    route.until(lambda: route.order(order_id).in_doubt is None, "the order to be found")
    assert route.order(order_id).ord_status is OrdStatus.NEW
    assert len(route.there.do(route.tap.orders)) == before + 1
    assert_agree(route, order_id)


@ask(by_rest=True)
def an_order_that_filled_while_its_answer_was_lost_is_found(route: OneRoute) -> None:
    route.there.do(lambda: route.tap.switch("lose_reply", 1))
    order_id = route.take(route.bench.LEVEL / 5)
    route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
    close(route, order_id, "the fill to be found")
    assert route.order(order_id).ord_status is OrdStatus.FILLED
    assert_agree(route, order_id)


@ask(by_rest=True)
def an_order_that_never_arrived_is_dead_only_behind_a_fence(route: OneRoute) -> None:
    route.there.do(lambda: route.tap.switch("lose_request", 1))
    before = len(route.there.do(route.tap.orders))
    order_id = route.place()
    route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
    if capabilities_of(route).fence in FENCES:
        close(route, order_id, "the proof that it never arrived")
        assert route.order(order_id).ord_status is OrdStatus.REJECTED
    else:
        asked = len(route.tap.asked)
        route.spin(lambda: len(route.tap.asked) >= asked + 10, "ten more looks")
        assert route.order(order_id).in_doubt is not None
    assert len(route.there.do(route.tap.orders)) == before


@ask(by_rest=True)
def a_cancel_whose_answer_is_lost_is_settled_by_the_orders_state(route: OneRoute) -> None:
    order_id = route.place(wait=True)
    route.there.do(lambda: route.tap.switch("lose_reply", 1))
    route.cancel(order_id)
    close(route, order_id, "the cancel")
    assert route.order(order_id).ord_status is OrdStatus.CANCELED
    assert route.order(order_id).in_doubt is None
    assert_agree(route, order_id)


@ask()
def equal_orders_are_two_orders(route: OneRoute) -> None:
    first, second = route.place(), route.place()
    for order_id in (first, second):
        route.until(lambda name=order_id: route.order(name).acknowledged, "both")  # type: ignore[misc]  # a lambda's default
    assert route.order(first).secondary_order_id != route.order(second).secondary_order_id
    for order_id in (first, second):
        assert_agree(route, order_id)


@ask(lambda offered: OrdType.MARKET in offered.ord_types)
def a_market_order_takes_what_is_there(route: OneRoute) -> None:
    order_id = route.sell_market(route.bench.LEVEL / 5)
    close(route, order_id, "the fill")
    assert route.order(order_id).ord_status is OrdStatus.FILLED
    assert_agree(route, order_id)


@ask(lambda offered: offered.market_buy_by_cash)
def a_market_buy_is_sized_by_what_it_may_cost(route: OneRoute) -> None:
    cash = route.bench.NEAR * route.bench.LEVEL / 5 // 1
    order_id = route.place(ord_type=OrdType.MARKET, price=None, order_qty=None, cash_order_qty=cash)
    close(route, order_id, "the fill")
    order = route.order(order_id)
    assert order.cum_qty == Decimal(ledger_row(route, order_id)["cum"]) > 0
    assert order.notional <= cash


@ask(lambda offered: offered.post_only)
def a_post_only_order_never_takes(route: OneRoute) -> None:
    order_id = route.place(exec_inst="6", price=route.bench.NEAR, order_qty=route.bench.LEVEL)
    close(route, order_id, "its end")
    assert route.order(order_id).cum_qty == 0
    resting = route.place(exec_inst="6", wait=True)
    assert route.order(resting).ord_status is OrdStatus.NEW


@ask(by_rest=True)
def an_answer_told_many_times_is_one_report(route: OneRoute) -> None:
    """The same partly filled order in list after list."""
    order_id = route.take(route.bench.LEVEL * 30)
    route.until(lambda: bool(route.order(order_id).cum_qty), "the first fill")
    asked = len(route.tap.asked)
    route.spin(lambda: len(route.tap.asked) >= asked + 9, "many more answers")
    fills = [r for r in route.reports(order_id) if r.last_shares]
    assert len({r.exec_id for r in fills}) == len(fills)
    cum_qty = route.order(order_id).cum_qty
    assert cum_qty == sum((r.last_shares or 0 for r in fills), Decimal(0))
    assert cum_qty <= Decimal(ledger_row(route, order_id)["cum"])
    assert not route.quarantined()


def unknown_state(route: OneRoute) -> Callable[[SimRequest, SimResponse], SimResponse]:
    """Every state word of the venue's answers replaced by one that nobody knows."""
    states = import_module(f"adapters.{route.kind}.mapping").STATES
    words = "|".join(re.escape(str(state)) for state in states)
    known = re.compile(rf'("[A-Za-z]*[sS]tatus": *)"?(?:{words})"?(?=[,}}])'.encode())

    def spoil(request: SimRequest, answer: SimResponse) -> SimResponse:
        return replace(answer, body=known.sub(rb'\1"UNHEARD_OF"', answer.body))

    return spoil


@ask(by_rest=True)
def a_state_that_nobody_knows_is_quarantined(route: OneRoute) -> None:
    """The order stays as it was, a human is told, and the engine lives on."""
    order_id = route.place(wait=True)
    before = route.order(order_id)
    route.tap.change = unknown_state(route)
    route.until(lambda: bool(route.quarantined()), "the quarantine")
    asked = len(route.tap.asked)
    route.spin(lambda: len(route.tap.asked) >= asked + 4, "more such answers")
    record = route.quarantined()[-1]
    assert "UNHEARD_OF" in str(record.message)
    assert route.order(order_id) == before
    route.tap.change = lambda _, answer: answer
    route.cancel(order_id)
    close(route, order_id, "the cancel")


_NONE: Final = (
    b"<html><body><h1>Welcome</h1></body></html>",
    b"",
    b'{"status": "success", "data": [{"id": 1, "pri',
)
"""A page, nothing, and half of something: with 200 each."""


@ask(by_rest=True)
def an_answer_that_is_none_is_shown_with_its_text(route: OneRoute) -> None:
    """The order stays what it was, a human sees what came, and the route is up again afterwards."""
    order_id = route.place(wait=True)
    before = route.order(order_id)
    for body in _NONE:
        shown = len(route.quarantined())
        route.tap.change = lambda _, answer, body=body: replace(answer, status=200, body=body)  # type: ignore[misc]  # a lambda's default
        route.until(lambda shown=shown: len(route.quarantined()) > shown, "the quarantine")  # type: ignore[misc]  # the same
        raw = route.quarantined()[-1].raw
        assert raw == (body.decode() or "an empty body")
        route.tap.change = lambda _, answer: answer
        route.until_ready()
    assert route.order(order_id) == before
    route.cancel(order_id)
    close(route, order_id, "the cancel")


# Refused before anything is sent


def refused(route: OneRoute, **changed: Any) -> str:
    """Why the order is refused, without a word to the venue."""
    sent = len(route.sent)
    order: NewOrderSingle = replace(
        route.bench.ORDER, cl_ord_id="x1", ex_destination=route.route, **changed
    )
    route.desk(order)
    assert len(route.sent) == sent, "it was sent"
    report: Any = route.told[-1]
    assert report.exec_type is ExecType.REJECTED
    text: str = report.text
    return text


@ask()
def a_price_off_the_tick_is_refused_with_the_nearest_that_fits(route: OneRoute) -> None:
    instrument = instrument_of(route)
    price = route.bench.ORDER.price
    assert price is not None
    text = refused(route, price=price + instrument.tick / 4)
    assert f"{price.normalize():f}" in text


@ask()
def a_quantity_off_the_step_is_refused_with_the_nearest_that_fits(route: OneRoute) -> None:
    instrument = instrument_of(route)
    qty = route.bench.ORDER.order_qty
    assert qty is not None
    text = refused(route, order_qty=qty + instrument.step / 4)
    assert f"{qty.normalize():f}" in text


@ask()
def a_market_that_is_not_there_is_refused(route: OneRoute) -> None:
    assert "unknown symbol" in refused(route, symbol="NOSUCH/COIN")


@ask(lambda offered: OrdType.STOP not in offered.ord_types)
def what_the_venue_can_not_do_is_said(route: OneRoute) -> None:
    text = refused(route, ord_type=OrdType.STOP, price=None, stop_px=route.bench.NEAR)
    assert "does not offer STOP" in text
