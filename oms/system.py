"""The composition root: every part of one engine, in the order they start and stop.

`System` is what `oms run` runs; `Engine` is the same inside another program.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

from adapters import venue
from adapters.apifiny.settings import ApifinySettings
from adapters.fix42.settings import Fix42Settings
from adapters.port import VenueRunner
from fix.acceptor import Acceptor
from fix.counterparty import Counterparty, Identity
from fix.fix42 import Terms
from fix.initiator import Initiator, VenueLogin
from fix.session import Stuck
from oms.api import Oms
from oms.certificate import killed_venues
from oms.clock import draw_id
from oms.core.book import Book
from oms.core.decide import OPERATOR
from oms.core.errors import NotAuthorised
from oms.core.legs import VenueBooks
from oms.core.notes import Started
from oms.core.ports import DeskGateway, DeskReport, Evidence, Inbound, VenueGateway
from oms.core.sessions import Session, venue_session
from oms.desks import desk_logins, entitlements
from oms.door import Row
from oms.expiries import Expiries
from oms.feed import Feed
from oms.fixconfig import check_fix_config
from oms.ground import Ground
from oms.killing import LOOK_EVERY_S, PATIENCE_S, Killing
from oms.log import room
from oms.patience import PatientCommits
from oms.resumed import resumed
from oms.routes import capabilities_of
from oms.settings import Settings, VenueSettings, load_settings
from oms.sides import Sides
from oms.venues import Venues, stream_rows
from oms.writer import Gateways, Writer

VERSION: Final = "0.1.0"

BACKLOG_AT_ONCE: Final = 500

_COUNTED: Final = (
    "in_doubt", "breaks", "foreign", "quarantined", "moves_in_doubt", "orders", "open", "fills"
)  # fmt: skip

DESKS: Final = "the desks"
"""The side that desks log on to; the others have their routes' names."""

_log = room("system")


