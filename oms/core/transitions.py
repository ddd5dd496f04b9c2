"""The state table: everything that decides an order's state stands here, and only here.

An order is several things at once: alive or ended (Life), with requests unanswered (pending),
with executions. OrdStatus (39) is whichever of these facts FIX 4.2 ranks highest. Filled is
arithmetic, not a life.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from oms.core.errors import IllegalTransition
from oms.core.fields import ExecTransType, ExecType, OrdStatus


class Life(StrEnum):
    """What is left of an order when its pending requests and executions are taken away."""

    PENDING_NEW = "PENDING_NEW"
    WORKING = "WORKING"
    DONE_FOR_DAY = "DONE_FOR_DAY"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


class Event(StrEnum):
    """What a report says has happened: its ExecType, or that an execution was undone."""

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIAL_FILL = "PARTIAL_FILL"
    FILL = "FILL"
    DONE_FOR_DAY = "DONE_FOR_DAY"
    CANCELED = "CANCELED"
    REPLACED = "REPLACED"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    STOPPED = "STOPPED"
    REJECTED = "REJECTED"
    SUSPENDED = "SUSPENDED"
    CALCULATED = "CALCULATED"
    EXPIRED = "EXPIRED"
    RESTATED = "RESTATED"
    BUST = "BUST"
    CORRECTION = "CORRECTION"


FILLS: Final = frozenset({Event.PARTIAL_FILL, Event.FILL})
EXECUTES: Final = FILLS | {Event.BUST, Event.CORRECTION}
"""Events that make an execution, or undo one."""

_E = Event
_L = Life


def _staying(life: Life) -> dict[Event, Life]:
    # D35, and REST venues daily: executions move after the end; the life does not.
    return dict.fromkeys((_E.PARTIAL_FILL, _E.FILL, _E.BUST, _E.CORRECTION), life)


LIFE: Final[Mapping[Life, Mapping[Event, Life]]] = MappingProxyType(
    {
        _L.PENDING_NEW: {
            _E.PENDING_NEW: _L.PENDING_NEW,
            _E.NEW: _L.WORKING,
            _E.REJECTED: _L.REJECTED,
            _E.CANCELED: _L.CANCELED,
            _E.EXPIRED: _L.EXPIRED,
            _E.PENDING_CANCEL: _L.PENDING_NEW,
            _E.REPLACED: _L.WORKING,  # its acknowledgement is lost, or late
            **_staying(_L.PENDING_NEW),  # a fill may overtake its acknowledgement
        },
        _L.WORKING: {
            _E.PENDING_CANCEL: _L.WORKING,
            _E.PENDING_REPLACE: _L.WORKING,
            _E.REPLACED: _L.WORKING,
            _E.RESTATED: _L.WORKING,  # D21: unsolicited reduction
            _E.STOPPED: _L.WORKING,  # D37
            _E.DONE_FOR_DAY: _L.DONE_FOR_DAY,
            _E.REJECTED: _L.REJECTED,  # FIX and ANDX may refuse after the acknowledgement
            _E.CANCELED: _L.CANCELED,
            _E.EXPIRED: _L.EXPIRED,
            **_staying(_L.WORKING),
        },
        _L.DONE_FOR_DAY: {
            _E.RESTATED: _L.WORKING,  # D27: renewed the next day
            _E.PENDING_CANCEL: _L.DONE_FOR_DAY,
            _E.PENDING_REPLACE: _L.DONE_FOR_DAY,
            _E.REPLACED: _L.DONE_FOR_DAY,  # new terms, the same day
            _E.REJECTED: _L.REJECTED,
            _E.CANCELED: _L.CANCELED,
            _E.EXPIRED: _L.EXPIRED,
            **_staying(_L.DONE_FOR_DAY),
        },
        _L.CANCELED: _staying(_L.CANCELED),
        _L.EXPIRED: _staying(_L.EXPIRED),
        _L.REJECTED: _staying(_L.REJECTED),
    }
)

ENDED: Final = frozenset({_L.CANCELED, _L.EXPIRED, _L.REJECTED})

REACHED_BY: Final[Mapping[Event, Life]] = MappingProxyType(
    {
        _E.NEW: _L.WORKING,
        _E.CANCELED: _L.CANCELED,
        _E.EXPIRED: _L.EXPIRED,
        _E.REJECTED: _L.REJECTED,
        _E.DONE_FOR_DAY: _L.DONE_FOR_DAY,
    }
)
"""Events that lead to one life only: told again in that life, they are no news."""

CLEARS_PENDING: Final = frozenset({_E.REPLACED, _E.CANCELED, _E.REJECTED, _E.EXPIRED})
"""Events that answer the requests under way; an OrderCancelReject answers its own."""

PRECEDENCE: Final = (
    OrdStatus.PENDING_NEW,
    OrdStatus.NEW,
    OrdStatus.REJECTED,
    OrdStatus.REPLACED,
    OrdStatus.PARTIALLY_FILLED,
    OrdStatus.EXPIRED,
    OrdStatus.CANCELED,
    OrdStatus.STOPPED,
    OrdStatus.FILLED,
    OrdStatus.DONE_FOR_DAY,
    OrdStatus.PENDING_REPLACE,
    OrdStatus.PENDING_CANCEL,
)
"""FIX 4.2, lowest first (spec/order-states.md)."""

_RANK: Final = MappingProxyType({status: rank for rank, status in enumerate(PRECEDENCE)})

_OF_LIFE: Final = MappingProxyType(
    {
        _L.PENDING_NEW: OrdStatus.PENDING_NEW,
        _L.WORKING: OrdStatus.NEW,
        _L.DONE_FOR_DAY: OrdStatus.DONE_FOR_DAY,
        _L.CANCELED: OrdStatus.CANCELED,
        _L.EXPIRED: OrdStatus.EXPIRED,
        _L.REJECTED: OrdStatus.REJECTED,
    }
)

_TOLD: Final = {exec_type: Event[exec_type.name] for exec_type in ExecType}

_EVENT_OF: Final = MappingProxyType(
    {
        ExecTransType.NEW: _TOLD,
        ExecTransType.CANCEL: dict.fromkeys(ExecType, Event.BUST),
        ExecTransType.CORRECT: dict.fromkeys(ExecType, Event.CORRECTION),
        ExecTransType.STATUS: _TOLD,
    }
)


def event_of(exec_type: ExecType, exec_trans_type: ExecTransType) -> Event:
    """The event a report tells; a status report (20=3) tells none and is not asked for."""
    return _EVENT_OF[exec_trans_type][exec_type]


def next_life(life: Life, event: Event) -> Life:
    """The life after the event. Raises IllegalTransition where the table has no row."""
    try:
        return LIFE[life][event]
    except KeyError:
        raise IllegalTransition(f"{event.name} is not possible in {life.name}") from None


def ord_status(
    life: Life,
    *,
    cancel_pending: bool,
    replace_pending: bool,
    replaced: bool,
    stopped: bool,
    cum_qty: Decimal,
    filled: bool,
) -> OrdStatus:
    """OrdStatus (39): the highest of the order's facts by FIX 4.2's precedence.

    `replaced`: a replace was the last event. `stopped`: an execution is guaranteed (D37).
    """
    # A refused order that was executed after all is over, but was not without effect.
    refuted = life is Life.REJECTED and bool(cum_qty)
    facts = [OrdStatus.CANCELED if refuted else _OF_LIFE[life]]
    if cum_qty:
        facts.append(OrdStatus.FILLED if filled else OrdStatus.PARTIALLY_FILLED)
    if replaced:
        facts.append(OrdStatus.REPLACED)
    if stopped:
        facts.append(OrdStatus.STOPPED)
    if replace_pending:
        facts.append(OrdStatus.PENDING_REPLACE)
    if cancel_pending:
        facts.append(OrdStatus.PENDING_CANCEL)
    return max(facts, key=_RANK.__getitem__)
