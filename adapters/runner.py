"""One route's life on the adapters' loop: takes requests over, asks its venue, posts what is so.

`Runner` is the route's gateway. Where it trades itself, `Trader` sends and `Watch` follows the
venue's lists; where another gateway carries the orders, `Repair` mends what its link has lost.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, cast

from adapters.audit import Audit
from adapters.budget import Budget
from adapters.ear import RouteEar
from adapters.hub import Hub, Listener
from adapters.looks import Looks
from adapters.loop import Loop
from adapters.mover import Mover
from adapters.nonces import Nonces
from adapters.options import Options
from adapters.pace import Pace
from adapters.port import Client, Queries, Stream, StreamStatus
from adapters.quotes import quote
from adapters.repair import Repair
from adapters.teller import Teller
from adapters.trader import Trader
from adapters.watch import Watch
from oms.clock import Clock
from oms.core.errors import NotSupported
from oms.core.market import Topic
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.notes import Doubt, NoncesReserved, Request
from oms.core.ports import Books, Evidence, Post, ToMarket, ToTreasury, ToVenue, VenueGateway
from oms.core.reports import KILL_SWITCH

QUERIES: Final = frozenset(
    {
        "account",
        "activities",
        "balances",
        "candles",
        "closed_orders",
        "currencies",
        "deposit_address",
        "deposits",
        "fees",
        "instruments",
        "open_orders",
        "order_book",
        "own_trades",
        "server_time",
        "ticker",
        "tickers",
        "trades",
        "transfers",
        "withdrawals",
    }
)
"""What can be asked, where the venue's client offers it."""

CANCEL_ALL: Final = "cancel_all"
"""The venue's own call that ends whatever the account has, where its client offers it."""

AUDIT: Final = "audit"
"""Compare at once; an Audited."""

_log = logging.getLogger(__name__)


