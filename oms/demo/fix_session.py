"""The desk's end of a FIX 4.2 session: whole messages in and out, no socket, time an argument.

Written from the FIX 4.2 specification and independent of the engine's own side.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fix import tags
from oms.core.values import frozen

Field = tuple[int, str]
Fields = list[Field]

OMS: Final = "OMS"
_ADMIN: Final = frozenset("0125A4")
_TEST_AFTER: Final = 1.2  # heartbeat intervals of silence until the other side is asked
_GONE_AFTER: Final = 2.4  # and until it is taken for gone


@dataclass(slots=True)
class Turn:
    """What one message or one tick of the clock leads to: to send, and told to the desk."""

    out: list[Fields] = field(default_factory=list)
    told: list[Fields] = field(default_factory=list)


@frozen
class _Sent:
    """An application message, kept for a ResendRequest."""

    fields: Fields
    time: str


class DeskSession:
    """Sequence numbers, heartbeats, resends. It outlives a connection; numbers go on."""

    def __init__(self, comp_id: str, heart_bt_int: int, token: Callable[[datetime], str]) -> None:
        """`heart_bt_int` in seconds; `token(now)` draws the RawData (96) of a Logon."""
        self.logged_on = False
        self.closed = False
        self.text = ""
        """Why the session ended, in the words of whoever ended it."""
        self.resends = 0
        """How often messages were missing and asked for again."""
        self._comp_id = comp_id
        self._heart_bt_int = heart_bt_int
        self._token = token
        self._next_in = 1
        self._next_out = 1
        self._sent: dict[int, _Sent] = {}
        self._asked_to = 0
        self._tested = False
        self._leaving = False
        self._heard_at: datetime | None = None
        self._said_at: datetime | None = None

    def log_on(self, now: datetime) -> list[Fields]:
        """The Logon of a new connection."""
        self.logged_on = self.closed = self._tested = self._leaving = False
        self._asked_to = 0
        self._heard_at = now
        token = self._token(now)
        logon: Fields = [
            (tags.MSG_TYPE, "A"),
            (tags.ENCRYPT_METHOD, "0"),
            (tags.HEART_BT_INT, str(self._heart_bt_int)),
            (tags.RAW_DATA_LENGTH, str(len(token))),
            (tags.RAW_DATA, token),
        ]
        return [self._next(logon, now)]

    def log_out(self, now: datetime, text: str = "") -> list[Fields]:
        """The Logout that ends the session; the other side answers it."""
        self._leaving = True
        said = [(tags.TEXT, text)] if text else []
        return [self._next([(tags.MSG_TYPE, "5"), *said], now)]

    def send(self, fields: Fields, now: datetime) -> list[Fields]:
        """An application message, MsgType first."""
        self._sent[self._next_out] = _Sent(fields, _timestamp(now))
        return [self._next(fields, now)]

    def lose(self) -> None:
        """The connection is gone."""
        self.logged_on = False
        self.closed = True

    def receive(self, message: Fields, now: datetime) -> Turn:
        """Take one message whose frame is sound."""
        self._heard_at = now
        self._tested = False
        fields = dict(message)
        kind, number = fields[tags.MSG_TYPE], int(fields[tags.MSG_SEQ_NUM])
        if kind == "4" and fields.get(tags.GAP_FILL_FLAG) != "Y":
            self._next_in = max(self._next_in, int(fields[tags.NEW_SEQ_NO]))
            return Turn()
        if number > self._next_in:
            return self._early(fields, number, now)
        if number < self._next_in:
            return self._late(fields, number, now)
        self._next_in += 1
        if kind not in _ADMIN:
            return Turn(told=[message])
        return Turn(out=self._administer(fields, now))

    def tick(self, now: datetime) -> Turn:
        """What is due: a heartbeat, a question whether anybody is there."""
        if not self.logged_on or self._said_at is None or self._heard_at is None:
            return Turn()
        silent_s = (now - self._heard_at).total_seconds()
        if silent_s > _GONE_AFTER * self._heart_bt_int:
            return Turn(out=self._end("nothing heard", now))
        if silent_s > _TEST_AFTER * self._heart_bt_int and not self._tested:
            self._tested = True
            asked = [(tags.MSG_TYPE, "1"), (tags.TEST_REQ_ID, _timestamp(now))]
            return Turn(out=[self._next(asked, now)])
        if (now - self._said_at).total_seconds() >= self._heart_bt_int:
            return Turn(out=[self._next([(tags.MSG_TYPE, "0")], now)])
        return Turn()

    def _early(self, fields: dict[int, str], number: int, now: datetime) -> Turn:
        """Something is missing: ask for it, once. What came too early is asked for with it."""
        out: list[Fields] = []
        if fields[tags.MSG_TYPE] in "A25":
            # A Logon, ResendRequest or Logout takes effect at once, or both sides would wait.
            out = self._administer(fields, now)
        if not self.closed and self._next_in > self._asked_to:
            self._asked_to = number
            self.resends += 1
            asked = [
                (tags.MSG_TYPE, "2"),
                (tags.BEGIN_SEQ_NO, str(self._next_in)),
                (tags.END_SEQ_NO, "0"),
            ]
            out.append(self._next(asked, now))
        return Turn(out=out)

    def _late(self, fields: dict[int, str], number: int, now: datetime) -> Turn:
        if fields.get(tags.POSS_DUP_FLAG) == "Y":
            return Turn()
        text = f"MsgSeqNum too low, expecting {self._next_in} but received {number}"
        return Turn(out=self._end(text, now))

    def _administer(self, fields: dict[int, str], now: datetime) -> list[Fields]:
        match fields[tags.MSG_TYPE]:
            case "A":
                self.logged_on = True
            case "1":
                echo = (tags.TEST_REQ_ID, fields.get(tags.TEST_REQ_ID, ""))
                return [self._next([(tags.MSG_TYPE, "0"), echo], now)]
            case "2":
                return self._send_again(fields, now)
            case "4":
                self._next_in = max(self._next_in, int(fields[tags.NEW_SEQ_NO]))
            case "5":
                self.text = self.text or fields.get(tags.TEXT, "")
                answer = [] if self._leaving or not self.logged_on else self.log_out(now)
                self.lose()
                return answer
            case _:  # a Heartbeat: that it came is all it says
                pass
        return []

    def _send_again(self, fields: dict[int, str], now: datetime) -> list[Fields]:
        """Application messages as they were, with PossDupFlag; the rest is filled over."""
        begin, end = int(fields[tags.BEGIN_SEQ_NO]), int(fields[tags.END_SEQ_NO])
        last = self._next_out - 1 if end == 0 else min(end, self._next_out - 1)
        out: list[Fields] = []
        gap: int | None = None
        for number in range(begin, last + 1):
            sent = self._sent.get(number)
            if sent is None:
                gap = number if gap is None else gap
                continue
            if gap is not None:
                out.append(self._filled(gap, number, now))
                gap = None
            original = (tags.ORIG_SENDING_TIME, sent.time)
            out.append(self._stamped(sent.fields, number, now, (_POSS_DUP, original)))
        if gap is not None:
            out.append(self._filled(gap, last + 1, now))
        return out

    def _filled(self, number: int, new_number: int, now: datetime) -> Fields:
        fill = [
            (tags.MSG_TYPE, "4"),
            (tags.GAP_FILL_FLAG, "Y"),
            (tags.NEW_SEQ_NO, str(new_number)),
        ]
        return self._stamped(fill, number, now, (_POSS_DUP,))

    def _end(self, text: str, now: datetime) -> list[Fields]:
        self.text = text
        out = self.log_out(now, text)
        self.lose()
        return out

    def _next(self, fields: Fields, now: datetime) -> Fields:
        self._next_out += 1
        self._said_at = now
        return self._stamped(fields, self._next_out - 1, now)

    def _stamped(
        self, fields: Fields, number: int, now: datetime, more: Iterable[Field] = ()
    ) -> Fields:
        return [
            fields[0],
            (tags.SENDER_COMP_ID, self._comp_id),
            (tags.TARGET_COMP_ID, OMS),
            (tags.MSG_SEQ_NUM, str(number)),
            *more,
            (tags.SENDING_TIME, _timestamp(now)),
            *fields[1:],
        ]


_POSS_DUP: Final = (tags.POSS_DUP_FLAG, "Y")


def _timestamp(now: datetime) -> str:
    return f"{now:%Y%m%d-%H:%M:%S}.{now.microsecond // 1000:03d}"
