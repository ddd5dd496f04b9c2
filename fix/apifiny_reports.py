"""What Apifiny tells on its sessions, handed to the engine: reports, answers, refusals.

What can not be read goes to a human with its text, and whatever it may have been is asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from fix import apifiny, tags
from fix.link import Link
from fix.wire import Fields, told
from oms.core.errors import MalformedMessage
from oms.core.fields import ExecTransType, ExecType
from oms.core.messages import ExecutionReport, OrderCancelReject
from oms.core.notes import Doubt, Quarantined, Request
from oms.core.order import Order
from oms.core.ports import Books, Evidence, FromVenue, Inbound, Post

_FILLS: Final = (ExecType.PARTIAL_FILL, ExecType.FILL)
_ENDS: Final = (ExecType.CANCELED, ExecType.REJECTED)


class Reports:
    """The inbound half of one account's sessions. Called on quickfix's threads."""

    def __init__(self, route: str, books: Books, post: Post, link_tore: Callable[[], None]) -> None:
        """`link_tore()`: a message of the venue's is lost, and nobody knows about which order."""
        self._route = route
        self._books = books
        self._post = post
        self._link_tore = link_tore

    def tell(self, message: FromVenue, evidence: Evidence, raw: str = "") -> None:
        """Hand a message of this route to the engine."""
        self._post(Inbound(source=self._route, message=message, evidence=evidence, raw=raw))

    def received(self, link: Link, fields: Fields, raw: str) -> None:
        """An application message: a report, a refusal, or what can not be read as either."""
        message = dict(fields)
        if message[tags.MSG_TYPE] == "j":
            self.refused(link, message, raw)
            return
        try:
            report = apifiny.decode(fields)
        except MalformedMessage as error:
            self._unreadable(link, message, raw, error)
            return
        if isinstance(report, ExecutionReport) and link.answers(report):
            self._tell_status(report, raw)
            return
        self.tell(report, Evidence.VENUE_MESSAGE, raw)

    def refused(self, link: Link, message: Mapping[int, str], raw: str = "") -> None:
        """A Reject (3) or BusinessMessageReject (j): the venue did not work on a request."""
        number = message.get(tags.REF_SEQ_NUM, "")
        text = told(message.get(tags.TEXT, "")) or "rejected by the venue's session"
        kind, name = link.refused(int(number) if number.isdecimal() else 0)
        if kind == "D":
            refusal: FromVenue = ExecutionReport(
                exec_id=f"{name}:REFUSED", exec_type=ExecType.REJECTED, cl_ord_id=name, text=text
            )
        elif kind == "F":
            refusal = OrderCancelReject(cl_ord_id=name, orig_cl_ord_id=name, text=text)
        else:
            refusal = Quarantined(
                reason="rejected by the venue", text=f"{link.config.name}: {text}"
            )
        self.tell(refusal, Evidence.VENUE_MESSAGE, raw)

    def rejected_by_us(self, link: Link, message: Mapping[int, str]) -> None:
        """Our own session refuses a message of the venue's: whatever it was is lost, a fill maybe."""
        what = (
            f"message {message.get(tags.REF_SEQ_NUM, '?')} of type "
            f"{message.get(tags.REF_MSG_TYPE, '?')}, tag {message.get(tags.REF_TAG_ID, '?')}: "
            f"{message.get(tags.TEXT, '')}"
        )
        link.alarm(f"we rejected {what}")
        text = f"{link.config.name}: {what}; every order of the route is asked for"
        note = Quarantined(reason="rejected by our session", text=text)
        self.tell(note, Evidence.VENUE_MESSAGE)
        self._link_tore()

    def failed(self, link: Link, raw: str, error: BaseException) -> None:
        """Keep what a mistake of ours kept from being handled, for a human."""
        text = f"{link.config.name}: {type(error).__name__} while handling it"
        link.alarm("a message was not handled: internal error")
        note = Quarantined(reason="internal error", text=text)
        self.tell(note, Evidence.VENUE_MESSAGE, raw)
        self._link_tore()

    def _unreadable(
        self, link: Link, message: Mapping[int, str], raw: str, error: MalformedMessage
    ) -> None:
        link.alarm(f"a report could not be read: {error}")
        note = Quarantined(reason="unreadable report", text=f"{link.config.name}: {error}")
        self.tell(note, Evidence.VENUE_MESSAGE, raw)
        names = message.get(tags.CL_ORD_ID, ""), message.get(tags.ORDER_ID, "")
        order = self._working(*names)
        if order is None:
            if message[tags.MSG_TYPE] in ("8", "9"):
                self._link_tore()
            return
        what = "a report that could not be read may have been a fill"
        self._doubt_fills(order.venue_cl_ord_id, what)

    def _tell_status(self, report: ExecutionReport, raw: str) -> None:
        order = self._working(report.cl_ord_id, report.order_id)
        status = replace(report, exec_trans_type=ExecTransType.STATUS)
        self.tell(status, Evidence.VENUE_MESSAGE, raw)
        # Where the venue leaves a request unanswered, what is taken for the answer is an event.
        filled = report.exec_type in _FILLS and bool(report.last_shares)
        acknowledged = order is not None and order.acknowledged
        if report.exec_type in _FILLS and not report.last_shares and not acknowledged:
            # What is asked for next, as the second half of a replace, hangs on how much it was.
            name = report.cl_ord_id if order is None else order.venue_cl_ord_id
            self._doubt_fills(name, "the venue says that it was executed, and not how much")
        over = report.exec_type is ExecType.CANCELED or acknowledged
        if filled or (report.exec_type in _ENDS and over):
            what = "fill" if filled else "end"
            what = f"what may be its {what} or the answer to a status request was not applied"
            name = report.cl_ord_id if order is None else order.venue_cl_ord_id
            self._doubt_fills(name, what)

    def _working(self, cl_ord_id: str, order_id: str) -> Order | None:
        for order in self._books.working(self._route):
            if cl_ord_id == order.venue_cl_ord_id or (
                order_id and order_id == order.secondary_order_id
            ):
                return order
        return None

    def _doubt_fills(self, name: str, what: str) -> None:
        """Have the venue asked for the order."""
        text = f"{what}; the venue's cumulative quantity settles it"
        doubt = Doubt(cl_ord_id=name, request=Request.FILLS, text=text)
        self.tell(doubt, Evidence.VENUE_MESSAGE)
