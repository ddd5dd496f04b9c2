"""A route whose orders go another way: queries only mend what a loss of that way has torn.

While the link is up, its own reports are the truth and nothing is booked from queries, except for
orders that lived through a loss of the link: their answers and fills may be gone for ever. Those
are looked at when the link is back, then until book and venue agree, and once more when they have
ended. So are orders in doubt, and after a start those that closed shortly before. An order that
the link has no name for is followed to its end. What proves that a lost order never was stands in
denials.py.
"""

import asyncio
import logging
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from adapters.denials import Ask, Denials
from adapters.looks import Looks
from adapters.options import Options
from adapters.pace import Pace
from adapters.port import Queries
from adapters.teller import Teller
from oms.core.errors import MalformedMessage, VenueError
from oms.core.notes import Instruments, Request, RouteStatus
from oms.core.order import Order
from oms.core.ports import Evidence

CONNECTING: Final = "not connected yet"
RECONCILING: Final = "not reconciled yet"

_log = logging.getLogger(__name__)

CLOSED_LATELY: Final = timedelta(minutes=1)
"""An order may have closed so long ago and still be what a lost report was about."""


class Repair:
    """Looks after one linked route. `link_moved` from any thread, the rest on the adapters' loop."""

    def __init__(
        self, client: Queries, teller: Teller, looks: Looks, options: Options, ask: Ask
    ) -> None:
        """`ask(order_id)` has the link ask for the state of an order."""
        self._denials = Denials(client, teller, options, ask)
        self._client = client
        self._teller = teller
        self._looks = looks
        self._options = options
        self._clock = teller.clock
        self._pace = Pace(self._clock.monotonic, options.speed)
        self._ended_pace = Pace(self._clock.monotonic, options.speed)
        self._held_pace = Pace(self._clock.monotonic, options.speed)
        self._lock = threading.Lock()
        self._link = False
        self._text = CONNECTING
        self._turn = 0
        self._mended_turn = 0
        self._torn: dict[str, bool] = {}
        self._begun = False
        self._loaded = False
        self._refresh_at = self._clock.monotonic()
        self._told: RouteStatus | None = None
        self._suspected = False
        self.woken = asyncio.Event()

    def link_moved(self, up: bool, text: str) -> None:
        """Tell the engine at once; the repair follows on the loop."""
        with self._lock:
            self._turn += 1
            self._link, self._text = up, text
            if up:
                self._tell(RECONCILING, ready=False)
            else:
                self._tell(text, ready=False, lost_answers=True)

    def link_tore(self) -> None:
        """The link stands and has lost something: look at every order as after a loss of it."""
        with self._lock:
            self._turn += 1

    def suspect(self) -> None:
        """Something was told beside the link: what is in doubt is looked at now."""
        self._suspected = True
        self.woken.set()

    async def recheck(self, order: Order) -> bool:
        """The venue's lists show the order otherwise than the link has told: look at it as after a
        loss of the link, until book and venue agree. Whether they do is not known yet."""
        self._torn[order.order_id] = False
        self.woken.set()
        return False

    async def run(self) -> None:
        """Look after the route until cancelled."""
        failures = 0
        while True:
            self.woken.clear()
            try:
                await self._step()
            except (VenueError, MalformedMessage) as error:
                failures += 1
                self._note(error)
                await self._rest(self._options.back_off_s(failures))
            else:
                failures = 0
                await self._rest(self._options.repair_s / self._options.speed)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        except TimeoutError:
            return

    async def _step(self) -> None:
        if not self._loaded:
            await self._load_instruments()
        with self._lock:
            link, turn = self._link, self._turn
        if link and turn != self._mended_turn:
            await self._mend(turn)
        elif link:
            await self._follow()
        # Last, so that no order waits for markets that are known well enough.
        if self._clock.monotonic() >= self._refresh_at:
            await self._load_instruments()

    async def _load_instruments(self) -> None:
        instruments = await self._client.instruments()
        note = Instruments(route=self._teller.route, instruments=instruments)
        self._teller.post(note, Evidence.VENUE_QUERY)
        self._loaded = True
        self._refresh_at = self._clock.monotonic() + self._options.refresh_s / self._options.speed

    async def _mend(self, turn: int) -> None:
        working = self._teller.books.working(self._teller.route)
        self._torn.update((order.order_id, False) for order in (*working, *self._closed_lately()))
        await self._look_ahead([order for order in working if not _is_lost(order)])
        for order in self._looks.in_turn(working):
            # A lost order is asked for on the link first, whose answer also tells the name that
            # the link's later reports will use; queries follow at their pace.
            if not _is_lost(order):
                await self._look(order)
        with self._lock:
            if turn == self._turn:
                self._mended_turn = turn
                self._tell(self._text, ready=True)

    async def _look_ahead(self, orders: list[Order]) -> None:
        """Have the client ask for all of them at once, where its venue takes such a question."""
        look_ahead = getattr(self._client, "look_ahead", None)
        if look_ahead is None:
            return
        try:
            await look_ahead(orders)
        except (VenueError, MalformedMessage) as error:
            _log.info("%s, asked for many orders: %s", self._teller.route, error)

    def _closed_lately(self) -> list[Order]:
        """Closed orders that the venue may say more of. At first all that were loaded: whether they
        agreed with the venue is known to nobody any more."""
        closed = self._teller.books.closed(self._teller.route)
        since = self._clock.now() - CLOSED_LATELY
        begun, self._begun = self._begun, True
        return [order for order in closed if not begun or order.updated >= since]

    async def _follow(self) -> None:
        suspected, self._suspected = self._suspected, False
        working = {o.order_id: o for o in self._teller.books.working(self._teller.route)}
        known = dict.fromkeys((*working, *self._torn))  # a set would have no order to go by
        self._teller.keep(known)
        self._looks.keep(known)
        self._denials.keep(known)
        self._pace.keep(known)
        self._ended_pace.keep(self._torn)
        found: list[Order] = []
        for order_id in known:
            order = working.get(order_id) or self._teller.books.order(order_id)
            if order is None:
                del self._torn[order_id]
            else:
                found.append(order)
        self._release_held(working)
        for order in self._looks.in_turn(found):
            if self._wants_look(order) or (suspected and order.in_doubt is not None):
                await self._look(order)

    def _release_held(self, working: Mapping[str, Order]) -> None:
        """A cancel that could not leave although the route is ready waits for the next such word."""
        held = {i for i, order in working.items() if not all(r.released for r in order.requests)}
        self._held_pace.keep(held)
        due = [order_id for order_id in held if self._held_pace.due(order_id)]
        if due:
            with self._lock:
                if self._link and self._told is not None and self._told.ready:
                    self._teller.post(self._told, Evidence.POLICY)

    def _wants_look(self, order: Order) -> bool:
        if _is_lost(order):
            return self._pace.due(order.order_id)
        if order.in_doubt is not None:
            return True
        agreed = self._torn.get(order.order_id)
        if agreed is None:
            return False
        if order.closed:
            return self._ended_pace.due(order.order_id)
        derived = any(execution.derived for execution in order.executions.values())
        # Without the link's own name for it, the link's reports can not be told to be its.
        nameless = not order.secondary_order_id
        return derived or nameless or not order.acknowledged or not agreed

    async def _look(self, order: Order) -> None:
        agreed = await self._looks.look(order)
        if agreed and order.closed:
            self._torn.pop(order.order_id, None)
        else:
            self._torn[order.order_id] = agreed
        if _is_lost(order):
            await self._denials.weigh(order)

    def _note(self, error: Exception) -> None:
        self._teller.show(error)
        with self._lock:
            if self._link and self._turn != self._mended_turn:
                self._tell(f"{RECONCILING}: {error}", ready=False)

    def _tell(self, text: str, *, ready: bool, lost_answers: bool = False) -> None:
        status = RouteStatus(
            route=self._teller.route,
            up=self._link,
            ready=ready,
            text=text,
            lost_answers=lost_answers,
        )
        if status != self._told or lost_answers:
            self._told = status
            self._teller.post(status, Evidence.POLICY)


def _is_lost(order: Order) -> bool:
    return order.in_doubt is not None and order.in_doubt.request is Request.NEW
