"""The WebSocket side: the market's feed, and those of the account's orders and assets.

Nothing here numbers its messages. Source: the venue's document, section "Websocket API"; the feed
that asks for an HMAC after it has opened is that of the venue's public clients of 2022.
"""

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from adapters.apifiny.simulator.market_data import FEED_VENUES, MarketData
from adapters.apifiny.simulator.refusals import REQUEST, Refusal, refusal
from adapters.apifiny.simulator.switches import Switches
from adapters.apifiny.simulator.tape import PERIODS_MS
from adapters.apifiny.simulator.wire import dumps

PUSH_MS: Final = 1_000
"""Between two pushes of a book, a candle or a ticker."""

_KLINE: Final = "kline_"
_NO_PONG: Final = "no pong"


class Socket(ABC):
    """One connection: its heartbeat, and the troubles of all feeds."""

    def __init__(self, switches: Switches, now_ms: int) -> None:
        self.closed: str | None = None
        self._switches = switches
        self._ping_ms = now_ms
        self._unanswered: int | None = None
        self._out: list[str] = []

    def receive(self, text: str, now_ms: int) -> None:
        """Take a message; a pong ends the wait for it."""
        try:
            told = json.loads(text, parse_float=Decimal)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            self._refuse(refusal(REQUEST, "message"))
        elif "pong" in told:
            if told["pong"] == self._unanswered:
                self._unanswered = None
        else:
            self._asked(told, now_ms)

    def drain(self, now_ms: int) -> list[str]:
        """Return what is to be pushed now."""
        if self._switches.take("drop_stream"):
            self.closed = ""
            return []
        told = self._news(now_ms)
        if self._switches.value("stall_stream"):
            self._out.clear()
            return []
        self._out += [event for event in told for _ in range(self._times())]
        if now_ms - self._ping_ms >= self._switches.value("ping_ms"):
            self._ping(now_ms)
        out, self._out = self._out, []
        return out

    def _asked(self, told: Mapping[str, Any], now_ms: int) -> None:
        self._refuse(refusal(REQUEST, "this feed takes no requests"))

    @abstractmethod
    def _news(self, now_ms: int) -> Sequence[str]:
        """What has happened since the last time."""

    def _refuse(self, no: Refusal) -> None:
        error = {"code": no.code, "message": no.message}
        self._out.append(dumps({"result": None, "error": error}))

    def _times(self) -> int:
        return 2 if self._switches.take("duplicate") else 1

    def _ping(self, now_ms: int) -> None:
        if self._unanswered is not None:
            self.closed = _NO_PONG
            return
        self._ping_ms = self._unanswered = now_ms
        self._out.append(dumps({"ping": now_ms}))


class AccountSocket(Socket):
    """Orders or assets of one exchange, or of all where the host is an exchange's own."""

    def __init__(
        self,
        events: list[tuple[str, dict[str, object]]],
        venue: str,
        switches: Switches,
        now_ms: int,
    ) -> None:
        super().__init__(switches, now_ms)
        self._events = events
        self._venue = venue
        self._place = len(events)

    def _news(self, now_ms: int) -> Sequence[str]:
        events, self._place = self._events[self._place :], len(self._events)
        own = [event for venue, event in events if self._venue in {"", venue}]
        return [dumps(event) for event in own if not self._switches.take("lose_event")]


class MarketSocket(Socket):
    """The market's feed: nothing but what was subscribed to."""

    def __init__(self, market: MarketData, switches: Switches, now_ms: int) -> None:
        super().__init__(switches, now_ms)
        self._market = market
        self._wanted: dict[tuple[str, str, str], int] = {}  # channel, symbol, venue: last push
        self._recent: deque[int] = deque()

    def _asked(self, told: Mapping[str, Any], now_ms: int) -> None:
        try:
            self._market.demand_message(self._recent, now_ms)
            for key in self._demand_sound(told):
                if told.get("action") == "sub":
                    # what a new listener hears first is the whole of it
                    self._wanted.setdefault(key, now_ms - PUSH_MS)
                else:
                    self._wanted.pop(key, None)
        except Refusal as no:
            self._refuse(no)

    def _demand_sound(self, told: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        channel, symbol, venues = told.get("channel"), told.get("symbol"), told.get("venues")
        if told.get("action") not in {"sub", "unsub"} or not isinstance(venues, list):
            raise refusal(REQUEST, "action")
        if not isinstance(channel, str) or not isinstance(symbol, str):
            raise refusal(REQUEST, "channel")
        period = channel.removeprefix(_KLINE)
        kline = channel != period
        if channel not in {"orderbook", "trade", "ticker"} and not (kline and period in PERIODS_MS):
            raise refusal(REQUEST, "channel")
        if kline and ("/" in symbol) != bool(self._switches.value("slash_klines")):
            raise refusal(REQUEST, "symbol")
        for venue in venues:
            only = None if channel == "orderbook" else FEED_VENUES
            self._market.instrument(str(venue), symbol.replace("/", ""), only)
        return [(channel, symbol, str(venue)) for venue in venues]

    def _news(self, now_ms: int) -> Sequence[str]:
        told = []
        for (channel, symbol, venue), last_ms in self._wanted.items():
            if now_ms - last_ms < PUSH_MS:
                continue
            self._wanted[channel, symbol, venue] = now_ms
            content = self._content(channel, symbol, venue, last_ms, now_ms)
            if content is not None:
                head = {"venues": [venue], "channel": channel, "symbol": symbol}
                told.append(dumps({**head, channel: content}))
        return told

    def _content(
        self, channel: str, symbol: str, venue: str, last_ms: int, now_ms: int
    ) -> dict[str, object] | None:
        if channel == "orderbook":
            return self._market.book(venue, symbol, now_ms)
        if channel == "ticker":
            return self._market.ticker(venue, symbol, now_ms, FEED_VENUES)
        if channel == "trade":
            rows = self._market.trades(venue, symbol, last_ms, now_ms, FEED_VENUES)
            return {"trades": rows} if rows else None
        instrument = self._market.instrument(venue, symbol.replace("/", ""), FEED_VENUES)
        row = self._market.candle(venue, instrument, channel.removeprefix(_KLINE), now_ms)
        return row | {"currencyPair": symbol}


class TradingSocket(Socket):
    """The feed that is opened by a signed message: answers to orders come as on REST."""

    def __init__(
        self,
        demand_login: Callable[[Mapping[str, Any]], None],
        call: Callable[[str, Mapping[str, Any], int], str],
        switches: Switches,
        now_ms: int,
    ) -> None:
        super().__init__(switches, now_ms)
        self._demand_login = demand_login
        self._call = call
        self._in = False

    def _asked(self, told: Mapping[str, Any], now_ms: int) -> None:
        action, content = told.get("action"), told.get("data")
        try:
            if action == "heartbeat" and content == "ping":
                self._out.append(dumps({"action": "heartbeat", "data": "pong"}))
            elif not isinstance(content, dict):
                raise refusal(REQUEST, "data")
            elif action == "auth":
                self._demand_login(content)
                self._in = True
                self._out.append(dumps({"action": "auth", "result": "success", "error": None}))
            elif not self._in:
                raise refusal(REQUEST, "auth first")
            else:
                self._out.append(self._call(str(action), content, now_ms))
        except Refusal as no:
            self._refuse(no)

    def _news(self, now_ms: int) -> Sequence[str]:
        return []
