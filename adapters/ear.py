"""What a venue's stream says of orders, weighed against the book.

A stream only ever adds to what the queries prove: a sight goes the way that a query's goes, a fill
is known by its name, and whatever is unclear is a reason to ask. Whichever comes first is applied,
and the other is no news. Where another gateway carries the orders, its reports are the truth and a
stream is no more than a reason to ask about what is in doubt.
"""

import asyncio
from collections.abc import Callable, Sequence

from adapters.hub import Hub
from adapters.looks import Looks
from adapters.port import Balance, MarketNews, Sight, StreamStatus, Unreadable, VenueTrade
from adapters.reconcile import is_same
from adapters.teller import Teller
from oms.core.errors import VenueError
from oms.core.market import Topic
from oms.core.order import Order


class RouteEar:
    """The Ear of one route. All calls on the adapters' loop, but `status` from any thread."""

    def __init__(
        self,
        teller: Teller,
        hub: Hub,
        looks: Looks,
        trades_here: bool,
        *,
        suspect: Callable[[], None],
    ) -> None:
        """`suspect()`: the orders are to be looked at, as far as the route's own rules want."""
        self._teller = teller
        self._hub = hub
        self._looks = looks
        self._trades_here = trades_here
        self._suspect = suspect
        self._begun = False
        self._stirred: dict[str, None] = {}
        self._looking: asyncio.Task[None] | None = None
        self.status = StreamStatus(up=False, since=teller.clock.now(), text="not connected yet")

    def sight(self, sight: Sight) -> None:
        """An order as the venue shows it. One that is not ours is nobody's business here."""
        order = self._find(sight.venue_cl_ord_id, sight.secondary_order_id)
        if order is None:
            self._weigh_unknown()
        elif isinstance(sight, Unreadable):
            self._teller.unreadable(sight)
            self._stir(order)
        elif not self._trades_here:
            self._stir(order)
        elif not order.secondary_order_id and not is_same(order, sight):
            text = f"order {order.order_id}: another order carries its client id"
            self._teller.quarantine(text, sight.raw)
        elif sight.cum_qty is not None and sight.cum_qty < order.cum_qty:
            self._stir(order)  # it was overtaken, or something is wrong: a query tells
        else:
            self._teller.tell(order, sight)

    def trade(self, trade: VenueTrade) -> None:
        """A fill of the account."""
        order = self._find(trade.venue_cl_ord_id, trade.secondary_order_id)
        if order is None and self._trades_here:
            order = self._former(trade)
        if order is None:
            self._weigh_unknown(trade.symbol)
            if self._trades_here and trade.secondary_order_id and not self._is_foreign(trade):
                self._teller.late(trade)
        elif not self._trades_here:
            self._stir(order)
        elif order.secondary_order_id not in ("", trade.secondary_order_id) or order.open_ended:
            self._stir(order)  # under another id, or how much there will be is not known yet
        else:
            asked = order
            if not order.secondary_order_id:
                asked = order.evolve(secondary_order_id=trade.secondary_order_id)
            self._teller.traded(asked, trade)

    def stir(self, venue_cl_ord_id: str = "", secondary_order_id: str = "") -> None:
        """Something happened to that order: it is looked at soon."""
        order = self._find(venue_cl_ord_id, secondary_order_id)
        if order is None:
            self._weigh_unknown()
        else:
            self._stir(order)

    def gap(self, text: str) -> None:
        """Something may not have been told: everything is looked at."""
        self._tell(up=True, text=text)
        if self._begun:  # before its first word nothing can have been lost
            self._hub.gap()
        self._begun = True
        self._suspect()

    def lost(self, text: str) -> None:
        """The connection is over and being made anew."""
        self._tell(up=False, text=text)

    def balances(self, balances: Sequence[Balance]) -> None:
        """What the account has of these assets."""
        self._hub.balances(balances)

    def market(self, topic: Topic, told: MarketNews) -> None:
        """News of what is followed."""
        self._hub.market(topic, told)

    def quarantine(self, text: str, raw: str) -> None:
        """Something that makes no sense, shown to a human."""
        self._teller.quarantine(text, raw)

    def close(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()

    def _tell(self, *, up: bool, text: str) -> None:
        self.status = StreamStatus(up=up, since=self._teller.clock.now(), text=text)

    def _find(self, venue_cl_ord_id: str, secondary_order_id: str) -> Order | None:
        """The order that the venue calls by either id; the id we drew decides."""
        books, route = self._teller.books, self._teller.route
        for known in (books.working, books.closed):  # nearly always it is one that works
            by_theirs = None
            for order in known(route):
                if venue_cl_ord_id and order.venue_cl_ord_id == venue_cl_ord_id:
                    return order
                if secondary_order_id and order.secondary_order_id == secondary_order_id:
                    by_theirs = order
            if by_theirs is not None:
                return by_theirs
        return None

    def _former(self, trade: VenueTrade) -> Order | None:
        """The order whose earlier leg was executed, as it was then: a replace does not undo that."""
        books, route = self._teller.books, self._teller.route
        for order in (*books.working(route), *books.closed(route)):
            for leg in order.legs[:-1]:
                theirs = leg.secondary_order_id
                if theirs and theirs == trade.secondary_order_id:
                    return order.evolve(
                        venue_cl_ord_id=leg.venue_cl_ord_id, secondary_order_id=theirs
                    )
        return None

    def _is_foreign(self, trade: VenueTrade) -> bool:
        """Whether it is of an order that is known to be another program's, or a person's."""
        known = self._teller.books.agreement.foreign_orders(self._teller.route)
        return any(one.told.secondary_order_id == trade.secondary_order_id for one in known)

    def _weigh_unknown(self, symbol: str = "") -> None:
        """Not adopted, whatever it is. But while an order is looked for, this may be it, and a fill
        without the name of an order may be any order's."""
        for order in self._teller.books.working(self._teller.route):
            if order.in_doubt is not None and not order.secondary_order_id:
                self._suspect()
            elif symbol and order.symbol == symbol:
                self._stir(order)

    def _stir(self, order: Order) -> None:
        if not self._trades_here:
            if order.in_doubt is not None:
                self._suspect()
            return
        if not order.secondary_order_id:
            self._suspect()
            return
        self._stirred[order.order_id] = None
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while self._stirred:
            order_id = next(iter(self._stirred))
            del self._stirred[order_id]
            order = self._teller.books.order(order_id)
            if order is None:
                continue
            try:
                await self._looks.look(order)
            except VenueError:
                self._stirred.clear()  # the pass that follows looks at everything
                self._suspect()
