"""The FIX gateway's session layer: logon, sequence numbers, heartbeats; whole messages, no socket.

A connection is one `FixSession`. Its owner gives it every message with `receive`, calls `tick`
now and then, sends what either returns, and closes the connection once `closed` is true.

Source: the venue's document, "FIX API": "Quickfix Configuration" and "Logon". Sequence numbers
start anew at every logon and nothing is ever sent a second time.
"""

from collections.abc import Sequence
from typing import Final

from adapters.apifiny.simulator import fix_fields as tag
from adapters.apifiny.simulator.exchange import Exchange
from adapters.apifiny.simulator.fix_fields import Fields, Message, timestamp
from adapters.apifiny.simulator.fix_orders import FixOrders
from adapters.apifiny.simulator.refusals import Refusal
from adapters.apifiny.simulator.switches import Switches
from adapters.apifiny.simulator.tokens import Account, demand_token

COMP_ID: Final = "APIFINY"
_TEST_AFTER: Final = 1.2  # heartbeat intervals of silence until the client is asked, FIX 4.2's
_GONE_AFTER: Final = 2.4  # and until it is taken for gone


class FixAcceptor:
    """What the connections share: the account, its orders, and which connection is logged on."""

    def __init__(self, account: Account, exchange: Exchange, switches: Switches) -> None:
        self.account = account
        self.exchange = exchange
        self.switches = switches
        self.orders = FixOrders(exchange, switches)
        self.live: FixSession | None = None
        self.received = 0

    def connect(self) -> "FixSession":
        """Begin a connection."""
        return FixSession(self)

    def take_over(self, session: "FixSession") -> None:
        """Make a connection the live one; an older one of the same CompIDs is closed."""
        self.cut()
        self.live = session
        self.orders.forget()

    def cut(self) -> None:
        """Close the live connection without a word."""
        if self.live is not None:
            self.live.close()

    def pass_time(self) -> None:
        """Forget what happens while nobody is logged on: it is never told later."""
        if self.live is None:
            self.orders.forget()


