"""All orders, found by every name they have, and the other projections of the journal.

The book is the fold of the journal: `apply(record)` alone changes it, live and in a replay. Only
orders that can still move are kept for ever; closed ones stay a while, then the history has them.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Final

from oms.core.agreement import Agreement
from oms.core.changes import OF_NO_ORDER, OF_SESSIONS, USES_ID
from oms.core.changes import Changes as Changes
from oms.core.facts import Kill, order_named
from oms.core.messages import ExecutionReport, OrderCancelReject
from oms.core.notes import (
    Answered,
    CancelAll,
    Instruments,
    KillCertificate,
    KillSwitch,
    NoncesReserved,
    OrderEntered,
    RequestEntered,
    TransferEntered,
)
from oms.core.nothing import Nothing
from oms.core.numbers import ZERO, add
from oms.core.order import Order
from oms.core.ports import Evidence, History, Record, ToOrigin
from oms.core.positions import PositionKey, moves, split_move
from oms.core.sessions import Session, venue_session
from oms.core.transfers import MoneyMove, Moves, is_transfer
from oms.core.transitions import EXECUTES, FILLS, Event, event_of
from oms.core.values import replaced
from oms.core.venue import Capabilities, Instrument

CLOSED_KEPT: Final = 2_000
"""Closed orders kept in memory, so that a late fill or a status request finds them there."""

EVERY_ROUTE: Final = "*"

_BEGINNING: Final = Session()

OPERATOR: Final = "operator"
"""The origin that may look at and cancel everybody's orders, and enter orders for others."""
COUNTED_BELOW: Final = 12
"""Digits of an id that is no count."""


@dataclass(slots=True)
class Route:
    """What the book knows of one route: how it can trade, and whether it can now."""

    name: str
    capabilities: Capabilities
    up: bool = False
    ready: bool = False
    text: str = "not connected yet"
    missed: bool = False
    """Desks were told that it takes no orders."""
    instruments: dict[tuple[str, str], Instrument] = field(default_factory=dict)

    def instrument(self, symbol: str, security_exchange: str) -> Instrument | None:
        """By BASE/QUOTE or by the venue's own code."""
        return self.instruments.get((security_exchange, symbol))

    def learn(self, instruments: Iterable[Instrument]) -> None:
        """Replace what is known of the markets."""
        known: dict[tuple[str, str], Instrument] = {}
        for instrument in instruments:
            known[instrument.security_exchange, instrument.venue_symbol] = instrument
            known[instrument.security_exchange, instrument.symbol] = instrument
        self.instruments = known


_by_age: Final = attrgetter("order_id")


