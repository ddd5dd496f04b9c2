"""What whoever may move money holds in his hand, from wherever.

Each call is one request, on record before it is sent, and sent once. A ClOrdID names it: to call
again under the same one is to ask what became of it, never to send it again.
"""

from abc import ABC, abstractmethod
from typing import Any, Final

from oms import words
from oms.core.errors import InvalidOrder
from oms.core.funding import Transfer, TransferKind
from oms.core.numbers import number_text
from oms.core.values import frozen
from oms.told import Row as Row
from oms.words import Number

ADDRESS_LENGTH_MAX: Final = 200
"""Characters in an address, a memo, a coupon's code, a reason."""


@frozen
class MoveHandle:
    """One transfer in the caller's hand."""

    oms: "MoneyDoor"
    transfer_id: str
    cl_ord_id: str

    async def row(self) -> Row:
        """The row of the transfer as it is now."""
        return await self.oms.move_row(self.transfer_id)

    async def outcome(self, timeout_s: float = 30.0) -> Row:
        """The row as soon as its sending has an outcome: taken, done, refused, not sent, in doubt.

        After `timeout_s` seconds the row as it then is.
        """
        return await self.oms.outcome(self.transfer_id, timeout_s)


class MoneyDoor(ABC):
    """The part of a Door that moves money. Methods are coroutines.

    All that ask for a transfer return when it is durable and on its way. They raise InvalidOrder,
    NotAuthorised, NotSupported, VenueUnavailable (the route is down) or OrderRejected when it is
    refused, and OutcomeUnknown when no answer came: then call again under the same `cl_ord_id`.
    """

    async def withdraw(
        self,
        *,
        venue: str,
        asset: str,
        amount: Number,
        address: str = "",
        memo: str = "",
        alias: str = "",
        network: str = "",
        exchange: str = "",
        cl_ord_id: str | None = None,
    ) -> MoveHandle:
        """Send `amount` of an asset to an address, or to one saved at the venue as `alias`."""
        return await self._wants(
            cl_ord_id,
            kind=TransferKind.WITHDRAWAL,
            venue=venue,
            asset=asset,
            amount=amount,
            address=address,
            memo=memo,
            alias=alias,
            network=network,
            exchange=exchange,
        )

    async def transfer(
        self,
        *,
        venue: str,
        asset: str,
        amount: Number,
        exchange: str,
        to_exchange: str,
        cl_ord_id: str | None = None,
    ) -> MoveHandle:
        """Move `amount` of an asset from one exchange of the route's account to another."""
        return await self._wants(
            cl_ord_id,
            kind=TransferKind.TRANSFER,
            venue=venue,
            asset=asset,
            amount=amount,
            exchange=exchange,
            to_exchange=to_exchange,
        )

    async def create_coupon(
        self,
        *,
        venue: str,
        asset: str,
        amount: Number,
        recipient: str = "",
        cl_ord_id: str | None = None,
    ) -> MoveHandle:
        """Make a coupon worth `amount`; with a `recipient` nobody else may redeem it.

        Its code is money: `coupon_code` shows it, once the venue has told it.
        """
        return await self._wants(
            cl_ord_id,
            kind=TransferKind.COUPON_CREATE,
            venue=venue,
            asset=asset,
            amount=amount,
            recipient=recipient,
        )

    async def redeem_coupon(
        self, *, venue: str, code: str, cl_ord_id: str | None = None
    ) -> MoveHandle:
        """Take what a coupon is worth into the account."""
        return await self._wants(cl_ord_id, kind=TransferKind.COUPON_REDEEM, venue=venue, code=code)

    async def move(self, transfer_id: str) -> MoveHandle:
        """A handle for a transfer by its id or ORIGIN/ClOrdID. Raises UnknownOrder."""
        row = await self.move_row(transfer_id)
        return MoveHandle(self, row["transfer_id"], row["cl_ord_id"])

    @abstractmethod
    async def move_row(self, transfer_id: str) -> Row:
        """The row of a transfer by its id or ORIGIN/ClOrdID. Raises UnknownOrder."""

    @abstractmethod
    async def outcome(self, transfer_id: str, timeout_s: float = 30.0) -> Row:
        """The row once its sending has an outcome, or as it is after that time."""

    @abstractmethod
    async def moves(self, *, open: bool = False, venue: str | None = None) -> list[Row]:
        """The transfers of this origin, oldest first; the operator sees everybody's.

        `open`: those of which something may still become.
        """

    @abstractmethod
    async def move_timeline(self, transfer_id: str) -> list[Row]:
        """What was asked, sent, told and decided about a transfer. Raises UnknownOrder."""

    @abstractmethod
    async def coupon_code(self, transfer_id: str) -> str:
        """The code of a coupon that was made or redeemed: whoever knows it can spend it.

        "" where the venue has told none. Raises UnknownOrder.
        """

    @abstractmethod
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
        """Say what became of a transfer that is in doubt or taken; its row after that.

        With a `verdict` (`filled`, `canceled` or `absent`) in place of `done` it is about an order
        in doubt, by its OrderID or ORIGIN/ClOrdID: `qty` is what was executed of what the venue
        has, in base units, where that is not all of it or what is booked; `px`, in quote units, is
        the price of what is not booked yet. `by` is who says so and `because` why: both are on
        record. Raises NotAuthorised for all but the operator, UnknownOrder, OrderRejected for what
        is not in doubt or can not have ended so, InvalidOrder, OutcomeUnknown.
        """

    @abstractmethod
    async def _move(self, transfer: Transfer, cl_ord_id: str) -> str:
        """Have it entered under that ClOrdID; what it is called."""

    @abstractmethod
    def _name(self, cl_ord_id: str | None) -> str: ...

    async def _wants(
        self, cl_ord_id: str | None, *, kind: TransferKind, venue: str, **terms: Any
    ) -> MoveHandle:
        transfer = transfer_of(kind, venue, **terms)
        name = self._name(cl_ord_id)
        return MoveHandle(self, await self._move(transfer, name), name)


