"""What a batch of changes writes: SQL compiled once, run with tuples on the driver's connection.

One message a commit is what an idle engine does: SQLAlchemy's way to a statement would then cost
more than all that the engine decides.
"""

import sqlite3
from typing import Final

from sqlalchemy import Column, Table
from sqlalchemy.dialects import sqlite

from oms.core.book import Changes
from oms.core.notes import Quarantined
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


_NEW_JOURNAL: Final = _insert(JOURNAL)
_NEW_REPORT: Final = _insert(REPORTS)
_PUT_QUARANTINE: Final = _upsert(QUARANTINE)
_PUT_ORDER: Final = _upsert(
    ORDERS, "origin", "route", "venue_cl_ord_id", "symbol", "side", "ord_type", "created"
)
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
_UNDO: Final = "UPDATE executions SET stands = 0 WHERE order_id = ? AND exec_id = ?"
_SPLIT: Final = "UPDATE executions SET split_shares = ? WHERE order_id = ? AND exec_id = ?"


def write_journal(driver: sqlite3.Connection, rows: list[Values]) -> None:
    """Append the records: rows that `oms.store.chain` made."""
    driver.executemany(_NEW_JOURNAL, rows)


def write_projections(driver: sqlite3.Connection, changes: Changes) -> None:
    """Write what the records changed; the same for the engine and for a replay."""
    _run(driver, _PUT_ORDER, [order_row(order) for order in changes.orders.values()])
    _run(driver, _PUT_EXECUTION, [execution_row(*one) for one in changes.executions])
    _run(driver, _SPLIT, [split_row(*split) for split in changes.split])
    _run(driver, _UNDO, changes.undone)
    _run(driver, _PUT_LEG, [row for o in changes.orders.values() if o.legs for row in leg_rows(o)])
    _run(driver, _PUT_CL_ORD_ID, [(*key, to) for key, to in changes.cl_ord_ids.items()])
    _run(driver, _PUT_POSITION, [position_row(k, q) for k, q in changes.positions.items()])
    _run(driver, _PUT_SESSION, [session_row(o, s) for o, s in changes.sessions.items()])
    _run(driver, _PUT_KILL, [kill_row(route, kill) for route, kill in changes.kills.items()])
    _run(driver, _PUT_NONCES, list(changes.nonces.items()))
    _run(driver, _PUT_MOVE, [move_row(move) for move in changes.moves.values()])
    _run(driver, _PUT_HOLDING, [holding_row(key, one) for key, one in changes.holdings.items()])
    _run(driver, _PUT_BREAK, [break_row(found) for found in changes.breaks.values()])
    _run(driver, _PUT_FOREIGN, [foreign_row(one) for one in changes.foreign.values()])
    _run(driver, _NEW_REPORT, changes.reports)
    _run(
        driver,
        _PUT_QUARANTINE,
        [
            quarantine_row(seq, record, record.message)
            for seq, record in changes.records
            if isinstance(record.message, Quarantined)
        ],
    )


def _run(driver: sqlite3.Connection, statement: str, rows: list[Values]) -> None:
    if not rows:
        return
    try:
        driver.executemany(statement, rows)
    except UnicodeEncodeError:
        # What was written of the rows before the one at fault is overwritten by the same.
        driver.executemany(statement, [tuple(map(legible, row)) for row in rows])
