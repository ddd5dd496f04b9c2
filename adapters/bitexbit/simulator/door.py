"""Who may come in, and how often.

Source: Bitexbit API v1 document, sections "HTTP API (v1)" and "Authorization".
"""

import hashlib
import hmac
import re
from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from adapters.bitexbit.simulator.wire import Barred
from adapters.simserver import SimRequest

PRIVATE_PER_SECOND: Final = 2
PUBLIC_PER_SECOND: Final = 100
_SECOND_MS: Final = 1_000
_NONCE: Final = re.compile("[0-9]{1,18}")
_HEADERS: Final = ("x-key", "x-sign", "x-nonce")


def sign(key: str, secret: str, fields: Iterable[tuple[str, str]]) -> str:
    """Return what X-SIGN must be: lower-case hex of HMAC-SHA256 over key and sorted fields."""
    message = key + urlencode(sorted(fields))
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


class Door:
    """Admits requests that the one user signed, each with a larger nonce than the last."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._key, self._secret = credentials["api_key"], credentials["api_secret"]
        self.last_nonce = 0
        self._poison_ms: int | None = None

    def poison(self, ahead_ms: int) -> None:
        """From the next request on the last nonce was so many milliseconds ahead of it."""
        self._poison_ms = ahead_ms

    def admit(self, request: SimRequest, fields: Iterable[tuple[str, str]], now_ms: int) -> None:
        """Return if key, signature and nonce are right; raises Barred(401).

        Only a nonce whose signature is right is used up.
        """
        if self._poison_ms is not None:
            self.last_nonce, self._poison_ms = now_ms + self._poison_ms, None
        if not all(request.headers.get(name) for name in _HEADERS):
            raise Barred(401, "an authorization header is missing")
        key, signature, nonce = (request.headers[name] for name in _HEADERS)
        right = sign(self._key, self._secret, fields)
        given = f"{key}\0{signature}".encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, f"{self._key}\0{right}".encode()):
            raise Barred(401, "the key or the signature is wrong")
        if not _NONCE.fullmatch(nonce) or int(nonce) <= self.last_nonce:
            raise Barred(401, "the nonce is not an integer above the last one")
        self.last_nonce = int(nonce)


class Pace:
    """Counts requests of one kind in a sliding second; a refused one is not counted."""

    def __init__(self, per_second: int, speed: Decimal) -> None:
        self._most = max(1, int(per_second * speed))
        self._times: deque[int] = deque()

    def count(self, now_ms: int) -> None:
        """Count one request; raises Barred(429) if the second is full."""
        while self._times and self._times[0] <= now_ms - _SECOND_MS:
            self._times.popleft()
        if len(self._times) >= self._most:
            raise Barred(429, "too many requests")
        self._times.append(now_ms)
