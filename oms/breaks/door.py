"""What an operator holds in his hand to see where books and venues do not agree."""

from abc import ABC, abstractmethod

from oms.told import Row as Row


class BreaksDoor(ABC):
    """The part of a Door that is about breaks. Methods are coroutines, and the operator's alone:
    they raise NotAuthorised for everybody else."""

    @abstractmethod
    async def breaks(self, *, venue: str | None = None, closed: bool = False) -> list[Row]:
        """Orders and balances that are not what the books say; `closed`: also balances that were
        not."""

    @abstractmethod
    async def foreign_orders(self, *, venue: str | None = None, ended: bool = False) -> list[Row]:
        """Orders that work at a venue and that the engine has never sent; `ended`: all of them."""

    @abstractmethod
    async def close_break(self, break_id: str, *, by: str, because: str) -> None:
        """Say what a break was: the books go on from what the venue has. On record with name and
        reason.

        `break_id` is the break's id, or the OrderID of an order whose executions can not be. Raises
        UnknownOrder where no such break is open, OutcomeUnknown when no answer came.
        """

    @abstractmethod
    async def reconcile(self, venue: str | None = None) -> list[Row]:
        """Compare the books with a venue now, or with all: a row a route.

        `agrees` is false where anything differs, a break is open, or the venue could not be asked:
        `text` then says why. Raises NotSupported for an unknown route.
        """
