"""A batch: so many rounds over one installation, a calm, and the books against the ledgers."""

import contextlib
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx

from adapters import VENUES
from fix.codec import encode
from fix.wire import body_of
from oms.demo.plan import DESK, STRATEGY, PlannedOrder, make_plan
from oms.store.queries import Reader
from oms.store.replay import verify
from tests.fix.chaos import Findings, compare
from tests.rounds.house import House, Row
from tests.rounds.seat import CANCELLED, Seat
from tests.rounds.trading import Strategy, gaps
from tests.rounds.verdict import Verdict, is_unfenced, judge, longest_way_s, sent_twice

ORDERS_A_ROUND: Final = 8
MINUTE_S: Final = 60.0
START_S: Final = 30.0
SETTLE_S: Final = 90.0
QUIET_S: Final = 4.0
"""Nothing more has moved for so long, while what is in doubt was asked for again and again."""

WAY_S: Final = 5.5
"""No order leaves later than that: two seconds for its commit or until its route takes it up, two
for its turn, one for a connection. The engine stands still for longer."""

LONGEST_FENCE_S: Final = 75.0
"""BtcTurk's fence takes 70 s of the venue's time, and then its lists are read."""


@dataclass
class Told:
    """What a batch has shown, beside the verdict."""

    rounds: int = 0
    kills: int = 0
    killed_in_start: int = 0
    stopped_a_minute: int = 0
    stopped_shortly: int = 0
    connections: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    records: int = 0
    poss_dup: int = 0
    came_back: int = 0
    """How often the desk's connection ended while all was calm, and it came back."""
    longest_way_s: float = 0.0
    """From an order's decision to its leaving, where it names itself on the wire."""
    settling_s: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)

    def add(self, other: "Told") -> None:
        """Another batch's on top."""
        for name in ("rounds", "kills", "killed_in_start", "stopped_a_minute", "stopped_shortly"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("connections", "records", "poss_dup", "came_back"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.struck.update(other.struck)
        self.longest_way_s = max(self.longest_way_s, other.longest_way_s)
        self.settling_s = max(self.settling_s, other.settling_s)
        self.verdict.add(other.verdict)


class Batch:
    """One installation in `folder`; the seed says what is ordered and what happens."""

    def __init__(self, folder: Path, seed: int, rounds: int, speed: int) -> None:
        """`speed`: the factor by which windows, fences and limits are scaled on both sides."""
        self._random = Random(seed)  # noqa: S311  a story, not a secret
        self._rounds = rounds
        self._speed = speed
        self._house = House(folder, seed, speed)
        self._plan = iter(make_plan(rounds * ORDERS_A_ROUND, seed))
        self._minute_in = self._random.randrange(rounds)
        self._open: list[PlannedOrder] = []
        self.told = Told()

    def run(self) -> Told:
        """All rounds, the settling, the comparison."""
        with self._house.standing(), self._traders():
            self._begin()
            self._house.weather("storm")
            for number in range(self._rounds):
                self._round(number)
            self._house.weather("calm")
            self._settle()
            self._judge()
        return self.told

    @contextlib.contextmanager
    def _traders(self) -> Iterator[None]:
        settings = self._house.settings
        secret = settings.desks[0].secret.get_secret_value()
        token = next(s.token for s in settings.strategies if s.name == STRATEGY)
        self._desk = Seat(self._house.desk_port, DESK, secret)
        self._strategy = Strategy(self._house.url, token.get_secret_value())
        self._strategy.start()
        try:
            yield
        finally:
            self._desk.close()
            self._strategy.stop()

    # A round

    def _round(self, number: int) -> None:
        self.told.rounds += 1
        self._trade(self._random.uniform(0.4, 1.2))
        if number == self._minute_in:
            self._freeze(MINUTE_S / self._speed)
            self.told.stopped_a_minute += 1
        elif self._random.random() < 0.1:
            self._freeze(self._random.uniform(0.1, 0.6))
            self.told.stopped_shortly += 1
        self._kill()
        if self._random.random() < 0.2:
            self._house.start()
            time.sleep(self._random.uniform(0.0, 1.5))
            self._kill()
            self.told.killed_in_start += 1
        self._begin()

    def _trade(self, seconds: float) -> None:
        """Orders and cancels at random moments of that time; the kill comes in the middle of it."""
        random, until = self._random, time.monotonic() + seconds
        coming = [next(self._plan) for _ in range(ORDERS_A_ROUND)]
        pause_s = seconds / ORDERS_A_ROUND
        for planned in coming:
            self._enter(planned)
            if self._open and random.random() < 0.6:
                self._call_back(self._open.pop(random.randrange(len(self._open))))
            self._desk.hear(random.uniform(0.0, 2 * pause_s))
            if time.monotonic() > until:
                pause_s = 0.0
        self._desk.hear(random.uniform(0.0, 0.2))

    def _enter(self, planned: PlannedOrder) -> None:
        if planned.origin == DESK:
            self._desk.enter(planned)
        else:
            self._strategy.submit(planned)
        if planned.kind in CANCELLED:
            self._open.append(planned)

    def _call_back(self, planned: PlannedOrder) -> None:
        if planned.origin == DESK:
            self._desk.call_back(planned)
        else:
            self._strategy.cancel(planned.cl_ord_id)

    def _freeze(self, seconds: float) -> None:
        """SIGSTOP, and the world goes on: orders come in, venues fill, tokens and sessions end."""
        self._house.signal(signal.SIGSTOP)
        self._desk.hear(seconds)
        self._house.signal(signal.SIGCONT)
        self._desk.hear(self._random.uniform(0.0, 1.0))

    def _kill(self) -> None:
        self._house.kill()
        self._desk.take_all()
        self.told.kills += 1

    def _begin(self) -> None:
        """Start, and the desk is back; some venues may not be yet."""
        self._desk.close()
        self._house.start()
        self._house.wait_ready()
        self._desk.come_back()
        if self._random.random() < 0.7:
            self._wait_for_some_routes(2.0)

    def _wait_for_some_routes(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._desk.hear(0.05)
            if sum(venue["ready"] for venue in self._look("/status")["venues"]) >= 4:
                return

    # Settling

    def _look(self, path: str) -> Any:
        """The API's word; a stopped or starting engine is waited for."""
        until = time.monotonic() + START_S
        while True:
            with contextlib.suppress(httpx.HTTPError):
                return self._house.get(path)
            assert time.monotonic() < until, f"waited {START_S:g} s for an answer to {path}"
            self._desk.hear(0.05)

    def _settle(self) -> None:
        """Everything that works is called back, and waited for until nothing moves any more."""
        began = time.monotonic()
        self._until(began, "all routes are ready", self._routes_ready)
        self._strategy.finish(START_S)
        self._house.call_everything_back()
        self._until(began, "every order is over or in doubt", self._nothing_works)
        quiet_since, before = time.monotonic(), self._doubts()
        while time.monotonic() - quiet_since < self._patience_s(before):
            self._stay(0.2)
            now = self._doubts()
            if now != before:
                quiet_since, before = time.monotonic(), now
            assert time.monotonic() - began < SETTLE_S, f"waited {SETTLE_S:g} s for quiet: {now}"
        self._until(began, "the desk was told all", self._desk_told)
        self.told.settling_s = time.monotonic() - began

    def _patience_s(self, doubts: dict[str, str]) -> float:
        """How long doubts that do not move are looked at: until every fence is over, where a fence
        can settle them."""
        if all(is_unfenced(venue) for venue in doubts.values()):
            return QUIET_S if doubts else 0.0
        return QUIET_S + LONGEST_FENCE_S / self._speed

    def _until(self, began: float, what: str, holds: Any) -> None:
        while not holds():
            assert time.monotonic() - began < SETTLE_S, f"waited {SETTLE_S:g} s until {what}"
            self._stay(0.1)

    def _stay(self, seconds: float) -> None:
        """Hear, and be there, as a desk would: no restart brings it back any more."""
        self._desk.hear(seconds)
        if self._desk.is_cut_off():
            self.told.came_back += 1
            self._desk.come_back()

    def _routes_ready(self) -> bool:
        return all(venue["ready"] for venue in self._look("/status")["venues"])

    def _nothing_works(self) -> bool:
        return all(row["in_doubt"] for row in self._look("/orders?open=true"))

    def _doubts(self) -> dict[str, str]:
        """The orders in doubt, and where."""
        return {r["order_id"]: r["venue"].lower() for r in self._look("/orders") if r["in_doubt"]}

    def _desk_told(self) -> bool:
        return not [name for name in self._desk.ordered if name not in self._desk.told]

    # The verdict

    def _judge(self) -> None:
        told = self.told
        self._desk.hear(0.5)
        wire = self._house.weather("told")
        ledgers = {venue: self._house.ledger(venue) for venue in VENUES}
        with Reader.open(self._house.settings.store.url) as reader:
            rows = reader.orders()
            told.verdict = judge(rows, reader.fills(), ledgers)
            told.verdict.faults += self._lost_reports(reader)
            journal = verify(reader)
        told.records = journal.records
        told.verdict.faults += [f"replay: {one}" for one in journal.differences[:5]]
        told.verdict.faults += self._lost_orders(rows)
        told.connections = sum(wire["connections"].values())
        told.struck.update(_by_kind(wire["struck"]))
        twice = sent_twice(wire["left"])
        told.verdict.duplicate_orders += len(twice)
        told.verdict.faults += twice
        told.longest_way_s = longest_way_s(rows, wire["left"])
        if told.longest_way_s > WAY_S:
            told.verdict.faults.append(
                f"an order left {told.longest_way_s:.1f} s after its decision"
            )
        told.poss_dup = sum(one.get(43) == "Y" for one in self._desk.log)

    def _lost_reports(self, reader: Reader) -> list[str]:
        reports = [
            (number, body_of(encode(report)))
            for number, report in reader.reports(DESK, 0, 10_000_000)
        ]
        last = reader.last_report(STRATEGY)
        until = time.monotonic() + START_S
        found = compare(DESK, self._desk.log, reports, Findings())
        while (found or len(self._strategy.heard) < last) and time.monotonic() < until:
            self._stay(0.05)
            found = compare(DESK, self._desk.log, reports, Findings())
        found += [f"{STRATEGY}: {gap}" for gap in gaps(self._strategy.heard, last)]
        self.told.verdict.lost_reports = len(found)
        return found

    def _lost_orders(self, rows: list[Row]) -> list[str]:
        """What was taken is in the books, and once; so is all that the desk has sent."""
        names = Counter((row["origin"], _entry_id(row)) for row in rows)
        wanted = [(DESK, name) for name in self._desk.ordered]
        wanted += [(STRATEGY, n) for n, end in self._strategy.outcomes.items() if end == "taken"]
        found = [f"{key} is {names[key]} times in the books" for key in wanted if names[key] != 1]
        self.told.verdict.duplicate_orders += sum(names[key] > 1 for key in wanted)
        self.told.verdict.wrong_terminal += sum(not names[key] for key in wanted)
        return found


def _entry_id(row: Row) -> str:
    """The ClOrdID it came under; an accepted cancel becomes the current one."""
    return str(row["cl_ord_id"]).removesuffix("-X")


def _by_kind(struck: Mapping[str, int]) -> Counter[str]:
    """`andx.rest cut to the venue` -> `rest or stream cut`, added up."""
    found: Counter[str] = Counter()
    for what, times in struck.items():
        door, _, kind = what.partition(" ")
        way = "FIX" if door.endswith(".fix") else "REST and streams"
        found[f"{way} {kind}"] += times
    return found
