"""What a demo run came to, and whether that is what it should have come to. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Final

from oms.core.values import frozen
from oms.demo.ledger import Mismatch, Row
from oms.demo.plan import Kind, PlannedOrder

_COLUMNS: Final = {
    "FILLED": "filled",
    "CANCELED": "canceled",
    "EXPIRED": "canceled",
    "REJECTED": "rejected",
}


@frozen(kw_only=True)
class Compared:
    """How much of a venue's ledger was held against the books: orders, fills, fees that the fills
    told, balances."""

    venue: str
    orders: int
    fills: int
    fees: int
    balances: int

    def line(self, mismatches: int) -> str:
        """What is shown of it."""
        fees = f"{self.fees} fees" if self.fees else "fees not told"
        verdict = "agree" if not mismatches else f"{mismatches} MISMATCHES"
        what = f"{self.orders} orders, {self.fills} fills, {fees}, {self.balances} balances"
        return f"{self.venue}: books and ledger: {what}: {verdict}"


@dataclass(kw_only=True)
class Outcome:
    """The summary; `problems` is empty after a run in which everything is as it should be."""

    orders: int
    fills: int
    requests: int
    by_venue: dict[str, dict[str, int]]
    mismatches: list[Mismatch]
    unexpected: list[str]
    """Orders that did not end as planned, and what was waited for in vain."""
    told: dict[str, dict[str, Any]]
    """By origin: how many reports, and what was wrong with them."""
    compared: list[Compared] = field(default_factory=list)
    """What of each venue's ledger was held against the books."""
    secrets_found: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Children that did not end in good order."""
    elapsed_s: float = 0.0

    @property
    def problems(self) -> list[str]:
        """Everything that makes the exit code 1, one line each."""
        found = [
            f"{m.venue}: {m.what}: books {m.books or 'nothing'}, ledger {m.ledger or 'nothing'}"
            for m in self.mismatches
        ]
        for origin, seen in self.told.items():
            found += [f"{origin}: {fault}" for fault in seen["faults"]]
        found += [f"{route}: {n} in doubt" for route, n in self._in_doubt()]
        found += [f"secret in {leak}" for leak in self.secrets_found]
        return found + self.unexpected + self.faults

    def _in_doubt(self) -> list[tuple[str, int]]:
        counts = [(route, counts["in_doubt"]) for route, counts in self.by_venue.items()]
        return [(route, count) for route, count in counts if count]

    def document(self, **more: Any) -> dict[str, Any]:
        """The summary as one JSON document."""
        return {
            "orders": self.orders,
            "fills": self.fills,
            "requests": self.requests,
            "by_venue": self.by_venue,
            "compared": [asdict(compared) for compared in self.compared],
            "mismatches": [mismatch.row() for mismatch in self.mismatches],
            "unexpected": self.unexpected,
            "reports": {
                origin: {"count": seen["reports"], "faults": seen["faults"]}
                for origin, seen in self.told.items()
            },
            "secrets_found": self.secrets_found,
            "faults": self.faults,
            "elapsed_s": round(self.elapsed_s, 3),
            **more,
        }


def count_by_venue(routes: Iterable[str], rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Per route: orders, and how many of them are where. An order in doubt is nowhere else."""
    columns = ("orders", "filled", "canceled", "rejected", "working", "in_doubt")
    counts = {route: dict.fromkeys(columns, 0) for route in routes}
    for row in rows:
        of_route = counts.setdefault(row["venue"], dict.fromkeys(columns, 0))
        of_route["orders"] += 1
        of_route[column_of(row)] += 1
    return counts


def column_of(row: Row) -> str:
    """Where the summary counts an order."""
    return "in_doubt" if row["in_doubt"] else _COLUMNS.get(row["ord_status"], "working")


def is_settled(plan: Sequence[PlannedOrder], rows: Sequence[Row]) -> bool:
    """Whether nothing more is to come: every order is over, or one of those left working."""
    left = {(order.origin, order.cl_ord_id) for order in plan if order.kind is Kind.LEFT}
    return len(rows) >= len(plan) and all(
        not row["in_doubt"]
        and (row["ord_status"] in _COLUMNS or (row["origin"], row["cl_ord_id"]) in left)
        for row in rows
    )


def unexpected_ends(plan: Sequence[PlannedOrder], rows: Iterable[Row]) -> list[str]:
    """Orders that are not in the books, not where they were meant to end, or that nobody sent."""
    known = {(row["origin"], _entry_id(row)): row for row in rows}
    found = []
    for order in plan:
        row = known.pop((order.origin, order.cl_ord_id), None)
        where = f"{order.route} {order.cl_ord_id} ({order.kind})"
        if row is None:
            found.append(f"{where}: not in the books")
        elif row["in_doubt"] or row["ord_status"] not in order.outcomes:
            doubt = " and in doubt" if row["in_doubt"] else ""
            found.append(f"{where}: is {row['ord_status']}{doubt}: {row['text'] or 'no text'}")
    return found + [f"{venue} {name}: nobody sent it" for (venue, name) in known]


def _entry_id(row: Row) -> str:
    """The ClOrdID that the order came under; an accepted cancel becomes the current one."""
    current: str = row["cl_ord_id"]
    return current.removesuffix("-X")


def compare_positions(
    origin: str, positions: Mapping[str, Sequence[str]], rows: Iterable[Row]
) -> list[str]:
    """Where an origin's own log of reports ends otherwise than the books."""
    found = []
    for row in rows:
        if row["origin"] != origin:
            continue
        heard = positions.get(row["order_id"])
        books = (row["ord_status"], Decimal(row["cum_qty"]), Decimal(row["avg_px"]))
        if heard is None:
            found.append(f"order {row['order_id']}: it was told nothing of it")
        elif (heard[0], Decimal(heard[1]), Decimal(heard[2])) != books:
            found.append(f"order {row['order_id']}: it was told {heard}, the books say {books}")
    return found
