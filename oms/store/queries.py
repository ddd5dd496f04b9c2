"""Read-only questions to the store, from any thread and any process, running engine or not.

The connection can not write. Every question is one transaction: its answer is of one instant.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, Self

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    bindparam,
    func,
    literal_column,
    select,
)

from oms.core.errors import StoreUnavailable
from oms.core.notes import MoveState
from oms.core.ports import DeskReport, Record, ToOrigin
from oms.core.transfers import number_of
from oms.store.break_rows import (
    break_json,
    break_of,
    foreign_json,
    foreign_of,
    holding_json,
    order_break_json,
)
from oms.store.certificate import certificate_rows
from oms.store.chain import BEGINNING
from oms.store.database import driver_of, open_to_read, store_path, translated
from oms.store.json_rows import (
    JsonRow,
    fill_json,
    head_json,
    kill_json,
    order_json,
    position_json,
    quarantine_json,
    session_json,
)
from oms.store.move_rows import move_json, move_of
from oms.store.question import Question
from oms.store.rows import order_of, record_of
from oms.store.schema import demand_current
from oms.store.tables import (
    BREAKS,
    BROKEN,
    CL_ORD_IDS,
    EXECUTIONS,
    FIX_SESSIONS,
    FOREIGN_ORDERS,
    HOLDINGS,
    JOURNAL,
    KILL_SWITCHES,
    LEGS,
    OPEN,
    OPEN_MOVES,
    ORDERS,
    POSITIONS,
    QUARANTINE,
    REPORTS,
    TRANSFERS,
    WORKS,
)
from oms.store.timeline import timeline_rows
from oms.store.types import utc_time

ORDER_ID_DIGITS: Final = 10

_REPORTS: Final = Question(
    select(JOURNAL, REPORTS.c.number, REPORTS.c.idx)
    .join(JOURNAL, JOURNAL.c.seq == REPORTS.c.seq)
    .where(REPORTS.c.origin == bindparam("origin"), REPORTS.c.number > bindparam("since"))
    .order_by(REPORTS.c.number)
    .limit(bindparam("most"))
)
_HEAD: Final = Question(
    select(JOURNAL.c.seq, JOURNAL.c.hash, JOURNAL.c.time).order_by(JOURNAL.c.seq.desc()).limit(1)
)


class Projections:
    """Orders, fills, positions and sessions, as they are in the tables of one file."""

    def __init__(self, engine: Engine) -> None:
        """`engine` is given over; it must be one that reads."""
        self._engine = engine

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection on which all is of one instant, until it is given back."""
        with translated("reading the store"), self._engine.begin() as connection:
            yield connection

    def orders(
        self, *, open_only: bool = False, route: str = "", origin: str = "", limit: int = 0
    ) -> list[JsonRow]:
        """Order rows, oldest first; with a limit, the newest ones."""
        statement = _narrow(select(ORDERS), ORDERS.c, origin=origin)
        if route:
            # With the plus, a limit walks back from the newest order; without, SQLite would gather
            # all of the route's orders first, by the index of their names at the venue.
            statement = statement.where(literal_column("+orders.route") == route)
        if open_only:
            statement = statement.where(OPEN)
        return [order_json(order_of(row)) for row in self._newest(statement, "order_id", limit)]

    def order(self, name: str, origin: str = "") -> JsonRow | None:
        """One order by OrderID, its digits, or ORIGIN/ClOrdID of any id of its chain.

        With an `origin`, only if the order is its own.
        """
        with self.snapshot() as connection:
            row = _find(connection, name)
        if row is None or origin not in ("", row.origin):
            return None
        return order_json(order_of(row))

    def fills(
        self,
        *,
        route: str = "",
        origin: str = "",
        order_id: str = "",
        undone: bool = False,
        limit: int = 0,
    ) -> list[JsonRow]:
        """Executions that stand, in the order they were booked; `undone`: the others as well."""
        statement = _narrow(
            select(EXECUTIONS), EXECUTIONS.c, route=route, origin=origin, order_id=order_id
        )
        if not undone:
            statement = statement.where(EXECUTIONS.c.stands)
        return [fill_json(row) for row in self._newest(statement, "seq", limit)]

    def positions(self) -> list[JsonRow]:
        """What executions have made of the holdings, those at zero included."""
        statement = select(POSITIONS).order_by(*POSITIONS.primary_key.columns)
        return [position_json(row) for row in self._rows(statement)]

    def holdings(self) -> list[JsonRow]:
        """What the venues have to tell of their balances if the books are right."""
        statement = select(HOLDINGS).order_by(*HOLDINGS.primary_key.columns)
        return [holding_json(row) for row in self._rows(statement)]

    def moves(self, *, open_only: bool = False, route: str = "", origin: str = "") -> list[JsonRow]:
        """Money that was asked to be moved, oldest first; coupons' codes masked."""
        statement = _narrow(select(TRANSFERS), TRANSFERS.c, route=route, origin=origin)
        if open_only:
            statement = statement.where(OPEN_MOVES)
        rows = self._rows(statement.order_by(TRANSFERS.c.number))
        return [move_json(move_of(row)) for row in rows]

    def move(self, name: str, origin: str = "", *, reveal: bool = False) -> JsonRow | None:
        """One transfer by its id or ORIGIN/ClOrdID; with an `origin`, only if it is its own.

        `reveal`: with the coupon's code, which is money.
        """
        asker, slash, cl_ord_id = name.partition("/")
        named = [TRANSFERS.c.origin == asker, TRANSFERS.c.cl_ord_id == cl_ord_id]
        if not slash:
            try:
                named = [TRANSFERS.c.number == number_of(name.upper())]
            except ValueError:
                return None
        for row in self._rows(select(TRANSFERS).where(*named)):
            if origin in ("", row.origin):
                return move_json(move_of(row), reveal=reveal)
        return None

    def breaks(self, *, route: str = "", closed: bool = False) -> list[JsonRow]:
        """Orders and balances that are not what the books say; `closed`: also those that were not.

        An order's break that was closed is told by the order.
        """
        orders = _narrow(select(ORDERS).where(BROKEN), ORDERS.c, route=route)
        found = _narrow(select(BREAKS), BREAKS.c, route=route)
        if not closed:
            found = found.where(OPEN)
        with self.snapshot() as connection:
            broken = connection.execute(orders.order_by(ORDERS.c.order_id)).all()
            balances = connection.execute(found.order_by(BREAKS.c.number)).all()
        return [*map(order_break_json, broken), *(break_json(break_of(row)) for row in balances)]

    def foreign_orders(self, *, route: str = "", ended: bool = False) -> list[JsonRow]:
        """Orders of the accounts that are not ours; `ended`: also those that work no more."""
        statement = _narrow(select(FOREIGN_ORDERS), FOREIGN_ORDERS.c, route=route)
        if not ended:
            statement = statement.where(WORKS)
        rows = self._rows(statement.order_by(FOREIGN_ORDERS.c.first_seen))
        return [foreign_json(foreign_of(row)) for row in rows]

    def sessions(self) -> list[JsonRow]:
        """How far each desk session has been read and answered."""
        statement = select(FIX_SESSIONS).order_by(FIX_SESSIONS.c.origin)
        return [session_json(row) for row in self._rows(statement)]

    def kills(self) -> list[JsonRow]:
        """The kill switches that are on, `*` for all routes first."""
        statement = select(KILL_SWITCHES).where(KILL_SWITCHES.c.killed)
        return [kill_json(row) for row in self._rows(statement.order_by(KILL_SWITCHES.c.route))]

    def is_used(self, origin: str, cl_ord_id: str) -> bool:
        """Whether a request of the origin's under that ClOrdID is on record."""
        statement = select(CL_ORD_IDS.c.order_id).where(
            CL_ORD_IDS.c.origin == origin, CL_ORD_IDS.c.cl_ord_id == cl_ord_id
        )
        return bool(self._rows(statement))

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _rows(self, statement: Select[Any]) -> list[Any]:
        with self.snapshot() as connection:
            return list(connection.execute(statement))

    def _ask(self, question: Question, **values: Any) -> list[Any]:
        """One SELECT is a transaction of its own."""
        with translated("reading the store"), self._engine.connect() as connection:
            return question.ask(driver_of(connection), **values)

    def _newest(self, statement: Select[Any], key: str, limit: int) -> list[Any]:
        column = statement.selected_columns[key]
        if not limit:
            return self._rows(statement.order_by(column))
        return self._rows(statement.order_by(column.desc()).limit(limit))[::-1]


