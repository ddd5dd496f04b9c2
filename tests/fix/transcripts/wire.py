"""Bytes of FIX messages for the transcripts, made and taken apart without any FIX library."""

import re
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Final

SOH: Final = b"\x01"


class Mismatch(AssertionError):
    """What came is not what the transcript says."""


def checksum(content: bytes) -> str:
    """CheckSum (10) of everything before it."""
    return f"{sum(content) % 256:03d}"


def join(pairs: list[tuple[str, bytes]]) -> bytes:
    """tag=value and SOH, of each."""
    return b"".join(tag.encode() + b"=" + value + SOH for tag, value in pairs)


def stamp(offset_s: float = 0.0) -> str:
    """A UTCTimestamp so many seconds from now."""
    moment = datetime.now(UTC) + timedelta(seconds=offset_s)  # noqa: TID251  as the engine's is
    return f"{moment:%Y%m%d-%H:%M:%S}.{moment.microsecond // 1000:03d}"


def age_s(text: str) -> float:
    """How many seconds ago that UTCTimestamp was. Raises ValueError."""
    moment = datetime.strptime(text, "%Y%m%d-%H:%M:%S.%f").replace(tzinfo=UTC)
    return (datetime.now(UTC) - moment).total_seconds()  # noqa: TID251  as above


_HEAD: Final = re.compile(rb"8=FIX\.4\.2\x019=(\d+)\x0135=")
_LINES: Final = ("B", "58")
"""The one group that we send: the lines of News, read as one text parted by slashes."""
_TAIL: Final = re.compile(rb"10=(\d{3})\x01")


class Connection:
    """A socket that sends bytes as they are and takes whole messages, strictly."""

    def __init__(self, port: int) -> None:
        """Connect to that port of this machine."""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30.0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._taken = b""

    def send(self, content: bytes, *, bytewise: bool = False) -> None:
        """All of it at once, or each byte in a packet of its own."""
        for part in [content[i : i + 1] for i in range(len(content))] if bytewise else [content]:
            self._socket.sendall(part)

    def take(self, wait_s: float) -> dict[str, str] | None:
        """The next message by tag; None at the end. Raises Mismatch: none came, or a bad one."""
        until = time.monotonic() + wait_s
        while (message := self._whole()) is None:
            if not self._read(until, wait_s):
                return None
        return message

    def close(self) -> None:
        """End it."""
        self._socket.close()

    def _read(self, until: float, wait_s: float) -> bool:
        left = until - time.monotonic()
        if left <= 0:
            raise Mismatch(f"nothing came in {wait_s:g} s")
        self._socket.settimeout(left)
        try:
            content = self._socket.recv(65_536)
        except TimeoutError:
            raise Mismatch(f"nothing came in {wait_s:g} s") from None
        except ConnectionError:
            content = b""
        self._taken += content
        if not content and self._taken:
            raise Mismatch(f"the connection ended in the middle of a message: {self._taken!r}")
        return bool(content)

    def _whole(self) -> dict[str, str] | None:
        """The first whole message that was taken. Raises Mismatch if it is malformed."""
        head = _HEAD.match(self._taken)
        if head is None:
            if len(self._taken) > 40:
                raise Mismatch(f"no FIX message: {self._taken!r}")
            return None
        body_ends = head.end() - 3 + int(head[1])
        tail = _TAIL.match(self._taken, body_ends)
        if tail is None:
            if len(self._taken) > body_ends + 7:
                raise Mismatch(f"BodyLength is wrong: {self._taken!r}")
            return None
        content, self._taken = self._taken[: tail.end()], self._taken[tail.end() :]
        if checksum(content[:body_ends]) != tail[1].decode():
            raise Mismatch(f"CheckSum is wrong: {content!r}")
        return _by_tag(content)


def _by_tag(content: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in content.decode("ascii").split("\x01")[:-1]:
        tag, _, value = part.partition("=")
        if tag in found and (found["35"], tag) != _LINES:
            raise Mismatch(f"a tag is there twice: {content!r}")
        found[tag] = f"{found[tag]} / {value}" if tag in found else value
    return found
