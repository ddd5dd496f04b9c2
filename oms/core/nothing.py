"""The history of a book that has no store behind it."""

from oms.core.order import Order
from oms.core.transfers import MoneyMove


class Nothing:
    """The history of a store that has none."""

    def order(self, order_id: str) -> Order | None:
        """None."""

    def by_venue_id(
        self, route: str, venue_cl_ord_id: str, secondary_order_id: str
    ) -> Order | None:
        """None."""

    def cl_ord_id(self, origin: str, cl_ord_id: str) -> str | None:
        """None."""

    def move(self, transfer_id: str) -> MoneyMove | None:
        """None."""

    def claimant(self, route: str, reference: str) -> str | None:
        """None."""
