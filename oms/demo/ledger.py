"""The engine's books against a venue's own ledger, order by order.

Pure. Books are order and fill rows of the API; a ledger is what a simulator answers to
`GET /_sim/ledger`. Sums are exact where the venue names its executions; where executions were
derived from the venue's rounded averages, the average may differ by one tick.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

from oms.core.numbers import number_text
from oms.core.values import frozen

Row = Mapping[str, Any]

_STATUS: Final = {
    "NEW": "OPEN",
    "PARTIALLY_FILLED": "OPEN",
    "PENDING_CANCEL": "OPEN",
    "FILLED": "FILLED",
    "CANCELED": "CANCELED",
    "REJECTED": "REJECTED",
}
"""What a ledger calls an order that the books call so."""


@frozen
class Mismatch:
    """One difference: what the books say and what the ledger says, "" for nothing at all."""

    venue: str
    what: str
    books: str
    ledger: str

    def row(self) -> dict[str, str]:
        """As JSON says it."""
        return asdict(self)


def compare(
    route: str,
    orders: Sequence[Row],
    fills: Sequence[Row],
    ledger: Sequence[Row],
    ticks: Mapping[str, Decimal],
) -> list[Mismatch]:
    """Every difference between the books of a route and its venue's ledger.

    `orders` and `fills` are the route's rows, `ledger` the venue's orders, `ticks` the price
    steps by symbol.
    """
    found = _doubles(route, ledger)
    executed: dict[str, list[Row]] = defaultdict(list)
    for fill in fills:
        executed[fill["order_id"]].append(fill)
    by_client = {row["client_id"]: row for row in ledger if row["client_id"]}
    by_id = {row["order_id"]: row for row in ledger}
    ours: set[str] = set()
    for order in orders:
        row = by_client.get(order["venue_cl_ord_id"]) or by_id.get(order["secondary_order_id"])
        if row is None:
            found += _absent(route, order)
            continue
        if row["order_id"] in ours:
            found.append(Mismatch(route, f"{_name(order)} is another one's", "", _shown(row)))
        ours.add(row["order_id"])
        found += _differences(route, order, executed[order["order_id"]], row, ticks)
    found += [
        Mismatch(route, f"order {row['order_id']}", "", _shown(row))
        for row in ledger
        if row["order_id"] not in ours
    ]
    return found


def _doubles(route: str, ledger: Iterable[Row]) -> list[Mismatch]:
    """Ids under which the venue has more than one order: something was sent twice."""
    counts = Counter(row["client_id"] for row in ledger if row["client_id"])
    return [
        Mismatch(route, f"client id {client_id}", "1 order", f"{count} orders")
        for client_id, count in counts.items()
        if count > 1
    ]


def _absent(route: str, order: Row) -> list[Mismatch]:
    """A refused order need not be known to the venue; every other one must."""
    if order["ord_status"] == "REJECTED" and not Decimal(order["cum_qty"]):
        return []
    status = f"{order['ord_status']} {order['cum_qty']} of {order['order_qty']}"
    return [Mismatch(route, _name(order), status, "")]


def _differences(
    route: str, order: Row, fills: Sequence[Row], row: Row, ticks: Mapping[str, Decimal]
) -> list[Mismatch]:
    pairs = {
        "exchange": (order["exchange"], row.get("venue", order["exchange"])),
        "symbol": (order["symbol"], row["symbol"]),
        "side": (order["side"], row["side"]),
        "order_qty": (_number(order["order_qty"]), _number(row["qty"])),
        "price": (_number(order["price"]), _number(row["price"])),
        "ord_status": (_STATUS.get(order["ord_status"], order["ord_status"]), row["status"]),
        "cum_qty": (_number(order["cum_qty"]), _number(row["cum"])),
        "fills": (_number(str(_sum(fills))), _number(row["cum"])),
        "avg_px": _averages(order, fills, row, ticks),
        "fees": _fees(fills, row),
    }
    return [
        Mismatch(route, f"{_name(order)} {what}", str(books), str(venue))
        for what, (books, venue) in pairs.items()
        if books != venue
    ]


def _averages(
    order: Row, fills: Sequence[Row], row: Row, ticks: Mapping[str, Decimal]
) -> tuple[str, str]:
    """Notionals; the same text twice where they differ by no more than they may."""
    standing = [fill for fill in fills if fill["stands"]]
    books = sum((Decimal(f["last_shares"]) * Decimal(f["last_px"]) for f in standing), Decimal(0))
    venue = Decimal(row["notional"])
    cum_qty = Decimal(row["cum"])
    if any(fill["derived"] for fill in standing):
        allowed = ticks[order["symbol"]] * cum_qty
        if abs(books - venue) <= allowed:
            return "", ""
    if not cum_qty or books == venue:
        return number_text(books), number_text(venue)
    return f"{books / cum_qty:f}", f"{venue / cum_qty:f}"


def _fees(fills: Sequence[Row], row: Row) -> tuple[str, str]:
    """What was paid; the same text twice where the books were told nothing of it, or where they
    differ by no more than the venue rounds each fill."""
    told = [Decimal(f["fee"]) for f in fills if f["stands"] and f.get("fee") is not None]
    books, venue = sum(told, Decimal(0)), fees_of(row)
    if not told or abs(books - venue) <= _ROUNDED * len(told):
        return "", ""
    return number_text(books), number_text(venue)


_ROUNDED: Final = Decimal("0.00000001")


def fees_of(row: Row) -> Decimal:
    """The fees of a ledger's order, all in one currency."""
    fees = row.get("fees") or "0"
    amounts = fees.values() if isinstance(fees, Mapping) else [fees]
    return sum(map(Decimal, amounts), Decimal(0))


def _sum(fills: Iterable[Row]) -> Decimal:
    return sum((Decimal(f["last_shares"]) for f in fills if f["stands"]), Decimal(0))


def _number(text: str | None) -> str:
    return "" if text is None else number_text(Decimal(text))


def _name(order: Row) -> str:
    return f"order {order['order_id']} ({order['origin']}/{order['cl_ord_id']})"


def _shown(row: Row) -> str:
    return f"{row['status']} {row['side']} {row['cum']} of {row['qty']} {row['symbol']}"
