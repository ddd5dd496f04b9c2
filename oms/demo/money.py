"""The venues' balances against the books: what was there, what was traded, what it cost.

Pure. For each asset of a route, what the balance has moved by must be the sum of the books' fills
less the fees that the venue's ledger has taken; and what the venue tells through its API must be
what its ledger says.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from oms.core.numbers import number_text
from oms.demo.ledger import Mismatch, Row, fees_of

PRINTED: Final = Decimal("0.00000001")
"""What a venue's API may round a balance to."""

Key = tuple[str, str]
"""Exchange, "" where a venue has none, and asset."""


def compare_balances(
    route: str,
    before: Iterable[Row],
    after: Iterable[Row],
    orders: Sequence[Row],
    fills: Sequence[Row],
    ledger: Mapping[str, Any],
    ticks: Mapping[str, Decimal],
) -> list[Mismatch]:
    """Every asset whose balance has not moved as the books say, or is another in the ledger.

    `before` and `after` are balance rows of the route, `orders` and `fills` its rows, `ledger` the
    venue's, `ticks` the price steps by symbol: a fill with a derived price is that exact.
    """
    were, are = _totals(before), _totals(after)
    expected, allowed = _moved(orders, fills, ticks)
    for row in ledger["orders"]:
        expected[_key(row.get("venue", ""), row, "quote")] -= fees_of(row)
    found = []
    for key in sorted({*were, *are, *expected}):
        moved = are.get(key, Decimal(0)) - were.get(key, Decimal(0))
        if abs(moved - expected[key]) > allowed[key] + PRINTED:
            what = f"balance of {' '.join(filter(None, key))} moved by"
            found.append(Mismatch(route, what, _text(expected[key]), _text(moved)))
    for key, total in _ledger_totals(ledger["balances"]).items():
        if key in are and abs(are[key] - total) > PRINTED:
            what = f"balance of {' '.join(filter(None, key))}"
            found.append(Mismatch(route, what, _text(are[key]), _text(total)))
    return found


def _totals(rows: Iterable[Row]) -> dict[Key, Decimal]:
    return {(row["exchange"], row["asset"]): Decimal(row["total"]) for row in rows}


def _ledger_totals(balances: Mapping[str, Any]) -> dict[Key, Decimal]:
    found: dict[Key, Decimal] = {}
    for name, told in balances.items():
        if isinstance(told, Mapping):
            found |= {(name, asset): Decimal(total) for asset, total in told.items()}
        else:
            found["", name] = Decimal(told)
    return found


def _moved(
    orders: Sequence[Row], fills: Sequence[Row], ticks: Mapping[str, Decimal]
) -> tuple[defaultdict[Key, Decimal], defaultdict[Key, Decimal]]:
    by_id = {order["order_id"]: order for order in orders}
    moved: defaultdict[Key, Decimal] = defaultdict(Decimal)
    allowed: defaultdict[Key, Decimal] = defaultdict(Decimal)
    for fill in fills:
        order = by_id[fill["order_id"]]
        if not fill["stands"]:
            continue
        qty, px = Decimal(fill["last_shares"]), Decimal(fill["last_px"])
        sign = 1 if order["side"] == "BUY" else -1
        quote = _key(order["exchange"], order, "quote")
        moved[_key(order["exchange"], order, "base")] += sign * qty
        moved[quote] -= sign * qty * px
        if fill["derived"]:
            allowed[quote] += qty * ticks[order["symbol"]]
    return moved, allowed


def _key(exchange: str, row: Row, side: str) -> Key:
    base, _, quote = row["symbol"].partition("/")
    return exchange, quote if side == "quote" else base


def _text(number: Decimal) -> str:
    return number_text(number)
