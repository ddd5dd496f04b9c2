"""Cryptex as one line of VENUES: what it offers, and how its runner is made."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from adapters.budget import Budget
from adapters.cryptex.client import CryptexClient
from adapters.cryptex.door import Access, Door
from adapters.cryptex.mapping import Reading
from adapters.cryptex.market import CryptexMarketClient
from adapters.holdings import Holdings
from adapters.http import Http
from adapters.loop import Loop
from adapters.nonces import Nonces
from adapters.options import Options, audit_s
from adapters.port import Simulated, VenueSpec
from adapters.runner import Runner
from adapters.ways import NETWORK, Ways
from adapters.windows import in_force
from oms.clock import Clock
from oms.core.fields import OrdType, TimeInForce
from oms.core.numbers import ZERO
from oms.core.ports import Books, Post
from oms.core.venue import Capabilities, ClientId, Fence, FillIdentity, Instrument, Limit

_ACCESS: Final = (
    "base_url",
    "username",
    "api_key",
    "api_secret",
    "signing_username",
    "method_names",
    "nonce_step",
)
_LIMIT: Final = Limit("all requests", 1, Decimal(1), "key")
"""Ours: the document names no limit."""

_SEEDS: Final[Mapping[str, Callable[[Clock], int]]] = {
    "seconds": lambda clock: clock.now_ms() // 1000,
    "milliseconds": lambda clock: clock.now_ms(),
    "zero": lambda clock: 0,
}
_OFFERS: Final = frozenset(
    {
        "balances",
        "closed_orders",
        "coupon",
        "deposit_address",
        "deposits",
        "instruments",
        "open_orders",
        "own_trades",
        "withdraw",
    }
)
_PUBLIC: Final = frozenset({"ticker", "tickers", "order_book", "trades"})


def capabilities(config: Mapping[str, Any]) -> Capabilities:
    """What the document offers: limit orders that rest until cancelled, and no client ids."""
    return Capabilities(
        ord_types=frozenset({OrdType.LIMIT}),
        time_in_force=frozenset({TimeInForce.GOOD_TILL_CANCEL}),
        post_only=False,
        market_buy_by_cash=False,
        client_id=ClientId.INTERNAL,
        client_id_queryable=False,
        client_id_unique=False,
        cancel_final=True,
        fence=Fence.NONCE,
        fill_identity=FillIdentity.TRADE_ID,
        history="trades: 1000 an answer, further back by time; orders: the open ones, and by id",
        limits=in_force([_LIMIT], {_LIMIT.what: config.get("rate_limit")}),
        offers=_OFFERS | (_PUBLIC if config.get("public_market_data") else frozenset()),
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
    """The route's runner, not started. `speed` multiplies the rate limit and divides the waits."""
    limits, wait_s = capabilities(config).limits, float(config.get("max_wait_s", 2))
    budget = Budget(limits, clock=clock, max_wait_s=wait_s, speed=speed, in_flight=1)
    seed = partial(_SEEDS[config.get("nonce_seed", "seconds")], clock)
    nonces = Nonces(route, post, floor=seed, nonce_floor=int(config.get("nonce_floor", 0)))
    access = Access(**{name: config[name] for name in _ACCESS if name in config})
    markets = instruments(config)
    timeout_s = float(config.get("timeout_s", 5))
    http = Http(
        timeout_s, connections=1, hide=[access.api_key, access.api_secret], transport=ways.transport
    )
    door = Door(access, reading(config, markets), http, budget, nonces, seed)
    client = (CryptexMarketClient if config.get("public_market_data") else CryptexClient)(
        door,
        markets=markets,
        with_reserves=config.get("with_reserves", "1"),
        deposit_addresses=config.get("deposit_addresses", {}),
        owned=partial(_owned, books, route),
        holdings=lambda read: Holdings(route, books, read, clock.monotonic),
    )
    options = _options(config, speed)
    return Runner(
        route,
        client,
        post=post,
        books=books,
        clock=clock,
        budget=budget,
        loop=loop,
        options=options,
        nonces=nonces,
    )


def instruments(config: Mapping[str, Any]) -> tuple[Instrument, ...]:
    """The markets of the configuration: the venue lists none."""
    return tuple(
        Instrument(
            symbol=symbol,
            venue_symbol=table.get("venue_symbol") or symbol.replace("/", "_"),
            tick=Decimal(table["tick"]),
            step=Decimal(table["step"]),
            min_qty=Decimal(table.get("min_qty", ZERO)),
            max_qty=Decimal(table["max_qty"]) if table.get("max_qty") else None,
            min_notional=Decimal(table.get("min_notional", ZERO)),
        )
        for symbol, table in config.get("instruments", {}).items()
    )


def reading(config: Mapping[str, Any], markets: tuple[Instrument, ...]) -> Reading:
    """How the configuration has the document read."""
    return Reading(
        pairs={one.venue_symbol: one.symbol for one in markets},
        pair_alias=config.get("pair_alias", {}),
        zone=ZoneInfo(config.get("timezone", "UTC")),
        history_time_format=config.get("history_time_format", "calendar"),
        active=frozenset(str(number) for number in config.get("active_statuses", (1,))),
        amount_is=config.get("amount_is", "original"),
    )


def _owned(books: Books, route: str) -> frozenset[str]:
    orders = [*books.working(route), *books.closed(route)]
    return frozenset(order.secondary_order_id for order in orders)


def _options(config: Mapping[str, Any], speed: float) -> Options:
    return Options(
        speed=speed,
        repeats_client_id=False,
        shared=bool(config.get("shared_account", False)),
        fence_s=float(config.get("fence_settle_s", 10)),
        audit_s=audit_s(config),
    )


VENUE: Final = VenueSpec(
    name="cryptex",
    capabilities=capabilities,
    build=build,
    addresses={"base_url": "https://cryptex.net/api/v1"},
    simulated=Simulated(
        build="adapters.cryptex.simulator:build",
        credentials={
            "username": "sim-cryptex-user",
            "api_key": "sim-cryptex-key",
            "api_secret": "sim-cryptex-secret",
        },
        addresses=lambda doors: {"base_url": f"http://{doors.host}:{doors.rest}/api/v1"},
    ),
)
