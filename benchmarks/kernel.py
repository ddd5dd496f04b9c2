"""The kernel: a message decided, applied, indexed, its journal row made. No disk, no thread."""

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from benchmarks.figures import Contest, Figure, Sample
from benchmarks.lifecycles import Script, Step, fold, new_book, new_draw, rehearse
from benchmarks.tracker import Tracker
from oms.core.messages import ExecutionReport
from oms.store.chain import BEGINNING, chained

GROUP = 100


def kernel_contest(lifecycles: int) -> Contest:
    """Events/s over that many lifecycles."""

    @cache
    def script() -> Script:
        return rehearse(lifecycles, GROUP)

    figure = Figure(
        name="kernel: decided, applied, indexed, journal row made",
        against="a hand-written tracker: a dict of orders, and json.dumps of each event",
        unit="events/s",
    )
    return Contest((figure,), lambda: [_engine(script())], lambda: [_tracker(script())])


def _engine(script: Script) -> Sample:
    book, draw = new_book(), new_draw()
    fold(book, script.opening, draw)

    def work() -> int:
        made, head = 0, BEGINNING
        for group in script.groups:
            rows = chained(head, fold(book, group, draw).records)
            made, head = made + len(rows), rows[-1][-1]
        return made

    return timed(work, script.messages)


def _tracker(script: Script) -> Sample:
    tracker = Tracker()
    steps = _under_desk_ids(script)

    def work() -> int:
        return sum(1 for step in steps if tracker.take(step.inbound, step.now))

    return timed(work, script.messages)


def _under_desk_ids(script: Script) -> list[Step]:
    """The script as a tracker would see it, which sends orders on under the desk's own ids."""
    orders = [order for changes in script.changes for order in changes.orders.values()]
    desk_ids = {order.venue_cl_ord_id: order.cl_ord_id for order in orders}
    steps: list[Step] = []
    for step in (step for group in script.groups for step in group):
        message = step.inbound.message
        if isinstance(message, ExecutionReport):
            message = replace(message, cl_ord_id=desk_ids[message.cl_ord_id])
        steps.append(replace(step, inbound=replace(step.inbound, message=message)))
    return steps


def timed(work: Callable[[], int], events: int) -> Sample:
    """Events/s of one call; `work` returns how many rows it made, which must be as many."""
    gc.collect()
    # What was made before is not the work's: the collector need not walk it.
    gc.freeze()
    start, cpu = time.perf_counter(), time.process_time()
    made = work()
    took, used = time.perf_counter() - start, time.process_time() - cpu
    gc.unfreeze()
    assert made == events, f"{made} rows of {events} events"
    return Sample(events / took, used / events * 1e6)
