"""The book: names, memory and projections."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

import pytest

from oms.core.apply import apply
from oms.core.book import CLOSED_KEPT, Book, Changes
from oms.core.changes import OF_NO_ORDER, OF_SESSIONS, USES_ID
from oms.core.decide import decide
from oms.core.errors import VenueRefused, VenueUnavailable
from oms.core.fields import CxlRejReason, ExecTransType, ExecType, OrdRejReason, Side
from oms.core.messages import (
    ExecutionReport,
    OrderCancelReject,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.notes import Answered, Quarantined
from oms.core.nothing import Nothing
from oms.core.order import Order
from oms.core.ports import Evidence, Inbound, Record, Recorded
from oms.core.positions import moves
from tests.core.desk_of_one import DESK, PLAIN, ROUTE, START, DeskOfOne
from tests.core.test_checks import GOOD
from tests.core.test_doubt import _fill
from tests.core.test_requests import _told, _working


class _Shelf(Nothing):
    """A history that keeps what the book forgot."""

    def __init__(self) -> None:
        """Empty."""
        self.orders: dict[str, Order] = {}

    def order(self, order_id: str) -> Order | None:
        """By OrderID."""
        return self.orders.get(order_id)

    def by_venue_id(
        self, route: str, venue_cl_ord_id: str, secondary_order_id: str
    ) -> Order | None:
        """By the id we drew."""
        found = [o for o in self.orders.values() if o.venue_cl_ord_id == venue_cl_ord_id]
        return found[0] if found else None

    def cl_ord_id(self, origin: str, cl_ord_id: str) -> str | None:
        """The order's own id only."""
        found = [o for o in self.orders.values() if o.cl_ord_id == cl_ord_id]
        return found[0].order_id if found else None


def test_memory_holds_what_can_move_and_some_of_what_has_ended() -> None:
    """Closed orders are forgotten, and found again in the history."""
    core, shelf = DeskOfOne(), _Shelf()
    core.book.history = shelf
    _working(core)
    core.venue(_fill(core, "F0", "0.01", "40000"))
    first = shelf.orders["0000000001"] = core.order()
    for number in range(CLOSED_KEPT):
        core.desk(replace(GOOD, cl_ord_id=f"B{number}", symbol="NONE"))
    assert core.book.order(first.order_id) is None
    assert core.book.any_order(first.order_id) == first
    core.desk(OrderStatusRequest(cl_ord_id="A1"))
    assert core.told[0].message.order_id == first.order_id  # type: ignore[union-attr]  # an answer, which has it
    core.desk(GOOD)
    assert core.asked == [], "its ClOrdID stays used"
    core.venue(_fill_of(first, "F1"))
    late = core.book.order(first.order_id)
    assert late is not None
    assert late.cum_qty > first.cum_qty, "a late fill finds its order"


def _fill_of(order: Order, exec_id: str) -> ExecutionReport:
    return ExecutionReport(
        exec_id=exec_id,
        exec_type=ExecType.PARTIAL_FILL,
        cl_ord_id=order.venue_cl_ord_id,
        last_shares=Decimal("0.001"),
        last_px=Decimal(40000),
    )


def test_a_forgotten_order_that_moves_is_forgotten_again_later() -> None:
    """An order that came back to memory takes its place among the closed ones once."""
    core = _working(DeskOfOne())
    core.venue(_fill(core, "F1", "0.01", "40000"))
    core.venue(_fill(core, "F2", "0.001", "40000"))
    for number in range(CLOSED_KEPT + 1):
        core.desk(replace(GOOD, cl_ord_id=f"B{number}", symbol="NONE"))
    assert core.book.order("0000000001") is None
    assert core.book.working(ROUTE) == []


