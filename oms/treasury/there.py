"""Moving money from another process.

A request whose answer was lost is made again under its ClOrdID: the engine takes each but once, and
tells what became of it. Nothing is sent to a venue a second time for it.
"""

import asyncio
import math
from abc import abstractmethod
from typing import Any, Final

from oms import words
from oms.core.errors import EngineUnavailable, OutcomeUnknown
from oms.core.funding import Transfer, TransferKind
from oms.core.numbers import number_text
from oms.treasury.door import MoneyDoor, Row
from oms.words import Number

OUTCOME_AT_ONCE_S: Final = 20
"""How long one HTTP request waits for an outcome; longer waits are several. Whole seconds."""


class Lost(EngineUnavailable):
    """No usable answer: what was asked may have been done."""


class MoneyThere(MoneyDoor):
    """One origin's money, over HTTP."""

    _looks_s: tuple[float, ...]

    async def move_row(self, transfer_id: str) -> Row:
        """The row of a transfer by its id or ORIGIN/ClOrdID. Raises UnknownOrder."""
        row: Row = await self._get("/api/move", id=transfer_id)
        return row

    async def outcome(self, transfer_id: str, timeout_s: float = 30.0) -> Row:
        """The row once its sending has an outcome, or as it is after that time."""
        left_s = math.ceil(timeout_s)
        while True:
            wait_s = min(left_s, OUTCOME_AT_ONCE_S)
            row: Row = await self._get("/api/move", id=transfer_id, wait_s=str(wait_s))
            left_s -= wait_s
            if row["state"] != "UNDER_WAY" or left_s <= 0:
                return row

    async def moves(self, *, open: bool = False, venue: str | None = None) -> list[Row]:
        """The transfers of this origin, oldest first; the operator sees everybody's."""
        return await self._rows("/api/moves", open="true" if open else "", venue=venue or "")

    async def move_timeline(self, transfer_id: str) -> list[Row]:
        """What was asked, sent, told and decided about a transfer. Raises UnknownOrder."""
        return await self._rows("/api/move_timeline", id=transfer_id)

    async def coupon_code(self, transfer_id: str) -> str:
        """The code of a coupon that was made or redeemed. Raises UnknownOrder."""
        told = await self._get("/api/coupon_code", id=transfer_id)
        return str(told["code"])

    async def settle(
        self,
        transfer_id: str,
        *,
        by: str,
        because: str,
        done: bool | None = None,
        verdict: str | None = None,
        qty: Number | None = None,
        px: Number | None = None,
    ) -> Row:
        """Say what became of a transfer, or with a `verdict` of an order; its row after that."""
        asked: Row = {"by": by, "because": because}
        if verdict is None:
            asked |= {"transfer_id": transfer_id, "done": done}
        else:
            numbers = {"qty": words.number("qty", qty), "px": words.number("px", px)}
            asked |= {"order_id": transfer_id, "as": verdict}
            asked |= {name: number_text(n) for name, n in numbers.items() if n is not None}
        try:
            row: Row = await self._send("POST", "/api/settle", json=asked)
        except Lost as lost:
            raise OutcomeUnknown(f"{lost}; look at {transfer_id}") from None
        return row

    async def _move(self, transfer: Transfer, cl_ord_id: str) -> str:
        path, names = _CALLS[transfer.kind]
        terms = {name: getattr(transfer, _FIELDS.get(name, name)) for name in names}
        if transfer.amount is not None:
            terms["amount"] = number_text(transfer.amount)
        asked = {name: value for name, value in terms.items() if value not in ("", None)}
        told = await self._ask_again(path, {**asked, "cl_ord_id": cl_ord_id})
        return str(told["transfer_id"])

    async def _ask_again(self, path: str, asked: Row) -> Row:
        """The answer to a request that the engine takes once, however often it is asked."""
        lost: Lost | None = None
        for pause_s in (0.0, *self._looks_s):
            await asyncio.sleep(pause_s)
            try:
                told: Row = await self._send("POST", path, json=asked)
            except Lost as error:
                lost = error
            except EngineUnavailable:
                if lost is None:
                    raise
            else:
                return told
        raise OutcomeUnknown(
            f"{lost}; ask again under ClOrdID {asked['cl_ord_id']}, and under no other"
        )

    @abstractmethod
    async def _rows(self, path: str, **params: str) -> list[Row]: ...

    @abstractmethod
    async def _get(self, path: str, **params: str) -> Any: ...

    @abstractmethod
    async def _send(self, method: str, path: str, **content: Any) -> Any: ...


_FIELDS: Final = {"venue": "route", "exchange": "security_exchange"}
_CALLS: Final = {
    TransferKind.WITHDRAWAL: (
        "/api/withdraw",
        ("venue", "asset", "amount", "address", "memo", "alias", "network", "exchange"),
    ),
    TransferKind.TRANSFER: (
        "/api/transfer",
        ("venue", "asset", "amount", "exchange", "to_exchange"),
    ),
    TransferKind.COUPON_CREATE: ("/api/coupon", ("venue", "asset", "amount", "recipient")),
    TransferKind.COUPON_REDEEM: ("/api/redeem", ("venue", "code")),
}
