"""Who watches the clock for orders that the engine ends by itself."""

import queue
from dataclasses import replace
from datetime import timedelta

from oms.clock import ManualClock
from oms.core.fields import TimeInForce
from oms.core.notes import Expired
from oms.core.order import Order
from oms.core.ports import Inbound
from oms.core.transitions import Life
from oms.expiries import AGAIN_S, Expiries
from tests.core.desk_of_one import DeskOfOne
from tests.core.emulating_desk import Desk
from tests.core.test_checks import GOOD

WAIT_S = 30.0


def _dated(clock: ManualClock) -> DeskOfOne:
    """A core with one order that ends in a minute."""
    core = Desk()
    core.now = clock.now()
    expiry = clock.now() + timedelta(minutes=1)
    core.desk(replace(GOOD, time_in_force=TimeInForce.GOOD_TILL_DATE, expire_time=expiry))
    return core


def _told(posted: list[Inbound]) -> list[str]:
    return [one.message.order_id for one in posted if isinstance(one.message, Expired)]


def test_it_tells_when_the_time_has_come_and_again_while_the_order_works() -> None:
    """A cancel may be refused; the core is asked again, at its leisure."""
    clock, posted = ManualClock(), list[Inbound]()
    core = _dated(clock)
    expiries = Expiries(lambda inbound: posted.append(inbound), core.book, clock)
    expiries.watch([core.order()])
    expiries.look()
    assert _told(posted) == []
    clock.advance(61)
    expiries.look()
    expiries.look()
    assert _told(posted) == [core.order().order_id]
    clock.advance(AGAIN_S)
    expiries.look()
    assert len(_told(posted)) == 2


def test_what_is_over_is_forgotten() -> None:
    """An order that was filled or canceled meanwhile, or that has left memory."""
    clock, posted = ManualClock(), list[Inbound]()
    core = _dated(clock)
    order = core.order()
    books = {order.order_id: order.evolve(life=Life.CANCELED)}

    class Found:
        def order(self, order_id: str) -> Order | None:
            return books.get(order_id)

    expiries = Expiries(posted.append, Found(), clock)  # type: ignore[arg-type]  # one method is enough
    expiries.watch([order])
    clock.advance(61)
    expiries.look()
    books[order.order_id] = order
    expiries.look()
    assert _told(posted) == []


def test_its_thread_wakes_for_a_new_order() -> None:
    """It sleeps while there is nothing to watch."""
    clock, posted = ManualClock(), queue.SimpleQueue[Inbound]()
    core = _dated(clock)
    clock.advance(61)
    expiries = Expiries(lambda inbound: posted.put(inbound), core.book, clock)
    expiries.start()
    expiries.watch([core.order()])
    message = posted.get(timeout=WAIT_S).message
    assert isinstance(message, Expired)
    expiries.stop()
