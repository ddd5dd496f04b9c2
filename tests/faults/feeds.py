"""The streams of a scenario's venues, and what goes wrong with them."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.faults.far import Far
from tests.faults.faults import STREAMS, Faults
from tests.faults.plan import Fault, Kind
from tests.faults.streams import PLAIN, Turn


class Feeds:
    """Of one scenario."""

    def __init__(
        self,
        faults: Faults,
        far: Mapping[str, Far],
        tell: Callable[[str], None],
        note: Callable[[Fault], None],
    ) -> None:
        """`tell` takes a line of the story, `note` a fault that came about."""
        self._faults = faults
        self._far = far
        self._tell = tell
        self._note = note

    def streams_of(self, host: str) -> Any:
        """The venue whose streams are at that host; None where the plan has none of its."""
        kind = host.partition(".")[0]
        has = any(fault.route == kind for fault in self._faults.of(STREAMS))
        return self._far[kind].simulator if has else None

    def turn(self, host: str, text: str) -> Turn:
        """What goes wrong with the next text of a stream."""
        route = host.partition(".")[0]
        self._tell(f"{route} stream: {text[:300]}")
        for fault in self._faults.strike(STREAMS, route):
            self._note(fault)
            return Turn(
                lost=fault.kind is Kind.STREAM_LOSE,
                twice=fault.kind is Kind.STREAM_DUPLICATE,
                cut=fault.kind is Kind.STREAM_CUT,
                stall_s=fault.ms / 1000 if fault.kind is Kind.STREAM_STALL else 0.0,
            )
        return PLAIN
