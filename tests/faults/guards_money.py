"""The engine without what keeps its word about money."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from adapters.mover import Mover
from oms.core import doubts
from oms.core.book import Book
from oms.core.errors import OutcomeUnknown
from oms.core.funding import Moved, Transfer
from oms.core.money import left_open
from oms.core.notes import MoveState, TransferOutcome
from oms.core.ports import Decision
from tests.faults.guard import Guard, in_place_of


def _fail_after_a_timeout(mover: Any, transfer: Transfer, text: str, raw: str = "") -> None:
    mover._tell(transfer, MoveState.NOT_SENT, text, raw=raw)


class _Again:
    """A client that sends once more what was not answered."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def move(self, transfer: Transfer) -> Moved:
        """Twice, if need be."""
        try:
            moved: Moved = await self._client.move(transfer)
        except OutcomeUnknown:
            moved = await self._client.move(transfer)
        return moved


_move = Mover.move


async def _move_with_retry(mover: Any, transfer: Transfer) -> None:
    client, mover._client = mover._client, _Again(mover._client)
    try:
        await _move(mover, transfer)
    finally:
        mover._client = client


def _forget_what_was_under_way(book: Book, now: datetime) -> Decision:
    told = []
    for record in left_open(book, now):
        assert isinstance(record.message, TransferOutcome), record
        note = replace(record.message, state=MoveState.NOT_SENT)
        told.append(replace(record, message=note))
    return tuple(told)


MONEY: Final[Mapping[str, Guard]] = {
    "lost money is in doubt": Guard(
        "adapters/mover.py Mover._doubt",
        "money that was moved counts as not sent",
        in_place_of(Mover, "_doubt", _fail_after_a_timeout),
    ),
    "money is moved once": Guard(
        "adapters/mover.py Mover.move",
        "money whose answer was lost is sent twice",
        in_place_of(Mover, "move", _move_with_retry),
    ),
    "money over a restart": Guard(
        "oms/core/money.py left_open",
        "money that was under way when the process died counts as not sent",
        in_place_of(doubts, "left_open", _forget_what_was_under_way),
    ),
}
