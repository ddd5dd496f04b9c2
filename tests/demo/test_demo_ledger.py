"""Books against ledgers: what agrees is passed over, and every way to differ is noticed."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from adapters.matching import default_markets
from oms.demo.ledger import Mismatch, compare

TICKS = {market.symbol: market.tick for market in default_markets()}
Rows = list[dict[str, Any]]


def _order(number: int, status: str, cum: str, **more: Any) -> dict[str, Any]:
    return {
        "order_id": f"{number:010d}",
        "cl_ord_id": f"D{number}",
        "origin": "DESK1",
        "venue": "X",
        "exchange": "BINANCE",
        "symbol": "BTC/USDT",
        "side": "BUY",
        "order_qty": "0.5",
        "price": "40000.1",
        "ord_status": status,
        "cum_qty": cum,
        "venue_cl_ord_id": f"ours-{number}",
        "secondary_order_id": f"theirs-{number}",
        **more,
    }


def _fill(number: int, qty: str, px: str, *, derived: bool = False) -> dict[str, Any]:
    return {
        "order_id": f"{number:010d}",
        "last_shares": qty,
        "last_px": px,
        "stands": True,
        "derived": derived,
    }


def _row(number: int, status: str, cum: str, notional: str, **more: Any) -> dict[str, Any]:
    return {
        "order_id": f"theirs-{number}",
        "client_id": f"ours-{number}",
        "venue": "BINANCE",
        "symbol": "BTC/USDT",
        "side": "BUY",
        "qty": "0.50",
        "price": "40000.10",
        "cum": cum,
        "notional": notional,
        "status": status,
        **more,
    }


def _books() -> tuple[Rows, Rows, Rows]:
    orders = [
        _order(1, "FILLED", "0.5"),
        _order(2, "CANCELED", "0.2"),
        _order(3, "NEW", "0"),
        _order(4, "REJECTED", "0", venue_cl_ord_id="", secondary_order_id=""),
        _order(5, "REJECTED", "0"),
        _order(6, "PENDING_CANCEL", "0"),
    ]
    fills = [_fill(1, "0.3", "40000"), _fill(1, "0.2", "40000.1"), _fill(2, "0.2", "40000.01")]
    ledger = [
        _row(1, "FILLED", "0.5", "20000.02"),
        _row(2, "CANCELED", "0.20", "8000.002"),
        _row(3, "OPEN", "0", "0"),
        _row(5, "REJECTED", "0", "0"),
        _row(6, "OPEN", "0", "0"),
    ]
    return orders, fills, ledger


def _found(orders: Rows, fills: Rows, ledger: Rows) -> list[Mismatch]:
    return compare("X", orders, fills, ledger, TICKS)


def test_books_that_agree_show_no_mismatch() -> None:
    """A trailing zero is no difference, nor is an order that was refused before it left."""
    assert _found(*_books()) == []


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("cum", "0.4", "cum_qty"),
        ("status", "OPEN", "ord_status"),
        ("notional", "20000.03", "avg_px"),
        ("symbol", "ETH/USDT", "symbol"),
        ("side", "SELL", "side"),
        ("qty", "0.6", "order_qty"),
        ("price", "40000.2", "price"),
        ("price", None, "price"),
        ("venue", "COINBASEPRO", "exchange"),
    ],
)
def test_a_tampered_row_of_the_ledger_is_named_with_what_differs(
    field: str, value: str | None, what: str
) -> None:
    orders, fills, ledger = _books()
    ledger[0][field] = value
    found = _found(orders, fills, ledger)
    assert f"order 0000000001 (DESK1/D1) {what}" in [mismatch.what for mismatch in found]
    assert all(mismatch.books != mismatch.ledger for mismatch in found)


def test_an_order_that_the_venue_does_not_have_is_noticed() -> None:
    orders, fills, ledger = _books()
    del ledger[0]
    assert _found(orders, fills, ledger) == [
        Mismatch("X", "order 0000000001 (DESK1/D1)", "FILLED 0.5 of 0.5", "")
    ]


def test_an_order_that_only_the_venue_has_is_noticed() -> None:
    orders, fills, ledger = _books()
    ledger.append(_row(7, "OPEN", "0", "0"))
    assert _found(orders, fills, ledger) == [
        Mismatch("X", "order theirs-7", "", "OPEN BUY 0 of 0.50 BTC/USDT")
    ]


def test_an_order_that_the_venue_has_twice_is_noticed() -> None:
    """Under one client id, as after a second send."""
    orders, fills, ledger = _books()
    twin = deepcopy(ledger[2])
    twin["order_id"] = "theirs-3b"
    found = _found(orders, fills, [*ledger, twin])
    assert Mismatch("X", "client id ours-3", "1 order", "2 orders") in found


def test_two_orders_of_ours_behind_one_of_the_venues_are_noticed() -> None:
    orders, fills, ledger = _books()
    orders.append(_order(8, "NEW", "0", venue_cl_ord_id="ours-3"))
    assert [m.what for m in _found(orders, fills, ledger)] == [
        "order 0000000008 (DESK1/D8) is another one's"
    ]


def test_fills_that_do_not_add_up_to_the_order_are_noticed() -> None:
    orders, fills, ledger = _books()
    del fills[0]
    whats = [mismatch.what for mismatch in _found(orders, fills, ledger)]
    assert "order 0000000001 (DESK1/D1) fills" in whats


def test_a_fill_that_was_undone_does_not_count() -> None:
    orders, fills, ledger = _books()
    fills.append({**_fill(1, "9", "1"), "stands": False})
    assert _found(orders, fills, ledger) == []


def test_a_refused_order_that_the_venue_works_all_the_same_is_noticed() -> None:
    orders, fills, ledger = _books()
    ledger[3]["status"] = "OPEN"
    assert [m.what for m in _found(orders, fills, ledger)] == [
        "order 0000000005 (DESK1/D5) ord_status"
    ]


def test_a_refused_order_that_executed_must_be_at_the_venue() -> None:
    orders, fills, ledger = _books()
    orders[4]["cum_qty"] = "0.1"
    del ledger[3]
    assert [m.books for m in _found(orders, fills, ledger)] == ["REJECTED 0.1 of 0.5"]


def test_a_venue_without_client_ids_is_matched_by_its_own() -> None:
    orders, fills, ledger = _books()
    for row in ledger:
        row["client_id"] = ""
    assert _found(orders, fills, ledger) == []


@pytest.mark.parametrize(
    ("notional", "agrees"), [("20000.02", True), ("20000.0249", True), ("20000.026", False)]
)
def test_derived_fills_may_differ_by_a_tick_in_the_average_and_no_more(
    notional: str, agrees: bool
) -> None:
    """0.5 at ticks of 0.01 is 0.005 of notional, either way."""
    orders, fills, ledger = _books()
    fills[0]["derived"] = True
    ledger[0]["notional"] = notional
    assert (_found(orders, fills, ledger) == []) == agrees


def test_told_fills_may_not_differ_at_all() -> None:
    orders, fills, ledger = _books()
    ledger[0]["notional"] = str(Decimal("20000.02") + Decimal("1E-18"))
    assert [m.what for m in _found(orders, fills, ledger)] == ["order 0000000001 (DESK1/D1) avg_px"]


def test_a_mismatch_is_a_row_of_four_texts() -> None:
    assert Mismatch("X", "order 1 cum_qty", "1", "2").row() == {
        "venue": "X",
        "what": "order 1 cum_qty",
        "books": "1",
        "ledger": "2",
    }


def test_fees_are_compared_where_they_were_told() -> None:
    orders, fills, ledger = _books()
    ledger[0]["fees"] = {"USDT": "4"}
    assert _found(orders, fills, ledger) == []
    fills[0]["fee"], fills[1]["fee"] = "2.4", "1.600000001"
    assert _found(orders, fills, ledger) == []
    fills[1]["fee"] = "1.5"
    (mismatch,) = _found(orders, fills, ledger)
    assert (mismatch.what, mismatch.books, mismatch.ledger) == (
        "order 0000000001 (DESK1/D1) fees",
        "3.9",
        "4",
    )
