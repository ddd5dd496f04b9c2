"""Money on its way: who asks for it, what may leave, and what the venues' ledgers say of it."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from oms.core.book import OPERATOR, Changes
from oms.core.funding import Transfer, TransferKind
from oms.core.notes import MoveState, TransferAsked, TransferSettled
from oms.core.ports import Evidence, Inbound, ToTreasury
from oms.core.transfers import MoneyMove
from tests.faults.far import Far
from tests.faults.judge import Outcome, Row, Unresolved
from tests.faults.plan import STRATEGY, Move, Plan
from tests.faults.process import Process

TERMS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("andx", "WITHDRAWAL"): {"asset": "TRY", "alias": "bank"},
    ("apifiny", "TRANSFER"): {
        "asset": "USDT",
        "security_exchange": "BINANCE",
        "to_exchange": "COINBASEPRO",
    },
    ("apifiny", "WITHDRAWAL"): {
        "asset": "BTC",
        "address": "3Nx",
        "security_exchange": "BINANCE",
    },
    ("cryptex", "COUPON_CREATE"): {"asset": "EUR"},
    ("cryptex", "WITHDRAWAL"): {"asset": "BTC", "address": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"},
}
"""Where each venue that moves money sends it in a scenario, by kind of venue and of transfer."""

LISTED: Final = frozenset({"APIFINY"})
"""Routes whose venue lists what it has moved."""
ASK: Final = timedelta(seconds=10)
"""How long a doubt may last before the operator asks the venue by telephone."""
ASK_LISTED: Final = timedelta(seconds=60)
"""The same where the venue's lists are to settle it."""

_HAPPENED: Final = frozenset({MoveState.TAKEN.name, MoveState.DONE.name})


class Terms(NamedTuple):
    """What tells one move of money from another, in a ledger as in the books."""

    kind: str
    asset: str
    amount: Decimal
    to: str

    def __str__(self) -> str:
        """In words."""
        return f"{self.kind} of {self.amount} {self.asset} to {self.to or 'anybody'}"


def _of_ledger(row: Row) -> Terms:
    to = row.get("to_venue") or row.get("address") or row.get("recipient", "")
    return Terms(row["kind"], row["asset"], Decimal(row["amount"]), to)


def _of_books(row: Row) -> Terms:
    to = row["to_exchange"] or row["address"] or row["alias"] or row["recipient"]
    return Terms(row["kind"], row["asset"], Decimal(row["amount"]), to)


def _of_transfer(asked: Transfer) -> Terms:
    to = asked.to_exchange or asked.address or asked.alias or asked.recipient
    return Terms(asked.kind.name, asked.asset, asked.amount or Decimal(0), to)


