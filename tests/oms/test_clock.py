"""The clock: aware, exact, and never going back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.clock import Clock, ManualClock, SystemClock, draw_secret, utc_of_us


def test_system_clock_agrees_with_the_machine() -> None:
    """The guard changes nothing while the machine's time only grows."""
    reading = SystemClock().now()
    machine = datetime.now(UTC)  # noqa: TID251  the independent reading
    assert reading.tzinfo is UTC
    assert abs(machine - reading) < timedelta(seconds=30)


@given(st.lists(st.integers(min_value=0, max_value=4_000_000_000_000_000_000), min_size=1))
def test_wall_time_never_goes_back(readings: list[int]) -> None:
    """Whatever the machine says, each answer is at least the one before, and never invented."""
    source = iter(readings)
    clock = SystemClock(read_ns=lambda: next(source))
    answers = [clock.now_us() for _ in readings]
    assert answers == sorted(answers)
    assert set(answers) <= {reading // 1000 for reading in readings}


def test_a_set_back_machine_holds_the_clock_until_it_catches_up() -> None:
    """Set back by five seconds: the clock stands; past the old time: it goes on."""
    readings = iter([10_000_000_000, 5_000_000_000, 10_000_001_000])
    clock = SystemClock(read_ns=lambda: next(readings))
    assert [clock.now_us() for _ in range(3)] == [10_000_000, 10_000_000, 10_000_001]


@given(st.integers(min_value=0, max_value=4_000_000_000_000_000))
def test_microseconds_are_exact(epoch_us: int) -> None:
    """An instant keeps all its microseconds, which a float of seconds would round."""
    instant = utc_of_us(epoch_us)
    assert (instant - utc_of_us(0)) // timedelta(microseconds=1) == epoch_us


def test_units_of_one_reading_agree() -> None:
    """Milliseconds are microseconds cut, never rounded up into the future."""
    clock: Clock = ManualClock(1_999_999)
    assert clock.now_ms() == 1_999
    assert clock.now() == datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)


def test_manual_clock_moves_only_when_told() -> None:
    """It stands still, moves by the step, and measures what passed."""
    clock = ManualClock()
    start = clock.now()
    assert clock.now() == start
    clock.advance(1.5, microseconds=7)
    assert clock.now() - start == timedelta(seconds=1, microseconds=500_007)
    assert clock.monotonic() == pytest.approx(1.500007)


def test_manual_clock_refuses_to_go_back() -> None:
    """A negative step is a mistake of the caller."""
    with pytest.raises(ValueError, match="does not go back"):
        ManualClock().advance(-1)


def test_monotonic_is_the_source_that_was_given() -> None:
    """Waits are measured on the steady clock, not on the wall."""
    assert SystemClock(read_monotonic=lambda: 12.5).monotonic() == 12.5


def test_drawn_secrets_are_long_and_differ() -> None:
    """256 bits in hexadecimal, fresh each time."""
    first, second = draw_secret(), draw_secret()
    assert first != second
    assert len(bytes.fromhex(first)) == 32


def test_a_stamp_is_what_the_machine_shows_now() -> None:
    """Set ahead by an hour and back: what venues compare with their clocks is right at once."""
    readings = iter([3_600_000_000_000, 5_000_000_000, 5_000_000_000])
    clock = SystemClock(read_ns=lambda: next(readings))
    assert [clock.now_us(), clock.now_us(), clock.stamp_us()] == [
        3_600_000_000,
        3_600_000_000,
        5_000_000,
    ]
    assert ManualClock(7).stamp_us() == 7
