"""All that a strategy imports: submit, cancel, replace, look, and listen.

`Oms` is one origin's view of the engine in the same process; `oms.client.Client` is its twin in
another one. Both are a `Door`: the same methods, errors and rows.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final, Protocol

from adapters.port import Balance
from oms import inquiries, words
from oms.asks import PUBLIC, News, balance_row
from oms.breaks.here import BreakLooks, BreaksHere
from oms.core.book import EVERY_ROUTE, OPERATOR
from oms.core.errors import (
    EngineUnavailable,
    InvalidOrder,
    NotAuthorised,
    OrderRejected,
    OutcomeUnknown,
    StoreUnavailable,
    UnknownOrder,
)
from oms.core.fields import ExecTransType, ExecType, OrdType, Side
from oms.core.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from oms.core.notes import CancelAll, KillSwitch
from oms.core.ports import DeskReport, Evidence, Inbound, Post
from oms.door import Door, Handle, Row
from oms.feed import Feed
from oms.treasury.here import MoneyHere, MoveLooks
from oms.venues import Venues

ANSWER_TIMEOUT_S: Final = 30.0
"""How long a caller waits for the engine to make a request durable."""

LOOK_EVERY_S: Final = 0.05
"""How often the store is asked for a cancel or replace that is not answered yet."""

REPORTS_AT_ONCE: Final = 500

_Request = NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest


class Looks(MoveLooks, BreakLooks, Protocol):
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

    def known_at(self, route: str, venue_cl_ord_id: str, secondary_order_id: str) -> str | None:
        """The OrderID of an order by one of its names at the venue."""

    def kills(self) -> list[Row]:
        """The kill switches that are on."""

    def last_report(self, origin: str) -> int:
        """The number of the origin's latest report, 0 before the first."""

    def reports(self, origin: str, since: int, limit: int) -> list[tuple[int, DeskReport]]:
        """Reports of the origin after number `since`, in order."""


