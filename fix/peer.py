"""What a role tells of its sessions, and asks about them."""

from typing import Protocol

from fix.wire import Fields


class Peer(Protocol):
    """What a role does with its sessions. Called on quickfix's threads, in order per session."""

    watches_sending: bool
    """Whether `sending` is asked for every application message; it costs."""

    def logged_on(self, session: str) -> None:
        """The session is up, both Logons exchanged."""

    def logged_out(self, session: str) -> None:
        """The session is down, or its Logon was not answered."""

    def logon_received(self, session: str, fields: Fields) -> None:
        """A Logon that quickfix finds in order. Raises LogonRefused."""

    def admin_received(self, session: str, fields: Fields) -> None:
        """A Heartbeat (0), ResendRequest (2), Reject (3), SequenceReset (4) or Logout (5)."""

    def admin_sending(self, session: str, fields: Fields) -> Fields:
        """A Logon or a Reject is about to leave; the fields to add to it."""

    def received(self, session: str, fields: Fields, raw: str) -> None:
        """An application message. Raises MalformedMessage for a Reject (3). `raw` is redacted."""

    def sending(self, session: str, fields: Fields) -> bool:
        """An application message is about to leave; False keeps it from leaving."""

    def failed(self, session: str, raw: str, error: BaseException) -> None:
        """A callback failed by a mistake of ours; the message was not handled."""
