"""Accounts and money at venues, as values. Amounts in units of their asset, times aware UTC."""

from dataclasses import field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from oms.core.values import frozen


@frozen(kw_only=True)
class AccountState:
    """What a venue says of the account itself; `status` is its own word. None: it does not say."""

    account_id: str
    status: str
    can_trade: bool | None = None
    can_cancel: bool | None = None
    text: str = ""
    parts: tuple["AccountState", ...] = ()
    """Sub-accounts."""


@frozen(kw_only=True)
class FeeRate:
    """What a trade costs, as a part of its value: 0.001 is ten basis points."""

    symbol: str = ""
    """BASE/QUOTE; "" for every market."""
    maker: Decimal | None = None
    taker: Decimal | None = None
    security_exchange: str = ""


@frozen(kw_only=True)
class DepositAddress:
    """Where to send an asset to."""

    asset: str
    address: str
    memo: str = ""
    network: str = ""
    expires: datetime | None = None
    security_exchange: str = ""


class ActivityKind(StrEnum):
    """What moved money in the venue's list."""

    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    TRANSFER = "TRANSFER"
    COUPON = "COUPON"
    OTHER = "OTHER"


@frozen(kw_only=True)
class Activity:
    """A row of the venue's list of what moved money. `status` is its own word, `done` our reading.

    `amount` is positive; `done` is None where the word tells nothing of it.
    """

    kind: ActivityKind
    activity_id: str
    asset: str
    amount: Decimal
    status: str
    fee: Decimal | None = None
    done: bool | None = None
    address: str = ""
    tx_id: str = ""
    network: str = ""
    time: datetime | None = None
    security_exchange: str = ""
    to_exchange: str = ""
    raw: str = ""


class TransferKind(StrEnum):
    """What can be asked of a venue that moves money."""

    WITHDRAWAL = "WITHDRAWAL"
    TRANSFER = "TRANSFER"
    """Between two exchanges of one account."""
    COUPON_CREATE = "COUPON_CREATE"
    COUPON_REDEEM = "COUPON_REDEEM"


@frozen(kw_only=True)
class Transfer:
    """An intent to move money, journaled before it is sent, and sent once.

    `alias` names an address saved at the venue, `network` the chain or coin, `to_exchange` where a
    TRANSFER goes, `recipient` who alone may redeem a coupon, `code` the coupon to redeem.
    """

    transfer_id: str
    kind: TransferKind
    route: str
    asset: str = ""
    amount: Decimal | None = None
    address: str = ""
    memo: str = ""
    alias: str = ""
    network: str = ""
    security_exchange: str = ""
    to_exchange: str = ""
    recipient: str = ""
    code: str = field(default="", repr=False)


@frozen(kw_only=True)
class Moved:
    """The venue took a transfer. `done`: it is finished; otherwise the venue works on it.

    `refused`: it is over without effect, the money stayed or came back; never together with `done`.
    `reference` is the venue's own id of it, "" where it gives none; `code` a coupon it has made.
    """

    status: str
    done: bool
    refused: bool = False
    reference: str = ""
    amount: Decimal | None = None
    fee: Decimal | None = None
    code: str = field(default="", repr=False)
    raw: str = field(default="", repr=False)
