"""Secrets out of text: what was registered, and what is recognised by where it stands."""

import json
import re
import threading
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

MASK: Final = "***"

# Header, parameter and JSON names whose values are secrets at one of our doors or venues.
_NAMES: Final = (
    "signature",
    "access-sign",
    "access-key",
    "access-passphrase",
    "api[-_]?key(?:[-_]?id)?",
    "api[-_]?secret(?:[-_]?key)?",
    "secret(?:[-_]?key)?",
    "passphrase",
    "password",
    "authorization",
    "(?:set-)?cookie",
    "x-pck",
    "x-signature",
)
_NAME: Final = f"(?<![\\w-])(?:{'|'.join(_NAMES)})"
# name: value, name=value, "name": "value", ('name', b'value'); the value may be quoted, and a
# backslash may stand before the quotes where JSON is quoted inside JSON.
_NAMED: Final = re.compile(
    rf"(?P<head>{_NAME}(?:(?:\\*[\"'])?\s*[:=]|\\*[\"']\s*,)\s*)"
    r"(?:b?(?P<open>\\*[\"'])(?:(?!(?P=open))(?:\\.|.))*(?P=open)"
    r"|(?:Bearer\s+|Basic\s+)?[^\s,;&\"'}\])|\x01]+)",
    re.IGNORECASE | re.DOTALL,
)
# A header on a line of its own: its value may have spaces.
_HEADER_LINE: Final = re.compile(rf"^(\s*{_NAME}\s*:\s*)[^\s\"'].*$", re.IGNORECASE | re.MULTILINE)
# RawData of a Logon is the token. It ends where the next tag begins; a separator inside it does not.
_RAW_DATA: Final = re.compile(r"(?<!\d)96=.*?(?=(?:[\x01|]\d+=)|[\x01|]?\Z)", re.DOTALL)
_JWT: Final = re.compile(r"eyJ[\w-]{4,}\.[\w-]+\.[\w-]*")
_URL_PASSWORD: Final = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")

_registered: frozenset[str] = frozenset()
_pattern: re.Pattern[str] | None = None
_lock = threading.Lock()


def register_secrets(secrets: Iterable[str]) -> None:
    """Have these values masked in every text from now on; empty ones are ignored.

    A value shorter than four characters is masked only where it stands alone, or every text that
    happens to hold its letters would be unreadable.
    """
    global _registered, _pattern
    with _lock:
        _registered = _registered.union(*(_spellings(secret) for secret in secrets))
        longest_first = sorted(_registered, key=lambda secret: (-len(secret), secret))
        parts = [
            re.escape(secret) if len(secret) > 3 else rf"(?<!\w){re.escape(secret)}(?!\w)"
            for secret in longest_first
        ]
        _pattern = re.compile("|".join(parts)) if parts else None


def _spellings(secret: str) -> set[str]:
    """A secret as it is, as a URL writes it, and as JSON writes it."""
    # The environment may hold bytes that are no text; they come as lone surrogates.
    in_a_url = quote(secret, safe="", errors="surrogatepass")
    return {secret, in_a_url, json.dumps(secret)[1:-1]} - {""}


def forget_secrets() -> None:
    """Empty the registry: for a process that has closed one configuration and opens another."""
    global _registered, _pattern
    with _lock:
        _registered, _pattern = frozenset(), None


def redact(text: str) -> str:
    """`text` with its secrets masked: fit for a log, a journal, an exception or a page.

    Masks registered values, FIX tag 96, JSON web tokens, passwords in URLs, and the values of
    headers, parameters and JSON members whose names say that they are secret.
    """
    text = _RAW_DATA.sub(f"96={MASK}", redact_values(text))
    text = _HEADER_LINE.sub(rf"\1{MASK}", text)
    return _NAMED.sub(_mask_value, text)


def redact_values(text: str) -> str:
    """`text` without what is a secret by itself, for sentences about keys that hold secrets.

    Masks registered values, JSON web tokens and passwords in URLs.
    """
    pattern = _pattern
    if pattern is not None:
        text = pattern.sub(MASK, text)
    text = _JWT.sub(MASK, text)
    return _URL_PASSWORD.sub(rf"\1{MASK}@", text)


def _mask_value(match: re.Match[str]) -> str:
    """The name as it stood and a mask for its value, in the value's own quotes."""
    quote = match["open"] or ""
    return f"{match['head']}{quote}{MASK}{quote}"
