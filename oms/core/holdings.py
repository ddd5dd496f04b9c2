"""What balances have to be, and what they are not: the values, and what transfers do to them.

Pure. Amounts in units of their asset.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

from oms.core.break_notes import Cause, ForeignOrder
from oms.core.funding import TransferKind
from oms.core.numbers import ZERO, add, subtract
from oms.core.transfers import MoneyMove
from oms.core.values import frozen

HoldingKey = tuple[str, str, str]
"""Route, exchange, asset."""

Delta = tuple[HoldingKey, Decimal]

_ENTERED: Final = frozenset(
    {TransferKind.WITHDRAWAL, TransferKind.TRANSFER, TransferKind.COUPON_CREATE}
)


@frozen
class Holding:
    """An asset of an account. `told` was what the venue had of it at `since`."""

    told: Decimal
    since: datetime
    moved: Decimal = ZERO
    """By executions, their fees, and transfers that are done."""
    traded: Decimal = ZERO
    """All that executions moved, in either direction."""
    loose: Decimal = ZERO
    """How far `moved` may be off because prices were derived from rounded averages."""

    @property
    def expected(self) -> Decimal:
        """What the venue must tell."""
        return add(self.told, self.moved)

    def residual(self, total: Decimal, rounded: Decimal = ZERO) -> Decimal:
        """What is there beyond that; 0 where it is no more than rounding can make.

        `rounded`: how far what the venue tells may be off.
        """
        rest = subtract(total, self.expected)
        return ZERO if rest.copy_abs() <= add(self.loose, rounded) else rest


@frozen(kw_only=True)
class Break:
    """A balance that is not what the books say, by `amount`, since `opened`."""

    break_id: str
    key: HoldingKey
    amount: Decimal
    cause: Cause
    text: str
    opened: datetime
    updated: datetime
    closed: bool = False
    closed_by: str = ""
    reference: str = ""
    """What the venue's lists call what made it; no other break has the same."""


@frozen(kw_only=True)
class Foreign:
    """An order at a venue that is not ours, as it was told last. `order_id`: it was ours after all."""

    route: str
    told: ForeignOrder
    first_seen: datetime
    updated: datetime
    order_id: str = ""


def number_of(break_id: str) -> int:
    """The number of a break of balances, 0 for what is no such break's id."""
    digits = break_id[1:]
    return int(digits) if break_id[:1] == "B" and digits.isascii() and digits.isdigit() else 0


def break_id_of(number: int) -> str:
    """What the n-th one is called."""
    return f"B{number}"


def effects(move: MoneyMove) -> Iterator[Delta]:
    """What a transfer does to balances, or would do, as far as it is known."""
    transfer = move.transfer
    amount = transfer.amount if move.amount is None else move.amount
    if amount is None or transfer.kind not in _ENTERED:
        return
    here = (transfer.route, transfer.security_exchange, transfer.asset)
    yield here, subtract(ZERO, add(amount, move.fee or ZERO))
    if transfer.kind is TransferKind.TRANSFER:
        yield (transfer.route, transfer.to_exchange, transfer.asset), amount
