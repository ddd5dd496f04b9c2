"""Apifiny's side: our logon, orders and cancels out, reports in."""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import field
from pathlib import Path
from typing import Any, Final

import jwt

from fix import apifiny, tags
from fix.apifiny_reports import Reports
from fix.departures import MAX_WAIT_S, Departure, Departures
from fix.link import Link
from fix.retries import Retries, eager
from fix.session import Role, Roles, SessionStatus
from fix.transport import Kind, SessionConfig, read_sessions
from fix.wire import Fields, parse_utc_timestamp, told
from oms.clock import Clock
from oms.core.errors import ConfigError, MalformedMessage, NotSupported
from oms.core.messages import NewOrderSingle, OrderCancelRequest, OrderStatusRequest
from oms.core.notes import Doubt, NotSent
from oms.core.order import Order
from oms.core.ports import Books, Evidence, Post, ToVenue
from oms.core.values import frozen
from oms.worker import Workers, threads

_log = logging.getLogger(__name__)

LinkMoved = Callable[[bool, str], None]
"""link_moved(up, text): told on quickfix's threads, for every loss and when all is up again."""

TOKEN_LIFE_S: Final = 30
"""The document's sample lets a token expire so many seconds after it was made."""

STALL_S: Final = 10.0
"""A venue that takes nothing for so long has its connection dropped: a send would wait for ever."""


