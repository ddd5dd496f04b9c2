"""BtcTurk's feed: the account's fills as they happen, reasons to look, and the market.

Source: BtcTurk API document, section "Websocket Feed"; the login by key and the user's trades as
spec/btcturk.md says. The user's models are known to cease while the socket lives, so nothing here
takes the place of a query: every connection begins with a gap, and polling goes on.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from adapters.btcturk import feed_mapping as feed
from adapters.btcturk import mapping
from adapters.btcturk.client import BtcturkClient
from adapters.btcturk.door import signature
from adapters.btcturk.followed import Channel, Followed
from adapters.documents import Row, parse, redact
from adapters.http import Throttled
from adapters.options import Options
from adapters.port import Ear
from adapters.websocket import Connect, WebSocket, connect
from oms.clock import Clock
from oms.core.errors import MalformedMessage, VenueError, VenueUnavailable
from oms.core.market import Topic
from oms.core.values import frozen

SILENCE_S: Final = 10.0
"""A feed on which nothing came for so long is dead: tickers come about once a second."""

BLOCKED_S: Final = 60.0
"""How long the venue refuses connections after more than 15 in a minute."""

STABLE_S: Final = 60.0
"""A connection that stood for so long is no failure."""

TICK_S: Final = 0.25
"""How long what is wanted anew waits at most, in seconds."""

BALANCES_S: Final = 1.0
"""Between two readings of the balances, however often they change, in seconds."""

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class FeedAccess:
    """Where the feed is, and how it is entered: `login` is "114", "111" or "none"."""

    stream_url: str
    login: str = "114"
    api_key: str = field(default="", repr=False)
    api_secret: str = field(default="", repr=False)
    user_id: int = 0
    username: str = ""
    token: str = field(default="", repr=False)
    silence_s: float
    timeout_s: float

    def request(self, now_ms: int) -> tuple[int, Mapping[str, object]] | None:
        """The model that logs in; None where nothing does."""
        if self.login == "114":
            signed = signature(self.api_secret, f"{self.api_key}{now_ms}")
            fields = {"publicKey": self.api_key, "timestamp": now_ms, "nonce": now_ms}
            return feed.KEY_LOGIN, {**fields, "signature": signed}
        if self.login == "111":
            known = {"id": self.user_id, "username": self.username, "token": self.token}
            return feed.LOGIN, {**known, "app": "pro", "platform": "linux"}
        return None


class BtcturkStream:
    """A port.Stream over the feed: one connection for the account and the market."""

    topics = frozenset({"ticker", "order_book", "trades", "candles", "balances"})

    def __init__(
        self,
        access: FeedAccess,
        client: BtcturkClient,
        clock: Clock,
        options: Options,
        connect: Connect = connect,
    ) -> None:
        self._access = access
        self._client = client
        self._clock = clock
        self._options = options
        self._connect = connect
        self._secrets = (access.api_key, access.api_secret, access.token)
        self._followed = Followed()
        self._balances_wanted = False
        self._balances_owed = asyncio.Event()
        self._joined: set[Channel] = set()
        self._answer_due: float | None = None
        """Until when the login must have been answered; None: it is."""

    def follows(self, topic: Topic) -> bool:
        """Whether the feed tells of this one."""
        return self._followed.follows(topic)

    def follow(self, topics: frozenset[Topic]) -> None:
        """What is wanted from now on, in place of what was."""
        self._followed.want(topics)
        wanted = any(topic.kind == "balances" for topic in topics)
        if wanted and not self._balances_wanted:
            self._balances_owed.set()
        self._balances_wanted = wanted

    async def run(self, ear: Ear) -> None:
        """Listen until cancelled; connections that break are made anew."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._balances(ear))
            parts.create_task(self._connections(ear))

    async def _connections(self, ear: Ear) -> None:
        failures = 0
        while True:
            began = self._clock.monotonic()
            pause_s = 0.0
            try:
                await self._listen(ear)
            except Throttled as error:
                ear.lost(str(error))
                pause_s = BLOCKED_S / self._options.speed
            except VenueError as error:
                ear.lost(str(error))
            lasted_s = self._clock.monotonic() - began
            failures = 1 if lasted_s > STABLE_S else failures + 1
            await asyncio.sleep(max(pause_s, self._options.back_off_s(failures)))

    async def _listen(self, ear: Ear) -> None:
        """One connection, from its opening to the error that ends it."""
        access = self._access
        self._followed.begin()
        self._joined = set()
        async with self._connect(
            access.stream_url, timeout_s=access.timeout_s, silence_s=access.silence_s
        ) as socket:
            await self._log_in(socket, ear)
            reading = asyncio.create_task(anext(socket))
            try:
                while True:
                    self._demand_answer()
                    await self._tend(socket)
                    await asyncio.wait((reading,), timeout=TICK_S)
                    if reading.done():
                        text, reading = reading.result(), asyncio.create_task(anext(socket))
                        self._take(text, ear)
            finally:
                reading.cancel()
                await asyncio.wait((reading,))

    # What is said

    async def _log_in(self, socket: WebSocket, ear: Ear) -> None:
        request = self._access.request(self._clock.stamp_us() // 1000)
        self._answer_due = None
        if request is None:
            ear.gap("connected, not logged in")
        else:
            self._answer_due = self._clock.monotonic() + self._access.silence_s
            await _send(socket, *request)

    def _demand_answer(self) -> None:
        if self._answer_due is not None and self._clock.monotonic() > self._answer_due:
            raise VenueUnavailable("the feed did not answer the login")

    async def _tend(self, socket: WebSocket) -> None:
        """Join what is wanted, leave what is not any more, have books told again."""
        wanted = self._followed.channels()
        for channel in self._joined - wanted:
            await _subscribe(socket, channel, join=False)
        for channel in wanted - self._joined:
            await _subscribe(socket, channel, join=True)
        self._joined = set(wanted)
        asks, self._followed.asks = self._followed.asks, []
        for how, channel in asks:
            if how == "anew":
                await _subscribe(socket, channel, join=False)
                await _subscribe(socket, channel, join=True)
            else:
                name, event = channel
                fields = {"code": feed.BOOK, "channel": name, "event": event}
                await _send(socket, feed.REQUEST, fields)

    # What is heard

    def _take(self, text: str, ear: Ear) -> None:
        try:
            model, row = feed.frame(parse(text.encode()))
            self._hear(model, row, ear)
        except MalformedMessage as error:
            why = redact(str(error), self._secrets)
            ear.quarantine(f"feed: {why}", redact(text, self._secrets))
            ear.gap(f"a frame that can not be read: {why}")

    def _hear(self, model: int, row: Row, ear: Ear) -> None:
        """Sort a model; those that nobody knows are ignored, as the document demands."""
        if model in feed.LOGIN_RESULTS:
            self._logged_in(row, ear)
        elif model == feed.USER_TRADE:
            ear.trade(mapping.venue_trade(row, redact(json.dumps(row, default=str), self._secrets)))
        elif model in feed.ORDER_MODELS:
            ours, theirs = feed.order_ids(row)
            ear.stir(venue_cl_ord_id=ours, secondary_order_id=theirs)
        elif model == feed.BALANCE:
            self._balances_owed.set()
        elif model == feed.LOGOUT:
            raise VenueUnavailable("the feed logged us out")
        elif model == feed.RESULT and not feed.is_ok(row):
            _log.warning("the feed refused %s", self._words(row))
        else:
            for topic, told in self._followed.news(model, row):
                ear.market(topic, told)

    def _logged_in(self, row: Row, ear: Ear) -> None:
        self._answer_due = None
        if feed.is_ok(row):
            ear.gap("connected, logged in")
            self._balances_owed.set()
            return
        # The market is heard all the same, and orders are looked at as they are without a feed.
        ear.quarantine(f"the feed refused the login: {self._words(row)}", "")
        ear.gap("connected, not logged in")

    def _words(self, row: Row) -> str:
        return redact(str(row.get("message")), self._secrets)

    async def _balances(self, ear: Ear) -> None:
        """A change is told without figures: they are read, where anybody wants them."""
        while True:
            await self._balances_owed.wait()
            self._balances_owed.clear()
            if self._balances_wanted:
                try:
                    ear.balances(await self._client.balances())
                except (VenueError, MalformedMessage) as error:
                    _log.warning("balances: %s", error)
                    self._balances_owed.set()
            await asyncio.sleep(BALANCES_S / self._options.speed)


async def _send(socket: WebSocket, model: int, fields: Mapping[str, Any]) -> None:
    await socket.send(json.dumps([model, {"type": model, **fields}]))


async def _subscribe(socket: WebSocket, channel: Channel, *, join: bool) -> None:
    name, event = channel
    await _send(socket, feed.SUBSCRIPTION, {"channel": name, "event": event, "join": join})
