"""A route that trades by REST, kept in agreement with the venue's lists.

Driven by the book: the open list while anything works, single looks at what has left it, both
lists for orders whose new-order request has no known outcome. The route is ready after the first
pass over all working orders, and not before.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from adapters.budget import Budget
from adapters.foreigners import Foreigners
from adapters.http import Throttled, Unreachable
from adapters.looks import Looks
from adapters.lost import Lost, is_lost
from adapters.options import Options
from adapters.port import Queries, Sight, Unreadable, VenueOrder, VenueTrade
from adapters.reconcile import is_same
from adapters.teller import WHOSE, Teller
from oms.core.errors import MalformedMessage, VenueError, VenueRefused
from oms.core.notes import Instruments, RouteStatus
from oms.core.order import Order
from oms.core.ports import Evidence

FAILURES_MAX: Final = 2
"""Passes in a row that may end without a usable answer before the route counts as down."""

DEFINITE: Final = (Unreachable, VenueRefused)
"""What need not happen twice to mean that the route is down."""

CONNECTING: Final = "not reconciled yet"


class Watch:
    """Looks after one route. All calls on the adapters' loop."""

    def __init__(
        self,
        client: Queries,
        teller: Teller,
        looks: Looks,
        budget: Budget,
        options: Options,
        foreigners: Foreigners,
    ) -> None:
        self.up = False
        self._foreigners = foreigners
        self.lost = Lost(client, teller, options, self.suspect)
        self._client = client
        self._teller = teller
        self._looks = looks
        self._budget = budget
        self._options = options
        self._clock = teller.clock
        self._told: RouteStatus | None = None
        self._begun = False
        self._woken = asyncio.Event()
        self._passed_at = self._next_at = self._refresh_at = self._clock.monotonic()
        budget.refuse_new(CONNECTING)

    def wake(self) -> None:
        """Something works now: look at the lists soon."""
        soon = self._passed_at + self._options.poll_s / self._options.speed
        self._next_at = min(self._next_at, soon)
        self._woken.set()

    def suspect(self) -> None:
        """The venue may be unreachable: find out now."""
        self._next_at = self._clock.monotonic()
        self._woken.set()

    def fall(self, text: str) -> None:
        """The route is down until the next pass succeeds, and its instruments are read."""
        self._budget.refuse_new(text)
        self._tell(up=False, text=text)
        self._refresh_at = self._clock.monotonic()

    async def run(self) -> None:
        """Look after the route until cancelled."""
        try:
            await self._run()
        finally:
            self.lost.stop()

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                await self._pass()
                if self._clock.monotonic() >= self._refresh_at:
                    await self._load_instruments()
            except Throttled:
                continue  # the budget waits
            except (VenueError, MalformedMessage) as error:
                failures += 1
                self._teller.show(error)
                if failures < FAILURES_MAX and self.up and not isinstance(error, DEFINITE):
                    continue
                self.fall(self._budget.slowed or str(error))
                await asyncio.sleep(self._options.back_off_s(failures))
            else:
                failures = 0
                self._rise()
                await self._rest()

    def _rise(self) -> None:
        self._budget.accept_new()
        self._tell(up=True)

    async def _rest(self) -> None:
        while (left := self._next_at - self._clock.monotonic()) > 0:
            self._woken.clear()
            try:
                async with asyncio.timeout(left):
                    await self._woken.wait()
            except TimeoutError:
                return

    async def _load_instruments(self) -> None:
        instruments = await self._client.instruments()
        note = Instruments(route=self._teller.route, instruments=instruments)
        self._teller.post(note, Evidence.VENUE_QUERY)
        self._refresh_at = self._clock.monotonic() + self._options.refresh_s / self._options.speed

    async def _pass(self) -> None:
        self._passed_at = self._clock.monotonic()
        self._next_at = float("inf")  # until now nobody has asked for another one
        working = self._teller.books.working(self._teller.route)
        self._forget({order.order_id for order in working})
        listed = await self._client.open_orders()
        if not self._begun:
            await self.lost.begin()
            self._begun = True
        by_id = {sight.secondary_order_id: sight for sight in listed if sight.secondary_order_id}
        lost = [order for order in working if is_lost(order)]
        self.lost.hunt(lost, listed, self._passed_at)
        self._foreigners.weigh(listed)
        self._weigh_settled(listed)
        named = [order for order in working if order.secondary_order_id]
        fills = await self._fills(named)
        self._weigh_ended()
        for order in self._looks.in_turn(named):
            trades = fills.get(order.order_id, ())
            await self._match(order, by_id.get(order.secondary_order_id), trades)
        self._next_at = min(self._next_at, self._passed_at + self._again_s(working, lost))

    def _weigh_settled(self, listed: Sequence[Sight]) -> None:
        """What an operator has settled as over, and the venue lists as open."""
        for order in self._teller.books.closed(self._teller.route):
            if not order.settled_by:
                continue
            for sight in listed:
                ours = sight.venue_cl_ord_id == order.venue_cl_ord_id
                theirs = sight.secondary_order_id == order.secondary_order_id != ""
                if isinstance(sight, VenueOrder) and (ours or theirs) and is_same(order, sight):
                    self._teller.tell(order, sight)

    def _weigh_ended(self) -> None:
        """An end is told when an order's fills have stood still. One that is listed later than that,
        and may be another order's too, leaves it in doubt after all."""
        may_lack = getattr(self._client, "may_lack", None)
        if may_lack is None:
            return
        for order in self._teller.books.closed(self._teller.route):
            if order.secondary_order_id and may_lack(order):
                self._teller.lacking(order, WHOSE)

    def _again_s(self, working: list[Order], lost: list[Order]) -> float:
        if len(working) > len(lost):
            return self._options.poll_s / self._options.speed
        waits = [self.lost.wait_s(order.order_id) for order in lost]
        return min([self._options.idle_s / self._options.speed, *waits])

    def _forget(self, working: set[str]) -> None:
        self._teller.keep(working)
        self._looks.keep(working)
        self.lost.keep(working)

    async def _fills(self, orders: Sequence[Order]) -> Mapping[str, tuple[VenueTrade, ...]]:
        """What was executed of these orders, where their list does not tell it."""
        ask = getattr(self._client, "fills", None)
        if ask is None or not orders:
            return {}
        told: Mapping[str, tuple[VenueTrade, ...]] = await ask(orders)
        return told

    async def _match(
        self, order: Order, sight: Sight | None, trades: tuple[VenueTrade, ...]
    ) -> None:
        if isinstance(sight, VenueOrder) and trades:
            sight = replace(sight, trades=trades)
        if sight is None or self._looks.awaited(order):
            await self._looks.look(order)
        elif isinstance(sight, Unreadable):
            self._teller.unreadable(sight)
        elif _lacks_names(order, sight):
            await self._looks.look(order)
        else:
            self._teller.tell(order, sight)

    def _tell(self, *, up: bool, text: str = "") -> None:
        self.up = up
        status = RouteStatus(route=self._teller.route, up=up, ready=up, text=text)
        if status != self._told:
            self._told = status
            self._teller.post(status, Evidence.POLICY)


def _lacks_names(order: Order, sight: VenueOrder) -> bool:
    """Whether something was executed whose fills only a look at the order itself tells."""
    told = sight.cum_qty is not None and sight.cum_qty != order.cum_qty
    return sight.names_fills and told and not sight.trades
