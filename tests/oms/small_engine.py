"""An engine of one writer, one store and scripted venues: what the API's tests talk to."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

from adapters.hub import Listener
from adapters.port import Balance, Sight, StreamStatus
from oms.api import Oms, Row
from oms.certificate import killed_venues
from oms.clock import SystemClock
from oms.core.book import EVERY_ROUTE, Book
from oms.core.errors import NotSupported, VenueUnavailable
from oms.core.fields import ExecType, OrdType, TimeInForce
from oms.core.market import Topic
from oms.core.messages import ExecutionReport, NewOrderSingle, OrderCancelRequest
from oms.core.notes import Doubt, Instruments, Request, RouteStatus
from oms.core.ports import Evidence, Inbound, Message, ToVenue
from oms.core.venue import Capabilities, ClientId, Instrument
from oms.feed import Feed
from oms.killing import Killing
from oms.patience import PatientCommits
from oms.store.queries import Reader
from oms.store.store import Store
from oms.venues import Venues
from oms.writer import Gateways, Writer

AS_OPERATOR: Final = "operator-token-of-the-tests"
AS_GRID: Final = "grid-token-of-the-tests"
TOKENS: Final = {AS_OPERATOR: "operator", AS_GRID: "grid-1"}
WITHIN_S: Final = 10.0

_PLAIN: Final = Capabilities(
    ord_types=frozenset({OrdType.LIMIT, OrdType.MARKET}),
    time_in_force=frozenset({TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL}),
    post_only=True,
    market_buy_by_cash=False,
    client_id=ClientId.COUNTER,
)
_NATIVE: Final = Capabilities(
    ord_types=frozenset({OrdType.LIMIT}),
    time_in_force=frozenset({TimeInForce.GOOD_TILL_CANCEL}),
    post_only=False,
    market_buy_by_cash=False,
    client_id=ClientId.INTERNAL,
    can_replace=True,
    tells_pending=True,
    cancel_before_ack=True,
)
CAPABILITIES: Final = {"PLAIN": _PLAIN, "NATIVE": _NATIVE}
"""PLAIN answers cancels by hearsay; NATIVE says itself that one is pending, and replaces."""

_T = TypeVar("_T")


async def within(what: str, awaited: Awaitable[_T]) -> _T:
    """Its result, soon; a test that waits in vain says for what."""
    try:
        async with asyncio.timeout(WITHIN_S):
            return await awaited
    except TimeoutError:
        raise AssertionError(f"waited {WITHIN_S:g} s for {what}") from None


class ScriptedVenue:
    """A gateway that answers new orders as its script says: fill, rest, doubt, silence, refuse WHY."""

    def __init__(self, route: str, post: Callable[[Inbound], None]) -> None:
        self.script = "rest"
        self.received: list[ToVenue] = []
        self.listed: list[Sight] = []
        """What it lists as open."""
        self.ended: list[Sight] = []
        self.lists = True
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.listeners: list[Listener] = []
        self.news: list[tuple[Any, bool, int]] = []
        """What a watch hears at first, whether it is emulated, how many were missed before it."""
        self.account_wide: list[str] | None = None
        """What its account-wide cancel says it ended; None: it has no such call."""
        self._route = route
        self._post = post

    def send(self, outbound: ToVenue) -> None:
        """Take a request, on the writer's thread."""
        self.received.append(outbound)
        request = outbound.message
        if isinstance(request, NewOrderSingle):
            self._enter(request)
        elif isinstance(request, OrderCancelRequest) and self.script == "rest":
            self.tell(_report(request.orig_cl_ord_id, ExecType.CANCELED))

    def _enter(self, request: NewOrderSingle) -> None:
        if self.script == "doubt":
            self.doubt(request.cl_ord_id)
        elif self.script.startswith("refuse "):
            text = self.script.removeprefix("refuse ")
            self.tell(replace(_report(request.cl_ord_id, ExecType.REJECTED), text=text))
        elif self.script in ("rest", "fill"):
            self.tell(_report(request.cl_ord_id, ExecType.NEW))
        if self.script == "fill":
            assert request.order_qty is not None
            for number, part in enumerate((Decimal("0.004"), request.order_qty - Decimal("0.004"))):
                kind = ExecType.FILL if number else ExecType.PARTIAL_FILL
                self.fill(request.cl_ord_id, part, Decimal("40000.5"), kind)

    def acknowledge(self, venue_cl_ord_id: str) -> None:
        """A new order works."""
        self.tell(_report(venue_cl_ord_id, ExecType.NEW))

    def doubt(self, venue_cl_ord_id: str) -> None:
        """Nobody knows what became of a new order."""
        text = "no answer in 5 s; the venue's lists showing its client id settles it"
        self.tell(Doubt(cl_ord_id=venue_cl_ord_id, request=Request.NEW, text=text))

    def fill(self, venue_cl_ord_id: str, shares: Decimal, px: Decimal, kind: ExecType) -> None:
        """Tell an execution."""
        report = _report(venue_cl_ord_id, kind)
        exec_id = f"T{shares}-{kind.name}"
        self.tell(
            ExecutionReport(
                exec_id=exec_id,
                exec_type=kind,
                cl_ord_id=venue_cl_ord_id,
                order_id=report.order_id,
                last_shares=shares,
                last_px=px,
                trade_id=exec_id,
            )
        )

    def tell(self, message: Message) -> None:
        """Something from the venue."""
        self._post(
            Inbound(
                source=self._route,
                message=message,
                evidence=Evidence.VENUE_MESSAGE,
                raw=f"raw text of {type(message).__name__}",
            )
        )

    def ask(self, query: str, **parameters: Any) -> Future[Any]:
        """Balances, the lists of orders, and what the test has it answer."""
        future: Future[Any] = Future()
        self.asked.append((query, parameters))
        lists: dict[str, Any] = dict(self.answers)
        if self.lists:
            lists |= {"open_orders": self.listed, "closed_orders": self.ended}
        if self.account_wide is not None:
            lists["cancel_all"] = self.account_wide
        offered = ("balances", *lists)
        if query not in offered:
            future.set_exception(NotSupported(f"{self._route} does not offer {query}"))
        elif self.script == "silence":
            future.set_exception(VenueUnavailable("connection refused"))
        elif query in lists:
            future.set_result(lists[query])
        else:
            held = Decimal("0.10")
            future.set_result([Balance(asset="BTC", total=held, available=held, held=Decimal(0))])
        return future

    def listen(self, topic: Topic, wake: Callable[[], None]) -> Listener:
        """A watch of a ticker, of trades or of balances."""
        if topic.kind in ("candles", "order_book"):
            raise NotSupported(f"{self._route} does not offer {topic.kind}")
        listener = Listener(topic, wake, lambda left: self.listeners.remove(left))
        self.listeners.append(listener)
        for told, emulated, missed in self.news:
            for _ in range(missed):
                listener.miss()
            listener.put(told, emulated)
        return listener

    def stream_status(self) -> StreamStatus | None:
        """It has none."""
        return None


