"""What happens to orders and routes that FIX has no message for.

Notes travel through the same door as FIX messages and are journaled beside them.
"""

from decimal import Decimal
from enum import StrEnum

from oms.core.funding import Moved, Transfer
from oms.core.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.values import frozen
from oms.core.venue import Instrument


class Request(StrEnum):
    """Which request to a venue a note is about."""

    NEW = "NEW"
    CANCEL = "CANCEL"
    REPLACE = "REPLACE"
    FILLS = "FILLS"
    """Not a request: executions are known to be missing."""


@frozen(kw_only=True)
class OrderEntered:
    """An order exists from here on; `venue_cl_ord_id` is what the venue will call it."""

    request: NewOrderSingle
    origin: str
    route: str
    venue_cl_ord_id: str
    emulate: str = ""
    """What the engine does in the venue's stead: names of Emulation, a blank between them."""


@frozen(kw_only=True)
class RequestEntered:
    """A cancel or replace was accepted.

    `pending`: the order is Pending Cancel or Pending Replace at once; otherwise the venue will
    say so itself. `released`: the request goes to the venue now; otherwise it is held.
    """

    request: OrderCancelRequest | OrderCancelReplaceRequest
    origin: str
    pending: bool
    released: bool
    silent: bool = False
    """The engine's own request: only what comes of it is told to the order's owner."""
    emulated: bool = False
    leg_name: str = ""
    part_of: str = ""
    expires: bool = False
    """These four: see PendingRequest."""


@frozen(kw_only=True)
class LegEntered:
    """An emulated order goes to the venue, or goes there anew: with these terms, by this name."""

    venue_cl_ord_id: str
    order_qty: Decimal
    price: Decimal | None = None
    exec_inst: str = ""


@frozen(kw_only=True)
class Expired:
    """The clock has passed the ExpireTime of an order that the engine ends by itself."""

    order_id: str


@frozen(kw_only=True)
class RequestReleased:
    """A held request goes to the venue now, or (`released` False) goes back to being held."""

    cl_ord_id: str
    released: bool
    text: str = ""


@frozen(kw_only=True)
class Answered:
    """A desk's message that moved nothing: a status request, or a request that was refused.

    `consumes`: its ClOrdID is used up by it all the same.
    """

    request: NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest | OrderStatusRequest
    origin: str
    consumes: bool = False


@frozen(kw_only=True)
class Unworkable:
    """A desk's message that no request can be made of; answered with BusinessMessageReject."""

    ref_msg_type: str
    ref_seq_num: int
    reason: str
    ref_id: str
    text: str
    origin: str


@frozen(kw_only=True)
class Doubt:
    """A request to the venue has no known outcome.

    `cl_ord_id` is the id the venue knows the order by; `text` says what happened and what
    evidence would settle it. `more`: it is known better by now what would.
    """

    cl_ord_id: str
    request: Request
    text: str
    more: bool = False


@frozen(kw_only=True)
class DoubtSettled:
    """Evidence has settled the order's doubt without any other event."""

    cl_ord_id: str
    text: str


@frozen(kw_only=True)
class VenueNamed:
    """The venue's own id of an order is known, and nothing else of what it told is news."""

    cl_ord_id: str
    secondary_order_id: str


@frozen(kw_only=True)
class NotSent:
    """A request provably did not leave the house. `too_late`: it would have waited too long."""

    cl_ord_id: str
    request: Request
    text: str
    too_late: bool = False


@frozen(kw_only=True)
class Quarantined:
    """A message that could not be applied; kept with its raw text, shown to a human."""

    reason: str
    text: str


@frozen(kw_only=True)
class RouteStatus:
    """What a route can do now. `ready` implies up and reconciled since it came up."""

    route: str
    up: bool
    ready: bool
    text: str = ""
    lost_answers: bool = False
    """The connection that carried the open requests is gone: their outcome is unknown."""


@frozen(kw_only=True)
class Instruments:
    """The instruments of a route, replacing what was known. Reference data, never journaled."""

    route: str
    instruments: tuple[Instrument, ...]


@frozen(kw_only=True)
class ReserveNonces:
    """A route needs `count` nonces, none below `floor` and none that it ever had. Never journaled."""

    route: str
    count: int
    floor: int


