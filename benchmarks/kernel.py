"""The kernel: a message decided, applied, indexed, its journal row made. No disk, no thread."""

import gc
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from benchmarks.figures import Contest, Missing, Sample
from benchmarks.lifecycles import (
    MESSAGES_A_LIFE,
    Script,
    Step,
    fold,
    new_book,
    new_draw,
    rehearse,
)
from benchmarks.processes import ROOT
from benchmarks.targets import KERNEL, KERNEL_TRACKER
from benchmarks.tracker import Tracker
from oms.core.messages import ExecutionReport
from oms.store.chain import BEGINNING, chained

GROUP = 100


def kernel_contests(lifecycles: int, python: str) -> Iterator[Contest | Missing]:
    """Events/s over that many lifecycles. `python`: the interpreter that has NautilusTrader."""

    @cache
    def script() -> Script:
        return rehearse(lifecycles, GROUP)

    def ours() -> list[Sample]:
        return [_engine(script())]

    if why := _lacking(python):
        yield Missing((KERNEL,), why)
    else:
        yield Contest((KERNEL,), ours, lambda: [_nautilus(lifecycles, python)])
    yield Contest((KERNEL_TRACKER,), ours, lambda: [_tracker(script())])


def _lacking(python: str) -> str:
    """Why NautilusTrader can not be measured; nothing if it can."""
    looked = subprocess.run(  # noqa: S603  an interpreter that whoever measures has named
        [python, "-c", "import nautilus_trader"], capture_output=True, check=False
    )
    if looked.returncode == 0:
        return ""
    return "NautilusTrader is not installed: pip install '.[bench]', where a wheel of it fits"


def _nautilus(lifecycles: int, python: str) -> Sample:
    """In a process of its own: it brings threads and memory that are not ours."""
    command = [python, "-m", "benchmarks.nautilus", str(lifecycles)]
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603
    told = json.loads(said.stdout)
    events = told["events"]
    assert events == lifecycles * MESSAGES_A_LIFE, f"{events} events of {lifecycles} lifecycles"
    version = f"NautilusTrader {told['version']}"
    return Sample(events / told["seconds"], told["cpu_s"] / events * 1e6, note=version)


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