def test_spent_ids_do_not_fill_the_memory() -> None:
    """Refused requests for unknown orders are forgotten in turn."""
    core = DeskOfOne()
    for number in range(CLOSED_KEPT + 5):
        core.desk(OrderCancelRequest(cl_ord_id=f"C{number}", orig_cl_ord_id="none"))
    assert len(core.book._by_cl_ord_id) == CLOSED_KEPT


def test_a_restored_book_is_the_book() -> None:
    """What a store gives back is found by every name."""
    core = _working(DeskOfOne())
    order = core.order()
    book = Book({ROUTE: PLAIN}, {DESK: frozenset({"*"})})
    book.restore([order])
    assert book.own(DESK, "A1") == order
    assert book.at_venue(ROUTE, order.venue_cl_ord_id) == order
    assert book.at_venue(ROUTE, "", "700") == order
    assert book.working(ROUTE) == [order]
    assert book.at_venue("OTHER", order.venue_cl_ord_id) is None


def test_reports_are_numbered_per_origin() -> None:
    """1, 2, 3 for each, whatever the others do."""
    core = DeskOfOne()
    core.book.entitlements["DESK2"] = frozenset({"*"})
    for number in range(3):
        core.desk(replace(GOOD, cl_ord_id=f"X{number}", symbol="NONE"))
        core.desk(replace(GOOD, cl_ord_id=f"X{number}", symbol="NONE"), origin="DESK2")
    numbers = [(origin, number) for origin, number, _, _ in core.changes.reports]
    assert [n for origin, n in numbers if origin == DESK] == [1, 2, 3]
    assert [n for origin, n in numbers if origin == "DESK2"] == [1, 2, 3]


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_positions_move_with_fills_fees_and_busts(side: Side) -> None:
    """Base one way, quote the other, the fee away; a bust gives all of it back."""
    core = DeskOfOne()
    core.desk(replace(GOOD, side=side))
    core.venue(_told(core, ExecType.NEW, "V"))
    core.venue(_fill(core, "F1", "0.01", "40000", commission=Decimal("0.4")))
    sign = 1 if side is Side.BUY else -1
    held = {key[3]: qty for key, qty in core.book.positions.items()}
    assert held == {"BTC": sign * Decimal("0.01"), "USDT": -sign * 400 - Decimal("0.4")}
    bust = _fill(core, "B1", "0", "0", exec_trans_type=ExecTransType.CANCEL, exec_ref_id="F1")
    core.venue(bust)
    assert set(core.book.positions.values()) == {Decimal(0)}
    assert core.changes.undone == [("0000000001", "F1")]


def test_a_fee_in_its_own_currency_moves_that_one() -> None:
    """A venue may take its fee in a third currency."""
    core = _working(DeskOfOne())
    core.venue(_fill(core, "F1", "0.01", "40000", commission=Decimal(1), fee_currency="BNB"))
    execution = core.order().executions["F1"]
    assert {key[3]: qty for key, qty in moves(core.order(), execution)}["BNB"] == -1


def test_the_book_is_deterministic() -> None:
    """The same messages at the same times give the same records."""

    def play() -> list[object]:
        core = _working(DeskOfOne())
        core.venue(_fill(core, "F1", "0.004", "40000"))
        return list(core.records)

    assert play() == play()


def test_a_record_without_an_order_moves_no_order() -> None:
    """A quarantined message is a row and nothing else."""
    book, changes = Book({ROUTE: PLAIN}), Changes()
    foreign = ExecutionReport(exec_id="1", exec_type=ExecType.NEW, cl_ord_id="?")
    inbound = Inbound(source=ROUTE, message=foreign, evidence=Evidence.VENUE_MESSAGE)
    for record in decide(book, inbound, START, lambda n: "0" * n):
        assert book.apply(record, changes) == 1
    assert changes.orders == {}
    assert len(changes.records) == 1


