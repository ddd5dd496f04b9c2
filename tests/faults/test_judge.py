"""The judges: each kind of wrong, made by hand, is seen; and what is right is not."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import pytest

from oms.core.book import Book, Changes
from oms.core.facts import Execution, InDoubt, Leg
from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.messages import NewOrderSingle
from oms.core.notes import OrderEntered, Request, RouteStatus
from oms.core.order import Order
from oms.core.ports import Evidence, Record, ToVenue
from oms.core.transitions import Life
from tests.faults.fix_desk import FixDesk, Told
from tests.faults.fix_net import Net
from tests.faults.instant import WorldLoop
from tests.faults.judge import Outcome, Witness, judge, never_entered
from tests.faults.plan import DESK, Ask, Intent, Plan
from tests.faults.verdict import compare

NOW: Final = datetime(2026, 1, 5, tzinfo=UTC)
DOUBT: Final = InDoubt(Request.CANCEL, NOW, "the answer was lost")
NEW_DOUBT: Final = InDoubt(Request.NEW, NOW, "the answer was lost")
FILL: Final = Execution("X1", Decimal("0.2"), Decimal(100))
ORDER: Final = Order(
    order_id="0000000001",
    origin="grid",
    route="V",
    venue_cl_ord_id="17",
    cl_ord_id="o1",
    symbol="BTC/USD",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    time_in_force=TimeInForce.GOOD_TILL_CANCEL,
    order_qty=Decimal("0.5"),
    price=Decimal(100),
    created=NOW,
    updated=NOW,
    secondary_order_id="77",
    life=Life.CANCELED,
    executions={"X1": FILL},
    cum_qty=Decimal("0.2"),
    notional=Decimal(20),
)
UNFILLED: Final[Mapping[str, Any]] = MappingProxyType(
    {"executions": {}, "cum_qty": Decimal(0), "notional": Decimal(0)}
)
ROW: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "order_id": "77",
        "client_id": "17",
        "symbol": "BTC/USD",
        "side": "BUY",
        "qty": "0.5",
        "price": "100",
        "cum": "0.2",
        "notional": "20",
        "status": "CANCELED",
    }
)


def _judged(order: Order, *rows: Mapping[str, Any], foreign: tuple[str, ...] = ()) -> Outcome:
    book = Book({}, {})
    book.restore([order])
    book.last_order_number = 1
    outcome = Outcome(seed=1)
    judge(outcome, book, {order.route: list(rows)}, {order.route: foreign})
    return outcome


def _counts(told: Outcome) -> tuple[int, int, int, int]:
    return told.lost_fills, told.phantom_fills, told.duplicate_orders, told.wrong_terminal


def test_a_book_that_equals_the_ledger() -> None:
    """Nothing is held against it."""
    told = _judged(ORDER, ROW)
    assert (_counts(told), told.failures) == ((0, 0, 0, 0), [])
    assert (told.orders, told.fills) == (1, 1)


def test_an_order_of_somebody_else() -> None:
    """It is nobody's concern, unless it is taken for ours: then ours was never there."""
    theirs = {**ROW, "order_id": "78", "client_id": ""}
    assert _judged(ORDER, ROW, theirs, foreign=("78",)).failures == []
    for ours in (ORDER, replace(ORDER, life=Life.WORKING, in_doubt=DOUBT)):
        told = _judged(ours, {**ROW, "client_id": ""}, foreign=("77",))
        assert "is somebody else's" in told.failures[0]


