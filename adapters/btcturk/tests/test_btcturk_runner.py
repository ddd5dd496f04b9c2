"""BtcTurk through the engine's own runner: lost answers, late fills, and answers that are none."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import ExecType, OrdStatus, OrdType
from oms.core.notes import Request
from tests.adapters.conformance import assert_agree
from tests.adapters.one_route import OneRoute, one_route

LEVEL: Final = Decimal("0.05")


@contextmanager
def ready(**settings: Any) -> Iterator[OneRoute]:
    """A route without a feed: what is found is found by asking."""
    with one_route("btcturk", ws_login="none", **settings) as route:
        route.until_ready()
        yield route


def switch(route: OneRoute, name: str, value: object) -> None:
    route.there.do(lambda: route.tap.switch(name, value))


def close(route: OneRoute, order_id: str, what: str) -> None:
    route.until(lambda: route.order(order_id).closed, what)


# Fills that are late


def test_fills_may_lag_dozens_of_polls() -> None:
    """Closed long before its fills are listed: nothing is concluded, then it is in doubt, and the
    fills settle it."""
    with ready() as route:
        switch(route, "delay_trades", 999_999)
        order_id = route.take(LEVEL / 5)
        route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
        doubt = route.order(order_id).in_doubt
        assert doubt is not None
        assert doubt.request is Request.FILLS
        asked = route.tap.count("GET", "transactions/trade")
        route.until_asked("GET", "transactions/trade", asked + 24)
        assert route.exec_types(order_id) == [ExecType.NEW]
        switch(route, "delay_trades", 0)
        close(route, order_id, "the fills")
        assert route.order(order_id).ord_status is OrdStatus.FILLED
        assert_agree(route, order_id)


def test_a_cancel_waits_for_the_fills_before_it() -> None:
    """Canceled with less left than ordered: the end is told behind what was executed."""
    with ready() as route:
        switch(route, "delay_trades", 400)
        order_id = route.take(LEVEL * 30)
        route.until(lambda: route.order(order_id).acknowledged, "the acknowledgement")
        route.cancel(order_id)
        close(route, order_id, "the cancel")
        assert route.exec_types(order_id)[-1] is ExecType.CANCELED
        assert route.order(order_id).cum_qty > 0
        assert_agree(route, order_id)


def test_a_market_buy_that_lacks_fills_is_in_doubt_until_they_are_there() -> None:
    with ready() as route:
        switch(route, "delay_trades", 999_999)
        order_id = route.place(
            ord_type=OrdType.MARKET, price=None, order_qty=None, cash_order_qty=Decimal(400)
        )
        route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
        switch(route, "delay_trades", 0)
        close(route, order_id, "the fills")
        assert route.order(order_id).ord_status is OrdStatus.FILLED


def test_rows_of_the_documents_age() -> None:
    """No leftAmount, no order ids in fills, everything rounded."""
    with ready() as route:
        switch(route, "old_rows", True)
        order_id = route.take(LEVEL * 3)
        close(route, order_id, "the last fill")
        assert_agree(route, order_id)
        resting = route.place(wait=True)
        route.cancel(resting)
        close(route, resting, "the cancel")
        assert route.order(resting).ord_status is OrdStatus.CANCELED


# Requests and answers that are lost


@pytest.mark.parametrize("name", ["lose_reply", "server_error", "gateway_timeout", "empty"])
def test_an_order_without_a_usable_answer_is_found_and_not_sent_again(name: str) -> None:
    with ready() as route:
        if name == "empty":
            spoil(route, lambda told: replace(told, body=b""), "POST")
        else:
            switch(route, name, 1)
        order_id = route.place()
        route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
        route.until(lambda: route.order(order_id).in_doubt is None, "the order to be found")
        assert route.order(order_id).ord_status is OrdStatus.NEW
        assert route.tap.count("POST", "/order") == 1
        assert_agree(route, order_id)


def test_an_order_that_never_arrived_is_dead_when_no_list_shows_it_behind_the_fence() -> None:
    with ready() as route:
        switch(route, "lose_request", 1)
        order_id = route.place()
        route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
        close(route, order_id, "the proof")
        assert route.order(order_id).ord_status is OrdStatus.REJECTED
        assert route.tap.count("GET", "allOrders") >= 2
        assert route.tap.count("POST", "/order") == 1


def test_an_order_like_the_lost_one_under_another_id_keeps_it_in_doubt() -> None:
    """The venue may have given it an id of its own: ours is missing, and proves nothing then."""
    with ready(fence_s=1) as route:
        switch(route, "wrong_echo", 1)
        switch(route, "lose_reply", 1)
        order_id = route.place()
        route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
        route.until_asked("GET", "allOrders", 4)
        assert route.order(order_id).in_doubt is not None


def test_an_order_under_another_client_id_is_not_taken_for_ours() -> None:
    """It is there, and nothing proves that it is this one: a human has to say so."""
    with ready(fence_s=1) as route:
        switch(route, "wrong_echo", 1)
        order_id = route.place()
        route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
        doubt = route.order(order_id).in_doubt
        assert doubt is not None
        assert "client id" in doubt.text
        route.until_asked("GET", "allOrders", 4)
        assert route.order(order_id).in_doubt is not None


@pytest.mark.parametrize("name", ["lose_reply", "lose_request", "server_error", "gateway_timeout"])
def test_a_cancel_without_a_usable_answer_is_settled_by_the_order(name: str) -> None:
    with ready() as route:
        order_id = route.place(wait=True)
        switch(route, name, {"n": 1, "on": "cancel"})
        route.cancel(order_id)
        close(route, order_id, "the cancel")
        assert route.order(order_id).ord_status is OrdStatus.CANCELED
        assert_agree(route, order_id)


def test_a_cancel_that_succeeded_and_an_order_that_filled() -> None:
    with ready() as route:
        switch(route, "cancel_delay_ms", 999_999)
        order_id = route.take(LEVEL * 2)
        route.until(lambda: route.order(order_id).acknowledged, "the acknowledgement")
        request = route.cancel(order_id)
        close(route, order_id, "the fills")
        assert route.order(order_id).ord_status is OrdStatus.FILLED
        assert [reject.cl_ord_id for reject in route.cancel_rejects()] == [request]
        assert_agree(route, order_id)


def test_a_cancel_that_is_blocked_is_asked_for_again() -> None:
    with ready() as route:
        order_id = route.place(wait=True)
        switch(route, "block_cancel", 2)
        route.cancel(order_id)
        close(route, order_id, "the cancel")
        assert route.tap.count("DELETE", "order") == 3
        assert not route.cancel_rejects()


def test_a_cancel_that_was_too_often_goes_when_it_may() -> None:
    with ready() as route:
        order_id = route.place(wait=True)
        spoil(
            route, lambda told: SimResponse(429, b"{}", {"Retry-After": "1"}), "DELETE", once=True
        )
        route.cancel(order_id)
        close(route, order_id, "the cancel")
        assert route.tap.count("DELETE", "order") == 2
        assert route.order(order_id).ord_status is OrdStatus.CANCELED


def test_a_clock_that_jumps_is_measured_anew() -> None:
    with ready() as route:
        switch(route, "skew_clock", 10_000)
        order_id = route.place(wait=True)
        switch(route, "skew_clock", -10_000)
        route.cancel(order_id)
        close(route, order_id, "the cancel")
        assert not route.quarantined()


# Answers that make no sense


def spoil(
    route: OneRoute,
    change: Callable[[SimResponse], SimResponse],
    method: str,
    part: str = "rder",
    *,
    once: bool = False,
) -> None:
    """Change the answers to one kind of request; those that carry what the simulator said."""
    hit: list[SimRequest] = []

    def changed(request: SimRequest, told: SimResponse) -> SimResponse:
        if request.method != method or part not in request.path or (once and hit):
            return told
        hit.append(request)
        return change(told)

    route.tap.change = changed


def rows(told: SimResponse, **fields: object) -> SimResponse:
    """The same answer, with fields of every order in it replaced."""
    document = json.loads(told.body)
    data = document["data"]
    found = data if isinstance(data, list) else [*data.get("bids", ()), *data.get("asks", ())]
    for row in found or [data]:
        row.update(fields)
    return replace(told, body=json.dumps(document).encode())


PAGE: Final = b"<html><body><h1>504 Gateway Time-out</h1></body></html>"
NONSENSE: Final[dict[str, Callable[[SimResponse], SimResponse]]] = {
    "a page": lambda told: replace(told, body=PAGE),
    "nothing": lambda told: replace(told, body=b""),
    "half of it": lambda told: replace(told, body=told.body[: len(told.body) // 2]),
    "text for a number": lambda told: rows(told, leftAmount="none"),
    "a list for a number": lambda told: rows(told, amount=[1]),
    "a number for text": lambda told: rows(told, status=1),
    "an unknown word": lambda told: rows(told, status="UNHEARD_OF"),
    "an unknown method": lambda told: rows(told, method="iceberg"),
    "another quantity": lambda told: rows(told, amount="7", leftAmount="7"),
    "another pair": lambda told: rows(told, pairSymbol="ETHUSDT", pairSymbolNormalized="ETH_USDT"),
    "another client id": lambda told: rows(told, orderClientId="another"),
    "a redirect": lambda told: replace(
        told, status=307, headers={"Location": "http://127.0.0.1:1"}
    ),
    "too much": lambda told: replace(told, body=b"[" + b" " * (8 * 1024 * 1024 + 1) + b"]"),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_changes_no_order_and_the_route_lives_on(what: str) -> None:
    with ready() as route:
        order_id = route.place(wait=True)
        before = route.order(order_id)
        spoil(route, NONSENSE[what], "GET", "rder")
        asked = len(route.tap.asked)
        route.spin(lambda: len(route.tap.asked) >= asked + 6, "six answers of that kind")
        after = route.order(order_id)
        assert (after.ord_status, after.cum_qty, after.in_doubt) == (
            OrdStatus.NEW,
            Decimal(0),
            None,
        )
        assert after == before
        route.tap.change = lambda request, told: told
        route.cancel(order_id)
        close(route, order_id, "the cancel")
        assert route.order(order_id).ord_status is OrdStatus.CANCELED


@pytest.mark.parametrize("what", ["an unknown word", "another quantity", "text for a number"])
def test_a_row_that_makes_no_sense_is_shown_with_its_text(what: str) -> None:
    with ready() as route:
        route.place(wait=True)
        spoil(route, NONSENSE[what], "GET", "rder")
        route.until(lambda: bool(route.quarantined()), "the quarantine")
        assert '"orderClientId"' in route.quarantined()[0].raw


def test_fields_that_nobody_knows_and_numbers_in_other_notations() -> None:
    with ready() as route:
        order_id = route.place(wait=True)
        spoil(route, lambda told: rows(told, amount="1E-2", leftAmount=0.01, colour="red"), "GET")
        asked = len(route.tap.asked)
        route.spin(lambda: len(route.tap.asked) >= asked + 6, "six such answers")
        assert route.order(order_id).ord_status is OrdStatus.NEW
        assert not route.quarantined()


def test_an_answer_about_another_order_is_nobodys() -> None:
    with ready() as route:
        first, second = route.place(wait=True), route.place(wait=True)
        switch(route, "wrong_order", 1_000)
        route.cancel(first)
        route.until(lambda: bool(route.quarantined()), "the quarantine")
        assert "asked for order" in str(route.quarantined()[0].message)
        assert route.order(second).ord_status is OrdStatus.NEW
        switch(route, "wrong_order", 0)
        close(route, first, "the cancel")


def test_no_secret_is_in_what_the_journal_keeps() -> None:
    with ready() as route:
        order_id = route.take(LEVEL / 5)
        close(route, order_id, "the fill")
        kept = route.raw_texts()
        for name in ("api_key", "api_secret"):
            assert route.config[name] not in kept
