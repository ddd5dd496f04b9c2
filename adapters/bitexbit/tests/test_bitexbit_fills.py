"""Which orders may have a listed fill: ours, those that ended, those entered elsewhere."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from adapters.bitexbit import fills as fills_of
from adapters.bitexbit.events import BookEvent, Hit
from adapters.bitexbit.fills import UNBOOKED_S, Fills, Taken
from adapters.bitexbit.hours import COARSE
from adapters.bitexbit.tests.bitexbit_line import Shelf, booked
from adapters.port import VenueOrder, VenueState, VenueTrade
from oms.clock import ManualClock
from oms.core.facts import Execution
from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.order import Order
from oms.core.transitions import Life

D = Decimal
NOW: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
S: Final = timedelta(seconds=1)


class Desk:
    """A book, the fills of its orders, and a list of rows."""

    def __init__(self) -> None:
        self.shelf, self.clock = Shelf(), ManualClock(int(NOW.timestamp()) * 1_000_000)
        self.fills = Fills("BITEXBIT", self.shelf, self.clock)
        self.heard: list[str] = []
        self.fills.heard = lambda trade: self.heard.append(trade.exec_id)

    def book(self, number: int, **changed: Any) -> Order:
        order = Order(
            order_id=f"O{number}",
            origin="DESK1",
            route="BITEXBIT",
            venue_cl_ord_id=f"I{number}",
            cl_ord_id=f"d{number}",
            symbol="BTC/USD",
            side=Side.BUY,
            ord_type=OrdType.LIMIT,
            time_in_force=TimeInForce.GOOD_TILL_CANCEL,
            order_qty=D(1),
            price=D(100),
            created=NOW,
            updated=NOW,
            secondary_order_id=str(number),
            life=Life.WORKING,
        ).evolve(**changed)
        self.shelf.orders = [o for o in self.shelf.orders if o.order_id != order.order_id]
        self.shelf.orders.append(order)
        return order

    def took(self, number: int, since: datetime = NOW, slow_s: float = 0) -> None:
        """The venue dates its answer, which takes so long."""
        taken = Taken(
            symbol="BTC/USD",
            side=Side.BUY,
            price=D(100),
            order_qty=D(1),
            since=since,
            sent=self.fills.moment() - slow_s,
        )
        self.fills.took(str(number), taken)

    def give(self, *rows: VenueTrade, listed: tuple[VenueOrder, ...] = ()) -> dict[str, str]:
        """Whose these rows are found to be."""
        unclear = self.fills.unclear(rows)
        self.fills.attribute(unclear, listed)
        owners = {row.trade_id: self.fills.owners(row.trade_id) for row in rows}
        return {key: "+".join(value) for key, value in owners.items() if value}


def row(trade_id: int = 7, qty: str = "0.4", px: str = "100", at: datetime = NOW) -> VenueTrade:
    return VenueTrade(
        trade_id=str(trade_id),
        symbol="BTC/USD",
        last_shares=D(qty),
        last_px=D(px),
        transact_time=at,
    )


def seen(number: int, **changed: Any) -> VenueOrder:
    shown = VenueOrder(
        venue_cl_ord_id="",
        secondary_order_id=str(number),
        symbol="BTC/USD",
        side=Side.BUY,
        order_qty=D(1),
        price=D(100),
        cum_qty=None,
        avg_px=None,
        state=VenueState.WORKING,
        names_fills=True,
    )
    return replace(shown, **changed)


def test_an_order_has_its_fills_and_no_more_than_is_left() -> None:
    """What the book has counts, and what is known but not booked yet; a derived fill does not."""
    desk = Desk()
    done = Execution(exec_id="5:done", last_shares=D("0.3"), last_px=D(100), derived=True)
    gone = Execution(exec_id="2-5", last_shares=D("0.3"), last_px=D(100), stands=False)
    had = Execution(exec_id="1-5", last_shares=D("0.5"), last_px=D(100))
    desk.book(5)
    desk.shelf.orders[0] = booked(desk.shelf.orders[0], had, done, gone)
    desk.fills.note(replace(row(1, "0.5"), secondary_order_id="5"))
    desk.fills.note(replace(row(3, "0.1"), secondary_order_id="5"))
    assert desk.give(row(9, "0.41")) == {}
    assert desk.give(row(9, "0.4")) == {"9": "5"}
    assert [trade.trade_id for trade in desk.fills.of("5")] == ["1", "3", "9"]


def test_what_the_book_has_is_not_given_away_again() -> None:
    desk = Desk()
    order = desk.book(5)
    desk.book(6, price=D(101))
    had = Execution(exec_id="7-5", last_shares=D("0.4"), last_px=D(100))
    desk.shelf.orders[0] = booked(order, had)
    assert desk.fills.owners("7") == ["5"]
    assert desk.fills.unclear([row(7)]) == []


@pytest.mark.parametrize(
    ("px", "told", "owner"),
    [("100", True, "5"), ("100", False, "5"), ("99", False, "5"), ("99", True, ""),
     ("101", False, "")],
)  # fmt: skip
def test_better_prices_are_an_orders_whose_answer_was_lost(px: str, told: bool, owner: str) -> None:
    """Of the others it is known what they took."""
    desk = Desk()
    desk.book(5)
    if told:
        desk.took(5)
    assert desk.give(row(px=px)).get("7", "") == owner


def test_an_order_that_the_book_has_not_heard_of_counts() -> None:
    """Its answer came a moment ago: without it the older one would get its fill."""
    desk = Desk()
    desk.book(5)
    desk.took(6)
    assert desk.give(row()) == {}
    assert desk.fills.is_own("6")


def test_what_was_ambiguous_stays_nobodys_when_one_of_them_is_forgotten() -> None:
    """The book forgets orders that ended long ago: the other one is no more certain by that."""
    desk = Desk()
    desk.book(5)
    desk.book(6)
    assert desk.give(row()) == {}
    desk.shelf.orders = [order for order in desk.shelf.orders if order.order_id == "O6"]
    assert desk.give(row()) == {}
    assert desk.give(row(8)) == {"8": "6"}


def test_what_was_ambiguous_can_become_clear() -> None:
    desk = Desk()
    order = desk.book(5)
    desk.book(6)
    assert desk.give(row(7, "0.9")) == {}
    had = Execution(exec_id="3-5", last_shares=D("0.2"), last_px=D(100))
    desk.book(5)
    desk.shelf.orders[-1] = booked(order, had)
    assert desk.give(row(7, "0.9")) == {"7": "6"}


# Orders from elsewhere


def test_a_foreign_order_that_is_open_or_was_makes_a_fill_ambiguous() -> None:
    desk = Desk()
    desk.book(5)
    desk.fills.saw_open({"5", "3"})
    assert desk.give(row(), listed=(seen(3, state=VenueState.FILLED),)) == {}


def test_a_newer_foreign_order_does_too() -> None:
    desk = Desk()
    desk.book(5)
    assert desk.give(row(), listed=(seen(6, state=VenueState.FILLED),)) == {}


def test_an_older_one_that_was_never_open_only_until_the_orders_were_watched() -> None:
    """It may have ended while the engine was down; while it is up, it would have been seen."""
    desk = Desk()
    desk.book(5)
    ended = seen(4, state=VenueState.FILLED)
    watched = row(8, at=NOW + COARSE + S)
    assert desk.give(watched, listed=(ended,)) == {}  # nobody has watched yet
    desk.fills.saw_open({"5"})
    assert desk.give(watched, listed=(ended,)) == {}  # and nobody knows what time it was there
    desk.clock.advance(3_600)
    desk.took(6, NOW + 3_600 * S)
    desk.book(6, price=D(50))
    assert desk.give(row(7, at=NOW - 60 * S), listed=(ended,)) == {}
    assert desk.give(watched, listed=(ended,)) == {"8": "5"}
    desk.fills.saw_open({"5"})
    assert desk.give(row(9, "0.1", at=NOW + COARSE + S), listed=(ended,)) == {"9": "5"}
    assert desk.give(row(10, "0.1", at=NOW + 3_000 * S), listed=(seen(4),)) == {}


def test_an_order_of_ours_is_not_foreign() -> None:
    desk = Desk()
    desk.book(5)
    desk.fills.saw_open({"5"})
    assert desk.give(row(), listed=(seen(5),)) == {"7": "5"}


def test_a_foreign_order_may_have_taken_better_prices() -> None:
    desk = Desk()
    desk.book(5)
    desk.fills.saw_open({"3"})
    assert desk.give(row(), listed=(seen(3, price=D(105)),)) == {}
    assert desk.give(row(8), listed=(seen(3, price=D(99)), seen(9, price=None))) == {"8": "5"}


# The channel


def event(taker: str = "8", maker: str = "5", trade_id: str = "7") -> tuple[BookEvent, Hit]:
    hit = Hit(trade_id=trade_id, resting_id=maker, resting_side=Side.BUY, qty=D("0.4"), px=D(100))
    told = BookEvent(
        symbol="BTC/USD",
        order_id=taker,
        side=Side.SELL,
        price=D(99),
        left=D(0),
        time=NOW,
        hits=(hit,),
    )
    return told, hit


def test_the_channel_names_both_orders() -> None:
    desk = Desk()
    desk.book(5)
    desk.book(8, side=Side.SELL)
    both = desk.fills.heard_of(*event())
    assert [(t.exec_id, t.side) for t in both] == [("7-8", Side.SELL), ("7-5", Side.BUY)]
    assert desk.fills.owners("7") == ["5", "8"]
    assert desk.fills.heard_of(*event("2", "3", "9")) == []


def test_a_trade_of_the_channel_is_its_orders_also_when_that_is_found_later() -> None:
    """And nobody else's, however well it would fit."""
    desk = Desk()
    desk.book(6)
    assert desk.fills.heard_of(*event()) == []
    assert desk.give(row()) == {}
    desk.book(5)
    assert desk.give(row()) == {"7": "5"}


