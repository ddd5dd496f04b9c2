"""What a peer says to a FIX session, step by step: well-formed messages, not always in order.

A message is written as its MsgType, its MsgSeqNum and further fields. What the Peer of the tests
does with it is said in Text (58): HOLD is not sent again, BAD is malformed, MISTAKE is ours.
"""

from dataclasses import dataclass
from typing import Final

from fix.transport import Kind

Pair = tuple[int, str]


@dataclass(frozen=True)
class Step:
    """One thing that is done."""

    what: str
    fields: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class Dialogue:
    """A session from its first connection on."""

    name: str
    steps: tuple[Step, ...]
    kind: Kind = Kind.ACCEPTOR
    resets: bool = False
    """As Apifiny's: numbers begin anew at each logon, nothing is kept."""


CONNECT: Final = Step("connect")
CUT: Final = Step("cut")
DUP: Final = ((43, "Y"), (122, "<now>"))


def say(kind: str, number: int, *fields: Pair) -> Step:
    """The peer sends that."""
    return Step("say", ((35, kind), (34, str(number)), *fields))


def send(*fields: Pair) -> Step:
    """The engine sends that."""
    return Step("send", fields)


def logon(number: int, *fields: Pair) -> Step:
    """The peer's Logon."""
    return say("A", number, (98, "0"), (108, "30"), *fields)


def app(number: int, name: str, *fields: Pair) -> Step:
    """An application message of the peer's."""
    return say("D", number, (11, name), *fields)


REPORT: Final = send((35, "8"), (11, "r"))
HELD: Final = send((35, "8"), (11, "h"), (58, "HOLD"))

DIALOGUES: Final = (
    Dialogue(
        "plain",
        (
            REPORT,
            CONNECT,
            logon(1),
            app(2, "a"),
            REPORT,
            say("1", 3, (112, "x")),
            say("0", 4),
            say("3", 5, (45, "2"), (58, "why")),
            say("5", 6),
        ),
    ),
    Dialogue(
        "gap",
        (
            CONNECT,
            logon(1),
            app(4, "c"),
            app(5, "d"),
            app(2, "a", *DUP),
            say("4", 3, (123, "Y"), (36, "4"), *DUP),
            app(6, "e"),
        ),
    ),
    Dialogue("too low", (CONNECT, logon(1), app(2, "a"), app(2, "a", *DUP), app(1, "b"))),
    Dialogue("dup without a time", (CONNECT, logon(1), app(2, "a"), app(2, "a", (43, "Y")))),
    Dialogue(
        "resend",
        (
            CONNECT,
            logon(1),
            REPORT,
            HELD,
            say("1", 2, (112, "x")),
            REPORT,
            say("2", 3, (7, "1"), (16, "0")),
            say("2", 4, (7, "2"), (16, "3")),
            say("2", 5, (7, "4"), (16, "9")),
            say("2", 6, (7, "90"), (16, "0")),
            app(7, "a"),
        ),
    ),
    Dialogue(
        "ahead at logon", (CONNECT, logon(5), app(1, "a", *DUP), say("4", 2, (123, "Y"), (36, "6")))
    ),
    Dialogue(
        "cut and back",
        (
            CONNECT,
            logon(1),
            REPORT,
            CUT,
            REPORT,
            CONNECT,
            logon(2),
            say("2", 3, (7, "2"), (16, "0")),
            app(4, "a"),
        ),
    ),
    Dialogue(
        "consumed less",
        (CONNECT, logon(1), app(2, "a"), CUT, Step("next in", ((0, "2"),)), CONNECT, logon(3)),
    ),
    Dialogue("refused", (CONNECT, logon(1, (95, "2"), (96, "NO")), CONNECT, logon(2))),
    Dialogue(
        "reset",
        (
            CONNECT,
            logon(1),
            app(2, "a"),
            REPORT,
            CUT,
            CONNECT,
            logon(1, (141, "Y")),
            REPORT,
            say("2", 2, (7, "1"), (16, "0")),
        ),
    ),
    Dialogue("low logon", (CONNECT, logon(1), app(2, "a"), CUT, CONNECT, logon(1))),
    Dialogue(
        "leaps",
        (
            CONNECT,
            logon(1),
            say("4", 2, (36, "7")),
            app(7, "a"),
            say("4", 8, (123, "Y"), (36, "10"), *DUP),
            app(10, "b"),
            say("4", 3, (36, "4")),
        ),
    ),
    Dialogue("malformed", (CONNECT, logon(1), app(2, "a", (58, "BAD")), app(3, "b"))),
    Dialogue("our mistake", (CONNECT, logon(1), app(2, "a", (58, "MISTAKE")), app(3, "b"))),
    Dialogue("logout ahead", (CONNECT, logon(1), say("5", 4), CONNECT, logon(5))),
    Dialogue("not a logon", (CONNECT, app(1, "a"))),
    Dialogue(
        "goes on",
        (
            CONNECT,
            logon(1),
            REPORT,
            app(2, "a"),
            CUT,
            CONNECT,
            logon(5),
            app(3, "b", *DUP),
            say("2", 6, (7, "2"), (16, "0")),
        ),
        Kind.INITIATOR,
    ),
    Dialogue(
        "begins anew",
        (
            CONNECT,
            logon(1, (141, "Y")),
            REPORT,
            say("2", 2, (7, "2"), (16, "0")),
            app(3, "a"),
            app(5, "c"),
            CUT,
            CONNECT,
            logon(1, (141, "Y")),
            REPORT,
            say("5", 2, (58, "over")),
        ),
        Kind.INITIATOR,
        True,
    ),
    Dialogue("refused by them", (CONNECT, say("5", 1, (58, "no"))), Kind.INITIATOR, True),
)
