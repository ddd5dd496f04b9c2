"""When the faults of a plan strike: each counts the events that are its own."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from tests.faults.plan import Fault, Kind, Plan

REQUESTS: Final = frozenset(
    {
        Kind.LOSE_REQUEST,
        Kind.LOSE_ANSWER,
        Kind.SILENCE,
        Kind.LATE_REQUEST,
        Kind.SLOW_ANSWER,
        Kind.NO_CONNECTION,
        Kind.OUTAGE,
        Kind.THROTTLED,
        Kind.OVERLOAD,
        Kind.SERVER_ERROR,
        Kind.REDIRECT,
        Kind.GARBLED,
        Kind.PAGE,
        Kind.EMPTY,
        Kind.KILL_ON_REQUEST,
        Kind.ARRIVES_TWICE,
    }
)
ORDERS: Final = frozenset(
    {
        Kind.VENUE_CANCEL,
        Kind.VENUE_FILL,
        Kind.HIDDEN_ORDERS,
        Kind.LATE_FILLS,
        Kind.STRANGER,
        Kind.TOLD_TWICE,
    }
)
BEFORE: Final = frozenset({Kind.STRANGER_BEFORE})
CANCELS: Final = frozenset({Kind.FILL_ON_CANCEL})
MOVES: Final = frozenset({Kind.MOVE_UNDONE})
COMMITS: Final = frozenset(
    {
        Kind.KILL_BEFORE_COMMIT,
        Kind.KILL_AFTER_COMMIT,
        Kind.COMMIT_FAILS,
        Kind.COMMIT_UNTOLD,
    }
)
DEATHS: Final = COMMITS | {
    Kind.KILL,
    Kind.KILL_SET_BACK,
    Kind.KILL_ON_REQUEST,
    Kind.STOP,
    Kind.TAKEN_OVER,
}
"""What ends a process."""
FIX: Final = frozenset(
    {Kind.FIX_CUT, Kind.FIX_LOSE, Kind.FIX_LATE, Kind.FIX_DUPLICATE, Kind.FIX_SILENT}
)
SESSIONS: Final = frozenset({Kind.FILES_LOST, Kind.LOGON_REFUSED})
STREAMS: Final = frozenset(
    {Kind.STREAM_CUT, Kind.STREAM_STALL, Kind.STREAM_LOSE, Kind.STREAM_DUPLICATE}
)
TIMED: Final = frozenset(
    {
        Kind.KILL,
        Kind.KILL_SET_BACK,
        Kind.CLOCK_JUMP,
        Kind.ASK_AGAIN,
        Kind.KILL_SWITCH,
        Kind.FILES_LOST,
        Kind.LISTENER_CUT,
        Kind.LOGON_REFUSED,
        Kind.STOP,
        Kind.TAKEN_OVER,
        Kind.SLOW_COMMITS,
    }
)


class Faults:
    """The faults of one plan, as they strike."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._numbered: dict[frozenset[Kind], list[tuple[int, Fault]]] = {}
        self._seen: Counter[int] = Counter()
        self.struck: Counter[str] = Counter()
        self.calm = False
        """Nothing strikes any more."""

    def of(self, kinds: Iterable[Kind]) -> list[Fault]:
        """Those of some kinds."""
        return [fault for fault in self._plan.faults if fault.kind in kinds]

    def strike(self, kinds: frozenset[Kind], route: str = "", operation: str = "") -> list[Fault]:
        """Count an event, and tell what strikes at it."""
        found = []
        for number, fault in self._of(kinds):
            if fault.route in ("", route) and fault.operation in ("", operation):
                self._seen[number] += 1
                if self._seen[number] == fault.ordinal and not self.calm:
                    found.append(fault)
        return found

    def _of(self, kinds: frozenset[Kind]) -> list[tuple[int, Fault]]:
        known = self._numbered.get(kinds)
        if known is None:
            numbered = enumerate(self._plan.faults)
            known = self._numbered[kinds] = [one for one in numbered if one[1].kind in kinds]
        return known

    def note(self, fault: Fault) -> None:
        """It came about."""
        self.struck[fault.kind] += 1
