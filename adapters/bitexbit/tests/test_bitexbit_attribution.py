"""Whose a listed fill is: found where one order can have it, and never guessed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bitexbit.attribution import Candidate, attribute, can_have
from adapters.port import VenueTrade
from oms.core.fields import Side

D = Decimal
T0 = datetime(2026, 1, 5, 12, tzinfo=UTC)

ONE = Candidate(
    secondary_order_id="1",
    symbol="BTC/USD",
    side=Side.BUY,
    price=D(100),
    open_qty=D(1),
    since=T0,
)
TWO = replace(ONE, secondary_order_id="2")


def row(trade_id: int = 7, qty: str = "0.5", px: str = "100", after_s: int = 1) -> VenueTrade:
    return VenueTrade(
        trade_id=str(trade_id),
        symbol="BTC/USD",
        last_shares=D(qty),
        last_px=D(px),
        transact_time=T0 + timedelta(seconds=after_s),
    )


def owners(rows: list[VenueTrade], *candidates: Candidate) -> dict[str, str]:
    found = attribute(rows, candidates)
    return {trade.trade_id: trade.secondary_order_id for trade in found.trades}


def test_the_only_order_at_a_price_has_its_fills() -> None:
    (trade,) = attribute([row()], [ONE]).trades
    assert (trade.secondary_order_id, trade.side, trade.exec_id) == ("1", Side.BUY, "7-1")


@pytest.mark.parametrize(
    ("changed", "one"),
    [
        ({}, row(px="100.01")),
        ({}, row(px="99.99")),
        ({}, row(qty="1.01")),
        ({}, row(after_s=-1)),
        ({}, replace(row(), symbol="ETH/USD")),
        ({"until": T0}, row()),
        ({"open_qty": D(0)}, row()),
        ({"arrived_until": T0 + timedelta(seconds=5)}, row(px="100.01")),
        ({"arrived_until": T0}, row(px="99")),
        ({"arrived_until": T0, "side": Side.SELL}, row(px="101")),
        ({"arrived_until": T0 + timedelta(5), "side": Side.SELL}, row(px="99")),
    ],
    ids=str,
)
def test_a_fill_that_can_not_be_the_orders(changed: dict[str, object], one: VenueTrade) -> None:
    order = replace(ONE, **changed)  # type: ignore[arg-type]  # fields of several types
    assert not can_have(order, one)
    assert attribute([one], [order]) == attribute([], [])


@pytest.mark.parametrize(
    ("changed", "one"),
    [
        ({}, row(qty="1")),
        ({"since": None}, row(after_s=-9)),
        ({"until": T0 + timedelta(seconds=1)}, row()),
        ({"arrived_until": T0 + timedelta(seconds=1)}, row(px="99")),
        ({"arrived_until": T0 + timedelta(seconds=1), "side": Side.SELL}, row(px="101")),
        ({"arrived_until": T0}, replace(row(px="99"), transact_time=None)),
        ({}, replace(row(), transact_time=None)),
    ],
    ids=str,
)
def test_a_fill_that_can_be(changed: dict[str, object], one: VenueTrade) -> None:
    order = replace(ONE, **changed)  # type: ignore[arg-type]  # fields of several types
    assert can_have(order, one)
    assert owners([one], order) == {"7": "1"}


def test_two_orders_at_one_price_have_nothing() -> None:
    found = attribute([row()], [ONE, TWO])
    assert found.trades == ()
    assert found.ambiguous == {"7": frozenset({"1", "2"})}


def test_a_foreign_order_makes_a_fill_ambiguous_and_gets_none() -> None:
    foreign = replace(TWO, foreign=True)
    assert attribute([row()], [ONE, foreign]).trades == ()
    alone = attribute([row()], [foreign])
    assert (alone.trades, alone.ambiguous) == ((), {})


def test_what_is_open_tells_two_orders_apart() -> None:
    """The fill is too large for one of them; after it, the smaller one can only be the other's."""
    small = replace(TWO, open_qty=D("0.4"))
    assert owners([row(8, "0.2"), row(7, "0.9")], ONE, small) == {"7": "1", "8": "2"}


def test_an_order_never_gets_more_than_it_has_open() -> None:
    assert owners([row(7, "0.6"), row(8, "0.6")], ONE) == {"7": "1"}


@st.composite
def _stories(draw: st.DrawFn) -> tuple[list[Candidate], list[VenueTrade], dict[str, str]]:
    """Orders, the fills that they really had, and whose each was."""
    candidates: list[Candidate] = []
    rows: list[tuple[VenueTrade, str]] = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        side = draw(st.sampled_from([Side.BUY, Side.SELL]))
        since_s = draw(st.integers(0, 5))
        arriving = draw(st.booleans())
        order = replace(
            ONE,
            secondary_order_id=str(number),
            side=side,
            price=D(draw(st.integers(98, 102))),
            since=draw(st.sampled_from([T0 + timedelta(seconds=since_s), None])),
            arrived_until=T0 + timedelta(seconds=since_s) if arriving else None,
            foreign=draw(st.booleans()),
        )
        total = D(0)
        for _ in range(draw(st.integers(0, 3))):
            taken = arriving and draw(st.booleans())
            away = D(draw(st.integers(0, 2))) if taken else D(0)
            px = order.price - away if side is Side.BUY else order.price + away
            at_s = since_s if taken else since_s + draw(st.integers(0, 5))
            qty = D(draw(st.integers(1, 3)))
            total += qty
            rows.append((row(0, str(qty), str(px), at_s), str(number)))
        slack = D(draw(st.integers(0, 2)))  # what is open is a bound, not known to the digit
        candidates.append(replace(order, open_qty=total + slack))
    shuffled = draw(st.permutations(rows))
    told = [replace(one, trade_id=str(n)) for n, (one, _) in enumerate(shuffled, 1)]
    return candidates, told, {str(n): owner for n, (_, owner) in enumerate(shuffled, 1)}


@given(_stories())
def test_no_fill_ever_goes_to_a_wrong_order(
    story: tuple[list[Candidate], list[VenueTrade], dict[str, str]],
) -> None:
    candidates, rows, truth = story
    found = attribute(rows, candidates)
    foreign = {c.secondary_order_id for c in candidates if c.foreign}
    for trade in found.trades:
        assert trade.secondary_order_id == truth[trade.trade_id]
        assert trade.secondary_order_id not in foreign
    for trade_id, able in found.ambiguous.items():
        assert truth[trade_id] in able
        assert len(able) > 1


@given(_stories())
def test_every_fill_of_an_order_alone_at_its_market_is_found(
    story: tuple[list[Candidate], list[VenueTrade], dict[str, str]],
) -> None:
    candidates, rows, truth = story
    apart = [replace(c, symbol=f"A{c.secondary_order_id}/USD", foreign=False) for c in candidates]
    told = [replace(one, symbol=f"A{truth[one.trade_id]}/USD") for one in rows]
    assert owners(told, *apart) == truth
