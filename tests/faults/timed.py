"""What happens at a time of the plan's: to the process, its clock and its store, and by whoever asks."""

from collections.abc import Callable
from typing import Protocol

from oms.clock import utc_of_us
from tests.faults.desk import Operator
from tests.faults.faults import SESSIONS
from tests.faults.fix_side import FixSide
from tests.faults.instant import WorldLoop
from tests.faults.listener import Listener
from tests.faults.memory import Memory
from tests.faults.plan import Fault, Kind
from tests.faults.process import Process


class Asker(Protocol):
    """Somebody with orders."""

    def ask_again(self, order: int, *, marked: bool) -> None:
        """Ask once more for an order of theirs; of others they know nothing."""


class Timed:
    """Of one world."""

    def __init__(
        self,
        loop: WorldLoop,
        memory: Memory,
        process: Callable[[], Process | None],
        kill: Callable[[int], None],
        desk: Asker,
        fix: FixSide,
        listener: Listener,
    ) -> None:
        """`kill(ms)` ends the process for so long."""
        self.listener = listener
        self.operator = Operator(process)
        self.jump_us = 0
        """How far the machine's clock is ahead."""
        self.lag_s = 0.0
        self._loop = loop
        self._memory = memory
        self._process = process
        self._kill = kill
        self._askers: tuple[Asker, ...] = (desk, fix)
        self._fix = fix
        self._fenced: Process | None = None

    def is_fenced(self, process: Process | None) -> bool:
        """Whether another engine has taken its store over."""
        return process is not None and process is self._fenced

    def strike(self, fault: Fault) -> None:
        """Now."""
        match fault.kind:
            case Kind.KILL:
                self._kill(fault.ms)
            case Kind.KILL_SET_BACK:
                self.jump_us -= fault.part * 60_000_000
                self._kill(fault.ms)
            case Kind.STOP:
                self._stop(fault.ms)
            case Kind.CLOCK_JUMP:
                self.jump_us += fault.ms * 1000
            case Kind.SLOW_COMMITS:
                self.lag_s = fault.ms / 1000
            case Kind.TAKEN_OVER:
                self._memory.take_over("another engine", utc_of_us(self._loop.now_us()))
                self._fenced = self._process()
            case _:
                self._ask(fault)

    def end(self) -> None:
        """All is as it should be again."""
        self.jump_us, self.lag_s = 0, 0.0
        self.operator.end()

    def _stop(self, down_ms: int) -> None:
        """As on a signal; it may die of something else meanwhile."""
        process = self._process()
        if process is not None:
            process.system.stop()
            if self._process() is process:
                self._kill(down_ms)

    def _ask(self, fault: Fault) -> None:
        if fault.kind is Kind.LISTENER_CUT:
            self.listener.cut(fault.ms)
            return
        if fault.kind in SESSIONS:
            self._fix.strike(fault)
            return
        if fault.kind is Kind.ASK_AGAIN:
            for asker in self._askers:
                asker.ask_again(fault.ordinal - 1, marked=fault.operation == "marked")
            return
        assert fault.kind is Kind.KILL_SWITCH, fault
        route = fault.route.upper()
        self.operator.turn(route, on=True)
        self._loop.call_later(fault.ms / 1000, lambda: self.operator.turn(route, on=False))
