"""What a venue's ledger and the engine's journal say of each other, once all is over."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from oms.core.numbers import number_text
from oms.core.order import Order
from oms.core.reports import BREAK

Row = Mapping[str, Any]


@dataclass
class Verdict:
    """A line for everything that is not as it should be."""

    orders: int = 0
    fills: int = 0
    lost: list[str] = field(default_factory=list)
    """Executed there and not booked, of an order that nobody doubts."""
    duplicate: list[str] = field(default_factory=list)
    """There twice, or there and nobody's; or booked twice."""
    wrong: list[str] = field(default_factory=list)
    """Over in the book and working there, or the other way round; or at another price."""
    broken: list[str] = field(default_factory=list)
    """What never may happen on the way: sent before its commit, too late, or under a used number."""
    unresolved: list[str] = field(default_factory=list)
    """In doubt to the end, and the order says so."""

    @property
    def score(self) -> int:
        """0 if nothing was lost, nothing twice, nothing wrong."""
        return len(self.lost) + len(self.duplicate) + len(self.wrong) + len(self.broken)

    def lines(self) -> list[str]:
        """All of it, for people."""
        names = ("lost", "duplicate", "wrong", "broken", "unresolved")
        return [f"{name}: {text}" for name in names for text in getattr(self, name)]


def compare(orders: Sequence[Order], rows: Sequence[Row], foreign: Collection[str]) -> Verdict:
    """Hold the last state of every order against the venue's rows; `foreign`: ids of orders there
    that were entered by another way."""
    verdict = Verdict(orders=len(orders), fills=sum(len(o.executions) for o in orders))
    owned: dict[str, list[Row]] = {order.order_id: [] for order in orders}
    strays: list[Row] = []
    for row in rows:
        owner = next((order for order in orders if _is_its(order, row)), None)
        if owner is not None:
            owned[owner.order_id].append(row)
        elif row["order_id"] not in foreign:
            strays.append(row)
    doubted = [order for order in orders if order.in_doubt is not None]
    for row in strays:
        text = f"{row_text(row)} is there and no order's"
        if any(not owned[order.order_id] and _is_like(order, row) for order in doubted):
            verdict.unresolved.append(text)
        else:
            verdict.duplicate.append(text)
    for order in orders:
        _weigh(verdict, order, owned[order.order_id], foreign)
    return verdict


def _is_its(order: Order, row: Row) -> bool:
    for ours, theirs in order.venue_names:
        if (row["client_id"] and row["client_id"] == ours) or (
            theirs and row["order_id"] == theirs
        ):
            return True
    return False


def _is_like(order: Order, row: Row) -> bool:
    same = (order.symbol, order.side.name) == (row["symbol"], row["side"])
    return same and row["price"] is not None and order.price == Decimal(row["price"])


def row_text(row: Row) -> str:
    """An order as the venue has it, in a few words."""
    return f"{row['side']} {row['qty']} {row['symbol']}, {row['cum']} executed ({row['order_id']}, {row['status']})"


def _weigh(verdict: Verdict, order: Order, rows: list[Row], foreign: Collection[str]) -> None:
    name = f"order {order.order_id} ({order.ord_status.name})"
    named = Counter(row["client_id"] for row in rows if row["client_id"])
    verdict.duplicate += [f"{name}: it is {n} orders there" for n in named.values() if n > 1]
    there = sum((Decimal(row["cum"]) for row in rows), Decimal(0))
    if order.in_doubt is not None:
        verdict.unresolved.append(f"{name}: {order.in_doubt.text}")
    elif there > order.cum_qty:
        missing = number_text(there - order.cum_qty)
        verdict.lost.append(f"{name}: {missing} was executed there and is not booked")
    if order.cum_qty > there:
        excess = number_text(order.cum_qty - there)
        verdict.duplicate.append(f"{name}: {excess} is booked and was not executed there")
    elif order.cum_qty == there and all(row["notional"] is not None for row in rows):
        worth = sum((Decimal(row["notional"]) for row in rows), Decimal(0))
        if order.notional != worth:
            verdict.wrong.append(f"{name}: booked for {order.notional}, there it was {worth}")
    verdict.wrong += _ends(order, rows, name)
    if order.text.startswith(BREAK):
        verdict.wrong.append(f"{name}: {order.text}")
    if any(row["order_id"] in foreign for row in rows):
        verdict.wrong.append(f"{name}: it was taken for an order that somebody else entered")


def _ends(order: Order, rows: list[Row], name: str) -> list[str]:
    works = [row for row in rows if row["status"] == "OPEN"]
    if order.in_doubt is not None:
        return []
    if len(works) > 1:
        return [f"{name}: {len(works)} orders work for it"]
    if (order.ended or order.filled) and works:
        return [f"{name}: it still works there"]
    if not (order.ended or order.filled) and not works:
        return [f"{name}: it is over there"]
    return []
