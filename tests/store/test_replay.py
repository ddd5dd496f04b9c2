"""The journal folded again gives the tables, and says where it does not."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from shutil import copyfile
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Table

from oms.core.fields import ExecType
from oms.core.notes import Quarantined
from oms.core.transfers import MASK
from oms.store import fold, replay
from oms.store.queries import Reader
from oms.store.replay import COMPARED, Difference, Verdict, verify
from oms.store.tables import PROJECTIONS
from oms.store.types import utc_text
from tests.store.breaks_day import stranger
from tests.store.money_day import WITHDRAWAL, ask, lose
from tests.store.trading_day import (
    FIX,
    REST,
    Firm,
    begin,
    replace_by_cancel,
    stop_everything,
    trade,
)


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store with something in every table."""
    path = tmp_path_factory.mktemp("traded") / "oms.db"
    firm = Firm(path)
    begin(firm)
    order = firm.enter()
    firm.report(order, ExecType.NEW)
    firm.fill(order, "0.5")
    firm.fill(order, "0.25")
    firm.cancel(order, "C-1")
    second = firm.enter()
    firm.report(second, ExecType.NEW)
    replace_by_cancel(firm, second, "R-1")
    firm.enter(FIX)
    firm.venue(REST, Quarantined(reason="unreadable", text="??"))
    trade(firm, Random(5), 60)  # noqa: S311  a day, not a secret
    stop_everything(firm, REST, certified=True)
    lose(firm, ask(firm, WITHDRAWAL))
    firm.store.close()
    return path


def checked(path: Path, *statements: str) -> Verdict:
    """The verdict on a copy of the store that the statements were run on."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "oms.db"
        copyfile(path, copy)
        with closing(sqlite3.connect(copy)) as vandal:
            for statement in statements:
                touched = vandal.execute(statement).rowcount
                assert touched, f"the test touches nothing: {statement}"
            vandal.commit()
        with Reader.open(f"sqlite:///{copy}") as reader:
            return verify(reader)


def rows(path: Path, table: str) -> int:
    """How many rows a table has."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def test_an_untouched_store_agrees_with_its_journal(traded: Path) -> None:
    """All records were folded, and every table had something to compare."""
    verdict = checked(traded)
    assert verdict.agrees
    assert verdict.differences == []
    assert verdict.records == rows(traded, "journal")
    assert all(rows(traded, table.name) for table in PROJECTIONS)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_any_day_agrees_with_its_journal(seed: int) -> None:
    """Whatever happened, over restarts, however the records were grouped."""
    with TemporaryDirectory() as folder:
        firm = Firm(Path(folder) / "oms.db")
        trade(firm, Random(seed), 60)  # noqa: S311  a day, not a secret
        with Reader.open(firm.url) as reader:
            assert verify(reader).differences == []
        firm.store.close()


@pytest.mark.parametrize("back", [True, False], ids=["works-again", "ended-twice"])
def test_an_order_of_others_that_came_back_was_first_seen_once(firm: Firm, back: bool) -> None:
    """The engine wrote each sight by itself, and a replay writes them all at once."""
    stranger(firm, FIX, 1)
    first = firm.now
    stranger(firm, FIX, 1, works=False)
    stranger(firm, FIX, 1, works=back, cum=1)
    with Reader.open(firm.url) as reader:
        assert [one["first_seen"] for one in reader.foreign_orders(ended=True)] == [utc_text(first)]
        assert verify(reader).differences == []


ALTERED = [table for table in PROJECTIONS if len(table.columns) > len(table.primary_key.columns)]


@pytest.mark.parametrize("table", ALTERED, ids=lambda table: table.name)
def test_altered_values_are_named(traded: Path, table: Table) -> None:
    """Table, key, column, and both values: whichever column of whichever table."""
    columns = {column.name for column in table.columns if not column.primary_key}
    altered = ", ".join(f"{column} = 77" for column in sorted(columns))
    verdict = checked(
        traded,
        f"UPDATE {table.name} SET {altered} WHERE ({_key(table.name)}) = "  # noqa: S608
        f"(SELECT {_key(table.name)} FROM {table.name} LIMIT 1)",
    )
    found = {difference.column: difference for difference in verdict.differences}
    assert set(found) == columns
    assert len(verdict.differences) == len(columns)
    assert len({difference.key for difference in verdict.differences}) == 1
    for column, difference in found.items():
        assert difference.table == table.name
        assert difference.key
        if column.startswith("code_"):
            assert difference.stored == MASK  # a coupon's code is money: named, and not shown
        else:
            assert difference.stored.strip("'") == "77"
            assert difference.journal != difference.stored


