"""The id by which a venue will know an order: drawn when it is accepted, committed with it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from oms.core.book import Book, Route
from oms.core.venue import ClientId

Draw = Callable[[int], str]
"""draw(n): n random decimal digits as text."""

COUNTER_EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""COUNTER ids are seconds since then, so that they fit 31 bits."""


def venue_cl_ord_id(
    book: Book, route: Route, order_id: str, now: datetime, draw: Draw, nth: int = 0
) -> str:
    """The next id of the route, as its venue takes them (ClientId).

    `nth`: for a new leg of the order, of which request it is a part: no two legs are called alike.
    """
    capabilities = route.capabilities
    match capabilities.client_id:
        case ClientId.COUNTER:
            seconds = int((now - COUNTER_EPOCH).total_seconds())
            return str(max(book.last_client_ids.get(route.name, 0) + 1, seconds))
        case ClientId.STAMPED:
            millis = int(now.timestamp()) * 1000 + now.microsecond // 1000
            counter = int(order_id) % 1000
            return f"{capabilities.client_id_digits}{draw(8)}{millis:013d}{counter:03d}"
        case ClientId.HEX:
            return f"{int(draw(38)):032x}"[-32:]
        case _:
            return f"{order_id}-{nth}" if nth else order_id
