"""The records that one message leads to for one order, and the requests they hold or release."""

from datetime import datetime
from itertools import takewhile
from typing import Any

from oms.core.apply import OrderMessage, apply
from oms.core.book import Book, Route
from oms.core.facts import TERMS, PendingRequest
from oms.core.fields import CxlRejReason
from oms.core.legs import over
from oms.core.messages import OrderCancelReject, OrderCancelReplaceRequest, OrderCancelRequest
from oms.core.notes import Doubt, Request, RequestReleased
from oms.core.order import Order
from oms.core.ports import Evidence, Inbound, Outbound, Record, ToOrigin, ToVenue
from oms.core.reports import cancel_reject, status_report
from oms.core.values import replaced


class Story:
    """The records that one message leads to, and the order as they move it."""

    def __init__(self, inbound: Inbound, order: Order, now: datetime) -> None:
        self.inbound, self.order, self.now = inbound, order, now
        self.records: list[Record] = []

    def add(
        self,
        message: OrderMessage,
        *outbound: Outbound,
        evidence: Evidence | None = None,
        order: Order | None = None,
    ) -> None:
        """Record a message; `order` is the order after it, already computed."""
        after = self.order = order or apply(self.order, message, self.now)
        inbound, first = self.inbound, not self.records
        self.records.append(
            Record(
                time=self.now,
                message=message,
                evidence=evidence or inbound.evidence,
                order_id=after.order_id,
                origin=after.origin,
                route=after.route,
                raw=inbound.raw if first else "",
                msg_seq_num=inbound.msg_seq_num if first else 0,
                outbound=outbound,
                order=after,
            )
        )


def can_release(route: Route, order: Order) -> bool:
    """Whether a further cancel or replace can go to the venue now rather than be held."""
    if not route.up or (order.in_doubt is not None and order.in_doubt.request is Request.NEW):
        return False
    if order.waits_for_price or over(order):
        return False  # nothing of it is there
    if not route.capabilities.chains_requests and any(r.released for r in order.requests):
        return False
    return order.acknowledged or route.capabilities.cancel_before_ack


def request_to_venue(order: Order, request: PendingRequest) -> ToVenue:
    """The cancel or replace in the venue's names."""
    if request.kind is Request.CANCEL:
        cancel = OrderCancelRequest(
            cl_ord_id=request.venue_cl_ord_id,
            orig_cl_ord_id=_named_by(order, request),
            order_id=order.secondary_order_id,
            symbol=order.symbol,
            side=order.side,
            order_qty=order.order_qty,
        )
        return ToVenue(order.route, order.order_id, cancel)
    amend = OrderCancelReplaceRequest(
        cl_ord_id=request.venue_cl_ord_id,
        orig_cl_ord_id=_named_by(order, request),
        order_id=order.secondary_order_id,
        symbol=order.symbol,
        side=order.side,
        ord_type=order.ord_type,
        order_qty=order.order_qty if request.order_qty is None else request.order_qty,
        **{name: _term(order, request, name) for name in TERMS},
        exec_inst=request.exec_inst,
    )
    return ToVenue(order.route, order.order_id, amend)


def _term(order: Order, request: PendingRequest, name: str) -> Any:
    asked = getattr(request, name)
    return getattr(order, name) if asked is None else asked


def _named_by(order: Order, request: PendingRequest) -> str:
    """OrigClOrdID: the last id that the venue has not refused, as FIX has senders chain ahead."""
    name = request.venue_cl_ord_id
    before = takewhile(lambda earlier: earlier.venue_cl_ord_id != name, order.requests)
    ahead = [r.venue_cl_ord_id for r in before if r.kind is Request.REPLACE and r.released]
    return ahead[-1] if ahead else order.name_at_venue


def refuse(story: Story, request: PendingRequest, reason: CxlRejReason, text: str) -> None:
    """Answer an open request with an OrderCancelReject of our own making."""
    reject = OrderCancelReject(cl_ord_id=request.cl_ord_id, cxl_rej_reason=reason, text=text)
    after = apply(story.order, reject, story.now)
    answer = cancel_reject(request, after, reason, story.now, text)
    told = () if request.silent else (ToOrigin(request.origin, answer),)
    story.add(reject, *told, order=after, evidence=Evidence.POLICY)


def release(book: Book, story: Story, request: PendingRequest) -> None:
    """Send a held request, if the venue can take it now."""
    route = book.routes.get(story.order.route)
    # Under the kill switch a replace stays held: the cancel behind it goes instead.
    stopped = request.kind is Request.REPLACE and book.killed(story.order.route)
    if request.emulated or route is None or stopped or not can_release(route, story.order):
        return
    note = RequestReleased(cl_ord_id=request.cl_ord_id, released=True)
    after = apply(story.order, note, story.now)
    to_venue = request_to_venue(after, replaced(request, released=True))
    story.add(note, to_venue, order=after, evidence=Evidence.POLICY)


def doubt(story: Story, request: Request, text: str) -> None:
    """Put the order in doubt and tell its owner so by a status report."""
    note = Doubt(cl_ord_id=story.order.venue_cl_ord_id, request=request, text=text)
    after = apply(story.order, note, story.now)
    report = ToOrigin(after.origin, status_report(after, story.now))
    story.add(note, report, order=after)
