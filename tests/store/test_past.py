"""What was known at some instant, and nothing that came later."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from oms.core.book import Changes
from oms.core.errors import StoreUnavailable
from oms.core.fields import ExecType
from oms.core.notes import Quarantined
from oms.core.ports import Evidence
from oms.store.chain import BEGINNING
from oms.store.history import StoredHistory
from oms.store.json_rows import JsonRow
from oms.store.queries import Reader
from oms.store.question import Question
from oms.store.replay import as_of, verify
from tests.store.breaks_day import look
from tests.store.money_day import WITHDRAWAL, ask
from tests.store.trading_day import REST, START, Firm, trade


def _expected(rows: list[JsonRow]) -> dict[str, str]:
    return {row["asset"]: row["expected"] for row in rows}


@contextmanager
def past(firm: Firm, ago: timedelta) -> Iterator[dict[str, str]]:
    """Order statuses by OrderID as they were known then."""
    with Reader.open(firm.url) as reader, as_of(reader, firm.now - ago) as books:
        yield {row["order_id"]: row["ord_status"] for row in books.orders()}


def test_the_past_is_what_was_known_then(firm: Firm) -> None:
    """Orders, fills and holdings, instant by instant; the present is the tables' own."""
    order = firm.enter()
    entered = firm.now
    firm.report(order, ExecType.NEW)
    firm.fill(order, "0.5")
    filled = firm.now
    firm.fill(firm.order(order.order_id), "0.5")
    with Reader.open(firm.url) as reader:
        with as_of(reader, START) as books:
            assert books.orders() == books.fills() == books.positions() == []
        with as_of(reader, entered) as books:
            assert [row["ord_status"] for row in books.orders()] == ["PENDING_NEW"]
            assert books.fills() == []
        with as_of(reader, filled - timedelta(microseconds=1)) as books:
            assert [row["ord_status"] for row in books.orders()] == ["NEW"]
        with as_of(reader, filled) as books:
            assert [row["ord_status"] for row in books.orders()] == ["PARTIALLY_FILLED"]
            assert [row["last_shares"] for row in books.fills()] == ["0.5"]
            assert {row["asset"]: row["qty"] for row in books.positions()} == {
                "BTC": "0.5",
                "USDT": "-20000.1",
            }
            assert books.order("1") == books.orders()[0]
        with as_of(reader, firm.now) as books:
            assert books.orders() == reader.orders()
            assert books.fills() == reader.fills()
            assert books.positions() == reader.positions()
            assert books.sessions() == reader.sessions()


def test_a_clock_that_went_back_hides_nothing_of_the_past(firm: Firm) -> None:
    """Records count in the journal's order: none is skipped for its time. How many are left out
    that say so early a time is told; by its number, each can be seen."""
    order = firm.enter()
    firm.now += timedelta(hours=1)
    firm.report(order, ExecType.NEW)
    firm.now -= timedelta(hours=1)
    firm.fill(order, "0.5")
    with past(firm, timedelta(0)) as statuses:
        assert statuses == {order.order_id: "PENDING_NEW"}
    with Reader.open(firm.url) as reader:
        last = reader.head()["record"]
        with as_of(reader, firm.now) as books:
            assert (books.record, books.last, books.set_back) == (last - 2, last, 1)
        with as_of(reader, last) as books:
            assert [row["ord_status"] for row in books.orders()] == ["PARTIALLY_FILLED"]
            assert books.set_back == 0
        with as_of(reader, last - 1) as books:
            assert [row["ord_status"] for row in books.orders()] == ["NEW"]
            assert books.set_back == 1


def test_a_past_says_which_record_was_the_last(firm: Firm) -> None:
    """Before the first, at a record's own time and a microsecond before it, and in the future."""
    firm.enter()
    at = firm.now
    firm.enter()
    with Reader.open(firm.url) as reader:
        head = reader.head()
        last = head["record"]
        with as_of(reader, START - timedelta(days=1)) as books:
            assert (books.record, books.hash, books.time, books.last) == (0, BEGINNING, None, last)
            assert books.orders() == books.moves() == books.sessions() == []
        with as_of(reader, at) as books:
            assert (books.record, books.time) == (last - 1, at)
        with as_of(reader, at - timedelta(microseconds=1)) as books:
            assert books.record == last - 2
        with as_of(reader, datetime(9999, 1, 1, tzinfo=UTC)) as books:
            assert {"record": books.record, "hash": books.hash.hex()} == head
            assert len(books.orders()) == 2
        with as_of(reader, last + 5) as books:
            assert books.record == last


