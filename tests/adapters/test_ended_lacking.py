"""An order whose end was told, and whose venue's executions may have another of its fills."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.budget import Budget
from adapters.foreigners import Foreigners
from adapters.looks import Looks
from adapters.options import Options
from adapters.pace import Pace
from adapters.port import Sight
from adapters.teller import Teller
from adapters.watch import Watch
from oms.clock import ManualClock
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport
from oms.core.notes import Request
from oms.core.order import Order
from oms.core.ports import Inbound, Post
from oms.core.venue import Limit
from tests.core.desk_of_one import ROUTE, DeskOfOne
from tests.core.test_checks import GOOD


class Silent:
    """A venue that shows nothing."""

    async def open_orders(self) -> Sequence[Sight]:
        """Nothing works."""
        return []


class Lacking(Silent):
    """One whose executions may be of these orders."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def may_lack(self, order: Order) -> bool:
        """As a client's."""
        return order.secondary_order_id in self._names


@pytest.mark.parametrize(
    ("venue", "doubted"), [(Silent(), set()), (Lacking({"v1"}), {"v1"}), (Lacking({"v9"}), set())]
)
def test_it_is_in_doubt_after_all(venue: Silent, doubted: set[str]) -> None:
    desk, clock = DeskOfOne(), ManualClock()
    for number, name in enumerate(("v1", "v2", ""), start=1):
        desk.desk(replace(GOOD, cl_ord_id=f"A{number}"))
        ended = ExecutionReport(
            exec_id=f"{number}:END",
            exec_type=ExecType.CANCELED if name else ExecType.REJECTED,
            cl_ord_id=desk.order(number).venue_cl_ord_id,
            secondary_order_id=name,
        )
        desk.venue(ended)
    client: Any = venue
    options = Options(repeats_client_id=False)
    posted: list[Inbound] = []
    post: Post = lambda inbound: posted.append(inbound)  # noqa: E731  a Post, not a list's
    teller = Teller(ROUTE, post, desk.book, clock, speed=1, lags=False)
    looks = Looks(client, teller, Pace(clock.monotonic, 1), lambda _: None)
    budget = Budget([Limit("calls", 9, Decimal(1))], clock=clock)
    watch = Watch(client, teller, looks, budget, options, Foreigners(teller, options))
    asyncio.run(watch._pass())
    for inbound in posted:
        desk.venue(inbound.message, inbound.evidence)
    working = desk.book.working(ROUTE)
    assert {order.secondary_order_id for order in working} == doubted
    assert {order.in_doubt.request for order in working if order.in_doubt} <= {Request.FILLS}
    assert all(order.ended for order in working)
