"""The demo's plan: pure, repeatable, and every kind of order at every venue that takes it."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.matching import STEP_MS, MatchingEngine, SimOrder
from oms.core.numbers import is_multiple
from oms.demo.plan import DESK, STRATEGY, VENUES, Extra, Kind, PlannedOrder, Refusal, make_plan

MARKETS = {(g.route, m.symbol): m for g in VENUES for m in g.markets}
SEEDS = st.integers(0, 2**32)
_GROUNDS = {ground.route: ground for ground in VENUES}
HERE = (Kind.BAD_TICK, Kind.BAD_SYMBOL, Kind.BAD_QTY)


@settings(max_examples=15, deadline=None)
@given(orders=st.integers(0, 120), seed=SEEDS)
def test_the_same_seed_plans_the_same_requests(orders: int, seed: int) -> None:
    assert make_plan(orders, seed) == make_plan(orders, seed)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_a_longer_plan_begins_like_a_shorter_one(seed: int) -> None:
    assert make_plan(60, seed)[:40] == make_plan(40, seed)


def test_another_seed_plans_other_requests() -> None:
    assert make_plan(40, 1) != make_plan(40, 2)


@settings(max_examples=15, deadline=None)
@given(orders=st.integers(0, 200), seed=SEEDS)
def test_ids_are_used_once_and_say_who_sends(orders: int, seed: int) -> None:
    plan = make_plan(orders, seed)
    ids = [order.cl_ord_id for order in plan] + [order.cancel_id for order in plan]
    assert len(plan) == orders
    assert len(set(ids)) == 2 * orders
    assert all(order.cl_ord_id.startswith(order.origin[0].upper()) for order in plan)


@settings(max_examples=15, deadline=None)
@given(orders=st.integers(2, 120), seed=SEEDS)
def test_venues_take_turns_and_slots_count_up(orders: int, seed: int) -> None:
    plan = make_plan(orders, seed)
    counts = Counter(order.route for order in plan)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert set(counts) <= {ground.route for ground in VENUES}
    for route, count in counts.items():
        assert [o.slot for o in plan if o.route == route] == list(range(count))


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_every_kind_and_every_extra_comes_up_at_every_venue_that_takes_it(seed: int) -> None:
    plan = make_plan(21 * len(VENUES), seed)
    for ground in VENUES:
        of_route = [order for order in plan if order.route == ground.route]
        assert {order.kind for order in of_route} == set(Kind) - ground.lacks
        assert {order.extra for order in of_route} == set(Extra)
        assert {order.exchange for order in of_route} <= set(ground.exchanges)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_desk_and_strategy_share_the_work_at_every_venue(seed: int) -> None:
    for route in (ground.route for ground in VENUES):
        counts = Counter(o.origin for o in make_plan(40 * len(VENUES), seed) if o.route == route)
        assert set(counts) == {DESK, STRATEGY}
        assert abs(counts[DESK] - counts[STRATEGY]) <= 2


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_only_what_is_to_be_refused_here_breaks_a_rule_of_the_market(seed: int) -> None:
    for order in make_plan(42 * len(VENUES), seed):
        market = MARKETS.get((order.route, order.symbol))
        assert (market is None) == (order.kind is Kind.BAD_SYMBOL)
        if market is None:
            continue
        fits = order.price is None or is_multiple(order.price, market.tick)
        assert fits == (order.kind is not Kind.BAD_TICK)
        assert is_multiple(order.order_qty, market.step) == (order.kind is not Kind.BAD_QTY)
        assert order.order_qty > 0
        assert (order.price is None) == (order.kind is Kind.MARKET)


def _fate(order: PlannedOrder, steps: int) -> SimOrder:
    """What becomes of the order alone in a fresh market after so many steps."""
    engine = MatchingEngine(_GROUNDS[order.route].markets, seed=7)
    sim = SimOrder(
        order_id="1",
        client_id="",
        symbol=order.symbol,
        side=order.side,
        qty=order.order_qty,
        price=order.price,
        ioc=order.time_in_force == "IOC",
        post_only=order.post_only,
    )
    engine.advance(0)
    engine.submit(sim, 0)
    engine.advance(steps * STEP_MS)
    return sim


@pytest.mark.parametrize("seed", [1, 2])
def test_in_the_simulators_market_each_kind_meets_the_fate_that_it_is_named_after(
    seed: int,
) -> None:
    """What the venue's account rules refuse is not the market's business and left out."""
    for order in make_plan(21 * len(VENUES), seed):
        if order.kind in (*HERE, Kind.REFUSED):
            continue
        at_once = _fate(order, 0)
        if order.kind in (Kind.FILL, Kind.MARKET):
            assert at_once.status == "FILLED"
        elif order.kind is Kind.PARTS:
            assert (at_once.status, _fate(order, 120).status) == ("OPEN", "FILLED")
            assert at_once.cum < order.order_qty
        elif order.kind is Kind.CANCEL_PART:
            later = _fate(order, 4)
            assert later.status == "OPEN"
            assert Decimal(0) < at_once.cum <= later.cum < order.order_qty
        elif order.kind is Kind.IOC:
            assert at_once.status in ("FILLED", "CANCELED")
            assert at_once.cum > 0
        elif order.kind is Kind.CROSSING:
            assert at_once.status == "REJECTED"
        else:
            rested = _fate(order, 120)
            assert rested.status == "OPEN"
            assert not rested.cum


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_outcomes_say_where_an_order_may_end(seed: int) -> None:
    for order in make_plan(21 * len(VENUES), seed):
        refused = order.kind in (*HERE, Kind.CROSSING, Kind.REFUSED)
        assert ("REJECTED" in order.outcomes) == refused
        assert (order.outcomes == {"NEW"}) == (order.kind is Kind.LEFT)


def test_a_venue_joins_by_one_more_row() -> None:
    markets = VENUES[0].markets
    lacks = frozenset({Kind.IOC, Kind.POST_ONLY})
    newcomer = replace(VENUES[1], venue="newcomer", markets=markets, lacks=lacks)
    plan = make_plan(30 * (len(VENUES) + 1), 1, (*VENUES, newcomer))
    mine = [order for order in plan if order.route == "NEWCOMER"]
    assert len(mine) == 30
    assert {order.kind for order in mine} == set(Kind) - newcomer.lacks
    symbols = {order.symbol for order in mine if order.kind is not Kind.BAD_SYMBOL}
    assert symbols == {market.symbol for market in markets}


@pytest.mark.parametrize("refusal", Refusal)
def test_what_the_venue_is_to_refuse_breaks_a_bound_of_its_simulator(refusal: Refusal) -> None:
    ground = next(ground for ground in VENUES if ground.refusal is refusal)
    refused = [
        o
        for o in make_plan(42 * len(VENUES), 3)
        if o.kind is Kind.REFUSED and o.route == ground.route
    ]
    assert refused
    for order in refused:
        market = MARKETS[order.route, order.symbol]
        assert order.price is not None
        if refusal is Refusal.PRICE_BAND:
            assert order.price > market.mid * 10
        else:
            assert order.price * order.order_qty > 100_000_000


def test_a_negative_count_is_no_plan() -> None:
    with pytest.raises(ValueError, match="fewer than 0"):
        make_plan(-1, 1)
