"""What waits to leave for a venue: the order in which it leaves, and what stays."""

import queue
import threading
from collections.abc import Callable
from decimal import Decimal

import pytest

from fix import departures
from fix.departures import Departure, Departures
from oms.clock import ManualClock
from oms.core.fields import OrdType, Side
from oms.core.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)

WAIT_S = 30.0


def new(name: str) -> NewOrderSingle:
    """An order."""
    return NewOrderSingle(
        cl_ord_id=name, symbol="X", side=Side.BUY, ord_type=OrdType.MARKET, order_qty=Decimal(1)
    )


def cancel(name: str) -> OrderCancelRequest:
    """A cancel."""
    return OrderCancelRequest(cl_ord_id=name, orig_cl_ord_id="x")


def replace(name: str) -> OrderCancelReplaceRequest:
    """A replace."""
    return OrderCancelReplaceRequest(
        cl_ord_id=name, orig_cl_ord_id="x", symbol="X", side=Side.BUY, ord_type=OrdType.MARKET
    )


def status(name: str) -> OrderStatusRequest:
    """A status request."""
    return OrderStatusRequest(cl_ord_id=name)


class Door:
    """Notes what leaves and what stays; it can be held shut."""

    def __init__(self, killed: Callable[[], bool] = bool) -> None:
        self.left: list[str] = []
        self.stayed: list[tuple[str, str]] = []
        self.entered = threading.Event()
        self.shut = threading.Event()
        self.shut.set()
        self.seen = threading.Condition()
        self.waiting = Departures("test", self._depart, self._stay, ManualClock(), killed=killed)
        self.waiting.start()

    def _depart(self, departure: Departure) -> None:
        self.entered.set()
        assert self.shut.wait(WAIT_S), "the door was not opened again"
        with self.seen:
            self.left.append(departure.message.cl_ord_id)
            self.seen.notify()

    def _stay(self, departure: Departure, because: str) -> None:
        self.stayed.append((departure.message.cl_ord_id, because))

    def wait_left(self, count: int) -> list[str]:
        """What has left, once it is so many."""
        with self.seen:
            done = self.seen.wait_for(lambda: len(self.left) >= count, WAIT_S)
        assert done, f"waited {WAIT_S} s for {count} to leave: {self.left}"
        return self.left

    def hold(self) -> None:
        """Keep the thread at the door with something in its hands."""
        self.shut.clear()
        self.entered.clear()
        self.waiting.put(status("held"), "")
        assert self.entered.wait(WAIT_S), "nothing came to the door"


@pytest.fixture
def door() -> Door:
    """An open session."""
    door = Door()
    door.waiting.open()
    return door


def test_cancels_leave_first_and_questions_last(door: Door) -> None:
    """Safety outranks throughput; within a rank, first come first served."""
    door.hold()
    for message in (status("s1"), new("n1"), new("n2"), cancel("c1"), replace("r1"), cancel("c2")):
        door.waiting.put(message, "BINANCE")
    door.shut.set()
    assert door.wait_left(7) == ["held", "c1", "r1", "c2", "n1", "n2", "s1"]
    door.waiting.stop()


def test_nothing_leaves_before_the_session_is_up() -> None:
    door = Door()
    door.waiting.put(new("n1"), "")
    assert door.stayed == [("n1", "not logged on yet")]
    door.waiting.stop()


def test_what_waits_when_the_session_ends_stays(door: Door) -> None:
    """It is not kept for the next one."""
    door.hold()
    door.waiting.put(new("n1"), "")
    door.waiting.put(cancel("c1"), "")
    door.waiting.close("the session was lost")
    door.waiting.put(new("n2"), "")
    assert door.stayed == [(name, "the session was lost") for name in ("c1", "n1", "n2")]
    door.waiting.open()
    door.waiting.put(new("n3"), "")
    door.shut.set()
    assert door.wait_left(2) == ["held", "n3"]
    door.waiting.stop()


def test_a_stop_keeps_back_what_waits(door: Door) -> None:
    door.hold()
    door.waiting.put(new("n1"), "")
    door.shut.set()
    door.waiting.stop()
    assert set(door.left) | {name for name, _ in door.stayed} == {"held", "n1"}
    door.waiting.put(new("n2"), "")
    assert door.stayed[-1] == ("n2", "the engine is stopping")


def test_a_mistake_on_the_way_out_keeps_nothing_else_back() -> None:
    """There is one thread to send, and it must outlive it."""
    door = Door()
    waiting = Departures("test", _trip(door), lambda one, why: None, ManualClock())
    waiting.start()
    waiting.open()
    waiting.put(new("n1"), "")
    waiting.put(new("n2"), "")
    assert door.wait_left(1) == ["n2"]
    waiting.stop()
    door.waiting.stop()


def _trip(door: Door) -> Callable[[Departure], None]:
    def depart(departure: Departure) -> None:
        if departure.message.cl_ord_id == "n1":
            raise RuntimeError("a mistake of ours, on purpose")
        door._depart(departure)

    return depart


def test_what_was_taken_over_for_one_logon_does_not_leave_on_the_next() -> None:
    """The engine was told meanwhile that the session was lost, and with it what was under way."""
    taken: queue.SimpleQueue[Departure] = queue.SimpleQueue()
    waiting = Departures("test", taken.put, lambda one, why: None, ManualClock())
    waiting.start()
    waiting.open()
    waiting.put(new("n1"), "")
    first = taken.get(timeout=WAIT_S)
    assert waiting.still(first)
    waiting.close("lost")
    assert not waiting.still(first)
    waiting.open()
    assert not waiting.still(first)
    waiting.put(new("n2"), "")
    assert waiting.still(taken.get(timeout=WAIT_S))
    waiting.stop()


def test_the_queue_has_an_end(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departures, "WAITING_MAX", 2)
    door.hold()
    for name in ("n1", "n2", "n3"):
        door.waiting.put(new(name), "")
    assert door.stayed == [("n3", "2 requests are waiting already")]
    door.waiting.put(cancel("c1"), "")
    door.shut.set()
    assert door.wait_left(4) == ["held", "c1", "n1", "n2"]
    door.waiting.stop()


def test_a_request_has_so_long_to_leave() -> None:
    """The time is noted when it comes, not when it is its turn."""
    clock = ManualClock()
    seen: list[Departure] = []
    waiting = Departures("test", lambda one: None, lambda one, why: seen.append(one), clock, 2.5)
    waiting.put(new("n1"), "GBBO")
    assert [(one.deadline, one.security_exchange) for one in seen] == [(2.5, "GBBO")]


def test_under_the_kill_switch_only_what_cannot_add_leaves() -> None:
    """New orders and replaces that wait stay, whenever they came; the rest goes."""
    door = Door(killed=threading.Event().is_set)
    door.waiting.open()
    door.waiting.put(new("before"), "")
    assert door.wait_left(1) == ["before"]
    door = Door(killed=lambda: True)
    door.waiting.open()
    for message in (new("n1"), replace("r1"), cancel("c1"), status("s1")):
        door.waiting.put(message, "")
    assert door.wait_left(2) == ["c1", "s1"]
    assert sorted(door.stayed) == [("n1", "KILL SWITCH"), ("r1", "KILL SWITCH")]