class System:
    """One engine: store, writer, venues, desks. Built and started by `start`."""

    def __init__(
        self,
        settings: Settings,
        *,
        ground: Ground | None = None,
        speed: float = 1.0,
        on_fault: Callable[[BaseException], None] = lambda error: None,
    ) -> None:
        """`on_fault` is told when the writer stops; nothing is decided after that."""
        self.settings = settings
        self._ground = ground or Ground()
        self.clock = self._ground.clock
        self.fault: BaseException | None = None
        self.stuck = False
        """Whether the fault is that quickfix's threads do not end: only a new process helps."""
        self._speed = speed
        self._told_of_fault = on_fault
        self._loop = self._ground.loop
        self._gateways = Gateways()
        self._runners: dict[str, VenueRunner] = {}
        self._sides = Sides(self._connect, self._settle, self._give_up, self._ground.workers)
        self._closing = ExitStack()
        self._feeds: dict[str, Feed] = {OPERATOR: Feed()}
        self._feeds |= {strategy.name: Feed() for strategy in settings.strategies}
        self._started = False

    # Life

    def start(self) -> None:
        """Take the store over, begin to trade, listen for desks.

        Does not wait for the venues. Raises ConfigError, StoreLocked, StoreUnavailable.
        """
        check_fix_config(self.settings)
        owner = f"oms run, pid {os.getpid()} on {socket.gethostname()}"
        url = self.settings.store.url
        self._store = self._ground.open_store(url, owner=owner, now=self.clock.now())
        self._closing.callback(self._store.close)
        try:
            self._reader = self._ground.open_reader(url)
            self._closing.callback(self._reader.close)
            self.clock = resumed(self._ground.clock, self._reader.last_time())
            self._note_head("the journal is taken over")
            self._closing.callback(self._note_head, "the journal is let go of")
            self._compose()
            self._begin()
        except BaseException:
            self._closing.close()
            raise
        self._started = True

    def _compose(self) -> None:
        desks = self.settings.desks
        self.book = Book(
            {name: capabilities_of(table) for name, table in self.settings.venues.items()},
            entitlements(self.settings),
            self._store.history,
            drop_copies=[desk.comp_id for desk in desks if desk.drop_copy],
            news_to=[desk.comp_id for desk in desks if desk.news and not desk.drop_copy],
            killers=[desk.comp_id for desk in desks if desk.may_kill],
            treasurers=[one.name for one in self.settings.strategies if one.may_move_money],
        )
        self._store.load(self.book)
        self._venues = Venues(self.book, self._runners)
        patience_s = self.settings.store.patience_s
        self._commits = PatientCommits(self._store, self.clock, patience_s=patience_s)
        self._writer = Writer(
            self.book,
            self._commits,
            self._gateways,
            clock=self.clock,
            draw=self._ground.draw,
            on_fault=self._fail,
            on_commit=lambda changes: self._expiries.watch(changes.orders.values()),
            workers=self._ground.workers,
        )
        workers = self._ground.workers
        self._expiries = Expiries(self._writer.post, self.book, self.clock, workers)
        self._killing = Killing(
            self.book,
            self._reader,
            self._venues.ask,
            self._writer.post,
            self.clock,
            patience_s=PATIENCE_S / self._speed,
        )
        for name, table in self.settings.venues.items():
            self._route(name, table)
        if self.settings.desks:
            self._sides.add(DESKS, self._accept)
        self._connect()

    def _begin(self) -> None:
        self._writer.start()
        self._closing.callback(self._writer.stop)
        self._closing.callback(self._commits.hurry)
        started = Started(epoch=self._store.epoch, version=VERSION)
        self._writer.post(Inbound(source="engine", message=started, evidence=Evidence.POLICY))
        self._loop.start()
        self._closing.callback(self._loop.stop)
        self._loop.submit(self._killing.watch(LOOK_EVERY_S / self._speed))
        self._expiries.watch(self.book.all_working())
        self._expiries.start()
        self._closing.callback(self._expiries.stop)
        for runner in self._runners.values():
            runner.start()
            self._closing.callback(runner.stop)
        self._closing.callback(self._sides.stop)
        self._sides.start()

    def _route(self, name: str, table: VenueSettings) -> None:
        runner = venue(table.kind).build(
            table.plain(),
            route=name,
            post=self._writer.post,
            books=VenueBooks(self.book),
            clock=self.clock,
            loop=self._loop,
            speed=self._speed,
            ways=self._ground.ways,
        )
        self._runners[name] = runner
        if isinstance(table, ApifinySettings):
            self._sides.add(name, partial(self._initiate, name, table, runner))
        elif isinstance(table, Fix42Settings):
            self._sides.add(name, partial(self._face, name, table))

    def _initiate(self, name: str, table: ApifinySettings, runner: VenueRunner) -> Initiator:
        login = VenueLogin(
            account_id=table.account_id,
            api_key_id=table.api_key_id.get_secret_value(),
            api_secret_key=table.api_secret_key.get_secret_value(),
        )
        return Initiator(
            self.settings.fix.settings,
            name,
            login,
            self._writer.post,
            VenueBooks(self.book),
            runner.link_moved,
            self.clock,
            link_tore=runner.link_tore,
            max_wait_s=table.max_wait_s,
            workers=self._ground.workers,
            roles=self._ground.roles,
        )

    def _face(self, name: str, table: Fix42Settings) -> Counterparty:
        markets = table.instruments.items()
        return Counterparty(
            self.settings.fix.settings,
            name,
            Identity(comp_id=table.comp_id, target_comp_id=table.target_comp_id),
            Terms(
                account=table.account,
                security_exchange=table.security_exchange,
                symbols={symbol: market.venue_symbol or symbol for symbol, market in markets},
            ),
            self._writer.post,
            self.book,
            self.book.sessions.get(venue_session(name), Session()),
            self.clock,
            status_on_logon=table.status_on_logon,
            max_wait_s=table.max_wait_s,
            workers=self._ground.workers,
            roles=self._ground.roles,
        )

    def _accept(self) -> Acceptor:
        return Acceptor(
            self.settings.fix.settings,
            desk_logins(self.settings),
            self._writer.post,
            self._backlog,
            dict(self.book.sessions),
            dict(self.book.numbers),
            self.clock,
            workers=self._ground.workers,
            roles=self._ground.roles,
        )

    def _connect(self) -> None:
        """Each message to where it goes now: the FIX sides may have been built anew."""
        venues: dict[str, VenueGateway] = dict(self._runners)
        desks: dict[str, DeskGateway] = dict(self._feeds)
        for name, side in self._sides.now.items():
            if isinstance(side, Acceptor):
                for desk in self.settings.desks:
                    desks[desk.comp_id] = side.gateway(desk.comp_id)
            elif isinstance(side, Initiator | Counterparty):
                venues[name] = side
            if isinstance(side, Initiator):
                self._runners[name].trade_through(side)
        self._gateways.venues, self._gateways.desks = venues, desks
        gateways = self._gateways
        gateways.markets = gateways.nonces = gateways.treasuries = self._runners

    def _settle(self, timeout_s: float) -> bool:
        return self._writer.settle(timeout_s)

    def _note_head(self, what: str) -> None:
        """In the log, which is kept elsewhere: from there the journal can be proved."""
        _log.info(what, epoch=self._store.epoch, **self._reader.head())

    def _give_up(self, error: Stuck) -> None:
        self.stuck = True
        self._fail(error)

    def stop(self, *, drop: bool = False) -> None:
        """Refuse orders, log out, commit what waits, close the store. More than once is no harm.

        `drop` destroys quickfix's objects too, for a process that lives on; one that ends does so
        by os._exit instead.
        """
        self.book.stopping = True
        self._started = False
        try:
            self._closing.close()
        finally:
            if drop:
                self._sides.drop()

    def _fail(self, error: BaseException) -> None:
        self.fault = error
        self.book.stopping = True
        _log.exception("the engine stops", error)
        for feed in self._feeds.values():
            feed.fail(f"the engine has stopped: {str(error) or type(error).__name__}")
        self._told_of_fault(error)

    # What others ask

    def post(self, inbound: Inbound) -> None:
        """The engine's one door in, for who speaks its own messages. From any thread."""
        self._writer.post(inbound)

    @property
    def desk_port(self) -> int:
        """Where desks log on, 0 without any."""
        side = self._sides.now.get(DESKS)
        return side.port if isinstance(side, Acceptor) else 0

    def oms(self, origin: str) -> Oms:
        """The API as seen by the operator or a strategy. Raises NotAuthorised."""
        feed = self._feeds.get(origin)
        if feed is None:
            raise NotAuthorised(f"{origin} is neither the operator nor a configured strategy")
        return Oms(
            origin,
            post=self._writer.post,
            feed=feed,
            looks=self._reader,
            venues=self._venues,
            status=self.status,
            certify=self._killing.certificate,
            new_cl_ord_id=draw_id,
            trouble=lambda: self._commits.trouble,
        )

    def status(self) -> Row:
        """The status row of docs/api.md."""
        counts = self._reader.counts()
        return {
            "ready": self._started and self.fault is None,
            "store": self._commits.trouble,
            "sessions": [asdict(session) for session in self._sides.sessions_status()],
            "venues": [
                {
                    "venue": route.name,
                    "up": route.up,
                    "ready": route.ready,
                    "text": _why(route.text, self._runners[route.name].slowed),
                    "working": len(self.book.working(route.name)),
                    "emulates": sorted(route.capabilities.emulates),
                }
                for route in self.book.routes.values()
            ],
            "streams": stream_rows(self._runners),
            "kill": killed_venues(self._reader.kills()),
            "journal": self._reader.head(),
            **{name: counts[name] for name in _COUNTED},
        }

    def _backlog(self, origin: str, since: int) -> Iterator[tuple[int, DeskReport]]:
        while True:
            batch = self._reader.reports(origin, since, BACKLOG_AT_ONCE)
            yield from batch
            if len(batch) < BACKLOG_AT_ONCE:
                return
            since = batch[-1][0]


