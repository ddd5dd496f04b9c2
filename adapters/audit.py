"""A route compared with its venue over and over: balances, what ended lately, and, where nobody
else reads it, the list of open orders.

Everything goes in the lane of status queries, so that it waits for all that trades. What differs
twice is looked at by itself; what the books make of a balance is theirs to say.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.foreigners import Foreigners
from adapters.mover import CLOCKS_APART as MOVE_CLOCKS_APART
from adapters.options import Options
from adapters.pace import Pace
from adapters.port import Audited, Balance, Difference, Queries, Sight, VenueOrder, VenueState
from adapters.since import CLOCKS_APART
from adapters.teller import Teller
from oms.core.break_notes import BalancesTold, BreakShown, Total
from oms.core.causes import shown_by
from oms.core.errors import MalformedMessage, NotSupported, VenueError
from oms.core.funding import Activity
from oms.core.holdings import Break, Holding
from oms.core.numbers import ZERO, number_text
from oms.core.order import Order
from oms.core.ports import Evidence

LOOKS: Final = 2
"""So many looks at the balances after something has moved them; see oms.core.breaks."""

LISTS: Final = ("deposits", "withdrawals", "transfers")
"""What lists money that moved, where the venue has no one list of it all."""

BACK: Final = timedelta(days=7)
"""How far back what made a break is looked for."""

_log = logging.getLogger(__name__)


class Audit:
    """Compares one route. All calls on the adapters' loop."""

    def __init__(
        self,
        client: Queries,
        teller: Teller,
        options: Options,
        up: Callable[[], bool],
        look: Callable[[Order], Awaitable[bool]],
    ) -> None:
        """`up()`: whether the venue can be asked. `look` has an order looked at by itself, and says
        whether book and venue agree. Where orders go another way, nobody else reads the list."""
        self._client: Any = client
        self._teller = teller
        self._options = options
        self.foreigners = Foreigners(teller, options)
        self._linked = not options.trades_here
        self._up = up
        self._look = look
        self._clock = teller.clock
        self._pace = Pace(self._clock.monotonic, options.speed)
        self._next = dict.fromkeys(("balances", "history", "open"), self._clock.monotonic())
        self._mark = -1
        self._looks = 0
        self._told: Sequence[Balance] = ()
        self._read_to = self._clock.now()
        self._suspects: dict[str, object] = {}

    async def run(self) -> None:
        """Compare until cancelled."""
        if not self._options.audit_s:
            return
        while True:
            await asyncio.sleep(self._options.settle_s / self._options.speed)
            if self._up():
                await self._step()

    async def now(self) -> Audited:
        """Compare at once, and say what was found. Raises as Queries do."""
        listed = await self._client.open_orders()
        self.foreigners.weigh(listed)
        differing = [order for order in self._compared(listed) if not await self._look(order)]
        await self._history()
        await self._balances()
        await asyncio.sleep(self._options.settle_s / self._options.speed)
        await self._balances()
        await self._explain()
        books, route = self._teller.books, self._teller.route
        again = [books.order(order.order_id) or order for order in differing]
        return Audited(
            listed=len(listed),
            working=len(books.working(route)),
            assets=len({*books.agreement.holdings_of(route)}),
            differences=(
                *(Difference(f"order {o.order_id} executed", *_figures(o, listed)) for o in again),
                *self._residuals(),
            ),
        )

    async def _step(self) -> None:
        for what, every_s, compare in (
            ("open", self._options.list_s, self._open),
            ("history", self._options.history_s, self._history),
            ("balances", 0.0, self._balances_in_turn),
        ):
            if self._clock.monotonic() < self._next[what]:
                continue
            self._next[what] = self._clock.monotonic() + every_s / self._options.speed
            try:
                await compare()
            except (VenueError, MalformedMessage, NotSupported) as error:
                self._teller.show(error)
                _log.info("%s, %s: %s", self._teller.route, what, error)
            except Exception as fault:  # noqa: BLE001  our mistake must not end the comparing
                _log.error("route %s, %s", self._teller.route, what, exc_info=fault)

    # Orders

    async def _open(self) -> None:
        if not self._linked:
            return  # the watch reads it all the time
        listed = await self._client.open_orders()
        self.foreigners.weigh(listed)
        suspects = {order.order_id: order.cum_qty for order in self._compared(listed)}
        for order_id, cum_qty in suspects.items():
            # Once may be a report on its way; twice, with nothing booked meanwhile, is none.
            if self._suspects.get(order_id) == cum_qty:
                order = self._teller.books.order(order_id)
                if order is not None:
                    await self._look(order)
        self._suspects = dict(suspects)

    def _compared(self, listed: Sequence[Sight]) -> list[Order]:
        """Orders that work, and that the list does not show as the books have them."""
        shown = {sight.venue_cl_ord_id or sight.secondary_order_id: sight for sight in listed}
        shown |= {sight.secondary_order_id: sight for sight in listed if sight.secondary_order_id}
        working = self._teller.books.working(self._teller.route)
        settled = [order for order in working if order.acknowledged and order.in_doubt is None]
        return [order for order in settled if _differs(order, shown)]

    async def _history(self) -> None:
        """What has ended since the last time, and a little before: ours as it is booked, and
        others' that came and went unseen."""
        asked = self._clock.now()
        closed = await self._client.closed_orders(self._read_to - CLOCKS_APART)
        self._read_to = asked
        self.foreigners.weigh_past(closed)
        shown: dict[str, Sight] = {}
        for sight in closed:
            shown |= dict.fromkeys((sight.venue_cl_ord_id, sight.secondary_order_id), sight)
        shown.pop("", None)  # the venue does not repeat our ids, or an order never got one of its
        ended = self._teller.books.closed(self._teller.route)
        for order in ended:
            sight = shown.get(order.venue_cl_ord_id) or shown.get(order.secondary_order_id)
            if isinstance(sight, VenueOrder) and sight.cum_qty not in (None, order.cum_qty):
                await self._look(order)

    # Balances

    async def _balances_in_turn(self) -> None:
        mark = self._teller.books.agreement.mark(self._teller.route)
        if mark != self._mark:
            self._mark, self._looks = mark, 0  # the venue may be ahead, or behind
            return
        now = self._clock.monotonic()
        if self._looks >= LOOKS and now < self._again:
            return
        self._again = now + self._options.audit_s / self._options.speed
        before = self._told
        await self._balances()
        self._looks = self._looks + 1 if self._told == before else 1
        await self._explain()

    _again = 0.0

    async def _balances(self) -> None:
        mark = self._teller.books.agreement.mark(self._teller.route)
        self._told = await self._client.balances()
        totals = tuple(
            Total(asset=one.asset, total=one.total, security_exchange=one.security_exchange)
            for one in self._told
        )
        self._teller.post(BalancesTold(mark=mark, totals=totals), Evidence.VENUE_QUERY)

    def _residuals(self) -> list[Difference]:
        route = self._teller.route
        told = {(route, one.security_exchange, one.asset): one.total for one in self._told}
        found = []
        agreement = self._teller.books.agreement
        for key, holding in sorted(agreement.holdings_of(route).items()):
            total = told.get(key, ZERO)
            if agreement.residual(key, total):
                what = "balance of " + " ".join(filter(None, key[1:]))
                expected = number_text(holding.expected)
                found.append(Difference(what, expected, number_text(total)))
        return found

    async def _explain(self) -> None:
        """Look for what made a break in the venue's own lists of money that moved."""
        open_breaks = self._teller.books.agreement.open_breaks(self._teller.route)
        self._pace.keep({one.break_id for one in open_breaks})
        due = [one for one in open_breaks if self._pace.due(f"{one.break_id}")]
        if not due:
            return
        rows = await self._moved(min(one.opened for one in due) - BACK)
        for one in due:
            self._show(one, rows)

    async def _moved(self, since: datetime) -> list[Activity]:
        names = [name for name in ("activities",) if hasattr(self._client, name)] or LISTS
        rows: list[Activity] = []
        for name in names:
            if hasattr(self._client, name):
                rows += await getattr(self._client, name)(since=since)
        return rows

    def _show(self, found: Break, rows: Sequence[Activity]) -> None:
        holding = self._teller.books.agreement.holdings_of(found.key[0]).get(found.key)
        for row in rows:
            cause = shown_by(row, found)
            if cause is None or holding is None or _is_before(row, holding):
                continue
            text = f"the venue lists {row.kind.lower()} {row.activity_id} {row.status}".strip()
            shown = BreakShown(
                break_id=found.break_id,
                amount=found.amount,
                cause=cause,
                reference=row.activity_id,
                text=text,
            )
            self._teller.post(shown, Evidence.VENUE_QUERY, row.raw)


def _is_before(row: Activity, holding: Holding) -> bool:
    """Whether the first balances had it in them already."""
    return row.time is not None and row.time < holding.since - MOVE_CLOCKS_APART


def _differs(order: Order, shown: dict[str, Sight]) -> bool:
    sight = shown.get(order.venue_cl_ord_id) or shown.get(order.secondary_order_id)
    if not isinstance(sight, VenueOrder):
        return True
    if sight.state is VenueState.CANCELED or sight.state is VenueState.REJECTED:
        return True
    return sight.cum_qty not in (None, order.cum_qty)


def _figures(order: Order, listed: Sequence[Sight]) -> tuple[str, str]:
    """What the books and the list say was executed; the list may not show the order at all."""
    names = {order.venue_cl_ord_id, order.secondary_order_id} - {""}
    for sight in listed:
        if isinstance(sight, VenueOrder) and names & {
            sight.venue_cl_ord_id,
            sight.secondary_order_id,
        }:
            told = "" if sight.cum_qty is None else number_text(sight.cum_qty)
            return number_text(order.cum_qty), told
    return number_text(order.cum_qty), "not listed as open"
