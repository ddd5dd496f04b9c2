"""When a session that does not come up is held back: not while the venue thinks a Logon over."""

import threading
from collections.abc import Callable

import pytest

from fix.link import Link
from fix.retries import Retries
from oms.clock import ManualClock
from tests.fix.test_link import link


class Role:
    """What is held and released."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.sought: Callable[[], None] = lambda: None

    def refusal(self, session: str) -> str:
        """Why it gets no connection."""
        self.sought()
        return "no connection to 127.0.0.1:1: refused"

    def hold(self, session: str) -> None:
        """Keep it from connecting, and its Logon from being answered."""
        self.done.append("hold")

    def release(self, session: str) -> None:
        """Let it connect."""
        self.done.append("release")


class Bench:
    """A session that connects to nothing, and who looks after it."""

    def __init__(self) -> None:
        self.link: Link = link()
        clock = self.link._clock
        assert isinstance(clock, ManualClock)
        self.clock = clock
        self.role = Role()
        self.told: list[str] = []
        self.retries = Retries(
            "test",
            self.role,  # type: ignore[arg-type]  # as much of a role as is used
            [self.link],
            threading.Lock(),
            self.told.append,
            clock,
        )


@pytest.fixture
def bench() -> Bench:
    """A session that was never up."""
    return Bench()


def test_a_connection_that_does_not_begin_is_held_back(bench: Bench) -> None:
    bench.clock.advance(4.0)
    bench.retries.look()
    assert bench.role.done == ["hold"]
    assert "no connection to" in bench.told[0]


def test_a_venue_may_take_its_time_over_a_logon(bench: Bench) -> None:
    """Held back, its answer would not be taken: such a venue would never be logged on to."""
    bench.link.asks()
    bench.clock.advance(10.0)
    bench.retries.look()
    assert bench.role.done == []
    bench.clock.advance(4.0)
    bench.retries.look()
    assert bench.role.done == ["hold"], "quickfix has not told of the end: it is forgotten"


def test_a_logon_that_came_to_nothing_is_waited_for_no_longer(bench: Bench) -> None:
    bench.link.asks()
    bench.link.lost()
    bench.clock.advance(30.0)
    bench.retries.look()
    assert bench.role.done == ["release"]
    bench.clock.advance(4.0)
    bench.retries.look()
    assert bench.role.done == ["release", "hold"]


def test_a_logon_that_leaves_while_the_reason_is_sought_is_not_held_back(
    bench: Bench,
) -> None:
    bench.role.sought = bench.link.asks
    bench.clock.advance(4.0)
    bench.retries.look()
    assert bench.role.done == []
    assert bench.told == []