@pytest.mark.parametrize(
    ("ours", "theirs", "counts"),
    [
        ({}, {"cum": "0.3"}, (1, 0, 0, 0)),
        ({}, {"cum": "0.1"}, (0, 1, 0, 0)),
        ({"life": Life.WORKING, "in_doubt": DOUBT}, {"cum": "0.1"}, (0, 1, 0, 0)),
        ({"life": Life.WORKING, "in_doubt": DOUBT}, {"cum": "0.3"}, (1, 0, 0, 0)),
        ({}, {"status": "OPEN"}, (0, 0, 0, 1)),
        ({"life": Life.REJECTED, **UNFILLED}, {"cum": "0", "notional": "0"}, (0, 0, 0, 1)),
        ({}, {"notional": "21"}, (0, 0, 0, 0)),
        ({"life": Life.WORKING}, {"status": "OPEN"}, (0, 0, 0, 0)),
    ],
)
def test_what_differs_is_a_failure(
    ours: dict[str, Any], theirs: dict[str, Any], counts: tuple[int, ...]
) -> None:
    """Also a price, an order that nothing ends, and what a doubt is no excuse for."""
    told = _judged(replace(ORDER, **ours), {**ROW, **theirs})
    assert _counts(told) == counts
    assert len(told.failures) == 1


def test_an_order_that_works_on_after_its_end_there_is_wrong_twice() -> None:
    """It is over there, and here nothing ends it."""
    told = _judged(replace(ORDER, life=Life.WORKING), ROW)
    assert (told.wrong_terminal, len(told.failures)) == (1, 2)


def test_a_derived_price_may_be_rounded() -> None:
    """It was made of the venue's average."""
    order = replace(ORDER, executions={"X1": replace(FILL, derived=True)})
    assert _judged(order, {**ROW, "notional": "20.0001"}).failures == []


def test_an_order_that_the_venue_never_had() -> None:
    """Refused, it need not be there; with fills it must."""
    refused = replace(ORDER, life=Life.REJECTED, secondary_order_id="", **UNFILLED)
    assert _judged(refused).failures == []
    assert _counts(_judged(ORDER)) == (0, 1, 0, 0)
    assert _counts(_judged(replace(ORDER, in_doubt=DOUBT))) == (0, 1, 0, 0)
    working = replace(refused, life=Life.WORKING)
    assert _counts(_judged(working)) == (0, 0, 0, 1)


def test_a_refused_order_that_the_venue_has_under_no_name() -> None:
    """It was guessed to be refused."""
    refused = replace(ORDER, life=Life.REJECTED, secondary_order_id="", **UNFILLED)
    assert _counts(_judged(refused, {**ROW, "client_id": ""})) == (1, 0, 0, 1)


def test_a_refused_order_that_ended_unexecuted_where_nothing_tells() -> None:
    """Cryptex names no such order to anybody; one that works or was executed is another matter."""
    terms = {"life": Life.REJECTED, "secondary_order_id": "", "route": "CRYPTEX", **UNFILLED}
    refused = replace(ORDER, **terms)
    row = {**ROW, "client_id": "", "cum": "0", "notional": "0"}
    assert _judged(refused, {**row, "status": "CANCELED"}).failures == []
    assert _counts(_judged(refused, {**row, "status": "OPEN"})) == (0, 0, 0, 1)
    assert _counts(_judged(refused, {**row, "status": "CANCELED", "cum": "0.1"})) == (1, 0, 0, 1)
    elsewhere = replace(refused, route="V")
    assert _counts(_judged(elsewhere, {**row, "status": "CANCELED"})) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("booked", "there", "right"),
    [
        (("0.01", ""), "0.010", True),
        (("0.01", "USD"), {"USD": "0.01"}, True),
        (("0.01", "USD"), "0.02", False),
        (("0.01", "BTC"), {"USD": "0.01"}, False),
        (("0", ""), "0.01", False),
        ((None, ""), "0.01", True),
    ],
)
def test_fees_are_those_that_the_venue_took(
    booked: tuple[str | None, str], there: object, right: bool
) -> None:
    """Where it tells them with its fills; in the quote asset where it names none."""
    fee, asset = booked
    commission = None if fee is None else Decimal(fee)
    fill = replace(FILL, commission=commission, fee_currency=asset)
    told = _judged(replace(ORDER, executions={"X1": fill}), {**ROW, "fees": there})
    assert (told.failures == []) is right
    assert all("fees" in failure for failure in told.failures)


