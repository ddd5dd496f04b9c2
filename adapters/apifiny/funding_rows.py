"""Apifiny's rows about the account and its money, and our words. Pure.

Source: the Apifiny Connect API document of 08/03/21, sections "Query Account Info", "Query List
Currencies", "Get Deposit Address", "Create a Withdraw Request", "Transfer Between Venues", "Query
Account History" and "Query Current Fee Rate".
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from adapters.documents import (
    Row,
    instant_of_ms,
    list_of,
    number_in,
    optional_number_in,
    row_of,
    text_in,
)
from oms.core.errors import MalformedMessage
from oms.core.funding import (
    AccountState,
    Activity,
    ActivityKind,
    DepositAddress,
    FeeRate,
    Moved,
)
from oms.core.market import Currency

OPENED: Final = "OPENED"
QUERY_ONLY: Final = "RESTRICTED"
ACCOUNT_WORDS: Final = frozenset({OPENED, QUERY_ONLY, "SUSPENDED"})
"""A restricted account can neither place nor cancel, a suspended one can do nothing."""

INCOMING: Final = frozenset({"INCOMING", "IMCOMING"})
"""The list of activities prints the second."""

OUTGOING: Final = "OUTGOING"

DONE: Final[Mapping[str, bool]] = MappingProxyType(
    {"SUBMITTED": False, "COMPLETED": True, "CANCELLED": False}
)
"""Whether the money has gone where it was to go."""

CANCELLED: Final = "CANCELLED"

_CAN: Final[Mapping[str, tuple[bool, bool]]] = MappingProxyType(
    {
        "DEPOSIT_WITHDRAW": (True, True),
        "NOT_DEPOSIT_WITHDRAW": (False, True),
        "DEPOSIT_NOT_WITHDRAW": (True, False),
        "NOT_DEPOSIT_NOT_WITHDRAW": (False, False),
    }
)
_SUB_ACCOUNT: Final = re.compile(r"STA?-(?P<exchange>.+)_\d+")
_MS: Final = re.compile(r"[1-9]\d{0,14}", re.ASCII)


def account_state(value: object) -> AccountState:
    """One account of queryAccountInfo, with its sub-accounts."""
    row = row_of(value, "account")
    status = text_in(row, "accountStatus")
    known = status in ACCOUNT_WORDS
    able = status == OPENED if known else None
    return AccountState(
        account_id=text_in(row, "accountId"),
        status=status,
        can_trade=able,
        can_cancel=able,
        text="it can be queried only" if status == QUERY_ONLY else "",
        parts=tuple(account_state(part) for part in list_of(_or(row, "subAccountInfo"), "parts")),
    )


def _or(row: Row, name: str) -> object:
    found = row.get(name)
    return [] if found is None else found


def currency(value: object) -> tuple[str, Currency]:
    """One row of listCurrency: its coin, and the currency. The name shown is the coin's."""
    row = row_of(value, "currency")
    name = text_in(row, "currency")
    coin = text_in(row, "coin") if row.get("coin") else name
    precision = optional_number_in(row, "currencyPrecision")
    deposit, withdraw = _CAN.get(text_in(row, "status"), (None, None))
    return coin, Currency(
        asset=name,
        name=coin,
        precision=None if precision is None else int(precision),
        can_deposit=deposit,
        can_withdraw=withdraw,
        min_withdrawal=optional_number_in(row, "withdrawMinAmount"),
        max_withdrawal=optional_number_in(row, "withdrawMaxAmount"),
        withdrawal_fee=optional_number_in(row, "withdrawMinFee"),
    )


def fee_rate(value: object, symbol: str, exchange: str) -> FeeRate:
    """The row of getCommissionRate."""
    row = row_of(value, "fee rate")
    return FeeRate(
        symbol=symbol,
        maker=number_in(row, "makeFee"),
        taker=number_in(row, "takeFee"),
        security_exchange=exchange,
    )


def deposit_address(value: object, exchange: str) -> DepositAddress:
    """The row of queryAddress."""
    row = row_of(value, "address")
    expires = row.get("expiredAt")
    memo = row.get("memo")
    return DepositAddress(
        asset=text_in(row, "currency"),
        address=text_in(row, "address"),
        memo="" if memo is None else str(memo),
        network=text_in(row, "coin"),
        expires=None if expires is None else moment(expires),
        security_exchange=exchange,
    )


def activity(value: object, exchange: str, raw: str) -> Activity:
    """One record of queryAssetActivityList, asked for at `exchange`.

    A transfer is told of at both of its ends, each time from the one to the other.
    """
    row = row_of(value, "activity")
    status, kind = text_in(row, "status"), _kind(row)
    here, there = exchange, ""
    if kind is ActivityKind.TRANSFER:
        here = _exchange_of(row, "fromAccountId") or exchange
        there = _exchange_of(row, "toAccountId")
    created = row.get("logCreatedAt")
    return Activity(
        kind=kind,
        activity_id=text_in(row, "logId"),
        asset=text_in(row, "currency"),
        amount=abs(number_in(row, "amount")),
        status=status,
        fee=optional_number_in(row, "fee"),
        done=DONE.get(status),
        address=_text(row, "targetAddress"),
        tx_id=_text(row, "txId"),
        network=_text(row, "coin"),
        time=None if created is None else moment(created),
        security_exchange=here,
        to_exchange=there,
        raw=raw,
    )


def is_incoming(value: object) -> bool:
    """Whether the record is of something that came in. MalformedMessage for an unknown type."""
    word = text_in(row_of(value, "activity"), "type")
    if word not in INCOMING and word != OUTGOING:
        raise MalformedMessage(f"unknown type {word!r} of an activity")
    return word in INCOMING


def _kind(row: Row) -> ActivityKind:
    action, incoming = _text(row, "actionType"), is_incoming(row)
    if "TRANSFER" in action:
        return ActivityKind.TRANSFER
    if "WITHDRAW" in action and not incoming:
        return ActivityKind.WITHDRAWAL
    if incoming and (not action or "DEPOSIT" in action):
        return ActivityKind.DEPOSIT
    return ActivityKind.OTHER


def _exchange_of(row: Row, name: str) -> str:
    found = _SUB_ACCOUNT.fullmatch(_text(row, name))
    return "" if found is None else found["exchange"]


def moved(value: object, raw: str) -> Moved:
    """The row that answers a withdrawal or a transfer, or shows it later."""
    row = row_of(value, "withdrawal or transfer")
    status = text_in(row, "status")
    if status not in DONE:
        raise MalformedMessage(f"unknown status {status!r} of a withdrawal or transfer")
    return Moved(
        status=status,
        done=DONE[status],
        refused=status == CANCELLED,
        reference=text_in(row, "logId"),
        amount=number_in(row, "amount"),
        fee=optional_number_in(row, "fee"),
        raw=raw,
    )


def moment(value: object) -> datetime:
    """A time in milliseconds, as a number or, in the list of activities, as text."""
    text = str(value)
    if isinstance(value, bool) or not _MS.fullmatch(text):
        raise MalformedMessage("a time in milliseconds is wanted")
    return instant_of_ms(int(text))


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def same_amount(row: Row, amount: Decimal | None) -> bool:
    """Whether the row is about exactly this amount."""
    return amount is not None and number_in(row, "amount") == amount
