"""An acceptor in a process of its own, with a journal in a file and no engine behind it.

Run as a script: `child_acceptor.py FOLDER`. FOLDER holds quickfix.cfg, desks.json and, after the
first run, journal.jsonl. Commands come as JSON lines on stdin, answers and what is posted go out
as JSON lines on stdout. The journal is what an engine's store would know: the number of reports
and each desk's position; a post is committed when the parent says so.
"""

import dataclasses
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from fix.acceptor import Acceptor, DeskLogin
from oms.clock import SystemClock
from oms.core.fields import ExecType, OrdStatus, Side
from oms.core.messages import ExecutionReport
from oms.core.notes import Delivered, Quarantined, SessionReset, WentBack
from oms.core.ports import DeskReport, Evidence, Inbound, Record
from oms.core.sessions import Session

NOTES = {kind.__name__: kind for kind in (Delivered, WentBack, SessionReset)}
NOTHING = Quarantined(reason="", text="")


class Journal:
    """Positions and counts, each change appended to a file at once: kill -9 loses nothing."""

    def __init__(self, path: Path) -> None:
        self.sessions: dict[str, Session] = {}
        self.reports: dict[str, int] = {}
        self.padding: dict[str, int] = {}
        lines = path.read_text().splitlines() if path.exists() else []
        for line in lines:
            self._fold(json.loads(line))
        self._file = path.open("a")

    def write(self, **entry: Any) -> None:
        self._fold(entry)
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()

    def commit(self, inbound: Inbound) -> None:
        message = inbound.message
        if isinstance(message, Delivered | WentBack | SessionReset):
            kind = type(message).__name__
            self.write(desk=message.origin, kind=kind, note=dataclasses.asdict(message))
        elif inbound.msg_seq_num:
            self.write(desk=inbound.source, consumed=inbound.msg_seq_num)

    def backlog(self, origin: str, since: int) -> Iterator[tuple[int, DeskReport]]:
        for number in range(since + 1, self.reports.get(origin, 0) + 1):
            yield number, report(origin, number, self.padding.get(origin, 0))

    def _fold(self, entry: dict[str, Any]) -> None:
        desk = entry["desk"]
        if "reports" in entry:
            self.reports[desk] = entry["reports"]
            self.padding[desk] = entry["padding"]
            return
        message: Any = NOTES[entry["kind"]](**entry["note"]) if "kind" in entry else NOTHING
        record = Record(
            time=datetime(2026, 1, 2, tzinfo=UTC),
            message=message,
            evidence=Evidence.DESK,
            msg_seq_num=entry.get("consumed", 0),
        )
        self.sessions[desk] = self.sessions.get(desk, Session()).after(record)


def report(origin: str, number: int, padding: int) -> ExecutionReport:
    """The number-th report of a desk: the same in every run."""
    return ExecutionReport(
        exec_id=f"{origin}-{number}",
        exec_type=ExecType.NEW,
        ord_status=OrdStatus.NEW,
        order_id=f"{number:010d}",
        cl_ord_id=f"c{number}",
        symbol="BTC/USDT",
        side=Side.BUY,
        leaves_qty=Decimal(1),
        cum_qty=Decimal(0),
        avg_px=Decimal(0),
        transact_time=datetime(2026, 1, 2, tzinfo=UTC),
        text="x" * padding,
    )


class Child:
    """The acceptor, its journal, and the pipe to the test."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder / "journal.jsonl")
        self.committing = True
        self.failing = 0
        self._saying = threading.Lock()
        self._folder = folder
        self.acceptor = self._build()

    def _build(self) -> Acceptor:
        desks = json.loads((self._folder / "desks.json").read_text())
        return Acceptor(
            self._folder / "quickfix.cfg",
            {name: DeskLogin(**login) for name, login in desks["logins"].items()},
            self.post,
            self.journal.backlog,
            dict(self.journal.sessions),
            dict(self.journal.reports),
            SystemClock(),
            overrides=desks["overrides"],
            stall_s=desks["stall_s"],
            logon_wait_s=desks["logon_wait_s"],
            prove_after_s=desks["prove_after_s"],
        )

    def say(self, **what: Any) -> None:
        with self._saying:
            sys.stdout.write(json.dumps(what, default=str) + "\n")
            sys.stdout.flush()

    def post(self, inbound: Inbound) -> None:
        if self.failing:
            self.failing -= 1
            raise RuntimeError("a mistake of ours, on purpose")
        if self.committing:
            self.journal.commit(inbound)
        kind = type(inbound.message).__name__
        fields = dataclasses.asdict(inbound.message)
        self.say(
            post=kind,
            source=inbound.source,
            number=inbound.msg_seq_num,
            raw=inbound.raw,
            throttled=inbound.throttled,
            evidence=inbound.evidence,
            message={key: str(value) for key, value in fields.items()},
        )

    def send(self, desk: str, count: int, padding: int = 0) -> None:
        """Commit so many reports more, then hand them to the desk's gateway."""
        first = self.journal.reports.get(desk, 0) + 1
        self.journal.write(desk=desk, reports=first + count - 1, padding=padding)
        gateway = self.acceptor.gateway(desk)
        for number in range(first, first + count):
            gateway.send(number, report(desk, number, padding))

    def fail(self, times: int) -> None:
        self.failing = times

    def commit(self, committing: bool) -> None:
        self.committing = committing

    def status(self) -> list[dict[str, Any]]:
        return [dataclasses.asdict(one) for one in self.acceptor.sessions_status()]

    def bait(self) -> None:
        """From now on, a session that goes down is followed by connections of somebody else's."""
        logged_out = self.acceptor.logged_out
        self.baits: list[socket.socket] = []

        def follow(session: str) -> None:
            for one in socket.socketpair():
                self.baits.append(one)
            for one in self.baits:
                one.send(b"not quickfix's")
            logged_out(session)

        self.acceptor.logged_out = follow  # type: ignore[method-assign]  # what quickfix calls

    def wait_threads(self, most: int) -> None:
        """Until quickfix has no more than so many."""
        until = time.monotonic() + 20.0
        # The thread of `start` and those of connections.
        while len(alive := self.acceptor._role._threads.alive()) > most:
            if time.monotonic() > until:
                raise TimeoutError(f"threads {alive} of quickfix have not ended")
            threading.Event().wait(0.01)

    def untouched(self) -> list[str]:
        """What these connections were sent, as they read it."""
        for one in self.baits:
            one.setblocking(False)
        return [one.recv(100).decode("ascii") for one in self.baits]

    def stop(self) -> None:
        self.acceptor.stop()

    def restart(self) -> int:
        """As a program does that has the engine in it: all gone, and all anew."""
        self.acceptor.stop()
        self.acceptor.drop()
        self.acceptor = self._build()
        self.acceptor.start()
        return self.acceptor.port

    def run(self) -> None:
        self.acceptor.start()
        self.say(ready=self.acceptor.port)
        for line in sys.stdin:
            name, *arguments = json.loads(line)
            self.say(done=name, result=getattr(self, name)(*arguments))


if __name__ == "__main__":
    logging.basicConfig(filename=Path(sys.argv[1]) / "log.txt", level=logging.INFO)
    Child(Path(sys.argv[1])).run()
    os._exit(0)
