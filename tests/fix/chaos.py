"""Two hundred accidents of a desk's session while it trades, and whether anything got lost.

    python -m tests.fix.chaos --rounds 200 --seed 1

A whole engine of real processes with simulated venues, a desk and a drop copy on a FIX client of
their own. In every round the desk trades, and then one thing happens: its connection breaks, it logs
out, it demands a reset, the engine is killed (kill -9), or killed and quickfix's files are lost or
torn. At the end the desk's own log is compared with the journal's reports, and what it ordered with
the venues' ledgers. The seed decides what happens; what that leads to is a matter of timing.
"""

import argparse
import contextlib
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from fix.codec import encode
from fix.wire import body_of
from oms.store.queries import Reader
from oms.store.replay import verify
from tests.e2e.installation import Installation
from tests.fix.desk import Closed, Fields, Timeout
from tests.fix.trader import WAIT_S, Trader

DOUBT_S: Final = 5.0
"""How long the venues' word on what was under way at a kill is waited for."""

DROP: Final = "DROP1"
_SECRET: Final = "the drop copy's secret, of 32 bytes at least"  # noqa: S105  nobody else's


@dataclass
class Findings:
    """What a run saw, and what was wrong with it."""

    rounds: int = 0
    seed: int = 0
    seconds: float = 0.0
    events: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    refused: int = 0
    at_venues: int = 0
    in_doubt: int = 0
    """Committed and not sent when the engine was killed: never sent again, so at no venue."""
    reports: int = 0
    copies: int = 0
    poss_dup: int = 0
    poss_resend: int = 0
    repeated: int = 0
    """Told again though the desk had it, each with PossResend."""
    records: int = 0
    faults: list[str] = field(default_factory=list)