def test_nobodys_order_is_a_duplicate() -> None:
    """A doubt stands for one order like it; and for none that has an id that is not its own."""
    assert _counts(_judged(ORDER, ROW, {**ROW, "order_id": "78", "client_id": "18"})) == (
        0,
        0,
        1,
        0,
    )
    doubted = replace(
        ORDER, life=Life.PENDING_NEW, in_doubt=NEW_DOUBT, secondary_order_id="", **UNFILLED
    )
    nameless = {**ROW, "client_id": ""}
    assert _counts(_judged(doubted, nameless)) == (0, 0, 0, 0)
    assert _counts(_judged(doubted, nameless, {**nameless, "order_id": "78"})) == (0, 0, 1, 0)
    assert _counts(_judged(doubted, {**ROW, "client_id": "18"})) == (0, 0, 1, 0)


def test_a_doubt_is_counted_with_its_reason_and_with_what_it_hides() -> None:
    """No failure, where the venue does not say whose its orders are."""
    told = _judged(replace(ORDER, in_doubt=DOUBT), {**ROW, "client_id": "", "cum": "0.3"})
    assert told.failures == []
    assert (told.unbooked_in_doubt, told.unresolved[0].reason) == (1, DOUBT.text)


def test_the_legs_of_an_order_are_weighed_one_by_one() -> None:
    """An earlier one is over, whatever the order is."""
    first = Leg("17", Decimal("0.2"), Decimal(100), secondary_order_id="77", over=True)
    last = Leg("18", Decimal("0.3"), Decimal(100), secondary_order_id="78")
    order = replace(ORDER, venue_cl_ord_id="18", secondary_order_id="78", legs=(first, last))
    there = {**ROW, "order_id": "78", "client_id": "18", "cum": "0", "notional": "0"}
    assert _judged(order, ROW, there).failures == []
    assert _counts(_judged(order, {**ROW, "status": "OPEN"}, there)) == (0, 0, 0, 1)
    assert _counts(_judged(order, ROW, {**there, "cum": "0.1"})) == (1, 0, 0, 0)


def test_an_order_that_was_never_entered() -> None:
    """The strategy's; what becomes of a desk's messages is told on its session."""
    book = Book({}, {})
    book.restore([ORDER])
    one = Intent(at_ms=0, ask=Ask.NEW, order=1, route="v", qty="0.5", price="100")
    asked = (one, replace(one, order=2), replace(one, order=3, origin=DESK))
    plan = Plan(seed=1, routes=("v",), intents=asked, faults=(), calm_ms=0)
    assert never_entered(plan, book) == ["order 2 was never entered"]


# While it runs


def _committed(name: str = "17") -> Changes:
    asked = NewOrderSingle(
        cl_ord_id=name,
        symbol="BTC/USD",
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        order_qty=Decimal("0.5"),
        price=Decimal(100),
    )
    status = RouteStatus(route="V", up=True, ready=True, text="")
    record = Record(
        time=NOW, message=status, evidence=Evidence.DESK, outbound=(ToVenue("V", "1", asked),)
    )
    return Changes(records=[(1, record)])


@pytest.mark.parametrize("client_id", ["17", ""])
def test_an_order_comes_once_and_after_its_commit(client_id: str) -> None:
    """By its id, or by its terms."""
    row, witness = {**ROW, "client_id": client_id}, Witness()
    witness.came("V", row)
    assert witness.failures[0].endswith("not on record when it came")
    witness = Witness()
    witness.committed(_committed(), 0.0)
    witness.came("V", row)
    assert witness.failures == []
    witness.came("V", row)
    assert witness.failures[0].endswith("sent twice")


def test_an_order_leaves_soon_after_its_commit() -> None:
    """What is late is told, unless it may have waited for its equal."""
    late, twin = Witness(), Witness()
    late.committed(_committed(), 1.0)
    late.came("V", ROW, 7.0)
    assert late.failures[0].endswith("sent 6.0 s late")
    twin.committed(_committed("16"), 1.0)
    twin.committed(_committed(), 1.0)
    twin.came("V", ROW, 7.0)
    assert twin.failures == []