@frozen(kw_only=True)
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
        link_tore: Callable[[], None] = lambda: None,
        overrides: Mapping[str, str] | None = None,
        max_wait_s: float = MAX_WAIT_S,
        workers: Workers = threads,
        roles: Roles = Role,
    ) -> None:
        """`settings` is quickfix.cfg; the initiator sessions whose SenderCompID is the account's
        are this route's. `overrides` replace settings in each. `link_tore()` is told when a message
        of the venue's was lost on a session that stands. Raises ConfigError.
        """
        self._route = route
        self._login = login
        self._reports = Reports(route, books, post, link_tore)
        self._books = books
        self._link_moved = link_moved
        self._killed = lambda: books.killed(route)
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
        self._workers = workers
        self._role = roles(Kind.INITIATOR, [eager(config) for config in configs], self, clock)
        self._links = {config.name: self._link(config, max_wait_s) for config in configs}
        self._by_exchange = {link.config.qualifier.upper(): link for link in self._links.values()}
        self._sending = threading.local()
        self._ending_because = ""
        self._moving = threading.Lock()
        """Links move, and are told of, one at a time: the last word told is what is so."""
        self._retries = Retries(
            route, self._role, self._links.values(), self._moving, self._unreachable, clock, workers
        )

    def _unreachable(self, text: str) -> None:
        self._link_moved(False, text)

    def _link(self, config: SessionConfig, max_wait_s: float) -> Link:
        def depart(departure: Departure) -> None:
            self._depart(config.name, departure)

        out = (depart, self._stay, self._clock, max_wait_s, self._killed, self._workers)
        return Link(config, Departures(config.name, *out), self._clock)

    def start(self) -> None:
        """Begin to connect; what comes of it is told by link_moved. Raises ConfigError."""
        self._role.open()
        for link in self._links.values():
            link.departures.start()
        self._role.start()
        self._retries.start()

    def stop(self, text: str = "the engine is stopping") -> None:
        """Log out; the process is to end by os._exit, or `drop` is to follow."""
        self._ending_because = text
        self._retries.stop()
        for link in self._links.values():
            link.departures.stop(text)
        self._role.log_out(text)
        for name, link in self._links.items():
            if link.up:  # a thread that is dead has told of no end
                self.logged_out(name)

    def drop(self) -> None:
        """Stop quickfix's threads and destroy its objects, to start anew in this process.

        Raises Stuck where threads do not end.
        """
        self._role.drop()

    def troubles(self) -> list[str]:
        """What says that a thread of quickfix's is dead; nothing if all is well."""
        return self._role.troubles()

    def sessions_status(self) -> list[SessionStatus]:
        """Every session of the account."""
        return [
            self._role.status(link.config.name, link.status_text()) for link in self._links.values()
        ]

    @property
    def up(self) -> bool:
        """Whether every session is logged on."""
        return all(link.up for link in self._links.values())

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
        """`order_status` of an `order_id`: a LinkWord. Fails with NotSupported for all else."""
        answer: Future[Any] = Future()
        if query != "order_status":
            answer.set_exception(NotSupported(f"{query} is not offered over FIX"))
            return answer
        order = self._books.order(parameters["order_id"])
        link = None if order is None else self._serving(order.security_exchange)
        if order is None or link is None:
            answer.set_exception(NotSupported("no session serves the order"))
            return answer
        answer = link.awaits(order.venue_cl_ord_id)
        link.departures.put(_about(order), order.security_exchange)
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
            if isinstance(departure.message, OrderStatusRequest):
                self._stay(departure, "it failed on its way out")
            else:
                text = f"{type(fault).__name__} while sending; the order's state there settles it"
                note = Doubt(cl_ord_id=departure.venue_name, request=departure.request, text=text)
                self._reports.tell(note, Evidence.POLICY)
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
            link = self._serving(departure.security_exchange)
            if link is not None:
                link.unasked(message.cl_ord_id, because)
            return
        too_late = isinstance(message, NewOrderSingle) and self._is_late(departure)
        text = "it waited too long to be sent" if too_late else because
        note = NotSent(
            cl_ord_id=departure.venue_name,
            request=departure.request,
            text=f"not sent to {self._route}: {text}",
            too_late=too_late,
        )
        self._reports.tell(note, Evidence.POLICY)

    def _is_late(self, departure: Departure) -> bool:
        return 0 < departure.deadline < self._clock.monotonic()

    # What quickfix calls

    def sending(self, session: str, fields: Fields) -> bool:
        """The last word on a message about to leave: nothing twice, and no order late."""
        message = dict(fields)
        if message.get(tags.POSS_DUP_FLAG) == "Y":
            return False
        departure: Departure | None = getattr(self._sending, "departure", None)
        if departure is None or not self._links[session].departures.still(departure):
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
            self._links[session].asks()
            token = self._token()
            return [(tags.RAW_DATA_LENGTH, str(len(token))), (tags.RAW_DATA, token)]
        self._reports.rejected_by_us(self._links[session], message)
        return []

    def _token(self) -> str:
        account = self._login.account_id
        claims = {
            "accountId": account,
            "secretKeyId": self._login.api_key_id,
            "digest": hashlib.sha256(account.encode()).hexdigest(),
            "method": "Fix",
            "exp": self._clock.stamp_us() // 1_000_000 + self._login.token_life_s,
        }
        return jwt.encode(claims, self._login.api_secret_key, algorithm="HS256")

    def logged_on(self, session: str) -> None:
        """Ask for the state of every order: nothing is sent again over Apifiny's sessions."""
        link = self._links[session]
        with self._moving:
            link.opened()
            self._retries.moved(link)
            self._role.limit_stalling(STALL_S)
            link.departures.open()
            self._ask_for_all(link)
            if self.up:
                self._link_moved(True, f"{session} logged on")

    def _ask_for_all(self, link: Link) -> None:
        for order in self._books.working(self._route):
            if self._serving(order.security_exchange) is link:
                link.departures.put(_about(order), order.security_exchange)

    def logged_out(self, session: str) -> None:
        """What waits stays; what was sent and not answered is in doubt."""
        link = self._links[session]
        with self._moving:
            text = link.lost()
            self._retries.moved(link)
            if self._retries.ending:
                # The venue's Logout answers ours: the words are not its.
                text = f"{session}: we logged out, {self._ending_because}"
            link.departures.close(text)
            self._link_moved(False, text)

    def logon_received(self, session: str, fields: Fields) -> None:
        """The venue's answer: it proves nothing of itself."""

    def admin_received(self, session: str, fields: Fields) -> None:
        """A Logout's text is kept; a Reject of a request of ours is its refusal."""
        message, link = dict(fields), self._links[session]
        if message[tags.MSG_TYPE] == "5":
            try:
                sent = parse_utc_timestamp(message.get(tags.SENDING_TIME, ""), tags.SENDING_TIME)
            except MalformedMessage:
                sent = None
            link.said(told(message.get(tags.TEXT, "")), sent)
        elif message[tags.MSG_TYPE] == "3":
            self._reports.refused(link, message)

    def received(self, session: str, fields: Fields, raw: str) -> None:
        """A report, or what can not be read as one: that goes to a human."""
        self._reports.received(self._links[session], fields, raw)

    def failed(self, session: str, raw: str, error: BaseException) -> None:
        """Keep what a mistake of ours kept from being handled, for a human."""
        self._reports.failed(self._links[session], raw, error)


def _about(order: Order) -> OrderStatusRequest:
    return OrderStatusRequest(cl_ord_id=order.venue_cl_ord_id, order_id=order.secondary_order_id)