def test_what_the_channel_tells_while_the_orders_are_read_is_nobody_elses() -> None:
    """The owner has no room for it any more, and so would leave it to the last one that has."""
    desk = Desk()
    desk.book(5)
    desk.book(6)
    unclear = desk.fills.unclear([row(qty="0.8")])
    told, hit = event()
    desk.fills.heard_of(told, replace(hit, qty=D("0.8")))
    desk.fills.attribute(unclear, [])
    assert desk.fills.owners("7") == ["5"]


def test_the_memory_of_the_channel_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fills_of, "PUBLIC_KEPT", 2)
    desk = Desk()
    for trade_id in ("7", "8", "9"):
        desk.fills.heard_of(*event(trade_id=trade_id))
    desk.book(6)
    assert desk.give(row(7), row(8, "0.1")) == {"7": "6"}


def test_an_order_of_the_channel_that_may_be_a_lost_one() -> None:
    desk = Desk()
    told, _ = event()
    assert not desk.fills.may_be_ours(told)
    lost = desk.book(5, secondary_order_id="", side=Side.SELL, price=D(99))
    assert desk.fills.may_be_ours(told)
    for other in ({"price": D(98)}, {"side": Side.BUY}, {"symbol": "ETH/USD"}):
        desk.shelf.orders = [lost.evolve(**other)]
        assert not desk.fills.may_be_ours(told)