def _why(text: str, slowed: str) -> str:
    # A ban is why the route is down.
    return "; ".join(dict.fromkeys(why for why in (text, slowed) if why))


class Engine:
    """The engine inside another program: `async with Engine(config, strategy="name") as desk`.

    `desk` has the methods of `oms.Client`.
    """

    def __init__(
        self, config: Settings | Path | str | None = None, *, strategy: str = OPERATOR
    ) -> None:
        """`config`: settings, or the file to read ($OMS_CONFIG or ./oms.toml when None).

        Raises ConfigError, NotAuthorised for a strategy that is not configured.
        """
        settings = config if isinstance(config, Settings) else load_settings(_path(config))
        names = {OPERATOR} | {entry.name for entry in settings.strategies}
        if strategy not in names:
            raise NotAuthorised(f"strategy {strategy!r} is not in [[strategies]]")
        self._system = System(settings)
        self._origin = strategy

    async def __aenter__(self) -> Oms:
        """Start. Raises ConfigError, StoreLocked, StoreUnavailable."""
        await asyncio.to_thread(self._system.start)
        return self._system.oms(self._origin)

    async def __aexit__(self, *_: object) -> None:
        """Stop, and leave nothing running."""
        await asyncio.to_thread(self._system.stop, drop=True)


def _path(config: Path | str | None) -> Path | None:
    return None if config is None else Path(config)
