"""Are the secrets of a run in anything that it wrote?"""

import base64
import json
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from oms.core.values import frozen

_TOKEN: Final = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}")
"""A JSON web token, whoever signed it: those of the Logons are drawn anew each time."""


@frozen
class Leak:
    """A file that holds a secret; `what` says which without showing it."""

    file: Path
    what: str

    def __str__(self) -> str:
        """On one line."""
        return f"{self.file}: {self.what}"


def find_secrets(
    directory: Path, secrets: Iterable[str], *, apart: Collection[Path] = ()
) -> list[Leak]:
    """Every file under `directory` that holds one of the secrets or any JSON web token.

    Databases and logs are searched as bytes, for a secret as it is and as URLs, JSON and base64
    write it. `apart` are the files where the secrets belong: the configuration.
    """
    spellings = [(f"secret {n}", _spellings(s)) for n, s in enumerate(sorted(secrets), 1) if s]
    leaks = []
    for file in sorted(path for path in directory.rglob("*") if path.is_file()):
        if file not in apart:
            content = file.read_bytes()
            leaks += [Leak(file, what) for what in _found(content, spellings)]
    return leaks


def _found(content: bytes, spellings: Iterable[tuple[str, frozenset[bytes]]]) -> Iterator[str]:
    for what, forms in spellings:
        if any(form in content for form in forms):
            yield what
    if _TOKEN.search(content):
        yield "a JSON web token"


def _spellings(secret: str) -> frozenset[bytes]:
    plain = secret.encode()
    texts = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}
    return frozenset({plain.hex().encode(), base64.b64encode(plain)} | {t.encode() for t in texts})
