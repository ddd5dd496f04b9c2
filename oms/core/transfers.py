"""What becomes of a Transfer: its states, and what each word about it means.

A transfer is under way from the record that enters it, because that record's commit releases it. It
is sent once. Whatever then is not known is in doubt until evidence settles it: the venue's answer,
the venue's lists, or an operator who gives a reason. No clock does.
"""

from collections.abc import Callable
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from oms.core.funding import Moved, Transfer
from oms.core.notes import (
    MoveState,
    TransferEntered,
    TransferMoved,
    TransferOutcome,
    TransferSettled,
)
from oms.core.reports import BREAK
from oms.core.values import frozen, replaced

MASK: Final = "***"

OPEN: Final = frozenset({MoveState.UNDER_WAY, MoveState.IN_DOUBT, MoveState.TAKEN})
"""States in which something may still become of it."""

Past = Callable[[str], "MoneyMove | None"]

TransferNews = TransferOutcome | TransferMoved | TransferSettled


@frozen(kw_only=True)
class MoneyMove:
    """A Transfer and what is known of it. `status` and `reference` are the venue's."""

    transfer: Transfer
    origin: str
    cl_ord_id: str
    state: MoveState
    created: datetime
    updated: datetime
    reference: str = ""
    status: str = ""
    amount: Decimal | None = None
    """What the venue says was moved."""
    fee: Decimal | None = None
    code: str = field(default="", repr=False)
    """The coupon that was made. It is money."""
    refusal: str = ""
    """The code of the error that the engine refused it with, "" where it did not."""
    text: str = ""
    in_doubt_since: datetime | None = None
    in_doubt_text: str = ""
    settled_by: str = ""
    """The operator on whose word it ended, "" where none had to say so."""

    @property
    def open(self) -> bool:
        """Whether something may still become of it."""
        return self.state in OPEN

    def is_like(self, other: Transfer) -> bool:
        """Whether it would move the same amount the same way."""
        return replaced(self.transfer, transfer_id=other.transfer_id) == other


def entered(note: TransferEntered, time: datetime) -> MoneyMove:
    """The move that begins with the note."""
    return MoneyMove(
        transfer=note.transfer,
        origin=note.origin,
        cl_ord_id=note.cl_ord_id,
        state=MoveState.UNDER_WAY,
        created=time,
        updated=time,
    )


def told(move: MoneyMove, note: TransferNews, time: datetime) -> MoneyMove:
    """The move after a note about it that `weigh` lets apply."""
    after = replaced(move, in_doubt_since=None, in_doubt_text="", updated=time)
    match note:
        case TransferSettled():
            text = f"settled as {state_told(note).name} by {note.by}: {note.text}"
            return replaced(after, state=state_told(note), settled_by=note.by, text=text)
        case TransferMoved():
            return _moved(after, note.moved)
        case TransferOutcome(state=MoveState.IN_DOUBT):
            return replaced(after, state=note.state, in_doubt_since=time, in_doubt_text=note.text)
        case _:
            return replaced(after, state=note.state, text=note.text, refusal=note.refusal)


def _moved(move: MoneyMove, moved: Moved) -> MoneyMove:
    state = state_of(moved)
    if move.state is MoveState.DONE and state is MoveState.TAKEN:
        state = move.state  # only its code was missing
    text = moved.status if state is MoveState.REFUSED else ""
    if move.settled_by and state is not move.state:
        word = moved.status or state.name
        text = f"{BREAK}{move.text}; the venue says {word}"
    return replaced(
        move,
        state=state,
        reference=moved.reference or move.reference,
        status=moved.status or move.status,
        amount=move.amount if moved.amount is None else moved.amount,
        fee=move.fee if moved.fee is None else moved.fee,
        code=moved.code or move.code,
        text=text or move.text,
    )


def state_of(moved: Moved) -> MoveState:
    """The state that a venue's word means."""
    if moved.refused:
        return MoveState.REFUSED
    return MoveState.DONE if moved.done else MoveState.TAKEN


def state_told(note: TransferNews) -> MoveState:
    """The state that a note means."""
    match note:
        case TransferMoved():
            return state_of(note.moved)
        case TransferSettled():
            return MoveState.DONE if note.done else MoveState.REFUSED
        case _:
            return note.state


