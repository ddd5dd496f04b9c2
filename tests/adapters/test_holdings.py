"""What an account holds, as evidence that a lost order was not executed."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.holdings import FRESH_S, Holdings
from adapters.port import Lane
from oms.clock import ManualClock
from oms.core.facts import Leg
from oms.core.fields import ExecType, OrdType, Side
from oms.core.holdings import Holding
from oms.core.messages import ExecutionReport
from tests.core.desk_of_one import ROUTE, DeskOfOne
from tests.core.test_checks import GOOD

D = Decimal


class Account:
    """An account at a venue, and an order that was lost there."""

    def __init__(self) -> None:
        self.desk = DeskOfOne()
        self.held = {"BTC": D(1), "USDT": D(1000)}
        self.reads = 0
        self.clock = ManualClock()
        self.holdings = Holdings(ROUTE, self.desk.book, self._read, self.clock.monotonic)

    async def _read(self, lane: Lane) -> dict[str, Decimal]:
        self.reads += 1
        return dict(self.held)

    def order(self, name: str, **changed: Any) -> str:
        """An order that is sent; what the venue calls it."""
        self.desk.desk(replace(GOOD, cl_ord_id=name, ord_type=OrdType.LIMIT, **changed))
        sent = self.desk.order(len(self.desk.book.working(ROUTE)))
        asyncio.run(self.holdings.remember(sent.venue_cl_ord_id))
        return sent.venue_cl_ord_id

    def fill(self, name: str, qty: str) -> None:
        """An execution at 40000, booked."""
        report = ExecutionReport(
            exec_id=f"{name}-{qty}",
            exec_type=ExecType.PARTIAL_FILL,
            cl_ord_id=name,
            last_shares=D(qty),
            last_px=D(40000),
        )
        self.desk.venue(report)

    def untouched(self, number: int) -> bool:
        """What the account says of the n-th order."""
        return asyncio.run(self.holdings.untouched(self.desk.order(number)))


def test_an_account_that_has_not_moved_shows_that_nothing_was_executed() -> None:
    account = Account()
    account.order("a")
    assert account.untouched(1)


@pytest.mark.parametrize("moved", ["BTC", "USDT"])
def test_whatever_has_moved_may_be_the_order(moved: str) -> None:
    account = Account()
    account.order("a")
    account.held[moved] += D("0.0001")
    assert not account.untouched(1)


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_what_is_booked_of_others_explains_what_has_moved(side: Side) -> None:
    account = Account()
    other = account.order("a", side=side)
    account.order("b", side=side)
    sign = 1 if side is Side.BUY else -1
    account.held["BTC"] += sign * D("0.001")
    account.held["USDT"] -= sign * D(40)
    assert not account.untouched(2), "it is not booked yet"
    account.fill(other, "0.001")
    assert account.untouched(2)


@pytest.mark.parametrize(
    ("told_s", "total", "untouched"),
    [(-1, 1, True), (1, 1, False), (-1, 2, False), (None, 1, False)],
)
def test_an_order_of_an_earlier_process_is_held_against_the_books(
    told_s: int | None, total: int, untouched: bool
) -> None:
    """What the venue told before it was entered, and what was booked since; if anything."""
    account = Account()
    account.order("a")
    known = {}
    if told_s is not None:
        since = account.desk.order(1).created + timedelta(seconds=told_s)
        known[ROUTE, "", "BTC"] = Holding(told=D(total), since=since)
        known[ROUTE, "", "USDT"] = Holding(told=D(1000), since=since)
    books: Any = SimpleNamespace(
        working=account.desk.book.working,
        closed=lambda _: [],
        agreement=SimpleNamespace(holdings_of=lambda _: known),
    )
    account.holdings = Holdings(ROUTE, books, account._read, account.clock.monotonic)
    assert account.untouched(1) is untouched


@pytest.mark.parametrize(("px", "met"), [("39999", True), ("40000", True), ("40001", False)])
def test_what_may_have_met_our_own_order_leaves_no_trace(px: str, met: bool) -> None:
    account = Account()
    account.order("a", side=Side.SELL, price=D(px))
    account.order("b", price=D(40000))
    assert account.untouched(2) is not met
    account.order("c", side=Side.SELL, price=D("39000"))
    assert not account.untouched(2)


def test_the_account_is_read_anew_when_it_is_old_or_something_was_booked() -> None:
    account = Account()
    first = account.order("a")
    account.order("b")
    assert account.reads == 1
    account.fill(first, "0.001")
    account.order("c")
    assert account.reads == 2
    account.clock.advance(FRESH_S + 1)
    account.order("d")
    assert account.reads == 3


def test_a_fill_from_before_that_is_booked_late_does_not_stand_for_the_order() -> None:
    """It moved the account before it was read, and the books only after: another one, of the lost
    order and just like it, did the opposite."""
    account = Account()
    other = account.order("a")
    account.held = {"BTC": D("1.001"), "USDT": D(960)}  # the first one, which no list shows yet
    account.clock.advance(FRESH_S + 1)
    account.order("b")
    account.held = {"BTC": D("1.002"), "USDT": D(920)}  # the second one
    account.fill(other, "0.001")
    assert not account.untouched(2)


def test_an_order_that_is_forgotten_takes_nothing_back() -> None:
    account = Account()
    other = account.order("a", side=Side.SELL, price=D(40001))
    account.fill(other, "0.001")
    account.order("b")
    known = account.desk.book
    books: Any = SimpleNamespace(
        working=lambda route: [o for o in known.working(route) if o.venue_cl_ord_id != other],
        closed=lambda _: [],
        agreement=known.agreement,
    )
    account.holdings._books = books
    account.held = {"BTC": D("1.001"), "USDT": D(960)}
    assert not account.untouched(2)


@pytest.mark.parametrize(("side", "hidden"), [(Side.SELL, True), (Side.BUY, False)])
def test_what_a_former_leg_executed_may_be_the_opposite_of_it(side: Side, hidden: bool) -> None:
    """The books show the last leg alone: a sale of the one before may be booked, and is not seen."""
    account = Account()
    former = account.order("a", side=side, price=D(40001))
    account.clock.advance(FRESH_S + 1)
    account.order("b")
    legs = (Leg(former, D("0.002")), Leg("a2", D("0.001")))
    replaced = account.desk.order(1).evolve(legs=legs, venue_cl_ord_id="a2")
    account.holdings._books = SimpleNamespace(
        working=lambda _: [replaced, account.desk.order(2)], closed=lambda _: []
    )
    assert account.untouched(2) is not hidden


def test_an_order_of_another_market_hides_nothing_of_it() -> None:
    account = Account()
    other = account.order("a")
    account.clock.advance(FRESH_S + 1)
    account.order("b")
    account.fill(other, "0.001")
    elsewhere = account.desk.order(1).evolve(symbol="ETH/EUR")
    account.holdings._books = SimpleNamespace(
        working=lambda _: [elsewhere, account.desk.order(2)], closed=lambda _: []
    )
    assert account.untouched(2)
