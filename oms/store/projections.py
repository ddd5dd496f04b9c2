"""What a batch of changes writes: SQL compiled once, run with tuples on the driver's connection.

One message a commit is what an idle engine does: SQLAlchemy's way to a statement would then cost
more than all that the engine decides.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, itemgetter
from typing import Any, Final

from sqlalchemy import Column, Table
from sqlalchemy.dialects import sqlite

from oms.core.book import Changes
from oms.core.notes import Quarantined
from oms.core.order import Order
from oms.store.break_rows import break_row, foreign_row, holding_row
from oms.store.move_rows import move_row
from oms.store.rows import (
    Values,
    execution_row,
    kill_row,
    leg_rows,
    order_row,
    position_row,
    quarantine_row,
    session_row,
    split_row,
)
from oms.store.tables import (
    BREAKS,
    CL_ORD_IDS,
    EXECUTIONS,
    FIX_SESSIONS,
    FOREIGN_ORDERS,
    HOLDINGS,
    JOURNAL,
    KILL_SWITCHES,
    LEGS,
    NONCES,
    ORDERS,
    POSITIONS,
    QUARANTINE,
    REPORTS,
    TRANSFERS,
)
from oms.store.types import legible


def _insert(table: Table) -> str:
    return str(table.insert().compile(dialect=sqlite.dialect()))


def _upsert(table: Table, *fixed: str) -> str:
    """Insert, or overwrite the row of the same key; `fixed` columns never change."""
    keys = [column.name for column in table.primary_key.columns]
    insert = sqlite.insert(table)
    moving: list[Column[object]] = [c for c in table.columns if c.name not in (*keys, *fixed)]
    insert = insert.on_conflict_do_update(
        index_elements=keys, set_={c.name: insert.excluded[c.name] for c in moving}
    )
    return str(insert.compile(dialect=sqlite.dialect()))


def _update(table: Table, fixed: Sequence[str], same: Sequence[str]) -> str:
    """Overwrite all but the `fixed` columns where those of `same` are what they were; for whole rows."""
    told = {column.name: f"{column.name} = ?{n}" for n, column in enumerate(table.columns, 1)}
    found = [told.pop(column.name) for column in table.primary_key.columns]
    found += [told.pop(name) for name in same]
    moving = [part for name, part in told.items() if name not in fixed]
    return f"UPDATE {table.name} SET {', '.join(moving)} WHERE {' AND '.join(found)}"  # noqa: S608


_NEW_JOURNAL: Final = _insert(JOURNAL)
_NEW_REPORT: Final = _insert(REPORTS)
_PUT_QUARANTINE: Final = _upsert(QUARANTINE)
_FIXED: Final = ("origin", "route", "venue_cl_ord_id", "symbol", "side", "ord_type", "created")
_INDEXED: Final = ("secondary_order_id", "text", "closed")
_PUT_ORDER: Final = _upsert(ORDERS, *_FIXED)
_MOVE_ORDER: Final = _update(ORDERS, _FIXED, _INDEXED)
_PUT_EXECUTION: Final = _upsert(EXECUTIONS)
_PUT_LEG: Final = _upsert(LEGS)
_PUT_CL_ORD_ID: Final = _upsert(CL_ORD_IDS)
_PUT_POSITION: Final = _upsert(POSITIONS)
_PUT_SESSION: Final = _upsert(FIX_SESSIONS)
_PUT_KILL: Final = _upsert(KILL_SWITCHES)
_PUT_NONCES: Final = _upsert(NONCES)
_PUT_MOVE: Final = _upsert(TRANSFERS)
_PUT_HOLDING: Final = _upsert(HOLDINGS)
_PUT_BREAK: Final = _upsert(BREAKS, "opened")
_PUT_FOREIGN: Final = _upsert(FOREIGN_ORDERS, "first_seen")
_INDEXED_OF: Final = itemgetter(*map(ORDERS.columns.keys().index, _INDEXED))
_UNDO: Final = "UPDATE executions SET stands = 0 WHERE order_id = ? AND exec_id = ?"
_SPLIT: Final = "UPDATE executions SET split_shares = ? WHERE order_id = ? AND exec_id = ?"


_Rows = Callable[[Any], list[Values]]

_WRITES: Final[dict[str, tuple[str, _Rows]]] = {
    "executions": (_PUT_EXECUTION, lambda told: [execution_row(*one) for one in told]),
    "split": (_SPLIT, lambda told: [split_row(*one) for one in told]),
    "undone": (_UNDO, list),
    "orders": (
        _PUT_LEG,
        lambda told: [row for one in told.values() if one.legs for row in leg_rows(one)],
    ),
    "cl_ord_ids": (_PUT_CL_ORD_ID, lambda told: [(*key, owner) for key, owner in told.items()]),
    "positions": (_PUT_POSITION, lambda told: [position_row(*one) for one in told.items()]),
    "sessions": (_PUT_SESSION, lambda told: [session_row(*one) for one in told.items()]),
    "kills": (_PUT_KILL, lambda told: [kill_row(*one) for one in told.items()]),
    "nonces": (_PUT_NONCES, lambda told: list(told.items())),
    "moves": (_PUT_MOVE, lambda told: [move_row(one) for one in told.values()]),
    "holdings": (_PUT_HOLDING, lambda told: [holding_row(*one) for one in told.items()]),
    "breaks": (_PUT_BREAK, lambda told: [break_row(one) for one in told.values()]),
    "foreign": (_PUT_FOREIGN, lambda told: [foreign_row(one) for one in told.values()]),
    "reports": (_NEW_REPORT, list),
    "records": (
        _PUT_QUARANTINE,
        lambda told: [
            quarantine_row(seq, r, r.message)
            for seq, r in told
            if isinstance(r.message, Quarantined)
        ],
    ),
}
"""By what statement, and as which rows, each part of Changes is written; orders beside OrderWrites."""

_CHANGED: Final = attrgetter(*_WRITES)


def write_journal(driver: sqlite3.Connection, rows: list[Values]) -> None:
    """Append the records: rows that `oms.store.chain` made."""
    driver.executemany(_NEW_JOURNAL, rows)


class OrderWrites:
    """Writes orders, and spares the indexes what has not changed.

    SQLite takes out an index's entry and puts it back wherever a statement names its column. Most
    moves leave those columns as they stand: such an order is written by a statement that does not
    name them, and that finds its row only if they do stand so.
    """

    def __init__(self) -> None:
        """To be used for all that is written to one file: what it knows of another is slower."""
        self._standing: dict[str, tuple[Any, ...]] = {}

    def write(self, driver: sqlite3.Connection, orders: Iterable[Order]) -> None:
        """Each order's row becomes what the order is."""
        standing = self._standing
        whole: list[Values] = []
        moved: list[Values] = []
        for order in orders:
            row = order_row(order)
            order_id, *_, closed = row
            indexed = _INDEXED_OF(row)
            (moved if standing.get(order_id) == indexed else whole).append(row)
            if closed:
                standing.pop(order_id, None)
            else:
                standing[order_id] = indexed
        if moved and _run(driver, _MOVE_ORDER, moved) != len(moved):
            whole += moved
        if whole:
            _run(driver, _PUT_ORDER, whole)


def write_projections(driver: sqlite3.Connection, changes: Changes, orders: OrderWrites) -> None:
    """Write what the records changed; the same for the engine and for a replay."""
    orders.write(driver, changes.orders.values())
    for (statement, rows_of), changed in zip(_WRITES.values(), _CHANGED(changes), strict=True):
        if changed and (rows := rows_of(changed)):
            _run(driver, statement, rows)


def _run(driver: sqlite3.Connection, statement: str, rows: list[Values]) -> int:
    """How many rows it has written."""
    try:
        return driver.executemany(statement, rows).rowcount
    except UnicodeEncodeError:
        # What was written of the rows before the one at fault is overwritten by the same.
        return driver.executemany(statement, [tuple(map(legible, row)) for row in rows]).rowcount
