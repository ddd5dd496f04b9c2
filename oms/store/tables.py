"""The tables: the journal, and what is read off it.

The journal is the truth; orders, executions, cl_ord_ids, positions, fix_sessions, reports,
quarantine and nonces are projections, written in the same transaction and rebuilt from it by `replay`. There
are no foreign keys: a projection that disagrees is found by the replay, and SQLite's migrations
empty child tables where keys cascade.
"""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    literal_column,
    text,
)

from oms.core.fields import OrdType, Side, TimeInForce
from oms.core.funding import TransferKind
from oms.core.notes import MoveState, Request
from oms.core.reports import BREAK
from oms.core.transitions import Life
from oms.store.break_tables import BREAKS as BREAKS
from oms.store.break_tables import FOREIGN_ORDERS as FOREIGN_ORDERS
from oms.store.break_tables import HOLDINGS as HOLDINGS
from oms.store.break_tables import WORKS as WORKS
from oms.store.columns import metadata as metadata
from oms.store.columns import word
from oms.store.types import ExactDecimal, UtcTime, Word

VERSION: Final = "0001"
"""The newest migration: what this program reads and writes."""

VERSIONS: Final = ("0001",)
"""Every migration, oldest first."""

JOURNAL: Final = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    word("time"),
    word("kind"),
    word("evidence"),
    word("origin"),
    word("route"),
    word("order_id"),
    Column("msg_seq_num", Integer, nullable=False),
    word("body"),
    word("raw"),
    Column("hash", LargeBinary, nullable=False),
    Index("journal_of_order", "order_id", "seq", sqlite_where=text("order_id != ''")),
)
"""One row a record, all as plain text: a replay must be able to read one that is wrong. `hash` is
the chain's (oms.store.chain). `body` is `{"m": message, "out": [["V", "T", "M" or "O", name, message], ...]}`: V
to the route of that name, about the record's order; T to it too, about its transfer; M a question to
its market; O to the origin of that name."""

_BROKEN: Final = f"substr(text, 1, {len(BREAK)}) = '{BREAK}'"

COUNTED: Final = (
    "venue_cl_ord_id != '' AND length(venue_cl_ord_id) < 12 AND venue_cl_ord_id NOT GLOB '*[^0-9]*'"
)
"""Orders whose id at the venue is a counter: the next one goes on from the highest."""

ORDERS: Final = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    word("origin"),
    word("route"),
    word("venue_cl_ord_id"),
    word("cl_ord_id"),
    word("orig_cl_ord_id"),
    word("secondary_order_id"),
    word("symbol"),
    word("security_exchange"),
    word("account"),
    Column("side", Word(Side), nullable=False),
    Column("ord_type", Word(OrdType), nullable=False),
    Column("time_in_force", Word(TimeInForce), nullable=False),
    Column("expire_time", UtcTime),
    word("exec_inst"),
    Column("order_qty", ExactDecimal, nullable=False),
    Column("cash_order_qty", ExactDecimal),
    Column("price", ExactDecimal),
    Column("stop_px", ExactDecimal),
    Column("life", Word(Life), nullable=False),
    Column("replaced", Boolean, nullable=False),
    Column("stopped", Boolean, nullable=False),
    word("requests"),
    Column("requests_made", Integer, nullable=False),
    word("replaced_name"),
    word("emulate"),
    word("legs"),
    Column("cum_qty", ExactDecimal, nullable=False),
    Column("notional", ExactDecimal, nullable=False),
    word("day"),
    Column("in_doubt_request", Word(Request)),
    Column("in_doubt_since", UtcTime),
    Column("in_doubt_text", Text),
    word("waits"),
    word("above"),
    word("settled_by"),
    Column("taken_at", UtcTime),
    word("text"),
    Column("created", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
    Column("closed", Boolean, nullable=False),
    Index("orders_open", "order_id", sqlite_where=text("closed = 0")),
    Index(
        "orders_counted",
        "route",
        text("CAST(venue_cl_ord_id AS INTEGER)"),
        sqlite_where=text(COUNTED),
    ),
    Index("orders_broken", "order_id", sqlite_where=text(_BROKEN)),
    Index("orders_by_venue_cl_ord_id", "route", "venue_cl_ord_id"),
    Index(
        "orders_by_secondary_order_id",
        "route",
        "secondary_order_id",
        sqlite_where=text("secondary_order_id != ''"),
    ),
    sqlite_with_rowid=False,
)
"""The facts of an order. `requests` and `legs` are JSON lists; OrdStatus, LeavesQty
and AvgPx are not kept, they are read off."""

OPEN: Final = literal_column("closed") == literal_column("0")
"""Orders that are not closed, in the words of their index: SQLite uses a partial index on no other
terms."""

BROKEN: Final = text(_BROKEN)
"""Orders whose text tells of a break, in the words of their index."""

EXECUTIONS: Final = Table(
    "executions",
    metadata,
    word("order_id"),
    word("exec_id"),
    Column("seq", Integer, nullable=False),
    word("trade_id"),
    word("route"),
    word("origin"),
    word("cl_ord_id"),
    word("symbol"),
    Column("side", Word(Side), nullable=False),
    Column("last_shares", ExactDecimal, nullable=False),
    Column("last_px", ExactDecimal, nullable=False),
    Column("stands", Boolean, nullable=False),
    Column("derived", Boolean, nullable=False),
    word("exec_ref_id"),
    Column("leg", Integer, nullable=False),
    Column("commission", ExactDecimal),
    word("fee_currency"),
    word("day"),
    Column("split_shares", ExactDecimal),
    Column("transact_time", UtcTime, nullable=False),
    PrimaryKeyConstraint("order_id", "exec_id"),
    Index("executions_by_seq", "seq", "stands"),
    sqlite_with_rowid=False,
)
"""Executions as the venue named them; `seq` is the journal's. One that was busted or corrected
does not stand."""

