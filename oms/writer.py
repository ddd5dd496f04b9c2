"""The single writer: one thread, one inbox; decide, commit, send.

Everything that waits is decided and committed together, so that a commit is cheap when the engine
is busy and immediate when it is idle. Nothing leaves before its commit.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final, Protocol

from oms.clock import Clock
from oms.core.book import Book, Changes
from oms.core.break_notes import BreakClosed, BreakOpened, ForeignOrder
from oms.core.decide import Draw, decide
from oms.core.fields import ExecType
from oms.core.messages import (
    BusinessMessageReject,
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
)
from oms.core.notes import (
    Doubt,
    KillSwitch,
    MoveState,
    NoncesReserved,
    NotSent,
    Quarantined,
    Request,
    RouteStatus,
    TransferOutcome,
)
from oms.core.numbers import number_text
from oms.core.ports import (
    DeskGateway,
    Evidence,
    Inbound,
    MarketGateway,
    NonceGateway,
    Record,
    ToMarket,
    ToOrigin,
    ToTreasury,
    ToVenue,
    TreasuryGateway,
    VenueGateway,
)
from oms.core.reports import BREAK
from oms.log import room
from oms.worker import Workers, threads

BATCH_MAX: Final = 1_000
"""Messages in one commit, so that no sender waits for ever behind a flood."""

LATE: Final = timedelta(seconds=2)
"""A new order that was decided longer ago is not sent any more: its price may be of another time."""

_log = room("writer")


_Waiting = Inbound | threading.Event
"""A message, or somebody who waits for what is before it."""


class Commits(Protocol):
    """The part of the store that the writer needs."""

    def commit(self, changes: Changes) -> None:
        """Write all of it in one transaction, or nothing."""


@dataclass(slots=True)
class Gateways:
    """Where committed messages go: by route, and by origin."""

    venues: Mapping[str, VenueGateway] = field(default_factory=dict)
    desks: Mapping[str, DeskGateway] = field(default_factory=dict)
    markets: Mapping[str, MarketGateway] = field(default_factory=dict)
    nonces: Mapping[str, NonceGateway] = field(default_factory=dict)
    treasuries: Mapping[str, TreasuryGateway] = field(default_factory=dict)


class Writer:
    """Owns the book: the only thread that changes it and the only one that commits."""

    def __init__(
        self,
        book: Book,
        store: Commits,
        gateways: Gateways,
        *,
        clock: Clock,
        draw: Draw,
        on_fault: Callable[[BaseException], None],
        on_commit: Callable[[Changes], None] = lambda changes: None,
        workers: Workers = threads,
    ) -> None:
        """`on_fault` is told of what stops the writer: our own mistake, or a store that fails;
        `on_commit` of what was committed and sent."""
        self._book = book
        self._store = store
        self._gateways = gateways
        self._clock = clock
        self._draw = draw
        self._on_fault = on_fault
        self._on_commit = on_commit
        self._inbox: deque[_Waiting] = deque()
        self._urgent: deque[Inbound] = deque()
        self._failed = False
        self._worker = workers.worker("writer", self._turn)

    def post(self, inbound: Inbound) -> None:
        """The door in; from any thread, returns at once.

        What turns the kill switch on is decided before all that waits, and again in its place: a
        session's position must not run ahead of what the session has said before, and an earlier
        `off` must not have the last word.
        """
        message = inbound.message
        if isinstance(message, KillSwitch) and message.on:
            ahead = replace(message, cl_ord_id="")
            self._urgent.append(replace(inbound, message=ahead, raw="", msg_seq_num=0))
        self._inbox.append(inbound)
        self._worker.wake()

    def start(self) -> None:
        """Begin to decide."""
        self._worker.start()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Decide and commit what waits, then end. Whether it ended in time."""
        return self._worker.stop(timeout_s, finish=True)

    def settle(self, timeout_s: float) -> bool:
        """Wait until all is decided and committed that was posted before. Whether it was in time."""
        settled = threading.Event()
        self._inbox.append(settled)
        self._worker.wake()
        return settled.wait(timeout_s)

    def step(self) -> bool:
        """Decide what waits, commit once, send. Whether anything waited."""
        batch = self._take_all_waiting()
        if not batch:
            return False
        messages = [inbound for inbound in batch if isinstance(inbound, Inbound)]
        changes = Changes()
        for inbound in messages:
            for record in decide(self._book, inbound, self._clock.now(), self._draw):
                self._book.apply(record, changes)
        if changes.records:
            self._store.commit(changes)
            self._send(changes)
            self._on_commit(changes)
        for waiting in batch:
            if isinstance(waiting, threading.Event):
                waiting.set()
        return True

    def _take_all_waiting(self) -> list[_Waiting]:
        batch = [self._inbox.popleft() for _ in range(min(len(self._inbox), BATCH_MAX))]
        urgent = [self._urgent.popleft() for _ in range(len(self._urgent))]
        return [*urgent, *batch]

    def _send(self, changes: Changes) -> None:
        numbers = iter(changes.reports)
        for _, record in changes.records:
            _tell(record)
            if isinstance(record.message, NoncesReserved):
                self._gateways.nonces[record.route].grant(record.message)
            for outbound in record.outbound:
                if isinstance(outbound, ToVenue):
                    self._request(record, outbound)
                elif isinstance(outbound, ToMarket):
                    self._gateways.markets[outbound.route].quote(outbound)
                elif isinstance(outbound, ToTreasury):
                    self._gateways.treasuries[outbound.route].move(outbound)
                elif isinstance(outbound, ToOrigin):
                    self._report(next(numbers)[1], outbound)

    def _request(self, record: Record, outbound: ToVenue) -> None:
        message = outbound.message
        if not isinstance(message, NewOrderSingle) or self._clock.now() < record.time + LATE:
            self._gateways.venues[outbound.route].send(outbound)
            return
        text = "not sent: it took too long to put it on record"
        note = NotSent(cl_ord_id=message.cl_ord_id, request=Request.NEW, text=text, too_late=True)
        self.post(Inbound(source=outbound.route, message=note, evidence=Evidence.POLICY))

    def _report(self, number: int, outbound: ToOrigin) -> None:
        _tell_refusal(outbound)
        gateway = self._gateways.desks.get(outbound.origin)
        if gateway is not None:
            gateway.send(number, outbound.message)

    def _turn(self) -> None:
        try:
            while not self._failed and self.step():
                pass
        except BaseException as error:  # noqa: BLE001  whatever it is, the engine must stop
            self._failed = True
            self._on_fault(error)


