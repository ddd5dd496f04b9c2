"""A strategy's door to the engine: one origin's orders and reports.

`oms.api.Oms` is the door in the engine's own process, `oms.client.Client` the one from another.
"""

from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from decimal import Decimal
from typing import Final

from oms import words
from oms.asks import Asks
from oms.breaks.door import BreaksDoor
from oms.core.errors import InvalidOrder
from oms.core.fields import PARTICIPATE_DONT_INITIATE, ExecType, OrdType, Side
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.ports import DeskReport
from oms.core.values import frozen
from oms.told import Row as Row
from oms.treasury.door import MoneyDoor
from oms.words import Number


@frozen
class Handle:
    """One order in the caller's hand. Its first report comes after number `since`."""

    oms: "Door"
    order_id: str
    cl_ord_id: str
    since: int = 0

    async def row(self) -> Row:
        """The order row as it is now. Raises UnknownOrder."""
        return await self.oms.order_row(self.order_id)

    async def reports(self) -> AsyncIterator[ExecutionReport]:
        """Its ExecutionReports, from the first to the last."""
        async with aclosing(self.oms.reports(self.since)) as reports:
            async for _, report in reports:
                if isinstance(report, ExecutionReport) and report.order_id == self.order_id:
                    yield report
                    if _is_last(report):
                        return

    async def cancel(self) -> None:
        """Ask for its cancellation; returns when that is durable. Raises OrderRejected."""
        await self.oms.cancel(self.order_id)

    async def replace(self, *, order_qty: Number, price: Number | None = None) -> None:
        """Ask for its replacement. Raises OrderRejected."""
        await self.oms.replace(self.order_id, order_qty=order_qty, price=price)


_ENDS: Final = frozenset(
    {ExecType.FILL, ExecType.CANCELED, ExecType.REJECTED, ExecType.EXPIRED, ExecType.DONE_FOR_DAY}
)


def _is_last(report: ExecutionReport) -> bool:
    return report.exec_type in _ENDS and not report.leaves_qty