LEGS: Final = Table(
    "legs",
    metadata,
    word("route"),
    word("venue_cl_ord_id"),
    word("secondary_order_id"),
    word("order_id"),
    PrimaryKeyConstraint("route", "venue_cl_ord_id"),
    Index("legs_by_secondary_order_id", "route", "secondary_order_id"),
    Index(
        "legs_counted",
        "route",
        text("CAST(venue_cl_ord_id AS INTEGER)"),
        sqlite_where=text(COUNTED),
    ),
    sqlite_with_rowid=False,
)
"""By which ids a venue knows the legs of an emulated order."""

CL_ORD_IDS: Final = Table(
    "cl_ord_ids",
    metadata,
    word("origin"),
    word("cl_ord_id"),
    word("order_id"),
    PrimaryKeyConstraint("origin", "cl_ord_id"),
    sqlite_with_rowid=False,
)
"""Every ClOrdID that was ever used, and the order it belongs to, "" if to none."""

POSITIONS: Final = Table(
    "positions",
    metadata,
    word("route"),
    word("exchange"),
    word("account"),
    word("asset"),
    Column("qty", ExactDecimal, nullable=False),
    PrimaryKeyConstraint("route", "exchange", "account", "asset"),
    sqlite_with_rowid=False,
)

FIX_SESSIONS: Final = Table(
    "fix_sessions",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("msg_seq_num_in", Integer, nullable=False),
    Column("msg_seq_num_out", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("repeat_to", Integer, nullable=False),
    Column("resets", Integer, nullable=False),
    Column("stored_from", Integer, nullable=False),
    sqlite_with_rowid=False,
)

REPORTS: Final = Table(
    "reports",
    metadata,
    word("origin"),
    Column("number", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    PrimaryKeyConstraint("origin", "number"),
    sqlite_with_rowid=False,
)
"""Where the journal has an origin's numbered report: the `idx`-th way out of record `seq`."""
"""What went out: the `idx`-th of the journal row's `out`. `destination` is V (the route `name`) or
O (the origin `name`, whose `number`-th report it is)."""

QUARANTINE: Final = Table(
    "quarantine",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("time", UtcTime, nullable=False),
    word("route"),
    word("order_id"),
    word("reason"),
    word("text"),
    word("raw"),
)

KILL_SWITCHES: Final = Table(
    "kill_switches",
    metadata,
    Column("route", Text, primary_key=True),
    Column("killed", Boolean, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("seq", Integer, nullable=False),
    word("origin"),
    word("text"),
    Column("in_doubt", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Every switch that was ever turned, `*` for all routes: as it stands, and since which record.
`in_doubt` is what the last certificate named, -1 before it."""

NONCES: Final = Table(
    "nonces",
    metadata,
    Column("route", Text, primary_key=True),
    Column("last", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The last nonce that a route was ever granted."""
_OPEN_MOVES: Final = "state IN ('UNDER_WAY', 'IN_DOUBT', 'TAKEN')"

TRANSFERS: Final = Table(
    "transfers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    word("origin"),
    word("cl_ord_id"),
    Column("kind", Word(TransferKind), nullable=False),
    word("route"),
    word("security_exchange"),
    word("to_exchange"),
    word("asset"),
    Column("amount", ExactDecimal),
    word("address"),
    word("memo"),
    word("alias"),
    word("network"),
    word("recipient"),
    word("code_redeemed"),
    Column("state", Word(MoveState), nullable=False),
    word("reference"),
    word("status"),
    Column("amount_moved", ExactDecimal),
    Column("fee", ExactDecimal),
    word("code_made"),
    word("refusal"),
    word("text"),
    Column("in_doubt_since", UtcTime),
    word("in_doubt_text"),
    word("settled_by"),
    Column("created", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
    Index("transfers_open", "number", sqlite_where=text(_OPEN_MOVES)),
    Index("transfers_asked", "origin", "cl_ord_id", unique=True),
    Index("transfers_named", "route", "reference", sqlite_where=text("reference != ''")),
)
"""Money that was asked to be moved, and what became of it. `code_made` and `code_redeemed` are
coupons: whoever reads them can spend them."""

CODES: Final = frozenset({"code_made", "code_redeemed"})
"""Columns that are shown to nobody who has not asked for them."""

OPEN_MOVES: Final = text(_OPEN_MOVES)
"""Transfers of which something may still become, in the words of their index."""

OWNER: Final = Table(
    "owner",
    metadata,
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    word("who"),
    Column("since", UtcTime, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
"""Who took the store over, and when; the highest epoch owns it. `seq` and `hash` are those of the
last record that this owner committed, or found."""

PROJECTIONS: Final = (
    ORDERS,
    EXECUTIONS,
    LEGS,
    CL_ORD_IDS,
    POSITIONS,
    FIX_SESSIONS,
    REPORTS,
    QUARANTINE,
    KILL_SWITCHES,
    NONCES,
    TRANSFERS,
    HOLDINGS,
    BREAKS,
    FOREIGN_ORDERS,
)
"""What a replay rebuilds."""
