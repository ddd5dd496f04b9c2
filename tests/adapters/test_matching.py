"""The simulators' matching engine: sums agree, nothing overfills, one seed gives one history."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.matching import MatchingEngine, SimOrder, Trade, default_markets

SYMBOL = "BTC/USDT"
MID = Decimal(40000)
TICK = Decimal("0.01")
LEVEL = Decimal("0.05")


def order(
    side: str = "BUY",
    qty: str = "0.01",
    price: str | Decimal | None = "39999.99",
    order_id: str = "1",
    *,
    cash: str | None = None,
    ioc: bool = False,
    post_only: bool = False,
) -> SimOrder:
    return SimOrder(
        order_id,
        "",
        SYMBOL,
        side,
        Decimal(qty),
        None if price is None else Decimal(price),
        cash=None if cash is None else Decimal(cash),
        ioc=ioc,
        post_only=post_only,
    )


def engine(seed: int = 7) -> MatchingEngine:
    return MatchingEngine(default_markets(), seed)


Call = Callable[[MatchingEngine, int, int], list[Trade]]


def _submit(side: str, steps: int, ticks: int | None, ioc: bool, post_only: bool) -> Call:
    def call(venue: MatchingEngine, serial: int, now_ms: int) -> list[Trade]:
        price = None if ticks is None else MID + ticks * TICK
        qty = steps * Decimal("0.0001")
        return venue.submit(
            SimOrder(str(serial), "", SYMBOL, side, qty, price, ioc=ioc, post_only=post_only),
            now_ms,
        )

    return call


def _spend(cash: int) -> Call:
    def call(venue: MatchingEngine, serial: int, now_ms: int) -> list[Trade]:
        bought = SimOrder(str(serial), "", SYMBOL, "BUY", Decimal(0), None, cash=Decimal(cash))
        return venue.submit(bought, now_ms)

    return call


def _advance(venue: MatchingEngine, serial: int, now_ms: int) -> list[Trade]:
    return venue.advance(now_ms)


def _cancel(back: int) -> Call:
    def call(venue: MatchingEngine, serial: int, now_ms: int) -> list[Trade]:
        venue.cancel(str(serial - back), now_ms)
        return []

    return call


SUBMITS = st.builds(
    _submit,
    st.sampled_from(["BUY", "SELL"]),
    st.integers(1, 15_000),
    st.none() | st.integers(-30, 30),
    st.booleans(),
    st.booleans(),
)
CALLS = st.lists(
    st.tuples(
        st.integers(0, 400),
        SUBMITS
        | st.builds(_spend, st.integers(1, 90_000))
        | st.just(_advance)
        | st.builds(_cancel, st.integers(1, 5)),
    ),
    max_size=30,
)


def run(venue: MatchingEngine, calls: list[tuple[int, Call]]) -> list[Trade]:
    told: list[Trade] = []
    now_ms = 0
    for serial, (pause_ms, call) in enumerate(calls):
        now_ms += pause_ms
        told += call(venue, serial, now_ms)
    return told


@given(CALLS)
def test_sums_agree_and_nothing_overfills(calls: list[tuple[int, Call]]) -> None:
    """CumQty and notional are the sums over the trades, and never pass the quantity."""
    venue = engine()
    told = run(venue, calls)
    assert told == venue.trades
    for known in venue.orders.values():
        own = [trade for trade in told if trade.order_id == known.order_id]
        assert known.cum == sum(trade.qty for trade in own)
        assert known.notional == sum(trade.qty * trade.px for trade in own)
        assert all(trade.qty > 0 and trade.side == known.side for trade in own)
        assert known.cum <= known.qty
        if known.cash is None:
            assert (known.status == "FILLED") == (known.cum == known.qty)
        assert known.leaves == (known.qty - known.cum if known.status == "OPEN" else 0)
        if known.cash is not None:
            assert known.notional <= known.cash


@given(CALLS)
def test_no_trade_is_worse_than_the_limit(calls: list[tuple[int, Call]]) -> None:
    """A buy never pays more than its price, a sell never gets less."""
    venue = engine()
    for trade in run(venue, calls):
        price = venue.orders[trade.order_id].price
        if price is not None:
            assert trade.px <= price if trade.side == "BUY" else trade.px >= price


@given(CALLS, st.integers(0, 5))
def test_same_seed_and_calls_give_the_same_trades(calls: list[tuple[int, Call]], seed: int) -> None:
    """One seed replays the venue."""
    assert run(engine(seed), calls) == run(engine(seed), calls)


@given(CALLS)
def test_post_only_never_takes(calls: list[tuple[int, Call]]) -> None:
    """A post-only order has maker trades only."""
    venue = engine()
    run(venue, calls)
    assert not [t for t in venue.trades if t.taker and venue.orders[t.order_id].post_only]


@given(CALLS)
def test_the_book_is_never_crossed(calls: list[tuple[int, Call]]) -> None:
    """The best bid of the others stays below their best ask, and levels are in order."""
    venue = engine()
    run(venue, calls)
    bids, asks = venue.book(SYMBOL, 50)
    prices = [px for px, _ in reversed(bids)] + [px for px, _ in asks]
    assert prices == sorted(set(prices))
    assert all(0 < qty <= LEVEL for _, qty in bids + asks)


@given(st.integers(21, 5000), st.sampled_from(["BUY", "SELL"]), st.integers(0, 9))
def test_far_prices_never_trade(ticks: int, side: str, seed: int) -> None:
    """Further than the standing levels from the middle nothing reaches an order."""
    venue = engine(seed)
    away = -ticks if side == "BUY" else ticks
    resting = order(side, "0.01", MID + away * TICK)
    venue.submit(resting, 0)
    venue.advance(0)
    assert venue.advance(2_000) == []
    assert resting.status == "OPEN"


@given(st.lists(st.integers(0, 300), min_size=1, max_size=20))
def test_the_split_of_time_does_not_matter(pauses: list[int]) -> None:
    """Many small advances tell the same trades as one large one."""
    often, once = engine(), engine()
    for venue in (often, once):
        venue.advance(1_000)
        venue.submit(order(qty="0.5"), 1_000)
    now_ms = 1_000
    for pause in pauses:
        now_ms += pause
        often.advance(now_ms)
    once.advance(now_ms)
    assert often.trades == once.trades


def test_another_seed_gives_another_history() -> None:
    """The flow is drawn from the seed."""

    def history(seed: int) -> list[Trade]:
        venue = engine(seed)
        venue.advance(0)
        venue.submit(order(qty="0.5"), 0)
        return venue.advance(5_000)

    assert history(1) != history(2)


def test_a_resting_order_near_the_touch_fills_in_parts() -> None:
    """The flow needs several trades for one order and then leaves it alone."""
    venue = engine()
    resting = order(qty="0.01")
    venue.advance(0)
    assert venue.submit(resting, 0) == []
    trades = venue.advance(60_000)
    assert len(trades) > 1
    assert (resting.status, resting.cum, resting.avg) == (
        "FILLED", Decimal("0.01"), Decimal("39999.99"),
    )  # fmt: skip
    assert not any(trade.taker for trade in trades)
    assert venue.advance(120_000) == []


def test_a_crossing_order_takes_the_levels_in_turn() -> None:
    """A limit order sweeps the levels up to its price and the rest stays open."""
    venue = engine()
    taken = order(qty="0.12", price="40000.02")
    trades = venue.submit(taken, 5)
    assert [(t.px, t.qty) for t in trades] == [
        (Decimal("40000.01"), LEVEL),
        (Decimal("40000.02"), LEVEL),
    ]
    assert all(trade.taker and trade.time_ms == 5 for trade in trades)
    assert (taken.status, taken.leaves) == ("OPEN", Decimal("0.02"))
    assert venue.book(SYMBOL, 1)[1] == [(Decimal("40000.03"), LEVEL)]


def test_a_level_that_an_order_has_overrun_stays_empty() -> None:
    """As long as the remainder rests there, nobody offers at or below its price."""
    venue = engine()
    overrun = order(qty="0.2", price="40000.02")
    venue.advance(0)
    venue.submit(overrun, 0)
    for now_ms in range(50, 10_000, 50):
        best = venue.book(SYMBOL, 1)[1][0][0]
        assert best == Decimal("40000.03") or overrun.status == "FILLED"
        venue.advance(now_ms)
    assert venue.book(SYMBOL, 1)[1][0][0] == Decimal("40000.01")


def test_consumed_levels_come_back() -> None:
    """The flow refills what was taken, in portions, up to what stood there."""
    venue = engine()
    venue.advance(0)
    venue.submit(order(qty="0.05", price=None), 0)
    venue.advance(50)
    assert venue.book(SYMBOL, 1)[1] == [(Decimal("40000.01"), Decimal("0.005"))]
    venue.advance(5_000)
    assert venue.book(SYMBOL, 1)[1] == [(Decimal("40000.01"), LEVEL)]


def test_remainders_of_market_and_ioc_orders_end() -> None:
    """What finds no liquidity is cancelled, not left resting."""
    venue = engine()
    swept = order(qty="1.5", price=None)
    venue.submit(swept, 0)
    assert (swept.status, swept.cum) == ("CANCELED", LEVEL * 20)
    prompt = order(qty="0.01", ioc=True, order_id="2")
    venue.submit(prompt, 0)
    assert (prompt.status, prompt.cum) == ("CANCELED", Decimal(0))


def test_a_cash_order_buys_whole_steps_for_at_most_its_cash() -> None:
    """A market buy by total spends what it can in whole steps and is then filled."""
    venue = engine()
    spent = order(qty="0", price=None, cash="100")
    venue.submit(spent, 0)
    assert (spent.status, spent.qty, spent.cum) == ("FILLED", Decimal("0.0024"), Decimal("0.0024"))
    assert Decimal(100) - spent.notional < Decimal("40000.01") * Decimal("0.0001")


def test_a_cash_order_beyond_the_book_ends_cancelled() -> None:
    """Money that finds nothing to buy is not called spent; nor is too little for one step."""
    venue = engine()
    rich = order(qty="0", price=None, cash="1000000")
    poor = order(qty="0", price=None, cash="1", order_id="2")
    venue.submit(rich, 0)
    assert (rich.status, rich.cum) == ("CANCELED", LEVEL * 20)
    venue.advance(0)
    venue.advance(5_000)
    venue.submit(poor, 5_000)
    assert (poor.status, poor.cum) == ("CANCELED", Decimal(0))


def test_post_only_that_would_cross_is_rejected() -> None:
    """At the touch it is refused without a trade; inside the spread it rests."""
    venue = engine()
    crossing = order(price="40000.01", post_only=True)
    resting = order(price="40000", post_only=True, order_id="2")
    assert venue.submit(crossing, 0) == []
    assert venue.submit(resting, 0) == []
    assert (crossing.status, resting.status) == ("REJECTED", "OPEN")


def test_cancel_ends_an_open_order_once() -> None:
    """A cancelled order trades no more; a second cancel and an unknown one say False."""
    venue = engine()
    resting = order(qty="0.5")
    venue.advance(0)
    venue.submit(resting, 0)
    assert venue.cancel("1", 10)
    assert not venue.cancel("1", 20)
    assert not venue.cancel("none", 20)
    assert venue.advance(5_000) == []
    assert (resting.status, resting.leaves, resting.updated_ms) == ("CANCELED", Decimal(0), 10)


@pytest.mark.parametrize(
    "wrong",
    [
        SimOrder("1", "", "BTC/EUR", "BUY", Decimal(1), None),
        SimOrder("1", "", SYMBOL, "BOTH", Decimal(1), None),
        SimOrder("1", "", SYMBOL, "BUY", Decimal(0), None),
        SimOrder("1", "", SYMBOL, "BUY", Decimal(0), None, cash=Decimal(0)),
        SimOrder("1", "", SYMBOL, "SELL", Decimal(0), None, cash=Decimal(1)),
    ],
)
def test_unsound_orders_are_refused_by_exception(wrong: SimOrder) -> None:
    """A venue must have checked these; the engine keeps nothing of them."""
    venue = engine()
    with pytest.raises(ValueError, match=r"."):
        venue.submit(wrong, 0)
    assert venue.orders == {}


def test_an_order_id_is_used_once() -> None:
    """The second order under one id would overwrite the first."""
    venue = engine()
    venue.submit(order(), 0)
    with pytest.raises(ValueError, match="used before"):
        venue.submit(order(), 0)


def test_a_clock_that_steps_back_is_waited_out() -> None:
    """No step is lived twice."""
    venue = engine()
    venue.advance(10_000)
    venue.submit(order(qty="0.5"), 10_000)
    assert venue.advance(5_000) == []
    assert venue.advance(10_049) == []


def test_a_resting_order_can_be_hit_at_will() -> None:
    """Wherever it rests, at its own price, and to its end."""
    venue = engine()
    resting = order(qty="0.5", price="30000")
    venue.submit(resting, 0)
    trade = venue.hit("1", Decimal("0.2"), 10)
    assert (trade.qty, trade.px, trade.taker) == (Decimal("0.2"), Decimal(30000), False)
    venue.hit("1", Decimal("0.3"), 20)
    assert (resting.status, resting.cum) == ("FILLED", Decimal("0.5"))


def test_what_does_not_rest_can_not_be_hit() -> None:
    venue = engine()
    venue.submit(order(qty="0.5", price="30000"), 0)
    for order_id, qty in (("1", "0.6"), ("1", "0"), ("2", "0.1")):
        with pytest.raises(ValueError, match="resting"):
            venue.hit(order_id, Decimal(qty), 10)
