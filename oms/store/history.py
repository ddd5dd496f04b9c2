"""What the book asks about orders and ids that it does not hold in memory any more."""

import sqlite3
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import bindparam, select

from oms.core.order import Order
from oms.core.transfers import MoneyMove, number_of, transfer_id_of
from oms.store.database import translated
from oms.store.move_rows import move_of
from oms.store.question import Question
from oms.store.rows import execution_of, order_of
from oms.store.tables import EXECUTIONS, ORDERS, TRANSFERS
from oms.store.types import legible

_CL_ORD_ID: Final = "SELECT order_id FROM cl_ord_ids WHERE origin = ? AND cl_ord_id = ?"
_OURS: Final = (
    "SELECT order_id FROM orders WHERE route = ? AND venue_cl_ord_id = ? "
    "ORDER BY order_id DESC LIMIT 1"
)
# The last condition is the index's own: SQLite uses a partial index on no other terms.
_THEIRS: Final = (
    "SELECT order_id FROM orders WHERE route = ? AND secondary_order_id = ? "
    "AND secondary_order_id != '' ORDER BY order_id DESC LIMIT 1"
)
_OUR_LEG: Final = "SELECT order_id FROM legs WHERE route = ? AND venue_cl_ord_id = ?"
_THEIR_LEG: Final = (
    "SELECT order_id FROM legs WHERE route = ? AND secondary_order_id = ? "
    "ORDER BY order_id DESC LIMIT 1"
)
_NAMED: Final = (
    "SELECT number FROM transfers WHERE route = ? AND reference = ? AND reference != '' LIMIT 1"
)
_MOVE: Final = Question(select(TRANSFERS).where(TRANSFERS.c.number == bindparam("number")))
_ORDER: Final = Question(select(ORDERS).where(ORDERS.c.order_id == bindparam("order_id")))
_EXECUTIONS: Final = Question(
    select(EXECUTIONS)
    .where(EXECUTIONS.c.order_id == bindparam("order_id"))
    .order_by(EXECUTIONS.c.seq)
)


class StoredHistory:
    """oms.core.ports.History on the connection of whoever writes: nobody else does meanwhile, and
    what was committed is what it has."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """`connect` gives the connection, which may be another one after an error."""
        self._connect = connect

    def order(self, order_id: str) -> Order | None:
        """By OrderID."""
        with translated("reading an order"):
            driver = self._connect()
            for row in _ORDER.ask(driver, order_id=order_id):
                executions = _EXECUTIONS.ask(driver, order_id=order_id)
                return order_of(row, map(execution_of, executions))
            return None

    def by_venue_id(
        self, route: str, venue_cl_ord_id: str, secondary_order_id: str
    ) -> Order | None:
        """By one of the ids that the venue uses; the id we drew decides."""
        order_id = None
        if venue_cl_ord_id:
            order_id = self._first((_OURS, _OUR_LEG), route, venue_cl_ord_id)
        if order_id is None and secondary_order_id:
            order_id = self._first((_THEIRS, _THEIR_LEG), route, secondary_order_id)
        return None if order_id is None else self.order(order_id)

    def cl_ord_id(self, origin: str, cl_ord_id: str) -> str | None:
        """The OrderID a used ClOrdID belongs to, "" if to none, None if it is unused."""
        return self._lookup(_CL_ORD_ID, origin, cl_ord_id)

    def move(self, transfer_id: str) -> MoneyMove | None:
        """A transfer and what became of it. ValueError for what is no transfer's id."""
        with translated("reading a transfer"):
            for row in _MOVE.ask(self._connect(), number=number_of(transfer_id)):
                return move_of(row)
            return None

    def claimant(self, route: str, reference: str) -> str | None:
        """The id of the transfer that the venue calls so, None if there is none."""
        number = self._lookup(_NAMED, route, reference)
        return None if number is None else transfer_id_of(int(number))

    def _first(self, statements: tuple[str, ...], *key: str) -> str | None:
        found = (self._lookup(statement, *key) for statement in statements)
        return next((order_id for order_id in found if order_id is not None), None)

    def _lookup(self, statement: str, *key: str) -> str | None:
        with translated("looking up an id"):
            found = self._connect().execute(statement, tuple(map(legible, key)))
            row: tuple[Any, ...] | None = found.fetchone()
        return None if row is None else str(row[0])
