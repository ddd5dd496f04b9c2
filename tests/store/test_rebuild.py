"""The tables are made anew from the journal: all of them, or nothing changes."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from oms.core.errors import StoreLocked, StoreUnavailable
from oms.store.queries import Reader
from oms.store.rebuild import rebuild
from oms.store.replay import Verdict, verify
from oms.store.tables import PROJECTIONS
from tests.store.test_migrations import dump
from tests.store.trading_day import START, Firm, trade


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A store that nobody owns."""
    path = tmp_path / "oms.db"
    firm = Firm(path)
    trade(firm, Random(5), 60)  # noqa: S311  a day, not a secret
    firm.store.close()
    return path


def _rebuilt(path: Path) -> Verdict:
    return rebuild(f"sqlite:///{path}", owner="a test", now=START)


def _spoil(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as vandal:
        for statement in statements:
            vandal.execute(statement)
        vandal.commit()


def test_every_table_is_what_it_was(closed: Path) -> None:
    """Emptied, altered, added to: the verdict says what was wrong, and none of it is left."""
    before = dump(closed)
    _spoil(closed, *(f"DELETE FROM {table.name}" for table in PROJECTIONS[1:]))  # noqa: S608
    _spoil(closed, "UPDATE orders SET cum_qty = '77'")
    with Reader.open(f"sqlite:///{closed}") as reader:
        found = verify(reader)
    told = _rebuilt(closed)
    assert (told.records, told.count) == (found.records, found.count)
    assert dump(closed) == before
    assert _rebuilt(closed).agrees


def test_the_engine_goes_on_with_it(closed: Path) -> None:
    """Whoever had it before is fenced, and the next owner finds the journal where it ended."""
    _spoil(closed, "DELETE FROM positions")
    _rebuilt(closed)
    firm = Firm(closed)
    firm.fill(firm.enter(), "0.5")
    with Reader.open(firm.url) as reader:
        assert verify(reader).agrees
    firm.store.close()
    with closing(sqlite3.connect(closed)) as connection:
        owners = [who for (who,) in connection.execute("SELECT who FROM owner ORDER BY epoch")]
    assert owners[-2:] == ["a test", "test"]


def test_a_store_in_use_is_left_alone(closed: Path) -> None:
    """The engine that holds it is named."""
    firm = Firm(closed)
    before = dump(closed)
    with pytest.raises(StoreLocked, match="held by test"):
        _rebuilt(closed)
    assert dump(closed) == before
    firm.store.close()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM journal WHERE seq = 5", "journal 5 is missing"),
        ("UPDATE journal SET body = '' WHERE seq = 5", "journal 5 "),
        ("UPDATE journal SET raw = 'x' WHERE seq = 5", "journal 5 was altered"),
        ("DELETE FROM journal WHERE seq > 50", "are missing: owner"),
    ],
)
def test_a_journal_that_is_not_whole_makes_no_tables(
    closed: Path, statement: str, said: str
) -> None:
    """They may be all that still tells of what is missing."""
    _spoil(closed, statement)
    before = dump(closed)
    with pytest.raises(StoreUnavailable, match=f"nothing was changed: .*{said}"):
        _rebuilt(closed)
    assert dump(closed) == before


def test_all_tables_change_or_none(closed: Path) -> None:
    """One of the last can not be written: the first ones are as they were."""
    _spoil(
        closed,
        "DELETE FROM orders",
        "CREATE TRIGGER stubborn BEFORE INSERT ON positions BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    before = dump(closed)
    with pytest.raises(StoreUnavailable, match="rebuilding: no"):
        _rebuilt(closed)
    assert dump(closed) == before
