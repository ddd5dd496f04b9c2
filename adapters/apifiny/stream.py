"""What Apifiny tells without being asked: orders and assets of each exchange, and the market.

No feed numbers its messages, so every new connection may have missed something. Orders of a route go
over FIX, whose reports are the truth: what the order feed tells is a reason to look, and evidence
where an order is in doubt.

Source: the Apifiny Connect API document of 08/03/21, section "Websocket API".
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from adapters.apifiny import mapping
from adapters.apifiny.access import Account, feed_claims, token
from adapters.apifiny.client import ApifinyClient
from adapters.apifiny.connections import SILENCE_S, Connections, Hear
from adapters.apifiny.market_feed import MarketFeed
from adapters.budget import Budget
from adapters.documents import Row, list_of, row_of, text_in
from adapters.options import Options
from adapters.port import Ear
from adapters.websocket import Connect, WebSocket, connect
from oms.clock import Clock
from oms.core.errors import MalformedMessage, VenueError
from oms.core.market import Topic

_log = logging.getLogger(__name__)


class ApifinyStream:
    """The feeds of one account (a Stream). All calls on the adapters' loop."""

    topics: frozenset[str] = frozenset({"ticker", "order_book", "trades", "candles", "balances"})

    def __init__(
        self,
        account: Account,
        client: ApifinyClient,
        market_budget: Budget,
        clock: Clock,
        options: Options,
        silence_s: float = SILENCE_S,
        connect: Connect = connect,
    ) -> None:
        """`market_budget` is what subscribing counts for."""
        self._account = account
        self._client = client
        self._clock = clock
        self._options = options
        secrets = (account.api_secret_key, account.api_key_id)
        self._connections = Connections(secrets, options, silence_s, connect)
        self._market = MarketFeed(account, market_budget, self._connections)
        self._balances_wanted = False
        self._balances_owed = asyncio.Event()

    def follows(self, topic: Topic) -> bool:
        """Whether the feeds tell of this one: few exchanges have more than a book there."""
        if topic.instrument is None or topic.kind == "order_book":
            return True
        return topic.instrument.security_exchange in self._account.feed_exchanges

    def follow(self, topics: frozenset[Topic]) -> None:
        """What is wanted from now on."""
        self._market.follow(frozenset(topic for topic in topics if topic.instrument is not None))
        wanted = any(topic.kind == "balances" for topic in topics)
        if wanted and not self._balances_wanted:
            self._balances_owed.set()
        self._balances_wanted = wanted

    async def run(self, ear: Ear) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as feeds:
            for exchange in self._account.exchanges:
                feeds.create_task(self._orders(ear, exchange))
                feeds.create_task(self._assets(ear, exchange))
            feeds.create_task(self._balances(ear))
            feeds.create_task(self._market.run(ear))

    async def _orders(self, ear: Ear, exchange: str) -> None:
        def hear(told: Row) -> None:
            row = row_of(_inside(told).get("payload"), "order update")
            order_id = text_in(row, "orderId")
            if self._client.symbols:
                ear.sight(self._client.sight(row, self._exchange_of(row, exchange)))
            else:
                ear.stir(venue_cl_ord_id=order_id)  # no market has a name yet

        await self._keep(ear, exchange, "order", hear)

    async def _assets(self, ear: Ear, exchange: str) -> None:
        def hear(told: Row) -> None:
            rows = list_of(_inside(told).get("payload"), "account update")
            ear.balances(
                [
                    mapping.balance(row, self._exchange_of(row_of(row, "balance"), exchange))
                    for row in rows
                ]
            )

        await self._keep(ear, exchange, "asset", hear, self._balances_owed.set)

    async def _balances(self, ear: Ear) -> None:
        """The feed tells changes only: whoever begins to watch, or may have missed one, is told
        all of them."""
        while True:
            await self._balances_owed.wait()
            self._balances_owed.clear()
            if not self._balances_wanted:
                continue
            try:
                ear.balances(await self._client.balances())
            except (VenueError, MalformedMessage) as error:
                _log.warning("balances: %s", error)
                self._balances_owed.set()
                await asyncio.sleep(self._options.back_off_s(1))

    async def _keep(
        self,
        ear: Ear,
        exchange: str,
        feed: str,
        hear: Hear,
        begun: Callable[[], None] = lambda: None,
    ) -> None:
        name = f"{feed} feed of {exchange}"

        async def listen(socket: WebSocket) -> None:
            begun()
            async for text in socket:
                await self._connections.take(ear, name, socket, text, hear)

        self._connections.expect(name)
        while True:
            exp = self._account.expiry(self._clock.stamp_us() // 1000)
            headers = {"signature": token(self._account, feed_claims(self._account, exp))}
            await self._connections.hold(ear, name, self._url(exchange, feed), headers, listen)

    def _url(self, exchange: str, feed: str) -> str:
        own = self._account.hosts.get(exchange)
        if own:
            return f"ws{own.removeprefix('http')}{self._account.ws_path}/{feed}"
        return f"{self._account.stream_host}{self._account.ws_path}/{exchange}/{feed}"

    def _exchange_of(self, row: Row, exchange: str) -> str:
        named = row.get("venue")
        return str(named) if named in self._account.exchanges else exchange


def _inside(told: Row) -> Row:
    """What is told, in its envelope or without one: the two feeds are shown differently."""
    inside: Any = told.get("result")
    return inside if isinstance(inside, dict) else told
