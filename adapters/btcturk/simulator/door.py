"""Who may come in, and how often.

Source: BtcTurk API document, sections "Authentication", "Rate Limits" and "FAQ"; the limits per
second and the body of a 429 are from the venue's later page of rate limits. Where two sources
differ the stricter one holds.
"""

import base64
import hashlib
import hmac
from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from adapters.btcturk.simulator.wire import (
    HEADERS_MISSING,
    INVALID_KEY,
    INVALID_NONCE,
    INVALID_SIGNATURE,
    Barred,
)
from adapters.simserver import SimRequest

TOLERANCE_MS: Final = 5_000
"""How far a stamp may be off, either way."""

LIMITS: Final[Mapping[str, tuple[tuple[int, int], ...]]] = {
    "private": ((600, 60),),
    "balances": ((90, 60),),
    "new": ((300, 60), (10, 1)),
    "cancel": ((300, 60), (10, 1)),
    "order": ((900, 60), (30, 1)),
    "lists": ((300, 60),),
    "transactions": ((90, 60),),
    "ticker": ((600, 60),),
    "orderbook": ((60, 60),),
    "charts": ((120, 60),),
}
"""Requests and seconds, by what is asked for; `private` counts everything under api/v1."""


def signature(secret: bytes, text: str) -> str:
    """Return the HMAC-SHA256 of the text in base64, encoded once."""
    digest = hmac.new(secret, text.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Door:
    """Admits requests that the one account's key signed, each stamp once."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._key = credentials["api_key"]
        self._secret = base64.b64decode(credentials["api_secret"], validate=True)
        self._used: dict[int, None] = {}

    def admit(self, request: SimRequest, now_ms: int) -> None:
        """Return if key, stamp and signature are right and new; raises Barred(401)."""
        key, text, sign = (request.headers.get(n, "") for n in ("x-pck", "x-stamp", "x-signature"))
        if not (key and text and sign):
            raise Barred(401, HEADERS_MISSING)
        if not text.isascii() or not text.isdecimal() or len(text) > 15:
            raise Barred(401, INVALID_NONCE)
        stamp = int(text)
        if abs(stamp - now_ms) > TOLERANCE_MS:
            raise Barred(401, INVALID_NONCE)
        if key != self._key:
            raise Barred(401, INVALID_KEY)
        right = signature(self._secret, key + text)
        if not hmac.compare_digest(right.encode(), sign.encode("utf-8", "surrogateescape")):
            raise Barred(401, INVALID_SIGNATURE)
        self._use(stamp, now_ms)

    def _use(self, stamp: int, now_ms: int) -> None:
        if stamp in self._used:
            raise Barred(401, INVALID_SIGNATURE)
        self._used[stamp] = None
        while self._used and (oldest := next(iter(self._used))) < now_ms - 2 * TOLERANCE_MS:
            del self._used[oldest]


class Pace:
    """Counts requests in sliding windows, each endpoint its own; a refused one is not counted."""

    def __init__(self, speed: Decimal) -> None:
        self._speed = speed
        self._times: dict[tuple[str, int], deque[int]] = {}

    def count(self, kinds: tuple[str, ...], now_ms: int) -> None:
        """Count one request of these kinds; raises Barred(429) if a window is full."""
        windows = [(kind, *window) for kind in kinds for window in LIMITS[kind]]
        for kind, most, period_s in windows:
            self._demand_room(kind, int(most * self._speed), period_s, now_ms)
        for kind, _, period_s in windows:
            self._times[kind, period_s].append(now_ms)

    def _demand_room(self, kind: str, most: int, period_s: int, now_ms: int) -> None:
        times = self._times.setdefault((kind, period_s), deque())
        while times and times[0] <= now_ms - period_s * 1000:
            times.popleft()
        if len(times) >= most:
            raise too_many(most, period_s, -(-(times[0] + period_s * 1000 - now_ms) // 1000))


def too_many(most: int, period_s: int, wait_s: int) -> Barred:
    """Return the answer to a request too many."""
    return Barred(
        429,
        ("TOO_MANY_REQUESTS", 429),
        {"Retry-After": str(wait_s)},
        details="Rate limit exceeded",
        limit=most,
        period=f"{period_s}s",
        policy="account, ip",
    )