@frozen(kw_only=True)
class NoncesReserved:
    """The nonces from `first` to `last` are the route's, to be used once at most.

    Granted when this is committed: a restart goes on above them, whichever of them were used.
    """

    route: str
    first: int
    last: int


@frozen(kw_only=True)
class KillSwitch:
    """The kill switch is turned, for one route or for every one (`*`).

    `origin` asked for it under `cl_ord_id`, "" where that id was used before; `text` is its word.
    """

    on: bool
    route: str
    origin: str
    cl_ord_id: str
    text: str = ""


@frozen(kw_only=True)
class KillSweep:
    """What works under the kill switch and is not being cancelled is to be. Never journaled."""


@frozen(kw_only=True)
class KillCertificate:
    """What became of a kill: the proof of every order's end, or that it is in doubt.

    `origin` turned the switch of `route`; `text` has a line an order.
    """

    route: str
    origin: str
    in_doubt: int
    text: str


@frozen(kw_only=True)
class CancelAll:
    """Everything of `origin` that works is to be cancelled: on one route or on every one (`*`).

    `everybody`: the orders of all origins. `account_wide`: the venue is asked to cancel whatever
    the account has, by a call of its own that follows this record.
    """

    origin: str
    cl_ord_id: str
    route: str
    everybody: bool = False
    account_wide: bool = False


@frozen(kw_only=True)
class Delivered:
    """The desk session has taken over all reports up to `number` (as `msg_seq_num` and before).

    Those up to `seen` the desk has received: it proved so.
    """

    origin: str
    number: int
    msg_seq_num: int
    seen: int = 0


@frozen(kw_only=True)
class WentBack:
    """Reports after `number` are handed over anew, those up to `repeat_to` with PossResend.

    They may have been handed over before. MsgSeqNums up to `msg_seq_num` may have been used, and if
    `lost`, what was said under them is not stored any more.
    """

    origin: str
    number: int
    repeat_to: int
    msg_seq_num: int
    lost: bool
    text: str


@frozen(kw_only=True)
class SessionReset:
    """A FIX session starts again at MsgSeqNum 1 in both directions.

    A desk's reports after `number` are handed over anew, those up to `repeat_to` with PossResend.
    """

    origin: str
    number: int = 0
    repeat_to: int = 0


@frozen(kw_only=True)
class DeskAbsent:
    """A desk whose orders are not to work without it has been away for too long."""

    origin: str
    text: str


@frozen(kw_only=True)
class DeskReturned:
    """A desk has logged on that is to be told the state of its open orders then."""

    origin: str


@frozen(kw_only=True)
class Started:
    """The engine took the store over; requests that were under way have no known outcome."""

    epoch: int
    version: str


class MoveState(StrEnum):
    """What is known of a Transfer."""

    UNDER_WAY = "UNDER_WAY"
    """Journaled, and on its way to the venue."""
    IN_DOUBT = "IN_DOUBT"
    """It may have been done."""
    TAKEN = "TAKEN"
    """The venue accepted it and has not finished it."""
    DONE = "DONE"
    REFUSED = "REFUSED"
    """Over without effect: by the engine, by the venue, or given back."""
    NOT_SENT = "NOT_SENT"
    """It provably did not leave the house."""


@frozen(kw_only=True)
class TransferAsked:
    """Somebody wants to move money, under a ClOrdID of his own. `transfer_id` is drawn after it."""

    transfer: Transfer
    cl_ord_id: str


@frozen(kw_only=True)
class TransferEntered:
    """A transfer exists from here on, and unless it is refused it goes to its route."""

    transfer: Transfer
    origin: str
    cl_ord_id: str


@frozen(kw_only=True)
class TransferOutcome:
    """What became of sending a transfer where the venue's word is no more than no, or none came.

    `state`: REFUSED, NOT_SENT or IN_DOUBT. `refusal`: the code of the error that the engine refused
    it with, "" for the venue's no.
    """

    transfer_id: str
    state: MoveState
    text: str
    refusal: str = ""


@frozen(kw_only=True)
class TransferMoved:
    """The venue's word on a transfer: its answer, or what its lists show."""

    transfer_id: str
    moved: Moved


@frozen(kw_only=True)
class TransferSettled:
    """An operator, `by` name, says what became of a transfer, and in `text` why it is so."""

    transfer_id: str
    done: bool
    by: str
    text: str
