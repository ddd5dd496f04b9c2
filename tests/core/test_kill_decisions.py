"""The kill switch and cancel-all, on the pure core."""

from dataclasses import replace
from decimal import Decimal

import pytest

from oms.core.fields import BusinessRejectReason, CxlRejReason, ExecType, OrdRejReason, OrdStatus
from oms.core.house import HOUSE
from oms.core.messages import (
    BusinessMessageReject,
    ExecutionReport,
    News,
    OrderCancelReject,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.notes import (
    CancelAll,
    Doubt,
    KillCertificate,
    KillSweep,
    KillSwitch,
    Request,
    RequestEntered,
    RouteStatus,
    Started,
)
from oms.core.ports import Decision, Evidence, Inbound, Message
from tests.core.desk_of_one import DESK, NATIVE, ROUTE, DeskOfOne
from tests.core.test_checks import GOOD
from tests.core.test_house import AMEND

ON = KillSwitch(on=True, route="*", origin="operator", cl_ord_id="K1")
OFF = replace(ON, on=False, cl_ord_id="K2")
OPERATOR = "operator"


def _posts(core: DeskOfOne, message: Message, source: str = OPERATOR, seq: int = 0) -> Decision:
    return core._post(
        Inbound(source=source, message=message, evidence=Evidence.OPERATOR, msg_seq_num=seq)
    )


def _working(count: int = 1, core: DeskOfOne | None = None) -> DeskOfOne:
    core = core or DeskOfOne()
    for number in range(1, count + 1):
        core.desk(replace(GOOD, cl_ord_id=f"A{number}"))
        _tells(core, ExecType.NEW, number)
    return core


def _tells(core: DeskOfOne, exec_type: ExecType, number: int = 1) -> None:
    name = core.order(number).venue_cl_ord_id
    exec_id = f"V{len(core.records)}"
    core.venue(ExecutionReport(exec_id=exec_id, exec_type=exec_type, cl_ord_id=name))


def _news(core: DeskOfOne) -> News:
    (told,) = core.told
    assert isinstance(told.message, News)
    return told.message


def _reject(core: DeskOfOne) -> BusinessMessageReject:
    (told,) = core.told
    assert isinstance(told.message, BusinessMessageReject)
    return told.message


def test_everything_that_works_is_cancelled_at_once() -> None:
    """One request an order, by the engine itself; the asker hears how many."""
    core = _working(3)
    _posts(core, ON)
    assert [type(asked.message) for asked in core.asked] == [OrderCancelRequest] * 3
    assert {request.origin for n in (1, 2, 3) for request in core.order(n).requests} == {HOUSE}
    assert (_news(core).headline, _news(core).text) == (
        "KILL SWITCH ON at every venue",
        "3 orders are cancelled, their ends follow",
    )
    _tells(core, ExecType.CANCELED, 2)
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert (told.message.ord_status, told.message.text) == (OrdStatus.CANCELED, "KILL SWITCH")


@pytest.mark.parametrize("route", ["*", ROUTE])
def test_it_stops_d_and_g_and_lets_f_and_h_pass(route: str) -> None:
    """103=2 and 434=2 with 102=2; a cancel and a status request are answered as ever."""
    core = _working(1, DeskOfOne(replace(NATIVE, tells_pending=False)))
    _posts(core, replace(ON, route=route))
    core.desk(replace(GOOD, cl_ord_id="A9"))
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert told.message.exec_type is ExecType.REJECTED
    assert told.message.ord_rej_reason is OrdRejReason.EXCHANGE_CLOSED
    assert told.message.text == "KILL SWITCH: VENUE takes no new orders"
    assert core.asked == []
    core.desk(AMEND)
    (told,) = core.told
    assert isinstance(told.message, OrderCancelReject)
    assert told.message.cxl_rej_reason is CxlRejReason.BROKER_CREDIT
    assert told.message.text == "KILL SWITCH: VENUE replaces nothing"
    core.desk(OrderCancelRequest(cl_ord_id="C1", orig_cl_ord_id="A1"))
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert told.message.exec_type is ExecType.PENDING_CANCEL
    core.desk(OrderStatusRequest(cl_ord_id="A1"))
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert told.message.ord_status is OrdStatus.PENDING_CANCEL


def test_it_wins_over_a_route_that_is_down() -> None:
    """The answer names what a person has to turn back."""
    core = DeskOfOne(ready=False)
    _posts(core, ON)
    core.desk(GOOD)
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert told.message.text.startswith("KILL SWITCH")


def test_off_lifts_the_block_and_nothing_else() -> None:
    """Orders pass again; cancels that are under way stay so."""
    core = _working()
    _posts(core, ON)
    _posts(core, OFF)
    assert _news(core).headline == "KILL SWITCH OFF at every venue"
    assert core.order().requests
    core.desk(replace(GOOD, cl_ord_id="A2"))
    assert len(core.asked) == 1
    assert not core.book.killed(ROUTE)


def test_one_route_is_lifted_alone_and_everywhere_lifts_all() -> None:
    """What is killed everywhere stays killed at each; off everywhere leaves nothing behind."""
    core = _working()
    _posts(core, ON)
    _posts(core, replace(ON, route=ROUTE, cl_ord_id="K3"))
    _posts(core, replace(OFF, route=ROUTE, cl_ord_id="K4"))
    assert core.book.killed(ROUTE)
    _posts(core, replace(ON, route=ROUTE, cl_ord_id="K5"))
    _posts(core, replace(OFF, cl_ord_id="K6"))
    assert not core.book.killed(ROUTE)
    assert not any(kill.on for kill in core.book.kills.values())


def test_turned_on_twice_it_stands_since_the_first_time() -> None:
    """And what works meanwhile is cancelled all the same."""
    core = _working()
    _posts(core, ON)
    since = core.book.kills["*"]
    first = core.order().requests[0]
    core.venue(
        OrderCancelReject(
            cl_ord_id=first.cl_ord_id, orig_cl_ord_id=core.order().venue_cl_ord_id, text="no"
        )
    )
    _posts(core, ON)
    assert core.book.kills["*"] == since
    assert len(core.asked) == 1


def test_on_is_never_refused_for_its_id_and_off_is() -> None:
    """An old `off` told again must not open what was shut since."""
    core = _working()
    _posts(core, replace(ON, cl_ord_id="A1"), DESK)
    assert _reject(core).business_reject_reason is BusinessRejectReason.OTHER
    core.book.killers = frozenset({DESK})
    _posts(core, replace(ON, cl_ord_id="A1"), DESK)
    assert core.book.killed(ROUTE)
    assert core.book.used(DESK, "A1") == core.order().order_id, "the order keeps its name"
    _posts(core, replace(OFF, cl_ord_id="K7"), DESK)
    _posts(core, replace(ON, cl_ord_id="K8"), DESK)
    _posts(core, replace(OFF, cl_ord_id="K7"), DESK, seq=12)
    reject = _reject(core)
    assert (reject.ref_msg_type, reject.ref_seq_num) == ("U1", 12)
    assert (reject.business_reject_ref_id, reject.text) == (
        "K7",
        "duplicate ClOrdID K7: the kill switch is left as it is",
    )
    assert core.book.killed(ROUTE)


def test_who_may_not_is_told_so_and_nothing_happens() -> None:
    """BusinessMessageReject: 4.2 has no reason of that name (380=0)."""
    core = _working()
    _posts(core, ON, DESK, seq=7)
    reject = _reject(core)
    assert reject.text == "not authorised: this session may not turn the kill switch"
    assert (reject.business_reject_reason, core.asked) == (BusinessRejectReason.OTHER, [])
    assert not core.book.killed(ROUTE)


def test_an_unknown_route_is_named() -> None:
    """380=1; a route that was taken out of the configuration can still be lifted."""
    core = _working()
    _posts(core, replace(ON, route="NOWHERE"))
    assert _reject(core).business_reject_reason is BusinessRejectReason.UNKNOWN_ID
    assert _reject(core).text == "unknown route 'NOWHERE': VENUE"
    _posts(core, replace(ON, route=ROUTE))
    del core.book.routes[ROUTE]
    _posts(core, replace(OFF, route=ROUTE))
    assert not core.book.killed(ROUTE)


def test_an_order_in_doubt_is_cancelled_the_moment_it_appears() -> None:
    """Held, because nobody can cancel what may not exist."""
    core = DeskOfOne()
    core.desk(GOOD)
    core.venue(Doubt(cl_ord_id=core.order().venue_cl_ord_id, request=Request.NEW, text="lost"))
    _posts(core, ON)
    assert core.asked == []
    _tells(core, ExecType.NEW)
    (asked,) = core.asked
    assert isinstance(asked.message, OrderCancelRequest)


def test_a_held_replace_does_not_go_out_under_it() -> None:
    """The route comes back: the cancel leaves, the replace that was held before it does not."""
    core = _working(1, DeskOfOne(replace(NATIVE, tells_pending=False)))
    core.venue(RouteStatus(route=ROUTE, up=False, ready=False, text="down"))
    core.desk(AMEND)
    _posts(core, ON)
    core.venue(RouteStatus(route=ROUTE, up=True, ready=True))
    assert [type(asked.message) for asked in core.asked] == [OrderCancelRequest]


def test_a_sweep_asks_again_for_what_is_left_alone() -> None:
    """The venue refused the cancel: the order works on, and is asked for again."""
    core = _working(2)
    _posts(core, ON)
    first = core.order().requests[0]
    core.venue(
        OrderCancelReject(
            cl_ord_id=first.cl_ord_id, orig_cl_ord_id=core.order().venue_cl_ord_id, text="no"
        )
    )
    assert core.order().requests == ()
    _posts(core, KillSweep(), "engine")
    assert len(core.asked) == 1
    assert core.order().requests
    assert _posts(core, KillSweep(), "engine") == ()
    _posts(core, OFF)
    assert _posts(core, KillSweep(), "engine") == ()


def test_a_start_under_it_cancels_what_works() -> None:
    """Held until the route is back; an order that was unanswered is in doubt and cancelled too."""
    core = _working(2)
    core.desk(replace(GOOD, cl_ord_id="A3"))
    _posts(core, ON)
    first = core.order().requests[0]
    core.venue(
        OrderCancelReject(cl_ord_id=first.cl_ord_id, orig_cl_ord_id=core.order().venue_cl_ord_id)
    )
    core.venue(RouteStatus(route=ROUTE, up=False, ready=False))
    _posts(core, Started(epoch=2, version="0"), "engine")
    kinds = {r.kind for n in (1, 2, 3) for r in core.order(n).requests}
    assert kinds == {Request.CANCEL}
    assert core.asked == []
    core.venue(RouteStatus(route=ROUTE, up=True, ready=True))
    assert len(core.asked) == 1, "the others are in doubt, and are asked for when they appear"


def test_the_certificate_goes_to_who_turned_the_switch() -> None:
    """Journaled, told as News, and remembered; one that comes too late is not news any more."""
    core = _working()
    _posts(core, replace(ON, route=ROUTE))
    note = KillCertificate(route=ROUTE, origin=OPERATOR, in_doubt=2, text="a line\nanother")
    _posts(core, note, "engine")
    news = _news(core)
    assert news.headline == "KILL SWITCH DONE at VENUE, 2 orders in doubt"
    assert news.text == "a line\nanother"
    assert core.book.kills[ROUTE].in_doubt == 2
    _posts(core, replace(note, in_doubt=0), "engine")
    assert _news(core).headline == "KILL SWITCH DONE at VENUE"
    _posts(core, OFF)
    assert _posts(core, note, "engine") == ()
    assert _posts(core, replace(note, route="*"), "engine") == ()


ALL = CancelAll(origin=DESK, cl_ord_id="CA1", route="*")


def test_cancel_all_covers_the_askers_own_orders() -> None:
    """One by one, in the asker's name; orders of others are left alone."""
    core = _working(2)
    core.desk(replace(GOOD, cl_ord_id="S1"), "other")
    assert core.order(3).ord_status is OrdStatus.REJECTED, "the other may not trade here"
    core.book.entitlements["other"] = frozenset({"*"})
    core.desk(replace(GOOD, cl_ord_id="S2"), "other")
    _tells(core, ExecType.NEW, 4)
    _posts(core, ALL, DESK)
    assert len(core.asked) == 2
    assert {r.origin for n in (1, 2) for r in core.order(n).requests} == {DESK}
    assert core.order(4).requests == ()
    _tells(core, ExecType.CANCELED)
    (told,) = core.told
    assert isinstance(told.message, ExecutionReport)
    assert told.message.text == "cancel all"
    assert core.book.used(DESK, "CA1") == ""


def test_cancel_all_of_everybody_is_the_operators() -> None:
    """A desk that says so gets its own orders alone; a used id is no reason to leave them."""
    core = _working(2)
    core.book.entitlements["other"] = frozenset({"*"})
    core.desk(replace(GOOD, cl_ord_id="S1"), "other")
    _posts(core, replace(ALL, everybody=True), "other")
    assert [bool(core.order(n).requests) for n in (1, 2, 3)] == [False, False, True]
    _posts(core, replace(ALL, everybody=True, route=ROUTE), OPERATOR)
    assert all(core.order(n).requests for n in (1, 2, 3))
    decision = _posts(core, replace(ALL, everybody=True, route=ROUTE), OPERATOR)
    assert len(decision) == 1
    note = decision[0].message
    assert isinstance(note, CancelAll)
    assert note.cl_ord_id == "", "its id was used before"


def test_an_account_wide_call_makes_no_single_cancels() -> None:
    """It is recorded before the venue is asked; the venue's reports tell what came of it."""
    core = _working(1)
    decision = _posts(core, replace(ALL, account_wide=True, everybody=True, route=ROUTE))
    assert [type(record.message) for record in decision] == [CancelAll]
    assert (core.asked, decision[0].route) == ([], ROUTE)


def test_a_fill_meanwhile_is_counted() -> None:
    """The cancel comes too late; the order is filled, and its end is the fill."""
    core = _working()
    _posts(core, ON)
    order = core.order()
    core.venue(
        ExecutionReport(
            exec_id="F1",
            exec_type=ExecType.FILL,
            cl_ord_id=order.venue_cl_ord_id,
            last_shares=order.order_qty,
            last_px=Decimal(40000),
        )
    )
    assert core.order().closed
    assert core.order().ord_status is OrdStatus.FILLED


def test_every_cancel_is_a_record_of_its_own() -> None:
    """The journal says of each order that it was asked for, and why."""
    core = _working(2)
    decision = _posts(core, ON)
    assert [type(record.message) for record in decision] == [KillSwitch, *[RequestEntered] * 2]
    assert [record.evidence for record in decision[1:]] == [Evidence.POLICY] * 2
    assert [record.raw for record in decision[1:]] == ["", ""]
