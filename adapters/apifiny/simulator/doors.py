"""Which feed a WebSocket handshake opens, and whether its token may."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.apifiny.simulator.exchange import Exchange
from adapters.apifiny.simulator.feeds import AccountSocket, MarketSocket, Socket, TradingSocket
from adapters.apifiny.simulator.market_data import MarketData
from adapters.apifiny.simulator.refusals import NO_EXCHANGE, REQUEST, Refusal, refusal
from adapters.apifiny.simulator.switches import Switches
from adapters.apifiny.simulator.tokens import (
    Account,
    demand_feed_token,
    demand_hmac,
    demand_market_token,
)
from adapters.apifiny.simulator.wire import dumps
from adapters.simserver import SimRequest, SimResponse

ACTIONS: Final[Mapping[str, str]] = {
    "newOrder": "order/newOrder",
    "cancelOrder": "order/cancelOrder",
    "cancelAllOrder": "order/cancelAccountVenueAllOrder",
}
"""What the trading feed can be asked to do, and the REST call that does the same."""

_MARKET: Final = "/md/ws/v1"
_TRADING: Final = "/ws/stream"
_ACCOUNT: Final = ["", "ac", "ws", "v2"]


class Doors:
    """Opens feeds; the time is an argument."""

    def __init__(
        self,
        account: Account,
        exchange: Exchange,
        market: MarketData,
        switches: Switches,
        call: Callable[[str, Mapping[str, Any], int], str],
    ) -> None:
        """`call(path, asked, now_ms)` does what a signed POST would, and gives its answer."""
        self._account = account
        self._exchange = exchange
        self._market = market
        self._switches = switches
        self._call = call

    def connect(self, request: SimRequest, now_ms: int) -> Socket | SimResponse:
        """Open the feed of a path; 401 with the reason if the token does not."""
        if self._switches.value("refuse_stream"):
            return SimResponse(503, b"Service Unavailable")
        try:
            return self._open(request, now_ms)
        except Refusal as no:
            error = {"result": None, "error": {"code": no.code, "message": no.message}}
            return SimResponse(401, dumps(error).encode(), {"content-type": "application/json"})

    def _open(self, request: SimRequest, now_ms: int) -> Socket | SimResponse:
        token = request.headers.get("signature", "")
        clock_ms = now_ms + self._switches.value("skew_clock")
        if request.path == _MARKET:
            demand_market_token(token, self._account)
            return MarketSocket(self._market, self._switches, now_ms)
        if request.path == _TRADING:
            return TradingSocket(self._login(clock_ms), self._trade, self._switches, now_ms)
        parts = request.path.split("/")
        if parts[:4] != _ACCOUNT or len(parts) not in {5, 6} or parts[-1] not in {"order", "asset"}:
            return SimResponse(404, b"Not Found")
        demand_feed_token(token, self._account, clock_ms)
        venue = parts[4] if len(parts) == 6 else ""
        if venue and venue not in self._exchange.engines:
            raise refusal(NO_EXCHANGE)
        feed = self._exchange.feed
        events = feed.orders if parts[-1] == "order" else feed.assets
        return AccountSocket(events, venue, self._switches, now_ms)

    def _login(self, clock_ms: int) -> Callable[[Mapping[str, Any]], None]:
        def demand(content: Mapping[str, Any]) -> None:
            key, signature = str(content.get("apiKey")), str(content.get("signature"))
            text = f"timestamp={content.get('timestamp')}"
            demand_hmac(key, signature, text, content, self._account, clock_ms)

        return demand

    def _trade(self, action: str, content: Mapping[str, Any], now_ms: int) -> str:
        if action not in ACTIONS:
            raise refusal(REQUEST, "action")
        return self._call(ACTIONS[action], content, now_ms)
