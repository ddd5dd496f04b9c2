"""The books against every venue's ledger, after all has settled. Pure."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from adapters import venue
from oms.core.venue import Fence
from oms.demo.ledger import Mismatch, compare
from oms.demo.plan import VENUES
from oms.scaffold import sample_table
from oms.store.types import utc_time

Row = Mapping[str, Any]

_TICKS: Final = {
    ground.route: {market.symbol: market.tick for market in ground.markets} for ground in VENUES
}


@dataclass
class Verdict:
    """What the books and the ledgers come to; what is counted first must be nought."""

    lost_fills: int = 0
    doubled_fills: int = 0
    duplicate_orders: int = 0
    wrong_terminal: int = 0
    other_mismatches: int = 0
    lost_reports: int = 0
    orders: int = 0
    fills: int = 0
    at_venues: int = 0
    """Orders in the ledgers."""
    ends: Counter[str] = field(default_factory=Counter)
    unresolved: Counter[str] = field(default_factory=Counter)
    """Orders in doubt after all had settled, by what would settle them."""
    faults: list[str] = field(default_factory=list)

    def add(self, other: "Verdict") -> None:
        """Another batch's on top."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if isinstance(mine, Counter):
                mine.update(value)
            elif isinstance(mine, list):
                mine.extend(value)
            else:
                setattr(self, name, mine + value)


def judge(
    orders: Sequence[Row], fills: Sequence[Row], ledgers: Mapping[str, Sequence[Row]]
) -> Verdict:
    """`orders` and `fills` are all rows of the books, `ledgers` the orders of each venue."""
    told = Verdict(orders=len(orders), fills=len(fills))
    told.ends.update("IN DOUBT" if row["in_doubt"] else str(row["ord_status"]) for row in orders)
    for name, ledger in ledgers.items():
        route = name.upper()
        told.at_venues += len(ledger)
        ours = [row for row in orders if row["venue"] == route]
        settled = [row for row in ours if not row["in_doubt"]]
        doubted = [row for row in ours if row["in_doubt"]]
        told.unresolved.update(_reason(name, row) for row in doubted)
        executed = [row for row in fills if row["venue"] == route]
        left = _without_doubted(told, name, ledger, settled, doubted)
        doubtful = [(order, _row_of(order, ledger, set())) for order in doubted]
        _weigh_doubted(told, name, doubtful, executed)
        for found in compare(route, settled, executed, left, _TICKS[route]):
            _count(told, found)
    return told


def _without_doubted(
    told: Verdict, name: str, ledger: Sequence[Row], settled: Sequence[Row], doubted: Sequence[Row]
) -> list[Row]:
    """The ledger without the orders of which the engine itself says that it does not know."""
    known = {str(row["secondary_order_id"]) for row in settled if row["secondary_order_id"]}
    left = list(ledger)
    for order in doubted:
        row = _row_of(order, left, known)
        if row is None:
            continue
        left.remove(row)
        if order["in_doubt_request"] == "NEW" and row["client_id"]:
            # The venue's own lists say whose it is: that was there to be found.
            text = f"{name}: order {order['order_id']} is there and in doubt: {row}"
            told.faults.append(text)
            told.other_mismatches += 1
    return left


def _weigh_doubted(
    told: Verdict,
    name: str,
    doubted: Sequence[tuple[Row, Row | None]],
    executed: Sequence[Row],
) -> None:
    """No doubt is an excuse for what is booked already, or for fills that the venue lists under
    the order's id."""
    for order, row in doubted:
        own = [f for f in executed if f["order_id"] == order["order_id"] and f["stands"]]
        booked = sum((Decimal(f["last_shares"]) for f in own), Decimal(0))
        there = Decimal(row["cum"]) if row is not None else Decimal(0)
        named = row is not None and bool(row["client_id"])
        if booked > there:
            told.doubled_fills += 1
        elif booked < there and named:
            told.lost_fills += 1
        else:
            continue
        text = f"order {order['order_id']} in doubt: books {booked}, ledger {there}"
        told.faults.append(f"{name}: {text}")


def _row_of(order: Row, left: Sequence[Row], known: set[str]) -> Row | None:
    names = (str(order["venue_cl_ord_id"]), str(order["secondary_order_id"]))
    for row in left:
        if str(row["client_id"] or "-") == names[0] or str(row["order_id"]) == names[1]:
            return row
    if order["in_doubt_request"] != "NEW":
        return None
    alike = (row for row in left if str(row["order_id"]) not in known and not row["client_id"])
    return next((row for row in alike if _same_terms(order, row)), None)


def _same_terms(order: Row, row: Row) -> bool:
    if (order["symbol"], order["side"]) != (row["symbol"], row["side"]):
        return False
    pairs = [(order["order_qty"], row["qty"]), (order["price"], row["price"])]
    return all(None not in (a, b) and Decimal(a) == Decimal(b) for a, b in pairs)


def is_unfenced(name: str) -> bool:
    """Whether nothing proves that a request never came to that venue."""
    return venue(name).capabilities(sample_table(name)).fence is Fence.NOTHING


def _reason(name: str, order: Row) -> str:
    """What a doubt waits for, in words that many have in common."""
    if order["in_doubt_request"] == "NEW" and is_unfenced(name):
        return f"{name} NEW: nothing fences a lost request there"
    text = re.sub(r"[0-9a-f]{8,}|\d+", "N", str(order["in_doubt_text"]))
    return f"{name} {order['in_doubt_request']}: {text}"


def _count(told: Verdict, found: Mismatch) -> None:
    what = found.what.rpartition(" ")[2]
    if what in ("cum_qty", "fills") and found.books and found.ledger:
        if Decimal(found.books) < Decimal(found.ledger):
            told.lost_fills += 1
        else:
            told.doubled_fills += 1
    elif not found.books or found.what.startswith("client id"):
        told.duplicate_orders += 1
    elif what == "ord_status" or not found.ledger:
        told.wrong_terminal += 1
    else:
        told.other_mismatches += 1
    said = f"{found.venue}: {found.what}: books {found.books or 'nothing'}"
    told.faults.append(f"{said}, ledger {found.ledger or 'nothing'}")


def sent_twice(left: Mapping[str, Sequence[int]]) -> list[str]:
    """Requests for new orders that the proxy saw more than once."""
    return [f"{name} was sent {seen[0]} times" for name, seen in left.items() if seen[0] > 1]


def longest_way_s(orders: Sequence[Row], left: Mapping[str, Sequence[int]]) -> float:
    """The longest from an order's decision to its leaving, in seconds, of those that name
    themselves on the wire."""
    first = {name.partition("/")[2]: seen[1] for name, seen in left.items()}
    ways = [
        first[name] / 1000 - utc_time(row["created"]).timestamp()
        for row in orders
        if (name := str(row["venue_cl_ord_id"])) in first
    ]
    return max(ways, default=0.0)