class FixSession:
    """One connection, from the first byte to the last."""

    def __init__(self, acceptor: FixAcceptor) -> None:
        self.closed = False
        self._acceptor = acceptor
        self._next_in = 1
        self._next_out = 1
        self._heartbeat_ms = 0
        self._last_in_ms = 0
        self._last_out_ms = 0
        self._tested = False
        self._gap_asked = False
        self._waiting: list[Fields] = []

    @property
    def logged_on(self) -> bool:
        """Whether this is the connection that reports go to."""
        return self._acceptor.live is self

    def close(self) -> None:
        """End the connection; it hears and says nothing more."""
        self.closed = True
        if self.logged_on:
            self._acceptor.live = None

    def receive(self, message: Sequence[tuple[int, str]], now_ms: int) -> list[Fields]:
        """Take one message, and return those to send."""
        if self.closed:
            return []
        if self._acceptor.switches.value("silent"):
            self._waiting.append(list(message))
            return []
        self._acceptor.received += 1
        self._last_in_ms = now_ms
        self._tested = False
        fields = dict(message)
        number = fields.get(tag.MSG_SEQ_NUM, "")
        if not number.isdigit() or not fields.get(tag.MSG_TYPE):
            return self._log_out("MsgSeqNum or MsgType missing or malformed", now_ms)
        if not self.logged_on:
            return self._log_on(fields, now_ms)
        if (fields.get(tag.SENDER), fields.get(tag.TARGET)) != self._comp_ids():
            return self._log_out("CompID problem", now_ms)
        return self._in_sequence(fields, int(number), now_ms)

    def tick(self, now_ms: int) -> list[Fields]:
        """Return what is due: late answers, reports, heartbeats."""
        if self._acceptor.switches.value("silent"):
            return []
        out: list[Fields] = []
        while self._waiting and not self.closed:
            out += self.receive(self._waiting.pop(0), now_ms)
        if self.logged_on:
            self._acceptor.exchange.settle(now_ms)
            out += self._send(self._acceptor.orders.reports(), now_ms)
            out += self._keep_alive(now_ms)
        return out

    def _comp_ids(self) -> tuple[str, str]:
        return self._acceptor.account.account_id, COMP_ID

    def _log_on(self, fields: Message, now_ms: int) -> list[Fields]:
        if fields[tag.MSG_TYPE] != "A":
            self.close()
            return []
        wrong = self._wrong_logon(fields, now_ms)
        if wrong:
            return self._log_out(wrong, now_ms)
        self._acceptor.take_over(self)
        self._next_in = 2
        self._heartbeat_ms = int(fields[tag.HEART_BT_INT]) * 1000
        return self._send(
            [
                [
                    (tag.MSG_TYPE, "A"),
                    (tag.ENCRYPT_METHOD, "0"),
                    (tag.HEART_BT_INT, fields[tag.HEART_BT_INT]),
                    (tag.RESET_SEQ_NUM, "Y"),
                ]
            ],
            now_ms,
        )

    def _wrong_logon(self, fields: Message, now_ms: int) -> str:
        """Return why a Logon is refused, "" if it is not."""
        if self._acceptor.switches.value("refuse_logon"):
            return "logon refused"
        if (fields.get(tag.SENDER), fields.get(tag.TARGET)) != self._comp_ids():
            return "unknown CompID"
        if fields[tag.MSG_SEQ_NUM] != "1":
            return "MsgSeqNum of a Logon must be 1"
        if fields.get(tag.ENCRYPT_METHOD) != "0":
            return "EncryptMethod must be 0"
        if not fields.get(tag.HEART_BT_INT, "").isdigit():
            return "HeartBtInt missing or malformed"
        return self._wrong_token(fields, now_ms)

    def _wrong_token(self, fields: Message, now_ms: int) -> str:
        token, account = fields.get(tag.RAW_DATA, ""), self._acceptor.account
        if fields.get(tag.RAW_DATA_LENGTH) != str(len(token.encode())):
            return "RawDataLength does not match RawData"
        try:
            demand_token(token, account.account_id.encode(), account, now_ms, method="Fix")
        except Refusal as no:
            return str(no)
        return ""

    def _in_sequence(self, fields: Message, number: int, now_ms: int) -> list[Fields]:
        kind = fields[tag.MSG_TYPE]
        if kind == "4" and fields.get(tag.GAP_FILL) != "Y":
            return self._reset(fields, now_ms)
        if number < self._next_in:
            if fields.get(tag.POSS_DUP) == "Y":
                return []
            text = f"MsgSeqNum too low, expecting {self._next_in} but received {number}"
            return self._log_out(text, now_ms)
        if number > self._next_in:
            # a Logout or ResendRequest is answered at once, lest both sides wait for each other
            answer = self._administer(fields, now_ms) if kind in {"2", "5"} else []
            return answer if self.closed else answer + self._ask_again(now_ms)
        self._next_in += 1
        self._gap_asked = False
        if kind == "4":
            return self._reset(fields, now_ms)
        if kind in {"0", "1", "2", "5", "A"}:
            return self._administer(fields, now_ms)
        return self._apply(fields, now_ms)

    def _administer(self, fields: Message, now_ms: int) -> list[Fields]:
        kind = fields[tag.MSG_TYPE]
        if kind == "1":
            test = fields.get(tag.TEST_REQ_ID, "")
            return self._send([[(tag.MSG_TYPE, "0"), (tag.TEST_REQ_ID, test)]], now_ms)
        if kind == "2":
            return self._fill_gap(fields, now_ms)
        if kind == "5":
            return self._log_out("", now_ms)
        if kind == "A":
            return self._log_out("already logged on", now_ms)
        return []

    def _apply(self, fields: Message, now_ms: int) -> list[Fields]:
        """Hand an application message on, unless one of the troubles takes it."""
        switches, orders = self._acceptor.switches, self._acceptor.orders
        new = fields[tag.MSG_TYPE] == "D"
        if new and switches.take("lose_new"):
            self.close()
            return []
        answers = orders.answer(fields, now_ms)
        if new and switches.take("lose_new_ack"):
            self.close()
            return []
        return self._send([*answers, *orders.reports()], now_ms)

    def _reset(self, fields: Message, now_ms: int) -> list[Fields]:
        number = fields.get(tag.NEW_SEQ_NO, "")
        if not number.isdigit() or int(number) < self._next_in:
            return self._log_out("NewSeqNo missing or too low", now_ms)
        self._next_in = int(number)
        return []

    def _ask_again(self, now_ms: int) -> list[Fields]:
        if self._gap_asked:
            return []
        self._gap_asked = True
        first = str(self._next_in)
        asked = [(tag.MSG_TYPE, "2"), (tag.BEGIN_SEQ_NO, first), (tag.END_SEQ_NO, "0")]
        return self._send([asked], now_ms)

    def _fill_gap(self, fields: Message, now_ms: int) -> list[Fields]:
        """Answer a ResendRequest: all of it is filled over, nothing is sent again."""
        begin = fields.get(tag.BEGIN_SEQ_NO, "")
        if not begin.isdigit() or not 1 <= int(begin) < self._next_out:
            return self._log_out("BeginSeqNo missing or never sent", now_ms)
        filled = [
            (tag.MSG_TYPE, "4"),
            (tag.POSS_DUP, "Y"),
            (tag.GAP_FILL, "Y"),
            (tag.NEW_SEQ_NO, str(self._next_out)),
        ]
        return [self._stamped(filled, int(begin), now_ms)]

    def _keep_alive(self, now_ms: int) -> list[Fields]:
        if not self._heartbeat_ms:
            return []
        quiet_ms = now_ms - self._last_in_ms
        if quiet_ms > _GONE_AFTER * self._heartbeat_ms:
            return self._log_out("no heartbeat", now_ms)
        if quiet_ms > _TEST_AFTER * self._heartbeat_ms and not self._tested:
            self._tested = True
            return self._send([[(tag.MSG_TYPE, "1"), (tag.TEST_REQ_ID, str(now_ms))]], now_ms)
        if now_ms - self._last_out_ms >= self._heartbeat_ms:
            return self._send([[(tag.MSG_TYPE, "0")]], now_ms)
        return []

    def _log_out(self, text: str, now_ms: int) -> list[Fields]:
        said = [(tag.TEXT, text)] if text else []
        out = self._send([[(tag.MSG_TYPE, "5"), *said]], now_ms)
        self.close()
        return out

    def _send(self, bodies: Sequence[Fields], now_ms: int) -> list[Fields]:
        out = []
        for body in bodies:
            out.append(self._stamped(body, self._next_out, now_ms))
            self._next_out += 1
            self._last_out_ms = now_ms
        return out

    def _stamped(self, body: Fields, number: int, now_ms: int) -> Fields:
        client, venue = self._comp_ids()
        return [
            body[0],
            (tag.MSG_SEQ_NUM, str(number)),
            (tag.SENDER, venue),
            (tag.SENDING_TIME, timestamp(now_ms)),
            (tag.TARGET, client),
            *body[1:],
        ]
