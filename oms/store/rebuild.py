"""The tables made anew from the journal, in place."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from oms.core.errors import StoreUnavailable
from oms.store.database import driver_of, open_to_write, store_path, translated
from oms.store.fold import Progress, fold, scratch
from oms.store.lock import Lock
from oms.store.queries import Reader
from oms.store.replay import Verdict, compare
from oms.store.store import begin_epoch
from oms.store.tables import PROJECTIONS

WRITTEN = "tables written"


def rebuild(url: str, *, owner: str, now: datetime, progress: Progress | None = None) -> Verdict:
    """Make every table say what the journal says; the verdict is of how they were before.

    All tables change in one transaction, or none. Raises StoreLocked while an engine runs,
    ConfigError for another version's store, and StoreUnavailable for a journal that is not whole:
    then nothing changes.
    """
    path = store_path(url)
    with Reader.open(url) as reader:
        lock = Lock.take(path, owner, now)
        try:
            with scratch() as (tables, made):
                verdict = _folded(reader, tables, made, progress)
                _take_over(path, made, owner, now, progress)
        finally:
            lock.release()
    return verdict


def _folded(reader: Reader, tables: Engine, made: Path, progress: Progress | None) -> Verdict:
    verdict = Verdict()
    with reader.snapshot() as stored:
        say = verdict.add_of_journal
        verdict.records = fold(stored, tables, say, progress=progress).records
        if not verdict.agrees:
            raise StoreUnavailable(
                f"the journal is not whole, nothing was changed: {verdict.differences[0]}"
            )
        compare(made, stored, verdict, progress)
    return verdict


def _take_over(
    path: Path, made: Path, owner: str, now: datetime, progress: Progress | None
) -> None:
    engine = open_to_write(path)
    try:
        with translated("rebuilding"):
            begin_epoch(engine, owner, now)
            with engine.connect() as connection:
                driver_of(connection).execute("ATTACH ? AS made", (str(made),))
                with connection.begin():
                    _copy(connection, progress)
    finally:
        engine.dispose()


def _copy(connection: Connection, progress: Progress | None) -> None:
    driver = driver_of(connection)
    for done, table in enumerate(PROJECTIONS, 1):
        names = ", ".join(table.columns.keys())
        driver.execute(f"DELETE FROM main.{table.name}")  # noqa: S608
        driver.execute(
            f"INSERT INTO main.{table.name} ({names}) SELECT {names} FROM made.{table.name}"  # noqa: S608
        )
        if progress is not None:
            progress(WRITTEN, done, len(PROJECTIONS))
