"""Every fact of an order, an execution and a record has its column."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, NullPool, Table, create_engine, select

from oms.core.facts import Execution, InDoubt, Leg, PendingRequest
from oms.core.messages import ExecutionReport
from oms.core.notes import Quarantined
from oms.core.order import Order
from oms.core.ports import DeskReport, Evidence, Record, Recorded, ToOrigin, ToVenue, VenueRequest
from oms.store.chain import BEGINNING
from oms.store.rows import (
    Values,
    execution_of,
    execution_row,
    journal_row,
    order_of,
    order_row,
    quarantine_row,
    record_of,
)
from oms.store.tables import EXECUTIONS, JOURNAL, ORDERS, metadata
from tests.store.messages_of import built, texts, times
from tests.store.trading_day import START

executions = st.lists(built(Execution), max_size=4, unique_by=lambda e: e.exec_id)

orders = built(
    Order,
    requests=st.lists(built(PendingRequest), max_size=3).map(tuple),
    executions=executions.map(lambda found: {e.exec_id: e for e in found}),
    in_doubt=st.none() | built(InDoubt),
    legs=st.lists(built(Leg), max_size=3).map(tuple),
).map(
    # An order goes by the name of its last leg.
    lambda o: o.evolve(venue_cl_ord_id=o.legs[-1].venue_cl_ord_id) if o.legs else o
)


@contextmanager
def fresh(*tables: Table) -> Iterator[Connection]:
    """A connection to empty tables in memory."""
    with _ENGINE.connect() as connection:
        metadata.create_all(connection, tables)
        yield connection


_ENGINE = create_engine("sqlite://", poolclass=NullPool)


def put(connection: Connection, table: Table, row: Values) -> None:
    """Insert a row as the store does, past the column types."""
    marks = ", ".join("?" * len(table.columns))
    connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({marks})", row)  # noqa: S608


@settings(max_examples=50)
@given(orders, built(ExecutionReport))
def test_an_order_comes_back_with_all_its_facts(order: Order, report: ExecutionReport) -> None:
    """A fact without a column would be forgotten at the next start."""
    with fresh(ORDERS, EXECUTIONS) as connection:
        put(connection, ORDERS, order_row(order))
        for seq, execution in enumerate(order.executions.values()):
            put(connection, EXECUTIONS, execution_row(seq, order, execution, report))
        found = connection.execute(select(EXECUTIONS).order_by(EXECUTIONS.c.seq))
        again = order_of(connection.execute(select(ORDERS)).one(), map(execution_of, found))
        assert again == order
        assert list(again.executions) == list(order.executions)
        assert again.closed == order.closed


def released(request: Any, report: Any, route: str, **facts: Any) -> Record:
    """A record that releases a request to a venue and a report to a desk."""
    sent = ToVenue(route, facts["order_id"], request)
    return Record(route=route, outbound=(sent, ToOrigin(facts["origin"], report)), **facts)


def any_of(kinds: Any) -> st.SearchStrategy[Any]:
    """A message of one of the classes."""
    return st.one_of([built(kind) for kind in get_args(kinds)])


records = st.builds(
    released,
    request=any_of(VenueRequest),
    report=any_of(DeskReport),
    route=texts,
    time=times,
    message=any_of(Recorded),
    evidence=st.sampled_from(list(Evidence)),
    order_id=texts,
    origin=texts,
    raw=texts,
    msg_seq_num=st.integers(0, 2**31),
)


@settings(max_examples=40)
@given(records)
def test_a_record_comes_back_with_all_that_it_released(record: Record) -> None:
    """Any message, any outbound messages, in their order."""
    with fresh(JOURNAL) as connection:
        put(connection, JOURNAL, (*journal_row(7, record), BEGINNING))
        row = connection.execute(select(JOURNAL)).one()
        assert row.seq == 7
        assert record_of(row) == record


def test_bytes_that_are_no_text_are_kept_legible() -> None:
    """A wire may bring anything; the journal is UTF-8, and the record is still written."""
    raw = b"8=FIX.4.2\x0158=\xff\x01".decode("utf-8", "surrogateescape")
    note = Quarantined(reason="unreadable", text="no text")
    record = Record(
        time=START, message=note, evidence=Evidence.VENUE_MESSAGE, raw=raw, route="APIFINY"
    )
    kept = journal_row(1, record)[-1]
    assert kept == "8=FIX.4.2\x0158=\\udcff\x01"
    assert quarantine_row(1, record, note)[-1] == kept
