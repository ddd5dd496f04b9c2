"""Orders are written by two statements, and the table never shows which."""

import sqlite3
from contextlib import closing
from random import Random
from typing import Any

import pytest

from oms.core.book import Changes
from oms.core.errors import StoreUnavailable
from oms.core.fields import ExecType
from oms.core.order import Order
from oms.store import projections
from oms.store.projections import OrderWrites
from oms.store.queries import Reader
from oms.store.replay import verify
from oms.store.rows import Values, order_row
from tests.store.trading_day import REST, Firm, trade


def written(firm: Firm, order: Order) -> tuple[object, ...]:
    """The order's row."""
    with closing(sqlite3.connect(firm.url.removeprefix("sqlite:///"))) as file:
        statement = "SELECT * FROM orders WHERE order_id = ?"
        row: tuple[object, ...] = file.execute(statement, (order.order_id,)).fetchone()
        return row


def traced(firm: Firm) -> list[str]:
    """The statements that write orders from now on."""
    statements: list[str] = []
    firm.store._connect().set_trace_callback(statements.append)
    return statements


def spared(statements: list[str]) -> list[bool]:
    """Of each that wrote orders: whether it named no index's column."""
    return [one.startswith("UPDATE orders") for one in statements if " orders " in one[:20]]


def test_a_move_that_leaves_the_indexes_as_they_are_does_not_touch_them(firm: Firm) -> None:
    """The first report brings the venue's id, the second only executes, the third ends it."""
    order = firm.enter()
    statements = traced(firm)
    firm.fill(order, "0.25")
    firm.fill(order, "0.25")
    firm.report(order, ExecType.CANCELED)
    assert spared(statements) == [False, True, False]
    assert written(firm, order) == order_row(firm.order(order.order_id))


def test_an_order_that_stands_otherwise_than_thought_is_written_in_full(firm: Firm) -> None:
    """What the writing knows is a guess, and the row decides: an index never says what it was."""
    order = firm.enter()
    firm.fill(order, "0.25")
    with closing(sqlite3.connect(firm.url.removeprefix("sqlite:///"))) as vandal:
        vandal.execute("UPDATE orders SET secondary_order_id = 'another'")
        vandal.commit()
    statements = traced(firm)
    firm.fill(order, "0.25")
    assert spared(statements) == [True, False]
    assert written(firm, order) == order_row(firm.order(order.order_id))
    assert firm.store.history.by_venue_id(REST, "", "V1") is not None
    assert firm.store.history.by_venue_id(REST, "", "another") is None


def test_a_commit_that_was_rolled_back_is_not_what_stands(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue's id was written and taken back with all of the commit; the next one brings it."""
    order = firm.enter()
    write = OrderWrites.write

    def cut_short(writes: OrderWrites, *orders: Any) -> None:
        write(writes, *orders)
        raise sqlite3.OperationalError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(OrderWrites, "write", cut_short)
        with pytest.raises(StoreUnavailable):
            firm.fill(order, "0.25")
    changes = Changes()
    changes.orders[order.order_id] = after = firm.order(order.order_id)
    firm.store._orders.write(firm.store._connect(), changes.orders.values())
    assert written(firm, order) == order_row(after)


@pytest.mark.parametrize("seed", [3, 4])
def test_the_indexes_hold_what_the_table_holds(
    firm: Firm, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a day of anything that can happen, restarts too: SQLite's own check, and the journal's."""
    statements: list[str] = []
    run = projections._run

    def noted(driver: sqlite3.Connection, statement: str, rows: list[Values]) -> int:
        statements.append(statement)
        return run(driver, statement, rows)

    monkeypatch.setattr(projections, "_run", noted)
    trade(firm, Random(seed), 150)  # noqa: S311  a day for a test
    assert len(set(spared(statements))) == 2, "both statements were needed"
    assert firm.store._connect().execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with Reader.open(firm.url) as reader:
        assert verify(reader).agrees
