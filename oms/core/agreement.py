"""What the venues must have if the books are right, and where they do not.

The balance equation: what a venue told first, and what executions, their fees and transfers have
moved since, is what it has to tell now. Exact: what it tells may differ by no more than prices that
were derived from rounded averages may be off. Folded from the journal with the book it belongs to;
`mark`, `open_breaks`, `foreign_orders` and `holdings_of` may be asked from any thread.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from oms.core.break_notes import (
    BalanceBegun,
    BalancesTold,
    BreakClosed,
    BreakOpened,
    ForeignOrder,
)
from oms.core.changes import Changes
from oms.core.holdings import Break, Foreign, Holding, HoldingKey, effects, number_of
from oms.core.messages import ExecutionReport
from oms.core.notes import MoveState
from oms.core.numbers import ZERO, add, multiply, subtract
from oms.core.order import Order
from oms.core.ports import Record
from oms.core.positions import PositionKey
from oms.core.transfers import MoneyMove
from oms.core.values import replaced

FOREIGN_KEPT: Final = 200
"""Foreign orders that are remembered after their end, as what may have moved a balance."""

_TWICE: Final = Decimal(2)


def _done(move: MoneyMove | None) -> dict[HoldingKey, Decimal]:
    return dict(effects(move)) if move is not None and move.state is MoveState.DONE else {}


class Agreement:
    """Holdings, breaks and foreign orders, as they stand."""

    def __init__(self, decimals: Mapping[str, int] | None = None) -> None:
        """`decimals`: by route, with how many its balances are told, where more are cut off.

        Nothing is compared before the first balances.
        """
        self._decimals = decimals or {}
        self.holdings: dict[HoldingKey, Holding] = {}
        self.last_break = 0
        self.looks: dict[str, BalancesTold] = {}
        """By route the look before, which is not journaled."""
        self._breaks: dict[str, Break] = {}
        self._foreign: dict[tuple[str, str], Foreign] = {}
        self._others: OrderedDict[tuple[str, str], Foreign] = OrderedDict()
        self._explained: set[tuple[str, str]] = set()
        self._begun: dict[str, datetime] = {}
        self._marks: dict[str, int] = {}

    # Asking

    def begun(self, route: str) -> bool:
        """Whether the route's first balances are known."""
        return route in self._begun

    def mark(self, route: str) -> int:
        """A number that changes whenever something moves money of the route."""
        return self._marks.get(route, 0)

    def holding(self, key: HoldingKey) -> Holding:
        """What there has to be of an asset; of one that was not told of, nothing."""
        return self.holdings.get(key) or Holding(ZERO, self._begun[key[0]])

    def residual(self, key: HoldingKey, total: Decimal) -> Decimal:
        """What the venue has of it beyond what it has to; 0 within what it and its averages round.

        Four of its last place: a total may be the sum of two numbers, and it was told twice.
        """
        digits = self._decimals.get(key[0])
        rounded = ZERO if digits is None else Decimal((0, (4,), -digits))
        return self.holding(key).residual(total, rounded)

    def holdings_of(self, route: str) -> dict[HoldingKey, Holding]:
        """All assets of a route."""
        return {key: holding for key, holding in list(self.holdings.items()) if key[0] == route}

    def open_break(self, key: HoldingKey) -> Break | None:
        """The break of that balance, if one is open."""
        return next((one for one in self._breaks.values() if one.key == key), None)

    def open_breaks(self, route: str = "") -> list[Break]:
        """Those of a route, or of all, oldest first."""
        return [one for one in list(self._breaks.values()) if route in ("", one.key[0])]

    def named_break(self, break_id: str) -> Break | None:
        """An open break by its id."""
        return self._breaks.get(break_id)

    def explained(self, route: str, reference: str) -> bool:
        """Whether what the venue's lists call so was the cause of a break already."""
        return (route, reference) in self._explained

    def foreign_orders(self, route: str) -> list[Foreign]:
        """The orders that work at the route's venue and are not ours."""
        return [one for one in list(self._foreign.values()) if one.route == route]

    def foreign_order(self, route: str, name: str) -> Foreign | None:
        """One of them by its name."""
        return self._foreign.get((route, name))

    def traded_by_others(self, route: str) -> list[Foreign]:
        """Foreign orders of the route of which something was executed, the latest first."""
        known = [one for one in reversed(self._others.values()) if one.route == route]
        return [one for one in known if one.told.cum_qty]

    # Folding

    def restore(
        self,
        holdings: Iterable[tuple[HoldingKey, Holding]],
        breaks: Iterable[Break],
        foreign: Iterable[Foreign],
        last_break: int,
        explained: Iterable[tuple[str, str]],
    ) -> None:
        """Put back what a store has kept."""
        self._explained.update(explained)
        for key, holding in holdings:
            self._begun.setdefault(key[0], holding.since)
            self.holdings[key] = holding
        self._breaks = {one.break_id: one for one in breaks}
        self._foreign = {(one.route, one.told.name): one for one in foreign}
        self._others.update(self._foreign)
        self.last_break = last_break

    def executed(self, deltas: Iterable[tuple[PositionKey, Decimal]], changes: Changes) -> None:
        """Executions have moved positions by so much."""
        for (route, exchange, _, asset), delta in deltas:
            self._touch(route)
            if route in self._begun:
                self._shift((route, exchange, asset), delta, changes, traded=delta.copy_abs())

    def derived(self, order: Order, report: ExecutionReport, changes: Changes) -> None:
        """An execution's price was derived from an average that the venue rounds.

        Twice its last place: once for what the venue cut off, once for our own quotient.
        """
        average, shares = report.avg_px, report.last_shares
        if not report.derived or average is None or shares is None or not self.begun(order.route):
            return
        key = (order.route, order.security_exchange, order.symbol.partition("/")[2])
        place = average.as_tuple().exponent
        assert isinstance(place, int), "finite numbers only"
        off = multiply(multiply(_TWICE, shares), Decimal((0, (1,), min(place, 0))))
        holding = self.holding(key)
        self._put(key, replaced(holding, loose=add(holding.loose, off)), changes)

    def transferred(self, before: MoneyMove | None, after: MoneyMove, changes: Changes) -> None:
        """A transfer has become something else."""
        self._touch(after.transfer.route)
        was, now = _done(before), _done(after)
        for key in {**was, **now}:
            self._shift(key, subtract(now.get(key, ZERO), was.get(key, ZERO)), changes)

    def own(self, order: Order, changes: Changes) -> None:
        """What the venue calls this order was taken for somebody else's."""
        if not self._foreign:
            return
        for name in {name for names in order.venue_names for name in names if name}:
            foreign = self._foreign.get((order.route, name))
            if foreign is not None:
                told = replaced(foreign.told, works=False)
                found = replaced(foreign, told=told, order_id=order.order_id, updated=order.updated)
                self._keep(found, changes)

    def noted(self, record: Record, changes: Changes) -> None:
        """What a record says of balances, breaks and foreign orders."""
        message = record.message
        match message:
            case BalanceBegun():
                key = (record.route, message.security_exchange, message.asset)
                self._begun.setdefault(record.route, record.time)
                self._put(key, Holding(message.total, record.time), changes)
            case BreakOpened():
                self._open(record, message, changes)
            case BreakClosed():
                self._close(record, message, changes)
            case ForeignOrder():
                self._touch(record.route)
                # One that ended and works again: its row has its first time, and a replay, which
                # writes many records at once, has it from here.
                name = (record.route, message.name)
                known = self._foreign.get(name) or changes.foreign.get(name)
                first_seen = record.time if known is None else known.first_seen
                found = Foreign(
                    route=record.route, told=message, first_seen=first_seen, updated=record.time
                )
                self._keep(found, changes)
            case _:
                return

    def _open(self, record: Record, note: BreakOpened, changes: Changes) -> None:
        known = self._breaks.get(note.break_id)
        opened = Break(
            break_id=note.break_id,
            key=(record.route, note.security_exchange, note.asset),
            amount=note.amount,
            cause=note.cause,
            text=note.text,
            opened=record.time if known is None else known.opened,
            updated=record.time,
            reference=note.reference,
        )
        self._explain(record.route, note.reference)
        self.last_break = max(self.last_break, number_of(note.break_id))
        self._breaks[note.break_id] = changes.breaks[note.break_id] = opened

    def _close(self, record: Record, note: BreakClosed, changes: Changes) -> None:
        known = self._breaks.pop(note.break_id, None)
        if known is None:
            return
        if note.accepted:
            self._shift(known.key, known.amount, changes)
        self._explain(known.key[0], note.reference)
        changes.breaks[note.break_id] = replaced(
            known,
            text=note.text,
            closed=True,
            closed_by=note.by,
            updated=record.time,
            reference=note.reference or known.reference,
        )

    def _explain(self, route: str, reference: str) -> None:
        if reference:
            self._explained.add((route, reference))

    def _keep(self, foreign: Foreign, changes: Changes) -> None:
        key = (foreign.route, foreign.told.name)
        changes.foreign[key] = foreign
        self._others.pop(key, None)
        if not foreign.order_id:
            self._others[key] = foreign
        if len(self._others) > FOREIGN_KEPT:
            self._others.popitem(last=False)
        if foreign.told.works:
            self._foreign[key] = foreign
        else:
            self._foreign.pop(key, None)

    def _touch(self, route: str) -> None:
        self._marks[route] = self._marks.get(route, 0) + 1

    def _shift(
        self, key: HoldingKey, delta: Decimal, changes: Changes, *, traded: Decimal = ZERO
    ) -> None:
        if self.begun(key[0]) and (delta or traded):
            holding = self.holding(key)
            moved, turned = add(holding.moved, delta), add(holding.traded, traded)
            self._put(key, replaced(holding, moved=moved, traded=turned), changes)

    def _put(self, key: HoldingKey, holding: Holding, changes: Changes) -> None:
        self.holdings[key] = changes.holdings[key] = holding
