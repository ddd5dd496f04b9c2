"""One session's memory: what was asked, what answers it, and what is not to leave any more."""

import socket
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from fix import tags
from fix.departures import Departure, Departures
from fix.link import SENT_MAX, Link
from fix.sockets import limit_stalling_towards
from fix.transport import SessionConfig
from oms.clock import ManualClock
from oms.core.errors import VenueUnavailable
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport, OrderCancelRequest
from oms.core.ports import LinkWord
from tests.fix.test_link_order import Told


def link() -> Link:
    """A session that connects to nothing."""
    clock = ManualClock()
    named = {"BEGINSTRING": "FIX.4.2", "SENDERCOMPID": "A", "TARGETCOMPID": "B"}
    nothing = Departures("test", lambda one: None, lambda one, why: None, clock)
    return Link(SessionConfig(named), nothing, clock)


def report(cl_ord_id: str = "", order_id: str = "", shares: str = "") -> ExecutionReport:
    """A report of the venue's."""
    return ExecutionReport(
        exec_id="e",
        exec_type=ExecType.NEW,
        cl_ord_id=cl_ord_id,
        order_id=order_id,
        last_shares=Decimal(shares) if shares else None,
    )


def test_an_order_asked_for_twice_has_two_answers() -> None:
    """The second is no event either."""
    one = link()
    one.sent(2, "H", "a", "v")
    one.sent(3, "H", "a", "v")
    assert [one.answers(report("a")) for _ in range(3)] == [True, True, False]
    one.sent(4, "H", "a", "v")
    one.sent(5, "H", "a", "v")
    assert one.refused(4) == ("H", "a")
    told = [one.answers(report(order_id="v")), one.answers(report(order_id="v"))]
    assert told == [True, False]


def test_what_was_asked_on_one_logon_is_not_answered_on_the_next() -> None:
    one = link()
    one.sent(2, "H", "a", "v")
    one.lost()
    one.opened()
    assert not one.answers(report("a"))


def test_a_request_taken_over_for_one_logon_is_held_back_on_the_next(tmp_path: Path) -> None:
    """The last word, on the thread that sends, just before it would leave."""
    told = Told(tmp_path, "BINANCE")
    initiator, name = told.initiator, told.names[0]
    fields = [(tags.MSG_TYPE, "F"), (tags.MSG_SEQ_NUM, "2"), (tags.CL_ORD_ID, "v1")]
    cancel = OrderCancelRequest(cl_ord_id="c1", orig_cl_ord_id="v1")
    allowed = []
    for opening in (1, 2):
        initiator.logged_on(name)
        initiator._sending.departure = Departure(cancel, "BINANCE", 0.0, 1)
        allowed.append((opening, initiator.sending(name, fields)))
        initiator.logged_out(name)
    assert allowed == [(1, True), (2, False)]


def test_connections_to_a_port_get_a_limit_and_no_others() -> None:
    """Without it a send to a venue that takes nothing waits for ever."""
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as there,
        closing(socket.create_server(("127.0.0.1", 0))) as elsewhere,
        closing(socket.create_connection(there.getsockname())) as mine,
        closing(socket.create_connection(elsewhere.getsockname())) as other,
    ):
        limit_stalling_towards(there.getsockname()[1], 7.5)
        limits = [
            one.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) for one in (mine, other)
        ]
        assert limits == [7500, 0]


def denial(cl_ord_id: str) -> ExecutionReport:
    """An answer that knows no such order."""
    return ExecutionReport(
        exec_id="e",
        exec_type=ExecType.REJECTED,
        cl_ord_id=cl_ord_id,
        text="327738: Order doesn't exist, please change order ID.",
    )


def test_whoever_waits_for_an_answer_is_told_what_it_was_and_in_which_logon() -> None:
    one = link()
    one.opened()
    one.sent(2, "D", "a", "")
    one.sent(3, "H", "a", "")
    one.sent(4, "H", "b", "")
    here, older = one.awaits("a"), one.awaits("b")
    assert one.answers(denial("a"))
    assert one.answers(report("b"))
    assert here.result(0) == LinkWord(known=False, logon=1, sent_in_it=True)
    assert older.result(0) == LinkWord(known=True, logon=1, sent_in_it=False)


def test_who_asks_again_after_somebody_gave_up_is_answered() -> None:
    """An answer that is cancelled would end whoever waits for it, without a word."""
    one = link()
    one.opened()
    one.awaits("a").cancel()
    again = one.awaits("a")
    assert one.awaits("a") is again
    one.sent(2, "H", "a", "")
    assert one.answers(report("a"))
    assert again.result(0).known


def test_who_gave_up_waiting_keeps_nothing_else_from_being_told() -> None:
    one = link()
    one.opened()
    given_up, given_up_too, patient = one.awaits("a"), one.awaits("b"), one.awaits("c")
    for number, name in enumerate("abc", 2):
        one.sent(number, "H", name, "")
    given_up.cancel()
    given_up_too.cancel()
    assert one.answers(report("b"))
    assert "lost" in one.lost()
    with pytest.raises(VenueUnavailable):
        patient.result(0)


def test_what_was_sent_and_forgotten_may_have_been_sent_in_this_logon() -> None:
    one = link()
    for number in range(SENT_MAX + 1):
        one.sent(number, "D", f"o{number}", "")
    one.sent(SENT_MAX + 1, "H", "o0", "")
    told = one.awaits("o0")
    one.answers(denial("o0"))
    assert told.result(0).sent_in_it
    one.opened()
    one.sent(2, "H", "o0", "")
    told = one.awaits("o0")
    one.answers(denial("o0"))
    assert not told.result(0).sent_in_it


@pytest.mark.parametrize("how", ["lost", "rejected", "unasked"])
def test_an_answer_that_will_not_come_is_told_as_none(how: str) -> None:
    one = link()
    one.sent(2, "H", "a", "")
    told = one.awaits("a")
    if how == "lost":
        one.lost()
    elif how == "rejected":
        one.refused(2)
    else:
        one.unasked("a", "the session is down")
    with pytest.raises(VenueUnavailable):
        told.result(0)
