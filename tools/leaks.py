"""Look for secrets in files about to be committed.

    python -m tools.leaks FILE...      exit 1 if any line looks like a credential

A line that must look like one (a published example, a made-up key in a test) says so with the words
"not a secret". Tokens and keys whose text names what they are made for (test, example, demo, fake,
secret, ...) pass: nobody is issued such a key.
"""

import base64
import binascii
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

EXCUSE: Final = "not a secret"
_MADE_UP: Final = re.compile(
    r"test|example|demo|fake|sample|secret|dummy|change|STA-0000|DESK", re.IGNORECASE
)
_PRIVATE_KEY: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_TOKEN: Final = re.compile(r"eyJ[\w-]{8,}\.(eyJ[\w-]{8,})\.[\w-]{20,}")
_ASSIGNED: Final = re.compile(
    r"""(?:secret|passphrase|password|token|api_?key|private_?key)\w*["']?\s*[:=]\s*"""
    r"""["']([^"'\s{}<>]{16,})["']""",
    re.IGNORECASE,
)
_FILES: Final = re.compile(r"(?:^|/)(?:oms\.toml|[^/]*\.(?:pem|key|p12|pfx|secret))$")


def _claims(segment: str) -> str:
    """The readable part of a token, or nothing."""
    try:
        return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def suspicion(line: str) -> str:
    """What the line looks like; empty if harmless."""
    if EXCUSE in line:
        return ""
    if _PRIVATE_KEY.search(line):
        return "a private key"
    for token in _TOKEN.finditer(line):
        if not _MADE_UP.search(_claims(token[1])):
            return "a signed token"
    for value in _ASSIGNED.finditer(line):
        if not _MADE_UP.search(value[1]) and re.search(r"\d", value[1]):
            return "a credential"
    return ""


def leaks(name: str, text: str) -> Iterator[str]:
    """`file:line: what` for every suspicious line; the line itself is not repeated."""
    if _FILES.search(name):
        yield f"{name}: a file that holds secrets"
    for number, line in enumerate(text.splitlines(), 1):
        if what := suspicion(line):
            yield f"{name}:{number}: looks like {what}"


def main() -> None:
    """Look at the files named."""
    found = [
        leak
        for name in sys.argv[1:]
        for leak in leaks(name, Path(name).read_text(encoding="utf-8", errors="replace"))
    ]
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
