"""BtcTurk as one line of VENUES: what it offers, and how its runner is made."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from adapters.btcturk.client import SETTLE_S, BtcturkClient
from adapters.btcturk.door import EVERYTHING, PUBLIC, Account, Door
from adapters.btcturk.stream import SILENCE_S, BtcturkStream, FeedAccess
from adapters.budget import Budget
from adapters.http import CONNECTIONS, Http
from adapters.loop import Loop
from adapters.options import Options, audit_s
from adapters.port import Simulated, VenueSpec
from adapters.runner import Runner
from adapters.ways import NETWORK, Ways
from adapters.windows import in_force
from oms.clock import Clock
from oms.core.fields import OrdType, TimeInForce
from oms.core.ports import Books, Post
from oms.core.venue import Capabilities, ClientId, Fence, FillIdentity, Limit

_ACCOUNT: Final = (
    "base_url",
    "graph_url",
    "mirror_url",
    "api_key",
    "api_secret",
    "history_method",
    "open_orders_by_pair",
    "all_orders_time_unit",
    "market_from",
    "daily_candles_from",
)
_HISTORY_NAMES: Final = {
    "type": ("type", "symbol"),
    "balanceTypes": ("balanceTypes", "currencySymbols"),
}

_MINUTE: Final = Decimal(60)
_LIMITS: Final = (
    Limit(EVERYTHING, 600, _MINUTE),
    Limit("new", 300, _MINUTE, "account, ip"),
    Limit("new", 10, Decimal(1), "account, ip"),
    Limit("cancel", 300, _MINUTE, "account, ip"),
    Limit("cancel", 10, Decimal(1), "account, ip"),
    Limit("order", 900, _MINUTE, "account, ip"),
    Limit("order", 30, Decimal(1), "account, ip"),
    Limit("lists", 300, _MINUTE, "ip"),
    Limit("balances", 90, _MINUTE, "ip"),
    Limit("transactions", 90, _MINUTE, "ip"),
    Limit("ticker", 600, _MINUTE, "ip"),
    Limit("orderbook", 60, _MINUTE, "ip"),
    Limit("trades", 90, _MINUTE, "ip"),
    Limit("charts", 120, _MINUTE, "ip"),
    Limit(PUBLIC, 600, _MINUTE, "not stated"),
)
"""The document's section "Rate Limits", and the venue's later page where that is stricter."""

_ORD_TYPES: Final = frozenset({OrdType.LIMIT, OrdType.MARKET})
_STOPS: Final = frozenset({OrdType.STOP, OrdType.STOP_LIMIT})

OFFERS: Final = frozenset(
    {
        "activities",
        "balances",
        "candles",
        "closed_orders",
        "currencies",
        "deposits",
        "instruments",
        "open_orders",
        "order_book",
        "own_trades",
        "server_time",
        "ticker",
        "tickers",
        "trades",
        "withdrawals",
    }
)


def capabilities(config: Mapping[str, Any]) -> Capabilities:
    """Limit and market orders that rest until cancelled; stop orders where they are allowed."""
    stops = _STOPS if config.get("allow_stop_orders", False) else frozenset()
    return Capabilities(
        ord_types=_ORD_TYPES | stops,
        time_in_force=frozenset({TimeInForce.GOOD_TILL_CANCEL}),
        post_only=False,
        market_buy_by_cash=config.get("market_buy_qty", "quote") == "quote",
        client_id=ClientId.HEX,
        client_id_queryable=False,
        client_id_unique=False,
        cancel_final=False,
        fence=Fence.EXPIRY,
        fill_identity=FillIdentity.TRADE_ID,
        tells_fees=True,
        balance_decimals=16,
        history="fills of 30 days, longer when dated; all orders of a pair",
        limits=in_force(_LIMITS, {EVERYTHING: config.get("rate_limit")}),
        offers=OFFERS,
        streams=BtcturkStream.topics | {"orders"},
    )


def build(
    config: Mapping[str, Any],
    *,
    route: str,
    post: Post,
    books: Books,
    clock: Clock,
    loop: Loop,
    speed: float = 1.0,
    ways: Ways = NETWORK,
) -> Runner:
    """The route's runner, not started. `speed` multiplies the rate limits and divides the waits."""
    budget = Budget(
        capabilities(config).limits,
        clock=clock,
        max_wait_s=float(config.get("max_wait_s", 2)),
        speed=speed,
        in_flight=CONNECTIONS - 1,
        spare=1,
    )
    names = _HISTORY_NAMES[config.get("history_parameters", "type")]
    told = {name: config[name] for name in _ACCOUNT if name in config}
    by_cash = capabilities(config).market_buy_by_cash
    account = Account(**told, history_names=names, market_buy_by_cash=by_cash)
    timeout_s = float(config.get("timeout_s", 5))
    hidden = [account.api_key, account.api_secret]
    http = Http(timeout_s, hide=hidden, transport=ways.transport)
    door = Door(account, http, budget, clock)
    client = BtcturkClient(
        door,
        lambda: [order.symbol for order in books.working(route)],
        clock.monotonic,
        SETTLE_S / speed,
    )
    # A stamp is good for 5 s, the venue's gateway gives up after 60, and lists settle in 5 more.
    options = Options(
        speed=speed, fence_s=float(config.get("fence_s", 70)), audit_s=audit_s(config)
    )
    return Runner(
        route,
        client,
        post=post,
        books=books,
        clock=clock,
        budget=budget,
        loop=loop,
        options=options,
        stream=BtcturkStream(_access(config), client, clock, options, ways.connect),
    )


def _access(config: Mapping[str, Any]) -> FeedAccess:
    """The feed's keys are the account's where they are not told."""
    return FeedAccess(
        stream_url=config.get("stream_url", "wss://ws-feed-pro.btcturk.com"),
        login=config.get("ws_login", "114"),
        api_key=config.get("ws_api_key") or config["api_key"],
        api_secret=config.get("ws_api_secret") or config["api_secret"],
        user_id=int(config.get("ws_user_id", 0)),
        username=config.get("ws_username", ""),
        token=config.get("ws_token") or "",
        silence_s=SILENCE_S,
        timeout_s=float(config.get("timeout_s", 5)),
    )


VENUE: Final = VenueSpec(
    name="btcturk",
    capabilities=capabilities,
    build=build,
    addresses={
        "base_url": "https://api.btcturk.com",
        "graph_url": "https://graph-api.btcturk.com",
        "stream_url": "wss://ws-feed-pro.btcturk.com",
        "mirror_url": "https://ws-feed-pro.btcturk.com",
    },
    simulated=Simulated(
        build="adapters.btcturk.simulator:build",
        credentials={
            "api_key": "sim-btcturk-key",
            "api_secret": "c2ltLWJ0Y3R1cmstc2VjcmV0LXRoYXQtcHJvdGVjdHMtbm90aGluZw==",  # not a secret
        },
        addresses=lambda doors: {
            "base_url": f"http://{doors.host}:{doors.rest}",
            "graph_url": f"http://{doors.host}:{doors.graph}",
            "stream_url": f"ws://{doors.host}:{doors.stream}",
            "mirror_url": f"http://{doors.host}:{doors.rest}",
        },
    ),
)