def transfer_of(
    kind: TransferKind,
    venue: str,
    *,
    asset: str = "",
    amount: Number | None = None,
    exchange: str = "",
    to_exchange: str = "",
    **texts: str,
) -> Transfer:
    """The transfer that the words mean. Raises InvalidOrder for what can not be one."""
    number = words.number("amount", amount)
    if number is None and kind is not TransferKind.COUPON_REDEEM:
        raise InvalidOrder("amount: is missing")
    return Transfer(
        transfer_id="",
        kind=kind,
        route=words.text("venue", venue).upper(),
        asset=words.text("asset", asset).upper(),
        amount=number,
        security_exchange=words.text("exchange", exchange).upper(),
        to_exchange=words.text("to_exchange", to_exchange).upper(),
        **{name: _text(name, value) for name, value in texts.items()},
    )


def _text(name: str, value: str) -> str:
    try:
        return words.text(name, value, ADDRESS_LENGTH_MAX)
    except InvalidOrder:
        if name != "code":
            raise
        # What is wrong is told without the code: an error ends up in terminals and logs.
        raise InvalidOrder(
            f"code: a text of at most {ADDRESS_LENGTH_MAX} printable characters of ASCII, without "
            "spaces around it"
        ) from None


def is_same(row: Row, transfer: Transfer) -> bool:
    """Whether a row, its code shown, is of a transfer with these terms."""
    terms = {
        "kind": transfer.kind.name,
        "venue": transfer.route,
        "exchange": transfer.security_exchange,
        "to_exchange": transfer.to_exchange,
        "asset": transfer.asset,
        "amount": None if transfer.amount is None else number_text(transfer.amount),
        **{name: getattr(transfer, name) for name in _TEXTS},
    }
    if transfer.kind is TransferKind.COUPON_REDEEM:
        terms["code"] = transfer.code
    return all(row[name] == value for name, value in terms.items())


_TEXTS: Final = ("address", "memo", "alias", "network", "recipient")
