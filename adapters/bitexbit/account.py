"""What the account has at Bitexbit, and what came and went.

Sources: the Bitexbit API v1 document, sections "Wallets", "Deposits" and "Withdraws". Deposit
addresses, withdrawals, fees and the account's state are not offered by version 1.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapters.bitexbit import mapping
from adapters.bitexbit.door import Account, Door
from adapters.documents import list_of
from adapters.port import Balance
from oms.core.funding import Activity


class Accounts:
    """Queries about the account's money."""

    def __init__(self, account: Account, door: Door) -> None:
        self._account = account
        self._door = door

    async def balances(self) -> list[Balance]:
        """GET wallets/."""
        rows = list_of(await self._door.ask_own("v1/wallets/"), "wallets")
        includes = self._account.balance_includes_reserve
        return [mapping.balance(row, includes_reserve=includes) for row in rows]

    async def deposits(
        self, asset: str | None = None, since: datetime | None = None
    ) -> list[Activity]:
        """GET deposits/, which has no filters: they are applied here."""
        return await self._activities("v1/deposits/", mapping.deposit, asset, since)

    async def withdrawals(
        self, asset: str | None = None, since: datetime | None = None
    ) -> list[Activity]:
        """GET withdraws/, all of them: what its filter by currency takes for one is not said."""
        return await self._activities("v1/withdraws/", mapping.withdrawal, asset, since)

    async def _activities(
        self,
        path: str,
        read: Callable[[Any, str], Activity],
        asset: str | None,
        since: datetime | None,
    ) -> list[Activity]:
        rows = list_of(await self._door.ask_own(path), path)
        found = [read(row, self._door.text(row)) for row in rows]
        return [
            one
            for one in found
            if asset in (None, one.asset)
            and (since is None or one.time is None or one.time >= since)
        ]
