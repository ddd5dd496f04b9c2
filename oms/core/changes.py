"""What records change of the book, gathered for the store."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from oms.core.break_notes import BalanceBegun, BreakClosed, BreakOpened, ForeignOrder
from oms.core.facts import Execution, Kill
from oms.core.holdings import Break, Foreign, Holding, HoldingKey
from oms.core.messages import ExecutionReport
from oms.core.notes import (
    Answered,
    CancelAll,
    Delivered,
    KillCertificate,
    KillSwitch,
    NoncesReserved,
    OrderEntered,
    RequestEntered,
    SessionReset,
    TransferEntered,
    TransferMoved,
    TransferOutcome,
    TransferSettled,
    WentBack,
)
from oms.core.order import Order
from oms.core.ports import Record
from oms.core.positions import PositionKey
from oms.core.sessions import Session
from oms.core.transfers import MoneyMove

USES_ID: Final = frozenset(
    {OrderEntered, RequestEntered, Answered, KillSwitch, CancelAll, TransferEntered}
)
"""What may use up a ClOrdID."""

OF_NO_ORDER: Final = frozenset(
    {
        KillSwitch,
        KillCertificate,
        NoncesReserved,
        TransferEntered,
        TransferMoved,
        TransferOutcome,
        TransferSettled,
        BalanceBegun,
        BreakOpened,
        BreakClosed,
        ForeignOrder,
    }
)
"""What changes something besides orders and sessions."""

OF_SESSIONS: Final = frozenset({SessionReset, Delivered, WentBack})
"""What changes a session besides the number of a message that came in."""


@dataclass(slots=True)
class Changes:
    """What a batch of records changed, for the store to write."""

    records: list[tuple[int, Record]] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    executions: list[tuple[int, Order, Execution, ExecutionReport]] = field(default_factory=list)
    """Each with the journal seq of the record that told it."""
    undone: list[tuple[str, str]] = field(default_factory=list)
    """OrderID and ExecID of executions that stand no more."""
    split: list[tuple[Decimal, str, str]] = field(default_factory=list)
    """SplitShares, OrderID and ExecID of executions that a split has scaled."""
    cl_ord_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    positions: dict[PositionKey, Decimal] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    kills: dict[str, Kill] = field(default_factory=dict)
    nonces: dict[str, int] = field(default_factory=dict)
    moves: dict[str, MoneyMove] = field(default_factory=dict)
    holdings: dict[HoldingKey, Holding] = field(default_factory=dict)
    breaks: dict[str, Break] = field(default_factory=dict)
    foreign: dict[tuple[str, str], Foreign] = field(default_factory=dict)
    """By route and name."""
    reports: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Origin, number, journal seq and index within the record's outbound."""
