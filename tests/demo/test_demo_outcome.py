"""What makes a demo run good, and what makes its exit code 1."""

from typing import Any

import pytest

from oms.demo.ledger import Mismatch
from oms.demo.outcome import (
    Outcome,
    compare_positions,
    count_by_venue,
    is_settled,
    unexpected_ends,
)
from oms.demo.plan import VENUES, Kind, PlannedOrder, make_plan

ROUTES = [ground.route for ground in VENUES]
PLAN = make_plan(42, 1)


def _row(order: PlannedOrder, status: str, **more: Any) -> dict[str, Any]:
    cancelled = status == "CANCELED"
    return {
        "order_id": order.cl_ord_id[1:].rjust(10, "0"),
        "origin": order.origin,
        "venue": order.route,
        "cl_ord_id": order.cancel_id if cancelled else order.cl_ord_id,
        "ord_status": status,
        "cum_qty": "0",
        "avg_px": "0",
        "in_doubt": False,
        "text": "",
        **more,
    }


def _rows() -> list[dict[str, Any]]:
    return [_row(order, min(order.outcomes)) for order in PLAN]


def _outcome(**more: Any) -> Outcome:
    given: dict[str, Any] = {
        "orders": 42,
        "fills": 30,
        "requests": 60,
        "by_venue": count_by_venue(ROUTES, _rows()),
        "mismatches": [],
        "unexpected": [],
        "told": {"DESK1": {"reports": 3, "faults": []}},
        **more,
    }
    return Outcome(**given)


def test_orders_that_ended_as_planned_are_nothing_unexpected() -> None:
    assert unexpected_ends(PLAN, _rows()) == []
    assert is_settled(PLAN, _rows())


def test_an_order_at_another_end_than_planned_is_named() -> None:
    rows = _rows()
    rows[0]["ord_status"] = "REJECTED" if rows[0]["ord_status"] != "REJECTED" else "FILLED"
    (found,) = unexpected_ends(PLAN, rows)
    assert PLAN[0].cl_ord_id in found


def test_an_order_in_doubt_is_named_wherever_it_stands() -> None:
    rows = _rows()
    rows[3]["in_doubt"] = True
    (found,) = unexpected_ends(PLAN, rows)
    assert "in doubt" in found
    assert not is_settled(PLAN, rows)


def test_a_missing_order_and_one_that_nobody_sent_are_named() -> None:
    rows = _rows()
    missing = rows.pop(5)
    stranger = _row(make_plan(43, 1)[42], "NEW")
    found = unexpected_ends(PLAN, [*rows, stranger])
    assert len(found) == 2
    assert f"{PLAN[5].cl_ord_id} ({PLAN[5].kind}): not in the books" in found[0]
    assert "nobody sent it" in found[1]
    assert not is_settled(PLAN, rows)
    assert missing


def test_an_order_that_still_works_is_not_settled_unless_it_was_left_working() -> None:
    left = [order.kind is Kind.LEFT for order in PLAN]
    assert any(left)
    for position, may_work in enumerate(left):
        rows = _rows()
        rows[position] = _row(PLAN[position], "NEW")
        assert is_settled(PLAN, rows) == may_work


def test_the_counts_of_a_venue_add_up_to_its_orders() -> None:
    rows = _rows()
    rows[7]["in_doubt"] = True
    counts = count_by_venue(ROUTES, rows)
    assert list(counts) == ROUTES
    for of_route in counts.values():
        assert of_route["orders"] == sum(of_route.values()) - of_route["orders"]
    assert sum(of_route["orders"] for of_route in counts.values()) == len(PLAN)
    assert sum(of_route["in_doubt"] for of_route in counts.values()) == 1


def test_a_venue_without_orders_is_counted_too() -> None:
    assert count_by_venue(["ANDX"], [])["ANDX"]["orders"] == 0


def test_a_good_run_has_no_problems() -> None:
    assert _outcome().problems == []


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"mismatches": [Mismatch("ANDX", "order 1 cum_qty", "1", "")]}, "ledger nothing"),
        ({"unexpected": ["ANDX D1: is NEW"]}, "is NEW"),
        ({"told": {"DESK1": {"reports": 1, "faults": ["told twice"]}}}, "DESK1: told twice"),
        ({"secrets_found": ["oms.db: secret 1"]}, "secret in oms.db"),
        ({"faults": ["oms ended with exit code -9"]}, "exit code"),
        ({"by_venue": {"ANDX": {"in_doubt": 2}}}, "ANDX: 2 in doubt"),
    ],
)
def test_each_thing_that_is_wrong_is_a_problem(more: dict[str, Any], word: str) -> None:
    (problem,) = _outcome(**more).problems
    assert word in problem


def test_the_document_has_what_scripts_rely_on() -> None:
    mismatch = Mismatch("ANDX", "order 1 cum_qty", "1", "2")
    document = _outcome(mismatches=[mismatch], elapsed_s=1.23456).document(seed=7)
    assert document["orders"] == 42
    assert document["fills"] == 30
    assert document["mismatches"] == [mismatch.row()]
    assert document["elapsed_s"] == 1.235
    assert document["seed"] == 7
    assert set(document["by_venue"]["ANDX"]) == {
        "orders",
        "filled",
        "canceled",
        "rejected",
        "working",
        "in_doubt",
    }


def test_an_origins_log_that_ends_otherwise_than_the_books_is_noticed() -> None:
    rows = [_row(PLAN[0], "FILLED", cum_qty="1.50", avg_px="2")]
    name, origin = rows[0]["order_id"], rows[0]["origin"]
    assert compare_positions(origin, {name: ["FILLED", "1.5", "2.0"]}, rows) == []
    assert compare_positions("another", {}, rows) == []
    for heard in (["NEW", "1.5", "2"], ["FILLED", "1", "2"], ["FILLED", "1.5", "3"]):
        (found,) = compare_positions(origin, {name: heard}, rows)
        assert name in found
    (found,) = compare_positions(origin, {}, rows)
    assert "nothing" in found
