"""Money in and out at Cryptex: addresses, deposits, withdrawals and coupons.

Sources: the Cryptex API document, sections "GetNewAddress", "DepositInfo",
"UnconfirmedTransactions", "Withdraw", "CouponCreate" and "CouponRedeem".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adapters.cryptex import money
from adapters.cryptex.door import Door
from adapters.port import Lane
from oms.core.errors import MalformedMessage, NotSupported, OutcomeUnknown
from oms.core.funding import Activity, DepositAddress, Moved, Transfer, TransferKind

_METHODS: Final[Mapping[TransferKind, str]] = {
    TransferKind.WITHDRAWAL: "Withdraw",
    TransferKind.COUPON_CREATE: "CouponCreate",
    TransferKind.COUPON_REDEEM: "CouponRedeem",
}


class Funding:
    """What moves money, and what shows that it moved.

    The venue lists neither withdrawals nor coupons, so after a lost answer its balances are all
    the evidence there is, and a person weighs them.
    """

    def __init__(self, door: Door, addresses: Mapping[str, str]) -> None:
        """`addresses`: assets by the deposit addresses that are to be asked after."""
        self._door = door
        self._addresses = dict(addresses)

    async def deposit_address(self, asset: str, security_exchange: str = "") -> DepositAddress:
        """GetNewAddress: a new one with every call."""
        data = await self._door.call(Lane.STATUS, "GetNewAddress", currency=asset)
        address = money.deposit_address(data)
        self._addresses[address] = asset
        return DepositAddress(asset=asset, address=address)

    async def deposits(
        self, asset: str | None = None, since: datetime | None = None
    ) -> list[Activity]:
        """UnconfirmedTransactions, and DepositInfo of every address that is known here.

        Known are those of the configuration, those handed out since the start, and those that a
        deposit was seen at.
        """
        data = await self._door.call(Lane.STATUS, "UnconfirmedTransactions")
        found = money.unconfirmed(data, self._door.reading, self._door.text)
        self._addresses.update({one.address: one.asset for one in found})
        under_way = {one.tx_id for one in found}
        for address, currency in list(self._addresses.items()):
            if asset in (None, currency):
                told = await self._door.call(Lane.STATUS, "DepositInfo", address=address)
                came = money.deposit(told, address, currency, self._door.text(told))
                found += [one for one in came if one.tx_id not in under_way]
        return [one for one in found if asset in (None, one.asset) and _after(one, since)]

    async def move(self, transfer: Transfer) -> Moved:
        """Withdraw, CouponCreate or CouponRedeem: one request, once.

        Raises VenueRefused, VenueUnavailable or OutcomeUnknown, as a new order does, and
        NotSupported for what the call could not say all of, like a memo.
        """
        method, fields = _METHODS.get(transfer.kind), money.transfer_fields(transfer)
        if method is None or fields is None:
            what = transfer.kind.replace("_", " ").lower()
            raise NotSupported(f"Cryptex can not be asked for such a {what}: nothing was sent")
        if transfer.code:
            self._door.hide(transfer.code)
        try:
            data = await self._door.call_once(Lane.NEW, method, **fields)
            return money.moved(transfer, data, self._door.text)
        except MalformedMessage as error:
            raise OutcomeUnknown(f"{method}: {error}") from None


def _after(one: Activity, since: datetime | None) -> bool:
    """Whether it was after that time, or may have been: DepositInfo tells no time."""
    return since is None or one.time is None or one.time >= since
