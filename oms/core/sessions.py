"""Where a FIX session is: what came in, what went out, and what of it is proved."""

from oms.core.notes import Delivered, SessionReset, WentBack
from oms.core.ports import Record
from oms.core.values import frozen, replaced


def venue_session(route: str) -> str:
    """The name of a route's session among the desks'; no origin has a slash in it."""
    return f"/{route}"


@frozen
class Session:
    """A FIX session's position, a desk's or a route's. `msg_seq_num_in` was the last consumed;
    reports up to `delivered` were handed over, the last one not after `msg_seq_num_out`. Those up
    to `seen` the desk has proved to have; those up to `repeat_to` go out with PossResend. The
    session was begun anew `resets` times. quickfix has stored the messages from `stored_from` on;
    0 as long as the session was not begun."""

    msg_seq_num_in: int = 0
    msg_seq_num_out: int = 0
    delivered: int = 0
    seen: int = 0
    repeat_to: int = 0
    resets: int = 0
    stored_from: int = 0

    def after(self, record: Record) -> "Session":
        """The position after a record of that session."""
        message = record.message
        match message:
            case SessionReset():
                return Session(
                    delivered=message.number,
                    seen=self.seen,
                    repeat_to=max(self.repeat_to, message.repeat_to),
                    resets=self.resets + 1,
                    stored_from=1,
                )
            case Delivered():
                return replaced(
                    self,
                    msg_seq_num_out=message.msg_seq_num,
                    delivered=message.number,
                    seen=max(self.seen, message.seen),
                    stored_from=self.stored_from or 1,
                )
            case WentBack():
                return replaced(
                    self,
                    msg_seq_num_out=message.msg_seq_num,
                    delivered=message.number,
                    repeat_to=max(self.repeat_to, message.repeat_to),
                    stored_from=message.msg_seq_num + 1 if message.lost else self.stored_from,
                )
            case _ if record.msg_seq_num > self.msg_seq_num_in:
                return replaced(self, msg_seq_num_in=record.msg_seq_num)
            case _:
                return self
