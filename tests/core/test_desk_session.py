"""A desk's session as the core sees it: positions, absence, return, news, and floods."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.fields import (
    CxlRejReason,
    ExecTransType,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
)
from oms.core.messages import (
    ExecutionReport,
    News,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from oms.core.notes import (
    Delivered,
    DeskAbsent,
    DeskReturned,
    RouteStatus,
    SessionReset,
    WentBack,
)
from oms.core.ports import Evidence, Inbound
from oms.core.sessions import Session
from tests.core.desk_of_one import DESK, ROUTE, SYMBOL, DeskOfOne
from tests.core.test_checks import GOOD

AWAY = DeskAbsent(origin=DESK, text="cancelled on disconnect: DESK1 was away for 5 s")
OTHER = "DESK2"


def _two_desks() -> DeskOfOne:
    """Two working orders of the desk, and one of another that has the same ClOrdID."""
    core = DeskOfOne()
    core.book.entitlements[OTHER] = core.book.entitlements[DESK]
    for number, (name, origin) in enumerate((("A1", DESK), ("A2", DESK), ("A1", OTHER)), 1):
        core.desk(replace(GOOD, cl_ord_id=name), origin)
        _tells(core, number, ExecType.NEW)
    return core


def _tells(core: DeskOfOne, number: int, exec_type: ExecType) -> None:
    core.venue(
        ExecutionReport(
            exec_id=f"V{len(core.records)}",
            exec_type=exec_type,
            cl_ord_id=core.order(number).venue_cl_ord_id,
        )
    )


# Positions


def test_what_a_desk_has_proved_to_have_stays_proved() -> None:
    core = DeskOfOne()
    core.desk(Delivered(origin=DESK, number=9, msg_seq_num=12, seen=7))
    core.desk(Delivered(origin=DESK, number=9, msg_seq_num=13, seen=3))
    assert core.book.sessions[DESK] == Session(
        msg_seq_num_out=13, delivered=9, seen=7, stored_from=1
    )


def test_a_fresh_start_goes_back_to_what_is_proved() -> None:
    """Both numbers begin again; what may have been told before is remembered as that."""
    core = DeskOfOne()
    core._post(Inbound(source=DESK, message=GOOD, evidence=Evidence.DESK, msg_seq_num=5))
    core.desk(Delivered(origin=DESK, number=9, msg_seq_num=12, seen=7))
    core.desk(SessionReset(origin=DESK, number=7, repeat_to=9))
    core.desk(SessionReset(origin=DESK, number=7, repeat_to=8))
    assert core.book.sessions[DESK] == Session(
        delivered=7, seen=7, repeat_to=9, resets=2, stored_from=1
    )


@pytest.mark.parametrize(("lost", "stored_from"), [(True, 1001), (False, 1)])
def test_a_loss_goes_back_and_jumps_ahead(lost: bool, stored_from: int) -> None:
    """The numbers go on above all that may have been used; those inwards are untouched."""
    core = DeskOfOne()
    core._post(Inbound(source=DESK, message=GOOD, evidence=Evidence.DESK, msg_seq_num=5))
    core.desk(Delivered(origin=DESK, number=9, msg_seq_num=12, seen=7))
    core.desk(WentBack(origin=DESK, number=7, repeat_to=11, msg_seq_num=1000, lost=lost, text=""))
    assert core.book.sessions[DESK] == Session(
        msg_seq_num_in=5,
        msg_seq_num_out=1000,
        delivered=7,
        seen=7,
        repeat_to=11,
        stored_from=stored_from,
    )


# Absence and return


def test_an_absent_desks_orders_are_cancelled_by_the_house() -> None:
    """Its own, each once; what comes of it waits for the desk and says why."""
    core = _two_desks()
    core.desk(AWAY)
    assert [out.order_id for out in core.asked] == ["0000000001", "0000000002"]
    assert all(isinstance(out.message, OrderCancelRequest) for out in core.asked)
    assert core.told == []
    _tells(core, 1, ExecType.CANCELED)
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert (told.origin, told.message.text) == (DESK, AWAY.text)
    assert told.message.ord_status is OrdStatus.CANCELED
    assert core.order(3).requests == ()


def test_an_absent_desk_without_orders_is_no_event() -> None:
    core = _two_desks()
    core.desk(AWAY)
    assert core.desk(AWAY) == (), "all are being cancelled already"
    assert core.desk(DeskAbsent(origin="DESK3", text="")) == ()


def test_an_order_that_can_not_be_cancelled_now_is_cancelled_when_it_can() -> None:
    """The route is down while the desk is away: the cancel is held."""
    core = _two_desks()
    core.venue(RouteStatus(route=ROUTE, up=False, ready=False))
    core.desk(AWAY)
    assert core.asked == []
    core.venue(RouteStatus(route=ROUTE, up=True, ready=True))
    assert [out.order_id for out in core.asked] == ["0000000001", "0000000002"]


def test_a_desk_that_returns_is_told_the_state_of_each_open_order() -> None:
    """20=3 and 17=0: no event is told twice. Nobody else's orders, no closed ones."""
    core = _two_desks()
    _tells(core, 2, ExecType.CANCELED)
    core.desk(DeskReturned(origin=DESK))
    (told,) = core.told
    report = told.message
    assert isinstance(report, ExecutionReport)
    assert (told.origin, report.order_id, report.exec_id) == (DESK, "0000000001", "0")
    assert (report.exec_trans_type, report.ord_status) == (ExecTransType.STATUS, OrdStatus.NEW)
    assert core.desk(DeskReturned(origin="DESK3")) == ()


