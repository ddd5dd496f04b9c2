"""Start and stop the FIX side again and again under load, and count what does not come clean.

    python -m tests.fix.cycles --count 500               one process: stopped, destroyed, built anew
    python -m tests.fix.cycles --count 30 --processes    a process each: started, and left by SIGTERM

A cycle is a whole engine: an acceptor with a desk logged on that sends orders without a pause, an
initiator logged on to Apifiny's simulator, orders and reports flowing when the stop comes. What is
counted afterwards: crashes and hangs (the command itself ends badly), threads, descriptors, memory,
reports that the desk missed or had twice.
"""

import argparse
import contextlib
import ctypes
import faulthandler
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from oms.log import configure_logging
from oms.system import System
from tests.e2e.installation import SPEED, Installation
from tests.fix.desk import Closed, Desk, Timeout, order

WAIT_S: Final = 30.0
REPORTS: Final = 30
"""Reports that a cycle's desk gets before the stop, and goes on getting while it stops."""

IN_FLIGHT: Final = 8
SENT_KEPT: Final = 500
"""Messages that the desk can send again."""

HANG_S: Final = 120.0
"""A cycle that takes longer hangs: every thread's stack is printed and the command ends with 1."""


class Load(threading.Thread):
    """A desk that sends orders which fill, as long as its session stands."""

    def __init__(self, desk: Desk, cycle: int, told: Counter[str], *, trades: bool = True) -> None:
        super().__init__(name="load", daemon=True)
        self.reports = 0
        self.fault: BaseException | None = None
        self._desk = desk
        self._cycle = cycle
        self._told = told
        self._trades = trades

    def run(self) -> None:
        """Until the connection ends."""
        try:
            self._desk.log_on()
            self._trade()
        except (Closed, ConnectionError):
            pass  # the stop
        except BaseException as fault:  # noqa: BLE001  told by the main thread
            self.fault = fault
        finally:
            self._desk.close()
            # The test's own memory is not what is measured.
            self._desk.seen.clear()
            for number in sorted(self._desk.sent)[:-SENT_KEPT]:
                del self._desk.sent[number]

    def _trade(self) -> None:
        asked = ended = 0
        while True:
            while self._trades and asked - ended < IN_FLIGHT:
                asked += 1
                name = f"{self._cycle}-{asked}"
                self._desk.send("D", *order(name, {38: "0.01", 44: "40000.50"}))
            ended += self._hear()

    def _hear(self) -> int:
        """Take what came; how many orders have ended, refused ones too."""
        with contextlib.suppress(Timeout):
            message = self._desk.receive(time.monotonic() + 1.0, "a report")
            if message[35] == "5":
                raise Closed("logged out")
            if message[35] in ("8", "9", "j", "B"):
                self.reports += 1
                self._told[
                    message[17] if message[35] == "8" else f"{message[35]}{message[34]}"
                ] += 1
                return message.get(39) in ("2", "4", "8") or message[35] == "j"
        return 0


@dataclass(slots=True)
class Seen:
    """What a cycle left behind."""

    seconds: float
    threads: int
    native: int
    descriptors: int
    rss_kb: int
    thread_states: int
    """Python's own, of threads that have ended too."""


@dataclass(slots=True)
class Count:
    """What all cycles came to."""

    seen: list[Seen] = field(default_factory=list)
    reports: int = 0
    faults: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For people."""
        times = sorted(one.seconds for one in self.seen)
        last = self.seen[-1]
        # Imports, caches and the book's memory of closed orders fill up at first.
        steady = self.seen[min(len(self.seen) // 5, 50)]
        yield f"cycles            {len(self.seen)}"
        yield f"faults            {len(self.faults)} {self.faults[:3] or ''}"
        yield f"reports to desk   {self.reports}"
        yield f"seconds a cycle   median {times[len(times) // 2]:.2f}, longest {times[-1]:.2f}"
        for name in ("threads", "native", "descriptors", "rss_kb", "thread_states"):
            values = [getattr(one, name) for one in self.seen]
            yield (
                f"{name:<17} first {values[0]}, a fifth of the way {getattr(steady, name)}, "
                f"last {getattr(last, name)}, most {max(values)}"
            )


def look(seconds: float) -> Seen:
    """This process, now."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    lines = (line.split() for line in status.splitlines())
    rss = next(int(words[1]) for words in lines if words[0] == "VmRSS:")
    return Seen(
        seconds,
        threading.active_count(),
        len(os.listdir("/proc/self/task")),
        len(os.listdir("/proc/self/fd")),
        rss,
        thread_states(),
    )


def thread_states() -> int:
    """How many the interpreter has. Only while no thread of C++ calls into Python."""
    python = ctypes.pythonapi
    for function in (
        python.PyInterpreterState_Get,
        python.PyInterpreterState_ThreadHead,
        python.PyThreadState_Next,
    ):
        function.restype = ctypes.c_void_p
    state = python.PyInterpreterState_ThreadHead(ctypes.c_void_p(python.PyInterpreterState_Get()))
    found = 0
    while state:
        found += 1
        state = python.PyThreadState_Next(ctypes.c_void_p(state))
    return found


