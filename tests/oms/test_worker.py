"""Who works by himself: a step for every wish, none after the end, and none at once with another."""

import queue
import threading
import time

from oms.worker import Worker, threads

WAIT_S = 10.0


class Hands:
    """A worker whose steps are noted, and go on as a test says."""

    def __init__(self, *pauses_s: float | None) -> None:
        self.steps: queue.SimpleQueue[float] = queue.SimpleQueue()
        self.pauses_s = list(pauses_s)
        self.go_on = threading.Event()
        self.go_on.set()
        self.worker: Worker = threads.worker("hands", self.step)

    def step(self) -> float | None:
        """One step."""
        self.steps.put(time.monotonic())
        assert self.go_on.wait(WAIT_S), "the step was not let go on"
        return self.pauses_s.pop(0) if self.pauses_s else None

    def wait_step(self) -> float:
        """When the next step was, once there is one."""
        return self.steps.get(timeout=WAIT_S)


def test_a_step_for_the_start_for_each_pause_and_for_each_wish() -> None:
    hands = Hands(0.0, 0.05, None)
    hands.worker.start()
    hands.wait_step()
    second, third = hands.wait_step(), hands.wait_step()
    assert third - second >= 0.05
    hands.worker.wake()
    hands.wait_step()
    assert hands.worker.stop(WAIT_S)
    assert hands.steps.empty(), "nobody wished for more"


def test_a_wish_during_a_step_is_followed_by_another() -> None:
    """What came after the step had looked would wait for ever."""
    hands = Hands()
    hands.go_on.clear()
    hands.worker.start()
    hands.wait_step()
    for _ in range(3):
        hands.worker.wake()
    hands.go_on.set()
    hands.wait_step()
    assert hands.worker.stop(WAIT_S)
    assert hands.steps.empty(), "one step is enough for what waits by then"


def test_a_wish_ends_a_pause() -> None:
    hands = Hands(60.0)
    hands.worker.start()
    hands.wait_step()
    hands.worker.wake()
    hands.wait_step()
    assert hands.worker.stop(WAIT_S)


def test_the_first_step_may_be_later_and_a_wish_from_before_the_start_is_kept() -> None:
    late = Hands()
    late.worker.start(60.0)
    assert late.worker.stop(WAIT_S)
    assert late.steps.empty()
    early = Hands()
    early.worker.wake()
    early.worker.start(60.0)
    early.wait_step()
    assert early.worker.stop(WAIT_S)


def test_an_end_is_at_once_or_after_one_more_step() -> None:
    at_once, finishing = Hands(60.0), Hands(60.0)
    for hands in (at_once, finishing):
        hands.worker.start()
        hands.wait_step()
    assert at_once.worker.stop(WAIT_S)
    assert at_once.steps.empty()
    assert finishing.worker.stop(WAIT_S, finish=True)
    finishing.wait_step()
    finishing.worker.wake()
    assert finishing.steps.empty()


def test_who_never_began_has_ended_and_who_is_busy_has_not() -> None:
    busy = Hands()
    assert busy.worker.stop()
    busy = Hands()
    busy.go_on.clear()
    busy.worker.start()
    busy.wait_step()
    assert not busy.worker.stop(0.01)
    busy.go_on.set()
    assert busy.worker.stop(WAIT_S)


def test_jobs_that_wait_for_each_other_are_done_at_once() -> None:
    together = threading.Barrier(3, timeout=WAIT_S)
    threads.all_at_once([lambda: (together.wait(), None)[1]] * 3)
    assert not together.broken
