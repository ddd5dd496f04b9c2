"""When an order was there: by the venue's own times, whatever our clock shows or showed."""

from dataclasses import replace

import pytest

from adapters.bitexbit.fills import EVER, LISTED_LATE
from adapters.bitexbit.hours import COARSE
from adapters.bitexbit.tests.test_bitexbit_fills import NOW, D, Desk, S, row
from oms.core.facts import Leg
from oms.core.transitions import Life


@pytest.mark.parametrize("number", [5, 6])
def test_better_prices_only_on_its_arrival(number: int) -> None:
    """It had arrived when it, or one with a higher id, was taken."""
    desk = Desk()
    desk.book(5, taken_at=NOW if number == 5 else None)
    desk.book(number, price=D(100 if number == 5 else 50), taken_at=NOW)
    late = NOW + COARSE + S
    assert desk.give(row(px="99", at=late)) == {}
    assert desk.give(row(8, px="99", at=NOW + COARSE)) == {"8": "5"}
    assert desk.give(row(at=late)) == {"7": "5"}


@pytest.mark.parametrize("off_s", [-86_400, 0, 86_400])
def test_what_the_venue_has_not_dated_our_clock_does_not_exclude(off_s: int) -> None:
    desk = Desk()
    desk.book(5)
    assert desk.fills.horizon() == EVER
    assert bool(desk.give(row(at=NOW + off_s * S)))


def test_executions_before_an_undated_order_are_read_once() -> None:
    """From then on only what may have been listed late; another order has all read again."""
    desk = Desk()
    desk.book(5)
    desk.fills.has_read([])
    assert desk.fills.horizon() == EVER
    desk.fills.has_read([row(at=NOW), row(6, at=NOW - 9 * S)])
    assert desk.fills.horizon() == NOW - LISTED_LATE
    desk.fills.has_read([row(at=NOW + 5 * S)])
    assert desk.fills.horizon() == NOW - LISTED_LATE
    desk.book(4)
    assert desk.fills.horizon() == EVER


@pytest.mark.parametrize("ours_s", [-3_600, 0, 3_600])
@pytest.mark.parametrize(("number", "off_s", "owned"), [
    (5, -3, False), (5, -2, True), (4, -3, False), (4, -2, True), (6, -3_600, True),
])  # fmt: skip
def test_the_venue_dates_an_order_itself(ours_s: int, number: int, off_s: int, owned: bool) -> None:
    """Or one with a lower id, but none with a higher one; whatever our clock showed."""
    desk = Desk()
    desk.book(5, created=NOW + ours_s * S, taken_at=NOW if number == 5 else None)
    desk.book(number, price=D(100 if number == 5 else 50), taken_at=NOW)
    assert bool(desk.give(row(at=NOW + off_s * S))) == owned


def test_an_order_that_has_ended_counts_until_its_end() -> None:
    """A last fill of it may be listed late; what came after its end is the other's."""
    desk = Desk()
    desk.took(5, slow_s=1)
    desk.book(5, taken_at=NOW, life=Life.CANCELED, updated=NOW + 3_600 * S)
    desk.book(6, taken_at=NOW)
    desk.clock.advance(9)
    assert desk.give(row(at=NOW + 5 * S)) == {}  # now it is seen to be over, 10 s after the sending
    desk.clock.advance(60)
    assert desk.give(row(9, "0.3", at=NOW + 10 * S + COARSE)) == {}
    assert desk.give(row(8, at=NOW + 10 * S + COARSE + S)) == {"8": "6"}
    desk.book(5, taken_at=NOW)  # it works after all
    assert desk.give(row(10, "0.1", at=NOW + 60 * S)) == {}


def test_the_end_of_an_order_is_before_what_was_entered_after_it() -> None:
    """After a restart nobody has dated anything yet, and the journal still says it."""
    desk = Desk()
    desk.book(5, taken_at=NOW, life=Life.CANCELED, updated=NOW + S)
    desk.book(6, taken_at=NOW + 5 * S, created=NOW + S)
    assert desk.give(row(at=NOW + 20 * S)) == {}  # at one time: who knows
    desk.book(7, price=D(50), taken_at=NOW + 9 * S, created=NOW + 2 * S)
    assert desk.give(row(8, at=NOW + 9 * S + COARSE)) == {}
    assert desk.give(row(9, "0.5", at=NOW + 9 * S + COARSE + S)) == {"9": "6"}


def test_what_an_order_was_before_it_was_replaced_has_its_fills() -> None:
    """Listed after the end of it was told: until its heir was taken they are its, and are told."""
    desk = Desk()
    former = Leg("I5", D(1), D(100), secondary_order_id="5", acknowledged=True, taken_at=NOW)
    heir = replace(former, secondary_order_id="6", taken_at=NOW + 60 * S)
    desk.book(6, legs=(former, heir), taken_at=heir.taken_at)
    assert desk.give(row(at=NOW + 30 * S)) == {"7": "5"}
    assert desk.heard == ["7-5"]
    assert desk.give(row(8, "0.6", at=NOW + 30 * S)) == {"8": "5"}
    assert desk.give(row(9, "0.1", at=NOW + 63 * S)) == {"9": "6"}
    desk.fills.keep()
    assert desk.fills.owners("7") == ["5"]
    assert desk.fills.is_own("5")


def test_an_heir_without_an_id_is_no_candidate_yet() -> None:
    desk = Desk()
    former = Leg("I5", D(1), D(100), secondary_order_id="5", acknowledged=True, taken_at=NOW)
    heir = Leg("I6", D(1), D(100))
    desk.book(6, legs=(former, heir), secondary_order_id="")
    assert desk.give(row(at=NOW + 30 * S)) == {"7": "5"}


@pytest.mark.parametrize(("filled", "lacks"), [(False, {"5", "6", "8"}), (True, {"6"})])
def test_who_may_lack_a_fill(filled: bool, lacks: set[str]) -> None:
    """What is filled itself lacks none, but what it was before may."""
    desk = Desk()
    assert not desk.fills.may_lack("5", filled=False)
    desk.book(5, taken_at=NOW)
    former = Leg("I4", D(1), D(100), secondary_order_id="4", acknowledged=True, taken_at=NOW)
    heir = replace(former, secondary_order_id="6", taken_at=NOW + 60 * S)
    desk.book(6, legs=(former, heir), taken_at=heir.taken_at)
    desk.book(8, taken_at=NOW)
    desk.book(9, price=D(50), taken_at=NOW)
    assert desk.give(row(at=NOW + 30 * S)) == {}
    assert {n for n in "5689" if desk.fills.may_lack(n, filled=filled)} == lacks
