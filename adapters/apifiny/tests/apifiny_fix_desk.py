"""A FIX client of the simulator for tests: whole messages, no socket, a clock of its own."""

import jwt

from adapters.apifiny.simulator import build
from adapters.apifiny.simulator.fix_fields import Fields, timestamp
from adapters.apifiny.simulator.fix_session import FixSession
from adapters.apifiny.simulator.tokens import digest
from adapters.apifiny.tests.apifiny_desk import ACCOUNT, KEY_ID, SECRET, START_MS

REPORT_TAGS = {11, 37, 17, 55, 54, 32, 44, 38, 60, 150, 39}
"""The fields of the document's table "Execution Report"."""


def token(now_ms: int, **changed: object) -> str:
    """Return a token for a logon, with changed claims."""
    claims = {
        "accountId": ACCOUNT,
        "secretKeyId": KEY_ID,
        "digest": digest(ACCOUNT.encode()),
        "method": "Fix",
        "exp": now_ms // 1000 + 30,
    }
    return jwt.encode(claims | changed, SECRET)


class FixDesk:
    """One connection at a time; what the venue sent is kept in `got`, by tag."""

    def __init__(self) -> None:
        self.sim = build(
            7, 1, {"account_id": ACCOUNT, "api_key_id": KEY_ID, "api_secret_key": SECRET}
        )
        self.now_ms = START_MS
        self.session: FixSession = self.sim.fix.connect()
        self.next_seq = 1
        self.next_id = 100

    def connect(self) -> None:
        """Leave the old connection to itself and begin another."""
        self.session = self.sim.fix.connect()
        self.next_seq = 1

    def send(self, kind: str, *fields: tuple[int, str], seq: int | None = None) -> list[Fields]:
        """Send a message and return the answers."""
        if seq is None:
            seq, self.next_seq = self.next_seq, self.next_seq + 1
        header = [(35, kind), (34, str(seq)), (49, ACCOUNT), (52, timestamp(self.now_ms))]
        return self.session.receive([*header, (56, "APIFINY"), *fields], self.now_ms)

    def log_on(self, heartbeat_s: int = 30, signed: str | None = None) -> list[Fields]:
        """Send a Logon and return the answers."""
        signed = token(self.now_ms) if signed is None else signed
        return self.send(
            "A",
            (95, str(len(signed))),
            (96, signed),
            (98, "0"),
            (108, str(heartbeat_s)),
            (141, "Y"),
        )

    def new_id(self) -> str:
        """Return an order id that keeps the rule."""
        self.next_id += 1
        return f"00000001{self.now_ms}{self.next_id}"

    def order(self, order_id: str | None = None, **changed: str) -> list[dict[int, str]]:
        """Send a D, a resting buy unless changed (t59="3"; "" leaves out), and return the answers."""
        fields = {
            11: self.new_id() if order_id is None else order_id,
            21: "1",
            55: "BTCUSDT",
            40: "2",
            59: "1",
            60: timestamp(self.now_ms),
            54: "1",
            44: "39000.00",
            1: ACCOUNT,
            38: "0.0800",
            207: "BINANCE",
        } | {int(name[1:]): value for name, value in changed.items()}
        return by_tag(self.send("D", *((name, value) for name, value in fields.items() if value)))

    def about(self, kind: str, order_id: str, venue: str = "BINANCE") -> list[dict[int, str]]:
        """Send an F or H and return the answers."""
        return by_tag(self.send(kind, (11, order_id), (1, ACCOUNT), (207, venue)))

    def pass_ms(self, span_ms: int) -> list[dict[int, str]]:
        """Let the venue live for so long and return what it pushed."""
        self.now_ms += span_ms
        self.sim.advance(self.now_ms)
        return by_tag(self.session.tick(self.now_ms))


def logged_on() -> FixDesk:
    """Return a desk whose first connection is logged on."""
    desk = FixDesk()
    assert [message[0] for message in desk.log_on()] == [(35, "A")]
    return desk


def by_tag(messages: list[Fields]) -> list[dict[int, str]]:
    """Return messages as mappings; none has a tag twice."""
    found = [dict(message) for message in messages]
    assert [len(message) for message in found] == [len(message) for message in messages]
    return found


def events(messages: list[dict[int, str]]) -> list[tuple[str, str, str]]:
    """Return (150, 32, 44) of reports."""
    return [(report[150], report[32], report.get(44, "")) for report in messages]