# Memory


def test_a_fill_of_an_order_that_is_over_is_told() -> None:
    """Nobody looks at it any more."""
    desk = Desk()
    done = Execution(exec_id="5:done", last_shares=D(1), last_px=D(100), derived=True)
    assert not desk.fills.lacking()
    order = booked(desk.book(5, life=Life.CANCELED), done)
    desk.shelf.orders = [order]
    assert desk.fills.lacking()
    assert desk.give(row()) == {"7": "5"}
    assert desk.heard == ["7-5"]
    corrected = replace(done, stands=False)
    desk.shelf.orders = [booked(order, corrected)]
    assert not desk.fills.lacking()


def test_what_is_about_forgotten_orders_is_forgotten() -> None:
    desk = Desk()
    desk.took(5)
    desk.book(6)
    for number in ("5", "6"):
        desk.fills.note(replace(row(), secondary_order_id=number))
    desk.fills.keep()
    assert desk.fills.owners("7") == ["5", "6"]
    desk.clock.advance(UNBOOKED_S + 1)
    desk.fills.keep()  # the answer is old, and the book has never heard of the order
    desk.fills.keep()
    assert desk.fills.owners("7") == ["6"]


def test_nothing_is_read_where_nothing_can_be_missing() -> None:
    desk = Desk()
    assert desk.fills.horizon() is None
    had = Execution(exec_id="1-5", last_shares=D(1), last_px=D(100))
    desk.shelf.orders = [booked(desk.book(5), had)]
    assert desk.fills.horizon() is None