def _tell(record: Record) -> None:
    message = record.message
    if isinstance(message, Doubt):
        _log.warning("in doubt", order=record.order_id, route=record.route, why=message.text)
    elif isinstance(message, TransferOutcome):
        state = message.state.name.lower().replace("_", " ")
        tell = _log.warning if message.state is MoveState.IN_DOUBT else _log.info
        tell(f"transfer {state}", transfer=record.order_id, route=record.route, why=message.text)
    elif isinstance(message, BreakOpened | BreakClosed | ForeignOrder):
        _tell_break(record, message)
    elif isinstance(message, Quarantined):
        _log.error("quarantined", route=record.route, why=f"{message.reason}: {message.text}")
    elif isinstance(message, RouteStatus):
        state = "ready" if message.ready else "up" if message.up else "down"
        _log.info(f"route {state}", route=message.route, why=message.text)


def _tell_break(record: Record, note: BreakOpened | BreakClosed | ForeignOrder) -> None:
    match note:
        case BreakOpened():
            where = " ".join(filter(None, (record.route, note.security_exchange)))
            amount, told = number_text(note.amount), f"{note.cause.name}: {note.text}"
            name = note.break_id
            _log.error("break", id=name, route=where, asset=note.asset, amount=amount, why=told)
        case BreakClosed():
            _log.info("break closed", id=note.break_id, route=record.route, why=note.text)
        case ForeignOrder():
            state = "foreign order" if note.works else "foreign order ended"
            told = f"{note.side.name} {number_text(note.order_qty)} {note.symbol}"
            _log.warning(state, route=record.route, id=note.name, what=told)


def _tell_refusal(outbound: ToOrigin) -> None:
    report = outbound.message
    match report:
        case BusinessMessageReject():
            _log.info("refused", origin=outbound.origin, ref=report.ref_seq_num, why=report.text)
        case ExecutionReport() | OrderCancelReject() if report.client_id:
            return  # a copy of what was told just before
        case OrderCancelReject() | ExecutionReport(exec_type=ExecType.REJECTED):
            _log.info(
                "refused", origin=outbound.origin, cl_ord_id=report.cl_ord_id, why=report.text
            )
        case ExecutionReport() if report.text.startswith(BREAK):
            _log.error("break", origin=outbound.origin, order=report.order_id, why=report.text)
