"""FIX messages as bytes, for a load and a counterparty that must not be what is slow."""

from typing import Final

from oms.clock import Clock

SOH: Final = b"\x01"
_TRAILER: Final = b"\x0110="
_TRAILER_LENGTH: Final = len(b"\x0110=000\x01")


class Frames:
    """Splits what arrives into whole messages; none of ours holds raw data."""

    def __init__(self) -> None:
        """Nothing has arrived."""
        self._rest = b""

    def take(self, received: bytes) -> list[bytes]:
        """The messages that are complete now."""
        content = self._rest + received
        messages, start = [], 0
        while (trailer := content.find(_TRAILER, start)) >= 0:
            end = trailer + _TRAILER_LENGTH
            if end > len(content):
                break
            messages.append(content[start:end])
            start = end
        self._rest = content[start:]
        return messages


def fields(message: bytes) -> dict[bytes, bytes]:
    """A message by tag."""
    return {tag: value for tag, _, value in (f.partition(b"=") for f in message.split(SOH)[:-1])}


def value(message: bytes, tag: bytes) -> bytes:
    """One field of a message, b"" if it has none."""
    start = message.find(SOH + tag + b"=")
    if start < 0:
        return b""
    start += len(tag) + 2
    return message[start : message.index(SOH, start)]


class Voice:
    """One side's numbering, and its messages made ready for the wire."""

    def __init__(self, sender: bytes, target: bytes, clock: Clock) -> None:
        """The CompIDs as this side says them."""
        self._comp_ids = b"\x0149=%b\x0156=%b\x0134=" % (sender, target)
        self._clock = clock
        self._next = 1
        self._second = -1
        self._second_text = b""

    def say(self, msg_type: bytes, body: bytes) -> bytes:
        """A whole message; `body` is its fields, each with its SOH."""
        inside = b"35=%b%b%d\x0152=%b\x01%b" % (
            msg_type, self._comp_ids, self._next, self.time(), body,
        )  # fmt: skip
        self._next += 1
        message = b"8=FIX.4.2\x019=%d\x01%b" % (len(inside), inside)
        return b"%b10=%03d\x01" % (message, sum(message) % 256)

    def time(self) -> bytes:
        """The time as FIX writes it, with milliseconds."""
        second, ms = divmod(self._clock.now_ms(), 1000)
        if second != self._second:
            self._second = second
            self._second_text = self._clock.now().strftime("%Y%m%d-%H:%M:%S").encode()
        return b"%b.%03d" % (self._second_text, ms)