class Oms(MoneyHere, BreaksHere, Door):
    """One origin's orders and reports in this process. Of any event loop."""

    def __init__(
        self,
        origin: str,
        *,
        post: Post,
        feed: Feed,
        looks: Looks,
        venues: Venues,
        status: Callable[[], Row],
        certify: Callable[[], Awaitable[Row]],
        new_cl_ord_id: Callable[[], str],
        trouble: Callable[[], str] = str,
    ) -> None:
        """`venues` are the routes' read-only doors; `trouble()` says what keeps the engine from
        putting anything on record just now, "" for nothing."""
        super().__init__(new_cl_ord_id)
        self._trouble = trouble
        self.origin = origin
        self._post = post
        self._feed = feed
        self._looks = self._move_looks = self._break_looks = looks
        self._venues = venues
        self._status = status
        self._certify = certify
        operator = origin == OPERATOR
        self._evidence = Evidence.OPERATOR if operator else Evidence.STRATEGY
        self._own = "" if operator else origin

    async def order_row(self, order_id: str) -> Row:
        """The order row. Raises UnknownOrder."""
        row = await asyncio.to_thread(self._looks.order, order_id, self._own)
        if row is None:
            raise UnknownOrder(f"no order {order_id}")
        return row

    async def own_order_row(self, cl_ord_id: str) -> Row:
        """The order row by a ClOrdID of the caller's own. Raises UnknownOrder."""
        return await self.order_row(f"{self.origin}/{cl_ord_id}")

    async def timeline(self, order_id: str) -> list[Row]:
        """What was asked, sent, told and decided about an order. Raises UnknownOrder."""
        row = await self.order_row(order_id)
        return await asyncio.to_thread(self._looks.timeline, row["order_id"])

    async def orders(self, *, open: bool = False, venue: str | None = None) -> list[Row]:
        """Order rows of this origin, oldest first; the operator sees everybody's."""
        route = (venue or "").upper()
        return await asyncio.to_thread(
            lambda: self._looks.orders(open_only=open, route=route, origin=self._own)
        )

    async def fills(self, *, venue: str | None = None, order_id: str = "") -> list[Row]:
        """Fill rows of this origin, oldest first. Raises UnknownOrder."""
        route = (venue or "").upper()
        wanted = (await self.order_row(order_id))["order_id"] if order_id else ""
        return await asyncio.to_thread(
            lambda: self._looks.fills(route=route, origin=self._own, order_id=wanted)
        )

    async def positions(self) -> list[Row]:
        """What the fills have moved, per route, exchange, account and asset."""
        return await asyncio.to_thread(self._looks.positions)

    async def balances(self, venue: str) -> list[Row]:
        """The venue's own word on its balances. Raises VenueError, NotSupported, NotAuthorised."""
        route = venue.upper()
        self._demand_account(route)
        told: list[Balance] = await asyncio.wrap_future(self._venues.ask(route, "balances"))
        return [balance_row(route, balance) for balance in told]

    async def instruments(self, venue: str) -> list[Row]:
        """What trades there. Raises NotSupported for an unknown route."""
        return self._venues.instruments(venue.upper())

    async def capabilities(self, venue: str) -> Row:
        """What a route can do. Raises NotSupported for an unknown route."""
        return self._venues.capabilities(venue.upper())

    async def last_report(self) -> int:
        """The number of this origin's latest report, 0 before the first."""
        return await asyncio.to_thread(self._looks.last_report, self.origin)

    async def kill(self, on: bool, venue: str | None = None) -> Row:
        """Turn the kill switch, everywhere or for one route; the certificate as it then is."""
        self._demand_operator("turn the kill switch")
        switch = KillSwitch(
            on=words.flag("on", on),
            route=self._route(venue),
            origin=self.origin,
            cl_ord_id=self._name(None),
        )
        await self._record(switch)
        return await self._certify()

    async def kill_certificate(self) -> Row:
        """The proof of every order's end under the kill switch, or that it is in doubt."""
        self._demand_operator("see everybody's orders")
        return await self._certify()

    async def cancel_all(
        self, venue: str | None = None, *, everybody: bool = False, account_wide: bool = False
    ) -> list[Row]:
        """Ask for the cancellation of all that works; rows of what was asked for."""
        if words.flag("everybody", everybody) or words.flag("account_wide", account_wide):
            self._demand_operator("cancel the orders of others")
        route = self._route(venue)
        if account_wide:
            return await self._cancel_account(route)
        own = "" if everybody else self.origin
        asked = await self._open(route, own)
        note = CancelAll(
            origin=self.origin, cl_ord_id=self._name(None), route=route, everybody=everybody
        )
        await self._record(note)
        # What came to work meanwhile was asked for as well.
        names = {row["order_id"]: row for row in [*asked, *await self._open(route, own)]}
        return [await self.order_row(name) for name in sorted(names)]

    async def status(self) -> Row:
        """Sessions, venues, doubts: the status row."""
        return await asyncio.to_thread(self._status)

    async def reports(
        self, since: int = 0, follow: bool = True
    ) -> AsyncGenerator[tuple[int, DeskReport], None]:
        """Every report of this origin after number `since`, in order, as they come."""
        event = self._feed.watch()
        try:
            while True:
                broken = self._feed.broken
                batch = self._feed.after(since, event)
                # Only the store has what was committed and not told any more.
                if batch is None or broken or not follow:
                    batch = await asyncio.to_thread(
                        self._looks.reports, self.origin, since, REPORTS_AT_ONCE
                    )
                for number, report in batch:
                    since = number
                    yield number, report
                if not batch and not follow:
                    return
                if not batch and broken:
                    raise EngineUnavailable(broken)
                if not batch:
                    await event.wait()
        finally:
            self._feed.unwatch(event)

    async def _answer_to(self, query: str, route: str, asked: Row) -> Any:
        if query not in PUBLIC:
            self._demand_account(route)
        return await inquiries.answer(self._venues, query, route, asked)

    def _news_of(self, kind: str, route: str, asked: Row) -> AsyncGenerator[News, None]:
        if kind not in PUBLIC:
            self._demand_account(route)
        return inquiries.news(self._venues, kind, route, asked)

    async def _submit(self, request: NewOrderSingle) -> Handle:
        number, report = await self._answer(request)
        if isinstance(report, ExecutionReport) and report.exec_type is not ExecType.REJECTED:
            return Handle(self, report.order_id, request.cl_ord_id, number - 1)
        raise OrderRejected(report.text)

    async def _cancel(self, order_id: str, cl_ord_id: str) -> None:
        row = await self.order_row(order_id)
        request = OrderCancelRequest(
            cl_ord_id=cl_ord_id,
            orig_cl_ord_id=row["cl_ord_id"] if row["origin"] == self.origin else "",
            order_id=row["order_id"],
            symbol=row["symbol"],
        )
        await self._ask_for(request)

    async def _replace(
        self, order_id: str, cl_ord_id: str, order_qty: Decimal, price: Decimal | None
    ) -> None:
        row = await self.order_row(order_id)
        request = OrderCancelReplaceRequest(
            cl_ord_id=cl_ord_id,
            orig_cl_ord_id=row["cl_ord_id"] if row["origin"] == self.origin else "",
            order_id=row["order_id"],
            symbol=row["symbol"],
            side=Side[row["side"]],
            ord_type=OrdType[row["ord_type"]],
            order_qty=order_qty,
            price=words.number("price", price if price is not None else row["price"]),
            exec_inst=row["exec_inst"],
        )
        await self._ask_for(request)

    async def _ask_for(self, request: OrderCancelRequest | OrderCancelReplaceRequest) -> None:
        answering = asyncio.ensure_future(self._answer(request))
        try:
            while not (await asyncio.wait({answering}, timeout=LOOK_EVERY_S))[0]:
                # Where the venue itself tells that a cancel is pending, the answer is the venue's.
                # That the request is in the store is all that is promised.
                name = f"{self.origin}/{request.cl_ord_id}"
                with suppress(StoreUnavailable):  # it is posted, whether that can be read or not
                    if await asyncio.to_thread(self._looks.order, name, self._own) is not None:
                        return
            _, report = answering.result()
        finally:
            answering.cancel()
        if isinstance(report, OrderCancelReject):
            raise OrderRejected(report.text)

    def _demand_operator(self, what: str) -> None:
        if self.origin != OPERATOR:
            raise NotAuthorised(f"only the operator may {what}")

    def _demand_account(self, route: str) -> None:
        if self._own and not self._venues.serves(self.origin, route):
            raise NotAuthorised(f"{self.origin} may not see the account at {route}")

    def _route(self, venue: str | None) -> str:
        if venue is None:
            return EVERY_ROUTE
        route = words.text("venue", venue).upper()
        self._venues.instruments(route)  # raises NotSupported for a route that is none
        return route

    async def _cancel_account(self, route: str) -> list[Row]:
        """The venue's own call, on record before it is sent; what it says it cancelled."""
        if route == EVERY_ROUTE:
            raise InvalidOrder("venue: an account-wide call is one venue's; name it")
        note = CancelAll(
            origin=self.origin, cl_ord_id=self._name(None), route=route, account_wide=True
        )
        await self._record(note)
        named: list[str] = await asyncio.wrap_future(self._venues.ask(route, "cancel_all"))
        rows: list[Row] = []
        for name in named:
            ours = await asyncio.to_thread(self._looks.known_at, route, name, name)
            foreign = {"order_id": None, "venue": route, "venue_cl_ord_id": name}
            rows.append(foreign if ours is None else await self.order_row(ours))
        return rows

    async def _open(self, route: str, origin: str) -> list[Row]:
        wanted = "" if route == EVERY_ROUTE else route
        return await asyncio.to_thread(
            lambda: self._looks.orders(open_only=True, route=wanted, origin=origin)
        )

    async def _record(self, note: KillSwitch | CancelAll) -> None:
        """Post, and come back when it is in the store. Raises OutcomeUnknown."""
        self._post(Inbound(source=self.origin, message=note, evidence=self._evidence))
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                while not await asyncio.to_thread(self._is_recorded, note):
                    if self._feed.broken:
                        raise OutcomeUnknown(f"{self._feed.broken}; look at the status")
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            raise OutcomeUnknown(
                f"the engine has not answered in {ANSWER_TIMEOUT_S:g} s; look at the status"
            ) from None

    def _is_recorded(self, note: KillSwitch | CancelAll) -> bool:
        """False too while the store can not be read: the note is posted all the same."""
        with suppress(StoreUnavailable):
            if self._looks.is_used(self.origin, note.cl_ord_id):
                return True
            # A switch is on before its message is decided in its place.
            on = isinstance(note, KillSwitch) and note.on
            return on and any(kill["venue"] == note.route for kill in self._looks.kills())
        return False

    async def _answer(self, request: _Request) -> tuple[int, DeskReport]:
        name = request.cl_ord_id
        if trouble := self._trouble():
            raise StoreUnavailable(f"{trouble}; nothing was recorded, try again later")
        entry = isinstance(request, NewOrderSingle)
        answer = self._feed.expect(name, _is_entry_answer if entry else _is_change_answer)
        try:
            self._post(Inbound(source=self.origin, message=request, evidence=self._evidence))
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await answer
        except TimeoutError:
            raise OutcomeUnknown(
                f"the engine has not answered in {ANSWER_TIMEOUT_S:g} s; look for ClOrdID {name}"
            ) from None
        finally:
            self._feed.forget(name)


def _is_entry_answer(report: DeskReport) -> bool:
    """Whether a NewOrderSingle is answered by it; an older order of that ClOrdID has others."""
    return (
        isinstance(report, ExecutionReport)
        and report.exec_trans_type is ExecTransType.NEW
        and report.exec_type in (ExecType.PENDING_NEW, ExecType.REJECTED)
    )


def _is_change_answer(report: DeskReport) -> bool:
    """Whether a cancel or replace is answered by it."""
    return isinstance(report, OrderCancelReject) or (
        isinstance(report, ExecutionReport) and report.exec_type in _CHANGES
    )


_CHANGES: Final = frozenset(
    {
        ExecType.PENDING_CANCEL,
        ExecType.PENDING_REPLACE,
        ExecType.CANCELED,
        ExecType.REPLACED,
    }
)

__all__ = ["Door", "Feed", "Handle", "Looks", "Oms", "Row"]
