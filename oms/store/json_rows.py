"""What users see of the store: dictionaries that JSON can say.

FIX 4.2's names in snake_case, decimals as plain text, instants ISO 8601 in UTC, enumerations as the
dictionary's words; null where there is no value.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from oms.core.numbers import number_text
from oms.core.order import Order
from oms.store.types import utc_text

JsonRow = dict[str, Any]


def _number(number: Decimal | None) -> str | None:
    return None if number is None else number_text(number)


def _time(time: datetime | None) -> str | None:
    return None if time is None else utc_text(time)


def order_json(order: Order) -> JsonRow:
    """An order and what is read off it."""
    doubt = order.in_doubt
    return {
        "order_id": order.order_id,
        "cl_ord_id": order.cl_ord_id,
        "orig_cl_ord_id": order.orig_cl_ord_id,
        "origin": order.origin,
        "venue": order.route,
        "exchange": order.security_exchange,
        "account": order.account,
        "symbol": order.symbol,
        "side": order.side.name,
        "ord_type": order.ord_type.name,
        "time_in_force": order.time_in_force.name,
        "expire_time": _time(order.expire_time),
        "exec_inst": order.exec_inst,
        "order_qty": number_text(order.order_qty),
        "cash_order_qty": _number(order.cash_order_qty),
        "price": _number(order.price),
        "stop_px": _number(order.stop_px),
        "ord_status": order.ord_status.name,
        "cum_qty": number_text(order.cum_qty),
        "leaves_qty": number_text(order.leaves_qty),
        "avg_px": number_text(order.avg_px),
        "in_doubt": doubt is not None,
        "in_doubt_since": _time(doubt.since) if doubt else None,
        "in_doubt_request": doubt.request.name if doubt else None,
        "in_doubt_text": doubt.text if doubt else "",
        "waits": order.waits,
        "settled_by": order.settled_by,
        "open": not order.closed,
        "secondary_order_id": order.secondary_order_id,
        "venue_cl_ord_id": order.venue_cl_ord_id,
        "text": order.text,
        "created": utc_text(order.created),
        "updated": utc_text(order.updated),
    }


def fill_json(row: Row[Any]) -> JsonRow:
    """An execution; `fee` null where the venue told none. `stands` is false once it was undone."""
    quote = row.symbol.partition("/")[2]
    return {
        "order_id": row.order_id,
        "cl_ord_id": row.cl_ord_id,
        "origin": row.origin,
        "venue": row.route,
        "exec_id": row.exec_id,
        "trade_id": row.trade_id,
        "symbol": row.symbol,
        "side": row.side.name,
        "last_shares": number_text(row.last_shares),
        "last_px": number_text(row.last_px),
        "split_shares": _number(row.split_shares),
        "fee": _number(row.commission),
        "fee_currency": (row.fee_currency or quote) if row.commission is not None else "",
        "transact_time": utc_text(row.transact_time),
        "stands": row.stands,
        "derived": row.derived,
        "exec_ref_id": row.exec_ref_id,
    }


def position_json(row: Row[Any]) -> JsonRow:
    """A holding that executions have made; quantity in units of the asset."""
    return {
        "venue": row.route,
        "exchange": row.exchange,
        "account": row.account,
        "asset": row.asset,
        "qty": number_text(row.qty),
    }


def session_json(row: Row[Any]) -> JsonRow:
    """How far a desk session has been read and answered."""
    return {
        "origin": row.origin,
        "msg_seq_num_in": row.msg_seq_num_in,
        "msg_seq_num_out": row.msg_seq_num_out,
        "delivered": row.delivered,
        "seen": row.seen,
    }


def head_json(record: int, hash: bytes) -> JsonRow:
    """A record's number and hash, the hash in hexadecimal."""
    return {"record": record, "hash": hash.hex()}


def kill_json(row: Row[Any]) -> JsonRow:
    """A kill switch that is on; `venue` is `*` where it is on everywhere."""
    return {
        "venue": row.route,
        "since": utc_text(row.since),
        "seq": row.seq,
        "origin": row.origin,
        "text": row.text,
        "certified_in_doubt": row.in_doubt,
    }


def quarantine_json(row: Row[Any]) -> JsonRow:
    """Something that could not be applied, for a human."""
    return {
        "seq": row.seq,
        "time": utc_text(row.time),
        "venue": row.route,
        "order_id": row.order_id,
        "reason": row.reason,
        "text": row.text,
        "raw": row.raw,
    }
