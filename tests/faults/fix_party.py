"""The other end of a FIX session of the engine's: a desk, or a counterparty.

It knows FIX 4.2 and nothing of the engine's code. Its numbers and what it sent go on over
connections; what never came is asked for, what is asked for is sent again with PossDupFlag.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from tests.faults.fix_net import IN, Half, Net

Fields = list[tuple[int, str]]
Message = dict[int, str]

ADMIN: Final = frozenset("012345A")
BEAT_S: Final = 30
ASK_AGAIN_S: Final = 5.0
"""A gap that stays is asked for again after so long."""


class Party:
    """One end, connected or not."""

    def __init__(self, net: Net, comp_id: str, target: str, now: Callable[[], datetime]) -> None:
        """`now()` is its own clock's."""
        self.net = net
        self.comp_id, self.target = comp_id, target
        self.now = now
        self.next_in = self.next_out = 1
        self.sent: dict[int, Fields] = {}
        self.half: Half | None = None
        self.logged_on = False
        self.answers_logon = True
        """Whether it is the one that is logged on to."""
        self._early: dict[int, Message] = {}
        self._asked = (0, timedelta.min)
        self._heard_at = self._told_at = net.loop.time()
        self._tested = False

    # For whoever plays the part

    def on_logon(self) -> None:
        """Both Logons were exchanged."""

    def on_message(self, message: Message) -> None:
        """An application message, in its turn."""

    def on_end(self) -> None:
        """The connection is over."""

    def refuses(self, logon: Message) -> str:
        """Why that Logon is refused; empty: it is not."""
        return ""

    # The connection

    def begin(self, half: Half) -> "Party":
        """There is a connection."""
        self.half = half
        self._early.clear()
        self._asked = (0, timedelta.min)
        self._tested = False
        self._heard_at = self._told_at = self.net.loop.time()
        self._watch(half)
        return self

    def ended(self) -> None:
        """It is over."""
        if self.half is not None:
            self.half, self.logged_on = None, False
            self.on_end()

    def hang_up(self) -> None:
        """End it without a word."""
        if self.half is not None:
            self.half.close()
            self.ended()

    def _watch(self, half: Half) -> None:
        """Heartbeats, either way."""
        if self.half is not half:
            return
        now = self.net.loop.time()
        if now - self._heard_at >= 2.4 * BEAT_S:
            self.hang_up()
            return
        if now - self._heard_at >= 1.2 * BEAT_S and not self._tested:
            self._tested = True
            self.send("1", (112, "PARTY"))
        elif self.logged_on and now - self._told_at >= BEAT_S:
            self.send("0")
        self.net.loop.call_later(BEAT_S / 10, self._watch, half)

    # Out

    def log_on(self, *fields: tuple[int, str], reset: bool = False) -> None:
        """Send a Logon."""
        if reset:
            self.next_in = self.next_out = 1
            self.sent.clear()
        flag = [(141, "Y")] if reset else []
        self.send("A", *fields, (98, "0"), (108, str(BEAT_S)), *flag)

    def send(self, kind: str, *fields: tuple[int, str]) -> int:
        """Send under the next MsgSeqNum, which is returned; it is used up, connected or not."""
        number = self.next_out
        self.next_out += 1
        self.sent[number] = [(35, kind), *fields, (52, self._stamp())]
        self._write(self.sent[number], number)
        return number

    def _write(self, body: Fields, number: int, *extra: tuple[int, str]) -> None:
        self._told_at = self.net.loop.time()
        if self.half is not None:
            head: Fields = [(8, "FIX.4.2"), body[0], (34, str(number)), *extra]
            route = [(49, self.comp_id), (52, self._stamp()), (56, self.target)]
            rest = [one for one in body[1:] if one[0] != 52]
            self.half.send([*head, *route, *rest])

    def _stamp(self) -> str:
        return f"{self.now():%Y%m%d-%H:%M:%S.%f}"[:-3]

    # In

    def take(self, fields: Fields) -> None:
        """A message has come."""
        message = dict(fields)
        self._heard_at, self._tested = self.net.loop.time(), False
        kind, number = message[35], int(message[34])
        if kind == "A" and not self._welcome(message):
            return
        if kind == "4" and message.get(123) != "Y":
            self.next_in = max(self.next_in, int(message[36]))
            self._go_on()
        elif number > self.next_in:
            self._keep_early(message, number)
        elif number < self.next_in:
            self._again(message)
        else:
            self._accept(message)
            self._go_on()

    def _welcome(self, message: Message) -> bool:
        """Whether a Logon is in order; it is answered."""
        if why := self.refuses(message):
            self.send("5", (58, why))
            self.hang_up()
            return False
        if message.get(141) == "Y":
            if self.answers_logon:
                self.next_out = 1
                self.sent.clear()
            self.next_in = 1
        elif int(message[34]) < self.next_in:
            self.send("5", (58, f"MsgSeqNum too low, expecting {self.next_in}"))
            self.hang_up()
            return False
        if self.answers_logon:
            flag = [(141, "Y")] if message.get(141) == "Y" else []
            self.send("A", (98, "0"), (108, message[108]), *flag)
        self.logged_on = True
        return True

    def _again(self, message: Message) -> None:
        """A number that is known: nothing is done twice, and only a duplicate may have it."""
        if message.get(43) != "Y":
            self.send("5", (58, f"MsgSeqNum too low, expecting {self.next_in}"))
            self.hang_up()

    def _keep_early(self, message: Message, number: int) -> None:
        kind = message[35]
        if kind == "2":
            self._resend(message)
        elif kind == "5":
            self._log_out()
            return
        self._early[number] = message
        self._ask()
        if kind == "A":
            self.on_logon()

    def _ask(self) -> None:
        first, at = self._asked
        now = timedelta(seconds=self.net.loop.time())
        if first != self.next_in or now - at >= timedelta(seconds=ASK_AGAIN_S):
            self._asked = (self.next_in, now)
            self.send("2", (7, str(self.next_in)), (16, "0"))

    def _go_on(self) -> None:
        while self.half is not None:
            message = self._early.pop(self.next_in, None)
            if message is None:
                return
            if message[35] in "A2":
                self.next_in += 1
            else:
                self._accept(message)

    def _accept(self, message: Message) -> None:
        kind = message[35]
        self.next_in += 1
        match kind:
            case "A":
                self.on_logon()
            case "1":
                self.send("0", (112, message[112]))
            case "2":
                self._resend(message)
            case "4":
                self.next_in = max(self.next_in, int(message[36]))
            case "5":
                self._log_out()
            case "0" | "3":
                pass
            case _:
                self.on_message(message)

    def _log_out(self) -> None:
        self.send("5")
        self.hang_up()

    def _resend(self, message: Message) -> None:
        first, last = int(message[7]), int(message[16])
        end = self.next_out if last == 0 else min(last + 1, self.next_out)
        filled = 0
        for number in range(first, end):
            body = self.sent.get(number)
            if body is None or body[0][1] in ADMIN:
                filled = filled or number
                continue
            if filled:
                self._fill(filled, number)
                filled = 0
            self._write(body, number, (43, "Y"), (122, dict(body)[52]))
        if filled:
            self._fill(filled, end)

    def _fill(self, first: int, following: int) -> None:
        fill = [(35, "4"), (123, "Y"), (36, str(following))]
        self._write(fill, first, (43, "Y"), (122, self._stamp()))


WAY: Final = IN
"""The way in which whoever is outside sends."""