def _report(venue_cl_ord_id: str, kind: ExecType) -> ExecutionReport:
    return ExecutionReport(
        exec_id=f"{venue_cl_ord_id}-{kind.name}",
        exec_type=kind,
        cl_ord_id=venue_cl_ord_id,
        order_id=f"V{venue_cl_ord_id}",
    )


class SmallEngine:
    """Book, store and writer of one folder; `oms` gives an origin's view."""

    def __init__(self, folder: Path, capabilities: Mapping[str, Capabilities]) -> None:
        self.url = f"sqlite:///{folder / 'oms.db'}"
        self.faults: list[BaseException] = []
        self._ids = itertools.count(1)
        self._clock = clock = SystemClock()
        self._store = Store.open(self.url, owner="test", now=clock.now())
        entitlements = {
            "operator": frozenset({EVERY_ROUTE}),
            "grid-1": frozenset(capabilities),
        }
        self.book = Book(capabilities, entitlements, self._store.history)
        self._store.load(self.book)
        self.feeds = {origin: Feed() for origin in entitlements}
        gateways = Gateways(desks=self.feeds)
        self.commits = PatientCommits(self._store, clock, patience_s=20.0)
        self.writer = Writer(
            self.book,
            self.commits,
            gateways,
            clock=clock,
            draw=lambda digits: str(next(self._ids)).zfill(digits)[-digits:],
            on_fault=self._fail,
        )
        self.venues = {name: ScriptedVenue(name, self.writer.post) for name in capabilities}
        gateways.venues = self.venues
        runners: Any = self.venues  # as far as the API asks them
        self.doors = Venues(self.book, runners)
        self.reader = Reader.open(self.url)
        self.killing = Killing(self.book, self.reader, self.ask, self.writer.post, clock)
        self.writer.start()
        for name in capabilities:
            self._open_route(name)

    def _fail(self, error: BaseException) -> None:
        self.faults.append(error)
        for feed in self.feeds.values():
            feed.fail(f"the engine has stopped: {error}")

    def _open_route(self, name: str) -> None:
        instrument = Instrument(
            symbol="BTC/TRY",
            venue_symbol="BTCTRY",
            tick=Decimal("0.01"),
            step=Decimal("0.0001"),
            min_qty=Decimal("0.001"),
        )
        for note in (
            Instruments(route=name, instruments=(instrument,)),
            RouteStatus(route=name, up=True, ready=True, text=""),
        ):
            self.venues[name].tell(note)

    def oms(self, origin: str) -> Oms:
        """An origin's view."""
        return Oms(
            origin,
            post=self.writer.post,
            feed=self.feeds[origin],
            looks=self.reader,
            venues=self.doors,
            status=self.status,
            certify=self.killing.certificate,
            new_cl_ord_id=lambda: f"drawn-{next(self._ids)}",
            trouble=lambda: self.commits.trouble,
        )

    def status(self) -> Row:
        """The status row, with little in it."""
        venues = [
            {"venue": name, "up": True, "ready": True, "text": "", "working": 0}
            for name in sorted(self.book.routes)
        ]
        kill = killed_venues(self.reader.kills())
        told = {"ready": True, "sessions": [], "venues": venues, "streams": [], "kill": kill}
        head = self.reader.head()
        return {**told, "breaks": 0, "journal": head, **self.reader.counts()}

    def ask(self, route: str, query: str, **parameters: Any) -> Future[Any]:
        """A venue's read-only door."""
        return self.doors.ask(route, query, **parameters)

    def wait_until(self, what: str, holds: Callable[[], bool]) -> None:
        """Until it holds: the venues answer from another thread than the test's."""
        deadline = self._clock.monotonic() + WITHIN_S
        while not holds():
            assert self._clock.monotonic() < deadline, f"waited {WITHIN_S:g} s until {what}"

    def stop(self) -> None:
        """Write what waits, and close."""
        assert self.writer.stop(WITHIN_S), "the writer ends"
        self.reader.close()
        self._store.close()
        assert self.faults == []


@contextmanager
def running(folder: Path, route: str = "") -> Iterator[SmallEngine]:
    """An engine, until the test is done with it; with one plain route of that name, if any."""
    engine = SmallEngine(folder, {route: _PLAIN} if route else CAPABILITIES)
    try:
        yield engine
    finally:
        engine.stop()
