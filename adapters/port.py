"""What the runner asks of a venue's client, and what a client says of an order there.

Pure: types and values. The words are FIX 4.2's in snake_case; towards a venue `cl_ord_id` is the
id that the engine drew and `secondary_order_id` the venue's own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, Protocol, runtime_checkable

from oms.core.fields import Side
from oms.core.funding import Moved, Transfer
from oms.core.market import Candle, OrderBook, PublicTrade, Ticker, Topic
from oms.core.messages import NewOrderSingle, OrderCancelRequest
from oms.core.order import Order
from oms.core.ports import MarketGateway, NonceGateway, TreasuryGateway, VenueGateway
from oms.core.values import frozen
from oms.core.venue import Capabilities, Instrument


class Lane(IntEnum):
    """Who goes first when requests wait for the venue's rate limit: the lower number."""

    CANCEL = 0
    REPLACE = 1
    NEW = 2
    STATUS = 3
    MARKET = 4


class VenueState(StrEnum):
    """What a venue says of an order, reduced to what the engine asks."""

    PENDING = "PENDING"
    """The venue has it, the market does not yet."""
    WORKING = "WORKING"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    """Over; what was executed before stays executed."""
    REJECTED = "REJECTED"


@frozen(kw_only=True)
class VenueTrade:
    """A fill of the account that the venue names.

    `secondary_order_id` is "" where the venue does not say whose it is. `commission` is positive
    when paid, in `fee_currency`, which is "" for the quote currency.
    """

    trade_id: str
    symbol: str
    """BASE/QUOTE."""
    last_shares: Decimal
    last_px: Decimal
    secondary_order_id: str = ""
    venue_cl_ord_id: str = ""
    side: Side | None = None
    commission: Decimal | None = None
    fee_currency: str = ""
    transact_time: datetime | None = None
    raw: str = ""

    @property
    def exec_id(self) -> str:
        """One name for it, whichever way it is seen; a trade with oneself has two."""
        return f"{self.trade_id}-{self.secondary_order_id}"


@frozen(kw_only=True)
class VenueOrder:
    """An order as the venue shows it at one moment: one sight.

    Quantities in base units, prices in quote units. `avg_px` is as precise as it was told: its
    trailing zeros count. `last_shares` and `last_px` are of the latest fill, where the venue
    tells one. `raw` is the venue's text about this order, secrets removed.

    `trades` are the fills it names, all that it shows of this order. With `names_fills` they are
    the only source of fills: none is made from `cum_qty`, and the end is held until they reach it.
    """

    venue_cl_ord_id: str
    secondary_order_id: str
    symbol: str
    """BASE/QUOTE."""
    side: Side
    order_qty: Decimal
    price: Decimal | None
    """None: a market order."""
    cum_qty: Decimal | None
    """None: the venue does not tell; only with `names_fills`."""
    avg_px: Decimal | None
    state: VenueState
    security_exchange: str = ""
    last_shares: Decimal | None = None
    last_px: Decimal | None = None
    transact_time: datetime | None = None
    trades: tuple[VenueTrade, ...] = ()
    names_fills: bool = False
    lacks_fills: bool = False
    """Fills are missing, although no quantity says so."""
    formerly: str = ""
    """The id under which the venue knew the order before: it has triggered, and has a new one."""
    raw: str = ""


@frozen(kw_only=True)
class Unreadable:
    """A row about an order that makes no sense; ids as far as they could be read."""

    venue_cl_ord_id: str
    secondary_order_id: str
    reason: str
    raw: str


Sight = VenueOrder | Unreadable

MarketNews = Ticker | OrderBook | PublicTrade | Candle
"""What is told of a market."""


@frozen(kw_only=True)
class Placed:
    """A new order that the venue has taken: its own id, and its answer, secrets removed.

    `trades` are the fills that the answer names. `transact_time`: when it took it, by its own
    clock; None where it does not say.
    """

    secondary_order_id: str
    raw: str
    trades: tuple[VenueTrade, ...] = ()
    transact_time: datetime | None = None