class Reader(Projections):
    """All questions to a store: its books, and its journal."""

    @classmethod
    def open(cls, url: str) -> "Reader":
        """Raises ConfigError for a store of another version, StoreUnavailable for none at all."""
        path = store_path(url)
        if not path.exists():
            raise StoreUnavailable(f"there is no store at {path}: `oms run` makes it")
        reader = cls(open_to_read(path))
        try:
            with reader.snapshot() as connection:
                demand_current(connection)
        except BaseException:
            reader.close()
            raise
        return reader

    def timeline(self, order_id: str) -> list[JsonRow]:
        """What was asked, sent, told and known about an order: `time kind evidence text raw`."""
        statement = select(JOURNAL).where(
            JOURNAL.c.order_id == order_id, JOURNAL.c.order_id != literal_column("''")
        )
        rows = self._rows(statement.order_by(JOURNAL.c.seq))
        return [told for row in rows for told in timeline_rows(_record(row))]

    def reports(self, origin: str, since: int, limit: int) -> list[tuple[int, DeskReport]]:
        """At most `limit` reports of the origin after number `since`, with their numbers."""
        rows = self._ask(_REPORTS, origin=origin, since=since, most=limit)
        return [(row.number, _report(row)) for row in rows]

    def last_report(self, origin: str) -> int:
        """The number of the origin's latest report, 0 before the first."""
        last = func.coalesce(func.max(REPORTS.c.number), 0)
        numbers = select(last).where(REPORTS.c.origin == origin)
        with self.snapshot() as connection:
            return int(connection.execute(numbers).scalar_one())

    def quarantine(self, limit: int = 0) -> list[JsonRow]:
        """What could not be applied, oldest first; with a limit, the newest."""
        return [quarantine_json(row) for row in self._newest(select(QUARANTINE), "seq", limit)]

    def known_at(self, route: str, venue_cl_ord_id: str, secondary_order_id: str) -> str | None:
        """The OrderID of an order by one of its names at the venue; the id we drew decides."""
        for column, name in (
            ("venue_cl_ord_id", venue_cl_ord_id),
            ("secondary_order_id", secondary_order_id),
        ):
            for table in (ORDERS, LEGS) if name else ():
                named = (table.c.route == route, table.c[column] == name)
                found = self._rows(select(table.c.order_id).where(*named))
                if found:
                    return str(max(row.order_id for row in found))
        return None

    def since_kill(self, seq: int) -> list[JsonRow]:
        """The rows of a certificate: see oms.store.certificate."""
        with self.snapshot() as connection:
            return certificate_rows(connection, seq)

    def head(self) -> JsonRow:
        """The journal's last record and its hash: who keeps them can prove all up to there."""
        rows = self._ask(_HEAD)
        return head_json(*(rows[0][:2] if rows else (0, BEGINNING)))

    def last_time(self) -> datetime | None:
        """When the journal's last record was decided; None while it is empty."""
        rows = self._ask(_HEAD)
        return utc_time(rows[0].time) if rows else None

    def counts(self) -> dict[str, int]:
        """`records orders open in_doubt breaks foreign fills quarantined moves_in_doubt`."""
        open_orders = select(func.count()).select_from(ORDERS).where(OPEN)
        counted = {
            "records": select(func.coalesce(func.max(JOURNAL.c.seq), 0)),
            "orders": select(func.count()).select_from(ORDERS),
            "open": open_orders,
            "in_doubt": open_orders.where(ORDERS.c.in_doubt_request.is_not(None)),
            "breaks": select(func.count()).select_from(ORDERS).where(BROKEN),
            "balance_breaks": select(func.count()).select_from(BREAKS).where(OPEN),
            "foreign": select(func.count()).select_from(FOREIGN_ORDERS).where(WORKS),
            "fills": select(func.count()).select_from(EXECUTIONS).where(EXECUTIONS.c.stands),
            "quarantined": select(func.count()).select_from(QUARANTINE),
            "moves_in_doubt": select(func.count())
            .select_from(TRANSFERS)
            .where(OPEN_MOVES, TRANSFERS.c.state == MoveState.IN_DOUBT),
        }
        with self.snapshot() as connection:
            told = {
                name: int(connection.execute(statement).scalar_one())
                for name, statement in counted.items()
            }
        told["breaks"] += told.pop("balance_breaks")
        return told


def _narrow(statement: Select[Any], columns: Any, **wanted: str) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [
        columns[name] == value for name, value in wanted.items() if value
    ]
    return statement.where(*conditions)


def _find(connection: Connection, name: str) -> Any:
    origin, slash, cl_ord_id = name.partition("/")
    if slash:
        found = connection.execute(
            select(CL_ORD_IDS.c.order_id).where(
                CL_ORD_IDS.c.origin == origin, CL_ORD_IDS.c.cl_ord_id == cl_ord_id
            )
        ).scalar()
        name = found or ""
    order_id = name.zfill(ORDER_ID_DIGITS) if name.isdecimal() else name
    return connection.execute(select(ORDERS).where(ORDERS.c.order_id == order_id)).fetchone()


def _record(row: Any) -> Record:
    try:
        return record_of(row)
    except ValueError as error:
        raise StoreUnavailable(
            f"record {row.seq} of the journal can not be read: {error}"
        ) from None


def _report(row: Any) -> DeskReport:
    outbound = _record(row).outbound
    report = outbound[row.idx] if row.idx < len(outbound) else None
    if not isinstance(report, ToOrigin):
        raise StoreUnavailable(f"record {row.seq} of the journal has no report {row.idx}")
    return report.message
