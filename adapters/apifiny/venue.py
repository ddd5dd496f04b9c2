"""Apifiny as one line of VENUES: what it offers, and how the runner of its queries is made.

Orders go over FIX: the gateway of that session carries them and tells this runner when its link
moves.
"""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from adapters.apifiny.access import Account
from adapters.apifiny.client import ApifinyClient
from adapters.apifiny.stream import ApifinyStream
from adapters.budget import Budget
from adapters.http import Http
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

_ACCOUNT: Final = frozenset(field.name for field in fields(Account))
"""Settings of the same names."""

_ACCOUNT_LIMIT: Final = Limit("trading and account", 20, Decimal(1), "account")
_MARKET_LIMIT: Final = Limit("market data", 1, Decimal(1), "access key")
"""The document, "Rate limits"."""


DENIALS_APART_S: Final = 5.0
"""Between the two times at which an order lost on an earlier connection must be denied: ours."""

_OFFERS: Final = frozenset(
    {
        "account",
        "activities",
        "balances",
        "cancel_all",
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
        "trades",
        "transfer",
        "transfers",
        "withdraw",
        "withdrawals",
    }
)


def capabilities(config: Mapping[str, Any]) -> Capabilities:
    """What the FIX side offers.

    Limit orders only: a market buy is sized by its total, for which the FIX side has no field
    (section "FIX API": 152 is not listed), and the engine offers an order type for both sides or
    not at all.
    """
    return Capabilities(
        ord_types=frozenset({OrdType.LIMIT}),
        time_in_force=frozenset({TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL}),
        post_only=True,
        market_buy_by_cash=False,
        client_id=ClientId.STAMPED,
        client_id_digits="".join(filter(str.isdigit, config["account_id"])),
        client_id_queryable=True,
        client_id_unique=True,
        cancel_final=True,
        fence=Fence.RELOGON_AND_QUERIES,
        fill_identity=FillIdentity.EXEC_ID,
        exchanges=frozenset(config["exchanges"]),
        history="three months: 1,000 orders or fills an answer, further back by time",
        offers=_OFFERS,
        streams=ApifinyStream.topics | {"orders"},
        limits=in_force(
            [_ACCOUNT_LIMIT, _MARKET_LIMIT],
            {
                _ACCOUNT_LIMIT.what: config.get("rate_limit"),
                _MARKET_LIMIT.what: config.get("market_rate_limit"),
            },
        ),
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
    wait_s = float(config.get("max_wait_s", 2))
    account_limit, market_limit = capabilities(config).limits
    budget = Budget([account_limit], clock=clock, max_wait_s=wait_s, speed=speed)
    market_budget = Budget([market_limit], clock=clock, max_wait_s=wait_s, speed=speed)
    account = Account(**{name: config[name] for name in _ACCOUNT if name in config})
    timeout_s = float(config.get("timeout_s", 5))
    http = Http(
        timeout_s, hide=[account.api_key_id, account.api_secret_key], transport=ways.transport
    )
    client = ApifinyClient(account, http, budget, clock, market_budget)
    options = Options(
        trades_here=False,
        speed=speed,
        denials_apart_s=DENIALS_APART_S,
        audit_s=audit_s(config),
    )
    return Runner(
        route,
        client,
        post=post,
        books=books,
        clock=clock,
        budget=budget,
        other_budgets=[market_budget],
        loop=loop,
        options=options,
        stream=ApifinyStream(account, client, market_budget, clock, options, connect=ways.connect),
    )


VENUE: Final = VenueSpec(
    name="apifiny",
    capabilities=capabilities,
    build=build,
    addresses={
        "host": "https://api.apifiny.com",
        "stream_host": "wss://api.apifiny.com",
        "hosts": "# Co-located exchanges have hosts of their own; the six of the venue's document "
        "are built in.\n"
        '# hosts = { BINANCE = "https://apibn.apifiny.com" }    # {} switches them off',
    },
    simulated=Simulated(
        build="adapters.apifiny.simulator:build",
        credentials={
            "account_id": "STA-00000001",
            "api_key_id": "sim-apifiny-key-id",
            "api_secret_key": "sim-apifiny-secret-key-that-protects-nothing",
        },
        addresses=lambda doors: {
            "host": f"http://{doors.host}:{doors.rest}",
            "stream_host": f"ws://{doors.host}:{doors.stream}",
            "hosts": "hosts = {}                            # the simulator is one host",
        },
        own_doors=frozenset({"fix"}),
    ),
    trades_here=False,
)