def test_a_name_is_one_order() -> None:
    """Of one origin."""
    (_, record), witness = _committed().records[0], Witness()
    asked = _committed().records[0][1].outbound[0]
    assert isinstance(asked, ToVenue)
    assert isinstance(asked.message, NewOrderSingle)
    note = OrderEntered(request=asked.message, origin="grid", route="V", venue_cl_ord_id="17")
    for one in (note, replace(note, origin=DESK)):
        witness.committed(Changes(records=[(1, replace(record, message=one))]), 0.0)
    assert witness.failures == []
    witness.committed(Changes(records=[(1, replace(record, message=note))]), 0.0)
    assert witness.failures == ["grid's 17 is more than one order"]


def test_a_nonce_comes_once() -> None:
    """At each venue."""
    witness = Witness()
    for route, nonce in (("V", 5), ("W", 5), ("V", 6)):
        witness.nonce(route, nonce)
    assert witness.failures == []
    witness.nonce("V", 5)
    assert witness.failures == ["V: nonce 5 was used after 6"]


def test_a_desk_is_told_each_report_once_unless_it_is_marked() -> None:
    """And every one."""
    loop = WorldLoop()
    try:
        desk = FixDesk(Net(loop, lambda: 0.0, lambda *_: None), "S", "D", "secret", lambda: NOW)
        desk.log = [Told({17: "X1"}), Told({17: "X1", 43: "Y"}), Told({17: "0"}), Told({17: "0"})]
        assert desk.wrongs(["X1", "0", ""]) == []
        desk.log.append(Told({17: "X1"}))
        found = desk.wrongs(["X1", "X2"])
        assert found == ["D was told X1 twice without a mark", "D was never told X2"]
    finally:
        loop.close()


# The accidents' judge


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        ({}, {"cum": "0.3", "notional": "30"}, "lost"),
        ({}, {"cum": "0.1", "notional": "10"}, "duplicate"),
        ({"in_doubt": DOUBT}, {"cum": "0.1", "notional": "10"}, "duplicate"),
        ({"in_doubt": DOUBT}, {"cum": "0.3", "notional": "30"}, "unresolved"),
        ({}, {"notional": "21"}, "wrong"),
        ({}, {"status": "OPEN"}, "wrong"),
        ({"life": Life.WORKING}, {}, "wrong"),
        ({"text": "BREAK: executed after CANCELED"}, {}, "wrong"),
        ({}, {"client_id": "", "order_id": "78"}, "duplicate"),
    ],
)
def test_an_accident_that_ends_badly(
    ours: dict[str, Any], theirs: dict[str, Any], kind: str
) -> None:
    """Each kind by its name."""
    verdict = compare([replace(ORDER, **ours)], [{**ROW, **theirs}], ())
    assert getattr(verdict, kind)
    assert bool(verdict.score) == (kind != "unresolved")


@pytest.mark.parametrize(
    ("rows", "foreign", "kind"),
    [
        (lambda row: [row, {**row, "order_id": "78"}], (), "duplicate"),
        (lambda row: [row, {**row, "order_id": "78", "client_id": "9"}], (), "duplicate"),
        (lambda row: [row], ("77",), "wrong"),
    ],
)
def test_orders_that_should_not_be_there(
    rows: Callable[[Mapping[str, Any]], list[Mapping[str, Any]]],
    foreign: tuple[str, ...],
    kind: str,
) -> None:
    """Twice under one id, nobody's, or somebody else's."""
    assert getattr(compare([ORDER], rows(ROW), foreign), kind)


def test_an_accident_that_ends_well() -> None:
    """Also beside an order that somebody else entered."""
    verdict = compare([ORDER], [ROW, {**ROW, "order_id": "9", "client_id": ""}], ("9",))
    assert verdict.lines() == []
