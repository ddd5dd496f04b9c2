"""The kill switch's follower: asks again for what still works, and says when a kill is done.

It decides nothing about orders: it posts a sweep, and the certificate when it has become true.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, Protocol

from oms.certificate import certificate, covers, in_scope, lines, still_open, venue_row
from oms.clock import Clock
from oms.core.book import Book
from oms.core.errors import MalformedMessage, NotSupported, VenueError
from oms.core.facts import Kill
from oms.core.notes import KillCertificate, KillSweep, Request
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

_log = room("kill")


class Looks(Protocol):
    """What is read of the store."""

    def kills(self) -> list[Row]:
        """The switches that are on."""

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
    ) -> None:
        """`ask(route, "open_orders")` is the venues' read-only door."""
        self._book = book
        self._looks = looks
        self._ask = ask
        self._post = post
        self._clock = clock

    async def certificate(self) -> Row:
        """The certificate as of now. A venue is asked once the books show nothing open there."""
        kills, orders = await asyncio.to_thread(self._read)
        routes = [name for name in self._book.routes if covers(kills, name)]
        working = {order["venue"] for order in still_open(orders)}
        venues = await asyncio.gather(*(self._venue(name, name in working) for name in routes))
        return certificate(kills, orders, venues, self._now())

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
        return kills, [found[name] for name in sorted(found)]

    async def _venue(self, name: str, working: bool) -> Row:
        if working:
            return venue_row(name, None, None, "asked when the books show nothing open there")
        try:
            async with asyncio.timeout(ASK_TIMEOUT_S):
                listed = await asyncio.wrap_future(self._ask(name, "open_orders"))
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
        working = [
            order
            for name in list(self._book.routes)
            if self._book.killed(name)
            for order in self._book.working(name)
        ]
        if any(_is_left_alone(order) for order in working):
            self._tell(KillSweep())
            return True
        due = [
            route
            for route, kill in list(self._book.kills.items())
            if kill.on and _is_due(route, kill, working)
        ]
        if not due:
            return False
        told = await self.certificate()
        for kill in told["switches"]:
            if told["done"] and kill["venue"] in due:
                self._certify(kill, told)
        return True

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
