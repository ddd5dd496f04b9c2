"""A yardstick for the round trips: the relay as a careful hand writes it, string in and string out.

`relay.py`'s sessions and settings, and its duties: no database, no order kept, no token looked at. A
message leaves quickfix as text, is split once, and enters quickfix again as text. It does without
the one trick more that there is, a thread state kept per session.

    python -m benchmarks.relay_strings VENUE_PORT DESK_PORT
"""
# ruff: noqa: N802  quickfix names its callbacks

from typing import Any, Final

from benchmarks.relay import DeskSide, VenueSide, fix, relay

_HEAD: Final = "8=FIX.4.2\x019=0\x0135=%s\x01"
_TAIL: Final = "10=000\x01"
_ORDER: Final = ("11", "21", "55", "54", "60", "40", "38", "44", "207", "59")
_REPORT: Final = ("37", "17", "20", "150", "39", "11", "55", "54", "32", "31", "151", "14", "6")


def _passed_on(text: str, msg_type: str, tags: tuple[str, ...]) -> Any:
    """The same message with these fields; the session puts length, numbers and checksum."""
    fields = dict(field.split("=", 1) for field in text.split("\x01")[:-1])
    body = "".join(f"{tag}={fields[tag]}\x01" for tag in tags if tag in fields)
    return fix.Message(f"{_HEAD % msg_type}{body}{_TAIL}", False)


class Orders(DeskSide):
    """Orders in, reports out."""

    def fromApp(self, message: Any, session_id: Any) -> None:
        text = message.toString()
        if "\x0135=D\x01" in text:
            fix.Session.sendToTarget(_passed_on(text, "D", _ORDER), self.venue.session)


class Reports(VenueSide):
    """Orders out, reports in."""

    def fromApp(self, message: Any, session_id: Any) -> None:
        text = message.toString()
        if "\x0135=8\x01" in text:
            fix.Session.sendToTarget(_passed_on(text, "8", _REPORT), self.desk.session)


if __name__ == "__main__":
    relay(Orders(), Reports())
