"""What an operator says of an order that no evidence tells of, and the venue that says otherwise.

Notes: they travel through the same door as FIX messages and are journaled beside them.
"""

from decimal import Decimal
from enum import StrEnum

from oms.core.values import frozen


class Verdict(StrEnum):
    """What became of an order, by an operator's word."""

    FILLED = "FILLED"
    CANCELED = "CANCELED"
    """It is over; what was executed before stays executed."""
    ABSENT = "ABSENT"
    """The venue never had it."""


@frozen(kw_only=True)
class OrderSettled:
    """An operator, `by` name, says what became of an order in doubt, and in `text` why it is so.

    `qty`: what was executed of the order that the venue knows, in base units; None for all of it
    where it was filled, for what is booked where it was not. `px`: at what price, in quote units,
    what of that is not booked yet.
    """

    order_id: str
    verdict: Verdict
    by: str
    text: str
    qty: Decimal | None = None
    px: Decimal | None = None

    @property
    def told(self) -> str:
        """The operator's word in a line."""
        return f"settled as {self.verdict.name} by {self.by}: {self.text}"


@frozen(kw_only=True)
class Reopened:
    """The venue shows an order that an operator had settled as over: it works again."""

    cl_ord_id: str
    secondary_order_id: str
    text: str


@frozen(kw_only=True)
class Waits:
    """A committed order has not left: it waits for one that nothing tells from it. `text` says for
    which, "" once it waits no more and leaves."""

    cl_ord_id: str
    text: str


@frozen(kw_only=True)
class Leaves:
    """An order is about to leave for a venue that does not repeat our ids: none does before this.
    Whatever has a number up to `above` there was there before it."""

    cl_ord_id: str
    above: str
