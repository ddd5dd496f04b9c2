"""How many requests a venue's limit leaves at an instant: one token bucket a limit, pure numbers.

A quarter of the limit may go at once, the rest comes back evenly, a little slower than the limit
says because requests do not arrive as evenly as they leave. So no window of the period's length
ever holds more than the limit. The last tokens of the quarter are reserved: status queries leave
some to new orders, new orders some to cancels.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from adapters.port import Lane
from oms.core.errors import ConfigError
from oms.core.venue import Limit

HEADROOM: Final = 0.05
"""The part by which a period counts as longer than it is,"""
JITTER_S: Final = 0.1
"""and the least time for that: so much sooner than its forerunner may a request arrive."""

CRUMB: Final = 1e-9
"""A token is whole a billionth before it is: floats do not sum up exactly."""

_THIRDS_LEFT: Final[Mapping[Lane, int]] = MappingProxyType(
    {Lane.CANCEL: 0, Lane.REPLACE: 0, Lane.NEW: 1, Lane.STATUS: 2, Lane.MARKET: 2}
)


class Window:
    """One limit: its tokens, and when the next ones come. Times are seconds of one clock."""

    def __init__(self, limit: Limit, now: float, speed: float = 1.0) -> None:
        """Full at `now`; `speed` divides the period."""
        period_s = float(limit.per_seconds)
        period_s += max(period_s * HEADROOM, JITTER_S)
        self._most = max(1, limit.requests // 4)
        self.slot_s = period_s / (limit.requests - self._most + 1) / speed
        """What one request takes."""
        self._tokens = float(self._most)
        self._counted_at = now
        self._floors = {
            lane: min(self._most - 1, -(-self._most * thirds // 3))
            for lane, thirds in _THIRDS_LEFT.items()
        }

    def wait_s(self, lane: Lane, now: float, ahead: int = 0) -> float:
        """How long a request of this lane waits, `ahead` others going first; 0 if not at all."""
        self._count(now)
        missing = 1 + ahead + self._floors[lane] - self._tokens
        back_in_s = missing * self.slot_s if missing > CRUMB else 0.0
        return max(0.0, self._counted_at - now + back_in_s)

    def take(self) -> None:
        """One request goes."""
        self._tokens -= 1

    def pause(self, until: float) -> None:
        """Nothing goes until then, and there is no burst after it."""
        self._count(until)
        self._tokens = 0.0

    def _count(self, now: float) -> None:
        if now > self._counted_at:  # otherwise it is paused until then
            back = (now - self._counted_at) / self.slot_s
            self._tokens = min(float(self._most), self._tokens + back)
            self._counted_at = now


def in_force(
    told: Sequence[Limit], tables: Mapping[str, Mapping[str, Any] | None]
) -> tuple[Limit, ...]:
    """The limits of a venue's document, and in their place those that are configured.

    `tables`: by a limit's `what` a table of `requests` and `per_seconds`, None where none is
    configured; it stands for all limits of that name. Raises ConfigError for an unknown name.
    """
    whats = tuple(dict.fromkeys(limit.what for limit in told))
    if unknown := tables.keys() - set(whats):
        raise ConfigError(f"no limit is called {min(unknown)!r}; there are {', '.join(whats)}")
    found: list[Limit] = []
    for what in whats:
        rows = [limit for limit in told if limit.what == what]
        table = tables.get(what)
        if table is not None:
            per_seconds = Decimal(str(table["per_seconds"]))
            rows = [Limit(what, int(table["requests"]), per_seconds, rows[0].scope)]
        found += rows
    return tuple(found)
