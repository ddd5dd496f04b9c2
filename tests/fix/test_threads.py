"""Threads that nobody lists are found by the name they inherit."""

import threading
import time

from fix.threads import Lineage

WAIT_S = 30.0


def test_threads_and_their_threads_are_found_and_no_others() -> None:
    lineage, ends = Lineage(), threading.Event()
    before = threading.Thread(target=ends.wait)
    before.start()
    grandchild: list[threading.Thread] = []
    begun = threading.Event()

    def beget() -> None:
        grandchild.append(threading.Thread(target=ends.wait))
        grandchild[0].start()
        begun.set()
        ends.wait()

    child = threading.Thread(target=beget)
    with lineage.founding():
        child.start()
    after = threading.Thread(target=ends.wait)
    after.start()
    assert begun.wait(WAIT_S), "waited for a thread's thread"
    assert sorted(lineage.alive()) == sorted(
        int(thread.native_id or 0) for thread in (child, *grandchild)
    )
    ends.set()
    for thread in (before, child, after, *grandchild):
        thread.join(WAIT_S)
    until = time.monotonic() + WAIT_S
    while lineage.alive():  # the system takes a moment more than join
        assert time.monotonic() < until, f"waited {WAIT_S} s for the threads to go"


def test_two_lineages_are_told_apart() -> None:
    one, other, ends = Lineage(), Lineage(), threading.Event()
    thread = threading.Thread(target=ends.wait)
    with one.founding():
        thread.start()
    assert (len(one.alive()), len(other.alive())) == (1, 0)
    ends.set()
    thread.join(WAIT_S)
