"""BtcTurk's feed on a socket: whatever comes first is applied, and once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final

import pytest

from adapters.btcturk.stream import BtcturkStream, FeedAccess
from adapters.hub import Listener
from adapters.options import Options
from adapters.runner import Runner
from oms.clock import SystemClock
from oms.core.fields import ExecType, OrdStatus, OrdType
from oms.core.market import Candle, OrderBook, PublicTrade, Ticker, Topic
from tests.adapters.conformance import assert_agree, instrument_of
from tests.adapters.one_route import OneRoute, one_route

LEVEL: Final = Decimal("0.05")


@contextmanager
def ready(**settings: Any) -> Iterator[OneRoute]:
    """A route whose feed has logged in."""
    with one_route("btcturk", **settings) as route:
        route.until_ready()
        until_heard(route, "logged in")
        yield route


def until_heard(route: OneRoute, text: str) -> None:
    """Wait until the feed stands, and says so in these words."""

    def stands() -> bool:
        status = runner(route).stream_status()
        return status is not None and status.up and status.text == f"connected, {text}"

    route.spin(stands, f"the feed: {text}")


def runner(route: OneRoute) -> Runner:
    assert isinstance(route.runner, Runner)
    return route.runner


def switch(route: OneRoute, name: str, value: object) -> None:
    route.there.do(lambda: route.tap.switch(name, value))


def quiet(route: OneRoute) -> None:
    """The lists of fills are far behind: what comes, comes by the feed."""
    switch(route, "delay_trades", 999_999)


def test_a_fill_by_the_feed_need_not_wait_for_the_lists() -> None:
    with ready() as route:
        quiet(route)
        order_id = route.take(LEVEL * 3)
        route.until(lambda: route.order(order_id).closed, "the fills by the feed")
        assert_agree(route, order_id)
        order = route.order(order_id)
        assert all("-" in name for name in order.executions)
        assert not any(execution.derived for execution in order.executions.values())


def test_a_fill_by_feed_and_list_is_one() -> None:
    with ready() as route:
        switch(route, "duplicate", 50)
        order_id = route.take(LEVEL * 10)
        route.until(lambda: route.order(order_id).closed, "the last fill")
        told = [report.exec_id for report in route.reports(order_id) if report.last_shares]
        assert len(set(told)) == len(told) > 1
        assert_agree(route, order_id)
        assert not route.quarantined()


def test_fills_come_by_the_lists_where_the_feed_is_mute() -> None:
    with ready() as route:
        for name in ("mute_trades", "mute_orders"):
            switch(route, name, True)
        order_id = route.take(LEVEL * 2)
        route.until(lambda: route.order(order_id).closed, "the fills by the lists")
        assert_agree(route, order_id)


def test_a_cancel_is_known_by_the_feed_soon_and_proven_by_a_look() -> None:
    with ready() as route:
        order_id = route.place(wait=True)
        switch(route, "cancel_delay_ms", 100)
        route.cancel(order_id)
        route.until(lambda: route.order(order_id).closed, "the cancel")
        assert route.exec_types(order_id)[-1] is ExecType.CANCELED
        assert_agree(route, order_id)


def test_an_order_whose_answer_is_lost_is_found_though_its_fill_came_first() -> None:
    with ready() as route:
        switch(route, "lose_reply", 1)
        order_id = route.take(LEVEL / 5)
        route.until(lambda: route.order(order_id).closed, "the order to be found")
        assert route.order(order_id).ord_status is OrdStatus.FILLED
        assert_agree(route, order_id)
        assert route.tap.count("POST", "order") == 1


def test_a_market_buy_waits_until_all_of_it_is_listed() -> None:
    with ready() as route:
        order_id = route.place(
            ord_type=OrdType.MARKET, price=None, order_qty=None, cash_order_qty=Decimal(4000)
        )
        route.until(lambda: route.order(order_id).closed, "the fills")
        order = route.order(order_id)
        assert order.order_qty == order.cum_qty > 0
        assert order.ord_status is OrdStatus.FILLED


@pytest.mark.parametrize("name", ["drop_stream", "garble_stream"])
def test_what_happened_meanwhile_is_looked_for(name: str) -> None:
    with ready() as route:
        order_id = route.place(wait=True)
        switch(route, name, 1)
        if name == "drop_stream":
            route.spin(lambda: route.tap.count("GET", "/") > 0 and connections(route) > 1, "again")
            until_heard(route, "logged in")
        route.cancel(order_id)
        route.until(lambda: route.order(order_id).closed, "the cancel")
        if name == "garble_stream":
            route.until(lambda: bool(route.quarantined()), "the frame in quarantine")
            assert "feed" in str(route.quarantined()[0].message)


def connections(route: OneRoute) -> int:
    return sum(asked.path == "/" for asked in list(route.tap.asked))


def test_a_feed_that_says_nothing_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.btcturk.venue.SILENCE_S", 0.3)
    with ready() as route:
        switch(route, "stall_stream", True)
        route.spin(lambda: connections(route) > 1, "another connection")
        switch(route, "stall_stream", False)
        until_heard(route, "logged in")


def test_a_login_that_is_not_answered_is_tried_on_a_new_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The market goes on meanwhile: silence alone would not tell."""
    monkeypatch.setattr("adapters.btcturk.venue.SILENCE_S", 0.5)
    with one_route("btcturk", start=False) as route:
        switch(route, "mute_login", True)
        route.runner.start()
        route.spin(lambda: connections(route) > 1, "another connection")
        switch(route, "mute_login", False)
        until_heard(route, "logged in")


