"""Cryptex's JSON about money on its way, and our words. Pure.

Sources: the Cryptex API document, sections "GetNewAddress", "DepositInfo",
"UnconfirmedTransactions", "Withdraw", "CouponCreate" and "CouponRedeem".
"""

from collections.abc import Callable
from typing import Final

from adapters.cryptex.mapping import Reading, instant, number_of
from adapters.documents import Row, integer_in, list_of, number_in, row_of, text_in
from oms.core.errors import MalformedMessage
from oms.core.funding import Activity, ActivityKind, Moved, Transfer, TransferKind
from oms.core.numbers import number_text

MODERATED: Final = "send_to_moderation"
"""What it answers to a coupon that somebody there has to look at first: taken, not done."""


def transfer_fields(transfer: Transfer) -> dict[str, str] | None:
    """The fields of the call for a transfer; None where the venue can not be told all of it."""
    amount = number_text(transfer.amount) if transfer.amount is not None else ""
    wanted = {"currency": transfer.asset, "amount": amount}
    unheard = transfer.memo or transfer.alias or transfer.network or transfer.security_exchange
    match transfer.kind:
        case TransferKind.WITHDRAWAL:
            fields = {**wanted, "address": transfer.address}
        case TransferKind.COUPON_CREATE:
            named = {"recipient": transfer.recipient} if transfer.recipient else {}
            fields = {**wanted, **named}
        case TransferKind.COUPON_REDEEM:
            fields = {"code": transfer.code}
        case _:
            return None
    return None if unheard or not all(fields.values()) else fields


def moved(transfer: Transfer, data: object, text: Callable[[object], str]) -> Moved:
    """What the answer to a transfer says; a coupon's code stands in no text."""
    if transfer.kind is TransferKind.WITHDRAWAL or data == MODERATED:
        if not isinstance(data, str) or not data:
            raise MalformedMessage("a word is wanted")
        return Moved(status=data, done=False, amount=transfer.amount, raw=text(data))
    row = row_of(data, "data")
    code = text_in(row, "code") if transfer.kind is TransferKind.COUPON_CREATE else ""
    shown = {name: "***" if name == "code" else value for name, value in row.items()}
    try:
        amount = number_in(row, "amount")
    except MalformedMessage as error:
        if not code:
            raise
        # Nobody can ask for a code a second time: to lose it is to lose what it is worth.
        return Moved(status=f"ok, but {error}", done=False, code=code, raw=text(shown))
    return Moved(status="ok", done=True, amount=amount, code=code, raw=text(shown))


def deposit_address(data: object) -> str:
    """A new address to pay to."""
    address = text_in(row_of(data, "data"), "address")
    if not address:
        raise MalformedMessage("address: nothing there")
    return address


def unconfirmed(data: object, reading: Reading, text: Callable[[object], str]) -> list[Activity]:
    """Deposits that are not credited yet."""
    return [
        Activity(
            kind=ActivityKind.DEPOSIT,
            activity_id=number_of(row, "id"),
            asset=asset,
            amount=number_in(row, "amount"),
            status=_confirmations(row),
            done=False,
            address=text_in(row, "address"),
            tx_id=text_in(row, "txid"),
            time=instant(integer_in(row, "timestamp"), reading.zone),
            raw=text(row),
        )
        for asset, rows in row_of(data, "data").items()
        for row in map(_transaction, list_of(rows, asset))
    ]


def deposit(data: object, address: str, asset: str, raw: str) -> list[Activity]:
    """The deposit at an address, none where nothing came. What its `status` says is not told."""
    row = row_of(data, "data")
    amount, tx_id = number_in(row, "amount"), text_in(row, "txid")
    if not amount:
        return []
    status = f"status {integer_in(row, 'status')}, {_confirmations(row)}"
    found = Activity(
        kind=ActivityKind.DEPOSIT,
        activity_id=tx_id,
        asset=asset,
        amount=amount,
        status=status,
        address=address,
        tx_id=tx_id,
        raw=raw,
    )
    return [found]


def _transaction(row: object) -> Row:
    return row_of(row, "transaction")


def _confirmations(row: Row) -> str:
    return f"{integer_in(row, 'confirmations')} confirmations"
