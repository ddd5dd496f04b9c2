"""SELECTs that are asked again and again, put into SQLite's words once."""

import sqlite3
from collections import namedtuple
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Select
from sqlalchemy.dialects import sqlite

_DIALECT: Final = sqlite.dialect(paramstyle="named")


class Question:
    """A SELECT of the tables, asked on the driver's own connection.

    The rows are what SQLAlchemy makes of them, as named tuples. It takes ten times as long for it:
    it builds a key of every statement, and a result with all that one might want to do with it.
    """

    def __init__(self, statement: Select[Any]) -> None:
        """What differs from time to time is a bindparam of the statement."""
        compiled = statement.compile(dialect=_DIALECT)
        self.text: Final = str(compiled)
        columns = statement.selected_columns
        self._row: Any = namedtuple("_row", columns.keys())  # type: ignore[misc]  # named by the statement
        kinds = [column.type.dialect_impl(_DIALECT) for column in columns]
        self._reads = [kind.result_processor(_DIALECT, None) for kind in kinds]
        self.given: Final = {
            name: told for name, told in compiled.params.items() if told is not None
        }

    def ask(self, driver: sqlite3.Connection, **values: Any) -> list[Any]:
        """All rows that there are for these values of the parameters."""
        found = driver.execute(self.text, {**self.given, **values})
        return [self._row._make(map(_read, self._reads, row)) for row in found]


def _read(read: Callable[[Any], Any] | None, told: Any) -> Any:
    return told if read is None else read(told)
