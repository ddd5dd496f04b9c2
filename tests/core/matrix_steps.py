"""What a line of tests/matrices/*.txt says, as frozen values.

Knows nothing of the engine: words stay the names of FIX 4.2's dictionary (``PARTIAL_FILL``), numbers
are Decimal, identifiers are the letters of the file.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

EXEC_TYPES: Final = frozenset(
    [
        "NEW",
        "PARTIAL_FILL",
        "FILL",
        "DONE_FOR_DAY",
        "CANCELED",
        "REPLACED",
        "PENDING_CANCEL",
        "STOPPED",
        "REJECTED",
        "PENDING_NEW",
        "EXPIRED",
        "RESTATED",
        "PENDING_REPLACE",
    ]
)
ORD_STATUSES: Final = frozenset(
    [
        "NEW",
        "PARTIALLY_FILLED",
        "FILLED",
        "DONE_FOR_DAY",
        "CANCELED",
        "REPLACED",
        "PENDING_CANCEL",
        "STOPPED",
        "REJECTED",
        "PENDING_NEW",
        "EXPIRED",
        "PENDING_REPLACE",
    ]
)
TIMES_IN_FORCE: Final = frozenset(
    ["DAY", "GOOD_TILL_CANCEL", "IMMEDIATE_OR_CANCEL", "FILL_OR_KILL", "GOOD_TILL_DATE"]
)
ORD_REJ_REASONS: Final = frozenset(
    [
        "BROKER_CREDIT",
        "UNKNOWN_SYMBOL",
        "EXCHANGE_CLOSED",
        "ORDER_EXCEEDS_LIMIT",
        "TOO_LATE_TO_ENTER",
        "UNKNOWN_ORDER",
        "DUPLICATE_ORDER",
        "DUPLICATE_OF_A_VERBALLY_COMMUNICATED_ORDER",
        "STALE_ORDER",
    ]
)
CXL_REJ_REASONS: Final = frozenset(
    ["TOO_LATE_TO_CANCEL", "UNKNOWN_ORDER", "BROKER_CREDIT", "ORDER_ALREADY_IN_PENDING_STATUS"]
)
RESTATEMENT_REASONS: Final = frozenset(
    [
        "GT_CORPORATE_ACTION",
        "GT_RENEWAL",
        "VERBAL_CHANGE",
        "REPRICING_OF_ORDER",
        "BROKER_OPTION",
        "PARTIAL_DECLINE_OF_ORDER_QTY",
    ]
)
ABILITIES: Final = frozenset(["chain", "voice", "split", "day_figures"])


class Source(Enum):
    """Who makes the step happen."""

    DESK = "desk"
    VENUE = "venue"
    PHONE = "phone"
    CLOCK = "clock"


@dataclass(frozen=True)
class Order:
    """A new order; ``cl_ord_id`` is None when it was telephoned."""

    cl_ord_id: str | None
    order_qty: Decimal
    price: Decimal
    side: str
    time_in_force: str
    poss_resend: bool


@dataclass(frozen=True)
class Cancel:
    """OrderCancelRequest."""

    cl_ord_id: str
    orig_cl_ord_id: str


@dataclass(frozen=True)
class Replace:
    """OrderCancelReplaceRequest; a quantity or price not named in the file is None: unchanged."""

    cl_ord_id: str
    orig_cl_ord_id: str
    order_qty: Decimal | None
    price: Decimal | None


@dataclass(frozen=True)
class Status:
    """OrderStatusRequest."""

    cl_ord_id: str


@dataclass(frozen=True)
class Word:
    """A venue report without an execution; ``request`` is the desk's id of the F or G it answers.

    ``order_qty``, ``cum_qty`` and ``reason`` are what a RESTATED or REJECTED brings with it.
    """

    exec_type: str
    request: str | None = None
    order_qty: Decimal | None = None
    cum_qty: Decimal | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Fill:
    """An execution, or with STOPPED the guarantee of one; ``exec_id`` is the file's name for it."""

    exec_type: str
    last_shares: Decimal
    last_px: Decimal
    exec_id: str


@dataclass(frozen=True)
class Bust:
    """ExecTransType CANCEL: the execution ``exec_ref_id`` never was."""

    exec_ref_id: str
    exec_id: str


@dataclass(frozen=True)
class Correct:
    """ExecTransType CORRECT: the execution ``exec_ref_id`` was of this quantity and price."""

    exec_ref_id: str
    exec_id: str
    last_shares: Decimal
    last_px: Decimal


@dataclass(frozen=True)
class Again:
    """The venue tells the execution ``exec_id`` a second time, unchanged."""

    exec_id: str


@dataclass(frozen=True)
class CancelReject:
    """OrderCancelReject from the venue to the request ``request``."""

    request: str
    reason: str


@dataclass(frozen=True)
class NextDay:
    """A trading day ends and the next begins."""


Event = (
    Order
    | Cancel
    | Replace
    | Status
    | Word
    | Fill
    | Bust
    | Correct
    | Again
    | CancelReject
    | NextDay
)


@dataclass(frozen=True)
class State:
    """The order after the step; quantities in units of the instrument, ``avg_px`` a price."""

    ord_status: str
    order_qty: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal
    avg_px: Decimal


@dataclass(frozen=True)
class Report:
    """What the desk is told: an ExecutionReport, or an OrderCancelReject when exec_type is None.

    Fields equal to the state are repeated here, so that a report can be compared whole. None means
    that the field is absent or not prescribed.
    """

    exec_type: str | None
    exec_trans_type: str
    ord_status: str
    order_qty: Decimal | None
    cum_qty: Decimal | None
    leaves_qty: Decimal | None
    avg_px: Decimal | None
    last_shares: Decimal | None
    last_px: Decimal | None
    cl_ord_id: str | None
    orig_cl_ord_id: str | None
    exec_ref_id: str | None = None
    ord_rej_reason: str | None = None
    cxl_rej_reason: str | None = None
    exec_restatement_reason: str | None = None
    day_order_qty: Decimal | None = None
    day_cum_qty: Decimal | None = None
    price: Decimal | None = None


@dataclass(frozen=True)
class Step:
    """One line: what happens, to which order, what it leaves, what the desk is told of it.

    ``order`` is the id under which the order entered (``-`` when telephoned), None when no order is
    concerned. ``state`` is None when there is no order; ``reports`` are in the order in which the desk
    hears them, none when nothing is told.
    """

    line: int
    text: str
    source: Source
    event: Event
    order: str | None
    state: State | None
    reports: tuple[Report, ...]

    @property
    def forwarded(self) -> bool:
        """Whether the desk's message goes on to the venue: if it is not answered here."""
        return isinstance(self.event, Order | Cancel | Replace) and not self.reports


@dataclass(frozen=True)
class Matrix:
    """One file: its name without the suffix, its title, what it needs, its steps."""

    name: str
    title: str
    needs: frozenset[str]
    steps: tuple[Step, ...]