class Door(Asks, MoneyDoor, BreaksDoor):
    """One origin's orders, reports and money, from wherever. Methods are coroutines."""

    def __init__(self, new_cl_ord_id: Callable[[], str]) -> None:
        """`new_cl_ord_id` draws what no request of this origin has been called yet."""
        self._new_cl_ord_id = new_cl_ord_id

    async def submit(
        self,
        *,
        venue: str,
        symbol: str,
        side: str,
        ord_type: str = "LIMIT",
        order_qty: Number | None = None,
        cash_order_qty: Number | None = None,
        price: Number | None = None,
        stop_px: Number | None = None,
        time_in_force: str = "GTC",
        exchange: str = "",
        account: str = "",
        post_only: bool = False,
        on_behalf_of: str = "",
        cl_ord_id: str | None = None,
    ) -> Handle:
        """Send a new order; returns when it is durable and on its way.

        Quantities in base units, `cash_order_qty` and prices in quote units, as text, int or
        Decimal. With `on_behalf_of` the operator enters what that desk or strategy has asked for
        by telephone: the order is theirs, and so are its reports. Raises InvalidOrder for what can not be an order, OrderRejected for a refusal,
        OutcomeUnknown when no answer came: then ask for the order by its ClOrdID, and do not
        submit it again.
        """
        request = NewOrderSingle(
            cl_ord_id=self._name(cl_ord_id),
            ex_destination=words.text("venue", venue).upper(),
            symbol=words.text("symbol", symbol),
            side=words.member(Side, "side", side),
            ord_type=words.member(OrdType, "ord_type", ord_type),
            order_qty=words.number("order_qty", order_qty),
            cash_order_qty=words.number("cash_order_qty", cash_order_qty),
            price=words.number("price", price),
            stop_px=words.number("stop_px", stop_px),
            time_in_force=words.time_in_force(time_in_force),
            security_exchange=words.text("exchange", exchange).upper(),
            account=words.text("account", account),
            exec_inst=PARTICIPATE_DONT_INITIATE if words.flag("post_only", post_only) else "",
            on_behalf_of_comp_id=words.text("on_behalf_of", on_behalf_of),
        )
        return await self._submit(request)

    async def cancel(self, order_id: str, *, cl_ord_id: str | None = None) -> None:
        """Ask for the cancellation of an order; returns when the request is durable.

        Raises UnknownOrder, OrderRejected, OutcomeUnknown.
        """
        await self._cancel(order_id, self._name(cl_ord_id))

    async def replace(
        self,
        order_id: str,
        *,
        order_qty: Number,
        price: Number | None = None,
        cl_ord_id: str | None = None,
    ) -> None:
        """Ask for new terms; without a price the order keeps its own.

        Raises InvalidOrder, UnknownOrder, OrderRejected, OutcomeUnknown.
        """
        qty = words.number("order_qty", order_qty)
        if qty is None:
            raise InvalidOrder("order_qty: is missing")
        limit = words.number("price", price)
        await self._replace(order_id, self._name(cl_ord_id), qty, limit)

    async def order(self, order_id: str) -> Handle:
        """A handle for an order by OrderID, its digits, or ORIGIN/ClOrdID. UnknownOrder."""
        row = await self.order_row(order_id)
        return Handle(self, row["order_id"], row["cl_ord_id"])

    @abstractmethod
    async def order_row(self, order_id: str) -> Row:
        """The order row. Raises UnknownOrder."""

    @abstractmethod
    async def own_order_row(self, cl_ord_id: str) -> Row:
        """The order row by a ClOrdID of the caller's own. Raises UnknownOrder."""

    @abstractmethod
    async def timeline(self, order_id: str) -> list[Row]:
        """What was asked, sent, told and decided about an order. Raises UnknownOrder."""

    @abstractmethod
    async def orders(self, *, open: bool = False, venue: str | None = None) -> list[Row]:
        """Order rows of this origin, oldest first; the operator sees everybody's."""

    @abstractmethod
    async def fills(self, *, venue: str | None = None, order_id: str = "") -> list[Row]:
        """Fill rows of this origin, oldest first."""

    @abstractmethod
    async def positions(self) -> list[Row]:
        """What the fills have moved, per route, exchange, account and asset."""

    @abstractmethod
    async def balances(self, venue: str) -> list[Row]:
        """The venue's own word on its balances. Raises VenueError, NotSupported."""

    @abstractmethod
    async def instruments(self, venue: str) -> list[Row]:
        """What trades there. Raises NotSupported for an unknown route."""

    @abstractmethod
    async def capabilities(self, venue: str) -> Row:
        """What a route can do: `oms.core.venue.Capabilities` as a row. NotSupported for no route."""

    @abstractmethod
    async def last_report(self) -> int:
        """The number of this origin's latest report, 0 before the first."""

    @abstractmethod
    async def kill(self, on: bool, venue: str | None = None) -> Row:
        """Turn the kill switch, everywhere or for one route; the certificate as it then is.

        Returns when that is durable, not when it is done: `kill_certificate` says what became of
        it. To turn it on twice is no harm. Raises NotAuthorised for all but the operator,
        NotSupported for an unknown route, OutcomeUnknown.
        """

    @abstractmethod
    async def kill_certificate(self) -> Row:
        """The proof of every order's end under the kill switch, or that it is in doubt.

        Raises NotAuthorised for all but the operator.
        """

    @abstractmethod
    async def cancel_all(
        self, venue: str | None = None, *, everybody: bool = False, account_wide: bool = False
    ) -> list[Row]:
        """Ask for the cancellation of all that works, one by one; rows of what was asked for.

        The caller's own orders; with `everybody` the operator's call covers all origins'. With
        `account_wide` the operator has the venue itself cancel whatever the account has; raises
        NotSupported where it offers none. Returns when that is durable. Raises NotAuthorised,
        OutcomeUnknown.
        """

    @abstractmethod
    async def status(self) -> Row:
        """Sessions, venues, doubts: the status row."""

    @abstractmethod
    def reports(
        self, since: int = 0, follow: bool = True
    ) -> AsyncGenerator[tuple[int, DeskReport], None]:
        """Every report of this origin after number `since`, in order, as they come.

        Resumable: a report keeps its number for ever. With `follow` False it ends at the last.
        """

    @abstractmethod
    async def _submit(self, request: NewOrderSingle) -> Handle: ...

    @abstractmethod
    async def _cancel(self, order_id: str, cl_ord_id: str) -> None: ...

    @abstractmethod
    async def _replace(
        self, order_id: str, cl_ord_id: str, order_qty: Decimal, price: Decimal | None
    ) -> None: ...

    def _name(self, cl_ord_id: str | None) -> str:
        if cl_ord_id is None:
            return self._new_cl_ord_id()
        if not cl_ord_id:
            raise InvalidOrder("cl_ord_id: is empty; leave it out to have one drawn")
        return words.text("cl_ord_id", cl_ord_id)