class Book:
    """The engine's memory. Mutated by one thread; `order` and `working` may be read by any."""

    def __init__(
        self,
        capabilities: Mapping[str, Capabilities] | None = None,
        entitlements: Mapping[str, frozenset[str]] | None = None,
        history: History | None = None,
        *,
        drop_copies: Iterable[str] = (),
        news_to: Iterable[str] = (),
        killers: Iterable[str] = (),
        treasurers: Iterable[str] = (),
    ) -> None:
        """`entitlements`: origin -> routes it may use, `*` for all. `drop_copies`: the origins
        that are told what all others are, and ask for nothing. `news_to`: those that are told
        when a route they may use stops or begins to take orders. `killers`: those that may turn
        the kill switch. `treasurers`: those that may move money, on routes they may use, beside
        the operator."""
        self.routes = {name: Route(name, c) for name, c in (capabilities or {}).items()}
        self.entitlements = dict(entitlements or {})
        self.drop_copies = tuple(drop_copies)
        self.news_to = tuple(news_to)
        self.history: History = history or Nothing()
        self.killers = frozenset(killers)
        self.treasurers = frozenset(treasurers)
        self.stopping = False
        self.seq = 0
        self.last_order_number = 0
        self.last_client_ids: dict[str, int] = {}
        self.numbers: dict[str, int] = {}
        self.positions: dict[PositionKey, Decimal] = {}
        self.sessions: dict[str, Session] = {}
        self.kills: dict[str, Kill] = {}
        self.nonces: dict[str, int] = {}
        self.moves = Moves()
        told = {name: c.balance_decimals for name, c in (capabilities or {}).items()}
        self.agreement = Agreement({name: d for name, d in told.items() if d is not None})
        self._orders: dict[str, Order] = {}
        self._working: dict[str, dict[str, Order]] = {}
        self._by_cl_ord_id: dict[tuple[str, str], str] = {}
        self._by_venue_cl_ord_id: dict[tuple[str, str], str] = {}
        self._by_secondary_order_id: dict[tuple[str, str], str] = {}
        self._closed: OrderedDict[str, Order] = OrderedDict()
        self._spent: deque[tuple[str, str]] = deque()
        self._ids_of: dict[str, list[tuple[str, str]]] = {}

    # Finding

    def order(self, order_id: str) -> Order | None:
        """The order if it is in memory."""
        return self._orders.get(order_id)

    def any_order(self, order_id: str) -> Order | None:
        """The order, from memory or history."""
        return self._orders.get(order_id) or self.history.order(order_id)

    def working(self, route: str) -> list[Order]:
        """Orders of the route that are not closed, oldest first."""
        # A filled order that is raised works again, behind younger ones.
        return sorted(self._working.get(route, {}).values(), key=_by_age)

    def closed(self, route: str) -> list[Order]:
        """Orders of the route that closed lately, as far as they are in memory; oldest end first."""
        return [order for order in list(self._closed.values()) if order.route == route]

    def all_working(self) -> list[Order]:
        """Orders that are not closed, of every route there is or was, oldest first."""
        found = [order for orders in self._working.values() for order in orders.values()]
        return sorted(found, key=_by_age)

    def used(self, origin: str, cl_ord_id: str) -> str | None:
        """The OrderID of a used ClOrdID, "" if it made no order, None if it is unused."""
        found = self._by_cl_ord_id.get((origin, cl_ord_id))
        return self.history.cl_ord_id(origin, cl_ord_id) if found is None else found

    def own(self, origin: str, cl_ord_id: str) -> Order | None:
        """The order that any ClOrdID of its chain names, among the origin's own."""
        order_id = self.used(origin, cl_ord_id)
        return self.any_order(order_id) if order_id else None

    def at_venue(
        self, route: str, venue_cl_ord_id: str, secondary_order_id: str = ""
    ) -> Order | None:
        """The order that the venue calls by either id; the id we drew decides."""
        order_id = self._by_venue_cl_ord_id.get((route, venue_cl_ord_id))
        if order_id is None and venue_cl_ord_id:
            # The id of a request, or of an order that was replaced, tells the order's first one.
            venue_cl_ord_id = order_named(venue_cl_ord_id)
            order_id = self._by_venue_cl_ord_id.get((route, venue_cl_ord_id))
        if order_id is None and secondary_order_id:
            order_id = self._by_secondary_order_id.get((route, secondary_order_id))
        if order_id is not None:
            return self.any_order(order_id)
        return self.history.by_venue_id(route, venue_cl_ord_id, secondary_order_id)

    def entitled(self, origin: str, route: str) -> bool:
        """Whether the origin may trade on the route."""
        routes = self.entitlements.get(origin, frozenset())
        return EVERY_ROUTE in routes or route in routes

    def killed(self, route: str) -> bool:
        """Whether the kill switch is on for the route; from any thread."""
        every, own = self.kills.get(EVERY_ROUTE), self.kills.get(route)
        return (every is not None and every.on) or (own is not None and own.on)

    def open_moves(self, route: str) -> list[MoneyMove]:
        """Transfers of the route of which something may still become; from any thread."""
        return self.moves.open(route)

    def any_killed(self) -> bool:
        """Whether the kill switch is on for any route; from any thread."""
        return any(switch.on for switch in list(self.kills.values()))

    def under_kill(self) -> list[Order]:
        """Orders that are not closed, of all routes for which the kill switch is on."""
        if not self.any_killed():
            return []
        return [order for order in self.all_working() if self.killed(order.route)]

    # The fold

    def restore(self, orders: Iterable[Order]) -> None:
        """Put back the orders a store has kept, with their names."""
        for order in orders:
            self._put(order)
            if order.cl_ord_id:
                self._name((order.origin, order.cl_ord_id), order.order_id)
            for request in order.requests:
                self._count(order.route, request.leg_name)

    def learn(self, note: Instruments) -> None:
        """Replace a route's instruments; reference data, outside the journal."""
        self.routes[note.route].learn(note.instruments)

    def apply(self, record: Record, changes: Changes) -> int:
        """Fold one record in, add what changed to `changes`; its sequence number."""
        self.seq += 1
        changes.records.append((self.seq, record))
        kind = record.message.__class__
        if record.order is not None:
            self._move(record.order, record, changes)
        if kind in USES_ID:
            self._consume(record, changes)
        if kind in OF_NO_ORDER:
            self._turn(record, changes)
        if record.msg_seq_num or kind in OF_SESSIONS:
            self._session(record, changes)
        for index, outbound in enumerate(record.outbound):
            if isinstance(outbound, ToOrigin):
                origin = outbound.origin
                number = self.numbers[origin] = self.numbers.get(origin, 0) + 1
                changes.reports.append((origin, number, self.seq, index))
        return self.seq

    def _move(self, order: Order, record: Record, changes: Changes) -> None:
        before = self._orders.get(order.order_id)
        self._put(order)
        self.agreement.own(order, changes)
        changes.orders[order.order_id] = order
        message = record.message
        if isinstance(message, ExecutionReport):
            event = event_of(message.exec_type, message.exec_trans_type)
            if event in EXECUTES:
                self._execute(order, message, event, changes)
            elif event is Event.RESTATED:
                before = before or self.history.order(order.order_id)
                assert before is not None, "what is restated was there before"
                self._split(before, order, changes)
        elif isinstance(message, OrderEntered):
            self.last_order_number = max(self.last_order_number, int(order.order_id))
            self._count(order.route, order.venue_cl_ord_id)
        elif isinstance(message, RequestEntered):
            self._count(order.route, message.leg_name)
        elif isinstance(message, OrderCancelReject):
            request = before.request(message.cl_ord_id) if before is not None else None
            if request is not None:
                # A refused request leaves no order behind that its id could mean (D22a).
                self._use(request.origin, request.cl_ord_id, "", changes)

    def _count(self, route: str, venue_cl_ord_id: str) -> None:
        """Counted ids (ClientId.COUNTER) only grow."""
        if venue_cl_ord_id.isdigit() and len(venue_cl_ord_id) < COUNTED_BELOW:
            last = self.last_client_ids.get(route, 0)
            self.last_client_ids[route] = max(last, int(venue_cl_ord_id))

    def _execute(
        self, order: Order, report: ExecutionReport, event: Event, changes: Changes
    ) -> None:
        execution = order.executions[report.exec_id]
        changes.executions.append((self.seq, order, execution, report))
        deltas = list(moves(order, execution)) if execution.stands else []
        if event not in FILLS:
            changes.undone.append((order.order_id, report.exec_ref_id))
            deltas += moves(order, order.executions[report.exec_ref_id], undone=True)
        self._hold(deltas, changes)
        self.agreement.derived(order, report, changes)

    def _hold(self, deltas: list[tuple[PositionKey, Decimal]], changes: Changes) -> None:
        for key, delta in deltas:
            held = add(self.positions.get(key, ZERO), delta)
            self.positions[key] = changes.positions[key] = held
        self.agreement.executed(deltas, changes)

    def _split(self, before: Order, order: Order, changes: Changes) -> None:
        for exec_id, execution in order.executions.items():
            shares = execution.split_shares
            if shares is not None and shares != before.executions[exec_id].split_shares:
                changes.split.append((shares, order.order_id, exec_id))
        if order.cum_qty != before.cum_qty:
            self._hold([split_move(order, before)], changes)

    def _consume(self, record: Record, changes: Changes) -> None:
        message = record.message
        match message:
            case OrderEntered() if message.request.on_behalf_of_comp_id:
                # The name of the entry is the operator's; the order's owner has none for it.
                self._use(record.origin, message.request.cl_ord_id, record.order_id, changes)
            case OrderEntered() | RequestEntered():
                self._use(message.origin, message.request.cl_ord_id, record.order_id, changes)
            case Answered() if message.consumes:
                self._use(message.origin, message.request.cl_ord_id, "", changes)
            case KillSwitch() | CancelAll() | TransferEntered() if message.cl_ord_id:
                self._use(message.origin, message.cl_ord_id, "", changes)
            case _:
                return

    def _use(self, origin: str, cl_ord_id: str, order_id: str, changes: Changes) -> None:
        if cl_ord_id:  # D18: a telephoned order has none, however many there are
            self._name((origin, cl_ord_id), order_id)
            changes.cl_ord_ids[origin, cl_ord_id] = order_id

    def _kill(self, note: KillSwitch | KillCertificate, time: datetime, changes: Changes) -> None:
        if isinstance(note, KillCertificate):
            kill = replaced(self.kills[note.route], in_doubt=note.in_doubt)
            self.kills[note.route] = changes.kills[note.route] = kill
            return
        # Turned off everywhere, no single route stays killed behind anybody's back.
        lifted = not note.on and note.route == EVERY_ROUTE
        for route in list(self.kills) if lifted else [note.route]:
            before = self.kills.get(route)
            if (before is not None and before.on) is not note.on:
                # Who turned it first, and when, stands until it is turned back.
                kill = Kill(note.on, time, self.seq, note.origin, note.text)
                self.kills[route] = changes.kills[route] = kill

    def _turn(self, record: Record, changes: Changes) -> None:
        """What is about no order: switches, nonces, money, breaks."""
        message = record.message
        if isinstance(message, KillSwitch | KillCertificate):
            self._kill(message, record.time, changes)
        elif isinstance(message, NoncesReserved):
            self.nonces[record.route] = changes.nonces[record.route] = message.last
        self.agreement.noted(record, changes)
        before = self._money(record.order_id)
        move = self.moves.fold(message, record.time, self.history.move)
        if move is not None:
            changes.moves[move.transfer.transfer_id] = move
            self.agreement.transferred(before, move, changes)

    def _money(self, transfer_id: str) -> MoneyMove | None:
        """The transfer as it was, if that is one's id."""
        if not is_transfer(transfer_id):
            return None
        return self.moves.get(transfer_id) or self.history.move(transfer_id)

    def _session(self, record: Record, changes: Changes) -> None:
        origin = record.origin
        if record.evidence is Evidence.VENUE_MESSAGE:
            origin = venue_session(record.route)
        now = self.sessions.get(origin, _BEGINNING)
        if (new := now.after(record)) is not now:
            self.sessions[origin] = changes.sessions[origin] = new

    def _name(self, key: tuple[str, str], order_id: str) -> None:
        self._by_cl_ord_id[key] = order_id
        if order_id:
            self._ids_of.setdefault(order_id, []).append(key)
            return
        self._spent.append(key)
        if len(self._spent) > CLOSED_KEPT:
            self._by_cl_ord_id.pop(self._spent.popleft(), None)

    def _put(self, order: Order) -> None:
        order_id = order.order_id
        route, former = order.route, self._orders.get(order_id)
        if former is not None and former.secondary_order_id != order.secondary_order_id:
            self._by_secondary_order_id.pop((route, former.secondary_order_id), None)
        self._orders[order_id] = order
        # Two namespaces: at some venues both ids are plain numbers.
        for ours, theirs in order.venue_names:
            if ours:
                self._by_venue_cl_ord_id[route, ours] = order_id
            if theirs:
                self._by_secondary_order_id[route, theirs] = order_id
        self._closed.pop(order_id, None)
        if not order.closed:
            self._working.setdefault(route, {})[order_id] = order
            return
        working = self._working.get(route, {})
        if working.pop(order_id, None) is not None and not working:
            del self._working[route]
        # Last in the queue again whenever it moves: what a batch has moved must not be forgotten
        # before its commit, because the history does not know it yet.
        self._closed[order_id] = order
        self._forget()

    def _forget(self) -> None:
        while len(self._closed) > CLOSED_KEPT:
            order_id, order = self._closed.popitem(last=False)
            del self._orders[order_id]
            for ours, theirs in order.venue_names:
                self._by_venue_cl_ord_id.pop((order.route, ours), None)
                self._by_secondary_order_id.pop((order.route, theirs), None)
            for key in self._ids_of.pop(order.order_id, ()):
                self._by_cl_ord_id.pop(key, None)
