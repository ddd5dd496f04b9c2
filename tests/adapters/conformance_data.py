"""The questions about markets, accounts and money: what is offered is there, and makes sense."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import pytest

from adapters.port import Balance
from adapters.runner import QUERIES
from oms.core.errors import NotSupported
from oms.core.funding import AccountState, Activity, DepositAddress, FeeRate
from oms.core.market import Candle, Currency, OrderBook, PublicTrade, Ticker
from tests.adapters.conformance import ask, capabilities_of, instrument_of
from tests.adapters.conformance_trading import close
from tests.adapters.one_route import OneRoute


def told(route: OneRoute, query: str, **parameters: Any) -> Any:
    """What the venue answers; the engine goes on meanwhile, as it may be what grants nonces."""
    asked = route.runner.ask(query, **parameters)
    route.spin(asked.done, f"the answer to {query}")
    return asked.result()


def _lately(time: datetime | None) -> bool:
    return time is None or abs(time - datetime.now(UTC)) < timedelta(minutes=2)  # noqa: TID251  the venue's clock is this one


@ask()
def the_instruments_are_those_that_orders_name(route: OneRoute) -> None:
    order, known = route.bench.ORDER, route.book.routes[route.route]
    found = instrument_of(route)
    assert found.enabled
    assert found.tick > 0
    assert found.step > 0
    assert found.tick == route.bench.TICK
    assert f"{found.base}/{found.quote}" == order.symbol
    assert known.instrument(found.venue_symbol, order.security_exchange) is found


@ask()
def balances_are_the_venues_and_move_with_fills(route: OneRoute) -> None:
    base, quote = instrument_of(route).symbol.split("/")
    before = _balances(route)
    order_id = route.take(route.bench.LEVEL / 5)
    close(route, order_id, "the fill")
    after = _balances(route)
    assert after[base].total - before[base].total == route.order(order_id).cum_qty
    assert after[quote].total < before[quote].total
    resting = route.place(wait=True)
    held = _balances(route)
    assert held[quote].total == after[quote].total
    assert held[quote].available < after[quote].available
    assert route.order(resting).cum_qty == 0
    for balance in held.values():
        assert balance.total == balance.available + balance.held
        assert min(balance.total, balance.available, balance.held) >= 0


def _balances(route: OneRoute) -> dict[str, Balance]:
    exchange = route.bench.ORDER.security_exchange
    found: list[Balance] = told(route, "balances")
    return {balance.asset: balance for balance in found if balance.security_exchange == exchange}


@ask(lambda offered: bool(offered.offers))
def what_is_not_offered_is_said(route: OneRoute) -> None:
    missing = QUERIES - capabilities_of(route).offers
    assert missing
    for query in missing:
        with pytest.raises(NotSupported):
            told(route, query)


@ask(lambda offered: "ticker" in offered.offers)
def a_ticker_has_its_sides_the_right_way_round(route: OneRoute) -> None:
    ticker: Ticker = told(route, "ticker", instrument=instrument_of(route))
    assert isinstance(ticker, Ticker)
    assert ticker.symbol == route.bench.ORDER.symbol
    if ticker.bid is not None and ticker.ask is not None:
        assert route.bench.NEAR * 9 / 10 < ticker.bid < ticker.ask < route.bench.NEAR * 11 / 10
    if ticker.low is not None and ticker.high is not None:
        assert ticker.low <= ticker.high
    assert _lately(ticker.time)


@ask(lambda offered: "order_book" in offered.offers)
def a_book_is_sorted_and_not_crossed(route: OneRoute) -> None:
    book: OrderBook = told(route, "order_book", instrument=instrument_of(route), depth=None)
    assert isinstance(book, OrderBook)
    bids, asks = [level.price for level in book.bids], [level.price for level in book.asks]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0] <= route.bench.NEAR
    assert all(level.qty > 0 for level in (*book.bids, *book.asks))
    assert max(level.qty for level in book.asks) <= route.bench.LEVEL


@ask(lambda offered: "order_book" in offered.offers)
def a_book_is_as_deep_as_was_asked_for(route: OneRoute) -> None:
    book: OrderBook = told(route, "order_book", instrument=instrument_of(route), depth=3)
    assert len(book.bids) == len(book.asks) == 3


@ask(lambda offered: "trades" in offered.offers)
def public_trades_show_what_was_traded(route: OneRoute) -> None:
    order_id = route.take(route.bench.LEVEL / 5)
    close(route, order_id, "the fill")
    trades: list[PublicTrade] = told(route, "trades", instrument=instrument_of(route), limit=20)
    assert trades
    assert all(trade.price > 0 and trade.qty > 0 for trade in trades)
    own = [t for t in trades if t.qty == route.order(order_id).cum_qty]
    assert any(abs(t.price - route.bench.NEAR) <= route.bench.TICK for t in own)
    sides = {t.side for t in own if abs(t.price - route.bench.NEAR) <= route.bench.TICK} - {None}
    assert sides <= {route.bench.ORDER.side}, "the side is the aggressor's"


@ask(lambda offered: "candles" in offered.offers)
def candles_hold_their_prices(route: OneRoute) -> None:
    period = getattr(route.bench, "PERIOD", "1m")
    candles: list[Candle] = told(
        route,
        "candles",
        instrument=instrument_of(route),
        period=period,
        since=None,
        until=None,
        limit=10,
    )
    assert 0 < len(candles) <= 10
    for candle in candles:
        assert candle.period == period
        assert candle.low <= min(candle.open, candle.close)
        assert candle.high >= max(candle.open, candle.close)
    times = [candle.time for candle in candles]
    assert times == sorted(times)


@ask(lambda offered: "currencies" in offered.offers)
def currencies_name_what_is_traded(route: OneRoute) -> None:
    found: list[Currency] = told(route, "currencies")
    base, quote = instrument_of(route).symbol.split("/")
    assert {base, quote} <= {currency.asset for currency in found}


@ask(lambda offered: "server_time" in offered.offers)
def the_venues_clock_can_be_read(route: OneRoute) -> None:
    assert _lately(told(route, "server_time"))


@ask(lambda offered: "account" in offered.offers)
def the_account_has_a_state(route: OneRoute) -> None:
    state: AccountState = told(route, "account")
    assert state.status
    assert state.can_trade is not False


@ask(lambda offered: "fees" in offered.offers)
def fees_are_parts_of_the_value(route: OneRoute) -> None:
    rates: list[FeeRate] = told(route, "fees", instrument=instrument_of(route))
    assert rates
    for rate in rates:
        for part in (rate.maker, rate.taker):
            assert part is None or Decimal(0) <= part < Decimal("0.05")


_LISTS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "deposits": {"asset": None, "since": None},
        "withdrawals": {"asset": None, "since": None},
        "transfers": {"asset": None, "since": None},
        "activities": {"since": None, "until": None},
    }
)


@ask(lambda offered: bool(offered.offers & _LISTS.keys()))
def lists_of_money_are_lists(route: OneRoute) -> None:
    for query in sorted(capabilities_of(route).offers & _LISTS.keys()):
        rows: list[Activity] = told(route, query, **_LISTS[query])
        assert all(row.amount > 0 and row.asset for row in rows), query


@ask(lambda offered: "deposit_address" in offered.offers)
def a_deposit_has_somewhere_to_go(route: OneRoute) -> None:
    exchange, base = route.bench.ORDER.security_exchange, instrument_of(route).base
    found: DepositAddress = told(route, "deposit_address", asset=base, security_exchange=exchange)
    assert found.asset == base
    assert found.address


@ask(lambda offered: "own_trades" in offered.offers)
def the_venues_list_of_own_trades_is_the_books(route: OneRoute) -> None:
    order_id = route.take(route.bench.LEVEL * 2)
    close(route, order_id, "the fills")
    rows = told(route, "own_trades", since=None, instrument=instrument_of(route))
    order = route.order(order_id)
    mine = [row for row in rows if row.secondary_order_id in ("", order.secondary_order_id)]
    mine = mine or [row for row in rows if row.venue_cl_ord_id == order.venue_cl_ord_id]
    assert sum((row.last_shares for row in mine), Decimal(0)) == order.cum_qty
