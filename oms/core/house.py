"""What the engine asks of a venue by itself: a cancel that no desk has sent.

The kill switch, a desk that fell off, an expiry, an order that may not rest: each ends in the same
request. The order's owner sees no Pending Cancel, only what comes of it.
"""

from typing import Final

from oms.core.apply import apply
from oms.core.book import Book
from oms.core.fields import CxlRejReason
from oms.core.legs import at_venue, idle, over, replacing
from oms.core.messages import OrderCancelRequest
from oms.core.notes import Request, RequestEntered
from oms.core.ports import Evidence
from oms.core.story import Story, can_release, refuse, request_to_venue

HOUSE: Final = "house"
"""The origin of requests that the engine makes by itself; nobody can log on under it."""


def cancel(
    book: Book,
    story: Story,
    text: str,
    origin: str = HOUSE,
    *,
    part_of: str = "",
    expires: bool = False,
) -> bool:
    """Have the story's order cancelled, unless it has ended or is being cancelled already.

    `text` says why: it stands on the report of the cancel. `origin` is who asked. The request is
    held while the venue can not take it: the route is down, the order in doubt, or another request
    unanswered. `part_of`: it is the first half of the emulated replace of that ClOrdID; a cancel
    for another reason is entered beside it, so that there is no second half. `expires`: the order
    ends as Expired. Returns whether anything came of it.
    """
    order = story.order
    if not part_of and _taken_back(story, text):
        return True
    route = book.routes.get(order.route)
    nothing = order.ended or idle(order) or (bool(part_of) and over(order))
    asked = any(r.kind is Request.CANCEL and not r.part_of for r in order.requests)
    if nothing or route is None or asked:
        return False
    released = can_release(route, order)
    note = RequestEntered(
        request=OrderCancelRequest(
            cl_ord_id=f"{order.order_id}:CANCEL:{book.seq + 1 + len(story.records)}",
            orig_cl_ord_id=order.cl_ord_id,
            symbol=order.symbol,
            side=order.side,
            text=text,
        ),
        origin=origin,
        pending=False,
        released=released,
        silent=True,
        part_of=part_of,
        expires=expires,
    )
    after = apply(order, note, story.now)
    outbound = (request_to_venue(after, after.requests[-1]),) if released else ()
    story.add(note, *outbound, order=after, evidence=Evidence.POLICY)
    return True


def _taken_back(story: Story, text: str) -> bool:
    """Refuse an emulated replace whose old order is filled and whose new one was not sent yet."""
    request = replacing(story.order)
    if request is None or not at_venue(story.order).filled:
        return False
    why = f"the rest is not ordered anew: {text}"
    refuse(story, request, CxlRejReason.BROKER_CREDIT, why)
    return True
