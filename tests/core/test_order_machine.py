"""Any sequence of what venues and desks can say keeps the sums, and a replay agrees."""

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from oms.core.fields import ExecTransType, ExecType, OrdStatus
from oms.core.messages import ExecutionReport, OrderCancelReject, OrderCancelRequest
from oms.core.notes import Doubt, NotSent, Request, RouteStatus
from oms.core.numbers import average
from tests.core.desk_of_one import PLAIN, ROUTE, DeskOfOne
from tests.core.test_checks import GOOD

QUANTITIES = st.integers(1, 60).map(lambda n: Decimal(n) / 10_000)
PRICES = st.integers(1, 99).map(Decimal)


class OrderMachine(RuleBasedStateMachine):
    """One order, every message in any order."""

    def __init__(self) -> None:
        """The order is on its way."""
        super().__init__()
        self.core = DeskOfOne(PLAIN)
        self.core.desk(GOOD)
        self.ids = 0

    def _told(self, exec_type: ExecType, **more: object) -> None:
        self.ids += 1
        exec_id = str(more.pop("exec_id", f"E{self.ids}"))
        self.core.venue(
            ExecutionReport(
                exec_id=exec_id,
                exec_type=exec_type,
                cl_ord_id=self.core.order().venue_cl_ord_id,
                **more,  # type: ignore[arg-type]  # fields of several types
            )
        )

    @rule(exec_type=st.sampled_from(ExecType))
    def event(self, exec_type: ExecType) -> None:
        """Any ExecType without an execution."""
        self._told(exec_type)

    @rule(qty=QUANTITIES, px=PRICES, again=st.booleans())
    def fill(self, qty: Decimal, px: Decimal, again: bool) -> None:
        """An execution, perhaps told twice."""
        exec_id = f"F{self.ids}"
        for _ in range(2 if again else 1):
            self._told(ExecType.PARTIAL_FILL, exec_id=exec_id, last_shares=qty, last_px=px)

    @rule(cum=QUANTITIES, px=PRICES)
    def sight(self, cum: Decimal, px: Decimal) -> None:
        """A cumulative quantity seen by a poll."""
        self._told(
            ExecType.PARTIAL_FILL,
            exec_id=f"7:{cum}",
            last_shares=cum,
            last_px=px,
            derived=True,
            cum_qty=cum,
        )

    @rule(which=st.integers(0, 9), px=PRICES, bust=st.booleans())
    def undo(self, which: int, px: Decimal, bust: bool) -> None:
        """A bust or a correction of some execution, standing or not."""
        ids = list(self.core.order().executions) or ["none"]
        self._told(
            ExecType.PARTIAL_FILL,
            exec_trans_type=ExecTransType.CANCEL if bust else ExecTransType.CORRECT,
            exec_ref_id=ids[which % len(ids)],
            last_shares=Decimal("0.001"),
            last_px=px,
        )

    @rule()
    def cancel(self) -> None:
        """The desk asks, whatever the state."""
        self.ids += 1
        self.core.desk(OrderCancelRequest(cl_ord_id=f"C{self.ids}", orig_cl_ord_id="A1"))

    @rule()
    def cancel_reject(self) -> None:
        """The venue refuses."""
        order = self.core.order()
        self.core.venue(OrderCancelReject(cl_ord_id="?", orig_cl_ord_id=order.venue_cl_ord_id))

    @rule(request=st.sampled_from(Request), not_sent=st.booleans())
    def lose(self, request: Request, not_sent: bool) -> None:
        """An answer is lost, or nothing was sent."""
        note = NotSent if not_sent else Doubt
        self.core.venue(
            note(cl_ord_id=self.core.order().venue_cl_ord_id, request=request, text="lost")
        )

    @rule(up=st.booleans())
    def move_route(self, up: bool) -> None:
        """The route goes or comes."""
        self.core.venue(RouteStatus(route=ROUTE, up=up, ready=up, text="x", lost_answers=not up))

    @invariant()
    def sums_agree(self) -> None:
        """CumQty, AvgPx and LeavesQty are sums over the executions that stand."""
        order = self.core.order()
        standing = [e for e in order.executions.values() if e.stands]
        cum = sum((e.last_shares for e in standing), Decimal(0))
        notional = sum((e.last_shares * e.last_px for e in standing), Decimal(0))
        assert order.cum_qty == cum
        assert order.avg_px == average(notional, cum)
        working = not (order.ended or order.filled)
        assert order.leaves_qty == (order.order_qty - cum if working else 0)

    @invariant()
    def statuses_are_fix(self) -> None:
        """Ended or filled orders say so; only requests that are open are pending."""
        order = self.core.order()
        status = order.ord_status
        if order.closed:
            assert status in (
                OrdStatus.FILLED,
                OrdStatus.CANCELED,
                OrdStatus.EXPIRED,
                OrdStatus.REJECTED,
                OrdStatus.DONE_FOR_DAY,
                OrdStatus.STOPPED,
            )
        if not order.requests:
            assert status not in (OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE)

    @invariant()
    def positions_follow(self) -> None:
        """The base position is what stands, the cash its price."""
        order = self.core.order()
        positions = {key[3]: qty for key, qty in self.core.book.positions.items()}
        assert positions.get("BTC", Decimal(0)) == order.cum_qty
        assert positions.get("USDT", Decimal(0)) == -order.notional


OrderMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestOrderMachine = OrderMachine.TestCase
