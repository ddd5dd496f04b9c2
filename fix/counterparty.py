"""A plain FIX 4.2 counterparty's side: orders, replaces and cancels out, reports in.

The session's numbers go on over reconnects and restarts, so no report is lost: what was not
committed is asked for again. Nothing of ours is ever sent twice in its name: what the counterparty
missed is filled over, and a status request, which comes after it, tells what never arrived.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from fix import fix42, tags
from fix.departures import MAX_WAIT_S, Departure, Departures
from fix.inquiry import Inquiry
from fix.link import Link
from fix.retries import Retries, eager
from fix.session import Role, Roles, SessionStatus
from fix.transport import Kind, SessionConfig, read_sessions
from fix.wire import Fields, told
from oms.clock import Clock
from oms.core.errors import ConfigError, MalformedMessage, NotSupported
from oms.core.fields import ExecTransType, ExecType, Side
from oms.core.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderStatusRequest,
)
from oms.core.notes import Doubt, NotSent, Quarantined, Request, RouteStatus, SessionReset
from oms.core.ports import Books, Evidence, Inbound, Message, Post, ToVenue
from oms.core.sessions import Session, venue_session
from oms.core.values import frozen
from oms.worker import Workers, threads

_log = logging.getLogger(__name__)

_REQUESTS: Final[Mapping[str, Request]] = {"F": Request.CANCEL, "G": Request.REPLACE}


@frozen(kw_only=True)
class Identity:
    """Which session of quickfix.cfg is a route's: our SenderCompID there, and the counterparty's
    CompID where that alone does not tell."""

    comp_id: str
    target_comp_id: str = ""


class _Rounds(Retries):
    also: Callable[[], None] = staticmethod(lambda: None)
    """What else is to be done about once a second."""

    def look(self) -> None:
        super().look()
        self.also()


class Counterparty:
    """The FIX session of one route; a VenueGateway."""

    watches_sending = True

    def __init__(
        self,
        settings: Path,
        route: str,
        identity: Identity,
        terms: fix42.Terms,
        post: Post,
        books: Books,
        session: Session,
        clock: Clock,
        *,
        status_on_logon: bool = True,
        overrides: Mapping[str, str] | None = None,
        max_wait_s: float = MAX_WAIT_S,
        workers: Workers = threads,
        roles: Roles = Role,
    ) -> None:
        """`settings` is quickfix.cfg, `overrides` replace settings of the session in it. `session`
        is the journal's position. `status_on_logon`: ask for every working order after each
        logon; the route is ready when all have been answered. Raises ConfigError.
        """
        self._route = route
        self._terms = terms
        self._post = post
        self._books = books
        self._consumed = session.msg_seq_num_in
        self._clock = clock
        self._asks = status_on_logon
        self._inquiry = Inquiry(route, books, self._ask_status, self._complete)
        self._config = _own(settings, identity, overrides)
        self._role = roles(Kind.INITIATOR, [eager(self._config)], self, clock, keeps_files=True)
        self._store = self._role.store(self._config.name)
        out = (self._depart, self._stay, clock, max_wait_s, lambda: books.killed(route), workers)
        self._link = Link(self._config, Departures(self._config.name, *out), clock)
        self._sending = threading.local()
        self._ending_because = ""
        self._moving = threading.RLock()
        """The link moves, and is told of, one at a time: the last word told is what is so."""
        self._logon_number = 0
        """MsgSeqNum of our last Logon: what is asked for from before it was never worked on."""
        self._retries = _Rounds(
            route, self._role, [self._link], self._moving, self._unreachable, clock, workers
        )
        self._retries.also = self._look

    def start(self) -> None:
        """Set the session to where the journal is, then connect. Raises ConfigError."""
        self._role.open()
        expected, _ = self._role.next_numbers(self._config.name)
        # quickfix counts a message as received when it is on its way to the engine; only what was
        # committed is consumed, and the rest is asked for again.
        self._role.set_next_in(self._config.name, min(expected, self._consumed + 1))
        self._link.departures.start()
        self._role.start()
        self._retries.start()

    def stop(self, text: str = "the engine is stopping") -> None:
        """Log out; the process is to end by os._exit, or `drop` is to follow."""
        self._retries.stop()
        self._ending_because = text
        self._link.departures.stop(text)
        self._role.log_out(text)
        if self._link.up:  # a thread that is dead has told of no end
            self.logged_out(self._config.name)

    def drop(self) -> None:
        """Stop quickfix's threads and destroy its objects, to start anew in this process.

        Raises Stuck where threads do not end.
        """
        self._role.drop()

    def troubles(self) -> list[str]:
        """What says that a thread of quickfix's is dead; nothing if all is well."""
        return self._role.troubles()

    def sessions_status(self) -> list[SessionStatus]:
        """The one session."""
        return [self._role.status(self._config.name, self._link.status_text())]

    # Out

    def send(self, outbound: ToVenue) -> None:
        """Take over a committed request. Never raises; what is not sent comes back as NotSent."""
        self._link.departures.put(outbound.message, "")

    def ask(self, query: str, **parameters: Any) -> Future[Any]:
        """Fails with NotSupported: FIX 4.2 answers no queries but a status."""
        answer: Future[Any] = Future()
        answer.set_exception(NotSupported(f"{query} is not offered over FIX"))
        return answer

    def _depart(self, departure: Departure) -> None:
        fields = fix42.encode(departure.message, self._terms, self._clock.now())
        self._sending.departure = departure
        try:
            sent = self._role.send(self._config.name, fields)
        except Exception as fault:  # noqa: BLE001  something may have left: never silence
            _log.exception("%s: a request failed on its way out", self._config.name)
            if not isinstance(departure.message, OrderStatusRequest):
                text = f"{type(fault).__name__} while sending; the order's state there settles it"
                note = Doubt(cl_ord_id=departure.venue_name, request=departure.request, text=text)
                self._tell(note, Evidence.POLICY)
            return
        finally:
            self._sending.departure = None
        if not sent:
            self._stay(departure, "the session went down")

    def _stay(self, departure: Departure, because: str) -> None:
        message = departure.message
        if isinstance(message, OrderStatusRequest):
            return
        too_late = isinstance(message, NewOrderSingle) and self._is_late(departure)
        text = "it waited too long to be sent" if too_late else because
        note = NotSent(
            cl_ord_id=message.cl_ord_id,
            request=departure.request,
            text=f"not sent to {self._route}: {text}",
            too_late=too_late,
        )
        self._tell(note, Evidence.POLICY)

    def _is_late(self, departure: Departure) -> bool:
        return 0 < departure.deadline < self._clock.monotonic()

    def _tell(
        self, message: Message, evidence: Evidence, raw: str = "", number: int = 0, source: str = ""
    ) -> None:
        self._post(
            Inbound(
                source=source or self._route,
                message=message,
                evidence=evidence,
                raw=raw,
                msg_seq_num=number,
            )
        )

    # What quickfix calls

    def sending(self, session: str, fields: Fields) -> bool:
        """The last word on a message about to leave: nothing twice, and no order late."""
        message = dict(fields)
        if message.get(tags.POSS_DUP_FLAG) == "Y":
            return self._asked_again(message)
        departure: Departure | None = getattr(self._sending, "departure", None)
        if departure is None or not self._link.departures.still(departure):
            return False
        return not (isinstance(departure.message, NewOrderSingle) and self._is_late(departure))

    def _asked_again(self, message: Mapping[int, str]) -> bool:
        """Whether to send again what the counterparty missed: never an order, nothing that is old.

        A cancel or replace from before this logon was not worked on, and leaves anew when it can.
        Of a new order only the answer to a status request tells that much.
        """
        kind, name = message[tags.MSG_TYPE], message[tags.CL_ORD_ID]
        before = int(message[tags.MSG_SEQ_NUM]) < self._logon_number
        if kind == "D":
            if not before:
                text = "it was missed on its way; the answer to a status request settles it"
                self._tell(
                    Doubt(cl_ord_id=name, request=Request.NEW, text=text), Evidence.VENUE_MESSAGE
                )
                if self._asks:
                    symbol, side = message[tags.SYMBOL], Side(message[tags.SIDE])
                    self._ask_status(OrderStatusRequest(cl_ord_id=name, symbol=symbol, side=side))
            return False
        if before and kind in _REQUESTS:
            text = f"not sent to {self._route}: it was lost with the connection"
            note = NotSent(cl_ord_id=name, request=_REQUESTS[kind], text=text)
            self._tell(note, Evidence.VENUE_MESSAGE)
        return not before

    def _ask_status(self, asked: OrderStatusRequest) -> None:
        self._link.departures.put(asked, "")

    def _lost_report(self) -> None:
        if self._asks:
            self._inquiry.lost_report()

    def admin_sending(self, session: str, fields: Fields) -> Fields:
        """Note under which number we log on. A Reject of ours is an alarm: a report may be lost."""
        message = dict(fields)
        if message[tags.MSG_TYPE] == "A":
            self._link.asks()
            self._logon_number = int(message[tags.MSG_SEQ_NUM])
            return []
        note = Quarantined(
            reason="rejected by our session",
            text=f"{session}: message {message.get(tags.REF_SEQ_NUM, '?')} of type "
            f"{message.get(tags.REF_MSG_TYPE, '?')}, tag {message.get(tags.REF_TAG_ID, '?')}: "
            f"{message.get(tags.TEXT, '')}; the orders' states are asked for",
        )
        self._tell(note, Evidence.VENUE_MESSAGE)
        self._lost_report()
        return []

    def logon_received(self, session: str, fields: Fields) -> None:
        """The counterparty's answer; its number shows if the session was begun anew."""
        number = int(dict(fields)[tags.MSG_SEQ_NUM])
        if number <= self._consumed:
            self._consumed = 0
            origin = venue_session(self._route)
            self._tell(SessionReset(origin=origin), Evidence.POLICY, source=origin)

    def logged_on(self, session: str) -> None:
        """Up; ready once the state of every working order is known."""
        with self._moving:
            self._link.opened()
            self._retries.moved(self._link)
            self._link.departures.open()
            asked = self._inquiry.begin() if self._asks else 0
            text = f"asked for the state of {asked} orders" if asked else self._link.text
            self._tell_status(up=True, ready=not asked, text=text)

    def _complete(self) -> None:
        with self._moving:
            up = self._link.up
            ready = up and not self._inquiry.awaits
            self._tell_status(up=up, ready=ready, text=self._link.text)

    def _look(self) -> None:
        if self._link.up and self._asks:
            self._inquiry.look(self._clock.monotonic())

    def _tell_status(self, *, up: bool, ready: bool, text: str, lost: bool = False) -> None:
        status = RouteStatus(route=self._route, up=up, ready=ready, text=text, lost_answers=lost)
        self._tell(status, Evidence.POLICY)

    def logged_out(self, session: str) -> None:
        """What waits stays; what was sent and not answered is in doubt until the next logon."""
        with self._moving:
            self._inquiry.end()
            text = self._link.lost()
            self._retries.moved(self._link)
            if self._retries.ending:
                text = f"{session}: we logged out, {self._ending_because}"
            self._link.departures.close(text)
            self._tell_status(up=False, ready=False, text=text, lost=True)

    def _unreachable(self, text: str) -> None:
        self._tell_status(up=False, ready=False, text=text)

    def admin_received(self, session: str, fields: Fields) -> None:
        """A Logout's text is kept; a Reject of a request of ours is its refusal; what a
        SequenceReset leaps over is lost."""
        message = dict(fields)
        if message[tags.MSG_TYPE] == "5":
            self._link.said(told(message.get(tags.TEXT, "")))
        elif message[tags.MSG_TYPE] == "3":
            self._refused(message, "", 0)
        elif message[tags.MSG_TYPE] == "4" and message.get(tags.GAP_FILL_FLAG) != "Y":
            text = f"{session}: on to {message[tags.NEW_SEQ_NO]}; the orders' states are asked for"
            note = Quarantined(reason="messages were leapt over", text=text)
            self._tell(note, Evidence.VENUE_MESSAGE)
            self._lost_report()

    def _refused(self, message: Mapping[int, str], raw: str, number: int) -> None:
        """A Reject (3) or BusinessMessageReject (j): a request of ours was not worked on."""
        of = message.get(tags.REF_SEQ_NUM, "")
        text = told(message.get(tags.TEXT, "")) or "rejected by the counterparty's session"
        kind, name = self._sent(int(of) if of.isdecimal() else 0)
        refusal: ExecutionReport | OrderCancelReject | Quarantined
        if kind == "D":
            refusal = ExecutionReport(
                exec_id=f"{name}:REFUSED", exec_type=ExecType.REJECTED, cl_ord_id=name, text=text
            )
        elif kind in _REQUESTS:
            refusal = OrderCancelReject(cl_ord_id=name, text=text)
        else:
            what = f"{self._config.name}: {text}"
            refusal = Quarantined(reason="rejected by the counterparty", text=what)
        self._tell(refusal, Evidence.VENUE_MESSAGE, raw, number)
        if kind == "H":
            self._inquiry.answered(name)

    def _sent(self, number: int) -> tuple[str, str]:
        """MsgType and ClOrdID of what was sent under that number, from the session's own store."""
        for fields in self._store.messages(number, number):
            message = dict(fields)
            return message[tags.MSG_TYPE], message.get(tags.CL_ORD_ID, "")
        return "", ""

    def received(self, session: str, fields: Fields, raw: str) -> None:
        """A report, or what can not be read as one: that goes to a human."""
        message = dict(fields)
        number = int(message[tags.MSG_SEQ_NUM])
        if message.get(tags.POSS_DUP_FLAG) == "Y" and number <= self._consumed:
            return
        if message[tags.MSG_TYPE] == "j":
            self._refused(message, raw, number)
        else:
            self._read(fields, raw, number)
        self._consumed = max(self._consumed, number)

    def _read(self, fields: Fields, raw: str, number: int) -> None:
        try:
            report = fix42.decode(fields)
        except MalformedMessage as error:
            note = Quarantined(reason="unreadable report", text=f"{self._config.name}: {error}")
            self._tell(note, Evidence.VENUE_MESSAGE, raw, number)
            self._lost_report()
            return
        self._tell(report, Evidence.VENUE_MESSAGE, raw, number)
        if isinstance(report, ExecutionReport) and report.exec_trans_type is ExecTransType.STATUS:
            self._inquiry.answered(report.cl_ord_id, report.order_id)

    def failed(self, session: str, raw: str, error: BaseException) -> None:
        """Keep what a mistake of ours kept from being handled, for a human; it may be a fill."""
        note = Quarantined(
            reason="internal error", text=f"{session}: {type(error).__name__} while handling it"
        )
        self._tell(note, Evidence.VENUE_MESSAGE, raw)
        self._lost_report()


def _own(settings: Path, identity: Identity, overrides: Mapping[str, str] | None) -> SessionConfig:
    """The route's session. Raises ConfigError unless there is exactly one."""
    found = [
        config
        for config in read_sessions(settings, Kind.INITIATOR, overrides)
        if config.sender == identity.comp_id and identity.target_comp_id in ("", config.target)
    ]
    if len(found) != 1:
        target = identity.target_comp_id and f", TargetCompID={identity.target_comp_id}"
        raise ConfigError(
            f"{settings}: {len(found)} initiator [SESSION]s with "
            f"SenderCompID={identity.comp_id}{target}; one is needed"
        )
    return found[0]
