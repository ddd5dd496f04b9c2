"""Money moved and doubts settled in the engine's own process: post, and read what was decided."""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

from oms import words
from oms.core.book import OPERATOR
from oms.core.errors import (
    BY_CODE,
    InvalidOrder,
    NotAuthorised,
    OrderRejected,
    OutcomeUnknown,
    StoreUnavailable,
    UnknownOrder,
)
from oms.core.funding import Transfer
from oms.core.notes import MoveState, TransferAsked, TransferSettled
from oms.core.ports import Evidence, Inbound, Post
from oms.core.settlements import OrderSettled, Verdict
from oms.core.settling import objection
from oms.feed import Feed
from oms.treasury.door import ADDRESS_LENGTH_MAX, MoneyDoor, Row, is_same
from oms.venues import Venues
from oms.words import Number

DURABLE_TIMEOUT_S: Final = 30.0
"""How long a caller waits for the engine to make a transfer durable."""

LOOK_EVERY_S: Final = 0.05

_SETTLED_FROM: Final = (MoveState.IN_DOUBT.name, MoveState.TAKEN.name)


class MoveLooks(Protocol):
    """The reading side of the store that this needs."""

    def moves(self, *, open_only: bool = False, route: str = "", origin: str = "") -> list[Row]:
        """Rows of transfers, oldest first."""

    def move(self, name: str, origin: str = "", *, reveal: bool = False) -> Row | None:
        """One of them by its id or ORIGIN/ClOrdID."""

    def timeline(self, order_id: str) -> list[Row]:
        """Rows of `time kind evidence text raw`."""

    def is_used(self, origin: str, cl_ord_id: str) -> bool:
        """Whether a request of the origin's under that ClOrdID is on record."""


