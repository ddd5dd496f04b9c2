"""The store is read from any thread, at any time, by an index, and not written."""

import sqlite3
import threading
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from oms.store.queries import Reader
from oms.store.question import Question
from oms.store.store import Store
from tests.store.trading_day import DESK, START, Firm


def test_a_reader_can_not_write(firm: Firm, reader: Reader) -> None:
    """Whatever it tries."""
    with reader.snapshot() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.exec_driver_sql("DELETE FROM orders")


def test_the_store_is_read_when_nothing_runs(firm: Firm) -> None:
    """After the owner is gone, and after the files it leaves are gone."""
    firm.enter()
    firm.store.close()
    folder = Path(firm.url.removeprefix("sqlite:///")).parent
    assert sorted(path.name for path in folder.iterdir()) == ["oms.db", "oms.db.lock"]
    with Reader.open(firm.url) as reader:
        assert len(reader.orders()) == 1
    with closing(Store.open(firm.url, owner="next", now=START)), Reader.open(firm.url) as reader:
        assert len(reader.orders()) == 1


def test_readers_and_the_writer_do_not_wait_for_each_other(firm: Firm, reader: Reader) -> None:
    """Threads read while the writer writes: every answer is of one instant, none is an error."""
    order = firm.enter(qty="9.0000")
    done = threading.Event()
    seen: list[int] = []
    failures: list[BaseException] = []

    def read() -> None:
        try:
            while not done.is_set():
                row = reader.orders()[0]
                with reader.snapshot() as connection:
                    cum, fills = connection.exec_driver_sql(
                        "SELECT (SELECT cum_qty FROM orders), (SELECT count(*) FROM executions)"
                    ).one()
                assert Decimal(cum) == Decimal(fills) / 100
                seen.append(int(Decimal(row["cum_qty"]) * 100))
        except BaseException as error:  # noqa: BLE001  told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        with reader.snapshot() as held:
            before = held.exec_driver_sql("SELECT count(*) FROM executions").scalar_one()
            for _ in range(60):
                firm.fill(order, "0.01")
            after = held.exec_driver_sql("SELECT count(*) FROM executions").scalar_one()
            assert after == before
    finally:
        done.set()
        for thread in threads:
            thread.join(20)
    assert not any(map(threading.Thread.is_alive, threads)), "a reader waits 20 s after the writer"
    assert failures == []
    assert max(seen, default=0) <= 60
    assert len(reader.fills()) == 60


def test_questions_are_answered_by_an_index(
    firm: Firm, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No listing of open orders, timeline, report, count or lookup walks through a whole table."""
    firm.fill(firm.enter(), "0.1")
    statements: list[tuple[str, object]] = []

    @event.listens_for(reader._engine, "before_cursor_execute")
    def remember(_c: object, _u: object, sql: str, parameters: object, *_: object) -> None:
        if sql.startswith("SELECT"):
            statements.append((sql, parameters))

    ask = Question.ask

    def noted(question: Question, driver: sqlite3.Connection, **values: object) -> list[object]:
        statements.append((question.text, {**question.given, **values}))
        return ask(question, driver, **values)

    monkeypatch.setattr(Question, "ask", noted)
    reader.orders(open_only=True)
    reader.order("DESK1/D-1")
    reader.timeline("0000000001")
    reader.reports(DESK, 0, 10)
    reader.fills(order_id="0000000001")
    reader.counts()
    reader.moves(open_only=True)
    reader.move("T1")
    reader.move("operator/M-1")
    with reader.snapshot() as connection:
        asked = list(statements)
        plans = [
            row[3]
            for sql, parameters in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)  # type: ignore[arg-type]  # as the driver was given them
        ]
    assert len(asked) == 19
    scans = {plan for plan in plans if plan.startswith("SCAN")}
    assert scans == {
        "SCAN orders USING INDEX orders_open",
        "SCAN orders USING INDEX orders_broken",
        # Counting all is walking along all, but along the slimmest index there is.
        "SCAN orders USING COVERING INDEX orders_by_venue_cl_ord_id",
        "SCAN executions USING COVERING INDEX executions_by_seq",
        "SCAN quarantine",
        "SCAN transfers USING INDEX transfers_open",
        "SCAN breaks USING INDEX breaks_open",
        "SCAN foreign_orders USING INDEX foreign_orders_working",
    }
