"""What is loaded is what was committed: a book from the store equals the book in memory."""

from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from oms.core.book import Book
from oms.core.fields import ExecTransType, ExecType
from oms.core.messages import OrderCancelReject
from oms.core.notes import Delivered, Doubt, Request, RouteStatus, SessionReset
from oms.core.order import Order
from oms.core.transitions import Life
from oms.store.store import RECENT, RECENT_RECORDS_LEAST
from tests.store.messages_of import exactly
from tests.store.trading_day import DESK, FIX, REST, STRATEGY, Firm, trade


def facts(order: Order) -> dict[str, Any]:
    """Everything an order is, numbers to the last zero, executions in their order."""

    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return exactly(value)
        if isinstance(value, dict):
            return [plain(part) for part in value.items()]
        return [plain(part) for part in value] if isinstance(value, list | tuple) else value

    return {name: plain(value) for name, value in asdict(order).items()}


def all_orders(book: Book) -> list[Order]:
    """Every order there ever was, from memory or history."""
    found = (book.any_order(f"{number + 1:010d}") for number in range(book.last_order_number))
    return [order for order in found if order is not None]


def assert_same(loaded: Book, live: Book) -> None:
    """The two books can not be told apart by anything that they are asked."""
    assert [facts(order) for order in all_orders(loaded)] == [
        facts(order) for order in all_orders(live)
    ]
    assert len(all_orders(live)) == live.last_order_number
    for route in live.routes:
        assert loaded.working(route) == live.working(route)
    for order in all_orders(live):
        by_ours = loaded.at_venue(order.route, order.venue_cl_ord_id)
        by_theirs = loaded.at_venue(order.route, "", order.secondary_order_id)
        assert by_ours == live.at_venue(order.route, order.venue_cl_ord_id)
        assert by_theirs == live.at_venue(order.route, "", order.secondary_order_id)
    assert loaded.moves.open() == live.moves.open()
    assert loaded.moves.last_number == live.moves.last_number
    for number in range(1, live.moves.last_number + 1):
        ended = live.moves.get(f"T{number}") or live.history.move(f"T{number}")
        assert loaded.history.move(f"T{number}") == ended
    for name in ("seq", "last_order_number", "numbers", "sessions", "nonces"):
        assert getattr(loaded, name) == getattr(live, name), name
    # An id that was drawn for a leg that never came about is free again: it was never sent.
    for route, last in live.last_client_ids.items():
        used = [
            int(leg.venue_cl_ord_id) for o in all_orders(live) for leg in o.legs if o.route == route
        ]
        assert max(used, default=0) <= loaded.last_client_ids[route] <= last
    assert {key: exactly(qty) for key, qty in loaded.positions.items()} == {
        key: exactly(qty) for key, qty in live.positions.items()
    }


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_any_day_is_loaded_as_it_was(seed: int) -> None:
    """Orders, fills, busts, refusals, doubts, lost connections and restarts, in any order."""
    with TemporaryDirectory() as folder:
        firm = Firm(Path(folder) / "oms.db")
        trade(firm, Random(seed), 60)  # noqa: S311  a day, not a secret
        loaded = firm.loaded()
        assert_same(loaded, firm.book)
        for number, prefix in product(range(firm.orders + 1), "DRS"):
            name = f"{prefix}-{number}"
            for origin in (DESK, STRATEGY):
                assert loaded.used(origin, name) == firm.book.used(origin, name)
        firm.store.close()


def test_an_order_goes_its_way_over_restarts(firm: Firm) -> None:
    """New, acknowledged, filled in parts, canceled: each time after a restart."""
    order_id = firm.enter().order_id
    firm.restart()
    # The engine ended while the new order was under way: only the venue can say.
    doubt = firm.order(order_id).in_doubt
    assert doubt is not None
    assert doubt.request is Request.NEW
    firm.report(firm.order(order_id), ExecType.NEW)
    assert firm.order(order_id).in_doubt is None
    for qty, px in (("0.1000", "40000.10"), ("0.20", "39999.9"), ("0.0001", "0.01")):
        firm.restart()
        firm.fill(firm.order(order_id), qty, px)
    firm.restart()
    order = firm.order(order_id)
    assert order.life is Life.WORKING
    assert [str(e.last_shares) for e in order.executions.values()] == ["0.1000", "0.20", "0.0001"]
    assert order.cum_qty == Decimal("0.3001")
    firm.cancel(order, "C-1")
    firm.restart()
    assert firm.order(order_id).requests[0].cl_ord_id == "C-1"
    firm.report(firm.order(order_id), ExecType.CANCELED)
    assert_same(firm.loaded(), firm.book)
    (closed,) = firm.loaded().closed(REST)
    assert closed.cl_ord_id == "C-1"
    assert closed.leaves_qty == 0


def test_what_closed_long_before_the_end_is_left_in_the_history(firm: Firm) -> None:
    """The start is not to take the longer, the more there ever was."""
    order = firm.enter()
    firm.report(order, ExecType.CANCELED)
    for number in range(RECENT_RECORDS_LEAST):
        status = RouteStatus(route=REST, up=True, ready=bool(number % 2), text=str(number))
        firm.venue(REST, status)
    firm.now += RECENT
    later = firm.enter()
    firm.report(later, ExecType.CANCELED)
    loaded = firm.loaded()
    assert [closed.order_id for closed in loaded.closed(REST)] == [later.order_id]
    assert loaded.order(order.order_id) is None
    assert loaded.any_order(order.order_id) == firm.order(order.order_id)


