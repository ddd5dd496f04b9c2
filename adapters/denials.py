"""A lost order at a venue whose orders go over a session that begins anew at every logon.

Nothing fences such an order but the connection that it was sent on. That it never was is proved by
all of this: a later logon; the session and the queries both deny it, twice, some seconds apart, in
that one logon; and after that neither list shows it. Anything less stays in doubt.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from typing import Any, Final

from adapters.lost import absence, is_lost
from adapters.options import Options
from adapters.port import Queries, Sight, Unreadable
from adapters.since import made_since
from adapters.teller import Teller
from oms.core.errors import OmsError
from oms.core.order import Order
from oms.core.ports import Evidence, LinkWord
from oms.core.values import frozen

ANSWER_S: Final = 5.0
"""How long the session's answer is waited for; one that is late is no evidence."""

Ask = Callable[[str], "Future[Any]"]


@frozen
class _Denied:
    """By both, in which logon, by which name, and since when (seconds of Clock.monotonic)."""

    logon: int
    venue_cl_ord_id: str
    at: float


class Denials:
    """Weighs what says that lost orders never were. All calls on the adapters' loop."""

    def __init__(self, client: Queries, teller: Teller, options: Options, ask: Ask) -> None:
        """`ask(order_id)` has the session ask for the order: a LinkWord."""
        self._client = client
        self._teller = teller
        self._options = options
        self._ask = ask
        self._clock = teller.clock
        self._denied: dict[str, _Denied] = {}

    def keep(self, order_ids: Collection[str]) -> None:
        """Forget what is known of all other orders."""
        self._denied = {key: value for key, value in self._denied.items() if key in order_ids}

    async def weigh(self, order: Order) -> None:
        """Ask once more for a lost order, and say that it never was if all says so.

        Raises as Queries do, where the venue could not be asked.
        """
        apart_s = self._options.denials_apart_s
        if apart_s is None:
            return
        word = await self._word(order)
        denied = word is not None and not word.known and not word.sent_in_it
        if word is None or not denied or await self._client.order(order) is not None:
            self._denied.pop(order.order_id, None)
            return
        now = self._clock.monotonic()
        first = self._denied.get(order.order_id)
        if first is None or (first.logon, first.venue_cl_ord_id) != (
            word.logon,
            order.venue_cl_ord_id,
        ):
            self._denied[order.order_id] = _Denied(word.logon, order.venue_cl_ord_id, now)
        elif (now - first.at) * self._options.speed >= apart_s:
            listed = [*await self._client.open_orders()]
            listed += await self._client.closed_orders(made_since([order.created], self._clock))
            self._declare_absent(order, listed)

    async def _word(self, order: Order) -> LinkWord | None:
        try:
            async with asyncio.timeout(ANSWER_S):
                word: LinkWord = await asyncio.wrap_future(self._ask(order.order_id))
        except (OmsError, TimeoutError):
            return None
        return word

    def _declare_absent(self, order: Order, listed: Sequence[Sight]) -> None:
        shown = (s.venue_cl_ord_id == order.venue_cl_ord_id for s in listed)
        current = self._teller.books.order(order.order_id)
        if any(shown) or any(isinstance(s, Unreadable) for s in listed):
            return
        if (
            current is None
            or not is_lost(current)
            or current.venue_cl_ord_id != order.venue_cl_ord_id
        ):
            return
        report = absence(order, self._clock.now())
        raw = f"denied twice by session and queries; {len(listed)} orders listed, not this"
        self._teller.post(report, Evidence.VENUE_QUERY, raw)
