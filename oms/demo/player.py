"""Plays one origin's part of the plan, through whichever door it has."""

import asyncio
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, Protocol

from oms.core.errors import OmsError
from oms.core.values import frozen
from oms.demo.plan import Extra, Kind, PlannedOrder
from oms.demo.reports import ReportLog

CANCELLED: Final = frozenset({Kind.CANCEL, Kind.CANCEL_PART, Kind.POST_ONLY})


class Way(Protocol):
    """A door to the engine. What it refuses comes back as a report, not as an exception."""

    reports: ReportLog

    async def submit(self, order: PlannedOrder) -> None:
        """Send the order."""

    async def cancel(self, order: PlannedOrder) -> None:
        """Ask for its cancellation under `order.cancel_id`."""

    async def ask_status(self, order: PlannedOrder) -> None:
        """Ask where it stands."""


@frozen
class Tempo:
    """`interval_s`: seconds between two orders of a route. `patience_s`: the longest wait."""

    interval_s: Mapping[str, float]
    patience_s: float


async def play(orders: Iterable[PlannedOrder], way: Way, tempo: Tempo) -> list[str]:
    """Send all of it in time, and see each order to where it was meant to go.

    Returns what was waited for in vain, one line each.
    """
    begin = asyncio.get_running_loop().time()
    complaints: list[str] = []
    async with asyncio.TaskGroup() as group:
        for order in orders:
            due = begin + order.slot * tempo.interval_s[order.route]
            group.create_task(_Play(order, way, tempo.patience_s, complaints).run(due))
    return complaints


class _Play:
    def __init__(
        self, order: PlannedOrder, way: Way, patience_s: float, complaints: list[str]
    ) -> None:
        self._order = order
        self._way = way
        self._reports = way.reports
        self._patience_s = patience_s
        self._complaints = complaints

    async def run(self, due: float) -> None:
        """The order's whole life."""
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        try:
            await self._live()
        except (OmsError, OSError) as error:
            self._complaints.append(f"{self._order.cl_ord_id}: {error}")

    async def _live(self) -> None:
        order, way = self._order, self._way
        await way.submit(order)
        if not await self._until(self._acknowledged, "its first report"):
            return
        await self._ask_more()
        if order.kind is Kind.LEFT:
            return
        if order.kind is Kind.CANCEL_PART:
            await self._until(self._executed, "a partial fill")
        if order.kind in CANCELLED:
            await way.cancel(order)
        if await self._until(self._over, "its end") and order.extra is Extra.LATE_CANCEL:
            await way.cancel(order)
            await self._until(self._cancel_refused, "the refusal of a late cancel")

    async def _ask_more(self) -> None:
        if self._order.extra is Extra.DUPLICATE:
            await self._way.submit(self._order)
            await self._until(self._duplicate_refused, "the refusal of its duplicate")
        if self._order.extra is Extra.STATUS:
            await self._way.ask_status(self._order)

    async def _until(self, holds: "Condition", what: str) -> bool:
        if await self._reports.until(holds, self._patience_s):
            return True
        position = self._reports.position(self._order.cl_ord_id)
        self._complaints.append(
            f"{self._order.cl_ord_id} at {self._order.route} ({self._order.kind}): waited "
            f"{self._patience_s:g} s for {what}; it is "
            f"{position.ord_status if position else 'not known'}"
        )
        return False

    def _acknowledged(self) -> bool:
        position = self._reports.position(self._order.cl_ord_id)
        return position is not None and position.ord_status != "PENDING_NEW"

    def _executed(self) -> bool:
        position = self._reports.position(self._order.cl_ord_id)
        return position is not None and (position.over or position.cum_qty > Decimal(0))

    def _over(self) -> bool:
        position = self._reports.position(self._order.cl_ord_id)
        return position is not None and position.over

    def _duplicate_refused(self) -> bool:
        words = {"exec_type": "REJECTED", "ord_rej_reason": "DUPLICATE_ORDER"}
        return self._reports.count(self._order.cl_ord_id, **words) > 0

    def _cancel_refused(self) -> bool:
        return self._reports.count(self._order.cancel_id, kind="ORDER_CANCEL_REJECT") > 0


class Condition(Protocol):
    """Something that a report may bring about."""

    def __call__(self) -> bool:
        """Whether it holds."""
