"""The doors between the rooms, as types: what comes in, what is recorded, what goes out."""

from concurrent.futures import Future
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from oms.core.break_notes import (
    BalanceBegun,
    BalancesTold,
    BreakClosed,
    BreakOpened,
    BreakShown,
    ForeignOrder,
)
from oms.core.funding import Transfer
from oms.core.holdings import Break, Foreign, Holding, HoldingKey
from oms.core.messages import (
    BusinessMessageReject,
    ExecutionReport,
    NewOrderSingle,
    News,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
    Quote,
    QuoteRequest,
)
from oms.core.notes import (
    Answered,
    CancelAll,
    Delivered,
    DeskAbsent,
    DeskReturned,
    Doubt,
    DoubtSettled,
    Expired,
    Instruments,
    KillCertificate,
    KillSweep,
    KillSwitch,
    LegEntered,
    NoncesReserved,
    NotSent,
    OrderEntered,
    Quarantined,
    RequestEntered,
    RequestReleased,
    ReserveNonces,
    RouteStatus,
    SessionReset,
    Started,
    TransferAsked,
    TransferEntered,
    TransferMoved,
    TransferOutcome,
    TransferSettled,
    Unworkable,
    VenueNamed,
    WentBack,
)
from oms.core.order import Order
from oms.core.settlements import Leaves, OrderSettled, Reopened, Waits
from oms.core.transfers import MoneyMove
from oms.core.values import frozen


class Evidence(StrEnum):
    """What kind of evidence moved an order."""

    DESK = "DESK"
    STRATEGY = "STRATEGY"
    OPERATOR = "OPERATOR"
    VENUE_MESSAGE = "VENUE_MESSAGE"
    VENUE_QUERY = "VENUE_QUERY"
    POLICY = "POLICY"


FromDesk = (
    NewOrderSingle
    | OrderCancelRequest
    | OrderCancelReplaceRequest
    | OrderStatusRequest
    | Unworkable
    | KillSwitch
    | CancelAll
    | Delivered
    | WentBack
    | SessionReset
    | DeskAbsent
    | DeskReturned
    | TransferAsked
    | TransferSettled
    | BreakClosed
    | OrderSettled
)
FromVenue = (
    ExecutionReport
    | OrderCancelReject
    | Quote
    | Doubt
    | DoubtSettled
    | NotSent
    | Quarantined
    | VenueNamed
    | Waits
    | Leaves
    | RouteStatus
    | Instruments
    | ReserveNonces
    | TransferMoved
    | TransferOutcome
    | BalancesTold
    | BreakShown
    | ForeignOrder
)
Message = FromDesk | FromVenue | KillSweep | KillCertificate | Started | Expired
"""What can be posted to the engine."""

Recorded = (
    OrderEntered
    | RequestEntered
    | RequestReleased
    | LegEntered
    | Answered
    | ExecutionReport
    | OrderCancelReject
    | Doubt
    | DoubtSettled
    | OrderSettled
    | Reopened
    | Waits
    | Leaves
    | VenueNamed
    | NotSent
    | Quarantined
    | RouteStatus
    | NoncesReserved
    | Unworkable
    | KillSwitch
    | KillCertificate
    | CancelAll
    | Delivered
    | WentBack
    | SessionReset
    | DeskAbsent
    | DeskReturned
    | TransferEntered
    | TransferMoved
    | TransferOutcome
    | TransferSettled
    | BalanceBegun
    | BreakOpened
    | BreakClosed
    | ForeignOrder
    | Started
)
"""What can stand in the journal."""

VenueRequest = NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest
DeskReport = ExecutionReport | OrderCancelReject | BusinessMessageReject | News


@frozen(kw_only=True)
class Inbound:
    """A message and where it came from. `source` is an origin (a desk's CompID, a strategy's
    name, `operator`) or a route. `raw` is the text it was read from, secrets removed.
    `msg_seq_num` is the desk's MsgSeqNum (34), 0 where there is none. `throttled` says why a D or G
    is one too many to be worked on, "" if it is not."""

    source: str
    message: Message
    evidence: Evidence
    raw: str = ""
    msg_seq_num: int = 0
    throttled: str = ""


@frozen
class ToVenue:
    """A request for a route's gateway; `order_id` is the engine's."""

    route: str
    order_id: str
    message: VenueRequest


@frozen
class ToMarket:
    """A question about a route's market; it changes nothing there. `order_id` is the engine's."""

    route: str
    order_id: str
    message: QuoteRequest


@frozen
class ToTreasury:
    """Money to be moved by a route: sent once, like an order."""

    route: str
    transfer_id: str
    message: Transfer


@frozen
class ToOrigin:
    """A report for whoever owns the order; numbered per origin when it is journaled."""

    origin: str
    message: DeskReport


