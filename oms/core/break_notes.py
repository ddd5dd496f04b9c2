"""Notes of what books and venues do not agree on: balances, breaks, orders that are not ours."""

from decimal import Decimal
from enum import StrEnum

from oms.core.fields import Side
from oms.core.values import frozen


class Cause(StrEnum):
    """What most likely made a balance another one than the books say."""

    FILL = "FILL"
    """An execution that the books lack: of an order that works, or is in doubt."""
    FOREIGN_TRADE = "FOREIGN_TRADE"
    """An execution of an order that is not ours."""
    FEE = "FEE"
    """What executions cost, where the venue did not tell it with them."""
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    TRANSFER = "TRANSFER"
    """These three: the venue lists money that came, went or moved, and the engine did not send it."""
    UNKNOWN = "UNKNOWN"


@frozen(kw_only=True)
class Total:
    """What an account has of one asset, with what its orders hold."""

    asset: str
    total: Decimal
    security_exchange: str = ""


@frozen(kw_only=True)
class BalancesTold:
    """What the venue says that the account has: one look. Never journaled.

    `mark` is the route's in the books as it was before the venue was asked.
    """

    mark: int
    totals: tuple[Total, ...]


@frozen(kw_only=True)
class BalanceBegun:
    """From here on a balance is what executions and transfers make of this."""

    asset: str
    total: Decimal
    security_exchange: str = ""


@frozen(kw_only=True)
class BreakOpened:
    """A balance is `amount` more than the books say, or, of a break that is open, is so now."""

    break_id: str
    asset: str
    amount: Decimal
    cause: Cause
    text: str
    security_exchange: str = ""
    reference: str = ""
    """What the venue's lists call what made it, where they show that."""


@frozen(kw_only=True)
class BreakShown:
    """The venue's lists show what made a break. Never journaled. `reference`: its id there."""

    break_id: str
    amount: Decimal
    cause: Cause
    reference: str
    text: str


@frozen(kw_only=True)
class BreakClosed:
    """A break is over: it went away, or is explained; or an operator, `by` name, says why.

    `accepted`: the balance is taken as it is, and the books go on from there. `break_id` may be an
    OrderID: then the break is the one that the order's text tells of.
    """

    break_id: str
    text: str
    by: str = ""
    accepted: bool = False
    reference: str = ""


@frozen(kw_only=True)
class ForeignOrder:
    """An order of the account that the engine has never sent, as the venue shows it.

    `works` is False once the venue does not list it as open any more; what it then told last stands.
    """

    secondary_order_id: str
    symbol: str
    side: Side
    order_qty: Decimal
    works: bool
    venue_cl_ord_id: str = ""
    security_exchange: str = ""
    price: Decimal | None = None
    cum_qty: Decimal | None = None
    avg_px: Decimal | None = None

    @property
    def name(self) -> str:
        """The one id by which it is known: the venue's own, where it has one."""
        return self.secondary_order_id or self.venue_cl_ord_id
