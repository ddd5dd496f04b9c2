"""Bitexbit as one line of VENUES: what it offers, and how its runner is made."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from adapters.bitexbit.client import Alarm, BitexbitClient
from adapters.bitexbit.door import Account, Door
from adapters.bitexbit.fills import Fills
from adapters.bitexbit.socketio import GENERATIONS
from adapters.bitexbit.stream import BitexbitStream, Channel
from adapters.budget import Budget
from adapters.http import CONNECTIONS, Http
from adapters.loop import Loop
from adapters.nonces import Nonces
from adapters.options import Options, audit_s
from adapters.port import Simulated, VenueSpec
from adapters.runner import Runner
from adapters.ways import NETWORK, Ways
from adapters.windows import in_force
from oms.clock import Clock
from oms.core.fields import OrdType, TimeInForce
from oms.core.notes import Quarantined
from oms.core.ports import Books, Evidence, Inbound, Post
from oms.core.venue import Capabilities, ClientId, Fence, FillIdentity, Limit

FENCE_S: Final = 2.0
"""How long the venue may take, after it has answered to a later nonce, to show an earlier order."""

PRIVATE: Final = Limit("private calls", 2, Decimal(1))
PUBLIC: Final = Limit("public calls", 100, Decimal(1), "address")
"""The document, "HTTP API (v1)"."""

_ACCOUNT: Final = (
    "base_url",
    "api_key",
    "api_secret",
    "sign_get_params",
    "sign_single_order",
    "book_limit_params",
    "balance_includes_reserve",
    "amount_decimals",
)


def capabilities(config: Mapping[str, Any]) -> Capabilities:
    """What the document offers: limit orders that rest until cancelled."""
    return Capabilities(
        ord_types=frozenset({OrdType.LIMIT}),
        time_in_force=frozenset({TimeInForce.GOOD_TILL_CANCEL}),
        post_only=False,
        market_buy_by_cash=False,
        client_id=ClientId.INTERNAL,
        cancel_final=True,
        fence=Fence.NONCE,
        fill_identity=FillIdentity.TRADE_ID,
        balance_decimals=8,
        history="the last 2,000 orders; all own exchanges, deposits and withdrawals",
        limits=in_force(
            [PRIVATE, PUBLIC],
            {
                PRIVATE.what: config.get("rate_limit"),
                PUBLIC.what: config.get("public_rate_limit"),
            },
        ),
        offers=frozenset(
            {
                "balances",
                "candles",
                "closed_orders",
                "currencies",
                "deposits",
                "instruments",
                "open_orders",
                "order_book",
                "own_trades",
                "ticker",
                "trades",
                "withdrawals",
            }
        ),
        streams=frozenset({"order_book", "trades", "orders"}),
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
    options = _options(config, speed)
    timeout_s = float(config.get("timeout_s", 5))
    nonces = Nonces(route, post, floor=clock.now_ms, nonce_floor=int(config.get("nonce_floor", 0)))
    max_wait_s = float(config.get("max_wait_s", 2))
    private_limit, public_limit = capabilities(config).limits
    private = Budget([private_limit], clock=clock, max_wait_s=max_wait_s, speed=speed, in_flight=1)
    public = Budget([public_limit], clock=clock, speed=speed, in_flight=CONNECTIONS - 1)
    account = Account(**{name: config[name] for name in _ACCOUNT if name in config})
    http = Http(timeout_s, hide=[account.api_key, account.api_secret], transport=ways.transport)
    door = Door(account, http, private, public, nonces, clock)
    fills = Fills(route, books, clock)
    client = BitexbitClient(account, door, fills, _alarm(route, post))
    stream = BitexbitStream(
        _channel(config, timeout_s),
        fills,
        client,
        clock,
        options,
        pairs=lambda: {order.symbol for order in books.working(route)},
        connect=ways.connect,
    )
    client.before_new = stream.want
    return Runner(
        route,
        client,
        post=post,
        books=books,
        clock=clock,
        budget=private,
        other_budgets=[public],
        loop=loop,
        options=options,
        nonces=nonces,
        stream=stream,
    )


def _alarm(route: str, post: Post) -> Alarm:
    def tell(text: str, raw: str) -> None:
        note = Quarantined(reason="unusable sight", text=f"{route}: {text}")
        post(Inbound(source=route, message=note, evidence=Evidence.VENUE_MESSAGE, raw=raw))

    return tell


def _channel(config: Mapping[str, Any], timeout_s: float) -> Channel:
    generation = str(config.get("socketio_generation", "auto"))
    chosen = {name: config[name] for name in ("subscribe_event", "room_format") if name in config}
    return Channel(
        stream_url=str(config["stream_url"]),
        generations=GENERATIONS if generation == "auto" else (int(generation),),
        timeout_s=timeout_s,
        **chosen,
    )


def _options(config: Mapping[str, Any], speed: float) -> Options:
    return Options(
        speed=speed,
        repeats_client_id=False,
        shared=bool(config.get("shared_account", False)),
        fence_s=FENCE_S,
        audit_s=audit_s(config),
    )


VENUE: Final = VenueSpec(
    name="bitexbit",
    capabilities=capabilities,
    build=build,
    addresses={"base_url": "https://bitexbit.com", "stream_url": "wss://bitexbit.com"},
    simulated=Simulated(
        build="adapters.bitexbit.simulator:build",
        credentials={"api_key": "sim-bitexbit-key", "api_secret": "sim-bitexbit-secret"},
        addresses=lambda doors: {
            "base_url": f"http://{doors.host}:{doors.rest}",
            "stream_url": f"ws://{doors.host}:{doors.stream}",
        },
    ),
)