def test_a_login_that_is_refused_leaves_the_market_and_the_lists() -> None:
    with one_route("btcturk", ws_api_key="another") as route:
        route.until_ready()
        until_heard(route, "not logged in")
        order_id = route.take(LEVEL / 5)
        route.until(lambda: route.order(order_id).closed, "the fill by the lists")
        assert any("refused the login" in str(r.message) for r in route.quarantined())


def test_a_login_by_token() -> None:
    with ready(
        ws_login="111",
        ws_user_id=4711,
        ws_username="alice@example.com",
        ws_token="web-session-token",  # noqa: S106  the simulator's
    ) as route:
        quiet(route)
        order_id = route.take(LEVEL / 5)
        route.until(lambda: route.order(order_id).closed, "the fill by the feed")


def test_a_subscription_that_is_refused_ends_nothing() -> None:
    """As of a pair that the feed does not have."""
    with ready() as route:
        strange = replace(instrument_of(route), symbol="NO/PAIR", venue_symbol="NOPAIR")
        runner(route).listen(Topic("trades", strange), lambda: None)
        heard(route, listen(route, "ticker"), lambda told: True)
        assert connections(route) == 1
        assert not route.quarantined()


def test_a_logout_by_the_venue_is_answered_by_a_new_connection() -> None:
    with ready() as route:
        switch(route, "log_out", 1)
        route.spin(lambda: connections(route) > 1, "another connection")
        until_heard(route, "logged in")


def test_an_update_is_a_reason_to_look() -> None:
    with ready() as route:
        for name in ("mute_trades", "tell_updates"):
            switch(route, name, True)
        order_id = route.take(LEVEL * 3)
        route.until(lambda: route.order(order_id).closed, "the last fill")
        assert_agree(route, order_id)


def test_no_login_at_all() -> None:
    with one_route("btcturk", ws_login="none") as route:
        route.until_ready()
        until_heard(route, "not logged in")
        assert not route.quarantined()


# The market


def listen(route: OneRoute, kind: Any, period: str = "") -> Listener:
    instrument = None if kind == "balances" else instrument_of(route)
    return runner(route).listen(Topic(kind, instrument, period), lambda: None)


def heard(route: OneRoute, listener: Listener, done: Callable[[Any], bool]) -> Any:
    """The first news that fits, told by the feed and not asked for in turns."""
    found: list[Any] = []

    def take() -> bool:
        found.extend(item for item in listener.take() if not item.emulated and done(item.told))
        return bool(found)

    route.spin(take, f"news of {listener.topic.kind}")
    return found[0].told


def test_tickers_and_candles_and_books() -> None:
    with ready() as route:
        ticker = heard(route, listen(route, "ticker"), lambda told: True)
        assert isinstance(ticker, Ticker)
        assert (ticker.bid, ticker.ask) == (Decimal(39999), Decimal(40001))
        candle = heard(route, listen(route, "candles", "1m"), lambda told: True)
        assert isinstance(candle, Candle)
        books = listen(route, "order_book")
        assert isinstance(heard(route, books, lambda told: True), OrderBook)


def test_a_book_whose_change_was_lost_is_told_again() -> None:
    with ready() as route:
        books = listen(route, "order_book")
        heard(route, books, lambda told: len(told.asks) == 20)
        switch(route, "skip_changes", 1)
        route.take(LEVEL * 2)
        told = heard(route, books, lambda told: len(told.asks) > 0)
        there = route.runner.ask("order_book", instrument=instrument_of(route), depth=None)
        assert told.symbol == there.result(5).symbol


def test_trades_as_they_happen() -> None:
    """Those before are no news; a trade right behind the subscription may be among them."""
    with ready() as route:
        trades = listen(route, "trades")
        found: list[Any] = []
        since = 0.0

        def trade_on() -> None:
            nonlocal since
            # Seldom: what stands in the book is soon taken, its last rest by an odd trade.
            if route.clock.monotonic() - since > 1.0:
                since = route.clock.monotonic()
                route.take(LEVEL / 5)
            found.extend(trades.take())

        route.spin(lambda: bool(found), "a trade", meanwhile=trade_on)
        assert isinstance(found[0].told, PublicTrade)
        assert found[0].told.qty == LEVEL / 5
        assert not found[0].emulated


def test_balances_are_read_when_they_move() -> None:
    with ready() as route:
        balances = listen(route, "balances")
        first = heard(route, balances, lambda told: told.asset == "USDT")
        route.take(LEVEL / 5)
        later = heard(
            route, balances, lambda told: told.asset == "USDT" and told.total < first.total
        )
        assert later.total < first.total


@pytest.mark.parametrize(
    "frame",
    [
        '[114, {"ok": false, "message": "unknown key KEY"}]',
        '[100, {"ok": false, "message": "KEY may not"}]',
        '[423, {"id": 1, "numeratorSymbol": "BTC", "denominatorSymbol": "TRY", "amount": "1",'
        ' "orderType": "KEY"}]',
    ],
)
def test_what_the_feed_repeats_of_a_key_is_shown_nowhere(
    frame: str, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[object] = []
    ear: Any = SimpleNamespace(
        quarantine=lambda *all: told.append(all), gap=told.append, trade=told.append
    )
    access = FeedAccess(stream_url="", api_key="a-key-of-ours", silence_s=1, timeout_s=1)
    nobody: Any = None
    clock = SystemClock()
    BtcturkStream(access, nobody, clock, Options())._take(
        frame.replace("KEY", "a-key-of-ours"), ear
    )
    assert told or caplog.text
    assert "a-key-of-ours" not in f"{told} {caplog.text}"
