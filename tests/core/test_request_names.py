"""Requests to a venue have names of their own, and the venue's answers find them again."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.fields import CxlRejReason, ExecType, OrdStatus, OrdType, Side, TimeInForce
from oms.core.messages import (
    ExecutionReport,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from oms.core.notes import NotSent, Quarantined, Request, RouteStatus
from oms.core.ports import VenueRequest
from tests.core.desk_of_one import DESK, NATIVE, ROUTE, SYMBOL, DeskOfOne
from tests.core.test_checks import GOOD

ORDER = replace(GOOD, order_qty=Decimal(10), time_in_force=TimeInForce.DAY)


def _cancel(name: str, orig: str) -> OrderCancelRequest:
    return OrderCancelRequest(cl_ord_id=name, orig_cl_ord_id=orig)


def _amend(name: str, orig: str, qty: str | None = None) -> OrderCancelReplaceRequest:
    return OrderCancelReplaceRequest(
        cl_ord_id=name,
        orig_cl_ord_id=orig,
        symbol=SYMBOL,
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        order_qty=None if qty is None else Decimal(qty),
        price=Decimal(40000),
    )


class Native(DeskOfOne):
    """A desk's order that works at a venue which names requests as they were named to it."""

    def __init__(self) -> None:
        super().__init__(NATIVE)
        self.desk(ORDER)
        self.root = self.order().venue_cl_ord_id
        self.word(ExecType.NEW, self.root)

    def ask(self, request: OrderCancelRequest | OrderCancelReplaceRequest) -> VenueRequest:
        """A desk's request; what goes to the venue for it."""
        self.desk(request)
        (asked,) = self.asked
        return asked.message

    def word(self, exec_type: ExecType, name: str, orig: str = "", **more: object) -> None:
        """The venue's report under those ids."""
        self.venue(
            replace(
                ExecutionReport(
                    exec_id=f"V{len(self.records)}",
                    exec_type=exec_type,
                    cl_ord_id=name,
                    orig_cl_ord_id=orig,
                    order_id="37",
                ),
                **more,  # type: ignore[arg-type]  # fields by their names
            )
        )

    def refuse(self, name: str, orig: str) -> None:
        """The venue's OrderCancelReject."""
        self.venue(OrderCancelReject(cl_ord_id=name, orig_cl_ord_id=orig))


def test_each_request_has_a_name_of_its_own() -> None:
    """A desk's id never leaves the house, and a name is not used again."""
    core = Native()
    first = core.ask(_cancel("B1", "A1"))
    assert (first.cl_ord_id, first.orig_cl_ord_id) == (f"{core.root}C1", core.root)  # type: ignore[union-attr]  # a request
    core.refuse(first.cl_ord_id, core.root)
    second = core.ask(_cancel("B2", "A1"))
    assert second.cl_ord_id == f"{core.root}C2"
    assert core.ask(_amend("B3", "A1", "5")).cl_ord_id == f"{core.root}R3"


def test_a_replaced_order_goes_by_the_name_of_its_replace() -> None:
    """The next request names that in OrigClOrdID, and reports under it find the order."""
    core = Native()
    amend = core.ask(_amend("B1", "A1", "8"))
    core.word(ExecType.REPLACED, amend.cl_ord_id, core.root)
    order = core.order()
    assert (order.cl_ord_id, order.name_at_venue) == ("B1", f"{core.root}R1")
    core.word(
        ExecType.PARTIAL_FILL,
        f"{core.root}R1",
        last_shares=Decimal(3),
        last_px=Decimal(40000),
    )
    assert core.order().cum_qty == 3
    cancel = core.ask(_cancel("B2", "B1"))
    assert isinstance(cancel, OrderCancelRequest)
    assert (cancel.cl_ord_id, cancel.orig_cl_ord_id) == (f"{core.root}C2", f"{core.root}R1")
    core.word(ExecType.CANCELED, f"{core.root}C2", f"{core.root}R1")
    assert core.order().ord_status is OrdStatus.CANCELED
    assert core.order().cl_ord_id == "B2"


def test_an_answer_is_found_by_the_requests_name_alone() -> None:
    """Some venues leave OrigClOrdID out."""
    core = Native()
    core.ask(_amend("B1", "A1", "8"))
    core.word(ExecType.REPLACED, f"{core.root}R1", order_id="")
    assert core.order().order_qty == 8