# News


def _news(core: DeskOfOne, *, up: bool, ready: bool, text: str = "") -> list[tuple[str, News]]:
    core.venue(RouteStatus(route=ROUTE, up=up, ready=ready, text=text))
    found = [(out.origin, out.message) for out in core.told if isinstance(out.message, News)]
    assert len(found) == len(core.told)
    return found


def test_desks_hear_when_a_route_stops_and_begins_to_take_orders() -> None:
    """Those that may use it and want to; of a change, not of every wording."""
    core = DeskOfOne()
    core.book.entitlements |= {OTHER: frozenset({"ELSEWHERE"}), "DESK3": frozenset({ROUTE})}
    core.book.news_to = (DESK, OTHER, "DESK3")
    (one, other) = _news(core, up=False, ready=False, text="connection refused")
    assert [one[0], other[0]] == [DESK, "DESK3"]
    assert one[1] == News(
        headline="VENUE is down",
        text="orders to VENUE are refused until it is ready: connection refused",
    )
    assert _news(core, up=False, ready=False, text="still refused") == []
    assert _news(core, up=True, ready=False) == []
    (back, _) = _news(core, up=True, ready=True)
    assert back[1] == News(headline="VENUE is ready", text="VENUE takes orders again")
    (behind, _) = _news(core, up=True, ready=False)
    assert behind[1].headline == "VENUE is not ready"
    assert behind[1].text == "orders to VENUE are refused until it is ready"


def test_a_route_that_is_ready_for_the_first_time_is_no_news() -> None:
    core = DeskOfOne(ready=False)
    core.book.news_to = (DESK,)
    assert _news(core, up=True, ready=False) == []
    assert _news(core, up=True, ready=True) == []
    assert len(_news(core, up=False, ready=False)) == 1


# Floods


def _throttled(core: DeskOfOne, message: object) -> object:
    inbound = Inbound(
        source=DESK,
        message=message,  # type: ignore[arg-type]  # any message of a desk's
        evidence=Evidence.DESK,
        throttled="THROTTLED: more than 200 orders a second",
    )
    core._post(inbound)
    (told,) = core.told
    return told.message


def test_an_order_too_many_is_refused_and_its_id_is_used() -> None:
    core = DeskOfOne()
    report = _throttled(core, GOOD)
    assert isinstance(report, ExecutionReport)
    assert (report.exec_type, report.ord_status) == (ExecType.REJECTED, OrdStatus.REJECTED)
    assert (report.ord_rej_reason, report.order_id) == (OrdRejReason.EXCHANGE_CLOSED, "NONE")
    assert report.text.startswith("THROTTLED: ")
    assert (core.asked, core.book.all_working()) == ([], [])
    core.desk(GOOD)
    again = core.told[0].message
    assert isinstance(again, ExecutionReport)
    assert again.ord_rej_reason is OrdRejReason.DUPLICATE_ORDER
    assert again.exec_id != report.exec_id


def test_a_replace_too_many_is_refused_and_the_order_stays() -> None:
    core = _two_desks()
    request = OrderCancelReplaceRequest(
        cl_ord_id="R1",
        orig_cl_ord_id="A1",
        symbol=SYMBOL,
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        order_qty=Decimal("0.02"),
        price=Decimal(40000),
    )
    refusal = _throttled(core, request)
    assert isinstance(refusal, OrderCancelReject)
    assert refusal.cxl_rej_reason is CxlRejReason.BROKER_CREDIT
    assert (refusal.order_id, refusal.ord_status) == ("0000000001", OrdStatus.NEW)
    assert refusal.text.startswith("THROTTLED: ")
    assert core.order(1).requests == ()


def test_one_desk_can_neither_cancel_nor_see_anothers_order() -> None:
    """The same ClOrdID names each desk's own; an OrderID of the other's names nothing."""
    core = _two_desks()
    core.desk(OrderCancelRequest(cl_ord_id="C1", orig_cl_ord_id="A1"), OTHER)
    assert [out.order_id for out in core.asked] == ["0000000003"]
    core.desk(OrderCancelRequest(cl_ord_id="C2", orig_cl_ord_id="", order_id="0000000001"), OTHER)
    (told,) = core.told
    assert isinstance(told.message, OrderCancelReject)
    assert told.message.cxl_rej_reason is CxlRejReason.UNKNOWN_ORDER
    assert core.order(1).requests == ()