class Money:
    """Of one scenario: the strategy that asks, the operator who settles what nobody else can, and
    what is seen of it."""

    def __init__(
        self,
        plan: Plan,
        far: Mapping[str, Far],
        process: Callable[[], Process | None],
        rows: Callable[[], Sequence[Row]],
    ) -> None:
        """`rows()`: the store's rows of all moves."""
        self.failures: list[str] = []
        self.doubts: dict[str, Unresolved] = {}
        """Those that only the operator's word has ended, by transfer."""
        self._plan = plan
        self._far = far
        self._process = process
        self._rows = rows
        self._asked: set[int] = set()
        self._may: Counter[tuple[str, Terms]] = Counter()
        self._known: set[tuple[str, Terms]] = set()

    # The strategy

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ask for each in its time."""
        for number, move in enumerate(self._plan.moves):
            for at_ms in {move.at_ms: 0, move.at_ms + move.again_ms: 0}:
                loop.call_at(at_ms / 1000, self._ask, number)

    def come_back(self) -> None:
        """The engine is there again: ask for what it does not know."""
        process = self._process()
        assert process is not None, "it is there"
        for number in sorted(self._asked):
            if process.book.used(STRATEGY, _name(number)) is None:
                self._post(process, number)

    def _ask(self, number: int) -> None:
        self._asked.add(number)
        process = self._process()
        if process is not None:
            self._post(process, number)

    def _post(self, process: Process, number: int) -> None:
        asked = TransferAsked(transfer=_transfer(self._plan.moves[number]), cl_ord_id=_name(number))
        process.post(Inbound(source=STRATEGY, message=asked, evidence=Evidence.STRATEGY))

    # The operator

    def settle(self, process: Process) -> bool:
        """Ask the venues by telephone about old doubts. Whether nothing more comes of any move."""
        if not self._plan.moves:
            return True
        now, left = process.system.clock.now(), False
        for move in process.book.moves.open():
            since, route = move.in_doubt_since, move.transfer.route
            left = left or move.state is not MoveState.TAKEN or route in LISTED
            if since is not None and now - since >= (ASK_LISTED if route in LISTED else ASK):
                self._say(process, move)
        return not left

    def _say(self, process: Process, move: MoneyMove) -> None:
        transfer_id, route = move.transfer.transfer_id, move.transfer.route
        terms = _of_transfer(move.transfer)
        there = sum(_of_ledger(row) == terms for row in self._far[route.lower()].moves())
        known = sum(_of_books(row) == terms and row["state"] in _HAPPENED for row in self._rows())
        if route in LISTED and there == 1 and not known:
            self.failures.append(f"{route} {transfer_id}: in doubt, and its venue lists it")
        note = TransferSettled(
            transfer_id=transfer_id, done=there > known, by="ann", text="they say so"
        )
        process.post(Inbound(source=OPERATOR, message=note, evidence=Evidence.OPERATOR))
        self.doubts.setdefault(transfer_id, Unresolved(route, transfer_id, move.in_doubt_text))

    # What is seen

    def committed(self, changes: Changes) -> None:
        """What is on record now, and may leave."""
        for _, record in changes.records:
            for outbound in record.outbound:
                if isinstance(outbound, ToTreasury):
                    about = outbound.route, _of_transfer(outbound.message)
                    self._may[about] += 1
                    self._known.add(about)

    def came(self, far: Far) -> None:
        """A request to move money has come to a venue."""
        for row in far.newly_moved():
            about = far.kind.upper(), _of_ledger(row)
            if self._may[about]:
                self._may[about] -= 1
            else:
                what = "sent twice" if about in self._known else "not on record when it came"
                self.failures.append(f"{about[0]} {about[1]}: {what}")

    def judged(self, outcome: Outcome) -> None:
        """In the end."""
        if self._plan.moves:
            rows = self._rows()
            ledgers = {kind.upper(): far.moves() for kind, far in self._far.items()}
            outcome.unresolved += self.doubts.values()
            outcome.failures += self.failures + never_asked(self._plan, rows)
            outcome.failures += weighed(rows, ledgers)


def never_asked(plan: Plan, rows: Iterable[Row]) -> list[str]:
    """Moves of which the engine knows nothing, though it was asked until it did."""
    names = {row["cl_ord_id"] for row in rows}
    return [
        f"move {number} was never entered"
        for number in range(len(plan.moves))
        if _name(number) not in names
    ]


def weighed(rows: Iterable[Row], ledgers: Mapping[str, Iterable[Row]]) -> list[str]:
    """The books' moves held against the venues', by route: what is told done has happened, and what
    is told failed has not; what a venue has undone is told so."""
    told: defaultdict[tuple[str, Terms], Counter[str]] = defaultdict(Counter)
    there: defaultdict[tuple[str, Terms], Counter[str]] = defaultdict(Counter)
    for row in rows:
        told[row["venue"], _of_books(row)][row["state"]] += 1
    for route, found in ledgers.items():
        for row in found:
            there[route, _of_ledger(row)][str(row.get("status", "COMPLETED"))] += 1
    return [
        f"{route} {terms}: {why}"
        for route, terms in {**told, **there}
        if (why := _wrong(route, told[route, terms], there[route, terms]))
    ]


def _wrong(route: str, told: Counter[str], there: Counter[str]) -> str:
    """What the books' states and the ledger's say against each other."""
    doubted = told[MoveState.IN_DOUBT.name]
    claimed = sum(told[state] for state in _HAPPENED)
    happened = there.total() - there["CANCELLED"]
    if told[MoveState.UNDER_WAY.name]:
        return "under way, and nothing ends it"
    if claimed > happened:
        return f"{claimed} told done, and {happened} happened"
    if claimed + doubted < happened:
        return f"{claimed} told done, {doubted} in doubt, and {happened} happened"
    if route in LISTED and told[MoveState.TAKEN.name] > there["SUBMITTED"]:
        return "its end is on the venue's list, and not told"
    return ""


def _name(number: int) -> str:
    return f"m{number}"


def _transfer(move: Move) -> Transfer:
    return Transfer(
        transfer_id="",
        kind=TransferKind[move.kind],
        route=move.route.upper(),
        amount=Decimal(move.amount),
        **TERMS[move.route, move.kind],
    )