def test_a_clock_that_jumps_ahead_hides_nothing_that_has_just_closed(firm: Firm) -> None:
    """By the journal's times it closed an hour before; it is the last but one that moved."""
    order = firm.enter()
    firm.report(order, ExecType.CANCELED)
    firm.now += 6 * RECENT
    later = firm.enter()
    firm.report(later, ExecType.CANCELED)
    closed = [closed.order_id for closed in firm.loaded().closed(REST)]
    assert sorted(closed) == [order.order_id, later.order_id]


def test_busts_and_corrections_stay_undone(firm: Firm) -> None:
    """An execution that stands no more does not come back with the next start."""
    order = firm.enter()
    firm.fill(order, "0.5")
    firm.fill(order, "0.25")
    firm.report(
        order, ExecType.PARTIAL_FILL, exec_trans_type=ExecTransType.CANCEL, exec_ref_id="E1"
    )
    firm.report(
        order,
        ExecType.PARTIAL_FILL,
        exec_trans_type=ExecTransType.CORRECT,
        exec_ref_id="E2",
        last_shares=Decimal("0.2"),
        last_px=Decimal("39000.5"),
    )
    loaded = firm.loaded().order(order.order_id)
    assert loaded is not None
    assert [(e.exec_id, e.stands) for e in loaded.executions.values()] == [
        ("E1", False),
        ("E2", False),
        ("E3", False),
        ("E4", True),
    ]
    assert loaded.cum_qty == Decimal("0.2")
    assert_same(firm.loaded(), firm.book)


def test_doubts_and_held_requests_are_loaded(firm: Firm) -> None:
    """Since when, about which request, what would settle it; and what waits to be sent."""
    order = firm.enter(FIX)
    firm.venue(FIX, Doubt(cl_ord_id=order.venue_cl_ord_id, request=Request.NEW, text="silence"))
    since = firm.now
    firm.cancel(order, "C-1")
    loaded = firm.loaded().order(order.order_id)
    assert loaded is not None
    assert loaded.in_doubt is not None
    assert (loaded.in_doubt.request, loaded.in_doubt.since) == (Request.NEW, since)
    assert loaded.requests[0].released is False
    assert_same(firm.loaded(), firm.book)


def test_a_refused_requests_id_means_no_order_any_more(firm: Firm) -> None:
    """The last word about a ClOrdID is kept: it is used, and by nothing."""
    order = firm.enter()
    firm.report(order, ExecType.NEW)
    firm.cancel(order, "C-1")
    assert firm.loaded().used(DESK, "C-1") == order.order_id
    reject = OrderCancelReject(cl_ord_id="C-1", orig_cl_ord_id=order.venue_cl_ord_id, text="no")
    firm.venue(REST, reject)
    assert firm.store.history.cl_ord_id(DESK, "C-1") == ""
    assert firm.loaded().used(DESK, "C-1") == ""
    assert firm.loaded().used(DESK, "C-2") is None


def test_ids_never_start_again(firm: Firm) -> None:
    """OrderIDs and a route's counted ids go on where the last owner ended, refused orders too."""
    first = firm.enter()
    firm.enter(symbol="NO/SUCH")
    firm.now -= timedelta(days=30)  # a machine with a clock of its own
    firm.restart()
    third = firm.enter()
    assert third.order_id == "0000000003"
    assert int(third.venue_cl_ord_id) == int(first.venue_cl_ord_id) + 1
    assert firm.loaded().last_client_ids == {REST: int(third.venue_cl_ord_id)}


def test_ids_that_are_no_counters_are_no_counters(firm: Firm) -> None:
    """A stamped id of 32 digits is not a number to go on from."""
    assert len(firm.enter(FIX).venue_cl_ord_id) > 20
    assert firm.loaded().last_client_ids == {}


def test_sessions_and_report_numbers_go_on(firm: Firm) -> None:
    """What a desk was told before, it is not told again under the same number."""
    firm.enter(symbol="NO/SUCH")
    firm.desk(Delivered(origin=DESK, number=1, msg_seq_num=9))
    firm.restart()
    assert firm.book.numbers == {DESK: 1}
    assert firm.book.sessions[DESK].delivered == 1
    firm.enter(symbol="NO/SUCH")
    firm.desk(SessionReset(origin=DESK, number=1, repeat_to=1))
    assert_same(firm.loaded(), firm.book)
    assert firm.loaded().sessions[DESK].msg_seq_num_in == 0


def test_history_sees_only_what_is_committed(firm: Firm) -> None:
    """And sees it at once."""
    order = firm.enter()
    assert firm.store.history.order(order.order_id) == order
    assert firm.store.history.order("0000000099") is None
    assert firm.store.history.by_venue_id(REST, order.venue_cl_ord_id, "") == order
    assert firm.store.history.by_venue_id(FIX, order.venue_cl_ord_id, "") is None
    assert firm.store.history.by_venue_id(REST, "", "") is None
    firm.report(order, ExecType.NEW)
    order = firm.order(order.order_id)
    assert firm.store.history.by_venue_id(REST, "", order.secondary_order_id) == order
    assert firm.store.history.by_venue_id(REST, "not ours", order.secondary_order_id) == order
    other = firm.enter()
    # The id that was drawn here decides, should a venue contradict itself.
    ours, theirs = other.venue_cl_ord_id, order.secondary_order_id
    assert firm.store.history.by_venue_id(REST, ours, theirs) == other


def test_a_route_that_fell_leaves_its_orders_in_doubt(firm: Firm) -> None:
    """What a lost connection did is loaded like the rest."""
    for route in (REST, FIX):
        firm.enter(route)
    firm.venue(REST, RouteStatus(route=REST, up=False, ready=False, lost_answers=True))
    in_doubt = [order.in_doubt is not None for order in all_orders(firm.loaded())]
    assert in_doubt == [True, False]
    assert_same(firm.loaded(), firm.book)