def until(what: str, done: Callable[[], bool], wait_s: float = WAIT_S) -> None:
    """Wait until it is so. Raises AssertionError naming what it was."""
    end = time.monotonic() + wait_s
    while not done():
        assert time.monotonic() < end, f"waited {wait_s} s for {what}"
        time.sleep(0.02)


def ours_since(others: set[threading.Thread]) -> int:
    """How many threads live that did not before: a process of tests has threads of its own."""
    return len(set(threading.enumerate()) - others)


def one_cycle(made: Installation, desk: Desk, number: int, told: Counter[str]) -> int:
    """Start, trade, stop, destroy; how many reports the desk got."""
    system = System(made.settings, speed=SPEED)
    system.start()
    load = Load(desk, number, told)
    try:
        until("the route", lambda: system.book.routes["APIFINY"].ready)
        load.start()
        until("reports", lambda: load.reports >= REPORTS or not load.is_alive())
    finally:
        system.stop(drop=True)
    load.join(WAIT_S)
    if load.fault is not None:
        raise load.fault
    assert not load.is_alive(), "the desk's session did not end"
    return load.reports


def one_process(made: Installation, desk: Desk, number: int, told: Counter[str]) -> int:
    """The same in a process of its own, which ends by SIGTERM and os._exit."""
    made.start()
    load = Load(desk, number, told)
    try:
        made.wait("/status", _apifiny_ready, "the route")
        load.start()
        until("reports", lambda: load.reports >= REPORTS or not load.is_alive())
    finally:
        code = made.stop()
    load.join(WAIT_S)
    if load.fault is not None:
        raise load.fault
    assert code == 0, f"exit code {code}"
    return load.reports


def _apifiny_ready(status: dict[str, list[dict[str, object]]]) -> bool:
    return any(venue["venue"] == "APIFINY" and venue["ready"] for venue in status["venues"])


def cycles(
    count: int, folder: Path, *, processes: bool = False, say: Callable[[str], object] = str
) -> Count:
    """So many cycles on one store and one pair of simulators."""
    found, told = Count(), Counter[str]()
    others = set(threading.enumerate())
    made = Installation(folder)
    cycle = one_process if processes else one_cycle
    with made.simulators():
        secret = made.settings.desks[0].secret.get_secret_value()
        desk = Desk(made.layout.desk, "DESK1", secret)
        for number in range(1, count + 1):
            began = time.monotonic()
            with hang_ends_it():
                try:
                    found.reports += cycle(made, desk, number, told)
                except Exception as fault:  # noqa: BLE001  counted, and the next one tried
                    found.faults.append(f"cycle {number}: {type(fault).__name__}: {fault}")
            seconds = time.monotonic() - began
            until("threads of ours to end", lambda: ours_since(others) <= 1, WAIT_S)
            found.seen.append(look(seconds))
            say(f"{number}: {found.seen[-1]}")
        check_reports(made, desk, told, found)
    return found


def check_reports(made: Installation, desk: Desk, told: Counter[str], found: Count) -> None:
    """Each report that the journal has for the desk reached it once, after one start more."""
    system = System(made.settings, speed=SPEED)
    system.start()
    last = Load(desk, 0, told, trades=False)
    last.start()
    try:
        until(
            "the rest of the reports",
            lambda: found.reports + last.reports >= system.book.numbers.get("DESK1", 0),
        )
    except AssertionError as missing:
        journal = system.book.numbers.get("DESK1", 0)
        heard = found.reports + last.reports
        found.faults.append(f"{missing}: {journal} in the journal, {heard} at the desk")
    finally:
        system.stop(drop=True)
    last.join(WAIT_S)
    found.reports += last.reports
    if found.reports > system.book.numbers["DESK1"]:
        found.faults.append(f"{found.reports} reports at the desk, more than there are")
    twice = [name for name, times in told.items() if times > 1 and name != "0"]
    if twice:
        found.faults.append(f"told twice: {twice[:3]}")


@contextmanager
def hang_ends_it() -> Iterator[None]:
    """No wait without an end: not even for C++ code that does not come back."""
    faulthandler.dump_traceback_later(HANG_S, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def main() -> None:
    """Run, print, and leave without destroying anything else."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    asked = parser.parse_args()
    faulthandler.enable()
    configure_logging(json_lines=False, level=50, secrets=())
    with tempfile.TemporaryDirectory(prefix="oms-cycles-") as folder:
        say = print if asked.verbose else str
        found = cycles(asked.count, Path(folder), processes=asked.processes, say=say)
    sys.stdout.write("\n".join([*found.lines(), ""]))
    sys.stdout.flush()
    os._exit(1 if found.faults else 0)


if __name__ == "__main__":
    main()
