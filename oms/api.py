"""All that a strategy imports: submit, cancel, replace, look, and listen.

`Oms` is one origin's view of the engine in the same process; `oms.client.Client` is its twin in
another one. Both have these methods, these errors and these rows.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Protocol

from oms import words
from oms.core.desk_side import OPERATOR
from oms.core.errors import (
    OrderRejected,
    UnknownOrder,
)
from oms.core.fields import (
    PARTICIPATE_DONT_INITIATE,
    ExecType,
    OrdType,
    Side,
)
from oms.core.messages import (
    BusinessMessageReject,
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from oms.core.ports import DeskReport, Evidence, Inbound, Post
from oms.feed import Feed
from oms.words import Number

Row = dict[str, Any]
"""A row as docs/index.md names its fields: decimals are strings, enumerations words."""

ANSWER_TIMEOUT_S: Final = 30.0
"""How long a caller waits for the engine to make a request durable."""

REPORTS_AT_ONCE: Final = 500


class Looks(Protocol):
    """The reading side of the store that the API needs."""

    def orders(
        self, *, open_only: bool = False, route: str = "", origin: str = "", limit: int = 0
    ) -> list[Row]:
        """Order rows, oldest first."""

    def order(self, name: str, origin: str = "") -> Row | None:
        """One order row by OrderID, its digits, or ORIGIN/ClOrdID."""

    def fills(self, *, route: str = "", origin: str = "", order_id: str = "") -> list[Row]:
        """Fill rows, oldest first."""

    def positions(self) -> list[Row]:
        """Position rows."""

    def timeline(self, order_id: str) -> list[Row]:
        """Rows of `time kind evidence text raw`."""

    def reports(self, origin: str, since: int, limit: int) -> list[tuple[int, DeskReport]]:
        """Reports of the origin after number `since`, in order."""


@dataclass(frozen=True, slots=True)
class Handle:
    """One order in the caller's hand."""

    oms: "Oms"
    order_id: str
    cl_ord_id: str
    since: int = 0

    async def row(self) -> Row:
        """The order row as it is now. Raises UnknownOrder."""
        return await self.oms.order_row(self.order_id)

    async def reports(self) -> AsyncIterator[ExecutionReport]:
        """Its ExecutionReports, from the first to the last."""
        async for _, report in self.oms.reports(self.since):
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


def _is_last(report: ExecutionReport) -> bool:
    return not report.leaves_qty and report.exec_type is not ExecType.PENDING_NEW


