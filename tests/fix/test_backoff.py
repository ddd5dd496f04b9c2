"""How long a session that comes to nothing waits before it is tried again."""

from datetime import timedelta

from fix.backoff import LONGEST_S, STEADY_S, BackOff
from oms.clock import ManualClock


def waited(back_off: BackOff, clock: ManualClock) -> float:
    """Seconds until the next try, by its own word."""
    assert back_off.next_try is not None
    wait = (back_off.next_try - clock.now()).total_seconds()
    told = []
    for step in (wait - 0.01, 0.01, 0.0):
        clock.advance(step)
        told.append((back_off.due(), back_off.waits))
    assert told == [(False, True), (True, False), (False, False)]
    return round(wait, 3)


def test_each_refusal_doubles_the_wait_up_to_the_longest() -> None:
    clock = ManualClock()
    back_off = BackOff(5.0, clock)
    waits = []
    for _ in range(6):
        back_off.refused()
        waits.append(waited(back_off, clock))
    assert waits == [5, 10, 20, 40, LONGEST_S, LONGEST_S]
    assert back_off.count == 6


def test_since_when_it_has_come_to_nothing_is_remembered() -> None:
    clock = ManualClock()
    back_off = BackOff(5.0, clock)
    began = clock.now()
    for _ in range(3):
        back_off.refused()
        clock.advance(30.0)
    assert back_off.since == began
    assert clock.now() - began == timedelta(seconds=90)


def test_the_first_loss_is_followed_by_a_try_at_once_and_the_next_ones_are_not() -> None:
    """A venue that lets us in and throws us out is a hot loop too."""
    clock = ManualClock()
    back_off = BackOff(5.0, clock)
    back_off.opened()
    back_off.lost()
    assert not back_off.waits
    back_off.opened()
    back_off.lost()
    assert waited(back_off, clock) == 5
    back_off.opened()
    back_off.lost()
    assert waited(back_off, clock) == 10


def test_a_session_that_stood_long_enough_begins_the_count_anew() -> None:
    clock = ManualClock()
    back_off = BackOff(5.0, clock)
    back_off.refused()
    back_off.refused()
    back_off.opened()
    assert not back_off.waits
    clock.advance(STEADY_S)
    back_off.lost()
    assert (back_off.count, back_off.since) == (1, clock.now())
    assert not back_off.waits