class Chaos:
    """One run over an installation in `folder`."""

    def __init__(self, folder: Path, rounds: int, seed: int, *, doubt_s: float = DOUBT_S) -> None:
        """`doubt_s`: seconds for which the venues' word is waited for at the end."""
        self._doubt_s = doubt_s
        self._random = Random(seed)  # noqa: S311  a story, not a secret
        self._house = Installation(folder, news=True)
        with self._house.config.open("a", encoding="utf-8") as file:
            file.write(f'\n[[desks]]\ncomp_id = "{DROP}"\nsecret = "{_SECRET}"\ndrop_copy = true\n')
        with (folder / "quickfix.cfg").open("a", encoding="utf-8") as file:
            file.write(
                f"\n[SESSION]\nConnectionType=acceptor\nSenderCompID=OMS\nTargetCompID={DROP}\n"
                f"DataDictionary=OMS42.xml\nSocketAcceptPort={self._house.layout.desk}\n"
                "SocketReuseAddress=Y\nPersistMessages=Y\nFileStorePath=var/fix\n"
            )
        secret = self._house.settings.desks[0].secret.get_secret_value()
        self.desk = Trader(self._house.layout.desk, "DESK1", secret)
        self.drop = Trader(self._house.layout.desk, DROP, _SECRET)
        self.found = Findings(rounds=rounds, seed=seed)
        self._files = folder / "var" / "fix"
        self._numbers = iter(range(1, 1_000_000))

    def run(self, tell: Callable[[str], None]) -> Findings:
        """Play all rounds, then compare."""
        began = time.monotonic()
        with self._house.simulators():
            self._house.start()
            try:
                self._house.wait_ready()
                self.desk.come_back()
                self.drop.come_back()
                for number, event in enumerate(self._events(), 1):
                    self._trade()
                    self.found.events[event.__name__.strip("_")] += 1
                    event()
                    tell(f"{number} {event.__name__.strip('_')}: {len(self.desk.log)} reports")
                self._settle()
                self._compare()
            finally:
                self.desk.close()
                self.drop.close()
                self._house.kill()
        self.found.seconds = round(time.monotonic() - began, 1)
        return self.found

    def _events(self) -> Iterator[Callable[[], None]]:
        kinds = [
            self._break,
            self._log_out,
            self._reset,
            self._reset_in_session,
            self._kill,
            self._kill_and_lose,
            self._kill_and_tear,
            self._kill_and_reset,
        ]
        chosen = list(kinds)
        while len(chosen) < self.found.rounds:
            chosen.append(self._random.choice(kinds))
        chosen = chosen[: self.found.rounds]
        self._random.shuffle(chosen)
        yield from chosen

    def _trade(self) -> None:
        """Some seconds of orders and cancels, the last ones still under way."""
        for _ in range(self._random.randint(5, 25)):
            number = next(self._numbers)
            price = self._random.choice(("30000", "30000", "50000"))
            self.desk.order(f"o{number}", price, self._random.choice(("APIFINY", "ANDX")))
            if self._random.random() < 0.5:
                self.desk.cancel_one(number)
            self.desk.pump(0.01)
            self.drop.pump(0.001)
        for _ in range(self._random.randint(0, 10)):
            self.desk.pump(0.02)

    # What happens

    def _break(self) -> None:
        self.desk.close()
        self._pause()
        self.desk.come_back()

    def _log_out(self) -> None:
        self.desk.send("5")
        with contextlib.suppress(Closed, Timeout):
            while self.desk.receive(time.monotonic() + 5.0, "a Logout")[35] != "5":
                pass
        self.desk.come_back()

    def _reset(self) -> None:
        self.desk.close()
        self._pause()
        self.desk.come_back(reset=True)

    def _reset_in_session(self) -> None:
        """On the connection that stands: what it brings before the answer is of the old numbers."""
        self.desk.listen(0.2)
        self.desk.come_back(reset=True)

    def _kill(self) -> None:
        self._house.kill()
        self._begin()

    def _kill_and_lose(self) -> None:
        """All of the desk's files, under both of their names."""
        self._house.kill()
        for path in self._files.glob("*DESK1*"):
            path.unlink()
        self._begin()

    def _kill_and_tear(self) -> None:
        """One file is cut short, as by a loss of power."""
        self._house.kill()
        part = self._random.choice(("body", "header", "seqnums"))
        for path in self._files.glob(f"*DESK1.{part}"):
            os.truncate(path, self._random.randint(0, path.stat().st_size))
        self._begin()

    def _kill_and_reset(self) -> None:
        self._house.kill()
        self._begin(reset=True)

    def _begin(self, *, reset: bool = False) -> None:
        self.desk.close()
        self.drop.close()
        self._house.start()
        self.desk.come_back(reset=reset)
        self.drop.come_back()
        if self._random.random() < 0.8:
            self._house.wait_ready()

    def _pause(self) -> None:
        """The venues go on while nobody listens."""
        self.drop.listen(self._random.random() * 0.2)

    # Whether anything got lost

    def _settle(self) -> None:
        """Until everything is answered and nothing more comes."""
        self._house.wait_ready()
        until = time.monotonic() + WAIT_S
        while missing := [name for name in self.desk.ordered if name not in self.desk.told]:
            assert time.monotonic() < until, f"waited {WAIT_S} s for an answer to {missing[:5]}"
            self.desk.listen(0.1)
            self.drop.listen(0.1)
        until = time.monotonic() + self._doubt_s
        while time.monotonic() < until and self._house.get("/status")["in_doubt"]:
            self.desk.listen(0.2)
            self.drop.listen(0.2)
        before = (-1, -1)
        while before != (now := (len(self.desk.log), len(self.drop.log))):
            before = now
            self.desk.listen(1.0)
            self.drop.listen(1.0)

    def _compare(self) -> None:
        found = self.found
        with Reader.open(self._house.settings.store.url) as reader:
            for trader in (self.desk, self.drop):
                reports = [
                    (number, body_of(encode(report)))
                    for number, report in reader.reports(trader.comp_id, 0, 10_000_000)
                ]
                found.faults += compare(trader.comp_id, trader.log, reports, found)
                if trader is self.desk:
                    found.reports = len(reports)
                else:
                    found.copies = len(reports)
            rows = reader.orders(origin="DESK1")
            verdict = verify(reader)
            found.records = verdict.records
            found.faults += [f"replay: {one}" for one in verdict.differences[:5]]
        found.faults += self._lost_orders(rows)
        for trader in (self.desk, self.drop):
            found.poss_dup += sum(one.get(43) == "Y" for one in trader.log)
            found.poss_resend += sum(one.get(97) == "Y" for one in trader.log)
            found.faults += [f"{trader.comp_id} was refused: {text}" for text in trader.refused]

    def _lost_orders(self, rows: list[dict[str, Any]]) -> list[str]:
        """Every D has its one order in the books, and each that went out is once at its venue."""
        found, faults = self.found, []
        found.orders = len(self.desk.ordered)
        books = self._entered()
        faults += [
            f"{n} is {books[n]} times in the books" for n in self.desk.ordered if books[n] != 1
        ]
        for venue in ("apifiny", "andx"):
            ledger = Counter(str(row["client_id"]) for row in self._house.ledger(venue))
            ours = [row for row in rows if row["venue"] == venue.upper()]
            names = {row["venue_cl_ord_id"] for row in ours}
            faults += [f"{venue} has {name} {n} times" for name, n in ledger.items() if n != 1]
            faults += [
                f"{venue} has {name}, the books have not" for name in ledger if name not in names
            ]
            for row in ours:
                there = row["venue_cl_ord_id"] in ledger
                found.at_venues += there
                refused = row["ord_status"] == "REJECTED"
                found.refused += refused
                found.in_doubt += row["in_doubt"]
                if not there and not refused and not row["in_doubt"]:
                    faults.append(f"{row['cl_ord_id']} is {row['ord_status']} and not at {venue}")
                if there and row["in_doubt"]:
                    faults.append(f"{row['cl_ord_id']} is at {venue}, and in doubt")
        return faults

    def _entered(self) -> Counter[str]:
        """How often each ClOrdID made an order."""
        path = self._house.settings.store.url.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path)) as store:
            rows = store.execute(
                "SELECT json_extract(body, '$.m.request.cl_ord_id') FROM journal"
                " WHERE kind = 'OrderEntered' AND origin = 'DESK1'"
            )
            return Counter(name for (name,) in rows)


