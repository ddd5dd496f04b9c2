"""The tables of what books and venues do not agree on; projections like the others."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    literal_column,
    text,
)

from oms.core.break_notes import Cause
from oms.core.fields import Side
from oms.store.columns import metadata, word
from oms.store.types import ExactDecimal, UtcTime, Word

HOLDINGS: Final = Table(
    "holdings",
    metadata,
    word("route"),
    word("exchange"),
    word("asset"),
    Column("told", ExactDecimal, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("moved", ExactDecimal, nullable=False),
    Column("traded", ExactDecimal, nullable=False),
    Column("loose", ExactDecimal, nullable=False),
    PrimaryKeyConstraint("route", "exchange", "asset"),
    sqlite_with_rowid=False,
)
"""What a venue told of an asset first, and what the books have moved since: together, what it has to
tell now. See oms.core.holdings."""

BREAKS: Final = Table(
    "breaks",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    word("route"),
    word("exchange"),
    word("asset"),
    Column("amount", ExactDecimal, nullable=False),
    Column("cause", Word(Cause), nullable=False),
    word("text"),
    Column("opened", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
    Column("closed", Boolean, nullable=False),
    word("closed_by"),
    word("reference"),
    Index("breaks_open", "number", sqlite_where=text("closed = 0")),
)
"""Balances that were not what the books said."""

FOREIGN_ORDERS: Final = Table(
    "foreign_orders",
    metadata,
    word("route"),
    word("name"),
    word("venue_cl_ord_id"),
    word("secondary_order_id"),
    word("symbol"),
    word("security_exchange"),
    Column("side", Word(Side), nullable=False),
    Column("order_qty", ExactDecimal, nullable=False),
    Column("price", ExactDecimal),
    Column("cum_qty", ExactDecimal),
    Column("avg_px", ExactDecimal),
    Column("works", Boolean, nullable=False),
    word("order_id"),
    Column("first_seen", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
    PrimaryKeyConstraint("route", "name"),
    Index("foreign_orders_working", "route", "name", sqlite_where=text("works = 1")),
    sqlite_with_rowid=False,
)
"""Orders of the accounts that the engine has never sent; `order_id` where one was ours after all."""

WORKS: Final = literal_column("works") == literal_column("1")
"""Foreign orders that work, in the words of their index."""
