"""The demo's strategy: the Python API from outside the engine's process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from oms.client import Client
from oms.core.errors import OrderRejected
from oms.demo.plan import PlannedOrder
from oms.demo.reports import ReportLog, told_of


class Strategy:
    """One strategy; its reports are a stream of their own."""

    def __init__(self, name: str, client: Client, log: Path | None = None) -> None:
        """`log`: a file to which every report is written, one a line."""
        self.reports = ReportLog()
        self._name = name
        self._client = client
        self._log = log

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Its reports are read while this is open."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def submit(self, order: PlannedOrder) -> None:
        """A new order. A refusal is told as a report."""
        with contextlib.suppress(OrderRejected):
            await self._client.submit(
                venue=order.route,
                symbol=order.symbol,
                side=order.side,
                ord_type="MARKET" if order.price is None else "LIMIT",
                order_qty=order.order_qty,
                price=order.price,
                time_in_force=order.time_in_force,
                exchange=order.exchange,
                post_only=order.post_only,
                cl_ord_id=order.cl_ord_id,
            )

    async def cancel(self, order: PlannedOrder) -> None:
        """Its cancellation. A refusal is told as a report."""
        with contextlib.suppress(OrderRejected):
            await self._client.cancel(self._id(order), cl_ord_id=order.cancel_id)

    async def ask_status(self, order: PlannedOrder) -> None:
        """Its row."""
        await self._client.order_row(self._id(order))

    def _id(self, order: PlannedOrder) -> str:
        return f"{self._name}/{order.cl_ord_id}"

    async def _listen(self) -> None:
        async with aclosing(self._client.reports()) as reports:
            async for number, report in reports:
                told = told_of(number, report)
                if self._log is not None:
                    with self._log.open("a", encoding="utf-8") as file:
                        file.write(f"{told.line()}\n")
                self.reports.add(told)
