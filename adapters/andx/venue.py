"""ANDX as one line of VENUES: what it offers, and how its runner is made."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from adapters.andx.client import Account, AndxClient
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
    "username",
    "passphrase",
    "api_key",
    "api_secret",
    "account",
    "timestamp_unit",
    "sign_encoding",
    "error_map",
)


_LIMIT: Final = Limit("all requests", 60, Decimal(60), "not stated")
"""The document, "Rate limits"."""


def capabilities(config: Mapping[str, Any]) -> Capabilities:
    """What the document offers: limit and market orders that rest until cancelled, post-only."""
    return Capabilities(
        ord_types=frozenset({OrdType.LIMIT, OrdType.MARKET}),
        time_in_force=frozenset({TimeInForce.GOOD_TILL_CANCEL}),
        post_only=True,
        market_buy_by_cash=False,
        client_id=ClientId.COUNTER,
        client_id_queryable=False,
        client_id_unique=False,
        cancel_final=False,
        fence=Fence.NOTHING,
        fill_identity=FillIdentity.CUMULATIVE,
        balance_decimals=8,  # of the sample in "Get Balance"
        history="all orders, 20 a page; no fills",
        offers=frozenset(
            {
                "balances",
                "closed_orders",
                "instruments",
                "open_orders",
                "order_book",
                "ticker",
                "tickers",
                "trades",
                "withdraw",
            }
        ),
        withdraws_to_alias=True,
        limits=in_force([_LIMIT], {_LIMIT.what: config.get("rate_limit")}),
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
    budget = Budget(
        capabilities(config).limits,
        clock=clock,
        max_wait_s=float(config.get("max_wait_s", 2)),
        speed=speed,
        in_flight=CONNECTIONS - 1,
        spare=1,
    )
    account = Account(**{name: config[name] for name in _ACCOUNT if name in config})
    timeout_s = float(config.get("timeout_s", 5))
    http = Http(
        timeout_s,
        hide=[account.passphrase, account.api_key, account.api_secret],
        transport=ways.transport,
    )
    return Runner(
        route,
        AndxClient(account, http, budget, clock),
        post=post,
        books=books,
        clock=clock,
        budget=budget,
        loop=loop,
        options=Options(speed=speed, audit_s=audit_s(config)),
    )


VENUE: Final = VenueSpec(
    name="andx",
    capabilities=capabilities,
    build=build,
    addresses={"base_url": "https://platform.andx.one/api/v1"},
    simulated=Simulated(
        build="adapters.andx.simulator:build",
        credentials={
            "username": "sim-andx-user",
            "passphrase": "sim-andx-passphrase",
            "api_key": "sim-andx-key",
            "api_secret": "sim-andx-secret",
            "account": "Main",
        },
        addresses=lambda doors: {"base_url": f"http://{doors.host}:{doors.rest}/api/v1"},
    ),
)