@frozen(kw_only=True)
class Balance:
    """What the account has of one asset, in units of the asset."""

    asset: str
    total: Decimal
    available: Decimal
    held: Decimal
    security_exchange: str = ""


@frozen
class Difference:
    """What books and venue do not say alike."""

    what: str
    books: str
    venue: str


@frozen(kw_only=True)
class Audited:
    """What a comparison with the venue has found: how many orders it lists as open, how many the
    books have, how many assets were compared, and what differs."""

    listed: int
    working: int
    assets: int
    differences: tuple[Difference, ...]


class Queries(Protocol):
    """What every client can ask its venue.

    Raises VenueUnavailable when nothing was sent or nothing was done, OutcomeUnknown when no
    usable answer came, VenueRefused for a definite no, MalformedMessage for an answer that can
    not be read.
    """

    async def instruments(self) -> tuple[Instrument, ...]:
        """All markets of the route."""

    async def order(self, order: Order) -> Sight | None:
        """One order as the venue shows it now; None if the venue says it has no such order."""

    async def open_orders(self) -> Sequence[Sight]:
        """All orders that the venue lists as open."""

    async def closed_orders(self, since: datetime) -> Sequence[Sight]:
        """Orders listed as over, at least all those entered after `since` (UTC)."""

    async def balances(self) -> list[Balance]:
        """What the account has."""

    async def close(self) -> None:
        """Let the connections go."""


class Client(Queries, Protocol):
    """A client that also trades. Each call sends one request, once."""

    async def place(self, request: NewOrderSingle) -> Placed:
        """Send a new order.

        Raises VenueRefused, VenueUnavailable (nothing left the house, or the venue provably did
        nothing) or OutcomeUnknown.
        """

    async def cancel(self, request: OrderCancelRequest) -> str:
        """Ask to cancel; the venue's answer, secrets removed. Raises as `place` does."""


class Treasury(Protocol):
    """What a client has that moves money."""

    async def move(self, transfer: Transfer) -> Moved:
        """Send one request, once, in the lane of new orders.

        Raises VenueRefused (a definite no), VenueUnavailable, InvalidOrder or NotSupported (nothing
        was sent, or provably nothing was done), OutcomeUnknown (anything else).
        """

    async def moved(self, transfer: Transfer, since: datetime, reference: str = "") -> Moved | None:
        """What the venue's lists show of a transfer sent after `since`: evidence, with its id there.

        `reference`: the venue's own id of it where that is known; otherwise it is recognised by
        time, asset, amount and destination. None where nothing is found, or several rows could be
        it: that proves nothing. Only a client whose venue has such lists has this.
        """


class Ear(Protocol):
    """Who hears what a venue's stream tells. All calls on the adapters' loop."""

    def sight(self, sight: Sight) -> None:
        """An order as the venue shows it."""

    def trade(self, trade: VenueTrade) -> None:
        """A fill of the account."""

    def stir(self, venue_cl_ord_id: str = "", secondary_order_id: str = "") -> None:
        """Something happened to that order: it is looked at soon."""

    def gap(self, text: str) -> None:
        """Something may not have been told, as after a connection: everything is looked at."""

    def lost(self, text: str) -> None:
        """The connection is over and being made anew; `gap` follows when it stands."""

    def balances(self, balances: Sequence[Balance]) -> None:
        """What the account has of these assets."""

    def market(self, topic: Topic, told: MarketNews) -> None:
        """News of what is followed."""

    def quarantine(self, text: str, raw: str) -> None:
        """Something that makes no sense, shown to a human."""


class Stream(Protocol):
    """What a venue tells without being asked. All calls on the adapters' loop."""

    topics: frozenset[str]
    """The kinds of Topic that it can follow."""

    async def run(self, ear: Ear) -> None:
        """Listen until cancelled; connections that break are made anew."""

    def follow(self, topics: frozenset[Topic]) -> None:
        """What is wanted from now on, in place of what was."""