class MoneyHere(MoneyDoor):
    """One origin's money, in this process."""

    origin: str
    _post: Post
    _move_looks: MoveLooks
    _evidence: Evidence
    _own: str
    _venues: Venues
    _feed: Feed

    @abstractmethod
    async def order_row(self, order_id: str) -> Row:
        """The order row. Raises UnknownOrder."""

    async def move_row(self, transfer_id: str) -> Row:
        """The row of a transfer by its id or ORIGIN/ClOrdID. Raises UnknownOrder."""
        return await self._found(transfer_id)

    async def outcome(self, transfer_id: str, timeout_s: float = DURABLE_TIMEOUT_S) -> Row:
        """The row once its sending has an outcome, or as it is after that time."""

        async def known() -> Row | None:
            row = await self._found(transfer_id)
            return None if row["state"] == MoveState.UNDER_WAY.name else row

        return await self._until(known, timeout_s) or await self._found(transfer_id)

    async def moves(self, *, open: bool = False, venue: str | None = None) -> list[Row]:
        """The transfers of this origin, oldest first; the operator sees everybody's."""
        route = (venue or "").upper()
        return await asyncio.to_thread(
            lambda: self._move_looks.moves(open_only=open, route=route, origin=self._own)
        )

    async def move_timeline(self, transfer_id: str) -> list[Row]:
        """What was asked, sent, told and decided about a transfer. Raises UnknownOrder."""
        row = await self._found(transfer_id)
        return await asyncio.to_thread(self._move_looks.timeline, row["transfer_id"])

    async def coupon_code(self, transfer_id: str) -> str:
        """The code of a coupon that was made or redeemed. Raises UnknownOrder."""
        row = await self._found(transfer_id, reveal=True)
        return str(row["code"])

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
        if self.origin != OPERATOR:
            raise NotAuthorised("only the operator may settle what became of something")
        if verdict is not None:
            return await self._settle_order(transfer_id, _verdict(verdict), by, because, qty, px)
        if done is None:
            raise InvalidOrder("done: is missing; or a verdict, of an order")
        row = await self._found(transfer_id)
        note = TransferSettled(
            transfer_id=row["transfer_id"],
            done=words.flag("done", done),
            by=_said("by", by),
            text=_said("because", because),
        )
        if row["state"] not in _SETTLED_FROM:
            raise OrderRejected(f"{row['transfer_id']} is {row['state']}: nothing is to be settled")
        self._post(Inbound(source=self.origin, message=note, evidence=self._evidence))

        async def moved() -> Row | None:
            now = await self._found(transfer_id)
            return None if now["state"] in _SETTLED_FROM else now

        after = await self._until(moved, DURABLE_TIMEOUT_S)
        if after is None:
            raise OutcomeUnknown(f"the engine has not answered; look at {row['transfer_id']}")
        if not after["settled_by"]:
            raise OrderRejected(f"{row['transfer_id']} is {after['state']} by the venue's word")
        return after

    async def _settle_order(
        self,
        name: str,
        verdict: Verdict,
        by: str,
        because: str,
        qty: Number | None,
        px: Number | None,
    ) -> Row:
        order_id = (await self.order_row(name))["order_id"]
        note = OrderSettled(
            order_id=order_id,
            verdict=verdict,
            by=_said("by", by),
            text=_said("because", because),
            qty=words.number("qty", qty),
            px=words.number("px", px),
        )
        why_not = objection(self._venues.order(order_id), note)
        if why_not:
            raise OrderRejected(f"order {order_id}: {why_not}")
        self._post(Inbound(source=self.origin, message=note, evidence=self._evidence))

        async def settled() -> Row | None:
            now = await self.order_row(order_id)
            return None if now["in_doubt"] else now

        after = await self._until(settled, DURABLE_TIMEOUT_S)
        if after is None:
            raise OutcomeUnknown(f"the engine has not answered; look at order {order_id}")
        if not after["settled_by"]:
            raise OrderRejected(f"order {order_id} is {after['ord_status']} by the venue's word")
        return after

    async def _move(self, transfer: Transfer, cl_ord_id: str) -> str:
        asked = TransferAsked(transfer=transfer, cl_ord_id=cl_ord_id)
        self._post(Inbound(source=self.origin, message=asked, evidence=self._evidence))
        row = await self._until(
            lambda: asyncio.to_thread(self._entered, cl_ord_id), DURABLE_TIMEOUT_S
        )
        if row is None:
            why = self._feed.broken or f"the engine has not answered in {DURABLE_TIMEOUT_S:g} s"
            raise OutcomeUnknown(f"{why}; ask again under ClOrdID {cl_ord_id}, and under no other")
        if not is_same(row, transfer):
            raise OrderRejected(f"duplicate ClOrdID {cl_ord_id}: it names another transfer")
        if row["refusal"]:
            raise BY_CODE[row["refusal"]](row["text"])
        return str(row["transfer_id"])

    def _entered(self, cl_ord_id: str) -> Row | None:
        # In this order: the name and the transfer become visible together.
        used = self._move_looks.is_used(self.origin, cl_ord_id)
        row = self._move_looks.move(f"{self.origin}/{cl_ord_id}", reveal=True)
        if used and row is None:
            raise OrderRejected(f"duplicate ClOrdID {cl_ord_id}: it names no transfer")
        return row

    async def _until(
        self, look: Callable[[], Awaitable[Row | None]], timeout_s: float
    ) -> Row | None:
        """What the look finds, None when it has found nothing in that time, or never will.

        A store that can not be read just now tells nothing: what was asked for may be done all the
        same.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while True:
                    broken = self._feed.broken
                    with suppress(StoreUnavailable):
                        if (found := await look()) is not None:
                            return found
                    if broken:
                        break
                    await asyncio.sleep(LOOK_EVERY_S)
        return None

    async def _found(self, transfer_id: str, *, reveal: bool = False) -> Row:
        row = await asyncio.to_thread(
            lambda: self._move_looks.move(transfer_id, self._own, reveal=reveal)
        )
        if row is None:
            raise UnknownOrder(f"no transfer {transfer_id}")
        return row


def _verdict(word: str) -> Verdict:
    try:
        return Verdict(words.text("verdict", word).upper())
    except ValueError:
        known = ", ".join(verdict.lower() for verdict in Verdict)
        raise InvalidOrder(f"verdict: {word!r} is none of {known}") from None


def _said(name: str, value: str) -> str:
    text = words.text(name, value, ADDRESS_LENGTH_MAX)
    if not text:
        raise InvalidOrder(f"{name}: is missing")
    return text
