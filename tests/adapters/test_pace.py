"""When to ask again: after 1, 2, 5 and 10 s, then every 30 s, faster by the speed."""

import pytest

from adapters.pace import Pace
from oms.clock import ManualClock


@pytest.mark.parametrize("speed", [1.0, 10.0])
def test_the_steps_come_at_their_times(speed: float) -> None:
    clock = ManualClock()
    pace = Pace(clock.monotonic, speed)
    came = []
    for tenth in range(1010):
        if pace.due("a"):
            came.append(tenth / 10)
        clock.advance(microseconds=int(100_000 / speed))
    assert came == [1, 2, 5, 10, 40, 70, 100]


def test_steps_that_were_missed_come_once() -> None:
    clock = ManualClock()
    pace = Pace(clock.monotonic, 1)
    assert not pace.due("a")
    clock.advance(7)
    assert pace.due("a")
    assert not pace.due("a")
    assert pace.wait_s("a") == 3


def test_a_key_that_is_not_kept_begins_anew() -> None:
    clock = ManualClock()
    pace = Pace(clock.monotonic, 1)
    pace.due("a")
    pace.due("b")
    clock.advance(1)
    pace.keep({"b"})
    assert not pace.due("a")
    assert pace.due("b")


def test_a_key_nobody_asked_about_is_a_step_away() -> None:
    assert Pace(ManualClock().monotonic, 2).wait_s("a") == 0.5
