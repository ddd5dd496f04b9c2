"""One session's memory: what was asked, what answers it, and what is not to leave any more."""

import socket
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from fix import tags
from fix.departures import Departure, Departures
from fix.link import Link
from fix.sockets import limit_stalling_towards
from fix.transport import SessionConfig
from oms.clock import ManualClock
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport, OrderCancelRequest
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
