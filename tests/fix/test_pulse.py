"""What tells a dead thread from one that has nothing to do."""

import queue
import threading

from fix.pulse import SILENT_BEATS, Pulse
from oms.clock import ManualClock

WAIT_S = 30.0


def test_a_thread_that_does_not_come_back_is_named() -> None:
    clock = ManualClock()
    pulse = Pulse(clock, 10.0)
    pulse.enter("S", "fromApp")
    clock.advance(9.0)
    assert pulse.troubles(iter(())) == []
    clock.advance(1.0)
    assert pulse.troubles(iter(())) == ["S: fromApp has not returned"]
    pulse.leave(None)
    assert pulse.troubles(iter(())) == []


def test_a_callback_inside_of_another_leaves_the_outer_one_where_it_was() -> None:
    """A logout by our own hand is told of while we send."""
    clock = ManualClock()
    pulse = Pulse(clock, 10.0)
    pulse.enter("S", "a send")
    clock.advance(8.0)
    before = pulse.enter("S", "toApp")
    pulse.leave(before)
    clock.advance(2.0)
    assert pulse.troubles(iter(())) == ["S: a send has not returned"]


def test_threads_are_told_apart() -> None:
    clock = ManualClock()
    pulse = Pulse(clock, 10.0)
    entered: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def stay() -> None:
        pulse.enter("S", "onLogon")
        entered.put(True)

    thread = threading.Thread(target=stay)
    thread.start()
    assert entered.get(timeout=WAIT_S)
    pulse.leave(pulse.enter("T", "fromApp"))
    clock.advance(10.0)
    assert pulse.troubles(iter(())) == ["S: onLogon has not returned"]
    thread.join(WAIT_S)


def test_a_session_that_stands_and_says_nothing_is_dead() -> None:
    """It would send a heartbeat in each interval."""
    clock = ManualClock()
    pulse = Pulse(clock, 10.0)
    pulse.beats("S", 30.0)
    pulse.leave(pulse.enter("S", "onLogon"))
    clock.advance(SILENT_BEATS * 30.0 + 9.0)
    assert pulse.troubles(iter(["S"])) == []
    clock.advance(1.0)
    assert pulse.troubles(iter(["S"])) == ["S: nothing heard of it though it is logged on"]
    assert pulse.troubles(iter(())) == [], "who is away has nothing to say"
    pulse.leave(pulse.enter("S", "toAdmin"))
    assert pulse.troubles(iter(["S"])) == []


def test_a_session_without_heartbeats_may_be_silent() -> None:
    clock = ManualClock()
    pulse = Pulse(clock, 10.0)
    pulse.beats("S", 0.0)
    pulse.leave(pulse.enter("S", "onLogon"))
    clock.advance(100_000.0)
    assert pulse.troubles(iter(["S"])) == []