def test_requests_in_line_name_the_one_before() -> None:
    """As FIX has senders chain; each answer finds its own."""
    core = Native()
    one, two = core.ask(_amend("B1", "A1", "8")), core.ask(_amend("B2", "B1", "7"))
    assert isinstance(two, OrderCancelReplaceRequest)
    assert two.orig_cl_ord_id == one.cl_ord_id
    core.refuse(one.cl_ord_id, core.root)
    assert [told.message.cl_ord_id for told in core.told] == ["B1"]  # type: ignore[union-attr]  # an answer, which has it
    core.word(ExecType.REPLACED, two.cl_ord_id, core.root)
    assert (core.order().order_qty, core.order().cl_ord_id) == (Decimal(7), "B2")
    assert core.order().name_at_venue == two.cl_ord_id


def test_a_cancel_names_no_cancel_before_it() -> None:
    """A cancel that is refused would leave the next one without an order."""
    core = Native()
    core.ask(_cancel("B1", "A1"))
    second = core.ask(_cancel("B2", "A1"))
    assert isinstance(second, OrderCancelRequest)
    assert second.orig_cl_ord_id == core.root


def test_a_refusal_told_again_refuses_nothing_else() -> None:
    """The id is ours and answered: no news, whatever else is open."""
    core = Native()
    core.ask(_cancel("B1", "A1"))
    core.refuse(f"{core.root}C1", core.root)
    core.ask(_cancel("B2", "A1"))
    core.refuse(f"{core.root}C1", core.root)
    assert core.told == []
    assert [request.cl_ord_id for request in core.order().requests] == ["B2"]
    core.refuse("", core.root)
    assert core.order().requests == (), "one without a name means the one that is open"
    core.refuse("", core.root)
    assert core.told == []


def test_a_word_about_an_answered_request_answers_no_other() -> None:
    """Pending Cancel under an old name: for a human."""
    core = Native()
    core.ask(_cancel("B1", "A1"))
    core.refuse(f"{core.root}C1", core.root)
    core.ask(_cancel("B2", "A1"))
    core.word(ExecType.PENDING_CANCEL, f"{core.root}C1", core.root)
    assert isinstance(core.records[-1].message, Quarantined)
    assert not core.order().requests[0].pending


def test_a_replace_restates_what_it_does_not_change() -> None:
    """G restates every field; what the desk left out stays as it is."""
    core = Native()
    amend = core.ask(replace(_amend("B1", "A1"), price=None))
    assert isinstance(amend, OrderCancelReplaceRequest)
    assert (amend.order_qty, amend.price) == (Decimal(10), ORDER.price)
    assert amend.time_in_force is TimeInForce.DAY


@pytest.mark.parametrize("named", [True, False])
def test_what_did_not_leave_is_held_by_name(named: bool) -> None:
    """Of two requests in line, the one that left is not sent again."""
    core = Native()
    core.ask(_amend("B1", "A1", "8"))
    core.ask(_amend("B2", "B1", "7"))
    name = f"{core.root}R2" if named else core.root
    core.venue(NotSent(cl_ord_id=name, request=Request.REPLACE, text="cut"))
    assert [request.released for request in core.order().requests] == [named, False]
    core.venue(RouteStatus(route=ROUTE, up=True, ready=True))
    again = [asked.message.cl_ord_id for asked in core.asked]
    assert again == [f"{core.root}R2"] if named else [f"{core.root}R1", f"{core.root}R2"]


def test_an_order_is_found_by_old_names_after_it_was_forgotten() -> None:
    """The history is asked for the order's first name."""
    asked: list[tuple[str, str]] = []

    class History(type(Native().book.history)):  # type: ignore[misc]  # a class of its own
        def by_venue_id(self, route: str, venue_cl_ord_id: str, secondary: str) -> None:
            asked.append((venue_cl_ord_id, secondary))

    core = Native()
    core.book.history = History()
    assert core.book.at_venue(ROUTE, "4711R12", "37x") is None
    assert asked == [("4711", "37x")]
    core.refuse("4711C1", "")
    assert isinstance(core.records[-1].message, Quarantined)
    assert core.book.own(DESK, "A1") is core.order()


def test_a_reason_is_passed_on() -> None:
    """The venue's CxlRejReason and its words."""
    core = Native()
    core.ask(_cancel("B1", "A1"))
    core.venue(
        OrderCancelReject(
            cl_ord_id=f"{core.root}C1",
            orig_cl_ord_id="NONE",
            cxl_rej_reason=CxlRejReason.TOO_LATE_TO_CANCEL,
            text="gone",
        )
    )
    (told,) = core.told
    assert isinstance(told.message, OrderCancelReject)
    assert (told.message.cl_ord_id, told.message.orig_cl_ord_id) == ("B1", "A1")
    assert told.message.cxl_rej_reason is CxlRejReason.TOO_LATE_TO_CANCEL
