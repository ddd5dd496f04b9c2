"""The FIX way of an Apifiny route, worked by hand: what it carries, what it loses, what it tells.

It stands where the engine's own FIX session stands, so that the repair can be tried without one.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

from adapters.apifiny.tests.apifiny_fix_desk import FixDesk, by_tag
from oms.core.errors import VenueUnavailable
from oms.core.fields import ExecTransType, ExecType, TimeInForce
from oms.core.messages import ExecutionReport, NewOrderSingle, OrderCancelRequest
from oms.core.numbers import number_text
from oms.core.order import Order
from oms.core.ports import Evidence, Inbound, LinkWord, ToVenue
from tests.adapters.one_route import OneRoute, one_route

_TIF = {TimeInForce.GOOD_TILL_CANCEL: "1", TimeInForce.IMMEDIATE_OR_CANCEL: "3"}


class Link:
    """A gateway whose session is the simulator's, without a socket between."""

    def __init__(self, route: OneRoute) -> None:
        self.route = route
        self.deaf = False
        self.sent: list[ToVenue] = []
        self.sent_before = self.logons = self.asked_status = 0
        self._fix = FixDesk()
        self._fix.sim = route.tap.simulator  # type: ignore[assignment]  # the one it shares with the route
        route.runner.trade_through(self)
        route.send = self.send

    # The session

    def rise(self, *, ask: bool = True) -> None:
        """A new connection, a new logon; all working orders are asked for, as our session does."""
        self.deaf = False
        self.sent_before, self.logons = len(self.sent), self.logons + 1
        self.route.there.do(self._log_on)
        self.route.runner.link_moved(True, "logged on")
        for order in self.route.book.working(self.route.route) if ask else ():
            name, exchange = order.venue_cl_ord_id, order.security_exchange
            answers = self.route.there.do(partial(self._fix.about, "H", name, exchange))
            self._tell(answers, ExecTransType.STATUS)

    def _log_on(self) -> None:
        self._now()
        self._fix.connect()
        (answer,) = self._fix.log_on()
        assert answer[0] == (35, "A")

    def fall(self) -> None:
        """The connection is gone; what the venue tells from now on is lost."""
        self.deaf = True
        self.route.runner.link_moved(False, "connection lost")

    def hear(self) -> None:
        """Take in what the venue has told since."""
        if not self.deaf:
            self._tell(self.route.there.do(self._tick))

    def until(self, done: Any, what: str) -> None:
        """Hear and decide until it is so."""
        self.route.spin(done, what, self.hear)

    # The gateway

    def send(self, outbound: ToVenue) -> None:
        """Send a D or an F and take the answers in, unless the connection breaks on it."""
        self.sent.append(outbound)
        answers = self.route.there.do(lambda: self._deliver(outbound))
        if self._fix.session.closed:
            self.fall()
        else:
            self._tell(answers)

    def ask(self, query: str, **parameters: Any) -> Future[Any]:
        """The session's answer about an order, on this connection."""
        assert query == "order_status", query
        answer: Future[Any] = Future()
        order = self.route.order(parameters["order_id"])
        if self.deaf:
            answer.set_exception(VenueUnavailable("the session was lost"))
            return answer

        async def ask() -> None:
            self._now()
            (told,) = self._fix.about("H", order.venue_cl_ord_id, order.security_exchange)
            known = told[150] != "8" or told[37] != "NONE"
            sent = self.sent_before < len(self.sent)
            answer.set_result(LinkWord(known=known, logon=self.logons, sent_in_it=sent))

        self.asked_status += 1
        self.route.there.begin(ask())
        return answer

    def _deliver(self, outbound: ToVenue) -> list[dict[int, str]]:
        self._now()
        message = outbound.message
        if isinstance(message, OrderCancelRequest):
            return self._fix.about("F", message.orig_cl_ord_id)
        assert isinstance(message, NewOrderSingle)
        assert message.order_qty is not None
        assert message.price is not None
        return self._fix.order(
            message.cl_ord_id,
            t38=number_text(message.order_qty),
            t44=number_text(message.price),
            t54=message.side.value,
            t59=_TIF[message.time_in_force],
            t207=message.security_exchange,
        )

    def _tick(self) -> list[dict[int, str]]:
        self._now()
        return by_tag(self._fix.session.tick(self._fix.now_ms))

    def _now(self) -> None:
        self._fix.now_ms = self.route.clock.now_ms()

    def _tell(
        self, messages: list[dict[int, str]], kind: ExecTransType = ExecTransType.NEW
    ) -> None:
        for told in messages:
            if self.deaf or told[35] != "8":
                continue
            report = ExecutionReport(
                exec_id=told[17],
                exec_type=ExecType(told[150]),
                exec_trans_type=kind,
                cl_ord_id=told.get(11, ""),
                order_id=told[37].removeprefix("NONE"),
                secondary_order_id=told[37].removeprefix("NONE"),
                last_shares=Decimal(told[32]),
                last_px=Decimal(told[44]) if 44 in told else None,
            )
            inbound = Inbound(
                source=self.route.route, message=report, evidence=Evidence.VENUE_MESSAGE
            )
            self.route.inbox.put(inbound)


@contextmanager
def linked() -> Iterator[tuple[OneRoute, Link]]:
    """An Apifiny route whose link is up and mended."""
    with one_route("apifiny", start=False) as route:
        link = Link(route)
        route.runner.start()
        link.rise()
        route.until_ready()
        yield route, link


def at_venue(route: OneRoute, order: Order) -> dict[str, Any]:
    """The venue's own row of an order."""
    (row,) = [row for row in route.tap.orders() if row["client_id"] == order.venue_cl_ord_id]
    return row
