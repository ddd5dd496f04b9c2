"""What nobody expects: a message that fits nothing is answered or kept, and the engine lives on."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.book import CLOSED_KEPT, OPERATOR, Book
from oms.core.fields import CxlRejReason, ExecTransType, ExecType, OrdStatus, OrdType, Side
from oms.core.messages import ExecutionReport, OrderCancelReject, OrderCancelReplaceRequest
from oms.core.notes import Quarantined, Request, Started
from oms.core.numbers import NUMBER_LENGTH_MAX
from oms.core.ports import Evidence
from tests.core.desk_of_one import NATIVE, ROUTE, DeskOfOne
from tests.core.test_checks import GOOD
from tests.core.test_doubt import _fill
from tests.core.test_requests import CANCEL, _told, _working


def _without_its_route(core: DeskOfOne) -> None:
    """As after a restart with a configuration that has the route no more."""
    book = Book({}, core.book.entitlements)
    book.restore(core.book.working(ROUTE))
    book.seq, book.last_order_number = core.book.seq, core.book.last_order_number
    core.book = book


def test_a_cancel_of_an_order_whose_route_is_gone_is_refused() -> None:
    """9 with the reason; the order stays what it was."""
    core = _working(DeskOfOne())
    _without_its_route(core)
    core.desk(CANCEL)
    (told,) = core.told
    assert isinstance(told.message, OrderCancelReject)
    assert told.message.cxl_rej_reason is CxlRejReason.BROKER_CREDIT
    assert told.message.ord_status is OrdStatus.NEW
    assert f"{ROUTE} is not configured" in told.message.text
    assert core.order().requests == ()


def test_an_order_without_an_answer_is_in_doubt_even_if_its_route_is_gone() -> None:
    """Nobody can settle it, but everybody sees it."""
    core = DeskOfOne()
    core.desk(GOOD)
    _without_its_route(core)
    core.venue(Started(epoch=2, version="0"), Evidence.POLICY)
    doubt = core.order().in_doubt
    assert doubt is not None
    assert doubt.request is Request.NEW


def test_numbers_as_long_as_the_wire_takes_them_are_summed() -> None:
    """Exactly, whatever a venue says: 64 digits before the point here, behind it there."""
    core = _working(DeskOfOne())
    huge, tiny = "9" * NUMBER_LENGTH_MAX, "0." + "0" * (NUMBER_LENGTH_MAX - 3) + "1"
    core.venue(_fill(core, "F1", huge, huge))
    core.venue(_fill(core, "F2", tiny, tiny))
    order = core.order()
    assert order.cum_qty == Decimal("9" * NUMBER_LENGTH_MAX + tiny[1:])
    assert core.book.positions[ROUTE, "", "", "BTC"] == order.cum_qty


@pytest.mark.parametrize(("qty", "px"), [("-0.001", "40000"), ("0.001", "-1")])
def test_a_negative_fill_is_for_a_human(qty: str, px: str) -> None:
    """No execution is negative: the sums stay what they were."""
    core = _working(DeskOfOne())
    (record,) = core.venue(_fill(core, "F1", qty, px))
    assert isinstance(record.message, Quarantined)
    assert core.order().cum_qty == 0


@pytest.mark.parametrize("named", ["F1", "nothing"])
def test_a_plain_fill_undoes_nothing_whatever_it_refers_to(named: str) -> None:
    """ExecRefID (19) means something on busts and corrections alone."""
    core = _working(DeskOfOne())
    core.venue(_fill(core, "F1", "0.001", "40000"))
    core.venue(_fill(core, "F2", "0.001", "40000", exec_ref_id=named))
    order = core.order()
    assert order.cum_qty == Decimal("0.002")
    assert core.book.positions[ROUTE, "", "", "BTC"] == order.cum_qty
    assert core.changes.undone == []


def test_a_status_that_repeats_an_execs_id_moves_no_holding() -> None:
    """A fill may overtake its acknowledgement, and a status may name the last ExecID."""
    core = DeskOfOne()
    core.desk(GOOD)
    fill = _fill(core, "F1", "0.001", "40000")
    core.venue(fill)
    core.venue(replace(fill, exec_trans_type=ExecTransType.STATUS))
    assert core.order().cum_qty == Decimal("0.001")
    assert core.book.positions[ROUTE, "", "", "BTC"] == Decimal("0.001")


def test_the_venues_ids_and_ours_do_not_mix() -> None:
    """Both may be plain numbers: one order's id at the venue can be another's ClOrdID there."""
    core = DeskOfOne()
    core.desk(GOOD)
    core.desk(replace(GOOD, cl_ord_id="A2"))
    first, second = core.order(1), core.order(2)
    core.venue(
        ExecutionReport(
            exec_id="E1",
            exec_type=ExecType.NEW,
            cl_ord_id=second.venue_cl_ord_id,
            secondary_order_id=first.venue_cl_ord_id,
        )
    )
    core.venue(_fill(core, "F1", "0.001", "40000"))
    assert core.order(1).cum_qty == Decimal("0.001")
    assert core.order(2).cum_qty == 0
    assert core.book.at_venue(ROUTE, "", first.venue_cl_ord_id) == core.order(2)
    assert core.book.at_venue(ROUTE, first.venue_cl_ord_id) == core.order(1)


def test_a_closed_order_that_moves_is_not_forgotten_before_it_is_committed() -> None:
    """Within one batch the history has not seen it yet: two late fills are both counted."""
    core = _working(DeskOfOne())
    core.venue(_fill(core, "F1", "0.01", "40000"))
    for number in range(CLOSED_KEPT - 1):
        core.desk(replace(GOOD, cl_ord_id=f"B{number}", symbol="NONE"))
    core.venue(_fill(core, "F2", "0.001", "40000"))
    core.desk(replace(GOOD, cl_ord_id="C1", symbol="NONE"))
    late = core.book.order("0000000001")
    assert late is not None
    assert late.cum_qty > late.order_qty


def test_orders_for_routes_that_never_were_leave_nothing_in_memory() -> None:
    """A desk may send any ExDestination (100)."""
    core = DeskOfOne()
    for number in range(10):
        core.desk(replace(GOOD, cl_ord_id=f"B{number}", ex_destination=f"R{number}"))
    assert len(core.book._working) <= 1


def test_explaining_a_booked_quantity_after_the_end_is_no_break() -> None:
    """A correction of what was derived adds nothing to what was executed."""
    core = _working(DeskOfOne())
    core.venue(_fill(core, "700:0.003", "0.003", "40000", derived=True, cum_qty=Decimal("0.003")))
    core.venue(_told(core, ExecType.CANCELED, "E9"))
    core.venue(_fill(core, "F1", "0.001", "40001"))
    core.venue(_fill(core, "F2", "0.002", "40002"))
    assert core.order().cum_qty == Decimal("0.003")
    assert core.order().text == ""
    core.venue(_fill(core, "F3", "0.001", "40003"))
    assert core.order().text.startswith("BREAK: "), "that one is new"


def test_an_operators_replace_leaves_the_desk_its_own_id() -> None:
    """The desk never heard of the operator's ClOrdID."""
    core = _working(DeskOfOne(NATIVE))
    core.desk(
        OrderCancelReplaceRequest(
            cl_ord_id="op-1",
            orig_cl_ord_id="",
            order_id="0000000001",
            symbol=GOOD.symbol,
            side=Side.BUY,
            ord_type=OrdType.LIMIT,
            order_qty=Decimal("0.02"),
            price=GOOD.price,
        ),
        origin=OPERATOR,
    )
    core.venue(_told(core, ExecType.REPLACED, "E5"))
    order = core.order()
    assert order.order_qty == Decimal("0.02")
    assert order.cl_ord_id == "A1"
    assert core.told[0].message.cl_ord_id == "A1"  # type: ignore[union-attr]  # an answer, which has it