Outbound = ToVenue | ToMarket | ToTreasury | ToOrigin


@frozen(kw_only=True)
class Record:
    """One row of the journal: what happened, on what evidence, and what it releases.

    `order` is the order after `message`; a replay computes it again and compares. What is about a
    transfer has its id for `order_id`.
    """

    time: datetime
    message: Recorded
    evidence: Evidence
    order_id: str = ""
    origin: str = ""
    route: str = ""
    raw: str = ""
    msg_seq_num: int = 0
    outbound: tuple[Outbound, ...] = ()
    order: Order | None = None


Decision = tuple[Record, ...]
"""What `decide` says: the records to commit, in order. Their outbound goes out after that."""


class Post(Protocol):
    """The one door in: returns at once, from any thread."""

    def __call__(self, inbound: Inbound) -> None:
        """Hand the message to the engine."""


@frozen(kw_only=True)
class LinkWord:
    """A session's answer to a status request about an order.

    `known`: the venue has such an order. `logon` counts the session's logons: in which the answer
    came. `sent_in_it`: the order was sent in the same one, or may have been.
    """

    known: bool
    logon: int
    sent_in_it: bool


class VenueGateway(Protocol):
    """The door out to a venue: returns at once; what happens comes back through Post."""

    def send(self, outbound: ToVenue) -> None:
        """Take over a committed request. Never raises."""

    def ask(self, query: str, **parameters: Any) -> Future[Any]:
        """Read-only, never journaled: balances, lists. Fails with NotSupported or VenueError.

        But `cancel_all` has the venue end whatever the account has; its CancelAll is on record
        before. A session asks `order_status` of an `order_id` and answers with a LinkWord.
        """


class MarketGateway(Protocol):
    """The door out to a market's data: returns at once; a Quote or NotSent comes through Post."""

    def quote(self, outbound: ToMarket) -> None:
        """Find the best prices. Never raises."""


class NonceGateway(Protocol):
    """The door out to a route that counts its requests."""

    def grant(self, nonces: NoncesReserved) -> None:
        """Take over nonces that are committed. Returns at once, never raises."""


class TreasuryGateway(Protocol):
    """The door out for money: returns at once; what becomes of it comes back through Post."""

    def move(self, outbound: ToTreasury) -> None:
        """Take over a committed transfer. Never raises."""


class DeskGateway(Protocol):
    """The door out to a desk or a strategy."""

    def send(self, number: int, report: DeskReport) -> None:
        """Take over a committed report, the `number`-th of this origin. Never raises."""


class Books(Protocol):
    """What edges may see of the book: immutable orders, from any thread."""

    def order(self, order_id: str) -> Order | None:
        """The order as of the last commit, if it is still in memory."""

    def working(self, route: str) -> list[Order]:
        """All orders of a route that are not closed, oldest first."""

    def closed(self, route: str) -> list[Order]:
        """Orders of a route that closed lately, as far as they are in memory."""

    def killed(self, route: str) -> bool:
        """Whether the kill switch is on for the route: no new order may leave."""

    def open_moves(self, route: str) -> list[MoneyMove]:
        """Transfers of a route of which something may still become, oldest first."""

    @property
    def agreement(self) -> "Agreed":
        """What the venues have to have, and what they have besides."""


class Agreed(Protocol):
    """Where books and venues agree, and where not; from any thread."""

    def mark(self, route: str) -> int:
        """A number that changes whenever something moves money of the route."""

    def residual(self, key: HoldingKey, total: Decimal) -> Decimal:
        """What the venue has of it beyond what it has to, if it tells of this total."""

    def holdings_of(self, route: str) -> dict[HoldingKey, Holding]:
        """What the balances of a route have to be."""

    def open_breaks(self, route: str = "") -> list[Break]:
        """Balances of a route that are something else."""

    def foreign_orders(self, route: str) -> list[Foreign]:
        """Orders that work at a route's venue and are not ours."""


class History(Protocol):
    """Where the book looks for what it does not hold in memory any more."""

    def order(self, order_id: str) -> Order | None:
        """By OrderID."""

    def by_venue_id(
        self, route: str, venue_cl_ord_id: str, secondary_order_id: str
    ) -> Order | None:
        """By one of the ids that the venue uses."""

    def cl_ord_id(self, origin: str, cl_ord_id: str) -> str | None:
        """The OrderID a used ClOrdID belongs to, "" if to none, None if it is unused."""

    def move(self, transfer_id: str) -> MoneyMove | None:
        """A transfer and what became of it."""

    def claimant(self, route: str, reference: str) -> str | None:
        """The id of the transfer that the venue calls so, None if there is none."""
