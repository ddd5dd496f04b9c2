"""Transfers <-> rows, and what people see of them: a coupon's code only where it is asked for."""

from typing import Any

from sqlalchemy import Row

from oms.core.funding import Transfer
from oms.core.notes import MoveState
from oms.core.numbers import number_text
from oms.core.transfers import MASK, MoneyMove, number_of, transfer_id_of
from oms.store.json_rows import JsonRow
from oms.store.types import decimal_text, utc_text

Values = tuple[Any, ...]


def move_row(move: MoneyMove) -> Values:
    """The transfer and what became of it, in the table's order of columns."""
    transfer = move.transfer
    since = move.in_doubt_since
    return (
        number_of(transfer.transfer_id),
        move.origin,
        move.cl_ord_id,
        transfer.kind._name_,
        transfer.route,
        transfer.security_exchange,
        transfer.to_exchange,
        transfer.asset,
        None if transfer.amount is None else decimal_text(transfer.amount),
        transfer.address,
        transfer.memo,
        transfer.alias,
        transfer.network,
        transfer.recipient,
        transfer.code,
        move.state._name_,
        move.reference,
        move.status,
        None if move.amount is None else decimal_text(move.amount),
        None if move.fee is None else decimal_text(move.fee),
        move.code,
        move.refusal,
        move.text,
        None if since is None else utc_text(since),
        move.in_doubt_text,
        move.settled_by,
        utc_text(move.created),
        utc_text(move.updated),
    )


def move_of(row: Row[Any]) -> MoneyMove:
    """The transfer that `move_row` wrote."""
    return MoneyMove(
        transfer=Transfer(
            transfer_id=transfer_id_of(row.number),
            kind=row.kind,
            route=row.route,
            asset=row.asset,
            amount=row.amount,
            address=row.address,
            memo=row.memo,
            alias=row.alias,
            network=row.network,
            security_exchange=row.security_exchange,
            to_exchange=row.to_exchange,
            recipient=row.recipient,
            code=row.code_redeemed,
        ),
        origin=row.origin,
        cl_ord_id=row.cl_ord_id,
        state=row.state,
        created=row.created,
        updated=row.updated,
        reference=row.reference,
        status=row.status,
        amount=row.amount_moved,
        fee=row.fee,
        code=row.code_made,
        refusal=row.refusal,
        text=row.text,
        in_doubt_since=row.in_doubt_since,
        in_doubt_text=row.in_doubt_text,
        settled_by=row.settled_by,
    )


def move_json(move: MoneyMove, *, reveal: bool = False) -> JsonRow:
    """A transfer for users. `code` is masked unless it is to be revealed; it is money."""
    transfer = move.transfer
    code = move.code or transfer.code
    since = move.in_doubt_since
    return {
        "transfer_id": transfer.transfer_id,
        "origin": move.origin,
        "cl_ord_id": move.cl_ord_id,
        "venue": transfer.route,
        "exchange": transfer.security_exchange,
        "to_exchange": transfer.to_exchange,
        "kind": transfer.kind.name,
        "asset": transfer.asset,
        "amount": None if transfer.amount is None else number_text(transfer.amount),
        "address": transfer.address,
        "memo": transfer.memo,
        "alias": transfer.alias,
        "network": transfer.network,
        "recipient": transfer.recipient,
        "code": code if reveal or not code else MASK,
        "state": move.state.name,
        "open": move.open,
        "in_doubt": move.state is MoveState.IN_DOUBT,
        "in_doubt_since": None if since is None else utc_text(since),
        "in_doubt_text": move.in_doubt_text,
        "reference": move.reference,
        "status": move.status,
        "amount_moved": None if move.amount is None else number_text(move.amount),
        "fee": None if move.fee is None else number_text(move.fee),
        "refusal": move.refusal,
        "settled_by": move.settled_by,
        "text": move.text,
        "created": utc_text(move.created),
        "updated": utc_text(move.updated),
    }