def _key(table: str) -> str:
    found = next(t for t in PROJECTIONS if t.name == table)
    return ", ".join(column.name for column in found.primary_key.columns)


@pytest.mark.parametrize("table", [table.name for table in PROJECTIONS])
def test_a_deleted_row_is_named(traded: Path, table: str) -> None:
    """The journal knows of it."""
    verdict = checked(
        traded,
        f"DELETE FROM {table} WHERE ({_key(table)}) = (SELECT {_key(table)} FROM {table} LIMIT 1)",  # noqa: S608
    )
    (difference,) = verdict.differences
    assert (difference.table, difference.column) == (table, "")
    assert (difference.journal, difference.stored) == ("a row", "none")


@pytest.mark.parametrize(
    ("table", "key", "changed"),
    [
        ("orders", "0000000000", "order_id = '0000000000'"),
        ("executions", "0000000001/E0", "order_id = '0000000001', exec_id = 'E0'"),
        ("cl_ord_ids", "DESK1/never", "origin = 'DESK1', cl_ord_id = 'never'"),
        ("positions", "ANDX//fund/DOGE", "route='ANDX', exchange='', account='fund', asset='DOGE'"),
        ("fix_sessions", "DESK9", "origin = 'DESK9'"),
        ("reports", "DESK1/99999", "number = 99999, origin = 'DESK1'"),
        ("quarantine", "99999", "seq = 99999"),
        ("transfers", "99999", "number = 99999, cl_ord_id = 'never'"),
        ("holdings", "ANDX//DOGE", "route = 'ANDX', exchange = '', asset = 'DOGE'"),
        ("breaks", "99999", "number = 99999"),
        ("foreign_orders", "ANDX/never", "route = 'ANDX', name = 'never'"),
    ],
)
def test_an_added_row_is_named(traded: Path, table: str, key: str, changed: str) -> None:
    """The journal does not know of it, wherever it sorts."""
    verdict = checked(
        traded,
        f"CREATE TEMP TABLE added AS SELECT * FROM {table} LIMIT 1",  # noqa: S608
        f"UPDATE added SET {changed}",  # noqa: S608
        f"INSERT INTO {table} SELECT * FROM added",  # noqa: S608
    )
    (difference,) = verdict.differences
    assert (difference.table, difference.key, difference.column) == (table, key, "")
    assert (difference.journal, difference.stored) == ("none", "a row")


@pytest.mark.parametrize(
    ("table", "change"),
    [("reports", "number = 0.5"), ("orders", "order_id = x'00'"), ("fix_sessions", "origin = ''")],
)
def test_an_altered_key_is_a_row_too_few_and_one_too_many(
    traded: Path, table: str, change: str
) -> None:
    """Even one that the store could never have written, of a type that no key has."""
    first = f"({_key(table)}) = (SELECT {_key(table)} FROM {table} LIMIT 1)"  # noqa: S608
    verdict = checked(traded, f"UPDATE {table} SET {change} WHERE {first}")  # noqa: S608
    said = sorted((difference.journal, difference.stored) for difference in verdict.differences)
    assert said == [("a row", "none"), ("none", "a row")]


def test_an_emptied_table_is_named_row_by_row(traded: Path) -> None:
    """Every row, not the first."""
    verdict = checked(traded, "DELETE FROM executions")
    assert verdict.count == rows(traded, "executions") > 2
    assert {difference.table for difference in verdict.differences} == {"executions"}


def test_a_missing_record_is_a_difference(traded: Path) -> None:
    """A record that moved nothing but a route is missed for its number alone."""
    with closing(sqlite3.connect(traded)) as connection:
        (seq,) = connection.execute(
            "SELECT min(seq) FROM journal WHERE kind = 'RouteStatus'"
        ).fetchone()
    verdict = checked(traded, f"DELETE FROM journal WHERE seq = {seq}")  # noqa: S608
    assert verdict.differences == [Difference("journal", str(seq), "", "is missing", "")]


