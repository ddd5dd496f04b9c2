"""Rows for people and for machines: tables on a terminal, aligned text elsewhere, or JSON."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import typer

from oms.door import Row

Columns = Mapping[str, str]
"""Heading -> name of the row's field."""

ORDERS: Final[Columns] = {
    "ORDER": "order_id",
    "ORIGIN": "origin",
    "CLORDID": "cl_ord_id",
    "VENUE": "venue",
    "EXCHANGE": "exchange",
    "SYMBOL": "symbol",
    "SIDE": "side",
    "TYPE": "ord_type",
    "TIF": "time_in_force",
    "QTY": "order_qty",
    "PRICE": "price",
    "STATUS": "ord_status",
    "CUM": "cum_qty",
    "LEAVES": "leaves_qty",
    "AVG": "avg_px",
    "DOUBT": "in_doubt_request",
    "SETTLED BY": "settled_by",
}
FILLS: Final[Columns] = {
    "TIME": "transact_time",
    "ORDER": "order_id",
    "VENUE": "venue",
    "SYMBOL": "symbol",
    "SIDE": "side",
    "QTY": "last_shares",
    "PRICE": "last_px",
    "FEE": "fee",
    "IN": "fee_currency",
    "EXECID": "exec_id",
}
POSITIONS: Final[Columns] = {
    "VENUE": "venue",
    "EXCHANGE": "exchange",
    "ACCOUNT": "account",
    "ASSET": "asset",
    "QTY": "qty",
}
BALANCES: Final[Columns] = {
    "VENUE": "venue",
    "EXCHANGE": "exchange",
    "ASSET": "asset",
    "TOTAL": "total",
    "AVAILABLE": "available",
    "HELD": "held",
}
EXPECTED: Final[Columns] = {
    "VENUE": "venue",
    "EXCHANGE": "exchange",
    "ASSET": "asset",
    "EXPECTED": "expected",
    "TOLD": "told",
    "MOVED": "moved",
    "SINCE": "since",
}
INSTRUMENTS: Final[Columns] = {
    "VENUE": "venue",
    "EXCHANGE": "exchange",
    "SYMBOL": "symbol",
    "CODE": "venue_symbol",
    "TICK": "tick",
    "STEP": "step",
    "MIN": "min_qty",
    "MAX": "max_qty",
    "MIN VALUE": "min_notional",
}
TICKERS: Final[Columns] = {
    "VENUE": "venue",
    "EXCHANGE": "exchange",
    "SYMBOL": "symbol",
    "BID": "bid",
    "ASK": "ask",
    "LAST": "last",
    "HIGH": "high",
    "LOW": "low",
    "VOLUME": "volume",
    "TIME": "time",
}
LEVELS: Final[Columns] = {"BID QTY": "bid_qty", "BID": "bid", "ASK": "ask", "ASK QTY": "ask_qty"}
TRADES: Final[Columns] = {
    "TIME": "time",
    "EXCHANGE": "exchange",
    "SYMBOL": "symbol",
    "SIDE": "side",
    "QTY": "qty",
    "PRICE": "price",
    "TRADE": "trade_id",
}
CANDLES: Final[Columns] = {
    "TIME": "time",
    "EXCHANGE": "exchange",
    "SYMBOL": "symbol",
    "PERIOD": "period",
    "OPEN": "open",
    "HIGH": "high",
    "LOW": "low",
    "CLOSE": "close",
    "VOLUME": "volume",
}
CURRENCIES: Final[Columns] = {
    "ASSET": "asset",
    "NAME": "name",
    "DIGITS": "precision",
    "DEPOSIT": "can_deposit",
    "WITHDRAW": "can_withdraw",
    "MIN": "min_withdrawal",
    "MAX": "max_withdrawal",
    "FEE": "withdrawal_fee",
}
FEES: Final[Columns] = {
    "VENUE": "venue",
    "EXCHANGE": "exchange",
    "SYMBOL": "symbol",
    "MAKER": "maker",
    "TAKER": "taker",
}
ACCOUNTS: Final[Columns] = {
    "VENUE": "venue",
    "ACCOUNT": "account_id",
    "STATUS": "status",
    "TRADES": "can_trade",
    "CANCELS": "can_cancel",
    "TEXT": "text",
}
ACTIVITIES: Final[Columns] = {
    "TIME": "time",
    "KIND": "kind",
    "ID": "activity_id",
    "EXCHANGE": "exchange",
    "TO": "to_exchange",
    "ASSET": "asset",
    "AMOUNT": "amount",
    "FEE": "fee",
    "STATUS": "status",
    "DONE": "done",
    "ADDRESS": "address",
    "TX": "tx_id",
}
ADDRESSES: Final[Columns] = {
    "VENUE": "venue",
    "EXCHANGE": "exchange",
    "ASSET": "asset",
    "ADDRESS": "address",
    "MEMO": "memo",
    "NETWORK": "network",
    "EXPIRES": "expires",
}
WATCHED: Final[Mapping[str, Columns]] = {
    "ticker": TICKERS,
    "order_book": {"SYMBOL": "symbol", **LEVELS},
    "trades": TRADES,
    "candles": CANDLES,
    "balances": BALANCES,
}
"""The columns of what is watched, by its kind."""
VENUES: Final[Columns] = {
    "VENUE": "venue",
    "UP": "up",
    "READY": "ready",
    "WORKING": "working",
    "WHY": "text",
}
STREAMS: Final[Columns] = {
    "STREAM": "venue",
    "UP": "up",
    "SINCE": "since",
    "NOTE": "text",
}
SESSIONS: Final[Columns] = {
    "SESSION": "name",
    "LOGGED ON": "logged_on",
    "NEXT IN": "msg_seq_num_in",
    "NEXT OUT": "msg_seq_num_out",
    "NOTE": "text",
}
DELIVERED: Final[Columns] = {
    "SESSION": "origin",
    "IN": "msg_seq_num_in",
    "OUT": "msg_seq_num_out",
    "REPORTS": "delivered",
    "SEEN": "seen",
}
MOVES: Final[Columns] = {
    "TRANSFER": "transfer_id",
    "ORIGIN": "origin",
    "CLORDID": "cl_ord_id",
    "VENUE": "venue",
    "KIND": "kind",
    "FROM": "exchange",
    "AMOUNT": "amount",
    "ASSET": "asset",
    "TO": "to_exchange",
    "ADDRESS": "address",
    "ALIAS": "alias",
    "RECIPIENT": "recipient",
    "CODE": "code",
    "STATE": "state",
    "VENUE ID": "reference",
    "VENUE SAYS": "status",
    "FEE": "fee",
    "SETTLED BY": "settled_by",
    "CREATED": "created",
}
CERTIFICATE: Final[Columns] = {
    "ORDER": "order_id",
    "ORIGIN": "origin",
    "CLORDID": "cl_ord_id",
    "VENUE": "venue",
    "SYMBOL": "symbol",
    "STATUS": "ord_status",
    "CUM": "cum_qty",
    "EVIDENCE": "evidence",
    "PROVED AT": "proved_at",
    "IN DOUBT": "in_doubt_text",
    "WAITS": "waiting",
}
LISTED: Final[Columns] = {
    "VENUE": "venue",
    "ORDER": "order_id",
    "VENUE ID": "secondary_order_id",
    "CLIENT ID": "venue_cl_ord_id",
    "SYMBOL": "symbol",
    "SIDE": "side",
    "QTY": "order_qty",
    "CUM": "cum_qty",
    "FOREIGN": "foreign",
}
TIMELINE: Final[Columns] = {
    "TIME": "time",
    "WHAT": "kind",
    "EVIDENCE": "evidence",
    "TEXT": "text",
}