class Runner:
    """The gateway of one route (a VenueGateway)."""

    def __init__(
        self,
        route: str,
        client: Client | Queries,
        *,
        post: Post,
        books: Books,
        clock: Clock,
        budget: Budget,
        loop: Loop,
        options: Options,
        nonces: Nonces | None = None,
        stream: Stream | None = None,
        other_budgets: Sequence[Budget] = (),
    ) -> None:
        """`post` is the engine's door in, `books` its memory; `loop` runs everything here.

        `nonces`: those that the client uses. `stream`: what the venue tells without being asked.
        `budget` is that of orders and what is asked about them; `other_budgets` are further ones of
        the client.
        """
        self._nonces = nonces
        self._loop = loop
        self._client = client
        self._budget, self._budgets = budget, (budget, *other_budgets)
        budget.stop_new_while(lambda: KILL_SWITCH if books.killed(route) else "")
        self._gateway: VenueGateway = self
        self._inbox: deque[tuple[ToVenue, float]] = deque()
        self._requests: set[asyncio.Task[None]] = set()
        self._lives: list[asyncio.Task[None]] = []
        self._woken = False
        lags = not options.trades_here or stream is not None
        self._teller = Teller(route, post, books, clock, speed=options.speed, lags=lags)
        pace = Pace(clock.monotonic, options.speed)
        looks = Looks(client, self._teller, pace, lambda again: self._gateway.send(again))
        self._trader: Trader | None = None
        self._watch: Watch | None = None
        self._mover = Mover(client, self._teller, options)
        self._stream = stream
        self._hub = Hub(client, stream, self._teller, loop, options)
        self._ear = RouteEar(
            self._teller, self._hub, looks, options.trades_here, suspect=self._suspect
        )
        link, told = self._ask_link, self._teller
        self._repair = None if options.trades_here else Repair(client, told, looks, options, link)
        look = looks.look if self._repair is None else self._repair.recheck
        self._audit = audit = Audit(client, self._teller, options, self._is_up, look)
        if options.trades_here:
            self._watch = Watch(client, self._teller, looks, budget, options, audit.foreigners)
            self._trader = self._make_trader(cast(Client, client), looks, options, self._watch)

    def _is_up(self) -> bool:
        return self._watch is None or self._watch.up

    def _make_trader(self, client: Client, looks: Looks, options: Options, watch: Watch) -> Trader:
        return Trader(
            client,
            self._teller,
            looks,
            options,
            watch.lost,
            up=lambda: watch.up,
            suspect=watch.suspect,
            fall=watch.fall,
        )

    # Life

    def start(self) -> None:
        """Begin to work; returns at once."""
        for budget in self._budgets:
            budget.when_slowed(self._slow_down)
        self._loop.call(self._begin)

    def stop(self, grace_s: float = 1.0) -> None:
        """Turn away what was not sent, give requests under way `grace_s` seconds, let go."""
        self._loop.finish(self._end(grace_s), grace_s + 1.0)

    def link_moved(self, up: bool, text: str) -> None:
        """The session that carries the orders went up or down; from any thread."""
        assert self._repair is not None, "this route trades by itself"
        self._repair.link_moved(up, text)
        self._loop.call(self._repair.woken.set)

    def link_tore(self) -> None:
        """That session lost a message of the venue's; from any thread."""
        assert self._repair is not None, "this route trades by itself"
        self._repair.link_tore()
        self._loop.call(self._repair.woken.set)

    def trade_through(self, gateway: VenueGateway) -> None:
        """Name the gateway that carries this route's orders, before `start`."""
        self._gateway = gateway

    def _ask_link(self, order_id: str) -> Future[Any]:
        return self._gateway.ask("order_status", order_id=order_id)

    def _begin(self) -> None:
        following = self._watch or self._repair
        assert following is not None, "a route is watched or repaired"
        self._lives = [
            asyncio.create_task(self._survive(following)),
            asyncio.create_task(self._mover.run()),
            asyncio.create_task(self._audit.run()),
        ]
        if self._stream is not None:
            self._lives.append(asyncio.create_task(self._listen(self._stream)))

    async def _survive(self, following: Watch | Repair) -> None:
        while True:
            try:
                await following.run()
            except Exception as fault:  # noqa: BLE001  our mistake must not silence the route
                _log.error("route %s", self._teller.route, exc_info=fault)
                if self._watch is not None:
                    self._watch.fall(f"{type(fault).__name__} in the adapter")
            await asyncio.sleep(1.0)

    async def _listen(self, stream: Stream) -> None:
        while True:
            text = "the stream's own task ended"
            try:
                await stream.run(self._ear)
            except Exception as fault:  # noqa: BLE001  our mistake must not silence the route
                _log.error("stream of route %s", self._teller.route, exc_info=fault)
                text = f"{type(fault).__name__} in the adapter"
            self._ear.lost(text)
            await asyncio.sleep(1.0)

    def _suspect(self) -> None:
        if self._watch is not None:
            self._watch.suspect()
        elif self._repair is not None:
            self._repair.suspect()

    async def _end(self, grace_s: float) -> None:
        self._drain()
        self._budget.refuse_new("the engine is stopping")
        if self._requests:
            await asyncio.wait(self._requests, timeout=grace_s)
        self._hub.close()
        self._ear.close()
        left = [*self._requests, *self._lives]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._client.close()

    # The gateway

    def send(self, outbound: ToVenue) -> None:
        """Take over a committed request. Returns at once, never raises; from any thread."""
        self._inbox.append((outbound, self._teller.clock.monotonic()))
        if not self._woken:
            # One wake-up for all that waits; cleared before the inbox is read, so none is lost.
            self._woken = True
            self._loop.call(self._drain)

    @property
    def slowed(self) -> str:
        """Until when the venue's rate limit holds requests up, and why; from any thread."""
        return "; ".join(budget.slowed for budget in self._budgets if budget.slowed)

    def _slow_down(self, text: str, banned: bool) -> None:
        _log.log(logging.ERROR if banned else logging.WARNING, "%s %s", self._teller.route, text)
        if banned and self._watch is not None:
            self._watch.fall(text)

    def move(self, outbound: ToTreasury) -> None:
        """Take over a committed transfer. Returns at once, never raises; from any thread."""
        self._loop.call(lambda: self._keep(self._mover.move(outbound.message)))

    def grant(self, nonces: NoncesReserved) -> None:
        """Take over nonces that are committed. Returns at once, never raises; from any thread."""
        if self._nonces is not None:
            self._loop.call(partial(self._nonces.granted, nonces.first, nonces.last))

    def quote(self, outbound: ToMarket) -> None:
        """Find the best prices. Returns at once, never raises; from any thread."""
        self._loop.submit(quote(self._client, self._teller, outbound.message))

    def ask(self, query: str, **parameters: Any) -> Future[Any]:
        """Answer one of QUERIES. NotSupported for what the venue does not offer, else VenueError.

        CANCEL_ALL is no question: whoever asks for it has put that on record before. AUDIT has the
        books compared with the venue.
        """
        if query == AUDIT:
            return self._loop.submit(self._audit.now())
        asked = getattr(self._client, query, None) if query in (*QUERIES, CANCEL_ALL) else None
        if asked is None:
            future: Future[Any] = Future()
            future.set_exception(NotSupported(f"{self._teller.route} does not offer {query}"))
            return future
        if query == CANCEL_ALL:
            return self._loop.submit(self._cancel_all(asked))
        return self._loop.submit(asked(**parameters))

    def listen(self, topic: Topic, wake: Callable[[], None]) -> Listener:
        """Begin to watch; `wake` is called on the adapters' thread. Raises NotSupported."""
        return self._hub.listen(topic, wake)

    def stream_status(self) -> StreamStatus | None:
        """Whether the venue's stream stands; None where it has none. From any thread."""
        return self._ear.status if self._stream is not None else None

    async def _cancel_all(self, ask: Callable[[], Awaitable[list[str]]]) -> list[str]:
        try:
            return await ask()
        finally:
            # Best effort, and its answer may be lost: every order is looked at.
            if self._repair is not None:
                self.link_tore()
            elif self._watch is not None:
                self._watch.suspect()

    def _drain(self) -> None:
        self._woken = False
        while self._inbox:
            self._keep(self._guarded(*self._inbox.popleft()))

    def _keep(self, request: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(request)
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    async def _guarded(self, outbound: ToVenue, since: float) -> None:
        try:
            await self._work(outbound, since)
        except Exception as fault:  # noqa: BLE001  something may have been sent: never silence
            _log.error("order %s", outbound.order_id, exc_info=fault)
            self._doubt(outbound, f"{type(fault).__name__} in the adapter")
        if self._watch is not None:
            self._watch.wake()

    def _work(self, outbound: ToVenue, since: float) -> Coroutine[Any, Any, None]:
        trader, message = self._trader, outbound.message
        assert trader is not None, "orders of this route go another way"
        match message:
            case NewOrderSingle():
                return trader.place(outbound.order_id, message, since)
            case OrderCancelRequest():
                return trader.cancel(outbound.order_id, message)
            case _:
                raise AssertionError("no venue here can replace")

    def _doubt(self, outbound: ToVenue, text: str) -> None:
        message = outbound.message
        cl_ord_id, request = message.cl_ord_id, Request.NEW
        if not isinstance(message, NewOrderSingle):
            cl_ord_id, request = message.orig_cl_ord_id, Request.CANCEL
        text = f"{text}; the order's state at the venue settles it"
        note = Doubt(cl_ord_id=cl_ord_id, request=request, text=text)
        self._teller.post(note, Evidence.POLICY)