def compare(
    comp_id: str, log: list[Fields], reports: list[tuple[int, tuple[str, ...]]], found: Findings
) -> list[str]:
    """The log against the journal: in order, none missing, none repeated without a word."""
    faults: list[str] = []
    bodies = [body for _, body in reports]
    known: set[tuple[str, ...]] = set()
    following = 0
    for message in log:
        body = body_of(message.items())
        again = message.get(43) == "Y" or message.get(97) == "Y"
        if following < len(bodies) and body == bodies[following]:
            following += 1
            known.add(body)
        elif body in known and again:
            found.repeated += 1
        elif body in known:
            faults.append(f"{comp_id}: repeated without a word: {message}")
        else:
            faults.append(f"{comp_id}: not what follows report {following}: {message}")
    faults += [f"{comp_id}: report {number} never came" for number, _ in reports[following:]]
    return faults[:10]


@contextmanager
def _workplace(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    made = Path(tempfile.mkdtemp(prefix="oms-chaos-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def main() -> None:
    """Play and print what was found; exit 1 if anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dir", type=Path, help="keep everything there")
    parser.add_argument("--verbose", action="store_true")
    asked = parser.parse_args()
    with _workplace(asked.dir) as folder:
        chaos = Chaos(folder, asked.rounds, asked.seed)
        found = chaos.run(_say if asked.verbose else lambda _: None)
    sys.stdout.write(json.dumps(vars(found), indent=1) + "\n")
    sys.exit(bool(found.faults))


if __name__ == "__main__":
    main()