@runtime_checkable
class Choosy(Protocol):
    """What a Stream also is that can not follow every topic of its kinds."""

    def follows(self, topic: Topic) -> bool:
        """Whether it can follow this one."""


@frozen
class Heard:
    """One piece of news of a watched topic.

    `emulated`: asked for in turns, not streamed. `missed`: how many were dropped, or may have been
    lost, since the one before; at least so many, where nobody counts.
    """

    told: MarketNews | Balance
    emulated: bool
    missed: int = 0


class Listening(Protocol):
    """A watch that somebody holds; from any thread."""

    def take(self) -> list[Heard]:
        """All that waits, oldest first. Raises what ended the watch, once nothing waits."""

    def close(self) -> None:
        """Listen no more."""


@frozen(kw_only=True)
class StreamStatus:
    """Whether a route's stream stands, since when, and what was last said of it."""

    up: bool
    since: datetime
    text: str = ""


class VenueRunner(VenueGateway, MarketGateway, NonceGateway, TreasuryGateway, Protocol):
    """What a venue's `build` gives: the route's gateway, and its life."""

    def start(self) -> None:
        """Begin to work; returns at once."""

    def stop(self, grace_s: float = 1.0) -> None:
        """Stop; requests under way get `grace_s` seconds to finish."""

    @property
    def slowed(self) -> str:
        """Until when the venue's rate limit holds requests up, and why; "" if it does not."""

    def link_moved(self, up: bool, text: str) -> None:
        """The session that carries the orders went up or down; from any thread.

        Only for venues whose orders go another way than REST.
        """

    def link_tore(self) -> None:
        """The session stands and has lost a message of the venue's; from any thread."""

    def listen(self, topic: Topic, wake: Callable[[], None]) -> Listening:
        """Begin to watch; `wake` is called, on the adapters' thread, when there is something to
        take. Raises NotSupported. From any thread."""

    def stream_status(self) -> StreamStatus | None:
        """Whether the venue's stream stands; None where it has none. From any thread."""

    def trade_through(self, gateway: VenueGateway) -> None:
        """Name the gateway that carries this route's orders, before `start`."""


@frozen(kw_only=True)
class Doors:
    """Where a simulator listens, on loopback; all but `rest` only where the venue has such a door."""

    host: str
    rest: int
    stream: int
    """The port of `rest`, unless the venue streams somewhere else."""
    graph: int
    fix: int | None = None


@frozen(kw_only=True)
class Simulated:
    """A venue's simulator, for those who start it and those who point a configuration at it.

    `build` is the dotted name, with a colon, of its build function; `credentials` are keys of the
    venue's table that name its one account, which exists nowhere. `addresses(doors)` gives the
    other values of the room's `config.toml`, the template of its table.
    """

    build: str
    credentials: Mapping[str, str]
    addresses: Callable[[Doors], Mapping[str, str]]
    own_doors: frozenset[str] = frozenset()
    """Which of stream, graph and fix have a port of their own."""


@frozen(kw_only=True)
class VenueSpec:
    """One kind of venue.

    `build(config, *, route, post, books, clock, loop, speed, ways)` makes its runner: `config` holds
    the venue's settings by the names they have in the configuration file, secrets as text; `loop`
    is an `adapters.loop.Loop`; `speed` divides waits and multiplies rates; `ways` is an
    `adapters.ways.Ways`. `capabilities(config)` is
    what the engine may rely on. `addresses` are the values of the room's `config.toml` at the
    venue's own hosts. A counterparty that can be anybody is not simulated.
    """

    name: str
    capabilities: Callable[[Mapping[str, Any]], Capabilities]
    build: Callable[..., VenueRunner]
    addresses: Mapping[str, str] = field(default_factory=dict)
    simulated: Simulated | None = None
    trades_here: bool = True
    """False where orders go another way than through the runner, which then only queries."""
