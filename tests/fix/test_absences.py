"""Desks that are away for too long."""

import threading

import pytest

from fix.absences import Absences
from oms.clock import Clock, ManualClock, SystemClock
from oms.core.notes import DeskAbsent
from oms.core.ports import Inbound

WAIT_S = 30.0


class Engine:
    """What was posted."""

    def __init__(self) -> None:
        self.posted: list[Inbound] = []
        self._told = threading.Condition()

    def post(self, inbound: Inbound) -> None:
        """As the writer's."""
        with self._told:
            self.posted.append(inbound)
            self._told.notify()

    def wait(self, count: int) -> list[str]:
        """The desks that were told of, once they are so many."""
        with self._told:
            done = self._told.wait_for(lambda: len(self.posted) >= count, WAIT_S)
        assert done, f"waited {WAIT_S} s for {count} desks: {self.posted}"
        return [one.source for one in self.posted]


@pytest.fixture
def engine() -> Engine:
    """An engine that hears of absences."""
    return Engine()


def watch(engine: Engine, clock: Clock | None = None, **grace_s: float) -> Absences:
    """The absences of those desks, counting."""
    absences = Absences(grace_s, engine.post, clock or SystemClock())
    absences.start()
    return absences


def test_a_desk_that_does_not_come_is_told_of_once(engine: Engine) -> None:
    """From the start on: how long it was away before is not known."""
    absences = watch(engine, DESK1=0.05, DESK2=60)
    assert engine.wait(1) == ["DESK1"]
    note = engine.posted[0].message
    assert note == DeskAbsent(
        origin="DESK1", text="cancelled on disconnect: DESK1 was away for 0.05 s"
    )
    absences.left("DESK1")
    absences.back("DESK2")
    absences.left("DESK3")
    absences.stop()
    assert len(engine.posted) == 1


def test_a_desk_that_is_back_in_time_is_not_absent(engine: Engine) -> None:
    clock = ManualClock()
    absences = watch(engine, clock, DESK1=0.1, DESK2=0.2)
    absences.back("DESK1")
    clock.advance(0.3)
    assert engine.wait(1) == ["DESK2"], "its time was over later"
    absences.left("DESK1")
    clock.advance(0.1)
    assert engine.wait(2) == ["DESK2", "DESK1"]
    absences.stop()


def test_saying_it_again_does_not_make_it_later(engine: Engine) -> None:
    """Whoever knocks under its name without its token is not the desk."""
    absences = watch(engine, DESK1=0.2)
    began = SystemClock().monotonic()
    while not engine.posted:
        absences.left("DESK1")
        assert SystemClock().monotonic() - began < WAIT_S, "waited for the desk to be absent"
    absences.stop()


def test_an_engine_that_stops_tells_nothing(engine: Engine) -> None:
    absences = watch(engine, DESK1=0.0)
    engine.wait(1)
    other, clock = Engine(), ManualClock()
    leaving = watch(other, clock, DESK1=0.05)
    leaving.stop()
    clock.advance(0.1)
    absences.stop()
    assert not any(thread.name == "absences" and not _ended(thread) for thread in _threads())
    assert other.posted == []


def _threads() -> list[threading.Thread]:
    return threading.enumerate()


def _ended(thread: threading.Thread) -> bool:
    thread.join(WAIT_S)
    return not thread.is_alive()


def test_a_desk_that_was_back_before_the_count_began_is_not_away(engine: Engine) -> None:
    """The port listens before all is started, and desks try every second."""
    absences = Absences({"DESK1": 0.01, "DESK2": 0.05}, engine.post, SystemClock())
    absences.back("DESK1")
    absences.start()
    assert engine.wait(1) == ["DESK2"]
    absences.left("DESK1")
    assert engine.wait(2) == ["DESK2", "DESK1"]
    absences.stop()
