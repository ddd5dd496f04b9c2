"""The version of a store, and how it gets to this program's."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from oms.core.errors import ConfigError
from oms.store.database import driver_of
from oms.store.tables import VERSION, VERSIONS


def version_of(connection: Connection) -> str | None:
    """The store's version, None for an empty file. Raises ConfigError for one not known here."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").fetchone()
    version = None if row is None else str(row[0])
    if version is not None and version not in VERSIONS:
        raise ConfigError(
            f"the store is of version {version}, this program knows versions up to {VERSION}: "
            "install the newer program, or name another file in [store] url"
        )
    return version


def demand_current(connection: Connection) -> None:
    """Raises ConfigError for a store that only an owner may bring up to date."""
    version = version_of(connection)
    if version != VERSION:
        raise ConfigError(
            f"the store is of version {version or 'none'}, this program reads {VERSION}: "
            "start `oms run` once, it brings the store up to date"
        )


def migrate(engine: Engine) -> None:
    """Bring the store to this program's version, in one transaction."""
    with engine.connect() as connection:
        # Before BEGIN, where alone it counts: with keys on, a batch migration empties child tables.
        driver_of(connection).execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            if version_of(connection) != VERSION:
                upgrade(connection)


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing. Alembic is loaded here: most starts need none."""
    from alembic import command
    from alembic.config import Config

    folder = Path(__file__).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    assert not broken, f"a migration broke foreign keys: {broken}"
