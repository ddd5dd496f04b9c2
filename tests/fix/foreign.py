"""A desk on somebody else's FIX library, as the test of foreign clients drives it."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from tests.fix.desk import token
from tests.fix.transcripts.firm import Firm

WAIT_S = 15.0

Fields = dict[int, str]


class Client(Protocol):
    """One desk. It keeps its numbers over connections and asks for what it missed."""

    @property
    def reports(self) -> list[Fields]:
        """Every application message it took, in order, none twice."""

    async def log_on(self) -> None:
        """Connect and log on; what it missed may still be on its way."""

    async def send(self, msg_type: str, fields: list[tuple[int, str]]) -> None:
        """An application message."""

    async def deafen(self) -> None:
        """Read nothing more from the connection, which stays open."""

    async def drop(self) -> None:
        """Lose the connection, and what was on its way."""

    async def log_out(self) -> None:
        """Exchange Logouts, and close."""

    async def pump(self) -> None:
        """Let it read what has come."""


def password(firm: Firm, desk: str) -> str:
    """The desk's JWT."""
    return token(firm.secret(desk), desk)


async def until(client: Client, what: str, holds: Callable[[], bool]) -> None:
    """Let the client read until it holds; AssertionError if it does not in time."""
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end, f"waited {WAIT_S:g} s for {what}: {client.reports[-3:]}"
        await client.pump()
        await asyncio.sleep(0.01)


async def reported(client: Client, since: int = 0, **wanted: str) -> Fields:
    """The first report after so many with those values, once it has come: t11="a1"."""
    named = {int(name[1:]): value for name, value in wanted.items()}

    def found() -> list[Fields]:
        return [one for one in client.reports[since:] if named.items() <= one.items()]

    await until(client, f"a report with {named}", lambda: bool(found()))
    return found()[0]


def sent_numbers(firm: Firm, desk: str) -> int:
    """The MsgSeqNum of the last message that the engine sent to that desk."""
    sessions = firm.get("/status")["sessions"]
    return next(int(one["msg_seq_num_out"]) for one in sessions if one["comp_id"] == desk) - 1
