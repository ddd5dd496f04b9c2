"""The facts that an order is made of, beside its life."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from oms.core.notes import Request


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution as the venue named it. `stands` is False once busted or corrected."""

    exec_id: str
    last_shares: Decimal
    last_px: Decimal
    stands: bool = True
    derived: bool = False
    exec_ref_id: str = ""
    commission: Decimal | None = None
    fee_currency: str = ""


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A cancel or replace that has not been answered finally. `origin` asked for it."""

    cl_ord_id: str
    orig_cl_ord_id: str
    origin: str
    kind: Request
    pending: bool
    released: bool
    order_qty: Decimal | None = None
    price: Decimal | None = None
    silent: bool = False
    """The engine's own; `text` says why it was made."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Which request has no known outcome, since when, and what would settle it."""

    request: Request
    since: datetime
    text: str
