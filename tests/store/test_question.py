"""A question's rows are what SQLAlchemy makes of them, and found by an index where there is one."""

from random import Random

import msgspec
import pytest
from sqlalchemy import Table, select

from oms.store import store as asking
from oms.store.database import driver_of
from oms.store.queries import Reader
from oms.store.question import Question
from oms.store.tables import JOURNAL, PROJECTIONS
from tests.store.trading_day import Firm, trade


def test_every_table_is_read_alike(firm: Firm, reader: Reader) -> None:
    """Values, their types and names; numbers to the last zero."""
    trade(firm, Random(5), 120)  # noqa: S311  a day, not a secret
    read: list[Table] = []
    for table in (JOURNAL, *PROJECTIONS):
        with reader.snapshot() as connection:
            wanted = [row._asdict() for row in connection.execute(select(table))]
            rows = [row._asdict() for row in Question(select(table)).ask(driver_of(connection))]
        assert list(map(repr, rows)) == list(map(repr, wanted)), table.name
        read += [table] if rows else []
    assert {"orders", "executions", "holdings", "transfers"} <= {table.name for table in read}


@pytest.mark.parametrize("which", [asking._CLOSED, asking._WORKING])
def test_a_start_asks_for_its_orders_by_an_index(
    reader: Reader, which: tuple[Question, Question]
) -> None:
    """Not the longer, the more there ever was."""
    names = {"names": msgspec.json.encode(["0000000001"]).decode()}
    with reader.snapshot() as connection:
        driver = driver_of(connection)
        plans = [
            row[3]
            for one in which
            for row in driver.execute(f"EXPLAIN QUERY PLAN {one.text}", names)
        ]
    scans = {plan for plan in plans if plan.startswith("SCAN")}
    assert scans <= {"SCAN orders USING INDEX orders_open", "SCAN anon_1 VIRTUAL TABLE INDEX 1:"}
