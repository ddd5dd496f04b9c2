"""Apifiny's side: our logon, orders and cancels out, reports in."""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import jwt

from fix import apifiny, tags
from fix.departures import MAX_WAIT_S, Departure, Departures
from fix.link import Link
from fix.session import Role, SessionStatus
from fix.transport import Kind, SessionConfig, read_sessions
from fix.wire import Fields, told
from oms.clock import Clock
from oms.core.errors import ConfigError, MalformedMessage, NotSupported
from oms.core.fields import ExecTransType, ExecType
from oms.core.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.notes import Doubt, NotSent, Quarantined, Request
from oms.core.order import Order
from oms.core.ports import Books, Evidence, FromVenue, Inbound, Post, ToVenue

_log = logging.getLogger(__name__)

LinkMoved = Callable[[bool, str], None]
"""link_moved(up, text): told on quickfix's threads, for every loss and when all is up again."""

TOKEN_LIFE_S: Final = 30
"""The document's sample lets a token expire so many seconds after it was made."""

_WATCH_EVERY_S: Final = 1.0

_FILLS: Final = (ExecType.PARTIAL_FILL, ExecType.FILL)
_ENDS: Final = (ExecType.CANCELED, ExecType.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueLogin:
    """The account, and the key that signs our tokens. `token_life_s`: seconds until they expire."""

    account_id: str
    api_key_id: str
    api_secret_key: str = field(repr=False)
    token_life_s: int = TOKEN_LIFE_S


class Initiator:
    """All FIX sessions of one Apifiny account; a VenueGateway."""

    watches_sending = True

    def __init__(
        self,
        settings: Path,
        route: str,
        login: VenueLogin,
        post: Post,
        books: Books,
        link_moved: LinkMoved,
        clock: Clock,
        *,
        overrides: Mapping[str, str] | None = None,
        max_wait_s: float = MAX_WAIT_S,
    ) -> None:
        """`settings` is quickfix.cfg; the initiator sessions whose SenderCompID is the account's
        are this route's. `overrides` replace settings in each. Raises ConfigError.
        """
        self._route = route
        self._login = login
        self._post = post
        self._books = books
        self._link_moved = link_moved
        self._clock = clock
        configs = [
            config
            for config in read_sessions(settings, Kind.INITIATOR, overrides)
            if config.sender == login.account_id
        ]
        if not configs:
            raise ConfigError(
                f"{settings}: no initiator [SESSION] with SenderCompID={login.account_id}"
            )
        self._role = Role(Kind.INITIATOR, configs, self, clock)
        self._links = {config.name: self._link(config, max_wait_s) for config in configs}
        self._by_exchange = {link.config.qualifier.upper(): link for link in self._links.values()}
        self._sending = threading.local()
        self._moving = threading.Lock()
        """Links move, and are told of, one at a time: the last word told is what is so."""
        self._ending = threading.Event()

    def _link(self, config: SessionConfig, max_wait_s: float) -> Link:
        def depart(departure: Departure) -> None:
            self._depart(config.name, departure)

        return Link(config, Departures(config.name, depart, self._stay, self._clock, max_wait_s))

    def start(self) -> None:
        """Begin to connect; what comes of it is told by link_moved. Raises ConfigError."""
        self._role.open()
        for link in self._links.values():
            link.tried = self._clock.monotonic()
            link.departures.start()
        self._role.start()
        threading.Thread(target=self._watch, name=f"{self._route} watch", daemon=True).start()

    def stop(self, text: str = "the engine is stopping") -> None:
        """Log out; the process is to end by os._exit, or `drop` is to follow."""
        self._ending.set()
        for link in self._links.values():
            link.departures.stop()
        self._role.log_out(text)

    def drop(self) -> None:
        """Stop quickfix's threads and destroy its objects, to start anew in this process."""
        self._role.drop()

    def sessions_status(self) -> list[SessionStatus]:
        """Every session of the account."""
        return [self._role.status(link.config.name, link.text) for link in self._links.values()]

    @property
    def up(self) -> bool:
        """Whether every session is logged on."""
        return all(link.up for link in self._links.values())

    # Out

    def send(self, outbound: ToVenue) -> None:
        """Take over a committed request. Never raises; what is not sent comes back as NotSent."""
        message = outbound.message
        exchange = self._exchange(outbound)
        link = self._serving(exchange)
        if link is None:
            departure = Departure(message, exchange, 0.0)
            self._stay(departure, f"no session serves {exchange or 'an unnamed exchange'}")
            return
        link.departures.put(message, exchange)

    def ask(self, query: str, **parameters: Any) -> Future[Any]:
        """Fails with NotSupported: Apifiny's FIX answers no queries but a status."""
        answer: Future[Any] = Future()
        answer.set_exception(NotSupported(f"{query} is not offered over FIX"))
        return answer

    def _exchange(self, outbound: ToVenue) -> str:
        if isinstance(outbound.message, NewOrderSingle):
            return outbound.message.security_exchange
        order = self._books.order(outbound.order_id)
        return order.security_exchange if order is not None else ""

    def _serving(self, exchange: str) -> Link | None:
        return self._by_exchange.get(exchange) or self._by_exchange.get("")

    def _depart(self, session: str, departure: Departure) -> None:
        """On the session's departures thread."""
        try:
            fields = self._encode(departure)
        except NotSupported as error:
            self._stay(departure, str(error))
            return
        self._sending.departure = departure
        try:
            sent = self._role.send(session, fields)
        except Exception as fault:  # noqa: BLE001  something may have left: never silence
            _log.exception("%s: a request failed on its way out", session)
            if not isinstance(departure.message, OrderStatusRequest):
                text = f"{type(fault).__name__} while sending; the order's state there settles it"
                note = Doubt(cl_ord_id=departure.venue_name, request=departure.request, text=text)
                self._tell(note, Evidence.POLICY)
            return
        finally:
            self._sending.departure = None
        if not sent:
            self._stay(departure, "the session went down")

    def _encode(self, departure: Departure) -> Fields:
        account, exchange = self._login.account_id, departure.security_exchange
        match departure.message:
            case NewOrderSingle() as order:
                return apifiny.encode_order(order, account, self._clock.now())
            case OrderCancelRequest(orig_cl_ord_id=cl_ord_id):
                return apifiny.encode_cancel(cl_ord_id, account, exchange)
            case OrderStatusRequest(cl_ord_id=cl_ord_id):
                return apifiny.encode_status(cl_ord_id, account, exchange)
            case _:
                raise NotSupported("Apifiny has no replace")

    def _stay(self, departure: Departure, because: str) -> None:
        message = departure.message
        if isinstance(message, OrderStatusRequest):
            return
        too_late = isinstance(message, NewOrderSingle) and self._is_late(departure)
        text = "it waited too long to be sent" if too_late else because
        note = NotSent(
            cl_ord_id=departure.venue_name,
            request=departure.request,
            text=f"not sent to {self._route}: {text}",
            too_late=too_late,
        )
        self._tell(note, Evidence.POLICY)

    def _is_late(self, departure: Departure) -> bool:
        return 0 < departure.deadline < self._clock.monotonic()

    def _tell(self, message: FromVenue, evidence: Evidence, raw: str = "") -> None:
        self._post(Inbound(source=self._route, message=message, evidence=evidence, raw=raw))

    # What quickfix calls

    def sending(self, session: str, fields: Fields) -> bool:
        """The last word on a message about to leave: nothing twice, and no order late."""
        message = dict(fields)
        if message.get(tags.POSS_DUP_FLAG) == "Y":
            return False
        departure: Departure | None = getattr(self._sending, "departure", None)
        if departure is None:
            return False
        if isinstance(departure.message, NewOrderSingle) and self._is_late(departure):
            return False
        asked = departure.message
        self._links[session].sent(
            int(message[tags.MSG_SEQ_NUM]),
            message[tags.MSG_TYPE],
            message[tags.CL_ORD_ID],
            asked.order_id if isinstance(asked, OrderStatusRequest) else "",
        )
        return True

    def admin_sending(self, session: str, fields: Fields) -> Fields:
        """A token for every Logon. A Reject of ours is an alarm: the report it names is lost."""
        message = dict(fields)
        if message[tags.MSG_TYPE] == "A":
            self._links[session].tried = self._clock.monotonic()
            token = self._token()
            return [(tags.RAW_DATA_LENGTH, str(len(token))), (tags.RAW_DATA, token)]
        note = Quarantined(
            reason="rejected by our session",
            text=f"{session}: message {message.get(tags.REF_SEQ_NUM, '?')} of type "
            f"{message.get(tags.REF_MSG_TYPE, '?')}, tag {message.get(tags.REF_TAG_ID, '?')}: "
            f"{message.get(tags.TEXT, '')}; the order's state at the venue must be asked for",
        )
        self._tell(note, Evidence.VENUE_MESSAGE)
        return []

    def _token(self) -> str:
        account = self._login.account_id
        claims = {
            "accountId": account,
            "secretKeyId": self._login.api_key_id,
            "digest": hashlib.sha256(account.encode()).hexdigest(),
            "method": "Fix",
            "exp": self._clock.now_ms() // 1000 + self._login.token_life_s,
        }
        return jwt.encode(claims, self._login.api_secret_key, algorithm="HS256")

    def logged_on(self, session: str) -> None:
        """Ask for the state of every order: nothing is sent again over Apifiny's sessions."""
        link = self._links[session]
        with self._moving:
            link.opened()
            link.departures.open()
            self._ask_for_all(link)
            if self.up:
                self._link_moved(True, f"{session} logged on")

    def _ask_for_all(self, link: Link) -> None:
        for order in self._books.working(self._route):
            if self._serving(order.security_exchange) is link:
                asked = OrderStatusRequest(
                    cl_ord_id=order.venue_cl_ord_id, order_id=order.secondary_order_id
                )
                link.departures.put(asked, order.security_exchange)

    def logged_out(self, session: str) -> None:
        """What waits stays; what was sent and not answered is in doubt."""
        link = self._links[session]
        with self._moving:
            text = link.lost(self._clock.monotonic())
            if self._ending.is_set():
                # The venue's Logout answers ours: the words are not its.
                text = f"{session}: we logged out, the engine is stopping"
            link.departures.close(text)
            self._link_moved(False, text)

    def _watch(self) -> None:
        while not self._ending.wait(_WATCH_EVERY_S):
            self.look_for_idle_links()

    def look_for_idle_links(self) -> None:
        """Tell why a link does not come up: quickfix says nothing where no connection begins."""
        now = self._clock.monotonic()
        for link in self._links.values():
            idle = not link.up and now - link.tried > link.patience_s
            if idle and not link.explained:
                self._explain(link)

    def _explain(self, link: Link) -> None:
        text = link.explain()
        with self._moving:
            # Finding out takes seconds, in which the link may have come up.
            if not link.up:
                link.text = text
                self._link_moved(False, text)

    def logon_received(self, session: str, fields: Fields) -> None:
        """The venue's answer: it proves nothing of itself."""

    def admin_received(self, session: str, fields: Fields) -> None:
        """A Logout's text is kept; a Reject of a request of ours is its refusal."""
        message = dict(fields)
        if message[tags.MSG_TYPE] == "5":
            self._links[session].said(told(message.get(tags.TEXT, "")))
        elif message[tags.MSG_TYPE] == "3":
            self._refused(session, message)

    def _refused(self, session: str, message: Mapping[int, str], raw: str = "") -> None:
        """A Reject (3) or BusinessMessageReject (j): the venue did not work on a request."""
        number = message.get(tags.REF_SEQ_NUM, "")
        text = told(message.get(tags.TEXT, "")) or "rejected by the venue's session"
        kind, name = self._links[session].refused(int(number) if number.isdecimal() else 0)
        if kind == "D":
            refusal: FromVenue = ExecutionReport(
                exec_id=f"{name}:REFUSED", exec_type=ExecType.REJECTED, cl_ord_id=name, text=text
            )
        elif kind == "F":
            refusal = OrderCancelReject(cl_ord_id=name, orig_cl_ord_id=name, text=text)
        else:
            refusal = Quarantined(reason="rejected by the venue", text=f"{session}: {text}")
        self._tell(refusal, Evidence.VENUE_MESSAGE, raw)

    def received(self, session: str, fields: Fields, raw: str) -> None:
        """A report, or what can not be read as one: that goes to a human."""
        message = dict(fields)
        if message[tags.MSG_TYPE] == "j":
            self._refused(session, message, raw)
            return
        try:
            report = apifiny.decode(fields)
        except MalformedMessage as error:
            self._tell(
                Quarantined(reason="unreadable report", text=f"{session}: {error}"),
                Evidence.VENUE_MESSAGE,
                raw,
            )
            names = message.get(tags.CL_ORD_ID, ""), message.get(tags.ORDER_ID, "")
            if (order := self._working(*names)) is not None:
                what = "a report that could not be read may have been a fill"
                self._doubt_fills(order.venue_cl_ord_id, what)
            return
        if isinstance(report, ExecutionReport) and self._links[session].answers(report):
            self._tell_status(report, raw)
            return
        self._tell(report, Evidence.VENUE_MESSAGE, raw)

    def _tell_status(self, report: ExecutionReport, raw: str) -> None:
        order = self._working(report.cl_ord_id, report.order_id)
        status = replace(report, exec_trans_type=ExecTransType.STATUS)
        self._tell(status, Evidence.VENUE_MESSAGE, raw)
        # Where the venue leaves a request unanswered, what is taken for the answer is an event.
        filled = report.exec_type in _FILLS and bool(report.last_shares)
        acknowledged = order is not None and order.acknowledged
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
        self._tell(doubt, Evidence.VENUE_MESSAGE)

    def failed(self, session: str, raw: str, error: BaseException) -> None:
        """Keep what a mistake of ours kept from being handled, for a human."""
        note = Quarantined(
            reason="internal error", text=f"{session}: {type(error).__name__} while handling it"
        )
        self._tell(note, Evidence.VENUE_MESSAGE, raw)