class Weight(Enum):
    """What a note about a move is worth."""

    NEWS = auto()
    KNOWN = auto()
    CONTRADICTS = auto()


def weigh(move: MoneyMove, note: TransferNews) -> Weight:
    """Whether a note moves the move, says nothing new, or can not be true besides what is known."""
    if isinstance(note, TransferSettled):
        settles = move.state in (MoveState.IN_DOUBT, MoveState.TAKEN)
        return Weight.NEWS if settles else Weight.CONTRADICTS
    if isinstance(note, TransferMoved) and note.moved.code not in ("", move.code):
        return Weight.NEWS  # whatever else it says, to lose a code is to lose money
    state = state_told(note)
    if move.state is MoveState.UNDER_WAY:
        return Weight.NEWS
    if state is MoveState.IN_DOUBT:
        return Weight.KNOWN  # in doubt already, or settled since
    if move.state is MoveState.IN_DOUBT:
        return Weight.NEWS
    if isinstance(note, TransferMoved):
        return _weigh_moved(move, note.moved, state)
    return Weight.KNOWN if state is move.state else Weight.CONTRADICTS


def _weigh_moved(move: MoneyMove, moved: Moved, state: MoveState) -> Weight:
    """The venue's word on a move that it has taken, or that is over."""
    if move.state is MoveState.TAKEN:
        return Weight.KNOWN if _moved(move, moved) == move else Weight.NEWS
    if state is move.state or (move.state is MoveState.DONE and state is MoveState.TAKEN):
        return Weight.KNOWN
    # The venue knows better than the operator who had to decide without it.
    return Weight.NEWS if move.settled_by else Weight.CONTRADICTS


def without(code: str, text: str) -> str:
    """The text with a coupon's code masked: it is in nothing that people read."""
    return text.replace(code, MASK) if code else text


class Moves:
    """All transfers that can still move, and those that ended in this process's life.

    Folded from the journal like the book that it belongs to. `open` may be read by any thread.
    """

    def __init__(self) -> None:
        """Empty."""
        self.last_number = 0
        self._moves: dict[str, MoneyMove] = {}
        self._open: dict[str, MoneyMove] = {}
        self._claimed: dict[tuple[str, str], str] = {}

    def get(self, transfer_id: str) -> MoneyMove | None:
        """The move if it is in memory."""
        return self._moves.get(transfer_id)

    def open(self, route: str = "") -> list[MoneyMove]:
        """Those of a route, or of all, of which something may still become; oldest first."""
        return [move for move in list(self._open.values()) if route in ("", move.transfer.route)]

    def claimant(self, route: str, reference: str) -> str | None:
        """The move that the venue calls so, if it is in memory."""
        return self._claimed.get((route, reference))

    def fold(self, message: object, time: datetime, past: Past) -> MoneyMove | None:
        """The move after a message of the journal, None for what is about no transfer.

        `past` finds what is not in memory. Raises ValueError for one that was never entered.
        """
        match message:
            case TransferEntered():
                move = entered(message, time)
            case TransferMoved() | TransferOutcome() | TransferSettled():
                before = self.get(message.transfer_id) or past(message.transfer_id)
                if before is None:
                    raise ValueError(f"transfer {message.transfer_id} was never entered")
                move = told(before, message, time)
            case _:
                return None
        self.put(move)
        return move

    def put(self, move: MoneyMove) -> None:
        """Hold it as it is now."""
        transfer_id = move.transfer.transfer_id
        self._moves[transfer_id] = move
        self.last_number = max(self.last_number, number_of(transfer_id))
        if move.open:
            self._open[transfer_id] = move
        else:
            self._open.pop(transfer_id, None)
        if move.reference:
            self._claimed[move.transfer.route, move.reference] = transfer_id


def transfer_id_of(number: int) -> str:
    """What the n-th transfer is called."""
    return f"T{number}"


def is_transfer(name: str) -> bool:
    """Whether that is what a transfer is called, and not an order."""
    digits = name[1:]
    return name[:1] == "T" and digits.isascii() and digits.isdigit()


def number_of(transfer_id: str) -> int:
    """The number in a transfer's id. Raises ValueError for what is none."""
    if not is_transfer(transfer_id):
        raise ValueError(f"not a transfer's id: {transfer_id!r}")
    return int(transfer_id[1:])
