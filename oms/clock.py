"""The one place that reads the time and draws unseeded randomness.

Everything else takes a `Clock` as an argument, so that a run can be replayed on a `ManualClock`.
"""

import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def utc_of_us(epoch_us: int) -> datetime:
    """The instant `epoch_us` microseconds after 1970, as an aware UTC datetime, exactly."""
    return EPOCH + timedelta(microseconds=epoch_us)


class Clock(Protocol):
    """A source of time. Readings of `now` never go backwards."""

    def now(self) -> datetime:
        """The wall time, aware, in UTC, to the microsecond."""
        ...

    def now_us(self) -> int:
        """The wall time in whole microseconds since 1970."""
        ...

    def now_ms(self) -> int:
        """The wall time in whole milliseconds since 1970."""
        ...

    def stamp_us(self) -> int:
        """What the machine's clock shows, in microseconds since 1970: for what others compare with
        their own clocks. It goes back when that is set back."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start: for measuring waits, never for dating facts."""
        ...


class SystemClock:
    """The machine's clock, held where it is while the machine's time is set back.

    Several threads may read it. A process makes one, at its composition root: the guard is the
    object's own.
    """

    def __init__(
        self,
        read_ns: Callable[[], int] = time.time_ns,  # noqa: TID251  this is the clock
        read_monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read_ns` gives nanoseconds since 1970, `read_monotonic` seconds."""
        self._read_ns = read_ns
        self._read_monotonic = read_monotonic
        self._lock = threading.Lock()
        self._latest_us = 0

    def now_us(self) -> int:
        """The wall time in whole microseconds since 1970; never less than an earlier answer."""
        with self._lock:
            self._latest_us = max(self._latest_us, self._read_ns() // 1000)
            return self._latest_us

    def now_ms(self) -> int:
        """The wall time in whole milliseconds since 1970."""
        return self.now_us() // 1000

    def now(self) -> datetime:
        """The wall time, aware, in UTC, to the microsecond."""
        return utc_of_us(self.now_us())

    def stamp_us(self) -> int:
        """What the machine's clock shows, wherever it is set."""
        return self._read_ns() // 1000

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return self._read_monotonic()


class ManualClock:
    """A clock that stands still until it is moved: for replays from a seed and for tests."""

    def __init__(self, start_us: int = 1_700_000_000_000_000) -> None:
        """`start_us`: microseconds since 1970; the default is 2023-11-14 22:13:20 UTC."""
        self._start_us = start_us
        self._now_us = start_us

    def advance(self, seconds: float = 0, *, microseconds: int = 0) -> None:
        """Move the time on. ValueError when the step is negative: time does not go back."""
        step = round(seconds * 1_000_000) + microseconds
        if step < 0:
            raise ValueError(f"a clock does not go back: step of {step} us")
        self._now_us += step

    def now_us(self) -> int:
        """Microseconds since 1970."""
        return self._now_us

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return self._now_us // 1000

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        return utc_of_us(self._now_us)

    def stamp_us(self) -> int:
        """The same as `now_us`: this clock is never set."""
        return self._now_us

    def monotonic(self) -> float:
        """Seconds since this clock was made."""
        return (self._now_us - self._start_us) / 1_000_000


def draw_secret() -> str:
    """64 hexadecimal digits from the operating system's own source: a new token or key."""
    return secrets.token_hex(32)


def draw_digits(count: int) -> str:
    """`count` random decimal digits from the operating system's own source."""
    return f"{secrets.randbelow(10**count):0{count}d}"


def draw_id() -> str:
    """16 random hexadecimal digits: a ClOrdID for who gives none."""
    return secrets.token_hex(8)
