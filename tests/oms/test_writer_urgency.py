"""What the writer decides first: a kill switch that is turned on waits behind nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from oms.clock import ManualClock
from oms.core.book import Changes
from oms.core.fields import OrdStatus
from oms.core.notes import KillSwitch
from oms.core.ports import Evidence, Inbound, Message, Record, ToVenue
from oms.writer import BATCH_MAX, Gateways, Writer
from tests.core.desk_of_one import DESK, ROUTE, DeskOfOne
from tests.core.test_checks import GOOD

ON = KillSwitch(on=True, route="*", origin="operator", cl_ord_id="K1")


class Line:
    """A writer with a store that remembers and a venue that says nothing."""

    def __init__(self) -> None:
        self.core = DeskOfOne()
        self.records: list[Record] = []
        self.sent: list[ToVenue] = []
        self.faults: list[BaseException] = []
        self.writer = Writer(
            self.core.book,
            self,
            Gateways(venues={ROUTE: self}),
            clock=ManualClock(),
            draw=lambda count: "7" * count,
            on_fault=self.faults.append,
        )

    def commit(self, changes: Changes) -> None:
        """Keep what was decided."""
        self.records += [record for _, record in changes.records]

    def send(self, outbound: ToVenue) -> None:
        """Take a request."""
        self.sent.append(outbound)

    def ask(self, query: str, **parameters: Any) -> Any:
        """Nothing is asked here."""
        raise AssertionError(query)

    def post(self, message: Message, source: str = DESK, number: int = 0) -> None:
        """A message in its place."""
        self.writer.post(
            Inbound(source=source, message=message, evidence=Evidence.DESK, msg_seq_num=number)
        )

    def run(self) -> None:
        """Decide all that waits."""
        self.writer.start()
        assert self.writer.stop(10.0), "waited 10 s for the writer to end"
        assert self.faults == []


def _line(*steps: Callable[[Line], None]) -> Line:
    line = Line()
    for step in steps:
        step(line)
    line.run()
    return line


def test_orders_that_wait_are_refused_though_they_came_before() -> None:
    """More than a batch of them; the switch is the first record of all."""

    def flood(line: Line) -> None:
        for number in range(BATCH_MAX + 5):
            line.post(replace(GOOD, cl_ord_id=f"A{number}"))

    line = _line(flood, lambda line: line.post(ON, "operator"))
    assert isinstance(line.records[0].message, KillSwitch)
    assert line.sent == []
    assert line.core.order(1).ord_status is OrdStatus.REJECTED
    assert line.core.order(BATCH_MAX + 5).ord_status is OrdStatus.REJECTED
    last = line.records[-1].message
    assert isinstance(last, KillSwitch), "and in its place it is answered"
    assert last.cl_ord_id == "K1"


def test_a_sessions_position_does_not_run_ahead() -> None:
    """A desk's switch is obeyed at once; its MsgSeqNum is consumed after what it said before."""
    line = Line()
    line.core.book.killers = frozenset({DESK})
    line.post(GOOD, number=7)
    line.post(replace(ON, origin=DESK), number=8)
    line.run()
    numbers = [record.msg_seq_num for record in line.records if record.msg_seq_num]
    assert numbers == [7, 8]
    assert line.records[0].msg_seq_num == 0
    assert line.core.order().ord_status is OrdStatus.REJECTED
    answers = [out for record in line.records for out in record.outbound]
    assert len(answers) == 2, "the refusal of the order, and one News"


def test_who_may_not_is_answered_once() -> None:
    """And what runs ahead of the message leaves no trace."""
    line = _line(lambda line: line.post(replace(ON, origin=DESK), number=3))
    assert len(line.records) == 1
    assert not line.core.book.kills


def test_an_earlier_off_does_not_have_the_last_word() -> None:
    """On, off, on: it is on."""
    off = replace(ON, on=False, cl_ord_id="K2")
    line = Line()
    for message in (ON, off, replace(ON, cl_ord_id="K3")):
        line.post(message, "operator")
    line.run()
    assert line.core.book.killed(ROUTE)
    line = _line(lambda line: line.post(ON, "operator"), lambda line: line.post(off, "operator"))
    assert not line.core.book.killed(ROUTE)
