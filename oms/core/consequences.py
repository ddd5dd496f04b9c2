"""What an order's new state makes possible or pointless: its open requests, its next leg."""

from oms.core import emulation
from oms.core.book import Book
from oms.core.facts import PendingRequest
from oms.core.fields import CxlRejReason
from oms.core.legs import at_venue, replacing
from oms.core.notes import Request
from oms.core.order import Order
from oms.core.story import Story, refuse, release


def follow_up(book: Book, story: Story) -> None:
    """What the order's new state makes possible or pointless: its open requests."""
    if not (story.order.requests or story.order.emulate):
        return
    route = book.routes.get(story.order.route)
    answers_itself = route is not None and route.capabilities.tells_pending
    to_end = _to_end(story.order)
    for request in story.order.requests:
        filled = at_venue(story.order).filled and request.kind is Request.CANCEL
        if story.order.ended or (filled and not answers_itself):
            _too_late(story, request)
        elif not filled and not request.released:
            release(book, story, request)
    if to_end and (replaces := replacing(story.order)) is not None:
        text = "the rest is not ordered anew: canceled meanwhile"
        refuse(story, replaces, CxlRejReason.BROKER_CREDIT, text)
    emulation.go_on(book, story)


def _to_end(order: Order) -> bool:
    """Whether what is at the venue has filled before a cancel that somebody asked for: then an
    emulated replace has no second half."""
    asked = any(r.kind is Request.CANCEL and not r.part_of for r in order.requests)
    return asked and not order.ended and at_venue(order).filled


def _too_late(story: Story, request: PendingRequest) -> None:
    text = f"the order is {'FILLED' if story.order.filled else story.order.life.name}"
    refuse(story, request, CxlRejReason.TOO_LATE_TO_CANCEL, text)
