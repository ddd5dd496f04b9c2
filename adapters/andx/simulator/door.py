"""Who may come in, and how often.

Source: ANDX API document, sections "Rate Limits", "Creating a Request" and "Signing a Message".
"""

import hashlib
import hmac
import re
from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from adapters.andx.simulator.wire import Barred
from adapters.simserver import SimRequest

TOLERANCE_MS: Final = 30_000
"""How far a timestamp may be off, either way; the document names no window."""

PER_MINUTE: Final = 60
_MINUTE_MS: Final = 60_000
_SECONDS: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_HEADERS: Final = (
    "access-key",
    "access-user",
    "access-passphrase",
    "access-timestamp",
    "access-sign",
)


def sign(secret: bytes, *parts: bytes) -> bytes:
    """Return the upper-case hexadecimal HMAC-SHA256 of the parts run together."""
    return hmac.new(secret, b"".join(parts), hashlib.sha256).hexdigest().upper().encode()


class Door:
    """Admits requests that the one user signed."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._key, self._user, self._passphrase, self._secret = (
            credentials[name].encode()
            for name in ("api_key", "username", "passphrase", "api_secret")
        )

    def admit(self, request: SimRequest, now_ms: int) -> None:
        """Return if key, user, passphrase, time and signature are right; raises Barred(401)."""
        if not all(request.headers.get(name) for name in _HEADERS):
            raise Barred(401, "an access header is missing")
        key, user, passphrase, timestamp, signature = (
            request.headers[name].encode("utf-8", "surrogateescape") for name in _HEADERS
        )
        _demand_recent(request.headers["access-timestamp"], now_ms)
        body = request.body or b"{}"
        right = sign(self._secret, self._key, self._user, self._passphrase, timestamp, body)
        given = b"\0".join((key, user, passphrase, signature))
        known = b"\0".join((self._key, self._user, self._passphrase, right))
        if not hmac.compare_digest(given, known):
            raise Barred(401, "the key, user, passphrase or signature is wrong")


class Pace:
    """Counts requests of all kinds in a sliding minute; a refused one is not counted."""

    def __init__(self, speed: Decimal) -> None:
        self._most = int(PER_MINUTE * speed)
        self._times: deque[int] = deque()

    def count(self, now_ms: int) -> None:
        """Count one request; raises Barred(429) if the minute is full."""
        while self._times and self._times[0] <= now_ms - _MINUTE_MS:
            self._times.popleft()
        if len(self._times) >= self._most:
            raise Barred(429, "rate limit")
        self._times.append(now_ms)


def _demand_recent(timestamp: str, now_ms: int) -> None:
    if not _SECONDS.fullmatch(timestamp):
        raise Barred(401, "the timestamp is not a number of seconds")
    if abs(Decimal(timestamp) * 1000 - now_ms) > TOLERANCE_MS:
        raise Barred(401, "the timestamp is too far from the venue's clock")