def test_the_last_records_can_not_vanish_unseen(traded: Path) -> None:
    """What the tables hold of them stays unexplained."""
    verdict = checked(traded, "DELETE FROM journal WHERE order_id = '0000000001'")
    assert "orders" in {difference.table for difference in verdict.differences}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("body = 'no JSON'", "can not be folded"),
        ("body = '{}'", "can not be folded"),
        ("body = replace(body, '0.5', 'half')", "can not be folded"),
        ("kind = 'Rumour'", "can not be folded"),
        ("time = 'yesterday'", "can not be folded"),
        ("evidence = 'HEARSAY'", "can not be folded"),
        ("order_id = '0000009999'", "was never entered"),
    ],
)
def test_a_record_that_can_not_be_folded_is_named(traded: Path, change: str, said: str) -> None:
    """And the rest of the journal is folded all the same."""
    seq = "(SELECT seq FROM executions ORDER BY seq LIMIT 1)"
    verdict = checked(traded, f"UPDATE journal SET {change} WHERE seq = {seq}")  # noqa: S608
    first = verdict.differences[0]
    assert first.table == "journal"
    assert said in first.journal
    assert str(first).startswith(f"journal {first.key} ")
    told = [difference.journal for difference in verdict.differences]
    assert not any(words in one for one in told for words in ("is missing", "are missing"))
    assert verdict.records == rows(traded, "journal")


def test_a_changed_record_shows_in_what_follows_from_it(traded: Path) -> None:
    """A fill of another size in the journal: order, execution and holdings contradict it."""
    seq = "(SELECT seq FROM executions ORDER BY seq LIMIT 1)"
    verdict = checked(
        traded,
        f"""UPDATE journal SET body = replace(body, '"last_shares":"0.5"', '"last_shares":"0.4"')
        WHERE seq = {seq}""",  # noqa: S608
    )
    named = {(difference.table, difference.column) for difference in verdict.differences}
    assert {("orders", "cum_qty"), ("executions", "last_shares"), ("positions", "qty")} <= named
    shares = next(d for d in verdict.differences if d.column == "last_shares")
    assert str(shares) == (
        "executions 0000000001/E2 last_shares: the journal says '0.4', the table says '0.5'"
    )


def test_a_long_list_is_counted_and_cut(traded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is wrong throughout does not fill the memory with differences."""
    monkeypatch.setattr(replay, "DIFFERENCES_NAMED", 3)
    verdict = checked(traded, "UPDATE journal SET body = ''")
    assert verdict.count > len(verdict.differences) == 3


def test_progress_is_told(traded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the last record, batch by batch; batches do not change the outcome."""
    monkeypatch.setattr(fold, "BATCH", 10)
    told: list[tuple[str, int, int]] = []
    with Reader.open(f"sqlite:///{traded}") as reader:
        assert verify(reader, lambda *how_far: told.append(how_far)).agrees
    last = rows(traded, "journal")
    folded = [(done, of) for what, done, of in told if what == fold.FOLDED]
    assert folded == [(done, last) for done in (*range(10, last, 10), last)]
    tables = len(PROJECTIONS)
    assert told[len(folded) :] == [(COMPARED, n, tables) for n in range(1, tables + 1)]


def test_memory_does_not_decide(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order that the replaying book has let go of is found again for its late fill."""
    monkeypatch.setattr("oms.core.book.CLOSED_KEPT", 3)
    monkeypatch.setattr(fold, "BATCH", 2)
    first = firm.enter()
    firm.report(first, ExecType.CANCELED)
    for _ in range(5):
        firm.report(firm.enter(), ExecType.EXPIRED)
    assert firm.book.order(first.order_id) is None
    firm.fill(first, "0.1")
    with Reader.open(firm.url) as reader:
        assert verify(reader).differences == []
        assert reader.fills()[0]["order_id"] == first.order_id


def test_a_running_store_can_be_verified(firm: Firm) -> None:
    """The comparison is of one instant: what is written meanwhile does not disturb it."""
    firm.enter()
    with Reader.open(firm.url) as reader:
        before = firm.book.seq

        def trade_on(what: str, done: int, of: int) -> None:
            if what == fold.FOLDED:
                assert (done, of) == (before, before)
                firm.enter()

        verdict = verify(reader, trade_on)
        assert verdict.agrees
        assert verdict.records == before
        assert verify(reader).records > before
