"""What a plain counterparty is asked, and when all of it has been answered."""

from dataclasses import replace
from decimal import Decimal

from fix.inquiry import AGAIN_S, Inquiry
from oms.core.messages import OrderStatusRequest
from oms.core.notes import Doubt, Request
from tests.core.desk_of_one import NATIVE, ROUTE, DeskOfOne
from tests.core.test_checks import GOOD


class Bench:
    """An inquiry into the orders of a book; what it asked, and how often it was complete."""

    def __init__(self, orders: int) -> None:
        self.core = DeskOfOne(NATIVE)
        for number in range(1, orders + 1):
            self.core.desk(replace(GOOD, cl_ord_id=f"A{number}", order_qty=Decimal(number)))
        self.asked: list[OrderStatusRequest] = []
        self.completed = 0
        self.inquiry = Inquiry(ROUTE, self.core.book, self.asked.append, self._complete)

    def _complete(self) -> None:
        self.completed += 1

    def name(self, number: int) -> str:
        """What the venue calls the n-th order."""
        return self.core.order(number).venue_cl_ord_id

    def doubt_fills(self) -> None:
        """Executions of the first order are missing."""
        self.core.venue(Doubt(cl_ord_id=self.name(1), request=Request.FILLS, text="?"))


def test_it_is_complete_once_when_every_order_was_answered() -> None:
    """Under the order's first name or the name of its replace; what nobody asked is nothing."""
    bench = Bench(2)
    assert bench.inquiry.begin() == 2
    assert [one.cl_ord_id for one in bench.asked] == [bench.name(1), bench.name(2)]
    bench.inquiry.answered(f"{bench.name(1)}R3")
    bench.inquiry.answered("4711", "a stranger")
    assert (bench.completed, bench.inquiry.awaits) == (0, True)
    bench.inquiry.answered(bench.name(2))
    bench.inquiry.answered(bench.name(2))
    assert (bench.completed, bench.inquiry.awaits) == (1, False)


def test_an_answer_may_name_the_order_by_the_counterparty_s_id_alone() -> None:
    """ClOrdID is required by the specification and missing all the same."""
    bench = Bench(1)
    bench.core.venue(Doubt(cl_ord_id=bench.name(1), request=Request.NEW, text="?"))
    order = bench.core.order().evolve(secondary_order_id="V1")
    bench.core.book.restore([order])
    bench.inquiry.begin()
    bench.inquiry.answered("")
    assert bench.inquiry.awaits
    bench.inquiry.answered("", "V1")
    assert bench.completed == 1


def test_a_lost_connection_takes_the_answers_with_it() -> None:
    """Nothing is complete by that."""
    bench = Bench(1)
    bench.inquiry.begin()
    bench.inquiry.end()
    bench.inquiry.answered(bench.name(1))
    assert (bench.completed, bench.inquiry.awaits) == (0, False)


def test_a_lost_report_has_all_orders_asked_for_unless_they_are() -> None:
    """Else an answer that is never readable would be asked for without end."""
    bench = Bench(2)
    bench.inquiry.lost_report()
    bench.inquiry.lost_report()
    assert len(bench.asked) == 2
    bench.inquiry.answered(bench.name(1))
    bench.inquiry.answered(bench.name(2))
    bench.inquiry.lost_report()
    assert len(bench.asked) == 4


def test_missing_fills_are_asked_for_now_and_then() -> None:
    """At once, and again after a while if they are still missing; other orders are not."""
    bench = Bench(2)
    bench.inquiry.look(100.0)
    assert bench.asked == []
    bench.doubt_fills()
    for seconds in (0, 1, AGAIN_S - 1, AGAIN_S, AGAIN_S + 1):
        bench.inquiry.look(100.0 + seconds)
    assert [one.cl_ord_id for one in bench.asked] == [bench.name(1)] * 2
    assert bench.inquiry.awaits is False
