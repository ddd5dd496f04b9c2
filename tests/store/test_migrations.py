"""A store of any version becomes one of this version, or is refused with the reason."""

import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from oms.core.errors import ConfigError, StoreUnavailable
from oms.core.fields import ExecType
from oms.store import schema
from oms.store.database import open_to_write
from oms.store.queries import Reader
from oms.store.replay import verify
from oms.store.schema import migrate
from oms.store.store import Store
from oms.store.tables import VERSION, VERSIONS, metadata
from tests.store.trading_day import START, Firm

MIGRATIONS = Path(schema.__file__).parent / "migrations"


def shape(path: Path) -> dict[str, str]:
    """Every table and index, by the words that made it, spaces aside."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name != 'alembic_version'"
        )
        return {name: " ".join((sql or "").split()) for name, sql in found}


def dump(path: Path) -> list[str]:
    """Everything in the file, as statements, but for who owned it when."""
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if '"owner"' not in line]


def test_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    """An empty file brought up to date is what the tables' definitions make."""
    migrated, made = tmp_path / "migrated.db", tmp_path / "made.db"
    for path in (migrated, made):
        engine = open_to_write(path)
        if path is migrated:
            migrate(engine)
        else:
            with engine.begin() as connection:
                metadata.create_all(connection)
        engine.dispose()
    assert shape(migrated) == shape(made)
    assert set(metadata.tables) <= set(shape(made))


def test_the_versions_are_the_migrations() -> None:
    """One line of versions, its head the one that this program writes."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [VERSION]
    assert [step.revision for step in script.walk_revisions()][::-1] == list(VERSIONS)


def test_a_store_of_the_first_version_stays_intact(tmp_path: Path) -> None:
    """Opened again and again, by this program, it keeps every row of every table."""
    path = tmp_path / "oms.db"
    firm = Firm(path)
    firm.fill(firm.enter(), "0.5")
    firm.report(firm.enter(), ExecType.NEW)
    firm.store.close()
    before = dump(path)
    for _ in range(2):
        Store.open(firm.url, owner="again", now=START).close()
    assert dump(path) == before
    with Reader.open(firm.url) as reader:
        assert verify(reader).agrees


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """Its owner and its readers are told what to do; the file is not touched, nor left locked."""
    url = f"sqlite:///{tmp_path / 'oms.db'}"
    Store.open(url, owner="test", now=START).close()
    with closing(sqlite3.connect(tmp_path / "oms.db")) as future:
        future.execute("UPDATE alembic_version SET version_num = '0999'")
        future.commit()
    before = dump(tmp_path / "oms.db")
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"version 0999.*install the newer program"):
            Store.open(url, owner="test", now=START)
    with pytest.raises(ConfigError, match="version 0999"):
        Reader.open(url)
    assert dump(tmp_path / "oms.db") == before


def test_a_reader_does_not_migrate(tmp_path: Path) -> None:
    """A store that no owner has made yet is not readable, and says how it becomes so."""
    with closing(sqlite3.connect(tmp_path / "oms.db")) as empty:
        empty.execute("VACUUM")
    with pytest.raises(ConfigError, match="start `oms run` once"):
        Reader.open(f"sqlite:///{tmp_path / 'oms.db'}")
    with pytest.raises(StoreUnavailable, match="there is no store"):
        Reader.open(f"sqlite:///{tmp_path / 'none.db'}")
    assert not (tmp_path / "none.db").exists()


def test_a_migration_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tables are rolled back with it."""
    engine = open_to_write(tmp_path / "oms.db")
    whole = schema.upgrade

    def half(connection: object) -> None:
        whole(connection)  # type: ignore[arg-type]  # a Connection, as schema.upgrade is given
        raise OperationalError("ALTER", None, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(schema, "upgrade", half)
    with pytest.raises(OperationalError):
        migrate(engine)
    assert shape(tmp_path / "oms.db") == {}
    monkeypatch.undo()
    migrate(engine)
    assert "journal" in shape(tmp_path / "oms.db")
    engine.dispose()


def test_the_program_may_be_installed_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alembic reads a per cent sign in a path as the beginning of something else."""
    home = tmp_path / "50 % off"
    copytree(MIGRATIONS, home / "migrations")
    monkeypatch.setattr(schema, "__file__", str(home / "schema.py"))
    engine = open_to_write(tmp_path / "oms.db")
    migrate(engine)
    engine.dispose()
    assert "journal" in shape(tmp_path / "oms.db")


def test_child_rows_survive_a_batch_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite alters a table by copying and dropping it; with keys on, its children would go."""
    engine = open_to_write(tmp_path / "oms.db")
    # As some builds of SQLite, and a later version of this store, would have it.
    event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))
    _with_children(engine)

    def rebuild(connection: object) -> None:
        run = connection.exec_driver_sql  # type: ignore[attr-defined]  # a Connection, as schema.upgrade is given
        run("CREATE TABLE copy (id INTEGER PRIMARY KEY, more TEXT)")
        run("INSERT INTO copy (id) SELECT id FROM parent")
        run("DROP TABLE parent")
        run("ALTER TABLE copy RENAME TO parent")

    monkeypatch.setattr(schema, "upgrade", rebuild)
    migrate(engine)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM child").scalar_one() == 1
    engine.dispose()


def _with_children(engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
            "CREATE TABLE child (id INTEGER REFERENCES parent ON DELETE CASCADE)",
            "INSERT INTO parent VALUES (1)",
            "INSERT INTO child VALUES (1)",
        ):
            connection.exec_driver_sql(statement)