class Oms:
    """One origin's orders and reports. Methods are coroutines, of any event loop."""

    def __init__(
        self,
        origin: str,
        *,
        post: Post,
        feed: Feed,
        looks: Looks,
        ask: Callable[..., Future[Any]],
        status: Callable[[], Row],
        instruments: Callable[[str], list[Row]],
        new_cl_ord_id: Callable[[], str],
    ) -> None:
        """`ask(route, query, **parameters)` is a venue's read-only door."""
        self.origin = origin
        self._post = post
        self._feed = feed
        self._looks = looks
        self._ask = ask
        self._status = status
        self._instruments = instruments
        self._new_cl_ord_id = new_cl_ord_id
        operator = origin == OPERATOR
        self._evidence = Evidence.OPERATOR if operator else Evidence.STRATEGY
        self._own = "" if operator else origin

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
        cl_ord_id: str | None = None,
    ) -> Handle:
        """Send a new order; returns when it is durable and on its way.

        Quantities in base units, `cash_order_qty` and prices in quote units, as text, int or
        Decimal. Raises InvalidOrder for what can not be an order, OrderRejected for a refusal.
        """
        request = NewOrderSingle(
            cl_ord_id=cl_ord_id or self._new_cl_ord_id(),
            ex_destination=venue.upper(),
            symbol=symbol,
            side=words.member(Side, "side", side),
            ord_type=words.member(OrdType, "ord_type", ord_type),
            order_qty=words.number("order_qty", order_qty),
            cash_order_qty=words.number("cash_order_qty", cash_order_qty),
            price=words.number("price", price),
            stop_px=words.number("stop_px", stop_px),
            time_in_force=words.time_in_force(time_in_force),
            security_exchange=exchange,
            account=account,
            exec_inst=PARTICIPATE_DONT_INITIATE if post_only else "",
        )
        report = await self._answer(request)
        if isinstance(report, ExecutionReport) and report.exec_type is not ExecType.REJECTED:
            return Handle(self, report.order_id, request.cl_ord_id)
        raise OrderRejected(report.text)

    async def cancel(self, order_id: str, *, cl_ord_id: str | None = None) -> None:
        """Ask for the cancellation of an order; returns when the request is durable.

        Raises UnknownOrder, OrderRejected.
        """
        row = await self.order_row(order_id)
        request = OrderCancelRequest(
            cl_ord_id=cl_ord_id or self._new_cl_ord_id(),
            orig_cl_ord_id=row["cl_ord_id"] if row["origin"] == self.origin else "",
            order_id=row["order_id"],
            symbol=row["symbol"],
        )
        _refuse(await self._answer(request))

    async def replace(
        self,
        order_id: str,
        *,
        order_qty: Number,
        price: Number | None = None,
        cl_ord_id: str | None = None,
    ) -> None:
        """Ask for new terms. Raises UnknownOrder, OrderRejected."""
        row = await self.order_row(order_id)
        request = OrderCancelReplaceRequest(
            cl_ord_id=cl_ord_id or self._new_cl_ord_id(),
            orig_cl_ord_id=row["cl_ord_id"] if row["origin"] == self.origin else "",
            order_id=row["order_id"],
            symbol=row["symbol"],
            side=Side[row["side"]],
            ord_type=OrdType[row["ord_type"]],
            order_qty=words.number("order_qty", order_qty),
            price=words.number("price", price if price is not None else row["price"]),
        )
        _refuse(await self._answer(request))

    async def order(self, order_id: str) -> Handle:
        """A handle for an order by OrderID, its digits, or ORIGIN/ClOrdID. UnknownOrder."""
        row = await self.order_row(order_id)
        return Handle(self, row["order_id"], row["cl_ord_id"])

    async def order_row(self, order_id: str) -> Row:
        """The order row. Raises UnknownOrder."""
        row = await asyncio.to_thread(self._looks.order, order_id, self._own)
        if row is None:
            raise UnknownOrder(f"no order {order_id}")
        return row

    async def timeline(self, order_id: str) -> list[Row]:
        """What was asked, sent, told and decided about an order. Raises UnknownOrder."""
        row = await self.order_row(order_id)
        return await asyncio.to_thread(self._looks.timeline, row["order_id"])

    async def orders(self, *, open: bool = False, venue: str | None = None) -> list[Row]:
        """Order rows of this origin, oldest first; the operator sees everybody's."""
        return await asyncio.to_thread(
            lambda: self._looks.orders(
                open_only=open, route=(venue or "").upper(), origin=self._own
            )
        )

    async def fills(self, *, venue: str | None = None, order_id: str = "") -> list[Row]:
        """Fill rows of this origin, oldest first."""
        return await asyncio.to_thread(
            lambda: self._looks.fills(
                route=(venue or "").upper(), origin=self._own, order_id=order_id
            )
        )

    async def positions(self) -> list[Row]:
        """What the fills have moved, per route, exchange, account and asset."""
        return await asyncio.to_thread(self._looks.positions)

    async def balances(self, venue: str) -> list[Row]:
        """The venue's own word on its balances. Raises VenueError, NotSupported."""
        rows: list[Row] = await asyncio.wrap_future(self._ask(venue.upper(), "balances"))
        return rows

    async def instruments(self, venue: str) -> list[Row]:
        """What trades there. Raises NotSupported for an unknown route."""
        return self._instruments(venue.upper())

    async def status(self) -> Row:
        """Sessions, venues, doubts: the status row."""
        return await asyncio.to_thread(self._status)

    async def reports(
        self, since: int = 0, follow: bool = True
    ) -> AsyncIterator[tuple[int, DeskReport]]:
        """Every report of this origin after number `since`, in order, as they come.

        Resumable: a report keeps its number for ever. With `follow` False it ends at the last.
        """
        event = self._feed.watch()
        try:
            while True:
                event.clear()
                batch = await asyncio.to_thread(
                    self._looks.reports, self.origin, since, REPORTS_AT_ONCE
                )
                for number, report in batch:
                    since = number
                    yield number, report
                if not batch and not follow:
                    return
                if not batch:
                    await event.wait()
        finally:
            self._feed.unwatch(event)

    async def _answer(
        self, request: NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest
    ) -> DeskReport:
        answer = self._feed.expect(request.cl_ord_id)
        try:
            self._post(Inbound(source=self.origin, message=request, evidence=self._evidence))
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await answer
        finally:
            self._feed.forget(request.cl_ord_id)


def _refuse(report: DeskReport) -> None:
    if isinstance(report, OrderCancelReject | BusinessMessageReject):
        raise OrderRejected(report.text)


__all__ = ["Feed", "Handle", "Looks", "Oms", "Row"]
