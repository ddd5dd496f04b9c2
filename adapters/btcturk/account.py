"""BtcTurk's account: balances, and its lists of deposits and withdrawals (funding.py reads them)."""

from collections.abc import Mapping
from typing import Any

from adapters.btcturk import mapping
from adapters.btcturk.door import Door
from adapters.btcturk.funding import FundingCalls
from adapters.documents import list_of
from adapters.port import Balance, Lane


class AccountCalls(FundingCalls):
    """What is asked of the account itself."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def balances(self) -> list[Balance]:
        """GET users/balances."""
        told = await self._private("GET", "users/balances", None, "balances")
        return [mapping.balance(row) for row in list_of(told, "balances")]

    async def _private(
        self, method: str, path: str, query: Mapping[str, Any] | None, kind: str
    ) -> Any:
        return await self._door.private(Lane.STATUS, method, path, query, kind=kind)