BREAKS: Final[Columns] = {
    "BREAK": "break_id",
    "KIND": "kind",
    "VENUE": "venue",
    "EXCHANGE": "exchange",
    "WHAT": "asset",
    "AMOUNT": "amount",
    "CAUSE": "cause",
    "SINCE": "opened",
    "OPEN": "open",
    "CLOSED BY": "closed_by",
    "TEXT": "text",
}
FOREIGN: Final[Columns] = {
    "FOREIGN": "secondary_order_id",
    "CLIENT ID": "venue_cl_ord_id",
    "VENUE": "venue",
    "EXCHANGE": "exchange",
    "SYMBOL": "symbol",
    "SIDE": "side",
    "QTY": "order_qty",
    "PRICE": "price",
    "CUM": "cum_qty",
    "SINCE": "first_seen",
}
DIFFERENCES: Final[Columns] = {"DIFFERS": "what", "BOOKS": "books", "VENUE": "venue"}

_NUMBERS: Final = frozenset(
    {"QTY", "PRICE", "CUM", "LEAVES", "AVG", "FEE", "TOTAL", "AVAILABLE", "HELD", "TICK", "STEP",
     "MIN", "MAX", "MIN VALUE", "WORKING", "NEXT IN", "NEXT OUT", "BID", "ASK", "LAST", "HIGH",
     "LOW", "VOLUME", "BID QTY", "ASK QTY", "OPEN", "CLOSE", "DIGITS", "MAKER", "TAKER", "AMOUNT",
     "MISSED"}
)  # fmt: skip
_GAP: Final = "  "


def document(told: Row | Sequence[Row]) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(told, indent=2))


def listing(rows: Sequence[Row], columns: Columns, *, as_json: bool = False) -> None:
    """All rows: as JSON, as a table on a terminal that it fits, as aligned text elsewhere."""
    if as_json:
        document(rows)
        return
    used = _used(rows, columns)
    lines = aligned(rows, used)
    if sys.stdout.isatty() and _drawn(rows, used, max(map(len, lines)) + 2 * len(used)):
        return
    for line in lines:
        typer.echo(line)


def aligned(rows: Sequence[Row], columns: Columns) -> list[str]:
    """Heading and rows as lines, nothing cut off."""
    cells = [list(columns)] + [[cell(row.get(name)) for name in columns.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        _GAP.join(
            text.rjust(width) if heading in _NUMBERS else text.ljust(width)
            for heading, text, width in zip(columns, line, widths, strict=True)
        ).rstrip()
        for line in cells
    ]


def cell(value: Any) -> str:
    """A value as text that can not move a terminal's cursor; `-` for none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "-" if value is None or value == "" else str(value)
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _used(rows: Sequence[Row], columns: Columns) -> Columns:
    """The columns in which anything stands; the first always."""
    first = next(iter(columns))
    return {
        heading: name
        for heading, name in columns.items()
        if heading == first or not rows or any(row.get(name) not in (None, "") for row in rows)
    }


def _drawn(rows: Sequence[Row], columns: Columns, width: int) -> bool:
    """Draw them as a table, if the terminal is as wide as that."""
    # Whoever has no terminal, as `oms run`, is spared the time that rich takes to load.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    # rich would fit a wider table by breaking numbers in two.
    if width > console.width:
        return False
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in columns:
        justify: Literal["left", "right"] = "right" if heading in _NUMBERS else "left"
        table.add_column(heading, justify=justify, no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell(row.get(name))) for name in columns.values()))
    console.print(table)
    return True
