"""How much of a desk's flood gets through."""

from decimal import Decimal

from fix.pace import ANSWERS_PER_S, Pace
from oms.clock import ManualClock
from oms.core.fields import OrdType, Side
from oms.core.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)

ORDER = NewOrderSingle(
    cl_ord_id="A1", symbol="BTC/USDT", side=Side.BUY, ord_type=OrdType.LIMIT, order_qty=Decimal(1)
)
REPLACE = OrderCancelReplaceRequest(
    cl_ord_id="R1", orig_cl_ord_id="A1", symbol="BTC/USDT", side=Side.BUY, ord_type=OrdType.LIMIT
)
CANCEL = OrderCancelRequest(cl_ord_id="C1", orig_cl_ord_id="A1")
STATUS = OrderStatusRequest(cl_ord_id="A1")


def test_orders_and_replaces_share_a_budget_that_fills_again() -> None:
    clock = ManualClock()
    pace = Pace(10, clock)
    answers = [pace.weigh(one)[0] for one in [ORDER, REPLACE] * 6]
    assert answers[:10] == [""] * 10
    assert answers[10:] == ["THROTTLED: more than 10 orders a second; try again later"] * 2
    clock.advance(0.25)
    assert [bool(pace.weigh(ORDER)[0]) for _ in range(3)] == [False, False, True]
    clock.advance(60)
    assert [bool(pace.weigh(ORDER)[0]) for _ in range(11)] == [False] * 10 + [True]


def test_a_cancel_is_never_held_up() -> None:
    pace = Pace(1, ManualClock())
    for _ in range(3 * ANSWERS_PER_S):
        pace.weigh(ORDER)
    assert [pace.weigh(CANCEL) for _ in range(3)] == [("", 0.0)] * 3


def test_more_answers_than_that_are_waited_for() -> None:
    """Status requests are answered, however many, but whoever asks waits for it."""
    clock = ManualClock()
    pace = Pace(10, clock)
    assert [pace.weigh(STATUS)[1] for _ in range(ANSWERS_PER_S)] == [0.0] * ANSWERS_PER_S
    refusal, wait_s = pace.weigh(STATUS)
    assert (refusal, round(wait_s * ANSWERS_PER_S, 6)) == ("", 1.0)
    clock.advance(wait_s)
    assert round(pace.weigh(STATUS)[1] * ANSWERS_PER_S, 6) == 1.0


def test_what_we_asked_for_again_is_not_refused() -> None:
    """After a crash a desk repeats in a moment what it had sent in minutes."""
    pace = Pace(1, ManualClock())
    assert [pace.weigh(ORDER, again=True)[0] for _ in range(50)] == [""] * 50