def test_an_empty_journal_has_a_past_too(firm: Firm) -> None:
    """Record 0 is the beginning of any."""
    firm.enter()
    with Reader.open(firm.url) as reader, as_of(reader, 0) as books:
        assert (books.record, books.orders(), books.set_back) == (0, [], 0)


def test_transfers_and_balances_as_they_were(firm: Firm) -> None:
    """What a venue told of an asset first, and what executions had moved since."""
    look(firm, REST, {"BTC": "2", "USDT": "50000"})
    begun = firm.now
    firm.fill(firm.enter(), "0.5")
    filled = firm.now
    ask(firm, WITHDRAWAL)
    with Reader.open(firm.url) as reader:
        with as_of(reader, begun - timedelta(microseconds=1)) as books:
            assert books.holdings() == []
        with as_of(reader, begun) as books:
            assert _expected(books.holdings()) == {"BTC": "2", "USDT": "50000"}
        with as_of(reader, filled) as books:
            assert _expected(books.holdings()) == {"BTC": "2.5", "USDT": "29999.9"}
            assert books.moves() == []
        with as_of(reader, firm.now) as books:
            assert [row["state"] for row in books.moves()] == ["UNDER_WAY"]
            assert books.holdings() == reader.holdings()


def test_a_past_that_can_not_be_folded_is_refused(firm: Firm) -> None:
    """It is not shown with a hole in it."""
    firm.enter()
    changes = Changes()
    for record in firm.decided(REST, Quarantined(reason="", text=""), Evidence.VENUE_MESSAGE, 0):
        firm.book.seq += 1
        firm.book.apply(record, changes)
    firm.store.commit(changes)
    with (
        Reader.open(firm.url) as reader,
        pytest.raises(StoreUnavailable, match="journal 5 is missing"),
        as_of(reader, firm.now),
    ):
        pass


def test_a_past_is_asked_by_the_same_indexes_as_the_present(firm: Firm) -> None:
    """They are made when all is folded."""
    names = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    firm.enter()
    with Reader.open(firm.url) as reader, as_of(reader, firm.now) as books:
        with reader.snapshot() as connection:
            present = set(connection.exec_driver_sql(names).scalars())
        with books.snapshot() as connection:
            past_ones = set(connection.exec_driver_sql(names).scalars())
    assert past_ones == present - {"journal_of_order"}
    assert "orders_open" in past_ones


def test_a_fold_asks_by_keys_alone(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tables have no indexes: a look-up by any other name would walk through all of them."""
    trade(firm, Random(5), 80)  # noqa: S311  a day for a test
    order = firm.enter()
    firm.report(order, ExecType.CANCELED)
    firm.enter()
    firm.fill(order, "0.5")
    asked: list[str] = []
    ask = Question.ask

    def noted(question: Question, driver: sqlite3.Connection, **values: object) -> list[object]:
        plan = driver.execute(f"EXPLAIN QUERY PLAN {question.text}", {**question.given, **values})
        asked.extend(row[3] for row in plan)
        return ask(question, driver, **values)

    def never(*_: object) -> None:
        raise AssertionError("a fold looked up a name")

    with Reader.open(firm.url) as reader, monkeypatch.context() as watched:
        watched.setattr(Question, "ask", noted)
        watched.setattr(StoredHistory, "_lookup", never)
        # Nothing stays in memory: whatever a fold may ask for, it asks.
        watched.setattr("oms.core.book.CLOSED_KEPT", 0)
        watched.setattr("oms.store.fold.BATCH", 1)
        assert verify(reader).agrees
    assert any("orders" in plan for plan in asked)
    assert [plan for plan in asked if plan.startswith("SCAN")] == []
