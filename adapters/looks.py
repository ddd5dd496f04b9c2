"""One order, looked at by itself: what it shows, and what it means for a cancel under way."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from adapters.pace import Pace
from adapters.port import Queries, Unreadable, VenueOrder, VenueState
from adapters.teller import Teller
from oms.core.errors import MalformedMessage, VenueError, VenueRefused
from oms.core.fields import CxlRejReason
from oms.core.messages import OrderCancelReject, OrderCancelRequest
from oms.core.notes import Request
from oms.core.order import Order
from oms.core.ports import Evidence, ToVenue
from oms.core.story import request_to_venue


class Looks:
    """Looks at single orders of a route. All calls on the adapters' loop."""

    def __init__(
        self, client: Queries, teller: Teller, pace: Pace, resend: Callable[[ToVenue], None]
    ) -> None:
        """`resend` sends a cancel again whose outcome is unknown."""
        self._client = client
        self._teller = teller
        self._pace = pace
        self._resend = resend
        self._refused: dict[str, tuple[OrderCancelRequest, VenueRefused]] = {}
        self._failed: set[str] = set()
        self._renamed: set[str] = set()

    def refuse(self, order_id: str, request: OrderCancelRequest, error: VenueRefused) -> None:
        """The venue refused a cancel: the next look says whether the order still works."""
        self._refused[order_id] = (request, error)

    def awaited(self, order: Order) -> bool:
        """Whether only a look at the order itself will do."""
        if order.order_id in self._renamed and order.request("", Request.CANCEL) is not None:
            return True
        return order.order_id in self._refused or self._cancel_in_doubt(order)

    def in_turn(self, orders: Iterable[Order]) -> list[Order]:
        """The orders, those whose last look failed behind the others: they can hide none."""
        return sorted(orders, key=lambda order: order.order_id in self._failed)

    async def look(self, order: Order) -> bool:
        """Ask the venue for the order and tell the engine. True when book and venue agree.

        Raises VenueError where the venue could not be asked.
        """
        refusal = self._refused.get(order.order_id)
        try:
            seen = await self._client.order(order)
        except MalformedMessage as error:
            self._teller.quarantine(f"order {order.order_id}: {error}", "")
            return False
        except VenueError:
            self._failed.add(order.order_id)
            raise
        self._failed.discard(order.order_id)
        if isinstance(seen, Unreadable):
            self._teller.unreadable(seen)
            return False
        if refusal is not None and self._refused.get(order.order_id) is refusal:
            del self._refused[order.order_id]
        if refusal is not None and refusal[0].orig_cl_ord_id != order.venue_cl_ord_id:
            refusal = None  # of what the order was at the venue before
        works = seen is None or seen.state in (VenueState.WORKING, VenueState.PENDING)
        agreed = self._hear(order, seen)
        if works and refusal is not None:
            self._reject(order, refusal, unknown=seen is None)
        elif works and seen is not None:
            self._see_to_cancel(order, seen)
        return agreed

    def keep(self, order_ids: Collection[str]) -> None:
        """Forget what is known of all other orders."""
        self._pace.keep(order_ids)
        self._failed.intersection_update(order_ids)
        self._renamed.intersection_update(order_ids)
        self._refused = {key: value for key, value in self._refused.items() if key in order_ids}

    def _hear(self, order: Order, seen: VenueOrder | None) -> bool:
        if seen is None:
            self._teller.unshown(order)
            return False
        return self._teller.tell(order, seen)

    def _see_to_cancel(self, order: Order, seen: VenueOrder) -> None:
        if seen.formerly:
            self._renamed.add(order.order_id)
        if order.order_id in self._renamed:
            # A cancel that was taken may have been of the order under its former id.
            order = self._teller.books.order(order.order_id) or order
            order = order.evolve(secondary_order_id=seen.secondary_order_id)
            if self._cancel_again(order):
                self._renamed.discard(order.order_id)
        elif self._cancel_in_doubt(order):
            self._cancel_again(order)

    def _cancel_in_doubt(self, order: Order) -> bool:
        return order.in_doubt is not None and order.in_doubt.request is Request.CANCEL

    def _reject(
        self, order: Order, refusal: tuple[OrderCancelRequest, VenueRefused], unknown: bool
    ) -> None:
        request, error = refusal
        text = f"{error}; the venue shows no such order" if unknown else str(error)
        reject = OrderCancelReject(
            cl_ord_id=request.cl_ord_id,
            orig_cl_ord_id=order.venue_cl_ord_id,
            order_id=order.secondary_order_id,
            cxl_rej_reason=CxlRejReason.UNKNOWN_ORDER if unknown else error.cxl_rej_reason,
            text=text,
        )
        self._teller.post(reject, Evidence.VENUE_MESSAGE)

    def _cancel_again(self, order: Order) -> bool:
        # Nothing is lost by asking twice: a cancel of the same order can only end it.
        request = order.request("", Request.CANCEL)
        due = request is not None and self._pace.due(order.order_id)
        if request is not None and due:
            self._resend(request_to_venue(order, replace(request, released=True)))
        return due
