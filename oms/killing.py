"""The kill switch's follower: asks again for what still works, and says when a kill is done.

It decides nothing about orders: it posts a sweep, and the certificate when it has become true.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

from adapters.port import Sight
from adapters.since import made_since
from oms.certificate import certificate, compare, covers, in_scope, lines, still_open, venue_row
from oms.clock import Clock
from oms.core.book import Book
from oms.core.errors import MalformedMessage, NotSupported, VenueError
from oms.core.facts import Kill
from oms.core.notes import Doubt, KillCertificate, KillSweep, Request
from oms.core.order import Order
from oms.core.ports import Evidence, Inbound, Post
from oms.door import Row
from oms.log import room

LOOK_EVERY_S: Final = 1.0
"""Between two looks at what works under the switch; longer while they are in vain."""
LONGEST: Final = 10
"""How many times that a pause may grow to."""
ASK_TIMEOUT_S: Final = 10.0
"""How long a venue's list of open orders is waited for."""

PATIENCE_S: Final = 5.0
"""How long an order may be unanswered under the switch before the venue is asked for it."""

_log = room("kill")


class Looks(Protocol):
    """What is read of the store."""

    def kills(self) -> list[Row]:
        """The switches that are on."""

    def head(self) -> Row:
        """The journal's last record, and its hash."""

    def since_kill(self, seq: int) -> list[Row]:
        """Orders that are open or have moved since that record."""

    def known_at(self, route: str, venue_cl_ord_id: str, secondary_order_id: str) -> str | None:
        """The OrderID of an order of ours by one of its names at the venue."""


