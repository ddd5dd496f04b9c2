"""What ended lately, compared with the books: whose it is, and since when it is read."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.audit import Audit
from adapters.options import Options
from adapters.port import Sight, VenueState
from adapters.since import CLOCKS_APART
from adapters.teller import Teller
from oms.clock import ManualClock
from oms.core.errors import VenueUnavailable
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport
from oms.core.order import Order
from oms.core.ports import Inbound
from tests.adapters.test_foreigners import OTHER
from tests.core.desk_of_one import ROUTE, DeskOfOne
from tests.core.test_checks import GOOD


class Ended:
    """A venue's list of what ended, and who was looked at because of it."""

    def __init__(self) -> None:
        self.desk, self.clock = DeskOfOne(), ManualClock()
        self.listed: list[Sight] = []
        self.asked: list[datetime] = []
        self.looked: list[str] = []
        self.down = False
        teller = Teller(ROUTE, self._post, self.desk.book, self.clock, speed=1, lags=False)
        client: Any = self
        options = Options(repeats_client_id=False)
        self.audit = Audit(client, teller, options, lambda: True, self._look)

    async def closed_orders(self, since: datetime) -> Sequence[Sight]:
        """As a client's."""
        self.asked.append(since)
        if self.down:
            raise VenueUnavailable("down")
        return self.listed

    def _post(self, inbound: Inbound) -> None:
        raise AssertionError(f"nothing is told: {inbound}")

    async def _look(self, order: Order) -> bool:
        self.looked.append(order.order_id)
        return True

    def read(self) -> None:
        """One reading."""
        asyncio.run(self.audit._history())


def test_an_order_that_never_got_an_id_is_nobody_elses() -> None:
    there = Ended()
    there.desk.desk(replace(GOOD, cl_ord_id="a"))
    name = there.desk.order().venue_cl_ord_id
    there.desk.venue(ExecutionReport(exec_id="no", exec_type=ExecType.REJECTED, cl_ord_id=name))
    there.listed = [replace(OTHER, state=VenueState.CANCELED, cum_qty=Decimal(1))]
    there.read()
    assert there.looked == []


def test_a_reading_that_failed_is_made_up_for() -> None:
    there = Ended()
    began = there.clock.now()
    there.down = True
    there.clock.advance(3600)
    with pytest.raises(VenueUnavailable):
        there.read()
    there.down = False
    there.read()
    there.clock.advance(300)
    there.read()
    assert there.asked == [
        began - CLOCKS_APART,
        began - CLOCKS_APART,
        began - CLOCKS_APART + timedelta(hours=1),
    ]
