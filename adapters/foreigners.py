"""Orders that the venue lists and the engine has never sent: on record, and nobody's to trade.

One is foreign where no name of it is ours, and where no order of ours that has no name yet could be
it: at a venue that repeats our ids, one that was taken without its id; elsewhere any order of that
market and side that is not answered. It has ended when two lists in a row do not show it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from adapters.lost import TAKEN_UNNAMED
from adapters.options import Options
from adapters.port import Sight, Unreadable, VenueOrder, VenueState
from adapters.teller import Teller
from oms.core.break_notes import ForeignOrder
from oms.core.order import Order
from oms.core.ports import Evidence

_WORKS = (VenueState.WORKING, VenueState.PENDING)


KNOWN_MAX: Final = 10_000
"""Names that are kept in memory, beside those of the list just read: an order of an older one that
is listed again is told again."""


class Foreigners:
    """Those of one route. All calls on the adapters' loop."""

    def __init__(self, teller: Teller, options: Options) -> None:
        self._teller = teller
        self._options = options
        self._missed: dict[str, int] = {}
        self._unread: dict[str, None] = {}
        self._past: dict[str, None] | None = None

    def weigh(self, listed: Sequence[Sight]) -> None:
        """A whole list of open orders, just read."""
        for sight in self._strangers(listed):
            self._meet(sight)
        here = {name for sight in listed for name in _names(sight)}
        for foreign in self._teller.books.agreement.foreign_orders(self._teller.route):
            name = foreign.told.name
            missed = 0 if name in here else self._missed.get(name, 0) + 1
            self._missed[name] = missed
            if missed > 1:
                self._tell(replace(foreign.told, works=False))
        self._missed = {name: missed for name, missed in self._missed.items() if missed == 1}

    def weigh_past(self, closed: Sequence[Sight]) -> None:
        """A list of closed orders: what there was before the first of them is nobody's business."""
        strangers = [s for s in self._strangers(closed) if isinstance(s, VenueOrder)]
        known = {
            f.told.name for f in self._teller.books.agreement.foreign_orders(self._teller.route)
        }
        past = self._past
        for sight in strangers:
            name = _note(sight).name
            if name in known or (past is not None and name not in past):
                self._meet(sight)
        listed = dict.fromkeys(_note(sight).name for sight in strangers)
        # What was just read is the newest, so that it is not forgotten while it is listed.
        self._past = {name: None for name in past or {} if name not in listed} | listed
        _trim(self._past, max(KNOWN_MAX, len(strangers)))

    def _strangers(self, sights: Iterable[Sight]) -> list[Sight]:
        books, route = self._teller.books, self._teller.route
        left = _unknown(sights, books.working(route))
        return _unknown(left, books.closed(route)) if left else left

    def _meet(self, sight: Sight) -> None:
        if isinstance(sight, Unreadable):
            name = sight.secondary_order_id or sight.venue_cl_ord_id
            if name not in self._unread:  # it may read differently every time
                self._teller.unreadable(sight)
            self._unread.pop(name, None)
            self._unread[name] = None
            _trim(self._unread, KNOWN_MAX)
        elif not self._may_be_ours(sight):
            self._tell(_note(sight), sight.raw)

    def _may_be_ours(self, sight: VenueOrder) -> bool:
        working = self._teller.books.working(self._teller.route)
        return any(_could_be(order, sight, self._options.repeats_client_id) for order in working)

    def _tell(self, note: ForeignOrder, raw: str = "") -> None:
        books, route = self._teller.books, self._teller.route
        known = (f.told for f in books.agreement.foreign_orders(route) if f.told.name == note.name)
        if next(known, None) != note:
            self._teller.post(note, Evidence.VENUE_QUERY, raw)


def _could_be(order: Order, sight: VenueOrder, repeats: bool) -> bool:
    """Whether the venue's answer to an order of ours may yet give it that name."""
    if order.secondary_order_id:
        return False
    doubt = order.in_doubt
    if repeats and (doubt is None or TAKEN_UNNAMED not in doubt.text):
        return False
    return (order.symbol, order.side) == (sight.symbol, sight.side)


def _unknown(sights: Iterable[Sight], orders: Iterable[Order]) -> list[Sight]:
    ours: set[str] = set()
    theirs: set[str] = set()
    for order in orders:
        ours.add(order.venue_cl_ord_id)
        theirs.add(order.secondary_order_id)
        for name, secondary in order.venue_names:
            ours.add(name)
            theirs.add(secondary)
    ours.discard("")
    theirs.discard("")
    return [
        sight
        for sight in sights
        if sight.venue_cl_ord_id not in ours and sight.secondary_order_id not in theirs
    ]


def _names(sight: Sight) -> tuple[str, str]:
    return sight.secondary_order_id, sight.venue_cl_ord_id


def _note(sight: VenueOrder) -> ForeignOrder:
    return ForeignOrder(
        secondary_order_id=sight.secondary_order_id,
        symbol=sight.symbol,
        side=sight.side,
        order_qty=sight.order_qty,
        works=sight.state in _WORKS,
        venue_cl_ord_id=sight.venue_cl_ord_id,
        security_exchange=sight.security_exchange,
        price=sight.price,
        cum_qty=sight.cum_qty,
        avg_px=sight.avg_px,
    )


def _trim(names: dict[str, None], most: int) -> None:
    """Forget the oldest."""
    while len(names) > most:
        del names[next(iter(names))]