class Killing:
    """Certificates of what is killed now. Coroutines of any event loop."""

    def __init__(
        self,
        book: Book,
        looks: Looks,
        ask: Callable[..., Future[Any]],
        post: Post,
        clock: Clock,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`ask(route, query)` is the venues' read-only door. A request under the switch that has
        no answer after `patience_s` is in doubt."""
        self._book = book
        self._looks = looks
        self._ask = ask
        self._post = post
        self._clock = clock
        self._patience = timedelta(seconds=patience_s)
        self._told: dict[str, Kill] = {}
        """Kills as they were when their certificate was handed over: it may not be decided yet."""

    async def certificate(self) -> Row:
        """The certificate as of now. A venue is asked once the books show nothing open there."""
        kills, orders = await asyncio.to_thread(self._read)
        routes = [name for name in self._book.routes if covers(kills, name)]
        venues = await asyncio.gather(
            *(self._venue(name, [o for o in orders if o["venue"] == name]) for name in routes)
        )
        head = await asyncio.to_thread(self._looks.head)
        return certificate(kills, orders, venues, self._now(), head)

    def _read(self) -> tuple[list[Row], list[Row]]:
        kills = self._looks.kills()
        if not kills:
            return [], []
        # One record is enough to begin at for all: what moved before its own switch was turned
        # is not under it.
        found: dict[str, Row] = {}
        for kill in kills:
            rows = self._looks.since_kill(kill["seq"])
            found.update((r["order_id"], r) for r in rows if in_scope(kill["venue"], r["venue"]))
        for row in found.values():
            row["venue_cum_qty"] = None
        return kills, [found[name] for name in sorted(found)]

    async def _venue(self, name: str, orders: list[Row]) -> Row:
        if still_open(orders):
            return venue_row(name, None, None, "asked when the books show nothing open there")
        try:
            async with asyncio.timeout(ASK_TIMEOUT_S):
                listed = await asyncio.wrap_future(self._ask(name, "open_orders"))
                await self._compare(name, orders, listed)
        except NotSupported as error:
            return venue_row(name, None, self._now(), str(error))
        except TimeoutError:
            return venue_row(name, None, None, f"no list of open orders in {ASK_TIMEOUT_S:g} s")
        except (VenueError, MalformedMessage) as error:
            return venue_row(name, None, None, str(error))
        ours = await asyncio.to_thread(
            lambda: [
                self._looks.known_at(name, sight.venue_cl_ord_id, sight.secondary_order_id)
                for sight in listed
            ]
        )
        return venue_row(name, list(zip(listed, ours, strict=True)), self._now(), "")

    async def _compare(self, name: str, orders: list[Row], listed: list[Sight]) -> None:
        """Have the venue's closed list beside the books; where it shows more, a fill was lost."""
        if not orders:
            return
        made = (datetime.fromisoformat(order["created"]) for order in orders)
        since = made_since(made, self._clock)
        ended = await asyncio.wrap_future(self._ask(name, "closed_orders", since=since))
        for order in compare(orders, [*listed, *ended]):
            if Decimal(order["venue_cum_qty"]) > Decimal(order["cum_qty"]):
                text = (
                    f"the venue lists {order['venue_cum_qty']} as executed, {order['cum_qty']} is "
                    "booked; a query of its cumulative quantity settles it"
                )
                doubt = Doubt(cl_ord_id=order["venue_cl_ord_id"], request=Request.FILLS, text=text)
                self._post(Inbound(source=name, message=doubt, evidence=Evidence.VENUE_QUERY))

    def _now(self) -> str:
        return f"{self._clock.now():%Y-%m-%dT%H:%M:%S.%fZ}"

    # Following

    async def watch(self, every_s: float = LOOK_EVERY_S) -> None:
        """Sweep, and certify, until cancelled."""
        tries = 0
        while True:
            try:
                tries = tries + 1 if await self._look() else 0
            except Exception as fault:  # noqa: BLE001  a kill must not end by our mistake
                _log.exception("looking after the kill switch failed", fault)
            await asyncio.sleep(every_s * min(max(tries, 1), LONGEST))

    async def _look(self) -> bool:
        """Whether something was tried."""
        if not self._book.any_killed():
            return False
        working = [
            order
            for name in list(self._book.routes)
            if self._book.killed(name)
            for order in self._book.working(name)
        ]
        overdue = [order for order in working if self._is_overdue(order)]
        for order in overdue:
            self._doubt(order)
        if any(_is_left_alone(order) for order in working):
            self._tell(KillSweep())
            return True
        if overdue:
            return True
        kills = dict(self._book.kills)
        due = [
            route
            for route, kill in kills.items()
            if kill.on and self._told.get(route) != kill and _is_due(route, kill, working)
        ]
        if not due:
            return False
        told = await self.certificate()
        for kill in told["switches"]:
            if told["done"] and kill["venue"] in due:
                self._certify(kill, told)
                self._told[kill["venue"]] = kills[kill["venue"]]
        return True

    def _is_overdue(self, order: Order) -> bool:
        waits = not order.acknowledged or any(request.released for request in order.requests)
        late = self._clock.now() - order.updated >= self._patience
        asked = order.in_doubt is None and not order.waits_for_price
        return late and waits and asked and not (order.ended or order.filled)

    def _doubt(self, order: Order) -> None:
        """Have an order asked for whose answer does not come: its doubt does that."""
        request = Request.CANCEL if order.acknowledged else Request.NEW
        text = f"no answer in {self._patience.total_seconds():g} s; the venue's word settles it"
        doubt = Doubt(cl_ord_id=order.venue_cl_ord_id, request=request, text=text)
        self._post(Inbound(source=order.route, message=doubt, evidence=Evidence.POLICY))

    def _certify(self, kill: Row, told: Row) -> None:
        venue = kill["venue"]
        rows = [row for row in told["orders"] if in_scope(venue, row["venue"])]
        note = KillCertificate(
            route=venue,
            origin=kill["origin"],
            in_doubt=sum(row["in_doubt"] for row in rows),
            text=lines(told, venue),
        )
        self._tell(note)

    def _tell(self, message: KillSweep | KillCertificate) -> None:
        self._post(Inbound(source="engine", message=message, evidence=Evidence.POLICY))


def _is_left_alone(order: Order) -> bool:
    over = order.ended or order.filled
    return not over and all(request.kind is not Request.CANCEL for request in order.requests)


def _is_due(route: str, kill: Kill, working: list[Order]) -> bool:
    """Whether the books show no order open, and this was not certified yet."""
    scope = [order for order in working if in_scope(route, order.route)]
    doubted = sum(order.in_doubt is not None for order in scope)
    return doubted == len(scope) and doubted != kill.in_doubt
