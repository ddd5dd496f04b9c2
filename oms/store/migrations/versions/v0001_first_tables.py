"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _hash() -> sa.Column[bytes]:
    return sa.Column("hash", sa.LargeBinary, nullable=False)


def _number(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def upgrade() -> None:
    """From nothing."""
    _journal()
    _orders()
    _order_indexes()
    _executions()
    _legs()
    _names_and_holdings()
    _ways_out()
    _nonces_and_owner()
    _transfers()
    _agreement()


def _journal() -> None:
    op.create_table(
        "journal",
        _number("seq"),
        _text("time"),
        _text("kind"),
        _text("evidence"),
        _text("origin"),
        _text("route"),
        _text("order_id"),
        _number("msg_seq_num"),
        _text("body"),
        _text("raw"),
        _hash(),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(
        "journal_of_order", "journal", ["order_id", "seq"], sqlite_where=sa.text("order_id != ''")
    )


def _orders() -> None:
    op.create_table(
        "orders",
        _text("order_id"),
        _text("origin"),
        _text("route"),
        _text("venue_cl_ord_id"),
        _text("cl_ord_id"),
        _text("orig_cl_ord_id"),
        _text("secondary_order_id"),
        _text("symbol"),
        _text("security_exchange"),
        _text("account"),
        _text("side"),
        _text("ord_type"),
        _text("time_in_force"),
        _text("expire_time", nullable=True),
        _text("exec_inst"),
        _text("order_qty"),
        _text("cash_order_qty", nullable=True),
        _text("price", nullable=True),
        _text("stop_px", nullable=True),
        _text("life"),
        _flag("replaced"),
        _flag("stopped"),
        _text("requests"),
        sa.Column("requests_made", sa.Integer, nullable=False),
        _text("replaced_name"),
        _text("emulate"),
        _text("legs"),
        _text("cum_qty"),
        _text("notional"),
        _text("day"),
        _text("in_doubt_request", nullable=True),
        _text("in_doubt_since", nullable=True),
        _text("in_doubt_text", nullable=True),
        _text("waits"),
        _text("above"),
        _text("settled_by"),
        _text("taken_at", nullable=True),
        _text("text"),
        _text("created"),
        _text("updated"),
        _flag("closed"),
        sa.PrimaryKeyConstraint("order_id"),
        sqlite_with_rowid=False,
    )


def _order_indexes() -> None:
    op.create_index(
        "orders_by_secondary_order_id",
        "orders",
        ["route", "secondary_order_id"],
        sqlite_where=sa.text("secondary_order_id != ''"),
    )
    op.create_index(
        "orders_broken",
        "orders",
        ["order_id"],
        sqlite_where=sa.text("substr(text, 1, 7) = 'BREAK: '"),
    )
    op.create_index(
        "orders_counted",
        "orders",
        ["route", sa.text("CAST(venue_cl_ord_id AS INTEGER)")],
        sqlite_where=sa.text(
            "venue_cl_ord_id != '' AND length(venue_cl_ord_id) < 12 "
            "AND venue_cl_ord_id NOT GLOB '*[^0-9]*'"
        ),
    )
    op.create_index("orders_by_venue_cl_ord_id", "orders", ["route", "venue_cl_ord_id"])
    op.create_index("orders_open", "orders", ["order_id"], sqlite_where=sa.text("closed = 0"))


def _executions() -> None:
    op.create_table(
        "executions",
        _text("order_id"),
        _text("exec_id"),
        _number("seq"),
        _text("trade_id"),
        _text("route"),
        _text("origin"),
        _text("cl_ord_id"),
        _text("symbol"),
        _text("side"),
        _text("last_shares"),
        _text("last_px"),
        _flag("stands"),
        _flag("derived"),
        _text("exec_ref_id"),
        _number("leg"),
        _text("commission", nullable=True),
        _text("fee_currency"),
        _text("day"),
        _text("split_shares", nullable=True),
        _text("transact_time"),
        sa.PrimaryKeyConstraint("order_id", "exec_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("executions_by_seq", "executions", ["seq", "stands"])


def _legs() -> None:
    op.create_table(
        "legs",
        _text("route"),
        _text("venue_cl_ord_id"),
        _text("secondary_order_id"),
        _text("order_id"),
        sa.PrimaryKeyConstraint("route", "venue_cl_ord_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("legs_by_secondary_order_id", "legs", ["route", "secondary_order_id"])
    op.create_index(
        "legs_counted",
        "legs",
        ["route", sa.text("CAST(venue_cl_ord_id AS INTEGER)")],
        sqlite_where=sa.text(
            "venue_cl_ord_id != '' AND length(venue_cl_ord_id) < 12 "
            "AND venue_cl_ord_id NOT GLOB '*[^0-9]*'"
        ),
    )


def _names_and_holdings() -> None:
    op.create_table(
        "cl_ord_ids",
        _text("origin"),
        _text("cl_ord_id"),
        _text("order_id"),
        sa.PrimaryKeyConstraint("origin", "cl_ord_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "positions",
        _text("route"),
        _text("exchange"),
        _text("account"),
        _text("asset"),
        _text("qty"),
        sa.PrimaryKeyConstraint("route", "exchange", "account", "asset"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fix_sessions",
        _text("origin"),
        _number("msg_seq_num_in"),
        _number("msg_seq_num_out"),
        _number("delivered"),
        _number("seen"),
        _number("repeat_to"),
        _number("resets"),
        _number("stored_from"),
        sa.PrimaryKeyConstraint("origin"),
        sqlite_with_rowid=False,
    )


def _ways_out() -> None:
    op.create_table(
        "reports",
        _text("origin"),
        _number("number"),
        _number("seq"),
        _number("idx"),
        sa.PrimaryKeyConstraint("origin", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quarantine",
        _number("seq"),
        _text("time"),
        _text("route"),
        _text("order_id"),
        _text("reason"),
        _text("text"),
        _text("raw"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "kill_switches",
        _text("route"),
        _flag("killed"),
        _text("since"),
        _number("seq"),
        _text("origin"),
        _text("text"),
        _number("in_doubt"),
        sa.PrimaryKeyConstraint("route"),
        sqlite_with_rowid=False,
    )


def _nonces_and_owner() -> None:
    op.create_table(
        "nonces",
        _text("route"),
        _number("last"),
        sa.PrimaryKeyConstraint("route"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "owner",
        _number("epoch"),
        _text("who"),
        _text("since"),
        _number("seq"),
        _hash(),
        sa.PrimaryKeyConstraint("epoch"),
    )


def _transfers() -> None:
    op.create_table(
        "transfers",
        _number("number"),
        *map(_text, ("origin", "cl_ord_id", "kind", "route", "security_exchange", "to_exchange")),
        _text("asset"),
        _text("amount", nullable=True),
        *map(_text, ("address", "memo", "alias", "network", "recipient", "code_redeemed")),
        *map(_text, ("state", "reference", "status")),
        _text("amount_moved", nullable=True),
        _text("fee", nullable=True),
        *map(_text, ("code_made", "refusal", "text")),
        _text("in_doubt_since", nullable=True),
        *map(_text, ("in_doubt_text", "settled_by", "created", "updated")),
        sa.PrimaryKeyConstraint("number"),
    )
    is_open = sa.text("state IN ('UNDER_WAY', 'IN_DOUBT', 'TAKEN')")
    op.create_index("transfers_open", "transfers", ["number"], sqlite_where=is_open)
    op.create_index("transfers_asked", "transfers", ["origin", "cl_ord_id"], unique=True)
    op.create_index(
        "transfers_named",
        "transfers",
        ["route", "reference"],
        sqlite_where=sa.text("reference != ''"),
    )


def _agreement() -> None:
    op.create_table(
        "holdings",
        *map(_text, ("route", "exchange", "asset", "told", "since", "moved", "traded", "loose")),
        sa.PrimaryKeyConstraint("route", "exchange", "asset"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "breaks",
        _number("number"),
        *map(_text, ("route", "exchange", "asset", "amount", "cause", "text")),
        *map(_text, ("opened", "updated")),
        _flag("closed"),
        _text("closed_by"),
        _text("reference"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("breaks_open", "breaks", ["number"], sqlite_where=sa.text("closed = 0"))
    op.create_table(
        "foreign_orders",
        *map(_text, ("route", "name", "venue_cl_ord_id", "secondary_order_id", "symbol")),
        *map(_text, ("security_exchange", "side", "order_qty")),
        *(_text(name, nullable=True) for name in ("price", "cum_qty", "avg_px")),
        _flag("works"),
        *map(_text, ("order_id", "first_seen", "updated")),
        sa.PrimaryKeyConstraint("route", "name"),
        sqlite_with_rowid=False,
    )
    works = sa.text("works = 1")
    op.create_index(
        "foreign_orders_working", "foreign_orders", ["route", "name"], sqlite_where=works
    )