def test_an_order_that_works_again_stays_in_memory() -> None:
    """A bust reopens a filled order: it can move, so it is kept."""
    core = _working(DeskOfOne())
    core.venue(_fill(core, "F1", "0.01", "40000"))
    core.venue(_fill(core, "B1", "0", "0", exec_trans_type=ExecTransType.CANCEL, exec_ref_id="F1"))
    for number in range(CLOSED_KEPT + 1):
        core.desk(replace(GOOD, cl_ord_id=f"B{number}", symbol="NONE"))
    assert core.book.order("0000000001") is not None
    assert [order.order_id for order in core.book.working(ROUTE)] == ["0000000001"]


def test_what_moves_nothing_leaves_the_order_as_it_is() -> None:
    """Answers, notes of what did not leave and quarantined messages are rows about an order."""
    order = _working(DeskOfOne()).order()
    answered = Answered(request=OrderStatusRequest(cl_ord_id="A1"), origin=DESK)
    assert apply(order, answered, START) is order


def test_only_messages_can_be_decided() -> None:
    """Anything else is our own mistake and stops the engine."""
    inbound = Inbound(source=DESK, message="D", evidence=Evidence.DESK)  # type: ignore[arg-type]  # no message: what is refused
    with pytest.raises(AssertionError, match="no decision for str"):
        decide(Book(), inbound, START, lambda n: "0" * n)


def test_errors_carry_what_the_answer_needs() -> None:
    """Reasons for FIX, the time to wait for the caller."""
    refused = VenueRefused("no", OrdRejReason.UNKNOWN_SYMBOL, CxlRejReason.UNKNOWN_ORDER)
    assert refused.ord_rej_reason is OrdRejReason.UNKNOWN_SYMBOL
    assert refused.cxl_rej_reason is CxlRejReason.UNKNOWN_ORDER
    assert VenueUnavailable("later", 3).retry_after_s == 3


def test_an_instrument_knows_its_currencies() -> None:
    """BASE/QUOTE."""
    instrument = DeskOfOne().book.routes[ROUTE].instrument("BTC/USDT", "")
    assert instrument is not None
    assert (instrument.base, instrument.quote) == ("BTC", "USDT")


def test_a_reject_of_no_open_request_uses_up_no_id() -> None:
    """A replay of a foreign journal must not fall over it."""
    core = _working(DeskOfOne())
    reject = OrderCancelReject(cl_ord_id="none")
    record = Record(
        time=START,
        message=reject,
        evidence=Evidence.POLICY,
        order_id="0000000001",
        order=core.order(),
    )
    changes = Changes()
    core.book.apply(record, changes)
    assert changes.cl_ord_ids == {}


def _bare(kind: type) -> Any:
    return type("Bare", (), {"__class__": property(lambda self: kind)})()


@pytest.mark.parametrize("kind", get_args(Recorded), ids=lambda kind: kind.__name__)
def test_what_the_book_passes_over_would_change_nothing(kind: type) -> None:
    """A class that a table leaves out is one that the fold behind it has no case for: a message
    without a single field shows it, because any case would read one."""
    bare = Record(time=START, message=_bare(kind), evidence=Evidence.POLICY)
    book = Book()
    folds = [(USES_ID, book._consume), (OF_NO_ORDER, book._turn), (OF_SESSIONS, book._session)]
    for table, fold in folds:
        changes = Changes()
        if kind not in table:
            fold(bare, changes)
            assert changes == Changes()
        else:
            with pytest.raises(AttributeError):
                fold(bare, changes)


def test_a_session_stands_where_its_last_message_was() -> None:
    """A venue's session apart from the desks'; what has no number leaves both where they are."""
    book = Book()
    for number in (7, 0, 5):
        record = Record(
            time=START,
            message=Quarantined(reason="unknown order", text=""),
            evidence=Evidence.VENUE_MESSAGE,
            origin=DESK,
            route=ROUTE,
            msg_seq_num=number,
        )
        book.apply(record, Changes())
    assert {name: one.msg_seq_num_in for name, one in book.sessions.items()} == {f"/{ROUTE}": 7}
