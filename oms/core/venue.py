"""What the core knows of a venue, as data."""

from decimal import Decimal
from enum import StrEnum

from oms.core.fields import OrdType, TimeInForce
from oms.core.numbers import ZERO
from oms.core.values import frozen


class ClientId(StrEnum):
    """How `venue_cl_ord_id` is made for a venue (spec/<venue>.md says why)."""

    COUNTER = "COUNTER"
    """Integers above the last one, from a clock-based floor, below 2**31, never 0."""
    STAMPED = "STAMPED"
    """Account digits, 8 random digits, 13-digit epoch milliseconds, 3-digit counter."""
    HEX = "HEX"
    """32 random hexadecimal digits."""
    INTERNAL = "INTERNAL"
    """The venue takes none; the engine's own handle, never sent."""


class Fence(StrEnum):
    """What proves that a lost request can not be executed any more."""

    NOTHING = "NOTHING"
    RELOGON_AND_QUERIES = "RELOGON_AND_QUERIES"
    SEQUENCE = "SEQUENCE"
    """A session whose numbers go on for ever, on which no order is sent a second time: what a status
    request finds unknown never arrived, and can not arrive any more."""
    NONCE = "NONCE"
    EXPIRY = "EXPIRY"


class FillIdentity(StrEnum):
    """How the venue names a fill."""

    EXEC_ID = "EXEC_ID"
    CUMULATIVE = "CUMULATIVE"
    TRADE_ID = "TRADE_ID"


class Emulation(StrEnum):
    """What the engine can do in a venue's stead, where the route asks for it (docs/emulations.md)."""

    REPLACE = "REPLACE"
    """Cancel, the venue's proof, a new order for the rest."""
    IOC = "IOC"
    """A resting order, cancelled as soon as the venue has acknowledged it."""
    FOK = "FOK"
    """Immediate or cancel, for an order of one step: it can not be filled in part."""
    GTD = "GTD"
    """Good till cancel, and a cancel when ExpireTime has come."""
    MARKET = "MARKET"
    """A limit order, immediate or cancel, at the other side's best price and a margin."""


@frozen
class Limit:
    """At most `requests` in any `per_seconds` seconds, counted by the venue over `scope`."""

    what: str
    """The requests it is about, as the document calls them."""
    requests: int
    per_seconds: Decimal
    scope: str = "account"


@frozen(kw_only=True)
class Capabilities:
    """What a venue offers; the engine decides from this and from nothing else."""

    ord_types: frozenset[OrdType]
    time_in_force: frozenset[TimeInForce]
    post_only: bool
    market_buy_by_cash: bool
    """A market buy is sized by CashOrderQty (152) in quote units, not by OrderQty."""
    client_id: ClientId
    client_id_digits: str = ""
    """Account digits in front of a STAMPED id."""
    client_id_queryable: bool = False
    client_id_unique: bool = False
    can_replace: bool = False
    chains_requests: bool = False
    """It takes a further cancel or replace while one is unanswered."""
    tells_pending: bool = False
    """The venue reports Pending Cancel and Pending Replace itself."""
    cancel_before_ack: bool = False
    cancel_final: bool = False
    """A positive answer to a cancel is the cancel, not just its receipt."""
    fence: Fence = Fence.NOTHING
    fill_identity: FillIdentity = FillIdentity.CUMULATIVE
    tells_fees: bool = False
    """Fills carry what they cost."""
    balance_decimals: int | None = None
    """Balances are told with so many decimals, what is finer is cut off; None: all they have."""
    history: str = ""
    """How far back the venue's lists of orders and fills reach, in words."""
    limits: tuple[Limit, ...] = ()
    """Its rate limits, the stricter reading where its documents differ."""
    offers: frozenset[str] = frozenset()
    """The queries and calls that its client has, by their names in adapters/port.py; and of what
    its `move` can do: `withdraw`, `transfer`, `coupon`."""
    streams: frozenset[str] = frozenset()
    """What can be watched without polling: kinds of Topic, and `orders`."""
    exchanges: frozenset[str] = frozenset()
    """Values SecurityExchange (207) must have; empty: it must be absent."""
    emulates: frozenset[Emulation] = frozenset()
    """What the engine does in its stead; what the venue does itself is left to it."""
    withdraws_to_alias: bool = False
    """Money goes only to addresses saved at the venue before, called by the names they have there."""
    market_margin: Decimal = Decimal("0.005")
    """How far beyond the best price an emulated market order may trade, as a part of it."""


@frozen(kw_only=True)
class Instrument:
    """One market of a route. Quantities in base units, prices and notionals in quote units."""

    symbol: str
    """BASE/QUOTE, the same at every venue."""
    venue_symbol: str
    """The venue's own code, accepted from a desk too."""
    tick: Decimal
    step: Decimal
    min_qty: Decimal = ZERO
    max_qty: Decimal | None = None
    min_notional: Decimal = ZERO
    max_notional: Decimal | None = None
    security_exchange: str = ""
    enabled: bool = True

    @property
    def base(self) -> str:
        """The currency that is bought and sold."""
        return self.symbol.partition("/")[0]

    @property
    def quote(self) -> str:
        """The currency that prices are in."""
        return self.symbol.partition("/")[2]
