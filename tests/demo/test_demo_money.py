"""Balances against the books: what agrees is passed over, and every way to differ is noticed."""

from decimal import Decimal
from typing import Any

import pytest

from oms.demo.money import compare_balances

TICKS = {"BTC/USD": Decimal("0.01")}
ORDERS = [
    {"order_id": "1", "exchange": "X", "symbol": "BTC/USD", "side": "BUY"},
    {"order_id": "2", "exchange": "X", "symbol": "BTC/USD", "side": "SELL"},
]


def fill(order_id: str, qty: str, px: str, **more: Any) -> dict[str, Any]:
    told = {"order_id": order_id, "last_shares": qty, "last_px": px}
    return {**told, "stands": True, "derived": False, **more}


FILLS = [fill("1", "2", "100"), fill("2", "0.5", "110"), fill("2", "9", "9", stands=False)]
LEDGER = [
    {"venue": "X", "symbol": "BTC/USD", "fees": {"USD": "0.3"}},
    {"venue": "X", "symbol": "BTC/USD", "fees": "0.1"},
    {"venue": "X", "symbol": "BTC/USD"},
]


def rows(**totals: str) -> list[dict[str, str]]:
    return [{"exchange": "X", "asset": asset, "total": total} for asset, total in totals.items()]


def differing(
    before: list[dict[str, str]],
    after: list[dict[str, str]],
    *,
    fills: list[dict[str, Any]] = FILLS,
    balances: Any = None,
) -> list[str]:
    ledger = {"orders": LEDGER, "balances": balances or {}}
    found = compare_balances("R", before, after, ORDERS, fills, ledger, TICKS)
    return [f"{m.what}: {m.books} | {m.ledger}" for m in found]


BEFORE = rows(BTC="10", USD="1000", EUR="5")
AFTER = rows(BTC="11.5", USD="854.6", EUR="5")


def test_fills_and_fees_explain_every_movement() -> None:
    assert differing(BEFORE, AFTER) == []


@pytest.mark.parametrize(
    ("after", "what"),
    [
        (rows(BTC="11.5", USD="855", EUR="5"), "X USD moved by: -145.4 | -145"),
        (rows(BTC="11", USD="854.6", EUR="5"), "X BTC moved by: 1.5 | 1"),
        (rows(BTC="11.5", USD="854.6"), "X EUR moved by: 0 | -5"),
        (rows(BTC="11.5", USD="854.6", EUR="5", ETH="1"), "X ETH moved by: 0 | 1"),
    ],
)
def test_what_nothing_explains_is_told(after: list[dict[str, str]], what: str) -> None:
    (found,) = differing(BEFORE, after)
    assert found == f"balance of {what}"


def test_a_derived_price_may_be_off_by_a_tick() -> None:
    fills = [fill("1", "2", "100.01", derived=True), fill("2", "0.5", "110")]
    assert differing(BEFORE, AFTER, fills=fills) == []
    fills[0]["last_px"] = "100.02"
    assert len(differing(BEFORE, AFTER, fills=fills)) == 1


def test_the_venues_word_is_held_against_its_ledger() -> None:
    assert differing(BEFORE, AFTER, balances={"X": {"BTC": "11.500000001"}}) == []
    (found,) = differing(BEFORE, AFTER, balances={"X": {"BTC": "11.6", "ETH": "3"}})
    assert found == "balance of X BTC: 11.5 | 11.6"


def test_a_venue_without_exchanges_tells_assets() -> None:
    before = [{"exchange": "", "asset": "EUR", "total": "5"}]
    ledger = {"orders": [], "balances": {"EUR": "6"}}
    (found,) = compare_balances("R", before, before, [], [], ledger, TICKS)
    assert (found.what, found.books, found.ledger) == ("balance of EUR", "5", "6")
