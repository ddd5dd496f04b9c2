"""Deposits, addresses, withdrawals: what moves money, in ccxt's words."""

from typing import Any

from oms.ccxt import tidings
from oms.ccxt.base import Base
from oms.ccxt.errors import error, translated
from oms.ccxt.figures import instant
from oms.ccxt.structures import Struct
from oms.door import Row


class Funds(Base):
    """Looks at what has moved money, and at where to send it."""

    async def fetch_deposit_address(self, code: str, params: Row | None = None) -> Struct:
        """Where to send an asset to. Some venues make a new address each time."""
        with translated(self.id):
            told = await self.door.deposit_address(
                self.route, code, exchange=self.security_exchange
            )
        return tidings.deposit_address(told)

    async def fetch_deposits(
        self,
        code: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """Deposits as the venue lists them, oldest first."""
        with translated(self.id):
            told = await self.door.deposits(self.route, code, since=instant(since))
        return self._transactions(told, since, limit)

    async def fetch_withdrawals(
        self,
        code: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """Withdrawals as the venue lists them, oldest first."""
        with translated(self.id):
            told = await self.door.withdrawals(self.route, code, since=instant(since))
        return self._transactions(told, since, limit)

    async def withdraw(
        self,
        code: str,
        amount: Any,
        address: str,
        tag: str | None = None,
        params: Row | None = None,
    ) -> Struct:
        """Not through this face yet: NotSupported."""
        raise error("NotSupported", f"{self.id} withdraw() is not supported yet")

    def _transactions(self, told: Any, since: int | None, limit: int | None) -> list[Struct]:
        here = [one for one in told if one.security_exchange in ("", self.security_exchange)]
        return tidings.latest(
            [tidings.transaction(one, self._figures) for one in here], since, limit
        )
