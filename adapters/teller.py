"""From what a venue shows to what the engine is told: each thing once."""

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from typing import Final

from adapters.http import Unusable
from adapters.port import Unreadable, VenueOrder, VenueState, VenueTrade
from adapters.reconcile import (
    agrees,
    done,
    executed,
    lacks_fills,
    named_fill,
    reports,
    settles_fills,
)
from oms.clock import Clock
from oms.core.errors import MalformedMessage
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport
from oms.core.notes import Doubt, DoubtSettled, Quarantined, Request, VenueNamed
from oms.core.numbers import number_text
from oms.core.order import Order
from oms.core.ports import Books, Evidence, FromVenue, Inbound, Post

FILLS_PATIENCE_S: Final = 10.0
"""How long an order may say filled with fills missing before it is in doubt."""

END_PATIENCE_S: Final = 2.0
"""How long an end must show the same fills, where the venue tells no quantity to hold it against."""

UNSHOWN: Final = "the venue does not show an order that it took; its showing it again settles it"

WHOSE: Final = "the account has executions that may be this order's; whose they are settles it"

QUARANTINED_KEPT: Final = 1_000


class Teller:
    """Posts for one route. All calls on the adapters' loop, but `post` from any thread."""

    def __init__(
        self, route: str, post: Post, books: Books, clock: Clock, *, speed: float, lags: bool
    ) -> None:
        """`lags`: the venue also tells fills on another way, which may be ahead of its queries.
        `speed` divides waits."""
        self.route = route
        self.books = books
        self.clock = clock
        self._post = post
        self._speed = speed
        self._lags = lags
        self._untold: dict[str, ExecutionReport] = {}
        self._lacking: dict[str, float] = {}
        self._unshown: dict[str, float] = {}
        self._ending: dict[str, tuple[tuple[str, int], float]] = {}
        self._behind: dict[str, tuple[Decimal, float]] = {}
        self._quarantined: OrderedDict[tuple[str, str], None] = OrderedDict()

    def post(self, message: FromVenue, evidence: Evidence, raw: str = "") -> None:
        """Hand a message of this route to the engine."""
        self._post(Inbound(source=self.route, message=message, evidence=evidence, raw=raw))

    def tell(self, asked: Order, seen: VenueOrder) -> bool:
        """Post what the sight says that is not in the book.

        `asked` is the order as it was when the venue was asked. True when the book had it all
        already, and the end too.
        """
        order = self.books.order(asked.order_id) or asked
        self._unshown.pop(order.venue_cl_ord_id, None)
        if order.venue_cl_ord_id != asked.venue_cl_ord_id:
            return False  # of what the order was at the venue before
        if self._awaits(order) or self._is_stale(asked, order, seen):
            return False
        order = self._renamed(order, seen)
        seen = self._without_hasty_end(order, seen)
        if not order.secondary_order_id and asked.secondary_order_id:
            order = order.evolve(secondary_order_id=asked.secondary_order_id)
        try:
            told = reports(order, seen, self.clock.now())
        except MalformedMessage as error:
            self.quarantine(f"order {order.order_id}: {error}", seen.raw)
            return False
        for report in told:
            self.post(report, Evidence.VENUE_QUERY, seen.raw)
            if report.derived:
                self._untold[order.order_id] = report
        if not told:
            self._weigh_fills(order, seen)
        return agrees(order, seen)

    def _renamed(self, order: Order, seen: VenueOrder) -> Order:
        """The order under the id that the venue has given it now."""
        if not seen.formerly or seen.formerly != order.secondary_order_id:
            return order
        note = VenueNamed(
            cl_ord_id=order.venue_cl_ord_id, secondary_order_id=seen.secondary_order_id
        )
        self.post(note, Evidence.VENUE_QUERY, seen.raw)
        return order.evolve(secondary_order_id=seen.secondary_order_id)

    def traded(self, asked: Order, trade: VenueTrade) -> None:
        """Post a fill that the venue named, unless the book has it. More than once is no harm."""
        order = self.books.order(asked.order_id) or asked
        if order.venue_cl_ord_id != asked.venue_cl_ord_id:
            if asked.venue_cl_ord_id not in (leg.venue_cl_ord_id for leg in order.legs):
                return
            order = asked  # what it was at the venue before
        if trade.exec_id in order.executions:
            return
        if not order.secondary_order_id:
            order = order.evolve(secondary_order_id=asked.secondary_order_id)
        try:
            report = named_fill(order, trade, self.clock.now())
        except MalformedMessage as error:
            self.quarantine(f"order {order.order_id}: {error}", trade.raw)
            return
        self.post(report, Evidence.VENUE_MESSAGE, trade.raw)

    def late(self, trade: VenueTrade) -> None:
        """Post a fill of an order that is not in memory: the engine finds whose it is, or shows a
        human that it is nobody's."""
        report = ExecutionReport(
            exec_id=trade.exec_id,
            exec_type=ExecType.PARTIAL_FILL,
            cl_ord_id=trade.venue_cl_ord_id,
            order_id=trade.secondary_order_id,
            secondary_order_id=trade.secondary_order_id,
            last_shares=trade.last_shares,
            last_px=trade.last_px,
            commission=trade.commission,
            fee_currency=trade.fee_currency,
            trade_id=trade.trade_id,
            transact_time=trade.transact_time or self.clock.now(),
        )
        self.post(report, Evidence.VENUE_MESSAGE, trade.raw)

    def unshown(self, asked: Order) -> None:
        """The venue says that it has no such order. One that it took may only be shown late; what
        became of one that stays away, nobody knows."""
        order = self.books.order(asked.order_id)
        if order is None or order.venue_cl_ord_id != asked.venue_cl_ord_id:
            return
        if not (order.acknowledged and order.secondary_order_id) or order.ended or order.filled:
            return
        now = self.clock.monotonic()
        since = self._unshown.setdefault(order.venue_cl_ord_id, now)
        late = (now - since) * self._speed >= FILLS_PATIENCE_S
        if late and order.in_doubt is None:
            note = Doubt(cl_ord_id=order.venue_cl_ord_id, request=Request.FILLS, text=UNSHOWN)
            self.post(note, Evidence.VENUE_QUERY)

    def lacking(self, order: Order, text: str) -> None:
        """Fills of the order are missing; `text` says what settles that."""
        note = Doubt(cl_ord_id=order.venue_cl_ord_id, request=Request.FILLS, text=text)
        self.post(note, Evidence.VENUE_QUERY)

    def quarantine(self, text: str, raw: str) -> None:
        """Show a human what can not be applied; the same thing once."""
        key = (text, raw)
        if key in self._quarantined:
            self._quarantined.move_to_end(key)
            return
        self._quarantined[key] = None
        if len(self._quarantined) > QUARANTINED_KEPT:
            self._quarantined.popitem(last=False)
        note = Quarantined(reason="unusable sight", text=f"{self.route}: {text}")
        self.post(note, Evidence.VENUE_QUERY, raw)

    def show(self, error: Exception) -> None:
        """Show a human an answer that makes no sense as a whole; other errors are no such thing."""
        if isinstance(error, MalformedMessage | Unusable):
            self.quarantine(str(error), error.raw if isinstance(error, Unusable) else "")

    def unreadable(self, sight: Unreadable) -> None:
        """Quarantine a row about an order of ours."""
        whose = sight.venue_cl_ord_id or sight.secondary_order_id or "an order"
        self.quarantine(f"{whose}: {sight.reason}", sight.raw)

    def keep(self, order_ids: Collection[str]) -> None:
        """Forget what is known of all other orders."""
        self._untold = {key: value for key, value in self._untold.items() if key in order_ids}
        self._behind = {key: value for key, value in self._behind.items() if key in order_ids}
        orders = filter(None, map(self.books.order, order_ids))
        names = {order.venue_cl_ord_id for order in orders}  # each leg has a patience of its own
        self._lacking = {key: value for key, value in self._lacking.items() if key in names}
        self._ending = {key: value for key, value in self._ending.items() if key in order_ids}
        self._unshown = {key: value for key, value in self._unshown.items() if key in names}

    def _awaits(self, order: Order) -> bool:
        # What was posted is not in the book before its commit. Until then the book's sums are
        # not what the next fill adds to, and its price would come out wrong.
        report = self._untold.get(order.order_id)
        if report is None or report.cum_qty is None:
            return False
        if report.cl_ord_id != order.venue_cl_ord_id:
            del self._untold[order.order_id]  # of what the order was at the venue before
            return False
        if report.exec_id in order.executions or order.cum_qty >= report.cum_qty:
            del self._untold[order.order_id]
            return False
        return True

    def _is_stale(self, asked: Order, order: Order, seen: VenueOrder) -> bool:
        if seen.cum_qty is None or seen.cum_qty >= order.cum_qty:
            self._behind.pop(order.order_id, None)
            return False
        # Named fills can come by a stream, ahead of the order's own figures.
        lags = self._lags or seen.names_fills
        return self._catches_up(order) if lags else seen.cum_qty >= asked.cum_qty

    def _without_hasty_end(self, order: Order, seen: VenueOrder) -> VenueOrder:
        """The sight, working still where a last fill may be on its way: nothing counts them."""
        ended = seen.state in (VenueState.CANCELED, VenueState.REJECTED)
        if seen.cum_qty is not None or not ended:
            self._ending.pop(order.order_id, None)
            return seen
        now = self.clock.monotonic()
        shown = (order.venue_cl_ord_id, len(seen.trades))
        before, since = self._ending.get(order.order_id, (shown, now))
        if before != shown:
            since = now
        self._ending[order.order_id] = (shown, since)
        if (now - since) * self._speed >= END_PATIENCE_S:
            return seen
        return replace(seen, state=VenueState.WORKING)

    def _catches_up(self, order: Order) -> bool:
        """Whether the queries may still be behind; one that stays so contradicts the book."""
        now = self.clock.monotonic()
        booked, since = self._behind.get(order.order_id, (None, now))
        if booked != order.cum_qty:
            self._behind[order.order_id] = (order.cum_qty, now)
            return True
        return (now - since) * self._speed < FILLS_PATIENCE_S

    def _weigh_fills(self, order: Order, seen: VenueOrder) -> None:
        doubted = order.in_doubt is not None and order.in_doubt.request is Request.FILLS
        shown = doubted and order.in_doubt is not None and order.in_doubt.text == UNSHOWN
        if doubted and (shown or settles_fills(order, seen)):
            text = f"the venue shows {number_text(order.cum_qty)} executed, as is booked"
            note = DoubtSettled(cl_ord_id=order.venue_cl_ord_id, text=text)
            self.post(note, Evidence.VENUE_QUERY, seen.raw)
        if not lacks_fills(order, seen):
            self._lacking.pop(order.venue_cl_ord_id, None)
            return
        now = self.clock.monotonic()
        since = self._lacking.setdefault(order.venue_cl_ord_id, now)
        if (now - since) * self._speed < FILLS_PATIENCE_S:
            return
        report = done(order, seen, self.clock.now()) if seen.names_fills else None
        if report is not None:
            self.post(report, Evidence.VENUE_QUERY, seen.raw)
            self._untold[order.order_id] = report
        elif order.in_doubt is None:
            text = _lacking_text(order, seen)
            note_of_doubt = Doubt(cl_ord_id=order.venue_cl_ord_id, request=Request.FILLS, text=text)
            self.post(note_of_doubt, Evidence.VENUE_QUERY, seen.raw)


def _lacking_text(order: Order, seen: VenueOrder) -> str:
    if seen.lacks_fills and executed(seen, order.cum_qty) == order.cum_qty:
        return WHOSE
    if seen.names_fills:
        return (
            f"the venue counts {number_text(executed(seen, order.cum_qty))} executed and names "
            f"{number_text(order.cum_qty)}; the missing fills in its list of trades settle it"
        )
    return (
        f"the venue says filled and shows {number_text(executed(seen, order.cum_qty))} of "
        f"{number_text(seen.order_qty)}; the whole quantity there settles it"
    )
